"""Goods and bases with rooms for packets, seen in training only: unlike those a model is measured on."""

from typing import Final

import numpy as np

from datasets.synthetic.meshes import Mesh, Point2, Point3, Rng, bar, cuboid, extrusion, rod, rotation
from datasets.synthetic.physics import ALUMINIUM, ORGANIC, RUBBER, STEEL, STONE, WOOD, Material
from datasets.synthetic.shapes import (
    UPRIGHT,
    Build,
    Part,
    between,
    block,
    cavity,
    disc,
    hollow,
    instead_of,
    joined,
    moved,
    plate,
    strip,
    tube,
    turned,
)

_MOST_PACKETS: Final = 60


def packets(
    rng: Rng, centre: Point3, size: Point3, share: float = 1.0, *, within: Material | None = None
) -> list[Part]:
    """Packets in rows on the floor of a box, as one mesh; ``share`` of their places are taken.

    Args:
        rng: Draws their size, density and places.
        centre: Of the box.
        size: Of the box.
        share: How full it is.
        within: What the box is full of, if it is no hollow.
    """
    stuff = ORGANIC.packed(between(rng, 0.25, 1.35))
    wanted = (between(rng, 90, 340), between(rng, 40, 220), between(rng, 90, 340))
    counts = [max(int(side / want), 1) for side, want in zip(size, wanted, strict=True)]
    while counts[0] * counts[1] * counts[2] > _MOST_PACKETS:
        counts[int(np.argmax(counts))] -= 1
    step = [side / count for side, count in zip(size, counts, strict=True)]
    gap = between(rng, 4, 14)
    one = cuboid((max(step[0] - gap, 8), max(step[1] - 4, 8), max(step[2] - gap, 8)))
    bodies: list[Mesh] = []
    for i in range(counts[0]):
        for k in range(counts[2]):
            high = counts[1] if rng.random() < share else int(rng.integers(0, counts[1] + 1))
            for j in range(high):
                x = centre[0] - size[0] / 2 + (i + 0.5) * step[0]
                y = centre[1] + size[1] / 2 - (j + 0.5) * step[1]
                z = centre[2] - size[2] / 2 + (k + 0.5) * step[2]
                bodies.append(one.moved((x, y, z)))
    if not bodies:
        bodies.append(one.moved((centre[0], centre[1] + size[1] / 2 - step[1] / 2, centre[2])))
    return [(joined(bodies), instead_of(within, stuff) if within else stuff)]


def hollow_beams(rng: Rng) -> list[Part]:
    """Box sections, closed at their ends, with packets along them; one, or a few of which some are empty."""
    long, tall, wide = between(rng, 700, 2800), between(rng, 90, 320), between(rng, 90, 320)
    wall, n = between(rng, 3, 9), int(rng.integers(1, 5))
    metal = STEEL if rng.random() < 0.75 else ALUMINIUM
    parts: list[Part] = []
    for k in range(n):
        z = k * (wide + between(rng, 5, 40))
        parts += hollow((0, 0, z), (long, tall, wide), wall, metal)
        if k == 0 or rng.random() < 0.5:
            part = between(rng, 0.3, 0.95)
            x = between(rng, -0.5, 0.5) * (1 - part) * long
            size = (
                long * part - 2 * wall,
                (tall - 2 * wall) * between(rng, 0.6, 0.95),
                (wide - 2 * wall) * 0.92,
            )
            parts += packets(rng, (x, tall / 2 - wall - size[1] / 2, z), size, 0.9)
        if rng.random() < 0.4:
            parts.append(block((long / 2 + 6, 0, z), (12, tall * 1.4, wide * 1.2), metal))
    return parts


