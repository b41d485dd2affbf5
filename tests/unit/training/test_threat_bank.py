"""Threats drawn once and put into crops."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from datasets.synthetic.beam import FanBeam
from datasets.synthetic.chain import draw_chain
from datasets.synthetic.shapes import Shape
from tests.unit.training.recipes import SMALL, TINY, WIDE
from training import threat_bank
from training.crops import CropMaker
from training.loads import Load
from training.recipe import BankRecipe, Recipe
from training.scenes import CachedScene
from training.shapes import shapes_of_kind
from training.threat_bank import ThreatBank, prepare_bank

KINDS = ("gun", "dense_block", "vehicle")
GUN, BLOCK, CAR = range(3)
GUN_ONLY, BLOCK_ONLY, CAR_ONLY = (1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)
RECIPE: Recipe = replace(
    TINY,
    kinds=KINDS,
    crops=replace(
        TINY.crops,
        sizes=(replace(SMALL, more_threats=20), replace(WIDE, weights={"gun": 1.0})),
        practice=("gun",),
    ),
    bank=BankRecipe(variants=2, benchmark_share=0.5),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps the shapes of all tests."""
    return tmp_path_factory.mktemp("bank")


@pytest.fixture
def bank(scenes: list[CachedScene], folder: Path) -> ThreatBank:
    return prepare_bank(RECIPE, scenes, folder, workers=1)


def _empty(*, goods_from_px: int = 400) -> Load:
    """Air on the left, goods on the right."""
    planes = np.zeros((2, 300, 400), np.float16)
    planes[0, :, goods_from_px:] = 40.0
    return Load(planes=planes, patches=[], corners=np.zeros((0, 2), np.int64), kinds=[])


def _add(
    bank: ThreatBank, load: Load, chances: tuple[float, ...], *, n: int = 60, most: int = 3
) -> list[Load]:
    return [bank.add_some(np.random.default_rng(i), load, chances=chances, most=most) for i in range(n)]


