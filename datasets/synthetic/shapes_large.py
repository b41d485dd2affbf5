"""What needs a whole hold: vehicles, people, walls that are not where they should be."""

import numpy as np

from datasets.synthetic.meshes import Mesh, Point2, Point3, Rng, extrusion, rod, rotation, sphere, sweep
from datasets.synthetic.physics import ALUMINIUM, GLASS, LEAD, ORGANIC, PLASTIC, RUBBER, STEEL, WOOD, Material
from datasets.synthetic.shapes import (
    UPRIGHT,
    Part,
    between,
    block,
    cavity,
    disc,
    hollow,
    moved,
    plate,
    strip,
    tube,
    turned,
)
from datasets.synthetic.shapes_goods import brick_pallet, cigarette_cartons

FLESH = ORGANIC.packed(1.03)
FOAM = ORGANIC.packed(0.06)


def _inset(outline: list[Point2], by: float) -> list[Point2]:
    """The outline with every side moved inwards by ``by``."""
    points = np.asarray(outline)
    sides = np.roll(points, -1, axis=0) - points
    sides /= np.linalg.norm(sides, axis=1, keepdims=True)
    x, y = points.T
    area = float(x @ np.roll(y, -1) - y @ np.roll(x, -1))
    normals = np.column_stack([-sides[:, 1], sides[:, 0]]) * np.sign(area)
    before = np.roll(normals, 1, axis=0)
    inner = points + by * (before + normals) / (1 + (before * normals).sum(axis=1, keepdims=True))
    return [(float(a), float(b)) for a, b in inner]


def _skin(outline: list[Point2], depth: float, wall: float, material: Material) -> list[Part]:
    inner = extrusion(_inset(outline, wall), depth - 2 * wall)
    return [plate(outline, depth, material), (cavity(inner), material)]


def _wheel(x: float, y: float, z: float, radius: float, width: float) -> list[Part]:
    return [
        disc((x, y, z), radius, width, RUBBER.packed(0.5), sides=20),
        (cavity(disc((x, y, z), radius * 0.64, width, RUBBER, sides=16)[0]), RUBBER.packed(0.5)),
        disc((x, y, z), radius * 0.64, width * 0.35, ALUMINIUM.packed(1.2), sides=16),
        disc((x, y, z), radius * 0.4, 22, STEEL, sides=14),
        disc((x, y, z), radius * 0.15, width * 0.8, STEEL, sides=8),
    ]


def _car(rng: Rng, body: list[Point2], glass: list[Point2], size: Point3) -> list[Part]:
    """Nose to the left, wheels at y = 0; outlines as shares of length and height."""
    long, tall, wide = size
    outline = [(x * long, y * tall) for x, y in body]
    radius = between(rng, 300, 350)
    axles = (long * 0.2, long * 0.8)
    parts = _skin(outline, wide, 2.2, STEEL)
    parts += [plate([(x * long, y * tall) for x, y in glass], 9, GLASS)]
    for x in axles:
        for z in (-wide / 2 + 110, wide / 2 - 110):
            parts += _wheel(x, -radius, z, radius, 205)
        parts.append(block((x, -radius, 0), (70, 70, wide - 300), STEEL.packed(3)))
    engine, sump = -tall * 0.42, between(rng, 430, 560)
    parts += [
        block((long * 0.13, engine, 0), (sump, 480, 500), ALUMINIUM.packed(1.7)),
        block((long * 0.13, engine + 40, between(rng, -40, 40)), (sump * 0.75, 300, 360), STEEL.packed(2.4)),
        disc((long * 0.07, engine + 120, -240), 90, 40, STEEL.packed(5)),
        block((long * 0.21, engine - 40, wide * 0.3), (240, 180, 170), LEAD.packed(2.6)),
        block((long * 0.03, engine, 0), (40, 380, 700), ALUMINIUM.packed(0.8)),
        *tube(long * 0.22, long * 0.93, -radius * 0.75, 30, 27, STEEL, z=120),
        *tube(long * 0.8, long * 0.93, -radius * 0.8, 90, 86, STEEL, z=wide * 0.25),
        block((long * 0.68, -radius * 1.05, 0), (500, 260, 900), ORGANIC.packed(0.5)),
        block((long * 0.5, -radius * 0.72, 0), (long * 0.62, 26, wide - 260), STEEL.packed(1.0)),
    ]
    parts += [
        block((x * long, -tall * 0.5, 0), (130, 60, wide * 0.8), STEEL.packed(0.6)) for x in (0.02, 0.97)
    ]
    for x in (0.45, 0.66):
        parts.append(block((x * long, -tall * 0.36, 0), (480, 140, wide * 0.72), FOAM.packed(0.1)))
        parts += strip(
            [(x * long + 190, -tall * 0.4), (x * long + 320, -tall * 0.74)],
            120,
            wide * 0.7,
            FOAM.packed(0.12),
        )
    parts += strip([(long * 0.36, -tall * 0.56), (long * 0.41, -tall * 0.66)], 26, 360, STEEL.packed(1.2))
    return parts


