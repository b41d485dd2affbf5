"""COCO JSON in and out."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from datasets.coco import CocoFile, merge, read_coco, write_coco
from datasets.errors import DatasetUnreadableError, DatasetUnwritableError
from datasets.records import Annotation, Category, ProblemCode, Record, RecordSet, Split
from datasets.synthetic.kinds import ThreatKind

DOCUMENT: dict[str, Any] = {
    "info": {"description": "d", "source": "here"},
    "licenses": [{"id": 3, "name": "CC0", "url": "https://creativecommons.org"}, {"id": 5, "name": "ours"}],
    "images": [
        {
            "id": 7,
            "file_name": "a/high.png",
            "low_file_name": "a/low.png",
            "width": 60,
            "height": 40,
            "license": 5,
            "channels": 2,
            "container_id": "CSQU3054383",
            "scanner_id": "S1",
            "split": "val",
            "source": "elsewhere",
            "load_state": "loaded",
            "deep": {"x": [1, {"y": None}]},
        },
        {"id": 2, "file_name": "b.png", "width": 10, "height": 20, "coco_url": ""},
    ],
    "annotations": [
        {
            "id": 1,
            "image_id": 7,
            "category_id": 4,
            "bbox": [0.1, 0.2, 0.2, 7.07],
            "area": 55.5,
            "iscrowd": 0,
            "segmentation": [[1.5, 2, 3, 4, 5, 6]],
            "score": 0.25,
        },
        {
            "id": 2,
            "image_id": 7,
            "category_id": 9,
            "bbox": [1, 2, 3, 4],
            "area": 5,
            "iscrowd": 1,
            "segmentation": {"counts": [1, 2], "size": [40, 60]},
        },
        {"id": 3, "image_id": 2, "category_id": 9, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0},
    ],
    "categories": [
        {"id": 4, "name": "Folding_Knife", "supercategory": "cutter", "kind": "blade"},
        {"id": 9, "name": "pallet", "kind": "unheard of"},
    ],
}


def _read(folder: Path, document: object) -> RecordSet:
    (folder / "in.json").write_text(json.dumps(document))
    return read_coco(CocoFile(path=folder / "in.json", image_root=folder), name="set")


def _changed(where: str, index: int, **changes: object) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    document[where][index] |= changes
    return document


def test_coco__what_was_read_is_written(tmp_path: Path) -> None:
    """The document comes back whole: ids, licences, masks, boxes to the last digit, unknown attributes."""
    records = _read(tmp_path, DOCUMENT)
    write_coco(records, tmp_path / "out.json", image_root=tmp_path)
    written = json.loads((tmp_path / "out.json").read_text())
    names = {entry["id"]: entry["name"] for entry in written["licenses"]}
    assert names[written["images"][0].pop("license")] == "ours"
    expected = copy.deepcopy(DOCUMENT)
    expected["images"][0].pop("license")
    assert [{k: v for k, v in entry.items() if k != "id"} for entry in written.pop("licenses")] == [
        {k: v for k, v in entry.items() if k != "id"} for entry in expected.pop("licenses")
    ]
    assert written == expected
    again = read_coco(CocoFile(path=tmp_path / "out.json", image_root=tmp_path), name="set")
    assert again == records


def test_read_coco__attributes_become_fields(tmp_path: Path) -> None:
    """Energies, container, scanner, split, licence, source and kind have fields of their own."""
    first, second = _read(tmp_path, DOCUMENT).records
    assert first.paths == (tmp_path / "a/high.png", tmp_path / "a/low.png")
    assert (first.n_channels, first.container_id, first.scanner_id) == (2, "CSQU3054383", "S1")
    assert (first.split, first.licence, first.source) == (Split.VAL, "ours", "elsewhere")
    assert (second.n_channels, second.licence, second.source) == (None, None, "here")
    knife, pallet = first.annotations
    assert (knife.kind, pallet.kind) == (ThreatKind.BLADE, None)
    assert knife.box_xyxy == pytest.approx((0.1, 0.2, 0.3, 7.27))
    assert (knife.mask_area_px, second.annotations[0].mask_area_px) == (55.5, None)


@pytest.mark.parametrize(
    ("document", "code", "n_records"),
    [
        (_changed("images", 1, id=7), ProblemCode.DUPLICATE_ID, 1),
        (_changed("annotations", 1, id=1), ProblemCode.DUPLICATE_ID, 2),
        (_changed("categories", 1, id=4), ProblemCode.DUPLICATE_ID, 2),
        (_changed("annotations", 2, category_id=1), ProblemCode.UNKNOWN_CATEGORY, 2),
        (_changed("annotations", 2, image_id=99), ProblemCode.UNKNOWN_IMAGE, 2),
        (_changed("annotations", 2, bbox=[1, 2, 3]), ProblemCode.ANNOTATION_UNREADABLE, 2),
        (_changed("annotations", 2, bbox=[1, 2, "x", 4]), ProblemCode.ANNOTATION_UNREADABLE, 2),
        (_changed("annotations", 2, bbox=None), ProblemCode.ANNOTATION_UNREADABLE, 2),
        (_changed("images", 1, width=0), ProblemCode.ANNOTATION_UNREADABLE, 1),
        (_changed("images", 1, file_name="../b.png"), ProblemCode.FILE_OUTSIDE_FOLDER, 1),
        (_changed("images", 1, file_name="/etc/passwd"), ProblemCode.FILE_OUTSIDE_FOLDER, 1),
        (_changed("images", 0, low_file_name="..\\b.png"), ProblemCode.FILE_OUTSIDE_FOLDER, 1),
        ({**DOCUMENT, "annotations": ["?"]}, ProblemCode.ANNOTATION_UNREADABLE, 2),
        ({**DOCUMENT, "images": [*DOCUMENT["images"], 5]}, ProblemCode.ANNOTATION_UNREADABLE, 2),
    ],
)
def test_read_coco__bad_entry_is_a_problem(
    tmp_path: Path, document: object, code: ProblemCode, n_records: int
) -> None:
    """One bad entry is named and costs no more than itself."""
    records = _read(tmp_path, document)
    assert code in {problem.code for problem in records.problems}
    assert len(records.records) == n_records


@pytest.mark.parametrize("text", ["", "[]", '{"images": [], "annotations": []}', '{"images": {}}', "\xff"])
def test_read_coco__other_json_is_refused(tmp_path: Path, text: str) -> None:
    """Something else than COCO is refused in words."""
    (tmp_path / "in.json").write_text(text, encoding="latin-1")
    with pytest.raises(DatasetUnreadableError, match="COCO"):
        read_coco(CocoFile(path=tmp_path / "in.json", image_root=tmp_path), name="set")


def _record(record_id: str, image: tuple[Path, ...], label: str = "gun") -> Record:
    gun = Annotation(label=label, kind=ThreatKind.GUN, box_xyxy=(1, 2, 3, 4))
    return Record(id=record_id, image=image, width_px=9, height_px=9, annotations=(gun,))


def test_write_coco__names_as_ids_come_back(tmp_path: Path) -> None:
    """Ids that are no numbers survive, and so do those that only look like numbers."""
    category = Category(id=1, label="gun", kind=ThreatKind.GUN)
    records = RecordSet(
        name="set",
        records=tuple(_record(name, (tmp_path / f"{n}.png",)) for n, name in enumerate(["train/1", "007"])),
        categories=(category,),
    )
    write_coco(records, tmp_path / "out.json", image_root=tmp_path)
    again = read_coco(CocoFile(path=tmp_path / "out.json", image_root=tmp_path), name="set")
    assert [record.id for record in again.records] == ["train/1", "007"]
    assert [record.annotations[0].box_xyxy for record in again.records] == [(1, 2, 3, 4)] * 2


@pytest.mark.parametrize(
    ("image", "label", "message"),
    [
        ((), "gun", "no image file"),
        ((Path("elsewhere/a.png"),), "gun", "not under"),
        ((Path("images/a.png"),), "spoon", "no category"),
    ],
)
def test_write_coco__refuses_what_it_cannot_hold(
    tmp_path: Path, image: tuple[Path, ...], label: str, message: str
) -> None:
    """Nothing is written, not even a part."""
    record = _record("1", tuple(tmp_path / path for path in image), label=label)
    category = Category(id=1, label="gun", kind=ThreatKind.GUN)
    records = RecordSet(name="set", records=(record,), categories=(category,))
    with pytest.raises(DatasetUnwritableError, match=message):
        write_coco(records, tmp_path / "out.json", image_root=tmp_path / "images")
    assert list(tmp_path.iterdir()) == []


def test_merge__labels_unite_and_numbers_stay_unique(tmp_path: Path) -> None:
    """One label of two parts is one category, whatever its number was there."""
    other = copy.deepcopy(DOCUMENT)
    other["categories"] = [{"id": 9, "name": "Folding_Knife", "kind": "blade"}, {"id": 4, "name": "gun"}]
    merged = merge("both", [_read(tmp_path, DOCUMENT), _read(tmp_path, other)])
    assert {c.label for c in merged.categories} == {"Folding_Knife", "pallet", "gun"}
    assert len({c.id for c in merged.categories}) == 3
    assert len(merged.records) == 4
