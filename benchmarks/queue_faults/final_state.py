"""What the database holds at the very end; the checker reads it once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from benchmarks.queue_faults.history import CaseCycle

CASES = "SELECT case_id, cycle, closed_at IS NOT NULL AS is_closed FROM cases"
DISPOSITIONS = "SELECT c.case_id, d.cycle, d.disposition FROM dispositions d JOIN cases c USING (scan_id)"
DECISIONS = "SELECT decision_id, case_id, cycle, stage, reviewer, token, verdict FROM decisions"
AUDITED_DECISIONS = """
SELECT case_id, cycle, stage, substring(actor FROM 9)::bigint AS reviewer, token, verdict FROM audit
WHERE event IN ('case_forwarded', 'case_closed')
"""
AUDITED_LEASES = """
SELECT token, case_id, substring(actor FROM 9)::bigint AS reviewer FROM audit
WHERE event IN ('case_leased', 'case_prefetched', 'case_shown')
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """A decision as the database has it."""

    case_id: int
    cycle: int
    stage: int
    reviewer: int
    token: int
    verdict: str


@dataclass(frozen=True, kw_only=True)
class FinalState:
    """The end of a run.

    Attributes:
        cases: The cycle that each case is in, and whether that is closed.
        dispositions: The final words on each cycle.
        decisions: By their id.
        audited_decisions: One for each row of the audit trail with a verdict.
        audited_leases: Token, case and reviewer of each row that gives or shows a case.
    """

    cases: Mapping[int, tuple[int, bool]]
    dispositions: Mapping[CaseCycle, Sequence[str]]
    decisions: Mapping[int, Recorded]
    audited_decisions: Sequence[Recorded]
    audited_leases: Sequence[tuple[int, int, int]]


async def read_final_state(dsn: str) -> FinalState:
    """Read it, in one snapshot."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            dispositions: dict[CaseCycle, list[str]] = {}
            for row in await connection.fetch(DISPOSITIONS):
                dispositions.setdefault((row["case_id"], row["cycle"]), []).append(row["disposition"])
            return FinalState(
                cases={
                    row["case_id"]: (row["cycle"], row["is_closed"]) for row in await connection.fetch(CASES)
                },
                dispositions=dispositions,
                decisions={row["decision_id"]: _recorded(row) for row in await connection.fetch(DECISIONS)},
                audited_decisions=[_recorded(row) for row in await connection.fetch(AUDITED_DECISIONS)],
                audited_leases=[
                    (row["token"], row["case_id"], row["reviewer"])
                    for row in await connection.fetch(AUDITED_LEASES)
                ],
            )
    finally:
        await connection.close()


def _recorded(row: asyncpg.Record) -> Recorded:
    return Recorded(
        case_id=row["case_id"],
        cycle=row["cycle"],
        stage=row["stage"],
        reviewer=row["reviewer"],
        token=row["token"],
        verdict=row["verdict"],
    )
