"""Training crops and the order they come in."""

from collections import Counter
from dataclasses import replace

import numpy as np
import torch

from tests.unit.training.recipes import SMALL, TINY, WIDE
from training.crops import TRAINING_SHAPES, Batch, BatchDataset, CropMaker, HardPlace, cut_matter
from training.recipe import Recipe
from training.scenes import CachedScene


def _same(a: Batch, b: Batch) -> bool:
    return torch.equal(a.images, b.images) and all(map(torch.equal, a.boxes, b.boxes))


def _with_threats(share: float) -> Recipe:
    return replace(TINY, crops=replace(TINY.crops, threat_share=share))


def test_batches__step_decides_everything(scenes: list[CachedScene]) -> None:
    """Step 3 shows the same crops whether the run began there or not; other steps and ranks show others."""
    batches, again = BatchDataset(TINY, scenes), BatchDataset(TINY, scenes)
    assert _same(batches[3], again[3])
    other = next(i for i in range(4, 20) if batches[i].images.shape == batches[3].images.shape)
    assert not torch.equal(batches[3].images, batches[other].images)
    assert not torch.equal(batches[3].images, BatchDataset(TINY, scenes, rank=1)[3].images)


def test_batches__pixels_stay_equal(scenes: list[CachedScene]) -> None:
    """All crops of a step have one of the recipe's sizes, and as many fit as the pixels allow."""
    shapes = {tuple(BatchDataset(TINY, scenes)[i].images.shape) for i in range(12)}
    assert shapes == {(2, 2, 96, 128), (1, 2, 96, 256)}


def test_crops__boxes_lie_inside_and_kinds_fit_the_size(scenes: list[CachedScene]) -> None:
    """A size hides what its weights name, and labels lie within the picture."""
    maker = CropMaker(_with_threats(1.0), scenes)
    for index, (size, kinds) in enumerate(((SMALL, {0, 1}), (WIDE, {2}))):
        crops = [maker.draw(np.random.default_rng([index, i]), index) for i in range(8)]
        boxes = torch.cat([crop.boxes for crop in crops])
        assert len(boxes) >= 4
        assert bool((boxes >= 0).all())
        assert bool((boxes <= torch.tensor([size.width_px, size.height_px] * 2)).all())
        assert bool((boxes[:, 2:] > boxes[:, :2]).all())
        assert {int(k) for crop in crops for k in crop.kinds} <= kinds
        assert all(crop.image.shape == (2, size.height_px, size.width_px) for crop in crops)
        assert all(0 < float(crop.image.min()) <= float(crop.image.max()) <= 1 for crop in crops)


def test_crops__threat_share(scenes: list[CachedScene]) -> None:
    """A share of nothing hides nothing."""
    maker = CropMaker(_with_threats(0.0), scenes)
    assert not any(len(maker.draw(np.random.default_rng(i), 0).kinds) for i in range(10))


def test_crops__labels_are_where_the_threats_are(scenes: list[CachedScene]) -> None:
    """The transmission inside a label is lower than that of the crop without the threat, mirrored or not."""
    plain = replace(
        _with_threats(1.0),
        crops=replace(TINY.crops, threat_share=1.0, fittings_share=0.0, eight_bit_share=0.0),
    )
    maker = CropMaker(replace(plain, kinds=("dense_block",), crops=replace(
        plain.crops, sizes=(replace(SMALL, max_threats=1),), weights={})), scenes)  # fmt: skip
    darker = []
    for seed in range(12):
        crop = maker.draw(np.random.default_rng(seed), 0)
        for x0, y0, x1, y1 in crop.boxes.int().tolist():
            darker.append(float(crop.image[0, y0:y1, x0:x1].median()) < float(crop.image[0].median()))
    assert len(darker) >= 6
    assert sum(darker) > 0.9 * len(darker)


def test_training_shapes__held_out_are_never_hidden() -> None:
    """What is evaluated as unseen must be unseen."""
    assert all(shapes and not any(s.is_held_out for s in shapes) for shapes in TRAINING_SHAPES.values())


def test_hard_matter__number_names_the_place(scenes: list[CachedScene]) -> None:
    """A place is the same whenever it is made; how the scanner shows it changes from look to look."""
    maker = CropMaker(TINY, scenes)
    assert np.array_equal(maker.hard_matter(0, 7).planes, CropMaker(TINY, scenes).hard_matter(0, 7).planes)
    assert not np.array_equal(maker.hard_matter(0, 7).planes, maker.hard_matter(0, 8).planes)
    assert not torch.equal(maker.look(0, 7, 1).image, maker.look(0, 7, 2).image)
    assert not len(maker.look(0, 7, 1).kinds)


def test_draw__comes_back_to_hard_places(scenes: list[CachedScene], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """With a share of 1, crops without threats all show places of the pool, those with threats none."""
    maker = CropMaker(TINY, scenes)
    asked: Counter[int] = Counter()
    real = maker.hard_matter
    monkeypatch.setattr(
        maker, "hard_matter", lambda size, number: asked.update([number]) or real(size, number)
    )
    pool = [HardPlace(size=0, number=n, score=0.5) for n in (3, 4)]
    crops = [maker.draw(np.random.default_rng(i), 0, pool) for i in range(20)]
    without = sum(len(crop.kinds) == 0 for crop in crops)
    assert set(asked) == {3, 4}
    assert 0 < asked.total() <= without < 20


def test_cut_matter__geometry_moves_with_the_window(scenes: list[CachedScene]) -> None:
    """The window's rays are those of the scene: the same row sees the same slope."""
    scene = scenes[0]
    planes = np.asarray(scene.planes(), np.float32)
    matter = cut_matter(np.random.default_rng(0), scene, SMALL)
    rows = (planes[0, :, :, None, None].shape[0] - SMALL.height_px) + 1
    y = round((scene.beam.source_y_mm - matter.beam.source_y_mm) / scene.beam.pitch_mm)
    assert 0 <= y < rows
    assert any(
        np.array_equal(planes[:, y : y + 96, x : x + 128], matter.planes) for x in range(700 - 128 + 1)
    )
