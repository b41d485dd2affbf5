"""The training loop: one recipe, one command, resumable at any checkpoint, on a CPU, a GPU or several.

The run goes on in sections that end where hard places are looked for; within one, the pool of hard places is
fixed.
"""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import astuple, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Final, TypeVar, cast

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from models.architectures import build_model
from models.cascade import Cascade
from models.detection_model import DetectionModel
from models.detector import Detector
from training.annotated import read_scans
from training.checkpoint import read_state, write_state
from training.closeups import prepare_closeups
from training.crops import HardPlace
from training.curves import draw_curves
from training.devices import Process, join_run
from training.errors import DivergedError, RecipeError
from training.optimizers import Optimizers
from training.progress_log import ProgressLog, Row
from training.recipe import Recipe, ScheduleRecipe, load_recipe
from training.scenes import CachedScene, prepare_scenes
from training.schedule import keep_share, rate_share
from training.sources import Batch, CloseupSource, CropSource, Source
from training.threat_bank import ThreatBank, prepare_bank
from training.vehicles import VehicleCrops, prepare_vehicles

Made = TypeVar("Made")
State = dict[str, Tensor]
_CHECKPOINT: Final = "checkpoint.pt"
_LARGEST_GRADIENT: Final = 10.0
_MOST_BROKEN_STEPS: Final = 20


def train(
    recipe_path: Path,
    out_dir: Path,
    *,
    scenes_dir: Path | None = None,
    stop_after: int | None = None,
    device: str = "auto",
) -> Path | None:
    """Train, or go on where the folder's checkpoint stopped.

    Under ``torchrun`` every process calls this, each on its own GPU.

    Args:
        recipe_path: A recipe TOML.
        out_dir: Gets ``checkpoint.pt``, ``log.csv``, ``curves.png`` and, at the end, ``weights.pt``; a
            cascade's first network has these in ``first``.
        scenes_dir: Cache of drawn scenes; default ``out_dir/scenes``. Several runs may share one.
        stop_after: Leave after so many steps of this call, with a checkpoint (to test resuming).
        device: ``auto``, ``cpu`` or ``cuda``.

    Returns:
        Path of ``weights.pt`` (averaged weights), or of the checkpoint when stopped early; None in all
        processes but the first.

    Raises:
        RecipeError: If the recipe cannot be used.
        CheckpointError: If the folder belongs to another recipe.
        DeviceError: If the device is not there.
        DivergedError: If the gradients are infinite step after step.
        DatasetError: If the recipe's dataset cannot be read or has faults.
    """
    recipe = load_recipe(recipe_path)
    annotated = read_scans(recipe, recipe_path.parent)
    out_dir.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(recipe.fit.threads)
    with join_run(device) as process:
        folder = scenes_dir or out_dir / "scenes"
        scenes = _made_once(lambda n: prepare_scenes(recipe.scenes, folder, workers=n), recipe, process)
        torch.manual_seed(recipe.seed)
        model = _start_model(recipe, recipe_path.parent)
        crops = CropSource(
            recipe=recipe,
            scenes=scenes,
            annotated=annotated,
            vehicles=_vehicles(recipe, model, folder, process),
            bank=_bank(recipe, scenes, folder, process),
            process=process,
        )
        if isinstance(model, Cascade):
            fit = _CascadeFit(recipe, out_dir, process, scenes)
            path = fit.go(model, crops, stop_after=stop_after)
        else:
            path = _Run(recipe, recipe.fit, model, out_dir, process).go(crops, stop_after=stop_after)
        return path if process.is_first else None


def load_weights(path: Path, recipe: Recipe) -> DetectionModel:
    """The recipe's model with the weights that ``train`` saved."""
    model = build_model(recipe.architecture, n_kinds=len(recipe.kinds))
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model.eval()


@dataclass(frozen=True)
class _CascadeFit:
    """The first network learns from crops, then the second from close-ups of what the first points at."""

    recipe: Recipe
    out_dir: Path
    process: Process
    scenes: list[CachedScene]

    def go(self, model: Cascade, crops: CropSource, *, stop_after: int | None) -> Path:
        recipe = self.recipe
        assert recipe.closeups is not None
        run = _Run(recipe.first, recipe.fit, model.first, self.out_dir / "first", self.process)
        left = None if stop_after is None else stop_after - (recipe.fit.steps - run.step)
        path = run.go(crops, stop_after=stop_after)
        if left is not None and left <= 0:
            return path
        model.first.load_state_dict(torch.load(path, map_location=self.process.device, weights_only=True))
        model.first.requires_grad_(False)
        second = _Run(recipe, recipe.closeups.fit, model, self.out_dir, self.process)
        return second.go(self._closeups(first=path), stop_after=left)

    def _closeups(self, *, first: Path) -> CloseupSource:
        folder = self.out_dir / "closeups"
        if self.process.is_first:
            prepare_closeups(self.recipe, self.scenes, first, folder, workers=_drawers(self.recipe))
        self.process.wait()
        return CloseupSource(self.recipe, folder, self.process)


