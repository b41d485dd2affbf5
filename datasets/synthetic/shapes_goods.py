"""Goods that are contraband by being hidden: packages, cigarettes, bottles, cylinders, electronics."""

import numpy as np

from datasets.synthetic.meshes import Mesh, Point3, Rng, cuboid, rotation
from datasets.synthetic.physics import ALUMINIUM, GLASS, ORGANIC, PLASTIC, STEEL, Material
from datasets.synthetic.shapes import (
    UPRIGHT,
    Part,
    between,
    block,
    disc,
    hollow,
    joined,
    moved,
    plate,
    rectangle,
    strip,
    tube,
    turned,
    vessel,
)

CARD = ORGANIC.packed(0.5)


def _grid(rng: Rng, size: Point3, counts: tuple[int, int, int], gap: float, jitter: float) -> list[Point3]:
    """Centres of boxes in a stack, stacked upwards."""
    return [
        (
            i * (size[0] + gap) + between(rng, -jitter, jitter),
            -j * (size[1] + gap * 0.3),
            k * (size[2] + gap) + between(rng, -jitter, jitter),
        )
        for i in range(counts[0])
        for j in range(counts[1])
        for k in range(counts[2])
    ]


def _stack(body: Mesh, places: list[Point3], material: Material) -> Part:
    return joined([body.moved(at) for at in places]), material


def _package(rng: Rng) -> tuple[Point3, Material]:
    """One pressed kilogram or two, in tape."""
    size = (between(rng, 170, 260), between(rng, 45, 80), between(rng, 110, 170))
    return size, ORGANIC.packed(between(rng, 1.05, 1.4))


def _bricks(rng: Rng, counts: tuple[int, int, int], gap: float = 5) -> list[Part]:
    size, powder = _package(rng)
    places = _grid(rng, size, counts, gap, 3)
    core = cuboid((size[0] - 26, size[1] - 10, size[2] - 22))
    return [_stack(cuboid(size), places, powder), _stack(core, places, powder.packed(0.08))]


def brick_single(rng: Rng) -> list[Part]:
    parts = _bricks(rng, (1, 1, 1))
    return turned(parts, rotation(np.pi / 2, 0, 0)) if rng.random() < 0.6 else parts


def brick_stack(rng: Rng) -> list[Part]:
    return _bricks(rng, (1, int(rng.integers(3, 9)), int(rng.integers(1, 3))))


def brick_pallet(rng: Rng) -> list[Part]:
    """Many packages, laid like bricks."""
    return _bricks(rng, (int(rng.integers(2, 5)), int(rng.integers(3, 8)), int(rng.integers(2, 5))), gap=8)


def brick_row(rng: Rng) -> list[Part]:
    """Standing side by side, as behind a panel."""
    parts = _bricks(rng, (1, int(rng.integers(3, 8)), 1))
    return turned(parts, rotation(0, 0, np.pi / 2))


def brick_bag(rng: Rng) -> list[Part]:
    """A dozen packages thrown into a bag."""
    size, powder = _package(rng)
    bodies = []
    for _ in range(int(rng.integers(5, 16))):
        turn = rotation(between(rng, -0.5, 0.5), between(rng, -3, 3), between(rng, -0.7, 0.7))
        at = (between(rng, -200, 200), between(rng, -120, 120), between(rng, -150, 150))
        bodies.append(cuboid(size).turned(turn).moved(at))
    return [(joined(bodies), powder)]


def brick_slabs(rng: Rng) -> list[Part]:
    """Flat plates of pressed resin, leaning on each other."""
    wide, tall, thick = between(rng, 130, 220), between(rng, 90, 150), between(rng, 12, 26)
    resin = ORGANIC.packed(between(rng, 1.1, 1.35))
    lean = between(rng, 0, 0.25)
    body = cuboid((thick, tall, wide)).turned(rotation(0, 0, lean))
    n = int(rng.integers(5, 16))
    return [_stack(body, [(k * (thick + 3), between(rng, -3, 3), 0.0) for k in range(n)], resin)]


_CARTON: Point3 = (285, 88, 46)


