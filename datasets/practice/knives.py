"""Knives of random outlines, for training only: flat side towards the source, handle to the left."""

from typing import Final

import numpy as np

from datasets.practice.arms_parts import arc, grip_material
from datasets.practice.draws import often, one_of
from datasets.synthetic.meshes import Point2, Point3, Rng, rotation, turned_body
from datasets.synthetic.physics import ALUMINIUM, RUBBER, STEEL, Material
from datasets.synthetic.shapes import (
    Part,
    between,
    cavity,
    disc,
    extent,
    moved,
    plate,
    rectangle,
    sized,
    strip,
    tube,
    turned,
)

THICK: Point2 = (0.9, 1.2)
# Where the back starts to fall and how, where the edge starts to rise and how, and how low the point lies.
_POINTS: Final[dict[str, tuple[float, float, float, float, float]]] = {
    "clip": (0.62, 0.8, 0.7, 2.0, 0.45),
    "tanto": (0.9, 1.0, 0.84, 1.0, 0.08),
    "drop": (0.45, 2.2, 0.3, 2.0, 0.22),
    "sheep": (0.78, 2.0, 0.92, 1.5, 0.92),
    "trailing": (0.3, 2.0, 0.3, 1.7, -0.35),
    "hawk": (0.25, 1.8, 0.6, 1.2, 1.15),
}


def blade_outline(
    rng: Rng,
    length: float,
    width: float,
    point: str,
    *,
    bow: float = 0.0,
    belly: float = 0.0,
    edge_teeth: float = 0.0,
    back_teeth: float = 0.0,
) -> list[Point2]:
    """An outline from x = 0 to the right, its back on y = 0.

    Args:
        rng: Varies the point.
        length: Millimetres.
        width: At the handle.
        point: One of `_POINTS`.
        bow: How far the point lies lower than straight; negative is higher.
        belly: How much wider the middle is, as a share.
        edge_teeth: Depth of a wavy edge.
        back_teeth: Depth of a saw on the back.
    """
    fall, fall_power, rise, rise_power, low = _POINTS[point]
    vary = between(rng, -0.08, 0.08)
    n = 14 if edge_teeth == back_teeth == 0 else int(min(length / between(rng, 2.5, 5), 80))
    back: list[Point2] = []
    edge: list[Point2] = []
    for k, s in enumerate(np.linspace(0, 1, n + 1)[:-1].tolist()):
        wide = width * (1 + belly * float(np.sin(np.pi * s)))
        dip = low * width * max((s - fall - vary) / (1 - fall - vary), 0.0) ** fall_power
        lift = (wide - low * width) * max((s - rise - vary) / (1 - rise - vary), 0.0) ** rise_power
        bent = bow * s**1.6
        tooth = float(k % 2) * (1 - s**4)
        back.append((length * s, bent + dip + back_teeth * tooth * (0.1 < s < 0.65)))
        edge.append((length * s, bent + wide - lift - edge_teeth * tooth))
    return [*back, (length, bow + low * width), *edge[::-1]]


def handle(rng: Rng, width: float, tang: float) -> list[Part]:
    """Left of x = 0: scales, a tube, a wrapped bar or a stub of moulded plastic."""
    length, wide = between(rng, 85, 145), min(max(width, 18.0), between(rng, 22, 34))
    form = one_of(rng, ["scales", "tube", "moulded", "bare"])
    if form == "tube":
        pipe = tube(-length, 0, wide / 2, wide / 2, wide / 2 - 2, STEEL)
        return [*pipe, disc((-length, wide / 2, 0), wide * 0.55, wide, STEEL.packed(4))]
    swell = between(rng, -3, 6)
    steps = np.linspace(0, 1, 7).tolist()
    upper = [(-length * s, -swell * float(np.sin(2 * np.pi * s))) for s in steps]
    lower = [(-length * s, wide + swell * float(np.sin(3 * np.pi * s)) + 4 * s) for s in steps[::-1]]
    if form == "bare":
        return [plate([*upper, *lower], tang, STEEL)]
    parts = [plate([*upper, *lower], between(rng, 13, 24), grip_material(rng))]
    parts.append(
        plate(rectangle(-length * between(rng, 0.5, 0.95), wide * 0.25, 4, wide * 0.75), tang, STEEL)
    )
    if form == "scales":
        count = int(rng.integers(2, 5))
        parts += [
            disc((-length * s, wide / 2, 0), between(rng, 2, 4), 18, STEEL, sides=8)
            for s in np.linspace(0.15, 0.85, count).tolist()
        ]
    return parts


def _hilt(rng: Rng, width: float, tang: float) -> list[Part]:
    """A handle with a bolster or a one-sided guard."""
    parts = handle(rng, width, tang)
    if often(rng, 0.5):
        parts.append(plate(rectangle(-7, -2, 3, width + between(rng, 2, 20)), between(rng, 9, 16), STEEL))
    return parts


