"""Hard negatives: harmless places that the detector takes for threats, looked for now and then in a run.

The pool is a list of numbers and scores, so that it fits into a checkpoint; crops.py makes the places again.
Places already in the pool are looked at again and leave it when they have been learned.
"""

from collections.abc import Iterable, Sequence

import torch
from torch.utils.data import DataLoader, Dataset

from models.detection_model import DetectionModel
from training.crops import CropMaker, HardPlace, Stream, collate, draw_size
from training.devices import Process
from training.recipe import MiningRecipe, Recipe

_Looked = tuple[int, list[int], torch.Tensor]


class _Looks(Dataset[_Looked]):
    """Batches of harmless crops: size, numbers, images."""

    def __init__(self, maker: CropMaker, groups: Sequence[tuple[int, list[int]]], step: int) -> None:
        self._maker, self._groups, self._step = maker, groups, step

    def __len__(self) -> int:
        return len(self._groups)

    def __getitem__(self, index: int) -> _Looked:
        size, numbers = self._groups[index]
        batch = collate([self._maker.look(size, number, self._step) for number in numbers])
        return size, numbers, batch.images


def mine(
    model: DetectionModel,
    maker: CropMaker,
    pool: Sequence[HardPlace],
    *,
    recipe: Recipe,
    step: int,
    process: Process,
) -> list[HardPlace]:
    """Look at the pool's places and at new ones, and keep the worst.

    Args:
        model: In evaluation mode, on the process's device; the same in all processes.
        maker: Makes the crops.
        pool: As it was.
        recipe: With a ``mining`` part.
        step: Of the run; no two looks may have the same.
        process: This one; each looks at its part.

    Returns:
        The new pool, hardest first, the same in all processes.
    """
    assert recipe.mining is not None
    groups = [*_old_places(recipe, pool), *_new_places(recipe, recipe.mining, step, process.world)]
    mine_here = groups[process.rank :: process.world]
    loader = DataLoader(
        _Looks(maker, mine_here, step),
        batch_size=None,
        num_workers=recipe.fit.workers,
        multiprocessing_context="spawn" if recipe.fit.workers else None,
    )
    found: list[HardPlace] = []
    with torch.inference_mode():
        for size, numbers, images in loader:
            _, scores = model(images.to(process.device))
            worst = scores.flatten(1).amax(dim=1).cpu().tolist()
            found += [
                HardPlace(size=size, number=number, score=score)
                for number, score in zip(numbers, worst, strict=True)
            ]
    return keep_worst(process.gather(found), recipe)


def keep_worst(found: Iterable[HardPlace], recipe: Recipe) -> list[HardPlace]:
    """The hardest places of each size; a size has room in the pool by its share of the crops."""
    assert recipe.mining is not None
    sizes = recipe.crops.sizes
    crops = [size.share * recipe.crops_per_batch(size) for size in sizes]
    ranked = sorted(found, key=lambda place: (-place.score, place.size, place.number))
    kept: list[HardPlace] = []
    for index, part in enumerate(crops):
        room = max(round(recipe.mining.pool * part / sum(crops)), 1)
        kept += [place for place in ranked if place.size == index][:room]
    return sorted(kept, key=lambda place: (-place.score, place.size, place.number))


def _old_places(recipe: Recipe, pool: Sequence[HardPlace]) -> list[tuple[int, list[int]]]:
    groups: list[tuple[int, list[int]]] = []
    for index, size in enumerate(recipe.crops.sizes):
        numbers = [place.number for place in pool if place.size == index]
        count = recipe.crops_per_batch(size)
        groups += [(index, numbers[i : i + count]) for i in range(0, len(numbers), count)]
    return groups


def _new_places(recipe: Recipe, mining: MiningRecipe, step: int, world: int) -> list[tuple[int, list[int]]]:
    groups: list[tuple[int, list[int]]] = []
    # Numbers of a look begin where those of the look before cannot reach.
    first = step * recipe.fit.batch_px
    for batch in range(mining.batches * world):
        size = draw_size(recipe, Stream.LOOK_SIZE, first + batch)
        count = recipe.crops_per_batch(recipe.crops.sizes[size])
        groups.append((size, list(range(first, first + count))))
        first += count
    return groups
