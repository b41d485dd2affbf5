"""What training hides: the shapes that are not held out, more of every kind, and all of them out of shape.

The frozen benchmark draws from `threats_catalogue` alone, so that nothing here changes it. No family here is
an outline or an arrangement that is held out there.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from datasets.practice.ammunition import AMMUNITION
from datasets.practice.blades import BLADES
from datasets.practice.bottles import BOTTLES
from datasets.practice.cigarettes import CIGARETTES
from datasets.practice.dense import DENSE_BLOCKS
from datasets.practice.electronics import ELECTRONICS
from datasets.practice.gas import GAS_CYLINDERS
from datasets.practice.guns import GUNS
from datasets.practice.hollow import HOLLOW_BASES, HOLLOW_GOODS
from datasets.practice.ivory import TUSKS
from datasets.practice.packages import BRICKS
from datasets.practice.persons import PERSONS
from datasets.practice.rifles import RIFLES
from datasets.practice.vehicles import VEHICLES
from datasets.practice.walls import FALSE_END_WALLS, FALSE_FLOORS
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.meshes import Rng
from datasets.synthetic.shapes import Build, Part, Place, Shape, turned
from datasets.synthetic.threats_catalogue import shapes_of

_VARIED_SHARE: Final = 0.6
_STRETCH: Final = 0.12
_SHEAR: Final = 0.08
_LARGEST_STRETCH: Final = 1.3


def _shapes(kind: ThreatKind, place: Place, builds: Sequence[Build]) -> list[Shape]:
    return [
        Shape(name=build.__name__, kind=kind, is_held_out=False, build=build, place=place) for build in builds
    ]


PRACTICE: Final[tuple[Shape, ...]] = (
    *_shapes(ThreatKind.GUN, Place.ANYWHERE, GUNS),
    *_shapes(ThreatKind.RIFLE, Place.ANYWHERE, RIFLES),
    *_shapes(ThreatKind.BLADE, Place.ANYWHERE, BLADES),
    *_shapes(ThreatKind.AMMUNITION, Place.ANYWHERE, AMMUNITION),
    *_shapes(ThreatKind.BRICK, Place.CARGO, BRICKS),
    *_shapes(ThreatKind.CIGARETTES, Place.CARGO, CIGARETTES),
    *_shapes(ThreatKind.BOTTLES, Place.CARGO, BOTTLES),
    *_shapes(ThreatKind.ELECTRONICS, Place.CARGO, ELECTRONICS),
    *_shapes(ThreatKind.GAS_CYLINDER, Place.CARGO, GAS_CYLINDERS),
    *_shapes(ThreatKind.DENSE_BLOCK, Place.CARGO, DENSE_BLOCKS),
    *_shapes(ThreatKind.TUSK, Place.CARGO, TUSKS),
    *_shapes(ThreatKind.VEHICLE, Place.FLOOR, VEHICLES),
    *_shapes(ThreatKind.PERSON, Place.FLOOR, PERSONS),
    *_shapes(ThreatKind.FALSE_WALL, Place.END, FALSE_END_WALLS),
    *_shapes(ThreatKind.FALSE_WALL, Place.CARGO, HOLLOW_GOODS),
    *_shapes(ThreatKind.FALSE_WALL, Place.FLOOR, HOLLOW_BASES),
    *_shapes(ThreatKind.FALSE_WALL, Place.UNDER_FLOOR, FALSE_FLOORS),
)
"""Shapes beside those of the benchmark."""


def practice_shapes(kind: ThreatKind) -> list[Shape]:
    """All shapes of a kind that training may show, each now and then out of shape."""
    mine = [*shapes_of(kind, held_out=False), *(shape for shape in PRACTICE if shape.kind is kind)]
    return [replace(shape, build=_now_and_then_varied(shape)) for shape in mine]


def vary(rng: Rng, parts: Sequence[Part], *, sheared: bool) -> list[Part]:
    """Longer, flatter or deeper than it should be, and slanted: the same map for all parts.

    Args:
        rng: Draws by how much.
        parts: Of one shape.
        sheared: Slant it, too; what stands on the floor is not.
    """
    stretch = np.exp(np.clip(rng.normal(0, _STRETCH, 3), -np.log(_LARGEST_STRETCH), np.log(_LARGEST_STRETCH)))
    slant = np.eye(3)
    if sheared:
        slant[0, 1], slant[1, 0] = rng.normal(0, _SHEAR, 2)
    # Any map with a positive determinant keeps a surface closed and its normals outwards.
    return turned(parts, slant @ np.diag(stretch))


def _now_and_then_varied(shape: Shape) -> Build:
    def build(rng: Rng) -> list[Part]:
        parts = shape.build(rng)
        if rng.random() >= _VARIED_SHARE:
            return parts
        return vary(rng, parts, sheared=shape.place in (Place.ANYWHERE, Place.CARGO))

    return build
