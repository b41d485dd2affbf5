"""The SQL of the queue. Each move is one statement: it happens whole, or not at all.

A move's statement guards itself: where it would take a case from one place without putting it into another it
calls ``queue_abort`` (see ``ABORTED``), and the whole statement is rolled back. Time is the database's clock.
Rows are locked seat 0 before seat 1, and rows of ``ready`` only with SKIP LOCKED, so no two moves deadlock.
"""

from typing import Final

from review_queue.ranking import MINUTE_BITS, RANDOM_BITS

# The SQLSTATE of queue_abort().
ABORTED: Final = "SXQ01"

# What a ``cases.Lease`` is made of, from a seat ``s`` and its case ``c``.
LEASE_COLUMNS: Final = """
    s.reviewer, s.case_id, c.scan_id, c.cycle, s.stage, s.slot, s.token,
    extract(epoch FROM s.until - clock_timestamp())::float8 AS ttl_s,
    extract(epoch FROM c.due_at - clock_timestamp())::float8 AS due_in_s,
    c.reason, c.risk, c.screening_id, c.band, c.due_at, (clock_timestamp() AT TIME ZONE 'UTC')::date AS today
"""

# The columns of an empty seat "s".
EMPTY: Final = """
    case_id = NULL, stage = NULL, first_reviewer = NULL, tries = NULL, n_expired = NULL, token = 0,
    leased_at = NULL, shown_at = NULL, until = NULL,
    left_at = CASE s.slot WHEN 0 THEN least(s.until, clock_timestamp()) END
"""

TODAY: Final = "(clock_timestamp() AT TIME ZONE 'UTC')::date"

# A rank of the case "c" without its random bits: band and due minute, as ``ranking.pack_rank`` has them.
URGENCY: Final = f"((c.band::bigint << {MINUTE_BITS}) | floor(extract(epoch FROM c.due_at) / 60)::bigint)"

# Gives a reviewer the two permanent seats. $1 reviewer.
MAKE_SEATS: Final = "INSERT INTO seats (reviewer, slot) VALUES ($1, 0), ($1, 1) ON CONFLICT DO NOTHING"

# Locks both seats of a reviewer: other moves of the same reviewer wait, nobody else's do. The seats are
# read by the next statement, SEATS: a row that was waited for is new, but what is joined to it is old.
# $1 reviewer.
LOCK_SEATS: Final = "SELECT slot FROM seats WHERE reviewer = $1 ORDER BY slot FOR UPDATE"

# Both seats of a reviewer with their cases. $1 reviewer.
SEATS: Final = f"""
SELECT {LEASE_COLUMNS}, s.tries, s.n_expired, s.shown_at IS NOT NULL AS is_shown,
    coalesce(s.until > clock_timestamp(), false) AS is_live,
    extract(epoch FROM clock_timestamp() - s.working_since)::float8 AS working_s,
    extract(epoch FROM clock_timestamp() - CASE
        WHEN s.case_id IS NULL THEN s.left_at ELSE least(s.until, clock_timestamp()) END)::float8 AS left_s
FROM seats s LEFT JOIN cases c USING (case_id)
WHERE s.reviewer = $1
ORDER BY s.slot
"""

# The case in slot 0, for an answer only. $1 reviewer.
CURRENT: Final = f"""
SELECT {LEASE_COLUMNS}
FROM seats s JOIN cases c USING (case_id)
WHERE s.reviewer = $1 AND s.slot = 0 AND s.until > clock_timestamp()
"""