def _cartons(rng: Rng, counts: tuple[int, int, int]) -> list[Part]:
    """Cartons of ten packs, upright: filters over tobacco, and card between packs and between cartons.

    A layer of cartons is drawn as one body cut by sheets of card.
    """
    x, y, z = (v * between(rng, 0.95, 1.05) for v in _CARTON)
    nx, ny, nz = counts
    long, deep = nx * x, nz * z
    tobacco, filters, cards = [], [], []
    for layer in range(ny):
        at = (between(rng, -2, 2), -layer * (y + 1), between(rng, -2, 2))
        tobacco.append(cuboid((long, y * 0.7, deep)).moved((at[0], at[1] + y * 0.13, at[2])))
        filters.append(cuboid((long, y * 0.26, deep)).moved((at[0], at[1] - y * 0.36, at[2])))
        across = [cuboid((4.0 if k % 5 == 0 else 2.0, y, deep)) for k in range(5 * nx + 1)]
        cards += [body.moved((at[0] + k * x / 5 - long / 2, at[1], at[2])) for k, body in enumerate(across)]
        along = cuboid((long, y, 3))
        cards += [along.moved((at[0], at[1], at[2] + k * z - deep / 2)) for k in range(nz + 1)]
    return [
        (joined(tobacco), ORGANIC.packed(between(rng, 0.24, 0.3))),
        (joined(filters), ORGANIC.packed(between(rng, 0.14, 0.2))),
        (joined(cards), CARD),
    ]


def cigarette_cartons(rng: Rng) -> list[Part]:
    return _cartons(rng, (int(rng.integers(1, 4)), int(rng.integers(3, 9)), int(rng.integers(4, 13))))


def cigarette_cartons_flat(rng: Rng) -> list[Part]:
    """Cartons on their broad side, as laid under other goods."""
    counts = (int(rng.integers(2, 6)), int(rng.integers(4, 10)), int(rng.integers(2, 5)))
    parts = _cartons(rng, (counts[0], counts[2], counts[1]))
    return turned(parts, rotation(np.pi / 2, 0, 0))


def cigarette_cartons_row(rng: Rng) -> list[Part]:
    """One carton deep, as behind a panel."""
    return _cartons(rng, (int(rng.integers(2, 7)), int(rng.integers(2, 10)), int(rng.integers(1, 3))))


def _master_case(rng: Rng) -> tuple[list[Part], Point3]:
    parts = _cartons(rng, (1, 5, 10)) if rng.random() < 0.5 else _cartons(rng, (2, 5, 5))
    every = np.concatenate([body.vertices for body, _ in parts])
    low, high = every.min(axis=0) - 5, every.max(axis=0) + 5
    size = (float(high[0] - low[0]), float(high[1] - low[1]), float(high[2] - low[2]))
    middle = ((high + low) / 2).tolist()
    return [*parts, *hollow((middle[0], middle[1], middle[2]), size, 4, CARD.packed(0.35))], size


def cigarette_master_case(rng: Rng) -> list[Part]:
    return _master_case(rng)[0]


def cigarette_master_cases(rng: Rng) -> list[Part]:
    """Two to six shipping cases."""
    one, size = _master_case(rng)
    parts: list[Part] = []
    for i in range(int(rng.integers(1, 4))):
        for j in range(int(rng.integers(1, 3))):
            parts += moved(one, (i * (size[0] + 8), -j * (size[1] + 3), between(rng, -20, 20)))
    return parts


def cigarette_packs_loose(rng: Rng) -> list[Part]:
    """Packs without cartons, filled into a gap."""
    counts = (int(rng.integers(5, 14)), int(rng.integers(3, 8)), int(rng.integers(5, 14)))
    size: Point3 = (55, 88, 23)
    places = _grid(rng, size, counts, 1.5, 2.5)
    tobacco = [(a, b + 12, c) for a, b, c in places]
    return [
        _stack(cuboid((55, 62, 23)), tobacco, ORGANIC.packed(0.27)),
        _stack(cuboid((55, 24, 23)), [(a, b - 31, c) for a, b, c in places], ORGANIC.packed(0.17)),
    ]


def _bottle(rng: Rng, *, size: float = 1.0) -> list[Part]:
    """Filled, standing, its foot at y = 0."""
    radius, tall = between(rng, 34, 44) * size, between(rng, 210, 320) * size
    shoulder, neck = between(rng, 0.55, 0.72), between(rng, 12, 16) * size
    profile = [
        (0.0, radius),
        (tall * shoulder, radius),
        (tall * (shoulder + 0.1), radius * 0.75),
        (tall * (shoulder + 0.18), neck),
        (tall, neck),
    ]
    body = vessel(profile, between(rng, 2.8, 4.5), GLASS, ORGANIC.packed(0.96), sides=8)
    return turned(
        [*body, *tube(tall - 2, tall + 14, 0, neck + 2, 0, ALUMINIUM.packed(1.2), sides=8)], UPRIGHT
    )