def test_prepare_bank__makes_only_what_is_missing(
    scenes: list[CachedScene], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One folder for every shape that may be moved, whole; a half-made one of a killed run is made again."""
    prepare_bank(RECIPE, scenes, tmp_path, workers=1)
    [mine] = tmp_path.glob("threats-*")
    made = sorted(mine.iterdir())
    assert len(made) == len(shapes_of_kind(RECIPE, "gun")) + len(shapes_of_kind(RECIPE, "dense_block"))
    assert all(sorted(file.name for file in shape.iterdir()) == ["0.npy", "1.npy"] for shape in made)
    first = np.load(made[0] / "1.npy")
    drawn: list[str] = []
    real = threat_bank.draw_threat

    def draw(rng: np.random.Generator, shape: Shape, beams: Sequence[FanBeam]) -> NDArray[np.float16]:
        drawn.append(shape.name)
        return real(rng, shape, beams)

    monkeypatch.setattr(threat_bank, "draw_threat", draw)
    prepare_bank(RECIPE, scenes, tmp_path, workers=1)
    assert not drawn
    made[0].rename(made[0].with_name(f"{made[0].name}.1.part"))
    prepare_bank(RECIPE, scenes, tmp_path, workers=1)
    assert len(drawn) == 2
    assert np.array_equal(np.load(made[0] / "1.npy"), first)


def test_prepare_bank__another_recipe_has_another_folder(scenes: list[CachedScene], tmp_path: Path) -> None:
    """What changes a variant; how often crops show it does not."""
    few = replace(RECIPE, kinds=("dense_block", "vehicle"))
    often = replace(few, bank=BankRecipe(variants=2, benchmark_share=0.9))
    for n_folders, recipe in ((1, few), (1, often), (2, replace(few, seed=6))):
        prepare_bank(recipe, scenes, tmp_path, workers=1)
        assert len(list(tmp_path.glob("threats-*"))) == n_folders


def test_add_some__puts_none_to_most_anywhere_and_any_way(bank: ThreatBank) -> None:
    """Most often none, guns in the air, too, whole and inside; what was there stays first."""
    added = _add(bank, _empty(), GUN_ONLY, n=150)
    numbers = [len(load.kinds) for load in added]
    assert set(numbers) == {0, 1, 2, 3}
    assert 0.5 < numbers.count(0) / len(numbers) < 0.75
    for load in added:
        assert set(load.kinds) <= {GUN}
        for x0, y0, x1, y1 in load.boxes:
            assert 0 <= x0 < x1 <= 400
            assert 0 <= y0 < y1 <= 300
    [some] = [load for load in added if len(load.kinds) == 3][:1]
    again = bank.add_some(np.random.default_rng(5), some, chances=GUN_ONLY, most=3)
    assert again.boxes[:3] == some.boxes


def test_turned__shows_all_eight_ways_of_what_lies_any_way() -> None:
    """And the mirror image alone of what stands."""
    corner = np.zeros((2, 3, 5), np.float16)
    corner[1, 0] = corner[1, :, 0] = 9.0

    def looks(*, any_way: bool) -> int:
        turned = [threat_bank._turned(np.random.default_rng(i), corner, any_way=any_way) for i in range(80)]
        return len({(patch.shape, patch.tobytes()) for patch in turned})

    assert looks(any_way=True) == 8
    assert looks(any_way=False) == 2


def test_add_some__shapes_of_the_benchmark_have_their_share(scenes: list[CachedScene], folder: Path) -> None:
    """A quarter of a practised kind's shapes make up as much as the recipe says."""

    def taken(share: float) -> set[str]:
        recipe = replace(RECIPE, bank=BankRecipe(variants=2, benchmark_share=share))
        bank = prepare_bank(recipe, scenes, folder, workers=1)
        return {stock.folder.name for stock in bank._stocks[GUN] if stock.weight > 0}

    n_own = sum(
        not name.is_held_out
        for name in shapes_of_kind(replace(RECIPE, crops=replace(RECIPE.crops, practice=())), "gun")
    )
    assert len(taken(1.0)) == n_own
    assert not taken(1.0) & taken(0.0)
    assert len(taken(0.5)) == len(shapes_of_kind(RECIPE, "gun"))


def test_add_some__puts_goods_amid_goods(bank: ThreatBank) -> None:
    """Where there are none it is left out."""
    assert not any(load.kinds for load in _add(bank, _empty(), BLOCK_ONLY))
    load = _empty(goods_from_px=200)
    added = _add(bank, load, BLOCK_ONLY)
    boxes = [box for one in added for box in one.boxes]
    assert len(boxes) > 20
    for x0, _, x1, _ in boxes:
        assert (x1 - max(x0, 200)) / (x1 - x0) > 0.5


def test_add_some__leaves_a_load_without_chances(bank: ThreatBank) -> None:
    """A kind that crops of this size never hide, or that belongs to a place, is not put in."""
    load = _empty()
    assert bank.add_some(np.random.default_rng(0), load, chances=CAR_ONLY, most=9) is load


def test_add_some__leaves_out_what_does_not_fit(bank: ThreatBank) -> None:
    """A crop may be smaller than a threat."""
    load = replace(_empty(), planes=np.zeros((2, 5, 5), np.float16))
    assert not any(one.kinds for one in _add(bank, load, GUN_ONLY, most=9))


def test_crops__show_more_threats_where_the_recipe_says(scenes: list[CachedScene], bank: ThreatBank) -> None:
    """In crops with threats of that size, and in no others."""

    def count(size: int, *, has_threats: bool, bank: ThreatBank | None) -> int:
        maker = CropMaker(RECIPE, scenes, bank=bank)
        return sum(
            len(maker.draw(np.random.default_rng(i), size, has_threats=has_threats).kinds) for i in range(12)
        )

    assert count(0, has_threats=True, bank=bank) > 2 * count(0, has_threats=True, bank=None)
    assert count(1, has_threats=True, bank=bank) <= 12 * WIDE.max_threats
    assert count(0, has_threats=False, bank=bank) == 0


def test_crops__a_threat_that_was_put_in_has_its_box_where_its_matter_lies(bank: ThreatBank) -> None:
    """As any scanner decides it anew."""
    load = next(load for load in _add(bank, _empty(), GUN_ONLY) if load.kinds == [GUN])
    planes, truth = load.seen_by(draw_chain(np.random.default_rng(2), dual_energy=True, is_8bit=False))
    assert truth.kinds == [GUN]
    rows, columns = np.nonzero(planes.sum(axis=0))
    assert np.abs(truth.boxes[0] - [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]).max() <= 2
