"""``shenxiang selftest``: takes scans through a throwaway system over HTTP and checks the promises.

Two stations post synthetic scans, three reviewers and a supervisor decide what is flagged, and every scan
must end in exactly one disposition, every decision must have its audit row. All through the public API; only
the last count reads the database.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from app.database import open_database
from app.demo import DEMO_PASSWORD, PORTS
from app.reviewer import ReviewerClient
from app.simulator import encode_channels
from app.station import DispositionAnswer, StationClient
from app.throwaway import ThrowawaySystem, throwaway_system
from datasets.synthetic import make_scan
from inference.stations import create_station
from inference.triage import TriagePolicy, store_policy
from review_ui.accounts import create_account

N_SCANS = 20
HEIGHT_PX, WIDTH_PX = 400, 1000
STATIONS = (("ST-A", "YTN"), ("ST-B", "SKZ"))
REVIEWERS = (("rev-a", None), ("rev-b", None), ("rev-c", "YTN"))
DONE_TIMEOUT_S = 120.0


@dataclass(kw_only=True)
class Measured:
    """Seconds each step took, and the last disposition seen per scan."""

    screened_s: list[float] = field(default_factory=list)
    claim_s: list[float] = field(default_factory=list)
    decide_s: list[float] = field(default_factory=list)
    decided_at: dict[str, float] = field(default_factory=dict)
    received_at: dict[str, float] = field(default_factory=dict)
    dispositions: dict[str, DispositionAnswer] = field(default_factory=dict)


async def run_selftest(*, n_scans: int = N_SCANS) -> dict[str, Any]:
    """Run the whole self-test and return its report; ``ok`` says whether every check held."""
    async with throwaway_system() as system:
        keys = await _seed(system)
        measured = Measured()
        done = asyncio.Event()
        async with asyncio.timeout(DONE_TIMEOUT_S + n_scans), asyncio.TaskGroup() as group:
            for login, _port in REVIEWERS:
                group.create_task(_review(system.url, login, measured, done))
            group.create_task(_review(system.url, "super", measured, done))
            stations = [
                group.create_task(_station(system.url, key, station_id, n_scans // len(keys), measured))
                for station_id, key in keys.items()
            ]
            await asyncio.gather(*stations)
            done.set()
        counted = await _count(system)
    return _report(measured, counted, n_scans=n_scans)


async def _seed(system: ThrowawaySystem) -> dict[str, str]:
    async with (
        open_database(None, system.data, max_connections=1, attach=True) as database,
        database.pool.acquire() as connection,
    ):
        # Whatever the model thinks of these small scans, people get to see most of them.
        await store_policy(connection, TriagePolicy(audit_sample=0.7), author="system:selftest")
        await connection.executemany("INSERT INTO ports (code, name_zh, name_en) VALUES ($1, $2, $3)", PORTS)
        for login, port in REVIEWERS:
            await create_account(
                connection,
                login=login,
                display_name=login,
                role="reviewer",
                port=port,
                password=DEMO_PASSWORD,
            )
        await create_account(
            connection, login="super", display_name="super", role="supervisor", password=DEMO_PASSWORD
        )
        return {
            station_id: (
                await create_station(connection, station_id=station_id, port=port, name=station_id)
            ).key
            for station_id, port in STATIONS
        }


async def _station(url: str, key: str, station_id: str, n_scans: int, measured: Measured) -> None:
    client = StationClient(url, key)
    waiting: list[asyncio.Task[None]] = []
    for number in range(n_scans):
        synthetic = await asyncio.to_thread(
            make_scan,
            number,
            height_px=HEIGHT_PX,
            width_px=WIDTH_PX,
            threat_probability=0.7,
            dual_energy=True,
            is_8bit=False,
        )
        files = encode_channels(synthetic.pixels, as_tiff=station_id == "ST-B")
        scan = {
            "scanned_at": "2026-01-01T00:00:00Z",
            "container_no": synthetic.container_no,
            "declaration": synthetic.declaration,
        }
        answer = await client.post_scan(files, scan, idempotency_key=f"{station_id}-{number}")
        repeated = await client.post_scan(files, scan, idempotency_key=f"{station_id}-{number}")
        if repeated["scan_id"] != answer["scan_id"]:
            raise AssertionError(f"a retry made a second scan: {answer['scan_id']}, {repeated['scan_id']}")
        waiting.append(asyncio.create_task(_wait(client, answer["scan_id"], measured)))
    await asyncio.gather(*waiting)
    await client.close()


async def _wait(client: StationClient, scan_id: str, measured: Measured) -> None:
    word = await client.wait_for_disposition(scan_id, timeout_s=DONE_TIMEOUT_S)
    if word is not None:
        measured.received_at[scan_id] = time.monotonic()
        measured.dispositions[scan_id] = word


async def _review(url: str, login: str, measured: Measured, done: asyncio.Event) -> None:
    choice = random.Random(login)  # noqa: S311  a rehearsal, not an assignment
    async with ReviewerClient(url, login=login, password=DEMO_PASSWORD) as reviewer:
        lease: dict[str, Any] | None = None
        while not done.is_set():
            if lease is None:
                started = time.monotonic()
                lease = await reviewer.next_case()
                if lease is None:
                    await asyncio.sleep(0.05)
                    continue
                measured.claim_s.append(time.monotonic() - started)
            await reviewer.read_strip(await reviewer.view(lease), level=2, strip=0)
            await reviewer.prefetch()
            verdicts = ["release", "inspect"] if lease["stage"] == 3 else ["release", "inspect", "escalate"]
            started = time.monotonic()
            answer = await reviewer.decide(lease, choice.choice(verdicts))
            measured.decide_s.append(time.monotonic() - started)
            measured.decided_at[lease["scan_id"]] = time.monotonic()
            lease = answer["next"]


async def _count(system: ThrowawaySystem) -> dict[str, Any]:
    async with (
        open_database(None, system.data, max_connections=1, attach=True) as database,
        database.pool.acquire() as connection,
    ):
        row: asyncpg.Record | None = await connection.fetchrow(
            """
            SELECT (SELECT count(*) FROM scans) AS scans,
                   (SELECT count(*) FROM dispositions) AS dispositions,
                   (SELECT count(*) FROM cases) AS cases,
                   (SELECT count(*) FROM decisions) AS decisions,
                   (SELECT count(*) FROM audit WHERE verdict IS NOT NULL) AS audit_rows,
                   (SELECT count(*) FROM scans s
                    WHERE (SELECT count(*) FROM dispositions d WHERE d.scan_id = s.scan_id) <> 1) AS lost,
                   (SELECT count(*) FROM decisions d
                    WHERE (SELECT count(*) FROM audit a
                           WHERE a.verdict IS NOT NULL AND a.case_id = d.case_id
                             AND a.cycle = d.cycle AND a.stage = d.stage) <> 1) AS decisions_unaudited,
                   (SELECT count(*) FROM dispositions d
                    WHERE d.source = 'screening' AND d.disposition = 'release'
                      AND NOT EXISTS (SELECT 1 FROM screenings g WHERE g.scan_id = d.scan_id)
                   ) AS released_unscreened
            """
        )
        screened = await connection.fetch(
            "SELECT extract(epoch FROM g.created_at - s.received_at)::float8 AS s"
            " FROM screenings g JOIN scans s USING (scan_id)"
        )
    assert row is not None
    return {**dict(row), "screened_s": [one["s"] for one in screened]}


def _report(measured: Measured, counted: dict[str, Any], *, n_scans: int) -> dict[str, Any]:
    waited_s = [
        measured.received_at[scan_id] - decided
        for scan_id, decided in measured.decided_at.items()
        if scan_id in measured.received_at
    ]
    screened_s = counted.pop("screened_s")
    ok = (
        counted["scans"] == counted["dispositions"] == len(measured.dispositions) == n_scans
        and counted["lost"] == counted["decisions_unaudited"] == counted["released_unscreened"] == 0
        and counted["audit_rows"] == counted["decisions"] >= counted["cases"] > 0
    )
    return {
        "ok": ok,
        **counted,
        "screened_p95_s": _p95(screened_s),
        "claim_p95_ms": _p95([value * 1000 for value in measured.claim_s]),
        "decide_p95_ms": _p95([value * 1000 for value in measured.decide_s]),
        "disposition_p95_ms": _p95([max(0.0, value) * 1000 for value in waited_s]),
    }


def _p95(values: list[float]) -> float | None:
    """Return the 95th percentile, nearest rank; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, -(-len(ordered) * 95 // 100) - 1)], 3)
