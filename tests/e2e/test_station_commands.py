"""``shenxiang post`` and ``shenxiang station watch`` as processes, before a real server.

The tests share the server; each has a station of its own, so whatever it posts, and posts twice, is its own.
"""

import asyncio
import json
import os
import random
import signal
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pytest_asyncio

from app.demo import DEMO_PASSWORD, prepare_demo
from app.reviewer import ReviewerClient
from app.throwaway import ThrowawaySystem, throwaway_system
from inference.stations import create_station
from inference.triage import TriagePolicy, store_policy
from tests.e2e.attach import attached_pool

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.asyncio(loop_scope="module")

N_SCANS, N_KILLS = 25, 8
FIRST_DROPPED = 100  # pictures that no other test has sent before
QUICK = ("--settle", "0.2", "--parts", "0.4", "--broken", "3", "--abandon", "4", "--poll", "0.05", "--json")


@dataclass(kw_only=True)
class Station:
    """A station's machine: its key in a file, its address in the environment."""

    system: ThrowawaySystem
    station_id: str
    key: str
    folder: Path

    async def start(self, *arguments: object, **environment: str) -> asyncio.subprocess.Process:
        """Start the command line with the station's key file."""
        key_file = self.folder / "key"
        key_file.write_text(self.key + "\n")
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.cli", *map(str, arguments)),
            cwd=ROOT,
            env={
                **os.environ,
                "SHENXIANG_STATION_KEY_FILE": str(key_file),
                "SHENXIANG_CENTRE_URL": self.system.url,
                **environment,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: object, **environment: str) -> tuple[int | None, str, str]:
        """Run the command line; return its status, stdout and stderr."""
        process = await self.start(*arguments, **environment)
        async with asyncio.timeout(120):
            out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    async def scans(self) -> list[dict[str, Any]]:
        """What the centre holds of this station."""
        sql = "SELECT * FROM scans WHERE station_id = $1"
        async with attached_pool(self.system) as pool:
            return [dict(row) for row in await pool.fetch(sql, self.station_id)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system() -> AsyncIterator[ThrowawaySystem]:
    """A system that sends every scan to a person."""
    async with throwaway_system() as system:
        async with attached_pool(system) as pool:
            await prepare_demo(pool)
            async with pool.acquire() as connection:
                await store_policy(connection, TriagePolicy(audit_sample=1.0), author="system:test")
        yield system


@pytest_asyncio.fixture(loop_scope="module")
async def station(system: ThrowawaySystem, tmp_path: Path) -> Station:
    """A station that has posted nothing yet."""
    station_id = f"YTN-{uuid.uuid4().hex[:8]}"
    async with attached_pool(system) as pool, pool.acquire() as connection:
        given = await create_station(connection, station_id=station_id, port="YTN", name="Test")
    return Station(system=system, station_id=station_id, key=given.key, folder=tmp_path)


def picture(seed: int) -> bytes:
    """A small 16-bit scan."""
    pixels = np.random.default_rng(seed).integers(30_000, 60_000, (80, 120)).astype(np.uint16)
    ok, data = cv2.imencode(".png", pixels)
    assert ok
    return bytes(data)


async def test_post__from_files_to_disposition(station: Station) -> None:
    """Files are grouped and posted once, however often; refusals and troubles have their status and code."""
    scans = station.folder / "scans"
    scans.mkdir()
    for name, seed in (("a_high", 1), ("a_low", 2), ("b", 3), ("c", 4)):
        (scans / f"{name}.png").write_bytes(picture(seed))
    (scans / "a.xml").write_text("<s><ContainerId>CSQU3054383</ContainerId></s>")
    (scans / "broken.png").write_bytes(picture(5)[:-9])
    files = [scans / name for name in ("a_high.png", "a_low.png", "a.xml", "b.png")]

    status, out, err = await station.run("post", *files)
    assert (status, err) == (0, "")
    ids = [line.split()[0] for line in out.splitlines()]
    assert len(set(ids)) == 2
    status, out, _ = await station.run("post", *files, "--json")
    assert (status, [scan["scan_id"] for scan in json.loads(out)]) == (0, ids)
    status, out, err = await station.run("post", files[-1], "--container", "CSQU3054383")
    assert (status, out) == (1, "")
    assert "shenxiang: idempotency_key_reused: b.png:" in err

    status, out, _ = await station.run("post", scans / "broken.png", scans / "c.png", "--json")
    broken, sound = sorted(json.loads(out), key=lambda scan: scan["files"])
    assert (status, broken["error"]["code"]) == (1, "image_malformed")
    assert sound["scan_id"] not in ids

    waiting = ("post", *files, "--wait", "1", "--json")
    status, out, _ = await station.run(*waiting)
    assert (status, [scan["error"]["code"] for scan in json.loads(out)]) == (75, ["disposition_pending"] * 2)
    await decide(station.system, set(ids))
    status, out, _ = await station.run(*waiting)
    assert (status, [scan["disposition"]["disposition"] for scan in json.loads(out)]) == (0, ["inspect"] * 2)

    status, _, err = await station.run("post", files[-1], SHENXIANG_CENTRE_URL="http://127.0.0.1:9")
    assert status == 75
    assert "shenxiang: centre_unreachable: b.png:" in err
    assert {scan["scan_id"] for scan in await station.scans()} == {*ids, sound["scan_id"]}


async def decide(system: ThrowawaySystem, scan_ids: set[str]) -> None:
    """Inspect whatever comes until these scans are decided."""
    decided: set[str] = set()
    async with asyncio.timeout(120), ReviewerClient(system.url, login="lin", password=DEMO_PASSWORD) as lin:
        while not decided >= scan_ids:
            lease = await lin.next_case()
            if lease is None:
                await asyncio.sleep(0.2)
                continue
            await lin.decide(lease, "inspect")
            decided.add(lease["scan_id"])


async def test_post__one_scan_with_all_that_is_said_of_it(station: Station) -> None:
    """Energies, sidecar, photo and declaration are what the command says; the key is never printed."""
    ok, photo = cv2.imencode(".jpg", np.full((60, 80, 3), 128, np.uint8))
    assert ok
    (station.folder / "1.png").write_bytes(picture(1))
    (station.folder / "2.png").write_bytes(picture(2))
    (station.folder / "photo.jpg").write_bytes(bytes(photo))
    (station.folder / "info.json").write_text(
        '{"container_no": "CSQU3054383", "ScanTime": "2026-01-01 08:00:00"}'
    )
    (station.folder / "declaration.json").write_text('{"declaration_no": "D-1", "declared_empty": true}')
    status, out, err = await station.run(
        *("post", station.folder / "1.png", "--low", station.folder / "2.png"),
        *("--sidecar", station.folder / "info.json", "--utc-offset", "+08:00", "--direction", "import"),
        *("--gate-photo", station.folder / "photo.jpg"),
        *("--declaration", station.folder / "declaration.json", "--idempotency-key", "pass-7", "--json"),
    )
    assert (status, err) == (0, "")
    (scan,) = await station.scans()
    assert scan["scan_id"] == json.loads(out)[0]["scan_id"]
    assert (scan["n_channels"], scan["direction"], scan["idempotency_key"]) == (2, "import", "pass-7")
    assert scan["container_nos"] == ["CSQU3054383"]
    assert scan["scanned_at"].isoformat() == "2026-01-01T00:00:00+00:00"
    assert len(json.loads(scan["gate_photos"])) == 1
    assert json.loads(scan["declaration"])["declaration_no"] == "D-1"
    assert station.key not in out + err


async def test_watch__killed_at_random_instants__exactly_one_scan_per_pass(station: Station) -> None:
    """While a scanner writes, the watcher is killed again and again; nothing is lost, nothing doubled."""
    chance = random.Random(20261124)
    drop = station.folder / "drop"
    drop.mkdir()
    scanning = asyncio.create_task(scan_into(drop, chance))
    n_survived = 0
    for _ in range(N_KILLS):
        watcher = await station.start("station", "watch", drop, *QUICK)
        assert watcher.stdout is not None
        async with asyncio.timeout(60):
            assert json.loads(await watcher.stdout.readline())["event"] == "watching"
        await asyncio.sleep(chance.uniform(0.0, 1.5))
        n_survived += watcher.returncode is not None
        watcher.send_signal(signal.SIGKILL)
        await watcher.communicate()
    assert n_survived == 0, "a watcher ended by itself"
    await scanning
    n_before = len(await station.scans())
    last, other = [await station.start("station", "watch", drop, *QUICK) for _ in range(2)]
    async with asyncio.timeout(240):
        for watcher in (last, other):
            assert watcher.stdout is not None
            assert json.loads(await watcher.stdout.readline())["event"] in ("watching", "standing_by")
        while any(path.is_file() for path in drop.iterdir()):
            await asyncio.sleep(0.2)
    for watcher in (last, other):
        watcher.send_signal(signal.SIGINT)
        await watcher.communicate()
        assert watcher.returncode == 0
    scans = await station.scans()
    assert n_before > 0
    digests = Counter(tuple(digest.hex() for digest in scan["image_digests"]) for scan in scans)
    assert len(scans) == N_SCANS
    assert set(digests.values()) == {1}
    assert {scan["n_channels"] for scan in scans} == {2}
    done = {path.name for path in (drop / "done").glob("*.png")}
    assert done == {f"p{number}_{energy}.png" for number in range(N_SCANS) for energy in ("high", "low")}
    assert list((drop / "refused").iterdir()) == []


async def scan_into(drop: Path, chance: random.Random) -> None:
    """Write passes as a careless scanner does: under their final names, in pieces."""
    for number in range(N_SCANS):
        for energy in ("high", "low"):
            data = picture(FIRST_DROPPED + 2 * number + (energy == "low"))
            with (drop / f"p{number}_{energy}.png").open("wb") as file:
                for start in range(0, len(data), 4096):
                    file.write(data[start : start + 4096])
                    file.flush()
                    await asyncio.sleep(chance.uniform(0.0, 0.05))
        await asyncio.sleep(chance.uniform(0.0, 0.3))


async def test_watch__an_unknown_key_ends_it_with_one_line(station: Station) -> None:
    """No truck waits for a watcher that can never post; without a key it is bad usage."""
    drop = station.folder / "drop"
    drop.mkdir()
    station.key = "sx_0123456789abcdef_" + "0" * 48
    status, _, err = await station.run("station", "watch", drop)
    assert (status, err.startswith("shenxiang: station_key_invalid: ")) == (1, True)
    assert station.key not in err
    status, _, err = await station.run("station", "watch", drop, SHENXIANG_STATION_KEY_FILE="")
    assert (status, "station_key_missing" in err) == (2, True)
