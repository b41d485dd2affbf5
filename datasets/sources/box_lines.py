"""The layout that OPIXray and HiXray share: a text file of boxes per image.

    train/train_image/NAME.jpg
    train/train_annotation/NAME.txt      lines of: image name, class, x1, y1, x2, y2; separated by blanks
    train/train_knife.txt                names without ending; OPIXray; HiXray's README says train_name.txt
    test/…                               the same with test

As the authors' own loader does, a box is cut at the image's edge. One that lies outside altogether stays
as it is, so that the check names it (their loader drops it).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datasets.errors import DatasetUnreadableError
from datasets.images import find_image, measure_image
from datasets.records import Annotation, Problem, ProblemCode, Record, RecordSet, Split
from datasets.sources.source import Classes, categories_from, kinds_from
from datasets.synthetic.visibility import BoxXyxy

_PEEKED_FILES = 20


def has_labels(folder: Path, classes: Classes) -> bool:
    """Whether the first annotation files use one of the labels: layouts alike, classes not."""
    for split in (Split.TRAIN, Split.TEST):
        place = folder / split.value / f"{split.value}_annotation"
        for path, _ in zip(place.glob("*.txt"), range(_PEEKED_FILES), strict=False):
            words = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
            if any(len(line) > 1 and line[1] in classes for line in words):
                return True
    return False


def read_box_lines(
    folder: Path,
    *,
    name: str,
    classes: Classes,
    source: str,
    licence: str,
    extras: Mapping[str, Mapping[str, Any]] | None = None,
) -> RecordSet:
    """Read train and test.

    Args:
        folder: See the module's docstring.
        name: Of the set.
        classes: Its labels; another label is a problem.
        source: For the records.
        licence: For the records.
        extras: Extra attributes by image name.

    Raises:
        DatasetUnreadableError: If there is neither a training nor a test folder.
    """
    records: list[Record] = []
    problems: list[Problem] = []
    for split in (Split.TRAIN, Split.TEST):
        place = folder / split.value
        if not (place / f"{split.value}_annotation").is_dir():
            continue
        for stem in _list_names(place, split):
            try:
                record = _read_record(place, stem, split, classes)
            except FileNotFoundError as error:
                problems.append(
                    Problem(code=ProblemCode.FILE_MISSING, where=f"{split}/{stem}", detail=str(error))
                )
            except (DatasetUnreadableError, ValueError) as error:
                problems.append(
                    Problem(
                        code=ProblemCode.ANNOTATION_UNREADABLE, where=f"{split}/{stem}", detail=str(error)
                    )
                )
            else:
                image, (width_px, height_px), annotations = record
                records.append(
                    Record(
                        id=f"{split}/{stem}",
                        image=(image,),
                        width_px=width_px,
                        height_px=height_px,
                        n_channels=3,
                        annotations=annotations,
                        split=split,
                        source=source,
                        licence=licence,
                        extra=dict((extras or {}).get(stem, {})),
                    )
                )
    if not records and not problems:
        raise DatasetUnreadableError(
            f"{folder} has no boxes in train/train_annotation or test/test_annotation; choose the "
            "folder above train"
        )
    return RecordSet(
        name=name, records=tuple(records), categories=categories_from(classes), problems=tuple(problems)
    )


def read_names(path: Path) -> list[str]:
    """Image names of a list file, without endings."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        line.rsplit(".", 1)[0] if line.lower().endswith((".jpg", ".tiff")) else line for line in lines if line
    ]


def _list_names(place: Path, split: Split) -> list[str]:
    """Of the list file; without one, of the annotation files."""
    for ending in ("knife", "name"):
        path = place / f"{split.value}_{ending}.txt"
        if path.is_file():
            return read_names(path)
    return sorted(path.stem for path in (place / f"{split.value}_annotation").glob("*.txt"))


def _read_record(
    place: Path, stem: str, split: Split, classes: Classes
) -> tuple[Path, tuple[int, int], tuple[Annotation, ...]]:
    image = find_image(place / f"{split.value}_image", stem)
    if image is None:
        raise FileNotFoundError(f"no image {stem} in {place / f'{split.value}_image'}; unpack the images")
    text = (place / f"{split.value}_annotation" / f"{stem}.txt").read_text(encoding="utf-8")
    width_px, height_px, _ = measure_image(image)
    kind_of = kinds_from(classes)
    annotations = []
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) < 6:
            raise ValueError(f"line {line!r} has no image name, class and four numbers; correct it")
        box = tuple(float(word) for word in words[2:6])
        annotations.append(
            Annotation(
                label=words[1],
                kind=kind_of(words[1]),
                box_xyxy=_cut((box[0], box[1], box[2], box[3]), width_px, height_px),
            )
        )
    return image, (width_px, height_px), tuple(annotations)


def _cut(box: BoxXyxy, width_px: int, height_px: int) -> BoxXyxy:
    x0, y0, x1, y1 = box
    cut = (max(x0, 0.0), max(y0, 0.0), min(x1, float(width_px)), min(y1, float(height_px)))
    return cut if cut[2] > cut[0] and cut[3] > cut[1] else box
