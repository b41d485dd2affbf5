"""Gas cylinders seen in training only: forms unlike those a model is measured on."""

from typing import Final

import numpy as np

from datasets.practice.arranging import boxed
from datasets.synthetic.meshes import Point2, Point3, Rng, bar, rod, rotation, sphere, sweep
from datasets.synthetic.physics import ALUMINIUM, ORGANIC, PLASTIC, RUBBER, STEEL, STONE, WOOD, Material
from datasets.synthetic.shapes import (
    UPRIGHT,
    Build,
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

BRASS = STEEL.packed(8.4)
COMPOSITE = ORGANIC.packed(1.55)


def _domed(radius: float, long: float, foot: float, crown: float) -> list[Point2]:
    """A profile along x with rounded ends, ``foot`` and ``crown`` deep."""
    arc = [(1 - float(np.cos(a)), radius * float(np.sin(a))) for a in (0.3, 0.7, 1.1, np.pi / 2)]
    start = [(foot * along, r) for along, r in arc]
    end = [(long - crown * along, r) for along, r in arc]
    return [*start, *reversed(end)]


def _pressed(rng: Rng) -> Material:
    return ORGANIC.packed(between(rng, 0.01, 0.35))


def _upright(profile: list[Point2], wall: float, material: Material, content: Material) -> list[Part]:
    return turned(vessel(profile, wall, material, content, sides=14), UPRIGHT)


def _pipe(low: float, high: float, outer: float, inner: float, material: Material = STEEL) -> list[Part]:
    """An upright tube or bar from one height above the floor to another."""
    return turned(tube(low, high, 0, outer, inner, material, sides=12), UPRIGHT)


def _tap(tall: float, size: float) -> list[Part]:
    """A stem with an outlet to one side and a round handwheel."""
    wheel = rod(size * 0.55, size * 0.16, sides=10).turned(UPRIGHT).moved((0, -tall - size * 1.05, 0))
    return [
        *_pipe(tall, tall + size, size * 0.17, 0, BRASS),
        *tube(size * 0.15, size * 0.75, -tall - size * 0.5, size * 0.2, size * 0.08, BRASS, sides=8),
        (wheel, ALUMINIUM),
    ]


def cylinders_lying(rng: Rng) -> list[Part]:
    """Two on chocks, or a third upon them, heads to either side."""
    radius, long, wall = between(rng, 55, 130), between(rng, 450, 1500), between(rng, 3, 9)
    profile = _domed(radius, long, radius * between(rng, 0.1, 0.7), radius * between(rng, 0.5, 1.4))
    one = vessel(profile, wall, STEEL if rng.random() < 0.7 else ALUMINIUM, _pressed(rng))
    one += turned(_tap(long, radius * between(rng, 0.4, 0.7)), UPRIGHT.T)
    gap = between(rng, 2, 60)
    side = radius + gap / 2
    places: list[Point3] = [(0, 0, -side), (0, 0, side)]
    if rng.random() < 0.5:
        places.append((0, -float(np.sqrt(max(4 * radius**2 - side**2, radius**2))), 0))
    parts: list[Part] = []
    for x, y, z in places:
        if rng.random() < 0.5:
            parts += moved(one, (x + between(rng, -60, 60), y, z))
        else:
            parts += moved(turned(one, rotation(0, np.pi, 0)), (x + long + between(rng, -60, 60), y, z))
    chocks = [
        block((long * share, radius + 22, 0), (70, 44, 4 * radius + gap), WOOD) for share in (0.2, 0.75)
    ]
    return [*parts, *chocks]


def cylinder_guarded(rng: Rng) -> list[Part]:
    """A ring on posts to carry it by, or a closed cap, above round shoulders."""
    radius, tall = between(rng, 80, 190), between(rng, 420, 1400)
    profile = _domed(radius, tall, radius * between(rng, 0.05, 0.5), radius * between(rng, 0.4, 1.0))
    parts = _upright(profile, between(rng, 2.5, 7), STEEL, _pressed(rng))
    size = between(rng, 50, 85)
    if rng.random() < 0.4:
        cap = vessel(_domed(size * 0.75, size * 2.2, 2, size * 0.8), 4, STEEL, ORGANIC.packed(0.01))
        return [*parts, *moved(turned(cap, UPRIGHT), (0, -tall, 0)), *_pipe(tall, tall + size, 12, 0, BRASS)]
    ring, high = radius * between(rng, 0.5, 0.85), size * between(rng, 1.7, 2.3)
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(3, 5)), endpoint=False):
        x, z = ring * float(np.cos(angle)), ring * float(np.sin(angle))
        parts.append((bar((x, -tall + radius * 0.35, z), (x, -tall - high, z), 28, 5), STEEL))
    return [*parts, *_tap(tall, size), *_pipe(tall + high, tall + high + 18, ring + 9, ring - 9)]


