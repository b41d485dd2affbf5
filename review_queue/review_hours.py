"""What people decided, by the hour and the port, kept beside the queue from its audit trail.

As in ``review_queue.counting``: the figures are those of one snapshot, and the audit rows between it and the
present one are exact, so each decision is counted once and no decision pays for it.
"""

import asyncpg

from review_queue.counting import MAX_NEW_ROWS, follow_trail

DAYS_COUNTED_ANEW = 35

# Decisions with what is known of their cases, looked up one by one: a join over a misjudged number of rows
# would read all cases. What the screening said counts as it stands when the decision is counted.
LOOKED_UP = """
SELECT date_trunc('hour', d.decided_at, 'UTC') AS hour, d.stage, d.verdict, c.port, x.disposition,
    x.decided_at <= c.due_at AS is_on_time,
    (SELECT outcome FROM screenings s WHERE s.screening_id = c.screening_id) AS screened,
    d.stage = 2 AND d.verdict = (
        SELECT f.verdict FROM decisions f WHERE f.case_id = d.case_id AND f.cycle = d.cycle AND f.stage = 1
    ) AS has_agreed
FROM {decisions} d
CROSS JOIN LATERAL (SELECT scan_id, port, due_at, screening_id FROM cases WHERE case_id = d.case_id) AS c
LEFT JOIN LATERAL (
    SELECT disposition, decided_at FROM dispositions
    WHERE scan_id = c.scan_id AND cycle = d.cycle AND d.is_last
) AS x ON true
"""

SUMS = """
SELECT hour, port, count(*) FILTER (WHERE stage = 1) AS n_primary,
    count(*) FILTER (WHERE stage = 2) AS n_second,
    count(*) FILTER (WHERE stage = 3) AS n_supervisor, count(disposition) AS n_closed,
    count(*) FILTER (WHERE is_on_time) AS n_on_time,
    count(*) FILTER (WHERE disposition = 'inspect') AS n_inspect,
    count(*) FILTER (WHERE stage = 1 AND screened = 'flag' AND verdict = 'inspect') AS n_flag_inspect,
    count(*) FILTER (WHERE stage = 1 AND screened = 'flag' AND verdict = 'release') AS n_flag_release,
    count(*) FILTER (WHERE stage = 1 AND screened = 'clear' AND verdict = 'inspect') AS n_clear_inspect,
    count(*) FILTER (WHERE stage = 1 AND screened = 'clear' AND verdict = 'release') AS n_clear_release,
    count(*) FILTER (WHERE has_agreed) AS n_second_agreed
FROM looked_up GROUP BY hour, port
"""

FIGURES = (
    "n_primary",
    "n_second",
    "n_supervisor",
    "n_closed",
    "n_on_time",
    "n_inspect",
    "n_flag_inspect",
    "n_flag_release",
    "n_clear_inspect",
    "n_clear_release",
    "n_second_agreed",
)
ADD = ", ".join(f"{name} = h.{name} + excluded.{name}" for name in FIGURES)

# A decision is the last of its cycle if its event closed the case. $1 counted snapshot.
CATCH_UP = f"""
WITH fresh AS (
    SELECT case_id, cycle, stage, event = 'case_closed' AS is_last FROM audit
    WHERE verdict IS NOT NULL AND (
        xid >= pg_snapshot_xmax($1::text::pg_snapshot)
        OR xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot)))
    )
), decided AS MATERIALIZED (
    SELECT f.*, d.verdict, d.decided_at FROM fresh f CROSS JOIN LATERAL (
        SELECT verdict, decided_at FROM decisions
        WHERE case_id = f.case_id AND cycle = f.cycle AND stage = f.stage
    ) AS d
), looked_up AS ({LOOKED_UP.format(decisions="decided")}), noted AS (
    UPDATE review_hours_state SET counted = pg_current_snapshot() WHERE EXISTS (SELECT FROM fresh)
)
INSERT INTO review_hours AS h (hour, port, {", ".join(FIGURES)}) {SUMS}
ON CONFLICT (hour, port) DO UPDATE SET {ADD}
"""

# $1 days.
FORGET = """
DELETE FROM review_hours WHERE hour >= date_trunc('day', now() - make_interval(days => $1), 'UTC')
"""
COUNT_ANEW = f"""
WITH decided AS (
    SELECT d.*, NOT EXISTS (
        SELECT FROM decisions n WHERE n.case_id = d.case_id AND n.cycle = d.cycle AND n.stage > d.stage
    ) AS is_last
    FROM decisions d
    WHERE d.decided_at >= date_trunc('day', now() - make_interval(days => $1), 'UTC')
), looked_up AS ({LOOKED_UP.format(decisions="decided")}), noted AS (
    INSERT INTO review_hours_state (counted) VALUES (pg_current_snapshot())
    ON CONFLICT (is_only) DO UPDATE SET counted = excluded.counted
)
INSERT INTO review_hours (hour, port, {", ".join(FIGURES)}) {SUMS}
"""


async def count_reviews(pool: asyncpg.Pool, *, max_new_rows: int = MAX_NEW_ROWS) -> bool:
    """Bring the hours up to the present; the first call in a database counts the last days.

    Args:
        pool: Of a migrated database.
        max_new_rows: With more new audit rows than this, the last days are counted anew.

    Returns:
        False if another process is at it, and nothing was done here.
    """
    return await follow_trail(
        pool,
        "review_hours",
        max_new_rows=max_new_rows,
        count_anew=[(FORGET, DAYS_COUNTED_ANEW), (COUNT_ANEW, DAYS_COUNTED_ANEW)],
        catch_up=(CATCH_UP,),
    )
