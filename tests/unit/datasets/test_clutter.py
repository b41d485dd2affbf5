"""Irregular goods over training crops."""

import numpy as np
import pytest

from datasets.practice import clutter
from datasets.practice.clutter import add_clutter

SHAPE = (96, 128)


def _added(seed: int) -> np.ndarray:
    planes = np.full((2, *SHAPE), 1.5, np.float32)
    add_clutter(np.random.default_rng(seed), planes)
    return planes - 1.5


def test_add_clutter__adds_matter_and_takes_none_away() -> None:
    """Whatever is drawn is finite, never negative beyond rounding, and seldom nothing at all."""
    added = [_added(seed) for seed in range(120)]
    assert all(np.isfinite(a).all() and a.min() >= -1e-4 for a in added)
    assert all(a.max() < 1500 for a in added)
    assert sum(a.max() > 0.5 for a in added) > 90


def test_add_clutter__is_mostly_organic_now_and_then_metal() -> None:
    """Iron lies in some of them, polyethylene in nearly all."""
    added = [_added(seed) for seed in range(120)]
    assert 5 < sum(a[1].max() > 0.05 for a in added) < 60
    assert sum(a[0].max() > 0.05 for a in added) > 80


def test_add_clutter__every_draw_looks_another_way() -> None:
    """The same seed gives the same goods; no two seeds do."""
    assert np.array_equal(_added(7), _added(7))
    assert len({_added(seed).tobytes() for seed in range(40)}) >= 38


@pytest.mark.parametrize("name", ["_heap", "_cells", "_lines"])
@pytest.mark.parametrize("shape", [(96, 128), (384, 1024), (768, 512)])
def test_clutter__each_kind_fills_any_size_of_crop(name: str, shape: tuple[int, int]) -> None:
    """Matter as large as the crop, of every kind."""
    drawn = [getattr(clutter, name)(np.random.default_rng(seed), shape) for seed in range(6)]
    assert all(d.shape == shape and d.dtype == np.float32 for d in drawn)
    assert any(d.max() > 0.5 for d in drawn)


def test_heap__ends_at_a_ragged_edge() -> None:
    """Nothing above its top, much below, and the edge is no straight line."""
    matter = clutter._heap_below(np.random.default_rng(2), (200, 300))
    tops = np.argmax(matter > 0.01 * matter.max(), axis=0)
    inside = tops[(tops > 0) & (tops < 199)]
    assert len(inside) > 100
    assert np.abs(np.diff(inside, 2)).sum() > 10
