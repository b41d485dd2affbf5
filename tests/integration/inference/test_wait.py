"""Waiting for a disposition: answered when it is there, not before, not much later, and never for nobody."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest

from inference.scan_status import wait_for_disposition
from inference.schemas import ScanOut
from review_queue.cases import CaseReason, Disposition, NewCase
from review_queue.dispositions import record_disposition
from tests.integration.inference.centre import Centre, grey_scan, png, post_scan, problem_of


async def dispose(centre: Centre, scan_id: str, *, tell: bool = True) -> None:
    """Write a final word, and tell of it."""
    async with centre.pool.acquire() as conn:
        await record_disposition(
            conn, scan_id=scan_id, cycle=1, disposition=Disposition.INSPECT, source="review"
        )
    if tell:
        centre.notifier.publish("disposition", scan_id)


async def test_wait__answers_within_100_ms_of_the_word(centre: Centre, station: httpx.AsyncClient) -> None:
    """A truck does not wait for a poll."""
    scan = await post_scan(station, png(grey_scan()))
    waiting = asyncio.create_task(station.get(f"/api/v1/scans/{scan['scan_id']}?wait=20"))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await dispose(centre, scan["scan_id"], tell=False)
    told_at_s = time.perf_counter()
    centre.notifier.publish("disposition", scan["scan_id"])
    answer = await waiting
    assert time.perf_counter() - told_at_s < 0.1
    assert answer.json()["status"] == "done"
    assert answer.json()["disposition"]["disposition"] == "inspect"
    assert answer.json()["disposition"]["source"] == "review"


async def test_wait__word_that_is_there_is_answered_at_once(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """Nobody waits for what is known."""
    scan = await post_scan(station, png(grey_scan()))
    await dispose(centre, scan["scan_id"])
    async with asyncio.timeout(2):
        answer = await station.get(f"/api/v1/scans/{scan['scan_id']}?wait=60")
    assert answer.json()["status"] == "done"


async def test_wait__gives_the_state_when_time_is_up(centre: Centre, station: httpx.AsyncClient) -> None:
    """No word in time is an answer too, and says how far the scan has come."""
    scan = await post_scan(station, png(grey_scan()))
    url = f"/api/v1/scans/{scan['scan_id']}?wait=0.2"
    began_at_s = time.perf_counter()
    assert (await station.get(url)).json() == scan
    assert 0.2 <= time.perf_counter() - began_at_s < 1.0
    async with centre.pool.acquire() as conn, conn.transaction():
        case = NewCase(
            scan_id=scan["scan_id"], port="YTN", modality="cargo", reason=CaseReason.SAMPLED, risk=0.1
        )
        await centre.queue.open_case(conn, case)
    assert (await station.get(url)).json()["status"] == "review"


async def test_wait__lost_notification_costs_one_recheck(centre: Centre, key: str) -> None:
    """The database is looked at now and then, so a word that nobody told of arrives as well."""
    centre.settings = replace(centre.settings, recheck_s=0.2)
    client = centre.client(key)
    scan = await post_scan(client, png(grey_scan()))
    waiting = asyncio.create_task(client.get(f"/api/v1/scans/{scan['scan_id']}?wait=20"))
    await asyncio.sleep(0.1)
    await dispose(centre, scan["scan_id"], tell=False)
    async with asyncio.timeout(2):
        assert (await waiting).json()["status"] == "done"


@pytest.mark.parametrize("wait", ["-1", "61", "nan", "x"])
async def test_wait__limits(wait: str, station: httpx.AsyncClient) -> None:
    """A station waits for a minute at most."""
    answer = await station.get(f"/api/v1/scans/XR-1?wait={wait}")
    assert problem_of(answer) == (422, "request_invalid")


async def test_wait__unknown_scan_is_not_waited_for(station: httpx.AsyncClient) -> None:
    """What is not there, or another port's, is a 404 at once."""
    async with asyncio.timeout(2):
        assert problem_of(await station.get("/api/v1/scans/XR-1?wait=30")) == (404, "scan_not_found")


async def test_wait__word_between_the_look_and_the_wait_is_not_lost(centre: Centre) -> None:
    """Listening begins before the look: a word that falls between the two wakes the waiter."""
    n_looks = 0

    async def look() -> ScanOut:
        nonlocal n_looks
        n_looks += 1
        disposition: dict[str, Any] | None = None
        if n_looks == 1:
            centre.notifier.publish("disposition", "XR-1")  # the word comes right after this look
        else:
            disposition = {"disposition": "release", "source": "review", "cycle": 1, "decided_at": 0}
        return ScanOut.model_validate(
            {
                "scan_id": "XR-1",
                "status": "review",
                "received_at": 0,
                "container_no": None,
                "container_no_valid": None,
                "disposition": disposition,
            }
        )

    async with asyncio.timeout(2):
        scan = await wait_for_disposition(
            look,
            notifier=centre.notifier,
            scan_id="XR-1",
            wait_s=30,
            recheck_s=30,
            gone=asyncio.get_running_loop().create_future(),
        )
    assert scan.disposition is not None


async def test_wait__server_that_stops_answers_at_once(centre: Centre, key: str) -> None:
    """A restart does not wait for waiting stations; they are told the state and ask again."""
    stopping = asyncio.Event()
    client = centre.client(key, app=centre.app(stopping=stopping))
    scan = await post_scan(client, png(grey_scan()))
    waiting = asyncio.create_task(client.get(f"/api/v1/scans/{scan['scan_id']}?wait=30"))
    await asyncio.sleep(0.2)
    stopping.set()
    async with asyncio.timeout(2):
        assert (await waiting).json() == scan


async def test_wait__client_that_hung_up_is_not_waited_for(
    centre: Centre, station: httpx.AsyncClient, key: str
) -> None:
    """A closed connection ends the waiting, so that it costs nothing."""
    scan = await post_scan(station, png(grey_scan()))
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.05)
        return messages.pop(0)

    async def send(message: Any) -> None:
        return

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": f"/api/v1/scans/{scan['scan_id']}",
        "raw_path": b"",
        "query_string": b"wait=30",
        "root_path": "",
        "scheme": "http",
        "server": ("centre", 80),
        "client": ("station", 1),
        "headers": [(b"authorization", f"Bearer {key}".encode())],
    }
    async with asyncio.timeout(2):
        await centre.app()(scope, receive, send)
