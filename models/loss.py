"""The default detector's loss.

An object belongs to the levels of its size, two of them where sizes meet. Cells near its centre are positive
for its kind; the further a cell of such a level is from the centre, the more it counts as a negative; all
other cells are negative. Every object has the same weight, however many cells it covers. Soft task-aligned
targets sat on a plateau on objects this small. Beside each box its overlap with the truth is learned, which
moves no probability.

An object gives a level a handful of positive cells; what it covers is known cell by cell, and a map of that
is learned beside, in training alone.

All objects of a batch are assigned at once: nothing loops over images or boxes.

Sources: centre sampling, Tian et al., FCOS (ICCV 2019); focal loss, Lin et al. (ICCV 2017); generalised IoU,
Rezatofighi et al. (CVPR 2019); lighter negatives around a centre, Zhou et al., Objects as Points (2019).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

SIZES_PX: Final = {4: (0.0, 44.0), 8: (16.0, 96.0), 16: (64.0, 220.0), 32: (160.0, float("inf"))}
"""By stride, square root of a box's area from and to which a level learns it. They overlap, so that no size
is at the mercy of a limit. The area and not the longer side: a rifle is thin."""
_CENTRE_RADIUS: Final = 1.5
_CENTRE_SPREAD: Final = 0.2
_POSITIVE_WEIGHT: Final = 2.0
_NEGATIVE_WEIGHT: Final = 0.5
_BOX_WEIGHT: Final = 1.5
_QUALITY_WEIGHT: Final = 0.5
_OUTLINE_WEIGHT: Final = 0.5

OUTLINE_PX: Final = 4
"""Side of a cell of the map of outlines."""
NOBODY: Final = -1
"""In that map: no object."""
UNSURE: Final = -2
"""In that map: an object's edge, or a threat that does not show; nothing is learned there."""


@dataclass(frozen=True, kw_only=True)
class LevelOutput:
    """Raw output of one pyramid level.

    Attributes:
        logits: Shape ``(N, K, h, w)``.
        distances: Shape ``(N, 4, h, w)``, positive, from the cell's centre to left, top, right and bottom,
            in strides.
        quality: Shape ``(N, 1, h, w)``, logit of the overlap (IoU) that the box is expected to have.
        stride: In input pixels.
    """

    logits: Tensor
    distances: Tensor
    quality: Tensor
    stride: int


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Parts of the loss, weighted scalars; a network that learns no outlines has none of the third."""

    what: Tensor
    where: Tensor
    outline: Tensor = field(default_factory=lambda: torch.zeros(()))

    @property
    def total(self) -> Tensor:
        return self.what + self.where + self.outline


@dataclass(frozen=True, kw_only=True)
class _Objects:
    """All objects of a batch, T of them; ``image`` and ``kind`` index it, ``boxes`` are xyxy pixels."""

    boxes: Tensor
    kind: Tensor
    image: Tensor


@dataclass(frozen=True, kw_only=True)
class _Positives:
    """Positive cells of one level, P of them, and the object of each."""

    owner: Tensor
    row: Tensor
    column: Tensor


def detection_loss(
    outputs: Sequence[LevelOutput],
    boxes: Sequence[Tensor],
    kinds: Sequence[Tensor],
) -> Loss:
    """Compare raw outputs with the truth.

    Args:
        outputs: Finest level first, N images each.
        boxes: N tensors ``(n, 4)``, xyxy pixels.
        kinds: N tensors ``(n,)``, int64.
    """
    objects = _gather_objects(boxes, kinds)
    positives = [_assign(output, objects) for output in outputs]
    n_cells = sum(torch.bincount(p.owner, minlength=len(objects.kind)) for p in positives)
    weight = 1 / torch.as_tensor(n_cells).clamp(min=1)
    n_objects = max(len(objects.kind), 1)
    what = torch.stack([_what(o, p, objects, weight) for o, p in zip(outputs, positives, strict=True)])
    where = torch.stack([_where(o, p, objects, weight) for o, p in zip(outputs, positives, strict=True)])
    return Loss(what=what.sum() / n_objects, where=where.sum() / n_objects)


def outline_loss(logits: Tensor, outlines: Tensor, kinds: Sequence[Tensor]) -> Tensor:
    """Compare a map of kinds with what each object covers.

    Args:
        logits: Shape ``(N, K, h, w)``.
        outlines: Shape ``(N, h, w)``, int64: the object that covers a cell, an index into its image's
            ``kinds``, or ``NOBODY``, or ``UNSURE``.
        kinds: N tensors ``(n,)``, int64.

    Returns:
        A weighted scalar. Focal; objects weigh alike, however many cells they cover.
    """
    logits = logits.float()
    kind = torch.cat(list(kinds))
    counts = torch.tensor([len(k) for k in kinds], device=kind.device)
    first = counts.cumsum(dim=0) - counts
    image, row, column = (outlines >= 0).nonzero(as_tuple=True)
    owner = first[image] + outlines[image, row, column]
    weight = 1 / torch.bincount(owner, minlength=len(kind)).clamp(min=1)
    chosen = logits[image, kind[owner], row, column]
    negative = (_focal(logits).sum(dim=1) * (outlines != UNSURE)).sum() - _focal(chosen).sum()
    positive = (weight[owner] * _focal(-chosen)).sum()
    whole = _NEGATIVE_WEIGHT * negative + _POSITIVE_WEIGHT * positive
    return _OUTLINE_WEIGHT * whole / max(len(kind), 1)


def cell_centres(output: LevelOutput) -> tuple[Tensor, Tensor]:
    """Columns ``(1, w)`` and rows ``(h, 1)`` of a level's cell centres, in input pixels."""
    height, width = output.logits.shape[2:]
    device = output.logits.device
    x = (torch.arange(width, device=device, dtype=torch.float32) + 0.5) * output.stride
    y = (torch.arange(height, device=device, dtype=torch.float32) + 0.5) * output.stride
    return x[None, :], y[:, None]


