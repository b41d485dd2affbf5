"""Refrigerated containers: insulated walls, a floor of aluminium T-bars, the unit at the front end."""

from itertools import pairwise
from typing import Final

import numpy as np

from datasets.synthetic.containers import (
    draw_base,
    draw_casting,
    draw_doors,
    draw_frame,
    draw_wear,
)
from datasets.synthetic.hold import Hold
from datasets.synthetic.physics import ALUMINIUM, PLASTIC, STEEL
from datasets.synthetic.plates import Rng, add_plates, add_strips, circle, rectangle, repeat, upright_sheet
from datasets.synthetic.projection import Projection, Span

_UNIT_MM: Final = 430.0
_FLOOR_MM: Final = 185.0
_FOAM: Final = PLASTIC.packed(0.045)
_COPPER: Final = STEEL.packed(8.96)


def draw_reefer(projection: Projection, rng: Rng, body: Hold) -> Hold:
    """Draw it; the loadable space ends at the bulkhead left and at the red line below the ceiling."""
    wear = draw_wear(rng)
    wall, roof = rng.uniform(60, 80), rng.uniform(75, 105)
    floor = body.y[1] - _FLOOR_MM
    inside = Hold(
        x=(body.x[0] + _UNIT_MM + 60, body.x[1] - 110),
        y=(body.y[0] + roof, floor),
        z=(body.z[0] + wall + 10, body.z[1] - wall - 10),
    )
    _walls(projection, rng, body, inside)
    _floor(projection, rng, body, inside)
    draw_frame(projection, rng, body, wear)
    draw_base(projection, rng, body, wear)
    draw_doors(projection, rng, body, wear)
    projection.box((body.x[1] - 110, body.x[1] - 60), (inside.y[0], floor), inside.z, _FOAM)
    _unit(projection, rng, body, inside)
    for y in (body.y[0], body.y[1] - 118):
        repeat(projection, (body.x[0] + 89,), 100, lambda p, x, y=y: draw_casting(p, x, y))  # type: ignore[misc]
    load_line = rng.uniform(60, 110)
    return Hold(x=inside.x, y=(inside.y[0] + load_line, floor), z=inside.z)


def _walls(projection: Projection, rng: Rng, body: Hold, inside: Hold) -> None:
    """Foam between a beaded outer and a plain inner sheet; foamed-in posts; the roof likewise."""
    x, y = (body.x[0] + _UNIT_MM, body.x[1] - 60), (body.y[0] + 30, body.y[1] - 150)
    beam = projection.beam
    skin = STEEL if rng.random() < 0.6 else ALUMINIUM
    columns = (np.arange(beam.width_px) + 0.5) * beam.pitch_mm
    period, mm = rng.uniform(150, 620), rng.uniform(0.8, 1.6)
    for side, lining in ((body.z[0] + 8, inside.z[0]), (body.z[1] - 8, inside.z[1])):
        bead = (columns + rng.uniform(0, period)) % period < rng.uniform(8, 40)
        projection.add(
            upright_sheet(beam, x, y, side, np.asarray(mm * (1 + 0.25 * bead), dtype=np.float64)), skin
        )
        span = min(side, lining), max(side, lining)
        projection.box(x, y, span, _FOAM)
        projection.box((inside.x[0], x[1]), inside.y, (lining - 0.4, lining + 0.4), STEEL)
    pitch = rng.uniform(550, 1250)
    posts = np.arange(x[0] + pitch / 2, x[1], pitch)
    width = rng.uniform(35, 60)
    z = (body.z[0] + 40 + inside.z[0]) / 2
    repeat(
        projection,
        posts,
        60,
        lambda p, at: add_plates(p, rectangle((at - width / 2, at + width / 2), y), z, 2.2, STEEL),
    )
    projection.box(x, (body.y[0] + 6, body.y[0] + 7.2), (-1180, 1180), skin)
    projection.box(x, (body.y[0] + 8, inside.y[0]), (-1180, 1180), _FOAM)
    projection.box(x, (inside.y[0], inside.y[0] + 0.8), inside.z, STEEL)
    for z0 in (body.z[0], body.z[1] - 70):
        projection.shell(x, (body.y[0] + 5, body.y[0] + 75), (z0, z0 + 70), 3.5, STEEL)


def _floor(projection: Projection, rng: Rng, body: Hold, inside: Hold) -> None:
    """T-bars lie along the scan: stems every few centimetres of depth under a slotted top."""
    x, top = (inside.x[0] - 40, body.x[1] - 90), inside.y[1]
    height, stem = rng.uniform(55, 66), rng.uniform(55, 70)
    projection.box(x, (top, top + 5), inside.z, ALUMINIUM, share=0.55)
    projection.box(x, (top + 5, top + height), inside.z, ALUMINIUM, share=3.2 / stem)
    projection.box(x, (top + height, top + height + 3.5), inside.z, ALUMINIUM)
    projection.box(x, (top + height + 4, body.y[1] - 60), (-1160, 1160), _FOAM)


