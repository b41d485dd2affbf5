"""Ammunition: brass, lead and steel in small regular pieces; and the boxes it comes in."""

import numpy as np

from datasets.synthetic.meshes import Rng, cuboid, random_rotation, rotation, turned_body
from datasets.synthetic.physics import LEAD, ORGANIC, STEEL
from datasets.synthetic.shapes import (
    UPRIGHT,
    Part,
    between,
    block,
    hollow,
    joined,
    moved,
    plate,
    rectangle,
    tube,
    turned,
    vessel,
)

CARD = ORGANIC.packed(0.6)


def _round(length: float, radius: float) -> list[Part]:
    """One cartridge along x, its bullet to the right; the case as a tenth of solid brass with powder."""
    case = length * 0.7
    body = turned_body([(0, radius), (case * 0.85, radius), (case, radius * 0.72)], sides=6)
    bullet = turned_body(
        [(case * 0.95, radius * 0.7), (length * 0.82, radius * 0.68), (length, 0.8)], sides=6
    )
    return [(body, STEEL.packed(2.9)), (bullet, LEAD.packed(9.5))]


def _many(one: list[Part], places: list[tuple[float, float, float]]) -> list[Part]:
    """Copies of one round, as one mesh per material."""
    return [(joined([body.moved(at) for at in places]), material) for body, material in one]


def _calibre(rng: Rng) -> tuple[float, float]:
    sizes = [(29.0, 5.0), (57.0, 5.0), (56.0, 5.7), (71.0, 6.0), (77.0, 6.3)]
    return sizes[int(rng.integers(len(sizes)))]


def boxes_of_rounds(rng: Rng) -> list[Part]:
    """Card boxes of upright rounds, in a stack."""
    length, radius = _calibre(rng)
    pitch, nx, nz = radius * 2 + 1, int(rng.integers(5, 11)), int(rng.integers(3, 6))
    places = [(i * pitch, 0.0, k * pitch) for i in range(nx) for k in range(nz)]
    one = _many(turned(_round(length, radius), UPRIGHT), places)
    size = (nx * pitch + 6, length + 8, nz * pitch + 6)
    middle = ((nx - 1) * pitch / 2, -length / 2, (nz - 1) * pitch / 2)
    box = [*one, *hollow(middle, size, 1.2, CARD)]
    parts: list[Part] = []
    for column in range(int(rng.integers(1, 4))):
        for row in range(int(rng.integers(1, 4))):
            parts += moved(box, (column * (size[0] + 2), -row * (size[1] + 2), between(rng, -5, 5)))
    return parts


def belt(rng: Rng) -> list[Part]:
    """Linked rounds side by side, in a wave or folded over."""
    length, radius = between(rng, 68, 90), between(rng, 5.8, 7)
    one = turned(_round(length, radius), UPRIGHT)
    pitch, bow = radius * 2 + 2.5, between(rng, 0, 25)
    n, per_row = int(rng.integers(18, 50)), int(rng.integers(14, 26))
    places = []
    for k in range(n):
        row, column = divmod(k, per_row)
        x = (column if row % 2 == 0 else per_row - 1 - column) * pitch
        places.append((x, bow * float(np.sin(k * 0.35)) + row * (length + 5), row * 3.0))
    links = [
        block((x, y - length * 0.35, z), (pitch, 14, radius * 2.4), STEEL.packed(1.2)) for x, y, z in places
    ]
    return [*_many(one, places), (joined([body for body, _ in links]), STEEL.packed(1.2))]


def magazines(rng: Rng) -> list[Part]:
    """Curved or straight magazines, loaded, side by side."""
    bend, width, height = between(rng, 0, 46), between(rng, 26, 62), between(rng, 110, 200)
    steps = np.linspace(0, 1, 5)
    front = [(bend * float(s) ** 2, height * float(s)) for s in steps]
    back = [(x + width, y + 8 * (1 - y / height)) for x, y in front[::-1]]
    inner = [(x + 3, y + 4) for x, y in front[:-1]] + [(x - 3, y + 2) for x, y in back[1:]]
    one: list[Part] = [
        plate([*front, *back], 24, STEEL.packed(1.6)),
        plate(inner, 18, STEEL.packed(between(rng, 2.4, 3.6))),
    ]
    for k in range(int(rng.integers(6, 11))):
        s = 0.05 + 0.085 * k
        x, y = bend * s * s + 5, height * s
        one.append(plate(rectangle(x, y, x + width - 10, y + 5), 9, LEAD.packed(5)))
    parts: list[Part] = []
    for k in range(int(rng.integers(1, 6))):
        parts += moved(one, (k * (width + between(rng, 4, 14)), between(rng, -8, 8), between(rng, -6, 6)))
    return parts


