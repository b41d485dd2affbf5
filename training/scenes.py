"""Benign scenes on disk: drawn once by worker processes, then read a crop at a time.

A scene file is a float16 array ``(2, H, W)`` of areal densities (g/cm²) with a small JSON beside it: the
geometry it was drawn with and the loadable space. float16 rounds 100 g/cm² to 0.03, a tenth of the noise
there.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.beam import FanBeam
from datasets.synthetic.hold import Hold
from datasets.synthetic.scene import Scene, make_scene
from training.jobs import run_jobs
from training.recipe import SceneRecipe

_VEHICLE_MM = 4500.0
"""A scene shows as much of the height at any pitch."""
_MOST_G_CM2 = 60_000.0  # float16 ends at 65,504


@dataclass(frozen=True, kw_only=True)
class CachedScene:
    """A scene file.

    Attributes:
        path: Of the array.
        beam: The geometry it was drawn with.
        hold: The loadable space; None if the vehicle has none.
    """

    path: Path
    beam: FanBeam
    hold: Hold | None

    def planes(self) -> NDArray[np.float16]:
        """Shape ``(2, H, W)``, memory-mapped, read only."""
        planes: NDArray[np.float16] = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return planes


def prepare_scenes(recipe: SceneRecipe, folder: Path, *, workers: int) -> list[CachedScene]:
    """Draw the scenes that are missing and list them all.

    Several runs may fill one folder at a time: files appear whole, and a seed always draws the same scene.
    """
    folder.mkdir(parents=True, exist_ok=True)
    low, high = recipe.pitch_mm
    name = f"{recipe.height_px}x{recipe.width_px}-{recipe.other_pitch_share:g}x{low:g}to{high:g}"
    seeds = range(recipe.first_seed, recipe.first_seed + recipe.n_scenes)
    stems = {seed: folder / f"{seed}-{name}" for seed in seeds}
    missing = [(seed, stem) for seed, stem in stems.items() if not Path(f"{stem}.json").exists()]
    for _ in run_jobs(partial(_Drawer, recipe), missing, workers=workers, description="scenes"):
        pass
    return [_open(stem) for stem in stems.values()]


def draw_scene(recipe: SceneRecipe, seed: int) -> Scene:
    """The scene of a seed; its planes may be kept as float16."""
    rng = np.random.default_rng([0x5CE7, seed])
    pitch, height_px = None, recipe.height_px
    if rng.random() < recipe.other_pitch_share:
        pitch = float(np.exp(rng.uniform(*np.log(recipe.pitch_mm))))
        height_px = max(height_px, int(np.ceil(_VEHICLE_MM / pitch)))
    scene = make_scene(rng, height_px=height_px, width_px=recipe.width_px, pixel_pitch_mm=pitch)
    np.clip(scene.planes, 0, _MOST_G_CM2, out=scene.planes)
    return scene


@dataclass(frozen=True)
class _Drawer:
    """Draws scenes in one process."""

    recipe: SceneRecipe

    def __call__(self, job: tuple[int, Path]) -> None:
        seed, stem = job
        scene = draw_scene(self.recipe, seed)
        facts = {"beam": asdict(scene.beam), "hold": None if scene.hold is None else asdict(scene.hold)}
        # The JSON comes last: a scene without it is drawn again.
        _write(Path(f"{stem}.npy"), scene.planes.astype(np.float16))
        part = Path(f"{stem}.{os.getpid()}.part")
        part.write_text(json.dumps(facts), encoding="utf-8")
        part.replace(f"{stem}.json")


def _write(path: Path, planes: NDArray[np.float16]) -> None:
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.save(file, planes)
    part.replace(path)


def _open(stem: Path) -> CachedScene:
    facts = json.loads(Path(f"{stem}.json").read_text(encoding="utf-8"))
    hold = facts["hold"]
    return CachedScene(
        path=Path(f"{stem}.npy"),
        beam=FanBeam(**facts["beam"]),
        hold=None if hold is None else Hold(x=_span(hold["x"]), y=_span(hold["y"]), z=_span(hold["z"])),
    )


def _span(ends: Sequence[float]) -> tuple[float, float]:
    return float(ends[0]), float(ends[1])
