"""Delivering dispositions: signed, once as far as the receiver is concerned, and never given up too soon."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest
from standardwebhooks import Webhook

from inference.errors import DatabaseUnavailableError
from inference.settings import WebhookSettings
from inference.webhooks import WebhookDispatcher
from review_queue.cases import Disposition
from review_queue.dispositions import record_disposition
from tests.integration.inference.centre import Centre
from tests.seed import seed_scan, seed_station

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
QUICK = WebhookSettings(poll_s=0.1, timeout_s=0.5, retry_base_s=60.0)
Answer = Callable[[httpx.Request], httpx.Response]


class Receiver:
    """A station's web server: keeps what it is sent and answers as told."""

    def __init__(self, answer: Answer = lambda _: httpx.Response(204)) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        return self.answer(request)

    @property
    def client(self) -> httpx.AsyncClient:
        """A client that reaches nobody else."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self), follow_redirects=True)


async def dispose(centre: Centre, *, station_id: str = "HOOK-1", cycle: int = 1, scan_id: str = "") -> str:
    """Write the final word on a new scan of a station with a webhook; returns the scan's id."""
    async with centre.pool.acquire() as conn, conn.transaction():
        if not await conn.fetchval("SELECT 1 FROM stations WHERE station_id = $1", station_id):
            await seed_station(
                conn,
                station_id,
                "YTN",
                webhook_url=f"https://{station_id.lower()}.example/in",
                webhook_secret=SECRET,
            )
        scan_id = scan_id or await seed_scan(conn, station_id=station_id)
        await record_disposition(
            conn, scan_id=scan_id, cycle=cycle, disposition=Disposition.RELEASE, source="screening"
        )
    return scan_id


async def outbox(centre: Centre) -> asyncpg.Record:
    """The only delivery."""
    [row] = await centre.pool.fetch("SELECT *, next_at - clock_timestamp() AS pause FROM outbox")
    return row


def dispatcher(centre: Centre, settings: WebhookSettings = QUICK) -> WebhookDispatcher:
    """A dispatcher without jitter."""
    return WebhookDispatcher(centre.pool, centre.notifier, settings, draw=lambda: 1.0)


async def test_deliver__signed_body_arrives_once(centre: Centre) -> None:
    """The receiver can verify what it gets, and a delivered word is not sent again."""
    scan_id = await dispose(centre)
    receiver = Receiver()
    sender = dispatcher(centre)
    assert await sender.deliver_due(receiver.client) == 1
    assert await sender.deliver_due(receiver.client) == 0
    [request] = receiver.requests
    assert str(request.url) == "https://hook-1.example/in"
    body = Webhook(SECRET).verify(request.content, dict(request.headers))
    assert body["type"] == "scan.disposition"
    assert (body["data"]["scan_id"], body["data"]["disposition"]) == (scan_id, "release")
    assert (await outbox(centre))["delivered_at"] is not None


async def test_deliver__failure_is_retried_with_the_same_id(centre: Centre) -> None:
    """A second attempt carries the same id and the same body, so that the receiver can drop it."""
    await dispose(centre)
    receiver = Receiver(lambda _: httpx.Response(500, text="x" * 10_000))
    await dispatcher(centre).deliver_due(receiver.client)
    row = await outbox(centre)
    assert row["delivered_at"] is None
    assert 55 < row["pause"].total_seconds() <= 60
    assert row["last_error"].startswith("HTTP 500: xxx")
    assert len(row["last_error"]) <= 220
    await centre.pool.execute("UPDATE outbox SET next_at = now()")
    receiver.answer = lambda _: httpx.Response(200)
    await dispatcher(centre).deliver_due(receiver.client)
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.content == second.content
    assert (await outbox(centre))["delivered_at"] is not None


async def test_deliver__new_cycle_is_news(centre: Centre) -> None:
    """The word on a re-opened scan has an id of its own."""
    scan_id = await dispose(centre)
    await dispose(centre, scan_id=scan_id, cycle=2)
    receiver = Receiver()
    await dispatcher(centre).deliver_due(receiver.client)
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 2


async def test_deliver__redirects_are_not_followed(centre: Centre) -> None:
    """A station's address is what the operator entered, not what somebody answers."""
    await dispose(centre)
    receiver = Receiver(lambda _: httpx.Response(307, headers={"location": "https://elsewhere.example/"}))
    await dispatcher(centre).deliver_due(receiver.client)
    assert [request.url.host for request in receiver.requests] == ["hook-1.example"]
    assert (await outbox(centre))["last_error"].startswith("HTTP 307")


