"""Threats alone, drawn once, to be put into any crop.

A step costs the same however much its crops hide, and matter adds up: what one threat adds to the beam's
path can be added anywhere, at a fifteenth of the price of hiding it anew. Each time it lies amid other
things, and what lies any way is turned, too. Every shape has as many variants as any other, so that a rare
one is learned as often as one with many brothers. Threats that belong to a place (cars, people, walls) are
not in it. A threat keeps its size in pixels, so that beside things of another pitch it is as if a smaller or
larger model of it lay there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.beam import FanBeam
from datasets.synthetic.hiding import pose, project
from datasets.synthetic.shapes import Place, Shape
from datasets.synthetic_folder import practice_digest
from training.jobs import run_jobs
from training.loads import Float16, Load
from training.recipe import BankRecipe, Recipe, digest_of
from training.scenes import CachedScene
from training.shapes import is_of_benchmark, shapes_of_kind
from training.whole_folder import whole_folder

Rng = np.random.Generator

_BANK: Final = 0xBA2
_MOVABLE: Final = (Place.ANYWHERE, Place.CARGO)
_DEPTH_MM: Final = 1000.0
_FEW: Final = 3
"""Exponent that makes few more likely than many. Where threats are shown in crowds alone they are found in
crowds alone: with any number alike, a quarter fewer were found in whole vehicles (training/LOG.md)."""
_TRIES: Final = 6
_GOODS_G_CM2: Final = 16.0
"""As in ``datasets.synthetic.hiding``: more than a container's walls alone, or its roof. It is private
there, and to open it would change the generator's digest, by which numbers are compared."""
_SHARE_AMID_GOODS: Final = 0.6


@dataclass(frozen=True, kw_only=True)
class _Stock:
    """Variants of one shape on disk, and how often it is taken among those of its kind."""

    folder: Path
    place: Place
    weight: float


class ThreatBank:
    """Draws threats of `prepare_bank` and puts them into crops.

    Args:
        stocks: By kind, index into the recipe's kinds.
        variants: Of each shape.
    """

    def __init__(self, stocks: Mapping[int, Sequence[_Stock]], variants: int) -> None:
        self._stocks, self._variants = stocks, variants

    def add_some(self, rng: Rng, load: Load, *, chances: Sequence[float], most: int) -> Load:
        """Put up to ``most`` threats into a load, fewer where there is no room, often none.

        Args:
            rng: Draws how many, and all else.
            load: With or without threats of its own.
            chances: Of each kind, relatively.
            most: Greatest number.
        """
        mine = sorted(kind for kind in self._stocks if chances[kind] > 0)
        if not mine:
            return load
        patches, corners, kinds = list(load.patches), load.corners.tolist(), list(load.kinds)
        for _ in range(int((most + 1) * rng.random() ** _FEW)):
            kind = mine[_draw(rng, [chances[kind] for kind in mine])]
            stock = self._stocks[kind][_draw(rng, [stock.weight for stock in self._stocks[kind]])]
            patch: Float16 = np.load(stock.folder / f"{int(rng.integers(self._variants))}.npy")
            patch = _turned(rng, patch, any_way=stock.place is Place.ANYWHERE)
            corner = _room_for(rng, load.planes, patch, amid_goods=stock.place is Place.CARGO)
            if corner is not None:
                patches.append(patch)
                corners.append(corner)
                kinds.append(kind)
        return replace(
            load, patches=patches, corners=np.array(corners, dtype=np.int64).reshape(-1, 2), kinds=kinds
        )


