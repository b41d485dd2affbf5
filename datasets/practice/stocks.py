"""Pieces of long guns in random proportions: stocks, magazines, bipods, muzzles."""

import numpy as np

from datasets.practice.arms_parts import plastic, steel
from datasets.practice.draws import often, one_of
from datasets.synthetic.meshes import Point2, Rng
from datasets.synthetic.physics import ALUMINIUM, STEEL, WOOD, Material
from datasets.synthetic.shapes import Part, between, block, moved, plate, rectangle, strip, tube


def shoulder_stock(rng: Rng, length: float, material: Material, *, neck: float = 44.0) -> list[Part]:
    """Left of x = 0, its neck ``neck`` high, its butt lower: straight, with or without a comb."""
    drop, butt = between(rng, 20, 66), between(rng, 96, 138)
    comb = between(rng, -6, 12)
    upper: list[Point2] = [
        (0, 0),
        (-length * 0.25, drop * 0.35),
        (-length * 0.4, drop * 0.5 - comb),
        (-length, drop),
    ]
    lower: list[Point2] = [
        (-length + between(rng, -8, 10), drop + butt),
        (-length * 0.3, neck + drop * 0.45),
        (0, neck),
    ]
    parts = [plate([*upper, *lower], between(rng, 32, 44), material)]
    if often(rng, 0.4):
        parts.append(plate(rectangle(-length - 14, drop + 2, -length + 2, drop + butt - 4), 34, plastic(rng)))
    return parts


def wood_or_plastic(rng: Rng) -> Material:
    return one_of(rng, [WOOD, WOOD.packed(0.7), plastic(rng)])


def box_magazine(rng: Rng, x: float, y: float, length: float, bend: float) -> list[Part]:
    wide = between(rng, 36, 66)
    steps = np.linspace(0, 1, 5).tolist()
    front = [(x + wide + bend * s * s, y + length * s) for s in steps]
    back = [(px - wide, py + 6 * s) for s, (px, py) in zip(steps, front, strict=True)]
    return [plate([*front, *back[::-1]], between(rng, 20, 27), steel(rng, 2.4, 4))]


def bipod(rng: Rng, x: float, y: float) -> list[Part]:
    """Two legs, folded along the barrel or let down."""
    length = between(rng, 170, 280)
    if often(rng, 0.5):
        end: Point2 = (x + one_of(rng, [-1, 1]) * length, y + 14)
    else:
        end = (x + between(rng, -60, 60), y + length)
    legs: list[Part] = []
    for z in (-14.0, 14.0):
        legs += moved(strip([(x, y), end], between(rng, 8, 12), 8, STEEL.packed(5)), (0, 0, z))
    return [*legs, block((x, y, 0), (26, 22, 34), ALUMINIUM)]


def muzzle_device(rng: Rng, x: float, y: float) -> list[Part]:
    form = one_of(rng, ["bare", "brake", "cone", "suppressor"])
    if form == "brake":
        return tube(x, x + between(rng, 40, 80), y, between(rng, 12, 17), 5, STEEL.packed(5.5))
    if form == "cone":
        return tube(x, x + between(rng, 50, 80), y, between(rng, 10, 13), 9, STEEL)
    if form == "suppressor":
        radius = between(rng, 17, 24)
        return tube(x, x + between(rng, 110, 170), y, radius, radius - 3, STEEL)
    return strip([(x - 20, y), (x - 22, y - between(rng, 16, 40))], 8, 8, STEEL)
