"""Hunting and old long guns of random proportions, for training only; and long guns packed together."""

from typing import Final

import numpy as np

from datasets.practice.arms_parts import grip, guard, plastic, steel, telescope
from datasets.practice.automatics import (
    carbine_folding,
    machine_gun,
    rifle_assault,
    submachine_drum,
    submachine_side,
)
from datasets.practice.draws import often, one_of
from datasets.practice.stocks import (
    bipod,
    box_magazine,
    muzzle_device,
    shoulder_stock,
    wood_or_plastic,
)
from datasets.synthetic.meshes import Point2, Rng, rotation
from datasets.synthetic.physics import ALUMINIUM, STEEL, WOOD
from datasets.synthetic.shapes import (
    Build,
    Part,
    between,
    extent,
    moved,
    plate,
    rectangle,
    sized,
    strip,
    tube,
    turned,
)

_SIZE: Point2 = (0.94, 1.04)


def rifle_lever(rng: Rng) -> list[Part]:
    """A tube below the barrel and a loop behind the trigger."""
    barrel, radius = between(rng, 380, 580), between(rng, 8, 11)
    wood = one_of(rng, [WOOD, WOOD.packed(0.7)])
    fore, loop = between(rng, 140, 240), between(rng, 36, 58)
    parts = [
        *tube(190, 190 + barrel, 8, radius, 4.5, STEEL, sides=8),
        *tube(190, 190 + barrel * between(rng, 0.55, 0.98), 30, 10, 8.5, STEEL),
        plate(
            [(0, 6), (24, -4), (190, -4), (194, 46), (60, 52), (0, 48)],
            between(rng, 26, 32),
            steel(rng, 3.6, 5.4),
        ),
        plate(rectangle(192, 16, 192 + fore, 46), between(rng, 34, 42), wood),
        *shoulder_stock(rng, between(rng, 270, 350), wood),
        *strip(
            [(100, 52), (96, 52 + loop * 0.6), (60, 52 + loop), (-50, 44 + loop), (-66, 60), (40, 54)],
            7,
            9,
            STEEL,
        ),
        *strip([(70, 52), (66, 76)], 6, 7, STEEL),
        *strip([(10, 0), (-10, -16)], 9, 9, STEEL),
        plate([(170 + barrel, 0), (178 + barrel, -12), (184 + barrel, 0)], 5, STEEL),
    ]
    return sized(rng, parts, _SIZE)


def shotgun_double(rng: Rng) -> list[Part]:
    """Two barrels side by side or one over the other, closed or broken open."""
    barrel, bore = between(rng, 480, 690), between(rng, 7.5, 9.6)
    wood = WOOD.packed(round(between(rng, 0.5, 0.8), 2))
    step = bore + 3
    over = often(rng, 0.5)
    places = [(-step, 0.0), (step, 0.0)] if over else [(0.0, -step), (0.0, step)]
    front: list[Part] = []
    for y, z in places:
        front += tube(0, barrel, y, bore + 2.6, bore, STEEL, z=z)
    tall = 2 * step if over else step
    front.append(
        plate(rectangle(20, tall, 20 + between(rng, 190, 270), tall + 22), between(rng, 36, 46), wood)
    )
    front.append(plate(rectangle(0, -tall - 4, barrel, -tall), 8, STEEL.packed(4)))
    angle = between(rng, 0.3, 0.8) if often(rng, 0.15) else 0.0
    parts = [
        *moved(turned(front, rotation(0, 0, angle)), (72, 22, 0)),
        plate(
            [(0, 2), (70, 18 - tall), (76, 28 + tall), (10, 48)],
            2 * step + 14 if not over else 40,
            steel(rng, 4, 6),
        ),
        *shoulder_stock(rng, between(rng, 280, 370), wood),
        *guard(rng, 2, between(rng, 62, 80), 48, STEEL),
        *strip([(50, 48), (46, 68)], 5, 7, STEEL),
    ]
    if often(rng, 0.4):
        parts += strip([(12, 2), (-2, -18)], 9, 26, STEEL)
    return sized(rng, parts, _SIZE)


