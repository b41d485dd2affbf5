"""Re-scoring with Ray Data: the same files as without it, on a real Ray of two cores."""

import asyncio
import hashlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.throwaway import free_port
from inference.errors import RescoreError
from inference.rescore import rescore
from inference.rescore_parts import PartScorer, ThreadScorer
from inference.rescore_ray import ModelFile, RayScorer, StoreAccess
from inference.rescore_run import RescoreFilters
from inference.settings import EngineOptions, RayOptions
from scans.store import S3Access
from tests.integration.inference.centre import Centre, tiny_scorer
from tests.unit.inference.tiny_onnx import build_tiny_model

pytest.importorskip("ray", reason="requirements/ray.txt is not installed")

ROOT = Path(__file__).parents[3]
START_TIMEOUT_S = 600.0
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def cluster() -> Iterator[dict[str, str]]:
    """A cluster of one machine: what the environment needs that uses it, its token included."""
    address = f"127.0.0.1:{free_port()}"
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    options = [
        "--head",
        "--node-ip-address=127.0.0.1",
        f"--port={address.rpartition(':')[2]}",
        "--num-cpus=2",
        f"--object-store-memory={100 * 2**20}",
        "--include-dashboard=false",
        f"--ray-client-server-port={free_port()}",
        "--block",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "ray.scripts.scripts", "start", *options],
        env=os.environ | QUIET | token,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield {"SHENXIANG_RAY_ADDRESS": address, **token}
    finally:
        end_tree(psutil.Process(process.pid))


def end_tree(root: psutil.Process) -> None:
    """End a process that a test started, with all below it."""
    below = root.children(recursive=True)
    root.terminate()
    _, alive = psutil.wait_procs([root, *below], timeout=20)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive)


def ray_scorer(store: Path, *, address: str | None = None) -> RayScorer:
    """Two workers with the tiny detector, on a Ray of their own or at an address."""
    data = build_tiny_model()
    return RayScorer(
        ModelFile(data=data, digest=hashlib.sha256(data).hexdigest(), options=EngineOptions()),
        StoreAccess(url=str(store), s3=S3Access()),
        RayOptions(address=address, n_workers=2),
    )


@pytest.fixture
def command(tmp_path: Path, centre: Centre, database_url: str) -> tuple[list[str], dict[str, str]]:
    """The command that re-scores the centre's archive into the folder ``run``, and its environment."""
    (tmp_path / "tiny.onnx").write_bytes(build_tiny_model())
    options = ["--engine", "ray", "--workers", "2", "--model", str(tmp_path / "tiny.onnx")]
    settings = {"SHENXIANG_DATABASE_URL": database_url, "SHENXIANG_STORE_URL": str(tmp_path / "store")}
    return (
        [sys.executable, "-m", "app.cli", "rescore", *options, "--out", str(tmp_path / "run")],
        os.environ | QUIET | settings,
    )


class StoppedError(Exception):
    """A run was stopped in the middle."""


def stop(_done: int, _all: int) -> None:
    """Stop a run once its first part is written."""
    raise StoppedError


async def run(centre: Centre, out: Path, scorer: PartScorer, **options: Any) -> dict[str, Any]:
    """Re-score in parts of two."""
    return await rescore(
        pool=centre.pool,
        queue=centre.queue,
        scorer=scorer,
        out=out,
        filters=RescoreFilters(),
        **{"part_scans": 2, **options},
    )


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of a run."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


async def digest_of_pixels(centre: Centre, scan_id: str) -> str:
    """Where a scan's pixels are."""
    return str(
        await centre.pool.fetchval("SELECT encode(px16_full, 'hex') FROM scans WHERE scan_id = $1", scan_id)
    )


def lose_pixels(store: Path, digest: str) -> None:
    """Take an object out of the store."""
    [stored] = store.rglob(f"*{digest}")
    stored.unlink()


async def test_ray__on_a_cluster_writes_what_threads_write(
    centre: Centre,
    archive: list[str],
    tmp_path: Path,
    command: tuple[list[str], dict[str, str]],
    cluster: dict[str, str],
) -> None:
    """Every file is the same to the byte, an unreadable scan's row too."""
    lose_pixels(tmp_path / "store", await digest_of_pixels(centre, archive[3]))
    ended = await asyncio.to_thread(
        subprocess.run, command[0], cwd=ROOT, env=command[1] | cluster, timeout=START_TIMEOUT_S, check=False
    )
    assert ended.returncode == 0
    threads = ThreadScorer(tiny_scorer(), centre.store)
    expected = await run(centre, tmp_path / "threads", threads, part_scans=500)
    assert (expected["n_scored"], expected["n_flagged"]) == (4, 1)
    assert files_of(tmp_path / "run") == files_of(tmp_path / "threads")


async def test_ray__takes_up_what_was_left(centre: Centre, archive: list[str], tmp_path: Path) -> None:
    """A run that threads began is finished by Ray, and one that stopped under Ray by threads."""
    threads, workers = ThreadScorer(tiny_scorer(), centre.store), ray_scorer(tmp_path / "store")
    await run(centre, tmp_path / "whole", threads)
    for first, second in ((threads, workers), (workers, threads)):
        out = tmp_path / type(first).__name__
        with pytest.raises(StoppedError):
            await run(centre, out, first, progress=stop)
        assert len([name for name in files_of(out) if name.startswith("part-")]) == 1
        assert "result.parquet" not in files_of(out)
        await run(centre, out, second)
        assert files_of(out) == files_of(tmp_path / "whole")


async def test_ray__cluster_that_is_away(centre: Centre, archive: list[str], tmp_path: Path) -> None:
    """No cluster at the address is an error that says so, and another one is not started in silence."""
    with pytest.raises(RescoreError, match="cannot be used"):
        await run(
            centre, tmp_path / "run", ray_scorer(tmp_path / "store", address=f"127.0.0.1:{free_port()}")
        )


async def test_ray__killed_command_leaves_nothing_behind(
    centre: Centre, archive: list[str], tmp_path: Path, command: tuple[list[str], dict[str, str]]
) -> None:
    """A Ray that the command started ends with it, by kill -9 too, and the run is taken up."""
    assert await asyncio.to_thread(kill_rescore, *command) == []
    threads = ThreadScorer(tiny_scorer(), centre.store)
    assert (await run(centre, tmp_path / "run", threads))["n_scored"] == len(archive)


def kill_rescore(arguments: list[str], environment: dict[str, str]) -> list[psutil.Process]:
    """Kill the command once its Ray has a worker; return what is left of it two minutes later."""
    command = subprocess.Popen(arguments, cwd=ROOT, env=environment)
    root, ends_at = psutil.Process(command.pid), time.monotonic() + START_TIMEOUT_S
    while not (below := below_with_worker(root)):
        assert command.poll() is None, "the command ended by itself"
        assert time.monotonic() < ends_at, "the command has started no worker"
        time.sleep(0.1)
    command.kill()
    command.wait()
    return psutil.wait_procs(below, timeout=120)[1]


def below_with_worker(root: psutil.Process) -> list[psutil.Process]:
    """All processes below one, if a worker of Ray is among them."""
    with suppress(psutil.NoSuchProcess):
        below = root.children(recursive=True)
        if any(process.cmdline()[:1] and process.cmdline()[0].startswith("ray::") for process in below):
            return below
    return []
