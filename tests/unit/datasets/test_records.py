"""The record form and the rules that annotations keep."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import DatasetInvalidError
from datasets.images import read_pixels, to_grey
from datasets.records import Annotation, Category, ProblemCode, Record, RecordSet
from datasets.synthetic.kinds import ThreatKind

GUN = Category(id=1, label="gun", kind=ThreatKind.GUN)
SOUND = Annotation(label="gun", kind=ThreatKind.GUN, box_xyxy=(10, 5, 30, 20))


def _made() -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    return np.full((2, 40, 60), 7, np.uint16)


RECORD = Record(id="1", image=_made, width_px=60, height_px=40, annotations=(SOUND,))


def _codes(*records: Record) -> list[ProblemCode]:
    found = RecordSet(name="set", records=records, categories=(GUN,)).find_problems()
    return [problem.code for problem in found]


def test_find_problems__sound_record_has_none() -> None:
    """A record whose pixels are made needs no file."""
    assert _codes(RECORD) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"box_xyxy": (10, 5, 62, 20)}, ProblemCode.BOX_OUTSIDE_IMAGE),
        ({"box_xyxy": (-2, 5, 30, 20)}, ProblemCode.BOX_OUTSIDE_IMAGE),
        ({"box_xyxy": (10, 5, 30, 41.5)}, ProblemCode.BOX_OUTSIDE_IMAGE),
        ({"box_xyxy": (30, 5, 30, 20)}, ProblemCode.BOX_EMPTY),
        ({"box_xyxy": (30, 20, 10, 5)}, ProblemCode.BOX_EMPTY),
        ({"box_xyxy": (float("nan"), 5, 30, 20)}, ProblemCode.BOX_EMPTY),
        ({"label": "spoon"}, ProblemCode.UNKNOWN_CATEGORY),
        ({"polygons": ((1.0, 2.0, 3.0, 4.0),)}, ProblemCode.POLYGON_INVALID),
        ({"polygons": ((1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),)}, ProblemCode.POLYGON_INVALID),
    ],
)
def test_find_problems__broken_annotation_is_named(change: dict[str, object], code: ProblemCode) -> None:
    """Each rule is found when it is broken, and it alone."""
    annotation = replace(SOUND, **change)  # type: ignore[arg-type]
    assert _codes(replace(RECORD, annotations=(SOUND, annotation))) == [code]


def test_find_problems__last_pixel_may_count_or_not() -> None:
    """Tools differ by one pixel at the edge; that is no mistake."""
    edges = replace(SOUND, box_xyxy=(-1, -1, 61, 41))
    assert _codes(replace(RECORD, annotations=(edges,))) == []


def test_find_problems__duplicate_and_missing_file(tmp_path: Path) -> None:
    """Two records of one id, and a file that is not there."""
    lost = replace(RECORD, id="2", image=(tmp_path / "lost.png",))
    assert _codes(RECORD, RECORD, lost) == [ProblemCode.DUPLICATE_ID, ProblemCode.FILE_MISSING]


def test_require_valid__says_where_and_what_to_do() -> None:
    """The message names record and annotation, and the command that lists them all."""
    broken = replace(RECORD, annotations=(replace(SOUND, box_xyxy=(10, 5, 99, 20)),))
    records = RecordSet(name="set", records=(broken,), categories=(GUN,))
    with pytest.raises(
        DatasetInvalidError, match=r"1 problems.*dataset check.*record 1, annotation 1.*60×40"
    ):
        records.require_valid()
    RecordSet(name="set", records=(RECORD,), categories=(GUN,)).require_valid()


def test_read_pixels__provider_is_asked() -> None:
    """A record without files makes its pixels."""
    assert read_pixels(RECORD).shape == (2, 40, 60)


def test_to_grey__colours_become_one_channel() -> None:
    """White stays white, pure green weighs most, a transmission is left alone."""
    colours = np.zeros((3, 1, 4), np.uint16)
    colours[:, 0, 0] = 65535
    for channel in range(3):
        colours[channel, 0, channel + 1] = 65535
    grey = to_grey(colours)
    assert grey.shape == (1, 1, 4)
    assert grey[0, 0, 0] == 65535
    assert grey[0, 0, 2] > grey[0, 0, 1] > grey[0, 0, 3]
    assert to_grey(_made()).shape == (2, 40, 60)
