"""Irregular goods over a crop: heaps, bales, sacks, bundles, creases and strands.

The generator's goods have edges that a ruler could draw. Real ones are torn, bulging and wrapped, and what a
detector takes for a weapon in real scans is most often a fold, a gap between two sacks or the ragged top of a
bale. Training alone shows these. Lengths are pixels, since any size of them occurs.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.grain import smooth_noise

Rng = np.random.Generator
Float32 = NDArray[np.float32]

_SHORTEST_PX: Final = 1.6


def add_clutter(rng: Rng, planes: Float32) -> None:
    """Add one or two kinds of irregular matter.

    Args:
        rng: Draws all of it.
        planes: Shape ``(2, h, w)``, g/cm² of polyethylene and of iron; changed in place.
    """
    height, width = planes.shape[1:]
    for _ in range(1 + int(rng.random() < 0.35)):
        draw = (_heap, _heap, _cells, _cells, _cells, _lines)[int(rng.integers(6))]
        matter = draw(rng, (height, width))
        iron = float(rng.uniform(0.1, 1)) if rng.random() < 0.2 else 0.0
        planes[0] += matter * np.float32(1 - iron)
        planes[1] += matter * np.float32(iron)


def _heap(rng: Rng, shape: tuple[int, int]) -> Float32:
    """A mass with a ragged top, or a ragged side, streaky inside."""
    if rng.random() < 0.25:
        return np.ascontiguousarray(_heap_below(rng, shape[::-1]).T)
    return _heap_below(rng, shape)


def _heap_below(rng: Rng, shape: tuple[int, int]) -> Float32:
    height, width = shape
    slope = rng.normal(0, 0.25) * (np.arange(width) - width / 2)
    length = _log_uniform(rng, 30, 400)
    ragged = _rough(rng, (8, width), length, stretch=1.0)[4] * length * _log_uniform(rng, 0.02, 0.3)
    top = rng.uniform(0.05, 0.9) * height + slope + ragged
    deep = np.maximum(np.arange(height)[:, None] - top[None, :], 0).astype(np.float32)
    mass = 1 - np.exp(-deep / np.float32(_log_uniform(rng, 3, 90)))
    return np.asarray(mass * _texture(rng, shape) * np.float32(_log_uniform(rng, 2, 150)), dtype=np.float32)


def _cells(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Bales, sacks or bundles in rows, one to three behind one another."""
    matter = np.zeros(shape, dtype=np.float32)
    looks = _CellLooks(rng)
    wide, high = looks.size
    top = rng.uniform(-0.2, 0.7) * shape[0]
    by, length = np.float32(_log_uniform(rng, 1, 0.15 * min(wide, high) + 1)), _log_uniform(rng, 20, 150)
    warp = _rough(rng, shape, length, stretch=1.0) * by, _rough(rng, shape, length, stretch=1.0) * by
    for _ in range(int(rng.integers(1, 4))):
        left = float(rng.uniform(-wide, 0))
        for row in range(int((shape[0] - top) / high) + 2):
            shift = left + (row % 2) * wide * float(rng.uniform(0, 0.5))
            for column in range(int(shape[1] / wide) + 3):
                at = shift + column * wide, top + row * high
                _add_cell(rng, matter, at, looks, warp)
    most = max(float(matter.max()), 1e-3)
    return matter * _texture(rng, shape) * np.float32(_log_uniform(rng, 3, 150) / most)


class _CellLooks:
    """What the cells of one load have in common."""

    def __init__(self, rng: Rng) -> None:
        self.size = _log_uniform(rng, 25, 260), _log_uniform(rng, 20, 200)
        self.corner = float(rng.uniform(1.8, 6))
        self.edge = _log_uniform(rng, 0.6, 8)
        self.wrap = _log_uniform(rng, 0.05, 0.6) if rng.random() < 0.4 else 0.0
        self.core = _log_uniform(rng, 0.2, 2) if rng.random() < 0.3 else 0.0
        self.jitter = float(rng.uniform(0, 0.25))
        self.fill = float(rng.uniform(0.42, 0.6))


