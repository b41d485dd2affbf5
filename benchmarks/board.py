"""Measures what the live board costs at depth: ``python -m benchmarks.board``.

Workload: one embedded PostgreSQL with default durability; ten ports; 1,000,000 cases wait, due over the last
seven days and the next minutes, in five bands and three stages; 400,000 decisions today, 50,000 of them in
the last hour; 1,000 reviewers hold 2,000 leases. Then the same with 100,000 and with 1,000 waiting. Beside
the refresh as it is now stand the statements that counted ``ready`` before, over the same rows. The result
goes to benchmarks/results/board.json.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

from app.database import open_database
from benchmarks.machine import describe_machine, percentile
from review_queue.counting import catch_up, find_wrong_counts
from review_ui import board

RESULT = Path(__file__).parent / "results" / "board.json"
DEPTHS = (1_000_000, 100_000, 1_000)
N_TODAY = 400_000
N_LAST_HOUR = 50_000
N_REVIEWERS = 1_000
N_ROUNDS = 30

SEED = (
    "INSERT INTO ports SELECT 'P' || n, 'P' || n, 'P' || n FROM generate_series(0, 9) n",
    "INSERT INTO stations (station_id, port, name) SELECT code, code, code FROM ports",
    """
    INSERT INTO scans (scan_id, station_id, port, idempotency_key, request_sha256, modality, scanned_at,
        width_px, height_px, n_channels, bit_depth, image_digests, px16_full, px16_preview)
    SELECT 'S' || n, 'P' || n % 10, 'P' || n % 10, n::text, z, 'cargo', now(), 1, 1, 1, 16, ARRAY[z], z, z
    FROM generate_series(1, $1::integer) n, (SELECT decode(repeat('00', 32), 'hex') AS z)
    """,
    # A case is due between seven days ago and the longest time limit from now.
    """
    INSERT INTO cases (scan_id, port, modality, reason, risk, band, due_at, opened_at)
    SELECT 'S' || n, 'P' || n % 10, 'cargo', 'finding', 0.5, (ARRAY[1, 3, 5, 8, 12])[1 + n / 10 % 5],
        now() + (30 - 10110 * random()) * interval '1 min', now() - interval '1 min'
    FROM generate_series(1, $1::integer) n
    """,
    """
    INSERT INTO accounts (login, display_name, role, password_hash)
    SELECT 'r' || n, 'r' || n, 'reviewer', '!' FROM generate_series(1, $2::integer) n WHERE $1 > 0
    """,
)

# The last $1 cases are decided: $2 in the last hour, the rest since seven hours before that.
DECIDE = (
    """
    INSERT INTO decisions (case_id, cycle, stage, reviewer, verdict, token, shown_at, decided_at)
    SELECT case_id, 1, 1, 1 + case_id % 1000, 'release', case_id, at - random() * interval '1 min', at
    FROM (
        SELECT case_id, CASE WHEN n <= $2::integer THEN now() - random() * interval '1 hour'
            ELSE now() - interval '1 hour' - random() * interval '7 hours' END AS at
        FROM (SELECT case_id, row_number() OVER (ORDER BY case_id DESC) AS n FROM cases) AS c
        WHERE n <= $1::integer
    ) AS decided
    """,
    """
    INSERT INTO dispositions (scan_id, cycle, disposition, source, decided_at)
    SELECT scan_id, 1, 'release', 'review', decided_at FROM decisions JOIN cases USING (case_id)
    """,
)

HOLD = """
INSERT INTO seats (reviewer, slot, case_id, stage, token, leased_at, shown_at, until)
SELECT account_id, slot, 2 * account_id + slot, 1, 1, now(), now(), now() + interval '1 hour'
FROM accounts, (VALUES (0), (1)) AS s (slot)
"""
WAIT = """
INSERT INTO ready (case_id, rank, port, qual_mask, stage)
SELECT case_id, (band::bigint << 58) | ((extract(epoch FROM due_at)::bigint / 60) << 32)
        | floor(random() * 4294967296)::bigint,
    port, 0, (ARRAY[1, 1, 1, 1, 1, 1, 1, 1, 2, 3])[1 + case_id / 50 % 10]
FROM cases WHERE case_id > 3000 AND case_id <= (SELECT max(case_id) - 400000 FROM cases)
ORDER BY random() LIMIT $1
"""

# As they were when the board counted ready itself.
BOARD_BEFORE = """
SELECT c.port, count(*) AS n, min(c.opened_at) AS oldest, count(*) FILTER (WHERE c.due_at < now()) AS overdue
FROM ready r JOIN cases c USING (case_id) GROUP BY c.port
"""
GLANCE_BEFORE = """
SELECT count(*) AS ready, count(*) FILTER (
        WHERE ((rank >> 32) & 67108863) < (SELECT extract(epoch FROM now())::bigint / 60)) AS overdue
