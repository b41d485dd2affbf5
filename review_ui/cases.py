"""What a page needs to show a case, and who may see a case at all."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from review_queue.cases import Stage
from review_ui.database import Pool, from_jsonb
from review_ui.earlier import N_EARLIER
from review_ui.errors import CaseNotFoundError
from review_ui.photos import PHOTO_FORMATS, shown_photos
from review_ui.pixels import RecentlyUsed
from review_ui.scan_pixels import ScanFacts, ScanPixels, scan_facts
from review_ui.schemas import (
    CaseView,
    ClosedCaseView,
    FindingOut,
    PriorDecision,
    ScanView,
    ScreeningOut,
)

MAX_ID = 2**63 - 1
N_KNOWN_CASES = 4096

CASE_COLUMNS: Final = f"""
    c.case_id, c.cycle, c.reason, c.risk, c.closed_at, c.disposition,
    s.scan_id, s.port, s.station_id, s.modality, s.direction, s.container_nos, s.container_no_valid,
    s.scanned_at, s.received_at, s.width_px, s.height_px, s.n_channels, s.bit_depth, s.pixel_pitch_mm,
    s.px16_full, s.px16_preview, s.declaration, ({PHOTO_FORMATS}) AS photo_formats,
    p.name_zh, p.name_en,
    sc.screening_id, sc.model_name, sc.model_version, sc.outcome, sc.risk AS screening_risk, sc.findings,
    sc.line_checks
"""
CASE_TABLES: Final = """
    cases c
    JOIN scans s USING (scan_id)
    JOIN ports p ON p.code = s.port
    LEFT JOIN screenings sc ON sc.screening_id = c.screening_id
