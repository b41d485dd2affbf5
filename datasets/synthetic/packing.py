"""How packed goods fill a hold: stacks side by side in rows across z, pallets, film, dunnage.

A `Section` is goods cut across x and y, grams per cubic centimetre, alike over some depth along z; its
projection follows the fan, so that level seams blur away from the source's height as they do in real scans.
Columns of a line scan are parallel: a stack is drawn once at x = 0 in a narrow picture of its own and put
down again anywhere along its row, mirrored or not, each time under another patch of texture. Everything stays
inside the bay and stands on its floor.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from datasets.synthetic.beam import FanBeam, Float32
from datasets.synthetic.grain import Grain
from datasets.synthetic.hold import Hold
from datasets.synthetic.physics import ORGANIC, PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.projection import Projection, Span
from datasets.synthetic.solids import Paths

Rng = np.random.Generator
Build = Callable[[Projection, Span, Span], None]
"""Draws one stack into a picture of its own: from x = 0 over the given x and z."""

PALLET_MM = 144.0
_FULL_LOAD_G_CM3 = 0.41
"""A 40 ft container's payload of 26.5 t over its 65 m³."""


class Section:
    """Goods cut across x and y.

    Args:
        pitch_mm: Of the pictures it will be projected into.
        width_mm: From x = 0.
        y: Upper and lower end, scene frame.

    Attributes:
        pitch_mm: Size of a pixel.
        density: Shape ``(h, w)``, float32, g/cm³.
        y: Upper and lower end.
    """

    def __init__(self, pitch_mm: float, width_mm: float, y: Span) -> None:
        self.pitch_mm = pitch_mm
        self.y = y
        shape = (max(int(np.ceil((y[1] - y[0]) / pitch_mm)), 1), max(round(width_mm / pitch_mm), 1))
        self.density: Float32 = np.zeros(shape, dtype=np.float32)

    def px(self, mm: float) -> int:
        return max(round(mm / self.pitch_mm), 1)

    def paste(self, tile: Float32, x: float, y: float) -> None:
        """Add a tile whose upper left corner is at ``x``, ``y``; clipped."""
        left, top = round(x / self.pitch_mm), round((y - self.y[0]) / self.pitch_mm)
        x0, y0 = max(left, 0), max(top, 0)
        x1 = min(left + tile.shape[1], self.density.shape[1])
        y1 = min(top + tile.shape[0], self.density.shape[0])
        if x1 > x0 and y1 > y0:
            self.density[y0:y1, x0:x1] += tile[y0 - top : y1 - top, x0 - left : x1 - left]

    def project(self, projection: Projection, x: float, z: Span, material: Material) -> None:
        """Add it to a picture, alike from ``z[0]`` to ``z[1]``; of ``material`` only the substance counts."""
        smear, first = _smear(projection.beam, len(self.density), self.y[0], z)
        paths = Paths(mm=smear @ self.density, x_px=round(x / self.pitch_mm), y_px=first)
        projection.add(paths, material.packed(1.0))


