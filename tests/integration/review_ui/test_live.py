"""The board and a reviewer's figures: counted rightly, pushed as events, ended when they should end."""

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import BaseModel
from starlette.types import Message

from review_ui import event_routes
from review_ui.board import board_feed, glance_feed
from review_ui.event_stream import frame
from tests.integration.review_ui.centre import Centre, decision
from tests.integration.review_ui.live_server import live_server
from tests.seed import seed_ports, seed_scan

NEXT = "/api/v1/review/next"
# Due in 1970, as the rank tells.
OVERDUE = "UPDATE ready SET rank = rank & ~((1::bigint << 58) - 1) WHERE case_id = $1"


class EventReader:
    """An open event stream, read from the application as a server would."""

    def __init__(self) -> None:
        self.status = 0
        self.is_over = asyncio.Event()
        self._gone = asyncio.Event()
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._text = b""

    async def receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self._chunks.put_nowait(message["body"])

    def leave(self) -> None:
        self._gone.set()

    async def next_event(self, timeout_s: float = 5) -> tuple[str, Any]:
        """Return name and data of the next event; comments are skipped."""
        async with asyncio.timeout(timeout_s):
            while True:
                while b"\n\n" not in self._text:
                    self._text += await self._chunks.get()
                block, _, self._text = self._text.partition(b"\n\n")
                fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if line[:1] != ":")
                if "event" in fields:
                    return fields["event"], json.loads(fields["data"])


@asynccontextmanager
async def watching(centre: Centre, client: httpx.AsyncClient, path: str) -> AsyncIterator[EventReader]:
    """Open an event stream with a browser's cookie, and close the tab at the end."""
    reader = EventReader()
    cookie = f"sx_session={client.cookies['sx_session']}"
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"review.example"), (b"cookie", cookie.encode())],
        "scheme": "http",
        "client": ("10.0.0.1", 1),
        "http_version": "1.1",
    }
    call = asyncio.ensure_future(centre.app(scope, reader.receive, reader.send))
    call.add_done_callback(lambda _: reader.is_over.set())
    try:
        yield reader
    finally:
        reader.leave()
        async with asyncio.timeout(5):
            await call


async def test_board__counts_what_is_there(centre: Centre) -> None:
    """Waiting, held, overdue and decided cases are counted under their own port."""
    for _ in range(3):
        await centre.open_case(port="YTN")
    skz = await centre.open_case(port="SKZ")
    await centre.pool.execute(
        "UPDATE cases SET opened_at = now() - interval '100 s', due_at = now() - interval '1 s'"
        " WHERE case_id = $1",
        skz.case_id,
    )
    await centre.pool.execute(OVERDUE, skz.case_id)
    async with centre.pool.acquire() as conn:
        waiting_scan = await seed_scan(conn, port="MWB")
        await conn.execute("INSERT INTO screening_jobs (scan_id) VALUES ($1)", waiting_scan)
    local = await centre.person("zhao", "reviewer", "SKZ")
    lease = (await local.post(NEXT)).json()
    await local.post("/api/v1/review/prefetch")
    await local.post("/api/v1/review/decide", json=decision(lease))
    supervisor = await centre.person("sun", "supervisor")
    board = (await supervisor.get("/api/v1/board")).json()
    figures = {port["port"]: port for port in board["ports"]}
    assert list(figures) == ["MWB", "SKZ", "YTN"]
    ytn, skz_now, mwb = figures["YTN"], figures["SKZ"], figures["MWB"]
    assert (ytn["ready"], ytn["leased"], ytn["overdue"], ytn["decided_last_hour"]) == (1, 1, 0, 1)
    assert (skz_now["ready"], skz_now["leased"], skz_now["overdue"]) == (1, 0, 1)
    assert skz_now["oldest_s"] == pytest.approx(100, abs=20)
    assert (mwb["ready"], mwb["oldest_s"], mwb["screening"]) == (0, None, 1)
    assert (ytn["by_stage"], mwb["by_stage"]) == ([1, 0, 0], [0, 0, 0])
    assert board["by_band"] == [0, 0, 0, 0, 0, 2, *[0] * 10]
    assert (ytn["name_zh"], ytn["name_en"]) == ("盐田", "Yantian")
    assert board["reviewers_active"] == 1
    assert board["on_time_ratio"] == 1.0
    assert 0 <= board["median_handling_s"] < 60


async def test_board__nothing_decided_is_not_zero(centre: Centre) -> None:
    """Without a decision in the last hour there is no median and no ratio."""
    supervisor = await centre.person("sun", "supervisor")
    board = (await supervisor.get("/api/v1/board")).json()
    assert (board["median_handling_s"], board["on_time_ratio"], board["reviewers_active"]) == (None, None, 0)


async def test_board_events__show_a_new_case(centre: Centre) -> None:
    """A supervisor who watches sees a case arrive without asking again."""
    supervisor = await centre.person("sun", "supervisor")
    async with watching(centre, supervisor, "/api/v1/board/events") as reader:
        name, board = await reader.next_event()
        assert (reader.status, name) == (200, "board")
        assert sum(port["ready"] for port in board["ports"]) == 0
        await centre.open_case()
        async with asyncio.timeout(5):
            while sum(port["ready"] for port in board["ports"]) == 0:
                _, board = await reader.next_event()


async def test_board_events__end_when_the_session_does(centre: Centre) -> None:
    """After a logout in another tab the stream ends by itself."""
    centre.restart(keepalive_s=0.1)
    supervisor = await centre.person("sun", "supervisor")
    async with watching(centre, supervisor, "/api/v1/board/events") as reader:
        await reader.next_event()
        await supervisor.delete("/api/v1/session")
        supervisor.cookies.set("sx_session", "gone")
        async with asyncio.timeout(5):
            await reader.is_over.wait()


