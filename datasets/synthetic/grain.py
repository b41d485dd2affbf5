"""Texture: no goods are perfectly even."""

import cv2
import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
Float32 = NDArray[np.float32]
_SHEET: tuple[int, int] = (768, 1024)


def smooth_noise(rng: Rng, shape: tuple[int, int], scale_px: tuple[float, float]) -> Float32:
    """Noise of about unit variance correlated over ``scale_px`` (rows, columns), float32."""
    rows = max(int(np.ceil(shape[0] / scale_px[0])), 1) + 2
    columns = max(int(np.ceil(shape[1] / scale_px[1])), 1) + 2
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    full = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(full, dtype=np.float32)


def roughen(rng: Rng, planes: Float32) -> None:
    """Make all matter a little uneven, at three lengths and not alike along and across the scan.

    Real scans have about twice the local contrast of cleanly drawn ones at every scale
    (benchmarks/realism.py): dents, dirt, folds, labels, fillings.

    Args:
        rng: Draws lengths and strengths.
        planes: Shape ``(2, H, W)``, areal densities; multiplied in place.
    """
    height, width = planes.shape[1:]
    rough = np.ones((height, width), dtype=np.float32)
    for shortest, longest in ((1.5, 4.0), (4.0, 15.0), (15.0, 60.0)):
        length = float(np.exp(rng.uniform(np.log(shortest), np.log(longest))))
        stretch = float(np.exp(rng.normal(0, 0.5)))
        scale = max(length / stretch, 1.0), max(length * stretch, 1.0)
        strength = float(np.exp(rng.uniform(np.log(0.004), np.log(0.05))))
        rough += np.float32(strength) * smooth_noise(rng, (height, width), scale)
    np.maximum(rough, np.float32(0.2), out=rough)
    planes *= rough


class Grain:
    """A sheet of multipliers around 1 from which patches are cut at random places.

    Args:
        rng: Draws the sheet and the places.
        scales_px: Pairs (down, across) of lengths over which the texture is alike; their sum is drawn.
        strength: Its relative standard deviation (0.02 even, 0.2 scrap).
    """

    def __init__(self, rng: Rng, scales_px: tuple[tuple[float, float], ...], strength: float) -> None:
        self._rng = rng
        sheet = sum((smooth_noise(rng, _SHEET, s) for s in scales_px), np.zeros(_SHEET, dtype=np.float32))
        sheet *= np.float32(strength / max(float(sheet.std()), 1e-6))
        self._sheet: Float32 = np.maximum(1 + sheet, np.float32(0.05))

    def cut(self, shape: tuple[int, ...]) -> Float32:
        """A patch of multipliers; mirrored on where it is larger than the sheet."""
        height, width = min(shape[0], _SHEET[0]), min(shape[1], _SHEET[1])
        y = int(self._rng.integers(0, _SHEET[0] - height + 1))
        x = int(self._rng.integers(0, _SHEET[1] - width + 1))
        patch = self._sheet[y : y + height, x : x + width]
        if patch.shape != shape:
            patch = np.pad(patch, ((0, shape[0] - height), (0, shape[1] - width)), mode="symmetric")
        return patch