def _smear(beam: FanBeam, n_rows: int, top: float, z: Span) -> tuple[Float32, int]:
    """The matrix from a section's rows to millimetres on the picture's rows, and the first of these."""
    ends = [float(beam.row_at(y, depth)) for y in (top, top + n_rows * beam.pitch_mm) for depth in z]
    first, last = max(int(min(ends)) - 1, 0), min(int(max(ends)) + 2, beam.height_px)
    if last <= first:
        return np.zeros((0, n_rows), dtype=np.float32), first
    n = int(np.clip((z[1] - z[0]) / 25, 4, 40))
    depths = z[0] + (np.arange(n) + 0.5) * (z[1] - z[0]) / n
    slopes = beam.slopes(first, last)[:, None]
    at = (beam.rows_y(first, last)[:, None] + slopes * depths - top) / beam.pitch_mm - 0.5
    below = np.floor(at).astype(np.int64)
    weight = (z[1] - z[0]) / n * np.sqrt(1 + slopes * slopes)
    flat = np.arange(last - first)[:, None] * (n_rows + 2)
    matrix = np.zeros((last - first) * (n_rows + 2))
    for offset, share in ((0, 1 - (at - below)), (1, at - below)):
        index = below + offset
        inside = (index >= 0) & (index < n_rows)
        places = (flat + index)[inside]
        matrix += np.bincount(places, weights=(share * weight)[inside], minlength=len(matrix))
    return matrix.reshape(-1, n_rows + 2)[:, :n_rows].astype(np.float32), first


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Goods drawn once, to be put down anywhere along x.

    Attributes:
        planes: Shape ``(2, h, w)``, as of `Projection`.
        y_px: Row of its first pixel.
        mass_kg: Of all of it.
    """

    planes: Float32
    y_px: int
    mass_kg: float

    def put(self, projection: Projection, x_px: int, *, grain: Grain | None, mirrored: bool = False) -> None:
        """Add it to a picture with its left end at a column; clipped."""
        planes = self.planes[:, :, ::-1] if mirrored else self.planes
        x0, x1 = max(x_px, 0), min(x_px + planes.shape[2], projection.beam.width_px)
        if x1 <= x0:
            return
        part = planes[:, :, x0 - x_px : x1 - x_px]
        projection.mass_kg += self.mass_kg * float(part.sum() / max(float(self.planes.sum()), 1e-6))
        target = projection.planes[:, self.y_px : self.y_px + part.shape[1], x0:x1]
        target += part if grain is None else part * grain.cut(part.shape[1:])


def draw_stack(projection: Projection, build: Build, x: Span, z: Span) -> Stack:
    """Draw a stack in a picture of its own."""
    beam = projection.beam
    width_px = int(np.ceil(x[1] / beam.pitch_mm))
    small = Projection(beam.window(0, 0, width_px=width_px, height_px=beam.height_px))
    build(small, x, z)
    used = np.flatnonzero(small.planes.any(axis=(0, 2)))
    first, last = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 0)
    return Stack(planes=small.planes[:, first:last], y_px=first, mass_kg=small.mass_kg)


def rows_across(rng: Rng, bay: Hold, depth: Span) -> list[Span]:
    """Rows across z whose depth lies about in ``depth``, with what is left over between them or at a side."""
    n = max(round(bay.width / float(rng.uniform(*depth))), 1)
    deep = min(bay.width / n - float(rng.uniform(4, 20)), depth[1])
    slack = bay.width - n * deep
    edges = np.sort(rng.uniform(0, slack, n)) if rng.random() < 0.5 else np.linspace(0, slack, n)
    return [
        (bay.z[0] + float(e) + i * deep, bay.z[0] + float(e) + (i + 1) * deep) for i, e in enumerate(edges)
    ]


def fill_rows(  # noqa: PLR0917 - where, what, how long
    projection: Projection,
    rng: Rng,
    bay: Hold,
    rows: Sequence[Span],
    length: float,
    build: Build,
    *,
    gap_mm: Span = (2.0, 10.0),
    grain: Grain | None = None,
    variants: int = 2,
) -> None:
    """Set stacks side by side along every row.

    Args:
        projection: Where to draw.
        rng: Draws gaps, order and what is missing.
        bay: What to fill.
        rows: Their spans of z.
        length: Of a stack along x, millimetres.
        build: Draws one stack; called ``variants`` times a row.
        gap_mm: Between stacks.
        grain: Texture laid over every stack.
        variants: Different stacks a row.
    """
    length = min(length, bay.length)  # what is longer is cut off
    absent = int(rng.integers(1, 4)) if rng.random() < 0.2 else 0
    at_left = rng.random() < 0.5
    for z in rows:
        stacks = [draw_stack(projection, build, (0.0, length), z) for _ in range(variants)]
        gaps = rng.uniform(*gap_mm, max(int(bay.length / length), 1))
        n = int(np.searchsorted(np.cumsum(gaps + length), bay.length, side="right"))
        n = max(n - min(absent, n // 3) - int(rng.random() < 0.1), 1)
        slack = bay.length - n * length - float(gaps[:n].sum())
        if slack < 0:
            # A bay hardly longer than one stack: it stands against the bay's end.
            gaps[:n], slack = 0.0, bay.length - n * length
        # Stacks are pushed towards one end; what is left over opens in one or two places.
        if slack > 0:
            gaps[0 if at_left else int(rng.integers(n))] += slack * float(rng.uniform(0, 0.3))
            gaps[int(rng.integers(n))] += slack * float(rng.uniform(0, 0.6))
        x = bay.x[0]
        for gap in gaps[:n]:
            x += float(gap)
            if x + length > bay.x[1] + 1e-6:
                break
            stack = stacks[int(rng.integers(variants))]
            # Half a pixel of rounding must not push a stack out of the bay.
            x_px = int(x / projection.beam.pitch_mm + 0.5)
            stack.put(projection, x_px, grain=grain, mirrored=bool(rng.random() < 0.5))
            x += length


def load_height(rng: Rng, bay: Hold, bulk_g_cm3: float, *, fullest: float = 0.96) -> float:
    """How high to stack, millimetres: by room, or by weight for heavy goods."""
    by_weight = _FULL_LOAD_G_CM3 * float(rng.uniform(0.78, 1.0)) / bulk_g_cm3
    by_room = float(rng.uniform(0.72, fullest))
    return bay.height * min(by_weight, by_room)


def pallet(projection: Projection, rng: Rng, x: Span, floor: float, z: Span) -> float:
    """A wooden or plastic pallet with deck boards, stringers and nails; returns the y of its deck."""
    deck = floor - PALLET_MM
    n = int(rng.integers(5, 8))
    board = (x[1] - x[0]) / (n + (n - 1) * 0.35)
    for i in range(n):
        left = x[0] + i * board * 1.35
        projection.box((left, left + board), (deck, deck + 22), z, WOOD)
        if i % 2 == 0:
            projection.box((left, left + board), (floor - 20, floor), z, WOOD)
    blocks = (0.0, 0.5, 1.0)
    for share in blocks:
        left = x[0] + share * (x[1] - x[0] - 100)
        for side in blocks:
            near = z[0] + side * (z[1] - z[0] - 110)
            projection.box((left, left + 100), (deck + 22, floor - 20), (near, near + 110), WOOD)
        projection.box((left + 48, left + 52), (deck, deck + 75), (z[0] + 40, z[0] + 52), STEEL)
    return deck


def film(projection: Projection, x: Span, y: Span, z: Span) -> None:
    """Stretch film around a load: thin, but seen edge on it draws the load's outline."""
    dense = PLASTIC.packed(0.9)
    projection.box(x, y, (z[0], z[0] + 0.6), dense)
    for left in (x[0], x[1] - 2.0):
        projection.box((left, left + 2.0), y, z, PLASTIC.packed(0.25))


def slip_sheet(projection: Projection, x: Span, y: float, z: Span, thick_mm: float = 5.0) -> None:
    """A sheet of cardboard between levels."""
    projection.box(x, (y - thick_mm, y), z, ORGANIC.packed(0.45))


def blend(first: Material, second: Material, share: float) -> Material:
    """A mixture with ``share`` of its mass from the second; density 1 g/cm³."""
    return Material(
        density_g_cm3=1.0,
        organic=(1 - share) * first.organic + share * second.organic,
        iron=(1 - share) * first.iron + share * second.iron,
    )
