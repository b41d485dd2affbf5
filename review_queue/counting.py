"""How many cases wait, kept beside the queue from its audit trail: no move of a case pays for it.

``queue_depths`` (port, stage, band) and ``queue_counts`` (the same by due minute) hold what ``ready`` held in
the snapshot that ``queue_counts_state`` names. ``catch_up`` brings them to the present snapshot. Which audit
rows lie between the two is exact and needs no waiting: those of transactions that began after the counted
snapshot (``xid`` at or above its xmax) or were running in it (its xip), as far as they have committed. So
each row is counted once, a transaction that runs for hours delays nothing but its own rows, and the counts
are at every moment those of one real state of the queue.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg

from review_queue.audit import Connection
from review_queue.ranking import MINUTE_BITS, RANDOM_BITS
from review_queue.states import TRANSITIONS, Place

# Beyond so many new audit rows, counting ``ready`` anew takes no longer than catching up, not even with a
# million cases waiting: both about 3 s (benchmarks/board.py).
MAX_NEW_ROWS = 200_000

# Which moves put a case into ready and which take it out; a move from ready to ready does both.
ENTERING = sorted({str(move) for (_, move), place in TRANSITIONS.items() if place is Place.READY})
LEAVING = sorted({str(move) for place, move in TRANSITIONS if place is Place.READY})

BAND_OF_RANK = f"(rank >> {MINUTE_BITS + RANDOM_BITS})::smallint"
MINUTE_OF_RANK = f"((rank >> {RANDOM_BITS}) & {(1 << MINUTE_BITS) - 1})::integer"

# One process at a time; the lock is named after the table that is filled in. Losing what was not flushed to
# disk loses the counts and the snapshot they belong to together, so these commits need not wait for the disk.
# Planned for an unknown snapshot, a catch-up would expect a third of the trail to be new, and read all of it.
BEGIN = """
SELECT pg_try_advisory_xact_lock('{}'::regclass::oid::bigint) AS is_mine,
    set_config('synchronous_commit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)
"""

# The counted snapshot; no row before the first count. $1 how many new audit rows are too many.
COUNTED = """
SELECT counted::text AS snapshot, EXISTS (
        SELECT FROM audit WHERE xid >= pg_snapshot_xmax(counted) ORDER BY xid OFFSET $1 LIMIT 1
    ) AS is_far
FROM {}_state
"""

# What has changed between the counted snapshot and this statement's. A case leaves ready with the rank in the
# audit row (re-prioritised: the one in its detail) and enters it at the stage in the detail. The port is
# looked up per row: a join over a misjudged number of rows would read all cases.
# $1 counted snapshot, $2 entering events, $3 leaving events.
DIFFERENCES = rf"""
fresh AS (
    SELECT case_id, event, stage, rank, detail FROM audit
    WHERE rank IS NOT NULL AND (
        xid >= pg_snapshot_xmax($1::text::pg_snapshot)
        OR xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot)))
    )
), steps AS (
    SELECT case_id, 1 AS n, substring(detail FROM '\mstage=(\d)')::smallint AS stage, rank
    FROM fresh WHERE event = ANY ($2::text[])
    UNION ALL
    SELECT case_id, -1, stage, CASE WHEN event = ANY ($2::text[])
            THEN substring(detail FROM '\mwas=(\d+)')::bigint ELSE rank END
    FROM fresh WHERE event = ANY ($3::text[])
), differences AS MATERIALIZED (
    SELECT (SELECT port FROM cases c WHERE c.case_id = s.case_id) AS port, stage, {BAND_OF_RANK} AS band,
        {MINUTE_OF_RANK} AS due_minute, sum(n)::integer AS n
    FROM steps s GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0
)
"""

# Adds the differences and notes the snapshot they were read in; writes nothing when nothing has changed.
CATCH_UP = f"""
WITH {DIFFERENCES}, noted AS (
    UPDATE queue_counts_state SET counted = pg_current_snapshot() WHERE EXISTS (SELECT FROM fresh)
), deepened AS (
    INSERT INTO queue_depths AS q
    SELECT port, stage, band, sum(n) FROM differences GROUP BY 1, 2, 3 HAVING sum(n) <> 0
    ON CONFLICT (port, stage, band) DO UPDATE SET n = q.n + excluded.n
)
MERGE INTO queue_counts q USING differences d
    ON q.port = d.port AND q.stage = d.stage AND q.band = d.band AND q.due_minute = d.due_minute
