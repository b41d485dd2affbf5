"""Earlier scans of the same container: what the holder of a case may look at beside it, and nothing else.

Their pixels, when and where they were made, and what was found if the box was opened then. No finding, no
verdict and no name is read here, so that whoever reviews a second time learns nothing of the first review
through them. A scan without its final word
is left out: its case may yet be assigned to whoever looks.
"""

from typing import Final

from review_ui.database import Pool
from review_ui.errors import CaseNotFoundError, EarlierScanNotFoundError
from review_ui.scan_pixels import ScanFacts, ScanPixels, scan_facts
from review_ui.schemas import EarlierScan, InspectionBrief

N_SHOWN: Final = 20

# ``e`` is an earlier scan of the container of scan ``s``, by when we received it: that is our own clock.
IS_EARLIER: Final = "e.container_no = s.container_no AND e.received_at < s.received_at"
HAS_FINAL_WORD: Final = """
    EXISTS (SELECT FROM dispositions d WHERE d.scan_id = e.scan_id)
    AND NOT EXISTS (SELECT FROM cases k WHERE k.scan_id = e.scan_id AND k.closed_at IS NULL)
"""
# The scan of a case that an account holds now, on either seat. $1 account, $2 case.
HELD_SCAN: Final = """
    seats t JOIN cases c ON c.case_id = t.case_id JOIN scans s ON s.scan_id = c.scan_id
"""
IS_HELD: Final = "t.reviewer = $1 AND t.case_id = $2 AND t.until > clock_timestamp()"

OUTCOME: Final = """
    SELECT result, kinds, inspected_at FROM inspection_outcomes i WHERE i.scan_id = e.scan_id
    ORDER BY cycle DESC, revision DESC LIMIT 1
"""

LIST_SQL: Final = f"""
SELECT e.scan_id, e.port, e.station_id, e.modality, e.scanned_at, e.pixel_pitch_mm, e.bit_depth,
    e.px16_full, e.px16_preview, e.width_px, e.height_px, e.n_channels,
    o.result, o.kinds, o.inspected_at
FROM {HELD_SCAN} JOIN scans e ON {IS_EARLIER} LEFT JOIN LATERAL ({OUTCOME}) AS o ON true
WHERE {IS_HELD} AND {HAS_FINAL_WORD}
ORDER BY e.received_at DESC LIMIT {N_SHOWN}
"""
# $3 the earlier scan.
ONE_SQL: Final = f"""
SELECT e.scan_id, e.px16_full, e.px16_preview, e.width_px, e.height_px, e.n_channels
FROM {HELD_SCAN} JOIN scans e ON e.scan_id = $3 AND {IS_EARLIER}
WHERE {IS_HELD} AND {HAS_FINAL_WORD}
"""
HOLDS_SQL: Final = f"SELECT EXISTS (SELECT FROM seats t WHERE {IS_HELD})"
# How many there are for scan ``s``, up to ``N_SHOWN``, with or without their final word: nothing that is
# decided meanwhile changes what a case's view says.
N_EARLIER: Final = f"""
(SELECT count(*) FROM (SELECT FROM scans e WHERE {IS_EARLIER} LIMIT {N_SHOWN}) AS earlier)
"""


class EarlierScans:
    """Finds earlier scans for whoever holds a case now."""

    def __init__(self, pool: Pool, pixels: ScanPixels) -> None:
        self._pool = pool
        self._pixels = pixels

    async def of(self, account_id: int, case_id: int) -> list[EarlierScan]:
        """Return the newest earlier scans of a held case's container, newest first.

        Raises:
            CaseNotFoundError: If the account has no live lease on the case.
            StoreUnavailableError: If the store does not answer.
        """
        rows = await self._pool.fetch(LIST_SQL, account_id, case_id)
        if not rows and not await self._pool.fetchval(HOLDS_SQL, account_id, case_id):
            raise CaseNotFoundError(f"there is no case {case_id} on a seat of this account")
        shown = []
        for row in rows:
            base = f"/api/v1/review/cases/{case_id}/earlier/{row['scan_id']}"
            levels = await self._pixels.levels(scan_facts(case_id, row), base)
            names = EarlierScan.model_fields.keys() - {"levels", "inspection"}
            inspection = (
                None
                if row["result"] is None
                else InspectionBrief(
                    result=row["result"], kinds=row["kinds"], inspected_at=row["inspected_at"]
                )
            )
            shown.append(
                EarlierScan(**{name: row[name] for name in names}, levels=levels, inspection=inspection)
            )
        return shown

    async def facts(self, account_id: int, case_id: int, scan_id: str) -> ScanFacts:
        """Return where the pixels of an earlier scan are, for whoever holds the case now.

        Raises:
            EarlierScanNotFoundError: If the account does not hold the case, or the scan is another.
        """
        row = await self._pool.fetchrow(ONE_SQL, account_id, case_id, scan_id)
        if row is None:
            raise EarlierScanNotFoundError(
                f"{scan_id[:40]!r} is no earlier scan of the container of a case {case_id} of this account"
            )
        return scan_facts(case_id, row)
