"""Lorry fronts: cab, engine, frame and driven axles of a cab-over tractor or rigid lorry."""

from typing import Final

import numpy as np

from datasets.synthetic.chassis import hang_parts
from datasets.synthetic.physics import ALUMINIUM, GLASS, PLASTIC, RUBBER, STEEL
from datasets.synthetic.plates import (
    Outline,
    Rng,
    add_plates,
    add_strips,
    circle,
    plate,
    rectangle,
    repeat,
    strip,
)
from datasets.synthetic.projection import Projection
from datasets.synthetic.wheels import draw_axle

TRACTOR_MM: Final = 3500.0
"""From the bumper to the front of the box that it carries."""
_FRAME_MM: Final = 930.0


def draw_tractor(projection: Projection, rng: Rng, *, nose: float, ground: float) -> None:
    """A tractor with its bumper at ``nose``; its rear, with the fifth wheel, is under the box."""
    frame, n_driven = ground - _FRAME_MM, int(rng.integers(1, 3))
    first = nose + rng.uniform(3700, 3850)
    rear = first + (1350 if n_driven == 2 else 0) + rng.uniform(650, 900)
    draw_front(projection, rng, nose=nose, rear=rear, ground=ground)
    axles = [first + 1350 * k for k in range(n_driven)]
    repeat(projection, axles, 560, lambda p, x: draw_axle(p, rng, x, ground, dual=True))
    for x in axles:
        projection.ellipsoid((x, ground - 505, 0), (210, 200, 260), STEEL, share=0.5)
        _springs(projection, rng, x, frame)
    fifth = first + rng.uniform(300, 600)
    saddle = [
        (fifth - 460, frame - 140),
        (fifth + 300, frame - 150),
        (fifth + 480, frame - 105),
        (fifth - 440, frame - 100),
    ]
    add_plates(projection, saddle, 0, rng.uniform(500, 800), STEEL)
    add_plates(projection, rectangle((fifth - 210, fifth + 210), (frame - 105, frame)), 350, 30, STEEL)
    projection.cylinder_y(fifth, (frame - 170, frame - 90), 0, 45, STEEL)


def draw_front(projection: Projection, rng: Rng, *, nose: float, rear: float, ground: float) -> None:
    """Cab, engine, front axle and the frame that ends at ``rear``."""
    frame = ground - _FRAME_MM
    _frame(projection, rng, nose + 600, rear, frame)
    _engine(projection, rng, nose + rng.uniform(550, 700), frame)
    _cab(projection, rng, nose, frame, ground)
    draw_axle(projection, rng, nose + rng.uniform(1350, 1450), ground, dual=False)
    _springs(projection, rng, nose + 1400, frame)
    _tanks(projection, rng, nose, frame)
    hang_parts(projection, rng, (nose + 2300, nose + 3600), frame + 260, n_parts=int(rng.integers(2, 7)))


def _frame(projection: Projection, rng: Rng, x0: float, x1: float, frame: float) -> None:
    web = rng.uniform(6, 9)
    for z in (-400.0, 400.0):
        projection.box((x0, x1), (frame, frame + 260), (z - web / 2, z + web / 2), STEEL)
        for y in (frame, frame + 250):
            projection.box((x0, x1), (y, y + 10), (z - 40, z + 40), STEEL)
    for x in np.arange(x0 + 1300, x1 - 100, rng.uniform(420, 600)):
        at = float(x)
        projection.box((at, at + 70), (frame + 40, frame + 210), (-390, 390), STEEL, share=0.12)
        bolts = [(at + 10 + 25 * k, frame + 70 + 40 * (k % 2)) for k in range(3)]
        for bolt in bolts:
            add_plates(projection, circle(*bolt, 12, sides=8), 400, 30, STEEL)


def _springs(projection: Projection, rng: Rng, x: float, frame: float) -> None:
    for leaf in range(int(rng.integers(2, 6))):
        half, y = 640 - 110 * leaf, frame + 300 + 15 * leaf
        bow = [(x - half, y - 40), (x - half / 2, y), (x, y + 15), (x + half / 2, y), (x + half, y - 40)]
        add_strips(projection, bow, 14, 400, 80, STEEL)
    add_strips(projection, [(x + 120, frame + 330), (x + 220, frame + 20)], 60, 430, 12, STEEL)


