"""What opening a box found, as a station's key reports it: for scans of its own port only."""

from inference.database_errors import Connection
from inference.errors import ScanNotFoundError
from inference.schemas import InspectionIn, InspectionOut
from inference.stations import Station
from review_queue.errors import ScanUnknownError
from review_queue.inspections import InspectionOutcome, report_inspection


async def store_inspection(
    conn: Connection, scan_id: str, inspection: InspectionIn, *, station: Station
) -> tuple[InspectionOut, bool]:
    """Store a report; return the outcome that counts now, and whether it is new.

    Raises:
        ScanNotFoundError: None of this id at the station's port.
        ScanNotDisposedError: Nothing has said yet that it should be opened, or should not.
        InspectionInvalidError: The report contradicts itself.
    """
    outcome = InspectionOutcome(
        result=inspection.result,
        kinds=inspection.kinds,
        note=inspection.note,
        inspected_at=inspection.inspected_at,
    )
    try:
        reported, is_new = await report_inspection(
            conn, scan_id, outcome, actor=f"station:{station.station_id}", port=station.port
        )
    except ScanUnknownError as error:
        raise ScanNotFoundError(f"There is no scan {scan_id} of port {station.port}.") from error
    return InspectionOut(
        scan_id=scan_id,
        cycle=reported.cycle,
        revision=reported.revision,
        result=reported.outcome.result,
        kinds=list(reported.outcome.kinds),
        note=reported.outcome.note,
        inspected_at=reported.outcome.inspected_at,
        reported_at=reported.reported_at,
    ), is_new
