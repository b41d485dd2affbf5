"""Handguns and long guns: muzzle to the right, grip down, steel 10 to 30 mm across in all.

Steel with a hole through it (slides, receivers, magazines) has the outer width and a lower density.
"""

from datasets.synthetic.meshes import Point2, Rng
from datasets.synthetic.physics import ALUMINIUM, PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.shapes import (
    Part,
    between,
    disc,
    plate,
    rectangle,
    sized,
    strip,
    tube,
)

SLIDE = STEEL.packed(5.6)
RECEIVER = STEEL.packed(4.2)
MAGAZINE = STEEL.packed(3.6)
GRIP = PLASTIC.packed(1.15)
_HANDGUN: Point2 = (0.92, 1.1)


def _guard(x0: float, x1: float, y0: float, y1: float, material: Material) -> list[Part]:
    return strip([(x0, y0), (x0 + 4, y1 - 6), (x0 + 12, y1), (x1 - 8, y1), (x1, y0)], 6, 8, material)


def pistol_1911(rng: Rng) -> list[Part]:
    parts = [
        plate([(0, 2), (6, 0), (214, 0), (216, 24), (0, 26)], 23, SLIDE),
        plate([(-6, 24), (150, 24), (150, 40), (60, 44), (6, 42), (-16, 34)], 17, RECEIVER),
        plate([(2, 40), (52, 42), (34, 134), (-18, 130)], 28, WOOD),
        plate([(8, 42), (44, 42), (26, 138), (-12, 134)], 14, MAGAZINE),
        *tube(150, 214, 32, 8, 0, SLIDE),
        *_guard(54, 100, 42, 68, STEEL),
        *strip([(74, 42), (70, 60)], 5, 7, STEEL),
        *strip([(4, 14), (-10, 4)], 8, 8, STEEL),
    ]
    return sized(rng, parts, _HANDGUN)


def pistol_polymer(rng: Rng) -> list[Part]:
    parts = [
        plate(rectangle(0, 0, 186, 28), 25, SLIDE),
        plate([(-10, 28), (178, 28), (178, 40), (104, 42), (56, 46), (0, 40)], 26, GRIP),
        plate([(4, 38), (58, 42), (38, 128), (-20, 122)], 30, GRIP),
        plate([(12, 30), (50, 30), (28, 136), (-10, 132)], 20, MAGAZINE),
        *_guard(58, 108, 42, 72, GRIP),
        *strip([(86, 40), (80, 60)], 5, 7, GRIP),
        *tube(186, 186 + between(rng, 2, 12), 12, 7, 4, STEEL),
    ]
    return sized(rng, parts, _HANDGUN)


def pistol_compact(rng: Rng) -> list[Part]:
    parts = [
        plate([(0, 4), (12, 0), (140, 0), (146, 8), (144, 22), (0, 24)], 20, SLIDE),
        plate([(-10, 22), (120, 22), (114, 36), (40, 40), (-6, 36)], 16, RECEIVER),
        plate([(0, 34), (44, 36), (36, 92), (-10, 88)], 25, PLASTIC),
        plate([(6, 34), (38, 36), (30, 96), (-4, 92)], 14, MAGAZINE),
        *_guard(44, 84, 38, 62, RECEIVER),
        *strip([(62, 36), (60, 54)], 5, 6, STEEL),
    ]
    return sized(rng, parts, (0.9, 1.12))


def pistol_long_barrel(rng: Rng) -> list[Part]:
    """Toggle-lock or target pistol: a bare barrel before a short receiver, a raked grip."""
    barrel = between(rng, 120, 200)
    parts = [
        plate([(0, 6), (20, -4), (60, -6), (100, 2), (118, 4), (118, 26), (0, 28)], 20, RECEIVER),
        *tube(118, 118 + barrel, 13, 8.5, 3.5, STEEL),
        plate([(108 + barrel, 4), (116 + barrel, -4), (118 + barrel, 4)], 6, STEEL),
        plate([(-4, 26), (110, 26), (92, 40), (40, 42), (0, 40)], 18, RECEIVER),
        plate([(4, 38), (46, 40), (8, 132), (-40, 118)], 28, WOOD),
        plate([(10, 40), (40, 40), (2, 136), (-32, 124)], 14, MAGAZINE),
        *_guard(44, 86, 40, 66, STEEL),
        *strip([(64, 40), (60, 58)], 5, 6, STEEL),
    ]
    return sized(rng, parts, (0.92, 1.08))


