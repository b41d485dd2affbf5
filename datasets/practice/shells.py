"""Shells, rockets and their warheads in random sizes, for training only."""

from typing import Final

import numpy as np

from datasets.practice.draws import often, one_of
from datasets.synthetic.meshes import Rng, rotation, turned_body
from datasets.synthetic.physics import ALUMINIUM, ORGANIC, PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.shapes import UPRIGHT, Part, between, moved, plate, strip, tube, turned, vessel

_FILLING: Final = ORGANIC.packed(1.6)


def _warhead(rng: Rng, radius: float, long: float) -> list[Part]:
    """A pointed thick-walled shell from x = 0 to ``long``, filled."""
    blunt = between(rng, 0.45, 0.75)
    profile = [
        (0, radius * between(rng, 0.75, 0.98)),
        (long * 0.15, radius),
        (long * (1 - blunt * 0.7), radius),
        (long * 0.8, radius * between(rng, 0.55, 0.75)),
        (long * 0.93, radius * 0.32),
        (long, radius * 0.1),
    ]
    wall = radius * between(rng, 0.14, 0.28)
    return [
        *vessel(profile, wall, STEEL, _FILLING, sides=12),
        *tube(long * 0.92, long * 1.0, 0, radius * 0.22, 0, STEEL.packed(4), sides=8),
    ]


def cannon_shells(rng: Rng) -> list[Part]:
    """Cannon rounds of 20 to 60 mm, case and shell in one, alone or in a row."""
    radius = between(rng, 12, 34)
    length = radius * between(rng, 8, 12)
    case, neck = length * between(rng, 0.55, 0.72), radius * between(rng, 0.66, 0.92)
    profile = [
        (0, radius * 1.08),
        (4, radius),
        (case * 0.78, radius * 0.95),
        (case * 0.88, neck),
        (case, neck),
    ]
    one = [
        *vessel(profile, radius * between(rng, 0.06, 0.14), STEEL.packed(8.2), ORGANIC.packed(0.9), sides=12),
        (turned_body([(0, radius), (6, radius)], sides=12), STEEL.packed(5)),
        *moved(_warhead(rng, neck * 0.97, length - case + neck), (case - neck * 0.9, 0, 0)),
    ]
    parts: list[Part] = []
    flip = often(rng, 0.3)
    for k in range(int(rng.integers(1, 7))):
        way = rotation(0, 0, np.pi) if flip and k % 2 else np.eye(3)
        shell = turned(moved(one, (-length / 2, 0, 0)), way)
        parts += moved(
            shell, (between(rng, -6, 6), k * (2.15 * radius + between(rng, 1, 8)), between(rng, -4, 4))
        )
    return turned(parts, UPRIGHT) if often(rng, 0.5) else parts


def rocket_grenades(rng: Rng) -> list[Part]:
    """Anti-tank warhead on a thin stem with a booster and fins; with or without its launch tube."""
    radius, stem = between(rng, 30, 52), between(rng, 11, 17)
    back, nose = between(rng, 150, 260), between(rng, 140, 230)
    cone = [
        (0.0, stem),
        (back * 0.3, stem * 1.1),
        (back * 0.3 + 60, radius),
        (back * 0.3 + 60 + nose * 0.35, radius),
        (back * 0.3 + 60 + nose, radius * 0.28),
        (back * 0.3 + 70 + nose, radius * 0.22),
    ]
    one = [
        *vessel(cone, between(rng, 2, 3.5), STEEL, ORGANIC.packed(1.2), sides=12),
        *tube(-back, 4, 0, stem * 0.85, stem * 0.85 - 3, STEEL),
        *tube(-back, -back * 0.2, 0, stem * 0.6, 0, ORGANIC.packed(1.6)),
        (
            turned_body([(back * 0.3 + 70, stem), (back * 0.3 + 60 + nose * 0.35, radius * 0.8)], sides=10),
            STEEL.packed(2.5),
        ),
    ]
    if often(rng, 0.6):
        span = between(rng, 30, 60)
        one += strip([(-back, 0), (-back - 30, -span)], 10, 2, STEEL)
        one += strip([(-back, 0), (-back - 30, span)], 10, 2, STEEL)
    if often(rng, 0.35):
        bore, long = stem * 1.4, between(rng, 620, 900)
        launcher = [
            *tube(-long, 0, 0, bore, bore - 3, STEEL),
            *tube(-long * 0.62, -long * 0.3, 0, bore + 9, bore, WOOD.packed(0.7)),
            plate(
                [
                    (-long * 0.3, bore),
                    (-long * 0.25, bore),
                    (-long * 0.28, bore + 90),
                    (-long * 0.33, bore + 86),
                ],
                26,
                WOOD,
            ),
            plate(
                [
                    (-long * 0.4, bore),
                    (-long * 0.36, bore),
                    (-long * 0.37, bore + 80),
                    (-long * 0.41, bore + 80),
                ],
                26,
                WOOD,
            ),
            (turned_body([(-long - 70, bore * 1.8), (-long, bore)], sides=12), STEEL.packed(1.5)),
            *tube(-long * 0.5, -long * 0.25, -bore - 22, 12, 9, ALUMINIUM),
        ]
        return [*one, *launcher]
    parts: list[Part] = []
    for k in range(int(rng.integers(1, 5))):
        way = rotation(0, 0, np.pi) if k % 2 and often(rng, 0.5) else np.eye(3)
        parts += moved(
            turned(one, way),
            (between(rng, -20, 20), k * (2 * radius + between(rng, 4, 20)), between(rng, -8, 8)),
        )
    return parts


