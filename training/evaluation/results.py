"""What is measured: one scan's truth beside what the model said of it, and its form on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

BoxXyxy = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A threat that is visible in a scan.

    Attributes:
        kind: One of the generator's kinds.
        box_xyxy: Of its visible pixels.
        shape: Name of its shape; empty if the generator names none.
        is_unseen: Whether the shape is kept out of training.
        overlying: Attenuation of what lies over it, -ln T at high energy.
    """

    kind: str
    box_xyxy: BoxXyxy
    shape: str = ""
    is_unseen: bool = False
    overlying: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ScoredBox:
    """A finding before any threshold; ``overlying`` as in ``Truth``, read off the pixels around the box."""

    kind: str
    score: float
    box_xyxy: BoxXyxy
    overlying: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ImageResult:
    """One scan or crop.

    Attributes:
        truth: Its visible threats; none in a benign scan.
        boxes: What the model said, best first, down to a very low score.
        group: Images of one group are not independent (crops of one scan); intervals draw whole groups.
        number: Seed, or number of the crop.
        is_dual_energy: Whether the low channel differs from the high one.
    """

    truth: tuple[Truth, ...]
    boxes: tuple[ScoredBox, ...]
    group: str = ""
    number: int = 0
    is_dual_energy: bool = True

    def to_row(self) -> list[Any]:
        """A compact JSON form; boxes are rounded to a tenth of a pixel, scores to a millionth."""
        truth = [[t.kind, *t.box_xyxy, t.shape, t.is_unseen, round(t.overlying, 3)] for t in self.truth]
        boxes = [
            [b.kind, *(round(edge, 1) for edge in b.box_xyxy), round(b.score, 6), round(b.overlying, 3)]
            for b in self.boxes
        ]
        return [truth, boxes, self.group, self.number, self.is_dual_energy]

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> "ImageResult":
        """Read what ``to_row`` gave."""
        truth, boxes, group, number, is_dual_energy = row
        return cls(
            truth=tuple(
                Truth(kind=k, box_xyxy=(x0, y0, x1, y1), shape=shape, is_unseen=unseen, overlying=over)
                for k, x0, y0, x1, y1, shape, unseen, over in truth
            ),
            boxes=tuple(
                ScoredBox(kind=k, box_xyxy=(x0, y0, x1, y1), score=score, overlying=over)
                for k, x0, y0, x1, y1, score, over in boxes
            ),
            group=group,
            number=number,
            is_dual_energy=is_dual_energy,
        )
