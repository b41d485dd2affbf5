"""What a network learns from: crops of scenes, or close-ups of what the first network points at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import torch
from torch.utils.data import Dataset

from models.loss import Loss
from training.annotated import AnnotatedScan
from training.closeup_batches import CloseupDataset, find_hard
from training.closeups import benign_files, loaded_files
from training.crops import BatchDataset, CropMaker, HardPlace
from training.devices import Process
from training.mining import mine
from training.recipe import Recipe
from training.scenes import CachedScene
from training.threat_bank import ThreatBank
from training.vehicles import VehicleCrops


class Batch(Protocol):
    """Examples of one step; ``len`` is their number."""

    @property
    def width_px(self) -> int: ...

    @property
    def n_objects(self) -> int: ...

    def __len__(self) -> int: ...

    def to(self, device: torch.device) -> Self: ...

    def loss(self, model: Any) -> Loss: ...


class Source(Protocol):
    """Gives batches by step, each a pure function of the recipe, the step and the hard places."""

    @property
    def mine_every(self) -> int | None:
        """Steps after which hard places are looked for; None: never."""
        ...

    def batches(self, hard: Sequence[HardPlace]) -> Dataset[Any]:
        """Of every step."""
        ...

    def mine(self, model: Any, hard: Sequence[HardPlace], step: int) -> list[HardPlace]:
        """The hard places from here on; the model is in evaluation mode."""
        ...


@dataclass(frozen=True, kw_only=True)
class CropSource:
    """Crops of scenes, of vehicles and of an annotated dataset.

    Attributes:
        recipe: Decides everything.
        scenes: Of ``prepare_scenes``.
        annotated: Of ``read_scans``; empty if the recipe names no dataset.
        vehicles: Of ``prepare_vehicles``, if the recipe has such.
        bank: Of ``prepare_bank``, likewise.
        process: Its number draws this process's crops.
    """

    recipe: Recipe
    scenes: Sequence[CachedScene]
    annotated: Sequence[AnnotatedScan]
    vehicles: VehicleCrops | None
    bank: ThreatBank | None
    process: Process

    @property
    def mine_every(self) -> int | None:
        return self.recipe.mining.every if self.recipe.mining else None

    def batches(self, hard: Sequence[HardPlace]) -> Dataset[Any]:
        return BatchDataset(
            self.recipe,
            self.scenes,
            annotated=self.annotated,
            vehicles=self.vehicles,
            bank=self.bank,
            hard=hard,
            rank=self.process.rank,
        )

    def mine(self, model: Any, hard: Sequence[HardPlace], step: int) -> list[HardPlace]:
        maker = CropMaker(self.recipe, self.scenes)
        return mine(model, maker, hard, recipe=self.recipe, step=step, process=self.process)


class CloseupSource:
    """Close-ups of what a cascade's first network points at."""

    def __init__(self, recipe: Recipe, folder: Path, process: Process) -> None:
        assert recipe.closeups is not None
        self._closeups, self._seed, self._process = recipe.closeups, recipe.seed, process
        self.mine_every: int | None = recipe.closeups.find_hard_every
        self._loaded = loaded_files(folder, recipe.closeups)
        self._benign = benign_files(folder, recipe.closeups)

    def batches(self, hard: Sequence[HardPlace]) -> Dataset[Any]:
        return CloseupDataset(
            self._closeups, self._loaded, self._benign, hard=hard, seed=self._seed, rank=self._process.rank
        )

    def mine(self, model: Any, hard: Sequence[HardPlace], step: int) -> list[HardPlace]:
        """All places again, in every process alike."""
        del hard, step
        return find_hard(model, self._benign, keep=self._closeups.hard, device=self._process.device)
