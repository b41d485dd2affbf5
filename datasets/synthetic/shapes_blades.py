"""Blades: 1.8 to 6.5 mm of steel, flat side towards the source."""

import numpy as np

from datasets.synthetic.meshes import Point2, Rng, rotation
from datasets.synthetic.physics import PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.shapes import (
    Part,
    between,
    block,
    disc,
    moved,
    plate,
    rectangle,
    sized,
    strip,
    tube,
    turned,
)


def _grip(rng: Rng) -> Material:
    return PLASTIC.packed(1.2) if rng.random() < 0.6 else WOOD.packed(0.75)


def _handle(rng: Rng, length: float, width: float, tang: float) -> list[Part]:
    """Behind x = 0: two scales around the tang, and rivets."""
    parts = [
        plate(
            [(-length, 2), (-length + 8, -1), (2, 2), (2, width - 2), (-length, width + 3)],
            between(rng, 14, 22),
            _grip(rng),
        ),
        plate(rectangle(-length + 6, width * 0.2, 4, width * 0.8), tang, STEEL),
    ]
    parts += [disc((-length * at, width / 2, 0), 3.5, 18, STEEL, sides=8) for at in (0.25, 0.55, 0.85)]
    return parts


def kitchen_knife(rng: Rng) -> list[Part]:
    length, width, steel = between(rng, 160, 270), between(rng, 30, 48), between(rng, 1.8, 3.2)
    blade: list[Point2] = [
        (0, 0),
        (length * 0.6, 1),
        (length, width * 0.55),
        (length * 0.75, width * 0.9),
        (0, width),
    ]
    parts = [
        plate(blade, steel * 0.75, STEEL),
        plate([(0, 0), (length * 0.6, 1), (length * 0.8, width * 0.3), (0, width * 0.4)], steel * 0.4, STEEL),
        *_handle(rng, between(rng, 105, 130), min(width * 0.7, 28), steel),
    ]
    return sized(rng, parts, (0.9, 1.1), (0.9, 1.2))


def dagger(rng: Rng) -> list[Part]:
    length, width, steel = between(rng, 140, 230), between(rng, 22, 34), between(rng, 3.5, 6)
    middle = width / 2
    parts = [
        plate(
            [(0, 0), (length * 0.72, 1), (length, middle), (length * 0.72, width - 1), (0, width)],
            steel * 0.6,
            STEEL,
        ),
        plate(
            [(0, middle - 4), (length * 0.8, middle - 3), (length * 0.8, middle + 3), (0, middle + 4)],
            steel * 0.4,
            STEEL,
        ),
        plate(rectangle(-9, -18, 1, width + 18), 10, STEEL),
        *_handle(rng, between(rng, 95, 120), width, steel),
        disc((-between(rng, 108, 124), middle, 0), 11, 14, STEEL, sides=10),
    ]
    return sized(rng, parts, (0.9, 1.1), (0.9, 1.15))


def machete(rng: Rng) -> list[Part]:
    length, width = between(rng, 330, 480), between(rng, 48, 72)
    blade: list[Point2] = [
        (0, 8),
        (length * 0.5, 2),
        (length * 0.85, 0),
        (length, width * 0.35),
        (length * 0.94, width),
        (length * 0.7, width),
        (0, 40),
    ]
    steel = between(rng, 2, 3.2)
    parts = [plate(blade, steel, STEEL), *moved(_handle(rng, between(rng, 115, 140), 32, steel), (0, 8, 0))]
    return sized(rng, parts, (0.9, 1.08), (0.9, 1.2))


def _star(points: int, outer: float, inner: float, twist: float) -> list[Point2]:
    outline: list[Point2] = []
    for k in range(points):
        for radius, turn in ((outer, 0.0), (inner, 0.5 + twist)):
            angle = 2 * np.pi * (k + turn) / points
            outline.append((radius * float(np.cos(angle)), radius * float(np.sin(angle))))
    return outline


def _throwing_star(rng: Rng, points: int, depth: float, twist: float) -> list[Part]:
    radius, steel = between(rng, 36, 64), between(rng, 2.5, 7)
    hole = between(rng, 5, 10)
    body, material = plate(_star(points, radius, radius * depth, twist), steel, STEEL)
    ring = disc((0, 0, 0), hole, steel, STEEL, sides=12)[0]
    return [
        (body, material),
        (ring, Material(density_g_cm3=STEEL.density_g_cm3, organic=0, iron=-STEEL.iron)),
    ]


def throwing_star(rng: Rng) -> list[Part]:
    return _throwing_star(rng, 4, between(rng, 0.26, 0.4), between(rng, -0.15, 0.15))


def throwing_star_round(rng: Rng) -> list[Part]:
    return _throwing_star(rng, int(rng.integers(6, 10)), between(rng, 0.5, 0.68), between(rng, -0.1, 0.1))


