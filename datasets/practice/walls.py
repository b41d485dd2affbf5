"""False walls and floors seen in training only: forms unlike those a model is measured on."""

from typing import Final

import numpy as np

from datasets.practice.hollow import packets
from datasets.synthetic.meshes import Mesh, Point2, Point3, Rng, bar, cuboid, extrusion, rod, rotation
from datasets.synthetic.physics import ALUMINIUM, ORGANIC, STEEL, WOOD, Material
from datasets.synthetic.shapes import (
    Build,
    Part,
    between,
    block,
    cavity,
    hollow,
    instead_of,
    joined,
    plate,
    turned,
)

_WIDE: Final = 2330.0
_TALL: Final = 2380.0
_FOAM: Final = ORGANIC.packed(0.045)


def _board(rng: Rng) -> tuple[float, Material]:
    """Sheet or ply."""
    choice = rng.random()
    if choice < 0.4:
        return between(rng, 1.5, 5), STEEL
    return (between(rng, 2, 6), ALUMINIUM) if choice < 0.6 else (between(rng, 9, 30), WOOD)


def end_wall_shelves(rng: Rng) -> list[Part]:
    """A wall with shelves behind it, a few packets on each."""
    thick, material = _board(rng)
    gap, n = between(rng, 220, 620), int(rng.integers(3, 7))
    parts = [block((0, 0, 0), (thick, _TALL, _WIDE), material)]
    shelf, stuff = (3.0, STEEL) if rng.random() < 0.5 else (20.0, WOOD)
    step = _TALL / n
    lines: list[Mesh] = []
    for z in np.linspace(-_WIDE / 2 + 40, _WIDE / 2 - 40, int(rng.integers(2, 5))):
        lines += [cuboid((40, _TALL, 40)).moved((x, 0, float(z))) for x in (thick + 25, gap - 25)]
    parts.append((joined(lines), STEEL.packed(1.6)))
    for k in range(n):
        y = _TALL / 2 - k * step
        parts.append(block((thick + gap / 2, y - shelf / 2, 0), (gap - 10, shelf, _WIDE), stuff))
        if rng.random() < 0.75:
            tall = step * between(rng, 0.25, 0.8)
            at = (thick + gap / 2, y - shelf - tall / 2, between(rng, -200, 200))
            size = (gap * 0.85, tall, _WIDE * between(rng, 0.2, 0.75))
            parts += packets(rng, at, size, between(rng, 0.2, 0.8))
    return parts


def end_wall_door(rng: Rng) -> list[Part]:
    """A wall with a hatch in it: a frame, a leaf, hinges and a bolt."""
    thick, material = _board(rng)
    gap, wide, tall = between(rng, 250, 900), between(rng, 450, 1000), between(rng, 500, 1900)
    z0, y1 = between(rng, -0.9, 0.9) * (_WIDE - wide) / 2, _TALL / 2 - between(rng, 40, _TALL - tall - 40)
    y0 = y1 - tall
    below, above = _TALL / 2 - y1, y0 + _TALL / 2
    left, right = z0 - wide / 2 + _WIDE / 2, _WIDE / 2 - z0 - wide / 2
    parts = [
        block((0, y1 + below / 2, 0), (thick, below, _WIDE), material),
        block((0, y0 - above / 2, 0), (thick, above, _WIDE), material),
        block((0, (y0 + y1) / 2, -_WIDE / 2 + left / 2), (thick, tall, left), material),
        block((0, (y0 + y1) / 2, _WIDE / 2 - right / 2), (thick, tall, right), material),
        block((between(rng, 10, 40), (y0 + y1) / 2, z0), (thick, tall - 12, wide - 12), material),
    ]
    frame = [cuboid((50, 50, wide + 100)).moved((40, y, z0)) for y in (y0 - 25, y1 + 25)] + [
        cuboid((50, tall, 50)).moved((40, (y0 + y1) / 2, z0 + s * (wide / 2 + 25))) for s in (-1, 1)
    ]
    parts.append((joined(frame), STEEL.packed(between(rng, 1.2, 3))))
    for y in (y0 + tall * 0.2, y1 - tall * 0.2):
        parts.append(block((75, y, z0 - wide / 2), (26, 110, 60), STEEL))
    parts.append(block((80, (y0 + y1) / 2, z0 + wide * 0.4), (40, 160, 40), STEEL.packed(5)))
    posts = [(x, z) for x in (gap,) for z in (-_WIDE / 2 + 50, _WIDE / 2 - 50)]
    for x, z in posts:
        parts.append(block((x, 0, z), (60, _TALL, 60), STEEL.packed(1.2)))
    if rng.random() < 0.5:
        size = (gap * 0.7, between(rng, 300, 1500), _WIDE * between(rng, 0.2, 0.6))
        at = (gap * 0.55, _TALL / 2 - size[1] / 2, between(rng, -300, 300))
        parts += packets(rng, at, size, between(rng, 0.3, 1))
    return parts