def prepare_bank(recipe: Recipe, scenes: Sequence[CachedScene], folder: Path, *, workers: int) -> ThreatBank:
    """Draw the shapes that are missing.

    Several runs may fill one folder at a time: a shape's folder appears whole.

    Args:
        recipe: With a ``bank`` part.
        scenes: Threats are drawn as these scenes' scanners would.
        folder: Of banks of any recipe; each has its own folder there.
        workers: Processes.
    """
    assert recipe.bank is not None
    folder = folder / f"threats-{_digest(recipe, recipe.bank)[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    stocks: dict[int, list[_Stock]] = {}
    jobs: list[tuple[str, int]] = []
    for kind, name in enumerate(recipe.kinds):
        shapes = shapes_of_kind(recipe, name)
        n_own = sum(is_of_benchmark(shape) for shape in shapes)
        for number, shape in enumerate(shapes):
            if shape.place not in _MOVABLE:
                continue
            mine = folder / f"{name}-{number}"
            weight = _weight(recipe.bank, shape, n_own=n_own, n_other=len(shapes) - n_own)
            stocks.setdefault(kind, []).append(_Stock(folder=mine, place=shape.place, weight=weight))
            if not mine.exists():
                jobs.append((name, number))
    beams = [scene.beam for scene in scenes]
    for _ in run_jobs(partial(_Drawer, recipe, beams, folder), jobs, workers=workers, description="threats"):
        pass
    return ThreatBank(stocks, recipe.bank.variants)


def _weight(bank: BankRecipe, shape: Shape, *, n_own: int, n_other: int) -> float:
    """So that the benchmark's shapes together have their share, and all others the rest."""
    if not n_other:
        return 1 / n_own
    return bank.benchmark_share / n_own if is_of_benchmark(shape) else (1 - bank.benchmark_share) / n_other


def _digest(recipe: Recipe, bank: BankRecipe) -> str:
    """Of all that decides what a bank holds."""
    fields = {
        "seed": recipe.seed,
        "kinds": recipe.kinds,
        "practice": sorted(recipe.practised),
        "scenes": asdict(recipe.scenes),
        "variants": bank.variants,
        "code": practice_digest(),
    }
    return digest_of(fields)


class _Drawer:
    """Draws all variants of a shape."""

    def __init__(self, recipe: Recipe, beams: Sequence[FanBeam], folder: Path) -> None:
        self._recipe, self._beams, self._folder = recipe, beams, folder

    def __call__(self, job: tuple[str, int]) -> None:
        name, number = job
        assert self._recipe.bank is not None
        shape = shapes_of_kind(self._recipe, name)[number]
        kind = self._recipe.kinds.index(name)
        with whole_folder(self._folder / f"{name}-{number}") as part:
            for variant in range(self._recipe.bank.variants):
                rng = np.random.default_rng((self._recipe.seed, _BANK, kind, number, variant))
                np.save(part / f"{variant}.npy", draw_threat(rng, shape, self._beams))


def draw_threat(rng: Rng, shape: Shape, beams: Sequence[FanBeam]) -> Float16:
    """A shape alone, as one of the scanners sees it somewhere: areal densities ``(2, h, w)`` in g/cm²."""
    beam = beams[int(rng.integers(len(beams)))]
    at = (
        float(rng.uniform(0, beam.width_mm)),
        float(rng.uniform(0, beam.height_mm)),
        float(rng.uniform(-_DEPTH_MM, _DEPTH_MM)),
    )
    return project(pose(rng, shape.build(rng), shape.place), beam, at).planes.astype(np.float16)


def _draw(rng: Rng, weights: Sequence[float]) -> int:
    shares = np.array(weights)
    return int(rng.choice(len(shares), p=shares / shares.sum()))


def _turned(rng: Rng, patch: Float16, *, any_way: bool) -> Float16:
    """Mirrored left to right or not; what lies any way, upside down or on its side, too."""
    if rng.random() < 0.5:
        patch = patch[:, :, ::-1]
    if any_way and rng.random() < 0.5:
        patch = patch[:, ::-1]
    if any_way and rng.random() < 0.5:
        patch = patch.transpose(0, 2, 1)
    return patch


def _room_for(rng: Rng, planes: NDArray[Any], patch: Float16, *, amid_goods: bool) -> tuple[int, int] | None:
    """Column and row of the patch's corner."""
    height, width = patch.shape[1:]
    columns, rows = planes.shape[2] - width, planes.shape[1] - height
    if columns < 0 or rows < 0 or not patch.size:
        return None
    for _ in range(_TRIES):
        x, y = int(rng.integers(columns + 1)), int(rng.integers(rows + 1))
        if not amid_goods:
            return x, y
        mass = planes[:, y : y + height : 4, x : x + width : 4].sum(axis=0, dtype=np.float32)
        if (mass > _GOODS_G_CM2).mean() > _SHARE_AMID_GOODS:
            return x, y
    return None
