"""Dense blocks and shields, gas cylinders, ivory."""

import numpy as np

from datasets.synthetic.meshes import Point3, Rng, extrusion, rotation, sweep, turned_body
from datasets.synthetic.physics import ALUMINIUM, GOLD, LEAD, ORGANIC, STEEL, STONE, Material
from datasets.synthetic.shapes import (
    UPRIGHT,
    Part,
    between,
    block,
    cavity,
    disc,
    hollow,
    joined,
    moved,
    strip,
    tube,
    turned,
    vessel,
)

# As gold does, tungsten and uranium attenuate per gram much like lead at these energies.
URANIUM = LEAD.packed(18.9)
TUNGSTEN = LEAD.packed(17.5)
IVORY = STONE.packed(1.85)
GAS = ORGANIC.packed(0.25)


def gold_bars(rng: Rng) -> list[Part]:
    """Cast bars of trapezoid section, stacked criss-cross or straight."""
    long, top, foot, tall = (
        between(rng, 200, 255),
        between(rng, 50, 62),
        between(rng, 70, 82),
        between(rng, 32, 40),
    )
    section = [(-foot / 2, tall / 2), (foot / 2, tall / 2), (top / 2, -tall / 2), (-top / 2, -tall / 2)]
    bar = extrusion(section, long).turned(rotation(0, np.pi / 2 if rng.random() < 0.6 else 0, 0))
    step = long + 4 if np.ptp(bar.vertices[:, 0]) > 120 else foot + 3
    rows, layers = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    places: list[Point3] = [(i * step, -j * (tall + 1), 0.0) for i in range(rows) for j in range(layers)]
    return [(joined([bar.moved(at) for at in places]), GOLD)]


def lead_box(rng: Rng) -> list[Part]:
    """A shield of lead around something small."""
    size = (between(rng, 120, 320), between(rng, 110, 260), between(rng, 110, 260))
    wall = between(rng, 14, 40)
    source = block((0, between(rng, -10, 20), 0), (34, 46, 34), STEEL.packed(4))
    return [*hollow((0, 0, 0), size, wall, LEAD), source]


def lead_cask(rng: Rng) -> list[Part]:
    """A round transport cask with a lid and a handle."""
    radius, tall, wall = between(rng, 60, 140), between(rng, 150, 340), between(rng, 25, 55)
    body = turned(vessel([(0, radius), (tall, radius)], wall, LEAD, ORGANIC.packed(0.3), sides=14), UPRIGHT)
    lid = turned(tube(tall, tall + 26, 0, radius * 1.12, 0, STEEL, sides=14), UPRIGHT)
    lug = strip(
        [
            (-radius * 0.5, -tall - 26),
            (-radius * 0.4, -tall - 66),
            (radius * 0.4, -tall - 66),
            (radius * 0.5, -tall - 26),
        ],
        12,
        14,
        STEEL,
    )
    return [*body, *lid, *lug]


def steel_safe(rng: Rng) -> list[Part]:
    x, y, z = between(rng, 280, 520), between(rng, 300, 620), between(rng, 280, 460)
    wall = between(rng, 8, 26)
    parts = hollow((0, 0, 0), (x, y, z), wall, STEEL)
    parts.append(block((0, between(rng, -0.1, 0.2) * y, 0), (x - 2 * wall, 3, z - 2 * wall), STEEL))
    parts.append(disc((x * 0.25, 0, -z / 2 - 12), 34, 22, STEEL))
    parts.append(block((-x * 0.3, 0, -z / 2 + wall + 14), (50, y * 0.5, 24), STEEL.packed(5)))
    parts += [block((-x / 2 - 5, s * y * 0.3, -z * 0.4), (16, 60, 30), STEEL) for s in (-1, 1)]
    return parts


def uranium_block(rng: Rng) -> list[Part]:
    """Depleted metal: a slab or a billet in a steel skin."""
    if rng.random() < 0.5:
        size = (between(rng, 60, 180), between(rng, 50, 140), between(rng, 20, 60))
        return [block((0, 0, 0), size, URANIUM), *hollow((0, 0, 0), _larger(size, 10), 3, STEEL)]
    radius, long = between(rng, 25, 60), between(rng, 90, 260)
    return vessel([(0, radius), (long, radius)], 4, STEEL, URANIUM, sides=14)


def _larger(size: Point3, by: float) -> Point3:
    return size[0] + by, size[1] + by, size[2] + by


def tungsten_rods(rng: Rng) -> list[Part]:
    """Round bars side by side in a case."""
    radius, long, n = between(rng, 10, 22), between(rng, 120, 300), int(rng.integers(3, 8))
    parts: list[Part] = []
    for k in range(n):
        parts += tube(-long / 2, long / 2, k * (2 * radius + 6), radius, 0, TUNGSTEN, sides=12)
    middle = (n - 1) * (radius + 3)
    return [
        *parts,
        *hollow((0, middle, 0), (long + 40, n * (2 * radius + 6) + 24, 2 * radius + 30), 2, ALUMINIUM),
    ]


