"""Reads every stored object again and compares it with its digest: what a disk forgets is found in time.

An object is named by the row that made a promise about it: an uploaded image, or the two px16 forms of a
scan. Nothing is changed. A store that is away ends the run with its own error: it must not look like lost
scans.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import asyncpg

from inference.database_errors import Pool, connect
from scans.errors import ObjectCorruptError, ObjectMissingError
from scans.store import ScanStore

Row: TypeAlias = "asyncpg.Record"

IMAGES_SQL = """
SELECT encode(digest, 'hex') FROM images
WHERE digest > decode($1, 'hex') AND ($2::timestamptz IS NULL OR received_at >= $2)
ORDER BY digest LIMIT 1000
"""
SCANS_SQL = """
SELECT scan_id, encode(px16_full, 'hex') AS full, encode(px16_preview, 'hex') AS preview FROM scans
WHERE scan_id > $1 AND ($2::timestamptz IS NULL OR received_at >= $2)
ORDER BY scan_id LIMIT 1000
"""
NAMED_BY_SQL = """
SELECT scan_id FROM scans
WHERE px16_full = decode($1, 'hex') OR px16_preview = decode($1, 'hex')
    OR decode($1, 'hex') = ANY(image_digests) OR gate_photos ? $1
ORDER BY scan_id
"""


@dataclass(frozen=True, kw_only=True)
class Damage:
    """An object that is not what was stored.

    Attributes:
        code: ``object_corrupt`` or ``object_missing``.
        digest: What it should be.
        scan_ids: The scans that are made of it; none for an image that no scan has named yet.
    """

    code: str
    digest: str
    scan_ids: list[str]


@dataclass(kw_only=True)
class ScrubReport:
    """What a run has found."""

    n_objects: int = 0
    n_bytes: int = 0
    damages: list[Damage] = field(default_factory=list)


async def scrub(
    *,
    pool: Pool,
    store: ScanStore,
    since: datetime | None = None,
    n_at_once: int = 4,
    max_bytes_per_s: float | None = None,
    tell: Callable[[Damage], None] | None = None,
) -> ScrubReport:
    """Read all objects that rows name.

    Args:
        pool: Database.
        store: Holds the objects.
        since: Only those received at or after it.
        n_at_once: Objects read at once; each is held in memory whole.
        max_bytes_per_s: Pause rather than read faster: stations and reviewers use the same disks.
        tell: Called with each damage as it is found.

    Raises:
        StoreUnavailableError: Nothing can be said about the objects.
        DatabaseUnavailableError: The database does not answer.
    """
    report = ScrubReport()
    began_s = time.monotonic()
    async for digests in _in_groups(_digests(pool, since), n_at_once):
        for damage in await asyncio.gather(*(_look(pool, store, digest, report) for digest in digests)):
            if damage is not None:
                report.damages.append(damage)
                if tell is not None:
                    tell(damage)
        if max_bytes_per_s:
            await asyncio.sleep(max(0.0, began_s + report.n_bytes / max_bytes_per_s - time.monotonic()))
    return report


async def _look(pool: Pool, store: ScanStore, digest: str, report: ScrubReport) -> Damage | None:
    report.n_objects += 1
    try:
        data = await store.get(digest)
        report.n_bytes += len(data)  # not before the wait: others add meanwhile
    except (ObjectMissingError, ObjectCorruptError) as error:
        async with connect(pool, timeout_s=30.0) as conn:
            rows = await conn.fetch(NAMED_BY_SQL, digest)
        return Damage(code=error.code, digest=digest, scan_ids=[row["scan_id"] for row in rows])
    return None


async def _digests(pool: Pool, since: datetime | None) -> AsyncIterator[str]:
    """Name every object, forms that two scans share twice; a row that comes meanwhile may be left out."""
    last = ""
    while rows := await _fetch(pool, IMAGES_SQL, last, since):
        for row in rows:
            yield row[0]
        last = rows[-1][0]
    last = ""
    while rows := await _fetch(pool, SCANS_SQL, last, since):
        for row in rows:
            yield row["full"]
            yield row["preview"]
        last = rows[-1]["scan_id"]


async def _fetch(pool: Pool, statement: str, last: str, since: datetime | None) -> list[Row]:
    async with connect(pool, timeout_s=30.0) as conn:
        return list(await conn.fetch(statement, last, since))


async def _in_groups(digests: AsyncIterator[str], size: int) -> AsyncIterator[list[str]]:
    group: list[str] = []
    async for digest in digests:
        group.append(digest)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
