"""Path lengths of a fan of rays through solids, in closed form.

Every function returns a `Paths`: millimetres of matter along the ray of each pixel of a rectangle that may
reach beyond the picture. A ray of slope t runs through ``y = y_r + t z``; a millimetre of z is
``sqrt(1 + t²)`` millimetres of path. Pixels at a solid's edge are partly covered: exactly along the scan, and
down the picture by giving each ray at least the width of a row (a box filter where rays are level).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.beam import FanBeam, Float32, Float64

NDArrayInt = NDArray[np.int64]
Bound = Float64 | float


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Path lengths over a rectangle of pixels.

    Attributes:
        mm: Shape ``(h, w)``, float32.
        x_px: Column of its first pixel; may be negative.
        y_px: Row of its first pixel; may be negative.
    """

    mm: Float32
    x_px: int
    y_px: int


NOTHING = Paths(mm=np.zeros((0, 0), dtype=np.float32), x_px=0, y_px=0)


def coverage(beam: FanBeam, x0: float, x1: float) -> tuple[Float64, int]:
    """How much of each column the interval covers (0 to 1), and the first column; clipped to the picture."""
    start, end = max(x0 / beam.pitch_mm, 0.0), min(x1 / beam.pitch_mm, float(beam.width_px))
    if end <= start:
        return np.zeros(0), 0
    first, last = int(np.floor(start)), int(np.ceil(end))
    return np.diff(np.clip(np.arange(first, last + 1), start, end)), first


