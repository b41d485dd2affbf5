"""The training loop: one recipe, one command, resumable at any checkpoint.

A checkpoint holds tensors and numbers only and is loaded with ``weights_only=True``.
"""

import csv
import math
import os
import time
from pathlib import Path
from typing import Any

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.optim import AdamW
from torch.utils.data import DataLoader

from models.detector import Detector
from training.annotated import AnnotatedScan, read_scans
from training.crops import CropDataset, collate
from training.errors import CheckpointError
from training.loss import detection_loss
from training.recipe import FitRecipe, Recipe, load_recipe
from training.scenes import CachedScene, prepare_scenes

State = dict[str, Tensor]
_CHECKPOINT = "checkpoint.pt"


def train(
    recipe_path: Path, out_dir: Path, *, scenes_dir: Path | None = None, stop_after: int | None = None
) -> Path:
    """Train, or go on where the folder's checkpoint stopped.

    Args:
        recipe_path: A recipe TOML.
        out_dir: Gets ``checkpoint.pt``, ``log.csv`` and, at the end, ``weights.pt``.
        scenes_dir: Cache of drawn scenes; default ``out_dir/scenes``. Several runs may share one.
        stop_after: Leave after so many steps of this call, with a checkpoint (to test resuming).

    Returns:
        Path of ``weights.pt`` (averaged weights), or of the checkpoint when stopped early.

    Raises:
        RecipeError: If the recipe cannot be used.
        CheckpointError: If the folder belongs to another recipe.
        DatasetError: If the recipe's dataset cannot be read or has faults.
    """
    recipe = load_recipe(recipe_path)
    annotated = read_scans(recipe, recipe_path.parent)
    out_dir.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(recipe.fit.threads)
    scenes = prepare_scenes(recipe.scenes, scenes_dir or out_dir / "scenes", workers=recipe.fit.threads)
    run = _Run(recipe, out_dir)
    return run.go(scenes, annotated, stop_after=stop_after)


def load_weights(path: Path, *, n_kinds: int) -> Detector:
    """A detector with the weights that ``train`` saved."""
    detector = Detector(n_kinds=n_kinds)
    detector.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return detector.eval()


class _Run:
    """The state of one training run: what a checkpoint holds."""

    def __init__(self, recipe: Recipe, out_dir: Path) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.out_dir = out_dir
        self.step = 0
        self.detector = Detector(n_kinds=len(recipe.kinds))
        self.average: State = {k: v.clone() for k, v in self.detector.state_dict().items()}
        self.optimizer = AdamW(
            _groups(self.detector, recipe.fit.weight_decay), lr=recipe.fit.learning_rate, betas=(0.9, 0.98)
        )
        path = out_dir / _CHECKPOINT
        if path.exists():
            self._load(path)

    def go(
        self, scenes: list[CachedScene], annotated: list[AnnotatedScan], *, stop_after: int | None
    ) -> Path:
        fit = self.recipe.fit
        last = fit.steps if stop_after is None else min(fit.steps, self.step + stop_after)
        first_crop, n_crops = self.step * fit.batch, (last - self.step) * fit.batch
        crops = CropDataset(self.recipe, scenes, first=first_crop, count=n_crops, annotated=annotated)
        loader = DataLoader(
            crops,
            batch_size=fit.batch,
            num_workers=fit.workers,
            collate_fn=collate,
            multiprocessing_context="spawn" if fit.workers else None,
        )
        bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        )
        with bar as progress, (self.out_dir / "log.csv").open("a", newline="") as file:
            log = csv.writer(file)
            task = progress.add_task("training", total=fit.steps, completed=self.step)
            self.detector.train()
            start = time.monotonic()
            for images, boxes, kinds in loader:
                row = self._update(images, boxes, kinds)
                log.writerow([self.step, *(f"{v:.5f}" for v in row), f"{time.monotonic() - start:.1f}"])
                progress.update(task, completed=self.step, description=f"loss {row[0]:.3f}")
                if self.step % fit.checkpoint_every == 0 or self.step == last:
                    file.flush()
                    self._save()
        if self.step < fit.steps:
            return self.out_dir / _CHECKPOINT
        path = self.out_dir / "weights.pt"
        _write(self.average, path)
        return path

    def _update(self, images: Tensor, boxes: list[Tensor], kinds: list[Tensor]) -> tuple[float, float, float]:
        rate = learning_rate(self.recipe.fit, self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = detection_loss(self.detector.levels(images), boxes, kinds)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss.total)
        torch.nn.utils.clip_grad_norm_(self.detector.parameters(), 10.0)
        self.optimizer.step()
        self.step += 1
        # A young average follows quickly.
        keep = min(self.recipe.fit.ema_decay, self.step / (self.step + 10))
        for name, value in self.detector.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)
            else:
                self.average[name].copy_(value)
        return float(loss.total.detach()), float(loss.what.detach()), float(loss.where.detach())

    def _save(self) -> None:
        state = {
            "recipe": self.recipe.digest,
            "step": self.step,
            "detector": self.detector.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
        }
        _write(state, self.out_dir / _CHECKPOINT)

    def _load(self, path: Path) -> None:
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state["recipe"] != self.recipe.digest:
            raise CheckpointError(f"{path} belongs to another recipe; choose another folder or delete it")
        self.step = state["step"]
        self.detector.load_state_dict(state["detector"])
        self.average = state["average"]
        self.optimizer.load_state_dict(state["optimizer"])


def learning_rate(fit: FitRecipe, step: int) -> float:
    """Linear warm-up, then half a cosine down to a hundredth."""
    if step < fit.warmup_steps:
        return fit.learning_rate * (step + 1) / fit.warmup_steps
    done = (step - fit.warmup_steps) / max(fit.steps - fit.warmup_steps, 1)
    return fit.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


def _groups(detector: Detector, weight_decay: float) -> list[dict[str, Any]]:
    """Convolution kernels decay; biases and normalisation do not."""
    kernels = [p for p in detector.parameters() if p.ndim > 1]
    others = [p for p in detector.parameters() if p.ndim <= 1]
    return [{"params": kernels, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def _write(state: object, path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)