def machine_housing(rng: Rng) -> list[Part]:
    """A gearbox or pump on feet, its inside taken out and packed; a shaft and a flange for show."""
    radius, long, wall = between(rng, 160, 420), between(rng, 400, 1200), between(rng, 5, 16)
    deep = radius * between(rng, 1.2, 2.4)
    sides = int(rng.integers(6, 13))
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False) + np.pi / sides
    stretch = long / (2 * radius)
    outline = [(float(radius * stretch * np.cos(a)), float(radius * np.sin(a))) for a in turn]
    inner: list[Point2] = [(x * (1 - wall / (radius * stretch)), y * (1 - wall / radius)) for x, y in outline]
    metal = STEEL.packed(7.2) if rng.random() < 0.7 else ALUMINIUM
    parts: list[Part] = [plate(outline, deep, metal)]
    parts.append((cavity(extrusion(inner, deep - 2 * wall)), metal))
    parts += packets(rng, (0, radius * 0.1, 0), (long * 0.66, radius * 1.1, (deep - 2 * wall) * 0.92), 0.9)
    parts += [block((s * long * 0.32, radius + 25, 0), (long * 0.16, 50, deep * 1.1), metal) for s in (-1, 1)]
    shaft = between(rng, 18, 50)
    parts += tube(long / 2 - 5, long / 2 + between(rng, 60, 220), 0, shaft, 0, STEEL)
    parts += tube(long / 2 - 5, long / 2 + 18, 0, min(radius * 0.8, deep * 0.45), shaft, metal, sides=14)
    parts.append(disc((0, 0, -deep / 2 - 14), radius * 0.6, 28, metal))
    if rng.random() < 0.5:
        parts += [
            block((x, -radius - 15, 0), (14, 60, deep * 0.9), metal) for x in (-60.0, -20.0, 20.0, 60.0)
        ]
    return parts


def drum_double(rng: Rng) -> list[Part]:
    """A drum or tank within which there is a smaller one, or a second floor, and packets in between."""
    radius, tall, wall = between(rng, 230, 420), between(rng, 600, 1250), between(rng, 0.9, 3)
    liquid = ORGANIC.packed(between(rng, 0.7, 1.05))
    parts = tube(0, tall, 0, radius, radius - wall, STEEL, sides=18)
    parts += [part for x in (0.0, tall - 2) for part in tube(x, x + 2, 0, radius - wall, 0, STEEL, sides=18)]
    for share in (0.33, 0.66):
        parts += tube(tall * share - 8, tall * share + 8, 0, radius + 9, radius, STEEL, sides=18)
    if rng.random() < 0.5:
        inner = radius * between(rng, 0.45, 0.7)
        parts += tube(2, tall - 2, 0, inner, inner - wall, STEEL, sides=14)
        parts += tube(20, tall * between(rng, 0.5, 0.9), 0, inner - wall, 0, liquid, sides=14)
        room = radius - wall - inner
        side = min(room, inner * 0.8)
        pack: list[Mesh] = []
        for angle in np.linspace(0, 2 * np.pi, int(rng.integers(5, 9)), endpoint=False):
            high = int(rng.integers(1, 5))
            for j in range(high):
                body = cuboid((tall / 5 - 10, room * 0.8, side)).moved((20 + (j + 0.5) * tall / 5, 0, 0))
                out = inner + room / 2
                pack.append(body.moved((0, out, 0)).turned(rotation(float(angle), 0, 0)))
        return turned([*parts, (joined(pack), ORGANIC.packed(between(rng, 0.4, 1.3)))], UPRIGHT)
    floor = tall * between(rng, 0.25, 0.6)
    parts += tube(floor, floor + 3, 0, radius - wall, 0, STEEL, sides=18)
    parts += tube(floor + 3, tall * between(rng, 0.7, 0.95), 0, radius - wall, 0, liquid, sides=18)
    side = radius * 1.3
    return [*turned(parts, UPRIGHT), *packets(rng, (0, -floor / 2, 0), (side, floor * 0.9, side), 0.85)]


