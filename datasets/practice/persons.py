"""People seen in training only: postures and builds unlike those a model is measured on."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from datasets.synthetic.meshes import Mesh, Point3, Rng, rotation, sphere, sweep
from datasets.synthetic.physics import LEAD, ORGANIC, PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.shapes import Build, Part, between, block, extent, hollow, moved, turned
from datasets.synthetic.shapes_hidden import FLESH

_BONE: Final = FLESH.packed(0.75)
_CLOTH: Final = ORGANIC.packed(0.25)


@dataclass(frozen=True, kw_only=True)
class _Posture:
    """A skeleton facing along x, its floor at y = 0, of a person 1.75 m tall.

    Attributes:
        spine: Five points, from the seat to the neck.
        head: Middle of the head.
        legs: Hip, knee, ankle, toes; of both sides.
        arms: Shoulder, elbow, hand; of both sides.
        tilt: How far the head is turned from the upright, radians.
    """

    spine: list[Point3]
    head: Point3
    legs: list[list[Point3]]
    arms: list[list[Point3]]
    tilt: float = 0


def _rounded(points: list[Point3], radii: list[float]) -> tuple[list[Point3], list[float]]:
    """A limb that bends over a length at its joints instead of at a point."""
    line, thick = [np.asarray(points[0], dtype=np.float64)], [radii[0]]
    for k in range(1, len(points) - 1):
        before, here, after = (np.asarray(points[j], dtype=np.float64) for j in (k - 1, k, k + 1))
        a, b = here + 0.2 * (before - here), here + 0.2 * (after - here)
        line += [a, (a + b + 2 * here) / 4, b]
        thick += [0.8 * radii[k] + 0.2 * radii[k - 1], radii[k], 0.8 * radii[k] + 0.2 * radii[k + 1]]
    line.append(np.asarray(points[-1], dtype=np.float64))
    return [(float(x), float(y), float(z)) for x, y, z in line], [*thick, radii[-1]]


def _limb(points: list[Point3], radii: list[float], material: Material, *, sides: int = 8) -> Part:
    path, thick = _rounded(points, radii)
    return sweep(path, thick, sides=sides), material


def _head(at: Point3, radii: Point3, tilt: float) -> Mesh:
    return sphere(1.0, sides=10).scaled(radii).turned(rotation(0, 0, tilt)).moved(at)


def _trunk(spine: list[Point3], radii: list[float]) -> Mesh:
    """Broader than deep, with a rounded seat, up to the chin."""
    line = np.asarray(spine, dtype=np.float64)
    ends = [line[0] + 0.25 * (line[0] - line[1]), *line, line[-1] + 0.35 * (line[-1] - line[-2])]
    path: list[Point3] = [(float(x), float(y), float(z)) for x, y, z in ends]
    return sweep(path, radii, sides=12).scaled((1, 1, 1.35))


def _person(rng: Rng, posture: _Posture, *, small: float = 1.0) -> list[Part]:
    """Flesh, bones and what is worn, in a build of its own."""
    stout, limb = between(rng, 0.78, 1.25), between(rng, 0.8, 1.25)
    hips, waist, chest = between(rng, 105, 132), between(rng, 88, 130), between(rng, 100, 128)
    parts: list[Part] = [
        (_trunk(posture.spine, [hips * 0.7, hips * 0.88, hips, waist, chest, 66, 56]), FLESH.packed(0.97)),
        (sweep(posture.spine, [26, 24, 22, 20, 20], sides=6), FLESH.packed(0.6)),
        (_head(posture.head, (90, 118, 76), posture.tilt), FLESH.packed(1.15)),
        (_head(posture.head, (72, 92, 60), posture.tilt), FLESH.packed(0.1)),
    ]
    lungs: list[Point3] = [posture.spine[2], posture.spine[3]]
    parts.append((sweep(lungs, [60, 75], sides=8), FLESH.packed(-0.35)))
    for leg in posture.legs:
        parts.append(_limb(leg, [84 * limb, 60 * limb, 42, 34], FLESH))
        parts.append(_limb(leg, [18, 17, 13, 9], _BONE, sides=6))
    for arm in posture.arms:
        parts.append(_limb(arm, [52 * limb, 41 * limb, 30], FLESH))
        parts.append(_limb(arm, [13, 12, 9], _BONE, sides=6))
    if rng.random() < 0.6:
        parts += [(sweep(leg[-2:], [48, 44], sides=8), _CLOTH.packed(0.5)) for leg in posture.legs]
    if rng.random() < 0.5:
        x, y, _ = posture.spine[0]
        parts.append(block((x + 60, y - 60, 110), (70, 12, 140), STEEL.packed(1.8)))
    grown = [0.92, 1.06] if small == 1 else [small * 0.9, small * 1.1]
    by = between(rng, *grown)
    scaled = [(body.scaled((by, by, by * stout**0.5)), material) for body, material in parts]
    return scaled if small == 1 else _with_large_head(scaled, posture, by, stout)


def _with_large_head(parts: list[Part], posture: _Posture, by: float, stout: float) -> list[Part]:
    """A child's head is nearly as large as a grown one's."""
    x, y, z = posture.head
    at = (x * by, y * by - 20, z * by)
    for k in (2, 3):
        body, material = parts[k]
        body = body.moved((-x * by, -y * by, -z * by * stout**0.5)).scaled(min(0.88 / by, 1.5))
        parts[k] = (body.moved(at), material)
    return parts


def _upright(rng: Rng, lean: float, stride: float) -> _Posture:
    """On both feet; the trunk leans backwards by an angle from the hips, feet a stride apart."""
    s, c = float(np.sin(lean)), float(np.cos(lean))

    def above(hip: float, out: float = 0, z: float = 0) -> Point3:
        return (-s * hip + out, -870 - c * hip, z)

    legs: list[list[Point3]] = [
        [
            (0, -880, k * 88),
            (k * stride * 0.35 + between(rng, 0, 60), -470, k * 95),
            (k * stride * 0.5, -70, k * 100),
            (k * stride * 0.5 + 170, -35, k * 115),
        ]
        for k in (-1, 1)
    ]
    arms: list[list[Point3]] = [
        [
            above(520, 0, k * 185),
            above(250, between(rng, -30, 60), k * between(rng, 200, 260)),
            above(between(rng, -10, 60), between(rng, 20, 160), k * between(rng, 170, 240)),
        ]
        for k in (-1, 1)
    ]
    spine = [above(0), above(110), above(260, 8), above(460, 4), above(600)]
    return _Posture(spine=spine, head=above(735, 24), legs=legs, arms=arms, tilt=-lean)


def person_leaning(rng: Rng) -> list[Part]:
    """With the back to a wall, feet forward; arms folded or hands in the pockets."""
    lean = between(rng, 0.1, 0.4)
    posture = _upright(rng, lean, between(rng, 0, 120))
    forward = 870 * float(np.tan(lean)) * between(rng, 0.5, 1)
    legs: list[list[Point3]] = []
    for hip, knee, ankle, toe in posture.legs:
        legs.append(
            [
                hip,
                (knee[0] + forward * 0.5, knee[1], knee[2]),
                (ankle[0] + forward, ankle[1], ankle[2]),
                (toe[0] + forward, toe[1], toe[2]),
            ]
        )
    arms = posture.arms
    if rng.random() < 0.5:
        arms = [[a, (b[0] + 60, b[1], b[2]), (b[0] + 190, b[1] - 60, -b[2] * 0.4)] for a, b, _ in arms]
    return _person(rng, _Posture(spine=posture.spine, head=posture.head, legs=legs, arms=arms, tilt=-lean))


def person_arms_raised(rng: Rng) -> list[Part]:
    """Standing, hands up at the head or stretched to the roof."""
    posture = _upright(rng, between(rng, -0.08, 0.1), between(rng, 0, 260))
    reach = between(rng, 0, 1)
    arms: list[list[Point3]] = []
    for shoulder, _, _ in posture.arms:
        x, y, z = shoulder
        side = float(np.sign(z))
        elbow = (x + between(rng, 0, 170), y - 40 - 220 * reach, z + side * (110 - 70 * reach))
        arms.append([shoulder, elbow, (elbow[0] + between(rng, -60, 120), elbow[1] - 250, z + side * 20)])
    raised = _Posture(spine=posture.spine, head=posture.head, legs=posture.legs, arms=arms)
    return _person(rng, raised)


def person_backpack(rng: Rng) -> list[Part]:
    """Standing or walking under a pack with hard things in it."""
    lean = between(rng, -0.3, 0)
    parts = _person(rng, _upright(rng, lean, between(rng, 80, 520)))
    tall, deep, wide = between(rng, 380, 700), between(rng, 160, 320), between(rng, 260, 400)
    up = between(rng, 280, 340)
    at = (-float(np.sin(lean)) * up - 112 - deep / 2, -870 - up, 0.0)
    pack = [block((0, 0, 0), (deep, tall, wide), ORGANIC.packed(between(rng, 0.1, 0.35)))]
    for _ in range(int(rng.integers(1, 5))):
        size = (between(rng, 30, deep * 0.6), between(rng, 50, tall * 0.4), between(rng, 50, wide * 0.6))
        spot = (
            between(rng, -0.15, 0.15) * deep,
            between(rng, -0.28, 0.28) * tall,
            between(rng, -0.15, 0.15) * wide,
        )
        stuff = (ORGANIC.packed(0.8), STEEL.packed(0.8), LEAD.packed(0.9), PLASTIC)[int(rng.integers(4))]
        pack.append(block(spot, size, stuff))
    return [*parts, *moved(turned(pack, rotation(0, 0, -lean)), at)]


def person_kneeling(rng: Rng) -> list[Part]:
    """The trunk upright, sitting on the heels or up on one or both knees."""
    hip = between(rng, 230, 480)
    reach = float(np.sqrt(max(430**2 - (hip - 60) ** 2, 0)))
    lean = between(rng, -0.15, 0.2)
    is_half = bool(hip > 380 and rng.random() < 0.5)
    legs: list[list[Point3]] = []
    for k in (-1, 1):
        if is_half and k == 1:
            legs.append([(0, -hip, 90), (400, -hip - 20, 110), (380, -70, 110), (540, -35, 120)])
        else:
            knee = (reach, -62.0, k * between(rng, 90, 150))
            legs.append([(0, -hip, k * 90), knee, (reach - 400, -55, k * 100), (reach - 500, -25, k * 100)])
    s = float(np.sin(lean))
    spine: list[Point3] = [
        (s * up, -hip - up * float(np.cos(lean)) + 20, 0.0) for up in (0.0, 110.0, 270.0, 460.0, 600.0)
    ]
    neck = spine[-1]
    hand = (between(rng, 120, 330), -hip - between(rng, 30, 260))
    arms: list[list[Point3]] = [
        [
            (neck[0], neck[1] + 70, k * 185),
            (neck[0] + between(rng, -60, 90), neck[1] + 350, k * 230),
            (hand[0], hand[1], k * between(rng, 60, 190)),
        ]
        for k in (-1, 1)
    ]
    head = (neck[0] + 35, neck[1] - 140, 0.0)
    return _person(rng, _Posture(spine=spine, head=head, legs=legs, arms=arms, tilt=lean))


def person_squatting(rng: Rng) -> list[Part]:
    """On the soles, knees before the chest, arms over them, about them or on the floor."""
    hip, lean = between(rng, 170, 330), between(rng, 0.1, 0.45)
    knee_x, knee_y = between(rng, 300, 400), between(rng, 480, 540)
    legs: list[list[Point3]] = [
        [
            (0, -hip, k * 90),
            (knee_x, -knee_y, k * between(rng, 110, 220)),
            (knee_x - between(rng, 120, 240), -80, k * 130),
            (knee_x + 20, -35, k * 150),
        ]
        for k in (-1, 1)
    ]
    s, c = float(np.sin(lean)), float(np.cos(lean))
    spine: list[Point3] = [
        (-40 + s * up * 1.1, -hip - c * up + 20, 0.0) for up in (0.0, 110.0, 270.0, 450.0, 590.0)
    ]
    neck = spine[-1]
    hold = int(rng.integers(3))
    hand = ((knee_x + 200, -knee_y - 40), (knee_x + 110, -knee_y + 220), (knee_x + 60, -40))[hold]
    elbow = ((knee_x - 20, -knee_y - 130), (knee_x + 40, -knee_y + 60), (knee_x - 20, -knee_y + 120))[hold]
    arms: list[list[Point3]] = [
        [(neck[0], neck[1] + 70, k * 185), (*elbow, k * 260), (*hand, k * between(rng, 30, 200))]
        for k in (-1, 1)
    ]
    head = (neck[0] + 60, neck[1] - 125, between(rng, -30, 30))
    return _person(rng, _Posture(spine=spine, head=head, legs=legs, arms=arms, tilt=lean))


def person_prone(rng: Rng) -> list[Part]:
    """Flat on the belly, arms ahead or under the chin."""
    ahead, spread = between(rng, 0.2, 1), between(rng, 90, 280)
    spine: list[Point3] = [(0, -125, 0), (-110, -130, 0), (-260, -120, 0), (-450, -130, 0), (-590, -120, 0)]
    legs: list[list[Point3]] = [
        [
            (10, -120, k * 88),
            (420, -70, k * spread),
            (830, -60, k * spread * 1.2),
            (960, -40, k * spread * 1.3),
        ]
        for k in (-1, 1)
    ]
    arms: list[list[Point3]] = [
        [
            (-520, -130, k * 180),
            (-620 - 160 * ahead, -60, k * (330 - 90 * ahead)),
            (-760 - 320 * ahead, -40, k * between(rng, 40, 200)),
        ]
        for k in (-1, 1)
    ]
    head = (-730.0, -between(rng, 115, 160), 0.0)
    return _person(rng, _Posture(spine=spine, head=head, legs=legs, arms=arms, tilt=np.pi / 2))


def person_supine(rng: Rng) -> list[Part]:
    """On the back or half on one side, one knee up, hands on the belly or behind the head."""
    knee = between(rng, 90, 480)
    spine: list[Point3] = [(0, -115, 0), (-110, -120, 0), (-260, -115, 0), (-450, -130, 0), (-590, -130, 0)]
    bent = float(np.sqrt(max(430**2 - (knee - 110) ** 2, 1)))
    legs: list[list[Point3]] = [
        [(10, -110, -88), (425, -95, -110), (835, -65, -130), (850, -190, -140)],
        [(10, -110, 88), (bent, -knee, 110), (bent + bent * 0.6, -70, 110), (bent * 1.6 + 90, -100, 110)],
    ]
    is_behind = bool(rng.random() < 0.4)
    hand: Point3 = (-760, -60, 40) if is_behind else (-180, -270, 60)
    elbow: Point3 = (-800, -80, 330) if is_behind else (-280, -120, 290)
    arms: list[list[Point3]] = [
        [(-530, -120, k * 180), (elbow[0], elbow[1], k * elbow[2]), (hand[0], hand[1], k * hand[2])]
        for k in (-1, 1)
    ]
    posture = _Posture(spine=spine, head=(-735, -130, 0), legs=legs, arms=arms, tilt=np.pi / 2)
    parts = _person(rng, posture)
    return turned(parts, rotation(between(rng, -0.9, 0.9), 0, 0)) if rng.random() < 0.5 else parts


def person_against_wall(rng: Rng) -> list[Part]:
    """Sitting on the floor, the back upright, the legs straight out or crossed at the ankles."""
    lean, rise = between(rng, -0.3, 0.1), between(rng, 0, 160)
    s, c = float(np.sin(lean)), float(np.cos(lean))
    spine: list[Point3] = [(s * up, -110 - c * up, 0.0) for up in (0.0, 110.0, 270.0, 460.0, 600.0)]
    neck = spine[-1]
    apart = between(rng, 30, 260)
    legs: list[list[Point3]] = [
        [
            (30, -105, k * 90),
            (440, -95 - rise, k * (90 + apart) / 2),
            (840 - rise * 0.4, -60, k * apart),
            (870 - rise * 0.4, -190, k * apart * 1.2),
        ]
        for k in (-1, 1)
    ]
    hand = (between(rng, -60, 380), -between(rng, 60, 260))
    arms: list[list[Point3]] = [
        [
            (neck[0], neck[1] + 70, k * 185),
            (neck[0] * 0.5 + hand[0] * 0.3, neck[1] + 350, k * 240),
            (hand[0], hand[1], k * between(rng, 100, 230)),
        ]
        for k in (-1, 1)
    ]
    head = (neck[0] + between(rng, 10, 90), neck[1] - 135, 0.0)
    return _person(rng, _Posture(spine=spine, head=head, legs=legs, arms=arms, tilt=between(rng, -0.1, 0.5)))


def _seated(rng: Rng, seat: float) -> _Posture:
    lean = between(rng, -0.2, 0.5)
    s, c = float(np.sin(lean)), float(np.cos(lean))
    spine: list[Point3] = [(s * up, -seat - 110 - c * up, 0.0) for up in (0.0, 110.0, 270.0, 460.0, 600.0)]
    neck = spine[-1]
    legs: list[list[Point3]] = []
    for k in (-1, 1):
        foot = between(rng, 260, 560)
        knee = (410.0, -seat - between(rng, 40, 100), k * between(rng, 90, 190))
        legs.append([(20, -seat - 95, k * 90), knee, (foot, -70, k * 130), (foot + 160, -35, k * 150)])
    arms: list[list[Point3]] = [
        [
            (neck[0], neck[1] + 70, k * 185),
            (neck[0] * 0.6 + 60, neck[1] + 340, k * 240),
            (between(rng, 200, 400), -seat - between(rng, 170, 260), k * between(rng, 40, 170)),
        ]
        for k in (-1, 1)
    ]
    return _Posture(spine=spine, head=(neck[0] + 45, neck[1] - 135, 0), legs=legs, arms=arms, tilt=lean * 0.6)


def person_on_box(rng: Rng) -> list[Part]:
    """Sitting as on a chair, on a crate or carton."""
    seat = between(rng, 330, 480)
    parts = _person(rng, _seated(rng, seat))
    size = (between(rng, 300, 420), seat * 0.97, between(rng, 350, 600))
    at = (-40.0, -size[1] / 2, 0.0)
    if rng.random() < 0.5:
        return [*parts, *hollow(at, size, 18, WOOD)]
    return [*parts, block(at, size, ORGANIC.packed(between(rng, 0.05, 0.4)))]


def person_small(rng: Rng) -> list[Part]:
    """A child, standing or on a low seat."""
    small = between(rng, 0.55, 0.8)
    if rng.random() < 0.6:
        return _person(rng, _upright(rng, between(rng, -0.1, 0.15), between(rng, 0, 250)), small=small)
    parts = _person(rng, _seated(rng, 380), small=small)
    _, high = extent(parts)
    tall = 380 * small * 0.8
    return [*parts, block((0, float(high[1]) - tall / 2, 0), (280, tall, 340), ORGANIC.packed(0.2))]


PERSONS: Final[tuple[Build, ...]] = (
    person_leaning,
    person_arms_raised,
    person_backpack,
    person_kneeling,
    person_squatting,
    person_prone,
    person_supine,
    person_against_wall,
    person_on_box,
    person_small,
)
