"""Whether scores are what they seem: the share of findings that are right, by score.

A score is no probability by itself: the share depends on how many of the scans hold threats, here as in the
benchmark.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.postprocess import overlaps
from training.evaluation.detection import HIT_IOU
from training.evaluation.results import ImageResult

Float64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Ten bins of score of equal width.

    Attributes:
        error: Expected calibration error: mean distance between score and share, by number of findings.
        scores: Mean score of each bin that holds findings.
        shares: Of its findings that are right.
        counts: Of its findings.
    """

    error: float
    scores: tuple[float, ...]
    shares: tuple[float, ...]
    counts: tuple[int, ...]


def calibrate(results: Sequence[ImageResult], *, least: float = 0.05, n_bins: int = 10) -> Calibration:
    """Compare scores with shares; findings below ``least`` are left out, they outnumber all others."""
    pairs = np.array(
        [pair for result in results for pair in _judge(result) if pair[0] >= least], dtype=np.float64
    ).reshape(-1, 2)
    bins = np.minimum((pairs[:, 0] * n_bins).astype(int), n_bins - 1)
    filled = [pairs[bins == number] for number in range(n_bins) if (bins == number).any()]
    error = sum(len(b) * abs(float(b[:, 0].mean() - b[:, 1].mean())) for b in filled) / max(len(pairs), 1)
    return Calibration(
        error=error,
        scores=tuple(float(b[:, 0].mean()) for b in filled),
        shares=tuple(float(b[:, 1].mean()) for b in filled),
        counts=tuple(len(b) for b in filled),
    )


def _judge(result: ImageResult) -> list[tuple[float, float]]:
    """Score of each finding, and 1 if it is the first on a threat of its kind, else 0."""
    free = list(result.truth)
    judged = []
    for box in sorted(result.boxes, key=lambda box: -box.score):
        right = next(
            (
                t
                for t in free
                if t.kind == box.kind
                and overlaps(np.array(t.box_xyxy, np.float32), np.array([box.box_xyxy], np.float32))[0]
                >= HIT_IOU
            ),
            None,
        )
        if right is not None:
            free.remove(right)
        judged.append((box.score, float(right is not None)))
    return judged