def pistol_tokarev(rng: Rng) -> list[Part]:
    """Slim, straight-edged, grip hardly raked."""
    parts = [
        plate([(0, 4), (10, 0), (196, 2), (196, 26), (0, 28)], 21, SLIDE),
        plate([(-12, 26), (148, 26), (148, 36), (56, 40), (-4, 38)], 15, RECEIVER),
        plate([(4, 38), (44, 38), (40, 126), (-4, 126)], 26, PLASTIC),
        plate([(8, 38), (40, 38), (36, 132), (0, 132)], 13, MAGAZINE),
        *_guard(46, 90, 38, 64, STEEL),
        *strip([(66, 38), (66, 56)], 6, 7, STEEL),
        disc((-6, 14, 0), 9, 8, STEEL, sides=8),
    ]
    return sized(rng, parts, _HANDGUN)


def machine_pistol(rng: Rng) -> list[Part]:
    """Blocky receiver, the magazine through the grip, short barrel, wire stock folded or out."""
    magazine = between(rng, 140, 220)
    parts = [
        plate([(0, 0), (230, 0), (236, 12), (232, 54), (0, 56)], 34, STEEL.packed(2.9)),
        *tube(236, 236 + between(rng, 30, 80), 22, 9, 4, STEEL),
        plate([(86, 54), (134, 54), (130, 54 + magazine * 0.62), (82, 54 + magazine * 0.62)], 30, GRIP),
        plate(rectangle(94, 40, 124, 54 + magazine), 20, MAGAZINE),
        *_guard(136, 176, 54, 84, STEEL),
        plate(rectangle(40, 10, 170, 34), 16, RECEIVER),
        *strip([(210, 0), (210, -14)], 8, 8, STEEL),
    ]
    if rng.random() < 0.5:
        parts += strip([(0, 14), (-170, 18), (-176, 84), (-160, 86)], 8, 8, STEEL)
    else:
        parts += strip([(4, -8), (200, -10)], 7, 14, STEEL)
    return sized(rng, parts, (0.9, 1.08))


def pistol_suppressed(rng: Rng) -> list[Part]:
    length, radius = between(rng, 130, 200), between(rng, 15, 20)
    parts = [
        *pistol_polymer(rng),
        *tube(188, 188 + length, 13, radius, radius - 3, STEEL),
        *tube(200, 180 + length, 13, radius - 3, 6, ALUMINIUM.packed(1.4)),
    ]
    return sized(rng, parts, (0.95, 1.05))


def _revolver(rng: Rng, barrel: float, grip: list[Point2], *, rib: bool) -> list[Part]:
    parts = [
        *tube(92, 92 + barrel, 10, 10, 4.5, STEEL),
        # Six chambers leave half of the drum.
        *tube(48, 90, 20, 20, 0, STEEL.packed(5.0), sides=12),
        plate([(26, -4), (96, -4), (96, 0), (48, 0), (48, 40), (92, 40), (92, 46), (18, 50)], 15, STEEL),
        plate([(90, 0), (98, 0), (98, 46), (90, 46)], 15, STEEL),
        plate(grip, 28, WOOD),
        plate([((x - 8) * 0.8 + 8, (y - 70) * 0.85 + 70) for x, y in grip], 6, STEEL),
        *_guard(50, 96, 46, 74, STEEL),
        *strip([(72, 46), (66, 64)], 5, 7, STEEL),
        *strip([(26, 6), (10, -12), (4, -8)], 8, 8, STEEL),
    ]
    if rib:
        parts.append(plate([(96, -2), (88 + barrel, -2), (92 + barrel, 24), (96, 26)], 7, STEEL))
        parts.append(plate([(74 + barrel, -2), (86 + barrel, -10), (90 + barrel, -2)], 5, STEEL))
    return sized(rng, parts, (0.9, 1.1))


def revolver_snub(rng: Rng) -> list[Part]:
    grip: list[Point2] = [(22, 6), (44, 44), (34, 70), (26, 104), (-16, 98), (-10, 60), (8, 22)]
    return _revolver(rng, between(rng, 40, 58), grip, rib=False)


def revolver_service(rng: Rng) -> list[Part]:
    grip: list[Point2] = [(22, 6), (44, 44), (32, 80), (34, 128), (-22, 122), (-12, 70), (6, 22)]
    return _revolver(rng, between(rng, 95, 165), grip, rib=True)


