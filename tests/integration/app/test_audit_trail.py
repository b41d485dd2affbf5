"""The loop that keeps the trail: it seals and reveals, says once why it refuses, and goes on afterwards."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

import app.audit_trail
from app.audit_trail import anchor_path, keep_trail, make_sealer
from app.settings import Settings
from review_queue.audit import record
from review_queue.ranking import DailySecrets
from tests.integration.queue.sealing import tampering

WAIT_S = 10.0


@asynccontextmanager
async def running_loop(pool: asyncpg.Pool, settings: Settings) -> AsyncIterator[None]:
    """Run the loop for the length of the block."""
    stop = asyncio.Event()
    loop = asyncio.create_task(keep_trail(pool, make_sealer(pool, settings), stop, max_hold_s=lambda: 3600.0))
    try:
        yield
    finally:
        stop.set()
        await loop


async def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that the loop does."""
    async with asyncio.timeout(WAIT_S):
        while not is_so():
            await asyncio.sleep(0.01)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings over an empty data folder, and a quick loop."""
    monkeypatch.setattr(app.audit_trail, "SEAL_EVERY_S", 0.01)
    return Settings(data=tmp_path)


async def write_row(pool: asyncpg.Pool) -> None:
    """Write one audit row."""
    async with pool.acquire() as conn:
        await record(conn, actor="system:test", event="tested")


async def test_keep_trail__seals_and_reveals(pool: asyncpg.Pool, settings: Settings) -> None:
    """Rows are sealed and anchored by themselves, and the secret of a day long past is revealed in them."""
    async with pool.acquire() as conn:
        today = await conn.fetchval("SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date")
        secrets = DailySecrets(pool)
        for n in (0, 5):
            await secrets.of(conn, today - timedelta(days=n))
    with capture_logs() as logs:
        async with running_loop(pool, settings):
            await wait_until(lambda: anchor_path(settings).exists())
    (revealed,) = [log for log in logs if log["event"] == "rank_secrets_revealed"]
    assert revealed["days"] == [str(today - timedelta(days=5))]
    assert await pool.fetchval("SELECT sum(n_rows) FROM seals") == 3
    assert not [log for log in logs if log["log_level"] == "error"]


async def test_keep_trail__refusal_is_said_once_and_ends_by_itself(
    pool: asyncpg.Pool, settings: Settings
) -> None:
    """While the anchor is ahead nothing is sealed; when it was moved away, sealing goes on."""
    await write_row(pool)
    await make_sealer(pool, settings).seal()
    async with tampering(pool) as conn:
        await conn.execute("DELETE FROM seals")
    await write_row(pool)
    anchor, kept = anchor_path(settings), settings.data / "evidence.jsonl"
    with capture_logs() as logs:
        async with running_loop(pool, settings):
            await wait_until(lambda: any(log["event"] == "sealing_refused" for log in logs))
            await asyncio.sleep(0.2)
            assert await pool.fetchval("SELECT count(*) FROM seals") == 0
            anchor.rename(kept)
            await wait_until(anchor.exists)
    (refused,) = [log for log in logs if log["event"] == "sealing_refused"]
    assert refused["code"] == "anchor_ahead"
    assert await pool.fetchval("SELECT sum(n_rows) FROM seals") == 2


async def test_keep_trail__failure_is_logged_and_tried_again(
    pool: asyncpg.Pool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the database or the disk ends neither the loop nor the program."""
    await write_row(pool)
    failures = iter([OSError("no space"), asyncpg.ConnectionDoesNotExistError("gone")])

    async def fail_at_first(*args: object, **named: object) -> list[object]:
        error = next(failures, None)
        if error is not None:
            raise error
        return []

    monkeypatch.setattr(app.audit_trail, "reveal_secrets", fail_at_first)
    with capture_logs() as logs:
        async with running_loop(pool, settings):
            await wait_until(lambda: anchor_path(settings).exists())
    assert [log["event"] for log in logs] == ["sealing_failed", "sealing_failed"]