def _tanks(projection: Projection, rng: Rng, nose: float, frame: float) -> None:
    x0, x1 = nose + rng.uniform(2350, 2500), nose + rng.uniform(3050, 3350)
    y, level = (frame + 10, frame + rng.uniform(560, 640)), rng.uniform(0.1, 0.9)
    near = bool(rng.random() < 0.5)
    z = (-1180.0, -520.0) if near else (520.0, 1180.0)
    projection.shell((x0, x1), y, z, 3, ALUMINIUM)
    projection.box(
        (x0 + 4, x1 - 4), (y[1] - level * (y[1] - y[0]), y[1] - 4), (z[0] + 4, z[1] - 4), PLASTIC, share=0.88
    )
    other = (520.0, 1150.0) if near else (-1150.0, -520.0)
    projection.shell((x0, x0 + 520), (frame + 60, frame + 400), other, 3, PLASTIC)
    for k in range(2):
        projection.box(
            (x0 + 20 + 250 * k, x0 + 240 + 250 * k),
            (frame + 150, frame + 390),
            (other[0] + 60, other[1] - 60),
            STEEL,
            share=0.35,
        )
    for k in range(int(rng.integers(1, 4))):
        projection.cylinder_z(x1 + 160, frame + 110 + 260 * k, (-350, 350), 120, STEEL, wall_mm=3.2)
    x = nose + rng.uniform(2260, 2330)
    projection.cylinder_y(x, (frame - 1200, frame + 260), rng.uniform(-700, 700), 72, STEEL, wall_mm=2.2)
    coil = [(x + 60 + 28 * k, frame - 500 + (180 if k % 2 else 0)) for k in range(14)]
    add_strips(projection, coil, 13, 250, 8, PLASTIC)


def _engine(projection: Projection, rng: Rng, x: float, frame: float) -> None:
    """Six cylinders in line, with its gearbox, radiator, fan, sump, turbocharger and drive shaft."""
    pitch = rng.uniform(150, 175)
    end = x + 140 + 6 * pitch
    projection.box((x + 60, end), (frame - 300, frame + 230), (-230, 230), STEEL, share=0.22)
    projection.box((x + 90, end - 40), (frame - 180, frame + 120), (-180, 180), STEEL, share=0.3)
    for k in range(6):
        centre = x + 140 + pitch * k
        projection.cylinder_y(centre, (frame - 250, frame + 20), 0, 75, STEEL, wall_mm=14)
        projection.box((centre - 58, centre + 58), (frame - 170, frame - 80), (-55, 55), ALUMINIUM)
        add_plates(
            projection, rectangle((centre - 30, centre + 30), (frame - 370, frame - 300)), 60, 45, STEEL
        )
        add_strips(projection, [(centre, frame - 80), (centre, frame + 90)], 34, 0, 40, STEEL)
        projection.cylinder_z(centre, frame + 110, (-60, 60), rng.uniform(60, 100), STEEL)
    projection.cylinder_x((x + 60, end), frame + 100, 0, 45, STEEL)
    projection.shell((x + 90, end - 60), (frame + 200, frame + 330), (-160, 160), 3, STEEL)
    projection.box((x + 94, end - 64), (frame + 250, frame + 326), (-156, 156), PLASTIC, share=0.9)
    projection.cylinder_z(x + 40, frame - 60, (200, 215), 190, STEEL, wall_mm=120)
    bell = [
        (end, frame - 230),
        (end + 330, frame - 130),
        (end + 760, frame - 90),
        (end + 760, frame + 120),
        (end, frame + 210),
    ]
    add_plates(projection, bell, 170, 14, ALUMINIUM)
    for k in range(9):
        gear, radius = end + 300 + 48 * k, rng.uniform(45, 100)
        projection.cylinder_x((gear, gear + 30), frame - 10, 0, radius, STEEL)
        projection.cylinder_x((gear, gear + 30), frame + 60, 60, 125 - radius, STEEL)
    projection.cylinder_x((end + 30, end + 110), frame - 10, 0, 200, STEEL)
    projection.cylinder_x((end + 760, end + 2200), frame + 120, 0, 55, STEEL, wall_mm=5)
    projection.box((x - 120, x - 45), (frame - 560, frame + 130), (-420, 420), ALUMINIUM, share=0.28)
    projection.ellipsoid((x + 560, frame - 400, 260), (120, 110, 90), STEEL, share=0.55)
    projection.cylinder_z(x + 250, frame + 20, (230, 400), 85, STEEL, wall_mm=45)
    for _ in range(int(rng.integers(6, 16))):
        at, y = rng.uniform(x, end), frame + rng.uniform(-420, 260)
        line = [
            (at, y),
            (at + rng.uniform(-160, 160), y + rng.uniform(-120, 120)),
            (at + rng.uniform(-300, 300), y + rng.uniform(-160, 160)),
        ]
        add_strips(
            projection,
            line,
            rng.uniform(10, 50),
            260,
            rng.uniform(3, 16),
            STEEL if rng.random() < 0.6 else RUBBER,
        )


