"""Copies of a shape set out in rows, layers and heaps, and the boxes and crates they come in."""

from collections.abc import Callable, Sequence

import numpy as np

from datasets.practice.draws import number
from datasets.synthetic.meshes import Mesh, Point3, Rng, cuboid, loft, rotation
from datasets.synthetic.physics import WOOD, Material
from datasets.synthetic.shapes import Part, between, cavity, centred, extent, joined, moved, turned


def many(rng: Rng, pitch: float, low: float, high: float, most: int = 99) -> int:
    """How many of a pitch fit into a length between two."""
    return min(max(int(between(rng, low, high) / pitch), 1), most)


def lattice(
    rng: Rng, pitch: Point3, counts: tuple[int, int, int], *, jitter: float = 0, skewed: bool = False
) -> list[Point3]:
    """Centres, stacked upwards; ``skewed`` sets every other layer half a pitch aside."""
    return [
        (
            (i + (0.5 if skewed and j % 2 else 0)) * pitch[0] + between(rng, -jitter, jitter),
            -j * pitch[1],
            k * pitch[2] + between(rng, -jitter, jitter),
        )
        for i in range(counts[0])
        for j in range(counts[1])
        for k in range(counts[2])
    ]


def copies(parts: Sequence[Part], places: Sequence[Point3]) -> list[Part]:
    return [(joined([body.moved(at) for at in places]), material) for body, material in parts]


def piled(layers: Sequence[Sequence[Part]], gap: float = 2) -> list[Part]:
    """Each on top of the one before, all about one upright axis."""
    parts: list[Part] = []
    top = 0.0
    for layer in layers:
        middle = centred(layer)
        high = float(np.ptp(np.stack(extent(middle)), axis=0)[1])
        parts += moved(middle, (0, top - high / 2, 0))
        top -= high + gap
    return parts


def beside(rows: Sequence[Sequence[Part]], gap: float = 4) -> list[Part]:
    """One next to the other along x, all on one floor."""
    parts: list[Part] = []
    end = 0.0
    for row in rows:
        middle = centred(row)
        wide, high, _ = np.ptp(np.stack(extent(middle)), axis=0).tolist()
        parts += moved(middle, (end + wide / 2, -high / 2, 0))
        end += wide + gap
    return parts


def heaped(
    rng: Rng, draw: Callable[[], list[Part]], pitch: Point3, counts: tuple[int, int, int], tilt: float
) -> list[Part]:
    """A heap: each layer is a row shorter than the one below, each thing turned about the upright."""
    parts: list[Part] = []
    for j in range(counts[1]):
        nx, nz = max(counts[0] - j, 1), max(counts[2] - j, 1)
        for x, y, z in lattice(rng, pitch, (nx, 1, nz), jitter=0.15 * min(pitch[0], pitch[2])):
            turn = rotation(between(rng, -tilt, tilt), between(rng, -np.pi, np.pi), between(rng, -tilt, tilt))
            at = (x - (nx - 1) / 2 * pitch[0], y - j * pitch[1], z - (nz - 1) / 2 * pitch[2])
            parts += moved(turned(draw(), turn), at)
    return parts


def around(parts: Sequence[Part], slack: float = 0) -> tuple[Point3, Point3]:
    """Middle and size of what holds them."""
    low, high = extent(parts)
    x, y, z = ((low + high) / 2).tolist()
    wide, tall, deep = (high - low + 2 * slack).tolist()
    return (x, y, z), (wide, tall, deep)


def boxed(parts: Sequence[Part], wall: float, material: Material, slack: float = 3) -> list[Part]:
    """In a closed box with walls."""
    middle, (x, y, z) = around(parts, slack)
    outside = cuboid((x + 2 * wall, y + 2 * wall, z + 2 * wall)).moved(middle)
    return [*parts, (joined([outside, cavity(cuboid((x, y, z)).moved(middle))]), material)]


def in_crate(rng: Rng, parts: Sequence[Part], *, with_lid: bool = True) -> list[Part]:
    """In a crate of boards with gaps between them."""
    (a, b, c), (x, y, z) = around(parts, between(rng, 3, 14))
    thick, n = between(rng, 10, 22), number(rng, 3, 6)
    wide = y / n * between(rng, 0.6, 0.92)
    bodies: list[Mesh] = []
    for k in range(n):
        at = b + y * ((k + 0.5) / n - 0.5)
        for side in (-1, 1):
            bodies.append(cuboid((x + 2 * thick, wide, thick)).moved((a, at, c + side * (z + thick) / 2)))
            bodies.append(cuboid((thick, wide, z)).moved((a + side * (x + thick) / 2, at, c)))
    for side in (1, -1) if with_lid else (1,):
        across, boards = between(rng, 0.7, 0.95), number(rng, 3, 6)
        for k in range(boards):
            at = a + x * ((k + 0.5) / boards - 0.5)
            body = cuboid((x / boards * across, thick, z + 2 * thick))
            bodies.append(body.moved((at, b + side * (y + thick) / 2, c)))
    post = cuboid((thick * 1.6, y, thick * 1.6))
    bodies += [post.moved((a + i * (x / 2 - thick), b, c + k * z / 2)) for i in (-1, 1) for k in (-1, 1)]
    return [*parts, (joined(bodies), WOOD.packed(between(rng, 0.45, 0.7)))]


def chamfered(size: Point3, bevel: float) -> Mesh:
    """A box, its upper and lower edges broken."""
    x, y, z = size[0] / 2, size[1] / 2, size[2] / 2
    rings = []
    for at, less in ((-y, bevel), (-y + bevel, 0.0), (y - bevel, 0.0), (y, bevel)):
        a, c = x - less, z - less
        rings.append(np.array([(-a, at, -c), (a, at, -c), (a, at, c), (-a, at, c)]))
    return loft(rings)


def pillow(size: Point3, fullness: float = 0.55) -> Mesh:
    """A filled bag lying: rounded corners, thin at its edge; ``fullness`` is how flat its faces are."""
    x, y, z = size[0] / 2, size[1] / 2, size[2] / 2
    corner = 0.6
    outline = [(1.0, corner), (corner, 1.0), (-corner, 1.0), (-1.0, corner)]
    outline += [(-a, -c) for a, c in outline]
    return loft(
        [
            np.array([(a * x * scale, at * y, c * z * scale) for a, c in outline])
            for at, scale in (
                (-1, fullness),
                (-0.75, (1 + fullness) / 2),
                (0, 1.0),
                (0.75, (1 + fullness) / 2),
                (1, fullness),
            )
        ]
    )


def band(middle: Point3, size: Point3, width: float, thickness: float) -> Mesh:
    """A strap round a box, across its x axis."""
    (a, b, c), (_, y, z) = middle, size
    flat, upright = cuboid((width, thickness, z + 2 * thickness)), cuboid((width, y, thickness))
    return joined(
        [flat.moved((a, b + side * (y + thickness) / 2, c)) for side in (-1, 1)]
        + [upright.moved((a, b, c + side * (z + thickness) / 2)) for side in (-1, 1)]
    )
