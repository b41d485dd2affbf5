"""``python -m benchmarks.rescore --json FILE``: re-scoring in threads and with Ray, side by side.

One archive in an embedded database: copies of three noisy scans with two energies. The engines take turns,
each as a process of its own over an empty folder, and have to write the same result. CPU is that of the
whole process tree with what starting takes, looked at every quarter of a second; memory is its peak PSS.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import numpy as np
import psutil

from app.database import open_database
from benchmarks.inference.workload import noisy_scan
from benchmarks.machine import ROOT, describe_machine
from benchmarks.queue.cpu import tree_cpu_s
from inference.triage import ensure_policy
from models.registry import DEFAULT_MANIFEST, load_manifest
from scans import px16
from scans.store import FolderStore

SHAPE = (600, 1500)
N_DISTINCT = 3
SAMPLE_EVERY_S = 0.25
INSERT = """
INSERT INTO scans (station_id, port, idempotency_key, request_sha256, modality, direction, scanned_at,
    container_no_valid, width_px, height_px, n_channels, bit_depth, image_digests, px16_full, px16_preview)
SELECT 'bench', 'YTN', n::text, sha256(n::text::bytea), 'cargo', 'import', now(),
    false, $2, $3, 2, 16, '{}', $1, $1
FROM generate_series($4::int, $5::int) n
"""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one re-scoring took."""

    engine: str
    cpu_s: float
    seconds: float
    peak_mb: int


async def fill(pool: "asyncpg.Pool[asyncpg.Record]", store: FolderStore, n_scans: int) -> None:
    """Put the archive into an empty database and store."""
    async with pool.acquire() as conn:
        await ensure_policy(conn)
        await conn.execute("INSERT INTO ports VALUES ('YTN', '盐田', 'Yantian')")
        await conn.execute("INSERT INTO stations (station_id, port, name) VALUES ('bench', 'YTN', 'bench')")
        scan = noisy_scan(*SHAPE)[0]
        for number in range(N_DISTINCT):
            high = np.roll(scan, 100 * number, axis=1)
            digest = await store.put(px16.encode(np.stack([high, high])))
            last = n_scans * (number + 1) // N_DISTINCT
            first = n_scans * number // N_DISTINCT + 1
            await conn.execute(INSERT, bytes.fromhex(digest), SHAPE[1], SHAPE[0], first, last)


def take_turn(engine: str, *, data: Path, out: Path, model: Path, n_workers: int) -> Turn:
    """Re-score the archive once."""
    options = ["--model", str(model), "--out", str(out), "--engine", engine, "--workers", str(n_workers)]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "rescore", *options],
        cwd=ROOT,
        env={**os.environ, "SHENXIANG_DATA": str(data), "SHENXIANG_LOG_LEVEL": "warning"},
        stdout=subprocess.DEVNULL,
    )
    cpu_s, peak_mb = 0.0, 0
    while process.poll() is None:
        cpu_s = max(cpu_s, tree_cpu_s(process.pid))
        peak_mb = max(peak_mb, _tree_mb(process.pid))
        time.sleep(SAMPLE_EVERY_S)
    if process.returncode != 0:
        sys.exit(f"re-scoring with {engine} ended with {process.returncode}")
    seconds = time.perf_counter() - began
    return Turn(engine=engine, cpu_s=round(cpu_s, 2), seconds=round(seconds, 1), peak_mb=peak_mb)


def _tree_mb(pid: int) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            total += process.memory_full_info().pss
    except psutil.Error:
        pass
    return round(total / 1e6)


async def measure(*, n_scans: int, n_rounds: int, n_workers: int) -> dict[str, Any]:
    """Make the archive and have the engines take turns over it."""
    machine = describe_machine()
    pinned = load_manifest(DEFAULT_MANIFEST)
    model = DEFAULT_MANIFEST.parent / next(m.file for m in pinned.models if m.name == pinned.default)
    engines = ["threads", "ray"] if find_spec("ray") else ["threads"]
    turns: list[Turn] = []
    with tempfile.TemporaryDirectory(prefix="shenxiang-bench-") as name:
        data = Path(name)
        async with open_database(None, data, max_connections=4) as database:
            await fill(database.pool, FolderStore(data / "store"), n_scans)
            for number in range(n_rounds):
                results = set()
                for engine in engines:
                    out = data / f"{engine}-{number}"
                    turns.append(
                        await asyncio.to_thread(
                            take_turn, engine, data=data, out=out, model=model, n_workers=n_workers
                        )
                    )
                    print(turns[-1], flush=True)
                    results.add((out / "result.parquet").read_bytes())
                if len(results) != 1:
                    sys.exit("the engines wrote different results")
    by_engine = {engine: [turn for turn in turns if turn.engine == engine] for engine in engines}
    return {
        "cpu_s": {engine: median(turn.cpu_s for turn in own) for engine, own in by_engine.items()},
        "peak_mb": {engine: max(turn.peak_mb for turn in own) for engine, own in by_engine.items()},
        **machine,
        "workload": {"n_scans": n_scans, "shape": SHAPE, "n_workers": n_workers, "n_rounds": n_rounds},
        "turns": [asdict(turn) for turn in turns],
    }


def main() -> None:
    """Measure and store."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rescore", description=__doc__)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--scans", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    result = asyncio.run(measure(n_scans=given.scans, n_rounds=given.rounds, n_workers=given.workers))
    given.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print({"cpu_s": result["cpu_s"], "peak_mb": result["peak_mb"]})


if __name__ == "__main__":
    main()
