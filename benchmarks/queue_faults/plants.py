"""The planted bugs. Each is something that could go wrong in a queue like ours, and often has."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from benchmarks.queue_faults import plants_moves as moves
from benchmarks.queue_faults.nemesis import Fault
from benchmarks.queue_faults.planting import Plant, put, run_sql, swap
from benchmarks.queue_faults.violations import Rule
from review_queue import claim_statements, matching, statements
from review_queue.cases import Reviewer
from review_queue.matching import ReadyCase
from review_queue.states import stages_of

Mistake: TypeAlias = Callable[[Reviewer, ReadyCase], tuple[Reviewer, ReadyCase]]

NOW = "clock_timestamp()"
SKEW = "interval '4 seconds'"
ALL_QUALS = 2**62 - 1
KILLS: Mapping[Fault, int] = {Fault.WORKER_KILLED: 3, Fault.BACKENDS_TERMINATED: 1}
CRASHES: Mapping[Fault, int] = {Fault.SERVER_CRASHED: 1}
DROP_UNIQUE = "ALTER TABLE decisions DROP CONSTRAINT IF EXISTS decisions_case_id_cycle_stage_key CASCADE"
NOT_DURABLE = """
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$
"""


def _early_sweep(_worker: int) -> None:
    swap(statements, "LOCK_EXPIRED", f"until <= {NOW}", f"until <= {NOW} + interval '3 seconds'")


def _client_clock(worker: int) -> None:
    if worker == 1:
        for module in (statements, claim_statements):
            for name, text in list(vars(module).items()):
                if isinstance(text, str) and NOW in text:
                    swap(module, name, NOW, f"({NOW} + {SKEW})")


def _no_time_fence(_worker: int) -> None:
    swap(statements, "DECIDE", f"WHERE s.until > {NOW} AND a.day", "WHERE a.day")
    swap(statements, "DECIDE", f"AND s.tries = h.tries\n        AND s.until > {NOW}", "AND s.tries = h.tries")


def _no_token_fence(_worker: int) -> None:
    swap(statements, "DECIDE", "AND s.token = a.token", "")
    swap(statements, "DECIDE", "AND s.token = h.token", "")
    swap(statements, "HELD", "AND s.token = $3", "AND $3::bigint IS NOT NULL")


def _mistake(mistake: Mistake) -> None:
    """Have the batched claims see a reviewer and a case other than they are."""
    is_eligible = matching.is_eligible
    put(matching, "is_eligible", lambda reviewer, case: is_eligible(*mistake(reviewer, case)))


def _own_port(_worker: int) -> None:
    swap(claim_statements, "CLAIM", "WHEN port = $2::text THEN false", "WHEN $2::text = '' THEN false")
    _mistake(lambda reviewer, case: (replace(reviewer, port=None), case))


def _no_qualification(_worker: int) -> None:
    swap(claim_statements, "CLAIM", "(qual_mask & ~$3::bigint) <> 0", "(0 & ~$3::bigint) <> 0")
    _mistake(lambda reviewer, case: (replace(reviewer, quals=ALL_QUALS), case))


def _first_reviewer_ignored(_worker: int) -> None:
    swap(claim_statements, "CLAIM", "WHEN first_reviewer = $1::bigint THEN false", "")
    _mistake(lambda reviewer, case: (reviewer, replace(case, first_reviewer=None)))


def _any_stage(_worker: int) -> None:
    swap(claim_statements, "CLAIM", "ELSE stage = ANY ($4::smallint[])", "ELSE $4::smallint[] IS NOT NULL")
    _mistake(lambda reviewer, case: (reviewer, replace(case, stage=int(stages_of(reviewer.role)[0]))))


def _first_reviewer_forgotten(_worker: int) -> None:
    swap(statements, "GIVE_BACK", "l.next_stage, l.first_reviewer", "l.next_stage, NULL::bigint")


def _first_reviewer_not_noted(_worker: int) -> None:
    swap(statements, "DECIDE", "CASE stage WHEN 1 THEN reviewer ELSE first_reviewer END", "NULL::bigint")


def _ready_kept(_worker: int) -> None:
    swap(
        claim_statements,
        "CLAIM",
        "DELETE FROM ready USING picked WHERE ready.ctid = picked.ctid RETURNING ready.*",
        "SELECT ready.* FROM ready JOIN picked ON ready.ctid = picked.ctid",
    )
    swap(
        claim_statements,
        "CLAIM_MANY",
        "DELETE FROM ready r USING asked a WHERE r.case_id = a.case_id\n    RETURNING r.*",
        "SELECT r.*",
    )
    join = "FROM ready r JOIN asked a USING (case_id)"
    swap(claim_statements, "CLAIM_MANY", "a.lease_s, a.asker\n", f"a.lease_s, a.asker {join}\n")


def _seat_not_checked(_worker: int) -> None:
    swap(claim_statements, "CLAIM", "queue_abort('claim: the seat was not empty')", "NULL::boolean")
    swap(claim_statements, "CLAIM", "LEFT JOIN seated s ON true", "JOIN seated s ON true")
    swap(claim_statements, "CLAIM_MANY", "queue_abort('claim: a seat was not empty')", "NULL::boolean")
    swap(
        claim_statements, "CLAIM_MANY", "FROM (SELECT) AS guarded LEFT JOIN", "FROM (SELECT) AS guarded JOIN"
    )


def _double_decide(_worker: int) -> None:
    run_sql(DROP_UNIQUE)
    swap(statements, "DECIDE", "SELECT h.* FROM moved m JOIN held h ON h.reviewer = m.reviewer", "TABLE held")
    swap(statements, "DECIDE", statements.DECIDE_GUARD, "NULL::boolean")


def _prefetch_lost(_worker: int) -> None:
    swap(
        statements,
        "GIVE_BACK",
        "FROM lost l JOIN emptied USING (reviewer, slot) JOIN cases c USING (case_id)",
        "FROM lost l JOIN emptied USING (reviewer, slot) JOIN cases c USING (case_id) WHERE slot = 0",
    )
    swap(statements, "GIVE_BACK", "OR n_returned <> n_lost", "")


def _heartbeat_lies(_worker: int) -> None:
    swap(statements, "EXTEND", "SET until = least(", "SET until = least(s.until,")
    swap(statements, "EXTEND", f"extract(epoch FROM e.until - {NOW})::float8", "$5::float8")


def _heartbeat_idle(_worker: int) -> None:
    swap(statements, "EXTEND", "SET until = least(", "SET until = least(s.until,")


def _not_durable(_worker: int) -> None:
    run_sql(NOT_DURABLE)


PLANTS: Mapping[str, Plant] = {
    "early_sweep": Plant(
        what="leases that still have three seconds are taken for expired",
        plant=_early_sweep,
        caught_by=frozenset({Rule.LIVE_LEASE_REFUSED, Rule.TWO_LIVE_LEASES}),
    ),
    "client_clock": Plant(
        what="one worker judges and grants leases by its own clock, which is four seconds fast",
        plant=_client_clock,
        caught_by=frozenset({Rule.LIVE_LEASE_REFUSED, Rule.TWO_LIVE_LEASES}),
    ),
    "no_time_fence": Plant(
        what="a lease decides after it has ended, as long as nobody has swept it",
        plant=_no_time_fence,
        caught_by=frozenset({Rule.DECIDED_AFTER_END}),
    ),
    "no_token_fence": Plant(
        what="a decision needs the case on the seat, but no particular token",
        plant=_no_token_fence,
        caught_by=frozenset({Rule.STALE_TOKEN_ACCEPTED}),
    ),
    "own_port": Plant(
        what="claims do not look at the reviewer's own port",
        plant=_own_port,
        caught_by=frozenset({Rule.NOT_ELIGIBLE}),
    ),
    "no_qualification": Plant(
        what="claims do not look at qualifications",
        plant=_no_qualification,
        caught_by=frozenset({Rule.NOT_ELIGIBLE}),
    ),
    "any_stage": Plant(
        what="an escalated case goes to anybody",
        plant=_any_stage,
        caught_by=frozenset({Rule.NOT_ELIGIBLE}),
    ),
    "first_reviewer_ignored": Plant(
        what="claims do not look at who reviewed first",
        plant=_first_reviewer_ignored,
        caught_by=frozenset({Rule.SECOND_IS_FIRST}),
    ),
    "first_reviewer_forgotten": Plant(
        what="a case that comes back from a second review has forgotten who reviewed first",
        plant=_first_reviewer_forgotten,
        caught_by=frozenset({Rule.SECOND_IS_FIRST}),
    ),
    "first_reviewer_not_noted": Plant(
        what="a decision sends the case to second review without saying who reviewed first",
        plant=_first_reviewer_not_noted,
        caught_by=frozenset({Rule.SECOND_IS_FIRST}),
    ),
    "ready_kept": Plant(
        what="a claim leaves the case in ready",
        plant=_ready_kept,
        caught_by=frozenset({Rule.TWO_LIVE_LEASES}),
    ),
    "two_commits": Plant(
        what="a claim empties ready in one transaction and fills the seat in the next",
        plant=moves.claim_in_two_commits,
        caught_by=frozenset({Rule.CASE_LOST, Rule.PREFETCHED_CASE_LOST}),
        weights=KILLS,
        needs_drain=True,
    ),
    "seat_not_checked": Plant(
        what="a claim is not rolled back when its seat was filled meanwhile",
        plant=_seat_not_checked,
        caught_by=frozenset({Rule.CASE_LOST, Rule.PREFETCHED_CASE_LOST}),
        needs_drain=True,
    ),
    "prefetch_lost": Plant(
        what="a pause or an expiry empties slot 1 and returns nothing",
        plant=_prefetch_lost,
        caught_by=frozenset({Rule.PREFETCHED_CASE_LOST}),
        needs_drain=True,
    ),
    "double_decide": Plant(
        what="two decisions at the same moment are both recorded; nothing is unique",
        plant=_double_decide,
        caught_by=frozenset({Rule.DECIDED_TWICE}),
    ),
    "audit_outside": Plant(
        what="the audit row of a decision is written after its transaction",
        plant=moves.audit_outside,
        caught_by=frozenset({Rule.DECISION_UNAUDITED}),
        weights=KILLS,
        needs_drain=True,
    ),
    "early_answer": Plant(
        what="a decision is answered before its transaction is committed",
        plant=moves.acknowledge_before_commit,
        caught_by=frozenset({Rule.DECISION_MISSING, Rule.GIVEN_AFTER_DECIDED, Rule.DECIDED_TWICE}),
        weights=KILLS,
        needs_drain=True,
    ),
    "not_durable": Plant(
        what="commits are acknowledged before they are on disk",
        plant=_not_durable,
        caught_by=frozenset({Rule.DECISION_MISSING, Rule.GIVEN_AFTER_DECIDED, Rule.DECIDED_TWICE}),
        weights=CRASHES,
        needs_drain=True,
    ),
    "claims_swapped": Plant(
        what="the claims of a batch get each other's answers",
        plant=moves.swap_claimed,
        caught_by=frozenset({Rule.LIVE_LEASE_REFUSED, Rule.TOKEN_REUSED, Rule.TWO_LIVE_LEASES}),
    ),
    "decisions_swapped": Plant(
        what="the decisions of a batch get each other's answers",
        plant=moves.swap_decided,
        caught_by=frozenset({Rule.DECISION_MISSING, Rule.DECIDED_TWICE}),
        needs_drain=True,
    ),
    "heartbeat_idle": Plant(
        what="a heartbeat extends nothing",
        plant=_heartbeat_idle,
        caught_by=frozenset({Rule.SHORT_LEASE}),
    ),
    "heartbeat_lies": Plant(
        what="a heartbeat extends nothing and says that it has",
        plant=_heartbeat_lies,
        caught_by=frozenset({Rule.LIVE_LEASE_REFUSED}),
    ),
}