FROM ready
"""

# Claims as the trail has them.
CLAIMS = """
WITH taken AS (
    DELETE FROM ready WHERE case_id IN (SELECT case_id FROM ready ORDER BY rank LIMIT $1) RETURNING *
)
INSERT INTO audit (actor, event, case_id, cycle, stage, rank)
SELECT 'account:1', 'case_leased', case_id, 1, stage, rank FROM taken
"""


async def measure(depths: tuple[int, ...]) -> dict[str, Any]:
    """Fill a database once and measure it at every depth, deepest first."""
    with tempfile.TemporaryDirectory(prefix="shenxiang-board-") as folder:
        async with open_database(None, Path(folder)) as database:
            pool = database.pool
            await _seed(pool, depths[0])
            numbers = {}
            for depth in depths:
                await pool.execute("TRUNCATE ready, queue_counts, queue_depths, queue_counts_state")
                await pool.execute(WAIT, depth)
                for table in ("ready", "cases", "decisions", "dispositions", "audit", "seats"):
                    await pool.execute(f"VACUUM ANALYZE {table}")
                numbers[str(depth)] = await _measure_depth(pool)
            return numbers


async def _seed(pool: asyncpg.Pool, depth: int) -> None:
    n_cases = depth + N_TODAY + 3 * N_REVIEWERS
    for statement in SEED:
        arguments = [n_cases, N_REVIEWERS][: statement.count("$")]
        await pool.execute(statement, *arguments, timeout=600)
    for statement in DECIDE:
        arguments = [N_TODAY, N_LAST_HOUR][: statement.count("$")]
        await pool.execute(statement, *arguments, timeout=600)
    await pool.execute(HOLD)


async def _measure_depth(pool: asyncpg.Pool) -> dict[str, float]:
    numbers = {"first_count_ms": await _time(lambda: catch_up(pool))}
    n_claims = min(10_000, await pool.fetchval("SELECT count(*) FROM ready") // 2)
    await pool.execute(CLAIMS, n_claims)
    numbers["catch_up_us_per_move"] = round(1000 * await _time(lambda: catch_up(pool)) / n_claims, 1)
    boards = board.board_feed(pool, period_s=0)
    glances = board.glance_feed(pool, period_s=0, time_zone="UTC")
    await boards.current()
    parts: dict[str, Callable[[], Awaitable[object]]] = {
        "board_refresh": boards.current,
        "glance_refresh": glances.current,
        "count_nothing_new": lambda: catch_up(pool),
        "waiting": lambda: pool.fetch(board.WAITING_SQL),
        "held": lambda: pool.fetch(board.HELD_SQL),
        "depth": lambda: pool.fetchrow(board.DEPTH_SQL),
        "recent": lambda: pool.fetchrow(board.RECENT_SQL),
        "today": lambda: pool.fetch(board.TODAY_SQL, "UTC"),
        "board_waiting_before": lambda: pool.fetch(BOARD_BEFORE),
        "glance_ready_before": lambda: pool.fetchrow(GLANCE_BEFORE),
    }
    times_ms: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(N_ROUNDS):
        for name, part in parts.items():
            times_ms[name].append(await _time(part))
        # A feed is renewed after four times as long as it took.
        await asyncio.sleep(4 * max(times_ms["board_refresh"][-1], times_ms["glance_refresh"][-1]) / 1000)
    for name, values in times_ms.items():
        numbers[f"{name}_p50_ms"] = percentile(values, 0.5)
        numbers[f"{name}_p95_ms"] = percentile(values, 0.95)
    async with pool.acquire() as conn:
        assert await find_wrong_counts(conn) == []
    return numbers


async def _time(part: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await part()
    return round((time.perf_counter() - started) * 1000, 2)


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--depths", type=int, nargs="+", default=DEPTHS, help="cases waiting, deepest first")
    parser.add_argument("--json", type=Path, default=RESULT, help="where the result goes")
    arguments = parser.parse_args()
    numbers = asyncio.run(measure(tuple(arguments.depths)))
    workload = {"decisions_today": N_TODAY, "decisions_last_hour": N_LAST_HOUR, "leases": 2 * N_REVIEWERS}
    result = {"machine": describe_machine(), "workload": workload, "numbers_by_depth": numbers}
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
