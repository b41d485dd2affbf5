"""Dense blocks seen in training only: forms unlike those a model is measured on."""

from typing import Final

import numpy as np

from datasets.practice.arranging import boxed
from datasets.practice.draws import one_of
from datasets.synthetic.meshes import (
    Mesh,
    Point2,
    Point3,
    Rng,
    cuboid,
    loft,
    rod,
    rotation,
    sphere,
    sweep,
    turned_body,
)
from datasets.synthetic.physics import GLASS, GOLD, LEAD, ORGANIC, PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.shapes import (
    UPRIGHT,
    Build,
    Part,
    between,
    block,
    cavity,
    extent,
    hollow,
    joined,
    moved,
    plate,
    strip,
    tube,
    turned,
    vessel,
)
from datasets.synthetic.shapes_dense import TUNGSTEN

SILVER = Material(
    density_g_cm3=10.5, organic=(STEEL.organic + LEAD.organic) / 2, iron=(STEEL.iron + LEAD.iron) / 2
)
COPPER = STEEL.packed(8.9)
FOAM = ORGANIC.packed(0.04)


def _ingot(long: float, wide: float, tall: float, slope: float) -> Mesh:
    """A cast block, smaller above than below by ``slope`` on every side; x long, its middle at the origin."""
    rings = []
    for y, by in ((tall / 2, 0.0), (-tall / 2, slope)):
        x, z = long / 2 - by, wide / 2 - by
        rings.append(np.array([(-x, y, -z), (x, y, -z), (x, y, z), (-x, y, z)]))
    return loft(rings)


def ingot_pyramid(rng: Rng) -> list[Part]:
    """Pigs of lead, copper or gold in layers, each a pig narrower than the one below."""
    long, wide, tall = between(rng, 90, 620), between(rng, 35, 110), between(rng, 20, 85)
    body = _ingot(long, wide, tall, min(tall, wide) * between(rng, 0.08, 0.3))
    foot, rows = int(rng.integers(2, 6)), int(rng.integers(1, 3))
    step = wide + between(rng, 1, 6)
    places: list[Point3] = [
        (i * (long + 10), -j * tall, (k - (foot - j) / 2) * step)
        for i in range(rows)
        for j in range(min(foot, int(rng.integers(2, 5))))
        for k in range(foot - j)
    ]
    across = turned(
        [(joined([body.moved(at) for at in places]), one_of(rng, (LEAD, COPPER, GOLD, SILVER)))],
        rotation(0, np.pi / 2 if rng.random() < 0.5 else 0, 0),
    )
    return across


def coin_tubes(rng: Rng) -> list[Part]:
    """Rolls of coins in plastic tubes, some half full, standing or lying in a box."""
    radius, long = between(rng, 8, 21), between(rng, 40, 130)
    nx, nz = int(rng.integers(2, 8)), int(rng.integers(1, 6))
    step = 2 * radius + between(rng, 4, 8)
    coins, shells, holes = [], [], []
    for i in range(nx):
        for k in range(nz):
            share = between(rng, 0.3, 1) if rng.random() < 0.3 else 1.0
            at: Point3 = (0, i * step, k * step)
            coins.append(rod(radius, long * share, sides=10).moved((-long * (1 - share) / 2, at[1], at[2])))
            shells.append(rod(radius + 2, long + 8, sides=10).moved(at))
            holes.append(cavity(rod(radius + 0.4, long + 4, sides=10)).moved(at))
    metal = one_of(rng, (GOLD, GOLD.packed(17.5), SILVER, COPPER))
    parts = [(joined(coins), metal), (joined([*shells, *holes]), PLASTIC)]
    if rng.random() < 0.6:
        parts = boxed(parts, between(rng, 1, 6), one_of(rng, (STEEL, WOOD, PLASTIC)), 4)
    return turned(parts, UPRIGHT) if rng.random() < 0.7 else parts


