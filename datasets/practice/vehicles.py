"""Vehicles seen in training only: forms unlike those a model is measured on."""

from itertools import pairwise
from typing import Final

import numpy as np

from datasets.practice.cars import (
    SEAT,
    body_on_blocks,
    both_sides,
    car_halves,
    coupe,
    hatchback,
    motor,
    off_roader_open,
    rods,
    wheel,
)
from datasets.synthetic.meshes import Point2, Point3, Rng, bar, rod, rotation, sweep
from datasets.synthetic.physics import ALUMINIUM, GLASS, LEAD, ORGANIC, PLASTIC, STEEL, WOOD
from datasets.synthetic.shapes import (
    UPRIGHT,
    Build,
    Part,
    between,
    block,
    extent,
    moved,
    plate,
    strip,
    tube,
)


def quad_bike(rng: Rng) -> list[Part]:
    """Four fat wheels, a saddle, racks of bars front and rear."""
    base, track = between(rng, 950, 1350), between(rng, 650, 950)
    radius, width = between(rng, 210, 330), between(rng, 150, 270)
    seat = -radius * 2 - between(rng, 180, 320)
    parts: list[Part] = []
    for x in (0.0, base):
        for s in (-1, 1):
            at = (x, -radius, s * track / 2)
            parts += wheel(at, radius, width, rim=0.45)
            parts.append(plate(_arc(x, -radius, radius * 1.18), width, PLASTIC.packed(0.9), z=s * track / 2))
        parts.append(block((x, -radius, 0), (60, 60, track - width), STEEL.packed(3)))
    parts += motor(rng, (base * 0.5, -radius * 1.5, 0), between(rng, 300, 400))
    rails = both_sides((0, -radius * 1.3, 130), (base, -radius * 1.3, 130))
    rails += both_sides((0, -radius * 1.3, 130), (base * 0.2, seat, 90))
    rails += both_sides((base, -radius * 1.3, 130), (base * 0.7, seat, 90))
    for x in (-radius * 0.6, base * 0.85):
        for k in range(4):
            z = (k - 1.5) * track * 0.2
            rails.append(((x, seat + 30, z), (x + radius * 1.2, seat + 30, z)))
        rails += both_sides((x, seat + 30, track * 0.3), (x + radius * 1.2, seat + 30, track * 0.3))
    parts.append(rods(rails, 28, STEEL.packed(3.5)))
    parts += [
        block((base * 0.62, seat, 0), (base * 0.6, 100, 260), SEAT),
        block((base * 0.28, seat - 20, 0), (base * 0.25, 180, 240), PLASTIC.packed(0.7)),
    ]
    parts += strip([(base * 0.04, -radius * 1.4), (base * 0.2, seat - 210)], 45, 45, STEEL.packed(3))
    grip: list[Point3] = [
        (base * 0.3, seat - 200, -380),
        (base * 0.2, seat - 215, 0),
        (base * 0.3, seat - 200, 380),
    ]
    parts.append((sweep(grip, [14, 14, 14], sides=8), STEEL.packed(5)))
    parts.append(block((base * 0.95, -radius * 1.8, 0), (200, 130, 150), LEAD.packed(2)))
    return parts


def _arc(x: float, y: float, radius: float) -> list[Point2]:
    """A thin bow over a wheel."""
    angles = np.linspace(-0.15 * np.pi, -0.85 * np.pi, 7)
    outer = [(x + radius * float(np.cos(a)), y + radius * float(np.sin(a))) for a in angles]
    inner = [(x + (radius - 9) * float(np.cos(a)), y + (radius - 9) * float(np.sin(a))) for a in angles[::-1]]
    return [*outer, *inner]


