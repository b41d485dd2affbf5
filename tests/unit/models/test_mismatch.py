"""Goods are compared with the declared headings, block by block."""

import numpy as np
import pytest

from models.cargo_statistics import NAMES
from models.errors import ModelContractError
from models.mismatch import Goods, find_blocks, fit_goods, match_codes

N_FEATURES = 4 + len(NAMES)


def features(heading: int, n: int, *, seed: int = 0) -> np.ndarray:
    """Blocks of one of three headings that differ in one feature each, which overlap."""
    values = np.random.default_rng([seed, heading]).normal(size=(n, N_FEATURES))
    values[:, heading] += 4
    return values.astype(np.float32)


@pytest.fixture(scope="module")
def goods() -> Goods:
    blocks = np.concatenate([features(k, 200 + 300 * k) for k in range(3)])
    return fit_goods(blocks, np.repeat([0, 1, 2], [200, 500, 800]), n_headings=3)


def test_shares__own_heading_is_likeliest(goods: Goods) -> None:
    """Fresh blocks of a heading are nearer to it than to the others, nearly always."""
    for heading in range(3):
        shares = goods.shares(features(heading, 100, seed=1), sharpness=10.0)
        assert np.allclose(shares.sum(axis=1), 1)
        assert (shares.argmax(axis=1) == heading).mean() > 0.9


def test_shares__sharper_is_surer(goods: Goods) -> None:
    """The same distances say more."""
    blocks = features(0, 100, seed=1)
    dull, sharp = (goods.shares(blocks, sharpness=value).max(axis=1).mean() for value in (1.0, 10.0))
    assert 1 / 3 < dull < sharp < 1


def test_shares__one_energy_ignores_the_material(goods: Goods) -> None:
    """What cannot be measured with one energy has no say."""
    blocks = features(0, 5, seed=2)
    odd = blocks.copy()
    odd[:, [4 + NAMES.index(name) for name in NAMES if name.startswith("ratio")]] += 5 * np.eye(3)[0]
    plain, ignored = (goods.shares(b, sharpness=1.0, has_material=False) for b in (blocks, odd))
    assert np.allclose(plain, ignored)


def test_goods__bytes_round_trip(goods: Goods) -> None:
    """What is stored in the model gives the shares that were fitted."""
    again = Goods.from_bytes(goods.to_bytes(), n_headings=3)
    blocks = features(1, 20, seed=3)
    assert np.allclose(again.shares(blocks, sharpness=1.0), goods.shares(blocks, sharpness=1.0), atol=1e-3)


@pytest.mark.parametrize("n_headings", [2, 4])
def test_goods__other_number_of_headings_is_refused(goods: Goods, n_headings: int) -> None:
    """Gaussians of another contract are not used."""
    with pytest.raises(ModelContractError):
        Goods.from_bytes(goods.to_bytes(), n_headings=n_headings)


def test_goods__damaged_bytes_are_refused(goods: Goods) -> None:
    """A cut file is an error of ours, not numpy's."""
    with pytest.raises(ModelContractError) as caught:
        Goods.from_bytes(goods.to_bytes()[:-40], n_headings=3)
    assert caught.value.code == "model_contract_invalid"


def test_fit_goods__heading_without_blocks_is_refused() -> None:
    """A heading nobody has seen cannot be told from others."""
    with pytest.raises(ValueError, match=r"\[1\]"):
        fit_goods(features(0, 20), np.zeros(20, np.int64), n_headings=2)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("4011200000", [1]),
        ("4011", [0, 1]),
        ("40117000", [0, 1]),
        ("40", [0, 1]),
        ("2204210000", [2]),
        ("2208300000", []),
        ("99", []),
    ],
)
def test_match_codes__share_the_heading_or_the_chapter(code: str, found: list[int]) -> None:
    """A declared code means the headings that share most digits with it, four at least."""
    assert match_codes(code, ["4011100000", "4011200000", "2204210000"]) == found


def test_find_blocks__loaded_runs_are_cut_into_about_a_metre() -> None:
    """Two loads with a gap: the blocks keep within them and cover them."""
    loaded = np.zeros(30, np.float32)
    loaded[2:14] = loaded[20:24] = 1
    blocks = find_blocks(np.zeros((2, 64, 240), np.float32), np.ones((4, 30), np.float32), loaded)
    assert blocks.x_cells.tolist() == [[16, 64], [64, 112], [160, 192]]
    assert blocks.features.shape == (3, N_FEATURES)
    assert not blocks.has_material


def test_find_blocks__empty_vehicle_has_none() -> None:
    """Nothing loaded, nothing to compare."""
    blocks = find_blocks(
        np.zeros((2, 64, 64), np.float32), np.ones((4, 8), np.float32), np.zeros(8, np.float32)
    )
    assert blocks.features.shape == (0, N_FEATURES)
