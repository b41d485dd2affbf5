"""Training crops: a piece of a cached scene, threats, a scanner of its own; or a piece of an annotated scan.

Crop number n is a pure function of (recipe seed, n), so a resumed run sees exactly the crops it would
have seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from datasets.synthetic.canvas import Canvas
from datasets.synthetic.chain import Chain, digitise, draw_chain, transmission
from datasets.synthetic.physics import ALUMINIUM, STEEL, Float32
from datasets.synthetic.threats import ThreatKind, draw_threat, place_threat
from models.preprocess import to_input
from training.annotated import AnnotatedScan, cut_crop
from training.recipe import CropRecipe, Recipe
from training.scenes import CachedScene

Rng = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class Crop:
    """One training example.

    Attributes:
        image: Shape ``(2, h, w)``, float32 transmission.
        boxes: Shape ``(n, 4)``, float32 xyxy in pixels of the crop.
        kinds: Shape ``(n,)``, int64, index into the recipe's kinds.
    """

    image: Tensor
    boxes: Tensor
    kinds: Tensor


class CropDataset(Dataset[Crop]):
    """Crops by number; see the module's docstring."""

    def __init__(
        self,
        recipe: Recipe,
        scenes: Sequence[CachedScene],
        *,
        first: int,
        count: int,
        annotated: Sequence[AnnotatedScan] = (),
    ) -> None:
        self._recipe = recipe
        self._scenes = list(scenes)
        self._annotated = list(annotated)
        self._first = first
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Crop:
        cv2.setNumThreads(1)
        rng = np.random.default_rng([self._recipe.seed, self._first + index])
        coco = self._recipe.coco
        # Without a dataset nothing is drawn, so that recipes of before see the crops of before.
        if coco is not None and rng.random() < coco.share:
            scan = self._annotated[int(rng.integers(len(self._annotated)))]
            return _finish(rng, self._recipe.crops, *cut_crop(rng, self._recipe.crops, scan))
        return make_crop(rng, self._recipe, self._scenes[int(rng.integers(len(self._scenes)))])


def collate(crops: Sequence[Crop]) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Images ``(N, 2, h, w)``, and boxes and kinds per image."""
    return torch.stack([c.image for c in crops]), [c.boxes for c in crops], [c.kinds for c in crops]


def make_crop(rng: Rng, recipe: Recipe, scene: CachedScene) -> Crop:
    """Cut, hide, scan."""
    options = recipe.crops
    planes = _cut(rng, options, scene)
    if rng.random() < options.fittings_share:
        _add_fittings(rng, planes, scene.pitch_mm)
    chain = draw_chain(rng, dual_energy=bool(rng.random() >= options.single_energy_share))
    boxes: list[tuple[float, float, float, float]] = []
    kinds: list[int] = []
    if rng.random() < options.threat_share:
        for _ in range(int(rng.integers(1, options.max_threats + 1))):
            kind = int(rng.integers(len(recipe.kinds)))
            box = _hide(rng, planes, ThreatKind(recipe.kinds[kind]), scene.pitch_mm, chain)
            if box is not None:
                boxes.append(box)
                kinds.append(kind)
    pixels = digitise(transmission(planes, chain), chain, rng)
    return _finish(rng, options, pixels, np.array(boxes, dtype=np.float32).reshape(-1, 4), kinds)


def _finish(
    rng: Rng, options: CropRecipe, pixels: NDArray[np.uint16], target: Float32, kinds: Sequence[int]
) -> Crop:
    """Mirror half of the crops and make tensors."""
    image = to_input(pixels)[0]
    if rng.random() < 0.5:
        image = np.ascontiguousarray(image[:, :, ::-1])
        target[:, [0, 2]] = options.width_px - target[:, [2, 0]]
    return Crop(
        image=torch.from_numpy(image),
        boxes=torch.from_numpy(target),
        kinds=torch.tensor(list(kinds), dtype=torch.int64),
    )


def _cut(rng: Rng, options: CropRecipe, scene: CachedScene) -> Float32:
    planes: NDArray[Any] = scene.planes()
    _, height, width = planes.shape
    if rng.random() < 0.8:
        x0, y0, x1, y1 = scene.inside_px
        centre = rng.uniform(x0, x1), rng.uniform(y0, y1)
    else:
        centre = rng.uniform(0, width), rng.uniform(0, height)
    x = int(np.clip(centre[0] - options.width_px / 2, 0, width - options.width_px))
    y = int(np.clip(centre[1] - options.height_px / 2, 0, height - options.height_px))
    return np.array(planes[:, y : y + options.height_px, x : x + options.width_px], dtype=np.float32)


def _hide(
    rng: Rng, planes: Float32, kind: ThreatKind, pitch_mm: float, chain: Chain
) -> tuple[float, float, float, float] | None:
    for _ in range(4):
        threat = draw_threat(rng, kind, pitch_mm=pitch_mm)
        room_x, room_y = planes.shape[2] - threat.shape[2], planes.shape[1] - threat.shape[1]
        if room_x < 0 or room_y < 0:
            continue
        x, y = int(rng.integers(0, room_x + 1)), int(rng.integers(0, room_y + 1))
        box = place_threat(planes, threat, x_px=x, y_px=y, chain=chain)
        if box is not None:
            return box
    return None


def _add_fittings(rng: Rng, planes: Float32, pitch_mm: float) -> None:
    """Harmless bits of steel, single or in rows: what a blade or a gun part is confused with."""
    canvas = Canvas(height_px=planes.shape[1], width_px=planes.shape[2], pitch_mm=pitch_mm)
    for _ in range(int(rng.integers(1, 9))):
        x, y = rng.uniform(0, canvas.width_mm), rng.uniform(0, canvas.height_mm)
        half, thickness = rng.uniform(10, 70), float(np.exp(rng.uniform(np.log(0.4), np.log(12))))
        metal, shape, turn = (
            STEEL if rng.random() < 0.8 else ALUMINIUM,
            int(rng.integers(3)),
            rng.uniform(0, 3.2),
        )
        step = (rng.uniform(60, 300), 0.0) if rng.random() < 0.5 else (0.0, rng.uniform(60, 300))
        for k in range(int(rng.integers(2, 9)) if rng.random() < 0.4 else 1):
            cx, cy = x + k * step[0], y + k * step[1]
            end = (cx + half * np.cos(turn), cy + half * np.sin(turn))
            match shape:
                case 0:
                    canvas.line((cx, cy), end, rng.uniform(6, 30), thickness, metal)
                case 1:
                    canvas.ring(cx, cy, half * 0.3, half * 0.6, thickness, metal)
                case _:
                    canvas.rect(cx, cy, cx + half, cy + half * rng.uniform(0.2, 0.8), thickness, metal)
    planes += canvas.planes
