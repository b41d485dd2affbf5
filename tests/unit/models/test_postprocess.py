"""From raw output to findings."""

from dataclasses import replace

import numpy as np
import pytest

from models.contract import KindSpec, ModelContract
from models.errors import ModelOutputError
from models.postprocess import crowded, suppress, to_findings

CONTRACT = ModelContract(
    name="toy",
    version="1",
    kinds=(KindSpec(kind="gun", threshold=0.5), KindSpec(kind="blade", threshold=0.3)),
    max_candidates=3,
)
BOXES = np.array(
    [
        [[10, 10, 50, 50], [12, 10, 52, 50], [80, 10, 130, 40]],
        [[10, 10, 50, 50], [60, 60, 70, 90], [0, 0, 0.2, 9]],
    ],
    dtype=np.float32,
)
SCORES = np.array([[0.9, 0.8, 0.6], [0.4, 0.2, 0.99]], dtype=np.float32)


def test_to_findings__suppresses_within_a_kind_only() -> None:
    """A gun on a blade is two findings; two boxes of one gun are one."""
    found = to_findings(BOXES, SCORES, CONTRACT, width_px=200, height_px=100)
    assert [(f.kind, round(f.score, 2)) for f in found] == [("gun", 0.9), ("gun", 0.6), ("blade", 0.4)]
    assert found[2].threshold == 0.3


def test_to_findings__clips_and_shifts() -> None:
    """Boxes end at the scan's edge; a tile's are moved to their place."""
    found = to_findings(BOXES, SCORES, CONTRACT, width_px=100, height_px=100, x_offset_px=1000)
    assert found[1].box_xyxy == (1080.0, 10.0, 1100.0, 40.0)


def test_to_findings__policy_thresholds_win() -> None:
    """A policy may override one kind and leave the other."""
    found = to_findings(BOXES, SCORES, CONTRACT, width_px=200, height_px=100, thresholds={"gun": 0.95})
    assert [f.kind for f in found] == ["blade"]


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_to_findings__not_finite_is_never_nothing_found(poison: float) -> None:
    """A broken answer must not look like a clean scan."""
    scores = SCORES.copy()
    scores[0, 0] = poison
    with pytest.raises(ModelOutputError):
        to_findings(BOXES, scores, CONTRACT, width_px=200, height_px=100)


def test_to_findings__other_shapes_are_refused() -> None:
    """A model with other kinds than its contract is not read."""
    with pytest.raises(ModelOutputError):
        to_findings(BOXES[:1], SCORES[:1], CONTRACT, width_px=200, height_px=100)


def _row_of(n: int, score: float) -> tuple["np.ndarray[tuple[int, ...], np.dtype[np.float32]]", ...]:
    """So many boxes of the first kind beside one another, and none of the second."""
    boxes = np.zeros((2, n, 4), np.float32)
    boxes[0] = [[20 * i, 10, 20 * i + 15, 30] for i in range(n)]
    scores = np.zeros((2, n), np.float32)
    scores[0] = score
    return boxes, scores


@pytest.mark.parametrize(("n", "n_found"), [(1, 1), (2, 2), (12, 0)])
def test_to_findings__goods_that_repeat_are_none(n: int, n_found: int) -> None:
    """Twelve as sure as one another are a load; one, or two of them, are found. Without crowding all are."""
    boxes, scores = _row_of(n, 0.7)
    contract = replace(CONTRACT, crowding=0.5, max_candidates=n)
    found = to_findings(boxes, scores, contract, width_px=400, height_px=100)
    assert len(found) == n_found
    assert len(to_findings(boxes, scores, CONTRACT, width_px=400, height_px=100)) == n


def test_to_findings__candidates_below_the_threshold_crowd_too() -> None:
    """One that stands out is found; the others take a little from it, but not those that it covers."""
    boxes, scores = _row_of(8, 0.45)
    scores[0, 0] = 0.8
    contract = replace(CONTRACT, crowding=0.5, max_candidates=8)
    (found,) = to_findings(boxes, scores, contract, width_px=400, height_px=100)
    assert 0.5 < found.score < 0.8
    boxes[0] = boxes[0, 0]
    (found,) = to_findings(boxes, scores, contract, width_px=400, height_px=100)
    assert found.score == pytest.approx(0.8)


def test_crowded__keeps_the_order_and_raises_nothing() -> None:
    """Whatever the scores: none grows, the surer one stays the surer, and a single one stays as it is."""
    rng = np.random.default_rng(0)
    for n in (0, 1, 2, 50):
        scores = np.sort(rng.uniform(0, 1, n).astype(np.float32))[::-1]
        left = crowded(scores, by=0.5)
        assert (left <= scores + 1e-6).all()
        assert (np.diff(left) <= 1e-6).all()
    assert crowded(np.array([0.3], np.float32), by=0.5) == pytest.approx(0.3)
    assert np.isfinite(crowded(np.array([1.0, 1.0, 0.0], np.float32), by=1.0)).all()


def test_suppress__keeps_the_best_of_each_heap() -> None:
    """Order of the input does not matter."""
    boxes = np.array([[0, 0, 10, 10], [50, 0, 60, 10], [1, 0, 11, 10]], dtype=np.float32)
    assert suppress(boxes, np.array([0.3, 0.5, 0.9], np.float32), iou=0.4).tolist() == [2, 1]
    assert suppress(boxes[:0], np.zeros(0, np.float32), iou=0.4).size == 0
