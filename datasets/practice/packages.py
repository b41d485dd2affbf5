"""Packages of drugs to train on only, in as many arrangements as can be thought of."""

from typing import Final

import numpy as np

from datasets.practice.arranging import (
    band,
    boxed,
    chamfered,
    copies,
    heaped,
    in_crate,
    lattice,
    many,
    pillow,
)
from datasets.practice.draws import number, one_of
from datasets.synthetic.meshes import Mesh, Point3, Rng, cuboid, rod, rotation, sweep
from datasets.synthetic.physics import ALUMINIUM, ORGANIC, PLASTIC, RUBBER, STEEL, WOOD, Material
from datasets.synthetic.shapes import (
    ALONG_RAYS,
    UPRIGHT,
    Build,
    Part,
    between,
    block,
    cavity,
    centred,
    disc,
    hollow,
    joined,
    moved,
    tube,
    turned,
)


def _powder(rng: Rng, low: float = 1.0, high: float = 1.4) -> Material:
    return ORGANIC.packed(between(rng, low, high))


def _package(rng: Rng, scale: float = 1) -> Point3:
    """Lying: its thickness is its height."""
    long = between(rng, 120, 320) * scale
    return long, between(rng, 0.15, 0.45) * long, between(rng, 0.4, 0.85) * long


def _pressed(size: Point3) -> Mesh:
    return chamfered(size, 0.09 * min(size))


def brick_pucks(rng: Rng) -> list[Part]:
    """Round pressed cakes in rolls, standing side by side."""
    radius = between(rng, 35, 125)
    thick = radius * between(rng, 0.3, 0.9)
    one: list[Part] = [(rod(radius, thick, sides=12).turned(UPRIGHT), _powder(rng))]
    counts = (
        many(rng, 2 * radius, 150, 800),
        many(rng, thick, 120, 450, 9),
        many(rng, 2 * radius, 100, 450, 4),
    )
    pitch = (2 * radius + between(rng, 1, 12), thick + between(rng, 1, 5), 2 * radius + between(rng, 1, 12))
    return copies(one, lattice(rng, pitch, counts, jitter=between(rng, 0, 4)))


def brick_pillows(rng: Rng) -> list[Part]:
    """Vacuum bags of loose powder or herb, some sagging."""
    x, y, z = _package(rng, 1.3)
    filling = _powder(rng, 0.45, 1.0)
    fullness = between(rng, 0.45, 0.85)
    counts = (many(rng, x, 250, 900), many(rng, y, 120, 500, 7), many(rng, z, 150, 600, 4))
    parts: list[Part] = []
    for at in lattice(rng, (x * 0.98, y * 0.97, z * 0.98), counts, jitter=6):
        turn = rotation(between(rng, -0.12, 0.12), between(rng, -0.15, 0.15), between(rng, -0.12, 0.12))
        size = (x * between(rng, 0.9, 1), y * between(rng, 0.85, 1.05), z * between(rng, 0.9, 1))
        parts.append((pillow(size, fullness).turned(turn).moved(at), filling))
    return parts


def brick_crossed(rng: Rng) -> list[Part]:
    """Layers of packages, each across the one below."""
    n = number(rng, 2, 5)
    thick, wide = between(rng, 30, 95), between(rng, 80, 190)
    long = n * wide * between(rng, 0.9, 1.0)
    gap = between(rng, 2, 25)
    powder = _powder(rng)
    body = _pressed((long, thick, wide - gap))
    parts: list[Part] = []
    for layer in range(many(rng, thick, 150, 600, 8)):
        row: list[Part] = [(joined([body.moved((0, 0, (k - (n - 1) / 2) * wide)) for k in range(n)]), powder)]
        turn = rotation(0, layer % 2 * np.pi / 2 + between(rng, -0.05, 0.05), 0)
        parts += moved(turned(row, turn), (0, -layer * (thick + 2), 0))
    return parts


def _packed_into(rng: Rng, space: Point3, powder: Material, *, most: int = 80) -> list[Part]:
    """Packages of one size that fill a space, laid one of three ways."""
    x, y, z = _package(rng, between(rng, 0.6, 1.0))
    size = one_of(rng, [(x, y, z), (x, z, y), (z, y, x)])
    size = (min(size[0], space[0]), min(size[1], space[1]), min(size[2], space[2]))
    counts = (int(space[0] / size[0]), int(space[1] / size[1]), int(space[2] / size[2]))
    pitch = (space[0] / counts[0], space[1] / counts[1], space[2] / counts[2])
    places = lattice(rng, pitch, counts)
    left_out = set(rng.permutation(len(places))[: max(len(places) - most, int(len(places) * 0.1))].tolist())
    kept = [at for k, at in enumerate(places) if k not in left_out]
    return centred(copies([(_pressed((size[0] - 3, size[1] - 3, size[2] - 3)), powder)], kept))


