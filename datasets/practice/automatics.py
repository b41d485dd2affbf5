"""Automatic long guns of random proportions, for training only: muzzle to the right, grip down."""

import numpy as np

from datasets.practice.arms_parts import grip, grip_material, guard, plastic, steel, telescope
from datasets.practice.draws import often, one_of
from datasets.practice.stocks import (
    bipod,
    box_magazine,
    muzzle_device,
    shoulder_stock,
    wood_or_plastic,
)
from datasets.synthetic.meshes import Rng, rotation
from datasets.synthetic.physics import ALUMINIUM, STEEL, WOOD
from datasets.synthetic.shapes import (
    Part,
    between,
    block,
    disc,
    moved,
    plate,
    rectangle,
    sized,
    strip,
    tube,
    turned,
)


def machine_gun(rng: Rng) -> list[Part]:
    """Light machine gun: a box or drum below, a handle above the barrel, a bipod at the muzzle."""
    barrel, height = between(rng, 380, 500), between(rng, 56, 82)
    receiver = between(rng, 260, 340)
    furniture = wood_or_plastic(rng)
    parts = [
        plate(
            [(0, 8), (30, 0), (receiver, 0), (receiver, height), (0, height)],
            between(rng, 40, 54),
            steel(rng, 2.4, 3.6),
        ),
        *tube(receiver, receiver + barrel, 22, between(rng, 10, 14), 4.5, STEEL),
        *tube(receiver, receiver + barrel * between(rng, 0.5, 0.85), 46, 9, 6, STEEL),
        plate(rectangle(receiver + 4, 30, receiver + between(rng, 110, 180), 66), 44, furniture),
        *grip(
            rng,
            (20, height - 2),
            width=40,
            length=between(rng, 80, 100),
            rake=between(rng, 0.1, 0.35),
            material=plastic(rng),
        ),
        *guard(rng, 60, 110, height, STEEL),
        *bipod(rng, receiver + barrel * between(rng, 0.6, 0.95), 44),
        *strip(
            [(receiver - 20, 4), (receiver + 20, -between(rng, 34, 60)), (receiver + 110, -44)],
            14,
            16,
            furniture,
        ),
        *muzzle_device(rng, receiver + barrel, 22),
    ]
    x, size = between(rng, 110, 150), between(rng, 100, 150)
    if often(rng, 0.6):
        parts.append(
            plate(
                rectangle(x, height + 2, x + size * 1.1, height + size),
                between(rng, 60, 90),
                steel(rng, 1.8, 2.8),
            )
        )
    else:
        parts.append(disc((x + size * 0.5, height + size * 0.5, 0), size * 0.5, 60, steel(rng, 2, 3)))
    if often(rng, 0.7):
        parts += shoulder_stock(rng, between(rng, 210, 270), furniture, neck=height)
    else:
        parts += strip([(0, 20), (-220, 24), (-226, 130), (-20, height)], 12, 14, STEEL)
    return sized(rng, parts, (0.84, 0.94))


