"""Blades and points other than knives, for training only: flat side towards the source."""

from typing import Final

import numpy as np

from datasets.practice.arms_parts import arc, grip_material, plastic
from datasets.practice.draws import often, one_of
from datasets.practice.knives import (
    THICK,
    bayonet,
    blade_bundle,
    blade_outline,
    butterfly_knife,
    chopper,
    knife_any,
    knife_curved,
    knife_saw_back,
    knife_serrated,
    knife_tanto,
    kukri,
    throwing_knives,
)
from datasets.synthetic.meshes import Point2, Point3, Rng, bar, rotation, turned_body
from datasets.synthetic.physics import ALUMINIUM, PLASTIC, STEEL, WOOD
from datasets.synthetic.shapes import (
    Build,
    Part,
    between,
    cavity,
    disc,
    joined,
    moved,
    plate,
    rectangle,
    sized,
    strip,
    tube,
    turned,
)


def sickle(rng: Rng) -> list[Part]:
    """A crescent on a round wooden handle."""
    radius, width = between(rng, 75, 150), between(rng, 16, 36)
    start, sweep = -0.5 * np.pi, between(rng, 0.7, 1.25) * np.pi
    outer = arc((0, 0), radius, start, start + sweep, 14)
    inner: list[Point2] = []
    for k, (x, y) in enumerate(arc((0, 0), radius, start, start + sweep, 14)):
        thin = 1 - width * (1 - k / 13) ** between(rng, 0.6, 0.7) / radius
        inner.append((x * thin, y * thin))
    haft = tube(
        -between(rng, 120, 320), 8, -radius + width / 2, between(rng, 11, 16), 0, WOOD.packed(0.7), sides=8
    )
    parts = [plate([*outer, *inner[:-1][::-1]], between(rng, 2, 4), STEEL), *haft]
    parts += tube(-70, 6, -radius + width / 2, 5, 0, STEEL, sides=8)
    return sized(rng, parts, (0.85, 1.1), THICK)


def axe(rng: Rng) -> list[Part]:
    """A flared, bearded or spiked head on a wooden, plastic or steel handle."""
    length, reach, flare = between(rng, 260, 640), between(rng, 70, 140), between(rng, 8, 50)
    eye, beard = between(rng, 34, 56), between(rng, 0, 60)
    bit = [(reach, -flare), (reach + between(rng, 4, 18), eye / 2), (reach, eye + flare + beard)]
    head: list[Point2] = [(-14, 0), (20, 4), *bit, (24, eye - 4), (-14, eye)]
    back = one_of(rng, ["poll", "spike", "none"])
    parts = [plate(head, between(rng, 7, 15), STEEL.packed(round(between(rng, 4.5, 7), 1)))]
    if back == "poll":
        parts.append(plate(rectangle(-between(rng, 30, 50), 2, -14, eye - 2), between(rng, 18, 30), STEEL))
    elif back == "spike":
        parts.append(
            plate(
                [(-14, 8), (-between(rng, 60, 110), eye * between(rng, 0.4, 0.9)), (-14, eye - 8)], 9, STEEL
            )
        )
    shaft = one_of(rng, [WOOD.packed(0.75), plastic(rng), STEEL.packed(2.6)])
    wave, wide = between(rng, -14, 14), between(rng, 22, 32)
    steps = np.linspace(0, 1, 8).tolist()
    right = [(wide / 2 + wave * float(np.sin(2 * np.pi * s)), -10 + length * s) for s in steps]
    left = [
        (x - wide * (1 - 0.15 * float(np.sin(np.pi * s))), y) for s, (x, y) in zip(steps, right, strict=True)
    ]
    parts.append(plate([*right, *left[::-1]], between(rng, 16, 24), shaft))
    return sized(rng, parts, (0.85, 1.05), (0.9, 1.1))


