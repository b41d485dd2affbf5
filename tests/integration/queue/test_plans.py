"""The plan of every hot statement, whatever the statistics say is in the queue."""

import re

import asyncpg
import pytest

from app.database import open_pool
from review_queue import claim_statements as claim_sql
from review_queue import statements as sql

FILL = """
INSERT INTO ready (case_id, rank, port, qual_mask, stage, first_reviewer)
SELECT n, (n * 7919) % 20011, (ARRAY['YTN', 'MWB', 'SKZ'])[n % $1::int + 1], 0, 1 + n % $2::int, NULL
FROM generate_series(1, 20000) n
"""
SEATS = """
INSERT INTO seats (reviewer, slot) SELECT n, s FROM generate_series(100, 3000) n, generate_series(0, 1) s
"""
CASES = """
INSERT INTO cases (case_id, scan_id, port, modality, reason, risk, band, due_at)
OVERRIDING SYSTEM VALUE SELECT n, n::text, 'YTN', 'cargo', 'finding', 0.5, 8, now()
FROM generate_series(1, 20000) n
"""
SNAPSHOT = "'800:800:'::pg_snapshot"
ROOM = "1200, 300"
# Name: statement, types of its parameters, values.
STATEMENTS = {
    "claim": (
        claim_sql.CLAIM,
        "bigint, text, bigint, smallint[], bigint, bigint, pg_snapshot, int, float8, text, text, float8,"
        " float8",
        f"100, 'SKZ', 0, '{{1,2}}', 5, 500, {SNAPSHOT}, 0, 90, 'account:1', 'x', {ROOM}",
    ),
    "lock_many": (
        claim_sql.LOCK_MANY,
        "bigint[], smallint[], bigint, bigint, pg_snapshot, bigint, float8, float8",
        f"'{{100,101,102}}', '{{0,0,0}}', 5, 500, {SNAPSHOT}, 4, {ROOM}",
    ),
    "claim_many": (
        claim_sql.CLAIM_MANY,
        "bigint[], smallint[], bigint[], float8[], pg_snapshot, bigint, float8, int[]",
        f"'{{100,101,102}}', '{{0,0,0}}', '{{1,2,3}}', '{{90,90,90}}', {SNAPSHOT}, 7, 300, '{{0,1,2}}'",
    ),
    "head": (claim_sql.HEAD, "bigint, pg_snapshot, bigint", f"5, {SNAPSHOT}, 192"),
    "lane_head": (claim_sql.LANE_HEAD, "text, bigint, smallint[]", "'SKZ', 0, '{1,2}'"),
    "extend": (
        sql.EXTEND,
        "bigint[], bigint[], bigint[], bigint[], float8, float8, float8",
        "'{100,101}', '{100,101}', '{1,2}', '{7,8}', 90, 90, 3600",
    ),
    "decide": (
        sql.DECIDE,
        "bigint[], bigint[], bigint[], text[], text[], text[], text[], smallint[], bigint[], date[], text[],"
        " text[], float8, real[]",
        "'{100}', '{1}', '{7}', '{inspect}', '{x}', '{n}', '{inspect}', '{NULL}', '{NULL}', '{2026-01-01}',"
        " '{case_closed}', '{d}', 90, '{0.5}'",
    ),
    "held": (sql.HELD, "bigint, bigint, bigint", "100, 1, 7"),
    "holds": (sql.HOLDS, "bigint, bigint", "100, 1"),
}


async def explain(conn: asyncpg.pool.PoolConnectionProxy, name: str) -> str:
    """Return a statement's plan as text."""
    text, types, values = STATEMENTS[name]
    await conn.execute(f"PREPARE one ({types}) AS {text}")
    try:
        rows = await conn.fetch(f"EXPLAIN EXECUTE one ({values})")
    finally:
        await conn.execute("DEALLOCATE one")
    return "\n".join(row[0] for row in rows)


@pytest.fixture(params=[(1, 1), (3, 1), (3, 3)], ids=["1 lane", "3 lanes", "9 lanes"])
async def full_queue(pool: asyncpg.Pool, request: pytest.FixtureRequest) -> asyncpg.Pool:
    """20,000 cases in ready and 2,900 reviewers, analyzed."""
    async with pool.acquire() as conn:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute(FILL, *request.param)
        await conn.execute(SEATS)
        await conn.execute(CASES)
        await conn.execute("RESET session_replication_role")
        await conn.execute("ANALYZE ready, seats, cases")
    return pool


async def test_hot_statements__read_no_table_whole(full_queue: asyncpg.Pool, database_url: str) -> None:
    """Each hot statement reaches its rows through indexes, and sorts none of the queue."""
    async with open_pool(database_url, is_hot=True) as pool, pool.acquire() as conn:
        plans = {name: await explain(conn, name) for name in STATEMENTS}
    for plan in plans.values():
        assert not re.search(r"Seq Scan on (ready|seats|cases)\b", plan), plan
    for name in ("claim", "lock_many", "head"):
        assert "using ready_rank on ready" in plans[name], plans[name]
        assert re.search(r"ready_xid", plans[name]), plans[name]
        assert not re.search(r"Sort.*\n.*ready", plans[name]), plans[name]
    assert "Sort" not in plans["claim"], plans["claim"]
    assert "ready_lane" in plans["lane_head"], plans["lane_head"]
    assert "ready_rank" not in plans["lane_head"], plans["lane_head"]
