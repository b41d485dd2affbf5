"""Crops with threats that are kept and shown again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from datasets.synthetic.chain import draw_chain
from models.loss import NOBODY, UNSURE
from tests.unit.training.recipes import SMALL, TINY
from training import loads
from training.crops import CropMaker
from training.loads import Load, LoadBuilder, kept, loads_folder
from training.recipe import Recipe
from training.scenes import CachedScene


@pytest.fixture
def recipe() -> Recipe:
    """Five loads of one size."""
    return replace(TINY, crops=replace(TINY.crops, sizes=(replace(SMALL, loads=5),)))


def _load() -> Load:
    planes = np.full((2, 40, 50), 5.0, np.float32)
    builder = LoadBuilder(planes)
    planes[1, 10:20, 30:45] += 20.0
    builder.add(planes, 1)
    planes[1, 2:6, 5:8] += 0.02
    builder.add(planes, 0)
    return builder.build()


def test_loads__only_so_many_are_made(scenes: list[CachedScene], recipe: Recipe) -> None:
    """Forty crops come from five files, and no two look alike: each is another scanner's picture."""
    maker = CropMaker(recipe, scenes)
    crops = [maker.draw(np.random.default_rng(i), 0, has_threats=True) for i in range(40)]
    files = list(loads_folder(recipe, scenes[0].path.parent).iterdir())
    assert sorted(file.name for file in files) == [f"0-{number}.npz" for number in range(5)]
    assert len({crop.image.numpy().tobytes() for crop in crops}) == 40


def test_loads__kept_ones_are_what_was_made(scenes: list[CachedScene], recipe: Recipe) -> None:
    """A crop is the same whether its load was just made or read."""
    made = CropMaker(recipe, scenes).draw(np.random.default_rng(3), 0, has_threats=True)
    read = CropMaker(recipe, scenes).draw(np.random.default_rng(3), 0, has_threats=True)
    assert torch.equal(made.image, read.image)
    assert torch.equal(made.boxes, read.boxes)
    assert torch.equal(made.kinds, read.kinds)


def test_loads__other_crops_lie_elsewhere(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes the crops changes the folder, the generator's code too; the length of a run does not."""
    folder = loads_folder(recipe, Path("scenes"))
    busier = replace(recipe, crops=replace(recipe.crops, fittings_share=0.9))
    assert loads_folder(busier, Path("scenes")) != folder
    assert loads_folder(replace(recipe, fit=replace(recipe.fit, steps=9)), Path("scenes")) == folder
    monkeypatch.setattr(loads, "practice_digest", lambda: "another")
    assert loads_folder(recipe, Path("scenes")) != folder


def test_load__what_a_scanner_cannot_show_is_neither_there_nor_labelled() -> None:
    """A thick threat is added and boxed; one of 0.02 g/cm² leaves no trace."""
    chain = draw_chain(np.random.default_rng(0), dual_energy=True, is_8bit=False)
    load = _load()
    planes, truth = load.seen_by(chain)
    assert truth.kinds == [1]
    assert truth.boxes.tolist() == [[30, 10, 45, 20]]
    assert np.unique(truth.outlines).tolist() == [UNSURE, NOBODY, 0]
    rows, columns = np.nonzero(truth.outlines == 0)
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (7, 2, 10, 4)
    assert planes[1, 15, 40] == 25.0
    assert planes[1, 3, 6] == 5.0


def test_load__a_window_shows_what_lies_wholly_in_it() -> None:
    """Planes are cut, a threat that sticks out is gone, the other one moves with the window."""
    load = _load()
    part = load.window(2, 1, width_px=40, height_px=30)
    assert part.planes.shape == (2, 30, 40)
    assert list(part.kinds) == [0]
    assert part.boxes == [(3, 1, 6, 5)]
    whole = load.window(0, 0, width_px=50, height_px=40)
    assert whole.boxes == load.boxes == [(30, 10, 45, 20), (5, 2, 8, 6)]
    assert load.window(31, 0, width_px=19, height_px=40).kinds == []
    assert load.window(30, 10, width_px=15, height_px=10).boxes == [(0, 0, 15, 10)]


def test_kept__survives_a_round_trip_and_leaves_no_part(tmp_path: Path) -> None:
    """Planes, patches, places and kinds come back as they were; nothing is made twice."""
    path = tmp_path / "new" / "0-0.npz"
    load = kept(path, _load)
    again = kept(path, lambda: pytest.fail("made twice"))
    assert np.array_equal(load.planes, again.planes)
    assert list(load.kinds) == list(again.kinds)
    assert np.array_equal(load.corners, again.corners)
    assert all(np.array_equal(a, b) for a, b in zip(load.patches, again.patches, strict=True))
    assert [file.name for file in path.parent.iterdir()] == ["0-0.npz"]