def tuk_tuk(rng: Rng) -> list[Part]:
    """Three small wheels, a cabin of tubes and cloth, a bench behind the driver."""
    long, tall, wide = between(rng, 2500, 3000), between(rng, 1600, 1800), between(rng, 1200, 1400)
    radius = between(rng, 190, 250)
    floor = -radius * 1.3
    parts = wheel((radius * 1.4, -radius, 0), radius, 105)
    for s in (-1, 1):
        parts += wheel((long * 0.8, -radius, s * wide * 0.42), radius, 110)
    parts.append(block((long * 0.8, -radius, 0), (60, 60, wide * 0.75), STEEL.packed(3)))
    parts.append(block((long * 0.55, floor, 0), (long * 0.8, 30, wide * 0.9), STEEL.packed(1.2)))
    nose: list[Point2] = [(radius * 0.8, floor), (radius * 0.4, -tall * 0.5), (long * 0.2, -tall * 0.58)]
    parts += strip(nose, 3, wide * 0.7, STEEL)
    z = wide * 0.42
    top = -tall
    frame = both_sides((long * 0.18, -tall * 0.55, z * 0.8), (long * 0.28, top, z))
    frame += both_sides((long * 0.45, floor, z), (long * 0.45, top, z))
    frame += both_sides((long * 0.95, floor, z), (long * 0.97, top, z))
    frame += both_sides((long * 0.28, top, z), (long * 0.97, top, z))
    frame += [((x * long, top, -z), (x * long, top, z)) for x in (0.28, 0.5, 0.73, 0.97)]
    parts.append(rods(frame, 32, STEEL.packed(3)))
    parts += strip([(long * 0.28, top - 20), (long * 0.97, top - 20)], 4, wide * 0.9, PLASTIC)
    parts += strip([(long * 0.18, -tall * 0.57), (long * 0.27, top)], 5, wide * 0.7, GLASS)
    parts += [
        plate(
            [(long * 0.55, floor), (long * 0.55, -tall * 0.45), (long, -tall * 0.5), (long, floor)],
            2,
            STEEL,
            z=s * z,
        )
        for s in (-1, 1)
    ]
    for x, width in ((0.42, 0.35), (0.78, 0.8)):
        parts.append(block((long * x, floor - 260, 0), (400, 110, wide * width), SEAT))
        parts += strip([(long * x + 190, floor - 300), (long * x + 260, floor - 720)], 80, wide * width, SEAT)
    parts += motor(rng, (long * 0.82, floor - 30, 0), between(rng, 240, 330))
    parts += strip([(radius * 1.4, -radius), (long * 0.24, -tall * 0.62)], 50, 50, STEEL.packed(3))
    parts.append(
        (rod(13, 560, sides=8).turned(rotation(0, np.pi / 2, 0)).moved((long * 0.25, -tall * 0.64, 0)), STEEL)
    )
    parts.append(block((long * 0.6, floor - 120, wide * 0.25), (200, 160, 150), LEAD.packed(2.6)))
    return parts


def buggy(rng: Rng) -> list[Part]:
    """A cage of tubes on four open wheels, its engine behind the seats."""
    base, track = between(rng, 1500, 2400), between(rng, 1050, 1500)
    front, rear = between(rng, 220, 320), between(rng, 260, 360)
    low, seat, top = -rear * 0.9, -rear * 1.3, -between(rng, 1150, 1600)
    z = track * 0.3
    points: list[Point3] = [
        (-base * 0.12, low, z * 0.4),
        (base * 0.22, low - 350, z * 0.7),
        (base * 0.38, top, z),
        (base * 0.72, top, z),
        (base * 1.08, low - 250, z * 0.6),
        (base, low, z * 0.8),
        (-base * 0.12, low, z * 0.4),
    ]
    frame = [pair for a, b in pairwise(points) for pair in both_sides(a, b)]
    frame += both_sides((base * 0.22, low - 350, z * 0.7), (base * 1.08, low - 250, z * 0.6))
    frame += both_sides((base * 0.72, top, z), (base * 0.66, low, z * 0.8))
    frame += [((x, y, -w), (x, y, w)) for x, y, w in points[:6]]
    parts: list[Part] = [rods(frame, between(rng, 30, 48), STEEL.packed(between(rng, 2, 4)))]
    for x, radius in ((0.0, front), (base, rear)):
        for s in (-1, 1):
            parts += wheel((x, -radius, s * track / 2), radius, radius * 0.7, rim=0.5)
            arm: Point3 = (x, low - 80, s * z * 0.6)
            parts.append((bar(arm, (x, -radius, s * track * 0.42), 40, 40), STEEL.packed(4)))
            spring: Point3 = (x + base * 0.06, low - 380, s * z * 0.6)
            parts.append((bar(spring, (x, -radius, s * track * 0.4), 70, 70), STEEL.packed(2)))
    parts += motor(rng, (base * 0.9, low - 150, 0), between(rng, 300, 420))
    for s in (-1, 1):
        parts.append(block((base * 0.5, seat, s * z * 0.5), (420, 100, z * 0.8), SEAT.packed(0.3)))
        back = [(base * 0.5 + 200, seat - 30), (base * 0.5 + 320, seat - 580)]
        parts += moved(strip(back, 70, z * 0.8, SEAT.packed(0.3)), (0, 0, s * z * 0.5))
    parts.append(
        plate([(-base * 0.1, low), (base * 0.2, low - 330), (base * 0.2, low)], 2 * z, PLASTIC.packed(0.06))
    )
    return parts