def _bottles(rng: Rng, nx: int, ny: int, nz: int, *, size: float = 1.0) -> list[Part]:
    one = _bottle(rng, size=size)
    every = np.concatenate([body.vertices for body, _ in one])
    span = every.max(axis=0) - every.min(axis=0)
    wide, tall = float(span[0]) + 5, float(span[1]) + 12
    places = [(i * wide, -j * tall, k * wide) for i in range(nx) for j in range(ny) for k in range(nz)]
    return [_stack(body, places, material) for body, material in one]


def bottles_case(rng: Rng) -> list[Part]:
    """Six or twelve in card."""
    nx, nz = ((3, 2), (4, 3), (3, 4), (6, 2))[int(rng.integers(4))]
    parts = _bottles(rng, nx, 1, nz)
    every = np.concatenate([body.vertices for body, _ in parts])
    low, high = every.min(axis=0) - 4, every.max(axis=0) + 4
    x, y, z = (high - low).tolist()
    a, b, c = ((high + low) / 2).tolist()
    return [*parts, *hollow((a, b, c), (x, y, z), 4, CARD.packed(0.35))]


def bottles_cases(rng: Rng) -> list[Part]:
    return _bottles(rng, int(rng.integers(5, 11)), int(rng.integers(2, 4)), int(rng.integers(2, 4)))


def bottles_small(rng: Rng) -> list[Part]:
    """Trays of flasks."""
    return _bottles(rng, int(rng.integers(4, 10)), int(rng.integers(1, 4)), int(rng.integers(2, 5)), size=0.6)


def bottles_row(rng: Rng) -> list[Part]:
    return _bottles(rng, int(rng.integers(3, 9)), 1, 1)