def karambit(rng: Rng) -> list[Part]:
    """A claw, a bent handle and a ring for the finger."""
    radius, width, thick = between(rng, 46, 85), between(rng, 20, 32), between(rng, 2.5, 5)
    sweep = between(rng, 0.35, 0.55) * np.pi
    outer = arc((0, radius), radius, -0.5 * np.pi, -0.5 * np.pi + sweep, 9)
    inner = [
        (x * (1 - width / radius * (1 - k / 8)), radius + (y - radius) * (1 - width / radius * (1 - k / 8)))
        for k, (x, y) in enumerate(outer)
    ]
    hold, ring = between(rng, 80, 115), between(rng, 14, 19)
    bend = between(rng, 10, 34)
    line: list[Point2] = [(4, width / 2), (-hold * 0.5, width / 2 + bend * 0.2), (-hold, width / 2 + bend)]
    parts = [
        plate([*outer, *inner[:-1][::-1]], thick, STEEL),
        *strip(line, width * 0.9, between(rng, 9, 16), grip_material(rng)),
        *strip(line, width * 0.5, thick, STEEL),
        *strip(arc((-hold - ring, line[-1][1]), ring, 0, 2 * np.pi, 11), 6, thick * 1.5, STEEL),
    ]
    return sized(rng, parts, (0.9, 1.1), THICK)


def multi_tool(rng: Rng) -> list[Part]:
    """Two steel handles full of blades, closed or spread with pliers between them."""
    length, width = between(rng, 90, 118), between(rng, 13, 18)
    one: list[Part] = []
    for z in (-between(rng, 5, 7), between(rng, 5, 7)):
        one.append(plate(rectangle(-length, 0, 0, width), 1.4, STEEL, z))
    for z in np.linspace(-4, 4, int(rng.integers(2, 5))).tolist():
        blade = blade_outline(
            rng, length * between(rng, 0.6, 0.92), width * 0.7, one_of(rng, ["drop", "sheep", "clip"])
        )
        one += moved(turned([plate(blade, 1.6, STEEL)], rotation(0, 0, np.pi)), (-4, width, z))
    one.append(disc((-5, width / 2, 0), 3, 14, STEEL, sides=8))
    spread = between(rng, 0.0, 0.12) if often(rng, 0.4) else between(rng, 0.4, np.pi / 2)
    mirrored = turned(one, rotation(np.pi, 0, 0))
    parts = [
        *moved(turned(one, rotation(0, 0, -spread)), (0, 2, 0)),
        *moved(turned(mirrored, rotation(0, 0, spread)), (0, -2, 0)),
    ]
    jaw = between(rng, 34, 60)
    nose: list[Part] = [
        plate(
            [(-6, s * 1), (jaw, s * 0.5), (jaw, s * 4), (12, s * 13), (-6, s * 12)],
            between(rng, 6, 10),
            STEEL,
        )
        for s in (-1.0, 1.0)
    ]
    if spread > 0.2:
        parts += nose
        if often(rng, 0.5):
            outline = blade_outline(rng, length * 0.75, width * 0.9, "drop")
            parts += moved(
                turned([plate(outline, 2.2, STEEL)], rotation(0, 0, between(rng, 0.8, 2.2))),
                (-length * float(np.cos(spread)), length * float(np.sin(spread)), 0),
            )
    else:
        parts += moved(nose, (-jaw - 10, 0, 0))
    return sized(rng, parts, (0.9, 1.15), THICK)


def knuckle_duster(rng: Rng) -> list[Part]:
    """Four rings and a bar for the palm; brass, steel, light metal or plastic."""
    metal = one_of(rng, [STEEL.packed(8.3), STEEL, ALUMINIUM, ALUMINIUM])
    thick, radius, wall = between(rng, 7, 13), between(rng, 10, 12.5), between(rng, 4, 7.5)
    pitch = 2 * radius + wall
    height, spike = between(rng, 24, 44), between(rng, 0, 12)
    outer = radius + wall
    top: list[Point2] = []
    for k in range(4):
        x = k * pitch
        top += [
            (x - pitch / 2, -outer * 0.55),
            (x - pitch * 0.25, -outer),
            (x, -outer - spike),
            (x + pitch * 0.25, -outer),
        ]
    top.append((3.5 * pitch, -outer * 0.55))
    foot = [
        (3.6 * pitch, radius * 0.5),
        (3 * pitch, height),
        (1.5 * pitch, height + between(rng, 0, 10)),
        (0, height),
    ]
    body, _ = plate([*top, *foot, (-0.6 * pitch, radius * 0.5)], thick, metal)
    holes = [cavity(disc((k * pitch, 0, 0), radius, thick, metal, sides=14)[0]) for k in range(4)]
    slot = [
        (0.4 * pitch, outer + 1),
        (2.6 * pitch, outer + 1),
        (2.4 * pitch, height - 5),
        (0.6 * pitch, height - 5),
    ]
    parts: list[Part] = [(body, metal), (joined(holes), metal)]
    if height > outer + 10:
        parts.append((cavity(plate(slot, thick, metal)[0]), metal))
    return sized(rng, parts, (0.92, 1.1), THICK)


