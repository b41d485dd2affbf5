"""Flat parts standing upright along the scan, and parts that repeat: quick to draw, exact enough.

A plate has one thickness along the rays; its outline is filled four times finer than the picture.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.beam import FanBeam, Float64
from datasets.synthetic.meshes import Point2
from datasets.synthetic.physics import Material
from datasets.synthetic.projection import Projection, Span
from datasets.synthetic.solids import NOTHING, Paths

Rng = np.random.Generator
Outline = Sequence[Point2]

_FINE: Final = 4
_SHIFT: Final = 4


def plate(beam: FanBeam, outline: Outline, z: float, mm: float, *, holes: Sequence[Outline] = ()) -> Paths:
    """A plate ``mm`` thick in the plane ``z``, bounded by an outline in x and y cut out."""
    canvas = _Mask.around(beam, outline, z, 0.0)
    if canvas is None:
        return NOTHING
    cv2.fillPoly(canvas.fine, [canvas.points(outline)], 255, shift=_SHIFT)
    for hole in holes:
        cv2.fillPoly(canvas.fine, [canvas.points(hole)], 0, shift=_SHIFT)
    return canvas.paths(mm)


def strip(beam: FanBeam, line: Outline, width: float, z: float, mm: float, *, closed: bool = False) -> Paths:
    """A strip ``width`` across in the picture that follows a line: a bar, a hose, an edge."""
    canvas = _Mask.around(beam, line, z, width)
    if canvas is None:
        return NOTHING
    fine_px = width / beam.pitch_mm * _FINE
    thickness = max(round(fine_px), 1)
    cv2.polylines(canvas.fine, [canvas.points(line)], closed, 255, thickness, cv2.LINE_8, _SHIFT)
    return canvas.paths(mm * min(fine_px / thickness, 2.0))


class _Mask:
    """A clipped part of the picture, finer than its pixels, in one plane of depth."""

    def __init__(self, beam: FanBeam, z: float, x: tuple[int, int], y: tuple[int, int]) -> None:
        self._beam, self._z, self._x, self._y = beam, z, x[0], y[0]
        self.fine: NDArray[np.uint8] = np.zeros(
            ((y[1] - y[0]) * _FINE, (x[1] - x[0]) * _FINE), dtype=np.uint8
        )

    @classmethod
    def around(cls, beam: FanBeam, line: Outline, z: float, margin: float) -> "_Mask | None":
        points = np.asarray(line, dtype=np.float64)
        low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
        x = max(int(low[0] // beam.pitch_mm), 0), min(int(high[0] // beam.pitch_mm) + 1, beam.width_px)
        top, bottom = (int(np.floor(beam.row_at(float(v), z))) for v in (low[1], high[1]))
        y = max(top, 0), min(bottom + 1, beam.height_px)
        return cls(beam, z, x, y) if x[1] > x[0] and y[1] > y[0] else None

    def points(self, line: Outline) -> NDArray[np.int32]:
        flat = np.asarray(line, dtype=np.float64)
        u = (flat[:, 0] / self._beam.pitch_mm - self._x) * _FINE - 0.5
        v = (self._beam.row_at(flat[:, 1], self._z) - self._y) * _FINE - 0.5
        return np.asarray(np.round(np.stack([u, v], axis=1) * (1 << _SHIFT)), dtype=np.int32)

    def paths(self, mm: float) -> Paths:
        height, width = (n // _FINE for n in self.fine.shape)
        cover = cv2.resize(self.fine, (width, height), interpolation=cv2.INTER_AREA)
        return Paths(mm=cover.astype(np.float32) * np.float32(mm / 255), x_px=self._x, y_px=self._y)


def add_plates(
    projection: Projection,
    outline: Outline,
    z: float,
    mm: float,
    material: Material,
    *,
    holes: Sequence[Outline] = (),
) -> None:
    """The same plate on both sides, at ``-z`` and ``z``; once if z is 0."""
    for side in {-z, z}:
        projection.add(plate(projection.beam, outline, side, mm, holes=holes), material)


def add_strips(  # noqa: PLR0917 - shape, place, what it is
    projection: Projection,
    line: Outline,
    width: float,
    z: float,
    mm: float,
    material: Material,
    *,
    closed: bool = False,
) -> None:
    """The same strip on both sides, at ``-z`` and ``z``; once if z is 0."""
    for side in {-z, z}:
        projection.add(strip(projection.beam, line, width, side, mm, closed=closed), material)


def rectangle(x: Span, y: Span) -> list[Point2]:
    return [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]


def circle(x: float, y: float, radius: float, *, sides: int = 24) -> list[Point2]:
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    return [(x + radius * float(np.cos(a)), y + radius * float(np.sin(a))) for a in turn]


def upright_sheet(beam: FanBeam, x: Span, y: Span, z: float, mm: Float64) -> Paths:
    """A thin wall along the scan whose thickness differs by column.

    Args:
        beam: The geometry.
        x: Its ends.
        y: Its upper and lower edge.
        z: Its plane.
        mm: Shape ``(width_px,)``: thickness along the ray in each column of the picture.
    """
    first, last = max(int(x[0] // beam.pitch_mm), 0), min(int(x[1] // beam.pitch_mm) + 1, beam.width_px)
    rows = [float(beam.row_at(edge, z)) for edge in y]
    top, bottom = max(int(rows[0]), 0), min(int(rows[1]) + 1, beam.height_px)
    if last <= first or bottom <= top:
        return NOTHING
    edges = np.arange(first, last + 1) * beam.pitch_mm
    across = np.diff(np.clip(edges, *x)) / beam.pitch_mm
    down = np.diff(np.clip(np.arange(top, bottom + 1), rows[0], rows[1])) * np.sqrt(
        1 + beam.slopes(top, bottom) ** 2
    )
    sheet = np.multiply.outer(down.astype(np.float32), (across * mm[first:last]).astype(np.float32))
    return Paths(mm=sheet, x_px=first, y_px=top)


def repeat(
    projection: Projection, xs: Iterable[float], reach: float, draw: Callable[[Projection, float], None]
) -> None:
    """Draw a part once and put it at every x, to the nearest column.

    Args:
        projection: What it is added to.
        xs: Its places.
        reach: How far it may stretch to either side of its place; what lies beyond is lost.
        draw: Draws it into a projection of the picture's height, at the x that it is given.
    """
    beam = projection.beam
    half = int(np.ceil(reach / beam.pitch_mm)) + 1
    around = [round(x / beam.pitch_mm) - half for x in xs]
    places = [left for left in around if -2 * half < left < beam.width_px]
    if not places:
        return
    local = Projection(beam.window(0, 0, width_px=2 * half, height_px=beam.height_px))
    draw(local, half * beam.pitch_mm)
    filled = np.flatnonzero(local.planes.any(axis=(0, 2)))
    if not len(filled):
        return
    rows = slice(int(filled[0]), int(filled[-1]) + 1)
    for left in places:
        x0, x1 = max(left, 0), min(left + 2 * half, beam.width_px)
        projection.planes[:, rows, x0:x1] += local.planes[:, rows, x0 - left : x1 - left]
        projection.mass_kg += local.mass_kg * (x1 - x0) / (2 * half)
