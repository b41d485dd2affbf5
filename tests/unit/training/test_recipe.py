"""Recipes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.synthetic.hiding import pose
from datasets.synthetic.shapes import extent
from tests.unit.training.recipes import CASCADE_TOML, SMALL, TINY, TINY_CASCADE, TINY_TOML, WIDE
from training.errors import RecipeError
from training.recipe import load_recipe
from training.shapes import shapes_of_recipe
from training.vehicles import ROOM

NAMES = ("arms", "bank", "cascade", "default", "gpu", "practice", "smoke")
USUAL_PITCH_MM = 5.0
RECIPES = Path(__file__).parents[3] / "training" / "recipes"


def test_load_recipe__reads_what_is_written(tmp_path: Path) -> None:
    """Every key ends up where it belongs."""
    path = tmp_path / "tiny.toml"
    path.write_text(TINY_TOML)
    assert load_recipe(path) == TINY


@pytest.mark.parametrize(
    "change",
    [
        ("seed = 5", ""),
        ("seed = 5", "seed = 5\nsede = 6"),
        ('"gun"', '"ghost"'),
        ('"gun"', '"rifle"'),
        ('seed = 5', 'seed = 5\narchitecture = "abacus"'),
        ('seed = 5', 'seed = 5\narchitecture = "cpu-cascade"'),
        ("width_px = 128", "width_px = 100"),
        ("width_px = 128", "width_px = 1024"),
        ("[3.0, 8.0]", "[8.0, 3.0]"),
        ("steps = 5", "steps = 0"),
        ("threat_share = 0.5", "threat_share = 50"),
        ("gun = 1.0", "sword = 1.0"),
        ("rifle = 1.0", "rifle = 0.0"),
        ("[fit]", "[bank]\nvariants = 2\nbenchmark_share = 0.5\n\n[fit]"),
        ("max_threats = 2", "max_threats = 2\nmore_threats = 3"),
        ("[fit]", "[fit"),
    ],
)  # fmt: skip
def test_load_recipe__broken_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    """A recipe with a mistake does not start a long run."""
    path = tmp_path / "tiny.toml"
    assert change[0] in TINY_TOML
    path.write_text(TINY_TOML.replace(*change))
    with pytest.raises(RecipeError, match=r"tiny\.toml"):
        load_recipe(path)


@pytest.mark.parametrize("name", NAMES)
def test_recipes__are_valid(name: str) -> None:
    """The recipes in the repository load; their smallest crops fill a batch."""
    recipe = load_recipe(RECIPES / f"{name}.toml")
    assert recipe.fit.batch_px % min(size.n_pixels for size in recipe.crops.sizes) == 0


@pytest.mark.parametrize("name", ["bank", "gpu"])
def test_recipes__every_threat_fits_into_a_crop(name: str) -> None:
    """What never lies whole in a crop is never found: no car was, as long as crops were lower than vans."""
    recipe = load_recipe(RECIPES / f"{name}.toml")
    too_large = []
    for shape in shapes_of_recipe(recipe):
        sides = []
        for seed in range(5):
            rng = np.random.default_rng(seed)
            low, high = extent(pose(rng, shape.build(rng), shape.place))
            sides.append((high - low)[:2] / USUAL_PITCH_MM * ROOM)
        width, height = np.median(sides, axis=0)
        if not any(size.width_px >= width and size.height_px >= height for size in recipe.crops.sizes):
            too_large.append(shape.name)
    assert too_large == []


def test_load_recipe__a_cascades_second_part(tmp_path: Path) -> None:
    """It is read, and only a cascade has it; the first network's run does not depend on it."""
    path = tmp_path / "cascade.toml"
    path.write_text(CASCADE_TOML)
    recipe = load_recipe(path)
    assert recipe.closeups == TINY_CASCADE.closeups
    assert recipe.first.digest != recipe.digest
    path.write_text(CASCADE_TOML.replace("hard = 5", "hard = 6"))
    assert load_recipe(path).first.digest == recipe.first.digest
    path.write_text(CASCADE_TOML.replace("cpu-cascade", "cpu"))
    with pytest.raises(RecipeError, match="cpu-cascade"):
        load_recipe(path)


def test_weights__of_a_size_come_before_the_common_ones() -> None:
    """They sum to 1; a kind that is left out is not hidden."""
    assert TINY.weights(SMALL) == [0.5, 0.5, 0.0]
    assert TINY.weights(WIDE) == [0.0, 0.0, 1.0]
    bare = replace(TINY, crops=replace(TINY.crops, weights={}))
    assert bare.weights(SMALL) == pytest.approx([1 / 3] * 3)


def test_digest__of_what_changes_the_weights() -> None:
    """A run may go on with other workers, not with another rate."""
    assert replace(TINY, fit=replace(TINY.fit, workers=3)).digest == TINY.digest
    assert replace(TINY, fit=replace(TINY.fit, learning_rate=1e-3)).digest != TINY.digest