def brick_suitcase(rng: Rng) -> list[Part]:
    """Under clothes in a case with wheels and a pull-out handle."""
    x, y, z = between(rng, 330, 520), between(rng, 480, 760), between(rng, 190, 310)
    share = between(rng, 0.4, 0.9)
    goods = _packed_into(rng, (x - 30, (y - 30) * share, z - 50), _powder(rng))
    cloth = ORGANIC.packed(between(rng, 0.04, 0.16))
    parts = [
        *hollow((0, 0, 0), (x, y, z), between(rng, 2, 4), PLASTIC.packed(1.1)),
        block((0, 0, 0), (x - 10, y - 10, z - 10), cloth),
        *moved(goods, (0, (y - 30) * (1 - share) / 2, 8)),
    ]
    rails = moved(turned(tube(0, y * 0.8, 0, 8, 6, ALUMINIUM, sides=6), UPRIGHT), (0, y * 0.45, -z / 2 + 16))
    for side in (-1, 1):
        parts += moved(rails, (side * x * 0.2, 0, 0))
        parts += [disc((side * x * 0.4, y / 2 + 14, k * z * 0.32), 22, 18, RUBBER) for k in (-1, 1)]
    parts.append(block((0, -y / 2 - 14, 0), (x * 0.3, 14, 22), PLASTIC))
    turn = one_of(rng, [rotation(0, 0, 0), rotation(0, 0, np.pi / 2), rotation(np.pi / 2, 0, 0)])
    return turned(parts, turn)


def brick_duffel(rng: Rng) -> list[Part]:
    """Thrown into a soft bag with handles, between clothes."""
    x, y, z = between(rng, 450, 800), between(rng, 240, 380), between(rng, 260, 380)
    powder, cloth = _powder(rng), ORGANIC.packed(between(rng, 0.03, 0.12))
    size = _package(rng, 0.75)
    wide = 0.5 * (size[0] + size[2])
    counts = (int(x * 0.75 / wide) + 1, number(rng, 1, 3), max(int(z * 0.8 / wide), 1))
    heap = heaped(rng, lambda: [(_pressed(size), powder)], (wide, size[1] + 6, wide), counts, 0.2)
    bag = pillow((x, y, z), 0.8)
    handle = [(-x * 0.2, 0.0, 0.0), (-x * 0.15, -90.0, 0.0), (x * 0.15, -90.0, 0.0), (x * 0.2, 0.0, 0.0)]
    straps = [sweep(handle, [9] * 4, sides=6).moved((0, -y * 0.48, side * z * 0.2)) for side in (-1, 1)]
    return [
        *moved(centred(heap), (0, y * 0.12, 0)),
        (bag, cloth),
        (joined(straps), PLASTIC),
        block((0, -y / 2, 0), (x * 0.7, 4, 10), STEEL.packed(2.0)),
    ]


def brick_pipe(rng: Rng) -> list[Part]:
    """Strapped round a pipe, which is longer than they are."""
    radius, thick = between(rng, 25, 110), between(rng, 25, 80)
    wide, long = between(rng, 60, 150), between(rng, 110, 260)
    ring = radius + thick / 2 + 2
    n = max(int(2 * np.pi * radius / wide), 3)
    wide = min(wide, 2 * np.pi * radius / n)
    rows = many(rng, long + 8, 200, 850)
    body = chamfered((long, thick, wide - 2), 5).moved((0, -ring, 0))
    bodies = []
    for row in range(rows):
        for k in range(n):
            if rng.random() < 0.9:
                turn = rotation(2 * np.pi * k / n, 0, 0)
                bodies.append(body.turned(turn).moved(((row - (rows - 1) / 2) * (long + 8), 0, 0)))
    half = rows * long / 2 + between(rng, 30, 160)
    metal = one_of(rng, [STEEL, STEEL, ALUMINIUM, PLASTIC.packed(1.4)])
    parts = [
        (joined(bodies or [body]), _powder(rng)),
        *tube(-half, half, 0, radius, radius * between(rng, 0.8, 0.95), metal),
    ]
    return turned(parts, UPRIGHT) if rng.random() < 0.4 else parts