def derringer(rng: Rng) -> list[Part]:
    """Two short barrels, one over the other, and a bird's-head grip."""
    barrel = between(rng, 64, 90)
    parts = [
        *tube(36, 36 + barrel, 6, 8, 4.5, STEEL),
        *tube(36, 36 + barrel, 22, 8, 4.5, STEEL),
        plate([(0, 4), (38, -2), (38, 32), (16, 40), (4, 30)], 16, STEEL),
        plate([(2, 12), (22, 38), (6, 62), (-22, 74), (-38, 58), (-16, 40)], 24, WOOD),
        *strip([(22, 40), (24, 52)], 5, 7, STEEL),
        *strip([(8, 4), (-2, -10)], 7, 8, STEEL),
    ]
    return sized(rng, parts, (0.9, 1.2))


def rifle_ak(rng: Rng) -> list[Part]:
    stock = WOOD if rng.random() < 0.7 else PLASTIC
    parts = [
        *tube(496, 520 + between(rng, 260, 360), 18, 9, 4, STEEL),
        *tube(496, 660, 2, 8, 5, STEEL),
        plate(rectangle(500, -6, 640, 36), 40, stock),
        plate([(220, 2), (240, -8), (500, -8), (500, 34), (220, 40)], 34, STEEL.packed(3.2)),
        plate([(352, 38), (414, 38), (428, 110), (462, 190), (406, 216), (370, 130)], 25, MAGAZINE),
        plate([(232, 40), (272, 40), (252, 126), (214, 116)], 30, stock),
        *_guard(278, 344, 38, 66, STEEL),
        plate([(800, 10), (806, -26), (816, -26), (818, 10)], 12, STEEL),
    ]
    if rng.random() < 0.65:
        parts.append(plate([(0, 34), (216, 0), (222, 32), (70, 74), (4, 120)], 36, stock))
    else:
        parts += strip([(220, 6), (6, 18), (0, 110), (220, 30)], 12, 12, STEEL)
    return sized(rng, parts, (0.85, 1.05))


def rifle_carbine(rng: Rng) -> list[Part]:
    """Straight-line rifle with a carrying handle or rail, a straight magazine and a buffer tube."""
    parts = [
        *tube(466, 500 + between(rng, 260, 420), 20, 9, 3.5, STEEL),
        plate([(470, 0), (700, 4), (700, 36), (470, 42)], 46, GRIP.packed(0.7)),
        plate([(250, 0), (470, 0), (470, 60), (350, 62), (250, 46)], 26, STEEL.packed(3.4)),
        plate([(356, 58), (414, 58), (424, 150), (440, 190), (384, 204), (366, 150)], 24, STEEL.packed(3.2)),
        plate([(262, 46), (302, 46), (272, 136), (232, 122)], 30, GRIP),
        *_guard(304, 352, 46, 76, ALUMINIUM),
        *tube(90, 250, 20, 15, 11, ALUMINIUM),
        plate([(0, 4), (140, 2), (140, 38), (60, 60), (0, 112)], 34, GRIP.packed(0.8)),
        *strip([(690, 4), (690, -46), (672, -4)], 9, 12, STEEL),
    ]
    if rng.random() < 0.5:
        parts += strip([(262, 0), (276, -42), (410, -42), (440, 0)], 12, 14, ALUMINIUM)
    else:
        parts += [*tube(300, 420, -26, 18, 15, ALUMINIUM), plate(rectangle(270, -8, 480, 0), 20, ALUMINIUM)]
    return sized(rng, parts, (0.88, 1.05))


def rifle_bolt(rng: Rng) -> list[Part]:
    """Hunting rifle: long thin barrel, full wooden stock, telescope, bolt handle."""
    parts = [
        *tube(540, 540 + between(rng, 420, 560), 8, 9, 4, STEEL),
        *tube(350, 540, 8, 16, 8, STEEL),
        plate(
            [(0, 30), (210, 26), (300, 12), (760, 12), (780, 30), (330, 46), (240, 66), (60, 134), (4, 140)],
            42,
            WOOD,
        ),
        *strip([(400, 10), (392, 34), (398, 50)], 9, 10, STEEL),
        *_guard(306, 376, 44, 72, STEEL),
        plate(rectangle(380, 36, 470, 60), 20, MAGAZINE),
    ]
    if rng.random() < 0.7:
        parts += [*tube(330, 620, -34, 14, 11.5, ALUMINIUM), *tube(600, 680, -34, 24, 21, ALUMINIUM)]
        parts += [plate(rectangle(x, -24, x + 18, 0), 20, STEEL) for x in (380, 520)]
    return sized(rng, parts, (0.88, 1.05))