def mini_tractor(rng: Rng) -> list[Part]:
    """Great wheels behind and small ones in front of a narrow bonnet, a seat and a bow above it."""
    base = between(rng, 1200, 1700)
    rear, front, track = between(rng, 420, 620), between(rng, 230, 340), between(rng, 800, 1250)
    parts: list[Part] = []
    for x, radius, width in ((0.0, front, front * 0.6), (base, rear, rear * 0.5)):
        for s in (-1, 1):
            parts += wheel((x, -radius, s * track / 2), radius, width, rim=0.55)
        parts.append(block((x, -radius, 0), (110, 110, track * 0.7), STEEL.packed(5)))
    hood = -front * 2 - between(rng, 330, 520)
    parts += [
        block((base * 0.22, (hood - front) / 2, 0), (base * 0.75, -hood - front, 4), STEEL),
        block((base * 0.22, hood, 0), (base * 0.8, 3, 420), STEEL),
        block(
            (base * 0.25, hood * 0.62, 0),
            (base * 0.55, -hood * 0.4, 300),
            STEEL.packed(between(rng, 2.2, 3.4)),
        ),
        block((-base * 0.14, hood * 0.65, 0), (50, -hood * 0.45, 380), ALUMINIUM.packed(0.9)),
        block((base * 0.82, -rear, 0), (base * 0.5, rear * 0.7, 320), STEEL.packed(between(rng, 3, 5))),
        block((base * 0.95, -rear * 1.75, 0), (420, 90, 420), SEAT),
        block((base * 1.12, -rear * 2.05, 0), (80, 330, 400), SEAT),
    ]
    if rng.random() < 0.6:
        parts.append(block((-base * 0.3, hood * 0.5, 0), (150, 260, 500), STEEL.packed(between(rng, 3, 7.5))))
    for s in (-1, 1):
        parts.append(plate(_arc(base, -rear, rear * 1.12), rear * 0.5, STEEL, z=s * track / 2))
    z, top = track * 0.4, -between(rng, 1750, 2150)
    bow = [
        *both_sides((base * 1.1, -rear, z), (base * 1.15, top, z)),
        ((base * 1.15, top, -z), (base * 1.15, top, z)),
    ]
    parts.append(rods(bow, 60, STEEL.packed(2.5)))
    pipe = rod(28, 620, sides=8).turned(UPRIGHT).moved((base * 0.15, hood - 310, 120))
    ring = rod(190, 24, sides=12).turned(rotation(0, 0, -0.9)).moved((base * 0.68, hood - 110, 0))
    return [*parts, (pipe, STEEL.packed(1.6)), (ring, STEEL.packed(0.4))]


