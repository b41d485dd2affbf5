"""Earlier scans of the same container: what the holder of a case may look at beside it (``other_scans``)."""

from typing import Final

from review_ui.database import Pool
from review_ui.errors import CaseNotFoundError, EarlierScanNotFoundError
from review_ui.other_scans import (
    HAS_FINAL_WORD,
    HELD_SCAN,
    HOLDS_SQL,
    IS_HELD,
    OUTCOME,
    PIXEL_COLUMNS,
    SHOWN,
    other_scan,
)
from review_ui.scan_pixels import ScanFacts, ScanPixels, scan_facts
from review_ui.schemas import OtherScan

N_SHOWN: Final = 20

# ``e`` is an earlier scan of a container of scan ``s``, by when we received it: that is our own clock.
IS_EARLIER: Final = "e.container_nos && s.container_nos AND e.received_at < s.received_at"
# All scans of these containers before anything else is asked. Otherwise a plan may walk back through all
# scans until it has seen enough of these; how few there are nobody can estimate.
OF_THESE: Final = "LATERAL (SELECT * FROM scans x WHERE x.container_nos && s.container_nos OFFSET 0)"
LIST_SQL: Final = f"""
SELECT {SHOWN}
FROM {HELD_SCAN} JOIN {OF_THESE} AS e ON {IS_EARLIER} LEFT JOIN LATERAL ({OUTCOME}) AS o ON true
WHERE {IS_HELD} AND {HAS_FINAL_WORD}
ORDER BY e.received_at DESC LIMIT {N_SHOWN}
"""
# $3 the earlier scan.
ONE_SQL: Final = f"""
SELECT {PIXEL_COLUMNS}
FROM {HELD_SCAN} JOIN scans e ON e.scan_id = $3 AND {IS_EARLIER}
WHERE {IS_HELD} AND {HAS_FINAL_WORD}
"""
# How many there are for scan ``s``, up to ``N_SHOWN``, with or without their final word: nothing that is
# decided meanwhile changes what a case's view says.
N_EARLIER: Final = f"""
(SELECT count(*) FROM (SELECT FROM {OF_THESE} AS e WHERE {IS_EARLIER} LIMIT {N_SHOWN}) AS earlier)
"""


class EarlierScans:
    """Finds earlier scans for whoever holds a case now."""

    def __init__(self, pool: Pool, pixels: ScanPixels) -> None:
        self._pool = pool
        self._pixels = pixels

    async def of(self, account_id: int, case_id: int) -> list[OtherScan]:
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
            shown.append(OtherScan(**other_scan(row, levels)))
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
