"""Crops of annotated scans: a COCO folder or a public set beside the synthetic scenes.

Only records of no split or of the training split are taken. Labels without one of the recipe's kinds are
background, like everything else that nobody boxed: a dataset must be complete in the kinds that are learned.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datasets.images import Pixels, read_pixels, to_grey
from datasets.records import Record, Split
from datasets.sources import open_dataset
from models.preprocess import AIR
from training.augment import drop_energy, expose
from training.errors import RecipeError
from training.recipe import CropRecipe, CropSize, Recipe

Rng = np.random.Generator
Boxes = NDArray[np.float32]

MIN_VISIBLE_SHARE: Final = 0.5
"""A thing of which the crop shows less is not a target: a detector need not find half a gun."""


@dataclass(frozen=True, kw_only=True)
class AnnotatedScan:
    """A record with what is learned from it.

    Attributes:
        boxes: Shape ``(n, 4)``, float32 xyxy in pixels of the scan.
        kinds: Index into the recipe's kinds, one for each box.
    """

    record: Record
    boxes: Boxes
    kinds: tuple[int, ...]


def read_scans(recipe: Recipe, base: Path) -> list[AnnotatedScan]:
    """The scans of the recipe's dataset; none if it names none.

    Args:
        recipe: Its ``coco`` names the folder.
        base: What that folder is relative to.

    Raises:
        DatasetError: If it cannot be read or has faults.
        RecipeError: If nothing in it may be trained on.
    """
    if recipe.coco is None:
        return []
    records = open_dataset(base / recipe.coco.folder)
    records.require_valid()
    numbers = {kind: number for number, kind in enumerate(recipe.kinds)}
    scans: list[AnnotatedScan] = []
    for record in records.records:
        # "unboxed" things are in the image without a box: it can serve neither as a target nor as background.
        if record.split not in (None, Split.TRAIN) or record.extra.get("unboxed"):
            continue
        wanted = [annotation for annotation in record.annotations if annotation.kind in numbers]
        scans.append(
            AnnotatedScan(
                record=record,
                boxes=np.array([a.box_xyxy for a in wanted], dtype=np.float32).reshape(-1, 4),
                kinds=tuple(numbers[a.kind] for a in wanted if a.kind is not None),
            )
        )
    if not scans:
        raise RecipeError(
            f"the dataset {recipe.coco.folder} has no record of the training split; assign splits, or "
            "name another"
        )
    return scans


def cut_crop(
    rng: Rng, options: CropRecipe, size: CropSize, scan: AnnotatedScan
) -> tuple[Pixels, Boxes, list[int]]:
    """A crop with the boxes in it; ``threat_share`` of the crops of a scan with threats show one.

    Returns:
        Pixels ``(C, h, w)``, where C is 1 or 2; what a small scan does not cover is air. Boxes in
        pixels of the crop, cut at its edge. Kinds.
    """
    pixels = to_grey(read_pixels(scan.record))
    if pixels.shape[0] == 2 and rng.random() < options.single_energy_share:
        pixels = drop_energy(pixels)
    room_x = max(pixels.shape[2] - size.width_px, 0)
    room_y = max(pixels.shape[1] - size.height_px, 0)
    if len(scan.boxes) and rng.random() < options.threat_share:
        box = scan.boxes[int(rng.integers(len(scan.boxes)))]
        x = min(max(_around(rng, box[0], box[2], size.width_px), 0), room_x)
        y = min(max(_around(rng, box[1], box[3], size.height_px), 0), room_y)
    else:
        x, y = int(rng.integers(0, room_x + 1)), int(rng.integers(0, room_y + 1))
    crop = np.full((pixels.shape[0], size.height_px, size.width_px), AIR, np.uint16)
    seen = pixels[:, y : y + size.height_px, x : x + size.width_px]
    crop[:, : seen.shape[1], : seen.shape[2]] = expose(rng, seen)
    boxes, kept = _cut_boxes(scan.boxes, x, y, seen.shape[2], seen.shape[1])
    return crop, boxes, [scan.kinds[int(i)] for i in kept]


def _around(rng: Rng, low: float, high: float, side_px: int) -> int:
    """Where a crop of that side begins so that it holds low to high, or their middle when they are longer."""
    first, last = high - side_px, low
    if first > last:
        return round((low + high - side_px) / 2)
    return int(rng.integers(int(np.floor(first)), int(np.ceil(last)) + 1))


def _cut_boxes(boxes: Boxes, x: int, y: int, width: int, height: int) -> tuple[Boxes, NDArray[np.int64]]:
    moved = boxes - np.array([x, y, x, y], np.float32)
    cut = moved.copy()
    cut[:, [0, 2]] = cut[:, [0, 2]].clip(0, width)
    cut[:, [1, 3]] = cut[:, [1, 3]].clip(0, height)
    kept = np.flatnonzero(_areas(cut) >= MIN_VISIBLE_SHARE * _areas(moved))
    return cut[kept], kept


def _areas(boxes: Boxes) -> NDArray[np.float32]:
    areas: NDArray[np.float32] = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas
