"""One threshold per kind, so that together they raise no more false alarms than agreed.

``choose_thresholds`` spends the budget where it finds most: for each kind the curve of threats found against
false alarms, then steps of all kinds' concave hulls in order of threats found per false alarm. Scans without
threats are few beside the rates wanted (0.4 % of 1,000 is four scans, and there are 14 kinds), so that a
kind's false-alarm rate beyond its fiftieth-highest score is not counted but read off an exponential tail
fitted to its scores' log-odds (peaks over threshold; Coles, An Introduction to Statistical Modeling of
Extreme Values, 2001, chapter 4, with shape 0).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.evaluation.detection import ThreatScores

Float64 = NDArray[np.float64]

TAIL: Final = 50
"""Highest scores that the tail is fitted to; their mean excess is known to 1/√50, a seventh."""
COUNTED: Final = 20
"""From so many alarms on, the share of alarmed scans is counted, and the budget corrected by it."""
OFF: Final = 1.0
"""A threshold that nothing reaches."""
BASIS: Final = 0.2
"""Share of the budget that is divided evenly, so that a kind the validation scans show few of is not lost."""
FLOOR: Final = 0.01
"""Scores below are not told apart: the lowest that is asked of a model."""


@dataclass(frozen=True, kw_only=True)
class Tail:
    """How often a benign scan's best score of one kind reaches a threshold.

    Attributes:
        ordered: All best scores as log-odds, falling.
        start: Log-odds above which the fitted tail holds.
        share: Of scans above it.
        mean_excess: Of their log-odds over it.
    """

    ordered: Float64
    start: float
    share: float
    mean_excess: float

    def rate(self, threshold: Float64) -> Float64:
        """Expected share of benign scans at or above the threshold, shaped like it."""
        odds = log_odds(threshold)
        counted = np.searchsorted(-self.ordered, -odds, side="right") / len(self.ordered)
        fitted = self.share * np.exp(-np.maximum(odds - self.start, 0) / self.mean_excess)
        return np.asarray(np.where(odds > self.start, fitted, counted))

    def threshold(self, rate: float) -> float:
        """The lowest that a share ``rate`` of benign scans is expected to reach."""
        if rate >= self.share:
            odds = self.ordered[min(int(rate * len(self.ordered)), len(self.ordered) - 1)] + 1e-9
        else:
            odds = self.start + self.mean_excess * np.log(self.share / rate)
        return float(1 / (1 + np.exp(-odds)))


def log_odds(scores: Float64) -> Float64:
    """Of scores in [0, 1]."""
    clipped = np.clip(scores, FLOOR, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))


def fit_tail(scores: Float64) -> Tail:
    """Fit one kind's benign best scores, shape ``(n,)``."""
    ordered = -np.sort(-log_odds(scores))
    n_tail = max(min(TAIL, len(ordered) // 10, int((scores > FLOOR).sum())), 1)
    start = ordered[min(n_tail, len(ordered) - 1)]
    excess = max(float((ordered[:n_tail] - start).mean()), 0.05)
    return Tail(ordered=ordered, start=float(start), share=n_tail / len(ordered), mean_excess=excess)


def choose_thresholds(benign: Float64, threats: ThreatScores, *, rate: float) -> Float64:
    """Thresholds that find most threats at a share ``rate`` of benign scans alarmed.

    Args:
        benign: Best scores of scans without threats, shape ``(n, K)``.
        threats: Of scans with threats, none of them among the scans that are reported on.
        rate: The budget, in (0, 1).

    Returns:
        Shape ``(K,)``.
    """
    tails = [fit_tail(benign[:, k]) for k in range(benign.shape[1])]
    steps = sorted(
        (step for k, tail in enumerate(tails) for step in _steps(k, tail, threats)),
        key=lambda step: -step.slope,
    )
    chosen = _spend(steps, tails, rate)
    if rate * len(benign) < COUNTED:
        return chosen
    # Kinds alarm on the same scans, so their rates add up to more than the share of scans: widen the budget
    # until the share, counted, is the one agreed. Half a standard error is kept back, because thresholds
    # chosen on these scans fit them better than others: without it, simulated rates come out a tenth high.
    agreed = rate - 0.5 * np.sqrt(rate * (1 - rate) / len(benign))
    low, high = 0.0, 4 * rate
    for _ in range(30):
        middle = (low + high) / 2
        attempt = _spend(steps, tails, middle)
        if (benign >= attempt).any(axis=1).mean() <= agreed:
            low, chosen = middle, attempt
        else:
            high = middle
    return chosen


def equal_thresholds(benign: Float64, *, rate: float) -> Float64:
    """Thresholds at one quantile of every kind, lowered until a share ``rate`` of the images is alarmed.

    For images that have no others to learn from where the budget is best spent.

    Args:
        benign: Best scores, shape ``(n, K)``.
        rate: In [0, 1).
    """
    ordered = -np.sort(-benign, axis=0)
    chosen = ordered[0]
    for k in range(len(ordered)):
        if (benign > ordered[k]).any(axis=1).mean() > rate:
            break
        chosen = ordered[k]
    return np.asarray(np.minimum(chosen + 1e-4, OFF))


@dataclass(frozen=True, kw_only=True)
class _Step:
    """Lowering one kind's threshold once more.

    Attributes:
        slope: Threats won per false-alarm rate spent.
        reach: The kind's false-alarm rate afterwards.
    """

    kind: int
    threshold: float
    slope: float
    reach: float


def _steps(kind: int, tail: Tail, threats: ThreatScores) -> list[_Step]:
    """The corners of the upper concave hull of a kind's curve, best first."""
    scores = np.unique(threats.own[(threats.kinds == kind) & (threats.own > 0)])[::-1]
    if not len(scores):
        return []
    own = np.sort(threats.own[threats.kinds == kind])
    found = len(own) - np.searchsorted(own, scores, side="left")
    corners: list[tuple[float, float, float]] = [(0.0, 0.0, OFF)]
    for cost, gain, score in zip(tail.rate(scores), found, scores, strict=True):
        while len(corners) > 1 and _is_below(corners[-2], corners[-1], (cost, gain)):
            corners.pop()
        corners.append((float(cost), float(gain), float(score)))
    return [
        _Step(kind=kind, threshold=b[2], slope=(b[1] - a[1]) / max(b[0] - a[0], 1e-12), reach=b[0])
        for a, b in pairwise(corners)
    ]


def _is_below(a: tuple[float, float, float], b: tuple[float, float, float], c: tuple[float, float]) -> bool:
    return (b[1] - a[1]) * (c[0] - a[0]) <= (c[1] - a[1]) * (b[0] - a[0])


def _spend(steps: Sequence[_Step], tails: Sequence[Tail], budget: float) -> Float64:
    """Give every kind its basis, then take the steps in order; of the last, what the rest buys."""
    basis = BASIS * budget / len(tails)
    chosen = np.array([tail.threshold(basis) for tail in tails])
    spent = np.full(len(tails), basis)
    rest = (1 - BASIS) * budget
    for step in steps:
        cost = step.reach - spent[step.kind]
        if cost > rest:
            chosen[step.kind] = tails[step.kind].threshold(spent[step.kind] + rest)
            break
        if cost > 0:
            rest -= cost
            spent[step.kind] = step.reach
            chosen[step.kind] = step.threshold
    return chosen
