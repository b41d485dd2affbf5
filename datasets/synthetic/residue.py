"""What an empty container still holds: nothing to declare, and enough to look like something."""

import numpy as np

from datasets.synthetic.dunnage import pallet
from datasets.synthetic.grain import Grain
from datasets.synthetic.hold import Hold
from datasets.synthetic.physics import ORGANIC, PLASTIC, STEEL, WOOD
from datasets.synthetic.projection import Projection

Rng = np.random.Generator


def leave_residue(projection: Projection, rng: Rng, hold: Hold) -> None:
    """Leave any of: a lining, pallets, timber, lashings, sweepings, a forgotten carton; at times nothing."""
    for chance, leave in (
        (0.2, _lining),
        (0.3, _pallets),
        (0.35, _timber),
        (0.4, _lashings),
        (0.3, _sweepings),
        (0.2, _cartons),
    ):
        if rng.random() < chance:
            leave(projection, rng, hold)


def _lining(projection: Projection, rng: Rng, hold: Hold) -> None:
    """Board or foil along both walls, up to some height (grain liners, protection of bare walls)."""
    thickness = float(rng.uniform(3, 14))
    top = hold.y[1] - hold.height * float(rng.uniform(0.4, 1.0))
    material = WOOD if rng.random() < 0.6 else PLASTIC
    for z in ((hold.z[0], hold.z[0] + thickness), (hold.z[1] - thickness, hold.z[1])):
        projection.box(hold.x, (top, hold.y[1]), z, material)


def _pallets(projection: Projection, rng: Rng, hold: Hold) -> None:
    x = hold.x[0] + float(rng.uniform(0, 0.7)) * hold.length
    depth = float(rng.uniform(800, 1200))
    for _ in range(int(rng.integers(1, 5))):
        floor = hold.y[1]
        near = float(rng.uniform(hold.z[0], max(hold.z[1] - depth, hold.z[0] + 1)))
        for _ in range(int(rng.integers(1, 12))):
            if x + 1200 > hold.x[1] or floor - 144 < hold.y[0]:
                return
            floor = pallet(projection, rng, (x, x + 1200), floor, (near, min(near + depth, hold.z[1])))
        x += 1200 + float(rng.uniform(20, 1500))


def _timber(projection: Projection, rng: Rng, hold: Hold) -> None:
    """Beams and wedges left lying on the floor."""
    for _ in range(int(rng.integers(1, 9))):
        size = float(rng.uniform(50, 120))
        x = float(rng.uniform(hold.x[0], max(hold.x[1] - 2000, hold.x[0] + 1)))
        length = float(rng.uniform(100, 2000))
        if rng.random() < 0.5:
            span = float(rng.uniform(300, hold.width))
            z = (hold.z[0], hold.z[0] + span)
            projection.box((x, x + size), (hold.y[1] - size, hold.y[1]), z, WOOD)
        else:
            near = float(rng.uniform(hold.z[0], hold.z[1] - size))
            y = (hold.y[1] - size, hold.y[1])
            projection.box((x, min(x + length, hold.x[1])), y, (near, near + size), WOOD)


def _lashings(projection: Projection, rng: Rng, hold: Hold) -> None:
    """Straps and chains hanging from the walls or lying about."""
    for _ in range(int(rng.integers(1, 7))):
        x = float(rng.uniform(hold.x[0] + 100, hold.x[1] - 100))
        near = float(rng.choice([hold.z[0] + 20, hold.z[1] - 30]))
        top = hold.y[0] + hold.height * float(rng.uniform(0.05, 0.8))
        start = (x, top, near)
        end = (x + float(rng.uniform(-90, 90)), float(rng.uniform(top, hold.y[1])), near)
        steel = bool(rng.random() < 0.4)
        projection.bar(start, end, 10 if steel else 50, 9 if steel else 3, STEEL if steel else PLASTIC)


def _sweepings(projection: Projection, rng: Rng, hold: Hold) -> None:
    """A low heap of what the last cargo lost."""
    width = float(rng.uniform(0.1, 1.0)) * hold.length
    x = float(rng.uniform(hold.x[0], hold.x[1] - width)) if width < hold.length else hold.x[0]
    n_columns = max(int(width / projection.beam.pitch_mm) - 1, 2)
    place = np.linspace(-1, 1, n_columns)
    height = float(rng.uniform(10, 160)) * (1 - place**2) * rng.uniform(0.4, 1.0, (6, 1))
    grain = Grain(rng, ((3, 3), (8, 20)), 0.2)
    goods = ORGANIC.packed(float(rng.uniform(0.2, 0.8)))
    projection.heap(x, hold.y[1] - height, hold.y[1], hold.z, goods, grain=grain)


def _cartons(projection: Projection, rng: Rng, hold: Hold) -> None:
    """One to three boxes of packing material, folded cartons or tools of the hauler."""
    for _ in range(int(rng.integers(1, 4))):
        size = rng.uniform(150, 600, 3)
        x = float(rng.uniform(hold.x[0], hold.x[1] - size[0]))
        near = float(rng.uniform(hold.z[0], hold.z[1] - size[2]))
        y = (hold.y[1] - float(size[1]), hold.y[1])
        inside = ORGANIC.packed(float(rng.uniform(0.02, 0.25)))
        projection.box((x, x + float(size[0])), y, (near, near + float(size[2])), inside)
