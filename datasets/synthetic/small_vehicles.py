"""Vehicles without a container: passenger cars, vans, rigid lorries with a box body."""

from itertools import pairwise
from typing import Final

import numpy as np

from datasets.synthetic.chassis import hang_parts
from datasets.synthetic.hold import Hold
from datasets.synthetic.meshes import Point2
from datasets.synthetic.physics import ALUMINIUM, GLASS, PLASTIC, RUBBER, STEEL, WOOD
from datasets.synthetic.plates import Rng, add_plates, add_strips, circle, rectangle, repeat
from datasets.synthetic.projection import Projection, Span
from datasets.synthetic.tractor import draw_front
from datasets.synthetic.wheels import draw_axle, draw_car_wheels

CAR_MM: Final = 4550.0
VAN_MM: Final = 5600.0
BOX_TRUCK_MM: Final = 6800.0
_CAB_MM: Final = 2450.0


def draw_box_truck(projection: Projection, rng: Rng, *, x0: float, ground: float) -> tuple[Hold, Hold]:
    """A rigid lorry whose box begins at ``x0``: its outside and its loadable space."""
    deck, height = ground - rng.uniform(1050, 1200), rng.uniform(2350, 2750)
    body = Hold(x=(x0, x0 + BOX_TRUCK_MM), y=(deck - height, deck), z=(-1250, 1250))
    draw_front(projection, rng, nose=x0 - _CAB_MM, rear=body.x[1] - 300, ground=ground)
    n_axles = int(rng.integers(1, 3))
    axles = [body.x[1] - 2300 - 1350 * k for k in range(n_axles)]
    repeat(projection, axles, 560, lambda p, x: draw_axle(p, rng, x, ground, dual=True))
    for x in axles:
        projection.ellipsoid((x, ground - 505, 0), (210, 200, 260), STEEL, share=0.5)
    hang_parts(projection, rng, (x0 + 900, axles[-1] - 700), deck + 300, n_parts=int(rng.integers(3, 12)))
    wall = _box_body(projection, rng, body)
    hold = Hold(
        x=(x0 + wall + 20, body.x[1] - wall - 30),
        y=(body.y[0] + wall + 20, deck - 130),
        z=(body.z[0] + wall + 5, body.z[1] - wall - 5),
    )
    return body, hold


def _box_body(projection: Projection, rng: Rng, body: Hold) -> float:
    """Panels of foam or ply between thin sheets on posts, a plank floor; their thickness."""
    wall, is_foam = rng.uniform(18, 70), bool(rng.random() < 0.5)
    core, skin = (PLASTIC.packed(0.045) if is_foam else WOOD), (ALUMINIUM if rng.random() < 0.6 else STEEL)
    x, y = body.x, (body.y[0], body.y[1] - 100)
    core_mm = wall if is_foam else min(wall, 20)
    projection.shell(x, y, body.z, core_mm, core)
    for z in (body.z[0], body.z[1] - core_mm):
        for sheet in (z, z + core_mm - 1.2):
            projection.box(x, y, (sheet, sheet + 1.2), skin)
    projection.box(x, (y[0], y[0] + 1.2), body.z, skin)
    for end in (x[0], x[1] - 30):
        projection.box((end, end + 30), y, body.z, skin, share=0.08)
        projection.shell((end - 20, end + 60), y, (body.z[0], body.z[0] + 80), 4, STEEL)
        projection.shell((end - 20, end + 60), y, (body.z[1] - 80, body.z[1]), 4, STEEL)
    posts = np.arange(x[0] + 300, x[1] - 200, rng.uniform(400, 900))
    width, mm = rng.uniform(30, 60), rng.uniform(1.5, 4)
    repeat(
        projection,
        posts,
        60,
        lambda p, at: add_plates(p, rectangle((at - width / 2, at + width / 2), y), 1225, mm, skin),
    )
    for rail in (y[0] + rng.uniform(500, 900), y[1] - rng.uniform(400, 900)):
        for z in (-1210.0, 1210.0):
            projection.box(x, (rail, rail + 90), (z - 2, z + 2), STEEL, share=0.6)
    projection.box(x, (body.y[1] - 130, body.y[1] - 102), (-1200, 1200), WOOD)
    smear = rng.uniform(12, 40)
    bearers = np.arange(x[0] + 150, x[1] - 100, rng.uniform(350, 600))
    repeat(
        projection,
        bearers,
        60,
        lambda p, at: p.box(
            (at, at + smear), (body.y[1] - 100, body.y[1]), (-1200, 1200), STEEL, share=4 / smear
        ),
    )
    for z in (-400.0, 400.0):
        projection.box(x, (body.y[1], body.y[1] + 140), (z - 4, z + 4), STEEL)
    return wall


