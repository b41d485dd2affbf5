"""Rounds and magazines in random sizes and packings, for training only."""

from typing import Final

import numpy as np

from datasets.practice.arms_parts import steel
from datasets.practice.draws import often, one_of
from datasets.practice.shells import artillery_rounds, cannon_shells, rocket_grenades, rockets
from datasets.synthetic.meshes import Rng, random_rotation, rotation, turned_body
from datasets.synthetic.physics import LEAD, ORGANIC, PLASTIC, STEEL, WOOD
from datasets.synthetic.shapes import (
    ALONG_RAYS,
    UPRIGHT,
    Build,
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
)

_CARD: Final = ORGANIC.packed(0.6)
_Places = list[tuple[float, float, float]]


def _cartridge(rng: Rng, length: float, radius: float, *, neck: float | None = None) -> list[Part]:
    """Along x, its bullet to the right; straight or bottle-necked."""
    narrow = radius * (neck if neck is not None else between(rng, 0.55, 0.98))
    case = length * between(rng, 0.62, 0.76)
    shell = [(0.0, radius), (case * 0.72, radius * 0.97), (case * 0.84, narrow), (case, narrow)]
    bullet = [(case * 0.98, narrow * 0.95), (length * 0.84, narrow * 0.85), (length, narrow * 0.15)]
    brass = STEEL.packed(round(between(rng, 2.2, 3.6), 1))
    return [
        (turned_body(shell, sides=6), brass),
        (turned_body(bullet, sides=6), one_of(rng, [LEAD.packed(9.5), LEAD.packed(8), STEEL.packed(7.8)])),
    ]


def _shot_shell(rng: Rng) -> tuple[list[Part], float, float]:
    """One shotgun shell along x, its length and radius: brass foot, powder, shot in a plastic hull."""
    length, radius = between(rng, 58, 76), between(rng, 8.4, 10.6)
    foot = between(rng, 8, 22)
    shot = between(rng, 0.38, 0.62) * length
    parts: list[Part] = [
        (turned_body([(0, radius), (foot, radius)], sides=8), STEEL.packed(2.4)),
        (turned_body([(foot, radius * 0.97), (length, radius * 0.95)], sides=8), PLASTIC.packed(0.6)),
        (
            turned_body([(length - shot, radius * 0.85), (length - 6, radius * 0.85)], sides=8),
            LEAD.packed(round(between(rng, 5.5, 7.5), 1)),
        ),
    ]
    return parts, length, radius


def _copies(one: list[Part], places: _Places) -> list[Part]:
    return [(joined([body.moved(at) for at in places]), material) for body, material in one]


def drum_magazines(rng: Rng) -> list[Part]:
    """Round or snail-shaped, rounds standing in a ring within; one, two or a row."""
    radius, deep = between(rng, 46, 92), between(rng, 34, 64)
    twin = often(rng, 0.25)
    bore = between(rng, 5, 6.5)
    middles = [0.0, radius * 1.9] if twin else [0.0]
    one: list[Part] = []
    for x in middles:
        one.append(disc((x, 0, 0), radius, deep, one_of(rng, [STEEL.packed(0.9), PLASTIC])))
        for ring in np.arange(radius - bore - 3, radius * 0.45, -2 * bore - 3).tolist():
            count = int(2 * np.pi * ring / (2 * bore + 1.5))
            places = [
                (x + ring * float(np.cos(a)), ring * float(np.sin(a)), 0.0)
                for a in np.linspace(0, 2 * np.pi, count, endpoint=False)
            ]
            row = turned_body([(-deep * 0.42, bore), (deep * 0.1, bore)], sides=6).turned(ALONG_RAYS)
            tip = turned_body([(deep * 0.1, bore * 0.8), (deep * 0.4, bore * 0.4)], sides=6).turned(
                ALONG_RAYS
            )
            one += _copies([(row, STEEL.packed(3)), (tip, LEAD.packed(9))], places)
        one.append(disc((x, 0, 0), radius * 0.25, deep, STEEL.packed(2.5)))
    neck, wide = between(rng, 30, 90), between(rng, 24, 60)
    middle = sum(middles) / len(middles)
    one.append(
        plate(
            rectangle(middle - wide / 2, -radius - neck, middle + wide / 2, -radius * 0.9),
            24,
            steel(rng, 2, 3.6),
        )
    )
    parts: list[Part] = []
    for k in range(1 if twin else int(rng.integers(1, 4))):
        turn = rotation(0, 0, float(rng.normal(0, 0.3)))
        parts += moved(turned(one, turn), (k * (2 * radius + between(rng, 6, 20)), between(rng, -15, 15), 0))
    return parts


