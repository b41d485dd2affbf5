"""The figures of the supervisor's board and of a reviewer's header, made once for all who look.

What waits comes from the counts of ``review_queue.counting``, which are brought up to date first; ``ready``
is not counted. What was decided is read through its time indexes; that takes longer the more was decided, and
is done so much less often. ``docs/explanation/live-board.md`` has the reasons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from review_queue.counting import catch_up
from review_queue.ranking import MINUTE_BITS, RANDOM_BITS
from review_ui.database import Pool, from_jsonb
from review_ui.feeds import Feed, Hints
from review_ui.schemas import BoardOut, PortBoard, QueueGlance

STAGES = (1, 2, 3)
N_BANDS = 16
# What was decided is read at most a fiftieth of the time.
SELDOM = 50
# A board that is due does not wait longer for it than this.
PATIENCE_S = 0.05
# Reviewers are many, and a change of the depth goes to each of them.
GLANCE_GAP_S = 1.0

# How many wait, and how many of them are not overdue: a sum over the few minutes to come.
DEPTHS = """
queue_depths d CROSS JOIN LATERAL (
    SELECT coalesce(sum(q.n), 0) AS n_in_time FROM queue_counts q
    WHERE q.port = d.port AND q.stage = d.stage AND q.band = d.band
        AND q.due_minute >= extract(epoch FROM now())::bigint / 60
) AS in_time
"""

# In each band those due first have waited longest. The counts know the minute in which they are due; a case
# of that minute is a few index entries away, at any depth. One that has just been taken is not found; the
# next refresh finds another.
MINUTE_RANK = f"(d.band::bigint << {MINUTE_BITS + RANDOM_BITS}) + (due.first_minute::bigint << {RANDOM_BITS})"
WAITING_SQL = f"""
SELECT d.port, d.stage, d.band, d.n::integer, (d.n - n_in_time)::integer AS overdue,
    extract(epoch FROM now() - found.opened_at)::float8 AS open_s
FROM {DEPTHS} LEFT JOIN LATERAL (
    SELECT min(q.due_minute) AS first_minute FROM queue_counts q
    WHERE q.port = d.port AND q.stage = d.stage AND q.band = d.band
) AS due ON true
LEFT JOIN LATERAL (
    SELECT c.opened_at FROM ready r JOIN cases c USING (case_id)
    WHERE r.port = d.port AND r.stage = d.stage
        AND r.rank >= {MINUTE_RANK} AND r.rank < {MINUTE_RANK} + {1 << RANDOM_BITS}
    LIMIT 1
) AS found ON true
WHERE d.n > 0
"""

HELD_SQL = """
SELECT clock.at, p.code AS port, p.name_zh, p.name_en, coalesce(h.n, 0) AS n,
    coalesce(h.overdue, 0) AS overdue, coalesce(h.n_active, 0) AS n_active
FROM (SELECT now() AS at) AS clock LEFT JOIN ports p ON true LEFT JOIN (
    SELECT c.port, count(*) AS n, count(*) FILTER (WHERE c.due_at < now()) AS overdue,
        count(*) FILTER (WHERE s.slot = 0 AND s.until > now()) AS n_active
    FROM seats s JOIN cases c USING (case_id) GROUP BY c.port
) AS h ON h.port = p.code
ORDER BY p.code
"""

# Ports and due times are looked up one by one: a join would read all cases there ever were.
RECENT_SQL = """
WITH decided AS (
    SELECT (SELECT port FROM cases c WHERE c.case_id = d.case_id) AS port,
        extract(epoch FROM decided_at - shown_at)::float8 AS handling_s
    FROM decisions d WHERE decided_at > now() - interval '1 hour'
), closed AS (
    SELECT decided_at, (
        SELECT due_at FROM cases c WHERE c.scan_id = d.scan_id AND c.cycle = d.cycle
    ) AS due_at
    FROM dispositions d WHERE decided_at > now() - interval '1 hour' AND source = 'review'
), being_screened AS (
    SELECT (SELECT port FROM scans s WHERE s.scan_id = j.scan_id) AS port FROM screening_jobs j
)
SELECT
    (SELECT json_object_agg(port, n) FROM (SELECT port, count(*) AS n FROM decided GROUP BY port) AS by_port)
        AS n_decided,
    (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY handling_s) FROM decided) AS median_s,
    (SELECT avg((decided_at <= due_at)::int)::float8 FROM closed) AS on_time_ratio,
    (SELECT json_object_agg(port, n)
        FROM (SELECT port, count(*) AS n FROM being_screened GROUP BY port) AS by_port) AS n_screening