def draw_car(projection: Projection, rng: Rng, *, x0: float, ground: float) -> tuple[Hold, Hold]:
    """A passenger car, its nose at ``x0``: its outside and its boot."""
    top, belt, sill = ground - rng.uniform(1430, 1650), ground - rng.uniform(880, 980), ground - 210
    is_hatch = bool(rng.random() < 0.5)
    tail_top = x0 + (4250 if is_hatch else 3650)
    roof = [
        (x0 + 1150, belt - 60),
        (x0 + 1880, top + 40),
        (x0 + 2300, top),
        (x0 + 3150, top + 25),
        (tail_top, belt - 40),
    ]
    outline = [
        (x0, sill),
        (x0 + 20, belt + 200),
        (x0 + 120, belt + 110),
        *roof,
        (x0 + CAR_MM - 60, belt + 10),
        (x0 + CAR_MM, sill - 80),
    ]
    front, rear = x0 + rng.uniform(820, 920), x0 + rng.uniform(3450, 3620)
    body = Hold(x=(x0, x0 + CAR_MM), y=(top, ground), z=(-880, 880))
    _shell(projection, rng, outline, roof, (front, rear), 830)
    _power_train(projection, rng, x0, belt, ground)
    _cabin(projection, rng, (x0 + 1500, x0 + 3300), ground - 330, 380, n_rows=2)
    _under_floor(projection, rng, (x0 + 1300, x0 + CAR_MM - 200), ground)
    repeat(projection, (front, rear), 380, lambda p, x: draw_car_wheels(p, rng, x, ground, half_track=860))
    boot = Hold(x=(x0 + 3480, x0 + CAR_MM - 180), y=(belt + 20, ground - 380), z=(-500, 500))
    projection.box((boot.x[0], boot.x[1]), (boot.y[1], boot.y[1] + 12), boot.z, WOOD)
    if rng.random() < 0.6:
        projection.cylinder_y(sum(boot.x) / 2, (boot.y[1] + 20, boot.y[1] + 160), 0, 290, RUBBER, wall_mm=90)
        projection.cylinder_y(sum(boot.x) / 2, (boot.y[1] + 30, boot.y[1] + 150), 0, 200, STEEL, wall_mm=3)
    return body, boot


def draw_van(projection: Projection, rng: Rng, *, x0: float, ground: float) -> tuple[Hold, Hold]:
    """A panel van, its nose at ``x0``: its outside and its cargo space."""
    end, top, sill = x0 + VAN_MM, ground - rng.uniform(2200, 2650), ground - 250
    roof = [(x0 + 650, ground - 1150), (x0 + 1350, top + 180), (x0 + 1750, top), (end - 60, top + 20)]
    outline = [(x0, sill), (x0 + 30, ground - 900), *roof, (end, sill - 40)]
    front, rear = x0 + rng.uniform(900, 1000), end - rng.uniform(1050, 1250)
    body = Hold(x=(x0, end), y=(top, ground), z=(-1000, 1000))
    _shell(projection, rng, outline, roof, (front, rear), 960)
    _power_train(projection, rng, x0, ground - 1100, ground)
    _cabin(projection, rng, (x0 + 1450, x0 + 2100), ground - 480, 480, n_rows=1)
    _under_floor(projection, rng, (x0 + 1400, end - 150), ground - 80)
    repeat(projection, (front, rear), 380, lambda p, x: draw_car_wheels(p, rng, x, ground, half_track=960))
    posts = np.arange(x0 + 2400, end - 200, rng.uniform(450, 900))
    repeat(
        projection,
        posts,
        60,
        lambda p, x: add_plates(p, rectangle((x - 25, x + 25), (top + 60, sill - 150)), 930, 2.4, STEEL),
    )
    hold = Hold(x=(x0 + 2250, end - 90), y=(top + 70, ground - 560), z=(-860, 860))
    projection.box((hold.x[0], end - 60), (hold.y[1], hold.y[1] + 10), (-880, 880), WOOD)
    projection.box((hold.x[0] - 45, hold.x[0] - 25), (top + 80, hold.y[1]), (-880, 880), STEEL, share=0.04)
    return body, hold


