"""The SQL of taking a case: where the queue begins, and the claim of one reviewer or of many.

``ready`` is ordered by ``rank``. What has been taken leaves dead rows at its beginning, and a snapshot held
by anybody (a dump, a report) keeps them there. A claim therefore starts at a *head*: a rank below which a
known snapshot saw nothing. What came below it later was put there by transactions that this snapshot did not
see, and ``ready.xid`` finds those: a head may be old, but never wrong. A head also ends somewhere, so that no
claim walks along thousands of cases that its reviewer may not get; past the end, ``LANE_HEAD`` asks each lane
(stage, port, qualifications) for its first case instead.
"""

from typing import Final

from review_queue.statements import LEASE_COLUMNS

# Above every rank: ranks have 62 bits.
NO_RANK: Final = 2**63 - 1


def _start(rank: str, snapshot: str) -> str:
    """Return the first rank there can be a case at, given a head.

    ``min`` of an expression, because the planner would look for ``min(rank)`` along the very index whose dead
    rows are to be passed over; a range of two ends, because it takes one end alone for a third of the table.
    """
    unseen = "SELECT min(rank + 0) FROM ready WHERE xid"
    return f"""least({rank}::bigint,
        ({unseen} >= pg_snapshot_xmax({snapshot}) AND xid < '18446744073709551615'),
        ({unseen} = ANY (ARRAY(SELECT pg_snapshot_xip({snapshot})))))"""


# Whether there is room on a seat "mine" beside the other seat of its reviewer, and no rest is due: slot 0
# only while slot 1 is empty too (what waits there goes first), slot 1 only while slot 0 holds a case.
def _room(pause_after_s: str, rest_s: str) -> str:
    return f"""mine.case_id IS NULL
        AND CASE mine.slot WHEN 0 THEN other.case_id IS NULL ELSE other.until > clock_timestamp() END
        AND (
            CASE mine.slot WHEN 0 THEN
                clock_timestamp() - mine.working_since >= make_interval(secs => {pause_after_s}::float8)
                AND clock_timestamp() - mine.left_at < make_interval(secs => {rest_s}::float8)
            ELSE
                clock_timestamp() - other.working_since >= make_interval(secs => {pause_after_s}::float8)
            END
        ) IS NOT TRUE"""


# Fills a seat "s" from a row "t" of ready; whoever has rested begins to count their time anew.
def _filled(lease_s: str, rest_s: str) -> str:
    return f"""case_id = t.case_id, stage = t.stage, first_reviewer = t.first_reviewer, tries = t.tries,
        n_expired = t.n_expired, token = nextval('lease_token'), leased_at = clock_timestamp(),
        shown_at = CASE s.slot WHEN 0 THEN clock_timestamp() END,
        until = clock_timestamp() + make_interval(secs => {lease_s}),
        working_since = CASE
            WHEN s.slot = 1 THEN NULL
            WHEN clock_timestamp() - s.left_at < make_interval(secs => {rest_s}::float8) THEN s.working_since
            ELSE clock_timestamp()
        END"""


# A head of the whole queue, found from an older one. $1 and $2 the older head's rank and snapshot, $3 after
# how many cases it ends. Null where there is no such case.
HEAD: Final = f"""
WITH begin AS MATERIALIZED (SELECT {_start("$1", "$2")} AS rank)
SELECT (SELECT rank FROM ready WHERE rank >= (SELECT rank FROM begin) ORDER BY rank LIMIT 1) AS rank,
    (SELECT rank FROM ready WHERE rank >= (SELECT rank FROM begin) ORDER BY rank OFFSET $3 LIMIT 1)
        AS end_rank,
    pg_current_snapshot() AS snapshot
"""