def motorcycle_crated(rng: Rng) -> list[Part]:
    """A long low or a high narrow frame, its front wheel at its side, in a crate of bars or boards."""
    base, radius = between(rng, 1350, 1700), between(rng, 280, 350)
    is_tall = bool(rng.random() < 0.5)
    seat = -radius * (2.9 if is_tall else 2.1)
    head: Point2 = (base * (0.2 if is_tall else 0.3), -radius * (3.1 if is_tall else 2.7))
    parts = wheel((base, -radius, 0), radius, 130 if is_tall else 190, spokes=True)
    off = between(rng, 0, 1) < 0.6
    parts += wheel((base * 0.4, -radius, 230) if off else (0, -radius, 0), radius, 100, spokes=True)
    fork = strip([(0, -radius), (head[0], head[1])], 45, 36, STEEL.packed(4))
    parts += moved(fork, (0, 0, 80)) + moved(fork, (0, 0, -80))
    cradle: list[Point2] = [
        head,
        (base * 0.36, -radius * 0.9),
        (base * 0.66, -radius * 0.9),
        (base * 0.72, seat + 120),
        head,
    ]
    parts += strip(cradle, 34, 34, STEEL.packed(5))
    parts += strip([(base * 0.68, -radius * 1.1), (base, -radius)], 46, 150, STEEL.packed(1.8))
    middle, size = (base * 0.52, -radius * 1.25), between(rng, 230, 330)
    parts.append(block((*middle, 0), (size, size * 0.7, 230), ALUMINIUM.packed(1.9)))
    for tilt in (-0.5, 0.4) if not is_tall else (-0.15,):
        barrel = rod(75, 230, sides=10).turned(rotation(0, 0, tilt) @ UPRIGHT)
        parts.append((barrel.moved((middle[0] + tilt * 200, middle[1] - 170, 0)), ALUMINIUM.packed(1.6)))
    drop: list[Point3] = [
        (head[0] + 60, head[1] + 60, 0),
        (base * 0.4, seat - 90, 0),
        (base * 0.56, seat - 60, 0),
        (base * 0.66, seat, 0),
    ]
    parts.append((sweep(drop, [60, 125, 110, 40], sides=10), ORGANIC.packed(between(rng, 0.05, 0.5))))
    parts.append((sweep(drop, [62, 127, 112, 42], sides=10), STEEL.packed(0.22)))
    parts += strip(
        [(base * 0.6, seat + 10), (base * 0.8, seat + 30), (base * 1.02, seat - 40)], 80, 230, SEAT
    )
    parts += tube(base * 0.42, base * 1.15, -radius * 0.8, 48, 45, STEEL, z=150)
    grip = rod(13, 720, sides=8).turned(rotation(0, np.pi / 2, 0))
    parts.append((grip.moved((head[0] + 30, head[1] - 90, 0)), STEEL))
    return [*parts, *_crate(rng, parts)]


def _crate(rng: Rng, parts: list[Part]) -> list[Part]:
    low, high = extent(parts)
    x0, y0, z0 = (low - 60).tolist()
    x1, y1, z1 = (high + 60).tolist()
    y1 = float(high[1])
    is_steel = bool(rng.random() < 0.5)
    material, thick = (STEEL.packed(2.2), 36.0) if is_steel else (WOOD, 50.0)
    lines: list[tuple[Point3, Point3]] = []
    for z in (z0, z1):
        lines += [((x0, y, z), (x1, y, z)) for y in (y0, y1)]
        lines += [
            ((float(x), y0, z), (float(x), y1, z)) for x in np.linspace(x0, x1, int(rng.integers(3, 6)))
        ]
        if rng.random() < 0.5:
            lines.append(((x0, y1, z), (x1, y0, z)))
    lines += [((x, y, z0), (x, y, z1)) for x in (x0, x1) for y in (y0, y1)]
    deck = block(((x0 + x1) / 2, y1 + 40, (z0 + z1) / 2), (x1 - x0, 30, z1 - z0), material.packed(0.5))
    return [rods(lines, thick, material), deck]


VEHICLES: Final[tuple[Build, ...]] = (
    coupe,
    hatchback,
    off_roader_open,
    quad_bike,
    tuk_tuk,
    car_halves,
    body_on_blocks,
    motorcycle_crated,
    buggy,
    mini_tractor,
)
