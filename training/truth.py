"""What a crop shows: boxes, kinds, and cell by cell which object covers it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.loss import NOBODY, OUTLINE_PX, UNSURE

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

_LEAST_SHARE: Final = 0.3
"""Of a cell, to belong to an object; of less it is the edge. Blades are thinner than a cell."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is to be found in a crop of ``h`` by ``w`` pixels.

    Attributes:
        boxes: Shape ``(n, 4)``, xyxy in pixels of the crop.
        kinds: Of each, index into the recipe's kinds.
        outlines: Shape ``(h / 4, w / 4)``; see ``models.loss.outline_loss``.
    """

    boxes: Float32
    kinds: list[int]
    outlines: Int64


@dataclass(frozen=True, kw_only=True)
class Cover:
    """Cells that one threat covers.

    Attributes:
        owner: Its index among those that show, or ``UNSURE``.
        column: Of the first cell.
        row: Likewise.
        shares: Shape ``(h, w)``, how much of each cell it covers.
    """

    owner: int
    column: int
    row: int
    shares: Float32


def cover(covered: Bool, x_px: int, y_px: int, *, owner: int) -> Cover:
    """Cells of a threat whose pixels ``(h, w)`` begin at a column and a row of the crop."""
    column, row = x_px // OUTLINE_PX, y_px // OUTLINE_PX
    x, y = x_px - column * OUTLINE_PX, y_px - row * OUTLINE_PX
    height, width = covered.shape
    n_rows, n_columns = -(-(y + height) // OUTLINE_PX), -(-(x + width) // OUTLINE_PX)
    pixels = np.zeros((n_rows * OUTLINE_PX, n_columns * OUTLINE_PX), np.float32)
    pixels[y : y + height, x : x + width] = covered
    shares = pixels.reshape(n_rows, OUTLINE_PX, n_columns, OUTLINE_PX).mean(axis=(1, 3))
    return Cover(owner=owner, column=column, row=row, shares=shares)


def draw_outlines(covers: Iterable[Cover], *, height_px: int, width_px: int) -> Int64:
    """The map of a crop; where threats lie over one another, the smaller one's."""
    outlines = _no_outlines(height_px=height_px, width_px=width_px)
    for each in sorted(covers, key=lambda each: -float(each.shares.sum())):
        part = outlines[each.row :, each.column :][: each.shares.shape[0], : each.shares.shape[1]]
        shares = each.shares[: part.shape[0], : part.shape[1]]
        part[(shares > 0) & (part == NOBODY)] = UNSURE
        part[shares >= _LEAST_SHARE] = each.owner
    return outlines


def _no_outlines(*, height_px: int, width_px: int) -> Int64:
    """Of a crop that shows nothing."""
    return np.full((height_px // OUTLINE_PX, width_px // OUTLINE_PX), NOBODY, np.int64)


def truth_of_boxes(boxes: Float32, kinds: Sequence[int], *, height_px: int, width_px: int) -> Truth:
    """Of objects of which no more than their boxes is known: anything in them may be theirs."""
    outlines = _no_outlines(height_px=height_px, width_px=width_px)
    for x0, y0, x1, y1 in boxes / OUTLINE_PX:
        outlines[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))] = UNSURE
    return Truth(boxes=boxes, kinds=list(kinds), outlines=outlines)