"""

DEPTH_SQL = f"""
SELECT coalesce(sum(n), 0)::integer AS n, coalesce(sum(n - n_in_time), 0)::integer AS overdue FROM {DEPTHS}
"""

# $1 time zone.
TODAY_SQL = """
SELECT reviewer, count(*) AS n,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - shown_at)::float8) AS median_s
FROM decisions WHERE decided_at >= date_trunc('day', now() AT TIME ZONE $1) AT TIME ZONE $1
GROUP BY reviewer
"""


def board_feed(pool: Pool, *, period_s: float, hints: Hints | None = None) -> Feed[BoardOut]:
    """Return the feed of the supervisor's board; each hint says that the queue may have changed."""

    async def read_recent() -> asyncpg.Record:
        row = await pool.fetchrow(RECENT_SQL)
        assert row is not None
        return row

    recent = Feed(read_recent, period_s=period_s, name="decided lately", idle_per_busy=SELDOM)

    async def read_board() -> BoardOut:
        await catch_up(pool)
        return _board(
            waiting=await pool.fetch(WAITING_SQL),
            held=await pool.fetch(HELD_SQL),
            recent=await recent.current(patience_s=PATIENCE_S),
        )

    return Feed(read_board, period_s=period_s, name="board", hints=hints)


@dataclass(frozen=True, kw_only=True)
class Glances:
    """The header's figures of every reviewer."""

    ready: int
    overdue: int
    today: Mapping[int, tuple[int, float]]

    def of(self, account_id: int) -> QueueGlance:
        """Return what one reviewer sees."""
        n, median_s = self.today.get(account_id, (0, None))
        return QueueGlance(ready=self.ready, overdue=self.overdue, mine_today=n, my_median_s=median_s)


def glance_feed(pool: Pool, *, period_s: float, time_zone: str, hints: Hints | None = None) -> Feed[Glances]:
    """Return the feed of the figures in reviewers' headers.

    Args:
        pool: Of a migrated database.
        period_s: See ``Feed``.
        time_zone: Where a reviewer's day begins at midnight.
        hints: Each says that the queue may have changed.
    """

    async def read_today() -> dict[int, tuple[int, float]]:
        async with pool.acquire() as conn, conn.transaction(readonly=True):
            # Planned for an unknown time zone, it would expect to need most of all decisions there ever were.
            await conn.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            rows = await conn.fetch(TODAY_SQL, time_zone)
        return {row["reviewer"]: (row["n"], row["median_s"]) for row in rows}

    today = Feed(read_today, period_s=period_s, name="decided today", idle_per_busy=SELDOM)

    async def read_glances() -> Glances:
        await catch_up(pool)
        depth = await pool.fetchrow(DEPTH_SQL)
        assert depth is not None
        return Glances(
            ready=depth["n"], overdue=depth["overdue"], today=await today.current(patience_s=PATIENCE_S)
        )

    return Feed(read_glances, period_s=period_s, name="glance", hints=hints, hint_gap_s=GLANCE_GAP_S)


def _board(
    *, waiting: Sequence[asyncpg.Record], held: Sequence[asyncpg.Record], recent: asyncpg.Record
) -> BoardOut:
    n_decided = from_jsonb(recent["n_decided"]) or {}
    n_screening = from_jsonb(recent["n_screening"]) or {}
    ports = []
    for port in held if held[0]["port"] is not None else ():
        lanes = [lane for lane in waiting if lane["port"] == port["port"]]
        ages_s = [lane["open_s"] for lane in lanes if lane["open_s"] is not None]
        ports.append(
            PortBoard(
                port=port["port"],
                name_zh=port["name_zh"],
                name_en=port["name_en"],
                ready=sum(lane["n"] for lane in lanes),
                by_stage=[sum(lane["n"] for lane in lanes if lane["stage"] == stage) for stage in STAGES],
                leased=port["n"],
                oldest_s=max(ages_s, default=None),
                overdue=port["overdue"] + sum(lane["overdue"] for lane in lanes),
                decided_last_hour=n_decided.get(port["port"], 0),
                screening=n_screening.get(port["port"], 0),
            )
        )
    return BoardOut(
        at=held[0]["at"],
        ports=ports,
        by_band=[sum(lane["n"] for lane in waiting if lane["band"] == band) for band in range(N_BANDS)],
        reviewers_active=sum(port["n_active"] for port in held),
        median_handling_s=recent["median_s"],
        on_time_ratio=recent["on_time_ratio"],
    )
