"""Revolvers, single-shot and home-made handguns, for training only; and handguns packed together."""

from typing import Final

import numpy as np

from datasets.practice.arms_parts import arc, grip, grip_material, guard, plastic, steel
from datasets.practice.draws import often, one_of
from datasets.practice.pistols import (
    machine_pistol_compact,
    pistol_hammer,
    pistol_in_pieces,
    pistol_pocket,
    pistol_printed,
    pistol_striker,
    pistol_target,
)
from datasets.synthetic.meshes import Point2, Rng, rotation
from datasets.synthetic.physics import ALUMINIUM, PLASTIC, STEEL, WOOD
from datasets.synthetic.shapes import (
    Build,
    Part,
    between,
    block,
    disc,
    extent,
    hollow,
    moved,
    plate,
    rectangle,
    sized,
    strip,
    tube,
    turned,
)

_SIZE: Point2 = (0.94, 1.06)


def pistol_break_action(rng: Rng) -> list[Part]:
    """One long barrel on a hinge, a wooden fore-end, a curved grip."""
    barrel, radius = between(rng, 170, 290), between(rng, 8, 13)
    fore = barrel * between(rng, 0.35, 0.55)
    foot = between(rng, 92, 128)
    curve = between(rng, 20, 60)
    parts = [
        *tube(62, 62 + barrel, 8, radius, between(rng, 3, 6.5), STEEL, sides=8),
        plate(
            [(0, 8), (20, -4), (70, -4), (72, 34), (44, 46), (0, 40)],
            between(rng, 20, 27),
            steel(rng, 5, 6.6),
        ),
        plate([(70, 16), (70 + fore, 18), (62 + fore, 32), (72, 38)], between(rng, 26, 34), WOOD),
        plate(
            [(2, 8), (36, 44), (26, 70), (30 - curve * 0.5, foot), (-18 - curve * 0.6, foot - 8), (-14, 44)],
            28,
            WOOD,
        ),
        *guard(rng, 32, 70, 42, STEEL),
        *strip([(4, 8), (-8, -10), (-18, -12)], 8, 9, STEEL),
    ]
    if often(rng, 0.4):
        parts.append(plate(rectangle(30, -14, 62 + barrel * 0.5, -6), 12, ALUMINIUM))
    return sized(rng, parts, _SIZE)


def flare_gun(rng: Rng) -> list[Part]:
    """A wide thin barrel of light metal or plastic on a plain grip."""
    radius, barrel = between(rng, 15, 23), between(rng, 80, 210)
    body = one_of(rng, [ALUMINIUM, plastic(rng), STEEL.packed(5)])
    tilt = rotation(0, 0, between(rng, 0.2, 0.7)) if often(rng, 0.2) else np.eye(3)
    pipe = [
        *tube(0, barrel, 0, radius, radius - between(rng, 2, 4), one_of(rng, [ALUMINIUM, STEEL])),
        *tube(barrel - 14, barrel, 0, radius + 4, radius, body),
    ]
    if often(rng, 0.5):
        pipe += tube(2, 60, 0, radius - 4, 0, STEEL.packed(1.6))
    parts = [
        *moved(turned(pipe, tilt), (40, radius, 0)),
        plate(
            [(0, 2), (44, -2), (50, 2 * radius + 8), (10, 2 * radius + 14), (-6, radius)],
            between(rng, 18, 30),
            body,
        ),
        *grip(
            rng,
            (-4, 2 * radius),
            width=between(rng, 34, 44),
            length=between(rng, 70, 100),
            rake=between(rng, 0.1, 0.4),
            material=plastic(rng),
        ),
        *guard(rng, 34, 76, 2 * radius + 8, body),
        *strip([(2, 8), (-12, -8)], 9, 10, STEEL),
    ]
    return sized(rng, parts, _SIZE)


