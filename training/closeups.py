"""Close-ups to learn from: what the first network points at in whole scans, with what it really is.

A pass hides many threats in a cached scene, lets one scanner look, and keeps a close-up of every place that
the first network would hand on, harmless ones included: these are the very places that the second network
will be asked about. A pass is a pure function of the recipe and its number, and one file.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from datasets.synthetic.fittings import add_fittings
from datasets.synthetic.hiding import hide
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.projection import Projection
from models.architectures import build_model
from models.cascade import Cascade, Places, choose_places, look_closely, take_places, wanted_deltas
from models.detector import cell_boxes
from models.loss import LevelOutput
from models.preprocess import to_input
from training.crops import draw_scanner, scan_matter
from training.jobs import run_jobs
from training.recipe import CloseupRecipe, Recipe
from training.scenes import CachedScene
from training.shapes import shapes_of_recipe

Rng = np.random.Generator
Float32 = NDArray[np.float32]

HARMLESS: Final = -1
UNCLEAR: Final = -2
"""Half of a threat: neither an example nor a counter-example."""
IS_THREAT_IOU: Final = 0.4
IS_HARMLESS_IOU: Final = 0.3
_MORE_PER_THREAT: Final = 4
_PASS: Final = 0xC105
_FIRST_BENIGN: Final = 100_000
"""Number of the first pass without threats."""


@dataclass(frozen=True, kw_only=True)
class Closeups:
    """Places of one pass, or of several.

    Attributes:
        pixels: Shape ``(n, V, 2, P, P)``, uint16 transmission; 65535 is air.
        facts: Shape ``(n, K + 3)``, of `models.cascade.Places`.
        kinds: Shape ``(n,)``, index into the recipe's kinds, ``HARMLESS`` or ``UNCLEAR``.
        deltas: Shape ``(n, 4)``, what would move the box to the threat; 0 where there is none.
        threats: Shape ``(n,)``, which of the pass's threats it is, or -1.
    """

    pixels: NDArray[np.uint16]
    facts: Float32
    kinds: NDArray[np.int64]
    deltas: Float32
    threats: NDArray[np.int64]


def make_pass(
    number: int, *, recipe: Recipe, scenes: Sequence[CachedScene], model: Cascade, n_threats: int
) -> Closeups:
    """One pass.

    Args:
        number: Of the pass.
        recipe: Scanners, kinds and seed.
        scenes: To choose from.
        model: Its first network points, on the CPU, in evaluation mode.
        n_threats: How many are tried.
    """
    rng = np.random.default_rng((recipe.seed, _PASS, number))
    pixels, boxes, kinds = draw_scan(rng, recipe, scenes[int(rng.integers(len(scenes)))], n_threats=n_threats)
    image = torch.from_numpy(to_input(pixels))
    with torch.inference_mode():
        levels = model.first.levels(image)
        places = choose_places(levels, model.max_candidates)
        if len(boxes):
            places = _joined(places, _well_placed(levels, boxes))
        seen = look_closely(image, places.boxes)[0]
    return _labelled(places, seen, boxes, kinds)


def draw_scan(
    rng: Rng, recipe: Recipe, scene: CachedScene, *, n_threats: int
) -> tuple[NDArray[np.uint16], Tensor, Tensor]:
    """A scene with threats as one scanner shows it.

    Returns:
        Pixels ``(2, H, W)``, boxes ``(T, 4)`` (xyxy pixels) and kinds ``(T,)``.
    """
    options = recipe.crops
    chain = draw_scanner(rng, options)
    planes = scene.planes().astype(np.float32)
    if rng.random() < options.fittings_share:
        projection = Projection(scene.beam)
        projection.planes = planes
        density = float(rng.uniform(0.1, 1.0))
        add_fittings(projection, rng, (0, 0, scene.beam.width_px, scene.beam.height_px), density=density)
    threats = hide(
        rng,
        planes,
        scene.beam,
        scene.hold,
        chain,
        n_threats=n_threats,
        shapes=shapes_of_recipe(recipe),
        weights={ThreatKind(kind): options.weights.get(kind, 1.0) for kind in recipe.kinds},
    )
    boxes = torch.tensor([t.box_xyxy for t in threats], dtype=torch.float32).reshape(-1, 4)
    kinds = torch.tensor([recipe.kinds.index(t.kind.value) for t in threats], dtype=torch.int64)
    return scan_matter(rng, planes, chain), boxes, kinds


def _well_placed(levels: Sequence[LevelOutput], boxes: Tensor) -> Places:
    """The cells whose boxes fit each threat best, chosen or not: places the first network may yet choose."""
    table = torch.cat([cell_boxes(output) for output in levels], dim=1)
    facts = torch.cat(
        [torch.cat([o.logits, o.quality], dim=1).flatten(2).transpose(1, 2) for o in levels], dim=1
    )
    best, index = pairwise_iou(boxes, table[0]).topk(_MORE_PER_THREAT, dim=1)
    cells = sorted(set(index[best >= IS_THREAT_IOU].tolist()))
    return take_places(table, facts, torch.tensor([cells], dtype=torch.int64))


def _joined(a: Places, b: Places) -> Places:
    return Places(boxes=torch.cat([a.boxes, b.boxes], dim=1), facts=torch.cat([a.facts, b.facts], dim=1))


def _labelled(places: Places, seen: Tensor, boxes: Tensor, kinds: Tensor) -> Closeups:
    found = places.boxes[0]
    labels = torch.full((len(found),), HARMLESS)
    owners = torch.full((len(found),), -1)
    deltas = torch.zeros_like(found)
    if len(boxes):
        iou, owner = pairwise_iou(found, boxes).max(dim=1)
        labels[iou >= IS_HARMLESS_IOU] = UNCLEAR
        is_threat = iou >= IS_THREAT_IOU
        labels[is_threat], owners[is_threat] = kinds[owner[is_threat]], owner[is_threat]
        deltas[is_threat] = wanted_deltas(found[is_threat], boxes[owner[is_threat]])
    kept = labels != UNCLEAR
    return Closeups(
        pixels=(seen[kept] * 65535).round().clamp(1, 65535).numpy().astype(np.uint16),
        facts=places.facts[0][kept].numpy(),
        kinds=labels[kept].numpy(),
        deltas=deltas[kept].numpy(),
        threats=owners[kept].numpy(),
    )


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """Overlaps of boxes ``(n, 4)`` and ``(m, 4)``: ``(n, m)``."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    inter = (high - low).clamp(min=0).prod(dim=2)
    area_a, area_b = ((box[:, 2:] - box[:, :2]).prod(dim=1) for box in (a, b))
    return inter / (area_a[:, None] + area_b[None] - inter).clamp(min=1e-9)