# The head of what some reviewers may get, from the first case of each lane: a recursive walk from lane to
# lane, each step one probe of the index. $1 own port or null, $2 qualification bits, $3 stages.
LANE_HEAD: Final = """
WITH RECURSIVE lanes AS (
    (SELECT stage, port, qual_mask FROM ready ORDER BY stage, port, qual_mask LIMIT 1)
    UNION ALL
    SELECT following.* FROM lanes l CROSS JOIN LATERAL (
        SELECT r.stage, r.port, r.qual_mask FROM ready r
        WHERE (r.stage, r.port, r.qual_mask) > (l.stage, l.port, l.qual_mask)
        ORDER BY r.stage, r.port, r.qual_mask
        LIMIT 1
    ) AS following
)
SELECT min(first.rank) AS rank, pg_current_snapshot() AS snapshot
FROM lanes l CROSS JOIN LATERAL (
    SELECT r.rank FROM ready r
    WHERE r.stage = l.stage AND r.port = l.port AND r.qual_mask = l.qual_mask
    ORDER BY r.stage, r.port, r.qual_mask, r.rank
    LIMIT 1
) AS first
WHERE l.port IS DISTINCT FROM $1::text AND (l.qual_mask & ~$2::bigint) = 0 AND l.stage = ANY ($3::smallint[])
"""

# Takes the best eligible case from ready and puts it on an empty seat. No row: no room, or nothing eligible
# up to the end of the head. If another move filled the seat meanwhile, the guard rolls back: else the case
# were lost. Eligibility is one CASE because the planner cannot look into it: from the separate conditions it
# concluded that almost nothing is eligible, and sorted 100,000 rows (330 ms) instead of walking the index
# (0.4 ms); tests/integration/queue/test_plans.py reads the plans. ``matching`` has the same rule.
# $1 reviewer, $2 own port or null, $3 qualification bits, $4 stages, $5 to $7 the head's rank, end and
# snapshot, $8 slot, $9 lease seconds, $10 actor, $11 event, $12 and $13 seconds of work before a rest, and of
# the rest.
CLAIM_GUARD: Final = "CASE WHEN s.case_id IS NULL THEN queue_abort('claim: the seat was not empty') END"


def _claim(more: str = "", values: str = "") -> str:
    return f"""
WITH picked AS (
    SELECT ctid FROM ready
    WHERE rank >= {_start("$5", "$7")} AND rank <= $6::bigint
        AND CASE
            WHEN port = $2::text THEN false
            WHEN (qual_mask & ~$3::bigint) <> 0 THEN false
            WHEN first_reviewer = $1::bigint THEN false
            ELSE stage = ANY ($4::smallint[])
        END
        AND EXISTS (
            SELECT FROM seats mine JOIN seats other ON other.reviewer = mine.reviewer AND other.slot = 1 - $8
            WHERE mine.reviewer = $1 AND mine.slot = $8::smallint AND {_room("$12", "$13")}
        )
    ORDER BY rank
    LIMIT 1
    FOR UPDATE SKIP LOCKED
), taken AS (
    DELETE FROM ready USING picked WHERE ready.ctid = picked.ctid RETURNING ready.*
), seated AS (
    UPDATE seats s
    SET {_filled("$9", "$13")}
    FROM taken t
    WHERE s.reviewer = $1 AND s.slot = $8 AND s.case_id IS NULL
    RETURNING s.*
), noted AS (
    INSERT INTO audit (actor, event, scan_id, case_id, cycle, stage, slot, token, rank, seen, reach{more})
    SELECT $10, $11, c.scan_id, c.case_id, c.cycle, s.stage, s.slot, s.token, t.rank, pg_current_snapshot(),
        t.rank{values}
    FROM seated s JOIN taken t USING (case_id) JOIN cases c USING (case_id)
)
SELECT {CLAIM_GUARD} AS guard, {LEASE_COLUMNS}
FROM taken t LEFT JOIN seated s ON true JOIN cases c ON c.case_id = t.case_id
"""


CLAIM: Final = _claim()

