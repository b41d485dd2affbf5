"""The detection loss.

An object belongs to the pyramid level of its size. Cells whose centre lies near the object's centre are
positive for its kind; the object's other cells are left out; all else is negative. Every object has the same
weight, however many cells it covers. Soft task-aligned targets sat on a plateau on objects this small.

Sources: centre sampling, Tian et al., FCOS (ICCV 2019); focal loss, Lin et al. (ICCV 2017); generalised IoU,
Rezatofighi et al. (CVPR 2019).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from models.detector import LevelOutput, cell_centres, decode

_LONGEST_SIDE_PX: Final = (56.0, 128.0, float("inf"))
_CENTRE_RADIUS: Final = 1.6
_POSITIVE_WEIGHT: Final = 2.0
_NEGATIVE_WEIGHT: Final = 0.5
_BOX_WEIGHT: Final = 1.5


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Parts of the loss, scalars."""

    what: Tensor
    where: Tensor

    @property
    def total(self) -> Tensor:
        return self.what + _BOX_WEIGHT * self.where


def detection_loss(outputs: Sequence[LevelOutput], boxes: Sequence[Tensor], kinds: Sequence[Tensor]) -> Loss:
    """Compare raw outputs with the truth.

    Args:
        outputs: Of ``Detector.levels``, finest first, N images each.
        boxes: N tensors ``(n, 4)``, xyxy pixels.
        kinds: N tensors ``(n,)``.
    """
    n_objects = max(sum(len(k) for k in kinds), 1)
    what = outputs[0].logits.new_zeros(())
    where = outputs[0].logits.new_zeros(())
    for level, output in enumerate(outputs):
        negative = torch.ones_like(output.logits, dtype=torch.bool)
        positives = _assign(output, level, boxes, kinds, negative)
        probability = output.logits.sigmoid()
        focal = probability.square() * F.softplus(output.logits)
        what = what + _NEGATIVE_WEIGHT * (focal * negative).sum()
        if positives is None:
            continue
        image, kind, row, column, truth, weight = positives
        chosen = output.logits[image, kind, row, column]
        miss = (1 - chosen.sigmoid()).square() * F.softplus(-chosen)
        what = what + _POSITIVE_WEIGHT * (weight * miss).sum()
        predicted = decode(output)[image, :, row, column]
        where = where + (weight * (1 - generalised_iou(predicted, truth))).sum()
    return Loss(what=what / n_objects, where=where / n_objects)


Positives = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


def _assign(
    output: LevelOutput, level: int, boxes: Sequence[Tensor], kinds: Sequence[Tensor], negative: Tensor
) -> Positives | None:
    """Positive cells of one level; clears ``negative`` inside every object of that kind."""
    x, y = cell_centres(output)
    found: list[Positives] = []
    for image, (image_boxes, image_kinds) in enumerate(zip(boxes, kinds, strict=True)):
        for box, kind in zip(image_boxes, image_kinds, strict=True):
            inside = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])
            negative[image, kind][inside] = False
            if level != _level_of(box):
                continue
            centre = (box[:2] + box[2:]) / 2
            reach = _CENTRE_RADIUS * output.stride
            near = ((x - centre[0]).abs() < reach) & ((y - centre[1]).abs() < reach)
            cells = near & inside
            if not cells.any():
                cells = near
            rows, columns = cells.nonzero(as_tuple=True)
            if not len(rows):
                continue
            negative[image, kind][cells] = False
            same = torch.ones_like(rows)
            weight = torch.full(rows.shape, 1 / len(rows), device=rows.device)
            found.append((same * image, same * kind, rows, columns, box.expand(len(rows), 4), weight))
    if not found:
        return None
    image_index, kind_index, row, column, truth, weight = (
        torch.cat(part) for part in zip(*found, strict=True)
    )
    return image_index, kind_index, row, column, truth, weight


def _level_of(box: Tensor) -> int:
    longest = float(torch.maximum(box[2] - box[0], box[3] - box[1]))
    return next(i for i, limit in enumerate(_LONGEST_SIDE_PX) if longest <= limit)


def generalised_iou(a: Tensor, b: Tensor) -> Tensor:
    """Of paired boxes ``(n, 4)``, xyxy; in (-1, 1]."""
    inter_low, inter_high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    inter = (inter_high - inter_low).clamp(min=0.0).prod(dim=1)
    union = (a[:, 2:] - a[:, :2]).prod(dim=1) + (b[:, 2:] - b[:, :2]).prod(dim=1) - inter
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=1)
    return inter / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)
