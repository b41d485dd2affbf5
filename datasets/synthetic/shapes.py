"""What a threat's shape is, and the pieces shapes are built of.

A shape lies about its own origin, broad side towards the source (its outline in x and y, y down, its
thickness along z), millimetres. Parts that overlap count twice, parts wound inside out are cavities.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

import numpy as np

from datasets.synthetic.beam import Float64
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.meshes import (
    Mesh,
    Point2,
    Point3,
    Rng,
    cuboid,
    extrusion,
    rod,
    rotation,
    turned_body,
)
from datasets.synthetic.physics import Material

Part = tuple[Mesh, Material]
Build = Callable[[Rng], list[Part]]

UPRIGHT: Final = rotation(0, 0, -np.pi / 2)
"""Turns a body along x so that its far end points up."""
ALONG_RAYS: Final = rotation(0, np.pi / 2, 0)
"""Turns a body along x into the direction of the rays."""


class Place(StrEnum):
    """Where in a vehicle a shape is hidden, and how it stands there."""

    ANYWHERE = "anywhere"  # small enough for walls, chassis, cab, or the air above goods; lies as it fell
    CARGO = "cargo"  # among the goods, mostly straight
    FLOOR = "floor"  # stands on the floor
    END = "end"  # across the hold, at its left or right end
    UNDER_FLOOR = "under_floor"  # over the whole width, on the floor
    UNDER_ROOF = "under_roof"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One threat, in many sizes.

    Attributes:
        name: Unique in the catalogue.
        kind: What it is labelled as.
        is_held_out: Kept for evaluation, never shown in training.
        build: Draws one of them: meshes and their materials.
        place: Where it is hidden.
    """

    name: str
    kind: ThreatKind
    is_held_out: bool
    build: Build
    place: Place


def between(rng: Rng, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[Point2]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def plate(outline: Sequence[Point2], depth: float, material: Material, z: float = 0) -> Part:
    return extrusion(outline, depth).moved((0, 0, z)), material


def block(centre: Point3, size: Point3, material: Material) -> Part:
    return cuboid(size).moved(centre), material


def strip(points: Sequence[Point2], width: float, depth: float, material: Material) -> list[Part]:
    """A flat bar along a line in the picture, one piece per segment (a trigger guard, a frame)."""
    parts: list[Part] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        norm = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-6)
        dx, dy = -(y1 - y0) / norm * width / 2, (x1 - x0) / norm * width / 2
        outline = [(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)]
        parts.append(plate(outline, depth, material))
    return parts


def joined(bodies: Sequence[Mesh]) -> Mesh:
    """Several meshes as one."""
    offsets = np.cumsum([0] + [len(body.vertices) for body in bodies[:-1]])
    return Mesh(
        vertices=np.concatenate([body.vertices for body in bodies]),
        faces=np.concatenate([body.faces + n for body, n in zip(bodies, offsets, strict=True)]),
    )


def cavity(body: Mesh) -> Mesh:
    """The same body as a hole."""
    return Mesh(vertices=body.vertices, faces=body.faces[:, ::-1])


def tube(  # noqa: PLR0917 - from, to, where, how thick
    x0: float,
    x1: float,
    y: float,
    outer: float,
    inner: float,
    material: Material,
    *,
    z: float = 0,
    sides: int = 10,
) -> list[Part]:
    """A pipe along x (a barrel); solid if ``inner`` is 0. Outer and inner are radii."""
    at = ((x0 + x1) / 2, y, z)
    parts: list[Part] = [(rod(outer, x1 - x0, sides=sides).moved(at), material)]
    if inner > 0:
        parts.append((cavity(rod(inner, x1 - x0, sides=sides).moved(at)), material))
    return parts


def disc(centre: Point3, radius: float, thickness: float, material: Material, *, sides: int = 14) -> Part:
    """A wheel seen from its side."""
    return rod(radius, thickness, sides=sides).turned(ALONG_RAYS).moved(centre), material


def vessel(
    profile: Sequence[Point2], wall: float, material: Material, content: Material, *, sides: int = 12
) -> list[Part]:
    """A hollow body of revolution along x, filled: a bottle, a cylinder."""
    inner = [
        (min(max(x, profile[0][0] + wall), profile[-1][0] - wall), max(r - wall, 0.5)) for x, r in profile
    ]
    return [
        (turned_body(profile, sides=sides), material),
        (turned_body(inner, sides=sides), instead_of(material, content)),
    ]


def hollow(centre: Point3, size: Point3, wall: float, material: Material) -> list[Part]:
    """A closed box with walls."""
    inside = (size[0] - 2 * wall, size[1] - 2 * wall, size[2] - 2 * wall)
    return [block(centre, size, material), (cavity(cuboid(inside)).moved(centre), material)]


def instead_of(outer: Material, inner: Material) -> Material:
    """What to add inside a solid of ``outer`` so that it is ``inner`` there."""
    return Material(
        density_g_cm3=1.0,
        organic=inner.organic * inner.density_g_cm3 - outer.organic * outer.density_g_cm3,
        iron=inner.iron * inner.density_g_cm3 - outer.iron * outer.density_g_cm3,
    )


def moved(parts: Sequence[Part], by: Point3) -> list[Part]:
    return [(body.moved(by), material) for body, material in parts]


def turned(parts: Sequence[Part], turn: Float64) -> list[Part]:
    return [(body.turned(turn), material) for body, material in parts]


def sized(rng: Rng, parts: Sequence[Part], size: Point2, thickness: Point2 = (0.8, 1.25)) -> list[Part]:
    """Larger or smaller in the picture, thicker or thinner along the rays."""
    by, deep = between(rng, *size), between(rng, *thickness)
    return [(body.scaled((by, by, deep)), material) for body, material in parts]


def extent(parts: Sequence[Part]) -> tuple[Float64, Float64]:
    """Lowest and highest x, y, z."""
    every = np.concatenate([body.vertices for body, _ in parts])
    return every.min(axis=0), every.max(axis=0)


def centred(parts: Sequence[Part]) -> list[Part]:
    low, high = extent(parts)
    x, y, z = (-(low + high) / 2).tolist()
    return moved(parts, (x, y, z))
