"""All that is known of a case but its pixels: facts, screenings, decisions, final words, sealed events."""

from review_queue.seals import PublicKeys
from review_queue.trail import COLUMNS, TrailRow
from review_queue.trail_search import events_of_scan
from review_queue.verification.proof import RowProof, prove_rows
from review_ui.audit_schemas import CaseHistoryOut, DispositionRow, ScreeningRow, SealedRowOut, SealOut
from review_ui.cases import CaseReader
from review_ui.database import Pool
from review_ui.errors import CaseNotFoundError
from review_ui.inspections import inspections_of
from review_ui.trail_rows import actor_names, shown_fields

LAST_CYCLE = 32_767

FACTS_SQL = """
SELECT c.case_id, c.scan_id, c.port, s.station_id, s.container_nos, c.modality, c.cycle, c.reason, c.risk,
    s.received_at, c.opened_at, c.closed_at, c.disposition
FROM cases c JOIN scans s USING (scan_id) WHERE c.case_id = $1
"""
SCREENINGS_SQL = """
SELECT screening_id, model_name, model_version, encode(model_digest, 'hex') AS sha256, engine, policy_version,
    outcome, reason, risk, jsonb_array_length(findings) AS n_findings, created_at
FROM screenings WHERE scan_id = $1 ORDER BY screening_id
"""
DISPOSITIONS_SQL = """
SELECT d.cycle, d.disposition, d.source, d.decided_at, o.delivered_at
FROM dispositions d LEFT JOIN outbox o USING (scan_id, cycle) WHERE d.scan_id = $1 ORDER BY d.cycle
"""
EVENTS_SQL = f"SELECT {COLUMNS} FROM audit WHERE case_id = $1"


class CaseHistories:
    """Puts the history of one case together."""

    def __init__(self, pool: Pool, cases: CaseReader) -> None:
        self._pool = pool
        self._cases = cases

    async def of(self, case_id: int, *, keys: PublicKeys) -> CaseHistoryOut:
        """Return the history of a case, open or closed.

        Args:
            case_id: The case.
            keys: Whose seals count.

        Raises:
            CaseNotFoundError: If there is no such case.
        """
        facts = await self._pool.fetchrow(FACTS_SQL, case_id)
        if facts is None:
            raise CaseNotFoundError(f"there is no case {case_id}")
        scan_id = facts["scan_id"]
        screenings = await self._pool.fetch(SCREENINGS_SQL, scan_id)
        dispositions = await self._pool.fetch(DISPOSITIONS_SQL, scan_id)
        async with self._pool.acquire() as conn:
            rows = [TrailRow(*row) for row in await conn.fetch(EVENTS_SQL, case_id)]
            rows += await events_of_scan(conn, scan_id, since=facts["received_at"])
            rows.sort(key=lambda row: row.seq)
            proofs = await prove_rows(conn, rows, keys=keys)
        names = await actor_names(self._pool, rows)
        return CaseHistoryOut(
            **dict(facts),
            screenings=[ScreeningRow(**dict(row)) for row in screenings],
            decisions=await self._cases.prior_decisions(case_id, first_cycle=1, last_cycle=LAST_CYCLE),
            dispositions=[DispositionRow(**dict(row)) for row in dispositions],
            inspections=await inspections_of(self._pool, scan_id),
            events=[_event_out(row, proof, names) for row, proof in zip(rows, proofs, strict=True)],
        )


def _event_out(row: TrailRow, proof: RowProof, names: dict[str, str]) -> SealedRowOut:
    seal = proof.seal
    return SealedRowOut(
        **shown_fields(row, names),
        fault=proof.fault,
        seal=None
        if seal is None
        else SealOut(
            seal_no=seal.seal_no,
            sealed_at=seal.sealed_at,
            key_id=seal.key_id,
            n_rows=seal.n_rows,
            root=seal.root.hex(),
        ),
    )