async def test_glance__counts_own_work_of_today(centre: Centre) -> None:
    """Each reviewer sees the queue's depth and their own figures, not a colleague's."""
    for _ in range(3):
        await centre.open_case()
    lin, chen = await centre.person("lin", "reviewer"), await centre.person("chen", "reviewer")
    lease = (await lin.post(NEXT)).json()
    await lin.post("/api/v1/review/decide", json=decision(lease))
    await centre.pool.execute(OVERDUE, await centre.pool.fetchval("SELECT min(case_id) FROM ready"))
    mine = (await lin.get("/api/v1/review/glance")).json()
    assert (mine["ready"], mine["overdue"], mine["mine_today"]) == (2, 1, 1)
    assert 0 <= mine["my_median_s"] < 60
    theirs = (await chen.get("/api/v1/review/glance")).json()
    assert theirs == {"ready": 2, "overdue": 1, "mine_today": 0, "my_median_s": None}


async def test_glance_events__come_when_something_changes(centre: Centre) -> None:
    """A reviewer's header follows the queue; unchanged figures are not sent again."""
    client = await centre.person("lin", "reviewer")
    async with watching(centre, client, "/api/v1/review/events") as reader:
        assert await reader.next_event() == (
            "glance",
            {"ready": 0, "overdue": 0, "mine_today": 0, "my_median_s": None},
        )
        with pytest.raises(TimeoutError):
            await reader.next_event(timeout_s=0.3)
        await centre.open_case()
        _, glance = await reader.next_event()
        assert glance["ready"] == 1


async def test_events__come_at_once_when_the_queue_is_told_of(centre: Centre) -> None:
    """A supervisor and a reviewer see a change as soon as the notifier tells of it, not after the period."""
    centre.restart(board_refresh_s=60, glance_refresh_s=60)
    supervisor = await centre.person("sun", "supervisor")
    reviewer = await centre.person("lin", "reviewer")
    async with (
        watching(centre, supervisor, "/api/v1/board/events") as board,
        watching(centre, reviewer, "/api/v1/review/events") as glance,
    ):
        await board.next_event()
        await glance.next_event()
        await centre.open_case()
        centre.notifier.publish("queue", "YTN")
        assert (await board.next_event(timeout_s=3))[1]["by_band"][5] == 1
        assert (await glance.next_event(timeout_s=3))[1]["ready"] == 1


async def test_board_events__are_made_once_for_all(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty supervisors get the same bytes, serialised once."""
    n_frames = 0

    def counting(event: str, value: BaseModel) -> bytes:
        nonlocal n_frames
        n_frames += 1
        return frame(event, value)

    monkeypatch.setattr(event_routes, "frame", counting)
    centre.restart(board_refresh_s=60)
    supervisor = await centre.person("sun", "supervisor")
    async with AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(watching(centre, supervisor, "/api/v1/board/events"))
            for _ in range(20)
        ]
        boards = [await reader.next_event() for reader in readers]
    assert all(board == boards[0] for board in boards)
    assert n_frames == 1


async def test_feeds__one_count_however_many_ask(pool: asyncpg.Pool) -> None:
    """Fifty supervisors and a hundred reviewers cost one reading each of board and glance per period."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
    asked: Counter[str] = Counter()

    class CountingPool:
        def __getattr__(self, name: str) -> Any:
            asked[name] += 1
            return getattr(pool, name)

    counting: Any = CountingPool()
    board = board_feed(counting, period_s=60)
    glances = glance_feed(counting, period_s=60, time_zone="Asia/Shanghai")
    await asyncio.gather(*(board.current() for _ in range(50)))
    await asyncio.gather(*(glances.current() for _ in range(100)))
    # Whoever asks while the first reading is under way shares a second one.
    assert 0 < sum(asked.values()) <= 2 * 7, asked


async def test_board__on_time_counts_closed_cases(centre: Centre) -> None:
    """A case closed after it was due counts as late; what screening cleared does not count."""
    for late in (False, True):
        case = await centre.open_case()
        await centre.pool.execute(
            "WITH due AS (UPDATE cases SET due_at = now() - interval '1 min' WHERE case_id = $1)"
            " INSERT INTO dispositions (scan_id, cycle, disposition, source, decided_at)"
            " VALUES ($2, 1, 'release', 'review', now() - interval '1 min' + $3 * interval '1 s')",
            case.case_id,
            case.scan_id,
            5.0 if late else -5.0,
        )
    async with centre.pool.acquire() as conn:
        await conn.execute(
            "INSERT INTO dispositions (scan_id, cycle, disposition, source)"
            " VALUES ($1, 1, 'release', 'screening')",
            await seed_scan(conn),
        )
    supervisor = await centre.person("sun", "supervisor")
    assert (await supervisor.get("/api/v1/board")).json()["on_time_ratio"] == 0.5


async def test_events__do_not_hold_up_a_server_that_stops(centre: Centre, database_url: str) -> None:
    """SIGTERM with an open event stream ends the stream and the server within seconds."""
    supervisor = await centre.person("sun", "supervisor")
    async with live_server(database_url, centre.store_path / "s") as server:
        headers = {"cookie": f"sx_session={supervisor.cookies['sx_session']}"}
        async with (
            httpx.AsyncClient(timeout=10) as client,
            client.stream("GET", f"{server.url}/api/v1/board/events", headers=headers) as answer,
        ):
            lines = answer.aiter_lines()
            while not (await anext(lines)).startswith("event: board"):
                pass
            server.process.send_signal(signal.SIGTERM)
            stopped_at = time.monotonic()
            async for _ in lines:
                pass
        async with asyncio.timeout(10):
            assert await server.process.wait() in (0, -signal.SIGTERM)
        assert time.monotonic() - stopped_at < 5