def lead_wall(rng: Rng) -> list[Part]:
    """Bricks of lead in a running bond: a screen, a corner or all around a small thing."""
    long, tall, thick = between(rng, 90, 210), between(rng, 45, 105), between(rng, 25, 105)
    n, layers = int(rng.integers(2, 5)), int(rng.integers(2, 6))
    body = cuboid((long - 1, tall - 1, thick))
    sides = int(rng.integers(1, 5))
    span = n * long
    bricks: list[Mesh] = []
    for side in range(sides):
        turn = rotation(0, side * np.pi / 2, 0)
        for j in range(layers):
            shift = long / 2 if j % 2 else 0.0
            for i in range(n - (j % 2 if sides == 1 else 0)):
                at = (i * long + shift - span / 2, -j * tall, -span / 2 - thick / 2)
                bricks.append(body.moved(at).turned(turn))
    parts: list[Part] = [(joined(bricks), LEAD)]
    if sides > 2:
        size = span * between(rng, 0.15, 0.4)
        parts.append(block((0, -layers * tall / 3, 0), (size, size, size), STEEL.packed(between(rng, 1, 6))))
    return parts


def lined_pipe(rng: Rng) -> list[Part]:
    """A long steel pipe with flanges and a liner of lead; small things in the bore."""
    bore, liner, long = between(rng, 10, 35), between(rng, 8, 30), between(rng, 380, 1400)
    outer = bore + liner + between(rng, 3, 8)
    parts = tube(0, long, 0, outer, bore + liner, STEEL, sides=14)
    parts += tube(between(rng, 0, 60), long - between(rng, 0, 60), 0, bore + liner, bore, LEAD, sides=14)
    for x in (0.0, long):
        parts += tube(x - 12, x + 12, 0, outer + between(rng, 18, 40), outer, STEEL, sides=14)
        if rng.random() < 0.7:
            parts += tube(x + (14 if x else -34), x + (34 if x else -14), 0, outer + 15, 0, STEEL, sides=14)
    for _ in range(int(rng.integers(1, 4))):
        size = between(rng, 25, 90)
        at = between(rng, 80, long - 80)
        parts += tube(at - size / 2, at + size / 2, 0, bore * 0.7, 0, STEEL.packed(between(rng, 3, 8)))
    return parts


def silver_bars(rng: Rng) -> list[Part]:
    """Large bars like loaves, on a small pallet with battens between the layers, or a few by themselves."""
    long, wide, tall = between(rng, 150, 330), between(rng, 60, 140), between(rng, 40, 95)
    body = _ingot(long, wide, tall, between(rng, 4, 16))
    nx, ny, nz = int(rng.integers(1, 4)), int(rng.integers(1, 4)), int(rng.integers(1, 4))
    layer = tall + between(rng, 8, 25)
    places: list[Point3] = [
        (i * (long + 15), -j * layer, k * (wide + 12))
        for i in range(nx)
        for j in range(ny)
        for k in range(nz)
        if j < ny - 1 or rng.random() < 0.75 or i + k == 0
    ]
    parts: list[Part] = [(joined([body.moved(at) for at in places]), SILVER)]
    width, middle = nz * (wide + 12), (nz - 1) * (wide + 12) / 2
    for j in range(ny):
        for i in range(nx):
            for s in (-1, 1):
                at = (i * (long + 15) + s * long * 0.3, -j * layer + layer / 2, middle)
                parts.append(block(at, (30, layer - tall, width), WOOD))
    foot = layer - tall / 2 + 22
    parts.append(block(((nx - 1) * (long + 15) / 2, foot, middle), (nx * (long + 15) + 40, 36, width), WOOD))
    return parts


def dense_plates(rng: Rng) -> list[Part]:
    """Plates of a heavy metal, a slipping stack or on edge in a rack of grooves."""
    x, y, thick = between(rng, 60, 320), between(rng, 50, 260), between(rng, 3, 22)
    n = int(rng.integers(2, 11))
    metal = one_of(rng, (TUNGSTEN, LEAD, GOLD))
    slip = between(rng, 0, 0.12) * x
    if rng.random() < 0.5:
        return [
            (
                joined(
                    [
                        cuboid((x, thick, y))
                        .turned(rotation(0, between(rng, -0.1, 0.1), 0))
                        .moved((between(rng, -slip, slip), -k * (thick + 0.5), between(rng, -slip, slip)))
                        for k in range(n)
                    ]
                ),
                metal,
            )
        ]
    step = thick + between(rng, 6, 40)
    tilt = between(rng, -0.25, 0.25)
    plates = [cuboid((thick, y, x)).turned(rotation(0, 0, tilt)).moved((k * step, 0, 0)) for k in range(n)]
    return boxed([(joined(plates), metal)], between(rng, 6, 18), WOOD, 6)


