"""What electronics are made of: boards, coolers, fans, coils, transformers and cells."""

from typing import Final

import numpy as np

from datasets.practice.draws import number
from datasets.synthetic.meshes import Mesh, Point3, Rng, bar, cuboid, rod
from datasets.synthetic.physics import GLASS, PLASTIC, STEEL, Material
from datasets.synthetic.shapes import (
    ALONG_RAYS,
    UPRIGHT,
    Part,
    between,
    block,
    disc,
    joined,
    moved,
    tube,
    turned,
)

BOARD: Final = GLASS.packed(2.1)
CHIPS: Final = STEEL.packed(3.0)
COPPER: Final = STEEL.packed(8.4)
CELL: Final = STEEL.packed(2.7)
FOAM: Final = PLASTIC.packed(0.04)


def board(rng: Rng, x: float, y: float, *, chips: int = 8, highest: float = 12) -> list[Part]:
    """In the picture's plane, its parts towards +z."""
    metal: list[Mesh] = []
    plastic: list[Mesh] = []
    for _ in range(chips):
        wide, tall = between(rng, 0.05, 0.24) * x, between(rng, 0.05, 0.24) * y
        high = between(rng, 0.15, 1) * highest
        at = (between(rng, -0.5, 0.5) * (x - wide), between(rng, -0.5, 0.5) * (y - tall), high / 2)
        (metal if rng.random() < 0.65 else plastic).append(cuboid((wide, tall, high)).moved(at))
    parts = [block((0, 0, 0), (x, y, 1.8), BOARD)]
    if metal:
        parts.append((joined(metal), CHIPS))
    if plastic:
        parts.append((joined(plastic), PLASTIC.packed(1.3)))
    return parts


def fins(rng: Rng, size: Point3, metal: Material) -> Part:
    """A heat sink: a foot and fins across x."""
    x, y, z = size
    n = number(rng, 5, 10)
    bodies = [cuboid((x, y, z * 0.2)).moved((0, 0, -z * 0.4))]
    bodies += [
        cuboid((x / n * 0.4, y, z * 0.8)).moved((x * ((k + 0.5) / n - 0.5), 0, z * 0.1)) for k in range(n)
    ]
    return joined(bodies), metal


def fan(centre: Point3, radius: float, thick: float) -> list[Part]:
    x, y, z = centre
    ring = turned(tube(-thick / 2, thick / 2, 0, radius, radius * 0.92, PLASTIC, sides=12), ALONG_RAYS)
    blades = [
        bar(
            (0, 0, 0),
            (radius * 0.88 * float(np.cos(a)), radius * 0.88 * float(np.sin(a)), 0),
            radius * 0.3,
            3,
        )
        for a in np.linspace(0, 2 * np.pi, 6)[:-1]
    ]
    return [
        *moved(ring, centre),
        (joined(blades).moved(centre), PLASTIC),
        disc((x, y, z), radius * 0.34, thick * 0.8, STEEL.packed(3.5), sides=10),
    ]


def coil(rng: Rng, radius: float, thick: float) -> list[Part]:
    """A ring core wound with wire, seen from its side, about the origin."""
    core = turned(
        tube(-thick / 2, thick / 2, 0, radius, radius * between(rng, 0.4, 0.6), STEEL.packed(4.8), sides=12),
        ALONG_RAYS,
    )
    wire = tube(-thick * 0.65, thick * 0.65, 0, radius * 1.1, radius * 0.42, COPPER.packed(2.5), sides=12)
    return core + turned(wire, ALONG_RAYS)


def transformer(rng: Rng, size: float) -> list[Part]:
    """Sheets of iron round a bobbin of wire, about the origin."""
    x, y, z = size, size * between(rng, 0.75, 0.95), size * between(rng, 0.4, 0.8)
    return [
        *[block((side * x * 0.42, 0, 0), (x * 0.16, y, z), STEEL.packed(7.4)) for side in (-1, 0, 1)],
        *[block((0, side * y * 0.42, 0), (x * 0.68, y * 0.16, z), STEEL.packed(7.4)) for side in (-1, 1)],
        block((0, 0, 0), (x * 0.66, y * 0.64, z * 1.5), COPPER.packed(3.6)),
    ]


def cells(nx: int, ny: int, radius: float, long: float) -> Part:
    """Round cells side by side, standing."""
    body = rod(radius, long, sides=8).turned(UPRIGHT)
    step = 2 * radius + 0.6
    places = [((i - (nx - 1) / 2) * step, 0, (k - (ny - 1) / 2) * step) for i in range(nx) for k in range(ny)]
    return joined([body.moved(at) for at in places]), CELL