# Shows the waiting case: slot 1 to an empty slot 0, with a new token and a full lease. Runs behind
# LOCK_SEATS. $1 reviewer, $2 lease seconds, $3 actor, $4 seconds of a rest.
SHOW: Final = f"""
WITH waiting AS (
    SELECT * FROM seats WHERE reviewer = $1 AND slot = 1 AND until > clock_timestamp() FOR UPDATE
), shown AS (
    UPDATE seats s
    SET case_id = w.case_id, stage = w.stage, first_reviewer = w.first_reviewer, tries = w.tries,
        n_expired = w.n_expired, token = nextval('lease_token'), leased_at = w.leased_at,
        shown_at = clock_timestamp(), until = clock_timestamp() + make_interval(secs => $2),
        working_since = CASE
            WHEN clock_timestamp() - s.left_at < make_interval(secs => $4::float8) THEN s.working_since
            ELSE clock_timestamp()
        END
    FROM waiting w
    WHERE s.reviewer = $1 AND s.slot = 0 AND s.case_id IS NULL
    RETURNING s.*
), emptied AS (
    UPDATE seats s SET {EMPTY} FROM shown WHERE s.reviewer = $1 AND s.slot = 1 RETURNING s.slot
), noted AS (
    INSERT INTO audit (actor, event, scan_id, case_id, cycle, stage, slot, token)
    SELECT $3, 'case_shown', c.scan_id, c.case_id, c.cycle, s.stage, s.slot, s.token
    FROM shown s JOIN cases c USING (case_id)
)
SELECT CASE WHEN (SELECT count(*) FROM emptied) <> 1 THEN queue_abort('show: slot 1 was not emptied') END
    AS guard, {LEASE_COLUMNS}
FROM shown s JOIN cases c USING (case_id)
"""

# Lengthens live leases, never past the longest hold. Cases, not tokens, are answered: a case that was shown
# meanwhile has a new token and is not lost. Empty seats are locked too: one may just be getting the case from
# the other. $1 everybody who asks, $2 reviewers, $3 cases and $4 tokens of the leases they name, $5 and $6
# lease seconds of slot 0 and 1, $7 longest hold in seconds.
EXTEND: Final = """
WITH locked AS (
    SELECT * FROM seats WHERE reviewer = ANY ($1::bigint[]) ORDER BY reviewer, slot FOR UPDATE
), mine AS (
    SELECT * FROM locked WHERE until > clock_timestamp()
), extended AS (
    UPDATE seats s
    SET until = least(
        clock_timestamp() + make_interval(secs => CASE m.slot WHEN 0 THEN $5::float8 ELSE $6::float8 END),
        coalesce(m.shown_at, m.leased_at) + make_interval(secs => $7)
    )
    FROM mine m
        JOIN unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS asked (reviewer, case_id, token)
            USING (reviewer, case_id, token)
    WHERE s.reviewer = m.reviewer AND s.slot = m.slot
    RETURNING s.case_id, s.until
)
SELECT m.reviewer, m.case_id, extract(epoch FROM e.until - clock_timestamp())::float8 AS ttl_s
FROM mine m LEFT JOIN extended e USING (case_id)
"""

# What the policy must know before a decision; the token fixes all of it but risk, band and due time.
# $1 reviewer, $2 case, $3 token.
HELD: Final = f"""
SELECT s.stage, c.cycle, c.band, c.due_at, c.risk, d.verdict AS first_verdict, {TODAY} AS today
FROM seats s
    JOIN cases c USING (case_id)
    LEFT JOIN decisions d ON d.case_id = c.case_id AND d.cycle = c.cycle AND d.stage = 1
WHERE s.reviewer = $1 AND s.slot = 0 AND s.case_id = $2 AND s.token = $3
"""

