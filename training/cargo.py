"""Trains the cargo network by a recipe: draw, learn, estimate the headings, choose thresholds, export.

A run in the same folder goes on after its last checkpoint; drawn scans are kept there.
"""

import csv
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress
from torch import Tensor, nn

from datasets.synthetic.headings import HEADINGS
from models.cargo import CargoNetwork
from models.cargo_view import COLUMN_CELLS
from training.cargo_loss import cargo_loss
from training.cargo_recipe import CargoRecipe, load_cargo_recipe
from training.cargo_release import release_cargo
from training.cargo_scenes import EMPTY, CargoScan, Content, make_cargo_scan
from training.checkpoint import read_state, write_state
from training.optimizers import Optimizers
from training.schedule import keep_share, rate_share

Float32 = NDArray[np.float32]

_CHECKPOINT: Final = "cargo_checkpoint.pt"
_LARGEST_GRADIENT: Final = 5.0
_PARTS: Final = ("emptiness", "loads", "goods", "likeness")
_ORDER, _VARIETY = 0, 1
"""What a run draws at random; each has a source of its own, so that a resumed run goes on alike."""


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
    scans = _draw_scans(recipe, out_dir / "scans")
    run = _Run(recipe, out_dir)
    run.go(scans.train)
    return release_cargo(
        run.averaged(), recipe, fit=scans.fit, validation=scans.validation, path=out_dir / "model.onnx"
    )


@dataclass(frozen=True, kw_only=True)
class _Scans:
    """What a recipe's scans are for."""

    train: list[CargoScan]
    fit: list[CargoScan]
    validation: list[CargoScan]


def draw_cached(seed: int, heading: int | None, *, folder: Path, pitch_mm: tuple[float, float]) -> Path:
    """Put the scan of a seed into the folder unless it is there; a heading that is named is loaded.

    Returns:
        Where it lies.
    """
    path = folder / (f"{seed}.npz" if heading is None else f"{seed}-{heading}.npz")
    if not path.exists():
        cv2.setNumThreads(1)
        content = None if heading is None else Content.LOADED
        make_cargo_scan(seed, content=content, heading=heading, pitch_mm=pitch_mm).save(path)
    return path


def _draw_scans(recipe: CargoRecipe, folder: Path) -> _Scans:
    """All scans of a recipe."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = recipe.scans
    parts = (wanted.train, wanted.fit, wanted.validation)
    seeds = [seed for part in parts for seed in range(part.first, part.first + part.n)]
    # The Gaussians need every heading; what else is drawn is left to chance.
    headings: list[int | None] = [None] * wanted.train.n
    headings += [i % len(HEADINGS) for i in range(wanted.fit.n)]
    headings += [None] * wanted.validation.n
    draw = partial(draw_cached, folder=folder, pitch_mm=wanted.pitch_mm)
    # Spawned, not forked: a fork of a process with threads may never wake up.
    with (
        ProcessPoolExecutor(max(recipe.fit.workers, 1), mp_context=get_context("spawn")) as pool,
        Progress(transient=True) as progress,
    ):
        drawn = pool.map(draw, seeds, headings, chunksize=8)
        paths = list(progress.track(drawn, total=len(seeds), description="scans"))
    scans = [CargoScan.load(path) for path in paths]
    n_learned = wanted.train.n + wanted.fit.n
    return _Scans(
        train=scans[: wanted.train.n], fit=scans[wanted.train.n : n_learned], validation=scans[n_learned:]
    )


class _Run:
    """The state of one training run: what a checkpoint holds."""

    def __init__(self, recipe: CargoRecipe, out_dir: Path) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.out_dir = out_dir
        self.step = 0
        self.network = CargoNetwork(n_headings=len(HEADINGS))
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.optimizers = Optimizers(self.network, recipe.fit)
        path = out_dir / _CHECKPOINT
        if path.exists():
            self._load(path)

    def go(self, scans: Sequence[CargoScan]) -> None:
        """Learn until the recipe's last step."""
        self.network.train()
        fit, losses = self.recipe.fit, []
        with Progress() as progress:
            task = progress.add_task("training", total=fit.steps, completed=self.step)
            while self.step < fit.steps:
                losses.append(self._update(*make_batch(scans, self.step, self.recipe)))
                progress.update(task, completed=self.step)
                if self.step % fit.checkpoint_every == 0 or self.step == fit.steps:
                    self._log(np.mean(losses, axis=0))
                    self._save()
                    losses = []

    def averaged(self) -> CargoNetwork:
        """The network with the average of its weights, to be used and not learned further."""
        network = CargoNetwork(n_headings=len(HEADINGS))
        network.load_state_dict(self.average)
        return network.eval()

    def _update(self, views: Tensor, columns: Tensor) -> list[float]:
        fit = self.recipe.fit
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fit.bfloat16):
            parts = cargo_loss(self.network, views, columns, contrast=fit.contrast)
        self.network.zero_grad(set_to_none=True)
        torch.autograd.backward(parts.sum())
        nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self.optimizers.step(rate_share(fit, self.step))
        self.step += 1
        follow = 1 - keep_share(fit, self.step)
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, follow)
            else:
                self.average[name].copy_(value)
        return parts.detach().tolist()

    def _log(self, parts: NDArray[np.float64]) -> None:
        """One row per checkpoint: the step, and the mean of each part of the loss since the one before."""
        path = self.out_dir / "log.csv"
        is_new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(("step", *_PARTS))
            writer.writerow((self.step, *(f"{value:.4f}" for value in parts)))

    def _save(self) -> None:
        state = {
            "recipe": self.recipe.digest,
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average,
            "optimizers": self.optimizers.state_dict(),
        }
        write_state(state, self.out_dir / _CHECKPOINT)

    def _load(self, path: Path) -> None:
        state = read_state(path, recipe=self.recipe.digest)
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self.optimizers.load_state_dict(state["optimizers"])


def make_batch(scans: Sequence[CargoScan], step: int, recipe: CargoRecipe) -> tuple[Tensor, Tensor]:
    """What one step learns from: views ``(N, 2, h, w)`` and columns ``(N, w / 8)``, augmented.

    Every scan is shown once an epoch; the rest that fills no batch is left out.
    """
    size = min(recipe.fit.batch, len(scans))
    per_epoch = len(scans) // size
    order = np.random.default_rng([recipe.seed, _ORDER, step // per_epoch]).permutation(len(scans))
    first = step % per_epoch * size
    rng = np.random.default_rng([recipe.seed, _VARIETY, step])
    picked = [augment(scans[int(i)], rng, recipe) for i in order[first : first + size]]
    height = max(view.shape[1] for view, _ in picked)
    width = max(view.shape[2] for view, _ in picked)
    views = np.zeros((size, 2, height, width), dtype=np.float32)
    columns = np.full((size, width // COLUMN_CELLS), EMPTY, dtype=np.int64)
    for i, (view, known) in enumerate(picked):
        views[i, :, height - view.shape[1] :, : view.shape[2]] = view
        columns[i, : len(known)] = known
    return torch.from_numpy(views), torch.from_numpy(columns)


def augment(
    scan: CargoScan, rng: np.random.Generator, recipe: CargoRecipe
) -> tuple[Float32, NDArray[np.int8]]:
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
