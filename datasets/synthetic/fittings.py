"""Harmless small metal things on walls, rails and posts: what a detector mistakes for weapons.

Wedges, rings, hooks, stubs, ladder plates, brackets, bolts in a row, and lattices of crossing bars. Sizes,
thicknesses and counts are those of benchmarks on real truck and rail scans: half-size 2 to 12 px, 0.25 to
9 mm, single or repeated 2 to 12 times, crossing frames in a third of the tiles. Half-sizes are in pixels
because that is how they were counted; thickness is along the ray.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from datasets.synthetic.physics import ALUMINIUM, PLASTIC, RUBBER, STEEL, Material
from datasets.synthetic.plates import Outline, Rng, circle, plate, rectangle, strip
from datasets.synthetic.projection import Projection
from datasets.synthetic.solids import Paths

RegionPx = tuple[int, int, int, int]

TILE_PX: Final = 192 * 256
_MOST_PER_TILE: Final = 22.0
_LATTICE_CHANCE: Final = 0.35
_WALL_Z_MM: Final = 1180.0
_Draw = Callable[["_Place"], Paths]


class _Place:
    """Where one fitting goes: a centre, a half-size and a plane of depth, millimetres."""

    def __init__(self, projection: Projection, rng: Rng, centre: tuple[float, float], half: float) -> None:
        self.beam, self.rng, self.half = projection.beam, rng, half
        self.x, self.y = centre
        side = float(rng.choice([-1, 1]))
        self.z = side * (_WALL_Z_MM if rng.random() < 0.6 else rng.uniform(0, _WALL_Z_MM))
        self.y = self._height_of(self.y)
        self.mm = float(np.exp(rng.uniform(np.log(0.25), np.log(9.0))))
        turn = float(rng.choice([0, 0.5, 1, 1.5])) * np.pi
        self._turn = turn if rng.random() < 0.6 else float(rng.uniform(0, 2 * np.pi))

    def _height_of(self, y: float) -> float:
        """The height in this plane that the picture shows where the middle plane's ``y`` is."""
        beam = self.beam
        return beam.source_y_mm + (y - beam.source_y_mm) * (1 + self.z / beam.source_distance_mm)

    def points(self, unit: Outline) -> Outline:
        """An outline in half-sizes about the centre, turned as this fitting is."""
        cos, sin = float(np.cos(self._turn)) * self.half, float(np.sin(self._turn)) * self.half
        return [(self.x + u * cos - v * sin, self.y + u * sin + v * cos) for u, v in unit]

    def plate(self, unit: Outline, *, holes: tuple[Outline, ...] = ()) -> Paths:
        return plate(self.beam, self.points(unit), self.z, self.mm, holes=[self.points(h) for h in holes])

    def strip(self, unit: Outline, width: float, *, closed: bool = False) -> Paths:
        return strip(self.beam, self.points(unit), width * self.half, self.z, self.mm, closed=closed)


def _wedge(at: _Place) -> Paths:
    """A gusset or a pointed tongue: the shape of a blade."""
    tip = at.rng.uniform(0.05, 0.5)
    return at.plate([(-1, -tip), (1, -at.rng.uniform(0, 0.15)), (1, 0), (-1, at.rng.uniform(0.05, 0.9))])


def _ring(at: _Place) -> Paths:
    outer: Outline = circle(0, 0, 1, sides=int(at.rng.choice([6, 20])))
    return at.plate(outer, holes=(circle(0, 0, at.rng.uniform(0.4, 0.85)),))


def _hook(at: _Place) -> Paths:
    """A lashing hook: a shank and a bend of a half to three quarters of a turn."""
    angles = np.linspace(0, at.rng.uniform(0.9, 1.6) * np.pi, 9)
    bend = [(0.55 * float(np.cos(a)), 0.4 + 0.55 * float(np.sin(a))) for a in angles]
    return at.strip([(0.55, -1.0), *bend], at.rng.uniform(0.15, 0.45))