async def test_deliver__endless_answer_is_cut_off(centre: Centre) -> None:
    """No more than the start of an answer is read."""
    n_read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal n_read
        while True:
            n_read += 1
            yield b"y" * 100

    await dispose(centre)
    receiver = Receiver(lambda _: httpx.Response(400, content=endless()))
    async with asyncio.timeout(5):
        await dispatcher(centre).deliver_due(receiver.client)
    assert n_read < 10
    assert (await outbox(centre))["last_error"] == "HTTP 400: " + "y" * 200


async def test_deliver__silence_is_a_failure(centre: Centre) -> None:
    """A receiver that never answers costs the time limit."""

    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(30)
            return httpx.Response(200)

    await dispose(centre)
    async with asyncio.timeout(5), httpx.AsyncClient(transport=Silent()) as client:
        await dispatcher(centre, replace(QUICK, timeout_s=0.1)).deliver_due(client)
    assert (await outbox(centre))["last_error"] == "no answer within 0.1 s"


@pytest.mark.parametrize(("url", "secret"), [("https://a\x07b/", SECRET), ("https://a.example/", "whsec_!")])
async def test_deliver__unusable_station_is_a_failure_like_any(url: str, secret: str, centre: Centre) -> None:
    """A mistyped address or secret is noted on the delivery and crashes nothing."""
    await dispose(centre)
    await centre.pool.execute("UPDATE stations SET webhook_url = $1, webhook_secret = $2", url, secret)
    await dispatcher(centre).deliver_due(Receiver().client)
    row = await outbox(centre)
    assert row["delivered_at"] is None
    assert row["last_error"]


async def test_deliver__given_up_after_days_not_before(centre: Centre) -> None:
    """An old word that still fails is given up; the station can ask for it."""
    await dispose(centre)
    receiver = Receiver(lambda _: httpx.Response(503))
    await dispatcher(centre, replace(QUICK, abandon_after_s=0.0)).deliver_due(receiver.client)
    row = await outbox(centre)
    assert row["abandoned_at"] is not None
    assert await dispatcher(centre).deliver_due(receiver.client) == 0


async def test_deliver__station_without_a_webhook_any_more(centre: Centre) -> None:
    """A removed webhook ends its deliveries."""
    await dispose(centre)
    await centre.pool.execute("UPDATE stations SET webhook_url = NULL, webhook_secret = NULL")
    receiver = Receiver()
    await dispatcher(centre).deliver_due(receiver.client)
    assert receiver.requests == []
    assert (await outbox(centre))["abandoned_at"] is not None


async def test_deliver__dead_station_does_not_hold_up_others(centre: Centre) -> None:
    """After a failure a station is left alone for a while, though its backlog is older."""
    for _ in range(30):
        await dispose(centre, station_id="DEAD")
    await dispose(centre, station_id="ALIVE")
    receiver = Receiver(lambda r: httpx.Response(500 if r.url.host.startswith("dead") else 200))
    sender = dispatcher(centre, replace(QUICK, concurrency=4))
    await sender.deliver_due(receiver.client)
    await sender.deliver_due(receiver.client)
    assert [request.url.host for request in receiver.requests] == ["dead.example"] * 4 + ["alive.example"]


async def test_deliver__two_dispatchers_share_the_work(centre: Centre) -> None:
    """Each word is sent by one of them."""
    for _ in range(20):
        await dispose(centre)
    receiver = Receiver()
    one, two = dispatcher(centre), dispatcher(centre)
    for _ in range(3):
        await asyncio.gather(one.deliver_due(receiver.client), two.deliver_due(receiver.client))
    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert len(ids) == len(set(ids)) == 20


async def test_run__delivers_when_told_and_stops(centre: Centre) -> None:
    """A new disposition is on its way at once, not at the next poll, and the loop ends when asked."""
    receiver = Receiver()
    sender = WebhookDispatcher(
        centre.pool, centre.notifier, replace(QUICK, poll_s=30.0), client=receiver.client
    )
    stop = asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    await asyncio.sleep(0.2)
    scan_id = await dispose(centre)
    centre.notifier.publish("disposition", scan_id)
    async with asyncio.timeout(2):
        while not receiver.requests:
            await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(running, 2)
    assert json.loads(receiver.requests[0].content)["data"]["scan_id"] == scan_id


async def test_run__survives_the_database(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away for a moment delays deliveries and ends nothing."""
    receiver = Receiver()
    sender = WebhookDispatcher(centre.pool, centre.notifier, QUICK, client=receiver.client)
    lease, failures = sender._outbox.lease, [DatabaseUnavailableError("away")] * 2

    async def flaky(*args: Any, **kwargs: Any) -> Any:
        if failures:
            raise failures.pop()
        return await lease(*args, **kwargs)

    monkeypatch.setattr(sender._outbox, "lease", flaky)
    await dispose(centre)
    stop = asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    async with asyncio.timeout(3):
        while not receiver.requests:
            await asyncio.sleep(0.01)
    stop.set()
    await running
