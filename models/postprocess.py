"""From a detector's raw output to findings: non-maximum suppression, crowding, thresholds, clipping.

Goods repeat, what is hidden among them does not: a candidate that has many of its kind beside it, as sure as
itself, is rather one of the goods.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.contract import ModelContract
from models.errors import ModelOutputError
from models.finding import Finding

Float32 = NDArray[np.float32]

NOTICED: Final = 0.01
"""Candidates below count for nothing."""


def to_findings(
    boxes: Float32,
    scores: Float32,
    contract: ModelContract,
    *,
    width_px: int,
    height_px: int,
    x_offset_px: int = 0,
    thresholds: Mapping[str, float] | None = None,
) -> list[Finding]:
    """Read one image's raw output.

    Args:
        boxes: Shape ``(K, M, 4)``, xyxy in pixels of the input.
        scores: Shape ``(K, M)``.
        contract: Of the model that gave them.
        width_px: Of the unpadded input; boxes are clipped to it.
        height_px: Likewise.
        x_offset_px: Added to x when the input was a tile.
        thresholds: Overrides the contract's, by kind; a kind left out keeps the contract's.

    Returns:
        Findings at or above their threshold, best first; their scores are those that ``crowded`` left.

    Raises:
        ModelOutputError: If shapes differ from the contract or a number is not finite.
    """
    n_kinds = len(contract.kinds)
    if scores.ndim != 2 or scores.shape[0] != n_kinds or boxes.shape != (*scores.shape, 4):
        raise ModelOutputError(
            f"model {contract.name} gave boxes {boxes.shape} and scores {scores.shape} for {n_kinds} kinds"
        )
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise ModelOutputError(
            f"model {contract.name} gave numbers that are not finite; screen the scan again"
        )
    limit = np.array([width_px, height_px, width_px, height_px], dtype=np.float32)
    findings: list[Finding] = []
    for kind_boxes, kind_scores, spec in zip(boxes, scores, contract.kinds, strict=True):
        threshold = spec.threshold if thresholds is None else thresholds.get(spec.kind, spec.threshold)
        clipped = np.clip(kind_boxes, 0, limit)
        real = (clipped[:, 2] - clipped[:, 0] >= 1) & (clipped[:, 3] - clipped[:, 1] >= 1)
        if not (kind_scores[real] >= threshold).any():  # crowding raises none
            continue
        least = min(threshold, NOTICED) if contract.crowding else threshold
        chosen = np.flatnonzero((kind_scores >= least) & real)
        kept = chosen[suppress(clipped[chosen], kind_scores[chosen], iou=contract.nms_iou)]
        kept_scores = crowded(kind_scores[kept], by=contract.crowding)
        findings += [
            Finding(
                kind=spec.kind,
                score=min(float(score), 1.0),
                threshold=threshold,
                box_xyxy=(
                    float(clipped[i, 0]) + x_offset_px,
                    float(clipped[i, 1]),
                    float(clipped[i, 2]) + x_offset_px,
                    float(clipped[i, 3]),
                ),
            )
            for i, score in zip(kept, kept_scores, strict=True)
            if score >= threshold
        ]
    return sorted(findings, key=lambda finding: -finding.score)


def crowded(scores: Float32, *, by: float) -> Float32:
    """Scores of one kind in one image, less the more others there are that are as sure.

    The odds of each are divided by ``(1 + n)`` to the power ``by``, where ``n`` counts the others: one at
    least as sure counts fully, a less sure one by the square of its odds over these.

    Args:
        scores: Shape ``(n,)``, of candidates that do not overlap; their order stays.
        by: 0 leaves them as they are.
    """
    if by == 0 or not len(scores):
        return scores
    clipped = np.clip(scores.astype(np.float64), 1e-6, 1 - 1e-6)
    odds = clipped / (1 - clipped)
    n_others = np.minimum((odds[None, :] / odds[:, None]) ** 2, 1).sum(axis=1) - 1
    left = odds / (1 + n_others) ** by
    return np.asarray(left / (1 + left), dtype=np.float32)


def suppress(boxes: Float32, scores: Float32, *, iou: float) -> NDArray[np.intp]:
    """Greedy non-maximum suppression; indices of the boxes kept, best first."""
    order = np.argsort(-scores, kind="stable")
    kept: list[np.intp] = []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[overlaps(boxes[best], boxes[order]) <= iou]
    return np.array(kept, dtype=np.intp)


def overlaps(box: Float32, others: Float32) -> Float32:
    """Intersection over union of one box ``(4,)`` with many ``(n, 4)``."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    inter = np.prod(np.maximum(high - low, 0), axis=1)
    area = np.prod(others[:, 2:] - others[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    return np.asarray(inter / np.maximum(area - inter, 1e-9), dtype=np.float32)