def overlap(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU of paired boxes ``(n, 4)``, xyxy; in [0, 1] and (-1, 1]."""
    inter_low, inter_high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    inter = (inter_high - inter_low).clamp(min=0.0).prod(dim=1)
    union = (a[:, 2:] - a[:, :2]).prod(dim=1) + (b[:, 2:] - b[:, :2]).prod(dim=1) - inter
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=1)
    iou = inter / union.clamp(min=1e-6)
    return iou, iou - (hull - union) / hull.clamp(min=1e-6)


def _gather_objects(boxes: Sequence[Tensor], kinds: Sequence[Tensor]) -> _Objects:
    counts = torch.tensor([len(k) for k in kinds], device=kinds[0].device)
    kind = torch.cat(list(kinds))
    return _Objects(
        boxes=torch.cat(list(boxes)).float(),
        kind=kind,
        image=torch.repeat_interleave(torch.arange(len(kinds), device=kind.device), counts),
    )


def _centres_and_sides(objects: _Objects) -> tuple[Tensor, Tensor]:
    low, high = objects.boxes[:, :2], objects.boxes[:, 2:]
    return (low + high) / 2, (high - low).clamp(min=1.0)


def _learned_here(objects: _Objects, stride: int) -> Tensor:
    """Which objects this level learns, ``(T,)`` bool."""
    size = _centres_and_sides(objects)[1].prod(dim=1).sqrt()
    low, high = SIZES_PX[stride]
    return (size >= low) & (size < high)


def _assign(output: LevelOutput, objects: _Objects) -> _Positives:
    """Cells near the centres; a cell claimed twice belongs to the smaller object."""
    n, _, height, width = output.logits.shape
    centres, sides = _centres_and_sides(objects)
    # Never less than half a stride, so that every object has a cell.
    reach = (sides / 2).clamp(output.stride / 2, _CENTRE_RADIUS * output.stride)
    x, y = cell_centres(output)
    near_x = (x - centres[:, :1]).abs() <= reach[:, :1]
    near_y = (y[:, 0] - centres[:, 1:]).abs() <= reach[:, 1:]
    near = near_y[:, :, None] & near_x[:, None, :] & _learned_here(objects, output.stride)[:, None, None]
    owner, row, column = near.nonzero(as_tuple=True)
    cell = (objects.image[owner] * height + row) * width + column
    area = sides.prod(dim=1)[owner]
    least = area.new_full((n * height * width,), float("inf")).scatter_reduce(0, cell, area, "amin")
    kept = area <= least[cell]
    return _Positives(owner=owner[kept], row=row[kept], column=column[kept])


def _what(output: LevelOutput, positives: _Positives, objects: _Objects, weight: Tensor) -> Tensor:
    """Focal loss over kinds of one level."""
    logits = output.logits.float()
    cost = _focal(logits)
    excused = _excused(output, positives, objects)
    negative = cost.sum() if excused is None else (cost * (1 - excused) ** 4).sum()
    owner = positives.owner
    chosen = logits[objects.image[owner], objects.kind[owner], positives.row, positives.column]
    return _NEGATIVE_WEIGHT * negative + _POSITIVE_WEIGHT * (weight[owner] * _focal(-chosen)).sum()


def _focal(logits: Tensor) -> Tensor:
    """What it costs to see a kind where it is not; of the negated logits: not to see it where it is."""
    return logits.sigmoid().square() * F.softplus(logits)


def _excused(output: LevelOutput, positives: _Positives, objects: _Objects) -> Tensor | None:
    """How far a cell is from being a negative, ``(N, K, h, w)`` in [0, 1]."""
    if not len(objects.kind):
        return None
    n, n_kinds, height, width = output.logits.shape
    centres, sides = _centres_and_sides(objects)
    x, y = cell_centres(output)
    from_x, from_y = (x - centres[:, :1]) / sides[:, :1], (y[:, 0] - centres[:, 1:]) / sides[:, 1:]
    near_x = torch.exp(-0.5 * (from_x / _CENTRE_SPREAD) ** 2)
    near_y = torch.exp(-0.5 * (from_y / _CENTRE_SPREAD) ** 2)
    shown = _learned_here(objects, output.stride)[:, None]
    near = (near_y * shown)[:, :, None] * near_x[:, None, :]
    excused = output.logits.new_zeros((n * n_kinds, height, width), dtype=torch.float32)
    excused.index_add_(0, objects.image * n_kinds + objects.kind, near)
    owner = positives.owner
    slices = objects.image[owner] * n_kinds + objects.kind[owner]
    excused[slices, positives.row, positives.column] = 1.0
    return excused.clamp(max=1.0).view(n, n_kinds, height, width)


def _where(output: LevelOutput, positives: _Positives, objects: _Objects, weight: Tensor) -> Tensor:
    """Boxes and their expected overlap at the positive cells of one level."""
    owner, row, column = positives.owner, positives.row, positives.column
    image = objects.image[owner]
    sides = output.distances[image, :, row, column].float() * output.stride
    x, y = cell_centres(output)
    centre = torch.stack([x[0, column], y[row, 0]], dim=1)
    predicted = torch.cat([centre - sides[:, :2], centre + sides[:, 2:]], dim=1)
    iou, giou = overlap(predicted, objects.boxes[owner])
    quality = F.binary_cross_entropy_with_logits(
        output.quality[image, 0, row, column].float(), iou.detach(), reduction="none"
    )
    return (weight[owner] * (_BOX_WEIGHT * (1 - giou) + _QUALITY_WEIGHT * quality)).sum()