def pistol_pipe(rng: Rng) -> list[Part]:
    """Home made: water pipe with a cap, a board sawn to a grip, clamps, a nail and a spring."""
    radius, barrel = between(rng, 8, 15), between(rng, 110, 240)
    y = between(rng, 2, 8)
    board = between(rng, 120, 120 + barrel * 0.5)
    drop, lean = between(rng, 70, 110), between(rng, 0, 50)
    parts = [
        *tube(30, 30 + barrel, y, radius, radius - between(rng, 2.2, 4), STEEL),
        *tube(18, 48, y, radius + 5, 0, STEEL.packed(6.4), sides=6),
        plate(
            [
                (0, y + radius),
                (board, y + radius),
                (board, y + radius + 26),
                (48, y + radius + 30),
                (44 - lean, y + drop),
                (-6 - lean, y + drop - 8),
            ],
            between(rng, 20, 38),
            WOOD,
        ),
        *tube(-between(rng, 14, 40), 20, y, 3, 0, STEEL),
        *tube(-16, 18, y, 7, 5.5, STEEL, sides=8),
        *strip([(60, y + radius + 28), (56, y + radius + 50)], 5, 5, STEEL),
    ]
    for x in np.linspace(60, board - 10, int(rng.integers(1, 4))):
        parts.append(plate(rectangle(x, y - radius - 2, x + 10, y + radius + 30), 4, STEEL))
        parts.append(block((float(x) + 5, y - radius - 4, 0), (8, 8, 14), STEEL))
    if often(rng, 0.4):
        parts += tube(30 + barrel - 16, 30 + barrel, y, radius + 4, radius, STEEL, sides=6)
    return sized(rng, parts, _SIZE)


def revolver_any(rng: Rng) -> list[Part]:
    """Any drum, any barrel, any grip; the barrel bare, over a full lug or over a loading rod."""
    drum, radius = between(rng, 28, 56), between(rng, 15, 25)
    barrel = between(rng, 45, 92) if often(rng, 0.5) else between(rng, 172, 250)
    top, axis = -radius, 0.0
    x0, x1 = 0.0, drum + 4
    at = axis - radius * 0.5
    closed = often(rng, 0.7)
    frame = steel(rng, 5.6, 7.6)
    parts = [
        *tube(2, drum + 2, axis, radius, 0, steel(rng, 4, 5.6), sides=12),
        *tube(x1, x1 + barrel, at, between(rng, 7.5, 11), between(rng, 3, 5), STEEL),
        plate([(x0 - 24, top * 0.6), (x0, top - 4), (x0, radius + 8), (x0 - 26, radius + 10)], 15, frame),
        plate(rectangle(x1, top - 4, x1 + 10, radius + 4), 14, frame),
        plate(rectangle(x0, radius + 1, x1 + 8, radius + 8), 14, frame),
        *grip(
            rng,
            (-34, -2),
            width=between(rng, 28, 38),
            length=between(rng, 74, 118),
            rake=between(rng, 0.25, 0.65),
            material=grip_material(rng),
            magazine=STEEL.packed(3),
        ),
        *guard(rng, x0 - 14, x0 + between(rng, 28, 38), radius + 8, STEEL),
        *strip([(-16, top * 0.5), (-28, top - 10), (-38, top - between(rng, 6, 16))], 8, 8, STEEL),
    ]
    if closed:
        parts.append(plate(rectangle(x0, top - 6, x1 + 6, top - 1), 12, frame))
    lug = one_of(rng, ["none", "full", "rod", "shroud"])
    if lug == "full":
        parts.append(plate(rectangle(x1 + 10, at + 8, x1 + barrel, at + between(rng, 16, 24)), 12, frame))
    elif lug == "rod":
        parts += tube(x1 + 8, x1 + barrel * between(rng, 0.6, 0.9), at + 16, 4, 0, STEEL)
    elif lug == "shroud":
        parts.append(plate(rectangle(x1 + 8, at - 14, x1 + barrel, at - 7), 10, frame))
    return sized(rng, parts, (0.92, 1.1))


def pepperbox(rng: Rng) -> list[Part]:
    """Three to seven short barrels around one axis, or four in a block."""
    count, barrel = int(rng.integers(3, 8)), between(rng, 55, 120)
    bore = between(rng, 3.5, 5.5)
    ring = (bore + 3.2) / np.sin(np.pi / count)
    parts: list[Part] = []
    for k in range(count):
        angle = 2 * np.pi * k / count + 0.4
        parts += tube(
            30, 30 + barrel, float(ring * np.cos(angle)), bore + 3, bore, STEEL, z=float(ring * np.sin(angle))
        )
    size = float(ring) + bore + 3
    parts += [
        *tube(24, 30, 0, size + 1, 0, STEEL),
        plate([(-14, -size), (26, -size), (26, size + 6), (0, size + 12), (-18, size)], 16, steel(rng, 5, 7)),
        *grip(
            rng,
            (-34, -4),
            width=between(rng, 28, 36),
            length=between(rng, 62, 92),
            rake=between(rng, 0.4, 0.8),
            material=WOOD.packed(0.7),
        ),
        *guard(rng, -4, 34, size + 8, STEEL),
    ]
    if often(rng, 0.6):
        parts += strip([(-8, -size), (26, -size - 8)], 6, 10, STEEL)
    return sized(rng, parts, (0.95, 1.15))