def _cylinder(rng: Rng, radius: float, tall: float, wall: float, material: Material = STEEL) -> list[Part]:
    """Round shoulders and a valve, its foot at y = 0."""
    profile = [
        (0.0, radius * 0.8),
        (radius * 0.15, radius),
        (tall - radius * 0.8, radius),
        (tall - radius * 0.3, radius * 0.75),
        (tall, radius * 0.25),
    ]
    body = vessel(profile, wall, material, GAS.packed(between(rng, 0.05, 0.35)), sides=14)
    return turned(body, UPRIGHT)


def _valve(tall: float, size: float) -> list[Part]:
    return [
        *turned(tube(tall, tall + size, 0, size * 0.28, 0, STEEL.packed(7), sides=8), UPRIGHT),
        block((size * 0.3, -tall - size * 0.6, 0), (size * 0.9, size * 0.3, size * 0.4), STEEL.packed(7)),
        block((0, -tall - size, 0), (size * 0.9, size * 0.25, size * 0.9), STEEL.packed(4)),
    ]


def gas_industrial(rng: Rng) -> list[Part]:
    """A tall 40- to 50-litre cylinder with its valve or cap."""
    radius, tall = between(rng, 105, 120), between(rng, 1250, 1600)
    parts = [*_cylinder(rng, radius, tall, between(rng, 5.5, 8)), *_valve(tall, 90)]
    if rng.random() < 0.5:
        parts += turned(tube(tall - 20, tall + 150, 0, 44, 40, STEEL), UPRIGHT)
    return parts


def gas_lpg(rng: Rng) -> list[Part]:
    """A squat cylinder with foot ring and collar, half full of liquid."""
    radius, tall = between(rng, 145, 165), between(rng, 380, 620)
    parts = [*_cylinder(rng, radius, tall, 3), *_valve(tall, 60)]
    liquid = turned(
        tube(30, tall * between(rng, 0.35, 0.75), 0, radius - 4, 0, ORGANIC.packed(0.5), sides=14), UPRIGHT
    )
    rings = turned(
        [
            *tube(-40, 20, 0, radius * 0.8, radius * 0.8 - 3, STEEL),
            *tube(tall - 20, tall + 110, 0, radius * 0.62, radius * 0.62 - 3, STEEL),
        ],
        UPRIGHT,
    )
    return [*parts, *liquid, *rings]


def gas_rack(rng: Rng) -> list[Part]:
    """Several cylinders side by side."""
    radius, tall, wall = between(rng, 85, 118), between(rng, 800, 1500), between(rng, 4.5, 7)
    one = [*_cylinder(rng, radius, tall, wall), *_valve(tall, 80)]
    parts: list[Part] = []
    for k in range(int(rng.integers(2, 6))):
        parts += moved(one, (k * (2 * radius + between(rng, 6, 20)), 0, (k % 2) * radius))
    return parts


def gas_small(rng: Rng) -> list[Part]:
    """Nitrous oxide or medical cylinders of a few litres."""
    radius, tall = between(rng, 45, 75), between(rng, 280, 480)
    one = [*_cylinder(rng, radius, tall, between(rng, 3, 5)), *_valve(tall, 50)]
    parts: list[Part] = []
    for k in range(int(rng.integers(1, 7))):
        parts += moved(one, (k * (2 * radius + 6), 0, between(rng, -20, 20)))
    return parts


def gas_diving(rng: Rng) -> list[Part]:
    """Aluminium, thick-walled, one or a pair side by side with a strap."""
    radius, tall, wall = between(rng, 85, 105), between(rng, 480, 680), between(rng, 10, 15)
    one = [*_cylinder(rng, radius, tall, wall, ALUMINIUM), *_valve(tall, 60)]
    parts = [*one, block((0, -tall * 0.55, 0), (2 * radius + 8, 46, 2 * radius + 8), STEEL.packed(0.25))]
    return [*parts, *moved(parts, (2 * radius + 12, 0, 0))] if rng.random() < 0.5 else parts


def gas_extinguisher(rng: Rng) -> list[Part]:
    radius, tall = between(rng, 70, 92), between(rng, 380, 560)
    powder = turned(tube(6, tall * 0.7, 0, radius - 4, 0, ORGANIC.packed(0.9), sides=12), UPRIGHT)
    lever = strip([(-10, -tall - 50), (90, -tall - 70)], 12, 18, STEEL) + strip(
        [(-10, -tall - 40), (80, -tall - 34)], 10, 18, STEEL
    )
    hose = sweep(
        [(20.0, -tall - 30, 0.0), (110, -tall + 20, 0), (120, -tall + 140, 0), (115, -tall * 0.35, 0)],
        [11] * 4,
        sides=8,
    )
    return [
        *_cylinder(rng, radius, tall, 1.8),
        *_valve(tall, 50),
        *powder,
        *lever,
        (hose, ORGANIC.packed(1.2)),
    ]