def prepare_closeups(
    recipe: Recipe, scenes: Sequence[CachedScene], first: Path, folder: Path, *, workers: int
) -> None:
    """Make the passes that are missing.

    Args:
        recipe: Of a cascade.
        scenes: All of its scenes.
        first: Weights of the first network; other weights, other close-ups.
        folder: Where to.
        workers: Processes.
    """
    assert recipe.closeups is not None
    folder.mkdir(parents=True, exist_ok=True)
    _keep_only_of(folder, hashlib.sha256(first.read_bytes()).hexdigest())
    files = [*loaded_files(folder, recipe.closeups), *benign_files(folder, recipe.closeups)]
    missing = [path for path in files if not path.exists()]
    open_maker = partial(_Maker, recipe, scenes, first)
    for _ in run_jobs(open_maker, missing, workers=workers, description="close-ups"):
        pass


def loaded_files(folder: Path, recipe: CloseupRecipe) -> list[Path]:
    """Of the passes with threats, made or not."""
    return [folder / f"{number}.npz" for number in range(recipe.passes)]


def benign_files(folder: Path, recipe: CloseupRecipe) -> list[Path]:
    """Of the passes without threats, made or not."""
    return [folder / f"benign-{number}.npz" for number in range(recipe.benign_passes)]


def _keep_only_of(folder: Path, first: str) -> None:
    """Close-ups of another first network are of no use."""
    note = folder / "first.sha256"
    if not note.exists() or note.read_text() != first:
        for path in folder.glob("*.npz"):
            path.unlink()
        note.write_text(first)


class _Maker:
    """Makes passes in one process."""

    def __init__(self, recipe: Recipe, scenes: Sequence[CachedScene], first: Path) -> None:
        self._recipe, self._scenes = recipe, scenes
        model = build_model(recipe.architecture, n_kinds=len(recipe.kinds)).eval()
        assert isinstance(model, Cascade)
        self._model = model
        self._model.first.load_state_dict(torch.load(first, map_location="cpu", weights_only=True))

    def __call__(self, path: Path) -> None:
        assert self._recipe.closeups is not None
        kind, _, number = path.stem.rpartition("-")
        closeups = make_pass(
            int(number) + (_FIRST_BENIGN if kind else 0),
            recipe=self._recipe,
            scenes=self._scenes,
            model=self._model,
            n_threats=0 if kind else self._recipe.closeups.n_threats,
        )
        write_closeups(path, closeups)


def write_closeups(path: Path, closeups: Closeups) -> None:
    """Whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(file, **vars(closeups))
    part.replace(path)


def read_closeups(path: Path) -> Closeups:
    with np.load(path, allow_pickle=False) as file:
        return Closeups(**{name: file[name] for name in Closeups.__dataclass_fields__})