def knife_any(rng: Rng) -> list[Part]:
    """Any length, width and point."""
    length, width, thick = between(rng, 80, 300), between(rng, 17, 52), between(rng, 1.6, 5)
    outline = blade_outline(
        rng,
        length,
        width,
        one_of(rng, list(_POINTS)),
        bow=between(rng, -0.08, 0.1) * length,
        belly=between(rng, -0.15, 0.25),
    )
    return sized(rng, [plate(outline, thick, STEEL), *_hilt(rng, width, thick)], (0.9, 1.1), THICK)


def knife_curved(rng: Rng) -> list[Part]:
    """Short sabres and hooked knives: the bend is what strikes."""
    length, width, thick = between(rng, 200, 560), between(rng, 24, 46), between(rng, 2.5, 5.5)
    bow = one_of(rng, [-1.0, 1.0]) * between(rng, 0.16, 0.42) * length
    outline = blade_outline(
        rng, length, width, one_of(rng, ["trailing", "drop", "clip"]), bow=bow, belly=between(rng, -0.2, 0.3)
    )
    return sized(rng, [plate(outline, thick, STEEL), *_hilt(rng, width, thick)], (0.9, 1.08), THICK)


def knife_tanto(rng: Rng) -> list[Part]:
    """Straight back, an angled point, a wrapped handle."""
    length, width, thick = between(rng, 130, 380), between(rng, 24, 38), between(rng, 3.5, 6.5)
    parts = [
        plate(blade_outline(rng, length, width, "tanto", bow=-between(rng, 0, 0.06) * length), thick, STEEL),
        *handle(rng, width, thick),
    ]
    if often(rng, 0.5):
        parts.append(plate(rectangle(-5, -10, 2, width + 10), between(rng, 24, 40), STEEL.packed(5)))
    return sized(rng, parts, (0.9, 1.1), THICK)


def knife_serrated(rng: Rng) -> list[Part]:
    """A wavy edge along the whole blade."""
    length, width, thick = between(rng, 110, 280), between(rng, 20, 36), between(rng, 1.6, 3)
    outline = blade_outline(
        rng, length, width, one_of(rng, ["hawk", "sheep", "clip"]), edge_teeth=between(rng, 1.5, 4)
    )
    return sized(rng, [plate(outline, thick, STEEL), *handle(rng, width, thick)], (0.9, 1.1), THICK)


def knife_saw_back(rng: Rng) -> list[Part]:
    """Survival knife: a saw on the back, often a hollow handle."""
    length, width, thick = between(rng, 140, 280), between(rng, 30, 48), between(rng, 3.5, 6.5)
    outline = blade_outline(
        rng, length, width, one_of(rng, ["clip", "drop"]), back_teeth=between(rng, 2.5, 5.5)
    )
    parts = [
        plate(outline, thick, STEEL),
        plate(rectangle(-6, -2, 2, width + between(rng, 4, 18)), 9, STEEL),
        *handle(rng, width, thick),
    ]
    return sized(rng, parts, (0.9, 1.1), THICK)


def chopper(rng: Rng) -> list[Part]:
    """Bill hooks and jungle knives: heavy towards the point, hooked or humped, never a rectangle."""
    length, width, thick = between(rng, 180, 420), between(rng, 30, 52), between(rng, 2.4, 6)
    swell, hook = between(rng, 0.4, 1.0) * width, between(rng, 0, 0.9) * width
    hump = between(rng, -0.1, 0.25) * width
    outline: list[Point2] = [
        (0, 0),
        (length * 0.4, -hump),
        (length * 0.8, -hump * 1.5 - swell * 0.2),
        (length, -hump + swell * 0.4),
        (length * 0.99, width + hook + swell * 0.4),
        (length * 0.88, width + swell * 0.7),
        (length * 0.6, width + swell * 0.4),
        (length * 0.3, width * 0.95),
        (0, width),
    ]
    return sized(rng, [plate(outline, thick, STEEL), *handle(rng, width, thick)], (0.9, 1.1), THICK)


def bayonet(rng: Rng) -> list[Part]:
    """One edge, a groove, a ring for the muzzle on its guard; or a spike with a socket."""
    length, thick = between(rng, 150, 430), between(rng, 4, 6.5)
    if often(rng, 0.3):
        socket, radius = between(rng, 60, 80), between(rng, 11, 14)
        spike = turned_body([(20, 5), (30, 7), (length, 5), (length + 30, 0.8)], sides=6)
        parts: list[Part] = [
            *tube(-socket, 0, 0, radius, radius - 2.5, STEEL),
            (spike.moved((0, 26, 0)), STEEL),
        ]
        return sized(rng, [*parts, *strip([(-8, 8), (24, 26)], 12, 10, STEEL)], (0.9, 1.1), THICK)
    width, ring = between(rng, 20, 32), between(rng, 9, 13)
    parts = [
        plate(blade_outline(rng, length, width, one_of(rng, ["clip", "drop"])), thick * 0.7, STEEL),
        plate(rectangle(4, width * 0.55, length * 0.8, width * 0.85), thick * 0.3, STEEL),
        plate(rectangle(-6, -4, 2, width + between(rng, 4, 16)), 13, STEEL),
        *strip(arc((-2, -4 - ring), ring, 0, 2 * np.pi, 11), 5, 9, STEEL),
        plate(rectangle(-between(rng, 95, 120), 0, -4, width), between(rng, 18, 24), grip_material(rng)),
        plate(rectangle(-126, -2, -92, width + 2), 16, STEEL),
    ]
    return sized(rng, parts, (0.9, 1.1), THICK)


