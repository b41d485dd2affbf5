"""``shenxiang dataset``: make, check, show, as typed; and the folder of real scans where there is one."""

import json
import os
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from app.dataset_cli import dataset_app
from datasets.check import check_records
from datasets.coco import CocoFile, read_coco, write_coco
from datasets.errors import DatasetUnreadableError, FolderTakenError
from datasets.sources import open_dataset
from tests.data.fake_sources import make_pidray

FOLDER = os.environ.get("SHENXIANG_REAL_DATA")
needs_real_data = pytest.mark.skipif(not FOLDER, reason="SHENXIANG_REAL_DATA names no folder of real scans")
SMALL = ["--height", "96", "--width", "240", "--threat-probability", "1", "--workers", "1"]


def _run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(dataset_app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_dataset__make_check_show(tmp_path: Path) -> None:
    """What is made is sound, is counted, and can be looked at; a second call makes nothing new."""
    folder, sheet = tmp_path / "made", tmp_path / "sheet.png"
    assert _run("make", folder, "--scans", "3", *SMALL) == (0, f"{folder / 'annotations.json'}\n")
    stamps = {path: path.stat().st_mtime_ns for path in (folder / "images").iterdir()}
    assert _run("make", folder, "--scans", "3", *SMALL)[0] == 0
    assert {path: path.stat().st_mtime_ns for path in (folder / "images").iterdir()} == stamps
    status, text = _run("check", folder)
    assert status == 0
    assert "3 records" in text
    assert "no problems" in text
    assert _run("show", folder, "--out", sheet, "--columns", "2") == (0, f"{sheet}\n")
    assert cv2.imread(str(sheet)) is not None


def test_dataset_make__formats_and_single_energy(tmp_path: Path) -> None:
    """Options reach the files."""
    folder = tmp_path / "made"
    _run("make", folder, "--scans", "1", "--png", "--single-energy", "--first-seed", "3000000", *SMALL)
    assert [path.name for path in (folder / "images").iterdir()] == ["3000000_high.png"]
    image = json.loads((folder / "annotations.json").read_text())["images"][0]
    assert (image["channels"], image["split"]) == (1, "test")
    with pytest.raises(FolderTakenError):
        _run("make", folder, "--scans", "1", *SMALL)


def test_dataset_check__problems_are_an_exit_status(tmp_path: Path) -> None:
    """Scripts can rely on it: 1 and every problem in JSON, a few of them for people."""
    make_pidray(tmp_path)
    path = tmp_path / "annotations" / "xray_train.json"
    document = json.loads(path.read_text())
    for annotation in document["annotations"]:
        annotation["bbox"] = [50, 30, 40, 40]
    document["annotations"] *= 3
    path.write_text(json.dumps(document))
    status, text = _run("check", tmp_path, "--json")
    report = json.loads(text)
    assert status == 1
    assert sum(p["code"] == "box_outside_image" for p in report["problems"]) == 9
    status, text = _run("check", tmp_path)
    assert status == 1
    assert "box_outside_image: 9" in text
    assert "and 4 more" in text


def test_dataset_show__only_records_of_a_kind(tmp_path: Path) -> None:
    """By finding kind or by the dataset's own label; nothing to show is said."""
    make_pidray(tmp_path / "pidray")
    for kind in ("blade", "Baton"):
        assert _run("show", tmp_path / "pidray", "--out", tmp_path / f"{kind}.png", "--kind", kind)[0] == 0
    with pytest.raises(DatasetUnreadableError, match="no record"):
        _run("show", tmp_path / "pidray", "--out", tmp_path / "x.png", "--kind", "none")


@needs_real_data
def test_real_scans__are_read_checked_and_shown(tmp_path: Path) -> None:
    """Every real image of the sample folder is there and as large as its annotations say."""
    folder = Path(FOLDER or "") / "cargo_ajna_docs"
    report = check_records(open_dataset(folder))
    assert report.problems == ()
    assert (report.n_records, report.labels, report.licences) == (60, {"container": 13}, {"GPL-3.0": 60})
    assert _run("show", folder, "--out", tmp_path / "sheet.png", "--count", "60")[0] == 0
    assert len(list(tmp_path.glob("sheet*.png"))) == 3


@needs_real_data
def test_real_scans__annotations_come_back_unchanged(tmp_path: Path) -> None:
    """Attributes that only this folder has survive reading and writing."""
    folder = Path(FOLDER or "") / "cargo_ajna_docs"
    path = folder / "annotations.json"
    records = read_coco(CocoFile(path=path, image_root=folder / "images"), name="real")
    write_coco(records, tmp_path / "out.json", image_root=folder / "images")
    assert json.loads((tmp_path / "out.json").read_text()) == json.loads(path.read_text())
