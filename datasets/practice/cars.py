"""Cars seen in training only: forms unlike those a model is measured on."""

from collections.abc import Sequence

import numpy as np

from datasets.synthetic.meshes import Mesh, Point2, Point3, Rng, bar, rod, rotation
from datasets.synthetic.physics import ALUMINIUM, GLASS, LEAD, ORGANIC, RUBBER, STEEL, WOOD, Material
from datasets.synthetic.shapes import (
    Part,
    between,
    block,
    cavity,
    disc,
    extent,
    joined,
    moved,
    plate,
    strip,
    tube,
    turned,
)

SEAT = ORGANIC.packed(0.12)


def wheel(at: Point3, radius: float, width: float, *, rim: float = 0.62, spokes: bool = False) -> list[Part]:
    """A tyre with air in it, a rim and a hub."""
    rubber = RUBBER.packed(0.9)
    parts: list[Part] = [
        disc(at, radius, width, rubber, sides=20),
        (cavity(disc(at, radius * 0.94, width * 0.86, rubber, sides=20)[0]), rubber),
        disc(at, radius * rim, width * (0.06 if spokes else 0.2), ALUMINIUM, sides=16),
        disc(at, radius * 0.16, width * 0.9, STEEL.packed(5), sides=8),
    ]
    return parts


def rods(lines: Sequence[tuple[Point3, Point3]], width: float, material: Material) -> Part:
    """The bars of a frame."""
    return joined([bar(a, b, width, width) for a, b in lines]), material


def both_sides(start: Point3, end: Point3) -> list[tuple[Point3, Point3]]:
    """The bar and its mirror image on the other side."""
    return [(start, end), ((start[0], start[1], -start[2]), (end[0], end[1], -end[2]))]


def motor(rng: Rng, at: Point3, size: float) -> list[Part]:
    """A block of light metal with a heavy core, a pulley and a gearbox behind it."""
    x, y, z = at
    return [
        block(at, (size, size * 0.8, size * 0.85), ALUMINIUM.packed(between(rng, 1.1, 1.7))),
        block(
            (x, y + size * 0.1, z), (size * 0.7, size * 0.45, size * 0.5), STEEL.packed(between(rng, 2, 3.2))
        ),
        disc((x - size * 0.3, y + size * 0.2, z - size * 0.5), size * 0.17, 36, STEEL.packed(5)),
        *tube(x + size * 0.5, x + size * 1.1, y + size * 0.2, size * 0.26, 0, ALUMINIUM.packed(1.9), z=z),
    ]