def sedan(rng: Rng) -> list[Part]:
    body: list[Point2] = [
        (0, -0.2),
        (0, -0.46),
        (0.06, -0.56),
        (0.26, -0.64),
        (0.38, -0.96),
        (0.46, -1),
        (0.64, -0.98),
        (0.8, -0.7),
        (0.98, -0.66),
        (1, -0.36),
        (0.99, -0.2),
    ]
    glass: list[Point2] = [(0.28, -0.66), (0.39, -0.93), (0.63, -0.93), (0.77, -0.7)]
    return _car(
        rng, body, glass, (between(rng, 4200, 4900), between(rng, 1380, 1500), between(rng, 1700, 1830))
    )


def suv(rng: Rng) -> list[Part]:
    body: list[Point2] = [
        (0, -0.26),
        (0, -0.56),
        (0.05, -0.63),
        (0.24, -0.67),
        (0.34, -0.95),
        (0.42, -1),
        (0.9, -0.98),
        (0.98, -0.66),
        (1, -0.3),
        (0.98, -0.24),
    ]
    glass: list[Point2] = [(0.26, -0.68), (0.36, -0.93), (0.9, -0.93), (0.95, -0.68)]
    return _car(
        rng, body, glass, (between(rng, 4300, 4900), between(rng, 1640, 1850), between(rng, 1800, 1940))
    )


def pickup(rng: Rng) -> list[Part]:
    body: list[Point2] = [
        (0, -0.26),
        (0, -0.56),
        (0.05, -0.63),
        (0.22, -0.66),
        (0.31, -0.95),
        (0.36, -1),
        (0.55, -1),
        (0.59, -0.6),
        (0.6, -0.4),
        (0.98, -0.4),
        (0.99, -0.26),
    ]
    glass: list[Point2] = [(0.23, -0.68), (0.32, -0.93), (0.54, -0.93), (0.56, -0.68)]
    long, tall, wide = between(rng, 4900, 5300), between(rng, 1700, 1850), between(rng, 1780, 1900)
    parts = _car(rng, body, glass, (long, tall, wide))
    side = block((long * 0.8, -tall * 0.53, 0), (long * 0.36, tall * 0.26, 5), STEEL)
    return [*parts, *moved([side], (0, 0, -wide / 2 + 5)), *moved([side], (0, 0, wide / 2 - 5))]


