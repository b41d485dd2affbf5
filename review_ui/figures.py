"""The figures beside the live board: the last hours, what is due when, who is at work.

Nothing that grows is counted here: the hours and what waits are read from the small tables that
``review_queue`` keeps, reviewers from their seats, and what opening boxes found is not much in a day.
"""

from itertools import pairwise

import asyncpg

from review_queue.review_hours import FIGURES, count_reviews
from review_ui.database import Pool
from review_ui.feeds import Feed
from review_ui.supervision_schemas import DueBucket, FiguresOut, HourFigures, ReviewerAtWork

N_HOURS = 24
# Whoever has just decided is still at work while the next case is on its way.
AT_WORK_S = 600
DUE_BOUNDS_S = (None, -900, 0, 300, 900, 1800, None)

# Outcomes are few, and an index has those of the last hours. One that was corrected counts as corrected, in
# the hour of its first report. $1 and $2 as below.
OPENED = """
SELECT date_trunc('hour', o.reported_at, 'UTC') AS hour, count(*) AS n_opened,
    count(*) FILTER (WHERE (
        SELECT result FROM inspection_outcomes n WHERE n.scan_id = o.scan_id AND n.cycle = o.cycle
        ORDER BY revision DESC LIMIT 1
    ) = 'found') AS n_found
FROM inspection_outcomes o JOIN dispositions d USING (scan_id, cycle) JOIN scans s USING (scan_id)
WHERE o.reported_at >= date_trunc('hour', now(), 'UTC') - make_interval(hours => $1 - 1) AND o.revision = 1
    AND d.disposition = 'inspect' AND ($2::text IS NULL OR s.port = $2)
GROUP BY 1
"""

# $1 hours, $2 a port or null.
HOURS_SQL = f"""
SELECT hours.hour, {", ".join(f"coalesce(sum(h.{name}), 0)::integer AS {name}" for name in FIGURES)},
    coalesce(max(opened.n_opened), 0)::integer AS n_opened,
    coalesce(max(opened.n_found), 0)::integer AS n_found
FROM generate_series(
    date_trunc('hour', now(), 'UTC') - make_interval(hours => $1 - 1), date_trunc('hour', now(), 'UTC'),
    '1 hour'
) AS hours (hour)
LEFT JOIN review_hours h ON h.hour = hours.hour AND ($2::text IS NULL OR h.port = $2)
LEFT JOIN ({OPENED}) AS opened ON opened.hour = hours.hour
GROUP BY hours.hour ORDER BY hours.hour
"""

# By the minute that ``queue_counts`` knows. $1 a port or null.
DUE_SQL = """
SELECT due_minute::bigint * 60 - extract(epoch FROM now())::bigint AS due_s, sum(n)::integer AS n
FROM queue_counts WHERE $1::text IS NULL OR port = $1 GROUP BY due_minute
"""

# The decisions of an hour are few, and an index by reviewer and time has each one's.
REVIEWERS_SQL = f"""
SELECT a.account_id, a.display_name AS name, a.role, a.port,
    s.case_id IS NOT NULL AND s.until > now() AS is_reviewing,
    extract(epoch FROM now() - s.working_since)::float8 AS working_s,
    CASE WHEN s.until > now() THEN extract(epoch FROM now() - s.shown_at)::float8 END AS case_s, (
        SELECT count(*) FROM decisions d
        WHERE d.reviewer = a.account_id AND d.decided_at > now() - interval '1 hour'
    )::integer AS n_last_hour
FROM seats s JOIN accounts a ON a.account_id = s.reviewer
WHERE s.slot = 0 AND (s.case_id IS NOT NULL AND s.until > now()
    OR s.left_at > now() - make_interval(secs => {AT_WORK_S}))
ORDER BY is_reviewing DESC, a.display_name
"""


def figures_feed(pool: Pool, *, period_s: float, port: str | None = None) -> Feed[FiguresOut]:
    """Return the feed of the figures of all ports, or of one."""

    async def read() -> FiguresOut:
        await count_reviews(pool)
        hours = await pool.fetch(HOURS_SQL, N_HOURS, port)
        due = await pool.fetch(DUE_SQL, port)
        reviewers = await pool.fetch(REVIEWERS_SQL)
        return FiguresOut(
            at=await pool.fetchval("SELECT now()"),
            hours=[HourFigures(**dict(row)) for row in hours],
            due=due_buckets(due),
            reviewers=[ReviewerAtWork(**dict(row)) for row in reviewers],
        )

    return Feed(read, period_s=period_s, name="figures")


def due_buckets(rows: list[asyncpg.Record]) -> list[DueBucket]:
    """Sum (``due_s`` from now, ``n``) up by the spans between ``DUE_BOUNDS_S``, the most overdue first."""
    buckets = []
    for low, high in pairwise(DUE_BOUNDS_S):
        n = sum(
            row["n"]
            for row in rows
            if (low is None or row["due_s"] >= low) and (high is None or row["due_s"] < high)
        )
        buckets.append(DueBucket(from_s=low, to_s=high, n=n))
    return buckets
