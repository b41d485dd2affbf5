"""The client repeats what may be repeated, and only that."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.station import CentreUnreachableError, ChannelFile, StationClient, StationRefusedError
from app.station.client import pause_s

ROOT = Path(__file__).parents[4]
POSTED = {"scan_id": "XR-1", "disposition": None}
FILES = [ChannelFile(channel="high", data=b"image")]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client slept, without sleeping."""
    slept: list[float] = []

    async def sleep(delay_s: float) -> None:
        slept.append(delay_s)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return slept


def client_of(*answers: httpx.Response | Exception, attempts: int = 3) -> tuple[StationClient, list[str]]:
    """A client of a centre that gives these answers in turn, and the methods that it was asked."""
    asked: list[str] = []
    waiting = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        reply = next(waiting)
        if isinstance(reply, Exception):
            raise reply
        return reply

    transport = httpx.MockTransport(answer)
    return StationClient("http://centre", "sx_a_b", attempts=attempts, transport=transport), asked


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    """A problem response."""
    return httpx.Response(status, json={"code": code, "detail": "…"}, headers=headers)


async def post(client: StationClient) -> str:
    """Post a scan and return its id."""
    answer = await client.post_scan(FILES, {"scanned_at": "2026-01-01T00:00:00Z"}, idempotency_key="k")
    return answer["scan_id"]


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        problem(409, "request_in_flight", **{"Retry-After": "1"}),
        problem(429, "busy", **{"Retry-After": "1"}),
        problem(408, "request_timeout"),
        problem(500, "internal"),
        httpx.Response(502, html="<h1>Bad gateway</h1>"),
        problem(503, "database_unavailable"),
        problem(507, "store_full"),
    ],
    ids=repr,
)
async def test_post_scan__trouble_that_passes_is_waited_out(
    trouble: httpx.Response | Exception, pauses: list[float]
) -> None:
    """Each request is repeated after a pause until it succeeds."""
    client, asked = client_of(
        trouble, httpx.Response(201, json={}), trouble, httpx.Response(201, json=POSTED)
    )
    assert await post(client) == "XR-1"
    assert asked == ["PUT", "PUT", "POST", "POST"]
    assert len(pauses) == 2
    assert min(pauses) > 0


@pytest.mark.parametrize(
    ("status", "code", "is_about_scan"),
    [
        (400, "client_gone", False),
        (401, "station_key_invalid", False),
        (404, "unknown", False),
        (413, "image_too_large", True),
        (415, "image_unsupported", True),
        (422, "image_malformed", True),
        (422, "digest_mismatch", False),
    ],
)
async def test_post_scan__a_refusal_is_not_repeated(
    status: int, code: str, is_about_scan: bool, pauses: list[float]
) -> None:
    """The first 4xx is raised, with its code, and says whether it speaks of the scan."""
    client, asked = client_of(problem(status, code))
    with pytest.raises(StationRefusedError) as refused:
        await post(client)
    assert (refused.value.status, refused.value.code, refused.value.is_about_scan) == (
        status,
        code,
        is_about_scan,
    )
    assert asked == ["PUT"]
    assert pauses == []


async def test_post_scan__a_page_of_something_else_is_no_refusal_of_the_scan(pauses: list[float]) -> None:
    """A proxy's 400 says nothing about the scan."""
    client, _ = client_of(httpx.Response(400, html="<h1>Bad request</h1>"))
    with pytest.raises(StationRefusedError) as refused:
        await post(client)
    assert not refused.value.is_about_scan


async def test_post_scan__waits_as_long_as_the_centre_asks(pauses: list[float]) -> None:
    """``Retry-After`` goes before our own pause, and comes with the error of the last attempt."""
    busy = problem(429, "busy", **{"Retry-After": "7"})
    client, _ = client_of(busy, busy, attempts=2)
    with pytest.raises(StationRefusedError) as refused:
        await post(client)
    assert refused.value.is_passing
    assert refused.value.retry_after_s == 7.0
    assert 7.0 <= pauses[0] < 9.0


async def test_post_scan__a_success_of_something_else_is_none(pauses: list[float]) -> None:
    """A login page answers 200 to everything; nothing is taken for posted."""
    client, _ = client_of(httpx.Response(200, html="<form>"), attempts=1)
    with pytest.raises(StationRefusedError) as refused:
        await post(client)
    assert refused.value.code == "unknown"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (problem(404, "scan_not_found"), None),
        (problem(401, "station_key_invalid"), "station_key_invalid"),
        (httpx.Response(404, html="<h1>Not here</h1>"), "unknown"),
    ],
    ids=["known", "unknown key", "another server"],
)
async def test_check_key__asks_for_a_scan_that_never_was(
    answer: httpx.Response, code: str | None, pauses: list[float]
) -> None:
    """Only our centre says that there is no such scan, and only to a key that it knows."""
    client, asked = client_of(answer)
    if code is None:
        await client.check_key()
    else:
        with pytest.raises(StationRefusedError) as refused:
            await client.check_key()
        assert refused.value.code == code
    assert asked == ["GET"]


async def test_post_scan__a_centre_that_stays_away_is_told(pauses: list[float]) -> None:
    """After the last attempt the error says that nobody answered."""
    client, asked = client_of(*[httpx.ConnectError("refused")] * 3)
    with pytest.raises(CentreUnreachableError):
        await post(client)
    assert asked == ["PUT"] * 3
    assert len(pauses) == 2


def test_pause__doubles_up_to_a_limit_and_never_undercuts_the_centre() -> None:
    """Without a word of the centre 0.2–0.4 s, then twice that, at most 10 s; else at least what it says."""
    chance = random.Random(1)
    for attempt, most_s in ((1, 0.4), (2, 0.8), (3, 1.6), (6, 10.0), (500, 10.0)):
        drawn = [pause_s(attempt, retry_after_s=None, chance=chance) for _ in range(50)]
        assert most_s / 2 <= min(drawn) < max(drawn) <= most_s
    told = [pause_s(1, retry_after_s=7.0, chance=chance) for _ in range(50)]
    assert 7.0 <= min(told) < max(told) < 10.0


def test_station__is_imported_without_the_server() -> None:
    """A station's program that uses the client loads httpx, and nothing of the server or of pixels."""
    code = (
        "import app.station, sys; "
        "sys.exit(str({'fastapi', 'asyncpg', 'numpy', 'pydantic', 'scans'} & sys.modules.keys() or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.stderr.strip() == ""


async def test_wait_for_disposition__an_answer_of_another_program_is_refused(pauses: list[float]) -> None:
    """JSON that is no scan's names the address as the likely cause."""
    client, _ = client_of(httpx.Response(200, json={"status": "ok"}))
    with pytest.raises(StationRefusedError, match="is this the centre's address"):
        await client.wait_for_disposition("XR-1", timeout_s=5)
