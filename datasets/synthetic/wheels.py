"""Wheels of road and rail, and the axles between them."""

import numpy as np

from datasets.synthetic.meshes import Point2
from datasets.synthetic.physics import RUBBER, STEEL
from datasets.synthetic.plates import Rng, add_plates, circle
from datasets.synthetic.projection import Projection, Span

TYRE_MM = 505.0
"""Radius of a usual lorry tyre (295/80 R22.5)."""


def draw_axle(projection: Projection, rng: Rng, x: float, ground: float, *, dual: bool) -> None:
    """Both wheels of a lorry's axle with drums and the tube between them; ``dual``: two tyres a side."""
    y, out = ground - TYRE_MM, 1240.0
    inner = out - (600.0 if dual else 310.0)
    for side in (-1, 1):
        spans = [(out - 290, out)] + ([(inner, inner + 290)] if dual else [])
        for near, far in spans:
            _tyre(projection, rng, x, y, _sorted(side * near, side * far))
        drum = _sorted(side * (inner - 60), side * (inner + 130))
        projection.cylinder_z(x, y, drum, 212, STEEL, wall_mm=16)
        projection.cylinder_z(x, y, _sorted(side * (inner + 100), side * (out - 60)), 110, STEEL, wall_mm=45)
    _disc(projection, rng, (x, y), out - 150, 22.0 if dual else 11.0)
    projection.cylinder_z(x, y, (-inner, inner), 64, STEEL, wall_mm=rng.uniform(9, 16))


def _sorted(a: float, b: float) -> Span:
    return min(a, b), max(a, b)


def _tyre(projection: Projection, rng: Rng, x: float, y: float, z: Span) -> None:
    radius = TYRE_MM - rng.uniform(0, 14)
    projection.cylinder_z(x, y, z, radius, RUBBER, wall_mm=26)
    for wall in ((z[0], z[0] + 16), (z[1] - 16, z[1])):
        projection.cylinder_z(x, y, wall, radius - 26, RUBBER, wall_mm=radius - 26 - 285)
    projection.cylinder_z(x, y, (z[0] + 30, z[1] - 30), radius - 22, STEEL, wall_mm=2.5)
    for bead in (z[0] + 12, z[1] - 32):
        projection.cylinder_z(x, y, (bead, bead + 20), 300, STEEL, wall_mm=16)
    projection.cylinder_z(x, y, (z[0] + 8, z[1] - 8), 286, STEEL, wall_mm=5)


def _disc(projection: Projection, rng: Rng, centre: Point2, z: float, mm: float) -> None:
    x, y = centre
    turn, n_hand, n_bolts = rng.uniform(0, 1), int(rng.choice([8, 10])), 10
    holes = [_around(x, y, 222, 24, (k + turn) / n_hand) for k in range(n_hand)]
    holes.append(circle(x, y, 70))
    add_plates(projection, circle(x, y, 282, sides=48), z, mm, STEEL, holes=holes)
    for k in range(n_bolts):
        add_plates(projection, _around(x, y, 167, 16, (k + turn) / n_bolts), z, 45, STEEL)


def _around(x: float, y: float, distance: float, radius: float, turns: float) -> list[Point2]:
    angle = 2 * np.pi * turns
    return circle(x + distance * np.cos(angle), y + distance * np.sin(angle), radius, sides=12)


def draw_wheelset(projection: Projection, rng: Rng, x: float, rail: float) -> None:
    """A railway wheelset: two forged wheels with rims and flanges, the axle, the bearing boxes."""
    radius = rng.uniform(420, 460)
    y = rail - radius
    web = rng.uniform(22, 34)
    for side in (-1, 1):
        rim = _sorted(side * 680, side * 815)
        projection.cylinder_z(x, y, rim, radius, STEEL, wall_mm=rng.uniform(50, 70))
        projection.cylinder_z(x, y, _sorted(side * 680, side * 712), radius + 28, STEEL, wall_mm=29)
        projection.cylinder_z(x, y, _sorted(side * 730, side * (730 + web)), radius - 50, STEEL)
        projection.cylinder_z(x, y, _sorted(side * 670, side * 840), 140, STEEL, wall_mm=55)
        box = _sorted(side * 900, side * 1120)
        projection.box((x - 115, x + 115), (y - 110, y + 105), box, STEEL, share=0.55)
    projection.cylinder_z(x, y, (-1100, 1100), 83, STEEL, wall_mm=rng.uniform(50, 82))


def draw_car_wheels(projection: Projection, rng: Rng, x: float, ground: float, *, half_track: float) -> None:
    """Both wheels of a car's axle."""
    radius = rng.uniform(300, 345)
    y, turn = ground - radius, rng.uniform(0, 1)
    rim, n_spokes = radius * rng.uniform(0.6, 0.68), int(rng.integers(5, 11))
    for side in (-1, 1):
        z = _sorted(side * (half_track - 200), side * half_track)
        projection.cylinder_z(x, y, z, radius, RUBBER, wall_mm=16)
        for wall in ((z[0], z[0] + 9), (z[1] - 9, z[1])):
            projection.cylinder_z(x, y, wall, radius - 16, RUBBER, wall_mm=radius - 16 - rim)
        projection.cylinder_z(x, y, (z[0] + 20, z[1] - 20), radius - 14, STEEL, wall_mm=1.2)
        projection.cylinder_z(x, y, z, rim, STEEL, wall_mm=3.5)
        projection.cylinder_z(x, y, _sorted(side * (half_track - 130), side * (half_track - 108)), 140, STEEL)
        projection.cylinder_z(x, y, _sorted(side * (half_track - 190), side * (half_track - 60)), 65, STEEL)
    holes = [_around(x, y, rim * 0.72, rim * 0.2, (k + turn) / n_spokes) for k in range(n_spokes)]
    add_plates(projection, circle(x, y, rim, sides=36), half_track - 40, 5, STEEL, holes=holes)
