"""However many browsers watch, the database is asked as often as by one."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx

from review_ui.sessions import token_hash
from tests.integration.review_ui.live_server import LiveServer, live_server
from tests.seed import seed_account, seed_ports

N_WATCHERS = 500
KEEPALIVE_S = 0.5
MEASURED_S = 2.0
PATHS = {"supervisor": "/api/v1/board/events", "reviewer": "/api/v1/review/events"}


async def log_in(pool: asyncpg.Pool, role: str, n: int) -> list[str]:
    """Make accounts of a role and return the cookie of a session of each."""
    tokens = [secrets.token_urlsafe(32) for _ in range(n)]
    async with pool.acquire() as conn:
        for number, token in enumerate(tokens):
            account_id = await seed_account(conn, f"{role}{number}", role)
            await conn.execute(
                "INSERT INTO sessions (token_sha256, account_id, expires_at)"
                " VALUES ($1, $2, now() + interval '1 hour')",
                token_hash(token),
                account_id,
            )
    return [f"sx_session={token}" for token in tokens]


@asynccontextmanager
async def browser(server: LiveServer, path: str, cookie: str) -> AsyncIterator[asyncio.StreamReader]:
    """Open an event stream and wait for its first event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
        assert b" 200 " in await reader.readline()
        await reader.readuntil(b"event: ")
        yield reader
    finally:
        writer.close()


async def statements_while_watching(server: LiveServer, people: Sequence[tuple[str, str]]) -> int:
    """Return how many statements the server sends in two seconds while all these people watch."""
    n_open = 0
    all_open = asyncio.Event()

    async def sit(path: str, cookie: str) -> None:
        nonlocal n_open
        async with browser(server, path, cookie) as reader:
            n_open += 1
            if n_open == len(people):
                all_open.set()
            while await reader.read(65536):
                pass
            raise AssertionError("the server has ended a stream")

    tasks = [asyncio.create_task(sit(path, cookie)) for path, cookie in people]
    try:
        async with asyncio.timeout(60):
            await all_open.wait()
        async with httpx.AsyncClient(base_url=server.url) as client:
            await asyncio.sleep(2 * KEEPALIVE_S)
            before = (await client.get("/statements")).json()
            await asyncio.sleep(MEASURED_S)
            after = (await client.get("/statements")).json()
        assert not any(task.done() for task in tasks)
        return int(after - before)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_streams__500_browsers_cost_the_database_what_one_costs(
    pool: asyncpg.Pool, database_url: str, tmp_path: Path
) -> None:
    """Boards, headers and session checks of 500 people take no more statements than those of two."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
    people = []
    for role, path in PATHS.items():
        people += [(path, cookie) for cookie in await log_in(pool, role, N_WATCHERS // 2)]
    async with live_server(database_url, tmp_path / "store", keepalive_s=KEEPALIVE_S) as server:
        few = await statements_while_watching(server, [people[0], people[-1]])
        many = await statements_while_watching(server, people)
    assert few > 10, "the figures are renewed while two watch"
    assert many < 1.5 * few, f"{many} statements for {N_WATCHERS} watchers, {few} for two"
