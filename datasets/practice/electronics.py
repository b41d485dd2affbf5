"""Electronics to train on only: devices with their boards, coils, cells and fans, boxed, trayed or loose."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from datasets.practice.arranging import around, boxed, chamfered, copies, heaped, lattice, many
from datasets.practice.draws import number, one_of
from datasets.practice.electronic_parts import (
    BOARD,
    CELL,
    CHIPS,
    COPPER,
    FOAM,
    board,
    cells,
    coil,
    fan,
    fins,
    transformer,
)
from datasets.synthetic.meshes import Mesh, Point3, Rng, bar, cuboid, rod, rotation, sweep
from datasets.synthetic.physics import ALUMINIUM, GLASS, ORGANIC, PLASTIC, RUBBER, STEEL, Material
from datasets.synthetic.shapes import (
    ALONG_RAYS,
    UPRIGHT,
    Build,
    Part,
    between,
    block,
    centred,
    disc,
    hollow,
    joined,
    moved,
    tube,
    turned,
)


def _card(rng: Rng) -> Material:
    return ORGANIC.packed(between(rng, 0.2, 0.45))


def _stacked(
    rng: Rng, one: Sequence[Part], low: Point3, high: Point3, *, most: tuple[int, int, int], apart: float = 4
) -> list[Part]:
    """As many as fill a space between two sizes."""
    middle = centred(one)
    x, y, z = (v + apart for v in around(middle)[1])
    counts = (
        many(rng, x, low[0], high[0], most[0]),
        many(rng, y, low[1], high[1], most[1]),
        many(rng, z, low[2], high[2], most[2]),
    )
    return copies(middle, lattice(rng, (x, y, z), counts, jitter=between(rng, 0, 1.5)))


def tablets(rng: Rng) -> list[Part]:
    """In boxes, a charger beside or below each."""
    x, y, z = between(rng, 120, 230), between(rng, 180, 300), between(rng, 5.5, 9)
    n = number(rng, 2, 4)
    one: list[Part] = [
        (chamfered((x, y, z), 1.5), ALUMINIUM.packed(between(rng, 1.3, 1.9))),
        *[
            block(((k - (n - 1) / 2) * x * 0.8 / n, y * 0.1, 0), (x * 0.74 / n, y * 0.5, z * 0.6), CELL)
            for k in range(n)
        ],
        block((0, -y * 0.36, 0), (x * 0.7, y * 0.14, z * 0.5), STEEL.packed(3.5)),
    ]
    charger = [block((0, y / 2 + 34, 4), (46, 46, 26), PLASTIC.packed(1.2))]
    charger.append(block((0, y / 2 + 34, 4), (20, 24, 16), STEEL.packed(3.5)))
    if rng.random() < 0.7:
        one += charger
    device = boxed(one, between(rng, 2, 4), _card(rng), between(rng, 3, 12))
    return _stacked(rng, device, (130, 200, 150), (800, 700, 400), most=(4, 2, 9))


def consoles(rng: Rng) -> list[Part]:
    """Game consoles: board, cooler with fan, power supply, drive, a coil or two."""
    x, y, z = between(rng, 240, 400), between(rng, 180, 300), between(rng, 45, 110)
    one: list[Part] = [
        *hollow((0, 0, 0), (x, y, z), 2.5, PLASTIC.packed(1.1)),
        *moved(board(rng, x * 0.85, y * 0.85, chips=number(rng, 8, 16)), (0, 0, -z * 0.3)),
        block((x * 0.3, y * 0.1, 0), (x * 0.26, y * 0.6, z * 0.5), ALUMINIUM.packed(0.5)),
        *moved(transformer(rng, 34), (x * 0.3, y * 0.2, 0)),
        *moved(coil(rng, 13, 10), (x * 0.3, -y * 0.1, 0)),
        *fan((-x * 0.26, y * 0.18, z * 0.12), min(x, y) * 0.2, z * 0.3),
    ]
    sink, metal = fins(rng, (x * 0.26, y * 0.35, z * 0.45), one_of(rng, [ALUMINIUM, COPPER.packed(5)]))
    one.append((sink.moved((0, -y * 0.12, 0)), metal))
    if rng.random() < 0.6:
        one.append(block((-x * 0.26, -y * 0.26, 0), (x * 0.36, y * 0.36, z * 0.3), STEEL.packed(1.2)))
    if rng.random() < 0.6:
        one = boxed([*one, block((0, 0, 0), (x, y, z + 60), FOAM)], 4, _card(rng), between(rng, 15, 45))
    return _stacked(rng, one, (260, 200, 100), (900, 650, 450), most=(3, 2, 5))


def graphics_cards(rng: Rng) -> list[Part]:
    """Each with its cooler, fans and bracket in a box with foam: one to eight boxes."""
    x, y, z = between(rng, 170, 330), between(rng, 95, 140), between(rng, 34, 65)
    fans = number(rng, 1, 3)
    radius = min(y * 0.42, x / fans * 0.44)
    one = board(rng, x, y, chips=number(rng, 6, 12), highest=6)
    sink, metal = fins(rng, (x * 0.85, y * 0.8, z * 0.55), ALUMINIUM)
    one += [
        (sink.moved((0, 0, z * 0.4)), metal),
        block((-x / 2 - 4, 0, z * 0.35), (2, y * 1.05, z * 0.8), STEEL),
        block((x * 0.02, 0, 4), (x * 0.16, x * 0.16, 4), COPPER),
    ]
    for k in range(number(rng, 2, 4)):
        at = (k - 1.5) * y * 0.18
        one.append((rod(3, x * 0.8, sides=6).moved((0, at, z * 0.2)), COPPER.packed(4)))
    for k in range(fans):
        one += fan(((k - (fans - 1) / 2) * x / fans * 0.95, 0, z * 0.8), radius, z * 0.22)
    (a, b, c), (wide, tall, deep) = around(one, between(rng, 15, 45))
    box = boxed([*one, block((a, b, c), (wide, tall, deep), FOAM)], 4, _card(rng), 1)
    turn = one_of(rng, [rotation(0, 0, 0), rotation(0, 0, np.pi / 2), rotation(np.pi / 2, 0, 0)])
    return _stacked(rng, turned(box, turn), (200, 150, 90), (800, 500, 420), most=(3, 3, 4))


def power_banks(rng: Rng) -> list[Part]:
    """Shells with round cells or flat ones and a small board, close together in a box."""
    shell = one_of(rng, [PLASTIC.packed(1.2), ALUMINIUM])
    if rng.random() < 0.5:
        radius, long = one_of(rng, [(9.2, 65.0), (10.6, 70.0), (13.2, 65.0)])
        one = [cells(number(rng, 2, 5), number(rng, 1, 2), radius, long)]
    else:
        size = (between(rng, 55, 90), between(rng, 90, 150), between(rng, 8, 22))
        one = [block((0, 0, 0), size, CELL)]
    (_, _, c), (x, y, z) = around(one)
    one += moved(board(rng, x * 0.9, 16, chips=4, highest=5), (0, y / 2 + 10, c - 2))
    one.append(block((0, y / 2 + 16, c), (x * 0.5, 6, max(z * 0.3, 4)), STEEL.packed(4)))
    one = boxed(one, 1.6, shell, 1)
    parts = _stacked(rng, one, (280, 200, 90), (500, 400, 300), most=(7, 3, 6), apart=between(rng, 2, 14))
    return boxed(parts, 4, _card(rng)) if rng.random() < 0.5 else parts


def battery_packs(rng: Rng) -> list[Part]:
    """For bicycles or tools: blocks of round cells with nickel strips in a hard shell."""
    radius, long = one_of(rng, [(9.2, 65.0), (10.6, 70.0)])
    nx, nz, rows = number(rng, 4, 13), number(rng, 2, 5), number(rng, 1, 3)
    row = cells(nx, nz, radius, long)
    one: list[Part] = []
    _, (x, y, z) = around([row])
    for k in range(rows):
        one += moved([row, block((0, y / 2 + 1, 0), (x, 0.8, z * 0.6), STEEL)], (0, -k * (y + 5), 0))
    one += moved(board(rng, x * 0.6, 60, chips=5, highest=8), (0, -rows * (y + 5) + 2, 0))
    one = boxed(one, between(rng, 2, 4), one_of(rng, [PLASTIC.packed(1.2), ALUMINIUM]), 4)
    parts = _stacked(rng, one, (150, 150, 80), (600, 400, 350), most=(3, 3, 3), apart=between(rng, 4, 20))
    turn = one_of(rng, [rotation(0, 0, 0), rotation(np.pi / 2, 0, 0)])
    return turned(parts, turn)


def memory_modules(rng: Rng) -> list[Part]:
    """Long thin sticks on edge in trays, the trays stacked; their chips are drawn through a whole tray."""
    x, y = one_of(rng, [(133.0, 31.0), (133.0, 44.0), (70.0, 30.0)])
    n, step = one_of(rng, [4, 8, 9]), between(rng, 7, 16)
    nx, nz = many(rng, x + 8, 150, 560, 3), many(rng, step, 80, 300, 20)
    deep = nz * step
    chip = cuboid((x / n * 0.7, y * between(rng, 0.3, 0.5), deep)).moved((0, -y * 0.1, deep / 2))
    chips = joined([chip.moved((x * ((k + 0.5) / n - 0.5), 0, 0)) for k in range(n)])
    row: list[Part] = [
        (chips, CHIPS.packed(between(rng, 6, 12) / step)),
        block((0, y / 2 - 2, deep / 2), (x * 0.95, 4, deep), STEEL.packed(5 / step)),
    ]
    stick = block((0, 0, step / 2), (x, y, between(rng, 1.3, 4)), BOARD)
    tray = copies(row, lattice(rng, (x + 8, y, step), (nx, 1, 1)))
    tray += copies([stick], lattice(rng, (x + 8, y, step), (nx, 1, nz)))
    (a, b, c), (wide, _, long) = around(tray, 6)
    tray.append(block((a, b + y * 0.3, c), (wide, y * 0.5, long), PLASTIC.packed(between(rng, 0.08, 0.25))))
    layers = number(rng, 3, 7)
    return [part for k in range(layers) for part in moved(tray, (0, -k * (y + between(rng, 6, 9)), 0))]


def cameras(rng: Rng) -> list[Part]:
    """A body with grip, battery and finder, a lens of barrel, glass and rings; a few in padding."""
    x, y, z = between(rng, 115, 160), between(rng, 75, 115), between(rng, 38, 62)
    radius, long = between(rng, 30, 46), between(rng, 50, 190)
    shell = one_of(rng, [ALUMINIUM.packed(1.1), PLASTIC])
    barrel = tube(z * 0.3, z * 0.3 + long, 0, radius, radius * 0.86, ALUMINIUM)
    n = number(rng, 3, 6)
    glass = [
        rod(radius * between(rng, 0.55, 0.84), between(rng, 4, 9), sides=10).moved(
            (z * 0.3 + long * (k + 0.5) / n, 0, 0)
        )
        for k in range(n)
    ]
    lens: list[Part] = [*barrel, (joined(glass), GLASS.packed(3.2))]
    lens += tube(z * 0.3, z * 0.3 + 8, 0, radius * 0.95, radius * 0.7, STEEL)
    one: list[Part] = [
        *hollow((0, 0, 0), (x, y, z), 3, shell),
        block((-x * 0.4, y * 0.06, z * 0.25), (x * 0.22, y * 0.85, z * 0.7), PLASTIC.packed(0.8)),
        block((-x * 0.4, y * 0.1, z * 0.1), (24, y * 0.6, 20), CELL),
        block((x * 0.08, -y * 0.58, 0), (x * 0.36, y * 0.26, z * 0.8), GLASS.packed(1.4)),
        block((x * 0.08, 0, -z * 0.2), (x * 0.6, y * 0.7, 3), CHIPS),
        *moved(turned(lens, rotation(0, -np.pi / 2, 0)), (x * 0.08, 0, 0)),
    ]
    one = turned(one, one_of(rng, [rotation(0, 0, 0), rotation(0, np.pi / 2, 0), rotation(np.pi / 2, 0, 0)]))
    parts = _stacked(rng, one, (160, 100, 90), (750, 420, 420), most=(4, 3, 3), apart=between(rng, 14, 50))
    middle, size = around(parts, 20)
    parts.append(block(middle, size, FOAM))
    return boxed(parts, 3, PLASTIC) if rng.random() < 0.5 else parts


def routers(rng: Rng) -> list[Part]:
    """Flat cases with board, transformer, coils, sockets and aerials."""
    x, y, z = between(rng, 160, 440), between(rng, 120, 260), between(rng, 28, 50)
    shell, wall = one_of(rng, [(PLASTIC.packed(1.1), 2.2), (STEEL, 0.9), (ALUMINIUM, 1.5)])
    one: list[Part] = [
        *hollow((0, 0, 0), (x, y, z), wall, shell),
        *moved(board(rng, x * 0.9, y * 0.85, chips=number(rng, 8, 18)), (0, 0, -z * 0.3)),
        *moved(transformer(rng, between(rng, 28, 50)), (x * 0.32, y * 0.2, 0)),
    ]
    for k in range(number(rng, 1, 4)):
        one += moved(coil(rng, between(rng, 7, 15), 9), (x * (0.1 - 0.14 * k), y * 0.25, -z * 0.1))
    sockets = number(rng, 4, 12)
    row = [
        cuboid((14, 16, 13)).moved((x * 0.8 * ((k + 0.5) / sockets - 0.5), -y * 0.42, 0))
        for k in range(sockets)
    ]
    one.append((joined(row), STEEL.packed(2.2)))
    aerials: list[Mesh] = [
        rod(6, y * 0.8, sides=6).turned(UPRIGHT).moved((side * x * 0.4, -y * 0.75, 0))
        for side in (-1, 1)[: number(rng, 0, 2)]
    ]
    if aerials:
        one.append((joined(aerials), PLASTIC))
    return _stacked(rng, one, (180, 150, 60), (900, 500, 380), most=(3, 2, 7), apart=between(rng, 3, 25))


def power_supplies(rng: Rng) -> list[Part]:
    """Steel boxes of coils, capacitors, coolers and a fan: for computers, inverters or mining."""
    x, y, z = between(rng, 120, 300), between(rng, 90, 190), between(rng, 60, 100)
    one: list[Part] = [
        *hollow((0, 0, 0), (x, y, z), 1.0, one_of(rng, [STEEL, ALUMINIUM])),
        *moved(board(rng, x * 0.9, y * 0.9, chips=8, highest=16), (0, 0, -z * 0.42)),
        *moved(transformer(rng, between(rng, 32, 60)), (-x * 0.08, 0, 0)),
        *moved(coil(rng, between(rng, 14, 26), 16), (-x * 0.34, y * 0.25, 0)),
        *moved(coil(rng, between(rng, 10, 20), 14), (-x * 0.34, -y * 0.22, 0)),
    ]
    for k in range(number(rng, 1, 4)):
        radius = between(rng, 9, 18)
        one.append(
            disc((x * (0.12 + 0.1 * k), y * 0.26, -z * 0.1), radius, z * 0.5, ALUMINIUM.packed(1.5), sides=8)
        )
    sink, metal = fins(rng, (x * 0.3, 12, z * 0.6), ALUMINIUM)
    one.append((sink.moved((x * 0.1, -y * 0.2, 0)), metal))
    one += moved(turned(fan((0, 0, 0), min(y, z) * 0.45, 22), ALONG_RAYS), (x * 0.42, 0, 0))
    turn = one_of(rng, [rotation(0, 0, 0), rotation(0, np.pi / 2, 0), rotation(np.pi / 2, 0, 0)])
    return _stacked(
        rng, turned(one, turn), (150, 120, 90), (750, 450, 350), most=(4, 4, 3), apart=between(rng, 3, 30)
    )


def smart_watches(rng: Rng) -> list[Part]:
    """Each on its cushion with the strap round it, in small boxes by the dozen."""
    radius, thick = between(rng, 17, 24), between(rng, 9, 14)
    case: list[Part] = [
        disc((0, 0, 0), radius, thick, one_of(rng, [STEEL.packed(3.2), ALUMINIUM.packed(2)]), sides=10),
        disc((0, 0, -1), radius * 0.6, thick * 0.5, CELL, sides=8),
    ]
    if rng.random() < 0.5:
        case[0] = block((0, 0, 0), (radius * 1.7, radius * 2.0, thick), case[0][1])
    turn = np.linspace(0.15, 2 * np.pi - 0.15, 9)
    hoop = [(0.0, 28 * float(np.sin(a)), 28 * float(np.cos(a)) - 28) for a in turn]
    strap = sweep(hoop, [between(rng, 3, 5)] * 9, sides=4).scaled((3.2, 1, 1))
    metal = one_of(rng, [RUBBER, ORGANIC.packed(0.9), STEEL.packed(4)])
    side = between(rng, 70, 100)
    one: list[Part] = [
        *case,
        (strap, metal),
        block((0, 0, -28), (34, 44, 40), PLASTIC.packed(0.08)),
        *hollow((0, 0, -24), (side, side, side * 0.9), 3, ORGANIC.packed(0.5)),
    ]
    return _stacked(rng, one, (200, 160, 90), (650, 450, 300), most=(6, 4, 3), apart=2)


def solid_state_disks(rng: Rng) -> list[Part]:
    """Flat drives lying in cut foam, well apart, tray on tray."""
    x, y, z = one_of(rng, [(100.0, 70.0, 7.0), (100.0, 70.0, 15.0), (80.0, 22.0, 3.0), (110.0, 32.0, 4.0)])
    one: list[Part] = [
        block((0, 0, 0), (x * 0.95, y * 0.92, 1.4), BOARD),
        *[
            block(
                (x * ((k + 0.5) / 2 - 0.5), between(rng, -0.1, 0.1) * y, 1.4), (x * 0.34, y * 0.5, 1.8), CHIPS
            )
            for k in range(2)
        ],
        block((x * 0.47, 0, 0), (5, y * 0.6, max(z * 0.5, 2)), STEEL.packed(3)),
    ]
    if z > 5:
        one += hollow((0, 0, 0), (x, y, z), 1.0, ALUMINIUM)
    apart, layers = between(rng, 10, 30), number(rng, 4, 12)
    counts = (many(rng, x + apart, 200, 600, 5), many(rng, y + apart, 150, 450, 7), 1)
    tray = copies(one, lattice(rng, (x + apart, y + apart, 1), counts))
    (a, b, c), (wide, tall, _) = around(tray, apart)
    step = z + between(rng, 8, 22)
    tray.append(block((a, b, c), (wide, tall, step - 1), PLASTIC.packed(between(rng, 0.03, 0.12))))
    parts = [part for k in range(layers) for part in moved(tray, (0, 0, k * step))]
    return turned(parts, one_of(rng, [rotation(0, 0, 0), rotation(np.pi / 2, 0, 0)]))


def server_blades(rng: Rng) -> list[Part]:
    """Flat steel chassis with drives in front, a row of fans, coolers between memory, supplies behind."""
    x, y = between(rng, 420, 760), between(rng, 200, 445)
    z = between(rng, 42, 90)
    wall = between(rng, 0.8, 1.2)
    one: list[Part] = [
        *hollow((0, 0, 0), (x, y, z), wall, STEEL),
        *moved(board(rng, x * 0.5, y * 0.9, chips=12, highest=z * 0.4), (x * 0.1, 0, -z * 0.4)),
    ]
    drives, fans = number(rng, 2, 5), number(rng, 3, 6)
    for k in range(drives):
        at = (-x * 0.4, y * ((k + 0.5) / drives - 0.5), 0)
        one.append(block(at, (x * 0.17, y / drives * 0.85, z * 0.5), ALUMINIUM.packed(1.3)))
        one.append(disc(at, min(x * 0.07, y / drives * 0.36), z * 0.25, STEEL.packed(3.0), sides=10))
    one += [
        block((-x * 0.24, y * ((k + 0.5) / fans - 0.5), 0), (26, y / fans * 0.5, z * 0.7), STEEL.packed(1.6))
        for k in range(fans)
    ]
    for side in (-1, 1)[: number(rng, 1, 2)]:
        sink, metal = fins(rng, (x * 0.12, y * 0.22, z * 0.7), one_of(rng, [ALUMINIUM, COPPER.packed(4)]))
        one.append((sink.moved((x * 0.05, side * y * 0.2, 0)), metal))
        sticks = [
            cuboid((x * 0.17, 3, z * 0.6)).moved((x * 0.05, side * y * 0.2 + k * y * 0.025, 0))
            for k in (-7, -6, -5, 5, 6, 7)
        ]
        one.append((joined(sticks), STEEL.packed(2.5)))
    one.append(block((x * 0.4, y * 0.32, 0), (x * 0.17, y * 0.25, z * 0.8), STEEL.packed(1.4)))
    one += moved(transformer(rng, min(z * 0.7, 45)), (x * 0.4, y * 0.32, 0))
    parts = _stacked(rng, one, (430, 210, 50), (800, 460, 380), most=(1, 1, 6), apart=between(rng, 3, 40))
    turn = one_of(rng, [rotation(0, 0, 0), rotation(np.pi / 2, 0, 0), rotation(0, 0, np.pi / 2)])
    return turned(parts, turn)


def drones(rng: Rng) -> list[Part]:
    """A body with battery and camera, four or six arms with motors and blades; in foam or a case."""
    span, arms = between(rng, 90, 270), one_of(rng, [4, 4, 6])
    long, wide, tall = span * 0.8, span * 0.42, span * between(rng, 0.25, 0.4)
    shell = one_of(rng, [PLASTIC, ORGANIC.packed(1.4)])
    one: list[Part] = [
        *hollow((0, 0, 0), (long, wide, tall), 2.2, shell),
        *board(rng, long * 0.8, wide * 0.7, chips=8, highest=6),
        block((-long * 0.1, 0, tall * 0.25), (long * 0.55, wide * 0.6, tall * 0.4), CELL),
        block((long * 0.6, 0, 0), (long * 0.14, wide * 0.3, tall * 0.5), ALUMINIUM.packed(1.8)),
    ]
    bars, motors, blades = [], [], []
    for k in range(arms):
        angle = 2 * np.pi * (k + 0.5) / arms
        x, y = span * float(np.cos(angle)), span * float(np.sin(angle))
        bars.append(bar((x * 0.2, y * 0.2, 0), (x, y, 0), span * 0.08, span * 0.06))
        motors.append(rod(span * 0.07, span * 0.13, sides=8).turned(ALONG_RAYS).moved((x, y, span * 0.05)))
        spin = between(rng, 0, np.pi)
        a, b = 0.42 * span * float(np.cos(spin)), 0.42 * span * float(np.sin(spin))
        blades.append(bar((x - a, y - b, span * 0.12), (x + a, y + b, span * 0.12), span * 0.06, 2))
    one += [(joined(bars), shell), (joined(motors), STEEL.packed(4.5)), (joined(blades), PLASTIC)]
    if rng.random() < 0.7:
        middle, size = around(one, 12)
        one.append(block(middle, size, FOAM))
        one = boxed(one, 3, one_of(rng, [_card(rng), PLASTIC]), 1)
    turn = one_of(rng, [rotation(0, 0, 0), rotation(np.pi / 2, 0, 0)])
    return _stacked(rng, turned(one, turn), (200, 200, 150), (900, 600, 450), most=(3, 2, 4), apart=6)


def loudspeakers(rng: Rng) -> list[Part]:
    """Small speakers or headsets: ring magnets, cones and cells in plastic shells, in a box as they fell."""
    radius, long = between(rng, 28, 70), between(rng, 70, 220)
    magnet = [
        (rod(radius * 0.55, radius * 0.3, sides=10).moved((side * long * 0.32, 0, 0)), STEEL.packed(5.5))
        for side in (-1, 1)
    ]
    one: list[Part] = [
        *tube(-long / 2, long / 2, 0, radius, radius - 3, PLASTIC.packed(1.1)),
        *magnet,
        block((0, 0, 0), (long * 0.35, radius * 0.5, radius * 0.5), CELL),
        block((0, radius * 0.6, 0), (long * 0.5, 2, radius * 0.8), BOARD),
    ]
    pitch = (long * 0.85, 2 * radius + 6, long * 0.85)
    counts = (many(rng, pitch[0], 250, 600), number(rng, 1, 3), many(rng, pitch[2], 150, 400))
    heap = heaped(rng, lambda: one, pitch, counts, 0.15)
    return boxed(heap, 4, _card(rng), 5)


def radios(rng: Rng) -> list[Part]:
    """Hand-held radios or scanners with aerials and battery packs, standing in rows."""
    x, y, z = between(rng, 50, 80), between(rng, 90, 180), between(rng, 25, 45)
    lean = between(rng, 0.25, 0.45) * x
    one: list[Part] = [
        *hollow((0, 0, 0), (x, y, z), 2.5, PLASTIC.packed(1.2)),
        block((0, y * 0.15, -z * 0.2), (x * 0.8, y * 0.6, z * 0.45), CELL),
        *moved(board(rng, x * 0.85, y * 0.85, chips=6, highest=7), (0, 0, z * 0.15)),
        disc((0, y * 0.1, z * 0.3), x * 0.28, 7, STEEL.packed(4.5), sides=10),
        (rod(5.5, y * between(rng, 0.5, 1.3), sides=6).turned(UPRIGHT).moved((lean, -y * 0.8, 0)), RUBBER),
        (rod(7, 16, sides=6).turned(UPRIGHT).moved((-lean, -y * 0.55, 0)), ALUMINIUM),
    ]
    return _stacked(rng, one, (160, 150, 100), (600, 450, 300), most=(6, 2, 5), apart=between(rng, 4, 25))


ELECTRONICS: Final[tuple[Build, ...]] = (
    tablets,
    consoles,
    graphics_cards,
    power_banks,
    battery_packs,
    memory_modules,
    cameras,
    routers,
    power_supplies,
    smart_watches,
    solid_state_disks,
    server_blades,
    drones,
    loudspeakers,
    radios,
)
