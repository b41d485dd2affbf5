"""Crops of whole vehicles: what was hidden there, and what weights took for a threat."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.architectures import build_model
from models.detection_model import DetectionModel
from tests.unit.training.recipes import TINY, TINY_TOML
from training import fit
from training.crops import CropMaker
from training.errors import RecipeError
from training.loads import Load
from training.recipe import Recipe, VehicleRecipe, load_recipe
from training.scenes import CachedScene
from training.vehicles import VehicleCrops, make_vehicle, prepare_vehicles, write_vehicle

VEHICLES = VehicleRecipe(n_vehicles=3, first_seed=900, n_threats=6, n_mistakes=2, share=1.0)
RECIPE = replace(TINY, start="weights.pt", vehicles=VEHICLES)


class _Pointing(DetectionModel):
    """Its best place of each kind is always the same."""

    def __init__(self, places: list[list[float]]) -> None:
        super().__init__(n_kinds=3, max_candidates=1)
        self.places = torch.tensor(places)

    def loss(self, *_: object) -> None:  # type: ignore[override]
        raise NotImplementedError

    def forward(self, transmission: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.places[None, :, None], torch.ones(len(transmission), 3, 1)


MODEL = _Pointing([[100, 100, 140, 120], [400, 150, 600, 180], [0, 0, 690, 290]])


def _is_same(a: Load, b: Load) -> bool:
    return np.array_equal(a.planes, b.planes) and list(a.kinds) == list(b.kinds)


def test_make_vehicle__crops_show_mistakes_and_threats_whole() -> None:
    """One harmless crop about each place that fits into a crop; each threat lies wholly in its crop."""
    crops = make_vehicle(1, RECIPE, MODEL)
    harmless = [crop for crop in crops if not crop.load.kinds]
    loaded = [crop for crop in crops if crop.load.kinds]
    assert sorted(crop.size for crop in harmless) in ([0, 1], [1, 1])  # 200 px do not fit into 128
    assert loaded
    for crop in crops:
        size = RECIPE.crops.sizes[crop.size]
        assert crop.load.planes.shape == (2, size.height_px, size.width_px)
        for x0, y0, x1, y1 in crop.load.boxes:
            assert 0 <= x0 < x1 <= size.width_px
            assert 0 <= y0 < y1 <= size.height_px


def test_make_vehicle__is_a_function_of_its_number() -> None:
    """The same number gives the same crops, another one others; harmless ones hold nothing that is hidden."""
    first, again, other = (make_vehicle(n, RECIPE, MODEL) for n in (1, 1, 2))
    assert len(first) == len(again)
    assert all(_is_same(a.load, b.load) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0].load.planes, other[0].load.planes)
    fewer = make_vehicle(1, replace(RECIPE, vehicles=replace(VEHICLES, n_threats=1)), MODEL)
    assert _is_same(first[0].load, fewer[0].load)


def test_make_vehicle__keeps_as_many_mistakes_as_asked_for() -> None:
    """Two of three places that all fit, and none that a crop before it shows already."""
    apart = _Pointing([[100, 100, 130, 120], [350, 150, 380, 180], [600, 200, 630, 230]])
    near = _Pointing([[100, 100, 103, 103], [101, 101, 102, 102], [101, 101, 103, 103]])
    for model, expected in ((apart, 2), (near, 1)):
        harmless = [crop for crop in make_vehicle(1, RECIPE, model) if not crop.load.kinds]
        assert len(harmless) == expected


def test_prepare_vehicles__makes_only_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second call reads; more vehicles of the same recipe go on; other weights begin anew."""
    prepare_vehicles(RECIPE, MODEL, tmp_path, workers=1)
    (folder,) = tmp_path.iterdir()
    assert {path.name for path in folder.iterdir()} == {"0", "1", "2"}
    made: list[int] = []
    monkeypatch.setattr(
        "training.vehicles.make_vehicle",
        lambda number, *rest: made.append(number) or make_vehicle(number, *rest),  # type: ignore[func-returns-value]
    )
    prepare_vehicles(RECIPE, MODEL, tmp_path, workers=1)
    assert not made
    prepare_vehicles(replace(RECIPE, vehicles=replace(VEHICLES, n_vehicles=4)), MODEL, tmp_path, workers=1)
    assert made == [3]
    prepare_vehicles(RECIPE, build_model("cpu", n_kinds=3).eval(), tmp_path, workers=1)
    assert made == [3, 0, 1, 2]
    assert len(list(tmp_path.iterdir())) == 2


