"""What a finished re-scoring means for cases: released scans are opened again, open cases come forward.

A new cycle is a new question to a person, and the old answer stays. The screening that speaks for it is
stored with the run's id in the same transaction, and a scan that has one is left alone: repeating a run does
nothing twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import asyncpg
import pyarrow as pa
import structlog

from inference.database_errors import Connection, Pool, connect
from inference.rescore_kept import line_checks_before
from inference.rescore_run import RescoreRun
from inference.scorer import ScoreResult, ScorerInfo
from inference.screening_store import insert_screening
from inference.triage import Outcome, Triage
from models.finding import Finding
from review_queue.cases import CaseReason
from review_queue.errors import CaseExistsError, ScanDisposedError, ScanNotDisposedError
from review_queue.queue import ReviewQueue

log = structlog.get_logger()

ACTOR = "system:rescore"

# Locks a scan; its last word, its open case and what was said of its declaration.
# $1 scan, $2 engine with the run's id, $3 new risk.
LOOK = """
SELECT d.disposition, c.reason, c.risk < $3::real AS is_riskier,
    EXISTS (SELECT FROM screenings WHERE scan_id = $1 AND engine = $2) AS is_done,
    o.line_checks AS old_line_checks
FROM scans s
    LEFT JOIN LATERAL (
        SELECT line_checks FROM screenings WHERE scan_id = s.scan_id ORDER BY screening_id LIMIT 1
    ) o ON true
    LEFT JOIN cases c ON c.scan_id = s.scan_id AND c.closed_at IS NULL
    LEFT JOIN LATERAL (
        SELECT disposition FROM dispositions WHERE scan_id = s.scan_id ORDER BY cycle DESC LIMIT 1
    ) d ON true
WHERE s.scan_id = $1
FOR UPDATE OF s
"""


@dataclass(frozen=True, kw_only=True)
class Flagged:
    """A scan that the run flags. The engine of ``info`` names the run."""

    scan_id: str
    risk: float
    findings: list[Finding]
    info: ScorerInfo
    policy_version: int

    async def look(self, conn: Connection) -> asyncpg.Record | None:
        """Lock the scan and return what is known of it; ``None`` if the run has dealt with it before."""
        known = await conn.fetchrow(LOOK, self.scan_id, self.info.engine, self.risk)
        return None if known is None or known["is_done"] else known

    async def store_screening(self, conn: Connection, known: asyncpg.Record) -> int:
        """Store the screening that speaks for a change and return its id."""
        lines = line_checks_before(known["old_line_checks"])
        return await insert_screening(
            conn,
            self.scan_id,
            self.info,
            ScoreResult(findings=self.findings, timings_ms={}, line_checks=lines),
            Triage(outcome=Outcome.FLAG, reason=CaseReason.FINDING, risk=self.risk),
            policy_version=self.policy_version,
        )


async def reopen_flagged(
    pool: Pool,
    queue: ReviewQueue,
    run: RescoreRun,
    result: pa.Table,
    *,
    info: ScorerInfo,
    reopen_above: float,
) -> int:
    """Open a new cycle for each released scan that is flagged with enough risk; return how many."""
    scans = (scan for scan in _flagged(run, result, info) if scan.risk >= reopen_above)
    return sum([await _reopen(pool, queue, scan) for scan in scans])


async def reprioritize_flagged(
    pool: Pool, queue: ReviewQueue, run: RescoreRun, result: pa.Table, *, info: ScorerInfo
) -> int:
    """Raise each open case that is flagged with a higher risk than it has; return how many."""
    return sum([await _raise(pool, queue, scan) for scan in _flagged(run, result, info)])


def _flagged(run: RescoreRun, result: pa.Table, info: ScorerInfo) -> Iterator[Flagged]:
    stored = replace(info, engine=f"{info.engine} rescore:{run.run_id}")
    for row in result.select(["scan_id", "is_flagged", "new_risk", "new_findings"]).to_pylist():
        if row["is_flagged"]:
            findings = [
                Finding(
                    kind=f["kind"],
                    score=f["score"],
                    threshold=f["threshold"],
                    box_xyxy=f["box_xyxy"] and tuple(f["box_xyxy"]),
                    model_digest=f["model_digest"],
                    text=f["text"],
                )
                for f in row["new_findings"]
            ]
            yield Flagged(
                scan_id=row["scan_id"],
                risk=row["new_risk"],
                findings=findings,
                info=stored,
                policy_version=run.policy.version,
            )


async def _reopen(pool: Pool, queue: ReviewQueue, scan: Flagged) -> bool:
    try:
        async with connect(pool, timeout_s=30.0) as conn, conn.transaction():
            known = await scan.look(conn)
            if known is None or known["disposition"] != "release":
                return False
            cycle = await queue.reopen_case(
                conn,
                scan.scan_id,
                reason=CaseReason.REOPENED,
                risk=scan.risk,
                screening_id=await scan.store_screening(conn, known),
                actor=ACTOR,
            )
    except (CaseExistsError, ScanNotDisposedError) as error:  # a person has it already, or will
        log.info("scan_not_reopened", scan_id=scan.scan_id, error=str(error))
        return False
    log.info("scan_reopened", scan_id=scan.scan_id, cycle=cycle, engine=scan.info.engine)
    return True


async def _raise(pool: Pool, queue: ReviewQueue, scan: Flagged) -> bool:
    try:
        async with connect(pool, timeout_s=30.0) as conn, conn.transaction():
            known = await scan.look(conn)
            if known is None or not known["is_riskier"]:
                return False
            has_changed = await queue.reprioritize_case(
                conn,
                scan.scan_id,
                # A case that was opened again stays one: the last word that it questions is still there.
                reason=CaseReason.REOPENED if known["reason"] == "reopened" else CaseReason.FINDING,
                risk=scan.risk,
                screening_id=await scan.store_screening(conn, known),
                actor=ACTOR,
            )
            if not has_changed:  # rolls the screening back
                raise ScanDisposedError(f"the case of scan {scan.scan_id} was decided meanwhile")
    except ScanDisposedError as error:
        log.info("case_not_reprioritized", scan_id=scan.scan_id, error=str(error))
        return False
    log.info("case_reprioritized", scan_id=scan.scan_id, risk=scan.risk, engine=scan.info.engine)
    return True
