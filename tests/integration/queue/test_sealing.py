"""Sealing on a real server: what is final, once, by one process, and nothing when something is wrong."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from review_queue.anchor import AnchorFile
from review_queue.audit import record
from review_queue.errors import AnchorAheadError, TrailRestoredError
from review_queue.ranking import REVEAL_GRACE_S, DailySecrets, reveal_secrets
from review_queue.sealing import LOCK
from review_queue.seals import hashes_of, merkle_root
from review_queue.trail import COLUMNS, LEAVES_SQL, TrailRow, leaf
from tests.integration.queue.sealing import Notary, tampering

NO_SUCH_XID = 10**15
LARGE = 2**40 + 5


@pytest.fixture
def notary(pool: asyncpg.Pool, tmp_path: Path) -> Notary:
    """Who seals the database of ``pool``."""
    return Notary(pool=pool, folder=tmp_path)


async def write_rows(pool: asyncpg.Pool, n: int) -> None:
    """Write audit rows, each in a transaction of its own."""
    for number in range(n):
        async with pool.acquire() as conn:
            await record(conn, actor="system:test", event="tested", detail=str(number))


async def n_seals(pool: asyncpg.Pool) -> int:
    """Count the seals."""
    return int(await pool.fetchval("SELECT count(*) FROM seals"))


async def test_leaves__are_the_same_from_the_server_and_from_its_rows(pool: asyncpg.Pool) -> None:
    """What the server hashes is what a verifier hashes from the columns, whatever they hold."""
    chance = random.Random(5)

    def some(*values: object) -> object:
        return chance.choice([None, *values])

    for _ in range(300):
        await pool.execute(
            "INSERT INTO audit (at, actor, event, scan_id, case_id, cycle, stage, slot, token, rank, verdict,"
            " detail, seen, reach) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            datetime(1999, 12, 31, tzinfo=UTC) + timedelta(microseconds=chance.getrandbits(56)),
            chance.choice(["", "account:1", "盐田", "é" * 300]),
            chance.choice(["", "x", "案件"]),
            some("", "XR-1"),
            some(0, -1, 2**63 - 1, -(2**63)),
            some(0, 1, 2**15 - 1, -(2**15)),
            some(3),
            some(0, 1),
            some(chance.getrandbits(62)),
            some(chance.getrandbits(62)),
            some("release"),
            some("", "stage=1 tries=0 day=2026-11-23", "😀"),
            some((1, 1, ()), (5, 9, (5, 7)), (LARGE, LARGE + 60, tuple(range(LARGE, LARGE + 50)))),
            some(0, 2**62),
        )
    rows = [TrailRow(*row) for row in await pool.fetch(f"SELECT {COLUMNS} FROM audit ORDER BY xid, seq")]
    found = await pool.fetchrow(LEAVES_SQL, 0, NO_SUCH_XID)
    assert found is not None
    assert found["n_rows"] == 300
    assert found["leaves"] == b"".join(leaf(row) for row in rows)


async def test_sealer__seals_what_is_new_and_nothing_twice(pool: asyncpg.Pool, notary: Notary) -> None:
    """Each seal covers the rows since the last; without new rows there is no new seal."""
    assert await notary.seal() == 0
    await write_rows(pool, 5)
    assert await notary.seal() == 5
    assert await notary.seal() == 0
    await write_rows(pool, 2)
    assert await notary.seal() == 2
    rows = await pool.fetch("SELECT seal_no, n_rows, leaves, root FROM seals ORDER BY seal_no")
    assert [(row["seal_no"], row["n_rows"]) for row in rows] == [(1, 5), (2, 2)]
    assert all(merkle_root(hashes_of(row["leaves"])) == row["root"] for row in rows)
    assert (await notary.verify()).is_good


async def test_sealer__waits_for_the_oldest_transaction(pool: asyncpg.Pool, notary: Notary) -> None:
    """Rows at or above the oldest running transaction are not final; they are sealed when it has ended."""
    await write_rows(pool, 1)
    async with pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await record(slow, actor="system:test", event="slow")
        await write_rows(pool, 3)
        assert await notary.seal() == 1
        assert await notary.seal() == 0
        await transaction.commit()
    assert await notary.seal() == 4
    assert (await notary.verify()).is_good


async def test_sealer__many_at_once_make_one_chain(pool: asyncpg.Pool, tmp_path: Path) -> None:
    """Sealers of several processes and machines never make a seal twice; each anchor gets all of them."""
    notaries = [Notary(pool=pool, folder=tmp_path / name) for name in ("a", "b")]
    notaries[1] = Notary(pool=pool, folder=tmp_path / "b", key=notaries[0].key)
    for _ in range(5):
        await write_rows(pool, 4)
        await asyncio.gather(*(notary.seal() for notary in notaries * 3))
    for notary in notaries:
        await notary.seal()
        assert len(list(notary.anchor.read(notary.anchor.size()))) == await n_seals(pool)
        report = await notary.verify()
        assert report.is_good
        assert report.n_rows == 20
        assert report.n_unsealed == 0


async def test_sealer__never_waits_for_another(pool: asyncpg.Pool, notary: Notary) -> None:
    """While another process seals, a sealer does nothing and is done at once."""
    await write_rows(pool, 1)
    async with pool.acquire() as other, other.transaction():
        assert await other.fetchval(LOCK)
        assert await asyncio.wait_for(notary.seal(), 5) == 0
    assert await notary.seal() == 1


async def test_sealer__divides_a_backlog_but_no_transaction(pool: asyncpg.Pool, notary: Notary) -> None:
    """Many rows become seals of a limited size; a transaction with more rows has a seal of its own."""
    await write_rows(pool, 25)
    async with pool.acquire() as conn, conn.transaction():
        for _ in range(30):
            await record(conn, actor="system:test", event="tested")
    await write_rows(pool, 7)
    assert await notary.seal(max_rows=10) == 62
    sizes = [row["n_rows"] for row in await pool.fetch("SELECT n_rows FROM seals ORDER BY seal_no")]
    assert sizes == [10, 10, 5, 30, 7]
    assert (await notary.verify()).is_good


async def test_sealer__anchor_that_fell_behind_catches_up(
    pool: asyncpg.Pool, notary: Notary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a crash between the commit and the anchor the anchor gets what it lacks."""
    await write_rows(pool, 1)

    def fail(anchor: AnchorFile, seals: object) -> None:
        raise OSError("no disk")

    with monkeypatch.context() as broken:
        broken.setattr(AnchorFile, "append", fail)
        with pytest.raises(OSError, match="no disk"):
            await notary.seal()
    assert await n_seals(pool) == 1
    assert notary.anchor.last() is None
    assert await notary.seal() == 0
    last = notary.anchor.last()
    assert last is not None
    assert last.seal_no == 1


