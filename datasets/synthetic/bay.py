"""A stretch of a container to fill, and what all loads are drawn with."""

from dataclasses import dataclass

import numpy as np

from datasets.synthetic.canvas import Canvas, smooth_noise
from datasets.synthetic.physics import STEEL, WOOD, Float32, Material

Rng = np.random.Generator
Rect = tuple[float, float, float, float]
DEPTH_MM = 2200.0


@dataclass(frozen=True, kw_only=True)
class Bay:
    """A stretch of the loadable space: left, ceiling, right, floor, millimetres."""

    x0: float
    top: float
    x1: float
    floor: float

    @property
    def height(self) -> float:
        return self.floor - self.top


class Grain:
    """A sheet of unit-variance texture from which patches are cut."""

    def __init__(self, rng: Rng, scales_px: tuple[tuple[float, float], ...]) -> None:
        self._rng = rng
        shape = (768, 1024)
        sheet = sum((smooth_noise(rng, shape, s) for s in scales_px), np.zeros(shape, dtype=np.float32))
        self._sheet: Float32 = np.asarray(sheet / max(float(sheet.std()), 1e-6), dtype=np.float32)

    def cut(self, shape: tuple[int, ...], strength: float) -> Float32:
        """A patch of multipliers around 1."""
        height, width = min(shape[0], 760), min(shape[1], 1000)
        y = int(self._rng.integers(0, 768 - height + 1))
        x = int(self._rng.integers(0, 1024 - width + 1))
        patch = self._sheet[y : y + height, x : x + width]
        multipliers: Float32 = np.maximum(1 + np.float32(strength) * patch, np.float32(0.05))
        return multipliers


def grained_rect(
    canvas: Canvas, grain: Grain, rect: Rect, depth: float, m: Material, *, strength: float
) -> None:
    across, x_px = canvas.coverage(rect[0], rect[2])
    down, y_px = canvas.coverage(rect[1], rect[3])
    patch = np.float32(depth) * down[:, None] * across
    cut = grain.cut(patch.shape, strength)
    patch[: cut.shape[0], : cut.shape[1]] *= cut
    canvas.add(patch, x_px, y_px, m)


def draw_pallet(canvas: Canvas, rng: Rng, ends: tuple[float, float], floor: float, depth: float) -> float:
    """Draw a wooden pallet; returns the height of its deck (y of the load's base)."""
    (x0, x1), y = ends, floor - 144
    canvas.rect(x0, y, x1, y + 22, depth * 0.85, WOOD)
    canvas.rect(x0, floor - 22, x1, floor, depth * 0.35, WOOD)
    for share in (0.0, 0.5, 1.0):
        x = x0 + share * (x1 - x0 - 110)
        canvas.rect(x, y + 22, x + 110, floor - 22, depth * 0.4, WOOD)
        if rng.random() < 0.7:
            canvas.rect(x + 40, y, x + 44, y + 70, 8, STEEL)
    return y
