"""Bottles, cans and crates on pallets: many equal round things in trays."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from datasets.synthetic.beam import Float32
from datasets.synthetic.grain import Grain, smooth_noise
from datasets.synthetic.hold import Hold
from datasets.synthetic.packing import (
    PALLET_MM,
    Rng,
    Section,
    fill_rows,
    film,
    load_height,
    pallet,
    rows_across,
    slip_sheet,
)
from datasets.synthetic.physics import ALUMINIUM, GLASS, ORGANIC, PLASTIC, STEEL, Material
from datasets.synthetic.projection import Projection, Span

_FINE = 4
"""Samples a pixel when a small round thing is drawn."""

Outline = tuple[tuple[float, float], ...]
"""Pairs of height (0 top, 1 bottom) and radius (1 widest)."""


@dataclass(frozen=True, kw_only=True)
class Vessel:
    """A kind of bottle, can or jar.

    Attributes:
        radius: Range, millimetres.
        tall: Range, millimetres.
        outline: Of its outer wall.
        wall_mm: Thickness of the wall.
        wall: Its material.
        full: Share of the height that the contents reach.
        lids: Whether both ends are closed with the wall's material (cans).
        crate: Material of the crate or tray around, if it shows.
    """

    radius: Span
    tall: Span
    outline: Outline
    wall_mm: float
    wall: Material
    full: float = 0.9
    lids: bool = False
    crate: Material | None = None


_WINE: Outline = ((0.0, 0.38), (0.24, 0.38), (0.30, 0.6), (0.37, 1.0), (1.0, 1.0))
_BEER: Outline = ((0.0, 0.4), (0.12, 0.42), (0.38, 0.75), (0.5, 1.0), (1.0, 1.0))
_JUICE: Outline = ((0.0, 0.36), (0.1, 0.4), (0.25, 1.0), (0.6, 0.92), (0.75, 1.0), (1.0, 0.95))
_CAN: Outline = ((0.0, 0.94), (0.03, 1.0), (0.97, 1.0), (1.0, 0.94))
_PUMP: Outline = ((0.0, 0.2), (0.16, 0.2), (0.2, 0.5), (0.3, 1.0), (1.0, 1.0))

WINE = Vessel(radius=(37, 42), tall=(285, 325), outline=_WINE, wall_mm=3.2, wall=GLASS, full=0.8)
JUICE = Vessel(radius=(33, 46), tall=(220, 320), outline=_JUICE, wall_mm=0.5, wall=PLASTIC, full=0.9)
BEER = Vessel(
    radius=(30, 35), tall=(225, 270), outline=_BEER, wall_mm=2.8, wall=GLASS, full=0.8, crate=PLASTIC
)
CAN = Vessel(radius=(33, 50), tall=(80, 125), outline=_CAN, wall_mm=0.25, wall=STEEL, full=0.94, lids=True)
DRINK_CAN = Vessel(
    radius=(29, 33), tall=(115, 168), outline=_CAN, wall_mm=0.2, wall=ALUMINIUM, full=0.93, lids=True
)
COSMETIC = Vessel(radius=(18, 32), tall=(120, 210), outline=_PUMP, wall_mm=1.4, wall=PLASTIC, full=0.7)


def draw_vessels(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float, *, vessel: Vessel) -> None:
    """Fill a bay with pallets of one kind of vessel, in trays or crates, layer upon layer."""
    radius, tall = float(rng.uniform(*vessel.radius)), float(rng.uniform(*vessel.tall))
    layer = tall + float(rng.uniform(8, 22))
    room = load_height(rng, bay, bulk_g_cm3, fullest=0.9) - PALLET_MM
    n_high = max(int(room / layer), 1)
    step = 2 * radius + float(rng.uniform(2, 6))
    per_case = int(rng.integers(3, 7))
    n_wide = per_case * max(round(1150 / (per_case * step)), 1)
    pitch = projection.beam.pitch_mm
    walls, contents = _vessel(pitch, radius, tall, step, vessel)
    fill = _contents_density(bulk_g_cm3, walls, contents, (step, layer), pitch)
    crate = vessel.crate

    def build(small: Projection, x: Span, z: Span) -> None:
        floor = pallet(small, rng, x, bay.y[1], z)
        levels = max(n_high - int(rng.random() < 0.25), 1)
        y = (floor - levels * layer, floor)
        deep = (z[1] - z[0]) / 2
        for half in ((z[0], z[0] + deep), (z[0] + deep, z[1])):
            # Boards bend and trays give: no two files of vessels stand at quite the same height.
            lift = float(rng.uniform(0, 14))
            wall, liquid = Section(pitch, x[1], y), Section(pitch, x[1], y)
            boards = _cases(small, x, y, layer, per_case * step + 4)
            boards.project(small, x[0], half, ORGANIC)
            shift = float(rng.uniform(0, 8))
            for level in range(levels):
                top = floor - level * layer - tall - lift * (level > 0)
                for i in range(n_wide):
                    left = 2 + shift + i * step + 4 * (i // per_case)
                    wall.paste(walls, left, top)
                    liquid.paste(contents * np.float32(fill * rng.normal(1, 0.01)), left, top)
            wall.project(small, x[0], half, vessel.wall)
            liquid.project(small, x[0], half, ORGANIC)
        for level in range(levels + 1):
            slip_sheet(small, x, floor - level * layer, z, 4.0)
        if crate is not None:
            _crates(small, (x, y, z), crate, layer, per_case * step + 4)
        film(small, x, y, z)

    fill_rows(
        projection,
        rng,
        bay,
        rows_across(rng, bay, (1000, 1200)),
        n_wide * step + 12 + 4 * (n_wide // per_case),
        build,
        gap_mm=(15, 80),
        grain=Grain(rng, ((1.5, 1.5), (5, 5), (30, 40)), float(rng.uniform(0.005, 0.02))),
    )


def _vessel(
    pitch_mm: float, radius: float, tall: float, step: float, vessel: Vessel
) -> tuple[Float32, Float32]:
    """Wall in g/cm³ and contents as a share of the depth, of a file of vessels ``step`` apart along z."""
    fine = pitch_mm / _FINE
    shape = (int(np.ceil(tall / pitch_mm)) * _FINE, int(np.ceil(2 * radius / pitch_mm)) * _FINE)
    y = (np.arange(shape[0]) + 0.5) * fine
    dx = (np.arange(shape[1]) + 0.5) * fine - radius
    heights, widths = np.array(vessel.outline).T
    outer = np.interp(y / tall, heights, widths) * radius
    outer[y > tall] = 0
    inner = np.maximum(outer - vessel.wall_mm, 0)
    closed = (y > tall - 2 * vessel.wall_mm) & (y <= tall)
    if vessel.lids:
        closed |= y < 2 * vessel.wall_mm
    chord_outer = 2 * np.sqrt(np.maximum(outer[:, None] ** 2 - dx**2, 0))
    chord_inner = 2 * np.sqrt(np.maximum(inner[:, None] ** 2 - dx**2, 0))
    chord_inner[closed] = 0
    wall = (chord_outer - chord_inner) / step * vessel.wall.density_g_cm3
    contents = chord_inner / step * (y > tall * (1 - vessel.full))[:, None]
    return _coarse(wall), _coarse(contents)


def _coarse(fine: Float32) -> Float32:
    h, w = fine.shape[0] // _FINE, fine.shape[1] // _FINE
    return np.asarray(fine.reshape(h, _FINE, w, _FINE).mean(axis=(1, 3)), dtype=np.float32)


def _cases(small: Projection, x: Span, y: Span, layer: float, wide: float) -> Section:
    """The cardboard of cases: walls, dividers on edge, double bottoms."""
    section = Section(small.beam.pitch_mm, x[1], y)
    section.density += np.float32(0.035)
    pitch = small.beam.pitch_mm
    section.density[:, :: max(round(wide / pitch), 1)] += np.float32(0.12)
    section.density[:: max(round(layer / pitch), 1)] += np.float32(0.1)
    return section


def _contents_density(
    bulk_g_cm3: float, wall: Float32, contents: Float32, cell: Span, pitch_mm: float
) -> float:
    """What the contents weigh for the stack to have a mean density; kept to what liquids and foods weigh."""
    area = cell[0] * cell[1] / pitch_mm**2
    needed = (bulk_g_cm3 * area - float(wall.sum())) / max(float(contents.sum()), 1e-6)
    return float(np.clip(needed, 0.6, 1.25))


def _crates(
    small: Projection, block: tuple[Span, Span, Span], material: Material, layer: float, wide: float
) -> None:
    """Walls of stacked crates."""
    x, y, z = block
    board = material.packed(0.9)
    for left in np.arange(x[0], x[1] - 3, wide):
        small.box((float(left), float(left) + 3), y, z, board)
    for top in np.arange(y[0], y[1] - layer / 3, layer):
        small.box(x, (float(top) + 0.55 * layer, float(top) + 0.6 * layer), z, material.packed(0.25))


@dataclass(frozen=True, kw_only=True)
class Produce:
    """Fresh goods in open crates.

    Attributes:
        size_mm: Range of a fruit's diameter.
        tall: Range of a crate's height.
        draw: Draws a cut through a crate.
    """

    size_mm: Span
    tall: Span
    draw: Callable[[Rng, tuple[int, int], float], Float32]


def fruits(rng: Rng, shape: tuple[int, int], size_px: float) -> Float32:
    """Round fruits heaped over one another."""
    cut = np.full(shape, 0.08, dtype=np.float32)
    radius = max(round(size_px / 2), 1)
    ball = np.zeros((2 * radius + 1, 2 * radius + 1), dtype=np.float32)
    grid = np.arange(-radius, radius + 1)
    ball[:] = np.sqrt(np.maximum(1 - (grid[:, None] ** 2 + grid**2) / (radius + 0.3) ** 2, 0))
    for _ in range(max(int(2.6 * shape[0] * shape[1] / (np.pi * radius**2)), 4)):
        y = int(rng.integers(-radius // 2, max(shape[0] - radius, 1)))
        x = int(rng.integers(-radius // 2, max(shape[1] - radius, 1)))
        y0, x0 = max(y, 0), max(x, 0)
        y1, x1 = min(y + ball.shape[0], shape[0]), min(x + ball.shape[1], shape[1])
        if y1 > y0 and x1 > x0:
            cut[y0:y1, x0:x1] += ball[y0 - y : y1 - y, x0 - x : x1 - x]
    cut[: max(shape[0] // 10, 1)] *= np.float32(0.4)
    return cut


def stems(rng: Rng, shape: tuple[int, int], size_px: float) -> Float32:
    """Flowers and leafy stems in wrapped bunches: light, stringy, denser at the bound ends."""
    cut = 0.35 + np.float32(0.12) * np.abs(smooth_noise(rng, shape, (1.5, 14)))
    for _ in range(int(shape[0] * shape[1] / 90)):
        y, x = int(rng.integers(shape[0])), int(rng.integers(shape[1]))
        reach = int(rng.integers(8, 30))
        end = (x + reach, y + int(rng.integers(-3, 4)))
        layer = np.zeros(shape, dtype=np.float32)
        cv2.line(layer, (x, y), end, 0.35, 1)
        cut += layer
    ends = np.abs(np.linspace(-1, 1, shape[1])) > 0.82
    cut[:, ends] += np.float32(min(0.2 + size_px * 0.02, 0.5))
    return cut.astype(np.float32)


FRUIT = Produce(size_mm=(55, 95), tall=(180, 320), draw=fruits)
ROOTS = Produce(size_mm=(40, 65), tall=(220, 360), draw=fruits)
FLOWERS = Produce(size_mm=(20, 40), tall=(220, 420), draw=stems)


def draw_produce(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float, *, produce: Produce) -> None:
    """Fill a bay with pallets of open crates."""
    wide, tall = float(rng.choice([400.0, 500.0, 600.0])), float(rng.uniform(*produce.tall))
    n_wide = round(1200 / wide)
    room = load_height(rng, bay, bulk_g_cm3, fullest=0.94) - PALLET_MM
    n_high = max(int(room / tall), 1)
    pitch = projection.beam.pitch_mm
    size_px = float(rng.uniform(*produce.size_mm)) / pitch
    shape = (max(round(tall / pitch), 3), max(round(wide / pitch), 3))
    tiles = []
    for _ in range(5):
        tile = np.maximum(produce.draw(rng, shape, size_px), 0)
        tile[-1] += tile.mean() * 0.8
        tile[:, (0, -1)] += tile.mean() * np.float32(0.6)
        tiles.append((tile * (bulk_g_cm3 / float(tile.mean()))).astype(np.float32))

    def build(small: Projection, x: Span, z: Span) -> None:
        floor = pallet(small, rng, x, bay.y[1], z)
        levels = max(n_high - int(rng.random() < 0.3), 1)
        thirds = np.linspace(z[0], z[1], 4)
        for near, far in pairwise(thirds):
            section = Section(pitch, x[1], (floor - levels * tall, floor))
            for level in range(levels):
                for column in range(n_wide):
                    tile = tiles[int(rng.integers(5))][:, :: 1 if rng.random() < 0.5 else -1]
                    section.paste(tile, column * wide, floor - (level + 1) * tall)
            section.project(small, x[0], (float(near), float(far)), ORGANIC)

    fill_rows(
        projection,
        rng,
        bay,
        rows_across(rng, bay, (1000, 1200)),
        n_wide * wide,
        build,
        gap_mm=(20, 90),
        grain=Grain(rng, ((1.5, 1.5), (6, 6), (30, 30)), float(rng.uniform(0.01, 0.04))),
    )
