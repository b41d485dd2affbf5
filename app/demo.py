"""``shenxiang demo``: the whole system on synthetic scans, for a person who wants to look.

It runs on a data folder of its own, makes three ports, their stations and one account per role, serves
the page, and starts a station simulator as a second process that posts scans over HTTP and prints the
dispositions it receives.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict

import asyncpg

from app.logging import configure_logging
from app.serve import run_server
from app.settings import Settings
from app.simulator import SimulatedStation
from app.wiring import Services
from inference.stations import create_station, rotate_key
from inference.triage import current_policy, store_policy
from review_ui.accounts import create_account

PORTS = (
    ("YTN", "盐田", "Yantian"),
    ("SKZ", "蛇口", "Shekou"),
    ("MWB", "文锦渡", "Man Kam To"),
)
STATIONS = (
    ("YTN-01", "YTN", "盐田 1 号机"),
    ("SKZ-01", "SKZ", "蛇口 1 号机"),
    ("MWB-01", "MWB", "文锦渡 1 号机"),
)
DEMO_PASSWORD = "shenxiang-demo"  # noqa: S105  the demo's accounts are public on purpose
# Of what the model clears, a person still sees this share: both ways of a scan are there to be seen.
DEMO_SAMPLE = 0.4
ACCOUNTS = (
    ("lin", "林审像", "reviewer", None),
    ("chen", "陈审像", "reviewer", "YTN"),
    ("zhao", "赵审像", "reviewer", "SKZ"),
    ("sun", "孙科长", "supervisor", None),
    ("wu", "吴审计", "auditor", None),
    ("admin", "管理员", "admin", None),
)


async def prepare_demo(pool: asyncpg.Pool) -> list[SimulatedStation]:
    """Make the ports, accounts and stations that are missing; return the stations with fresh keys."""
    async with pool.acquire() as connection:
        await connection.executemany(
            "INSERT INTO ports (code, name_zh, name_en) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", PORTS
        )
        known_logins = {row["login"] for row in await connection.fetch("SELECT login FROM accounts")}
        known_stations = {
            row["station_id"] for row in await connection.fetch("SELECT station_id FROM stations")
        }
        for login, name, role, port in ACCOUNTS:
            if login not in known_logins:
                await create_account(
                    connection, login=login, display_name=name, role=role, port=port, password=DEMO_PASSWORD
                )
        stored = await current_policy(connection)
        if stored.version == 1:
            sampled = stored.policy.model_copy(update={"audit_sample": DEMO_SAMPLE})
            await store_policy(connection, sampled, author="system:demo")
        stations = []
        for number, (station_id, port, name) in enumerate(STATIONS):
            if station_id in known_stations:
                given = await rotate_key(connection, station_id)
            else:
                given = await create_station(connection, station_id=station_id, port=port, name=name)
            stations.append(SimulatedStation(station_id=station_id, key=given.key, as_tiff=number == 1))
    return stations


def banner(settings: Settings, port: int) -> str:
    """What a newcomer reads first."""
    return f"""
  审像 shenxiang is running:  http://{_shown_host(settings.host)}:{port}/

    reviewer    lin  or  chen, zhao      password  {DEMO_PASSWORD}
    supervisor  sun    auditor  wu    admin  admin     (same password)

  Stations of three ports are posting synthetic scans; what they receive is printed below.
  Ctrl-C stops everything. Data: {settings.data}
"""


def _shown_host(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  only compared


async def run_demo(settings: Settings, *, n_scans: int, n_at_once: int, every_s: float) -> None:
    """Serve the demo until it is stopped."""
    chosen = settings.model_fields_set
    data = settings.data if "data" in chosen else settings.data / "demo"
    log_level = settings.log_level if "log_level" in chosen else "warning"
    configure_logging(level=log_level, as_json=settings.log_json)
    settings = settings.with_changes(demo=True, data=data, log_level=log_level)

    async def on_ready(services: Services, port: int) -> None:
        stations = await prepare_demo(services.database.pool)
        print(banner(settings, port), flush=True)
        await run_simulator(
            f"http://{_shown_host(settings.host)}:{port}",
            stations,
            first_seed=int(time.time()),
            n_scans=n_scans,
            n_at_once=n_at_once,
            every_s=every_s,
        )

    await run_server(settings, on_ready=on_ready)


async def run_simulator(
    base_url: str,
    stations: Sequence[SimulatedStation],
    *,
    first_seed: int,
    n_scans: int,
    n_at_once: int,
    every_s: float,
) -> None:
    """Run the station simulator as a child process until it ends or this task is cancelled.

    The keys go through the child's standard input, so that no process list shows them.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli",
        "station",
        "simulate",
        "--url",
        base_url,
        "--first-seed",
        str(first_seed),
        "--scans",
        str(n_scans),
        "--at-once",
        str(n_at_once),
        "--every",
        str(every_s),
        "--until-eof",
        stdin=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C in our terminal is for us; we end the simulator
    )
    try:
        assert child.stdin is not None
        # Not closed: when this process is gone, however it went, the simulator's input ends.
        child.stdin.write(json.dumps([asdict(station) for station in stations]).encode() + b"\n")
        await child.wait()
    finally:
        if child.returncode is None:
            child.terminate()
            await child.wait()
