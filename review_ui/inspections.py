"""What opening a box found, for those who read a case's history."""

from review_ui.database import Pool
from review_ui.supervision_schemas import InspectionRow

# $1 scan.
INSPECTIONS_SQL = r"""
SELECT o.cycle, o.revision, o.result, o.kinds, o.note, o.inspected_at, o.reported_by,
    a.display_name AS reporter_name, o.reported_at
FROM inspection_outcomes o
LEFT JOIN accounts a ON a.account_id = substring(o.reported_by FROM '^account:(\d{1,18})$')::bigint
WHERE o.scan_id = $1 ORDER BY o.cycle, o.revision
"""


async def inspections_of(pool: Pool, scan_id: str) -> list[InspectionRow]:
    """Return all that was reported of a scan, oldest first."""
    return [InspectionRow(**dict(row)) for row in await pool.fetch(INSPECTIONS_SQL, scan_id)]
