"""People, and walls, floors and boxes that are not what they seem."""

import numpy as np

from datasets.synthetic.meshes import Mesh, Point3, Rng, rotation, sphere, sweep
from datasets.synthetic.physics import ORGANIC, STEEL, WOOD, Material
from datasets.synthetic.shapes import Part, between, block, hollow, moved, strip, turned
from datasets.synthetic.shapes_goods import brick_pallet, cigarette_cartons

FLESH = ORGANIC.packed(1.03)


def _limb(path: list[Point3], radii: list[float]) -> Part:
    return sweep(path, radii, sides=8), FLESH


def _ball(at: Point3, radii: Point3) -> Mesh:
    return sphere(1.0, sides=10).scaled(radii).moved(at)


def _body(
    rng: Rng, spine: list[Point3], legs: list[list[Point3]], arms: list[list[Point3]], head: Point3
) -> list[Part]:
    """A person from a skeleton; bones as cores of greater density."""
    parts = [
        (sweep(spine, [125, 150, 130, 150, 70], sides=12), FLESH.packed(0.95)),
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


def person_curled(rng: Rng) -> list[Part]:
    """On one side, knees drawn up."""
    return turned(person_sitting(rng), rotation(np.pi / 2 if rng.random() < 0.5 else -np.pi / 2, 0, 0))


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


def hollow_pallet(rng: Rng) -> list[Part]:
    """A pallet or skid whose deck is a flat box."""
    x, y, z = between(rng, 1000, 1400), between(rng, 110, 190), between(rng, 800, 1200)
    deck = STEEL if rng.random() < 0.5 else WOOD.packed(0.65)
    parts = hollow((0, 0, 0), (x, y, z), 2.5 if deck is STEEL else 18, deck)
    n = int(rng.integers(3, 7))
    for k in range(n):
        size = (x / n - 20, y * between(rng, 0.5, 0.75), z * between(rng, 0.6, 0.9))
        at = ((k + 0.5) * x / n - x / 2, y * 0.42 - size[1] / 2, 0.0)
        parts.append(block(at, size, ORGANIC.packed(between(rng, 0.5, 1.2))))
    for k in (-1, 0, 1):
        parts.append(block((k * x * 0.42, y / 2 + 50, 0), (100, 100, z), WOOD.packed(0.5)))
    return parts
