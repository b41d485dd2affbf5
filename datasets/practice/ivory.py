"""Ivory seen in training only: forms unlike those a model is measured on."""

from typing import Final

import numpy as np

from datasets.practice.arranging import boxed
from datasets.synthetic.meshes import (
    Point3,
    Rng,
    cuboid,
    random_rotation,
    rod,
    rotation,
    sphere,
    sweep,
    turned_body,
)
from datasets.synthetic.physics import ORGANIC, STONE, WOOD, Material
from datasets.synthetic.shapes import (
    UPRIGHT,
    Build,
    Part,
    between,
    block,
    cavity,
    extent,
    instead_of,
    joined,
    moved,
    strip,
    tube,
    turned,
)

SAWDUST = ORGANIC.packed(0.22)


def _ivory(rng: Rng) -> Material:
    return STONE.packed(between(rng, 1.7, 1.9))


def _tusk(
    rng: Rng, length: float, root: float, material: Material, *, bend: float, curl: float
) -> list[Part]:
    """A tusk whose curvature grows or falls by ``curl`` along it, round or flat, with any taper."""
    n = 10
    steps = np.linspace(0, 1, n + 1)
    angle = np.cumsum(bend * (1 + curl * (steps - 0.5)) / n)
    heading = np.column_stack([np.cos(angle), -np.sin(angle)])
    flat = np.concatenate([np.zeros((1, 2)), np.cumsum(heading[:-1] * length / n, axis=0)])
    aside = between(rng, -0.12, 0.12) * length * steps**2
    path: list[Point3] = [(float(x), float(y), float(z)) for (x, y), z in zip(flat, aside, strict=True)]
    power, tip = between(rng, 0.9, 3.5), between(rng, 0.05, 0.3)
    radii = [float(root * (1 - (1 - tip) * s**power)) for s in steps]
    parts: list[Part] = [(sweep(path, radii, sides=10), material)]
    deep = int(rng.integers(0, 6))
    if deep >= 2:
        inner = [radii[k] * between(rng, 0.6, 0.8) * (1 - k / deep) + 1 for k in range(deep + 1)]
        parts.append((cavity(sweep(path[: deep + 1], inner, sides=8)), material))
    oval = between(rng, 0.7, 1.0)
    return [(body.scaled((1, 1, oval)), material) for body, material in parts]


def tusk_single(rng: Rng) -> list[Part]:
    """Of any age: short or two metres long, nearly straight or half a circle."""
    length = between(rng, 250, 1900)
    root = length * between(rng, 0.035, 0.075)
    return _tusk(rng, length, root, _ivory(rng), bend=between(rng, 0.2, 2.6), curl=between(rng, -0.9, 0.9))


def tusk_carved(rng: Rng) -> list[Part]:
    """A tusk cut into a row of figures on an arched base, upon a stand."""
    ivory, length, root = _ivory(rng), between(rng, 250, 800), between(rng, 24, 55)
    bend, n = between(rng, 0.3, 1.1), int(rng.integers(4, 10))
    steps = np.linspace(0, 1, 2 * n + 1)
    radius = length / bend
    angles = bend * (steps - 0.5)
    path: list[Point3] = [(float(radius * np.sin(a)), float(radius * (1 - np.cos(a))), 0.0) for a in angles]
    cut = between(rng, 0.45, 0.8)
    radii = [float(root * (1 - 0.7 * s) * (cut if k % 2 else 1)) for k, s in enumerate(steps)]
    parts: list[Part] = [(sweep(path, radii, sides=10), ivory)]
    for k in range(1, 2 * n - 1, 2):
        x, y, _ = path[k]
        parts.append((sphere(radii[k] * 0.5, sides=8).moved((x, y - radii[k] * 1.5, 0)), ivory))
    _, high = extent(parts)
    return [*parts, block((0, float(high[1]) + 13, 0), (length * 0.9, 24, root * 2.4), WOOD.packed(0.8))]