def hollow_timber(rng: Rng) -> list[Part]:
    """A pile of planks on battens, cut out inside."""
    long, tall, wide = between(rng, 900, 2800), between(rng, 300, 1000), between(rng, 500, 1150)
    thick, rim = between(rng, 22, 80), between(rng, 60, 150)
    wood = WOOD.packed(between(rng, 0.42, 0.75))
    thick = max(thick, tall / 14)
    rows = max(int(tall / thick), 4)
    solid = max(1, rows // 5)
    planks: list[Mesh] = []
    for k in range(rows):
        y = -k * (thick + 2)
        slip = between(rng, -15, 15)
        if k < solid or k >= rows - solid:
            planks.append(cuboid((long, thick, wide)).moved((slip, y, 0)))
            continue
        for s in (-1, 1):
            planks.append(cuboid((long, thick, rim)).moved((slip, y, s * (wide - rim) / 2)))
            planks.append(cuboid((rim, thick, wide - 2 * rim)).moved((slip + s * (long - rim) / 2, y, 0)))
    parts: list[Part] = [(joined(planks), wood)]
    low, high = -solid * (thick + 2) + thick / 2, -(rows - solid) * (thick + 2) + thick / 2 + 4
    room = low - high
    size = (long - 2 * rim - 50, room * between(rng, 0.5, 0.95), wide - 2 * rim - 20)
    parts += packets(rng, (0, low - size[1] / 2, 0), size, between(rng, 0.5, 1))
    for x in np.linspace(-long * 0.4, long * 0.4, int(rng.integers(2, 5))).tolist():
        parts.append(block((x, thick / 2 + 42, 0), (90, 80, wide), WOOD))
    return parts


def hollow_stone(rng: Rng) -> list[Part]:
    """Blocks or thick slabs of stone with chambers cut into them."""
    stone = STONE.packed(between(rng, 1.9, 2.75))
    parts: list[Part] = []
    x = 0.0
    for k in range(int(rng.integers(1, 4))):
        size = (between(rng, 250, 900), between(rng, 200, 700), between(rng, 180, 500))
        y = -size[1] / 2
        parts.append(block((x + size[0] / 2, y, 0), size, stone))
        if k == 0 or rng.random() < 0.6:
            room = (size[0] * between(rng, 0.3, 0.75), size[1] * between(rng, 0.3, 0.7), size[2] * 0.6)
            centre = (x + size[0] / 2, y + between(rng, -0.1, 0.1) * size[1], 0.0)
            parts.append((cavity(cuboid(room)).moved(centre), stone))
            pack = (room[0] * 0.94, room[1] * between(rng, 0.5, 0.95), room[2] * 0.94)
            at = (centre[0], centre[1] + (room[1] - pack[1]) / 2, 0.0)
            parts += packets(rng, at, pack, 0.9)
        x += size[0] + between(rng, 15, 60)
    return parts


def hollow_roll(rng: Rng) -> list[Part]:
    """A roll of paper, carpet or film whose core is wider than it should be, and packed."""
    radius, long = between(rng, 130, 600), between(rng, 500, 2200)
    core = radius * between(rng, 0.35, 0.75)
    rolled = ORGANIC.packed(between(rng, 0.25, 1.0))
    parts = tube(0, long, 0, radius, core, rolled, sides=18)
    parts += tube(0, long, 0, core, core - between(rng, 4, 12), ORGANIC.packed(0.8), sides=18)
    end = between(rng, 20, 90)
    parts += [part for x in (0.0, long - end) for part in tube(x, x + end, 0, core - 12, 0, WOOD, sides=14)]
    side = core * 1.25
    room = long - 2 * end - 20
    part = between(rng, 0.4, 1)
    parts += packets(rng, (end + 10 + room * part / 2, 0, 0), (room * part, side, side), 0.95)
    return turned(parts, UPRIGHT) if rng.random() < 0.4 else parts


def packed_tyres(rng: Rng) -> list[Part]:
    """Tyres lying one upon another or on their treads, packets round inside the carcass."""
    radius, wide = between(rng, 290, 530), between(rng, 170, 320)
    bead, wall = radius * between(rng, 0.5, 0.62), between(rng, 12, 26)
    rubber = RUBBER.packed(1.1)
    parts: list[Part] = []
    for k in range(int(rng.integers(1, 5))):
        one = tube(0, wide, 0, radius, bead, rubber, sides=20)
        one.append((cavity(rod(radius - wall, wide - 2 * wall, sides=20)).moved((wide / 2, 0, 0)), rubber))
        one.append((rod(bead, wide - 2 * wall, sides=20).moved((wide / 2, 0, 0)), rubber))
        n, room = int(rng.integers(7, 13)), radius - wall - bead
        side = 2 * np.pi * bead / n * 0.85
        taken = [
            a for a in np.linspace(0, 2 * np.pi, n, endpoint=False).tolist() if k == 0 or rng.random() < 0.7
        ]
        body = cuboid(((wide - 2 * wall) * 0.85, room * 0.85, side)).moved((wide / 2, bead + room / 2, 0))
        if taken:
            pack = joined([body.turned(rotation(a, 0, 0)) for a in taken])
            one.append((pack, ORGANIC.packed(between(rng, 0.5, 1.3))))
        parts += moved(one, (k * (wide + between(rng, 0, 12)), 0, 0))
    return turned(parts, UPRIGHT) if rng.random() < 0.6 else parts


HOLLOW_GOODS: Final[tuple[Build, ...]] = (
    hollow_beams,
    machine_housing,
    drum_double,
    hollow_timber,
    hollow_stone,
    hollow_roll,
    packed_tyres,
)


def crate_false_base(rng: Rng) -> list[Part]:
    """A crate of boards on runners; honest goods above a second floor, packets below it."""
    x, y, z = between(rng, 800, 1700), between(rng, 700, 1500), between(rng, 700, 1200)
    board, base = between(rng, 14, 26), between(rng, 90, 260)
    parts = hollow((0, -y / 2, 0), (x, y, z), board, WOOD)
    parts.append(block((0, -base - board, 0), (x - 2 * board, board, z - 2 * board), WOOD))
    below = (x - 2 * board - 20, (base - board) * between(rng, 0.6, 0.95), z - 2 * board - 20)
    parts += packets(rng, (0, -board - below[1] / 2, 0), below, between(rng, 0.5, 1))
    tall = (y - base - 3 * board) * between(rng, 0.3, 0.95)
    goods = (
        ORGANIC.packed(between(rng, 0.05, 0.35)) if rng.random() < 0.6 else STEEL.packed(between(rng, 0.2, 1))
    )
    size = (x * between(rng, 0.5, 0.9), tall, z * 0.8)
    parts.append(block((0, -base - 1.5 * board - tall / 2, 0), size, goods))
    runners = [cuboid((x, 95, 95)).moved((0, 48, s * z * 0.42)) for s in (-1, 0, 1)]
    braces = [bar((-x / 2, 0, s * (z / 2 + 12)), (x / 2, -y, s * (z / 2 + 12)), 90, 20) for s in (-1, 1)]
    return [*parts, (joined([*runners, *braces]), WOOD)]


def skid_with_drawers(rng: Rng) -> list[Part]:
    """A skid of steel beams under a machine; drawers with handles slide in between them."""
    x, y, z = between(rng, 1000, 2200), between(rng, 130, 280), between(rng, 700, 1300)
    flange = between(rng, 60, 120)
    parts: list[Part] = []
    for s in (-1, 1):
        parts.append(block((0, 0, s * (z - flange) / 2), (x, y - 20, 8), STEEL))
        parts += [block((0, t * (y / 2 - 5), s * (z - flange) / 2), (x, 10, flange), STEEL) for t in (-1, 1)]
    n = int(rng.integers(2, 6))
    for k in range(n):
        step = x / n
        at = ((k + 0.5) * step - x / 2, 0.0, 0.0)
        size = (step - 30, y - 36, z - flange - 30)
        parts += hollow(at, size, between(rng, 1, 2.5), STEEL)
        parts.append(block((at[0], 0, -z / 2 - 10), (120, 16, 22), STEEL.packed(4)))
        if k == 0 or rng.random() < 0.7:
            inner = (size[0] * 0.92, size[1] * between(rng, 0.4, 0.9), size[2] * between(rng, 0.4, 0.95))
            parts += packets(rng, (at[0], size[1] / 2 - 3 - inner[1] / 2, 0), inner, 0.9)
    parts.append(block((0, -y / 2 - 4, 0), (x, 8, z), STEEL))
    if rng.random() < 0.6:
        tall = between(rng, 200, 700)
        parts += hollow(
            (x * between(rng, -0.15, 0.15), -y / 2 - 8 - tall / 2, 0), (x * 0.5, tall, z * 0.6), 6, STEEL
        )
        parts += tube(-x * 0.3, x * 0.3, -y / 2 - 8 - tall * 0.5, tall * 0.15, 0, STEEL.packed(5))
    return parts


def hollow_plinth(rng: Rng) -> list[Part]:
    """A foundation or statue's foot of concrete with a chamber from below."""
    x, y, z = between(rng, 500, 1300), between(rng, 250, 700), between(rng, 500, 1200)
    concrete = STONE.packed(between(rng, 1.9, 2.4))
    step, rim = between(rng, 0.6, 0.95), between(rng, 50, 140)
    parts = [block((0, -y * 0.35, 0), (x, y * 0.7, z), concrete)]
    parts.append(block((0, -y * 0.85, 0), (x * step, y * 0.3, z * step), concrete))
    room = (x - 2 * rim, y * 0.7 - rim, z - 2 * rim)
    parts.append((cavity(cuboid(room)).moved((0, -room[1] / 2 - 8, 0)), concrete))
    inner = (room[0] * 0.92, room[1] * between(rng, 0.5, 0.95), room[2] * 0.92)
    parts += packets(rng, (0, -8 - inner[1] / 2, 0), inner, between(rng, 0.6, 1))
    if rng.random() < 0.5:
        radius, tall = x * step * between(rng, 0.15, 0.35), between(rng, 250, 900)
        parts += turned(tube(y, y + tall, 0, radius, 0, concrete, sides=12), UPRIGHT)
    parts += strip([(-x / 2, -4), (x / 2, -4)], 8, z * 0.9, STEEL.packed(2))
    return parts


HOLLOW_BASES: Final[tuple[Build, ...]] = (crate_false_base, skid_with_drawers, hollow_plinth)
