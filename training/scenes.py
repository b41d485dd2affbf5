"""Benign scenes on disk: drawn once by worker processes, then read a crop at a time.

A scene file is a float16 array ``(2, H, W)`` of areal densities (g/cm²) with a small JSON beside it.
float16 rounds 100 g/cm² to 0.03, a tenth of the noise there.
"""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from datasets.synthetic.scene import make_scene
from training.recipe import SceneRecipe


@dataclass(frozen=True, kw_only=True)
class CachedScene:
    """A scene file; ``inside_px`` is the loadable space, xyxy."""

    path: Path
    pitch_mm: float
    inside_px: tuple[float, float, float, float]

    def planes(self) -> NDArray[np.float16]:
        """Shape ``(2, H, W)``, memory-mapped, read only."""
        planes: NDArray[np.float16] = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return planes


def prepare_scenes(recipe: SceneRecipe, folder: Path, *, workers: int) -> list[CachedScene]:
    """Draw the scenes that are missing and list them all."""
    folder.mkdir(parents=True, exist_ok=True)
    size = f"{recipe.height_px}x{recipe.width_px}"
    jobs = [
        (
            recipe.first_seed + i,
            recipe.height_px,
            recipe.width_px,
            str(folder / f"{recipe.first_seed + i}-{size}"),
        )
        for i in range(recipe.n_scenes)
    ]
    missing = [job for job in jobs if not Path(job[3] + ".json").exists()]
    if missing:
        with (
            ProcessPoolExecutor(max(workers, 1), mp_context=get_context("spawn")) as pool,
            Progress() as progress,
        ):
            for _ in progress.track(pool.map(_draw, missing), total=len(missing), description="scenes"):
                pass
    return [_open(Path(job[3])) for job in jobs]


def _draw(job: Sequence[Any]) -> None:
    seed, height_px, width_px, stem = job
    cv2.setNumThreads(1)
    rng = np.random.default_rng([0x5CE7, seed])
    pitch = float(rng.uniform(4.3, 6.2))
    scene = make_scene(rng, height_px=height_px, width_px=width_px, pixel_pitch_mm=pitch)
    part = Path(stem + f".{os.getpid()}.part.npy")
    np.save(part, scene.planes.clip(-1000, 60000).astype(np.float16))
    part.rename(stem + ".npy")
    # The JSON comes last: a scene without it is drawn again.
    Path(stem + ".json").write_text(json.dumps({"pitch_mm": scene.pitch_mm, "inside_px": scene.inside_px}))


def _open(stem: Path) -> CachedScene:
    facts = json.loads(Path(f"{stem}.json").read_text(encoding="utf-8"))
    x0, y0, x1, y1 = facts["inside_px"]
    return CachedScene(path=Path(f"{stem}.npy"), pitch_mm=facts["pitch_mm"], inside_px=(x0, y0, x1, y1))