def ivory_figurines(rng: Rng) -> list[Part]:
    """Small turned and carved figures, each on its foot, some lying."""
    ivory = _ivory(rng)
    parts: list[Part] = []
    x = 0.0
    for _ in range(int(rng.integers(2, 9))):
        tall, wide = between(rng, 60, 260), between(rng, 16, 48)
        waists = rng.uniform(0.4, 1.0, 5)
        profile = [(0.0, wide), (tall * 0.05, wide)]
        profile += [(tall * (0.1 + 0.15 * k), wide * float(w)) for k, w in enumerate(waists)]
        one: list[Part] = [(turned_body([*profile, (tall * 0.8, wide * 0.35)], sides=9), ivory)]
        head = sphere(1.0, sides=8).scaled((tall * 0.13, wide * 0.5, wide * 0.45))
        one.append((head.moved((tall * 0.93, 0, 0)), ivory))
        if rng.random() < 0.5:
            one += strip([(tall * 0.6, wide * 0.7), (tall * 0.4, wide * 1.3)], 12, 14, ivory)
        deep = between(rng, 0.5, 1.0)
        one = turned([(body.scaled((1, 1, deep)), m) for body, m in one], UPRIGHT)
        if rng.random() < 0.3:
            one = turned(one, rotation(0, 0, np.pi / 2))
        low, high = extent(one)
        parts += moved(one, (x - float(low[0]), -float(high[1]), between(rng, -40, 40)))
        x += float(high[0] - low[0]) + between(rng, 5, 30)
    return parts


def ivory_rings(rng: Rng) -> list[Part]:
    """Bangles and discs cut across, in rolls or thrown together."""
    ivory = _ivory(rng)
    radius, is_loose = between(rng, 22, 60), bool(rng.random() < 0.5)
    parts: list[Part] = []
    x = 0.0
    for _ in range(int(rng.integers(6, 22))):
        outer, wide = radius * between(rng, 0.75, 1.0), between(rng, 5, 30)
        inner = 0.0 if rng.random() < 0.3 else outer * between(rng, 0.55, 0.85)
        one = tube(0, wide, 0, outer, inner, ivory, sides=12)
        if is_loose:
            at = (between(rng, -150, 150), between(rng, -70, 70), between(rng, -110, 110))
            parts += moved(turned(one, random_rotation(rng)), at)
        else:
            parts += moved(one, (x, between(rng, -3, 3), 0))
            x += wide + between(rng, 0.5, 3)
    if is_loose or rng.random() < 0.5:
        return parts
    return [*parts, *moved(parts, (between(rng, -20, 20), 2 * radius + 6, 0))]


