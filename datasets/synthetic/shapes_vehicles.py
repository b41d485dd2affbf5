"""Vehicles carried in a hold: cars, motorcycles."""

import numpy as np

from datasets.synthetic.meshes import Point2, Point3, Rng, extrusion, rod, rotation
from datasets.synthetic.physics import ALUMINIUM, GLASS, LEAD, ORGANIC, PLASTIC, RUBBER, STEEL, Material
from datasets.synthetic.shapes import (
    UPRIGHT,
    Part,
    between,
    block,
    cavity,
    disc,
    moved,
    plate,
    strip,
    tube,
)

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


def van(rng: Rng) -> list[Part]:
    body: list[Point2] = [
        (0, -0.24),
        (0, -0.46),
        (0.04, -0.54),
        (0.12, -0.6),
        (0.24, -0.94),
        (0.3, -1),
        (0.98, -1),
        (1, -0.9),
        (1, -0.24),
    ]
    glass: list[Point2] = [(0.14, -0.6), (0.25, -0.9), (0.34, -0.9), (0.34, -0.6)]
    size = (between(rng, 4600, 5200), between(rng, 1850, 2050), between(rng, 1750, 1950))
    return _car(rng, body, glass, size)
