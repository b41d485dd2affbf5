"""Measures the main job end to end on this machine: ``make bench`` or ``python -m benchmarks.first_slice``.

Workload: one process with all roles over the embedded PostgreSQL with default durability; 1000×2500
dual-energy scans posted as two 16-bit PNG at one per second; one reviewer decides as fast as the API answers;
then a real Chromium (software rendering, so the CPU renderer) decides by keyboard. The result goes to
benchmarks/results/first_slice.json.
"""

import argparse
import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import Any

import psutil

from app.database import open_database
from app.demo import DEMO_PASSWORD, prepare_demo
from app.reviewer import ReviewerClient
from app.simulator import SimulatedScan, simulate_scan
from app.station import StationClient
from app.throwaway import ThrowawaySystem, throwaway_system
from benchmarks.browser import measure_page
from benchmarks.machine import describe_machine, percentile

RESULT = Path(__file__).parent / "results" / "first_slice.json"


async def measure(n_scans: int) -> dict[str, Any]:
    """Run the workload and return every number."""
    made = [
        await asyncio.to_thread(simulate_scan, seed, as_tiff=False, threat_probability=0.6)
        for seed in range(12)
    ]
    async with throwaway_system(demo="true") as system:
        async with open_database(None, system.data, max_connections=2, attach=True) as database:
            stations = await prepare_demo(database.pool)
            station = StationClient(system.url, stations[0].key)
            reading = asyncio.create_task(_sample_memory(system))
            scan_ids, post_s = await _post_steadily(station, made, n_scans)
            screened_s = await _screened_seconds(database.pool, scan_ids)
            n_ready = await database.pool.fetchval("SELECT count(*) FROM ready")
            api = await _review(system, station, n_decisions=min(30, n_ready // 3))
            page = await measure_page(
                system.url, login="zhao", password=DEMO_PASSWORD, n_decisions=min(12, n_ready // 3)
            )
            peak_mb = await _stop_sampling(reading)
        await system.stop()
        started = time.perf_counter()
        await system.start()
        second_start_s = time.perf_counter() - started
    return {
        "scans": n_scans,
        "post_p95_s": round(percentile(post_s, 0.95), 3),
        "post_to_screened_p50_s": round(percentile(screened_s, 0.5), 3),
        "post_to_screened_p95_s": round(percentile(screened_s, 0.95), 3),
        **api,
        **page,
        "memory_peak_pss_mb": peak_mb,
        "second_start_s": round(second_start_s, 2),
    }


async def _post_steadily(
    station: StationClient, made: list[SimulatedScan], n_scans: int
) -> tuple[list[str], list[float]]:
    posts: list[asyncio.Task[tuple[str, float]]] = []

    async def post(number: int) -> tuple[str, float]:
        started = time.perf_counter()
        one = made[number % len(made)]
        answer = await station.post_scan(one.files, one.scan, idempotency_key=f"bench-{number}")
        return answer["scan_id"], time.perf_counter() - started

    for number in range(n_scans):
        posts.append(asyncio.create_task(post(number)))
        await asyncio.sleep(1.0)
    done = await asyncio.gather(*posts)
    return [scan_id for scan_id, _ in done], [seconds for _, seconds in done]


async def _screened_seconds(pool: Any, scan_ids: list[str]) -> list[float]:
    """Seconds from acknowledged to screened, by the database's clock; waits for the last one."""
    while True:
        rows = await pool.fetch(
            "SELECT extract(epoch FROM min(g.created_at) - s.received_at)::float8 AS s"
            " FROM scans s JOIN screenings g USING (scan_id) WHERE s.scan_id = ANY($1) GROUP BY s.scan_id",
            scan_ids,
        )
        if len(rows) == len(scan_ids):
            return [row["s"] for row in rows]
        await asyncio.sleep(0.5)


async def _review(system: ThrowawaySystem, station: StationClient, *, n_decisions: int) -> dict[str, Any]:
    claim_ms, decide_ms, disposition_ms = [], [], []
    async with ReviewerClient(system.url, login="lin", password=DEMO_PASSWORD) as reviewer:
        lease: dict[str, Any] | None = None
        for _ in range(n_decisions):
            started = time.perf_counter()
            lease = await reviewer.next_case()
            if lease is None:
                break
            claim_ms.append((time.perf_counter() - started) * 1000)
            waiting = asyncio.create_task(station.wait_for_disposition(lease["scan_id"], timeout_s=30))
            await asyncio.sleep(0.3)
            started = time.perf_counter()
            answer = await reviewer.decide(lease, "inspect")
            decided = time.perf_counter()
            decide_ms.append((decided - started) * 1000)
            if not answer["case_closed"]:
                waiting.cancel()
                continue
            await waiting
            disposition_ms.append((time.perf_counter() - decided) * 1000)
    return {
        "decisions": len(decide_ms),
        "claim_p95_ms": round(percentile(claim_ms, 0.95), 1),
        "decide_p95_ms": round(percentile(decide_ms, 0.95), 1),
        "decision_to_disposition_p95_ms": round(percentile(disposition_ms, 0.95), 1),
    }


async def _sample_memory(system: ThrowawaySystem) -> float:
    """Peak of the process tree's proportional set size, MB: shared pages are counted once."""
    assert system.process is not None
    root = psutil.Process(system.process.pid)
    peak = 0.0
    while True:
        total = 0
        for process in [root, *root.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss
            except (psutil.Error, AttributeError):
                continue
        peak = max(peak, total / 1e6)
        try:
            await asyncio.sleep(1.0)
        except asyncio.CancelledError:
            return round(peak)


async def _stop_sampling(reading: "asyncio.Task[float]") -> float:
    reading.cancel()
    return await reading


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=60, help="how many scans are posted, one per second")
    parser.add_argument("--json", type=Path, default=RESULT, help="where the result goes")
    arguments = parser.parse_args()
    if shutil.which("chromium") is None:
        parser.error("this benchmark drives Chromium; install it (Debian: apt-get install chromium)")
    numbers = asyncio.run(measure(arguments.scans))
    result = {"machine": describe_machine(), "numbers": numbers}
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