def submachine_side(rng: Rng) -> list[Part]:
    """Submachine gun made of tube, its magazine sideways or on top, a bare wire or wooden stock."""
    length, radius = between(rng, 290, 420), between(rng, 16, 21)
    at, magazine = between(rng, 0.5, 0.72) * length, between(rng, 150, 230)
    box = [
        plate(rectangle(-16, 0, 16, magazine), 20, steel(rng, 2.4, 4)),
        block((0, 4, 0), (44, 34, 34), STEEL.packed(4)),
    ]
    way = one_of(rng, ["side", "slanted", "top"])
    if way == "top":
        box = turned(box, rotation(0, 0, np.pi + between(rng, -0.15, 0.15)))
    elif way == "side":
        box = turned(box, rotation(np.pi / 2, 0, 0))
    else:
        box = turned(box, rotation(between(rng, 0.5, 1.2), 0, 0))
    parts = [
        *tube(0, length, 0, radius, radius - 2.5, STEEL),
        *tube(length * 0.2, length * 0.5, 0, radius - 3, 0, STEEL.packed(6)),
        *tube(length, length + between(rng, 20, 190), 0, 8, 4, STEEL),
        *tube(length * 0.8, length + between(rng, 4, 80), 0, radius, radius - 2, STEEL.packed(5)),
        *moved(box, (at, 0, 0)),
        plate(rectangle(30, radius - 2, 150, radius + 20), 20, steel(rng, 3, 4.4)),
        *guard(rng, 90, 146, radius + 18, STEEL),
    ]
    stock = one_of(rng, ["wire", "wood", "strut"])
    if stock == "wood":
        parts += moved(shoulder_stock(rng, between(rng, 230, 300), WOOD), (20, -6, 0))
    else:
        reach = between(rng, 170, 250)
        wide = between(rng, 8, 18)
        parts += grip(
            rng,
            (34, radius + 12),
            width=38,
            length=between(rng, 70, 95),
            rake=between(rng, 0.1, 0.4),
            material=grip_material(rng),
        )
        parts += strip(
            [(0, 0), (-reach, between(rng, 0, 20)), (-reach - 6, 100), (-reach + 12, 104)], wide, 12, STEEL
        )
        if stock == "strut":
            parts += strip([(20, radius + 12), (-reach, 92)], 10, 12, STEEL)
    return sized(rng, parts, (0.95, 1.1))


def carbine_folding(rng: Rng) -> list[Part]:
    """A carbine with its stock folded along its side, under it, or over its top."""
    receiver, barrel = between(rng, 230, 300), between(rng, 250, 380)
    height = between(rng, 42, 62)
    shell = one_of(rng, [steel(rng, 2.6, 3.8), ALUMINIUM.packed(1.8), steel(rng, 3, 4)])
    fore = between(rng, 120, 230)
    parts = [
        plate(
            [(0, 4), (14, -6), (receiver, -4), (receiver, height), (0, height)], between(rng, 28, 38), shell
        ),
        *tube(receiver, receiver + barrel, 14, between(rng, 7.5, 10), 4, STEEL),
        plate(
            [(receiver, -2), (receiver + fore, 2), (receiver + fore, 38), (receiver, height - 4)],
            between(rng, 36, 48),
            wood_or_plastic(rng),
        ),
        *grip(
            rng,
            (14, height - 2),
            width=38,
            length=between(rng, 76, 100),
            rake=between(rng, 0.15, 0.45),
            material=plastic(rng),
        ),
        *guard(rng, 54, 104, height, STEEL),
        *box_magazine(rng, between(rng, 116, 150), height - 4, between(rng, 90, 210), between(rng, -4, 60)),
        *muzzle_device(rng, receiver + barrel, 14),
    ]
    reach, butt = between(rng, 200, 270), between(rng, 80, 120)
    side = between(rng, 20, 30)
    if often(rng, 0.5):
        fold = [
            *strip([(0, 14), (reach, 16), (reach + 4, 16 + butt), (reach - 14, 16 + butt)], 10, 10, STEEL),
            *strip([(0, 36), (reach, 16 + butt * 0.6)], 10, 10, STEEL),
        ]
        parts += moved(fold, (0, 0, side))
    elif often(rng, 0.5):
        parts += strip([(0, -14), (reach, -16), (reach + 6, -16 + butt * 0.3)], 8, 30, STEEL.packed(5))
    else:
        under = height + between(rng, 6, 14)
        parts += [
            p
            for z in (-18.0, 18.0)
            for p in moved(strip([(0, 20), (reach * 0.2, under), (reach, under)], 7, 8, STEEL), (0, 0, z))
        ]
    if often(rng, 0.4):
        parts += telescope(rng, 70, -4, between(rng, 70, 150))
    return sized(rng, parts, (0.94, 1.08))