def _car(
    rng: Rng,
    belt: list[Point2],
    roof: list[Point2],
    size: Point3,
    *,
    has_wheels: bool = True,
    has_motor: bool = True,
) -> list[Part]:
    """Sheets about a cabin, nose to the left, wheels at y = 0; lines as shares of length and height.

    Args:
        rng: Draws what is inside.
        belt: From the front sill over the bonnet and the boot to the rear sill.
        roof: From the foot of the windscreen to the foot of the rear one.
        size: Length, height, width.
        has_wheels: Is it on its wheels?
        has_motor: Is there one in it?
    """
    long, tall, wide = size
    lower = [(x * long, y * tall) for x, y in belt]
    upper = [(x * long, y * tall) for x, y in roof]
    side = wide / 2 - 3
    sheet, radius = between(rng, 1.4, 2.4), between(rng, 270, 345)
    axles = (long * between(rng, 0.16, 0.21), long * between(rng, 0.78, 0.83))
    parts = strip(lower, sheet, wide, STEEL)
    for z in (-side, side):
        parts += [plate(lower, sheet, STEEL, z=z)]
        parts += moved(strip(upper, 60, 14, STEEL.packed(3)), (0, 0, z * 0.9))
        parts.append(
            (
                bar((long * 0.5, -tall * 0.55, z * 0.9), (long * 0.51, upper[1][1], z * 0.9), 70, 12),
                STEEL.packed(3),
            )
        )
        parts.append(plate([upper[0], *upper[1:-1], upper[-1]], 4, GLASS, z=z * 0.92))
    parts += strip(upper[1:-1], sheet, wide * 0.82, STEEL)
    parts += strip(upper[:2], 5, wide * 0.78, GLASS) + strip(upper[-2:], 4, wide * 0.74, GLASS)
    parts += [
        block((long * 0.5, -radius * 0.75, 0), (long * 0.6, 14, wide - 200), STEEL.packed(1.4)),
        block((long * 0.03, -tall * 0.36, 0), (70, 90, wide * 0.8), STEEL.packed(0.9)),
        block((long * 0.97, -tall * 0.36, 0), (70, 90, wide * 0.8), STEEL.packed(0.7)),
        *tube(long * 0.24, long * 0.96, -radius * 0.62, 27, 25, STEEL, z=wide * between(rng, -0.2, 0.2)),
        *tube(long * 0.55, long * 0.66, -radius * 0.65, 75, 72, STEEL, z=wide * 0.15),
        block((long * 0.7, -radius * 0.95, 0), (420, 220, 800), ORGANIC.packed(between(rng, 0.1, 0.7))),
    ]
    rows = [0.44, 0.64] if long > 3300 else [0.5]
    for x in rows:
        for z in (-wide * 0.2, wide * 0.2):
            parts.append(block((x * long, -tall * 0.33, z), (470, 130, wide * 0.3), SEAT))
            back = [(x * long + 200, -tall * 0.36), (x * long + 330, -tall * 0.72)]
            parts += moved(strip(back, 110, wide * 0.28, SEAT), (0, 0, z))
            parts += moved(strip(back, 14, wide * 0.26, STEEL.packed(1.2)), (0, 0, z))
    ring = rod(185, 24, sides=12).turned(rotation(0, 0, between(rng, 0.3, 0.7)))
    parts.append((ring.moved((rows[0] * long - 330, -tall * 0.55, -wide * 0.2)), STEEL.packed(0.4)))
    if has_motor:
        parts += motor(rng, (long * 0.14, -tall * 0.4, 0), between(rng, 380, 560))
        parts.append(block((long * 0.22, -tall * 0.5, wide * 0.28), (230, 170, 170), LEAD.packed(2.6)))
        parts.append(block((long * 0.05, -tall * 0.4, 0), (36, 360, 620), ALUMINIUM.packed(0.9)))
    for x in axles:
        parts.append(block((x, -radius, 0), (60, 60, wide - 320), STEEL.packed(2.5)))
        for z in (-wide / 2 + 105, wide / 2 - 105):
            parts.append(disc((x, -radius, z * 0.85), 130, 22, STEEL))
            if has_wheels:
                parts += wheel((x, -radius, z), radius, between(rng, 165, 215))
    return parts


def _coupe(rng: Rng, *, has_wheels: bool = True, has_motor: bool = True) -> list[Part]:
    nose, peak = between(rng, 0.36, 0.44), between(rng, 0.5, 0.56)
    belt: list[Point2] = [
        (0.01, -0.18),
        (0, -0.42),
        (0.1, -0.53),
        (nose, -0.65),
        (0.9, -0.7),
        (0.99, -between(rng, 0.6, 0.7)),
        (1, -0.4),
        (0.98, -0.2),
    ]
    roof: list[Point2] = [(nose, -0.65), (peak, -0.97), (peak + 0.08, -1), (peak + 0.2, -0.94), (0.93, -0.7)]
    size = (between(rng, 3800, 4600), between(rng, 1180, 1330), between(rng, 1620, 1850))
    return _car(rng, belt, roof, size, has_wheels=has_wheels, has_motor=has_motor)


def _hatchback(rng: Rng, *, has_wheels: bool = True, has_motor: bool = True) -> list[Part]:
    nose, tail = between(rng, 0.2, 0.3), between(rng, 0.9, 0.97)
    belt: list[Point2] = [
        (0.01, -0.17),
        (0, -0.42),
        (0.05, -0.52),
        (nose, -0.6),
        (0.98, -0.6),
        (1, -0.3),
        (0.98, -0.18),
    ]
    roof: list[Point2] = [
        (nose, -0.6),
        (nose + 0.14, -0.93),
        (nose + 0.25, -1),
        (tail - 0.08, -0.96),
        (tail, -0.6),
    ]
    size = (between(rng, 2700, 4100), between(rng, 1380, 1560), between(rng, 1480, 1780))
    return _car(rng, belt, roof, size, has_wheels=has_wheels, has_motor=has_motor)


def coupe(rng: Rng) -> list[Part]:
    """Low, with a long bonnet and a roof that falls to the tail."""
    return _coupe(rng)


def hatchback(rng: Rng) -> list[Part]:
    """Short, with a steep tail."""
    return _hatchback(rng)


def body_on_blocks(rng: Rng) -> list[Part]:
    """A car without its wheels, at times without its engine, on blocks of wood."""
    has_motor = bool(rng.random() < 0.4)
    parts = (_coupe if rng.random() < 0.5 else _hatchback)(rng, has_wheels=False, has_motor=has_motor)
    _, high = extent(parts)
    long = float(high[0])
    tall = between(rng, 60, 260)
    for x in (0.3, 0.7):
        for z in (-450.0, 450.0):
            parts.append(block((x * long, float(high[1]) + tall / 2, z), (260, tall, 220), WOOD))
    return parts


