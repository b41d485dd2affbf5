"""One record form for every dataset, and the rules that its annotations keep.

A reader turns a folder into a ``RecordSet``. It never stops at a bad annotation: what cannot become a record
is a ``Problem`` beside the records, what became one and breaks a rule is found by ``find_problems``. Whoever
trains calls ``require_valid`` first.

Boxes are ``xyxy`` in pixels of the record's image: pixel (0, 0) covers 0 to 1, so a box around a whole image
of width W ends at W.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetInvalidError
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.visibility import BoxXyxy

PixelProvider = Callable[[], NDArray[np.uint16]]
"""Makes the pixels when asked: shape ``(C, H, W)``, uint16, 65535 is air."""

EDGE_TOLERANCE_PX: Final = 1.0
"""How far a box may reach over the edge: annotation tools disagree on whether the last pixel is counted."""


class Split(StrEnum):
    """What a record may be used for."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One thing that somebody, or the generator, marked.

    Attributes:
        label: What the dataset calls it.
        kind: Our finding kind; None when the label has no counterpart.
        box_xyxy: In pixels of the image.
        polygons: Outlines, each ``(x0, y0, x1, y1, …)`` in pixels; empty when there is only a box.
        mask_area_px: Area of the mask, or None.
        extra: Other attributes, kept as they are.
    """

    label: str
    kind: ThreatKind | None
    box_xyxy: BoxXyxy
    polygons: tuple[tuple[float, ...], ...] = ()
    mask_area_px: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Record:
    """One image with what is known of it.

    Attributes:
        id: Unique in its dataset.
        image: The image file, or the high-energy and the low-energy file; or what makes the pixels.
        n_channels: 1, 2 (high, low energy) or 3 (a pseudo-coloured export, no transmission); None if the
            dataset does not say.
        container_id: The container, vehicle or bag. Records that share one show the same load.
        scanner_id: The machine.
        split: None: in none, or not yet assigned.
        source: Where it comes from.
        licence: Name of its licence.
        extra: Other attributes, kept as they are.
    """

    id: str
    image: tuple[Path, ...] | PixelProvider
    width_px: int
    height_px: int
    n_channels: int | None = None
    annotations: tuple[Annotation, ...] = ()
    container_id: str | None = None
    scanner_id: str | None = None
    split: Split | None = None
    source: str | None = None
    licence: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The image files; none when the pixels are made."""
        return self.image if isinstance(self.image, tuple) else ()


@dataclass(frozen=True, kw_only=True)
class Category:
    """A label that a dataset uses. ``id`` is its number in COCO files."""

    id: int
    label: str
    kind: ThreatKind | None
    extra: Mapping[str, Any] = field(default_factory=dict)


class ProblemCode(StrEnum):
    """What can be wrong with one record or annotation."""

    DUPLICATE_ID = "duplicate_id"
    UNKNOWN_CATEGORY = "unknown_category"
    UNKNOWN_IMAGE = "unknown_image"
    ANNOTATION_UNREADABLE = "annotation_unreadable"
    BOX_EMPTY = "box_empty"
    BOX_OUTSIDE_IMAGE = "box_outside_image"
    POLYGON_INVALID = "polygon_invalid"
    FILE_MISSING = "file_missing"
    FILE_OUTSIDE_FOLDER = "file_outside_folder"
    IMAGE_UNREADABLE = "image_unreadable"
    SIZE_DIFFERS = "size_differs"
    CHANNELS_DIFFER = "channels_differ"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One broken rule. ``where`` names the record, annotation or file; ``detail`` says what to mend."""

    code: ProblemCode
    where: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class RecordSet:
    """A dataset as read.

    Attributes:
        name: Of the source or folder.
        categories: Every label that may occur, in the dataset's order.
        info: Facts about the whole dataset.
        licences: Name to what else is known of the licence, such as its address.
        problems: What the reader could not turn into records.
    """

    name: str
    records: tuple[Record, ...]
    categories: tuple[Category, ...]
    info: Mapping[str, Any] = field(default_factory=dict)
    licences: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def find_problems(self) -> list[Problem]:
        """The reader's problems and every broken rule, without opening an image."""
        labels = {category.label for category in self.categories}
        found = [*self.problems, *_find_duplicates(self.records)]
        for record in self.records:
            found += _check_files(record)
            for number, annotation in enumerate(record.annotations, start=1):
                found += _check_annotation(annotation, f"record {record.id}, annotation {number}", record)
                if annotation.label not in labels:
                    found.append(
                        Problem(
                            code=ProblemCode.UNKNOWN_CATEGORY,
                            where=f"record {record.id}, annotation {number}",
                            detail=f"label {annotation.label!r} is not among {sorted(labels)}",
                        )
                    )
        return found

    def require_valid(self) -> None:
        """Refuse a dataset that breaks rules.

        Raises:
            DatasetInvalidError: Naming the first ten problems.
        """
        problems = self.find_problems()
        if problems:
            first = "; ".join(f"{p.where}: {p.code}: {p.detail}" for p in problems[:10])
            raise DatasetInvalidError(
                f"{self.name} has {len(problems)} problems; mend or remove these and run "
                f"`shenxiang dataset check` again: {first}"
            )


def _find_duplicates(records: Sequence[Record]) -> list[Problem]:
    counts = Counter(record.id for record in records)
    return [
        Problem(
            code=ProblemCode.DUPLICATE_ID,
            where=f"record {record_id}",
            detail=f"{n} records have this id; give each its own",
        )
        for record_id, n in counts.items()
        if n > 1
    ]


def _check_files(record: Record) -> list[Problem]:
    return [
        Problem(
            code=ProblemCode.FILE_MISSING,
            where=f"record {record.id}",
            detail=f"{path} does not exist; unpack the images or correct the file name",
        )
        for path in record.paths
        if not path.is_file()
    ]


def _check_annotation(annotation: Annotation, where: str, record: Record) -> list[Problem]:
    x0, y0, x1, y1 = annotation.box_xyxy
    found: list[Problem] = []
    # Written so that NaN is empty, too.
    if not (x1 > x0 and y1 > y0):
        found.append(
            Problem(
                code=ProblemCode.BOX_EMPTY,
                where=where,
                detail=f"box {annotation.box_xyxy} has no area (xyxy)",
            )
        )
    right, bottom = record.width_px + EDGE_TOLERANCE_PX, record.height_px + EDGE_TOLERANCE_PX
    if min(x0, y0) < -EDGE_TOLERANCE_PX or x1 > right or y1 > bottom:
        found.append(
            Problem(
                code=ProblemCode.BOX_OUTSIDE_IMAGE,
                where=where,
                detail=f"box {annotation.box_xyxy} reaches outside {record.width_px}×{record.height_px} px",
            )
        )
    if any(len(polygon) < 6 or len(polygon) % 2 for polygon in annotation.polygons):
        found.append(
            Problem(
                code=ProblemCode.POLYGON_INVALID,
                where=where,
                detail="a polygon needs three points or more, as x, y, x, y, …",
            )
        )
    return found