# Records decisions of different reviewers, empties slot 0 or shows the waiting case there, and closes the
# case or puts it back to ready for the next stage. One row per decision that the fence (reviewer, slot 0,
# case, token, time, day, risk, urgency) let through. Nothing is locked beforehand: the seat is emptied first,
# and where it has changed meanwhile, the counts do not meet and all of it is rolled back. When a case on a
# seat is re-assessed, its seat has one more try.
# $1 reviewers, $2 cases, $3 tokens, $4 verdicts, $5 reason codes (each a text, parted by U+001F), $6 notes,
# $7 dispositions or nulls, $8 next stages or nulls, $9 their ranks or nulls, $10 days of the secret, $11
# events, $12 details, $13 lease seconds, $14 the risks of the cases.
DECIDE_GUARD: Final = """CASE
    WHEN n_moved <> n_held THEN queue_abort('decide: a seat has changed')
    WHEN n_emptied <> n_waiting THEN queue_abort('decide: a waiting case has moved')
    WHEN n_placed <> n_held THEN queue_abort('decide: a case would be lost or doubled')
END"""
DECIDE: Final = f"""
WITH asked AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[],
            $7::text[], $8::smallint[], $9::bigint[], $10::date[], $11::text[], $12::text[], $14::real[])
        AS a (reviewer, case_id, token, verdict, reason_codes, note, disposition, next_stage, rank, day,
            event, detail, risk)
), held AS MATERIALIZED (
    SELECT a.*, s.stage, s.first_reviewer, s.shown_at, s.tries, c.scan_id, c.cycle, c.port, c.qual_mask
    FROM asked a
        JOIN seats s ON s.reviewer = a.reviewer AND s.slot = 0 AND s.case_id = a.case_id AND s.token = a.token
        JOIN cases c ON c.case_id = a.case_id
    WHERE s.until > clock_timestamp() AND a.day = {TODAY} AND a.risk = c.risk
        AND (a.rank IS NULL OR a.rank >> {RANDOM_BITS} = {URGENCY})
), waiting AS MATERIALIZED (
    SELECT w.* FROM held JOIN seats w ON w.reviewer = held.reviewer AND w.slot = 1
    WHERE w.until > clock_timestamp()
), moved AS (
    UPDATE seats s
    SET case_id = w.case_id, stage = w.stage, first_reviewer = w.first_reviewer, tries = w.tries,
        n_expired = w.n_expired, leased_at = w.leased_at,
        token = CASE WHEN w.case_id IS NULL THEN 0 ELSE nextval('lease_token') END,
        shown_at = CASE WHEN w.case_id IS NOT NULL THEN clock_timestamp() END,
        until = CASE WHEN w.case_id IS NOT NULL THEN clock_timestamp() + make_interval(secs => $13) END,
        left_at = CASE WHEN w.case_id IS NULL THEN clock_timestamp() ELSE s.left_at END
    FROM held h LEFT JOIN waiting w ON w.reviewer = h.reviewer
    WHERE s.reviewer = h.reviewer AND s.slot = 0 AND s.token = h.token AND s.tries = h.tries
        AND s.until > clock_timestamp()
    RETURNING s.*, w.token AS waiting_token
), passed AS MATERIALIZED (
    SELECT h.* FROM moved m JOIN held h ON h.reviewer = m.reviewer
), decided AS (
    INSERT INTO decisions (case_id, cycle, stage, reviewer, verdict, reason_codes, note, token, shown_at)
    SELECT case_id, cycle, stage, reviewer, verdict, string_to_array(reason_codes, chr(31)), note, token,
        shown_at
    FROM passed
    RETURNING case_id, decision_id
), emptied AS (
    UPDATE seats s SET {EMPTY} FROM moved m
    WHERE s.reviewer = m.reviewer AND s.slot = 1 AND s.token = m.waiting_token AND s.tries = m.tries
    RETURNING s.slot
), closed AS (
    UPDATE cases c SET closed_at = clock_timestamp(), disposition = h.disposition
    FROM passed h
    WHERE c.case_id = h.case_id AND c.closed_at IS NULL AND h.disposition IS NOT NULL
    RETURNING c.scan_id, c.cycle, h.disposition
), disposed AS (
    INSERT INTO dispositions (scan_id, cycle, disposition, source)
    SELECT scan_id, cycle, disposition, 'review' FROM closed
    RETURNING scan_id, cycle
), messaged AS (
    INSERT INTO outbox (station_id, scan_id, cycle)
    SELECT scans.station_id, d.scan_id, d.cycle
    FROM disposed d JOIN scans USING (scan_id) JOIN stations USING (station_id)
    WHERE stations.webhook_url IS NOT NULL
), forwarded AS (
    INSERT INTO ready (case_id, rank, port, qual_mask, stage, first_reviewer)
    SELECT case_id, rank, port, qual_mask, next_stage, CASE stage WHEN 1 THEN reviewer ELSE first_reviewer END
    FROM passed
    WHERE next_stage IS NOT NULL
    RETURNING case_id
), noted AS (
    INSERT INTO audit (actor, event, scan_id, case_id, cycle, stage, slot, token, rank, verdict, detail)
    SELECT 'account:' || reviewer, event, scan_id, case_id, cycle, stage, 0, token, rank, verdict, detail
    FROM passed
    UNION ALL
    SELECT 'account:' || m.reviewer, 'case_shown', c.scan_id, c.case_id, c.cycle, m.stage, m.slot, m.token,
        NULL, NULL, NULL
    FROM moved m JOIN cases c USING (case_id)
), counted AS (
    SELECT (SELECT count(*) FROM held) AS n_held, (SELECT count(*) FROM moved) AS n_moved,
        (SELECT count(*) FROM waiting) AS n_waiting,
        (SELECT count(*) FROM emptied) AS n_emptied,
        (SELECT count(*) FROM closed) + (SELECT count(*) FROM forwarded) AS n_placed
)
SELECT {DECIDE_GUARD} AS guard, h.reviewer AS decided_by, h.case_id AS decided_case_id, d.decision_id,
    h.scan_id AS decided_scan_id, h.port AS decided_port, h.cycle AS decided_cycle, h.stage AS decided_stage,
    {LEASE_COLUMNS}
FROM held h JOIN decided d USING (case_id) CROSS JOIN counted
    LEFT JOIN (moved s JOIN cases c USING (case_id)) ON s.reviewer = h.reviewer
"""