def rifle_hunting(rng: Rng) -> list[Part]:
    """Self-loading: sloping receiver, full stock, a short or long box magazine, often a telescope."""
    barrel, height = between(rng, 380, 560), between(rng, 34, 48)
    wood = wood_or_plastic(rng)
    fore = between(rng, 200, 330)
    parts = [
        *tube(230, 230 + barrel, 12, between(rng, 7.5, 11), between(rng, 2.8, 4.5), STEEL),
        plate(
            [(0, 12), (30, -2), (232, -2), (236, height), (0, height)],
            between(rng, 26, 34),
            steel(rng, 3.2, 5),
        ),
        plate(
            [(40, height - 14), (236 + fore, 18), (240 + fore, 36), (236, height + 14), (40, height + 12)],
            40,
            wood,
        ),
        *shoulder_stock(rng, between(rng, 290, 360), wood, neck=height + 6),
        *box_magazine(rng, between(rng, 128, 170), height, between(rng, 18, 120), between(rng, 0, 30)),
        *guard(rng, 30, 96, height + 10, STEEL),
    ]
    if often(rng, 0.6):
        parts += telescope(rng, between(rng, 50, 110), 0, between(rng, 150, 230))
    if often(rng, 0.4):
        parts += tube(240 + fore * 0.5, 230 + barrel * 0.75, 30, 6, 4, STEEL)
    return sized(rng, parts, _SIZE)


def rifle_sniper(rng: Rng) -> list[Part]:
    """Heavy barrel, a stock with a cheek piece or a thumb hole, telescope, bipod, muzzle brake."""
    barrel, radius = between(rng, 410, 540), between(rng, 10.5, 15)
    body = one_of(rng, [plastic(rng), ALUMINIUM.packed(1.3), WOOD.packed(0.7)])
    fore, long = between(rng, 200, 300), between(rng, 230, 300)
    muzzle = 250 + barrel
    parts = [
        *tube(210, muzzle, 8, radius, 4.5, STEEL),
        *tube(20, 215, 8, between(rng, 15, 19), 9, STEEL),
        plate([(0, 14), (210 + fore, 18), (210 + fore, 50), (150, 62), (0, 60)], between(rng, 34, 46), body),
        *box_magazine(rng, between(rng, 90, 140), 54, between(rng, 40, 90), 0),
        *guard(rng, 26, 80, 58, STEEL),
        *strip([(34, 8), (24, 44), (34, 62)], 9, 10, STEEL),
        *telescope(rng, between(rng, 40, 90), -8, between(rng, 190, 280)),
        *bipod(rng, 200 + fore * between(rng, 0.7, 0.95), 52),
    ]
    if often(rng, 0.5):
        bottom = between(rng, 120, 150)
        parts += [
            plate([(4, 14), (-long, 4), (-long, 40), (-40, 46), (0, 60)], 34, body),
            plate([(-long, 36), (-long + 60, 36), (-long + 70, bottom), (-long, bottom)], 34, body),
            plate([(-long + 60, bottom - 30), (-40, 96), (-20, 118), (-long + 60, bottom)], 30, body),
            *grip(rng, (-30, 44), width=48, length=between(rng, 80, 100), rake=0.25, material=body),
        ]
    else:
        parts += shoulder_stock(rng, long + 40, body, neck=56)
    return sized(rng, [*parts, *muzzle_device(rng, muzzle, 8)], (0.86, 0.94))


def musket(rng: Rng) -> list[Part]:
    """Very long barrel, wood to the muzzle with bands, a side lock, a ramrod."""
    barrel, wood = between(rng, 560, 760), WOOD.packed(round(between(rng, 0.5, 0.8), 2))
    along = barrel * between(rng, 0.6, 0.95)
    parts = [
        *tube(0, barrel, 6, between(rng, 10, 14), between(rng, 6, 8.5), STEEL, sides=8),
        plate([(-30, 4), (along, 12), (along, 28), (60, 44), (-30, 48)], between(rng, 32, 42), wood),
        *moved(shoulder_stock(rng, between(rng, 270, 360), wood), (-28, 2, 0)),
        *tube(between(rng, 80, 160), barrel - 6, 32, 3.5, 0, STEEL),
        plate([(-40, 12), (64, 10), (58, 34), (-34, 34)], 6, STEEL, 18),
        *strip([(10, 14), (-4, -12), (12, -26)], 9, 9, STEEL),
        *strip([(40, 10), (46, -14)], 12, 7, STEEL),
        *guard(rng, -24, 46, 46, STEEL.packed(8.2)),
    ]
    parts += [
        plate(rectangle(x, -6, x + 14, 36), 8, STEEL)
        for x in np.linspace(along * 0.4, along - 16, int(rng.integers(1, 4)))
    ]
    return sized(rng, parts, (0.9, 1.0))