def test_write_vehicle__the_second_of_two_runs_leaves_the_first_ones(tmp_path: Path) -> None:
    """Nothing half written stays behind."""
    crops = make_vehicle(1, RECIPE, MODEL)
    write_vehicle(tmp_path / "1", crops)
    names = sorted(path.name for path in (tmp_path / "1").iterdir())
    write_vehicle(tmp_path / "1", crops[:1])
    assert sorted(path.name for path in (tmp_path / "1").iterdir()) == names
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_vehicle_crops__draws_what_is_asked_for(tmp_path: Path) -> None:
    """With threats or without, of a size; None where there is none."""
    crops = make_vehicle(1, RECIPE, MODEL)
    write_vehicle(tmp_path / "0", [crop for crop in crops if crop.load.kinds])
    source = VehicleCrops(tmp_path, 1)
    for size in range(2):
        mine = [crop.load for crop in crops if crop.size == size and crop.load.kinds]
        drawn = source.draw(np.random.default_rng(0), size, has_threats=True)
        assert (drawn is None) == (not mine)
        assert drawn is None or any(_is_same(drawn, load) for load in mine)
        assert source.draw(np.random.default_rng(0), size, has_threats=False) is None


def test_crops__come_from_vehicles_as_often_as_the_recipe_says(scenes: list[CachedScene]) -> None:
    """All of them by a share of 1; where a vehicle has none of that size a scene gives one."""

    class Source:
        def __init__(self) -> None:
            self.asked: list[tuple[int, bool]] = []

        def draw(self, rng: np.random.Generator, size: int, *, has_threats: bool) -> Load | None:
            del rng
            self.asked.append((size, has_threats))
            planes = np.full((2, 96, 128), 3.0, np.float16)
            return (
                Load(planes=planes, patches=[], corners=np.zeros((0, 2), np.int64), kinds=[])
                if size == 0
                else None
            )

    source = Source()
    maker = CropMaker(RECIPE, scenes, vehicles=source)
    crop = maker.draw(np.random.default_rng(0), 0, has_threats=True)
    assert not len(crop.kinds)
    assert crop.image.std() < 0.1  # even, as the source's planes are
    assert maker.draw(np.random.default_rng(0), 1, has_threats=False).image.shape[2] == 256
    assert source.asked == [(0, True), (1, False)]
    rarely = replace(RECIPE, vehicles=replace(VEHICLES, share=0.25))
    maker, source.asked[:] = CropMaker(rarely, scenes, vehicles=source), []
    for i in range(60):
        maker.draw(np.random.default_rng(i), 0, has_threats=False)
    assert 5 <= len(source.asked) <= 28


def test_load_recipe__vehicles_need_weights(tmp_path: Path) -> None:
    """Mistakes are somebody's."""
    path = tmp_path / "tiny.toml"
    lines = "[vehicles]\nn_vehicles = 3\nfirst_seed = 900\nn_threats = 6\nn_mistakes = 2\nshare = 0.5\n"
    path.write_text(TINY_TOML + lines)
    with pytest.raises(RecipeError, match="start"):
        load_recipe(path)
    path.write_text('start = "weights.pt"\n' + TINY_TOML + lines)
    assert load_recipe(path).vehicles == replace(VEHICLES, share=0.5)


def test_train__learns_from_vehicles(
    tmp_path: Path, scenes: list[CachedScene], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run with vehicles makes them with its first weights, learns from them and ends the same each time."""
    monkeypatch.setattr(fit, "prepare_scenes", lambda *_, **__: scenes)
    asked: list[bool] = []
    real = VehicleCrops.draw

    def draw(self: VehicleCrops, rng: np.random.Generator, size: int, *, has_threats: bool) -> Load | None:
        asked.append(has_threats)
        return real(self, rng, size, has_threats=has_threats)

    monkeypatch.setattr(VehicleCrops, "draw", draw)
    torch.manual_seed(3)
    torch.save(build_model("cpu", n_kinds=3).state_dict(), tmp_path / "weights.pt")
    path = tmp_path / "tiny.toml"
    lines = "[vehicles]\nn_vehicles = 2\nfirst_seed = 900\nn_threats = 4\nn_mistakes = 2\nshare = 1.0\n"
    path.write_text('start = "weights.pt"\n' + TINY_TOML + lines)
    first = fit.train(path, tmp_path / "a", scenes_dir=tmp_path / "scenes", device="cpu")
    again = fit.train(path, tmp_path / "b", scenes_dir=tmp_path / "scenes", device="cpu")
    assert {True, False} <= set(asked)
    assert first is not None
    assert again is not None
    one, two = (torch.load(p, weights_only=True) for p in (first, again))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_recipe__digest_of_crops_stays_when_only_their_mixture_changes() -> None:
    """What is kept on disk is used again: not how often crops hide threats, more of them, or clutter."""
    sizes = tuple(replace(size, more_threats=7) for size in TINY.crops.sizes)
    crops = replace(TINY.crops, sizes=sizes, threat_share=0.9, clutter_share=0.3)
    mixed: Recipe = replace(TINY, crops=crops)
    assert mixed.crops_digest == TINY.crops_digest
    assert mixed.digest != TINY.digest