def _unit(projection: Projection, rng: Rng, body: Hold, inside: Hold) -> None:
    """Compressor and condenser below, evaporator and fans above, pipes and a control box between."""
    x, (top, bottom) = (body.x[0] + 60, body.x[0] + _UNIT_MM), body.y
    across = (-1050.0, 1050.0)
    projection.shell(x, (top + 110, bottom - 130), across, 2.5, ALUMINIUM)
    projection.box((x[1], x[1] + 60), (top + 60, bottom - 150), (-1160, 1160), _FOAM)
    projection.box((x[1] + 58, x[1] + 60), (top + 60, bottom - 150), (-1160, 1160), STEEL, share=0.4)
    middle = top + body.height * rng.uniform(0.46, 0.56)
    projection.box(x, (middle, middle + 4), across, ALUMINIUM)
    _coil(projection, rng, (x[0] + 20, x[0] + rng.uniform(90, 140)), (middle + 80, bottom - 700), across)
    _coil(projection, rng, (x[0] + 150, x[1] - 40), (top + 520, middle - 60), across)
    _compressor(projection, rng, x, bottom)
    _fans(projection, rng, x, (top + 330, middle + 0.35 * (bottom - middle)))
    z, y = rng.uniform(-900, 500), middle + rng.uniform(120, 300)
    projection.shell((x[0] + 10, x[0] + 230), (y, y + 520), (z, z + 420), 3, ALUMINIUM)
    for _ in range(int(rng.integers(8, 20))):
        at, down = x[0] + rng.uniform(20, 200), y + rng.uniform(20, 460)
        size = rng.uniform(15, 70, 3)
        projection.box(
            (at, at + size[0]), (down, down + size[1]), (z + 40, z + 40 + 2 * size[2]), STEEL, share=0.4
        )
    for _ in range(int(rng.integers(6, 14))):
        line = [
            (rng.uniform(x[0] + 20, x[1] - 20), float(v))
            for v in np.sort(rng.uniform(top + 300, bottom - 160, int(rng.integers(2, 5))))
        ]
        square = [q for a, b in pairwise(line) for q in (a, (a[0], b[1]), b)]
        add_strips(projection, square, rng.uniform(9, 30), rng.uniform(100, 900), rng.uniform(2, 4), _COPPER)


def _coil(projection: Projection, rng: Rng, x: Span, y: Span, z: Span) -> None:
    """Finned copper tubes across the width, each seen end on."""
    projection.box(x, y, z, ALUMINIUM, share=rng.uniform(0.03, 0.07))
    pitch = rng.uniform(26, 40)
    for column in np.arange(x[0] + 15, x[1] - 5, pitch):
        for row in np.arange(y[0] + 15, y[1] - 5, pitch * 1.6):
            projection.box((column, column + 10), (row, row + 10), z, _COPPER, share=0.08)


def _compressor(projection: Projection, rng: Rng, x: Span, bottom: float) -> None:
    centre, z = x[0] + rng.uniform(150, 220), rng.uniform(-600, 600)
    floor = bottom - rng.uniform(160, 210)
    radius, height = rng.uniform(95, 130), rng.uniform(380, 520)
    projection.cylinder_y(centre, (floor - height, floor), z, radius, STEEL, wall_mm=12)
    projection.cylinder_y(centre, (floor - height + 40, floor - 120), z, radius * 0.62, STEEL)
    projection.ellipsoid((centre, floor - height, z), (radius, 60, radius), STEEL, share=0.4)
    other = z + 420 if z < 0 else z - 420
    projection.cylinder_y(centre + 60, (floor - 600, floor - 60), other, 80, STEEL, wall_mm=4)
    projection.box((x[0] + 40, x[1] - 20), (floor, floor + 12), (-1000, 1000), STEEL, share=0.3)


def _fans(projection: Projection, rng: Rng, x: Span, rows: Span) -> None:
    """Condenser and evaporator fans: motors, rings and blades seen from the side."""
    for y, n_fans in ((rows[0], 2), (rows[1], 1)):
        for z in np.linspace(-450, 450, n_fans) if n_fans > 1 else (0.0,):
            motor = x[0] + 120
            projection.cylinder_x((motor, motor + 150), y, float(z), 75, STEEL, wall_mm=28)
            projection.cylinder_x((motor, motor + 150), y, float(z), 38, _COPPER)
            projection.cylinder_x(
                (motor + 170, motor + 250), y, float(z), rng.uniform(190, 240), ALUMINIUM, wall_mm=3
            )
            blade = rectangle((motor + 190, motor + 225), (y - 185, y + 185))
            add_plates(projection, blade, 0, rng.uniform(8, 25), ALUMINIUM)
    hub = circle(x[0] + 60, rows[1] + 260, rng.uniform(40, 70))
    add_plates(projection, hub, 300, 30, STEEL)