def canisters_camping(rng: Rng) -> list[Part]:
    """Disposable canisters with a low neck, in a carton or on a tray."""
    radius, tall = between(rng, 36, 60), between(rng, 65, 270)
    liquid = ORGANIC.packed(between(rng, 0.25, 0.55))
    profile = _domed(radius, tall, radius * 0.15, radius * between(rng, 0.35, 0.8))
    one = _upright(profile, between(rng, 0.5, 1.0), STEEL, liquid)
    one += _pipe(tall - 2, tall + between(rng, 8, 22), between(rng, 7, 13), 4)
    one += _pipe(1, 5, radius * 0.9, radius * 0.75)
    if rng.random() < 0.4:
        one += _pipe(tall - 4, tall + 30, radius * 0.55, radius * 0.55 - 2, PLASTIC)
    nx, nz = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    step = 2 * radius + between(rng, 1, 6)
    parts = [
        part for i in range(nx) for k in range(nz) for part in moved(one, (i * step, 0, (k + 0.5) * step))
    ]
    if rng.random() < 0.6:
        middle = ((nx - 1) * step / 2, -tall / 2, nz * step / 2)
        parts += hollow(middle, (nx * step + 8, tall + 44, nz * step + 8), 4, ORGANIC.packed(0.6))
    return parts


def cylinder_composite(rng: Rng) -> list[Part]:
    """A thin liner wound with fibre as thick as it needs: bulging ends, a boss of metal."""
    radius, tall = between(rng, 60, 210), between(rng, 330, 1500)
    tall = max(tall, 2.4 * radius)
    wound, dome = between(rng, 6, 26), radius * between(rng, 0.7, 1.1)
    profile = _domed(radius, tall, dome, dome)
    liner = _domed(radius - wound, tall - 2 * wound, dome * 0.9, dome * 0.9)
    shell = _upright(profile, wound, COMPOSITE, ORGANIC.packed(0.02))
    metal = ALUMINIUM if rng.random() < 0.7 else PLASTIC
    inner = moved(_upright(liner, between(rng, 2, 5), metal, _pressed(rng)), (0, -wound, 0))
    boss = _pipe(tall - 4, tall + 26, radius * 0.26, 12, ALUMINIUM)
    one = [*shell, *inner, *boss, *_tap(tall + 26, between(rng, 28, 55))]
    if rng.random() < 0.3:
        one += _pipe(-26, 4, radius * 0.26, 0, ALUMINIUM)
    turn = rotation(0, 0, np.pi / 2) if rng.random() < 0.4 else rotation(0, 0, 0)
    return turned(one, turn)


