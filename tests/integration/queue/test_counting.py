"""The counts are those of a real state of the queue, whoever moves cases meanwhile."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from app.database import open_pool
from review_queue import counting
from review_queue.cases import CaseReason, NewCase, Verdict
from review_queue.counting import catch_up, find_wrong_counts
from review_queue.queue import ReviewQueue
from tests.integration.queue.conftest import MakeRoom, QueueRoom
from tests.integration.queue.test_concurrency import N_TASKS, Crowd
from tests.seed import seed_scan

TRUE_DEPTHS = "SELECT port, stage, (rank >> 58)::smallint AS band, count(*) AS n FROM ready GROUP BY 1, 2, 3"
DEPTHS = "SELECT port, stage, band, n FROM queue_depths WHERE n <> 0"
TRUE_COUNTS = """
SELECT r.port, r.stage, c.band, (extract(epoch FROM c.due_at)::bigint / 60)::integer AS due_minute,
    count(*) AS n
FROM ready r JOIN (
    SELECT case_id, band, date_trunc('minute', due_at) AS due_at FROM cases
) c USING (case_id) GROUP BY 1, 2, 3, 4
"""
COUNTS = "SELECT port, stage, band, due_minute, n FROM queue_counts"


async def check_counts(pool: asyncpg.Pool) -> None:
    """Fail unless the counts are those of ``ready``, which nobody changes now."""
    for believed, true in ((DEPTHS, TRUE_DEPTHS), (COUNTS, TRUE_COUNTS)):
        assert sorted(map(tuple, await pool.fetch(believed))) == sorted(map(tuple, await pool.fetch(true)))


async def wrong_counts(pool: asyncpg.Pool) -> list[asyncpg.Record]:
    async with pool.acquire() as conn:
        return await find_wrong_counts(conn)


async def reprioritize(
    conn: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy,
    queue: ReviewQueue,
    scan_id: str,
    *,
    risk: float,
) -> bool:
    """Give a case the urgency of another risk, be it less."""
    return await queue.reprioritize_case(
        conn,
        scan_id,
        reason=CaseReason.FINDING,
        risk=risk,
        screening_id=None,
        actor="system:test",
        may_lower=True,
    )


@asynccontextmanager
async def running(dsn: str, *statements: str) -> AsyncIterator[asyncpg.Connection]:
    """A transaction that has done something and commits at the end of the block."""
    conn = await asyncpg.connect(dsn)
    try:
        async with conn.transaction():
            for statement in statements:
                await conn.execute(statement)
            yield conn
    finally:
        await conn.close()


async def test_catch_up__counts_a_crowd_exactly(database_url: str) -> None:
    """While twelve tasks do everything at once and three keepers count, no count is ever wrong."""
    async with open_pool(database_url, max_connections=N_TASKS + 8) as pool:
        crowd = Crowd(pool, seed=20261124)
        await crowd.seed()
        for _ in range(30):
            await crowd.open()
        crowding = asyncio.gather(*(crowd.act(40) for _ in range(N_TASKS)))
        done: Counter[bool] = Counter()

        async def keep() -> None:
            while not crowding.done():
                done[await catch_up(pool)] += 1
                await asyncio.sleep(0.01)

        async def compare() -> None:
            while not crowding.done():
                assert await wrong_counts(pool) == []

        async def change_urgency() -> None:
            while not crowding.done():
                async with pool.acquire() as conn, conn.transaction():
                    scan_id = await conn.fetchval("SELECT scan_id FROM cases ORDER BY random() LIMIT 1")
                    await reprioritize(conn, crowd.queue, scan_id, risk=crowd.random.random())
                await asyncio.sleep(0.005)

        await asyncio.gather(crowding, compare(), change_urgency(), *(keep() for _ in range(3)))
        assert await wrong_counts(pool) == []
        await catch_up(pool)
        await check_counts(pool)
        assert done[True] > 10, done
        assert await pool.fetchval("SELECT count(*) FROM queue_depths WHERE stage > 1") > 0
        n_moved = "SELECT count(*) FROM audit WHERE event = 'case_reprioritized'"
        assert await pool.fetchval(n_moved) > 10
        assert await pool.fetchval("SELECT count(*) FROM decisions") > 50


async def test_catch_up__counts_what_commits_late(room: QueueRoom, database_url: str) -> None:
    """A transaction that runs through several counts delays nothing else, and is counted when it commits."""
    await room.open()
    await catch_up(room.pool)
    async with running(database_url) as conn:
        scan_id = await seed_scan(conn, port="SKZ")
        await conn.execute("SELECT pg_current_xact_id()")
        await room.open()
        await catch_up(room.pool)
        await check_counts(room.pool)
        await room.open(reason=CaseReason.UNSCREENABLE)
        await open_in(conn, room, scan_id)
        await catch_up(room.pool)
        await check_counts(room.pool)
    assert await wrong_counts(room.pool) == []
    await catch_up(room.pool)
    await check_counts(room.pool)
    assert await room.pool.fetchval("SELECT sum(n) FROM queue_depths WHERE port = 'SKZ'") == 1


async def open_in(conn: asyncpg.Connection, room: QueueRoom, scan_id: str) -> int:
    new = NewCase(scan_id=scan_id, port="SKZ", modality="cargo", reason=CaseReason.FINDING, risk=0.5)
    return await room.queue.open_case(conn, new)


async def test_catch_up__first_count_beside_a_running_transaction(room: QueueRoom, database_url: str) -> None:
    """The first count of a queue that is in use leaves out what has not committed, and counts it later."""
    for _ in range(3):
        await room.open()
    reviewer = await room.hire("li")
    async with running(database_url) as conn:
        await open_in(conn, room, await seed_scan(conn, port="SKZ"))
        await room.claim(reviewer)
        await catch_up(room.pool)
        await check_counts(room.pool)
    await catch_up(room.pool)
    await check_counts(room.pool)
    assert await room.pool.fetchval("SELECT sum(n) FROM queue_depths") == 3


async def test_catch_up__counts_rows_that_were_there_before_the_trail(room: QueueRoom) -> None:
    """Cases that wait when counting begins are taken from the queue itself, however they got there."""
    await room.open()
    await room.pool.execute("UPDATE ready SET port = 'MWB'")
    await catch_up(room.pool)
    assert await room.pool.fetchval("SELECT port FROM queue_counts") == "MWB"
    await room.pool.execute("UPDATE ready SET port = 'YTN'")
    assert {row["too_many"] for row in await wrong_counts(room.pool)} == {1, -1}


async def test_catch_up__far_behind_counts_anew(room: QueueRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """With more new rows than allowed the queue is counted, not the trail."""
    await room.open()
    await catch_up(room.pool)
    for _ in range(3):
        await room.open()
    with monkeypatch.context() as patch:
        patch.setattr(counting, "CATCH_UP", "SELECT the trail is not read")
        await catch_up(room.pool, max_new_rows=2)
    await check_counts(room.pool)
    await room.open()
    with monkeypatch.context() as patch:
        patch.setattr(counting, "COUNT_ANEW", "SELECT the queue is not counted")
        await catch_up(room.pool, max_new_rows=2)
    await check_counts(room.pool)


async def test_catch_up__one_keeper_at_a_time(room: QueueRoom, database_url: str) -> None:
    """While one keeper is at it another does nothing and does not wait."""
    await room.open()
    async with running(database_url, counting.BEGIN.format("queue_counts")):
        assert not await catch_up(room.pool)
        assert await room.pool.fetchval("SELECT count(*) FROM queue_counts") == 0
    assert await catch_up(room.pool)
    await check_counts(room.pool)


async def test_catch_up__killed_keeper_leaves_all_as_it_was(room: QueueRoom, database_url: str) -> None:
    """A keeper that dies before its commit has counted nothing; the next one counts everything once."""
    await room.open()
    await catch_up(room.pool)
    await room.open()
    keeper = await asyncpg.connect(database_url)
    await keeper.execute("BEGIN")
    await keeper.execute(counting.BEGIN.format("queue_counts"))
    counted = await keeper.fetchrow(counting.COUNTED.format("queue_counts"), 1000)
    assert counted is not None
    await keeper.execute(counting.CATCH_UP, counted["snapshot"], counting.ENTERING, counting.LEAVING)
    assert await keeper.fetchval("SELECT sum(n) FROM queue_counts") == 2
    await room.pool.execute("SELECT pg_terminate_backend($1)", keeper.get_server_pid())
    while await room.pool.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", keeper.get_server_pid()
    ):
        await asyncio.sleep(0.01)
    assert await room.pool.fetchval("SELECT sum(n) FROM queue_counts") == 1
    await catch_up(room.pool)
    await check_counts(room.pool)


async def test_catch_up__emptied_queue_leaves_no_rows(room: QueueRoom) -> None:
    """When the last case of a minute has left, its row goes too; the depth remains, at zero."""
    await room.open()
    await catch_up(room.pool)
    reviewer = await room.hire("li")
    await room.decide(reviewer, await room.claim(reviewer), Verdict.INSPECT)
    await catch_up(room.pool)
    assert await room.pool.fetchval("SELECT count(*) FROM queue_counts") == 0
    assert await room.pool.fetchval("SELECT sum(n) FROM queue_depths") == 0


async def test_catch_up__follows_a_case_to_its_new_rank(room: QueueRoom) -> None:
    """A case that becomes more urgent while it waits is counted there, and no longer where it was."""
    case_id = await room.open(risk=0.5)
    await catch_up(room.pool)
    async with room.pool.acquire() as conn, conn.transaction():
        assert await reprioritize(conn, room.queue, await room.scan_of(case_id), risk=0.95)
    assert await wrong_counts(room.pool) == []
    await catch_up(room.pool)
    await check_counts(room.pool)
    assert [row["band"] for row in await room.pool.fetch(COUNTS)] == [1]


async def test_catch_up__nothing_new_writes_nothing(room: QueueRoom) -> None:
    """A queue at rest is not written to every second."""
    await room.open()
    await catch_up(room.pool)
    next_xid = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
    before = await room.pool.fetchval(next_xid)
    await catch_up(room.pool)
    assert await room.pool.fetchval(next_xid) == before


async def test_catch_up__reads_new_rows_only(make_room: MakeRoom) -> None:
    """The plan finds the new part of the trail by its key; neither trail nor cases are read through."""
    room = make_room()
    await room.pool.execute(
        "INSERT INTO audit (actor, event, case_id, rank, xid)"
        " SELECT 'system:test', 'case_leased', n, n, (3 + n % 500)::text::xid8"
        " FROM generate_series(1, 50000) n"
    )
    for _ in range(30):
        await room.open()
    await room.pool.execute("ANALYZE")
    snapshot = await room.pool.fetchval("SELECT pg_current_snapshot()::text")
    await room.open()
    async with room.pool.acquire() as conn, conn.transaction():
        # As the keeper runs it; EXPLAIN with parameters would always plan for their values.
        await conn.execute(counting.BEGIN.format("queue_counts"))
        await conn.execute("PREPARE catching_up AS " + counting.CATCH_UP)
        arguments = f"'{snapshot}', ARRAY{counting.ENTERING}, ARRAY{counting.LEAVING}"
        rows = await conn.fetch(f"EXPLAIN EXECUTE catching_up ({arguments})")
        await conn.execute("DEALLOCATE catching_up")
    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan on audit" not in plan, plan
    assert "Index Scan on audit_pkey" in plan, plan
    expected = re.search(r"Heap Scan on audit .* rows=(\d+)", plan)
    assert expected is not None, plan
    assert int(expected[1]) < 5000, plan