def _shell(  # noqa: PLR0917 - outlines, then axles and half width
    projection: Projection, rng: Rng, outline: list[Point2], roof: list[Point2], axles: Span, z: float
) -> None:
    """Body panels with their windows, pillars, roof, arches, doors and the beams in them."""
    belt, top = roof[0][1] - 20, roof[2][1]
    cuts = np.linspace(roof[0][0] + 420, roof[-1][0] - 350, int(rng.integers(3, 5)))
    windows = [
        [(a + 35, belt), (max(a + 35, roof[1][0] + 60), top + 95), (b - 35, top + 95), (b - 35, belt)]
        for a, b in pairwise(cuts)
    ]
    arches = [circle(x, outline[0][1] + 20, 375, sides=36) for x in axles]
    glazed = windows if len(roof) > 4 else windows[:1]
    add_plates(projection, outline, z, rng.uniform(1.2, 2.0), STEEL, holes=[*glazed, *arches])
    add_plates(projection, outline, z - 60, rng.uniform(4, 9), PLASTIC.packed(0.3), holes=[*glazed, *arches])
    for window in glazed:
        add_plates(projection, window, z - 10, 4, GLASS)
        add_strips(projection, window, 30, z, 3.5, STEEL, closed=True)
    add_strips(projection, roof[1:], 12, 0, rng.uniform(80, 160), STEEL)
    add_strips(projection, roof[:2], 10, 0, 1050, GLASS)
    add_strips(projection, outline, 34, z - 20, 3.5, STEEL, closed=True)
    for arch in arches:
        add_strips(projection, arch[len(arch) // 2 :], 8, z - 90, 60, STEEL)
    sill = outline[0][1]
    for cut in cuts:
        add_strips(projection, [(float(cut), belt), (float(cut), sill)], 70, z - 20, 3, STEEL)
        add_strips(
            projection,
            [(float(cut) + 40, belt + 150), (float(cut) + 160, belt + 160)],
            22,
            z + 10,
            8,
            PLASTIC,
        )
    add_strips(
        projection, [(float(cuts[0]), sill - 280), (float(cuts[-1]), sill - 220)], 36, z - 40, 6, STEEL
    )
    for side in (-z + 20, z - 20):
        span = min(side, side * 0.9), max(side, side * 0.9)
        projection.shell((axles[0] + 400, axles[1] - 400), (sill - 110, sill), span, 3, STEEL)
    ends = min(p[0] for p in outline), max(p[0] for p in outline)
    for bumper in (ends[0] + 60, ends[1] - 150):
        projection.shell((bumper, bumper + 90), (sill - 260, sill - 130), (-z * 0.8, z * 0.8), 2.5, STEEL)


def _power_train(projection: Projection, rng: Rng, x0: float, belt: float, ground: float) -> None:
    """Engine across the car, gearbox beside it, radiator, battery, suspension towers, a few hoses."""
    x, y = x0 + rng.uniform(520, 640), belt + rng.uniform(150, 210)
    low = ground - 260
    projection.box((x, x + 420), (y, low), (-330, 150), ALUMINIUM, share=rng.uniform(0.4, 0.6))
    for k in range(4):
        projection.cylinder_y(x + 210, (y + 40, y + 260), -270 + 110 * k, 45, STEEL, wall_mm=9)
    projection.cylinder_z(x + 210, low - 90, (-330, 150), 55, STEEL)
    projection.box((x + 30, x + 390), (low - 80, low), (-300, 120), STEEL, share=0.06)
    projection.cylinder_z(x + 230, low - 150, (160, 480), 170, ALUMINIUM, wall_mm=12)
    for k in range(4):
        projection.cylinder_z(x + 150 + 45 * k, low - 150, (180, 420), rng.uniform(30, 75), STEEL)
    projection.box((x0 + 230, x0 + 290), (belt + 190, low), (-360, 360), ALUMINIUM, share=0.2)
    battery = y + rng.uniform(-40, 40)
    projection.box((x + 80, x + 330), (battery, battery + 190), (430, 610), STEEL, share=0.4)
    for pulley in (70, 220, 350):
        add_plates(
            projection, circle(x + pulley, y + rng.uniform(60, 340), rng.uniform(45, 85)), 0, 28, STEEL
        )
    tower = x0 + 880
    for z in (-620.0, 620.0):
        projection.cylinder_y(tower, (belt + 80, ground - 330), z, 26, STEEL, wall_mm=4)
        for k in range(5):
            turn = belt + 130 + 55 * k
            projection.bar((tower - 65, turn, z), (tower + 65, turn + 28, z), 13, 40, STEEL)
    for _ in range(int(rng.integers(5, 14))):
        xs, ys = x + rng.uniform(-200, 600, 4), y + rng.uniform(-60, 420, 4)
        hose = [(float(a), float(b)) for a, b in zip(np.sort(xs), ys, strict=True)]
        add_strips(
            projection,
            hose,
            rng.uniform(8, 45),
            250,
            rng.uniform(2, 9),
            RUBBER if rng.random() < 0.5 else ALUMINIUM,
        )


def _cabin(projection: Projection, rng: Rng, x: Span, floor: float, half_z: float, *, n_rows: int) -> None:
    """Seats with frames, dashboard, steering wheel, floor pan, consoles."""
    foam = PLASTIC.packed(0.07)
    for at in np.linspace(x[0], x[1] - 700, n_rows) if n_rows > 1 else (x[0],):
        seat, lean = float(at) + rng.uniform(-60, 60), rng.uniform(90, 190)
        cushion = rectangle((seat, seat + 480), (floor - 260, floor - 120))
        back = [
            (seat + 420, floor - 140),
            (seat + 520, floor - 140),
            (seat + 520 + lean, floor - 780),
            (seat + 410 + lean, floor - 790),
        ]
        add_plates(projection, cushion, half_z, 460, foam)
        add_plates(projection, back, half_z, 460, foam)
        head = [
            (seat + 430 + lean, floor - 810),
            (seat + 540 + lean, floor - 810),
            (seat + 550 + lean, floor - 980),
            (seat + 450 + lean, floor - 980),
        ]
        add_plates(projection, head, half_z, 240, foam)
        add_strips(
            projection,
            [(seat + 20, floor - 115), (seat + 460, floor - 115), (seat + 480 + lean, floor - 760)],
            22,
            half_z + 180,
            6,
            STEEL,
        )
        add_strips(projection, [(seat, floor - 30), (seat + 500, floor - 40)], 30, half_z, 10, STEEL)
    dash = x[0] - 330
    outline = [
        (dash - 120, floor - 560),
        (dash + 130, floor - 580),
        (dash + 170, floor - 330),
        (dash + 20, floor - 200),
    ]
    add_plates(projection, outline, 0, 1250, PLASTIC.packed(0.12))
    for _ in range(9):
        at, y = dash + rng.uniform(-80, 120), floor - rng.uniform(250, 540)
        part = rectangle((at, at + rng.uniform(20, 110)), (y, y + rng.uniform(15, 80)))
        add_plates(projection, part, rng.uniform(100, 500), rng.uniform(1, 9), STEEL)
    add_strips(projection, [(dash + 60, floor - 400), (dash + 290, floor - 520)], 34, half_z, 6, STEEL)
    add_strips(projection, [(dash + 240, floor - 690), (dash + 360, floor - 370)], 28, half_z, 60, PLASTIC)
    projection.box((dash - 200, x[1] + 200), (floor, floor + 4), (-780, 780), STEEL, share=0.3)


def _under_floor(projection: Projection, rng: Rng, x: Span, ground: float) -> None:
    """Exhaust, silencer, fuel tank, cross members, rear axle beam."""
    y = ground - rng.uniform(230, 290)
    projection.cylinder_x(x, y, rng.uniform(-200, 200), 26, STEEL, wall_mm=1.8)
    muffler = x[1] - rng.uniform(500, 900)
    projection.cylinder_x((muffler, muffler + 480), y, 300, 100, STEEL, wall_mm=3)
    tank = x[1] - rng.uniform(1500, 1700)
    projection.shell((tank, tank + 560), (ground - 420, ground - 220), (-520, 520), 3, PLASTIC)
    fuel = ground - 220 - rng.uniform(30, 180)
    projection.box((tank + 4, tank + 556), (fuel, ground - 224), (-515, 515), PLASTIC, share=0.78)
    for at in np.linspace(x[0], x[1] - 200, int(rng.integers(3, 7))):
        projection.shell((float(at), float(at) + 80), (ground - 330, ground - 270), (-600, 600), 2, STEEL)
