"""Looking for hard places."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.detection_model import DetectionModel
from models.loss import Loss
from tests.unit.training.recipes import TINY
from training.crops import CropMaker, HardPlace
from training.devices import Process
from training.mining import keep_worst, mine
from training.scenes import CachedScene

HERE = Process(device=torch.device("cpu"))


class _Brightness(DetectionModel):
    """Scores a crop by its mean transmission, which differs from crop to crop."""

    def loss(
        self,
        images: Tensor,
        boxes: Sequence[Tensor],
        kinds: Sequence[Tensor],
        outlines: Tensor,
    ) -> Loss:
        raise AssertionError("mining looks and does not learn")

    def forward(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        scores = transmission.mean(dim=(1, 2, 3))[:, None, None]
        return torch.zeros(len(scores), 1, 1, 4), scores


def _mine(scenes: list[CachedScene], pool: list[HardPlace], step: int) -> list[HardPlace]:
    maker = CropMaker(TINY, scenes)
    return mine(_Brightness(n_kinds=1), maker, pool, recipe=TINY, step=step, process=HERE)


def test_mine__keeps_the_worst_and_replays(scenes: list[CachedScene]) -> None:
    """The same look finds the same places, hardest first, each scored as the model scores it."""
    pool = _mine(scenes, [], 2)
    assert pool == _mine(scenes, [], 2)
    assert [place.score for place in pool] == sorted((place.score for place in pool), reverse=True)
    image = CropMaker(TINY, scenes).look(pool[0].size, pool[0].number, 2).image
    assert float(image.mean()) == pytest.approx(pool[0].score, abs=1e-6)


def test_mine__looks_at_old_places_again(scenes: list[CachedScene]) -> None:
    """A place keeps no score of long ago, and one that is hard no more has to make room."""
    old = [replace(place, score=2.0) for place in _mine(scenes, [], 2)]
    new = _mine(scenes, old, 4)
    assert all(place.score <= 1 for place in new)
    assert {place.number for place in new} & {place.number for place in old}


def test_mine__processes_share_the_work(scenes: list[CachedScene]) -> None:
    """Two processes look at twice as many batches, none of them twice."""
    seen: list[HardPlace] = []

    class Part(Process):
        def gather(self, items):  # type: ignore[no-untyped-def]
            seen.extend(items)
            return items

    for rank in range(2):
        process = Part(device=HERE.device, rank=rank, world=2)
        mine(_Brightness(n_kinds=1), CropMaker(TINY, scenes), [], recipe=TINY, step=2, process=process)
    numbers = [place.number for place in seen]
    assert len(numbers) == len(set(numbers)) >= 4


def test_keep_worst__room_by_share() -> None:
    """Each size has its own room, by its share of the crops, and the pool is bounded."""
    found = [HardPlace(size=size, number=n, score=n / 100) for size in (0, 1) for n in range(50)]
    kept = keep_worst(found, TINY)
    # Per step two small crops or one wide one: of six places four are small.
    assert [place.number for place in kept if place.size == 0] == [49, 48, 47, 46]
    assert [place.number for place in kept if place.size == 1] == [49, 48]