def caltrops(rng: Rng) -> list[Part]:
    """Four-pointed spikes in a heap."""
    size, radius = between(rng, 22, 48), between(rng, 2.5, 5)
    spike = turned_body([(-radius, radius), (size * 0.5, radius * 0.8), (size, 0.4)], sides=6)
    upright = [(1.0, 1.0, 1.0), (1.0, -1.0, -1.0), (-1.0, 1.0, -1.0), (-1.0, -1.0, 1.0)]
    star: list[Part] = []
    for x, y, z in upright:
        turn = rotation(0, 0, float(np.arctan2(y, x))) @ rotation(0, -float(np.arctan2(z, np.sqrt(2))), 0)
        star.append((spike.turned(turn), STEEL))
    parts: list[Part] = []
    count = int(rng.integers(3, 16))
    spread = size * np.sqrt(count) * 0.8
    for _ in range(count):
        turn = rotation(*rng.uniform(0, 2 * np.pi, 3).tolist())
        at = rng.uniform(-spread, spread, 3)
        parts += moved(turned(star, turn), (float(at[0]), float(at[1]), float(at[2]) * 0.3))
    return parts


def spear_head(rng: Rng) -> list[Part]:
    """A leaf or barbed head on a socket, with a piece of its shaft."""
    length, width, neck = between(rng, 120, 320), between(rng, 14, 42), between(rng, 9, 14)
    at, barb = between(rng, 0.12, 0.4), between(rng, -0.15, 0.12)
    upper: list[Point2] = [
        (0, -neck * 0.6),
        (length * (at - barb), -width),
        (length * (at + 0.3), -width * 0.75),
        (length, 0),
    ]
    outline = [*upper, *[(x, -y) for x, y in upper[-2::-1]]]
    shaft = between(rng, 40, 320)
    parts = [
        plate(outline, between(rng, 3, 6), STEEL),
        *tube(-between(rng, 60, 110), length * at, 0, neck, neck - 2.5, STEEL),
        *tube(-shaft - 60, -40, 0, neck - 1, 0, one_of(rng, [WOOD.packed(0.7), ALUMINIUM]), sides=8),
    ]
    return sized(rng, parts, (0.9, 1.08), THICK)


def arrow_heads(rng: Rng) -> list[Part]:
    """Broad heads side by side, on shafts or loose."""
    length, width, blade = between(rng, 30, 60), between(rng, 10, 18), between(rng, 1, 2.6)
    barb = between(rng, 0, 12)
    shaft = between(rng, 250, 560) if often(rng, 0.5) else between(rng, 15, 40)
    tail: list[Part] = [
        plate([(-shaft + 6, -12), (-shaft + 70, -4), (-shaft + 70, 4), (-shaft + 6, 12)], 1, PLASTIC)
    ]
    head = [(length, 0.0), (-barb, width), (4.0, 4.0), (4.0, -4.0), (-barb, -width)]
    one = [
        plate(head, blade, STEEL),
        *tube(-shaft, length * 0.4, 0, 4, 2.8, one_of(rng, [ALUMINIUM, WOOD, STEEL]), sides=8),
    ]
    one += tail if shaft > 100 else []
    if often(rng, 0.5):
        one += turned([plate(head, blade, STEEL)], rotation(np.pi / 2, 0, 0))
    parts: list[Part] = []
    pitch = 2 * width * between(rng, 0.7, 1.2)
    for k in range(int(rng.integers(2, 9))):
        parts += moved(
            turned(one, rotation(0, 0, float(rng.normal(0, 0.03)))),
            (between(rng, -15, 15), k * pitch, between(rng, -6, 6)),
        )
    return parts