# What a person drew and thought of each finding; in the transaction of its decision. $1 case, $2 cycle,
# $3 stage, $4 annotations, $5 votes.
MARK: Final = """
INSERT INTO decision_marks (case_id, cycle, stage, annotations, finding_votes)
VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)
"""

# A decision made under a token, and the final word if that decision was the last of its cycle.
# $1 case, $2 reviewer, $3 token.
RECORDED: Final = """
SELECT d.decision_id, d.verdict, c.scan_id, c.port, (
        SELECT disposition FROM dispositions x
        WHERE x.scan_id = c.scan_id AND x.cycle = d.cycle AND NOT EXISTS (
            SELECT FROM decisions later
            WHERE later.case_id = d.case_id AND later.cycle = d.cycle AND later.stage > d.stage
        )
    ) AS disposition
FROM decisions d JOIN cases c USING (case_id)
WHERE d.case_id = $1 AND d.reviewer = $2 AND d.token = $3
"""

# Whether an account was ever shown a case under a token. $1 case, $2 actor, $3 token.
WAS_HELD: Final = """
SELECT EXISTS (
    SELECT FROM audit
    WHERE case_id = $1 AND actor = $2 AND token = $3 AND event IN ('case_leased', 'case_shown')
)
"""

# Locks seats whose lease has run out; those that are just being worked on are left for the next time.
# $1 limit.
LOCK_EXPIRED: Final = """
SELECT reviewer, slot FROM seats WHERE until <= clock_timestamp() LIMIT $1 FOR UPDATE SKIP LOCKED
"""

# The seats that LOCK_EXPIRED has locked, with their cases. $1 reviewers, $2 slots.
EXPIRED_SEATS: Final = f"""
SELECT s.reviewer, s.slot, s.case_id, s.token, s.stage, s.tries, s.n_expired,
    s.shown_at IS NOT NULL AS is_shown, c.cycle, c.band, c.due_at, {TODAY} AS today
FROM unnest($1::bigint[], $2::smallint[]) AS locked (reviewer, slot)
    JOIN seats s USING (reviewer, slot)
    JOIN cases c USING (case_id)
"""

# After the database's clock was set back: no lease may last longer than it could have been granted.
# $1 longest lease in seconds.
CLAMP: Final = """
UPDATE seats SET until = clock_timestamp() + make_interval(secs => $1)
WHERE until > clock_timestamp() + make_interval(secs => $1)
"""

