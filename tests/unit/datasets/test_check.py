"""Counts and problems of a dataset, and its contact sheets."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.check import check_records
from datasets.contact_sheet import SheetForm, colour_of, draw_record, spread, to_picture, write_sheets
from datasets.errors import DatasetUnreadableError, DatasetUnwritableError
from datasets.images import read_pixels
from datasets.records import Annotation, Category, ProblemCode, Record, RecordSet, Split
from datasets.synthetic.kinds import ThreatKind

CATEGORIES = (
    Category(id=1, label="gun", kind=ThreatKind.GUN),
    Category(id=2, label="pallet", kind=None),
)
GUN = Annotation(label="gun", kind=ThreatKind.GUN, box_xyxy=(20, 10, 40, 30))
PALLET = Annotation(label="pallet", kind=None, box_xyxy=(0, 0, 5, 5))
FORM = SheetForm(columns=3, rows=2, cell_width_px=120, cell_height_px=60)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 60), 200, np.uint8))
    return Record(
        id="a",
        image=(tmp_path / "a.png",),
        width_px=60,
        height_px=40,
        n_channels=1,
        annotations=(GUN, PALLET),
        container_id="C",
        split=Split.TRAIN,
        licence="CC0",
    )


def _set(*records: Record) -> RecordSet:
    return RecordSet(name="set", records=records, categories=CATEGORIES)


def test_check__counts(record: Record) -> None:
    """Kinds, labels, splits, containers, sizes; the report is one JSON document."""
    other = replace(record, id="b", annotations=(PALLET,), split=None, scanner_id="S", licence=None)
    report = check_records(_set(record, other))
    assert report.problems == ()
    assert (report.n_records, report.n_annotations, report.n_without_kind) == (2, 3, 1)
    assert (report.n_containers, report.n_scanners, report.width_px) == (1, 1, (60, 60))
    assert (report.kinds, report.labels) == ({"gun": 1}, {"pallet": 2, "gun": 1})
    assert (report.splits, report.licences) == ({"none": 1, "train": 1}, {"CC0": 1, "none": 1})
    document = json.loads(json.dumps(report.to_document()))
    assert document["n_records"] == 2


def test_check__compares_images_with_annotations(record: Record, tmp_path: Path) -> None:
    """A resized image, a lost channel, a torn file and a missing file each have their code."""
    (tmp_path / "torn.png").write_bytes((tmp_path / "a.png").read_bytes()[:60])
    records = _set(
        replace(record, id="resized", width_px=120, height_px=80),
        replace(record, id="two energies", n_channels=2),
        replace(record, id="torn", image=(tmp_path / "torn.png",)),
        replace(record, id="lost", image=(tmp_path / "lost.png",)),
    )
    seen: list[int] = []
    found = {p.where: p.code for p in check_records(records, on_done=seen.append).problems}
    assert found == {
        "record resized": ProblemCode.SIZE_DIFFERS,
        "record two energies": ProblemCode.CHANNELS_DIFFER,
        "record torn": ProblemCode.IMAGE_UNREADABLE,
        "record lost": ProblemCode.FILE_MISSING,
    }
    assert seen == [1, 2, 3, 4]
    unopened = check_records(records, open_images=False)
    assert [p.code for p in unopened.problems] == [ProblemCode.FILE_MISSING]


def test_check__empty_dataset_has_no_sizes() -> None:
    """No record is no error."""
    report = check_records(_set())
    assert (report.n_records, report.width_px, report.kinds) == (0, None, {})


def test_draw_record__box_stands_where_it_belongs(record: Record) -> None:
    """Doubled in size, the box's edge has its label's colour, and its middle the image's grey."""
    cell = draw_record(record, replace(FORM, cell_height_px=80))
    assert cell.shape == (80, 120, 3)
    assert tuple(cell[40, 40]) == tuple(cell[40, 79]) == colour_of("gun")
    assert cell[40, 60].tolist() == to_picture(np.full((1, 1, 1), 200 * 257, np.uint16))[0, 0].tolist()


def test_write_sheets__spreads_records_over_several_sheets(record: Record, tmp_path: Path) -> None:
    """Eight records on sheets of six are two files; the second has one row."""
    records = [replace(record, id=f"货{n}") for n in range(100)]
    assert [r.id for r in spread(records, 4)] == ["货0", "货25", "货50", "货75"]
    paths = write_sheets(records, tmp_path / "out" / "sheet.png", n_records=8, form=FORM)
    assert [path.name for path in paths] == ["sheet.png", "sheet-2.png"]
    first, second = (cv2.imread(str(path)) for path in paths)
    assert first is not None
    assert second is not None
    assert first.shape[0] == 2 * second.shape[0]
    assert first.shape[1] == second.shape[1]


def test_write_sheets__unreadable_image_is_a_cell(record: Record, tmp_path: Path) -> None:
    """One lost file does not cost the sheet."""
    lost = replace(record, image=(tmp_path / "lost.png",))
    assert len(write_sheets([lost, record], tmp_path / "sheet.png", n_records=2, form=FORM)) == 1
    assert draw_record(lost, FORM).shape == (60, 120, 3)


def test_write_sheets__refusals(record: Record, tmp_path: Path) -> None:
    """Nothing to show, and a file that is no picture."""
    with pytest.raises(DatasetUnreadableError, match="no record"):
        write_sheets([], tmp_path / "sheet.png", n_records=1)
    with pytest.raises(DatasetUnwritableError, match=r"end it in \.png"):
        write_sheets([record], tmp_path / "sheet.txt", n_records=1)


def test_colours__keep_their_order(record: Record, tmp_path: Path) -> None:
    """Pixels are red, green, blue; pictures blue, green, red."""
    red = np.full((40, 60, 3), (0, 0, 255), np.uint8)
    cv2.imwrite(str(tmp_path / "red.png"), red)
    pixels = read_pixels(replace(record, image=(tmp_path / "red.png",)))
    assert pixels[:, 0, 0].tolist() == [65535, 0, 0]
    assert np.array_equal(to_picture(pixels), red)