def _made_once(make: Callable[[int], Made], recipe: Recipe, process: Process) -> Made:
    """What the first process makes and all learn from; ``make`` gets the number of workers."""
    if process.is_first:
        make(_drawers(recipe))
    process.wait()
    return make(1)


def _vehicles(recipe: Recipe, model: DetectionModel, folder: Path, process: Process) -> VehicleCrops | None:
    """Of the recipe, if it has any; judged by the weights that the run begins with."""
    if recipe.vehicles is None:
        return None
    judge = deepcopy(model).eval().to(memory_format=torch.channels_last)
    return _made_once(lambda n: prepare_vehicles(recipe, judge, folder, workers=n), recipe, process)


def _bank(recipe: Recipe, scenes: list[CachedScene], folder: Path, process: Process) -> ThreatBank | None:
    """Of the recipe, if it has one."""
    if recipe.bank is None:
        return None
    return _made_once(lambda n: prepare_bank(recipe, scenes, folder, workers=n), recipe, process)


def _drawers(recipe: Recipe) -> int:
    """While scenes are drawn nothing is learned, so that the trainer's threads are free."""
    return max(recipe.fit.workers, 1) + recipe.fit.threads - 1 + (recipe.fit.workers > 0)


class _LossModule(nn.Module):
    """The loss as a forward pass: what `DistributedDataParallel` wraps."""

    def __init__(self, model: DetectionModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Any) -> Tensor:
        """Parts of the loss, shape ``(3,)``."""
        loss = batch.loss(self.model)
        return torch.stack([loss.what, loss.where, loss.outline.to(loss.what)])


