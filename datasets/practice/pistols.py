"""Self-loading pistols of random proportions, for training only: muzzle to the right, grip down."""

import numpy as np

from datasets.practice.arms_parts import grip, grip_material, guard, plastic, steel
from datasets.practice.draws import often, one_of
from datasets.synthetic.meshes import Point2, Rng, rotation
from datasets.synthetic.physics import ALUMINIUM, PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.shapes import (
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


def _slide(rng: Rng, length: float, height: float) -> list[Part]:
    back, cut = between(rng, 0, 9), between(rng, 4, height * 0.5)
    noses: list[list[Point2]] = [
        [(length, 0), (length, height)],
        [(length, 0), (length, height - cut), (length - cut, height)],
        [(length - cut * 1.5, 0), (length, cut * 0.8), (length, height)],
        [(length * 0.7, 0), (length * 0.75, height * 0.24), (length, height * 0.24), (length, height)],
        [(length, 0), (length - cut * 0.5, height)],
    ]
    parts = [
        plate(
            [(0, height), (0, back), (back, 0), *one_of(rng, noses)], between(rng, 20, 28), steel(rng, 4.6)
        ),
        plate(rectangle(back + 4, -between(rng, 3, 8), back + 14, 0), 14, STEEL),
    ]
    if often(rng, 0.3):
        parts += tube(length, length + between(rng, 6, 34), height * 0.42, 7, 4.5, STEEL)
    if often(rng, 0.25):
        sight = back + between(rng, 8, 20)
        parts += hollow((sight + 22, -14, 0), (44, 28, 30), 3, ALUMINIUM)
    return parts


def _open_slide(rng: Rng, length: float, height: float) -> list[Part]:
    """Cut open on top, so that the barrel shows."""
    low, rear = height * between(rng, 0.35, 0.6), length * between(rng, 0.35, 0.5)
    front = length * between(rng, 0.86, 0.93)
    outline = [(0, 2), (8, 0), (rear, 0), (rear + 4, low), (front, low), (front + 3, 2), (length, 4)]
    return [
        plate([*outline, (length, height), (0, height)], between(rng, 20, 26), steel(rng, 4.4, 6)),
        *tube(rear, length + between(rng, 2, 14), height * 0.32, height * 0.26, 4, STEEL),
    ]


def _self_loader(rng: Rng, slide: list[Part], size: Point2, frame: Material, grips: Material) -> list[Part]:
    """Frame, grip, guard and magazine below a slide of this length and height."""
    length, height = size
    dust, deep = length * between(rng, 0.72, 0.98), between(rng, 9, 15)
    start, width = between(rng, -6, 12), between(rng, 40, 56)
    neck = start + width
    outline = [(-between(rng, 4, 18), height - 2), (dust, height - 2), (dust, height + deep * 0.8)]
    outline += [(neck + 44, height + deep), (neck, height + deep + 4), (start, height + deep)]
    return [
        *slide,
        plate(outline, between(rng, 16, 27), frame),
        *grip(
            rng,
            (start, height + deep - 4),
            width=width,
            length=between(rng, 66, 112),
            rake=between(rng, 0.16, 0.4),
            material=grips,
            magazine=steel(rng, 2.8, 4.4),
        ),
        *guard(rng, neck - 2, neck + between(rng, 38, 52), height + deep, frame),
    ]


def pistol_striker(rng: Rng) -> list[Part]:
    """Plastic frame, no hammer; a light below the barrel at times."""
    size = (between(rng, 132, 212), between(rng, 22, 33))
    frame = plastic(rng)
    parts = _self_loader(rng, _slide(rng, *size), size, frame, frame)
    if often(rng, 0.25):
        x, y = size[0] * 0.72, size[1] + 24
        parts += [
            *tube(x, x + between(rng, 30, 55), y, 14, 11, ALUMINIUM),
            block((x + 15, y, 0), (26, 12, 12), STEEL),
        ]
    return sized(rng, parts, _SIZE)


def pistol_hammer(rng: Rng) -> list[Part]:
    """Steel or aluminium frame with a hammer, a rail below the barrel, the slide closed or open."""
    size = (between(rng, 150, 225), between(rng, 23, 32))
    frame = one_of(rng, [steel(rng), ALUMINIUM, steel(rng, 4, 6)])
    slide = _open_slide(rng, *size) if often(rng, 0.5) else _slide(rng, *size)
    parts = _self_loader(rng, slide, size, frame, grip_material(rng))
    rail = size[1] + 12
    parts += [
        plate(rectangle(x, rail, x + 5, rail + 6), 18, frame)
        for x in np.linspace(size[0] * 0.68, size[0] * 0.9, 4)
    ]
    spur = between(rng, 4, 14)
    parts += strip(
        [(6, size[1] * 0.7), (-8, size[1] * 0.3), (-8 - spur, size[1] * 0.3 - spur * 0.5)], 8, 8, STEEL
    )
    return sized(rng, parts, _SIZE)


def pistol_pocket(rng: Rng) -> list[Part]:
    """Small, its fixed barrel standing out above a short slide, its grip strongly raked."""
    length, height = between(rng, 92, 138), between(rng, 20, 27)
    rear, width = length * between(rng, 0.38, 0.56), between(rng, 36, 44)
    parts = [
        plate(
            [(0, 5), (6, 0), (rear, 0), (rear + 5, 9), (length - 4, 9), (length, height), (0, height)],
            19,
            steel(rng, 4.6),
        ),
        *tube(rear - 4, length + between(rng, 2, 16), 6, 6.5, 3.5, STEEL),
        plate(
            [(-8, height), (length * 0.9, height), (length * 0.86, height + 9), (0, height + 12)],
            17,
            steel(rng, 4),
        ),
        *grip(
            rng,
            (-2, height + 8),
            width=width,
            length=between(rng, 52, 74),
            rake=between(rng, 0.42, 0.64),
            material=grip_material(rng),
            magazine=steel(rng, 2.8, 4),
        ),
        *guard(rng, width - 4, width + between(rng, 30, 40), height + 9, STEEL),
    ]
    return sized(rng, parts, (0.98, 1.12))


def pistol_target(rng: Rng) -> list[Part]:
    """Slab-sided barrel with a weight, tall sights, a grip that encloses the hand, magazine ahead of it."""
    barrel, height = between(rng, 110, 175), between(rng, 16, 30)
    weight = between(rng, 10, 24)
    parts = [
        plate([(0, 0), (130, 0), (134, 40), (60, 48), (0, 44)], between(rng, 22, 30), steel(rng, 4.4, 6)),
        plate(rectangle(132, 2, 132 + barrel, 2 + height), between(rng, 12, 18), steel(rng, 5, 7)),
        plate(
            rectangle(140 + barrel * 0.3, 6 + height, 128 + barrel, 6 + height + weight), 18, STEEL.packed(6)
        ),
        plate(rectangle(112 + barrel, -between(rng, 8, 14), 122 + barrel, 2), 6, STEEL),
        plate(rectangle(4, -14, 34, 0), 20, STEEL.packed(4)),
        *grip(
            rng,
            (-6, 40),
            width=between(rng, 48, 62),
            length=between(rng, 88, 116),
            rake=between(rng, 0.22, 0.5),
            material=WOOD.packed(0.7),
        ),
        plate(
            [(-56, between(rng, 100, 118)), (30, 112), (40, 128), (-56, 130)],
            between(rng, 40, 62),
            WOOD.packed(0.7),
        ),
        *guard(rng, 50, 96, 44, STEEL),
    ]
    if often(rng, 0.6):
        parts.append(plate(rectangle(100, 40, 126, 40 + between(rng, 45, 80)), 14, steel(rng, 3, 4.4)))
    return sized(rng, parts, _SIZE)


def pistol_printed(rng: Rng) -> list[Part]:
    """Printed plastic, blocky; only the barrel, pins, springs and a bolt are steel."""
    length, height = between(rng, 140, 250), between(rng, 40, 62)
    body, barrel = PLASTIC.packed(round(between(rng, 0.5, 1.1), 1)), between(rng, 0.45, 0.9) * length
    parts = [
        plate(
            [
                (0, 4),
                (12, 0),
                (length * 0.6, 0),
                (length, between(rng, 0, 14)),
                (length, height),
                (0, height),
            ],
            between(rng, 32, 46),
            body,
        ),
        *tube(
            length - barrel,
            length + between(rng, 0, 40),
            height * 0.42,
            between(rng, 6.5, 9.5),
            between(rng, 3, 4.6),
            STEEL,
        ),
        *tube(8, length - barrel, height * 0.42, between(rng, 9, 12), 0, steel(rng, 4, 7)),
        *grip(
            rng,
            (2, height - 2),
            width=between(rng, 40, 52),
            length=between(rng, 80, 108),
            rake=between(rng, 0.1, 0.35),
            material=body,
            magazine=steel(rng, 2, 3) if often(rng, 0.4) else None,
        ),
        *guard(rng, 48, 96, height - 2, body),
        *(
            disc((float(x), height * 0.82, 0), 2.5, 40, STEEL, sides=8)
            for x in rng.uniform(10, length * 0.8, 5)
        ),
    ]
    return sized(rng, parts, (0.92, 1.08))


def machine_pistol_compact(rng: Rng) -> list[Part]:
    """Compact: a forward grip, a short stock, the magazine in the grip or ahead of it."""
    length, height = between(rng, 190, 290), between(rng, 38, 60)
    shell = one_of(rng, [plastic(rng), steel(rng, 1.6, 3), ALUMINIUM.packed(1.4)])
    rear = between(rng, 20, length * 0.4)
    long = between(rng, 110, 190)
    parts = [
        plate(
            [(0, 6), (10, 0), (length, 0), (length, height * 0.75), (length * 0.6, height), (0, height)],
            between(rng, 30, 44),
            shell,
        ),
        plate(rectangle(20, 8, length * 0.7, height * 0.55), 18, steel(rng, 3.4, 5)),
        *tube(length * 0.6, length + between(rng, 8, 90), height * 0.4, between(rng, 7, 10), 4, STEEL),
        *guard(rng, rear + 40, rear + 86, height - 2, shell),
    ]
    in_grip = often(rng, 0.5)
    parts += grip(
        rng,
        (rear, height - 4),
        width=between(rng, 38, 48),
        length=between(rng, 76, 100),
        rake=between(rng, 0.02, 0.3),
        material=plastic(rng),
    )
    x = rear + 10 if in_grip else min(rear + between(rng, 90, 130), length - 40)
    bend = 0.0 if in_grip else between(rng, 0, 24)
    parts.append(
        plate(
            [(x, 20), (x + 26, 20), (x + 26 + bend, 30 + long), (x + bend, 34 + long)],
            18,
            steel(rng, 2.6, 3.8),
        )
    )
    if in_grip or often(rng, 0.3):
        parts += grip(
            rng,
            (length - between(rng, 36, 60), height * 0.7),
            width=26,
            length=between(rng, 50, 85),
            rake=between(rng, -0.3, 0.3),
            material=plastic(rng),
        )
    stock = one_of(rng, ["none", "wire", "folded"])
    if stock == "wire":
        reach = between(rng, 50, 110)
        parts += strip([(0, 12), (-reach, 12), (-reach - 4, height + 30)], 8, 10, STEEL)
    elif stock == "folded":
        parts += moved(
            strip(
                [(6, height * 0.3), (length * 0.8, height * 0.35), (length * 0.8, height + 20)], 9, 8, STEEL
            ),
            (0, 0, 26),
        )
    if often(rng, 0.4):
        parts += tube(length * 0.3, length * 0.6, -18, 14, 11, ALUMINIUM)
    return sized(rng, parts, (0.9, 1.05))


def pistol_in_pieces(rng: Rng) -> list[Part]:
    """Slide, barrel, spring, frame and magazine lie apart, each its own way."""
    length, height = between(rng, 140, 205), between(rng, 23, 31)
    frame = one_of(rng, [plastic(rng), steel(rng), ALUMINIUM])
    pieces = [
        _slide(rng, length, height),
        _self_loader(rng, [], (length, 0), frame, frame),
        tube(0, length * between(rng, 0.5, 0.8), 0, between(rng, 6, 8), 4, STEEL),
        [plate([(0, 0), (22, 0), (between(rng, 0, 20), 115), (-24, 115)], 16, steel(rng, 2.6, 4.4))],
        tube(0, between(rng, 60, 100), 0, 4, 0, STEEL.packed(3)),
    ]
    parts: list[Part] = []
    y = 0.0
    for k in rng.permutation(len(pieces)):
        piece = turned(
            pieces[int(k)], rotation(0, 0, float(rng.normal(0, 0.25)) + np.pi * int(rng.integers(2)))
        )
        low, high = extent(piece)
        at = (between(rng, -35, 35) - float(low[0] + high[0]) / 2, y - float(low[1]), between(rng, -8, 8))
        parts += moved(piece, at)
        y += float(high[1] - low[1]) * between(rng, 0.75, 1.05) + between(rng, 0, 12)
    return sized(rng, parts, (0.9, 1.0))