def _two_wheeler(rng: Rng, base: float, radius: float) -> list[Part]:
    parts = [*_wheel(0, -radius, 0, radius, 110), *_wheel(base, -radius, 0, radius, 140)]
    engine = between(rng, 260, 360)
    parts += [
        block((base * 0.48, -radius * 1.2, 0), (engine, 220, 300), ALUMINIUM.packed(2.0)),
        *moved(
            [(rod(70, 190, sides=12).turned(UPRIGHT), ALUMINIUM.packed(1.9))], (base * 0.45, -radius * 1.9, 0)
        ),
        *strip([(0, -radius), (base * 0.2, -radius * 3.0)], 60, 60, STEEL.packed(2)),
        *strip(
            [(base * 0.17, -radius * 2.6), (base * 0.36, -radius * 1.0), (base * 0.62, -radius * 0.9)],
            40,
            40,
            STEEL.packed(4),
        ),
        *strip([(base, -radius), (base * 0.6, -radius * 1.15)], 45, 120, STEEL.packed(1.6)),
        *strip([(base * 0.95, -radius * 1.2), (base * 0.85, -radius * 2.2)], 60, 40, STEEL.packed(2.5)),
        (
            rod(14, 700, sides=8).turned(rotation(0, np.pi / 2, 0)).moved((base * 0.21, -radius * 3.15, 0)),
            STEEL,
        ),
        *tube(base * 0.45, base * 1.2, -radius * 0.95, 50, 46, STEEL, z=130),
        disc((base * 0.08, -radius * 2.7, 0), 85, 120, PLASTIC.packed(0.5)),
    ]
    return parts


def motorcycle(rng: Rng) -> list[Part]:
    base, radius = between(rng, 1300, 1500), between(rng, 290, 330)
    tank: list[Point2] = [(0.24, -2.75), (0.42, -2.8), (0.56, -2.35), (0.3, -2.3)]
    seat: list[Point2] = [(0.55, -2.4), (0.98, -2.55), (1.02, -2.35), (0.6, -2.2)]
    return [
        *_two_wheeler(rng, base, radius),
        *_skin([(x * base, y * radius) for x, y in tank], 260, 2, STEEL),
        plate([(x * base * 0.99, y * radius) for x, y in tank], 200, ORGANIC.packed(0.3)),
        plate([(x * base, y * radius) for x, y in seat], 260, ORGANIC.packed(0.15)),
    ]


def scooter(rng: Rng) -> list[Part]:
    """Small wheels, a step-through floor, a battery or tank under the seat."""
    base, radius = between(rng, 1150, 1320), between(rng, 200, 240)
    floor, seat = -radius * 1.1, -radius * 3.2
    parts = [*_wheel(0, -radius, 0, radius, 90), *_wheel(base, -radius, 0, radius, 110)]
    parts += strip([(0, -radius), (base * 0.2, -radius * 4.6)], 60, 60, STEEL.packed(2.6))
    parts += strip(
        [(base * 0.1, -radius * 2.6), (base * 0.3, floor), (base * 0.62, floor)], 60, 300, PLASTIC.packed(0.4)
    )
    parts += [
        (
            rod(13, 640, sides=8).turned(rotation(0, np.pi / 2, 0)).moved((base * 0.21, -radius * 4.7, 0)),
            STEEL,
        ),
        plate(
            [(base * 0.6, seat), (base * 1.12, seat - 20), (base * 1.1, -radius * 2.1), (base * 0.66, floor)],
            280,
            PLASTIC.packed(0.2),
        ),
        block(
            (base * 0.76, -radius * 2.2, 0),
            (230, 170, 180),
            LEAD.packed(2.6) if rng.random() < 0.5 else STEEL.packed(1.2),
        ),
        block((base * 0.92, -radius * 1.3, 60), (300, 190, 160), ALUMINIUM.packed(2.2)),
        *strip([(base * 0.2, floor), (base * 0.7, floor)], 40, 80, STEEL.packed(3)),
    ]
    return parts


def _limb(path: list[Point3], radii: list[float]) -> Part:
    return sweep(path, radii, sides=8), FLESH


def _ball(at: Point3, radii: Point3) -> Mesh:
    return sphere(1.0, sides=10).scaled(radii).moved(at)


def _body(
    rng: Rng, spine: list[Point3], legs: list[list[Point3]], arms: list[list[Point3]], head: Point3
) -> list[Part]:
    """A person from a skeleton; bones as cores of greater density."""
    parts = [
        (sweep(spine, [125, 150, 130, 150, 70], sides=12).scaled((1, 1, 1)), FLESH.packed(0.95)),
        (_ball(head, (88, 118, 78)), FLESH),
        (_ball(head, (82, 100, 70)), FLESH.packed(0.22)),
    ]
    for leg in legs:
        parts.append(_limb(leg, [82, 62, 42, 38]))
        parts.append((sweep(leg, [17, 15, 14, 12], sides=6), FLESH.packed(0.75)))
    for arm in arms:
        parts.append(_limb(arm, [50, 42, 32]))
        parts.append((sweep(arm, [12, 10, 9], sides=6), FLESH.packed(0.75)))
    by = between(rng, 0.86, 1.06)
    stout = between(rng, 0.85, 1.2)
    return [(body.scaled((by, by, by * stout)), material) for body, material in parts]


