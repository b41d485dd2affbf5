"""Cuts scans that are wider than a model takes into tiles of full height, and puts the findings together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from models.finding import Finding
from models.postprocess import suppress

OVERLAP_PX = 512  # an object is whole in one tile up to half of this; threats are 8 to 50 px long
SEAM_PX = 32  # how far the box of one object may differ between the two tiles that see it


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A span of columns, ``[x0, x1)``, and the part ``[own_x0, own_x1)`` whose findings it answers for."""

    x0: int
    x1: int
    own_x0: float
    own_x1: float


def cut_tiles(width_px: int, *, max_width_px: int, stride: int) -> list[Tile]:
    """Cover ``[0, width_px)`` with the fewest tiles of at most ``max_width_px`` that overlap.

    Neighbours overlap by at least ``OVERLAP_PX``, or by a third of the width where that is less; tiles begin
    on multiples of ``stride``, so that an object lies on the model's grid the same way in each.
    """
    if width_px <= max_width_px:
        return [Tile(x0=0, x1=width_px, own_x0=0.0, own_x1=float(width_px))]
    overlap = min(OVERLAP_PX, max_width_px // 3)
    step = max(stride, (max_width_px - overlap) // stride * stride)
    starts = list(range(0, width_px - overlap, step))
    ends = [min(start + max_width_px, width_px) for start in starts]
    seams = [0.0, *((ends[i] + starts[i + 1]) / 2 for i in range(len(starts) - 1)), float(width_px)]
    return [Tile(x0=starts[i], x1=ends[i], own_x0=seams[i], own_x1=seams[i + 1]) for i in range(len(starts))]


def owned_findings(findings: Iterable[Finding], tile: Tile) -> list[Finding]:
    """Keep those whose middle lies in the tile's own part, or close to it.

    Near a tile's edge an object is cut off; the neighbour sees it whole.
    """
    kept = []
    for finding in findings:
        box = finding.box_xyxy
        if box is None or tile.own_x0 - SEAM_PX <= (box[0] + box[2]) / 2 < tile.own_x1 + SEAM_PX:
            kept.append(finding)
    return kept


def merge_findings(findings: Sequence[Finding], *, iou: float) -> list[Finding]:
    """Drop what two tiles both saw: one suppression per kind over the whole scan. Best first."""
    merged = [finding for finding in findings if finding.box_xyxy is None]
    placed = [finding for finding in findings if finding.box_xyxy is not None]
    for kind in dict.fromkeys(finding.kind for finding in placed):
        alike = [finding for finding in placed if finding.kind == kind]
        boxes = np.array([finding.box_xyxy for finding in alike], dtype=np.float32)
        scores = np.array([finding.score for finding in alike], dtype=np.float32)
        merged += [alike[i] for i in suppress(boxes, scores, iou=iou)]
    return sorted(merged, key=lambda finding: -finding.score)