def shot_bags(rng: Rng) -> list[Part]:
    """Small shot of lead in tied bags that slump."""
    parts: list[Part] = []
    shot = one_of(rng, (LEAD.packed(6.8), TUNGSTEN.packed(10.5), LEAD.packed(7.2)))
    x = 0.0
    for _ in range(int(rng.integers(1, 5))):
        wide, tall = between(rng, 45, 120), between(rng, 40, 110)
        profile = [
            (0.0, wide * 0.75),
            (tall * 0.1, wide * 0.97),
            (tall * 0.35, wide),
            (tall * 0.7, wide * 0.8),
            (tall, wide * 0.3),
        ]
        neck = [(tall, wide * 0.28), (tall + 14, wide * 0.14), (tall + between(rng, 40, 80), wide * 0.4)]
        turn = UPRIGHT @ rotation(between(rng, 0, np.pi), 0, 0)
        deep = between(rng, 0.6, 1.0)
        for outline, material in ((profile, shot), (neck, ORGANIC.packed(0.3))):
            body = turned_body(outline, sides=12).turned(turn).scaled((1, 1, deep))
            parts.append((body.turned(rotation(0, 0, between(rng, -0.02, 0.02))).moved((x, 0, 0)), material))
        x += wide * 1.9
    return parts


def anvil(rng: Rng) -> list[Part]:
    """A heavy lump of iron or lead with a waist, a face and a horn."""
    long, tall, deep = between(rng, 220, 620), between(rng, 130, 330), between(rng, 70, 160)
    foot, waist, face = between(rng, 0.4, 0.65), between(rng, 0.2, 0.35), between(rng, 0.18, 0.32)
    half = long / 2
    body: list[Point2] = [
        (-half * foot, 0),
        (-half * foot, -tall * 0.16),
        (-half * waist, -tall * 0.4),
        (-half * waist, -tall * 0.58),
        (-half * 0.62, -tall * (1 - face)),
        (-half * 0.62, -tall),
        (half * 0.5, -tall),
        (half * 0.5, -tall * (1 - face)),
        (half * waist, -tall * 0.58),
        (half * waist, -tall * 0.4),
        (half * foot, -tall * 0.16),
        (half * foot, 0),
    ]
    horn: list[Point3] = [
        (half * 0.5, -tall * 0.86, 0),
        (half * 0.85, -tall * 0.9, 0),
        (half * 1.25, -tall, 0),
    ]
    metal = one_of(rng, (STEEL, STEEL.packed(7.2), LEAD))
    thick = min(deep / 2, tall * 0.14)
    parts = [plate(body, deep, metal), (sweep(horn, [thick, thick * 0.75, 6], sides=10), metal)]
    if rng.random() < 0.4:
        stump = between(rng, 60, 280)
        parts.append(block((0, stump / 2, 0), (long * 0.7, stump, deep * 1.6), WOOD))
    return parts


def dust_jars(rng: Rng) -> list[Part]:
    """Jars with lids, filled to different heights with dust or granules of gold."""
    radius, tall = between(rng, 18, 55), between(rng, 45, 170)
    nx, nz = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    glass, wall = (GLASS, between(rng, 2, 4)) if rng.random() < 0.6 else (PLASTIC, between(rng, 1, 2))
    dust = GOLD.packed(between(rng, 6, 12))
    profile = [(0.0, radius), (tall * 0.8, radius), (tall * 0.9, radius * 0.75), (tall, radius * 0.75)]
    step = 2 * radius + between(rng, 3, 14)
    parts: list[Part] = []
    for i in range(nx):
        for k in range(nz):
            one = vessel(profile, wall, glass, ORGANIC.packed(0.001), sides=12)
            one += tube(wall, max(tall * between(rng, 0.1, 0.75), 8), 0, radius - wall, 0, dust, sides=12)
            one += tube(tall, tall + 14, 0, radius * 0.85, 0, STEEL.packed(1.2), sides=12)
            parts += moved(turned(one, UPRIGHT), (i * step, 0, k * step))
    return boxed(parts, 4, ORGANIC.packed(0.6), 5) if rng.random() < 0.5 else parts


