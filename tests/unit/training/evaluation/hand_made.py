"""Hand-made results: boxes at two places, 40 pixels wide; a scan of air."""

import numpy as np

from datasets.synthetic.scene import SyntheticScan
from training.evaluation.results import BoxXyxy, ImageResult, ScoredBox, Truth

HERE: BoxXyxy = (10.0, 10.0, 50.0, 50.0)
FAR: BoxXyxy = (200.0, 10.0, 240.0, 50.0)


def said(kind: str, score: float, box: BoxXyxy = HERE, *, overlying: float = 0.0) -> ScoredBox:
    return ScoredBox(kind=kind, score=score, box_xyxy=box, overlying=overlying)


def hidden(kind: str, box: BoxXyxy = HERE, *, unseen: bool = False, overlying: float = 0.0) -> Truth:
    return Truth(kind=kind, box_xyxy=box, is_unseen=unseen, overlying=overlying)


def image(*boxes: ScoredBox, truth: tuple[Truth, ...] = (), group: str = "") -> ImageResult:
    return ImageResult(truth=truth, boxes=boxes, group=group)


def empty_scan() -> SyntheticScan:
    return SyntheticScan(
        pixels=np.full((2, 64, 160), 65_535, np.uint16),
        threats=(),
        declaration={},
        container_no="",
        container_type="",
        pixel_pitch_mm=5.0,
        is_empty=True,
        is_dual_energy=True,
    )
