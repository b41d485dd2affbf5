"""Crops with threats before a scanner looks, kept on disk: hiding one costs more than all else of a crop.

A load keeps the threats apart from what hides them, so that each scanner that looks decides anew which of
them can be seen. float16 rounds as in `training.scenes`.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.chain import Chain
from datasets.synthetic.hiding import Patch, place
from datasets.synthetic.visibility import covered_by
from datasets.synthetic_folder import practice_digest
from models.loss import UNSURE
from training.recipe import Recipe
from training.truth import Cover, Truth, cover, draw_outlines

Float16 = NDArray[np.float16]
Float32 = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Load:
    """A part of a scene and what is hidden in it.

    Attributes:
        planes: Shape ``(2, h, w)``, g/cm², without the threats.
        patches: The threats, each float16 ``(2, h', w')``, g/cm².
        corners: Shape ``(n, 2)``, column and row of each patch's first pixel.
        kinds: Of each, index into the recipe's kinds.
    """

    planes: Float16
    patches: Sequence[Float16]
    corners: NDArray[np.int64]
    kinds: Sequence[int]

    def seen_by(self, chain: Chain) -> tuple[Float32, Truth]:
        """Matter with the threats that this scanner can show: planes ``(2, h, w)`` in g/cm²."""
        planes = self.planes.astype(np.float32)
        boxes: list[tuple[float, float, float, float]] = []
        kinds: list[int] = []
        covers: list[Cover] = []
        for patch, (x, y), kind in zip(self.patches, self.corners.tolist(), self.kinds, strict=True):
            matter = patch.astype(np.float32)
            box = place(planes, Patch(planes=matter, x_px=x, y_px=y), chain)
            covers.append(cover(covered_by(matter), x, y, owner=UNSURE if box is None else len(kinds)))
            if box is not None:
                boxes.append(box)
                kinds.append(kind)
        return planes, Truth(
            boxes=np.array(boxes, dtype=np.float32).reshape(-1, 4),
            kinds=kinds,
            outlines=draw_outlines(covers, height_px=planes.shape[1], width_px=planes.shape[2]),
        )

    @property
    def boxes(self) -> list[tuple[float, float, float, float]]:
        """Of all that each threat covers, xyxy pixels; what a scanner shows of it may be less."""
        return [
            (x, y, x + patch.shape[2], y + patch.shape[1])
            for patch, (x, y) in zip(self.patches, self.corners.tolist(), strict=True)
        ]

    def window(self, x_px: int, y_px: int, *, width_px: int, height_px: int) -> "Load":
        """A part of it, with the threats that lie wholly in it."""
        columns, rows = slice(x_px, x_px + width_px), slice(y_px, y_px + height_px)
        inside = [
            i
            for i, (x0, y0, x1, y1) in enumerate(self.boxes)
            if x_px <= x0 and y_px <= y0 and x1 <= columns.stop and y1 <= rows.stop
        ]
        return Load(
            planes=self.planes[:, rows, columns],
            patches=[self.patches[i] for i in inside],
            corners=self.corners[inside] - (x_px, y_px),
            kinds=[self.kinds[i] for i in inside],
        )


class LoadBuilder:
    """Collects what is hidden in a part of a scene.

    Args:
        planes: Shape ``(2, h, w)``, g/cm², still without threats.
    """

    def __init__(self, planes: Float32) -> None:
        self._benign = planes.astype(np.float16)
        self._before = planes.copy()
        self._patches: list[Float16] = []
        self._corners: list[tuple[int, int]] = []
        self._kinds: list[int] = []

    def add(self, planes: Float32, kind: int) -> None:
        """What has been added to ``planes`` since the last time is a threat of that kind."""
        added = planes - self._before
        rows, columns = (np.flatnonzero(added.any(axis=(0, axis))) for axis in (2, 1))
        y, x = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        self._patches.append(added[:, y, x].astype(np.float16))
        self._corners.append((int(columns[0]), int(rows[0])))
        self._kinds.append(kind)
        self._before = planes.copy()

    def build(self) -> Load:
        corners = np.array(self._corners, dtype=np.int64).reshape(-1, 2)
        return Load(planes=self._benign, patches=self._patches, corners=corners, kinds=self._kinds)


def loads_folder(recipe: Recipe, scenes: Path) -> Path:
    """Where the loads of a recipe are kept, beside its scenes; new threat shapes make new loads."""
    return scenes / f"loads-{recipe.crops_digest[:16]}-{practice_digest()[:16]}"


def kept(path: Path, make: Callable[[], Load]) -> Load:
    """The load of that file, made if it is not there; several processes may ask for one at a time."""
    if path.exists():
        return read_load(path)
    load = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_load(path, load)
    return load


def write_load(path: Path, load: Load) -> None:
    """Whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        arrays: dict[str, Any] = {f"patch{i}": patch for i, patch in enumerate(load.patches)}
        np.savez(file, planes=load.planes, corners=load.corners, kinds=np.array(load.kinds, int), **arrays)
    part.replace(path)


def read_load(path: Path) -> Load:
    """Of `write_load`."""
    with np.load(path, allow_pickle=False) as file:
        kinds = file["kinds"].tolist()
        patches = [file[f"patch{i}"] for i in range(len(kinds))]
        return Load(planes=file["planes"], patches=patches, corners=file["corners"], kinds=kinds)
