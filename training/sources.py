"""What a network learns from: crops of scenes, or close-ups of what the first network points at."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import torch
from torch.utils.data import Dataset

from models.detection_model import DetectionModel
from models.loss import Loss
from training.annotated import AnnotatedScan
from training.closeup_batches import CloseupDataset
from training.closeups import pass_files
from training.crops import BatchDataset, CropMaker, HardPlace
from training.devices import Process
from training.mining import mine
from training.recipe import MiningRecipe, Recipe
from training.scenes import CachedScene


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
    """Gives batches by step, each a pure function of the recipe, the step and the hard places.

    Attributes:
        mining: When hard places are looked for; None: never.
    """

    mining: MiningRecipe | None

    def batches(self, hard: Sequence[HardPlace]) -> Dataset[Any]:
        """Of every step."""
        ...

    def mine(
        self, model: DetectionModel, hard: Sequence[HardPlace], *, step: int, process: Process
    ) -> list[HardPlace]:
        """The hard places from here on."""
        ...


class CropSource:
    """Crops of scenes and of an annotated dataset."""

    def __init__(
        self,
        recipe: Recipe,
        scenes: Sequence[CachedScene],
        annotated: Sequence[AnnotatedScan],
        *,
        rank: int,
    ) -> None:
        self.mining = recipe.mining
        self._recipe, self._scenes, self._annotated, self._rank = recipe, scenes, annotated, rank

    def batches(self, hard: Sequence[HardPlace]) -> Dataset[Any]:
        return BatchDataset(self._recipe, self._scenes, annotated=self._annotated, hard=hard, rank=self._rank)

    def mine(
        self, model: DetectionModel, hard: Sequence[HardPlace], *, step: int, process: Process
    ) -> list[HardPlace]:
        maker = CropMaker(self._recipe, self._scenes)
        return mine(model, maker, hard, recipe=self._recipe, step=step, process=process)


class CloseupSource:
    """Close-ups; every place that a pass keeps is a hard one."""

    mining: MiningRecipe | None = None

    def __init__(self, recipe: Recipe, folder: Path, *, rank: int) -> None:
        assert recipe.closeups is not None
        self._batches = CloseupDataset(
            pass_files(folder, recipe.closeups.passes),
            seed=recipe.seed,
            per_step=recipe.closeups.passes_per_step,
            rank=rank,
        )

    def batches(self, hard: Sequence[HardPlace]) -> Dataset[Any]:
        del hard
        return self._batches

    def mine(
        self, model: DetectionModel, hard: Sequence[HardPlace], *, step: int, process: Process
    ) -> list[HardPlace]:
        del model, step, process
        return list(hard)