def oxygen_set(rng: Rng) -> list[Part]:
    """A small cylinder with gauge, regulator, hose and mask, in a bag or on a trolley."""
    radius, tall = between(rng, 40, 75), between(rng, 300, 680)
    metal, wall = (ALUMINIUM, between(rng, 5, 9)) if rng.random() < 0.6 else (STEEL, between(rng, 3, 5))
    parts = _upright(_domed(radius, tall, 6, radius * between(rng, 0.5, 1.2)), wall, metal, _pressed(rng))
    out = between(rng, 60, 120)
    parts += [
        *_pipe(tall, tall + 55, 14, 0, BRASS),
        *tube(0, out, -tall - 30, 19, 7, BRASS, sides=8),
        disc((out * 0.6, -tall - 75, 0), between(rng, 22, 36), 22, BRASS.packed(5)),
    ]
    sag = between(rng, 0.2, 0.8) * tall
    hose: list[Point3] = [
        (out, -tall - 30, 0),
        (out + 70, -tall + 30, 20),
        (out + 60, -tall + sag * 0.6, 60),
        (out + 20, -tall + sag, 70),
        (out - 10, -tall + sag + 60, 60),
    ]
    parts.append((sweep(hose, [7] * 5, sides=8), RUBBER))
    mask = sphere(1.0, sides=8).scaled((45, 60, 40)).moved((out - 10, -tall + sag + 110, 60))
    inside = sphere(1.0, sides=8).scaled((41, 56, 36)).moved((out - 10, -tall + sag + 110, 60))
    parts += [(mask, PLASTIC), (cavity(inside), PLASTIC)]
    if rng.random() < 0.5:
        axle = between(rng, 55, 90)
        parts += [disc((-radius - 30, -axle, s * (radius + 45)), axle, 30, RUBBER) for s in (-1, 1)]
        parts += strip([(-radius - 30, -axle), (-radius - 45, -tall - 120)], 18, 18, STEEL.packed(3))
        parts += strip(
            [(-radius - 45, -tall - 120), (-radius - 130, -tall - 150)], 18, 200, STEEL.packed(0.6)
        )
        parts.append(block((0, 6, 0), (2 * radius + 70, 6, 2 * radius + 70), STEEL))
    else:
        parts = boxed(parts, 3, ORGANIC.packed(0.5), 9)
    return parts


def aerosol_tray(rng: Rng) -> list[Part]:
    """Spray cans with caps, in rows on a tray of card."""
    radius, tall = between(rng, 17, 34), between(rng, 95, 260)
    tin = STEEL if rng.random() < 0.6 else ALUMINIUM
    one = [
        *_upright(_domed(radius, tall, 4, radius * 0.5), 0.4, tin, ORGANIC.packed(0.02)),
        *_pipe(6, tall * between(rng, 0.4, 0.85), radius - 1, 0, ORGANIC.packed(between(rng, 0.55, 1.0))),
        *_pipe(tall - radius * 0.3, tall + between(rng, 18, 45), radius * 0.85, radius * 0.85 - 1.5, PLASTIC),
        *_pipe(1, 4, radius, radius * 0.86, tin),
    ]
    nx, nz = int(rng.integers(3, 8)), int(rng.integers(1, 5))
    step = 2 * radius + between(rng, 0.5, 3)
    gone = between(rng, 0, 0.15)
    places: list[Point3] = [
        (i * step, 0, k * step) for i in range(nx) for k in range(nz) if rng.random() > gone
    ]
    parts: list[Part] = [(joined([body.moved(at) for at in places]), material) for body, material in one]
    middle, size = ((nx - 1) * step / 2, (nz - 1) * step / 2), (nx * step + 6, nz * step + 6)
    parts.append(block((middle[0], 3, middle[1]), (size[0], 4, size[1]), ORGANIC.packed(0.6)))
    return parts


def tank_spherical(rng: Rng) -> list[Part]:
    """A ball with a neck on legs or a ring: half liquid or all gas."""
    radius, wall = between(rng, 110, 380), between(rng, 2.5, 12)
    metal = STEEL if rng.random() < 0.6 else ALUMINIUM
    parts: list[Part] = [
        (sphere(radius, sides=18), metal),
        (cavity(sphere(radius - wall, sides=18)), metal),
        (sphere(radius - wall - 1, sides=18), _pressed(rng)),
    ]
    parts += moved(_tap(0, max(radius * 0.25, 45)), (0, -radius, 0))
    parts += moved(_pipe(0, 12, radius * 0.3, radius * 0.1), (0, -radius + 6, 0))
    seam = radius + 4
    if rng.random() < 0.5:
        parts += moved(_pipe(0, 22, seam + 14, seam - 2), (0, 11, 0))
    if rng.random() < 0.5:
        ring = radius * 0.7
        return [*parts, *moved(_pipe(0, radius * 0.5, ring, ring - 5), (0, radius * 1.15, 0))]
    for angle in np.linspace(0.4, 2 * np.pi + 0.4, int(rng.integers(3, 5)), endpoint=False):
        x, z = float(np.cos(angle)), float(np.sin(angle))
        start, foot = (x * seam * 0.85, radius * 0.55, z * seam * 0.85), (x * seam, radius * 1.3, z * seam)
        parts.append((bar(start, foot, 26, 26), STEEL.packed(3)))
    return parts