def brick_heap(rng: Rng) -> list[Part]:
    """Packages of unlike sizes in a loose heap."""
    powder = [_powder(rng), _powder(rng, 0.7, 1.3)]
    scale = between(rng, 0.5, 0.95)
    mean = 190 * scale

    def draw() -> list[Part]:
        return [(_pressed(_package(rng, scale)), one_of(rng, powder))]

    pitch = (mean, mean * between(rng, 0.38, 0.5), mean)
    counts = (many(rng, mean, 250, 850), number(rng, 2, 5), many(rng, mean, 200, 500))
    return heaped(rng, draw, pitch, counts, between(rng, 0.1, 0.4))


def brick_double_wrapped(rng: Rng) -> list[Part]:
    """Each block hangs in a second wrapping with air between, to keep the smell in."""
    x, y, z = _package(rng)
    gap, wall = between(rng, 6, 22), between(rng, 1.5, 5)
    outer = (x + 2 * (gap + wall), y + 2 * (gap + wall), z + 2 * (gap + wall))
    skin = one_of(rng, [PLASTIC, PLASTIC.packed(0.6), RUBBER, ALUMINIUM.packed(1.5)])
    one: list[Part] = [(cuboid((x, y, z)), _powder(rng)), *hollow((0, 0, 0), outer, wall, skin)]
    counts = (many(rng, outer[0], 150, 800), many(rng, outer[1], 150, 600, 6), many(rng, outer[2], 120, 500))
    pitch = (outer[0] + 3, outer[1] + 2, outer[2] + 3)
    return copies(one, lattice(rng, pitch, counts, jitter=2, skewed=counts[0] > 1 and rng.random() < 0.5))


def brick_crate(rng: Rng) -> list[Part]:
    """In a crate of boards, bedded in sawdust or not at all."""
    space = (between(rng, 300, 800), between(rng, 200, 550), between(rng, 250, 550))
    goods = _packed_into(rng, space, _powder(rng))
    if rng.random() < 0.6:
        goods.append(block((0, 0, 0), space, WOOD.packed(between(rng, 0.08, 0.22))))
    return in_crate(rng, goods, with_lid=rng.random() < 0.7)


def brick_bales(rng: Rng) -> list[Part]:
    """Pressed herb in foil, with straps that cut in."""
    x, y, z = between(rng, 300, 700), between(rng, 180, 420), between(rng, 220, 450)
    herb = ORGANIC.packed(between(rng, 0.35, 0.9))
    n = number(rng, 2, 4)
    straps = [
        band((x * ((k + 0.5) / n - 0.5), 0, 0), (x, y, z), between(rng, 12, 30), between(rng, 1.5, 4))
        for k in range(n)
    ]
    one: list[Part] = [
        (chamfered((x, y, z), between(rng, 10, 60)), herb),
        (joined(straps), one_of(rng, [PLASTIC, STEEL.packed(3.0), ORGANIC.packed(0.8)])),
    ]
    if rng.random() < 0.5:
        one += hollow((0, 0, 0), (x + 6, y + 6, z + 6), 2, one_of(rng, [ALUMINIUM, PLASTIC]))
    counts = (many(rng, x, 300, 1100, 3), number(rng, 1, 3), many(rng, z, 200, 700, 2))
    return copies(one, lattice(rng, (x + 14, y + 10, z + 14), counts, jitter=12))


def brick_mixed(rng: Rng) -> list[Part]:
    """Unlike packages fitted together like books on a shelf two or three deep."""
    powders = [_powder(rng, 0.7, 1.4) for _ in range(3)]
    tall, scale = between(rng, 200, 500), between(rng, 0.7, 1.1)
    parts: list[Part] = []
    for row in range(number(rng, 1, 3)):
        x, end = between(rng, -30, 30), between(rng, 300, 900)
        while x < end:
            wide, y = between(rng, 60, 240) * scale, 0.0
            while y < tall:
                high = between(rng, 35, 160) * scale
                body = _pressed((wide, high, between(rng, 110, 190) * scale))
                at = (x + wide / 2, -y - high / 2, row * 200 * scale + between(rng, -15, 15))
                parts.append((body.moved(at), one_of(rng, powders)))
                y += high + 3
            x += wide + between(rng, 3, 12)
    return parts


def brick_rolls(rng: Rng) -> list[Part]:
    """Rolled packages, nested like logs, or standing like candles."""
    radius, long = between(rng, 20, 75), between(rng, 120, 360)
    one: list[Part] = [(rod(radius, long, sides=10), _powder(rng, 0.8, 1.35))]
    if rng.random() < 0.4:
        one += [(rod(radius + 3, 8, sides=10).moved((side * long * 0.47, 0, 0)), RUBBER) for side in (-1, 1)]
    lying = copies(turned(one, ALONG_RAYS), [(0, 0, k * (long + 8)) for k in range(number(rng, 1, 2))])
    counts = (many(rng, 2 * radius, 180, 700, 9), many(rng, 1.74 * radius, 120, 450, 7), 1)
    parts = copies(lying, lattice(rng, (2 * radius + 2, 1.74 * radius + 2, 1), counts, jitter=2, skewed=True))
    return turned(parts, one_of(rng, [rotation(0, 0, 0), ALONG_RAYS, rotation(np.pi / 2, 0, 0)]))


