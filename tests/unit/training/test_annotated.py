"""Crops of annotated scans beside the synthetic ones."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from datasets.coco import write_coco
from datasets.errors import DatasetInvalidError, DatasetUnreadableError
from datasets.records import Record, RecordSet, Split
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic_folder import FolderPlan, make_folder
from tests.unit.training.recipes import TINY, TINY_TOML
from training import annotated, fit
from training.annotated import AnnotatedScan, cut_crop, read_scans
from training.crops import BatchDataset
from training.errors import RecipeError
from training.recipe import CocoRecipe, CropSize, load_recipe
from training.scenes import CachedScene

SIZE = CropSize(height_px=64, width_px=96, share=1.0, max_threats=2)
CROPS = replace(TINY.crops, sizes=(SIZE,), threat_share=1.0, single_energy_share=0.0)
RECIPE = replace(
    TINY, kinds=("gun", "dense_block"), crops=CROPS, mining=None, coco=CocoRecipe(folder="scans", share=0.5)
)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pixels that say where they were; how exposure changes them is tested in test_augment.py."""
    monkeypatch.setattr(annotated, "expose", lambda _, pixels: pixels)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with a dataset of three scans in ``scans``."""
    plan = FolderPlan(first_seed=1_000_000, height_px=160, width_px=400, threat_probability=1.0)
    make_folder(tmp_path / "scans", plan, n_scans=3)
    return tmp_path


def _scan(boxes: list[tuple[float, ...]], *, height: int = 100, width: int = 200) -> AnnotatedScan:
    """A ramp: the pixel at (y, x) is 200 y + x."""
    ramp = (200 * np.arange(height)[:, None] + np.arange(width)).astype(np.uint16)
    record = Record(
        id="r", image=lambda: np.stack([ramp, ramp]), width_px=width, height_px=height, n_channels=2
    )
    return AnnotatedScan(
        record=record,
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        kinds=tuple(range(len(boxes))),
    )


def test_cut_crop__boxes_move_with_the_pixels() -> None:
    """Whatever the crop, a box's corner lies on the pixel that it lay on in the scan, and is inside."""
    scan = _scan([(50, 40, 70, 60)])
    for seed in range(50):
        pixels, boxes, kinds = cut_crop(np.random.default_rng(seed), CROPS, SIZE, scan)
        assert pixels.shape == (2, 64, 96)
        assert kinds == [0]
        x0, y0, x1, y1 = boxes[0]
        assert (x1 - x0, y1 - y0) == (20, 20)
        assert pixels[0, int(y0), int(x0)] == 200 * 40 + 50


def test_cut_crop__half_hidden_is_no_target() -> None:
    """A thing counts when the crop shows at least half of it, and its box ends at the crop's edge."""
    scan = _scan([(0, 0, 10, 10), (80, 0, 110, 40), (90, 20, 100, 30)])
    seen: set[tuple[int, ...]] = set()
    for seed in range(300):
        pixels, boxes, kinds = cut_crop(
            np.random.default_rng(seed), replace(CROPS, threat_share=0), SIZE, scan
        )
        y, x = divmod(int(pixels[0, 0, 0]), 200)
        expected = []
        for kind, (x0, y0, x1, y1) in enumerate(scan.boxes.tolist()):
            columns, rows = min(x1, x + 96) - max(x0, x), min(y1, y + 64) - max(y0, y)
            if min(columns, rows) > 0 and columns * rows >= 0.5 * (x1 - x0) * (y1 - y0):
                expected.append(kind)
        assert kinds == expected
        assert bool((boxes >= 0).all())
        assert bool((boxes <= [96, 64, 96, 64]).all())
        seen.add(tuple(kinds))
    assert seen == {(), (2,), (1, 2), (0, 1, 2)}


def test_cut_crop__small_scan_stands_in_air() -> None:
    """What the scan does not cover is air, and a box larger than the crop is cut to it."""
    pixels, boxes, _ = cut_crop(
        np.random.default_rng(0), CROPS, SIZE, _scan([(1, 2, 30, 20)], height=20, width=30)
    )
    assert bool((pixels[:, 20:] == 65535).all())
    assert bool((pixels[:, :, 30:] == 65535).all())
    assert boxes.tolist() == [[1, 2, 30, 20]]
    _, boxes, kinds = cut_crop(np.random.default_rng(0), CROPS, SIZE, _scan([(0, 30, 200, 70)]))
    assert kinds == []
    assert boxes.shape == (0, 4)