def mortar_shells(rng: Rng) -> list[Part]:
    """Finned shells with a thick steel case and a filling, in a row."""
    radius = between(rng, 28, 62)
    long = radius * between(rng, 5, 6.5)
    profile = [
        (0, radius * 0.3),
        (long * 0.3, radius * 0.35),
        (long * 0.45, radius * 0.95),
        (long * 0.6, radius),
        (long * 0.8, radius * 0.85),
        (long * 0.95, radius * 0.4),
        (long, 3.0),
    ]
    one = vessel(profile, radius * 0.22, STEEL, ORGANIC.packed(1.6), sides=10)
    one += [plate(rectangle(0, -radius * 0.9, long * 0.16, radius * 0.9), 3, STEEL)]
    one += [block((long * 0.08, 0, 0), (long * 0.16, 3, radius * 1.8), STEEL)]
    parts: list[Part] = []
    for k in range(int(rng.integers(1, 5))):
        parts += moved(
            one, (between(rng, -6, 6), k * (2 * radius + between(rng, 6, 20)), between(rng, -10, 10))
        )
    return turned(parts, rotation(0, 0, -np.pi / 2)) if rng.random() < 0.5 else parts


def loose_rounds(rng: Rng) -> list[Part]:
    """A bag: rounds in all directions, denser in the middle."""
    length, radius = _calibre(rng)
    spread = (between(rng, 30, 75), between(rng, 22, 45), between(rng, 22, 45))
    cases, bullets = [], []
    for _ in range(int(rng.integers(25, 90))):
        at = [float(rng.normal(0, s * 0.6)) for s in spread]
        (case, brass), (bullet, lead) = moved(
            turned(moved(_round(length, radius), (-length / 2, 0, 0)), random_rotation(rng)),
            (at[0], at[1], at[2]),
        )
        cases.append(case)
        bullets.append(bullet)
    return [(joined(cases), brass), (joined(bullets), lead)]


def grenades(rng: Rng) -> list[Part]:
    """Egg-shaped steel cases with a fuse on top, in a crate row."""
    radius = between(rng, 27, 34)
    profile = [
        (0, radius * 0.5),
        (radius * 0.5, radius * 0.95),
        (radius * 1.1, radius),
        (radius * 1.8, radius * 0.7),
        (radius * 2.1, radius * 0.35),
    ]
    one = turned(vessel(profile, 6, STEEL, ORGANIC.packed(1.65), sides=10), UPRIGHT)
    one += turned(tube(radius * 2, radius * 3, 0, radius * 0.3, 0, STEEL.packed(4), sides=8), UPRIGHT)
    one.append(block((radius * 0.8, -radius * 1.9, 0), (4, radius * 1.8, 10), STEEL))
    parts: list[Part] = []
    rows, columns = int(rng.integers(1, 3)), int(rng.integers(1, 6))
    for row in range(rows):
        for column in range(columns):
            at = (column * radius * 2.4, row * radius * 3.4, between(rng, -6, 6))
            parts += moved(one, at)
    return parts


def ammunition_can(rng: Rng) -> list[Part]:
    """A steel can full of rounds, handle on the lid."""
    x, y, z = between(rng, 250, 300), between(rng, 160, 200), between(rng, 90, 160)
    parts = hollow((0, 0, 0), (x, y, z), 1.2, STEEL)
    parts.append(block((0, -y / 2 + 4, 0), (x + 8, 9, z + 6), STEEL.packed(3)))
    parts.append(block((0, -y / 2 - 14, 0), (110, 6, 22), STEEL))
    length, radius = _calibre(rng)
    layers = int((y - 20) // (radius * 2 + 0.6))
    nx = max(int((x - 8) // length), 1)
    filled = int(rng.integers(layers // 2, layers + 1))
    lead = cuboid((length * 0.42, radius * 1.7, z - 12))
    brass = cuboid((length * 0.56, radius * 1.8, z - 12))
    for i in range(nx):
        for k in range(filled):
            at = (-x / 2 + 6 + (i + 0.28) * length, y / 2 - 8 - (k + 0.5) * (radius * 2 + 0.6), 0.0)
            parts.append((brass.moved(at), STEEL.packed(2.4)))
            parts.append((lead.moved((at[0] + length * 0.5, at[1], 0)), LEAD.packed(5)))
    return parts
