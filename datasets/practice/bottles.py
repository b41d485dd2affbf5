"""Spirits, wine and beer to train on only: vessels of many forms, full or half full, in what they come in."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from datasets.practice.arranging import (
    around,
    boxed,
    chamfered,
    copies,
    in_crate,
    lattice,
    many,
    piled,
    pillow,
)
from datasets.practice.draws import number, one_of
from datasets.synthetic.meshes import Point2, Point3, Rng, cuboid, rod, rotation, turned_body
from datasets.synthetic.physics import ALUMINIUM, GLASS, ORGANIC, PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.shapes import (
    ALONG_RAYS,
    UPRIGHT,
    Build,
    Part,
    between,
    block,
    cavity,
    hollow,
    joined,
    moved,
    tube,
    turned,
)


def _spirit(rng: Rng) -> Material:
    return ORGANIC.packed(between(rng, 0.8, 1.03))


def _card(rng: Rng) -> Material:
    return ORGANIC.packed(between(rng, 0.2, 0.45))


def _radius(profile: Sequence[Point2], level: float) -> float:
    return float(np.interp(level, [x for x, _ in profile], [r for _, r in profile]))


def _up_to(profile: Sequence[Point2], level: float) -> list[Point2]:
    """The part of a profile below a level."""
    return [(x, r) for x, r in profile if x < level - 0.5] + [(level, _radius(profile, level))]


def _filled(
    profile: Sequence[Point2],
    wall: float,
    shell: Material,
    content: Material,
    level: float,
    *,
    sides: int = 8,
) -> list[Part]:
    """A standing vessel, its foot at y = 0, filled to a share of its height; four sides make it square."""
    last = len(profile) - 1
    inner = [
        (x + wall if k == 0 else x - wall if k == last else x, max(r - wall, 0.5))
        for k, (x, r) in enumerate(profile)
    ]
    content_profile = _up_to(inner, wall + level * (inner[-1][0] - wall))
    parts: list[Part] = [
        (
            joined([turned_body(profile, sides=sides), cavity(turned_body(inner, sides=sides))]),
            shell,
        ),
        (turned_body(content_profile, sides=sides), content),
    ]
    return turned(turned(parts, rotation(np.pi / 4, 0, 0)) if sides == 4 else parts, UPRIGHT)


def _cap(tall: float, radius: float, long: float, material: Material) -> list[Part]:
    return turned(tube(tall - 1, tall + long, 0, radius, 0, material, sides=8), UPRIGHT)


def _wine(rng: Rng, size: float = 1) -> list[Part]:
    """From steep shoulders to none, with neck and cork."""
    radius, tall = between(rng, 33, 46) * size, between(rng, 270, 360) * size
    shoulder = between(rng, 0.38, 0.66)
    slope = between(rng, 0.06, 0.8 - shoulder)
    neck = between(rng, 12, 16) * size
    bulge = between(rng, 0.5, 0.95)
    profile = [
        (0.0, radius * between(rng, 0.85, 1)),
        (tall * 0.06, radius),
        (tall * shoulder, radius),
        (tall * (shoulder + slope * 0.5), neck + (radius - neck) * bulge * 0.8),
        (tall * (shoulder + slope), neck),
        (tall, neck),
    ]
    one = _filled(profile, between(rng, 2.5, 5.5) * size**0.5, GLASS, _spirit(rng), between(rng, 0.78, 0.9))
    return one + _cap(tall, neck + 1, 10 * size, one_of(rng, [WOOD, ALUMINIUM.packed(1.2), PLASTIC]))


def _flask(rng: Rng) -> list[Part]:
    """Round, squat or slim, of glass or plastic, with a wide cap."""
    radius = between(rng, 30, 60)
    tall, neck = radius * between(rng, 3.2, 6.5), radius * between(rng, 0.28, 0.6)
    waist = between(rng, 0.82, 1.0)
    profile = [
        (0.0, radius),
        (tall * 0.35, radius * waist),
        (tall * 0.68, radius),
        (tall * between(rng, 0.8, 0.9), neck),
        (tall, neck),
    ]
    one = _filled(profile, between(rng, 2.2, 5), GLASS, _spirit(rng), between(rng, 0.6, 0.92))
    return one + _cap(tall, neck * 1.15, 18, one_of(rng, [PLASTIC, ALUMINIUM.packed(1.3)]))


def _square(rng: Rng) -> list[Part]:
    half = between(rng, 30, 52)
    tall, neck = half * between(rng, 3.6, 6), half * between(rng, 0.3, 0.45)
    shoulder = tall * between(rng, 0.66, 0.8)
    profile = [(0.0, half), (shoulder, half), (shoulder + 0.5 * half, neck * 1.1), (tall * 0.86, neck)]
    body = _filled(profile, between(rng, 3, 6), GLASS, _spirit(rng), between(rng, 0.7, 0.9), sides=4)
    collar = turned(tube(tall * 0.86, tall, 0, neck, neck * 0.7, GLASS, sides=8), UPRIGHT)
    flat = (1.0, 1.0, between(rng, 0.5, 1))
    parts = [(mesh.scaled(flat), material) for mesh, material in [*body, *collar]]
    return parts + _cap(tall, neck * 1.1, 26, one_of(rng, [PLASTIC, WOOD, ALUMINIUM.packed(1.4)]))


def _pitch(one: Sequence[Part], apart: float) -> Point3:
    x, y, z = around(one)[1]
    return x + apart, y + apart, z + apart


def wine_case(rng: Rng) -> list[Part]:
    """Standing in a case of wood, in straw, every other row between the necks or not."""
    one = _wine(rng)
    x, y, z = _pitch(one, between(rng, 3, 14))
    places = lattice(rng, (x, y, z), (number(rng, 2, 6), 1, number(rng, 1, 4)))
    if rng.random() < 0.5:
        places = [(a + (x / 2 if round(c / z) % 2 else 0), b, c * 0.88) for a, b, c in places]
    parts = copies(one, places)
    middle, size = around(parts, 4)
    parts.append(block(middle, size, ORGANIC.packed(between(rng, 0.02, 0.08))))
    return boxed(parts, between(rng, 6, 14), WOOD.packed(between(rng, 0.4, 0.65)))


def bottles_square(rng: Rng) -> list[Part]:
    """Square bottles close together, sheets of card between their layers."""
    one = _square(rng)
    pitch = _pitch(one, between(rng, 2, 8))
    counts = (many(rng, pitch[0], 150, 600, 6), number(rng, 1, 2), many(rng, pitch[2], 120, 400, 4))
    layer = copies(one, lattice(rng, pitch, (counts[0], 1, counts[2])))
    (a, b, c), (x, y, z) = around(layer)
    sheet = block((a, b + y / 2 + 3, c), (x + 8, between(rng, 2, 6), z + 8), ORGANIC.packed(0.5))
    return piled([[*layer, sheet]] * counts[1], 1)


def bottles_large(rng: Rng) -> list[Part]:
    """Magnums and larger, alone or a few, each in its own tube or box."""
    size = between(rng, 1.25, 2.1)
    one = _wine(rng, size)
    middle, (x, y, z) = around(one, between(rng, 3, 12))
    if rng.random() < 0.5:
        one = boxed(one, between(rng, 3, 10), one_of(rng, [WOOD, ORGANIC.packed(0.4)]), 6)
    elif rng.random() < 0.6:
        half = max(x, z) / 2
        sleeve = tube(-y / 2, y / 2, 0, half + 3, half, one_of(rng, [ORGANIC.packed(0.6), STEEL.packed(1.5)]))
        one = one + moved(turned(sleeve, UPRIGHT), middle)
    pitch = _pitch(one, 6)
    return copies(one, lattice(rng, pitch, (number(rng, 1, 5), 1, number(rng, 1, 3)), jitter=3))


def demijohns(rng: Rng) -> list[Part]:
    """Round-bellied glass in baskets or plastic frames."""
    radius = between(rng, 100, 190)
    tall, neck = radius * between(rng, 2.1, 3.0), between(rng, 18, 34)
    belly = between(rng, 0.3, 0.5)
    profile = [
        (0.0, radius * 0.6),
        (tall * belly * 0.35, radius * 0.9),
        (tall * belly, radius),
        (tall * (belly + 0.22), radius * 0.85),
        (tall * (belly + 0.38), radius * 0.4),
        (tall * 0.9, neck),
        (tall, neck),
    ]
    glass, level = one_of(rng, [GLASS, GLASS, PLASTIC]), between(rng, 0.3, 0.85)
    one = _filled(profile, between(rng, 3, 6), glass, _spirit(rng), level, sides=12)
    one += _cap(tall, neck * 1.1, 16, one_of(rng, [WOOD, PLASTIC]))
    if rng.random() < 0.7:
        basket, n = one_of(rng, [PLASTIC, WOOD]), number(rng, 2, 5)
        rings = []
        for k in range(n):
            at = tall * (0.04 + 0.55 * k / n)
            wide = _radius(profile, at) + 8
            rings += tube(at, at + between(rng, 8, 26), 0, wide, wide - 6, basket, sides=12)
        one += turned(rings, UPRIGHT)
    pitch = _pitch(one, 8)
    return copies(
        one, lattice(rng, pitch, (many(rng, pitch[0], 200, 1200, 4), 1, number(rng, 1, 2)), jitter=6)
    )


def bag_in_box(rng: Rng) -> list[Part]:
    """Wine in bags with taps, in boxes of card, stacked."""
    x, y, z = between(rng, 150, 300), between(rng, 170, 330), between(rng, 90, 200)
    level = between(rng, 0.6, 0.95)
    bag = pillow((x - 8, z - 8, y * level), 0.85).turned(rotation(np.pi / 2, 0, 0))
    one: list[Part] = [
        *hollow((0, 0, 0), (x, y, z), between(rng, 2, 4), ORGANIC.packed(0.6)),
        (bag.moved((0, y * (1 - level) / 2, 0)), _spirit(rng)),
        (rod(15, 45, sides=8).turned(ALONG_RAYS).moved((0, y * 0.38, z / 2 - 24)), PLASTIC),
    ]
    counts = (many(rng, x, 150, 800, 4), many(rng, y, 170, 700, 3), many(rng, z, 90, 400, 3))
    return copies(one, lattice(rng, (x + 3, y + 2, z + 3), counts, jitter=3))


def kegs(rng: Rng) -> list[Part]:
    """Small barrels of steel with rims and a fitting, standing."""
    radius = between(rng, 85, 200)
    tall = radius * between(rng, 1.6, 3.4)
    rim = between(rng, 12, 40)
    profile = [
        (0.0, radius * 0.65),
        (rim, radius * 0.95),
        (tall * 0.3, radius),
        (tall * 0.7, radius),
        (tall - rim, radius * 0.95),
        (tall, radius * 0.65),
    ]
    wall, metal = one_of(rng, [(1.5, STEEL), (2.5, STEEL), (4.0, ALUMINIUM)])
    one = _filled(profile, wall, metal, _spirit(rng), between(rng, 0.4, 0.97), sides=14)
    rims = [
        *tube(-rim * 0.3, rim, 0, radius * 0.97, radius * 0.97 - 3, metal, sides=14),
        *tube(tall - rim, tall + rim * 0.6, 0, radius * 0.97, radius * 0.97 - 3, metal, sides=14),
        *tube(tall * 0.1, tall + 8, 0, 14, 9, metal, sides=6),
    ]
    if rng.random() < 0.5:
        rims += tube(tall * 0.48, tall * 0.52, 0, radius + 8, radius, metal, sides=14)
    one += turned(rims, UPRIGHT)
    counts = (many(rng, 2 * radius, 170, 1100, 4), many(rng, tall, 200, 800, 2), number(rng, 1, 2))
    return copies(one, lattice(rng, _pitch(one, 4), counts, jitter=4))


def spirit_cans(rng: Rng) -> list[Part]:
    """Tins of spirit, round or square, in shallow trays one on the other."""
    radius = between(rng, 28, 70)
    tall = radius * between(rng, 1.8, 4.2)
    sides = one_of(rng, [4, 10, 10])
    profile = [(0.0, radius * 0.9), (tall * 0.04, radius), (tall * 0.93, radius), (tall, radius * 0.85)]
    wall, metal = one_of(rng, [(0.4, STEEL), (0.5, ALUMINIUM), (0.8, STEEL)])
    one = _filled(profile, wall, metal, _spirit(rng), between(rng, 0.85, 0.97), sides=sides)
    one += _cap(tall, radius * 0.25, 9, PLASTIC)
    pitch = _pitch(one, 2)
    counts = (many(rng, pitch[0], 180, 600, 8), 1, many(rng, pitch[2], 120, 420, 5))
    layer = copies(one, lattice(rng, pitch, counts))
    (a, b, c), (x, y, z) = around(layer, 2)
    edge = between(rng, 15, 60)
    tray = block((a, b + y / 2 + 1, c), (x, 3, z), ORGANIC.packed(0.5))
    sides_of_tray = [
        block((a, b + y / 2 - edge / 2, c + side * z / 2), (x, edge, 3), tray[1]) for side in (-1, 1)
    ]
    layers = many(rng, tall, 100, 550, 5)
    return piled([[*layer, tray, *sides_of_tray]] * layers, 1)


def bottles_divided(rng: Rng) -> list[Part]:
    """In cells of card, some empty, filled unlike each other."""
    kinds = [_flask(rng)] if rng.random() < 0.5 else [_flask(rng), _wine(rng)]
    x, y, z = np.max([_pitch(one, between(rng, 8, 20)) for one in kinds], axis=0).tolist()
    counts = (number(rng, 2, 6), 1, number(rng, 2, 4))
    places = lattice(rng, (x, y, z), counts)
    share = between(rng, 0.55, 1)
    parts: list[Part] = []
    for one in kinds:
        kept = [at for at in places if rng.random() < share / len(kinds) ** 0.5]
        parts += copies(one, kept or places[:1])
        places = [at for at in places if at not in kept] or places[-1:]
    high = y * between(rng, 0.5, 0.9)
    span = (counts[0] * x, high, counts[2] * z)
    sheets = [cuboid((3, high, span[2])).moved((k * x, 0, span[2] / 2)) for k in range(counts[0] + 1)]
    sheets += [cuboid((span[0], high, 3)).moved((span[0] / 2, 0, k * z)) for k in range(counts[2] + 1)]
    parts.append((joined(sheets).moved((-x / 2, -high / 2, -z / 2)), _card(rng)))
    return boxed(parts, between(rng, 3, 6), _card(rng), 2)


def bottles_plastic(rng: Rng) -> list[Part]:
    """Plastic bottles with waists and grooves, in shrink film."""
    radius = between(rng, 32, 80)
    tall, n = radius * between(rng, 4, 6.5), number(rng, 2, 5)
    profile = [(0.0, radius * 0.8), (tall * 0.04, radius)]
    for k in range(n):
        at = 0.1 + 0.5 * k / n
        dent = between(rng, 0.86, 0.97)
        profile += [(tall * at, radius), (tall * (at + 0.03), radius * dent), (tall * (at + 0.06), radius)]
    neck = between(rng, 12, 20)
    profile += [(tall * 0.68, radius), (tall * 0.82, radius * 0.6), (tall * 0.92, neck), (tall, neck)]
    one = _filled(profile, 1.2, PLASTIC.packed(1.35), _spirit(rng), between(rng, 0.7, 0.93))
    one += _cap(tall, neck + 3, 14, PLASTIC)
    pitch = _pitch(one, 1.5)
    counts = (many(rng, pitch[0], 150, 600, 6), 1, many(rng, pitch[2], 100, 400, 4))
    pack = boxed(copies(one, lattice(rng, pitch, counts)), 0.8, PLASTIC, 0.5)
    return piled([pack] * number(rng, 1, 2), 1)


def spirit_drums(rng: Rng) -> list[Part]:
    """Drums of plastic or steel with ribs and bungs."""
    radius = between(rng, 140, 300)
    tall = radius * between(rng, 2.2, 3.2)
    wall, skin = one_of(rng, [(1.2, STEEL), (5.0, PLASTIC), (4.0, PLASTIC)])
    profile = [(0.0, radius * 0.97), (tall * 0.05, radius), (tall * 0.95, radius), (tall, radius * 0.97)]
    one = _filled(profile, wall, skin, _spirit(rng), between(rng, 0.3, 0.97), sides=16)
    ribs = []
    for at in (0.0, between(rng, 0.28, 0.36), between(rng, 0.62, 0.7), 0.98):
        ribs += tube(tall * at, tall * at + 14, 0, radius + 7, radius - 2, skin, sides=16)
    one += turned(ribs, UPRIGHT)
    for side in (-1, 1):
        one += moved(_cap(tall, 28, 10, skin), (side * radius * 0.7, 0, 0))
    counts = (number(rng, 1, 2), 1, 1)
    parts = copies(one, lattice(rng, _pitch(one, 10), counts))
    return turned(parts, rotation(0, between(rng, 0, np.pi), 0))


def bottles_tilted(rng: Rng) -> list[Part]:
    """Upright on the whole, each leaning its own way, in a tub or in foam."""
    kinds = [one_of(rng, [_wine, _flask, _square])(rng) for _ in range(number(rng, 1, 2))]
    x, y, z = np.max([_pitch(one, 12) for one in kinds], axis=0).tolist()
    lean = between(rng, 0.1, 0.5)
    counts = (number(rng, 2, 6), 1, number(rng, 1, 3))
    parts: list[Part] = []
    for at in lattice(rng, (x * 1.15, y, z * 1.15), counts, jitter=10):
        turn = rotation(between(rng, -lean, lean) * 0.6, between(rng, -3, 3), between(rng, -lean, lean))
        parts += moved(turned(one_of(rng, kinds), turn), at)
    middle, size = around(parts, 8)
    if rng.random() < 0.5:
        parts.append(block(middle, size, PLASTIC.packed(between(rng, 0.02, 0.06))))
    wall = one_of(rng, [ORGANIC.packed(0.3), PLASTIC, WOOD])
    return boxed(parts, between(rng, 3, 8), wall, 8)


def canisters(rng: Rng) -> list[Part]:
    """Rounded plastic cans with a grip through their top, in a crate or alone."""
    x, y, z = between(rng, 130, 280), between(rng, 200, 420), between(rng, 110, 230)
    level = between(rng, 0.4, 0.92)
    outer, bevel = chamfered((x, y, z), 18), 16
    inner = chamfered((x - 6, y - 6, z - 6), bevel)
    grip = cuboid((x * between(rng, 0.35, 0.6), y * 0.1, z * 0.8)).moved((-x * 0.1, -y * 0.37, 0))
    fill = chamfered((x - 6, (y - 6) * level * 0.84, z - 6), bevel)
    one: list[Part] = [
        (joined([outer, cavity(inner)]), PLASTIC),
        (fill.moved((0, (y - 6) * (1 - level * 0.84) / 2, 0)), _spirit(rng)),
        (joined([grip, cavity(grip.scaled((0.93, 0.8, 0.9)).moved((0, -y * 0.07, 0)))]), PLASTIC),
        *moved(turned(tube(0, 32, 0, 22, 0, PLASTIC, sides=8), UPRIGHT), (x * 0.34, -y / 2, 0)),
    ]
    counts = (many(rng, x, 250, 750, 4), many(rng, y, 200, 700, 2), many(rng, z, 120, 450, 3))
    parts = copies(one, lattice(rng, _pitch(one, 4), counts, jitter=3))
    return in_crate(rng, parts, with_lid=False) if rng.random() < 0.4 else parts


def barrel(rng: Rng) -> list[Part]:
    """A cask of staves with hoops, lying or standing."""
    radius = between(rng, 120, 330)
    tall = radius * between(rng, 2.0, 2.8)
    end = between(rng, 0.78, 0.9)
    profile = [(tall * k / 6, radius * (1 - (1 - end) * abs(k / 3 - 1) ** 2)) for k in range(7)]
    timber = WOOD.packed(between(rng, 0.6, 0.75))
    one = _filled(profile, between(rng, 14, 28), timber, _spirit(rng), between(rng, 0.5, 0.98), sides=16)
    hoops = []
    for at in (0.03, 0.15, 0.3, 0.7, 0.85, 0.97):
        wide = _radius(profile, tall * at)
        hoops += tube(tall * at - 14, tall * at + 14, 0, wide + 2, wide, STEEL, sides=16)
    one += turned(hoops, UPRIGHT)
    return turned(one, one_of(rng, [rotation(0, 0, 0), rotation(0, 0, np.pi / 2), rotation(np.pi / 2, 0, 0)]))


BOTTLES: Final[tuple[Build, ...]] = (
    wine_case,
    bottles_square,
    bottles_large,
    demijohns,
    bag_in_box,
    kegs,
    spirit_cans,
    bottles_divided,
    bottles_plastic,
    spirit_drums,
    bottles_tilted,
    canisters,
    barrel,
)