def tusk_sheaf(rng: Rng) -> list[Part]:
    """Long thin tusks tied together with cord, roots at both ends, wrapped in cloth."""
    ivory, length = _ivory(rng), between(rng, 700, 1800)
    root = length * between(rng, 0.025, 0.045)
    bend, n = between(rng, 0.15, 0.8), int(rng.integers(3, 7))
    parts: list[Part] = []
    for k in range(n):
        one = _tusk(
            rng, length * between(rng, 0.85, 1), root * between(rng, 0.8, 1), ivory, bend=bend, curl=0
        )
        low, high = extent(one)
        one = turned(moved(one, (-float(low[0] + high[0]) / 2, 0, 0)), rotation(0, 0, bend / 2))
        if k % 2:
            one = turned(one, rotation(0, np.pi, 0))
        parts += moved(one, (0, -(k // 2) * root * 2.1, (k % 2) * root * 2.2))
    every = np.concatenate([body.vertices for body, _ in parts])
    for share in np.linspace(-0.3, 0.3, int(rng.integers(2, 5))):
        x = float(share * length)
        there = every[np.abs(every[:, 0] - x) < length * 0.12]
        y, tall = float(there[:, 1].mean()), float(np.ptp(there[:, 1])) / 2
        parts += tube(x - 6, x + 6, y, tall, tall - 5, ORGANIC.packed(0.8), z=root)
    return parts


def tusk_sack(rng: Rng) -> list[Part]:
    """Whole tusks and stumps in a sack filled up with sawdust."""
    ivory = instead_of(SAWDUST, _ivory(rng))
    n, length = int(rng.integers(3, 10)), between(rng, 200, 620)
    parts: list[Part] = []
    for _ in range(n):
        long = length * between(rng, 0.5, 1)
        one = _tusk(rng, long, between(rng, 22, 48), ivory, bend=between(rng, 0.1, 1.2), curl=0)
        turn = rotation(between(rng, -3, 3), between(rng, -0.25, 0.25), between(rng, -0.25, 0.25))
        at = (between(rng, -60, 60) - long / 2, between(rng, -90, 90), between(rng, -110, 110))
        parts += moved(turned(one, turn), at)
    low, high = extent(parts)
    half = (high - low) / 2 + 30
    ends = [(-1.08, 0.35), (-0.95, 0.85), (-0.5, 1.0), (0.5, 1.03), (0.95, 0.9), (1.1, 0.2)]
    sack = turned_body([(x, r * 1.15) for x, r in ends], sides=12)
    sack = sack.scaled((float(half[0]), float(half[1]), float(half[2])))
    (x, y, z) = ((low + high) / 2).tolist()
    return [*parts, (sack.moved((x, y, z)), SAWDUST)]


def tusk_straight(rng: Rng) -> list[Part]:
    """As of a walrus: slender, oval, hardly bent; one, or a fan of several."""
    ivory, length = _ivory(rng), between(rng, 280, 950)
    n = int(rng.choice([1, 1, 3, 4, 5]))
    spread, step = between(rng, 0, 0.12), between(rng, 60, 100)
    parts: list[Part] = []
    for k in range(n):
        root = length * between(rng, 0.035, 0.055)
        one = _tusk(rng, length * between(rng, 0.8, 1), root, ivory, bend=between(rng, 0.02, 0.3), curl=0)
        parts += moved(turned(one, rotation(0, 0, (k - n / 2) * spread)), (0, -k * step, 0))
    return parts


def ivory_seals(rng: Rng) -> list[Part]:
    """Blanks for seals or handles: square or round rods, in trays one above another."""
    ivory, thick, long = _ivory(rng), between(rng, 10, 34), between(rng, 45, 190)
    nx, ny, nz = int(rng.integers(3, 12)), int(rng.integers(1, 5)), int(rng.integers(1, 4))
    is_round = bool(rng.random() < 0.6)
    one = rod(thick / 2, long, sides=8) if is_round else cuboid((long, thick, thick))
    if rng.random() < 0.6:
        one = one.turned(rotation(0, np.pi / 2, 0))
    (dx, _, dz), layer = np.ptp(one.vertices, axis=0).tolist(), thick + between(rng, 2, 9)
    nx = min(nx, max(int(450 / dx), 2))
    places: list[Point3] = [
        (i * (dx + 2), -j * layer, k * (dz + 4)) for i in range(nx) for j in range(ny) for k in range(nz)
    ]
    parts: list[Part] = [(joined([one.moved(at) for at in places if rng.random() < 0.95]), ivory)]
    return boxed(parts, 4, ORGANIC.packed(0.7), 3)


def tusk_crated(rng: Rng) -> list[Part]:
    """A great tusk lying in a long crate of boards, held by two battens."""
    length = between(rng, 800, 1600)
    bend = between(rng, 0.5, 1.9)
    parts = _tusk(rng, length, between(rng, 45, 78), _ivory(rng), bend=bend, curl=between(rng, -0.5, 0.5))
    low, high = extent(parts)
    middle, size = (low + high) / 2, high - low
    for share in (0.2, 0.7):
        x = float(low[0] + share * size[0])
        parts.append(block((x, float(high[1]) + 16, float(middle[2])), (60, 30, float(size[2])), WOOD))
    return boxed(parts, between(rng, 12, 22), WOOD, 8)


TUSKS: Final[tuple[Build, ...]] = (
    tusk_single,
    tusk_carved,
    ivory_figurines,
    ivory_rings,
    tusk_sheaf,
    tusk_sack,
    tusk_straight,
    ivory_seals,
    tusk_crated,
)