def _curve(length: float, bend: float, twist: float, thick: float, *, hollow_share: float) -> list[Part]:
    """A horn or tusk: an arc of ``bend`` radians, thick at its root, with the root's hollow."""
    steps = np.linspace(0, 1, 11)
    radius = length / max(bend, 1e-3)
    path: list[Point3] = [
        (float(radius * np.sin(bend * s)), float(-radius * (1 - np.cos(bend * s))), float(twist * s * s))
        for s in steps
    ]
    radii = [float(thick * (1 - 0.25 * s - 0.72 * s**3)) for s in steps]
    parts: list[Part] = [(sweep(path, radii, sides=10), IVORY)]
    n = max(int(hollow_share * len(steps)), 2)
    inner = [radii[k] * 0.72 * (1 - k / n) + 1 for k in range(n + 1)]
    parts.append((cavity(sweep(path[: n + 1], inner, sides=10)), IVORY))
    return parts


def tusk_curved(rng: Rng) -> list[Part]:
    return _curve(
        between(rng, 600, 1500),
        between(rng, 0.6, 1.5),
        between(rng, -150, 150),
        between(rng, 38, 65),
        hollow_share=0.35,
    )


def tusk_pair(rng: Rng) -> list[Part]:
    one = _curve(between(rng, 600, 1200), between(rng, 0.7, 1.4), 0, between(rng, 38, 60), hollow_share=0.35)
    turn = rotation(0, 0, between(rng, 0.1, 0.35)) if rng.random() < 0.5 else rotation(0, np.pi, 0)
    return [*one, *moved(turned(one, turn), (0, between(rng, 90, 160), 90))]


def tusk_bundle(rng: Rng) -> list[Part]:
    parts: list[Part] = []
    length = between(rng, 400, 800)
    for k in range(int(rng.integers(3, 8))):
        one = _curve(
            length * between(rng, 0.8, 1.1),
            between(rng, 0.4, 1.0),
            0,
            between(rng, 26, 44),
            hollow_share=0.35,
        )
        parts += moved(
            turned(one, rotation(0, 0, between(rng, -0.12, 0.12))),
            (between(rng, -40, 40), (k // 2) * 75.0, (k % 2) * 85.0),
        )
    return parts


def tusk_pieces(rng: Rng) -> list[Part]:
    """Sawn into lengths, in a sack."""
    parts: list[Part] = []
    for _ in range(int(rng.integers(5, 13))):
        long, radius = between(rng, 80, 240), between(rng, 24, 50)
        one = turned_body([(-long / 2, radius), (0, radius * 0.97), (long / 2, radius * 0.88)], sides=10)
        turn = rotation(between(rng, -0.4, 0.4), between(rng, -0.6, 0.6), between(rng, -np.pi, np.pi))
        at = (between(rng, -180, 180), between(rng, -110, 110), between(rng, -120, 120))
        body = one.turned(turn).moved(at)
        parts.append((body, IVORY))
        if rng.random() < 0.5:
            hole = (
                turned_body([(-long / 2, radius * 0.55), (long / 2, radius * 0.35)], sides=10)
                .turned(turn)
                .moved(at)
            )
            parts.append((cavity(hole), IVORY))
    return parts


def tusk_cut(rng: Rng) -> list[Part]:
    """Two or three tusks sawn across, the lengths side by side."""
    parts: list[Part] = []
    for k in range(int(rng.integers(4, 10))):
        long, root = between(rng, 220, 480), between(rng, 24, 58)
        tip = root * between(rng, 0.35, 0.85)
        bend = between(rng, 10, 45)
        steps = np.linspace(0, 1, 6)
        path: list[Point3] = [(float(long * s), float(-bend * 4 * s * (1 - s)), 0.0) for s in steps]
        radii = [float(root + (tip - root) * s) for s in steps]
        one: list[Part] = [(sweep(path, radii, sides=10), IVORY)]
        if rng.random() < 0.6:
            one.append((cavity(sweep(path[:4], [r * 0.6 for r in radii[:4]], sides=10)), IVORY))
        at = (between(rng, -40, 40), (k // 2) * 105.0, (k % 2) * 110.0)
        parts += moved(turned(one, rotation(0, 0, between(rng, -0.06, 0.06))), at)
    return parts


def horn(rng: Rng) -> list[Part]:
    """Rhinoceros: short, broad at its root, curved to a point; keratin."""
    length, thick = between(rng, 260, 520), between(rng, 60, 90)
    steps = np.linspace(0, 1, 9)
    bend = between(rng, 0.5, 1.0)
    path: list[Point3] = [
        (float(length / bend * np.sin(bend * s)), float(-length / bend * (1 - np.cos(bend * s))), 0.0)
        for s in steps
    ]
    radii = [float(thick * (1 - s) ** 0.75 + 4) for s in steps]
    return [(sweep(path, radii, sides=12), ORGANIC.packed(1.28))]
