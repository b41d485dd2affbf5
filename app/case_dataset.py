"""Decided cases whose box was opened, as a dataset to train and measure on: COCO beside 16-bit TIFF.

What opening the box found decides what a scan is. Where there was nothing, nothing is marked. Where
something was found, the boxes are those that people drew or confirmed in that cycle, of the kinds that were
found; a scan in which a kind that was found has no box is left out, because training would take it for
background. Repeating an export adds what is new and writes the same again.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import tifffile

from app.database import open_database
from app.settings import Settings
from datasets.coco import kind_by_name, write_coco
from datasets.records import Annotation, Category, Record, RecordSet
from datasets.synthetic.kinds import ThreatKind
from scans import px16
from scans.errors import ObjectCorruptError, ObjectMissingError, Px16Error
from scans.store import ScanStore, open_store

SOURCE = "opened boxes"

# Scans with an outcome, each with the newest one of its last cycle that has one. $1 scan to go on after, $2
# the time before which no report counts, or null.
SCANS_SQL = """
SELECT s.scan_id, s.station_id, s.container_nos, s.modality, s.pixel_pitch_mm, s.bit_depth, s.px16_full,
    o.cycle, o.revision, o.result, o.kinds
FROM scans s CROSS JOIN LATERAL (
    SELECT * FROM inspection_outcomes o WHERE o.scan_id = s.scan_id ORDER BY cycle DESC, revision DESC LIMIT 1
) AS o
WHERE s.scan_id > $1 AND ($2::timestamptz IS NULL OR o.reported_at >= $2)
ORDER BY s.scan_id LIMIT 100
"""
# What people drew and thought in a cycle, with the findings that their votes name. $1 scan, $2 cycle.
MARKS_SQL = """
SELECT m.annotations::text AS annotations, m.finding_votes::text AS finding_votes,
    CASE WHEN c.cycle = $2 THEN sc.findings::text END AS findings
FROM cases c JOIN decision_marks m ON m.case_id = c.case_id AND m.cycle = $2
    LEFT JOIN screenings sc ON sc.screening_id = c.screening_id
WHERE c.scan_id = $1 ORDER BY m.stage
"""

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


@dataclass(kw_only=True)
class CaseExport:
    """What an export wrote and left out.

    Attributes:
        n_found: Scans with boxes of what was found.
        n_nothing: Scans of boxes in which there was nothing.
        n_unmarked: Left out: something was found that nobody had marked.
        n_unreadable: Left out: their pixels are damaged or gone; ``shenxiang scrub`` names them.
    """

    n_found: int = 0
    n_nothing: int = 0
    n_unmarked: int = 0
    n_unreadable: int = 0


async def export_cases(settings: Settings, *, folder: Path, since: datetime | None = None) -> dict[str, int]:
    """Write a dataset of opened boxes into a folder; return how many scans it has, and what was left out.

    Raises:
        StoreUnavailableError: The store does not answer.
    """
    store = open_store(settings.store, s3=settings.s3_access)
    try:
        async with (
            open_database(settings.dsn, settings.data, max_connections=2, attach=True) as database,
            database.pool.acquire() as conn,
        ):
            return asdict(await write_cases(conn, store, folder=folder, since=since))
    finally:
        await store.close()


async def write_cases(
    conn: Connection, store: ScanStore, *, folder: Path, since: datetime | None = None
) -> CaseExport:
    """Write the dataset; see ``export_cases``."""
    done = CaseExport()
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    records = []
    async for row in _opened(conn, since):
        annotations = await _annotations(conn, row)
        if annotations is None:
            done.n_unmarked += 1
            continue
        try:
            pixels = px16.decode(await store.get(row["px16_full"].hex()))
        except (ObjectMissingError, ObjectCorruptError, Px16Error):
            done.n_unreadable += 1
            continue
        path = images / f"{row['scan_id']}.tif"
        await asyncio.to_thread(_write_image, path, pixels)
        records.append(_record(row, path, pixels.shape, annotations))
        if annotations:
            done.n_found += 1
        else:
            done.n_nothing += 1
    write_coco(_record_set(folder, records), folder / "annotations.json", image_root=images)
    return done


async def _opened(conn: Connection, since: datetime | None) -> AsyncIterator[asyncpg.Record]:
    last = ""
    while rows := await conn.fetch(SCANS_SQL, last, since):
        for row in rows:
            yield row
        last = rows[-1]["scan_id"]


async def _annotations(conn: Connection, row: asyncpg.Record) -> list[Annotation] | None:
    """Return the boxes of what was found; None if a kind, or all, has no box."""
    if row["result"] == "nothing":
        return []
    marks = await conn.fetch(MARKS_SQL, row["scan_id"], row["cycle"])
    boxes = [box for mark in marks for box in boxes_of(dict(mark))]
    wanted = set(row["kinds"]) or {box.label for box in boxes}
    kept = [box for box in boxes if box.label in wanted]
    return kept if kept and {box.label for box in kept} == wanted else None


def boxes_of(mark: Mapping[str, Any]) -> list[Annotation]:
    """Return what one person marked: boxes they drew, and findings they confirmed."""
    drawn = [(one["kind"], one["box"]) for one in orjson.loads(mark["annotations"])]
    findings = orjson.loads(mark["findings"] or "[]")
    confirmed = {vote["finding_id"] for vote in orjson.loads(mark["finding_votes"]) if vote["accepted"]}
    drawn += [
        (finding["kind"], finding["box_xyxy"])
        for number, finding in enumerate(findings)
        if number in confirmed and finding["box_xyxy"] is not None
    ]
    return [_annotation(kind, box) for kind, box in drawn]


def _annotation(name: str, box: Sequence[float]) -> Annotation:
    kind = kind_by_name(name)
    return Annotation(
        label=name if kind is None else kind.value, kind=kind, box_xyxy=(box[0], box[1], box[2], box[3])
    )


def _record(
    row: asyncpg.Record, path: Path, shape: tuple[int, ...], annotations: Sequence[Annotation]
) -> Record:
    numbers: list[str] = row["container_nos"]
    return Record(
        id=row["scan_id"],
        image=(path,),
        n_channels=shape[0],
        height_px=shape[1],
        width_px=shape[2],
        annotations=tuple(annotations),
        # Which scans show the same container matters for splits; which container it is does not.
        container_id=hashlib.sha256(numbers[0].encode()).hexdigest()[:16] if numbers else None,
        scanner_id=row["station_id"],
        source=SOURCE,
        extra={
            "bit_depth": row["bit_depth"],
            "modality": row["modality"],
            "pixel_pitch_mm": row["pixel_pitch_mm"],
            "cycle": row["cycle"],
            "revision": row["revision"],
        },
    )


def _record_set(folder: Path, records: Sequence[Record]) -> RecordSet:
    labels = {one.label: one.kind for record in records for one in record.annotations}
    kinds: dict[str, ThreatKind | None] = {kind.value: kind for kind in ThreatKind}
    categories = [
        Category(id=number, label=label, kind=kind)
        for number, (label, kind) in enumerate({**kinds, **dict(sorted(labels.items()))}.items(), start=1)
    ]
    return RecordSet(
        name=folder.name,
        records=tuple(records),
        categories=tuple(categories),
        info={"description": "decided cases whose box was opened", "source": SOURCE},
        licences={},
    )


def _write_image(path: Path, pixels: Any) -> None:
    part = path.with_name(f"{path.name}.part")
    tifffile.imwrite(part, pixels, photometric="minisblack", compression="zlib", metadata=None)
    os.replace(part, path)
