"""When a threat in a scan counts as visible, and the box of what shows of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.beam import Float32

BoxXyxy = tuple[float, float, float, float]

MIN_MEAN_DROP: Final = 0.003
MIN_MEAN_DROP_8BIT: Final = 0.006
"""A threat that lowers the transmission by less, on average, is not labelled, nor one below the noise.

Source: the smallest drop that trained detectors still learned from (docs/explanation/physics.md).
"""
_LEAST_PIXELS: Final = 12
_LEAST_SHARE: Final = 0.25


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What shows of a threat.

    Attributes:
        box_xyxy: Of its visible pixels, in the frame of the arrays that were given.
        mean_drop: Of the transmission, over the pixels it covers.
    """

    box_xyxy: BoxXyxy
    mean_drop: float


def covered_by(planes: Float32) -> NDArray[np.bool_]:
    """Pixels with enough of a threat to count, half a millimetre of steel, from ``(2, h, w)`` g/cm²."""
    return np.asarray(np.abs(planes).sum(axis=0) > 0.35)


def sight(drop: Float32, covered: NDArray[np.bool_], sigma: Float32, *, is_8bit: bool) -> Sight | None:
    """Judge a threat by what it does to the transmission.

    Args:
        drop: Shape ``(h, w)``, transmission without minus with the threat.
        covered: Pixels that belong to the threat.
        sigma: Standard deviation of the noise there, as transmission.
        is_8bit: The scanner delivers eight bits.

    Returns:
        None unless the mean drop reaches the least one and one standard deviation, and a quarter of the
        threat's pixels, at least twelve, each show half of that.
    """
    if not covered.any():
        return None
    least = MIN_MEAN_DROP_8BIT if is_8bit else MIN_MEAN_DROP
    mean_drop = float(drop[covered].mean())
    if mean_drop < least or (drop[covered] / np.maximum(sigma[covered], 1e-9)).mean() < 1:
        return None
    seen = covered & (drop >= np.maximum(least / 2, sigma / 2))
    if seen.sum() < max(_LEAST_PIXELS, _LEAST_SHARE * covered.sum()):
        return None
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    box = float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
    return Sight(box_xyxy=box, mean_drop=mean_drop)


def moved_box(box: BoxXyxy, x_px: int, y_px: int) -> BoxXyxy:
    return box[0] + x_px, box[1] + y_px, box[2] + x_px, box[3] + y_px