def person_standing(rng: Rng) -> list[Part]:
    spread, lift = between(rng, 60, 140), between(rng, 0, 250)
    spine: list[Point3] = [(0, -860, 0), (0, -980, 0), (5, -1140, 0), (5, -1340, 0), (0, -1460, 0)]
    legs: list[list[Point3]] = [
        [
            (0, -880, s * 90),
            (s * spread * 0.3, -480, s * 95),
            (s * spread * 0.5, -60, s * 100),
            (s * spread * 0.5 + 150, -30, s * 105),
        ]
        for s in (-1, 1)
    ]
    arms: list[list[Point3]] = [
        [
            (0, -1400, s * 190),
            (s * spread * 0.5 + 20, -1130, s * 230),
            (lift + s * 20, -880 - lift * 0.7, s * 200),
        ]
        for s in (-1, 1)
    ]
    return _body(rng, spine, legs, arms, (20, -1600, 0))


def person_sitting(rng: Rng) -> list[Part]:
    """On the floor or a box, knees drawn up."""
    knees, lean = between(rng, 250, 420), between(rng, -80, 120)
    spine: list[Point3] = [
        (0, -110, 0),
        (-10, -230, 0),
        (lean * 0.3, -400, 0),
        (lean * 0.7, -590, 0),
        (lean, -720, 0),
    ]
    legs: list[list[Point3]] = [
        [(20, -130, s * 90), (380, -knees, s * 100), (560, -60, s * 100), (700, -35, s * 100)]
        for s in (-1, 1)
    ]
    arms: list[list[Point3]] = [
        [(lean * 0.8, -650, s * 190), (lean + 160, -420, s * 220), (380, -knees - 30, s * 120)]
        for s in (-1, 1)
    ]
    return _body(rng, spine, legs, arms, (lean + 40, -860, 0))


def person_lying(rng: Rng) -> list[Part]:
    bend = between(rng, 0, 260)
    spine: list[Point3] = [(0, -140, 0), (-120, -150, 0), (-280, -150, 0), (-480, -150, 0), (-600, -140, 0)]
    legs: list[list[Point3]] = [
        [
            (20, -140, s * 80),
            (430, -140 - bend * (0.8 + 0.2 * s), s * 90),
            (850 - bend, -70, s * 90),
            (870 - bend, -200, s * 95),
        ]
        for s in (-1, 1)
    ]
    arms: list[list[Point3]] = [
        [(-540, -150, s * 180), (-300, -110, s * 240), (-60, -100, s * 230)] for s in (-1, 1)
    ]
    head = sphere(1.0, sides=10).scaled((118, 88, 78)).moved((-740, -130, 0))
    parts = _body(rng, spine, legs, arms, (-740, -130, 0))
    parts[1] = (head, FLESH)
    return parts


def person_crouching(rng: Rng) -> list[Part]:
    """Curled up on the knees."""
    spine: list[Point3] = [(0, -260, 0), (-80, -400, 0), (20, -520, 0), (210, -560, 0), (330, -500, 0)]
    legs: list[list[Point3]] = [
        [(20, -270, s * 95), (400, -230, s * 110), (40, -70, s * 105), (-110, -40, s * 105)] for s in (-1, 1)
    ]
    arms: list[list[Point3]] = [
        [(260, -540, s * 190), (420, -330, s * 210), (520, -90, s * 150)] for s in (-1, 1)
    ]
    return _body(rng, spine, legs, arms, (450, -430, between(rng, -30, 30)))


