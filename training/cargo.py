"""Trains the cargo network by a recipe: draw, learn, estimate the headings, choose thresholds, export.

A run in the same folder goes on after its last epoch; drawn scans are kept there.
"""

import csv
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor
from torch.optim import AdamW

from datasets.synthetic.headings import HEADINGS
from models.cargo import CargoNetwork
from models.cargo_view import COLUMN_CELLS
from training.cargo_loss import cargo_loss
from training.cargo_recipe import CargoRecipe, load_cargo_recipe
from training.cargo_release import release_cargo
from training.cargo_scenes import EMPTY, CargoScan, Content, make_cargo_scan
from training.checkpoint import read_state, write_state

T = TypeVar("T")
_CHECKPOINT = "cargo_checkpoint.pt"


def train_cargo(recipe_path: Path, out_dir: Path) -> Path:
    """Train, or go on where the folder's checkpoint stopped.

    Args:
        recipe_path: A recipe TOML with ``task = "cargo"``.
        out_dir: Gets the drawn scans, ``cargo_checkpoint.pt``, ``log.csv`` and ``model.onnx``.

    Returns:
        Path of ``model.onnx``, with its contract inside.

    Raises:
        RecipeError: If the recipe cannot be used.
        CheckpointError: If the folder belongs to another recipe.
    """
    recipe = load_cargo_recipe(recipe_path)
    out_dir.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(recipe.fit.threads)
    wanted = recipe.scans
    n_learned = wanted.n_train + wanted.n_fit
    # The Gaussians need every heading; what else is drawn is left to chance.
    headings = [None] * wanted.n_train + [i % len(HEADINGS) for i in range(wanted.n_fit)]
    headings += [None] * wanted.n_validation
    scans = [
        draw_cached(out_dir / "scans", wanted.first_seed + i, heading)
        for i, heading in enumerate(_progress(headings, "scans"))
    ]
    run = _Run(recipe, out_dir)
    run.go(scans[: wanted.n_train])
    return release_cargo(
        run.network.eval(),
        recipe,
        fit=scans[wanted.n_train : n_learned],
        validation=scans[n_learned:],
        path=out_dir / "model.onnx",
    )


def draw_cached(folder: Path, seed: int, heading: int | None) -> CargoScan:
    """The scan of a seed, loaded with a heading if one is named: from the folder, or drawn and put there."""
    path = folder / (f"{seed}.npz" if heading is None else f"{seed}-{heading}.npz")
    if path.exists():
        return CargoScan.load(path)
    content = None if heading is None else Content.LOADED
    scan = make_cargo_scan(seed, content=content, heading=heading)
    folder.mkdir(parents=True, exist_ok=True)
    scan.save(path)
    return scan


class _Run:
    """The state of one training run: what a checkpoint holds."""

    def __init__(self, recipe: CargoRecipe, out_dir: Path) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.out_dir = out_dir
        self.epoch = 0
        self.network = CargoNetwork(n_headings=len(HEADINGS))
        self.optimizer = AdamW(
            self.network.parameters(), lr=recipe.fit.learning_rate, weight_decay=recipe.fit.weight_decay
        )
        path = out_dir / _CHECKPOINT
        if path.exists():
            self._load(path)

    def go(self, scans: Sequence[CargoScan]) -> None:
        """Learn until the recipe's last epoch."""
        fit = self.recipe.fit
        per_epoch = len(scans) // fit.batch
        while self.epoch < fit.epochs:
            self.network.train()
            rng = np.random.default_rng([self.recipe.seed, self.epoch])
            torch.manual_seed(self.recipe.seed + self.epoch)
            began_s, losses = time.monotonic(), []
            for step, (views, columns) in enumerate(
                _progress(batches(scans, fit.batch, rng, self.recipe), f"epoch {self.epoch + 1}", per_epoch)
            ):
                done = self.epoch * per_epoch + step
                losses.append(self._update(views, columns, done, fit.epochs * per_epoch))
            self.epoch += 1
            with (self.out_dir / "log.csv").open("a", newline="") as file:
                row = (self.epoch, f"{np.mean(losses):.4f}", f"{time.monotonic() - began_s:.1f}")
                csv.writer(file).writerow(row)
            self._save()

    def _update(self, views: Tensor, columns: Tensor, step: int, n_steps: int) -> float:
        fit = self.recipe.fit
        warm = min((step + 1) / max(fit.warmup_steps, 1), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = fit.learning_rate * warm * (0.01 + 0.495 * (1 + math.cos(math.pi * step / n_steps)))
        loss = cargo_loss(self.network, views, columns, contrast=fit.contrast)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        return float(loss.detach())

    def _save(self) -> None:
        state = {
            "recipe": self.recipe.digest,
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        write_state(state, self.out_dir / _CHECKPOINT)

    def _load(self, path: Path) -> None:
        state = read_state(path, recipe=self.recipe.digest)
        self.epoch = state["epoch"]
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])


def batches(
    scans: Sequence[CargoScan], size: int, rng: np.random.Generator, recipe: CargoRecipe
) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch of views ``(N, 2, h, w)`` and columns ``(N, w / 8)``, augmented; a rest is left out."""
    order = rng.permutation(len(scans))
    for first in range(0, len(order) - size + 1, size):
        picked = [augment(scans[int(i)], rng, recipe) for i in order[first : first + size]]
        height = max(view.shape[1] for view, _ in picked)
        width = max(view.shape[2] for view, _ in picked)
        views = np.zeros((size, 2, height, width), dtype=np.float32)
        columns = np.full((size, width // COLUMN_CELLS), EMPTY, dtype=np.int64)
        for i, (view, known) in enumerate(picked):
            views[i, :, height - view.shape[1] :, : view.shape[2]] = view
            columns[i, : len(known)] = known
        yield torch.from_numpy(views), torch.from_numpy(columns)


def augment(
    scan: CargoScan, rng: np.random.Generator, recipe: CargoRecipe
) -> tuple[np.ndarray[Any, np.dtype[np.float32]], np.ndarray[Any, np.dtype[np.int8]]]:
    """Cut, mirror along the scan, scale the attenuation a little, withhold the second energy."""
    n = min(recipe.fit.width_cells // COLUMN_CELLS, len(scan.columns)) // 2 * 2
    left = int(rng.integers(0, len(scan.columns) - n + 1))
    view = scan.view[:, :, left * COLUMN_CELLS : (left + n) * COLUMN_CELLS].astype(np.float32)
    columns = scan.columns[left : left + n]
    if rng.random() < 0.5:
        view, columns = view[:, :, ::-1], columns[::-1]
    view = view * np.float32(rng.uniform(0.93, 1.07))
    if rng.random() < recipe.fit.single_energy_share:
        view = np.repeat(view[:1], 2, axis=0)
    return view, columns


def _progress(items: Iterator[T] | Sequence[T], what: str, total: int | None = None) -> Iterator[T]:
    with Progress(transient=True) as progress:
        yield from progress.track(
            items, description=what, total=len(items) if isinstance(items, Sequence) else total
        )
