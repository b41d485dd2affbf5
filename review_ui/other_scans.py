"""What the holder of a case may know of another scan that is looked at beside it, and of which ones.

Its pixels, when and where it was made, and what was found if the box was opened. No finding, no verdict and
no name is read here, so that whoever reviews a second time learns nothing of the first review through it. A
scan without its final word is left out: its case may yet be assigned to whoever looks.
"""

from typing import Any, Final

import asyncpg

from review_ui.schemas import InspectionBrief, OtherScan, Px16Level

# ``e`` is the other scan, ``o`` what was found in its box, ``s`` the scan of the case.
HAS_FINAL_WORD: Final = """
    EXISTS (SELECT FROM dispositions d WHERE d.scan_id = e.scan_id)
    AND NOT EXISTS (SELECT FROM cases k WHERE k.scan_id = e.scan_id AND k.closed_at IS NULL)
"""
# The scan of a case that an account holds now, on either seat. $1 account, $2 case.
HELD_SCAN: Final = """
    seats t JOIN cases c ON c.case_id = t.case_id JOIN scans s ON s.scan_id = c.scan_id
"""
IS_HELD: Final = "t.reviewer = $1 AND t.case_id = $2 AND t.until > clock_timestamp()"
HOLDS_SQL: Final = f"SELECT EXISTS (SELECT FROM seats t WHERE {IS_HELD})"

OUTCOME: Final = """
    SELECT result, kinds, inspected_at FROM inspection_outcomes i WHERE i.scan_id = e.scan_id
    ORDER BY cycle DESC, revision DESC LIMIT 1
"""
PIXEL_COLUMNS: Final = "e.scan_id, e.px16_full, e.px16_preview, e.width_px, e.height_px, e.n_channels"
SHOWN: Final = f"""
    {PIXEL_COLUMNS}, e.port, e.station_id, e.modality, e.scanned_at, e.pixel_pitch_mm, e.bit_depth,
    o.result, o.kinds, o.inspected_at
"""


def other_scan(row: asyncpg.Record, levels: list[Px16Level]) -> dict[str, Any]:
    """Return the fields of ``OtherScan`` from a row of ``SHOWN``."""
    inspection = None
    if row["result"] is not None:
        inspection = InspectionBrief(
            result=row["result"], kinds=row["kinds"], inspected_at=row["inspected_at"]
        )
    names = OtherScan.model_fields.keys() - {"levels", "inspection"}
    return {**{name: row[name] for name in names}, "levels": levels, "inspection": inspection}
