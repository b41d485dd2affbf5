"""The training loop on a recipe of seconds."""

from pathlib import Path

import pytest
import torch

from models.detector import Detector
from training.crops import CropDataset, collate
from training.errors import CheckpointError, RecipeError
from training.fit import train
from training.loss import detection_loss
from training.recipe import Recipe, load_recipe
from training.scenes import prepare_scenes

RECIPE = """
name = "tiny"
version = "0"
seed = 5
kinds = ["gun", "dense_block"]
[scenes]
n_scenes = 2
first_seed = 10
height_px = 200
width_px = 480
[crops]
height_px = 128
width_px = 128
threat_share = 1.0
max_threats = 2
single_energy_share = 0.3
fittings_share = 0.5
[fit]
steps = 4
batch = 2
learning_rate = 2e-3
weight_decay = 0.01
warmup_steps = 1
ema_decay = 0.9
checkpoint_every = 2
threads = 1
workers = 0
"""


@pytest.fixture
def recipe_path(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


def _crops(recipe: Recipe, folder: Path, count: int) -> CropDataset:
    return CropDataset(recipe, prepare_scenes(recipe.scenes, folder, workers=1), first=0, count=count)


def test_crops__number_decides_everything(recipe_path: Path, tmp_path: Path) -> None:
    """Crop 3 is crop 3, whether the run began there or not, and its boxes lie inside."""
    recipe = load_recipe(recipe_path)
    crops = _crops(recipe, tmp_path / "scenes", 6)
    later = CropDataset(
        recipe, prepare_scenes(recipe.scenes, tmp_path / "scenes", workers=1), first=3, count=1
    )
    assert torch.equal(crops[3].image, later[0].image)
    assert torch.equal(crops[3].boxes, later[0].boxes)
    boxes = torch.cat([crops[i].boxes for i in range(6)])
    assert len(boxes) >= 3
    assert bool(((boxes >= 0) & (boxes <= 128)).all())
    assert bool((boxes[:, 2:] > boxes[:, :2]).all())


def test_fit__a_few_steps_learn_one_batch(recipe_path: Path, tmp_path: Path) -> None:
    """The loss on one batch falls by half in thirty steps: gradients reach everything that matters."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    crops = _crops(load_recipe(recipe_path), tmp_path / "scenes", 2)
    images, boxes, kinds = collate([crops[i] for i in range(2)])
    detector = Detector(n_kinds=2).train()
    optimizer = torch.optim.AdamW(detector.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        loss = detection_loss(detector.levels(images), boxes, kinds)
        optimizer.zero_grad()
        torch.autograd.backward(loss.total)
        optimizer.step()
        losses.append(float(loss.total.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_train__resumed_run_ends_with_the_same_weights(recipe_path: Path, tmp_path: Path) -> None:
    """Stopping and going on changes nothing."""
    scenes = tmp_path / "scenes"
    whole = train(recipe_path, tmp_path / "whole", scenes_dir=scenes)
    stopped = train(recipe_path, tmp_path / "parts", scenes_dir=scenes, stop_after=2)
    assert stopped.name == "checkpoint.pt"
    resumed = train(recipe_path, tmp_path / "parts", scenes_dir=scenes)
    first = torch.load(whole, weights_only=True)
    second = torch.load(resumed, weights_only=True)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_train__checkpoint_of_another_recipe_is_refused(recipe_path: Path, tmp_path: Path) -> None:
    """A folder belongs to one recipe."""
    train(recipe_path, tmp_path / "run", scenes_dir=tmp_path / "scenes", stop_after=1)
    recipe_path.write_text(RECIPE.replace("seed = 5", "seed = 6"))
    with pytest.raises(CheckpointError, match="another recipe"):
        train(recipe_path, tmp_path / "run", scenes_dir=tmp_path / "scenes")


@pytest.mark.parametrize(
    "change",
    [("batch = 2", ""), ('"gun"', '"ghost"'), ("128", "100"), ("steps = 4", "steps = 0"), ("[fit]", "[fit")],
)
def test_load_recipe__broken_is_refused(recipe_path: Path, change: tuple[str, str]) -> None:
    """A recipe with a mistake does not start a long run."""
    recipe_path.write_text(RECIPE.replace(*change))
    with pytest.raises(RecipeError):
        load_recipe(recipe_path)


def test_default_recipe__is_valid() -> None:
    """The recipe in the repository loads."""
    assert load_recipe(Path(__file__).parents[3] / "training" / "recipes" / "default.toml").kinds