def end_wall_sandwich(rng: Rng) -> list[Part]:
    """Foam between two skins on studs of wood, as a cold store's; hollow places in the foam are filled."""
    thick, skin = _board(rng)
    deep = between(rng, 70, 320)
    middle = thick / 2 + deep / 2
    parts = [block((x, 0, 0), (thick, _TALL, _WIDE), skin) for x in (0.0, deep + thick)]
    parts.append(block((middle, 0, 0), (deep, _TALL, _WIDE), _FOAM))
    studs = np.linspace(-_WIDE / 2 + 30, _WIDE / 2 - 30, int(rng.integers(3, 7)))
    wood = instead_of(_FOAM, WOOD)
    parts.append((joined([cuboid((deep, _TALL, 45)).moved((middle, 0, float(z))) for z in studs]), wood))
    for k in range(int(rng.integers(0, 4))):
        tall = between(rng, 200, 700)
        bay = float(studs[1] - studs[0]) - 60
        z = (float(studs[k % (len(studs) - 1)]) + float(studs[k % (len(studs) - 1) + 1])) / 2
        y = between(rng, -_TALL / 2 + tall / 2, _TALL / 2 - tall / 2)
        parts += packets(rng, (middle, y, z), (deep * 0.9, tall, bay), 0.9, within=_FOAM)
    return parts


def end_wall_corrugated(rng: Rng) -> list[Part]:
    """A copy of a container's front wall some way inside it: folded sheet between corner posts."""
    fold, pitch, thick = between(rng, 25, 60), between(rng, 300, 520), between(rng, 1.5, 3.5)
    gap, n = between(rng, 120, 800), int(_WIDE / pitch)
    front: list[Point2] = []
    for k in range(n):
        z = -_WIDE / 2 + k * _WIDE / n
        quarter = _WIDE / n / 4
        front += [(0.0, z), (0.0, z + quarter), (fold, z + 2 * quarter), (fold, z + 3 * quarter)]
    front.append((0.0, _WIDE / 2))
    back = [(x + thick, z) for x, z in reversed(front)]
    sheet = extrusion([*front, *back], _TALL - 160).turned(rotation(np.pi / 2, 0, 0))
    parts: list[Part] = [(sheet, STEEL)]
    for y in (-_TALL / 2 + 40, _TALL / 2 - 40):
        parts += hollow((fold / 2, y, 0), (fold + 60, 78, _WIDE), 3, STEEL)
    for s in (-1, 1):
        parts += hollow((fold / 2, 0, s * (_WIDE / 2 - 45)), (fold + 60, _TALL - 160, 88), 4, STEEL)
        parts.append(block((gap / 2 + fold, -_TALL * 0.3 * s, s * 800), (gap, 60, 60), WOOD))
    if rng.random() < 0.5:
        size = (gap * 0.75, between(rng, 250, 1400), _WIDE * between(rng, 0.3, 0.8))
        parts += packets(rng, (fold + gap / 2, _TALL / 2 - size[1] / 2, 0), size, between(rng, 0.3, 0.9))
    return parts


def end_wall_of_cartons(rng: Rng) -> list[Part]:
    """One layer of cartons on a frame of battens, a room behind it."""
    wide, tall, deep = between(rng, 250, 600), between(rng, 200, 480), between(rng, 200, 450)
    gap = between(rng, 250, 900)
    ny, nz = max(int(_TALL / tall), 1), max(int(_WIDE / wide), 1)
    one = cuboid((deep, _TALL / ny - 6, _WIDE / nz - 8))
    places: list[Point3] = [
        (between(rng, -8, 8), _TALL / 2 - (j + 0.5) * _TALL / ny, -_WIDE / 2 + (k + 0.5) * _WIDE / nz)
        for j in range(ny)
        for k in range(nz)
    ]
    parts: list[Part] = [(joined([one.moved(at) for at in places]), ORGANIC.packed(between(rng, 0.03, 0.35)))]
    thick, board = _board(rng)
    x = deep / 2 + thick / 2 + 10
    parts.append(block((x, 0, 0), (thick, _TALL, _WIDE), board))
    lines = [
        bar((x + 30, _TALL / 2, z), (x + gap, _TALL / 2 - 1600, z), 70, 45)
        for z in np.linspace(-_WIDE / 2 + 100, _WIDE / 2 - 100, int(rng.integers(2, 5))).tolist()
    ]
    lines += [cuboid((45, 70, _WIDE)).moved((x + 30, y, 0)) for y in (-800.0, 0.0, 800.0)]
    parts.append((joined(lines), WOOD))
    return parts


