"""Screening workers on several machines share a database and a store; each scan is screened exactly once.

The nodes are processes of one machine, each with a data folder of its own: what they share, they share as
machines would.
"""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from app.simulator import encode_channels
from app.station import ChannelFile, StationClient
from app.throwaway import ThrowawaySystem, throwaway_system
from datasets.synthetic import make_scan
from tests.s3_server import run_s3rver
from tests.seed import seed_policy, seed_ports, seed_station

BUCKET = "scans"
N_AFTERWARDS = 6
MOST_SILENCE_S = 120.0
"""A lease ends after 15 s; if the worker was stalled in the middle of a transaction, after this time."""


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of a store that every node reaches."""
    if request.param == "folder":
        yield {"store_url": str(tmp_path / "store")}
        return
    program = request.getfixturevalue("s3rver_program")
    with run_s3rver(program, tmp_path, bucket=BUCKET) as access:
        yield {
            "store_url": f"s3://{BUCKET}/scans",
            "s3_endpoint": access.endpoint or "",
            "s3_access_key_id": access.access_key_id or "",
            "s3_secret_access_key": access.secret_access_key or "",
        }


@pytest.fixture
def shared(database_url: str, store: dict[str, str]) -> dict[str, str]:
    """The settings that are the same on every node."""
    patient = {"screening_deadline_s": "600", "screening_runners": "1"}
    return {"database_url": database_url, **store, **patient}


async def test_nodes__one_killed_and_one_stalled__every_scan_is_screened_once(
    pool: asyncpg.Pool, shared: dict[str, str]
) -> None:
    """A worker killed over a scan and one that was away longer than its lease neither lose nor double it."""
    async with pool.acquire() as connection:
        await seed_ports(connection)
        await seed_policy(connection)
        key = await seed_station(connection, "ST-1", "YTN")
    async with (
        throwaway_system(roles="intake,review", **shared) as centre,
        worker_node(shared) as first,
        worker_node(shared) as second,
    ):
        async with posting(centre, key) as acknowledged:
            killed_over = await stall_over_a_job(pool, first)
            await first.kill()
            await first.start()

            stalled_over = await stall_over_a_job(pool, second)
            await until(lambda: holds_no_job(pool, second), timeout_s=MOST_SILENCE_S + 60)
            send(second, signal.SIGCONT)

            n_wanted = len(acknowledged) + N_AFTERWARDS
            await until(lambda: has_acknowledged(acknowledged, n_wanted))
        await until(lambda: nothing_waits(pool), timeout_s=120)

        assert {*killed_over, *stalled_over} <= set(acknowledged)
        rows = await pool.fetch(
            """
            SELECT scan_id, (SELECT count(*) FROM screenings n WHERE n.scan_id = s.scan_id) AS n_screenings,
                (SELECT count(*) FROM cases c WHERE c.scan_id = s.scan_id)
                + (SELECT count(*) FROM dispositions d WHERE d.scan_id = s.scan_id) AS n_outcomes
            FROM scans s
            """
        )
        assert {row["scan_id"]: tuple(row)[1:] for row in rows} == dict.fromkeys(acknowledged, (1, 1))
        assert logged(centre, "scan_screened") == []
        screened_by_first, screened_by_second = (
            logged(first, "scan_screened"),
            logged(second, "scan_screened"),
        )
        assert screened_by_first
        assert screened_by_second
        assert sorted(screened_by_first + screened_by_second) == sorted(acknowledged)


@asynccontextmanager
async def worker_node(shared: dict[str, str]) -> AsyncIterator[ThrowawaySystem]:
    """A machine that only screens. It ends by a kill: stalled, it would not hear of anything else."""
    async with throwaway_system(roles="screening", **shared) as node, AsyncExitStack() as stack:
        stack.push_async_callback(node.kill)
        yield node


@asynccontextmanager
async def posting(centre: ThrowawaySystem, key: str) -> AsyncIterator[list[str]]:
    """Post scans for the length of the block, faster than they are screened; yields the acknowledged ones."""
    synthetic = await asyncio.to_thread(make_scan, 1, height_px=400, width_px=1000)
    files = encode_channels(synthetic.pixels, as_tiff=True)
    acknowledged: list[str] = []
    task = asyncio.create_task(post_forever(centre, key, files, acknowledged))
    try:
        yield acknowledged
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def post_forever(
    centre: ThrowawaySystem, key: str, files: list[ChannelFile], acknowledged: list[str]
) -> None:
    """Post one scan after the other, with a pause in which a worker may fall behind but not far."""
    client = StationClient(centre.url, key)
    while True:
        answer = await client.post_scan(
            files, {"scanned_at": "2026-01-01T00:00:00Z"}, idempotency_key=f"node-{len(acknowledged)}"
        )
        acknowledged.append(answer["scan_id"])
        await asyncio.sleep(0.5)


async def until(is_true: Callable[[], Awaitable[bool]], *, timeout_s: float = 90.0) -> None:
    """Wait for something."""
    async with asyncio.timeout(timeout_s):
        while not await is_true():
            await asyncio.sleep(0.02)


async def jobs_of(pool: asyncpg.Pool, node: ThrowawaySystem) -> list[str]:
    """The scans that a node's process has leased; the worker's name holds the number of the process."""
    assert node.process is not None
    rows = await pool.fetch(
        "SELECT scan_id FROM screening_jobs WHERE worker LIKE $1", f"%:{node.process.pid}:%"
    )
    return [row["scan_id"] for row in rows]


async def stall_over_a_job(pool: asyncpg.Pool, node: ThrowawaySystem) -> list[str]:
    """Stop a node's process while it is at work; returns the scans that it had in hand."""
    while True:
        await until(lambda: holds_a_job(pool, node))
        send(node, signal.SIGSTOP)
        if in_hand := await jobs_of(pool, node):
            return in_hand
        send(node, signal.SIGCONT)


def send(node: ThrowawaySystem, number: signal.Signals) -> None:
    assert node.process is not None
    node.process.send_signal(number)


async def holds_a_job(pool: asyncpg.Pool, node: ThrowawaySystem) -> bool:
    return bool(await jobs_of(pool, node))


async def holds_no_job(pool: asyncpg.Pool, node: ThrowawaySystem) -> bool:
    return not await jobs_of(pool, node)


async def nothing_waits(pool: asyncpg.Pool) -> bool:
    return not await pool.fetchval("SELECT count(*) FROM screening_jobs")


async def has_acknowledged(acknowledged: list[str], n_wanted: int) -> bool:
    return len(acknowledged) >= n_wanted


def logged(node: ThrowawaySystem, event: str) -> list[str]:
    """The scans of a node's log lines of this event."""
    lines = [json.loads(line) for line in node.log.read_text().splitlines() if line.startswith("{")]
    return [line["scan_id"] for line in lines if line["event"] == event]
