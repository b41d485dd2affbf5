"""The loadable space of a container or vehicle: what cargo fills and threats hide in."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from datasets.synthetic.projection import Span

Rng = np.random.Generator
_WALL_MM = 20.0
"""Room between loads, and between loads and the ends."""


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A box in the scene's frame, millimetres.

    Attributes:
        x: From left to right along the scan.
        y: Ceiling, floor; y points down, so the ceiling is the smaller.
        z: From the side near the source to the far side.
    """

    x: Span
    y: Span
    z: Span

    @property
    def length(self) -> float:
        return self.x[1] - self.x[0]

    @property
    def height(self) -> float:
        return self.y[1] - self.y[0]

    @property
    def width(self) -> float:
        return self.z[1] - self.z[0]

    def litres(self) -> float:
        return self.length * self.height * self.width * 1e-6


def divide(rng: Rng, hold: Hold, n_bays: int, *, most_left: float) -> list[Hold]:
    """Bays one behind the other; in a third of the vehicles up to ``most_left`` of the last stays free."""
    shares = np.concatenate([[0], np.cumsum(rng.dirichlet(np.full(n_bays, 9.0)))])
    ends = hold.x[0] + hold.length * shares
    if rng.random() < 0.35:
        ends[-1] -= rng.uniform(0.05, most_left) * (ends[-1] - ends[-2])
    return [replace(hold, x=(float(x0) + _WALL_MM, float(x1) - _WALL_MM)) for x0, x1 in pairwise(ends)]