def rifle_assault(rng: Rng) -> list[Part]:
    """Service rifles between all of them: any receiver, stock, magazine, fore-end and sights."""
    receiver, height = between(rng, 220, 320), between(rng, 44, 66)
    barrel, fore = between(rng, 260, 430), between(rng, 130, 280)
    shell = one_of(rng, [steel(rng, 2.6, 4), ALUMINIUM.packed(1.9), plastic(rng)])
    furniture = wood_or_plastic(rng)
    hand = one_of(rng, ["solid", "skeleton", "tube"])
    parts = [
        plate(
            [
                (0, between(rng, 0, 16)),
                (30, 0),
                (receiver, 0),
                (receiver, height * 0.8),
                (receiver * 0.6, height),
                (0, height),
            ],
            32,
            shell,
        ),
        plate(rectangle(40, 10, receiver - 10, 30), 20, steel(rng, 4, 6)),
        *tube(receiver, receiver + barrel, 16, between(rng, 8, 11), 4, STEEL),
        plate(
            [(receiver, 0), (receiver + fore, 4), (receiver + fore, 36), (receiver, height * 0.75)],
            between(rng, 36, 50),
            furniture,
        ),
        *grip(
            rng,
            (20, height - 2),
            width=38,
            length=between(rng, 78, 104),
            rake=between(rng, 0.1, 0.45),
            material=plastic(rng),
        ),
        *guard(rng, 60, 112, height, shell),
        *box_magazine(rng, between(rng, 124, 160), height - 8, between(rng, 80, 190), between(rng, -6, 70)),
        *muzzle_device(rng, receiver + barrel, 16),
    ]
    reach = between(rng, 170, 270)
    if hand == "solid":
        parts += shoulder_stock(rng, reach, furniture, neck=height * 0.85)
    elif hand == "skeleton":
        parts += strip(
            [(0, 12), (-reach, 16), (-reach - 4, between(rng, 100, 130)), (0, height - 8)],
            between(rng, 9, 16),
            16,
            plastic(rng),
        )
    else:
        parts += tube(-reach, 0, 18, 14, 11, ALUMINIUM)
        parts.append(
            plate(
                [
                    (-reach - 20, 2),
                    (-reach * 0.4, 2),
                    (-reach * 0.5, 40),
                    (-reach - 20, between(rng, 100, 130)),
                ],
                32,
                plastic(rng),
            )
        )
    if often(rng, 0.5):
        parts += telescope(rng, between(rng, 60, 110), 0, between(rng, 60, 190))
    if often(rng, 0.3):
        parts += tube(receiver + fore * 0.3, receiver + barrel * 0.85, 48, 20, 16, ALUMINIUM)
    if often(rng, 0.3):
        parts += grip(rng, (receiver + fore * 0.5, 34), width=28, length=70, rake=0, material=plastic(rng))
    return sized(rng, parts, (0.92, 1.04))


def submachine_drum(rng: Rng) -> list[Part]:
    """A long drum below a heavy receiver, a finned barrel or a forward grip, a wooden stock."""
    receiver, barrel = between(rng, 240, 320), between(rng, 200, 330)
    wood, drum = WOOD.packed(0.7), between(rng, 60, 88)
    parts = [
        plate([(0, 4), (receiver, 0), (receiver, 50), (0, 54)], between(rng, 34, 42), steel(rng, 3, 4.6)),
        *tube(receiver, receiver + barrel, 18, between(rng, 10, 14), 5, STEEL),
        disc((receiver * 0.72, 46 + drum * 0.85, 0), drum, between(rng, 38, 64), steel(rng, 2, 3.4)),
        *grip(
            rng, (24, 50), width=40, length=between(rng, 80, 100), rake=between(rng, 0.2, 0.5), material=wood
        ),
        *guard(rng, 62, 112, 52, STEEL),
        *shoulder_stock(rng, between(rng, 220, 300), wood, neck=50),
        *muzzle_device(rng, receiver + barrel, 18),
    ]
    if often(rng, 0.5):
        parts += grip(
            rng,
            (receiver + between(rng, 50, 120), 30),
            width=34,
            length=90,
            rake=-between(rng, 0, 0.4),
            material=wood,
        )
    else:
        parts.append(plate(rectangle(receiver + 4, 14, receiver + barrel * 0.7, 44), 42, wood))
    return sized(rng, parts, (0.9, 1.02))
