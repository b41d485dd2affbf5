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
from training.annotated import AnnotatedScan, cut_crop, read_scans
from training.crops import CropDataset
from training.errors import RecipeError
from training.fit import train
from training.recipe import CocoRecipe, CropRecipe, FitRecipe, Recipe, SceneRecipe, load_recipe
from training.scenes import prepare_scenes

CROPS = CropRecipe(
    height_px=64, width_px=96, threat_share=1.0, max_threats=2, single_energy_share=0.0, fittings_share=0.5
)
RECIPE = Recipe(
    name="tiny",
    version="0",
    seed=5,
    kinds=("gun", "dense_block"),
    scenes=SceneRecipe(n_scenes=1, first_seed=10, height_px=200, width_px=480),
    crops=CROPS,
    fit=FitRecipe(
        steps=2, batch=2, learning_rate=1e-3, weight_decay=0.01, warmup_steps=1, ema_decay=0.9,
        checkpoint_every=1, threads=1, workers=0,
    ),
    coco=CocoRecipe(folder="scans", share=0.5),
)  # fmt: skip


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
        pixels, boxes, kinds = cut_crop(np.random.default_rng(seed), CROPS, scan)
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
        pixels, boxes, kinds = cut_crop(np.random.default_rng(seed), replace(CROPS, threat_share=0), scan)
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
    pixels, boxes, _ = cut_crop(np.random.default_rng(0), CROPS, _scan([(1, 2, 30, 20)], height=20, width=30))
    assert bool((pixels[:, 20:] == 65535).all())
    assert bool((pixels[:, :, 30:] == 65535).all())
    assert boxes.tolist() == [[1, 2, 30, 20]]
    _, boxes, kinds = cut_crop(np.random.default_rng(0), CROPS, _scan([(0, 30, 200, 70)]))
    assert kinds == []
    assert boxes.shape == (0, 4)


def test_cut_crop__single_energy_share() -> None:
    """A scan of two energies is shown with one as often as the recipe says."""
    pixels, _, _ = cut_crop(np.random.default_rng(0), replace(CROPS, single_energy_share=1.0), _scan([]))
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


def test_crops__mixture_is_a_function_of_the_number(base: Path) -> None:
    """With half of the crops from the dataset, crop n is still crop n; without it nothing has changed."""
    scenes = prepare_scenes(RECIPE.scenes, base / "scenes", workers=1)
    annotated = read_scans(RECIPE, base)
    crops = CropDataset(RECIPE, scenes, first=0, count=12, annotated=annotated)
    later = CropDataset(RECIPE, scenes, first=7, count=1, annotated=annotated)
    assert torch.equal(crops[7].image, later[0].image)
    assert torch.equal(crops[7].boxes, later[0].boxes)
    for crop in (crops[i] for i in range(12)):
        assert crop.image.shape == (2, 64, 96)
        assert len(crop.boxes) == len(crop.kinds)
        assert bool((crop.boxes >= 0).all())
    alone = CropDataset(replace(RECIPE, coco=None), scenes, first=0, count=12)
    taken = [not torch.equal(crops[i].image, alone[i].image) for i in range(12)]
    assert any(taken)


def test_recipe__digest_of_old_recipes_stays() -> None:
    """A checkpoint of a recipe without a dataset can still be resumed; a share is part of the digest."""
    default = load_recipe(Path(__file__).parents[3] / "training" / "recipes" / "default.toml")
    assert default.coco is None
    assert default.digest == "6d5051642cca1917ffa74368f9aaca6f5383d5daeb4ec00cc9df0190c64486da"
    assert replace(RECIPE, coco=CocoRecipe(folder="scans", share=0.6)).digest != RECIPE.digest


def test_train__with_a_dataset_runs_to_the_end(base: Path) -> None:
    """The recipe's folder is found beside the recipe, and worker processes can be sent the scans."""
    scans = read_scans(RECIPE, base)
    assert [scan.record for scan in pickle.loads(pickle.dumps(scans))] == [scan.record for scan in scans]
    recipe = base / "mixed.toml"
    recipe.write_text(
        'name = "tiny"\nversion = "0"\nseed = 5\nkinds = ["gun"]\n'
        '[coco]\nfolder = "scans"\nshare = 1.0\n'
        "[scenes]\nn_scenes = 1\nfirst_seed = 10\nheight_px = 200\nwidth_px = 480\n"
        "[crops]\nheight_px = 64\nwidth_px = 96\nthreat_share = 1.0\nmax_threats = 1\n"
        "single_energy_share = 0.5\nfittings_share = 0.0\n"
        "[fit]\nsteps = 2\nbatch = 2\nlearning_rate = 1e-3\nweight_decay = 0.01\nwarmup_steps = 1\n"
        "ema_decay = 0.9\ncheckpoint_every = 2\nthreads = 1\nworkers = 0\n"
    )
    assert train(recipe, base / "run").name == "weights.pt"
    recipe.write_text(recipe.read_text().replace("share = 1.0\n[scenes]", "share = 1.5\n[scenes]"))
    with pytest.raises(RecipeError, match="share"):
        load_recipe(recipe)
