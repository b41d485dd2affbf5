"""Folders of synthetic scans: complete, repeatable, resumable."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from datasets.check import check_records
from datasets.errors import FolderTakenError
from datasets.images import read_pixels
from datasets.records import Split
from datasets.sources import open_dataset
from datasets.synthetic import make_scan
from datasets.synthetic_folder import FolderPlan, ImageFormat, make_folder, split_of_seed

PLAN = FolderPlan(first_seed=2_000_004, height_px=96, width_px=240, threat_probability=1.0)


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("image_format", "dual_energy"),
    [(ImageFormat.TIFF, True), (ImageFormat.PNG, True), (ImageFormat.TIFF, False), (ImageFormat.PNG, False)],
)
def test_make_folder__holds_the_scans_of_its_seeds(
    tmp_path: Path, image_format: ImageFormat, dual_energy: bool
) -> None:
    """Pixels, boxes and papers on disk are those of make_scan, and the check finds nothing wrong."""
    plan = FolderPlan(
        first_seed=7, height_px=96, width_px=240, threat_probability=1.0, image_format=image_format,
        dual_energy=dual_energy,
    )  # fmt: skip
    make_folder(tmp_path, plan, n_scans=2)
    records = open_dataset(tmp_path)
    assert check_records(records).problems == ()
    for record, seed in zip(records.records, (7, 8), strict=True):
        scan = make_scan(
            seed,
            height_px=96,
            width_px=240,
            threat_probability=1.0,
            dual_energy=dual_energy,
            is_8bit=False,
        )
        assert np.array_equal(read_pixels(record), scan.pixels if dual_energy else scan.pixels[:1])
        assert [(a.label, a.box_xyxy) for a in record.annotations] == list(scan.boxes)
        assert record.container_id == scan.container_no
        assert record.extra["declaration"] == scan.declaration
        assert record.extra["seed"] == seed


def test_make_folder__goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Stopped after two scans, or begun small and enlarged by other processes: the same files to the byte."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    make_folder(whole, PLAN, n_scans=4)

    def stop(n_done: int) -> None:
        if n_done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_folder(parts, PLAN, n_scans=3, on_done=stop)
    assert not (parts / "annotations.json").exists()
    seen: list[int] = []
    make_folder(parts, PLAN, n_scans=4, workers=2, on_done=seen.append)
    assert seen == [2, 3, 4]
    assert _digests(parts) == _digests(whole)


def test_make_folder__a_scan_without_its_facts_is_made_again(tmp_path: Path) -> None:
    """A crash between image and facts leaves no half scan behind."""
    make_folder(tmp_path, PLAN, n_scans=2)
    before = _digests(tmp_path)
    (tmp_path / "scans" / "2000005.json").unlink()
    (tmp_path / "images" / "2000005.tif").write_bytes(b"half")
    make_folder(tmp_path, PLAN, n_scans=1)
    assert len(open_dataset(tmp_path).records) == 1
    make_folder(tmp_path, PLAN, n_scans=2)
    assert _digests(tmp_path) == before


def test_make_folder__fewer_than_there_are_removes_none(tmp_path: Path) -> None:
    """Asking for one scan of a folder of three keeps three in the annotations."""
    make_folder(tmp_path, PLAN, n_scans=3)
    assert len(make_folder(tmp_path, PLAN, n_scans=1).records) == 3


def test_make_folder__another_plan_or_generator_is_refused(tmp_path: Path) -> None:
    """A folder never mixes two kinds of scans."""
    make_folder(tmp_path, PLAN, n_scans=1)
    with pytest.raises(FolderTakenError, match="other values of height_px"):
        make_folder(tmp_path, FolderPlan(first_seed=2_000_004, width_px=240, threat_probability=1), n_scans=1)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"generator": "older"}))
    with pytest.raises(FolderTakenError, match="other values of generator"):
        make_folder(tmp_path, PLAN, n_scans=1)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(FolderTakenError, match="cannot be read"):
        make_folder(tmp_path, PLAN, n_scans=1)


def test_make_folder__foreign_folder_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written into a folder that holds something else."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FolderTakenError, match="not empty"):
        make_folder(tmp_path, PLAN, n_scans=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_split_of_seed__is_the_convention_of_the_readme() -> None:
    """The first million is free, then training, validation and test."""
    found = [split_of_seed(seed) for seed in (0, 999_999, 1_000_000, 1_999_999, 2_000_000, 3_000_000)]
    assert found == [None, None, Split.TRAIN, Split.TRAIN, Split.VAL, Split.TEST]