def box(beam: FanBeam, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> Paths:
    """An upright box."""
    cover, first = coverage(beam, *x)
    return _slab(beam, first, cover, *y, *z)


def cylinder_x(beam: FanBeam, x: tuple[float, float], y: float, z: float, radius: float) -> Paths:
    """A cylinder lying along the scan; ``y`` and ``z`` of its axis."""
    cover, first = coverage(beam, *x)
    rows = _rows(beam, y - radius, y + radius, z - radius, z + radius)
    if not len(cover) or rows[0] >= rows[1]:
        return NOTHING
    # Four rays a row: near its rim a cylinder's chord changes faster than a row.
    row_y = beam.pitch_mm * (np.arange(rows[0] * 4, rows[1] * 4) + 0.5) / 4
    t = (row_y - beam.source_y_mm) / beam.source_distance_mm
    offset = row_y + t * z - y
    a = 1 + t * t
    chord = 2 * np.sqrt(np.maximum(a * radius * radius - offset * offset, 0) / a)
    profile = chord.reshape(-1, 4).mean(axis=1)
    return Paths(mm=np.multiply.outer(profile, cover).astype(np.float32), x_px=first, y_px=rows[0])


def cylinder_y(beam: FanBeam, x: float, y: tuple[float, float], z: float, radius: float) -> Paths:
    """An upright cylinder; ``x`` and ``z`` of its axis."""
    half, first = _half_chords(beam, x, radius)
    return _slab(beam, first, np.ones(len(half)), *y, z - half, z + half)


def cylinder_z(beam: FanBeam, x: float, y: float, z: tuple[float, float], radius: float) -> Paths:
    """A cylinder pointing along the rays; ``x`` and ``y`` of its axis."""
    half, first = _half_chords(beam, x, radius)
    return _slab(beam, first, np.ones(len(half)), y - half, y + half, *z)


def ellipsoid(beam: FanBeam, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Paths:
    """An ellipsoid along the axes; a sphere with three equal radii."""
    (cx, cy, cz), (rx, ry, rz) = centre, radii
    dx, first = _offsets(beam, cx, rx)
    rows = _rows(beam, cy - ry, cy + ry, cz - rz, cz + rz)
    if not len(dx) or rows[0] >= rows[1]:
        return NOTHING
    t = beam.slopes(*rows)[:, None]
    offset = beam.rows_y(*rows)[:, None] + t * cz - cy
    inside = 1 - (dx / rx) ** 2
    a, b = (t / ry) ** 2 + 1 / rz**2, offset * t / ry**2
    under_root = b * b - a * ((offset / ry) ** 2 - inside)
    length = 2 * np.sqrt(np.maximum(under_root, 0)) / a * np.sqrt(1 + t * t)
    return Paths(mm=length.astype(np.float32), x_px=first, y_px=rows[0])


def cone(beam: FanBeam, x: float, y: tuple[float, float], z: float, radii: tuple[float, float]) -> Paths:
    """An upright cone, whole or cut off: ``radii`` at its upper and at its lower end."""
    widest = max(radii)
    dx, first = _offsets(beam, x, widest)
    rows = _rows(beam, y[0], y[1], z - widest, z + widest)
    if not len(dx) or rows[0] >= rows[1]:
        return NOTHING
    t = beam.slopes(*rows)[:, None]
    middle = beam.rows_y(*rows)[:, None] + t * z
    growth = (radii[1] - radii[0]) / (y[1] - y[0])
    radius = radii[0] + growth * (middle - y[0])
    a, b = 1 - (growth * t) ** 2, radius * growth * t
    under_root = b * b - a * (dx**2 - radius**2)
    root = np.sqrt(np.maximum(under_root, 0))
    near, far = (b - root) / a, (b + root) / a
    steep = _steepness(beam, t, 2 * widest)
    ends = (y[0] - middle) / steep, (y[1] - middle) / steep
    low = np.maximum(near, np.minimum(*ends))
    high = np.minimum(far, np.maximum(*ends))
    length = np.where(under_root > 0, np.maximum(high - low, 0), 0) * np.sqrt(1 + t * t)
    return Paths(mm=length.astype(np.float32), x_px=first, y_px=rows[0])


def columns(beam: FanBeam, first: int, top: Float64, y1: float, z: tuple[float, float]) -> Paths:
    """A wall of full columns whose upper side varies: ``top[i]`` is its height at column ``first + i``.

    Stacked along z, such walls make a heap.
    """
    start, end = max(first, 0), min(first + len(top), beam.width_px)
    if end <= start:
        return NOTHING
    upper = np.minimum(top[start - first : end - first], y1)
    return _slab(beam, start, np.ones(end - start), upper, y1, *z)


def _slab(  # noqa: PLR0917 - bounds in the order of the axes
    beam: FanBeam, first: int, cover: Float64, y0: Bound, y1: Bound, z0: Bound, z1: Bound
) -> Paths:
    """Per column (``cover``, from column ``first``) a rectangle of y and z; bounds may vary by column."""
    if not len(cover):
        return NOTHING
    rows = _rows(beam, np.min(y0), np.max(y1), np.min(z0), np.max(z1))
    if rows[0] >= rows[1]:
        return NOTHING
    t = beam.slopes(*rows)[:, None].astype(np.float32)
    top, base, near, far = (np.atleast_1d(np.asarray(b, dtype=np.float32))[None, :] for b in (y0, y1, z0, z1))
    middle, half = (near + far) / 2, (far - near) / 2
    height = beam.rows_y(*rows)[:, None].astype(np.float32) + t * middle
    steep = _steepness(beam, t, 2 * half)
    upper, lower = (top - height) / steep, (base - height) / steep
    low = np.maximum(np.minimum(upper, lower), -half)
    high = np.minimum(np.maximum(upper, lower), half)
    length = np.maximum(high - low, 0) * np.sqrt(1 + t * t)
    return Paths(mm=np.asarray(length * cover[None, :], dtype=np.float32), x_px=first, y_px=rows[0])


def _steepness(
    beam: FanBeam, slope: NDArray[np.floating[Any]], depth: Bound | Float32
) -> NDArray[np.floating[Any]]:
    """The slope, or what makes a ray one row tall over ``depth``, with the slope's sign."""
    least = beam.pitch_mm / np.maximum(depth, 1e-3)
    steep = np.where(slope < 0, -1, 1) * np.maximum(np.abs(slope), least)
    narrow: NDArray[np.floating[Any]] = steep.astype(slope.dtype)
    return narrow


def _rows(beam: FanBeam, y0: Bound, y1: Bound, z0: Bound, z1: Bound) -> tuple[int, int]:
    ends = [beam.row_at(y, z) for y in (float(y0), float(y1)) for z in (float(z0), float(z1))]
    return max(int(np.floor(min(ends))) - 1, 0), min(int(np.ceil(max(ends))) + 1, beam.height_px)


def _offsets(beam: FanBeam, x: float, radius: float) -> tuple[Float64, int]:
    """Distances from ``x`` of the columns within ``radius``, and the first column."""
    first = max(int(np.floor((x - radius) / beam.pitch_mm)), 0)
    last = min(int(np.ceil((x + radius) / beam.pitch_mm)), beam.width_px)
    middles = np.arange(first, max(last, first), dtype=np.float64) + 0.5
    return middles * beam.pitch_mm - x, first


def _half_chords(beam: FanBeam, x: float, radius: float) -> tuple[Float64, int]:
    """Half the depth of a round thing at each column, averaged over four places in it."""
    dx, first = _offsets(beam, x, radius)
    places = dx[:, None] + beam.pitch_mm * np.array([-0.375, -0.125, 0.125, 0.375])
    return np.sqrt(np.maximum(radius * radius - places * places, 0)).mean(axis=1), first
