"""Training crops and the order they come in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from datasets.practice.catalogue import practice_shapes
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.shapes import Shape
from datasets.synthetic.threats_catalogue import shapes_of
from tests.unit.training.recipes import SMALL, TINY, WIDE
from training import crops
from training.crops import (
    Batch,
    BatchDataset,
    CropMaker,
    HardPlace,
    cut_matter,
    spread_threats,
)
from training.scenes import CachedScene
from training.shapes import is_of_benchmark, shapes_of_kind


def _same(a: Batch, b: Batch) -> bool:
    return torch.equal(a.images, b.images) and all(map(torch.equal, a.boxes, b.boxes))


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
    maker = CropMaker(TINY, scenes)
    for index, (size, kinds) in enumerate(((SMALL, {0, 1}), (WIDE, {2}))):
        crops = [maker.draw(np.random.default_rng([index, i]), index, has_threats=True) for i in range(8)]
        boxes = torch.cat([crop.boxes for crop in crops])
        assert len(boxes) >= 4
        assert bool((boxes >= 0).all())
        assert bool((boxes <= torch.tensor([size.width_px, size.height_px] * 2)).all())
        assert bool((boxes[:, 2:] > boxes[:, :2]).all())
        assert {int(k) for crop in crops for k in crop.kinds} <= kinds
        assert all(crop.image.shape == (2, size.height_px, size.width_px) for crop in crops)
        assert all(0 < float(crop.image.min()) <= float(crop.image.max()) <= 1 for crop in crops)


def test_crops__without_threats(scenes: list[CachedScene]) -> None:
    """Nothing is hidden where nothing should be."""
    maker = CropMaker(TINY, scenes)
    crops = [maker.draw(np.random.default_rng(i), 0, has_threats=False) for i in range(10)]
    assert not any(len(crop.kinds) for crop in crops)


def test_spread_threats__evenly_over_a_step() -> None:
    """Of two crops one hides something, not always the first; over many steps the share comes out."""
    pairs = [spread_threats(TINY, step, range(2)) for step in range(40)]
    assert all(sum(pair) == 1 for pair in pairs)
    assert {pair[0] for pair in pairs} == {True, False}
    rare = replace(TINY, crops=replace(TINY.crops, threat_share=0.3))
    singles = [spread_threats(rare, step, range(1))[0] for step in range(400)]
    assert 0.2 < np.mean(singles) < 0.4


def test_crops__labels_are_where_the_threats_are(scenes: list[CachedScene]) -> None:
    """The transmission inside a label is lower than that of the crop without the threat, mirrored or not."""
    plain = replace(
        TINY.crops,
        sizes=(replace(SMALL, max_threats=1),),
        weights={},
        fittings_share=0.0,
        eight_bit_share=0.0,
    )
    maker = CropMaker(replace(TINY, kinds=("dense_block",), crops=plain), scenes)
    darker = []
    for seed in range(12):
        crop = maker.draw(np.random.default_rng(seed), 0, has_threats=True)
        for x0, y0, x1, y1 in crop.boxes.int().tolist():
            darker.append(float(crop.image[0, y0:y1, x0:x1].median()) < float(crop.image[0].median()))
    assert len(darker) >= 6
    assert sum(darker) > 0.9 * len(darker)


def test_training_shapes__held_out_are_never_hidden() -> None:
    """What is evaluated as unseen must be unseen."""
    for practice in (None, ()):
        recipe = replace(TINY, kinds=tuple(ThreatKind), crops=replace(TINY.crops, practice=practice))
        for kind in recipe.kinds:
            shapes = shapes_of_kind(recipe, kind)
            assert shapes
            assert not any(shape.is_held_out for shape in shapes)


@pytest.mark.parametrize("practice", [None, (), ("gun",)])
def test_draw__practice_shapes_of_the_kinds_that_the_recipe_names(
    scenes: list[CachedScene], practice: tuple[str, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default every kind is shown in all shapes; a recipe may keep some to those of the catalogue."""
    offered: dict[str, int] = {}

    def hide(*_: object, kind: ThreatKind, shapes: Sequence[Shape], **__: object) -> None:
        offered[kind.value] = len(shapes)

    monkeypatch.setattr(crops, "hide_in_crop", hide)
    recipe = replace(TINY, crops=replace(TINY.crops, practice=practice))
    maker = CropMaker(recipe, scenes)
    for seed in range(30):
        maker.draw(np.random.default_rng(seed), 0, has_threats=True)
    for kind in (ThreatKind.GUN, ThreatKind.DENSE_BLOCK):
        plain = shapes_of(kind, held_out=False)
        is_practised = practice is None or kind in practice
        assert offered[kind] == len(practice_shapes(kind) if is_practised else plain)
        assert [is_of_benchmark(s) for s in shapes_of_kind(recipe, kind)][: len(plain)] == [True] * len(plain)


def test_hard_planes__number_names_the_place(scenes: list[CachedScene]) -> None:
    """A place is the same whenever it is made; how the scanner shows it changes from look to look."""
    maker = CropMaker(TINY, scenes)
    assert np.array_equal(maker.hard_planes(0, 7), CropMaker(TINY, scenes).hard_planes(0, 7))
    assert not np.array_equal(maker.hard_planes(0, 7), maker.hard_planes(0, 8))
    assert not torch.equal(maker.look(0, 7, 1).image, maker.look(0, 7, 2).image)
    assert not len(maker.look(0, 7, 1).kinds)


def test_draw__comes_back_to_hard_places(scenes: list[CachedScene], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """With a share of 1, crops without threats all show places of the pool, those with threats none."""
    maker = CropMaker(TINY, scenes)
    asked: Counter[int] = Counter()
    real = maker.hard_planes
    monkeypatch.setattr(
        maker, "hard_planes", lambda size, number: asked.update([number]) or real(size, number)
    )
    pool = [HardPlace(size=0, number=n, score=0.5) for n in (3, 4)]
    for i in range(10):
        maker.draw(np.random.default_rng(i), 0, has_threats=True, hard=pool)
    assert not asked
    for i in range(10):
        maker.draw(np.random.default_rng(i), 0, has_threats=False, hard=pool)
    assert set(asked) == {3, 4}
    assert asked.total() == 10


@pytest.mark.parametrize("has_threats", [False, True])
def test_draw__clutter_lies_over_as_many_crops_of_scenes_as_asked_for(
    scenes: list[CachedScene], monkeypatch: pytest.MonkeyPatch, *, has_threats: bool
) -> None:
    """None, some or all; a threat that can no longer be seen is not labelled."""
    drawn: list[int] = []

    def bury(_: np.random.Generator, planes: np.ndarray) -> None:
        drawn.append(1)
        planes += 2000.0

    monkeypatch.setattr(crops, "add_clutter", bury)
    for share, least, most in ((0.0, 0, 0), (0.5, 8, 32), (1.0, 40, 40)):
        maker = CropMaker(replace(TINY, crops=replace(TINY.crops, clutter_share=share)), scenes)
        drawn.clear()
        made = [maker.draw(np.random.default_rng(i), 0, has_threats=has_threats) for i in range(40)]
        assert least <= len(drawn) <= most
        n_labels = sum(len(crop.kinds) for crop in made)
        assert n_labels == 0 if share == 1.0 or not has_threats else n_labels > 0


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