def shotgun_shells(rng: Rng) -> list[Part]:
    """Card boxes of shells, standing, lying towards the source or across it; or one loose heap."""
    one, length, radius = _shot_shell(rng)
    if often(rng, 0.2):
        parts: list[Part] = []
        spread = between(rng, 40, 80)
        for _ in range(int(rng.integers(8, 30))):
            at = rng.normal(0, spread * 0.6, 3).tolist()
            parts += moved(turned(one, random_rotation(rng)), (at[0], at[1], at[2] * 0.6))
        return parts
    pitch, nx, ny = 2 * radius + 0.8, int(rng.integers(4, 7)), int(rng.integers(2, 6))
    way = one_of(rng, ["standing", "towards", "across"])
    if way == "standing":
        places = [(i * pitch, 0.0, k * pitch) for i in range(nx) for k in range(ny)]
        box, size = _copies(turned(one, UPRIGHT), places), (nx * pitch + 3, length + 4, ny * pitch + 3)
        middle = ((nx - 1) * pitch / 2, -length / 2, (ny - 1) * pitch / 2)
    elif way == "towards":
        places = [(i * pitch, k * pitch, 0.0) for i in range(nx) for k in range(ny)]
        way_round = rotation(0, np.pi, 0) if often(rng, 0.5) else np.eye(3)
        lying = turned(moved(one, (-length / 2, 0, 0)), ALONG_RAYS @ way_round)
        box, size = _copies(lying, places), (nx * pitch + 3, ny * pitch + 3, length + 4)
        middle = ((nx - 1) * pitch / 2, (ny - 1) * pitch / 2, 0.0)
    else:
        places = [(0.0, k * pitch, i * pitch) for i in range(3) for k in range(ny)]
        box, size = _copies(one, places), (length + 4, ny * pitch + 3, 3 * pitch + 3)
        middle = (length / 2, (ny - 1) * pitch / 2, pitch)
    box += hollow(middle, size, 1.0, _CARD)
    parts = []
    for column in range(int(rng.integers(1, 5))):
        for row in range(int(rng.integers(1, 4))):
            parts += moved(box, (column * (size[0] + 1.5), -row * (size[1] + 1.5), 0))
    return parts