@pytest.mark.parametrize("comes_back", [False, True])
async def test_sealer__anchor_ahead_of_the_database_is_evidence(
    pool: asyncpg.Pool, notary: Notary, comes_back: bool
) -> None:
    """When the newest seal is gone, or another is in its place, nothing is sealed and the anchor stays."""
    for _ in range(3):
        await write_rows(pool, 2)
        await notary.seal()
    async with tampering(pool) as conn:
        await conn.execute("DELETE FROM seals WHERE seal_no = 3")
        await conn.execute("DELETE FROM audit WHERE seq > 4")
    kept = notary.anchor.path.read_bytes()
    await write_rows(pool, 2)
    if comes_back:
        # Another machine, whose anchor knows nothing of it, seals what it finds.
        other = Notary(pool=pool, folder=notary.folder / "other", key=notary.key)
        assert await other.seal() == 2
    with pytest.raises(AnchorAheadError):
        await notary.seal()
    assert await n_seals(pool) == (3 if comes_back else 2)
    assert notary.anchor.path.read_bytes() == kept


async def test_sealer__trail_from_another_server_is_not_sealed(pool: asyncpg.Pool, notary: Notary) -> None:
    """A restored trail has transactions that this server is yet to come to: new rows would be below."""
    await write_rows(pool, 1)
    async with tampering(pool) as conn:
        await conn.execute(
            "INSERT INTO audit (actor, event, xid) VALUES ('system:test', 'tested', $1::bigint::text::xid8)",
            NO_SUCH_XID,
        )
    with pytest.raises(TrailRestoredError):
        await notary.seal()
    assert await n_seals(pool) == 0


async def test_sealer__restored_seals_count_too(pool: asyncpg.Pool, notary: Notary) -> None:
    """The last seal tells the same when the rows behind it are old."""
    await write_rows(pool, 1)
    await notary.seal()
    async with tampering(pool) as conn:
        await conn.execute("UPDATE seals SET to_xid = ($1::bigint)::text::xid8", NO_SUCH_XID)
    other = Notary(pool=pool, folder=notary.folder / "other")
    with pytest.raises(TrailRestoredError):
        await other.seal()


async def test_reveal_secrets__when_a_day_is_over_and_once(pool: asyncpg.Pool) -> None:
    """Days that ended long enough ago are revealed in the trail, by one of many; the others stay secret."""
    now = await pool.fetchval("SELECT clock_timestamp()")
    today = now.date()
    secrets = DailySecrets(pool)
    async with pool.acquire() as conn:
        known = {
            today - timedelta(days=n): await secrets.of(conn, today - timedelta(days=n)) for n in range(4)
        }
    seconds_today = (now - datetime.combine(today, datetime.min.time(), UTC)).total_seconds()
    grace_s = seconds_today + 600  # yesterday ended less than this ago
    revealed = await asyncio.gather(*(reveal_secrets(pool, grace_s=grace_s) for _ in range(4)))
    due = sorted(day for some in revealed for day in some)
    assert due == [today - timedelta(days=3), today - timedelta(days=2)]
    rows = await pool.fetch(
        "SELECT actor, detail FROM audit WHERE event = 'rank_secret_revealed' ORDER BY seq"
    )
    assert [row["detail"] for row in rows] == [f"day={day} secret={known[day].hex()}" for day in due]
    assert await pool.fetchval("SELECT count(*) FROM rank_secrets WHERE revealed_at IS NULL") == 2
    assert await reveal_secrets(pool, grace_s=grace_s) == []


def test_reveal_secrets__waits_longer_than_a_case_is_held() -> None:
    """The default grace is longer than the longest hold of the default policy."""
    from review_queue.policy import QueuePolicy

    assert QueuePolicy().max_hold_s < REVEAL_GRACE_S