def pistol_duelling(rng: Rng) -> list[Part]:
    """Old muzzle loader: one piece of wood from muzzle to a curled grip, a lock with a cock on its side."""
    barrel, radius = between(rng, 150, 270), between(rng, 8, 12)
    drop, curl = between(rng, 70, 110), between(rng, 40, 90)
    stock: list[Point2] = [(0, 6), (barrel * 0.85, 10), (barrel * 0.85, 22), (30, 34), (-20, 52)]
    stock += [(6 - curl, drop), (-30 - curl, drop - 6), (-50, 36), (-24, 8)]
    parts = [
        *tube(0, barrel, 4, radius, radius - 4, one_of(rng, [STEEL, STEEL.packed(8.3)]), sides=8),
        plate(stock, between(rng, 24, 34), WOOD.packed(0.7)),
        plate([(-30, 10), (46, 8), (40, 26), (-24, 28)], 5, STEEL),
        *strip([(4, 14), (-4, -10), (10, -22)], 8, 8, STEEL),
        *strip([(32, 8), (38, -14)], 10, 6, STEEL),
        *guard(rng, -16, 34, 34, STEEL.packed(8.2)),
        disc((-12 - curl, drop - 2, 0), between(rng, 12, 19), 24, STEEL.packed(5), sides=10),
    ]
    if often(rng, 0.6):
        parts += tube(30, barrel * 0.9, 26, 3, 0, STEEL)
    return sized(rng, parts, _SIZE)


_WHOLE: Final[tuple[Build, ...]] = (
    pistol_striker,
    pistol_hammer,
    pistol_pocket,
    revolver_any,
    pistol_break_action,
    pistol_printed,
)


def pistols_head_to_tail(rng: Rng) -> list[Part]:
    """Two packed together, the second turned half way round."""
    first = one_of(rng, _WHOLE)(rng)
    second = first if often(rng, 0.4) else one_of(rng, _WHOLE)(rng)
    low, high = extent(first)
    half = rotation(0, 0, np.pi + float(rng.normal(0, 0.08)))
    second = turned(second, half)
    low2, high2 = extent(second)
    right = float(low[0] - low2[0]) + between(rng, -10, 60)
    down = float(high[1] - high2[1]) + between(rng, -20, 70)
    apart = between(rng, 28, 40) if often(rng, 0.7) else 0.0
    if apart == 0.0:
        down = float(high[1] - low2[1]) + between(rng, 2, 14)
    parts = [*first, *moved(second, (right, down, apart))]
    return sized(rng, parts, (0.85, 0.95))


def pistol_cased(rng: Rng) -> list[Part]:
    """In a plastic case with foam, beside a spare magazine or a box."""
    gun = one_of(rng, _WHOLE)(rng)
    low, high = extent(gun)
    middle = (low + high) / 2
    width, tall = (
        float(high[0] - low[0]) + between(rng, 30, 90),
        float(high[1] - low[1]) + between(rng, 30, 80),
    )
    parts = [
        *moved(gun, (float(-middle[0]), float(-middle[1]), 0)),
        *hollow((0, 0, 0), (width, tall, between(rng, 62, 84)), 3.5, PLASTIC.packed(1.1)),
        *strip(arc((0, -tall / 2), 36, np.pi, 2 * np.pi, 5), 10, 14, PLASTIC),
    ]
    spare = [plate([(0, 0), (24, 0), (10, 100), (-16, 100)], 16, steel(rng, 2.4, 4.2))]
    flat = turned(spare, rotation(0, 0, np.pi / 2 + float(rng.normal(0, 0.2))))
    parts += moved(flat, (between(rng, 20, width / 2 - 20), tall / 2 - 40, 0))
    parts += [disc((x, -tall / 2 + 6, 0), 5, 20, STEEL) for x in (-width * 0.3, width * 0.3)]
    return sized(rng, parts, (0.92, 1.0), (0.95, 1.1))


GUNS: Final[tuple[Build, ...]] = (
    pistol_striker,
    pistol_hammer,
    pistol_pocket,
    pistol_target,
    pistol_break_action,
    flare_gun,
    pistol_pipe,
    pistol_printed,
    revolver_any,
    pepperbox,
    machine_pistol_compact,
    pistol_duelling,
    pistol_in_pieces,
    pistols_head_to_tail,
    pistol_cased,
)