def _stub(at: _Place) -> Paths:
    """An angle or a stub at right angles to a bar: the shape of a pistol."""
    grip, thick = at.rng.uniform(0.4, 1.1), at.rng.uniform(0.25, 0.55)
    foot = at.rng.uniform(-0.9, 0.5)
    lean = at.rng.uniform(-0.2, 0.3)
    return at.plate(
        [(-1, -0.5), (1, -0.5), (1, -0.5 + thick), (foot + 0.45, -0.5 + thick), (foot + 0.45 + lean, grip),
         (foot + lean, grip), (foot, -0.5 + thick), (-1, -0.5 + thick)]
    )  # fmt: skip


def _ladder_plate(at: _Place) -> Paths:
    """A plate with a row of holes or slots."""
    tall, n = at.rng.uniform(0.2, 0.6), int(at.rng.integers(2, 6))
    size = min(0.7 / n, tall * 0.6)
    middles = np.linspace(-0.8, 0.8, n)
    holes = tuple(rectangle((float(m) - size, float(m) + size), (-size, size)) for m in middles)
    return at.plate(rectangle((-1, 1), (-tall, tall)), holes=holes)


def _bracket(at: _Place) -> Paths:
    return at.strip([(-1, -0.8), (at.rng.uniform(-0.9, 0.2), 0.6), (1, 0.6)], at.rng.uniform(0.1, 0.5))


def _star(at: _Place) -> Paths:
    """A hand wheel or a splined washer."""
    n, inner = int(at.rng.integers(4, 9)), at.rng.uniform(0.45, 0.85)
    angles = np.linspace(0, 2 * np.pi, 2 * n, endpoint=False)
    radii = np.where(np.arange(2 * n) % 2, inner, 1.0)
    outline = [(float(r * np.cos(a)), float(r * np.sin(a))) for r, a in zip(radii, angles, strict=True)]
    return at.plate(outline, holes=(circle(0, 0, 0.25, sides=10),))


def _block(at: _Place) -> Paths:
    return at.plate(rectangle((-1, 1), (-at.rng.uniform(0.3, 1), at.rng.uniform(0.3, 1))))


def _rod(at: _Place) -> Paths:
    return at.strip([(-1, 0), (1, at.rng.uniform(-0.3, 0.3))], at.rng.uniform(0.06, 0.25))


def _loop(at: _Place) -> Paths:
    tall = at.rng.uniform(0.3, 1)
    corners: Outline = [(-1, -tall), (1, -tall), (1, tall), (-1, tall)]
    return at.strip(corners, at.rng.uniform(0.1, 0.35), closed=True)


_SHAPES: Final[tuple[_Draw, ...]] = (
    _wedge, _wedge, _ring, _hook, _stub, _stub, _ladder_plate, _bracket, _star, _block, _rod, _loop,
)  # fmt: skip
_MATERIALS: Final[tuple[Material, ...]] = (STEEL, STEEL, STEEL, ALUMINIUM)


def add_fittings(projection: Projection, rng: Rng, region_px: RegionPx, *, density: float = 1.0) -> None:
    """Add harmless small things that resemble weapons.

    Args:
        projection: Where they are added: a whole scene, or a crop's own window.
        rng: Draws what, where and how many.
        region_px: ``xyxy``, columns and rows of ``projection`` that fittings are centred in.
        density: 1 gives 2 to 22 of them for each 192x256 pixels, each perhaps a row of several, and lattices
            in 35 % of such tiles; 0 gives none.
    """
    x0, y0, x1, y1 = region_px
    tiles = max(x1 - x0, 0) * max(y1 - y0, 0) / TILE_PX
    if not tiles or density <= 0:
        return
    for _ in range(int(rng.poisson(tiles * density * rng.uniform(2, _MOST_PER_TILE)))):
        _add_one(projection, rng, region_px)
    for _ in range(int(rng.binomial(max(round(tiles), 1), min(_LATTICE_CHANCE * density, 1.0)))):
        _add_lattice(projection, rng, region_px)


