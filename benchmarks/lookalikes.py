"""Measures the search for lookalikes in a large archive: ``python -m benchmarks.lookalikes [--scans N]``.

Workload: one embedded PostgreSQL with default durability; ``N`` decided scans, each with a load of one to
three of 57 headings as the cargo model would tell them, and a declaration of those headings. Then 1,000 more
are stored one by one, and 200 scans that are not there look for theirs. ``recall`` is how many of the twelve
that a search without the index finds are found with it. The result goes to
benchmarks/results/lookalikes.json.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from app.database import open_database
from benchmarks.machine import describe_machine, spread
from inference.screening_store import INSERT_EMBEDDING
from models.lookalike import DIMENSION
from review_ui.lookalikes import NEAR_SQL, WALK_ON_SQL

RESULT = Path(__file__).parent / "results" / "lookalikes.json"
N_HEADINGS = 57
N_STORED, N_SOUGHT, N_EXACT = 1_000, 200, 40
MODEL = bytes(32)

SEED = (
    "INSERT INTO ports VALUES ('P0', 'P0', 'P0')",
    "INSERT INTO stations (station_id, port, name) VALUES ('P0', 'P0', 'P0')",
    """
    INSERT INTO scans (scan_id, station_id, port, idempotency_key, request_sha256, modality, scanned_at,
        width_px, height_px, n_channels, bit_depth, image_digests, px16_full, px16_preview)
    SELECT 'S' || n, 'P0', 'P0', n::text, z, 'cargo', now(), 1, 1, 1, 16, ARRAY[z], z, z
    FROM generate_series(0, $1::integer - 1) n, (SELECT decode(repeat('00', 32), 'hex') AS z)
    """,
    """
    INSERT INTO dispositions (scan_id, cycle, disposition, source, decided_at)
    SELECT 'S' || n, 1, 'release', 'review', now() FROM generate_series(0, $1::integer - 1) n
    """,
)


class Loads:
    """Vehicles' loads, drawn one after another."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def draw(self) -> tuple[list[float], list[str]]:
        """Return the point of a load and its headings."""
        rng = self._rng
        headings = rng.choice(N_HEADINGS, rng.integers(1, 4), replace=False)
        point: NDArray[np.float64] = np.zeros(DIMENSION)
        point[headings] = rng.dirichlet(np.ones(len(headings)))
        point[:N_HEADINGS] += 0.2 * rng.dirichlet(np.full(N_HEADINGS, 0.1))
        return (point / np.linalg.norm(point)).tolist(), sorted(f"{1000 + k}" for k in headings)


async def measure(n_scans: int) -> dict[str, Any]:
    """Fill a database and look for lookalikes in it."""
    with tempfile.TemporaryDirectory(prefix="shenxiang-lookalikes-") as folder:
        async with open_database(None, Path(folder)) as database, database.pool.acquire() as conn:
            loads = Loads(20261129)
            for statement in SEED:
                arguments = [n_scans + N_STORED][: statement.count("$1")]
                await conn.execute(statement, *arguments, timeout=1800)
            began_s = time.perf_counter()
            await conn.copy_records_to_table(
                "scan_embeddings",
                records=((f"S{i}", MODEL, *loads.draw()) for i in range(n_scans)),
                columns=("scan_id", "model_digest", "embedding", "headings"),
                timeout=3600,
            )
            filled_s = time.perf_counter() - began_s
            stored_ms = []
            for i in range(n_scans, n_scans + N_STORED):
                began_s = time.perf_counter()
                await conn.execute(INSERT_EMBEDDING, f"S{i}", MODEL, *loads.draw())
                stored_ms.append(1000 * (time.perf_counter() - began_s))
            await conn.execute("VACUUM ANALYZE")
            return {
                "filled_s": round(filled_s, 1),
                "index_mb": round(
                    await conn.fetchval("SELECT pg_relation_size('scan_embeddings_near')") / 1e6, 1
                ),
                "store_ms": spread(stored_ms),
                "search": await _search(conn, loads, same_heading=False),
                "search_same_heading": await _search(conn, loads, same_heading=True),
            }


async def _search(conn: Any, loads: Loads, *, same_heading: bool) -> dict[str, Any]:
    sought = [loads.draw() for _ in range(N_SOUGHT)]
    found: list[set[str]] = []
    took_ms: list[float] = []
    for point, headings in sought:
        began_s = time.perf_counter()
        async with conn.transaction():
            await conn.execute(WALK_ON_SQL)
            rows = await _near(conn, point, headings, same_heading=same_heading)
        took_ms.append(1000 * (time.perf_counter() - began_s))
        found.append({row["scan_id"] for row in rows})
    hits: list[float] = []
    exact_ms: list[float] = []
    async with conn.transaction():
        # A plan that is kept from before would walk the index all the same.
        await conn.execute("SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_indexscan = off")
        for (point, headings), near in list(zip(sought, found, strict=True))[:N_EXACT]:
            began_s = time.perf_counter()
            rows = await _near(conn, point, headings, same_heading=same_heading)
            exact_ms.append(1000 * (time.perf_counter() - began_s))
            hits.append(len({row["scan_id"] for row in rows} & near) / max(len(rows), 1))
    return {
        "ms": spread(took_ms),
        "without_index_ms": spread(exact_ms),
        "recall": round(float(np.mean(hits)), 3),
    }


async def _near(
    conn: Any, point: list[float], headings: list[str], *, same_heading: bool
) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await conn.fetch(
        NEAR_SQL, point, MODEL, "", None, "cargo", headings, same_heading, timeout=600
    )
    return rows


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=100_000)
    parser.add_argument("--json", type=Path, default=RESULT)
    arguments = parser.parse_args()
    machine = describe_machine()
    numbers = asyncio.run(measure(arguments.scans))
    result = {"machine": machine, "n_scans": arguments.scans, **numbers}
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