class _Run:
    """The state of one network's training: what a checkpoint holds."""

    def __init__(
        self, recipe: Recipe, fit: ScheduleRecipe, model: DetectionModel, out_dir: Path, process: Process
    ) -> None:
        out_dir.mkdir(parents=True, exist_ok=True)
        self.recipe, self.fit, self.out_dir, self.process = recipe, fit, out_dir, process
        self.step = self.mined_at = self.broken = 0
        self.hard: list[HardPlace] = []
        # Convolutions over the last axis cost a CPU about a seventh less.
        model = model.to(process.device).to(memory_format=torch.channels_last)
        self.average: State = {k: v.clone() for k, v in model.state_dict().items()}
        self.model = model
        self.optimizers = Optimizers(model, fit)
        if (out_dir / _CHECKPOINT).exists():
            self._load(out_dir / _CHECKPOINT)
        self.learner = _distribute(_LossModule(model), process)

    def go(self, source: Source, *, stop_after: int | None) -> Path:
        last = self.fit.steps
        if stop_after is not None:
            last = min(last, self.step + stop_after)
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            disable=not self.process.is_first,
        )
        with bar, ProgressLog(self.out_dir / "log.csv", from_step=self.step, on=self.process.is_first) as log:
            bar.add_task("training", total=self.fit.steps, completed=self.step)
            while self.step < last:
                self._mine_if_due(source)
                self._section(source, until=min(last, self._section_end(source)), bar=bar, log=log)
        if self.step < self.fit.steps:
            return self.out_dir / _CHECKPOINT
        path = self.out_dir / "weights.pt"
        if self.process.is_first:
            write_state(self.average, path)
        self.process.wait()
        return path

    def _section_end(self, source: Source) -> int:
        if source.mine_every is None:
            return self.fit.steps
        return (self.step // source.mine_every + 1) * source.mine_every

    def _section(self, source: Source, *, until: int, bar: Progress, log: ProgressLog) -> None:
        batches = source.batches(self.hard)
        self.model.train()
        asked = time.monotonic()
        for batch in self._loader(batches, until):
            got = time.monotonic()
            row = self._update(batch.to(self.process.device))
            asked_next = time.monotonic()
            log.write(row, waited_s=got - asked, step_s=asked_next - asked)
            asked = asked_next
            bar.update(bar.task_ids[0], completed=self.step, description=f"loss {row.loss:.3f}")
            if self.step % self.fit.checkpoint_every == 0 or self.step == until:
                self._save()

    def _loader(self, batches: Dataset[Any], until: int) -> DataLoader[Any]:
        workers = self.fit.workers
        return DataLoader(
            batches,
            batch_size=None,
            sampler=range(self.step, until),
            num_workers=workers,
            prefetch_factor=3 if workers else None,
            pin_memory=self.process.device.type == "cuda",
            # Spawned, not forked: a fork of a process with threads (ours has torch's) may never wake up.
            multiprocessing_context="spawn" if workers else None,
        )

    def _mine_if_due(self, source: Source) -> None:
        if source.mine_every is None or self.step == self.mined_at or self.step % source.mine_every:
            return
        model = deepcopy(self.model)
        model.load_state_dict(self.average)
        self.hard = source.mine(model.eval(), self.hard, self.step)
        self.mined_at = self.step
        self._save()

    def _update(self, batch: Batch) -> Row:
        share = rate_share(self.fit, self.step)
        with self.process.autocast(bfloat16=self.fit.bfloat16):
            parts = self.learner(batch)
        self.model.zero_grad(set_to_none=True)
        torch.autograd.backward(parts.sum())
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), _LARGEST_GRADIENT))
        self.step += 1
        self._require_finite(norm)
        if not self.broken:
            self.optimizers.step(share)
            self._follow()
        what, where, outline = parts.detach().tolist()
        return Row(
            step=self.step,
            loss=what + where + outline,
            what=what,
            where=where,
            outline=outline,
            gradient_norm=norm,
            learning_rate=share * self.fit.learning_rate,
            width_px=batch.width_px,
            n_crops=len(batch),
            n_objects=batch.n_objects,
            hardest=self.hard[0].score if self.hard else 0.0,
        )

    def _require_finite(self, norm: float) -> None:
        """One infinite gradient is left out; many in a row mean that nothing is learned any more."""
        self.broken = 0 if torch.isfinite(torch.tensor(norm)) else self.broken + 1
        if self.broken >= _MOST_BROKEN_STEPS:
            raise DivergedError(
                f"the gradients of {self.broken} steps up to {self.step} are infinite; "
                "lower the learning rate and start again"
            )

    def _follow(self) -> None:
        """The average goes towards the weights; a young one quickly."""
        follow = 1 - keep_share(self.fit, self.step)
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, follow)
            else:
                self.average[name].copy_(value)

    def _save(self) -> None:
        if not self.process.is_first:
            return
        state = {
            "recipe": self.recipe.digest,
            "step": self.step,
            "mined_at": self.mined_at,
            "hard": [astuple(place) for place in self.hard],
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizers": self.optimizers.state_dict(),
        }
        write_state(state, self.out_dir / _CHECKPOINT)
        draw_curves(self.out_dir / "log.csv", self.out_dir / "curves.png")

    def _load(self, path: Path) -> None:
        state = read_state(path, recipe=self.recipe.digest)
        self.step, self.mined_at = state["step"], state["mined_at"]
        self.hard = [
            HardPlace(size=size, number=number, score=score) for size, number, score in state["hard"]
        ]
        self.model.load_state_dict(state["model"])
        for name, value in state["average"].items():
            self.average[name].copy_(value)
        self.optimizers.load_state_dict(state["optimizers"])


def _start_model(recipe: Recipe, folder: Path) -> DetectionModel:
    model = build_model(recipe.architecture, n_kinds=len(recipe.kinds))
    if recipe.start is None:
        return model
    try:
        weights = torch.load(folder / recipe.start, map_location="cpu", weights_only=True)
        if isinstance(model, Cascade) and not any(name.startswith("second.") for name in weights):
            model.first.take_over(weights)
        elif isinstance(model, Detector):
            model.take_over(weights)
        else:
            model.load_state_dict(weights)
    except (OSError, RuntimeError, UnpicklingError) as error:
        raise RecipeError(f"the weights to start with, {recipe.start}, cannot be used: {error}") from error
    return model


def _distribute(learner: _LossModule, process: Process) -> nn.Module:
    if process.world == 1:
        return learner
    if process.device.type == "cuda":
        learner = cast(_LossModule, nn.SyncBatchNorm.convert_sync_batchnorm(learner))  # type: ignore[no-untyped-call]
    return DistributedDataParallel(learner)