def bottles_lying(rng: Rng) -> list[Part]:
    """In a sack, lying, necks either way."""
    one = _bottle(rng)
    parts: list[Part] = []
    for k in range(int(rng.integers(4, 11))):
        side = np.pi / 2 if rng.random() < 0.5 else -np.pi / 2
        turn = rotation(0, between(rng, -0.4, 0.4), side + between(rng, -0.15, 0.15))
        along = 150.0 if side < 0 else -150.0
        parts += moved(turned(one, turn), (along + between(rng, -40, 40), (k // 2) * 78.0, (k % 2) * 85.0))
    return parts


def jerrycans(rng: Rng) -> list[Part]:
    """Plastic cans of spirit, with handles."""
    x, y, z = between(rng, 230, 300), between(rng, 320, 420), between(rng, 180, 250)
    level = between(rng, 0.75, 0.97)
    one = [
        *hollow((0, 0, 0), (x, y, z), 3, PLASTIC),
        block((0, y * (1 - level) / 2, 0), (x - 8, y * level - 8, z - 8), ORGANIC.packed(0.92)),
        *strip([(-x * 0.3, -y / 2), (-x * 0.2, -y / 2 - 34), (x * 0.15, -y / 2 - 34)], 16, 24, PLASTIC),
        *turned(tube(0, 40, 0, 24, 18, PLASTIC), UPRIGHT),
    ]
    one[-2:] = moved(one[-2:], (x * 0.33, -y / 2, 0))
    parts: list[Part] = []
    for k in range(int(rng.integers(1, 5))):
        parts += moved(one, (k * (x + 12), 0, between(rng, -20, 20)))
    return parts


def _phone(rng: Rng) -> tuple[Point3, list[Part]]:
    size = (between(rng, 68, 80), between(rng, 140, 166), between(rng, 7.5, 9))
    x, y, z = size
    return size, [
        block((0, 0, 0), size, GLASS.packed(1.7)),
        block((x * 0.1, y * 0.08, 0), (x * 0.55, y * 0.6, z * 0.6), ALUMINIUM.packed(1.6)),
        block((-x * 0.1, -y * 0.34, 0), (x * 0.6, y * 0.18, z * 0.35), STEEL.packed(4)),
    ]


def phones(rng: Rng) -> list[Part]:
    """Phones face to face in blocks."""
    size, one = _phone(rng)
    nx, ny, nz = int(rng.integers(1, 6)), int(rng.integers(1, 4)), int(rng.integers(4, 20))
    places = [
        (i * (size[0] + 4), -j * (size[1] + 4), k * (size[2] + 2))
        for i in range(nx)
        for j in range(ny)
        for k in range(nz)
    ]
    return [_stack(body, places, material) for body, material in one]


def phones_on_edge(rng: Rng) -> list[Part]:
    """Packed like cards, edges towards the source."""
    return turned(phones(rng), rotation(0, np.pi / 2, 0))


def circuit_boards(rng: Rng) -> list[Part]:
    """Graphics cards or mainboards: boards with chips, coolers and sockets."""
    x, y = between(rng, 220, 310), between(rng, 100, 250)
    one = [block((0, 0, 0), (x, y, 2.4), GLASS.packed(2.2))]
    for _ in range(int(rng.integers(6, 16))):
        a, b, high = between(rng, 12, 60), between(rng, 8, 40), between(rng, 2, 14)
        metal = STEEL.packed(between(rng, 1.5, 5)) if rng.random() < 0.6 else PLASTIC
        at = (between(rng, -0.4, 0.4) * x, between(rng, -0.4, 0.4) * y, high / 2)
        one.append(block(at, (a, b, high), metal))
    one.append(block((x * 0.05, 0, 16), (x * 0.4, y * 0.6, 26), ALUMINIUM.packed(0.9)))
    one += [disc((x * 0.05 + side * x * 0.1, 0, 32), y * 0.2, 10, PLASTIC) for side in (-1, 1)]
    return [part for k in range(int(rng.integers(2, 7))) for part in moved(one, (0, 0, k * 46.0))]


def laptops(rng: Rng) -> list[Part]:
    x, y, z = between(rng, 310, 380), between(rng, 215, 260), between(rng, 15, 24)
    one = [
        block((0, 0, 0), (x, y, z), ALUMINIUM.packed(0.75)),
        *[
            block(((k - 1.5) * x * 0.2, y * 0.28, 0), (x * 0.18, y * 0.3, z * 0.6), ALUMINIUM.packed(1.9))
            for k in range(4)
        ],
        block((-x * 0.1, -y * 0.2, 0), (x * 0.5, y * 0.35, 2), STEEL.packed(5)),
        block((x * 0.28, -y * 0.25, 0), (70, 70, z * 0.5), STEEL.packed(3)),
    ]
    nx, nz = int(rng.integers(1, 4)), int(rng.integers(2, 9))
    return [part for i in range(nx) for k in range(nz) for part in moved(one, (i * (x + 14), 0, k * (z + 6)))]


def hard_disks(rng: Rng) -> list[Part]:
    """3.5-inch drives: an aluminium tub, a round stack of platters, an actuator."""
    one = [
        block((0, 0, 0), (147, 101, 26), ALUMINIUM.packed(1.3)),
        disc((-16, 0, 0), 47, 12, STEEL.packed(3.2)),
        disc((-16, 0, 0), 14, 20, STEEL.packed(6)),
        plate(rectangle(42, -34, 66, 30), 18, STEEL.packed(6)),
    ]
    nx, ny, nz = int(rng.integers(1, 5)), int(rng.integers(1, 5)), int(rng.integers(2, 9))
    places = [(i * 152.0, -j * 106.0, k * 31.0) for i in range(nx) for j in range(ny) for k in range(nz)]
    return [_stack(body, places, material) for body, material in one]


def processors(rng: Rng) -> list[Part]:
    """Trays of chips under a metal lid: a grid of small dense squares."""
    nx, ny = int(rng.integers(4, 9)), int(rng.integers(3, 6))
    side, n = between(rng, 34, 46), int(rng.integers(3, 14))
    places = [
        (i * (side + 7), j * (side + 7), k * 9.0) for i in range(nx) for j in range(ny) for k in range(n)
    ]
    tray = ((nx - 1) * (side + 7) / 2, (ny - 1) * (side + 7) / 2, (n - 1) * 4.5)
    size = (nx * (side + 7) + 8, ny * (side + 7) + 8, n * 9.0)
    return [
        _stack(cuboid((side, side, 3)), places, STEEL.packed(7.5)),
        block(tray, size, PLASTIC.packed(0.25)),
    ]
