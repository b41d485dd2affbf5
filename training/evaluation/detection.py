"""Localised detection at a false-alarm rate.

An image raises a false alarm when any kind's score reaches that kind's threshold. A threat is detected when
a finding of its kind, at or above the threshold, overlaps it with an intersection over union of 0.3; threats
are small, and a reviewer looks at the place, not at the box's edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.postprocess import overlaps
from training.evaluation.results import ImageResult

HIT_IOU: Final = 0.3
ROUNDS: Final = 1000

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A share and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class ThreatScores:
    """For every threat of a set of images, how well it was found.

    Attributes:
        kinds: Shape ``(n,)``, index of its kind.
        scores: Shape ``(n, K)``: the best score of any finding of each kind that overlaps it by ``HIT_IOU``;
            0 where there is none.
        groups: Shape ``(n,)``, number of its image's group.
        places: Image and place within its truth, one for each threat.
    """

    kinds: Int64
    scores: Float64
    groups: Int64
    places: tuple[tuple[int, int], ...]

    @property
    def own(self) -> Float64:
        """Best score of a finding of the threat's own kind, shape ``(n,)``."""
        own: Float64 = self.scores[np.arange(len(self.kinds)), self.kinds]
        return own

    def hits(self, thresholds: Float64, *, any_kind: bool = False) -> Bool:
        """Which threats are detected, shape ``(n,)``; ``any_kind``: a finding of another kind counts, too."""
        reached: Bool = self.scores >= thresholds
        if any_kind:
            return np.asarray(reached.any(axis=1))
        return np.asarray(reached[np.arange(len(self.kinds)), self.kinds])


def score_threats(results: Sequence[ImageResult], kinds: Sequence[str]) -> ThreatScores:
    """Match findings to threats; threats of other kinds than ``kinds`` are left out."""
    columns = {kind: number for number, kind in enumerate(kinds)}
    groups = number_groups(results)
    rows: list[tuple[int, Float64, int, tuple[int, int]]] = []
    for image, result in enumerate(results):
        placed = [box for box in result.boxes if box.kind in columns]
        edges = np.array([box.box_xyxy for box in placed], np.float32).reshape(-1, 4)
        for place, truth in enumerate(result.truth):
            if truth.kind not in columns:
                continue
            best = np.zeros(len(kinds))
            near = overlaps(np.array(truth.box_xyxy, np.float32), edges) >= HIT_IOU
            for number in np.flatnonzero(near):
                column = columns[placed[number].kind]
                best[column] = max(best[column], placed[number].score)
            rows.append((columns[truth.kind], best, int(groups[image]), (image, place)))
    return ThreatScores(
        kinds=np.array([row[0] for row in rows], np.int64),
        scores=np.array([row[1] for row in rows], np.float64).reshape(-1, len(kinds)),
        groups=np.array([row[2] for row in rows], np.int64),
        places=tuple(row[3] for row in rows),
    )


def best_scores(results: Sequence[ImageResult], kinds: Sequence[str]) -> Float64:
    """Highest score per image and kind, shape ``(n, K)``; 0 where there is none."""
    columns = {kind: number for number, kind in enumerate(kinds)}
    scores = np.zeros((len(results), len(kinds)))
    for row, result in zip(scores, results, strict=True):
        for box in result.boxes:
            column = columns.get(box.kind)
            if column is not None:
                row[column] = max(row[column], box.score)
    return scores


def number_groups(results: Sequence[ImageResult]) -> Int64:
    """One number per group, shape ``(n,)``; an image without a group is its own."""
    numbers: dict[str | int, int] = {}
    keys = [result.group or place for place, result in enumerate(results)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def false_alarm_rate(benign: Sequence[ImageResult], kinds: Sequence[str], thresholds: Float64) -> Interval:
    """Share of benign images with a finding at or above its threshold."""
    alarms = np.asarray((best_scores(benign, kinds) >= thresholds).any(axis=1))
    return share(alarms, number_groups(benign))


def false_alarms_per_image(benign: Sequence[ImageResult], kinds: Sequence[str], thresholds: Float64) -> float:
    """Findings at or above their threshold in benign images, per image."""
    least = dict(zip(kinds, thresholds, strict=True))
    counts = [sum(b.score >= least.get(b.kind, np.inf) for b in result.boxes) for result in benign]
    return float(np.mean(counts))


def share(hits: Bool, groups: Int64, *, seed: int = 0) -> Interval:
    """The share of hits, with the percentile interval of drawing whole groups with replacement.

    Threats of one image, and crops of one scan, stay together: they are not independent. Not a number where
    there is nothing to count. With few groups, or none or all hit, the interval is narrower than the truth.
    """
    if len(hits) == 0:
        return Interval(value=float("nan"), low=float("nan"), high=float("nan"))
    totals = np.bincount(groups)
    counts = np.bincount(groups, weights=hits.astype(float))
    counts, totals = counts[totals > 0], totals[totals > 0]
    draws = np.random.default_rng(seed).integers(0, len(totals), (ROUNDS, len(totals)))
    ratios = counts[draws].sum(axis=1) / totals[draws].sum(axis=1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Interval(value=float(hits.mean()), low=float(low), high=float(high))