def _piece(parts: Sequence[Part], low: float, high: float) -> list[Part]:
    """What of the parts lies between two values of x; what crosses them ends there."""
    kept: list[Part] = []
    for body, material in parts:
        at = body.vertices.copy()
        at[:, 0] = at[:, 0].clip(low, high)
        if np.ptp(at[:, 0]) > 1:
            kept.append((Mesh(vertices=at, faces=body.faces), material))
    return kept


def car_halves(rng: Rng) -> list[Part]:
    """Sawn through behind the front seats; the halves end to end, turned round, or only one."""
    parts = (_coupe if rng.random() < 0.5 else _hatchback)(rng)
    low, high = extent(parts)
    long = float(high[0] - low[0])
    cut = float(low[0]) + long * between(rng, 0.42, 0.6)
    front, rear = _piece(parts, float(low[0]), cut), _piece(parts, cut, float(high[0]))
    stand = between(rng, 200, 320)
    front.append(block((cut - 160, -stand / 2, 0), (160, stand, 900), WOOD))
    rear.append(block((cut + 160, -stand / 2, 0), (160, stand, 900), WOOD))
    choice = rng.random()
    if choice < 0.25:
        return front
    if choice < 0.45:
        return rear
    back = turned(moved(rear, (-cut, 0, 0)), rotation(0, np.pi if choice < 0.75 else 0, 0))
    far, _ = extent(back)
    return [*front, *moved(back, (cut + between(rng, 40, 400) - float(far[0]), 0, 0))]


def off_roader_open(rng: Rng) -> list[Part]:
    """Upright and square without a roof: a flat windscreen, a roll bar, a wheel on its tail."""
    long, tall, wide = between(rng, 3200, 3900), between(rng, 1050, 1200), between(rng, 1500, 1720)
    radius, screen = between(rng, 340, 410), between(rng, 0.34, 0.42)
    belt: list[Point2] = [
        (0, -radius * 1.2),
        (0, -tall * 0.92),
        (screen * long, -tall),
        (screen * long, -tall * 0.95),
        (long * 0.46, -tall * 0.95),
        (long * 0.5, -tall * 0.62),
        (long * 0.62, -tall * 0.62),
        (long * 0.66, -tall * 0.95),
        (long, -tall * 0.95),
        (long, -radius * 1.2),
    ]
    parts = strip(belt[:4], 2, wide * 0.7, STEEL) + strip(belt[-3:], 2, wide * 0.85, STEEL)
    parts += [plate(belt, 2, STEEL, z=z) for z in (-wide * 0.42, wide * 0.42)]
    glass = [(screen * long, -tall), (screen * long + between(rng, 30, 220), -tall - between(rng, 380, 480))]
    parts += strip(glass, 7, wide * 0.75, GLASS) + strip(glass, 40, 30, STEEL.packed(4))
    bow, high = long * between(rng, 0.6, 0.75), -tall - between(rng, 350, 520)
    z = wide * 0.38
    bars = [*both_sides((bow, -tall * 0.5, z), (bow, high, z)), ((bow, high, -z), (bow, high, z))]
    if rng.random() < 0.6:
        bars += both_sides((bow, high, z), (long * 0.97, -tall * 0.9, z))
    parts.append(rods(bars, 50, STEEL.packed(3)))
    parts += motor(rng, (long * 0.15, -tall * 0.66, 0), between(rng, 430, 560))
    for y in (-0.44, 0.44):
        parts.append(
            block((long / 2, -radius * 1.25, y * wide * 0.8), (long * 0.98, 110, 70), STEEL.packed(3))
        )
    for x in (long * 0.5, long * 0.78):
        for s in (-1, 1):
            parts.append(block((x, -tall * 0.62, s * wide * 0.2), (430, 120, 430), SEAT))
            parts.append(block((x + 250, -tall * 0.8, s * wide * 0.2), (100, 480, 420), SEAT))
    for x in (long * 0.16, long * 0.82):
        parts.append(block((x, -radius, 0), (90, 90, wide - 250), STEEL.packed(4)))
        for z in (-wide / 2 + 100, wide / 2 - 100):
            parts += wheel((x, -radius, z), radius, 220)
    spare = turned(wheel((0, 0, 0), radius, 200), rotation(0, np.pi / 2, 0))
    parts += moved(spare, (long + 110, -tall * 0.7, 0))
    parts.append(block((long * 0.75, -radius * 1.1, 0), (500, 200, 700), ORGANIC.packed(0.5)))
    return parts