def kukri(rng: Rng) -> list[Part]:
    """Bent downwards a third of the way, widest behind the point."""
    length, width, thick = between(rng, 220, 400), between(rng, 26, 38), between(rng, 4, 8)
    drop, wide = between(rng, 0.12, 0.28) * length, between(rng, 1.3, 1.9)
    outline: list[Point2] = [
        (0, 0),
        (length * 0.3, -width * 0.1),
        (length * 0.42, width * 0.05),
        (length * 0.75, drop * 0.55),
        (length, drop + width * 0.9),
        (length * 0.86, drop * 0.8 + width * (wide - 0.1)),
        (length * 0.66, drop * 0.45 + width * wide),
        (length * 0.42, width * 1.15),
        (length * 0.25, width * 0.85),
        (0, width),
    ]
    return sized(
        rng, [plate(outline, thick * 0.7, STEEL), *handle(rng, width, thick * 0.7)], (0.9, 1.1), THICK
    )


def butterfly_knife(rng: Rng) -> list[Part]:
    """A blade between two pierced handles, open, half open or shut."""
    length, width, thick = between(rng, 80, 125), between(rng, 15, 24), between(rng, 2.4, 4)
    hold = length + between(rng, 12, 26)
    metal = one_of(rng, [STEEL, STEEL.packed(5), ALUMINIUM])
    one = [plate(rectangle(-hold, -6, 4, 6), between(rng, 9, 12), metal)]
    hole = between(rng, 2.2, 3.6)
    for s in np.linspace(0.15, 0.85, int(rng.integers(3, 7))).tolist():
        one.append((cavity(disc((-hold * s, 0, 0), hole, 9, metal, sides=10)[0]), metal))
    angles = one_of(
        rng, [(0.0, 0.0), (between(rng, 0.4, 1.4), -between(rng, 0.2, 1.2)), (np.pi * 0.97, -np.pi * 0.97)]
    )
    parts = [plate(blade_outline(rng, length, width, one_of(rng, ["clip", "tanto", "drop"])), thick, STEEL)]
    for y, angle in zip((2.0, width - 2), angles, strict=True):
        parts += moved(turned(one, rotation(0, 0, angle)), (-2, y, 0))
        parts.append(disc((-2, y, 0), 2.5, 13, STEEL, sides=8))
    return sized(rng, parts, (0.95, 1.15), THICK)


def throwing_knives(rng: Rng) -> list[Part]:
    """A set of one-piece steel spikes or blades, fanned out or parallel."""
    length, width, thick = between(rng, 120, 260), between(rng, 12, 28), between(rng, 3, 6)
    outline = blade_outline(rng, length * 0.55, width, one_of(rng, ["clip", "tanto", "trailing"]))
    slim = width * between(rng, 0.4, 0.7)
    tail: list[Point2] = [
        (2, width * 0.5 - slim / 2),
        (-length * 0.45, 0),
        (-length * 0.45, width),
        (2, width * 0.5 + slim / 2),
    ]
    one = [plate(outline, thick, STEEL), plate(tail, thick, STEEL)]
    ring: Material = STEEL
    hole = cavity(disc((-length * 0.4, width / 2, 0), width * 0.2, thick, ring, sides=10)[0])
    one.append((hole, ring))
    parts: list[Part] = []
    fan = between(rng, -0.25, 0.25)
    for k in range(int(rng.integers(2, 7))):
        at: Point3 = (0, k * width * between(rng, 0.6, 1.4), k * thick)
        parts += moved(turned(one, rotation(0, 0, fan * k)), at)
    return sized(rng, parts, (0.9, 1.08), THICK)


def blade_bundle(rng: Rng) -> list[Part]:
    """Assorted knives wrapped together, points both ways."""
    makers = (
        knife_any,
        knife_tanto,
        knife_serrated,
        knife_saw_back,
        kukri,
        butterfly_knife,
    )
    parts: list[Part] = []
    y = 0.0
    for k in range(int(rng.integers(2, 7))):
        half = np.pi if often(rng, 0.35) else 0.0
        one = turned(one_of(rng, makers)(rng), rotation(0, 0, float(rng.normal(0, 0.12)) + half))
        low, high = extent(one)
        at = (between(rng, -40, 40) - float(low[0] + high[0]) / 2, y - float(low[1]), k * between(rng, 3, 9))
        parts += moved(one, at)
        y += float(high[1] - low[1]) * between(rng, 0.35, 0.9)
    if often(rng, 0.4):
        low, high = extent(parts)
        x = between(rng, float(low[0]) * 0.5, float(high[0]) * 0.5)
        z = float(low[2] + high[2]) / 2
        parts.append(
            plate(rectangle(x, float(low[1]) - 2, x + between(rng, 20, 60), float(high[1]) + 2), 3, RUBBER, z)
        )
    return parts