# Puts cases from seats back to ready. Runs behind LOCK_SEATS or LOCK_EXPIRED; the token names the lease.
# $1 reviewers, $2 slots, $3 tokens, $4 next stages, $5 ranks, $6 tries, $7 expired counts, $8 event,
# $9 actor or null for the reviewer, $10 day of the secret.
GIVE_BACK: Final = f"""
WITH lost AS (
    SELECT s.*, r.next_stage, r.rank, r.next_tries, r.next_expired
    FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::smallint[], $5::bigint[], $6::smallint[],
            $7::smallint[]) AS r (reviewer, slot, token, next_stage, rank, next_tries, next_expired)
        JOIN seats s USING (reviewer, slot, token)
    WHERE s.case_id IS NOT NULL
), emptied AS (
    UPDATE seats s SET {EMPTY} FROM lost WHERE s.reviewer = lost.reviewer AND s.slot = lost.slot
    RETURNING s.reviewer, s.slot
), returned AS (
    INSERT INTO ready (case_id, rank, port, qual_mask, stage, first_reviewer, tries, n_expired)
    SELECT c.case_id, l.rank, c.port, c.qual_mask, l.next_stage, l.first_reviewer, l.next_tries,
        l.next_expired
    FROM lost l JOIN emptied USING (reviewer, slot) JOIN cases c USING (case_id)
    RETURNING case_id
), noted AS (
    INSERT INTO audit (actor, event, scan_id, case_id, cycle, stage, slot, token, rank, detail)
    SELECT coalesce($9, 'account:' || l.reviewer), $8, c.scan_id, c.case_id, c.cycle, l.stage, l.slot,
        l.token, l.rank,
        format('reviewer=%s stage=%s tries=%s day=%s', l.reviewer, l.next_stage, l.next_tries, $10::date)
    FROM lost l JOIN cases c USING (case_id)
)
SELECT CASE WHEN n_emptied <> n_lost OR n_returned <> n_lost
        THEN queue_abort('give back: a case would be lost or doubled') END AS guard,
    n_returned
FROM (
    SELECT (SELECT count(*) FROM lost) AS n_lost, (SELECT count(*) FROM emptied) AS n_emptied,
        (SELECT count(*) FROM returned) AS n_returned
) AS counted
"""

# Whether an account holds a case, on either seat. $1 account, $2 case.
HOLDS: Final = """
SELECT EXISTS (SELECT FROM seats WHERE reviewer = $1 AND case_id = $2 AND until > clock_timestamp())
"""

# One scan's cycles are opened one after the other: the scan's row is the lock. $1 scan.
LOCK_SCAN: Final = "SELECT port, modality, received_at FROM scans WHERE scan_id = $1 FOR NO KEY UPDATE"

# What is known of a scan's cycles; runs behind LOCK_SCAN. $1 scan.
CYCLES: Final = f"""
SELECT c.case_id, c.case_id IS NOT NULL AND c.closed_at IS NULL AS is_open,
    (SELECT max(cycle) FROM dispositions WHERE scan_id = $1) AS last_cycle,
    (SELECT outcome FROM screenings WHERE scan_id = $1 ORDER BY screening_id DESC LIMIT 1) AS outcome,
    {TODAY} AS today
FROM (SELECT) AS one LEFT JOIN cases c ON c.scan_id = $1
"""

# Opens a case, or the next cycle of a closed one. $1 scan, $2 cycle, $3 port, $4 modality, $5 reason,
# $6 risk, $7 band, $8 start of the time limit or null for now, $9 its seconds, $10 qualification mask,
# $11 screening.
OPEN: Final = """
INSERT INTO cases (scan_id, cycle, port, modality, reason, risk, band, due_at, qual_mask, screening_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::timestamptz, now()) + make_interval(secs => $9), $10, $11)
ON CONFLICT (scan_id) DO UPDATE
SET cycle = excluded.cycle, reason = excluded.reason, risk = excluded.risk, band = excluded.band,
    due_at = excluded.due_at, screening_id = excluded.screening_id, opened_at = now(), closed_at = NULL,
    disposition = NULL
WHERE cases.closed_at IS NOT NULL
RETURNING case_id, due_at
"""

# Puts an opened case into the queue. $1 case, $2 rank, $3 actor, $4 event, $5 detail.
ENQUEUE: Final = """
WITH entered AS (
    INSERT INTO ready (case_id, rank, port, qual_mask, stage)
    SELECT case_id, $2, port, qual_mask, 1 FROM cases WHERE case_id = $1
    RETURNING case_id, rank, stage
)
INSERT INTO audit (actor, event, scan_id, case_id, cycle, stage, rank, detail)
SELECT $3, $4, c.scan_id, e.case_id, c.cycle, e.stage, e.rank, $5
FROM entered e JOIN cases c USING (case_id)
"""