def shotgun_pump(rng: Rng) -> list[Part]:
    parts = [
        *tube(430, 430 + between(rng, 430, 560), 8, 12, 9.2, STEEL),
        *tube(430, 430 + between(rng, 300, 400), 36, 13, 11.5, STEEL),
        plate(rectangle(520, 20, 700, 54), 48, WOOD),
        plate([(230, 0), (440, -4), (440, 50), (250, 52)], 32, RECEIVER),
        plate([(0, 40), (190, 14), (240, 6), (252, 50), (190, 62), (60, 128), (4, 134)], 42, WOOD),
        *_guard(262, 322, 52, 82, STEEL),
        *strip([(294, 52), (290, 70)], 6, 7, STEEL),
    ]
    return sized(rng, parts, (0.88, 1.05))


def shotgun_sawn_off(rng: Rng) -> list[Part]:
    barrel = between(rng, 220, 340)
    parts = [
        *tube(190, 190 + barrel, 8, 12, 9.2, STEEL, z=-12),
        *tube(190, 190 + barrel, 8, 12, 9.2, STEEL, z=12),
        plate([(100, -6), (196, -6), (196, 40), (110, 46)], 44, STEEL.packed(4.6)),
        plate([(190, 18), (190 + barrel * 0.6, 20), (190 + barrel * 0.55, 40), (190, 42)], 46, WOOD),
        plate([(110, 4), (112, 46), (70, 62), (34, 118), (-12, 100), (20, 44)], 38, WOOD),
        *_guard(104, 156, 44, 76, STEEL),
        *strip([(96, 0), (84, -14)], 8, 26, STEEL),
    ]
    return sized(rng, parts, (0.9, 1.1))


def rifle_bullpup(rng: Rng) -> list[Part]:
    """Magazine behind the grip, everything in one plastic shell."""
    parts = [
        *tube(440, 440 + between(rng, 190, 300), 30, 9, 4, STEEL),
        plate(
            [(0, 0), (330, 4), (450, 12), (450, 52), (370, 60), (330, 62), (250, 76), (30, 104), (0, 96)],
            44,
            GRIP,
        ),
        plate(rectangle(30, 14, 400, 46), 26, STEEL.packed(2.6)),
        plate([(130, 84), (190, 78), (206, 150), (230, 200), (170, 214), (146, 160)], 24, MAGAZINE),
        plate([(290, 62), (332, 60), (312, 140), (272, 132)], 30, GRIP),
        *strip([(334, 60), (380, 62), (380, 120), (308, 128)], 8, 12, GRIP),
        *strip([(180, 2), (200, -44), (360, -46), (390, 8)], 14, 18, GRIP),
        *tube(210, 350, -44, 12, 9, ALUMINIUM),
    ]
    return sized(rng, parts, (0.88, 1.06))


def submachine_gun(rng: Rng) -> list[Part]:
    """Round receiver, straight magazine before the trigger, tubular stock."""
    magazine = between(rng, 170, 250)
    parts = [
        *tube(190, 470, 14, 19, 15, STEEL),
        *tube(200, 330, 14, 14, 4, STEEL.packed(5.5)),
        *tube(470, 470 + between(rng, 100, 200), 14, 8, 4, STEEL),
        *tube(470, 560, 14, 17, 14.5, STEEL),
        plate(rectangle(390, 28, 424, 34 + magazine), 22, MAGAZINE),
        plate(rectangle(380, 26, 434, 70), 30, RECEIVER),
        plate([(236, 34), (276, 34), (256, 120), (218, 112)], 28, PLASTIC),
        plate(rectangle(220, 30, 380, 44), 24, RECEIVER),
        *_guard(280, 340, 42, 72, STEEL),
        *strip([(190, 6), (10, 8), (2, 110), (20, 112)], 10, 10, STEEL),
        *strip([(190, 26), (14, 30)], 10, 10, STEEL),
    ]
    return sized(rng, parts, (0.88, 1.06))
