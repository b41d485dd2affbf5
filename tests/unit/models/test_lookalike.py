"""Points of like cargo are near, by how much two loads share; empty vehicles are like each other."""

import numpy as np
import pytest

from models.cargo_statistics import NAMES
from models.lookalike import DIMENSION, MAX_HEADINGS, embed_cargo
from models.mismatch import Blocks, Goods, fit_goods

LEARNED = 4


@pytest.fixture(scope="module")
def goods() -> Goods:
    """Three headings, far apart in the learned features, alike in the physics statistics."""
    rng = np.random.default_rng(0)
    headings = np.repeat([0, 1, 2], 40)
    features = rng.normal(size=(120, LEARNED + len(NAMES))).astype(np.float32)
    features[:, :3] += 20 * np.eye(3, dtype=np.float32)[headings]
    return fit_goods(features, headings, n_headings=3)


def load(goods: Goods, *headings: int, has_material: bool = True) -> np.ndarray:
    """The point of a vehicle with one block of each of these headings."""
    features = goods.means[list(headings)].astype(np.float32).reshape(-1, LEARNED + len(NAMES))
    x_cells = np.zeros((len(headings), 2), np.int64)
    return embed_cargo(Blocks(features=features, x_cells=x_cells, has_material=has_material), goods)


def test_embed_cargo__likeness_is_what_two_loads_share(goods: Goods) -> None:
    """The same goods, half of them, none of them."""
    one, both, other = load(goods, 0), load(goods, 0, 1), load(goods, 2)
    assert one @ load(goods, 0, 0, 0) == pytest.approx(1, abs=1e-3)
    assert one @ both == pytest.approx(np.sqrt(0.5), abs=0.02)
    assert one @ other == pytest.approx(0, abs=0.02)
    assert one @ load(goods, 0, has_material=False) == pytest.approx(1, abs=0.02)
    for point in (one, both, other):
        assert point.shape == (DIMENSION,)
        assert point.dtype == np.float32
        assert np.linalg.norm(point) == pytest.approx(1, abs=1e-5)


def test_embed_cargo__empty_vehicles_are_alike_and_like_no_other(goods: Goods) -> None:
    """No block, no heading: a number of its own, which no heading may take."""
    empty = load(goods)
    assert empty @ load(goods) == 1
    assert empty @ load(goods, 0, 1, 2) == 0
    assert MAX_HEADINGS == DIMENSION - 1