WHEN MATCHED AND q.n + d.n = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET n = q.n + d.n
WHEN NOT MATCHED THEN INSERT (port, stage, band, due_minute, n)
    VALUES (d.port, d.stage, d.band, d.due_minute, d.n)
"""

FORGET = ("DELETE FROM queue_counts", "DELETE FROM queue_depths")

# Counts ready anew; runs behind FORGET. The snapshot that is noted is this statement's.
WAITING = f"""
SELECT port, stage, {BAND_OF_RANK} AS band, {MINUTE_OF_RANK} AS due_minute, count(*)::integer AS n
FROM ready GROUP BY 1, 2, 3, 4
"""
COUNT_ANEW = f"""
WITH waiting AS MATERIALIZED ({WAITING}), noted AS (
    INSERT INTO queue_counts_state (counted) VALUES (pg_current_snapshot())
    ON CONFLICT (is_only) DO UPDATE SET counted = excluded.counted
), deepened AS (
    INSERT INTO queue_depths SELECT port, stage, band, sum(n) FROM waiting GROUP BY 1, 2, 3
)
INSERT INTO queue_counts SELECT port, stage, band, due_minute, n FROM waiting
"""

# The counts, with what has changed since, less what is in ready: nothing, in any snapshot.
# The same parameters as DIFFERENCES.
WRONG_COUNTS = f"""
WITH {DIFFERENCES}, believed AS (
    SELECT port, stage, band, due_minute, n FROM queue_counts
    UNION ALL SELECT port, stage, band, due_minute, n FROM differences
    UNION ALL SELECT port, stage, band, due_minute, -n FROM ({WAITING}) AS waiting
), summed AS (
    SELECT port, stage, band, -1 AS due_minute, n FROM queue_depths
    UNION ALL SELECT port, stage, band, -1, -n FROM queue_counts
)
SELECT port, stage, band, due_minute, sum(n)::integer AS too_many
FROM (SELECT * FROM believed UNION ALL SELECT * FROM summed) AS everything
GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0
"""


async def catch_up(pool: asyncpg.Pool, *, max_new_rows: int = MAX_NEW_ROWS) -> bool:
    """Bring the counts up to the present; the first call in a database, or one far behind, counts anew.

    Reads the trail and writes nothing but the counts, so that no move ever waits for it.

    Args:
        pool: Of a migrated database.
        max_new_rows: With more new audit rows than this, ``ready`` is counted anew.

    Returns:
        False if another process is at it, and nothing was done here.
    """
    return await follow_trail(
        pool,
        "queue_counts",
        max_new_rows=max_new_rows,
        count_anew=[(statement,) for statement in (*FORGET, COUNT_ANEW)],
        catch_up=(CATCH_UP, ENTERING, LEAVING),
    )


async def follow_trail(
    pool: asyncpg.Pool,
    table: str,
    *,
    max_new_rows: int,
    count_anew: Sequence[Sequence[Any]],
    catch_up: Sequence[Any],
) -> bool:
    """Bring a table that is counted from the trail up to the present.

    Args:
        pool: Of a migrated database.
        table: Names the lock; ``{table}_state`` holds the counted snapshot.
        max_new_rows: With more new audit rows than this, everything is counted anew.
        count_anew: Statements, each with its arguments.
        catch_up: A statement, whose first argument will be the counted snapshot, and the others.

    Returns:
        False if another process is at it, and nothing was done here.
    """
    async with pool.acquire() as conn, conn.transaction(isolation="read_committed"):
        begun = await conn.fetchrow(BEGIN.format(table))
        if begun is None or not begun["is_mine"]:
            return False
        # A statement of its own: it must see what the last holder of the lock has committed.
        counted = await conn.fetchrow(COUNTED.format(table), max_new_rows)
        if counted is None or counted["is_far"]:
            for statement in count_anew:
                await conn.execute(*statement)
        else:
            await conn.execute(catch_up[0], counted["snapshot"], *catch_up[1:])
    return True


async def find_wrong_counts(conn: Connection) -> list[asyncpg.Record]:
    """Compare the counts with a true count of ``ready``, in one snapshot; for tests and for doubts.

    Works while cases move and wherever the counts are behind. Takes as long as the counting it saves.

    Returns:
        Rows of port, stage, band, due minute (-1: of the depth) and ``too_many``; none if all is right.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        counted = await conn.fetchrow(COUNTED.format("queue_counts"), 0)
        if counted is None:
            return []
        return list(await conn.fetch(WRONG_COUNTS, counted["snapshot"], ENTERING, LEAVING))