def people(rng: Rng) -> list[Part]:
    """Two or three beside each other."""
    makers = (person_standing, person_sitting, person_sitting, person_crouching)
    parts: list[Part] = []
    for k in range(int(rng.integers(2, 4))):
        turn = rotation(0, between(rng, -np.pi, np.pi), 0)
        parts += moved(
            turned(makers[int(rng.integers(4))](rng), turn),
            (k * between(rng, 380, 700), 0, between(rng, -300, 300)),
        )
    return parts


_WIDE, _TALL = 2330.0, 2380.0


def _sheet(rng: Rng) -> tuple[float, Material]:
    return (between(rng, 2, 5), STEEL) if rng.random() < 0.65 else (between(rng, 15, 28), WOOD.packed(0.65))


def end_wall(rng: Rng) -> list[Part]:
    """A second end wall on posts; nothing behind it yet."""
    thick, material = _sheet(rng)
    gap = between(rng, 90, 450)
    parts = [block((0, 0, 0), (thick, _TALL, _WIDE), material)]
    for z in np.linspace(-_WIDE / 2 + 60, _WIDE / 2 - 60, int(rng.integers(3, 6))):
        parts += hollow((gap / 2, 0, float(z)), (gap, _TALL, 60), 3, STEEL)
    return parts


def end_wall_packed(rng: Rng) -> list[Part]:
    """The same, filled to some height."""
    thick, material = _sheet(rng)
    gap, share = between(rng, 180, 600), between(rng, 0.35, 0.95)
    density = between(rng, 0.2, 0.9)
    parts = [block((0, 0, 0), (thick, _TALL, _WIDE), material)]
    layers = int(rng.integers(3, 9))
    tall = _TALL * share / layers
    for k in range(layers):
        size = (gap * between(rng, 0.82, 0.95), tall - 8, _WIDE * between(rng, 0.85, 0.97))
        parts.append(block((gap / 2 + thick, _TALL / 2 - (k + 0.5) * tall, 0), size, ORGANIC.packed(density)))
    return parts


def floor_compartment(rng: Rng) -> list[Part]:
    long, tall = between(rng, 1200, 3600), between(rng, 70, 190)
    thick, material = _sheet(rng)
    parts = [block((0, -tall, 0), (long, thick, _WIDE), material)]
    parts += [block((s * long / 2, -tall / 2, 0), (4, tall, _WIDE), STEEL) for s in (-1, 1)]
    n = int(rng.integers(4, 14))
    for k in range(n):
        if rng.random() < 0.8:
            x = (k + 0.5) / n * long - long / 2
            size = (long / n - 12, tall * between(rng, 0.6, 0.9), _WIDE * between(rng, 0.4, 0.95))
            parts.append(block((x, -size[1] / 2, 0), size, ORGANIC.packed(between(rng, 0.4, 1.2))))
    return parts


def roof_compartment(rng: Rng) -> list[Part]:
    return turned(floor_compartment(rng), rotation(np.pi, 0, 0))


def hollow_box(rng: Rng) -> list[Part]:
    """A welded box in a frame or machine, with packages in it."""
    x, y, z = between(rng, 500, 1300), between(rng, 300, 900), between(rng, 500, 1500)
    inside = brick_pallet(rng) if rng.random() < 0.6 else cigarette_cartons(rng)
    every = np.concatenate([body.vertices for body, _ in inside])
    low, high = every.min(axis=0), every.max(axis=0)
    by = min(1.0, *(0.92 * np.array([x, y, z]) / (high - low)))
    middle = (low + high) / 2
    down = y / 2 - 12 - (high[1] - low[1]) * by / 2
    packed = [
        (
            body.moved((-middle[0], -middle[1], -middle[2])).scaled(float(by)).moved((0, float(down), 0)),
            material,
        )
        for body, material in inside
    ]
    frame = strip(
        [(-x / 2, -y / 2), (x / 2, -y / 2), (x / 2, y / 2), (-x / 2, y / 2), (-x / 2, -y / 2)],
        30,
        60,
        STEEL.packed(2),
    )
    return [*hollow((0, 0, 0), (x, y, z), between(rng, 2, 6), STEEL), *packed, *frame]
