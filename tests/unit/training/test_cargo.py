"""The cargo network's training: what scans are true to, what is learned from them, what is chosen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.mismatch import Blocks
from training.cargo import augment, make_batch
from training.cargo_loss import contrastive_loss
from training.cargo_recipe import load_cargo_recipe
from training.cargo_release import least_error_threshold
from training.cargo_scenes import EMPTY, UNKNOWN, CargoScan, Content, make_cargo_scan
from training.cargo_truths import auroc, block_headings, falsify
from training.errors import RecipeError

RECIPE = Path("training/recipes/cargo.toml")
COARSE = (16.0, 16.0)


@pytest.fixture(scope="module")
def loaded() -> CargoScan:
    return make_cargo_scan(7, content=Content.LOADED, heading=3, pitch_mm=COARSE)


def test_make_cargo_scan__columns_name_what_stands_in_them(loaded: CargoScan) -> None:
    """The heading asked for is in the first bay, and columns of goods attenuate more than the air beside."""
    assert loaded.headings[0] == 3
    assert set(loaded.columns.tolist()) - {EMPTY, UNKNOWN} <= set(loaded.headings)
    assert loaded.columns.shape == (loaded.view.shape[2] // 8,)
    means = loaded.view[0].astype(np.float32).reshape(loaded.view.shape[1], -1, 8).mean(axis=(0, 2))
    assert means[loaded.columns == 3].mean() > 3 * means[-2:].mean()


def test_make_cargo_scan__seed_decides(loaded: CargoScan) -> None:
    """The same seed gives the same scan, another one another."""
    again = make_cargo_scan(7, content=Content.LOADED, heading=3, pitch_mm=COARSE)
    assert np.array_equal(again.view, loaded.view)
    other = make_cargo_scan(8, content=Content.LOADED, heading=3, pitch_mm=COARSE)
    assert other.view.shape != loaded.view.shape or not np.array_equal(other.view, loaded.view)


@pytest.mark.parametrize("content", [Content.EMPTY, Content.RESIDUE])
def test_make_cargo_scan__nothing_declared_is_loaded_nowhere(content: Content) -> None:
    """Residue is no cargo."""
    scan = make_cargo_scan(11, content=content, pitch_mm=COARSE)
    assert scan.is_empty
    assert (scan.columns == EMPTY).all()


def test_cargo_scan__is_read_as_it_was_saved(loaded: CargoScan, tmp_path: Path) -> None:
    """A run that goes on learns from the same scans."""
    loaded.save(tmp_path / "1.npz")
    again = CargoScan.load(tmp_path / "1.npz")
    assert np.array_equal(again.view, loaded.view)
    assert np.array_equal(again.columns, loaded.columns)
    assert replace(again, view=loaded.view, columns=loaded.columns) == loaded


def test_augment__columns_stay_with_their_goods() -> None:
    """Cut and mirrored, each column still names the goods of its eight cells."""
    columns = np.arange(60, dtype=np.int8)
    view = np.repeat(columns.astype(np.float16), 8)[None, None] * np.ones((2, 64, 1), np.float16)
    scan = CargoScan(view=view, columns=columns, headings=(1,), mean_attenuation=1.0)
    rng = np.random.default_rng(0)
    firsts = set()
    recipe = load_cargo_recipe(RECIPE)
    for _ in range(20):
        cut, known = augment(scan, rng, recipe)
        assert cut.shape[2] == 8 * known.size == recipe.fit.width_cells
        cells = cut[0, 0].reshape(-1, 8)
        assert (np.diff(cells, axis=1) == 0).all()
        assert np.corrcoef(cells[:, 0], known)[0, 1] > 0.999
        firsts.add(int(known[0]))
    assert len(firsts) > 2


def numbered(n: int) -> list[CargoScan]:
    """Scans that can be told apart by their goods."""
    return [
        CargoScan(
            view=np.ones((2, 64, 64), np.float16),
            columns=np.full(8, k, np.int8),
            headings=(k,),
            mean_attenuation=1.0,
        )
        for k in range(n)
    ]


def test_make_batch__an_epoch_shows_every_scan_once() -> None:
    """The next epoch has another order; the same step is the same batch, so that a resumed run goes on."""
    recipe = load_cargo_recipe(RECIPE)
    scans = numbered(3 * recipe.fit.batch)
    epochs = [
        [int(k) for step in range(3 * e, 3 * e + 3) for k in make_batch(scans, step, recipe)[1][:, 0]]
        for e in range(2)
    ]
    assert [sorted(epoch) for epoch in epochs] == [list(range(len(scans)))] * 2
    assert epochs[0] != epochs[1]
    views, _ = make_batch(scans, 1, recipe)
    assert torch.equal(views, make_batch(scans, 1, recipe)[0])


def test_falsify__one_line_names_what_is_not_there() -> None:
    """The others stay."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        lied, place = falsify((4, 7, 1), rng, n_headings=9)
        assert lied[place] not in {4, 7, 1}
        lied[place] = (4, 7, 1)[place]
        assert lied == [4, 7, 1]


def test_contrastive_loss__alike_and_apart_is_less() -> None:
    """Two goods in two scans each: vectors that agree by goods cost less than ones that agree by scan."""
    labels, groups = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    axes = torch.eye(2)
    assert contrastive_loss(axes[labels], labels, groups) < contrastive_loss(axes[groups], labels, groups)


def test_contrastive_loss__columns_of_one_load_are_not_compared() -> None:
    """Goods seen in one scan only teach nothing."""
    vectors = torch.eye(3)
    assert contrastive_loss(vectors, torch.tensor([0, 0, 1]), torch.tensor([5, 5, 5])) == 0


def test_block_headings__mixed_blocks_have_none() -> None:
    """A block across two goods, or half empty, is nobody's example."""
    columns = np.array([EMPTY, 2, 2, 2, 2, 2, 4, 4, 4, UNKNOWN, 4, 4], dtype=np.int8)
    blocks = Blocks(
        features=np.zeros((3, 1), np.float32),
        x_cells=np.array([[8, 48], [32, 72], [0, 16]]),
        has_material=True,
    )
    assert block_headings(blocks, columns).tolist() == [2, -1, -1]


def test_auroc__counts_ties_half() -> None:
    """Apart, reversed, equal."""
    low, high = np.array([0.1, 0.2, 0.3]), np.array([0.6, 0.7])
    assert (auroc(low, high), auroc(high, low), auroc(low, low)) == (1.0, 0.0, 0.5)


def test_least_error_threshold__lies_between_what_can_be_told_apart() -> None:
    """With one outlier, the best border leaves only it on the wrong side."""
    scores = np.array([0.1, 0.2, 0.9, 0.6, 0.7, 0.8])
    is_high = np.array([False, False, False, True, True, True])
    assert 0.2 < least_error_threshold(scores, is_high) < 0.6


def test_recipe__digest_ignores_the_machine() -> None:
    """More threads are no other run; another seed is."""
    recipe = load_cargo_recipe(RECIPE)
    assert replace(recipe, fit=replace(recipe.fit, threads=9)).digest == recipe.digest
    assert replace(recipe, seed=recipe.seed + 1).digest != recipe.digest


def test_recipe__of_a_detector_is_refused(tmp_path: Path) -> None:
    """It says nothing that this training needs."""
    detector = tmp_path / "detector.toml"
    detector.write_text('name = "x"\n')
    with pytest.raises(RecipeError):
        load_cargo_recipe(detector)