def cylinder_acetylene(rng: Rng) -> list[Part]:
    """Full of a porous mass, so denser than a gas; a broad collar about its valve."""
    radius, tall = between(rng, 75, 160), between(rng, 380, 1250)
    profile = _domed(radius, tall, radius * 0.25, radius * between(rng, 0.35, 0.7))
    porous = STONE.packed(between(rng, 0.45, 0.95))
    parts = _upright(profile, between(rng, 2.5, 4.5), STEEL, porous)
    ring, high = radius * between(rng, 0.45, 0.75), between(rng, 90, 190)
    return [
        *parts,
        *_tap(tall, between(rng, 40, 75)),
        *_pipe(tall - radius * 0.2, tall + high, ring, ring - between(rng, 2.5, 5)),
        *_pipe(-45, radius * 0.15, radius * 0.93, radius * 0.93 - 4),
    ]


def drum_pressure(rng: Rng) -> list[Part]:
    """A thick drum on its side whose ends are hidden behind rims, for liquefied gas."""
    radius, long = between(rng, 190, 400), between(rng, 600, 1900)
    wall, rim = between(rng, 6, 14), between(rng, 60, 130)
    profile = _domed(radius, long, radius * 0.3, radius * 0.3)
    parts = vessel(profile, wall, STEEL, ORGANIC.packed(0.05), sides=18)
    level = between(rng, 0.3, 0.8)
    liquid = rod(radius - wall - 3, long - radius * 0.4, sides=18).scaled((1, level, level**0.5))
    drop = radius * (1 - level) * 0.9
    parts.append((liquid.moved((long / 2, drop, 0)), ORGANIC.packed(between(rng, 0.8, 1.35))))
    parts += tube(-rim * 0.5, radius * 0.2, 0, radius + 6, radius - 2, STEEL, sides=18)
    parts += tube(long - radius * 0.2, long + rim * 0.5, 0, radius + 6, radius - 2, STEEL, sides=18)
    for s in (-1, 1):
        parts += moved(tube(-60, 5, 0, 22, 8, BRASS, sides=8), (0, s * radius * 0.4, 0))
    if rng.random() < 0.5:
        for share in (0.28, 0.72):
            parts.append(block((long * share, radius + 40, 0), (90, 70, radius * 1.4), STEEL.packed(1.2)))
    return parts


def jug_refrigerant(rng: Rng) -> list[Part]:
    """A light jug of two shells welded at its waist, two grips on its shoulders; bare or in its carton."""
    radius, tall = between(rng, 95, 165), between(rng, 230, 430)
    profile = _domed(radius, tall, radius * 0.35, radius * 0.45)
    one = _upright(profile, between(rng, 0.9, 1.8), STEEL, ORGANIC.packed(between(rng, 0.1, 0.3)))
    level = between(rng, 0.25, 0.8)
    one += _pipe(radius * 0.3, tall * level, radius - 3, 0, ORGANIC.packed(between(rng, 0.7, 1.1)))
    one += _pipe(tall * 0.47, tall * 0.5, radius + 5, radius - 1)
    grip, high = radius * between(rng, 0.35, 0.6), between(rng, 45, 85)
    for s in (-1, 1):
        line = [(s * grip, -tall + 12), (s * (grip + 16), -tall - high), (s * grip * 0.4, -tall - high - 6)]
        one += strip(line, 4, between(rng, 70, 120), STEEL)
    one += moved(_tap(0, 34), (0, -tall, 0))
    if rng.random() < 0.5:
        size = (2 * radius + 16, tall + high + 30, 2 * radius + 16)
        one += hollow((0, -(tall + high) / 2, 0), size, 5, ORGANIC.packed(0.5))
    if rng.random() < 0.4:
        one = [*one, *moved(one, (2 * radius + 24, 0, 0))]
    return one


GAS_CYLINDERS: Final[tuple[Build, ...]] = (
    cylinders_lying,
    cylinder_guarded,
    canisters_camping,
    cylinder_composite,
    oxygen_set,
    aerosol_tray,
    tank_spherical,
    cylinder_acetylene,
    drum_pressure,
    jug_refrigerant,
)
