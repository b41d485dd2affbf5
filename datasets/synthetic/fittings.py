"""Harmless bits of metal: what guns and blades are confused with.

Brackets, hooks, rings, wedges, stubs and ladder plates, alone or in rows along a rail or a post, and frames of
crossing bars. Sizes and numbers are those that were found to help (docs/explanation/synthetic.md).
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from datasets.synthetic.meshes import Point2
from datasets.synthetic.physics import ALUMINIUM, STEEL, Material
from datasets.synthetic.plates import circle, plate, strip
from datasets.synthetic.projection import Projection
from datasets.synthetic.solids import Paths

Rng = np.random.Generator

_TILE_PX: Final = 192 * 256
_FRAME_SHARE: Final = 0.35
_MOST: Final = 900
"""Fittings in one picture: beyond it they cost time and teach nothing."""


def add_fittings(
    projection: Projection, rng: Rng, region_px: tuple[int, int, int, int], *, density: float = 1.0
) -> None:
    """Scatter fittings over a region.

    Args:
        projection: Changed.
        rng: Draws them.
        region_px: ``xyxy``, pixels.
        density: 1 is 2 to 22 of them (rows count once) in every 192 × 256 pixels.
    """
    x0, y0, x1, y1 = region_px
    tiles = max((x1 - x0) * (y1 - y0) / _TILE_PX, 1.0)
    count = min(round(rng.uniform(2, 22) * tiles * density), _MOST)
    for _ in range(count):
        _fitting(projection, rng, region_px)
    for _ in range(int(rng.poisson(_FRAME_SHARE * tiles * density))):
        _frame(projection, rng, region_px)


def _fitting(projection: Projection, rng: Rng, region_px: tuple[int, int, int, int]) -> None:
    pitch = projection.beam.pitch_mm
    x, y = rng.uniform(region_px[0], region_px[2]) * pitch, rng.uniform(region_px[1], region_px[3]) * pitch
    half = float(np.exp(rng.uniform(np.log(2), np.log(12)))) * 5.0
    mm = float(np.exp(rng.uniform(np.log(0.25), np.log(9))))
    material = STEEL if rng.random() < 0.8 else ALUMINIUM
    z, turn = float(rng.uniform(-1200, 1200)), float(rng.uniform(0, 2 * np.pi))
    if rng.random() < 0.6:
        turn = float(rng.normal(0, 0.06)) + np.pi / 2 * int(rng.integers(4))
    draw = _SHAPES[int(rng.integers(len(_SHAPES)))]
    paths = draw(projection, rng, _Spot(x, y, z, half, turn, mm))
    repeats = int(rng.integers(2, 13)) if rng.random() < 0.4 else 1
    step = round(rng.uniform(2.2, 9) * half / pitch) * (1 if rng.random() < 0.5 else -1)
    along = rng.random() < 0.7  # rails more often than posts
    for k in range(repeats):
        dx, dy = (k * step, 0) if along else (0, k * step)
        _add(projection, paths, dx, dy, material)


def _add(projection: Projection, paths: Paths, dx: int, dy: int, material: Material) -> None:
    projection.add(Paths(mm=paths.mm, x_px=paths.x_px + dx, y_px=paths.y_px + dy), material)


class _Spot:
    """Where a fitting sits, how large it is and how it is turned."""

    def __init__(  # noqa: PLR0917 - place, size, turn
        self, x: float, y: float, z: float, half: float, turn: float, mm: float
    ) -> None:
        self.x, self.y, self.z, self.half, self.mm = x, y, z, half, mm
        self._cos, self._sin = np.cos(turn), np.sin(turn)

    def at(self, *points: Point2) -> list[Point2]:
        """Points given in units of the half size, in the scene."""
        return [
            (
                self.x + self.half * (u * self._cos - v * self._sin),
                self.y + self.half * (u * self._sin + v * self._cos),
            )
            for u, v in points
        ]


def _stub(projection: Projection, rng: Rng, spot: _Spot) -> Paths:
    line = spot.at((-1, 0), (1, rng.uniform(-0.2, 0.2)))
    return strip(projection.beam, line, spot.half * rng.uniform(0.12, 0.6), spot.z, spot.mm)


def _wedge(projection: Projection, rng: Rng, spot: _Spot) -> Paths:
    wide = rng.uniform(0.15, 0.6)
    outline = spot.at((-1, -wide), (rng.uniform(0.3, 1), -wide), (1, wide * rng.uniform(-1, 1)), (-1, wide))
    return plate(projection.beam, outline, spot.z, spot.mm)


def _ring(projection: Projection, rng: Rng, spot: _Spot) -> Paths:
    line = circle(spot.x, spot.y, spot.half * 0.8, sides=14)
    return strip(projection.beam, line, spot.half * rng.uniform(0.15, 0.5), spot.z, spot.mm, closed=True)


def _hook(projection: Projection, rng: Rng, spot: _Spot) -> Paths:
    turn = np.linspace(0, rng.uniform(2.0, 4.6), 8)
    arc = [(float(0.6 * np.cos(a)), float(0.6 * np.sin(a))) for a in turn]
    line = spot.at((0.6, -1.4), *arc)
    return strip(projection.beam, line, spot.half * rng.uniform(0.15, 0.4), spot.z, spot.mm)


def _angle(projection: Projection, rng: Rng, spot: _Spot) -> Paths:
    reach = rng.uniform(0.4, 1.2)
    line = spot.at((-1, -reach), (-1, 0.6), (1, 0.6))
    return strip(projection.beam, line, spot.half * rng.uniform(0.2, 0.5), spot.z, spot.mm)


def _ladder_plate(projection: Projection, rng: Rng, spot: _Spot) -> Paths:
    wide = rng.uniform(0.35, 0.8)
    outline = spot.at((-1, -wide), (1, -wide), (1, wide), (-1, wide))
    n_holes = int(rng.integers(1, 4))
    middles = [(2 * (k + 0.5) / n_holes - 1, 0.0) for k in range(n_holes)]
    radius = spot.half * min(wide, 1 / n_holes) * 0.55
    holes = [circle(*spot.at(middle)[0], radius, sides=10) for middle in middles]
    return plate(projection.beam, outline, spot.z, spot.mm, holes=holes)


def _disc(projection: Projection, rng: Rng, spot: _Spot) -> Paths:
    outline = circle(spot.x, spot.y, spot.half * rng.uniform(0.3, 0.8), sides=14)
    return plate(projection.beam, outline, spot.z, spot.mm * rng.uniform(1, 3))


def _tee(projection: Projection, rng: Rng, spot: _Spot) -> Paths:
    wide, stem = rng.uniform(0.15, 0.3), rng.uniform(0.5, 1.3)
    outline = spot.at(
        (-1, -wide),
        (1, -wide),
        (1, wide),
        (wide, wide),
        (wide, stem),
        (-wide, stem),
        (-wide, wide),
        (-1, wide),
    )
    return plate(projection.beam, outline, spot.z, spot.mm)


_SHAPES: Final[tuple[Callable[[Projection, Rng, _Spot], Paths], ...]] = (
    _stub,
    _wedge,
    _ring,
    _hook,
    _angle,
    _ladder_plate,
    _disc,
    _tee,
)


def _frame(projection: Projection, rng: Rng, region_px: tuple[int, int, int, int]) -> None:
    """Bars that cross: racks, trellises, the struts of a machine."""
    pitch = projection.beam.pitch_mm
    x0, y0, x1, y1 = (v * pitch for v in region_px)
    left, top = rng.uniform(x0, x1), rng.uniform(y0, y1)
    wide, tall = rng.uniform(250, 1400, 2)
    width, mm, z = rng.uniform(8, 60), float(np.exp(rng.uniform(np.log(1), np.log(14)))), rng.uniform(-1e3, 1e3)
    slant = rng.uniform(-0.5, 0.5) if rng.random() < 0.4 else 0.0
    n_across, n_down = (int(n) for n in rng.integers(1, 6, 2))
    lines = [
        [(left + wide * k / n_across, top), (left + wide * k / n_across + slant * tall, top + tall)]
        for k in range(n_across + 1)
    ]
    lines += [[(left, top + tall * k / n_down), (left + wide, top + tall * k / n_down)] for k in range(n_down)]
    for line in lines:
        if rng.random() < 0.85:
            projection.add(strip(projection.beam, line, width, z, mm), STEEL)
