"""The final word on a scan, and the message about it to the station's webhook."""

from typing import Literal

from review_queue.audit import Connection
from review_queue.cases import Disposition

# The same two inserts are part of ``statements.DECIDE``, which is one statement.
RECORD = """
WITH disposed AS (
    INSERT INTO dispositions (scan_id, cycle, disposition, source) VALUES ($1, $2, $3, $4)
    RETURNING scan_id, cycle
)
INSERT INTO outbox (station_id, scan_id, cycle)
SELECT scans.station_id, disposed.scan_id, disposed.cycle
FROM disposed JOIN scans USING (scan_id) JOIN stations USING (station_id)
WHERE stations.webhook_url IS NOT NULL
"""


async def record_disposition(
    conn: Connection,
    *,
    scan_id: str,
    cycle: int,
    disposition: Disposition,
    source: Literal["screening", "review"],
) -> None:
    """Record a scan's final word, and put a message in the outbox if its station has a webhook.

    Raises:
        asyncpg.UniqueViolationError: If this cycle of the scan has its final word already.
    """
    await conn.execute(RECORD, scan_id, cycle, disposition, source)