def _cab(projection: Projection, rng: Rng, nose: float, frame: float, ground: float) -> None:
    top, back, floor = ground - rng.uniform(2950, 3700), nose + rng.uniform(1900, 2280), frame - 360
    shell = [
        (nose + 60, frame + 320), (nose, frame - 250), (nose + 60, floor - 500), (nose + 330, top + 260),
        (nose + 620, top), (back, top + 40), (back, frame + 40), (nose + 1950, frame + 60),
        (nose + 1880, frame - 120), (nose + 950, frame - 120), (nose + 900, frame + 60),
    ]  # fmt: skip
    window = [
        (nose + 260, floor - 480),
        (nose + 480, top + 420),
        (nose + 1220, top + 420),
        (nose + 1220, floor - 480),
    ]
    add_plates(projection, shell, 1200, rng.uniform(1.4, 2.2), STEEL, holes=[window])
    add_plates(projection, shell, 1150, rng.uniform(4, 12), PLASTIC.packed(0.3))
    add_strips(projection, shell, rng.uniform(18, 40), 1180, rng.uniform(6, 14), STEEL, closed=True)
    add_strips(projection, shell[4:7], 14, 0, rng.uniform(90, 220), STEEL)
    add_strips(projection, shell[:4], 14, 0, rng.uniform(50, 110), STEEL)
    add_plates(projection, window, 1190, 4.5, GLASS)
    add_strips(projection, window, 26, 1190, 5, STEEL, closed=True)
    add_strips(projection, [(nose + 60, floor - 480), (nose + 330, top + 270)], 14, 0, 1700, GLASS)
    add_strips(projection, [(nose + 1260, floor - 900), (nose + 1260, frame - 130)], 40, 1180, 5, STEEL)
    projection.box((nose + 120, back), (floor - 12, floor), (-1100, 1100), STEEL, share=0.15)
    _dashboard(projection, rng, nose, floor)
    for z in (-620.0, 620.0):
        _seat(projection, nose + rng.uniform(860, 980), floor, z)
    bunk = nose + 1450, back - 60
    projection.box(bunk, (floor - 520, floor - 400), (-950, 950), PLASTIC, share=0.06)
    projection.box(bunk, (floor - 400, floor - 392), (-950, 950), STEEL, share=0.15)
    for _ in range(int(rng.integers(2, 12))):
        x, y = rng.uniform(*bunk), floor - rng.uniform(60, 380)
        projection.box(
            (x, x + rng.uniform(40, 250)),
            (y - rng.uniform(30, 160), y),
            (-200, 200),
            PLASTIC,
            share=rng.uniform(0.05, 0.5),
        )
    projection.box((nose - 30, nose + 110), (frame + 60, frame + 400), (-1150, 1150), PLASTIC, share=0.06)
    projection.shell((nose + 10, nose + 90), (frame + 190, frame + 300), (-1100, 1100), 3, STEEL)
    for z in (-950.0, 950.0):
        projection.cylinder_x((nose, nose + 120), frame + 20, z, 100, GLASS, wall_mm=12)
        projection.box(
            (nose + 140, nose + 200),
            (floor - 900, floor - 420),
            (z * 1.35 - 110, z * 1.35 + 110),
            PLASTIC,
            share=0.15,
        )


def _dashboard(projection: Projection, rng: Rng, nose: float, floor: float) -> None:
    outline: Outline = [
        (nose + 90, floor - 60),
        (nose + 110, floor - 520),
        (nose + 420, floor - 470),
        (nose + 470, floor - 60),
    ]
    add_plates(projection, outline, 0, 420, PLASTIC.packed(0.28))
    for _ in range(14):
        x, y = nose + rng.uniform(120, 420), floor - rng.uniform(80, 460)
        part = rectangle((x, x + rng.uniform(25, 110)), (y, y + rng.uniform(20, 80)))
        add_plates(projection, part, rng.uniform(200, 900), rng.uniform(2, 13), STEEL)
    add_strips(projection, [(nose + 470, floor - 120), (nose + 620, floor - 520)], 40, 620, 8, STEEL)
    add_strips(projection, [(nose + 500, floor - 640), (nose + 760, floor - 440)], 28, 620, 60, PLASTIC)
    add_strips(
        projection, [(nose + 560, floor - 590), (nose + 700, floor - 490)], 90, 620, 40, PLASTIC.packed(0.3)
    )


def _seat(projection: Projection, x: float, floor: float, z: float) -> None:
    foam = PLASTIC.packed(0.07)
    projection.box((x, x + 480), (floor - 430, floor - 290), (z - 250, z + 250), foam)
    back = [(x + 400, floor - 300), (x + 500, floor - 300), (x + 640, floor - 950), (x + 540, floor - 980)]
    projection.add(plate(projection.beam, back, z, 480), foam)
    frame = [(x + 30, floor - 285), (x + 450, floor - 285), (x + 580, floor - 900)]
    for side in (z - 220, z + 220):
        projection.add(strip(projection.beam, frame, 28, side, 8), STEEL)
    projection.cylinder_y(x + 240, (floor - 285, floor), z, 70, STEEL, wall_mm=4)
    scissor = [(x + 60, floor - 20), (x + 420, floor - 270)], [(x + 420, floor - 20), (x + 60, floor - 270)]
    for line in scissor:
        projection.add(strip(projection.beam, line, 26, z, 16), STEEL)
