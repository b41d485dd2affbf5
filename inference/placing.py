"""Looks at scans of the archive again with the cargo model, so that they are found as lookalikes.

A scan is done when it has an embedding of the model, so a run that is stopped goes on where it was, and two
runs share the work at the cost of some looks for nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import asyncpg

from inference.cargo_scorer import CargoScorer
from inference.database_errors import Pool, connect
from inference.scorer import Embedding
from inference.screening_store import insert_embedding
from scans import px16
from scans.errors import ObjectCorruptError, ObjectMissingError, Px16Error
from scans.modality import Modality
from scans.store import ScanStore

Row: TypeAlias = "asyncpg.Record"

# Newest first. $1 the model; $2 and $3 the last scan of the page before.
PAGE_SQL = f"""
SELECT s.scan_id, s.received_at, encode(s.px16_full, 'hex') AS px16_full, s.pixel_pitch_mm,
    s.declaration::text AS declaration
FROM scans s
WHERE s.modality = '{Modality.CARGO}'
    AND ($2::timestamptz IS NULL OR (s.received_at, s.scan_id) < ($2, $3::text))
    AND NOT EXISTS (SELECT FROM scan_embeddings n WHERE n.scan_id = s.scan_id AND n.model_digest = $1)
ORDER BY s.received_at DESC, s.scan_id DESC LIMIT 100
"""


@dataclass(kw_only=True)
class PlaceReport:
    """How many scans were placed, and how many cannot be read."""

    n_placed: int = 0
    n_unreadable: int = 0


async def place_scans(
    *,
    pool: Pool,
    store: ScanStore,
    cargo: CargoScorer,
    n_at_once: int = 2,
    tell: Callable[[str], None] | None = None,
) -> PlaceReport:
    """Store the embedding of every cargo scan that has none of this model.

    Args:
        pool: Database.
        store: Holds the pixels.
        cargo: The model.
        n_at_once: Scans looked at side by side, a thread each.
        tell: Called with each scan that cannot be read, as it is met.

    Raises:
        StoreUnavailableError: The store does not answer.
        DatabaseUnavailableError: The database does not.
        ModelOutputError: The model's answer makes no sense; likewise EngineError.
    """
    report = PlaceReport()
    async for rows in _pages(pool, bytes.fromhex(cargo.info.digest)):
        for start in range(0, len(rows), n_at_once):
            group = rows[start : start + n_at_once]
            placed = await asyncio.gather(*(_place(pool, store, cargo, row) for row in group))
            for row, is_placed in zip(group, placed, strict=True):
                report.n_placed += is_placed
                report.n_unreadable += not is_placed
                if not is_placed and tell is not None:
                    tell(row["scan_id"])
    return report


async def _pages(pool: Pool, digest: bytes) -> AsyncIterator[list[Row]]:
    last: tuple[datetime | None, str | None] = (None, None)
    while True:
        async with connect(pool, timeout_s=30.0) as conn:
            rows = await conn.fetch(PAGE_SQL, digest, *last)
        if not rows:
            return
        yield rows
        last = (rows[-1]["received_at"], rows[-1]["scan_id"])


async def _place(pool: Pool, store: ScanStore, cargo: CargoScorer, row: Row) -> bool:
    try:
        data = await store.get(row["px16_full"])
        embedding = await asyncio.to_thread(_look, cargo, data, row["pixel_pitch_mm"])
    except (ObjectMissingError, ObjectCorruptError, Px16Error):
        return False
    async with connect(pool, timeout_s=30.0) as conn:
        await insert_embedding(conn, row["scan_id"], embedding, declaration=row["declaration"])
    return True


def _look(cargo: CargoScorer, data: bytes, pitch_mm: float | None) -> Embedding:
    return cargo.place(px16.decode(data), pitch_mm=pitch_mm)
