"""Exports a stored scan as DICOS v3 objects: its energies, its newest screening, and each person's word.

Repeating an export writes the same objects: every uid comes from an id of ours, every time from a row.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from app.database import open_database
from app.settings import Settings
from app.version import VERSION
from inference.errors import ScanNotFoundError
from scans import px16
from scans.dicos_dx import Beam, Energy, write_dx
from scans.dicos_object import ExportedScan
from scans.dicos_tdr import MachineAuthor, OperatorAuthor, Report, ReportedObject, ThreatFlag, write_tdr
from scans.modality import Modality
from scans.store import ScanStore, open_store

READ_SCAN = """
SELECT s.scan_id, s.station_id, s.port, s.container_nos, s.modality, s.scanned_at, s.pixel_pitch_mm,
       s.px16_full, s.width_px, s.height_px, s.n_channels, c.cycle, c.screening_id
FROM scans s LEFT JOIN cases c USING (scan_id) WHERE s.scan_id = $1
"""
READ_SCREENINGS = """
SELECT screening_id, model_name, model_version, outcome, reason, findings::text AS findings,
       timings_ms::text AS timings_ms, created_at
FROM screenings WHERE scan_id = $1 ORDER BY screening_id DESC
"""
READ_DECISIONS = """
SELECT d.cycle, d.stage, d.reviewer, d.verdict, d.shown_at, d.decided_at,
       m.annotations::text AS annotations, m.finding_votes::text AS finding_votes