def artillery_rounds(rng: Rng) -> list[Part]:
    """A gun's shell and its brass case, joined or lying beside it, with the driving band."""
    radius = between(rng, 36, 80)
    long, case = radius * between(rng, 4.2, 5.6), radius * between(rng, 3, 7.5)
    shell = [
        *_warhead(rng, radius, long),
        *tube(long * 0.1, long * 0.16, 0, radius + 2.5, radius, STEEL.packed(8.9), sides=12),
    ]
    wall = between(rng, 2, 4)
    full = often(rng, 0.6)
    profile = [
        (0, radius * 1.12),
        (8, radius * 1.12),
        (9, radius * 1.06),
        (case * 0.9, radius * 1.02),
        (case, radius),
    ]
    empty = ORGANIC.packed(0.85) if full else ORGANIC.packed(0.01)
    brass = [
        *vessel(profile, wall, STEEL.packed(8.2), empty, sides=12),
        (turned_body([(1, radius * 0.9), (10, radius * 0.9)], sides=12), STEEL.packed(3)),
    ]
    step = 2.4 * radius
    if often(rng, 0.5):
        one = [*brass, *moved(shell, (case - radius * 0.2, 0, 0))]
    else:
        step *= 2
        one = [*brass, *moved(shell, (between(rng, -20, 60), radius * 2.4, between(rng, -10, 10)))]
    parts: list[Part] = []
    low = 0.0
    for _ in range(int(rng.integers(1, 3))):
        parts += moved(one, (between(rng, -20, 20), low, 0))
        low += step + between(rng, 0, 20)
    return turned(parts, UPRIGHT) if often(rng, 0.3) else parts


def rockets(rng: Rng) -> list[Part]:
    """Slim rockets: warhead, motor of light metal or steel, nozzle and fins, in a bundle or a tube."""
    radius, motor = between(rng, 22, 62), between(rng, 380, 760)
    head = radius * between(rng, 3.5, 6)
    metal: Material = one_of(rng, [ALUMINIUM, STEEL, STEEL])
    wall = between(rng, 2.5, 5)
    one = [
        *tube(0, motor, 0, radius, radius - wall, metal, sides=12),
        *tube(
            motor * 0.08, motor * 0.97, 0, radius - wall - 1, radius * 0.22, ORGANIC.packed(1.65), sides=12
        ),
        *moved(_warhead(rng, radius * between(rng, 0.8, 1.0), head), (motor, 0, 0)),
        (
            turned_body([(-radius * 0.6, radius * 0.85), (0, radius * 0.5), (12, radius * 0.9)], sides=10),
            STEEL.packed(4),
        ),
    ]
    span = between(rng, 0, 1.1) * radius
    if span > 8:
        for s in (-1.0, 1.0):
            one.append(
                plate(
                    [
                        (0, s * radius),
                        (-10, s * (radius + span)),
                        (40, s * (radius + span)),
                        (70, s * radius),
                    ],
                    3,
                    metal,
                )
            )
    if often(rng, 0.3):
        one += tube(
            -40,
            motor + head * 0.6,
            0,
            radius * 1.25 + 8,
            radius * 1.25 + 4,
            one_of(rng, [PLASTIC, ALUMINIUM]),
            sides=12,
        )
    parts: list[Part] = []
    for k in range(int(rng.integers(1, 4))):
        way = rotation(0, 0, np.pi) if k % 2 and often(rng, 0.3) else np.eye(3)
        shift = (motor + head) if way[0, 0] < 0 else 0.0
        parts += moved(turned(one, way), (shift + between(rng, -30, 30), k * (2 * (radius + span) + 14), 0))
    return parts
