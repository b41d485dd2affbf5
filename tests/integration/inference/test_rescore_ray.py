"""Re-scoring with Ray Data: the same files as without it, on a real Ray of two cores."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
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
from scans.errors import StoreUnavailableError
from scans.store import S3Access
from tests.integration.inference.centre import Centre, tiny_scorer
from tests.unit.inference.tiny_onnx import build_tiny_model

pytest.importorskip("ray", reason="requirements/ray.txt is not installed")

ROOT = Path(__file__).parents[3]
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A cluster of one machine that lives on between runs: its address."""
    port = free_port()
    options = ["--head", f"--port={port}", "--num-cpus=2", "--include-dashboard=false", "--block"]
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", *options]
    memory = f"--object-store-memory={100 * 2**20}"
    process = subprocess.Popen([*command, memory], env=os.environ | QUIET, stdout=subprocess.DEVNULL)
    try:
        yield f"127.0.0.1:{port}"
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


def ray_scorer(store: Path | str, address: str | None, *, s3: S3Access | None = None) -> RayScorer:
    """Two workers with the tiny detector."""
    data = build_tiny_model()
    digest = hashlib.sha256(data).hexdigest()
    return RayScorer(
        ModelFile(data=data, digest=digest, options=EngineOptions()),
        StoreAccess(url=str(store), s3=s3 or S3Access()),
        RayOptions(address=address, n_workers=2),
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
        part_scans=2,
        **options,
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


async def test_ray__writes_what_threads_write(
    centre: Centre, archive: list[str], tmp_path: Path, cluster: str
) -> None:
    """Every file is the same to the byte, an unreadable scan's row too."""
    store = tmp_path / "store"
    lose_pixels(store, await digest_of_pixels(centre, archive[3]))
    expected = await run(centre, tmp_path / "threads", ThreadScorer(tiny_scorer(), centre.store))
    assert (expected["n_scored"], expected["n_flagged"]) == (4, 1)
    assert await run(centre, tmp_path / "ray", ray_scorer(store, cluster)) == expected
    assert files_of(tmp_path / "ray") == files_of(tmp_path / "threads")


async def test_ray__takes_up_what_was_left(
    centre: Centre, archive: list[str], tmp_path: Path, cluster: str
) -> None:
    """A run that threads began is finished by Ray, and one that stopped under Ray by threads."""
    store = tmp_path / "store"
    threads, workers = ThreadScorer(tiny_scorer(), centre.store), ray_scorer(store, cluster)
    await run(centre, tmp_path / "whole", threads)
    for first, second in ((threads, workers), (workers, threads)):
        out = tmp_path / type(first).__name__
        with pytest.raises(StoppedError):
            await run(centre, out, first, progress=stop)
        assert len([name for name in files_of(out) if name.startswith("part-")]) == 1
        assert "result.parquet" not in files_of(out)
        await run(centre, out, second)
        assert files_of(out) == files_of(tmp_path / "whole")


async def test_ray__store_that_is_away_ends_the_run(
    centre: Centre, archive: list[str], tmp_path: Path, cluster: str
) -> None:
    """What a worker meets ends the run with its own error, never with rows that say nothing was found."""
    nowhere = S3Access(endpoint="http://127.0.0.1:1", region="x", access_key_id="x", secret_access_key="x")
    with pytest.raises(StoreUnavailableError):
        await run(centre, tmp_path / "run", ray_scorer("s3://scans/x", cluster, s3=nowhere))
    assert [name for name in files_of(tmp_path / "run") if name.startswith("part-")] == []


async def test_ray__cluster_that_is_away(centre: Centre, archive: list[str], tmp_path: Path) -> None:
    """No cluster at the address is an error that says so, and another one is not started in silence."""
    with pytest.raises(RescoreError, match="cannot be used"):
        await run(centre, tmp_path / "run", ray_scorer(tmp_path / "store", f"127.0.0.1:{free_port()}"))