def air_rifle(rng: Rng) -> list[Part]:
    """A cylinder ahead of the trigger: a spring under a tilting barrel, or a flask of air below it."""
    wood, barrel = wood_or_plastic(rng), between(rng, 350, 470)
    parts = [*shoulder_stock(rng, between(rng, 280, 350), wood), *guard(rng, 20, 80, 46, ALUMINIUM)]
    if often(rng, 0.5):
        radius, long = between(rng, 12, 16), between(rng, 250, 320)
        tilt = rotation(0, 0, between(rng, 0.4, 1.0)) if often(rng, 0.2) else np.eye(3)
        parts += tube(0, long, 12, radius, radius - 2.5, STEEL)
        parts += tube(long * 0.3, long * 0.6, 12, radius - 3, 6, STEEL.packed(5))
        parts += moved(turned(tube(0, barrel, 0, 7.5, 2.6, STEEL), tilt), (long, 12, 0))
        parts.append(plate([(0, 22), (long + 40, 26), (long + 30, 44), (0, 48)], 42, wood))
    else:
        radius, long = between(rng, 20, 31), between(rng, 150, 270)
        parts += [
            *tube(150, 150 + barrel, 2, between(rng, 7, 15), 4, STEEL),
            *tube(
                120,
                120 + long,
                14 + radius + 4,
                radius,
                radius - between(rng, 2, 4),
                one_of(rng, [STEEL, ALUMINIUM]),
            ),
            plate(rectangle(-10, -6, 160, 44), 34, ALUMINIUM.packed(1.9)),
            plate(rectangle(0, 40, 150, 58), 40, wood),
        ]
    if often(rng, 0.6):
        parts += telescope(rng, between(rng, 30, 70), -4, between(rng, 140, 220))
    return sized(rng, parts, _SIZE)


def rifle_in_pieces(rng: Rng) -> list[Part]:
    """Barrel, receiver, stock and magazine apart, side by side or in a heap."""
    furniture = wood_or_plastic(rng)
    radius, barrel, receiver = between(rng, 8, 12), between(rng, 500, 660), between(rng, 220, 320)
    pieces = [
        [*tube(0, barrel, 0, radius, 4.2, STEEL), *tube(0, 70, 0, radius + 7, radius, steel(rng, 4, 6))],
        [
            plate([(0, 0), (receiver, 0), (receiver, 46), (0, 50)], 32, steel(rng, 2.8, 4.4)),
            *guard(rng, 50, 108, 48, STEEL),
            *grip(rng, (8, 48), width=38, length=92, rake=0.3, material=furniture),
        ],
        shoulder_stock(rng, between(rng, 260, 340), furniture),
        box_magazine(rng, 0, 0, between(rng, 80, 190), between(rng, 0, 60)),
        tube(0, between(rng, 120, 180), 0, between(rng, 9, 12), 0, steel(rng, 5, 7)),
    ]
    if often(rng, 0.5):
        pieces.append(telescope(rng, 0, 0, between(rng, 140, 240)))
    parts: list[Part] = []
    y = 0.0
    for k in rng.permutation(len(pieces)):
        piece = turned(
            pieces[int(k)], rotation(0, 0, float(rng.normal(0, 0.08)) + np.pi * int(rng.integers(2)))
        )
        low, high = extent(piece)
        x = between(rng, -150, 150) - float(low[0] + high[0]) / 2
        parts += moved(piece, (x, y - float(low[1]), between(rng, -12, 12)))
        y += float(high[1] - low[1]) * between(rng, 0.5, 1.0) + 6
    return sized(rng, parts, (0.98, 1.06))


def long_guns_head_to_tail(rng: Rng) -> list[Part]:
    """Two laid against each other, the second turned half way round."""
    makers = (
        rifle_hunting,
        rifle_lever,
        shotgun_double,
        rifle_assault,
        submachine_side,
    )
    first, second = one_of(rng, makers)(rng), one_of(rng, makers)(rng)
    second = turned(second, rotation(0, 0, np.pi + float(rng.normal(0, 0.03))))
    (low, high), (low2, high2) = extent(first), extent(second)
    right = float(low[0] + high[0] - low2[0] - high2[0]) / 2 + between(rng, -60, 60)
    down = float(high[1] - high2[1]) + between(rng, -20, 120)
    parts = [*first, *moved(second, (right, down, between(rng, 46, 70)))]
    return sized(rng, parts, (0.86, 0.95))


RIFLES: Final[tuple[Build, ...]] = (
    rifle_lever,
    shotgun_double,
    rifle_hunting,
    rifle_sniper,
    machine_gun,
    submachine_side,
    carbine_folding,
    musket,
    air_rifle,
    rifle_assault,
    submachine_drum,
    rifle_in_pieces,
    long_guns_head_to_tail,
)