def razor(rng: Rng) -> list[Part]:
    """A straight razor half open: a wide blunt blade, a bent tail, thin scales."""
    length, width = between(rng, 75, 105), between(rng, 16, 28)
    tail = between(rng, 25, 45)
    blade = [
        plate(
            [(0, 0), (length, 0), (length, width * 0.8), (length - 4, width), (8, width), (4, width * 0.6)],
            between(rng, 1.2, 2.2),
            STEEL,
        ),
        plate(rectangle(0, 0, length, width * 0.3), between(rng, 2, 4), STEEL),
        *strip([(2, 5), (-32, 5), (-32 - tail, -between(rng, 4, 18))], 8, 4, STEEL),
    ]
    hold = length + between(rng, 20, 40)
    bow = between(rng, 4, 16)
    curve = [(-hold * s, bow * float(np.sin(np.pi * s))) for s in np.linspace(0, 1, 6).tolist()]
    angle = between(rng, 0.0, np.pi)
    scales = [*strip(curve, between(rng, 13, 19), 8, grip_material(rng)), *strip(curve, 9, 1.5, STEEL)]
    pins: list[Part] = [
        disc((0, 0, 0), 3, 11, STEEL, sides=8),
        disc((-hold + 4, 0, 0), 3, 11, STEEL, sides=8),
    ]
    parts = [*moved(turned(moved(blade, (32, -5, 0)), rotation(0, 0, angle)), (0, 0, 0)), *scales, *pins]
    return sized(rng, parts, (0.95, 1.15), THICK)


def star_deep(rng: Rng) -> list[Part]:
    """Three to five long thin points, bent like a wheel at times, with a hole."""
    count, outer, thick = one_of(rng, [3, 4, 5, 5]), between(rng, 38, 66), between(rng, 2.4, 7)
    inner, twist = outer * between(rng, 0.16, 0.36), between(rng, -0.28, 0.28)
    hook = between(rng, 0, 0.25)
    outline: list[Point2] = []
    for k in range(count):
        for radius, turn in (
            (outer, 0.0),
            (outer * 0.6, 0.12 + hook * 0.5),
            (inner, 0.5 + twist),
            (outer * 0.6, 0.88 + hook * 0.5),
        ):
            angle = 2 * np.pi * (k + turn) / count
            outline.append((radius * float(np.cos(angle)), radius * float(np.sin(angle))))
    parts = [plate(outline, thick, STEEL)]
    hole = inner * between(rng, 0.3, 0.6)
    parts.append((cavity(disc((0, 0, 0), hole, thick, STEEL, sides=12)[0]), STEEL))
    stack = int(rng.integers(1, 4))
    return sized(
        rng,
        [p for k in range(stack) for p in moved(parts, (k * outer * 0.5, 0, k * thick))],
        (0.9, 1.1),
        THICK,
    )


def claw(rng: Rng) -> list[Part]:
    """A hand claw: three or four bent spikes on a bar or band."""
    count, length = int(rng.integers(3, 5)), between(rng, 70, 220)
    pitch, bend = between(rng, 16, 24), between(rng, 6, 40)
    parts: list[Part] = []
    for k in range(count):
        y = k * pitch
        line: list[Point3] = [
            (0, y, 0),
            (length * 0.5, y + bend * 0.2, 0),
            (length * 0.85, y + bend * 0.7, 0),
            (length, y + bend, 0),
        ]
        parts += [(bar(a, b, w, 4), STEEL) for a, b, w in zip(line, line[1:], (9.0, 7.0, 4.0), strict=False)]
    parts.append(
        plate(rectangle(-12, -12, 4, (count - 1) * pitch + 12), between(rng, 6, 14), STEEL.packed(6))
    )
    parts.append(
        plate(rectangle(-between(rng, 30, 60), 4, -10, (count - 1) * pitch - 4), 26, grip_material(rng))
    )
    return sized(rng, parts, (0.9, 1.1), THICK)


BLADES: Final[tuple[Build, ...]] = (
    knife_any,
    knife_curved,
    knife_tanto,
    knife_serrated,
    knife_saw_back,
    sickle,
    axe,
    chopper,
    karambit,
    bayonet,
    kukri,
    multi_tool,
    knuckle_duster,
    caltrops,
    spear_head,
    arrow_heads,
    razor,
    butterfly_knife,
    star_deep,
    blade_bundle,
    throwing_knives,
    claw,
)