def floor_of_channels(rng: Rng) -> list[Part]:
    """Channels of steel across the hold under plates; between some of them bags or packets."""
    long, tall = between(rng, 1000, 3800), between(rng, 70, 220)
    web, n = between(rng, 3, 6), int(rng.integers(4, 11))
    step = long / n
    flange = min(step * 0.3, 60)
    bodies: list[Mesh] = []
    for k in range(n + 1):
        x = k * step - long / 2
        bodies.append(cuboid((web, tall - 2 * web, _WIDE)).moved((x, -tall / 2, 0)))
        bodies += [
            cuboid((flange, web, _WIDE)).moved((x + flange / 2, y, 0)) for y in (-web / 2, -tall + web / 2)
        ]
    parts: list[Part] = [(joined(bodies), STEEL)]
    thick, board = _board(rng)
    parts.append(block((0, -tall - thick / 2, 0), (long + flange, thick, _WIDE), board))
    inner = tall - 2 * web
    for k in range(n):
        if rng.random() < between(rng, 0.3, 1):
            size = (step - flange - 30, inner * between(rng, 0.4, 0.95), _WIDE * between(rng, 0.25, 0.95))
            at = ((k + 0.5) * step - long / 2 + flange / 2, -web - size[1] / 2, between(rng, -60, 60))
            parts += packets(rng, at, size, between(rng, 0.5, 1))
    return parts


def floor_of_trays(rng: Rng) -> list[Part]:
    """Flat trays of loose powder or small goods side by side under planks, each filled to its own height."""
    long, tall, n = between(rng, 900, 3200), between(rng, 60, 180), int(rng.integers(2, 8))
    step, sheet = long / n, between(rng, 0.8, 2)
    parts: list[Part] = []
    for k in range(n):
        x = (k + 0.5) * step - long / 2
        parts.append(block((x, -sheet / 2, 0), (step - 10, sheet, _WIDE - 60), STEEL))
        for s in (-1, 1):
            parts.append(block((x + s * (step / 2 - 7), -tall / 2, 0), (sheet, tall - 4, _WIDE - 60), STEEL))
        level = tall * between(rng, 0.1, 0.95)
        heap = [
            (x - step / 2 + 12, -sheet),
            (x - step / 2 + 12, -level * between(rng, 0.5, 1)),
            (x + between(rng, -0.2, 0.2) * step, -level),
            (x + step / 2 - 12, -level * between(rng, 0.5, 1)),
            (x + step / 2 - 12, -sheet),
        ]
        stuff = ORGANIC.packed(between(rng, 0.3, 1.1))
        parts.append(plate(heap, _WIDE * between(rng, 0.5, 0.96), stuff))
    joists = [cuboid((45, tall, _WIDE)).moved((s * (long / 2 + 30), -tall / 2, 0)) for s in (-1, 1)]
    planks = cuboid((long + 110, between(rng, 18, 40), _WIDE)).moved((0, -tall - 20, 0))
    return [*parts, (joined([*joists, planks]), WOOD.packed(0.65))]


def floor_of_pipes(rng: Rng) -> list[Part]:
    """Pipes or rods side by side under a plate, lengthwise or across; as metal, or stuffed."""
    long, radius = between(rng, 900, 3000), between(rng, 30, 85)
    is_across = bool(rng.random() < 0.5)
    room, reach = (long, _WIDE - 20) if is_across else (_WIDE, long)
    n = min(int(room / (2 * radius + between(rng, 6, 120))), 16)
    wall = between(rng, 2, 6)
    shells, cores = [], []
    for k in range(n):
        aside = (k + 0.5) * room / n - room / 2
        shells += [rod(radius, reach, sides=10).moved((0, 0, aside))]
        shells.append(cavity(rod(radius - wall, reach, sides=10)).moved((0, 0, aside)))
        if k == 0 or rng.random() < 0.75:
            part = between(rng, 0.3, 0.98)
            cores.append(rod(radius - wall - 2, reach * part, sides=10).moved((0, 0, aside)))
    turn = rotation(0, np.pi / 2 if is_across else 0, 0)
    pipe = STEEL if rng.random() < 0.6 else ORGANIC.packed(1.3)
    stuff = ORGANIC.packed(between(rng, 0.4, 1.2))
    parts = turned([(joined(shells), pipe), (joined(cores), stuff)], turn)
    thick, board = _board(rng)
    parts.append(block((0, -radius - thick / 2 - 4, 0), (long, thick, _WIDE), board))
    for s in (-1, 1):
        parts.append(block((s * (long / 2 + 20), 0, 0), (40, 2 * radius, _WIDE), WOOD))
    return parts


FALSE_FLOORS: Final[tuple[Build, ...]] = (floor_of_channels, floor_of_trays, floor_of_pipes)
FALSE_END_WALLS: Final[tuple[Build, ...]] = (
    end_wall_shelves,
    end_wall_door,
    end_wall_sandwich,
    end_wall_corrugated,
    end_wall_of_cartons,
)