def _add_one(projection: Projection, rng: Rng, region_px: RegionPx) -> None:
    pitch = projection.beam.pitch_mm
    x0, y0, x1, y1 = region_px
    centre = rng.uniform(x0, x1) * pitch, rng.uniform(y0, y1) * pitch
    half = float(np.exp(rng.uniform(np.log(2.0), np.log(12.0)))) * pitch
    if rng.random() < 0.08:
        _add_stack(projection, rng, centre, half)
        return
    draw = _SHAPES[int(rng.integers(len(_SHAPES)))]
    paths = draw(_Place(projection, rng, centre, half))
    if not paths.mm.size:
        return
    material = _MATERIALS[int(rng.integers(len(_MATERIALS)))]
    for dx, dy in _row(rng, half / pitch, is_single=bool(rng.random() < 0.55)):
        projection.add(replace(paths, x_px=paths.x_px + dx, y_px=paths.y_px + dy), material)


def _row(rng: Rng, half_px: float, *, is_single: bool) -> list[tuple[int, int]]:
    """Offsets in pixels of one fitting or of 2 to 12 alike, along a rail or down a post."""
    if is_single:
        return [(0, 0)]
    n, step = int(rng.integers(2, 13)), max(half_px * rng.uniform(1.5, 7.0), 4.0)
    offsets = [round(step * k) for k in range(n)]
    return [(k, 0) for k in offsets] if rng.random() < 0.7 else [(0, k) for k in offsets]


def _add_stack(projection: Projection, rng: Rng, centre: tuple[float, float], half: float) -> None:
    """Small boxes on one another: like bricks or cartons of cigarettes, but loose and of any proportion."""
    material = PLASTIC.packed(rng.uniform(0.15, 1.1)) if rng.random() < 0.8 else RUBBER
    width, height, z = half * rng.uniform(1, 3), half * rng.uniform(0.5, 1.6), rng.uniform(-900, 900)
    depth = rng.uniform(20, 220)
    for row in range(int(rng.integers(1, 4))):
        for column in range(int(rng.integers(1, 4))):
            x = centre[0] + column * (width + rng.uniform(0, 8))
            y = centre[1] - row * (height + rng.uniform(0, 4))
            projection.box((x, x + width), (y, y + height), (z, z + depth), material)


def _add_lattice(projection: Projection, rng: Rng, region_px: RegionPx) -> None:
    """A rack, a trellis or a folded gate: bars that cross over about a tile."""
    beam, pitch = projection.beam, projection.beam.pitch_mm
    x0, y0, x1, y1 = region_px
    size = min(rng.uniform(90, 260), x1 - x0) * pitch, min(rng.uniform(70, 200), y1 - y0) * pitch
    left = rng.uniform(x0 * pitch, max(x1 * pitch - size[0], x0 * pitch + 1))
    top = rng.uniform(y0 * pitch, max(y1 * pitch - size[1], y0 * pitch + 1))
    right, bottom = left + size[0], top + size[1]
    z, mm, width = rng.uniform(-1100, 1100), rng.uniform(0.8, 6.0), rng.uniform(2.0, 9.0) * pitch
    step = rng.uniform(22, 90) * pitch
    material = STEEL if rng.random() < 0.8 else ALUMINIUM
    if rng.random() < 0.5:
        lines = [[(float(x), top), (float(x), bottom)] for x in np.arange(left, right, step)]
        lines += [[(left, float(y)), (right, float(y))] for y in np.arange(top, bottom, step)]
    else:
        rise = size[1] * rng.uniform(0.4, 1.4)
        starts = np.arange(left - rise, right, step)
        lines = []
        for x in starts:
            ends = max(float(x), left), min(float(x) + rise, right)
            fall = [(end - float(x)) / rise * size[1] for end in ends]
            lines.append([(ends[0], bottom - fall[0]), (ends[1], bottom - fall[1])])
            lines.append([(ends[0], top + fall[0]), (ends[1], top + fall[1])])
    for line in lines:
        projection.add(strip(beam, line, width, z, mm), material)
    frame: Outline = rectangle((left, right), (top, bottom))
    projection.add(strip(beam, frame, width * 1.4, z, mm * 1.5, closed=True), material)
