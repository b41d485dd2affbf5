"""Which object covers which cell of a crop."""

import numpy as np
from numpy.typing import NDArray

from models.loss import NOBODY, OUTLINE_PX, UNSURE
from training.truth import cover, draw_outlines, truth_of_boxes

SIDE = 40


def _square(x_px: int, y_px: int, side_px: int, *, owner: int = 0) -> NDArray[np.int64]:
    covers = [cover(np.ones((side_px, side_px), bool), x_px, y_px, owner=owner)]
    return draw_outlines(covers, height_px=SIDE, width_px=SIDE)


def test_draw_outlines__whole_cells_are_the_objects_and_slivers_nobodys_business() -> None:
    """Of a square from pixel 9 to 21: a cell of which one pixel in four is covered is unsure."""
    row = _square(9, 8, 12)[2]
    assert row.tolist() == [NOBODY, NOBODY, 0, 0, 0, UNSURE, NOBODY, NOBODY, NOBODY, NOBODY]


def test_draw_outlines__a_blade_thinner_than_a_cell_has_cells() -> None:
    """Two pixels of four are half of each cell that it crosses."""
    blade = cover(np.ones((2, 30), bool), 3, 17, owner=0)
    outlines = draw_outlines([blade], height_px=SIDE, width_px=SIDE)
    assert (outlines == 0).sum() == 7
    assert np.flatnonzero((outlines == 0).any(axis=1)).tolist() == [4]


def test_draw_outlines__the_smaller_of_two_wins_in_any_order() -> None:
    """A knife on a crate keeps its own cells, and the crate the others."""
    crate = cover(np.ones((32, 32), bool), 0, 0, owner=0)
    knife = cover(np.ones((8, 8), bool), 8, 8, owner=1)
    for covers in ([crate, knife], [knife, crate]):
        outlines = draw_outlines(covers, height_px=SIDE, width_px=SIDE)
        assert (outlines == 1).sum() == 4
        assert (outlines == 0).sum() == 60


def test_draw_outlines__what_does_not_show_is_unsure_and_hides_nothing() -> None:
    """A threat behind too much steel is neither there nor not."""
    outlines = _square(8, 8, 8, owner=UNSURE)
    assert (outlines == UNSURE).sum() == 4
    assert (outlines == NOBODY).sum() == outlines.size - 4


def test_draw_outlines__a_crop_whose_edge_cuts_a_cell() -> None:
    """A threat that ends with the last pixel is drawn to there."""
    outlines = _square(SIDE - 6, SIDE - 6, 6)
    assert outlines.shape == (SIDE // OUTLINE_PX, SIDE // OUTLINE_PX)
    assert outlines[-1, -1] == 0


def test_truth_of_boxes__claims_no_more_than_boxes_say() -> None:
    """Nothing is known of what lies within, and all of what lies outside."""
    boxes = np.array([[5, 9, 17, 20]], np.float32)
    truth = truth_of_boxes(boxes, [3], height_px=SIDE, width_px=SIDE)
    assert truth.kinds == [3]
    rows, columns = np.nonzero(truth.outlines == UNSURE)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 4, 1, 4)
    assert (truth.outlines == NOBODY).sum() == truth.outlines.size - 12
