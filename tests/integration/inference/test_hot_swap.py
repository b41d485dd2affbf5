"""Another model is pinned while scans stream in: none is lost, none is looked at twice, none is mixed up."""

import asyncio
import gc
import hashlib
import json
import time
import weakref
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from inference.scorer import EngineScorer, ScoreItem, ScoreResult, load_pinned_scorer
from inference.screening import ScreeningWorker
from models.registry import pinned_digests
from tests.integration.inference.centre import QUICK, Centre, grey_scan, png, post_scan
from tests.model_server import write_manifest
from tests.unit.inference.tiny_onnx import build_tiny_model

OLD, NEW = build_tiny_model(), build_tiny_model(half_box_px=20.0)
DIGEST = {name: hashlib.sha256(data).hexdigest() for name, data in (("old", OLD), ("new", NEW))}
BOX_WIDTH = {DIGEST["old"]: 20.0, DIGEST["new"]: 40.0}
N_SCANS = 30


class SlowScorer:
    """A pinned model that takes its time and counts what it looks at."""

    n_runs = 0

    def __init__(self, scorer: EngineScorer) -> None:
        self._scorer = scorer
        self.info, self.prepare = scorer.info, scorer.prepare

    def run(
        self, items: Sequence[ScoreItem], *, thresholds: Mapping[str, float] | None = None
    ) -> list[ScoreResult]:
        SlowScorer.n_runs += len(items)
        time.sleep(0.03)
        return self._scorer.run(items, thresholds=thresholds)


@asynccontextmanager
async def screening(centre: Centre, folder: Path) -> AsyncIterator[ScreeningWorker]:
    """A worker that follows the manifest in a folder, with the old model in use."""
    manifest = write_manifest(folder, tiny=OLD)
    keys = [folder / "manifest-key.pem"]
    SlowScorer.n_runs = 0
    async with centre.screening(
        lambda: SlowScorer(load_pinned_scorer(manifest=manifest, keys=keys)),
        find_digests=partial(pinned_digests, "default", manifest_path=manifest, keys=keys),
        settings=replace(QUICK, reload_s=0.05),
    ) as worker:
        await until_used(worker, "old")
        yield worker


async def until_used(worker: ScreeningWorker, name: str) -> None:
    """Wait until the worker screens with a model."""
    async with asyncio.timeout(20):
        while worker.scorer is None or worker.scorer.info.digest != DIGEST[name]:
            await asyncio.sleep(0.01)


async def until_screened(centre: Centre) -> None:
    """Wait until no job is left."""
    async with asyncio.timeout(30):
        while await centre.pool.fetchval("SELECT count(*) FROM screening_jobs"):
            await asyncio.sleep(0.02)


async def test_swap__stream_of_scans_is_screened_once_each(
    centre: Centre, station: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Each scan has one screening, and its findings are those of the very model that the screening names."""
    async with screening(centre, tmp_path) as worker:
        old = weakref.ref(worker.scorer)
        for number in range(N_SCANS):
            if number == N_SCANS // 3:
                write_manifest(tmp_path, tiny=NEW)
            await post_scan(station, png(grey_scan(dark=True, seed=number)), key=str(number))
        await until_used(worker, "new")
        last = await post_scan(station, png(grey_scan(dark=True, seed=N_SCANS)), key="last")
        await until_screened(centre)
        gc.collect()
        assert old() is None
    rows = await centre.pool.fetch("SELECT scan_id, model_digest, findings FROM screenings")
    assert len(rows) == len({row["scan_id"] for row in rows}) == SlowScorer.n_runs == N_SCANS + 1
    by_scan = {row["scan_id"]: row["model_digest"].hex() for row in rows}
    assert set(by_scan.values()) == {DIGEST["old"], DIGEST["new"]}
    assert by_scan[last["scan_id"]] == DIGEST["new"]
    for row in rows:
        box = json.loads(row["findings"])[0]["box_xyxy"]
        assert box[2] - box[0] == BOX_WIDTH[row["model_digest"].hex()]
    assert await centre.pool.fetchval("SELECT count(DISTINCT scan_id) FROM cases") == N_SCANS + 1
    assert await centre.pool.fetchval("SELECT count(*) FROM audit WHERE event = 'screening_failed'") == 0
    loaded = await centre.pool.fetch("SELECT at, detail FROM audit WHERE event = 'model_loaded' ORDER BY seq")
    for name, row in zip(("old", "new"), loaded, strict=True):
        assert f"sha256={DIGEST[name]}" in row["detail"]
    first = await centre.pool.fetchval(
        "SELECT min(created_at) FROM screenings WHERE model_digest = $1", bytes.fromhex(DIGEST["new"])
    )
    assert loaded[1]["at"] < first


@pytest.mark.parametrize("fault", ["half a manifest", "unsigned", "other bytes", "useless model"])
async def test_swap__what_cannot_be_used_is_not(
    fault: str, centre: Centre, station: httpx.AsyncClient, tmp_path: Path
) -> None:
    """With a broken manifest, file or model the old one goes on; a sound one that follows is used."""
    async with screening(centre, tmp_path) as worker:
        match fault:
            case "half a manifest":
                (tmp_path / "manifest.json").write_text('{"default": "ti')
            case "unsigned":
                write_manifest(tmp_path, tiny=NEW)
                text = (tmp_path / "manifest.json").read_text()
                (tmp_path / "manifest.json").write_text(text.replace('"signature"', '"signed"'))
            case "other bytes":
                write_manifest(tmp_path, tiny=NEW)
                (tmp_path / "tiny.onnx").write_bytes(NEW[:-1] + b"\0")
            case _:
                write_manifest(tmp_path, tiny=build_tiny_model(flaw="nan_always"))
        await asyncio.sleep(0.3)
        await post_scan(station, png(grey_scan(dark=True)))
        await until_screened(centre)
        assert worker.is_ready
        write_manifest(tmp_path, tiny=NEW)
        await until_used(worker, "new")
    assert (await centre.pool.fetchval("SELECT model_digest FROM screenings")).hex() == DIGEST["old"]
