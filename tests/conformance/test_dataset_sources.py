"""Every reader of a public dataset, on a tiny fake of its layout."""

from pathlib import Path

import pytest

from datasets.errors import DatasetUnreadableError
from datasets.images import measure_image, read_pixels
from datasets.records import ProblemCode, RecordSet, Split
from datasets.sources import SOURCES, open_dataset, recognise, sixray
from datasets.synthetic.kinds import ThreatKind
from tests.data.fake_sources import FAKES, HEIGHT_PX, WIDTH_PX

Labelled = dict[str, list[tuple[str, ThreatKind | None, tuple[float, ...]]]]
GUN, BLADE = ThreatKind.GUN, ThreatKind.BLADE


@pytest.fixture(params=sorted(FAKES))
def fake(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    FAKES[request.param](tmp_path / "fake")
    return request.param, tmp_path / "fake"


def _open(tmp_path: Path, name: str) -> RecordSet:
    FAKES[name](tmp_path / name)
    return open_dataset(tmp_path / name)


def _labelled(records: RecordSet) -> Labelled:
    return {r.id: [(a.label, a.kind, a.box_xyxy) for a in r.annotations] for r in records.records}


def test_sources__each_has_a_fake() -> None:
    """No reader goes untested."""
    assert {source.name for source in SOURCES} == set(FAKES)


def test_recognise__finds_the_reader_by_layout(fake: tuple[str, Path]) -> None:
    """Nobody has to name the source, though several share a layout."""
    assert recognise(fake[1]).name == fake[0]


def test_read__records_are_valid_and_their_sizes_true(fake: tuple[str, Path]) -> None:
    """Nothing is wrong with a sound copy; sizes and channels are those of the files; pixels can be had."""
    records = open_dataset(fake[1], source=fake[0])
    assert records.find_problems() == []
    assert len({record.id for record in records.records}) == len(records.records) > 1
    for record in records.records:
        assert (record.width_px, record.height_px) == (WIDTH_PX, HEIGHT_PX)
        assert measure_image(record.paths[0])[:2] == (WIDTH_PX, HEIGHT_PX)
        pixels = read_pixels(record)
        assert pixels.shape == (record.n_channels or pixels.shape[0], HEIGHT_PX, WIDTH_PX)


def test_read__wrong_folder_says_what_to_choose(fake: tuple[str, Path], tmp_path: Path) -> None:
    """A reader on a folder of another layout refuses it in words, not with a traceback."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetUnreadableError, match=r"choose|unpack"):
        open_dataset(tmp_path / "empty", source=fake[0])


def test_recognise__unknown_layout_lists_the_known(tmp_path: Path) -> None:
    """The message names every reader."""
    with pytest.raises(DatasetUnreadableError, match="pidray, sixray"):
        recognise(tmp_path)
    with pytest.raises(DatasetUnreadableError, match="is no folder"):
        recognise(tmp_path / "nowhere")
    with pytest.raises(DatasetUnreadableError, match="no reader is called"):
        open_dataset(tmp_path, source="cifar")


def test_pidray__parts_masks_and_kinds(tmp_path: Path) -> None:
    """Equal ids of two parts stay apart, polygons and run lengths are kept, the easy part is for testing."""
    records = _open(tmp_path, "pidray")
    assert _labelled(records)["train/1"] == [("Gun", GUN, (5, 6, 25, 16)), ("Baton", None, (1, 1, 9, 4))]
    first = records.records[0]
    assert first.annotations[0].polygons == ((5, 6, 25, 6, 25, 16),)
    assert first.annotations[0].mask_area_px == 100
    assert first.annotations[1].extra["segmentation"] == {"size": [40, 60], "counts": "abc"}
    assert [(r.extra["subset"], r.split) for r in records.records[::2]] == [
        ("train", Split.TRAIN),
        ("easy", Split.TEST),
        ("hidden", Split.TEST),
    ]
    assert records.records[0].licence == "PIDray, academic use only"


def test_sixray__lists_decide_and_boxes_count_from_one(tmp_path: Path) -> None:
    """Images in numbered folders are found; a hammer that no list names still has its box."""
    records = _open(tmp_path, "sixray")
    assert _labelled(records) == {
        "P00001": [("Gun", GUN, (0, 0, 20, 10)), ("Wrench", None, (10, 20, 30, 40))],
        "N0210755": [],
        "P00002": [("Hammer", None, (4, 4, 9, 9))],
    }
    assert [r.split for r in records.records] == [Split.TRAIN, Split.TRAIN, Split.TEST]
    assert records.records[0].extra["image_labels"] == ["Gun", "Wrench"]
    assert len(sixray.read(tmp_path / "sixray", subset="100").records) == 2


def test_sixray__image_with_items_but_no_boxes_is_left_out(tmp_path: Path) -> None:
    """It must not pass for a harmless bag; a listed image that is not there is named, too."""
    FAKES["sixray"](tmp_path)
    (tmp_path / "Annotation" / "P00001.xml").unlink()
    (tmp_path / "JPEGImage" / "P00002.jpg").unlink()
    records = open_dataset(tmp_path)
    assert [record.id for record in records.records] == ["N0210755"]
    assert [(p.where, p.code) for p in records.problems] == [
        ("P00001", ProblemCode.ANNOTATION_UNREADABLE),
        ("P00002", ProblemCode.FILE_MISSING),
    ]


def test_opixray__knives_are_blades_and_boxes_are_cut(tmp_path: Path) -> None:
    """Scissors have no counterpart; a box over the edge is cut; test images have a level of occlusion."""
    records = _open(tmp_path, "opixray")
    assert _labelled(records) == {
        "train/009001": [("Folding_Knife", BLADE, (5, 6, 25, 16)), ("Scissor", None, (0, 30, 10, 40))],
        "train/009002": [],
        "test/009003": [("Multi-tool_Knife", BLADE, (1, 2, 11, 12))],
        "test/009004": [("Utility_Knife", BLADE, (1, 2, 11, 12))],
    }
    assert [r.extra.get("occlusion_level") for r in records.records] == [None, None, 1, 3]


def test_opixray__unknown_class_and_short_line_are_named(tmp_path: Path) -> None:
    """A box that lies outside altogether is named, not dropped."""
    FAKES["opixray"](tmp_path)
    place = tmp_path / "train" / "train_annotation"
    (place / "009001.txt").write_text("009001.jpg Spoon 1 1 5 5\n009001.jpg Scissor 90 5 99 9\n")
    (place / "009002.txt").write_text("009002.jpg Scissor 1\n")
    found = {(p.where, p.code) for p in open_dataset(tmp_path).find_problems()}
    assert found == {
        ("record train/009001, annotation 1", ProblemCode.UNKNOWN_CATEGORY),
        ("record train/009001, annotation 2", ProblemCode.BOX_OUTSIDE_IMAGE),
        ("train/009002", ProblemCode.ANNOTATION_UNREADABLE),
    }


def test_hixray__has_no_threat_of_ours(tmp_path: Path) -> None:
    """All eight labels are known and none becomes a finding kind."""
    records = _open(tmp_path, "hixray")
    assert len(records.categories) == 8
    assert [a[:2] for items in _labelled(records).values() for a in items] == [
        ("Mobile_Phone", None),
        ("Water", None),
        ("Nonmetallic_Lighter", None),
    ]


def test_clcxray__three_parts_with_twelve_labels(tmp_path: Path) -> None:
    """Knives are blades, cans are nothing to us; each part is its split."""
    records = _open(tmp_path, "clcxray")
    assert len(records.categories) == 12
    assert {(r.id, r.split) for r in records.records} == {
        ("train2017/1", Split.TRAIN),
        ("val2017/1", Split.VAL),
        ("test2017/1", Split.TEST),
    }
    assert _labelled(records)["val2017/1"] == [
        ("SwissArmyKnife", BLADE, (5, 6, 25, 16)),
        ("Tin", None, (30, 5, 39, 14)),
    ]


def test_dvxray__two_views_of_one_bag(tmp_path: Path) -> None:
    """Views share their container; an item without a box in a view is listed there; "None" is a clean bag."""
    records = _open(tmp_path, "dvxray")
    labelled = _labelled(records)
    assert [label for label, _, _ in labelled["P00001_OL"]] == ["Gun", "Pressure_vessel"]
    assert labelled["P00001_SD"][:2] == [("Gun", GUN, (40, 20, 50, 30)), ("Razor_blade", BLADE, (1, 2, 8, 5))]
    assert labelled["N00001_OL"] == []
    by_id = {record.id: record for record in records.records}
    assert by_id["P00001_OL"].container_id == by_id["P00001_SD"].container_id == "P00001"
    assert by_id["P00001_OL"].extra == {"view": "OL", "unboxed": ["Razor_blade"]}


def test_voc__edges_splits_and_attributes(tmp_path: Path) -> None:
    """1 to 60 is 0 to 60; a tool's 0 stays 0; the size comes from the image where the XML has none."""
    records = _open(tmp_path, "voc")
    assert _labelled(records) == {
        "a": [("gun", GUN, (0, 0, 60, 40)), ("pallet", None, (10, 10, 20, 20))],
        "b": [("blade", BLADE, (0, 2, 9, 9))],
        "c": [],
    }
    assert [r.split for r in records.records] == [Split.TRAIN, Split.TRAIN, Split.TEST]
    assert records.records[0].annotations[0].extra == {"pose": "Unspecified", "difficult": 0}


@pytest.mark.parametrize(
    "text",
    [
        "<annotation><object><name>gun</name></object></annotation>",
        "<annotation><object><bndbox/></object></annotation>",
        "<annotation>",
        '<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>',
    ],
)
def test_voc__bad_file_is_named_and_the_rest_read(tmp_path: Path, text: str) -> None:
    """One broken XML file costs one record; entities are never expanded."""
    FAKES["voc"](tmp_path)
    (tmp_path / "Annotations" / "a.xml").write_text(text)
    records = open_dataset(tmp_path)
    assert [record.id for record in records.records] == ["b", "c"]
    assert [(p.where, p.code) for p in records.problems] == [("a.xml", ProblemCode.ANNOTATION_UNREADABLE)]


def test_coco_folder__own_attributes_and_two_energies(tmp_path: Path) -> None:
    """High and low energy become two channels; a label that is no kind of ours is kept as a label."""
    records = _open(tmp_path, "coco")
    first, second = records.records
    assert [path.name for path in first.paths] == ["1_high.png", "1_low.png"]
    assert read_pixels(first).shape == (2, HEIGHT_PX, WIDTH_PX)
    assert (first.container_id, first.scanner_id, first.n_channels) == ("CSQU3054383", "YTN-1", 2)
    assert [(a.label, a.kind) for a in first.annotations] == [("gun", GUN), ("container", None)]
    assert (second.licence, second.split, second.extra) == ("CC-BY-4.0", Split.VAL, {"load_state": "loaded"})


def test_coco_folder__exports_with_one_json_per_folder(tmp_path: Path) -> None:
    """The layout of train/_annotations.coco.json is read, and valid means val."""
    FAKES["coco"](tmp_path / "made")
    for part in ("train", "valid"):
        (tmp_path / part).mkdir()
        for image in (tmp_path / "made" / "images").iterdir():
            (tmp_path / part / image.name).write_bytes(image.read_bytes())
        text = (tmp_path / "made" / "annotations.json").read_text().replace('"split": "val", ', "")
        (tmp_path / part / "_annotations.coco.json").write_text(text.replace(', "split": "val"', ""))
    records = open_dataset(tmp_path)
    assert records.find_problems() == []
    assert [(r.id, r.split) for r in records.records] == [
        ("train/1", Split.TRAIN),
        ("train/2", Split.TRAIN),
        ("valid/1", Split.VAL),
        ("valid/2", Split.VAL),
    ]