def folding_knife(rng: Rng) -> list[Part]:
    length, width, steel = between(rng, 70, 110), between(rng, 18, 28), between(rng, 2.2, 3.6)
    handle = length + between(rng, 14, 26)
    blade = [
        plate(
            [(0, 2), (length * 0.7, 0), (length, width * 0.6), (length * 0.6, width), (0, width)],
            steel,
            STEEL,
        )
    ]
    angle = 0.0 if rng.random() < 0.5 else between(rng, 0.6, np.pi)
    scales = plate([(-handle, 0), (6, -2), (8, width + 2), (-handle + 6, width + 4)], 9, PLASTIC.packed(1.2))
    parts = [
        *turned(blade, rotation(0, 0, angle)),
        scales,
        plate(rectangle(-handle + 4, 1, 4, width + 1), between(rng, 2.2, 3.5), STEEL),
        disc((0, width / 2, 0), 5, 11, STEEL, sides=8),
        *strip([(-handle * 0.9, width - 1), (0, width - 1)], 4, 4, STEEL),
    ]
    return sized(rng, parts, (0.95, 1.2), (0.9, 1.2))


def cleaver(rng: Rng) -> list[Part]:
    length, width, steel = between(rng, 160, 220), between(rng, 80, 110), between(rng, 2.2, 5)
    parts = [
        plate([(0, 0), (length, 0), (length + 4, width), (6, width + 2)], steel, STEEL),
        plate(rectangle(0, 0, length, width * 0.3), steel * 0.3, STEEL),
        *_handle(rng, between(rng, 105, 130), 28, steel),
    ]
    return sized(rng, parts, (0.9, 1.1), (0.9, 1.15))


def knife_bundle(rng: Rng) -> list[Part]:
    """Several knives side by side in a box or taped together."""
    parts: list[Part] = []
    makers = [kitchen_knife, folding_knife, machete] if rng.random() < 0.5 else [kitchen_knife]
    maker = makers[int(rng.integers(len(makers)))]
    for k in range(int(rng.integers(3, 8))):
        side = 1.0 if rng.random() < 0.7 else -1.0
        turn = rotation(0, 0, between(rng, -0.12, 0.12) + (0 if side > 0 else np.pi))
        at = (between(rng, -25, 25), k * between(rng, 12, 34), k * 5.0)
        parts += moved(turned(maker(rng), turn), at)
    return parts


def sword(rng: Rng) -> list[Part]:
    """Long and gently curved, round guard."""
    length, width, bow = between(rng, 520, 740), between(rng, 26, 38), between(rng, 0, 60)
    steps = np.linspace(0, 1, 6)
    upper: list[Point2] = [(float(s) * length, float(-4 * bow * s * (1 - s) * 0.5)) for s in steps]
    lower: list[Point2] = [(x, y + width * (1 - 0.25 * x / length)) for x, y in upper[-2::-1]]
    parts = [
        plate([*upper, (length * 1.03, upper[-1][1] + width * 0.7), *lower], between(rng, 3.5, 6.5), STEEL),
        block((-4, width / 2, 0), (7, width + 44, 40), STEEL.packed(5)),
        plate(rectangle(-between(rng, 190, 270), 2, -4, width - 2), 24, WOOD.packed(0.8)),
        plate(rectangle(-170, width * 0.3, 0, width * 0.7), 5, STEEL),
    ]
    return sized(rng, parts, (0.9, 1.08), (0.9, 1.1))


def scissors(rng: Rng) -> list[Part]:
    length, opening = between(rng, 90, 160), between(rng, 0.06, 0.4)
    parts: list[Part] = []
    for side in (-1.0, 1.0):
        half = [
            plate([(-10, -6), (length * 0.9, -2), (length, 2), (0, 8)], between(rng, 2, 3.2), STEEL),
            *strip([(0, 0), (-length * 0.45, 6)], 10, 4, STEEL),
        ]
        loop = [
            (-length * 0.45 + 24 * float(np.cos(a)) - 22, 10 + 18 * float(np.sin(a)))
            for a in np.linspace(0, 2 * np.pi, 9)
        ]
        half += strip(loop, 7, 7, PLASTIC.packed(1.3) if rng.random() < 0.5 else STEEL)
        mirrored = half if side > 0 else turned(half, rotation(np.pi, 0, 0))
        parts += moved(turned(mirrored, rotation(0, 0, -side * opening / 2)), (0, 0, side * 2))
    parts.append(disc((0, 0, 0), 5, 9, STEEL, sides=8))
    return sized(rng, parts, (0.9, 1.15), (0.9, 1.2))


def hatchet(rng: Rng) -> list[Part]:
    length = between(rng, 300, 420)
    head: list[Point2] = [(0, -14), (40, -12), (74, -34), (82, 20), (74, 62), (42, 18), (0, 16)]
    parts = [
        plate([(y, x - 30) for x, y in head], between(rng, 10, 16), STEEL.packed(5.5)),
        *tube(-10, length, -8, 14, 0, WOOD.packed(0.75), sides=8),
    ]
    return sized(rng, parts, (0.9, 1.1), (0.9, 1.1))