def _add_cell(
    rng: Rng,
    matter: Float32,
    centre: tuple[float, float],
    looks: _CellLooks,
    warp: tuple[Float32, Float32],
) -> None:
    wide, high = looks.size
    jitter = rng.normal(0, looks.jitter, 4)
    x, y = centre[0] + jitter[0] * wide, centre[1] + jitter[1] * high
    half_x, half_y = (
        s * looks.fill * float(np.exp(0.5 * j)) for s, j in zip((wide, high), jitter[2:], strict=True)
    )
    height, width = matter.shape
    rows = slice(max(int(y - half_y * 1.4), 0), min(int(y + half_y * 1.4) + 1, height))
    columns = slice(max(int(x - half_x * 1.4), 0), min(int(x + half_x * 1.4) + 1, width))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    dx = (np.arange(columns.start, columns.stop)[None, :] - x + warp[0][rows, columns]) / half_x
    dy = (np.arange(rows.start, rows.stop)[:, None] - y + warp[1][rows, columns]) / half_y
    far = (np.abs(dx) ** looks.corner + np.abs(dy) ** looks.corner) ** (1 / looks.corner)
    cell = np.maximum(1 - far**looks.edge, 0) ** 0.5
    if looks.wrap:
        cell += looks.wrap * np.exp(-(((far - 0.93) / 0.06) ** 2))
    if looks.core:
        cx, cy = rng.normal(0, 0.15, 2)
        cell += looks.core * (np.maximum(np.abs(dx - cx), np.abs(dy - cy)) < rng.uniform(0.25, 0.6))
    matter[rows, columns] += (cell * float(np.exp(rng.normal(0, 0.25)))).astype(np.float32)


def _lines(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Creases, dents, straps, ropes and hanging sheets."""
    height, width = shape
    matter = np.zeros(shape, dtype=np.float32)
    for _ in range(int(rng.integers(1, 14))):
        n = int(rng.integers(3, 9))
        heading = rng.uniform(0, np.pi) + np.cumsum(rng.normal(0, 0.5, n))
        steps = _log_uniform(rng, 4, 60) * np.stack([np.cos(heading), np.sin(heading)], axis=1)
        points = rng.uniform(0, (width, height)) + np.cumsum(steps, axis=0)
        line = np.zeros(shape, dtype=np.float32)
        thick = int(rng.choice([1, 1, 2, 3, 5, 9]))
        cv2.polylines(line, [np.round(points * 8).astype(np.int32)], False, 1.0, thick, cv2.LINE_AA, 3)
        matter += line * np.float32(_log_uniform(rng, 0.1, 6))
    blur = _log_uniform(rng, 0.5, 2.5)
    return np.asarray(cv2.GaussianBlur(matter, (0, 0), blur), dtype=np.float32)


def _texture(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Multipliers around 1: streaks, grain, now and then bright cracks."""
    rough = 1 + np.float32(_log_uniform(rng, 0.02, 0.35)) * _rough(
        rng, shape, _log_uniform(rng, 6, 120), stretch=_log_uniform(rng, 0.2, 8)
    )
    if rng.random() < 0.35:
        apart = _log_uniform(rng, 40, 250)
        crack = smooth_noise(rng, shape, (apart, apart)) + 0.1 * _rough(rng, shape, apart / 4, stretch=1.0)
        depth, wide = np.float32(rng.uniform(0.2, 0.95)), np.float32(_log_uniform(rng, 0.02, 0.15))
        rough *= 1 - depth * np.exp(-((crack / wide) ** 2))
    result: Float32 = np.maximum(rough, np.float32(0.02)).astype(np.float32)
    return result


def _rough(rng: Rng, shape: tuple[int, int], longest_px: float, *, stretch: float) -> Float32:
    """Noise alike at all lengths up to the longest, of about unit variance; stretched along x."""
    persistence = rng.uniform(0.35, 0.8)
    total, squares, strength, length = np.zeros(shape, np.float32), 0.0, 1.0, longest_px
    while length >= _SHORTEST_PX:
        scale = max(length / stretch**0.5, 1.0), max(length * stretch**0.5, 1.0)
        total += np.float32(strength) * smooth_noise(rng, shape, scale)
        squares += strength**2
        strength, length = strength * persistence, length / 2
    return total / np.float32(max(squares, 1e-9) ** 0.5)


def _log_uniform(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