def crate_of_rounds(rng: Rng) -> list[Part]:
    """A wooden crate or tin, rounds lying in rows, packets or layers with card between them."""
    length, radius = one_of(rng, [(39.0, 5.6), (57.0, 5.7), (77.0, 6.3), (108.0, 8.0), (138.0, 10.2)])
    one = _cartridge(rng, length, radius)
    pitch = 2 * radius + between(rng, 0.6, 2.5)
    columns, rows, deep = int(rng.integers(2, 6)), int(rng.integers(4, 13)), int(rng.integers(2, 7))
    columns = min(columns, int(440 / (length + 4)))
    gap, every = between(rng, 2, 12), int(rng.integers(3, 7))
    upright = often(rng, 0.4)
    parts: list[Part] = []
    for way in (0, 1):
        places: _Places = []
        for i in range(columns):
            if i % 2 != way:
                continue
            for j in range(rows):
                places += [(i * (length + 4), j * pitch + (j // every) * gap, k * pitch) for k in range(deep)]
        if places:
            body = moved(
                turned(moved(one, (-length / 2, 0, 0)), rotation(0, np.pi * way, 0)), (length / 2, 0, 0)
            )
            parts += _copies(body, places)
    wide, tall = columns * (length + 4), rows * pitch + (rows // every) * gap
    middle = (wide / 2 - 2, tall / 2 - radius, (deep - 1) * pitch / 2)
    size = (wide + 10, tall + 10, deep * pitch + 10)
    if upright:
        parts = turned(parts, UPRIGHT)
        middle, size = (middle[1], -middle[0], middle[2]), (size[1], size[0], size[2])
    if often(rng, 0.6):
        wood = between(rng, 9, 16)
        shell = (size[0] + 2 * wood, size[1] + 2 * wood, size[2] + 2 * wood)
        parts += hollow(middle, shell, wood, WOOD)
        parts += [
            block((middle[0] + s * shell[0] * 0.3, middle[1], middle[2]), (40, shell[1] + 20, 12), WOOD)
            for s in (-1, 1)
        ]
    else:
        parts += hollow(middle, size, between(rng, 0.6, 1.4), STEEL)
    return parts


def stripper_clips(rng: Rng) -> list[Part]:
    """Five or ten rounds held at their feet by a short strip, several clips askew."""
    length, radius = between(rng, 55, 84), between(rng, 4.8, 6.8)
    count, pitch = one_of(rng, [5, 5, 10]), 2 * radius + between(rng, 0.4, 1.5)
    bow = between(rng, 0, 0.1)
    one: list[Part] = []
    cartridge = turned(_cartridge(rng, length, radius), UPRIGHT)
    for k in range(count):
        lean = (k - (count - 1) / 2) * bow
        one += moved(turned(cartridge, rotation(0, 0, lean)), ((k - (count - 1) / 2) * pitch, 0, 0))
    one.append(
        block((0, -2, 0), (count * pitch + 4, 7, radius * 2.4), STEEL.packed(round(between(rng, 2, 4), 1)))
    )
    parts: list[Part] = []
    columns = int(rng.integers(2, 5))
    for k in range(int(rng.integers(2, 3 * columns))):
        row, column = divmod(k, columns)
        turn = rotation(0, 0, float(rng.normal(0, 0.25)) + np.pi * int(rng.integers(2)))
        at = (
            column * (count * pitch + between(rng, 8, 30)),
            row * (length + between(rng, -10, 25)),
            (k % 3) * 9.0,
        )
        parts += moved(turned(moved(one, (0, length / 2, 0)), turn), at)
    return parts


def loaded_magazines(rng: Rng) -> list[Part]:
    """Pistol and rifle magazines of all sizes, each round shown, head to tail in a pouch or box."""
    parts: list[Part] = []
    x = 0.0
    width, height = between(rng, 20, 34), between(rng, 85, 150)
    rake, shell = between(rng, -0.3, 0.35), one_of(rng, [STEEL.packed(1.4), PLASTIC.packed(0.9)])
    bore, single = between(rng, 4.6, 5.8), often(rng, 0.4)
    for k in range(int(rng.integers(2, 8))):
        one = [
            plate(
                [(0, 0), (width, 0), (width + rake * height, height), (rake * height, height)],
                15 if single else 23,
                shell,
            )
        ]
        count = int((height - 12) / (bore * (2 if single else 1.1)))
        filled = int(rng.integers(count // 2, count + 1))
        for j in range(filled):
            y = 4 + j * bore * (2 if single else 1.1) + bore
            z = 0.0 if single else (4.6 if j % 2 else -4.6)
            left = rake * y + 2.5
            one += tube(left, left + (width - 5) * 0.62, y, bore, 0, STEEL.packed(2.8), z=z, sides=6)
            one += tube(
                left + (width - 5) * 0.62, left + width - 5, y, bore * 0.8, 0, LEAD.packed(9), z=z, sides=6
            )
        one += strip(
            [(rake * height * 0.7 + 6, height * 0.7), (rake * height + 6, height - 4)], 5, 10, STEEL.packed(3)
        )
        one.append(
            plate(rectangle(rake * height - 2, height, rake * height + width + 4, height + 7), 25, PLASTIC)
        )
        way = rotation(0, 0, np.pi) if k % 2 and often(rng, 0.5) else np.eye(3)
        placed = turned(moved(one, (-(width + rake * height) / 2, -height / 2, 0)), way)
        parts += moved(placed, (x, between(rng, -6, 6), between(rng, -5, 5)))
        x += width + between(rng, 4, 18)
    return parts


def ammunition_mixed(rng: Rng) -> list[Part]:
    """A box with several of these in it, beside and above one another."""
    makers = (
        shotgun_shells,
        stripper_clips,
        loaded_magazines,
        drum_magazines,
    )
    parts: list[Part] = []
    x, tall, deep = 0.0, 0.0, 60.0
    for _ in range(int(rng.integers(2, 4))):
        one = one_of(rng, makers)(rng)
        vertices = np.concatenate([body.vertices for body, _ in one])
        low, high = vertices.min(axis=0), vertices.max(axis=0)
        parts += moved(one, (x - float(low[0]), -float(high[1]), -float(low[2] + high[2]) / 2))
        x += float(high[0] - low[0]) + between(rng, 3, 14)
        tall, deep = max(tall, float(high[1] - low[1])), max(deep, float(high[2] - low[2]))
        if x > 420:
            break
    for _ in range(int(rng.integers(0, 3))):
        one = _cartridge(rng, between(rng, 57, 100), between(rng, 5, 8))
        parts += moved(turned(one, random_rotation(rng)), (between(rng, 0.25, 0.75) * x, -tall * 0.6, 0))
    wall, material = one_of(rng, [(1.2, STEEL), (4.0, _CARD), (10.0, WOOD), (3.0, PLASTIC)])
    size = (x + 2 * wall + 8, tall + 2 * wall + 20, deep + 2 * wall + 8)
    return [*parts, *hollow((x / 2, -tall / 2, 0), size, wall, material)]


AMMUNITION: Final[tuple[Build, ...]] = (
    drum_magazines,
    shotgun_shells,
    cannon_shells,
    rocket_grenades,
    crate_of_rounds,
    stripper_clips,
    artillery_rounds,
    rockets,
    loaded_magazines,
    ammunition_mixed,
)
