"""Pieces that arms share."""

import numpy as np

from datasets.practice.draws import often, one_of
from datasets.synthetic.meshes import Point2, Rng
from datasets.synthetic.physics import ALUMINIUM, PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.shapes import Part, between, disc, plate, rectangle, strip, tube


def steel(rng: Rng, low: float = 3.4, high: float = 6.2) -> Material:
    """Steel with holes in it; two digits, so that parts of one material can be projected together."""
    return STEEL.packed(round(between(rng, low, high), 1))


def plastic(rng: Rng) -> Material:
    return PLASTIC.packed(round(between(rng, 0.8, 1.4), 1))


def grip_material(rng: Rng) -> Material:
    return one_of(rng, [plastic(rng), WOOD, WOOD.packed(0.75), ALUMINIUM.packed(1.6)])


def arc(centre: Point2, radius: float, start: float, end: float, n: int = 9) -> list[Point2]:
    """Points on a circle; radians, clockwise in the picture from the right."""
    angles = np.linspace(start, end, n)
    return [(centre[0] + radius * float(np.cos(a)), centre[1] + radius * float(np.sin(a))) for a in angles]


def guard(rng: Rng, x0: float, x1: float, y: float, material: Material) -> list[Part]:
    """A trigger and the bow around it, round, square or hooked."""
    drop, wide = between(rng, 20, 32), between(rng, 4, 7)
    form = one_of(rng, ["round", "square", "slanted"])
    if form == "round":
        middle, half = (x0 + x1) / 2, (x1 - x0) / 2
        line = [(px, y + (py - y) * drop / half) for px, py in arc((middle, y), half, np.pi, 0, 7)]
    elif form == "square":
        line = [(x0, y), (x0 + 1, y + drop), (x1 - 2, y + drop), (x1 + between(rng, -2, 4), y)]
    else:
        line = [(x0, y), (x0 + 5, y + drop), (x0 + (x1 - x0) * 0.5, y + drop), (x1, y)]
    trigger = x0 + (x1 - x0) * between(rng, 0.35, 0.6)
    return [
        *strip(line, wide, between(rng, 7, 11), material),
        *strip([(trigger, y), (trigger - between(rng, -2, 6), y + drop * 0.7)], 5, 7, STEEL),
    ]


def grip(
    rng: Rng,
    back: Point2,
    *,
    width: float,
    length: float,
    rake: float,
    material: Material,
    magazine: Material | None = None,
) -> list[Part]:
    """A pistol grip below and right of ``back``, its foot ``rake`` times its length further left."""
    swell, hump, flare = between(rng, -5, 5), between(rng, -2, 8), between(rng, -4, 7)
    grooves = between(rng, 1.5, 3) if often(rng, 0.25) else 0.0
    heel = between(rng, -2, 10)
    x, y = back
    front: list[Point2] = []
    rear: list[Point2] = []
    for s in np.linspace(0, 1, 10).tolist():
        bulge = float(np.sin(np.pi * s))
        wave = grooves * float(np.sin(6 * np.pi * s))
        left, down = rake * length * s, length * s
        front.append((x + width - left + flare * s + swell * bulge + wave, y + down))
        rear.append((x - left - hump * bulge, y + down - heel * s))
    parts = [plate([*front, *rear[::-1]], between(rng, 24, 34), material)]
    if magazine is not None:
        more, lean = between(rng, -4, 14), rake * length
        inside = [(x + 7, y), (x + width - 7, y), (x + width - 7 - lean, y + length + more)]
        parts.append(plate([*inside, (x + 5 - lean, y + length + more - heel)], 14, magazine))
    return parts


def telescope(rng: Rng, x: float, y: float, length: float) -> list[Part]:
    """A sight on two mounts that stand on ``y``."""
    radius, high = between(rng, 12, 17), between(rng, 8, 22)
    at = y - high - radius
    parts = [
        *tube(x, x + length, at, radius, radius - 2.5, ALUMINIUM),
        *tube(x + length, x + length * 1.3, at, radius * 1.6, radius * 1.6 - 3, ALUMINIUM),
        *tube(x - length * 0.2, x, at, radius * 1.35, radius * 1.35 - 3, ALUMINIUM),
        disc((x + length * 0.5, at - radius, 0), 9, 22, ALUMINIUM),
    ]
    return parts + [
        plate(rectangle(x + length * s, at + radius - 4, x + length * s + 16, y), 18, STEEL)
        for s in (0.15, 0.7)
    ]
