"""How far a scan has come, for its port's stations; with ``wait``, the answer comes with the word."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from inference.database_errors import Connection
from inference.errors import ScanNotFoundError
from inference.schemas import DispositionOut, ScanOut
from inference.stations import Station
from review_queue.notify import Notifier

log = structlog.get_logger()

# A cleared scan has no case and its word is that of cycle 1.
READ_SCAN = """
SELECT s.scan_id, s.received_at, s.container_nos, s.container_no_valid,
       s.scanned_at > s.received_at + interval '10 minutes' AS in_future,
       c.case_id, d.disposition, d.source, d.cycle, d.decided_at
FROM scans s
LEFT JOIN cases c ON c.scan_id = s.scan_id
LEFT JOIN dispositions d ON d.scan_id = s.scan_id AND d.cycle = coalesce(c.cycle, 1)
WHERE s.scan_id = $1 AND s.port = $2
"""


async def read_scan(conn: Connection, scan_id: str, *, station: Station) -> ScanOut:
    """Read a scan's state.

    Raises:
        ScanNotFoundError: None of this id at the station's port.
    """
    row = await conn.fetchrow(READ_SCAN, scan_id, station.port)
    if row is None:
        raise ScanNotFoundError(f"There is no scan {scan_id[:60]} of port {station.port}.")
    return _scan_out(row)


def _scan_out(row: asyncpg.Record) -> ScanOut:
    disposition = None
    if row["disposition"] is not None:
        disposition = DispositionOut(
            disposition=row["disposition"],
            source=row["source"],
            cycle=row["cycle"],
            decided_at=row["decided_at"],
        )
    warnings = {
        "container_number_invalid": row["container_no_valid"] is False,
        "scanned_in_future": row["in_future"],
    }
    return ScanOut(
        scan_id=row["scan_id"],
        status="done" if disposition else "screening" if row["case_id"] is None else "review",
        received_at=row["received_at"],
        container_no=next(iter(row["container_nos"]), None),
        other_container_nos=row["container_nos"][1:],
        container_no_valid=row["container_no_valid"],
        warnings=[warning for warning, applies in warnings.items() if applies],
        disposition=disposition,
    )


async def wait_for_disposition(
    read: Callable[[], Awaitable[ScanOut]],
    *,
    notifier: Notifier,
    scan_id: str,
    wait_s: float,
    recheck_s: float,
    gone: "asyncio.Future[None]",
) -> ScanOut:
    """Read a scan again and again until its disposition is there, the time is up, or nobody listens.

    Args:
        read: Reads the scan's state.
        notifier: Wakes us on topic ``disposition``.
        scan_id: The scan.
        wait_s: Longest time to wait.
        recheck_s: A notification can be lost; look at the database this often without one.
        gone: Done when the client has hung up.
    """
    clock_s = asyncio.get_running_loop().time
    ends_at_s = clock_s() + wait_s
    while True:
        pause_s = max(0.0, min(recheck_s, ends_at_s - clock_s()))
        woken = asyncio.ensure_future(_wake_up(notifier, scan_id, pause_s))
        try:
            await asyncio.sleep(0)  # listening begins before the look, so no word falls between the two
            scan = await read()
            if scan.disposition is not None or clock_s() >= ends_at_s or gone.done():
                return scan
            await asyncio.wait({woken, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()


async def _wake_up(notifier: Notifier, scan_id: str, timeout_s: float) -> None:
    try:
        await notifier.wait_for("disposition", scan_id, timeout_s)
    except Exception as error:  # noqa: BLE001 - a broken notifier only makes the answer slower
        log.warning("wait_fell_back_to_polling", scan_id=scan_id, error=repr(error))
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(timeout_s)
