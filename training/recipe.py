"""Recipes: everything that decides a training run, in one TOML file."""

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from datasets.synthetic.threats import ThreatKind
from training.errors import RecipeError


@dataclass(frozen=True, kw_only=True)
class SceneRecipe:
    """Benign scenes to draw and cache; seeds run from ``first_seed``."""

    n_scenes: int
    first_seed: int
    height_px: int
    width_px: int


@dataclass(frozen=True, kw_only=True)
class CropRecipe:
    """How training crops are cut; shares are probabilities."""

    height_px: int
    width_px: int
    threat_share: float
    max_threats: int
    single_energy_share: float
    fittings_share: float


@dataclass(frozen=True, kw_only=True)
class CocoRecipe:
    """An annotated dataset beside the synthetic scenes.

    Attributes:
        folder: Any that ``shenxiang dataset check`` accepts; relative to the recipe.
        share: Of crops cut from it, as a probability.
    """

    folder: str
    share: float


@dataclass(frozen=True, kw_only=True)
class FitRecipe:
    """The optimiser and its schedule."""

    steps: int
    batch: int
    learning_rate: float
    weight_decay: float
    warmup_steps: int
    ema_decay: float
    checkpoint_every: int
    threads: int
    workers: int


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole run."""

    name: str
    version: str
    seed: int
    kinds: tuple[str, ...]
    scenes: SceneRecipe
    crops: CropRecipe
    fit: FitRecipe
    coco: CocoRecipe | None = None

    @property
    def digest(self) -> str:
        """Of everything that changes the weights (not the threads, workers and checkpoint interval)."""
        fields = asdict(self)
        for name in ("threads", "workers", "checkpoint_every"):
            del fields["fit"][name]
        if self.coco is None:  # a recipe without a dataset keeps the digest that its checkpoints have
            del fields["coco"]
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: If it is missing, not TOML, has unknown or missing keys, or breaks a rule.
    """
    try:
        fields: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        coco = fields.pop("coco", None)
        recipe = Recipe(
            scenes=SceneRecipe(**fields.pop("scenes")),
            crops=CropRecipe(**fields.pop("crops")),
            fit=FitRecipe(**fields.pop("fit")),
            coco=None if coco is None else CocoRecipe(**coco),
            kinds=tuple(fields.pop("kinds")),
            **fields,
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise RecipeError(f"recipe {path} cannot be read ({error}); correct it") from error
    _check(recipe, path)
    return recipe


def _check(recipe: Recipe, path: Path) -> None:
    unknown = set(recipe.kinds) - {kind.value for kind in ThreatKind}
    if unknown or not recipe.kinds:
        raise RecipeError(
            f"recipe {path} names kinds {sorted(unknown)} that no generator draws; correct them"
        )
    if recipe.crops.height_px % 32 or recipe.crops.width_px % 32:
        raise RecipeError(f"recipe {path}: crop sides must be multiples of 32")
    if recipe.coco is not None and not 0 < recipe.coco.share <= 1:
        raise RecipeError(f"recipe {path}: the share of [coco] must be above 0 and at most 1")
    if min(recipe.fit.steps, recipe.fit.batch, recipe.scenes.n_scenes) < 1:
        raise RecipeError(f"recipe {path}: steps, batch and n_scenes must be positive")
