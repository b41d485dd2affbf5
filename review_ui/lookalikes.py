"""Lookalikes: scans of other containers whose cargo looks like a held case's (``other_scans``).

"Looks like" is the cosine between where one cargo model puts both (``models.lookalike``). PostgreSQL searches
by pgvector; a database without it answers that lookalikes are off. Whoever was shown a lookalike for a case
may read its pixels while they hold that case, and those of no other scan.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import asyncpg

from models.lookalike import DIMENSION
from review_ui.database import Connection, Pool, from_jsonb
from review_ui.errors import CaseNotFoundError, LookalikeNotFoundError
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
from review_ui.schemas import DeclaredGoods, Lookalike, LookalikeList

N_SHOWN: Final = 12
N_LINES: Final = 3

# Where the newest cargo model put the held scan.
PLACE_SQL: Final = f"""
SELECT s.scan_id, s.container_nos, s.modality, n.model_digest, n.embedding, n.headings
FROM {HELD_SCAN} JOIN scan_embeddings n ON n.scan_id = s.scan_id
WHERE {IS_HELD}
ORDER BY n.stored_at DESC LIMIT 1
"""
# Follows the index as far as it takes to fill the list with scans that may be shown.
WALK_ON_SQL: Final = "SELECT set_config('hnsw.iterative_scan', 'strict_order', true)"
POINT: Final = f"n.embedding::vector({DIMENSION})"
# $1 the held scan's point, $2 its model, $3 the scan, $4 its containers, $5 its modality, $6 its headings,
# $7 whether only scans with one of them count.
NEAR_SQL: Final = f"""
SELECT {SHOWN}, e.declaration, n.headings && $6::text[] AS shares_heading,
    1 - ({POINT} <=> $1::real[]::vector({DIMENSION})) AS likeness
FROM scan_embeddings n JOIN scans e ON e.scan_id = n.scan_id LEFT JOIN LATERAL ({OUTCOME}) AS o ON true
WHERE n.model_digest = $2 AND e.modality = $5
    AND n.scan_id <> $3 AND NOT e.container_nos && $4::text[]
    AND (NOT $7 OR n.headings && $6::text[]) AND {HAS_FINAL_WORD}
ORDER BY {POINT} <=> $1::real[]::vector({DIMENSION}) LIMIT {N_SHOWN}
"""
NOTE_SQL: Final = """
INSERT INTO lookalikes_shown (case_id, account_id, scan_id) SELECT $1, $2, unnest($3::text[])
ON CONFLICT DO NOTHING
"""
# $3 the lookalike.
ONE_SQL: Final = f"""
SELECT {PIXEL_COLUMNS}
FROM {HELD_SCAN} JOIN lookalikes_shown l ON l.case_id = t.case_id AND l.account_id = t.reviewer
    JOIN scans e ON e.scan_id = l.scan_id
WHERE {IS_HELD} AND l.scan_id = $3 AND {HAS_FINAL_WORD}
"""


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a scan is, and what its lookalikes are chosen by."""

    scan_id: str
    container_nos: list[str]
    modality: str
    model_digest: bytes
    embedding: list[float]
    headings: list[str]

    @classmethod
    def from_row(cls, row: asyncpg.Record) -> Self:
        return cls(**dict(row))


class Lookalikes:
    """Finds lookalikes for whoever holds a case now."""

    def __init__(self, pool: Pool, pixels: ScanPixels) -> None:
        self._pool = pool
        self._pixels = pixels

    async def of(self, account_id: int, case_id: int, *, same_heading: bool) -> LookalikeList:
        """Return the scans most like a held case's, the most alike first.

        Args:
            account_id: Who asks.
            case_id: Held by them.
            same_heading: Only scans whose declaration has a heading in common with this one's.

        Raises:
            CaseNotFoundError: If the account has no live lease on the case.
            StoreUnavailableError: If the store does not answer.
        """
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(PLACE_SQL, account_id, case_id)
            if row is None:
                if not await connection.fetchval(HOLDS_SQL, account_id, case_id):
                    raise CaseNotFoundError(f"there is no case {case_id} on a seat of this account")
                return LookalikeList(state="not_placed", scans=[])
            try:
                rows = await _search(connection, _Place.from_row(row), same_heading=same_heading)
            except asyncpg.UndefinedObjectError:  # the type ``vector``
                return LookalikeList(state="off", scans=[])
            await connection.execute(NOTE_SQL, case_id, account_id, [near["scan_id"] for near in rows])
        return LookalikeList(state="searched", scans=[await self._shown(case_id, near) for near in rows])

    async def _shown(self, case_id: int, row: asyncpg.Record) -> Lookalike:
        base = f"/api/v1/review/cases/{case_id}/lookalikes/{row['scan_id']}"
        levels = await self._pixels.levels(scan_facts(case_id, row), base)
        declaration: dict[str, Any] = from_jsonb(row["declaration"]) or {}
        lines = declaration.get("lines", [])[:N_LINES]
        return Lookalike(
            **other_scan(row, levels),
            likeness=row["likeness"],
            shares_heading=row["shares_heading"],
            declared=[
                DeclaredGoods(**{name: line[name] for name in DeclaredGoods.model_fields}) for line in lines
            ],
        )

    async def facts(self, account_id: int, case_id: int, scan_id: str) -> ScanFacts:
        """Return where the pixels of a lookalike are, for whoever holds the case now and was shown it.

        Raises:
            LookalikeNotFoundError: If the account does not hold the case, or was not shown the scan.
        """
        row = await self._pool.fetchrow(ONE_SQL, account_id, case_id, scan_id)
        if row is None:
            raise LookalikeNotFoundError(
                f"{scan_id[:40]!r} is no lookalike that this account was shown for a case {case_id}"
            )
        return scan_facts(case_id, row)


async def _search(connection: Connection, place: _Place, *, same_heading: bool) -> list[asyncpg.Record]:
    async with connection.transaction():
        await connection.execute(WALK_ON_SQL)
        rows: list[asyncpg.Record] = await connection.fetch(
            NEAR_SQL,
            place.embedding,
            place.model_digest,
            place.scan_id,
            place.container_nos,
            place.modality,
            place.headings,
            same_heading,
        )
    return rows
