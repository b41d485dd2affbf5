"""The things of a household that moves: every box another, nothing in line."""

from itertools import pairwise

import cv2
import numpy as np

from datasets.synthetic.beam import Float32
from datasets.synthetic.grain import smooth_noise
from datasets.synthetic.hold import Hold
from datasets.synthetic.packing import Rng, Section, blend
from datasets.synthetic.physics import GLASS, ORGANIC, PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.projection import Projection, Span

_SHEET = (400, 700)
_DEPTH_SHARE = 0.35
_SOFT_AND_STEEL = blend(PLASTIC, STEEL, 0.35)


class _Packed:
    """What a cut through boxes of mixed small things shows: a sheet to take patches from, mean 1."""

    def __init__(self, rng: Rng, pitch_mm: float) -> None:
        self._rng, self._pitch_mm = rng, pitch_mm
        self._soft = _small_things(rng, 600, (3, 22), 0.25)
        self._mixed = _small_things(rng, 360, (1, 14), 0.08)

    def fill(self, projection: Projection, x: Span, y: Span, z: Span, g_cm3: float) -> None:
        """Fill a box with them: a layer of soft things, a layer with metal before or behind it."""
        cut = z[0] + (z[1] - z[0]) * float(self._rng.uniform(0.25, 0.75))
        layers = [(z[0], cut), (cut, z[1])]
        self._rng.shuffle(layers)
        self._layer(projection, x, y, layers[0], self._soft, g_cm3 * 1.1, ORGANIC)
        self._layer(projection, x, y, layers[1], self._mixed, g_cm3 * 0.9, _SOFT_AND_STEEL)

    def _layer(  # noqa: PLR0917 - the three axes, then what it is
        self,
        projection: Projection,
        x: Span,
        y: Span,
        z: Span,
        sheet: Float32,
        g_cm3: float,
        material: Material,
    ) -> None:
        section = Section(self._pitch_mm, x[1] - x[0], y)
        h, w = (min(n, m) for n, m in zip(section.density.shape, _SHEET, strict=True))
        top = int(self._rng.integers(_SHEET[0] - h + 1))
        left = int(self._rng.integers(_SHEET[1] - w + 1))
        # Small things are not as deep as their box: less of the fan's smear, as much matter.
        middle, short = (z[0] + z[1]) / 2, (z[1] - z[0]) * _DEPTH_SHARE / 2
        section.density[:h, :w] = sheet[top : top + h, left : left + w] * np.float32(g_cm3 / _DEPTH_SHARE)
        section.project(projection, x[0], (middle - short, middle + short), material)


def _small_things(rng: Rng, n: int, size_px: tuple[int, int], base: float) -> Float32:
    """Rounds, frames, rods and slabs strewn over a sheet."""
    sheet = base + base * np.float32(0.3) * smooth_noise(rng, _SHEET, (12, 20))
    for _ in range(n):
        half = int(rng.integers(*size_px)), int(rng.integers(*size_px))
        x, y = int(rng.integers(_SHEET[1])), int(rng.integers(_SHEET[0]))
        x0, y0 = max(x - 24, 0), max(y - 24, 0)
        part = sheet[y0 : y + 24, x0 : x + 24]
        layer = np.zeros(part.shape, dtype=np.float32)
        centre, thick = (x - x0, y - y0), int(rng.choice([-1, 1, 1, 2]))
        turn = float(rng.choice([0, 0, 90, rng.uniform(0, 180)]))
        match int(rng.integers(3)):
            case 0:
                cv2.ellipse(layer, centre, half, turn, 0, 360, 1.0, thick)
            case 1:
                corners = cv2.boxPoints((centre, (2.0 * half[0], 2.0 * half[1]), turn)).astype(np.int32)
                if thick < 0:
                    cv2.fillConvexPoly(layer, corners, 1.0)
                else:
                    cv2.polylines(layer, [corners], True, 1.0, thick)
            case _:
                reach = np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))]) * half[0]
                end = (centre[0] + int(reach[0]), centre[1] + int(reach[1]))
                cv2.line(layer, centre, end, 1.0, int(rng.integers(1, 4)))
        part += layer * np.float32(rng.uniform(0.2, 1.2))
    return (sheet / max(float(sheet.mean()), 1e-6)).astype(np.float32)