"""

# A case on a seat, with the stage that this seat is for. $1 account, $2 case.
HELD_SQL = f"""
SELECT t.stage, {CASE_COLUMNS}, {N_EARLIER} AS n_earlier
FROM {CASE_TABLES} JOIN seats t ON t.case_id = c.case_id
WHERE t.reviewer = $1 AND t.case_id = $2 AND t.until > clock_timestamp()
"""

CLOSED_SQL = f"SELECT {CASE_COLUMNS} FROM {CASE_TABLES} WHERE c.case_id = $1 AND c.closed_at IS NOT NULL"

PRIOR_COLUMNS: Final = (
    "d.cycle, d.stage, a.display_name AS reviewer, d.verdict, d.reason_codes, d.note, d.decided_at"
)

# $1 case, $2 and $3 first and last cycle.
PRIOR_SQL = f"""
SELECT {PRIOR_COLUMNS}, m.annotations, m.finding_votes
FROM decisions d
JOIN accounts a ON a.account_id = d.reviewer
LEFT JOIN decision_marks m USING (case_id, cycle, stage)
WHERE d.case_id = $1 AND d.cycle BETWEEN $2 AND $3
ORDER BY d.decision_id
"""

FACTS_SQL = """
SELECT c.scan_id, s.px16_full, s.px16_preview, s.width_px, s.height_px, s.n_channels
FROM cases c JOIN scans s USING (scan_id)
WHERE c.case_id = $1
"""


class CaseReader:
    """Builds views of cases. Access is the routes' concern, but for ``is_closed``."""

    def __init__(self, pool: Pool, pixels: ScanPixels) -> None:
        self._pool = pool
        self._pixels = pixels
        self._facts: RecentlyUsed[int, ScanFacts] = RecentlyUsed(N_KNOWN_CASES)

    async def held_view(self, account_id: int, case_id: int) -> CaseView:
        """Return a case as the account that has a live lease on it sees it, on either seat.

        Only stage 3 learns of earlier decisions: the second review is blind.

        Raises:
            CaseNotFoundError: If there is no such lease, whatever the case.
            StoreUnavailableError: If the store does not answer.
        """
        row = await self._pool.fetchrow(HELD_SQL, account_id, _checked_id(case_id))
        if row is None:
            raise CaseNotFoundError(f"there is no case {case_id} on a seat of this account")
        cycle = row["cycle"]
        is_final = row["stage"] == Stage.SUPERVISOR
        return CaseView(
            **await self._shown(row),
            stage=row["stage"],
            n_earlier=row["n_earlier"],
            escalation=await self.prior_decisions(case_id, first_cycle=cycle, last_cycle=cycle)
            if is_final
            else [],
        )

    async def closed_view(self, case_id: int) -> ClosedCaseView:
        """Return a closed case with all its decisions, for supervisors and auditors.

        Raises:
            CaseNotFoundError: If there is no such case, or it is still open.
            StoreUnavailableError: If the store does not answer.
        """
        row = await self._pool.fetchrow(CLOSED_SQL, _checked_id(case_id))
        if row is None:
            raise CaseNotFoundError(f"there is no closed case {case_id}")
        prior = await self.prior_decisions(case_id, first_cycle=1, last_cycle=row["cycle"])
        return ClosedCaseView(
            **await self._shown(row),
            stage=prior[-1].stage if prior else 1,
            n_earlier=0,
            escalation=prior,
            disposition=row["disposition"],
            closed_at=row["closed_at"],
        )

    async def prior_decisions(
        self, case_id: int, *, first_cycle: int, last_cycle: int
    ) -> list[PriorDecision]:
        """Return the decisions of some cycles of a case, oldest first, with what was drawn and voted."""
        rows = await self._pool.fetch(PRIOR_SQL, case_id, first_cycle, last_cycle)
        return [prior_decision(dict(row)) for row in rows]

    async def facts(self, case_id: int) -> ScanFacts:
        """Return what never changes about a case.

        Raises:
            CaseNotFoundError: If there is no such case.
        """
        facts = self._facts.get(case_id)
        if facts is None:
            row = await self._pool.fetchrow(FACTS_SQL, _checked_id(case_id))
            if row is None:
                raise CaseNotFoundError(f"there is no case {case_id}")
            facts = scan_facts(case_id, row)
            self._facts.put(case_id, facts)
        return facts

    async def is_closed(self, case_id: int) -> bool:
        """Return whether a case exists and is closed now."""
        if not 0 <= case_id <= MAX_ID:
            return False
        sql = "SELECT closed_at IS NOT NULL FROM cases WHERE case_id = $1"
        return bool(await self._pool.fetchval(sql, case_id))

    async def _shown(self, row: asyncpg.Record) -> dict[str, Any]:
        """Return what every view of a case has, from a row of ``CASE_COLUMNS``."""
        return {
            "case_id": row["case_id"],
            "cycle": row["cycle"],
            "reason": row["reason"],
            "risk": row["risk"],
            "scan": await self._scan_view(row),
            "screening": _screening(row),
        }

    async def _scan_view(self, row: asyncpg.Record) -> ScanView:
        facts = scan_facts(row["case_id"], row)
        self._facts.put(facts.case_id, facts)
        base = f"/api/v1/cases/{facts.case_id}"
        return ScanView(
            scan_id=row["scan_id"],
            port=row["port"],
            port_name_zh=row["name_zh"],
            port_name_en=row["name_en"],
            station_id=row["station_id"],
            modality=row["modality"],
            direction=row["direction"],
            container_nos=row["container_nos"],
            container_no_valid=row["container_no_valid"],
            scanned_at=row["scanned_at"],
            received_at=row["received_at"],
            pixel_pitch_mm=row["pixel_pitch_mm"],
            bit_depth=row["bit_depth"],
            levels=await self._pixels.levels(facts, base),
            photos=[f"{base}/photos/{index}" for index in shown_photos(row["photo_formats"])],
            declaration=from_jsonb(row["declaration"]),
        )


def prior_decision(row: Mapping[str, Any]) -> PriorDecision:
    """Return a row of ``PRIOR_COLUMNS`` with its marks as the page gets it."""
    return PriorDecision(
        cycle=row["cycle"],
        stage=row["stage"],
        reviewer=row["reviewer"],
        verdict=row["verdict"],
        reason_codes=row["reason_codes"],
        note=row["note"],
        annotations=from_jsonb(row["annotations"]) or [],
        finding_votes=from_jsonb(row["finding_votes"]) or [],
        decided_at=row["decided_at"],
    )


def findings_out(findings: Sequence[dict[str, Any]]) -> list[FindingOut]:
    """Return stored findings with the index by which votes name them."""
    return [
        FindingOut(
            finding_id=index,
            kind=finding["kind"],
            score=finding["score"],
            threshold=finding["threshold"],
            box=finding["box_xyxy"],
            text=finding.get("text"),
        )
        for index, finding in enumerate(findings)
    ]


def _screening(row: asyncpg.Record) -> ScreeningOut | None:
    if row["screening_id"] is None:
        return None
    return ScreeningOut(
        model_name=row["model_name"],
        model_version=row["model_version"],
        outcome=row["outcome"],
        risk=row["screening_risk"],
        findings=findings_out(from_jsonb(row["findings"])),
        line_checks=row["line_checks"],
    )


def _checked_id(case_id: int) -> int:
    if not 0 <= case_id <= MAX_ID:
        raise CaseNotFoundError(f"there is no case {case_id}")
    return case_id
