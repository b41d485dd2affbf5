"""A scan as a point, so that scans with like cargo are near: what its load may be, heading by heading.

The likeness of two scans is the cosine of their points. A network's own embedding was worse at it: it is
learned to part the headings, block by block, and says little once a vehicle's blocks are averaged.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.mismatch import Blocks, Goods

DIMENSION: Final = 128
MAX_HEADINGS: Final = DIMENSION - 1
SHARPNESS: Final = 8.0
"""Of ``Goods.shares``: the best of those tried (2 to 24) on 500 vehicles with which nothing is measured."""


def embed_cargo(blocks: Blocks, goods: Goods) -> NDArray[np.float32]:
    """Return the point of a scan, shape ``(128,)``, of unit length.

    Number ``k`` is the mean share of heading ``k`` over the blocks; the last one is 1 for an empty vehicle.

    Args:
        blocks: The loaded parts; empty vehicles have none.
        goods: The headings, ``MAX_HEADINGS`` at most; only points by the same ones can be compared.
    """
    point = np.zeros(DIMENSION, np.float32)
    if not len(blocks.features):
        point[-1] = 1.0
        return point
    shares = goods.shares(blocks.features, sharpness=SHARPNESS, has_material=blocks.has_material)
    point[: shares.shape[1]] = shares.mean(axis=0)
    return point / np.float32(np.linalg.norm(point))