def test_cut_crop__single_energy_share() -> None:
    """A scan of two energies is shown with one as often as the recipe says."""
    pixels, _, _ = cut_crop(
        np.random.default_rng(0), replace(CROPS, single_energy_share=1.0), SIZE, _scan([])
    )
    assert pixels.shape[0] == 1


def test_read_scans__takes_kinds_and_split_of_the_recipe(base: Path) -> None:
    """Only training records; kinds that are not learned are no targets."""
    scans = read_scans(RECIPE, base)
    assert len(scans) == 3
    for scan in scans:
        kinds = [
            a.kind for a in scan.record.annotations if a.kind in (ThreatKind.GUN, ThreatKind.DENSE_BLOCK)
        ]
        assert [RECIPE.kinds[kind] for kind in scan.kinds] == kinds
        assert scan.boxes.shape == (len(kinds), 4)
    assert read_scans(replace(RECIPE, coco=None), base) == []


def _rewrite(base: Path, **changes: object) -> None:
    scans = read_scans(RECIPE, base)
    records = tuple(replace(scan.record, **changes) for scan in scans)  # type: ignore[arg-type]
    categories = make_folder(
        base / "scans", FolderPlan(first_seed=1_000_000, height_px=160, width_px=400, threat_probability=1.0),
        n_scans=3,
    ).categories  # fmt: skip
    write_coco(
        RecordSet(name="x", records=records, categories=categories),
        base / "scans" / "annotations.json",
        image_root=base / "scans" / "images",
    )


@pytest.mark.parametrize("changes", [{"split": Split.TEST}, {"extra": {"unboxed": ["Gun"]}}])
def test_read_scans__nothing_to_train_on_is_refused(base: Path, changes: dict[str, object]) -> None:
    """Test scans and images with things that nobody boxed are not trained on."""
    _rewrite(base, **changes)
    with pytest.raises(RecipeError, match="training split"):
        read_scans(RECIPE, base)


def test_read_scans__faulty_dataset_is_refused(base: Path, tmp_path: Path) -> None:
    """A fault costs minutes before a run, not days after it."""
    _rewrite(base, width_px=20)
    with pytest.raises(DatasetInvalidError, match="outside"):
        read_scans(RECIPE, base)
    with pytest.raises(DatasetUnreadableError):
        read_scans(RECIPE, tmp_path / "elsewhere")


def test_batches__mixture_is_a_function_of_the_step(base: Path, scenes: list[CachedScene]) -> None:
    """Crops of scans come in between those of scenes, the same ones at every visit."""
    scans = read_scans(RECIPE, base)
    batches = BatchDataset(RECIPE, scenes, annotated=scans)
    again = BatchDataset(RECIPE, scenes, annotated=scans)
    alone = BatchDataset(replace(RECIPE, coco=None), scenes)
    taken = [torch.equal(batches[i].images, alone[i].images) for i in range(6)]
    assert all(torch.equal(batches[i].images, again[i].images) for i in range(6))
    assert not all(taken)
    for batch in (batches[i] for i in range(6)):
        assert batch.images.shape[1:] == (2, 64, 96)
        assert all(bool((boxes >= 0).all()) for boxes in batch.boxes)


def test_recipe__share_is_part_of_the_digest() -> None:
    """A checkpoint does not go on with another mixture."""
    assert replace(RECIPE, coco=CocoRecipe(folder="scans", share=0.6)).digest != RECIPE.digest
    assert replace(RECIPE, coco=None).digest != RECIPE.digest


def test_train__with_a_dataset_runs_to_the_end(
    base: Path, scenes: list[CachedScene], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recipe's folder is found beside the recipe, and worker processes can be sent the scans."""
    scans = read_scans(RECIPE, base)
    assert [scan.record for scan in pickle.loads(pickle.dumps(scans))] == [scan.record for scan in scans]
    monkeypatch.setattr(fit, "prepare_scenes", lambda *_, **__: scenes)
    recipe = base / "mixed.toml"
    recipe.write_text(TINY_TOML.replace("steps = 5", "steps = 2") + '[coco]\nfolder = "scans"\nshare = 1.0\n')
    weights = fit.train(recipe, base / "run", device="cpu")
    assert weights is not None
    assert weights.name == "weights.pt"
    recipe.write_text(recipe.read_text().replace('"scans"\nshare = 1.0', '"scans"\nshare = 1.5'))
    with pytest.raises(RecipeError, match="share"):
        load_recipe(recipe)
