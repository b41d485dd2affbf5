"""Detection metrics on numpy arrays: localised detection at a false-alarm rate, mean average precision.

An image raises a false alarm when any kind's score reaches that kind's threshold. A threat is detected when
a finding of its kind, at or above the threshold, overlaps it with an intersection over union of 0.3; threats
are small, and a reviewer looks at the place, not at the box's edge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.finding import Finding
from models.postprocess import overlaps

HIT_IOU: Final = 0.3
BoxXyxy = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class ImageResult:
    """One scan: its true threats and what the model said, at the lowest threshold."""

    truth: tuple[tuple[str, BoxXyxy], ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A value and its 95 % bootstrap interval over images."""

    value: float
    low: float
    high: float


def best_scores(results: Sequence[ImageResult], kinds: Sequence[str]) -> NDArray[np.float64]:
    """Highest score per image and kind, shape ``(n, K)``; 0 where there is none."""
    scores = np.zeros((len(results), len(kinds)))
    for row, result in zip(scores, results, strict=True):
        for finding in result.findings:
            column = kinds.index(finding.kind)
            row[column] = max(row[column], finding.score)
    return scores


def choose_thresholds(
    benign: Sequence[ImageResult], kinds: Sequence[str], *, rate: float
) -> dict[str, float]:
    """Thresholds that give a share ``rate`` of false-alarm images, the same share to each kind.

    One quantile is used for all kinds and lowered until, together, they alarm on ``rate`` of the images.
    """
    scores = best_scores(benign, kinds)
    ordered = -np.sort(-scores, axis=0)
    chosen = ordered[0]
    for k in range(len(ordered)):
        if (scores > ordered[k]).any(axis=1).mean() > rate:
            break
        chosen = ordered[k]
    return {kind: float(min(value + 1e-4, 1.0)) for kind, value in zip(kinds, chosen, strict=True)}


def false_alarm_rate(benign: Sequence[ImageResult], thresholds: Mapping[str, float]) -> Interval:
    """Share of benign images with a finding at or above its threshold."""
    alarms = np.array([any(f.score >= thresholds[f.kind] for f in r.findings) for r in benign], dtype=float)
    return bootstrap(alarms, np.ones_like(alarms))


def detection_rate(
    results: Sequence[ImageResult], thresholds: Mapping[str, float], *, kind: str | None = None
) -> Interval:
    """Share of threats (of one kind, or all) that are detected."""
    hits, totals = [], []
    for result in results:
        threats = [t for t in result.truth if kind in (None, t[0])]
        hits.append(sum(_is_hit(t, result.findings, thresholds) for t in threats))
        totals.append(len(threats))
    return bootstrap(np.array(hits, dtype=float), np.array(totals, dtype=float))


def _is_hit(
    threat: tuple[str, BoxXyxy], findings: Sequence[Finding], thresholds: Mapping[str, float]
) -> bool:
    kind, box = threat
    boxes = [
        f.box_xyxy
        for f in findings
        if f.kind == kind and f.score >= thresholds[kind] and f.box_xyxy is not None
    ]
    if not boxes:
        return False
    return bool((overlaps(np.array(box, np.float32), np.array(boxes, np.float32)) >= HIT_IOU).any())


def mean_average_precision(
    results: Sequence[ImageResult], kinds: Sequence[str], *, iou: float = 0.5
) -> float:
    """Mean over kinds of the area under the interpolated precision-recall curve (all-point, VOC 2010)."""
    values = [_average_precision(results, kind, iou) for kind in kinds]
    return float(np.mean([v for v in values if v is not None]))


def _average_precision(results: Sequence[ImageResult], kind: str, iou: float) -> float | None:
    n_truth = sum(t[0] == kind for r in results for t in r.truth)
    if n_truth == 0:
        return None
    ranked = sorted(
        ((f, i) for i, r in enumerate(results) for f in r.findings if f.kind == kind),
        key=lambda p: -p[0].score,
    )
    taken: set[tuple[int, int]] = set()
    correct = np.zeros(len(ranked))
    for rank, (finding, i) in enumerate(ranked):
        free = [(j, box) for j, (k, box) in enumerate(results[i].truth) if k == kind and (i, j) not in taken]
        if not free or finding.box_xyxy is None:
            continue
        found = overlaps(np.array(finding.box_xyxy, np.float32), np.array([b for _, b in free], np.float32))
        if found.max() >= iou:
            taken.add((i, free[int(found.argmax())][0]))
            correct[rank] = 1
    recall = np.cumsum(correct) / n_truth
    precision = np.cumsum(correct) / np.arange(1, len(ranked) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * best))


def bootstrap(
    hits: NDArray[np.float64], totals: NDArray[np.float64], *, rounds: int = 1000, seed: int = 0
) -> Interval:
    """Ratio of sums with a percentile interval; whole images are drawn, so their threats stay together."""
    if totals.sum() == 0:
        return Interval(value=float("nan"), low=float("nan"), high=float("nan"))
    draws = np.random.default_rng(seed).integers(0, len(hits), (rounds, len(hits)))
    ratios = hits[draws].sum(axis=1) / np.maximum(totals[draws].sum(axis=1), 1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Interval(value=float(hits.sum() / totals.sum()), low=float(low), high=float(high))
