"""Hand-made results: boxes at two places, 40 pixels wide."""

from training.evaluation.results import BoxXyxy, ImageResult, ScoredBox, Truth

HERE: BoxXyxy = (10.0, 10.0, 50.0, 50.0)
FAR: BoxXyxy = (200.0, 10.0, 240.0, 50.0)


def said(kind: str, score: float, box: BoxXyxy = HERE, *, overlying: float = 0.0) -> ScoredBox:
    return ScoredBox(kind=kind, score=score, box_xyxy=box, overlying=overlying)


def hidden(kind: str, box: BoxXyxy = HERE, *, unseen: bool = False, overlying: float = 0.0) -> Truth:
    return Truth(kind=kind, box_xyxy=box, is_unseen=unseen, overlying=overlying)


def image(*boxes: ScoredBox, truth: tuple[Truth, ...] = (), group: str = "") -> ImageResult:
    return ImageResult(truth=truth, boxes=boxes, group=group)