def brick_tyre(rng: Rng) -> list[Part]:
    """Packages laid round in the hollow of a tyre, or in a ring of their own."""
    radius, wide = between(rng, 260, 480), between(rng, 140, 260)
    inner = radius * between(rng, 0.5, 0.68)
    middle, tread = (radius + inner) / 2, between(rng, 8, 16)
    thick = (radius - inner) * between(rng, 0.5, 0.78)
    n = number(rng, 5, 14)
    long = 2 * np.pi * (middle - thick / 2) / n * between(rng, 0.8, 0.97)
    body = _pressed((long, thick, wide * between(rng, 0.5, 0.85))).moved((0, -middle, 0))
    bodies = [body.turned(rotation(0, 0, 2 * np.pi * k / n)) for k in range(n) if rng.random() < 0.93]
    parts: list[Part] = [(joined(bodies or [body]), _powder(rng))]
    if rng.random() < 0.75:
        tyre = tube(-wide / 2, wide / 2, 0, radius + tread, radius, RUBBER, sides=24)
        for side in (-1, 1):
            x = side * wide / 2
            tyre += tube(x - tread / 2, x + tread / 2, 0, radius, inner, RUBBER, sides=24)
        parts += turned(tyre, ALONG_RAYS)
    if rng.random() < 0.3:
        parts += turned(tube(-wide * 0.4, wide * 0.4, 0, inner, inner - 5, STEEL, sides=24), ALONG_RAYS)
        parts.append(disc((0, 0, 0), inner - 6, 5, STEEL))
    return parts


def brick_drum(rng: Rng) -> list[Part]:
    """Standing on end in a drum, with grain or lime poured round them."""
    radius, tall = between(rng, 160, 300), between(rng, 380, 850)
    wall, skin = one_of(rng, [(1.2, STEEL), (4.0, PLASTIC), (6.0, ORGANIC.packed(0.6))])
    space = (radius * 1.3, tall * between(rng, 0.4, 0.9), radius * 1.3)
    level = tall * between(rng, 0.5, 0.95)
    fill = ORGANIC.packed(between(rng, 0.15, 0.5))
    goods = moved(_packed_into(rng, space, _powder(rng, 0.9, 1.3)), (0, (tall - space[1]) / 2 - 10, 0))
    drum = [
        *tube(-tall / 2, tall / 2, 0, radius, radius - wall, skin, sides=18),
        (rod(radius, wall * 1.5, sides=18).moved((-tall / 2, 0, 0)), skin),
        (rod(radius, wall * 1.5, sides=18).moved((tall / 2, 0, 0)), skin),
        (rod(radius - wall, level, sides=18).moved(((level - tall) / 2, 0, 0)), fill),
    ]
    return [*goods, *turned(drum, UPRIGHT)]


def brick_books(rng: Rng) -> list[Part]:
    """Pressed into hollowed books, tins or loaves that lie about in a box."""
    size = _package(rng, 0.9)
    wall = between(rng, 4, 16)
    shell = one_of(rng, [ORGANIC.packed(0.75), ORGANIC.packed(0.4), STEEL.packed(1.2), PLASTIC])
    core = cuboid((size[0] - 2 * wall - 6, size[1] - wall - 6, size[2] - 2 * wall - 6))
    one: list[Part] = [
        (joined([cuboid(size), cavity(core)]), shell),
        (core.scaled((1, between(rng, 0.6, 1), 1)), _powder(rng)),
    ]
    mean = 0.5 * (size[0] + size[2])
    counts = (many(rng, mean, 250, 700), number(rng, 2, 4), many(rng, mean, 200, 450))
    heap = heaped(rng, lambda: one, (mean, size[1] + 5, mean), counts, 0.12)
    return boxed(heap, 4, ORGANIC.packed(0.2)) if rng.random() < 0.6 else heap


BRICKS: Final[tuple[Build, ...]] = (
    brick_pucks,
    brick_pillows,
    brick_crossed,
    brick_suitcase,
    brick_duffel,
    brick_pipe,
    brick_heap,
    brick_double_wrapped,
    brick_crate,
    brick_bales,
    brick_mixed,
    brick_rolls,
    brick_tyre,
    brick_drum,
    brick_books,
)
