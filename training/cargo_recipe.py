"""The cargo network's recipe: all that decides its training, in one TOML file with ``task = "cargo"``."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from training.recipe import STRICT, ScheduleRecipe, read_recipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Seeds:
    """``n`` scans, of the seeds from ``first`` on."""

    first: int
    n: int = Field(ge=1)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CargoScansRecipe:
    """Which scans are drawn; no seed twice.

    Attributes:
        train: The network learns from them.
        fit: The headings' Gaussians are estimated on them.
        validation: Thresholds are chosen on them.
        pitch_mm: Finest and coarsest pixels.
    """

    train: Seeds
    fit: Seeds
    validation: Seeds
    pitch_mm: tuple[float, float]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CargoFitRecipe(ScheduleRecipe):
    """The optimiser, its schedule, and the weights of what it minimises.

    Attributes:
        batch: Scans of a step.
        contrast: Weight of the supervised contrastive loss beside the headings' cross-entropy.
        width_cells: Wider scans are cut, at random, to this.
        single_energy_share: Scans whose second energy is withheld.
    """

    batch: int = Field(ge=2)
    contrast: float = Field(ge=0)
    width_cells: int = Field(ge=64)
    single_energy_share: float = Field(ge=0, le=1)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CargoRecipe:
    """A whole run; ``false_alarms`` is the share of true declarations that the mismatch check may doubt."""

    task: Literal["cargo"]
    name: str
    version: str
    seed: int
    false_alarms: float = Field(gt=0, lt=1)
    scans: CargoScansRecipe
    fit: CargoFitRecipe

    @property
    def digest(self) -> str:
        """Of everything that changes the weights (not the threads, workers and checkpoint interval)."""
        fields = asdict(self)
        for name in ("threads", "workers", "checkpoint_every"):
            del fields["fit"][name]
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def load_cargo_recipe(path: Path) -> CargoRecipe:
    """Read and check a recipe.

    Raises:
        RecipeError: If it is missing, not TOML, or has unknown, missing or bad values.
    """
    return read_recipe(path, CargoRecipe)