def draw_household(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Fill a bay with one household's things: boxes, furniture, machines, bicycles, all different."""
    height = bay.height * float(rng.uniform(0.6, 0.95))
    n_rows = 3 if rng.random() < 0.7 else 2
    edges = np.linspace(bay.z[0], bay.z[1], n_rows + 1)
    packed = _Packed(rng, projection.beam.pitch_mm)
    for near, far in pairwise(edges):
        x = bay.x[0] + float(rng.uniform(0, 80))
        while x < bay.x[1] - 250:
            wide = min(float(rng.uniform(480, 1600)), bay.x[1] - x)
            y = bay.y[1]
            while y > bay.y[1] - height + 150:
                tall = min(float(rng.uniform(280, 1000)), y - bay.y[0] - 5)
                _thing(
                    projection,
                    rng,
                    (x, x + wide),
                    (y - tall, y),
                    (float(near), float(far)),
                    bulk_g_cm3,
                    packed,
                )
                y -= tall
            x += wide + float(rng.exponential(20))


def _thing(projection: Projection, rng: Rng, x: Span, y: Span, z: Span, bulk: float, packed: _Packed) -> None:  # noqa: PLR0917
    """One of a household's things within the given space."""
    wide, tall = x[1] - x[0], y[1] - y[0]
    middle = ((x[0] + x[1]) / 2, (y[0] + y[1]) / 2, (z[0] + z[1]) / 2)
    density = bulk * float(np.exp(rng.normal(-0.1, 0.5)))
    kind = int(rng.integers(8))
    if kind <= 3:
        packed.fill(projection, x, y, z, density)
        _clutter(projection, rng, x, y, z)
    elif kind == 4:
        projection.shell(x, y, z, 18.0, WOOD)
        packed.fill(projection, x, y, z, density * 0.4)
        for share in np.linspace(0, 1, int(rng.integers(2, 5)), endpoint=False)[1:]:
            top = y[0] + tall * float(share)
            projection.box(x, (top, top + 16), z, WOOD)
        _clutter(projection, rng, x, y, z)
    elif kind == 5:
        packed.fill(projection, x, y, z, density * 0.5)
        radii = (wide / 2, tall / 2, (z[1] - z[0]) / 2)
        projection.ellipsoid(middle, radii, ORGANIC.packed(density))
    elif kind == 6:
        projection.shell(x, y, z, 0.8, STEEL)
        size = min(wide, tall) * 0.3
        projection.cylinder_z(
            middle[0], middle[1], (z[0] + 40, z[0] + 140), size, STEEL.packed(2.5), wall_mm=size * 0.3
        )
        _clutter(projection, rng, x, y, z)
    else:
        radius = min(tall, wide) * 0.48
        for at in (x[0] + radius, x[1] - radius):
            projection.cylinder_z(
                at, y[1] - radius, (middle[2], middle[2] + 25), radius, STEEL.packed(1.2), wall_mm=18
            )
        for _ in range(4):
            ends = rng.uniform((x[0] + 15, y[0] + 15), (x[1] - 15, y[1] - 15), (2, 2))
            projection.bar(
                (ends[0, 0], ends[0, 1], middle[2]), (ends[1, 0], ends[1, 1], middle[2]), 26, 6, STEEL
            )


def _clutter(projection: Projection, rng: Rng, x: Span, y: Span, z: Span) -> None:
    """Small things in a box: crockery, tools, tins, tubes."""
    for _ in range(int(rng.integers(1, 5))):
        wide = float(rng.uniform(0.08, 0.5)) * (x[1] - x[0])
        tall = float(rng.uniform(0.08, 0.5)) * (y[1] - y[0])
        left = float(rng.uniform(x[0], x[1] - wide))
        top = float(rng.uniform(y[0] + (y[1] - y[0]) * 0.2, y[1])) - tall * 0.5
        top = min(max(top, y[0]), y[1] - tall)
        near = float(rng.uniform(z[0], (z[0] + z[1]) / 2))
        deep = float(rng.uniform(0.1, 0.45)) * (z[1] - z[0])
        match int(rng.integers(4)):
            case 0:
                projection.box(
                    (left, left + wide), (top, top + tall), (near, near + deep), ORGANIC.packed(0.5)
                )
            case 1:
                size = min(wide, tall) / 2
                projection.cylinder_z(
                    left + size, top + size, (near, near + deep), size, GLASS.packed(1.2), wall_mm=6
                )
            case 2:
                size = min(wide / 2, deep / 2)
                projection.cylinder_y(left + size, (top, top + tall), near + size, size, PLASTIC.packed(0.6))
            case _:
                projection.box((left, left + wide), (top, top + 8), (near, near + 40), STEEL)
