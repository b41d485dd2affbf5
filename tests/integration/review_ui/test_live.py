"""The board and a reviewer's figures: counted rightly, pushed as events, ended when they should end."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from starlette.types import Message

from review_ui.board import GlanceFeed, board_feed
from tests.integration.review_ui.centre import Centre, decision
from tests.seed import seed_account, seed_ports, seed_scan

NEXT = "/api/v1/review/next"


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
    mine = (await lin.get("/api/v1/review/glance")).json()
    assert (mine["ready"], mine["overdue"], mine["mine_today"]) == (2, 0, 1)
    assert 0 <= mine["my_median_s"] < 60
    overdue_since_1970 = "UPDATE ready SET rank = rank & ~((1::bigint << 58) - 1) WHERE case_id = (%s)"
    await centre.pool.execute(overdue_since_1970 % "SELECT min(case_id) FROM ready")
    await asyncio.sleep(0.1)
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


async def test_feeds__one_statement_however_many_ask(pool: asyncpg.Pool) -> None:
    """A hundred reviewers and supervisors cost one count each of board and glance per period."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
        people = [await seed_account(conn, f"r{number}", "reviewer") for number in range(20)]
    n_statements = 0

    class CountingPool:
        async def fetchrow(self, *arguments: Any) -> asyncpg.Record | None:
            nonlocal n_statements
            n_statements += 1
            return await pool.fetchrow(*arguments)

    counting: Any = CountingPool()
    board = board_feed(counting, period_s=60)
    glances = GlanceFeed(counting, period_s=60, time_zone="Asia/Shanghai")
    await asyncio.gather(*(board.current() for _ in range(50)))
    await asyncio.gather(*(glances.of(person) for person in people for _ in range(5)))
    assert n_statements <= 4


async def test_board__on_time_counts_closed_cases(centre: Centre) -> None:
    """A case closed after it was due counts as late."""
    for late in (False, True):
        case = await centre.open_case()
        await centre.pool.execute(
            "UPDATE cases SET due_at = now() - interval '1 min', disposition = 'release',"
            " closed_at = now() - interval '1 min' + $2 * interval '1 s' WHERE case_id = $1",
            case.case_id,
            5.0 if late else -5.0,
        )
    supervisor = await centre.person("sun", "supervisor")
    assert (await supervisor.get("/api/v1/board")).json()["on_time_ratio"] == 0.5


SERVER = """
import asyncio, sys
import asyncpg, uvicorn
from fastapi import FastAPI
from review_queue.notify import Notifier
from review_queue.policy import QueuePolicy
from review_queue.queue import ReviewQueue
from review_ui.review import build_review_router
from review_ui.settings import ReviewSettings
from scans.folder_store import FolderStore

async def main():
    dsn, folder, port = sys.argv[1:]
    async with asyncpg.create_pool(dsn, min_size=1, max_size=4) as pool:
        app = FastAPI()
        app.include_router(build_review_router(
            pool=pool, store=FolderStore(folder), queue=ReviewQueue(pool, QueuePolicy()),
            notifier=Notifier(dsn), settings=ReviewSettings(board_refresh_s=0.2),
            is_stopping=lambda: server.should_exit))
        server = uvicorn.Server(uvicorn.Config(app, port=int(port), log_level="warning"))
        await server.serve()

asyncio.run(main())
"""


async def test_events__do_not_hold_up_a_server_that_stops(centre: Centre, database_url: str) -> None:
    """SIGTERM with an open event stream ends the stream and the server within seconds."""
    supervisor = await centre.person("sun", "supervisor")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [
        sys.executable,
        "-c",
        textwrap.dedent(SERVER),
        database_url,
        str(centre.store_path / "s"),
        str(port),
    ]
    server = await asyncio.create_subprocess_exec(*arguments, env={**os.environ, "PYTHONPATH": os.getcwd()})
    try:
        url = f"http://127.0.0.1:{port}/api/v1/board/events"
        headers = {"cookie": f"sx_session={supervisor.cookies['sx_session']}"}
        async with httpx.AsyncClient(timeout=10) as client:
            await wait_until_up(client, f"http://127.0.0.1:{port}/api/v1/ui-config")
            async with client.stream("GET", url, headers=headers) as answer:
                lines = answer.aiter_lines()
                while not (await anext(lines)).startswith("event: board"):
                    pass
                server.send_signal(signal.SIGTERM)
                stopped_at = time.monotonic()
                async for _ in lines:
                    pass
        async with asyncio.timeout(10):
            assert await server.wait() in (0, -signal.SIGTERM)
        assert time.monotonic() - stopped_at < 5
    finally:
        with contextlib.suppress(ProcessLookupError):
            server.kill()
        await server.wait()


async def wait_until_up(client: httpx.AsyncClient, url: str) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(httpx.TransportError):
                await client.get(url)
                return
            await asyncio.sleep(0.1)
