"""Crops of whole vehicles: threats where a smuggler hides them, and places that were taken for threats.

Crops of scenes (``training.crops``) hide a threat anywhere and show harmless places as they come. A vehicle
has some fifty crops; at a few false alarms per hundred vehicles the rare place decides, and goods lie amid
goods. So many threats are hidden in each of many vehicles, and before that the weights that a run begins
with look at the whole of it: their best place of each kind is a mistake to learn from.

A vehicle is a pure function of the recipe, those weights and its number, and one folder of crops.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch

from datasets.synthetic.hiding import hide
from datasets.synthetic_folder import practice_digest
from models.detection_model import DetectionModel
from models.preprocess import to_input
from training.crops import draw_scanner, scan_matter
from training.jobs import run_jobs
from training.loads import Load, LoadBuilder, read_load, write_load
from training.recipe import Recipe, VehicleRecipe, digest_of
from training.scenes import draw_scene
from training.shapes import shapes_of_recipe
from training.whole_folder import whole_folder

Rng = np.random.Generator
Box = Sequence[float]

_VEHICLE: Final = 0xCA8
ROOM: Final = 1.15
"""Side of a crop, at least, as a multiple of the box's that it is cut about."""
_LOADED, _HARMLESS = "loaded", "harmless"


@dataclass(frozen=True, kw_only=True)
class VehicleCrop:
    """A crop of a vehicle before a scanner looks.

    Attributes:
        size: Index into the recipe's crop sizes.
        load: With threats, or harmless.
    """

    size: int
    load: Load


class VehicleCrops:
    """All crops that vehicles were cut into, by size.

    Args:
        folder: Of `prepare_vehicles`.
        n_vehicles: Those of the recipe.
    """

    def __init__(self, folder: Path, n_vehicles: int) -> None:
        self._files: dict[tuple[int, bool], list[Path]] = {}
        for number in range(n_vehicles):
            for path in sorted((folder / str(number)).iterdir()):
                what, size, _ = path.stem.split("-")
                self._files.setdefault((int(size), what == _LOADED), []).append(path)

    def draw(self, rng: Rng, size: int, *, has_threats: bool) -> Load | None:
        """Any crop of that size, or None: no vehicle has one."""
        files = self._files.get((size, has_threats))
        return read_load(files[int(rng.integers(len(files)))]) if files else None


def make_vehicle(number: int, recipe: Recipe, model: DetectionModel) -> list[VehicleCrop]:
    """Draw one vehicle and cut it up.

    Args:
        number: Of the vehicle.
        recipe: With a ``vehicles`` part.
        model: Makes the mistakes; on the CPU, in evaluation mode.
    """
    assert recipe.vehicles is not None
    rng = np.random.default_rng((recipe.seed, _VEHICLE, number))
    scene = draw_scene(recipe.scenes, recipe.vehicles.first_seed + number)
    scanner = draw_scanner(rng, recipe.crops)
    image = torch.from_numpy(to_input(scan_matter(rng, scene.planes, scanner)))
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=recipe.fit.bfloat16):
        boxes = model(image.to(memory_format=torch.channels_last))[0].float()
    builder = LoadBuilder(scene.planes)
    mistakes = rng.permutation(boxes[0, :, 0].numpy()).tolist()
    crops = _cut(rng, recipe, builder.build(), mistakes, most=recipe.vehicles.n_mistakes)
    shapes = shapes_of_recipe(recipe)
    for _ in range(recipe.vehicles.n_threats):
        found = hide(rng, scene.planes, scene.beam, scene.hold, scanner, n_threats=1, shapes=shapes)
        if found:
            builder.add(scene.planes, recipe.kinds.index(found[0].kind.value))
    loaded = builder.build()
    return crops + _cut(rng, recipe, loaded, loaded.boxes, most=len(loaded.kinds))


def _cut(rng: Rng, recipe: Recipe, whole: Load, boxes: Sequence[Box], *, most: int) -> list[VehicleCrop]:
    """A crop about each box that is in no crop before it."""
    height, width = whole.planes.shape[1:]
    shown: list[Box] = []
    crops: list[VehicleCrop] = []
    for x0, y0, x1, y1 in boxes:
        seen = any(a <= x0 and b <= y0 and x1 <= c and y1 <= d for a, b, c, d in shown)
        size = _size_for(rng, recipe, x1 - x0, y1 - y0)
        if seen or size is None or len(crops) == most:
            continue
        wide, high = recipe.crops.sizes[size].width_px, recipe.crops.sizes[size].height_px
        left = int(np.clip(rng.uniform(x1 - wide, x0), 0, width - wide))
        top = int(np.clip(rng.uniform(y1 - high, y0), 0, height - high))
        shown.append((left, top, left + wide, top + high))
        crops.append(VehicleCrop(size=size, load=whole.window(left, top, width_px=wide, height_px=high)))
    return crops


def _size_for(rng: Rng, recipe: Recipe, width: float, height: float) -> int | None:
    """A size with room for a box, as often as crops of it are learned from; None if all are too small."""
    chances = np.array(
        [
            size.share * recipe.crops_per_batch(size)
            if size.width_px >= width * ROOM and size.height_px >= height * ROOM
            else 0.0
            for size in recipe.crops.sizes
        ]
    )
    return int(rng.choice(len(chances), p=chances / chances.sum())) if chances.any() else None


def prepare_vehicles(recipe: Recipe, model: DetectionModel, folder: Path, *, workers: int) -> VehicleCrops:
    """Make the vehicles that are missing.

    Several runs may fill one folder at a time: a vehicle's folder appears whole.

    Args:
        recipe: With a ``vehicles`` part.
        model: Makes the mistakes; with the weights that the run begins with, on the CPU, in evaluation mode.
        folder: Of vehicles of any recipe; each recipe has its own folder there.
        workers: Processes.
    """
    assert recipe.vehicles is not None
    folder = folder / f"vehicles-{_digest(recipe, recipe.vehicles, model)[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [n for n in range(recipe.vehicles.n_vehicles) if not (folder / str(n)).exists()]
    open_maker = partial(_Maker, recipe, model, folder)
    for _ in run_jobs(open_maker, missing, workers=workers, description="vehicles"):
        pass
    return VehicleCrops(folder, recipe.vehicles.n_vehicles)


def write_vehicle(folder: Path, crops: Sequence[VehicleCrop]) -> None:
    """Whole or not at all."""
    with whole_folder(folder) as part:
        for index, crop in enumerate(crops):
            what = _LOADED if crop.load.kinds else _HARMLESS
            write_load(part / f"{what}-{crop.size}-{index}.npz", crop.load)


def _digest(recipe: Recipe, vehicles: VehicleRecipe, model: DetectionModel) -> str:
    """Of all that decides what a vehicle's crops hold, but their number."""
    weights = hashlib.sha256()
    for value in model.state_dict().values():
        weights.update(value.cpu().numpy().tobytes())
    fields = asdict(vehicles)
    del fields["share"], fields["n_vehicles"]
    return digest_of(
        {
            "crops": recipe.crops_digest,
            "vehicles": fields,
            "weights": weights.hexdigest(),
            "practice": practice_digest(),
        }
    )


class _Maker:
    """Makes vehicles in one process."""

    def __init__(self, recipe: Recipe, model: DetectionModel, folder: Path) -> None:
        self._recipe, self._model, self._folder = recipe, model, folder

    def __call__(self, number: int) -> None:
        write_vehicle(self._folder / str(number), make_vehicle(number, self._recipe, self._model))