def dense_core_in_foam(rng: Rng) -> list[Part]:
    """A ball, half ball, cone or ring of a heavy metal, held by foam in a small case."""
    radius = between(rng, 25, 85)
    metal = one_of(rng, (TUNGSTEN, LEAD, GOLD))
    form = int(rng.integers(4))
    if form == 0:
        core = [(sphere(radius, sides=14), metal)]
    elif form == 1:
        arc = np.linspace(0, np.pi / 2, 5)[:-1]
        profile = [(radius * float(np.sin(a)), radius * float(np.cos(a))) for a in arc]
        core = [(turned_body([*profile, (radius, 1)], sides=14), metal)]
    elif form == 2:
        core = [(turned_body([(0, radius), (radius * between(rng, 1, 2.4), radius * 0.25)], sides=14), metal)]
    else:
        core = tube(0, radius * between(rng, 0.3, 0.9), 0, radius, radius * between(rng, 0.35, 0.75), metal)
    low, high = extent(core)
    gap = between(rng, 25, 90)
    (x, y, z), (dx, dy, dz) = ((low + high) / 2).tolist(), (high - low + 2 * gap).tolist()
    shell = one_of(rng, (PLASTIC, STEEL, WOOD))
    wall = between(rng, 1, 2.5) if shell is STEEL else between(rng, 3, 10)
    case = hollow((x, y, z), (dx + 2 * wall, dy + 2 * wall, dz + 2 * wall), wall, shell)
    handle = strip(
        [(x - 50, y - dy / 2), (x - 40, y - dy / 2 - 34), (x + 40, y - dy / 2 - 34)], 14, 20, PLASTIC
    )
    return [*core, block((x, y, z), (dx, dy, dz), FOAM), *case, *handle]


def sheet_roll(rng: Rng) -> list[Part]:
    """Sheet of lead rolled up loosely: layers with air between them, an open core."""
    long, thick, turns = between(rng, 200, 1000), between(rng, 1.5, 6), int(rng.integers(3, 9))
    radius, gap = between(rng, 15, 60), between(rng, 0.3, 3)
    parts: list[Part] = []
    for k in range(turns):
        inner = radius + k * (thick + gap)
        end = long - between(rng, 0, 12)
        parts += tube(-end / 2, end / 2, 0, inner + thick, inner, LEAD, sides=14)
    for x in (-0.3, 0.3):
        outer = radius + turns * (thick + gap)
        parts += tube(x * long - 12, x * long + 12, 0, outer + 1.5, outer, STEEL, sides=14)
    return parts


def weights_on_bar(rng: Rng) -> list[Part]:
    """Round counterweights of falling size threaded on a bar."""
    radius, thick, n = between(rng, 50, 180), between(rng, 14, 60), int(rng.integers(2, 7))
    bore, metal = between(rng, 8, 18), one_of(rng, (LEAD, TUNGSTEN, LEAD.packed(10.5)))
    parts: list[Part] = []
    x = 0.0
    for k in range(n):
        size, wide = radius * (1 - between(rng, 0.03, 0.14) * k), thick * between(rng, 0.6, 1.3)
        parts += tube(x, x + wide, 0, size, bore, metal, sides=14)
        x += wide + between(rng, 1, 30)
    return [*parts, *tube(-between(rng, 30, 200), x + between(rng, 20, 200), 0, bore, 0, STEEL)]


DENSE_BLOCKS: Final[tuple[Build, ...]] = (
    ingot_pyramid,
    coin_tubes,
    lead_wall,
    lined_pipe,
    silver_bars,
    dense_plates,
    shot_bags,
    anvil,
    dust_jars,
    dense_core_in_foam,
    sheet_roll,
    weights_on_bar,
)