# The same behind LOCK_SEATS. Its transaction has its number before it looks for a case. The trail tells it:
# one with a later number may have locked what the claim passes over.
BEHIND_SEATS: Final = "behind=seats"
CLAIM_BEHIND_SEATS: Final = _claim(", detail", f", '{BEHIND_SEATS}'")

# The first half of a claim by many: which of the askers have room ("asker" is the place in the arrays, from
# 1), and the first cases from the head on, locked, a few more than there is room for. $1 reviewers, $2 slots,
# $3 to $5 the head's rank, end and snapshot, $6 how many more, $7 and $8 as $12 and $13 of CLAIM.
LOCK_MANY: Final = f"""
WITH asked AS (
    SELECT * FROM unnest($1::bigint[], $2::smallint[]) WITH ORDINALITY AS a (reviewer, slot, asker)
), room AS MATERIALIZED (
    SELECT a.asker
    FROM asked a
        JOIN seats mine ON mine.reviewer = a.reviewer AND mine.slot = a.slot
        JOIN seats other ON other.reviewer = a.reviewer AND other.slot = 1 - a.slot
    WHERE {_room("$7", "$8")}
), locked AS (
    SELECT case_id, rank, port, qual_mask, stage, first_reviewer FROM ready
    WHERE rank >= {_start("$3", "$5")} AND rank <= $4::bigint
    ORDER BY rank
    LIMIT (SELECT CASE count(*) WHEN 0 THEN 0 ELSE count(*) + $6 END FROM room)
    FOR UPDATE SKIP LOCKED
)
SELECT asker, NULL::bigint AS case_id, NULL::bigint AS rank, NULL AS port, NULL::bigint AS qual_mask,
    NULL::smallint AS stage, NULL::bigint AS first_reviewer, NULL::pg_snapshot AS seen
FROM room
UNION ALL
SELECT NULL, case_id, rank, port, qual_mask, stage, first_reviewer, pg_current_snapshot() FROM locked
"""

# In place of the second half when nobody of the askers may get any of the cases: other claims passed over
# them meanwhile, and the trail has to show why. $1 the first half's snapshot, $2 the last rank it locked.
NOTE_LOCKED: Final = """
INSERT INTO audit (actor, event, seen, reach) VALUES ('system:queue', 'claim_found_nothing', $1, $2)
"""

# The second half, in the same transaction: puts each case on its seat. It has a row even if no seat at all
# was empty, so that the guard is asked. $1 reviewers, $2 slots, $3 cases, $4 lease seconds, $5 the snapshot
# of the first half, $6 the last rank it locked, $7 seconds of a rest.
CLAIM_MANY: Final = f"""
WITH asked AS (
    SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::float8[], $8::int[])
        AS a (reviewer, slot, case_id, lease_s, asker)
), taken AS (
    DELETE FROM ready r USING asked a WHERE r.case_id = a.case_id
    RETURNING r.*, a.reviewer, a.slot, a.lease_s, a.asker
), seated AS (
    UPDATE seats s
    SET {_filled("t.lease_s", "$7")}
    FROM taken t
    WHERE s.reviewer = t.reviewer AND s.slot = t.slot AND s.case_id IS NULL
    RETURNING s.*, t.rank, t.asker
), noted AS (
    INSERT INTO audit (actor, event, scan_id, case_id, cycle, stage, slot, token, rank, seen, reach)
    SELECT 'account:' || s.reviewer, CASE s.slot WHEN 0 THEN 'case_leased' ELSE 'case_prefetched' END,
        c.scan_id, c.case_id, c.cycle, s.stage, s.slot, s.token, s.rank, $5, $6
    FROM seated s JOIN cases c USING (case_id)
    ORDER BY s.asker
)
SELECT CASE WHEN (SELECT count(*) FROM seated) <> cardinality($1::bigint[])
        THEN queue_abort('claim: a seat was not empty') END AS guard, s.asker, {LEASE_COLUMNS}
FROM (SELECT) AS guarded LEFT JOIN (seated s JOIN cases c USING (case_id)) ON true
"""