FROM decisions d JOIN cases c ON c.case_id = d.case_id
LEFT JOIN decision_marks m ON (m.case_id, m.cycle, m.stage) = (d.case_id, d.cycle, d.stage)
WHERE c.scan_id = $1 AND d.verdict IN ('release', 'inspect') ORDER BY d.cycle, d.stage
"""

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ExportedFile:
    """One written object: ``kind`` is ``dx`` or ``tdr``."""

    kind: str
    path: Path


async def export_scan(
    settings: Settings, *, scan_id: str, out: Path, beams: Mapping[Energy, Beam]
) -> list[ExportedFile]:
    """Write the objects of one scan into a folder, which is made if it is not there.

    Raises:
        ScanNotFoundError: There is no such scan.
        StoreError: Its pixels cannot be read.
    """
    store = open_store(settings.store, s3=settings.s3_access)
    try:
        async with (
            open_database(settings.dsn, settings.data, max_connections=2, attach=True) as database,
            database.pool.acquire() as connection,
        ):
            objects = await read_objects(connection, store, scan_id, beams=beams)
    finally:
        await store.close()
    return await asyncio.to_thread(_write_files, objects, scan_id, out)


def _write_files(objects: Mapping[str, bytes], scan_id: str, out: Path) -> list[ExportedFile]:
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, data in objects.items():
        path = out / f"{scan_id}_{name}.dcs"
        path.write_bytes(data)
        written.append(ExportedFile(kind="dx" if name in list(Energy) else "tdr", path=path))
    return written


async def read_objects(
    connection: "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]",
    store: ScanStore,
    scan_id: str,
    *,
    beams: Mapping[Energy, Beam],
) -> dict[str, bytes]:
    """Make the objects of one scan: ``high``, ``low``, ``screening-N`` and ``decision-CYCLE-STAGE``.

    Raises:
        ScanNotFoundError: There is no such scan.
        StoreError: Its pixels cannot be read.
    """
    found, screenings, decisions = [
        [dict(row) for row in await connection.fetch(query, scan_id)]
        for query in (READ_SCAN, READ_SCREENINGS, READ_DECISIONS)
    ]
    if not found:
        raise ScanNotFoundError(f"There is no scan {scan_id[:60]}.")
    (row,) = found
    pixels = px16.decode(await store.get(row["px16_full"].hex()))
    scan = _scan_of(row)
    objects = {
        energy.value: write_dx(scan, channel, energy=energy, beam=beams.get(energy, Beam()))
        for energy, channel in zip(Energy, pixels, strict=False)
    }
    for report in reports_of(row, screenings, decisions):
        objects[report.name] = write_tdr(
            scan,
            report,
            width_px=row["width_px"],
            height_px=row["height_px"],
            n_channels=row["n_channels"],
        )
    return objects


def reports_of(scan: Row, screenings: Sequence[Row], decisions: Sequence[Row]) -> list[Report]:
    """Return the newest screening's report, if there is one, then one for each release and inspection.

    Escalation and re-scan are no word about a threat, so no report is made of them. What a model flagged is
    an alarm, whatever its reason; an alarm without findings or marks is about the whole scan.

    Args:
        scan: The scan's row; ``cycle`` and ``screening_id`` are its case's, if it has one.
        screenings: Its screenings, newest first.
        decisions: Its decisions, oldest first.
    """
    seen = {row["screening_id"]: orjson.loads(row["findings"]) for row in screenings}
    reports = [_report_of_screening(row) for row in screenings[:1]]
    for row in decisions:
        # Votes count findings of the screening that the reviewer saw, known for the newest cycle only.
        findings = seen.get(scan["screening_id"], []) if row["cycle"] == scan["cycle"] else []
        reports.append(_report_of_decision(row, findings, organisation=scan["port"], number=len(reports) + 1))
    return reports


def _report_of_screening(row: Row) -> Report:
    findings = orjson.loads(row["findings"])
    is_alarm = row["outcome"] == "flag"
    objects = [
        _object_of_finding(finding, is_threat=finding["score"] >= finding["threshold"])
        for finding in findings
    ]
    if is_alarm and not objects:
        objects = [_whole_scan(row["reason"], ThreatFlag.UNKNOWN)]
    took = timedelta(milliseconds=sum(orjson.loads(row["timings_ms"]).values()))
    return Report(
        name=f"screening-{row['screening_id']}",
        number=1,
        author=MachineAuthor(name=row["model_name"], version=row["model_version"]),
        is_alarm=is_alarm,
        objects=objects,
        began_at=row["created_at"] - took,
        decided_at=row["created_at"],
    )


def _report_of_decision(
    row: Row, findings: Sequence[Mapping[str, Any]], *, organisation: str, number: int
) -> Report:
    is_alarm = row["verdict"] == "inspect"
    annotations = orjson.loads(row["annotations"] or "[]")
    votes = orjson.loads(row["finding_votes"] or "[]")
    drawn = [
        ReportedObject(
            description=": ".join(filter(None, (mark["kind"], mark["note"]))),
            flag=_flag(is_alarm),
            probability=None,
            box_xyxy=tuple(mark["box"]),
        )
        for mark in annotations
    ]
    voted = [
        _object_of_finding(findings[vote["finding_id"]], is_threat=is_alarm and vote["accepted"])
        for vote in votes
        if vote["finding_id"] < len(findings)
    ]
    objects = drawn + voted
    if is_alarm and not objects:
        objects = [_whole_scan(row["verdict"], ThreatFlag.THREAT)]
    return Report(
        name=f"decision-{row['cycle']}-{row['stage']}",
        number=number,
        author=OperatorAuthor(account=f"account:{row['reviewer']}", organisation=organisation),
        is_alarm=is_alarm,
        objects=objects,
        began_at=row["shown_at"],
        decided_at=row["decided_at"],
    )


def _object_of_finding(finding: Mapping[str, Any], *, is_threat: bool) -> ReportedObject:
    box = finding["box_xyxy"]
    return ReportedObject(
        description=finding["kind"],
        flag=_flag(is_threat),
        probability=finding["score"],
        box_xyxy=None if box is None else tuple(box),
    )


def _whole_scan(description: str, flag: ThreatFlag) -> ReportedObject:
    return ReportedObject(description=description, flag=flag, probability=None, box_xyxy=None)


def _flag(is_threat: bool) -> ThreatFlag:
    return ThreatFlag.THREAT if is_threat else ThreatFlag.NO_THREAT


def _scan_of(row: Row) -> ExportedScan:
    return ExportedScan(
        scan_id=row["scan_id"],
        station_id=row["station_id"],
        port=row["port"],
        container_nos=row["container_nos"],
        modality=Modality(row["modality"]),
        scanned_at=row["scanned_at"],
        pixel_pitch_mm=row["pixel_pitch_mm"],
        software_version=VERSION,
    )
