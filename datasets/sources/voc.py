"""PASCAL VOC layout, as many annotation tools write it.

    Annotations/NAME.xml                         boxes, one file per image
    JPEGImages/NAME.jpg                          or images/, or beside the XML files
    ImageSets/Main/{train,val,test}.txt          optional: names per split

Boxes count pixels from 1 and include the last one; here they become edges from 0. ``difficult``,
``truncated``, ``occluded`` and ``pose`` are kept. A label that is one of our kinds becomes it; others
have no counterpart.

Source: M. Everingham et al., The PASCAL Visual Object Classes Challenge, IJCV 88, 303 (2010), and its
development kit's annotation format.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from datasets.coco import KindOf, kind_by_name
from datasets.errors import DatasetUnreadableError
from datasets.images import find_image, measure_image
from datasets.records import Annotation, Problem, ProblemCode, Record, RecordSet, Split
from datasets.sources.source import Source, categories_of

_KEPT = ("pose", "truncated", "difficult", "occluded")


@dataclass(frozen=True, kw_only=True)
class VocFile:
    """What one XML file says; ``size_px`` is (width, height) or None, ``file_name`` a bare name."""

    annotations: tuple[Annotation, ...]
    size_px: tuple[int, int] | None
    file_name: str | None


def read_voc_file(path: Path, *, kind_of: KindOf) -> VocFile:
    """Read one annotation file.

    Raises:
        DatasetUnreadableError: If it is no such XML; one box without numbers is enough.
    """
    try:
        data = path.read_bytes()
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise ValueError("document types and entities are not read")
        root = ElementTree.fromstring(data)  # noqa: S314 - neither entities nor document types get here
        annotations = tuple(_read_object(node, kind_of) for node in root.findall("object"))
        size = _read_size(root)
    except (OSError, ElementTree.ParseError, ValueError, TypeError) as error:
        raise DatasetUnreadableError(f"{path} cannot be read as VOC XML ({error}); correct it") from error
    name = (root.findtext("filename") or "").strip()
    return VocFile(annotations=annotations, size_px=size, file_name=Path(name).name if name else None)


def read(folder: Path) -> RecordSet:
    """Read a folder; see the module's docstring."""
    files = sorted((folder / "Annotations").glob("*.xml"))
    if not files:
        raise DatasetUnreadableError(
            f"{folder} has no Annotations/*.xml; choose the folder above Annotations"
        )
    splits = _read_splits(folder / "ImageSets" / "Main")
    records: list[Record] = []
    problems: list[Problem] = []
    for path in files:
        try:
            records.append(_read_record(path, folder, splits.get(path.stem)))
        except DatasetUnreadableError as error:
            problems.append(
                Problem(code=ProblemCode.ANNOTATION_UNREADABLE, where=path.name, detail=str(error))
            )
        except FileNotFoundError as error:
            problems.append(Problem(code=ProblemCode.FILE_MISSING, where=path.name, detail=str(error)))
    labels = [annotation.label for record in records for annotation in record.annotations]
    return RecordSet(
        name="voc",
        records=tuple(records),
        categories=categories_of(labels, kind_by_name),
        problems=tuple(problems),
    )


def _read_record(path: Path, folder: Path, split: Split | None) -> Record:
    voc = read_voc_file(path, kind_of=kind_by_name)
    image = _find(folder, path.stem, voc.file_name)
    if image is None:
        raise FileNotFoundError(f"no image {path.stem} in {folder / 'JPEGImages'}; unpack the images")
    width_px, height_px = voc.size_px or measure_image(image)[:2]
    return Record(
        id=path.stem,
        image=(image,),
        width_px=width_px,
        height_px=height_px,
        annotations=voc.annotations,
        split=split,
    )


def _find(folder: Path, stem: str, file_name: str | None) -> Path | None:
    for place in (folder / "JPEGImages", folder / "images", folder / "Annotations"):
        image = find_image(place, stem)
        if image is None and file_name and (place / file_name).is_file():
            image = place / file_name
        if image is not None:
            return image
    return None


def _read_splits(folder: Path) -> Mapping[str, Split]:
    splits: dict[str, Split] = {}
    for split in Split:
        path = folder / f"{split.value}.txt"
        if path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            splits |= {line.split()[0]: split for line in lines if line.strip()}
    return splits


def _read_size(root: ElementTree.Element) -> tuple[int, int] | None:
    width, height = root.findtext("size/width"), root.findtext("size/height")
    if not width or not height or int(width) < 1 or int(height) < 1:
        return None  # some tools write 0 when they do not know
    return int(width), int(height)


def _read_object(node: ElementTree.Element, kind_of: KindOf) -> Annotation:
    label = (node.findtext("name") or "").strip()
    if not label:
        raise ValueError("an object has no name")
    x0, y0, x1, y1 = (
        float(node.findtext(f"bndbox/{edge}") or "nan") for edge in ("xmin", "ymin", "xmax", "ymax")
    )
    if not x0 + y0 + x1 + y1 < float("inf"):
        raise ValueError(f"object {label!r} has no box of four numbers")
    extra: dict[str, Any] = {}
    for name in _KEPT:
        text = node.findtext(name)
        if text is not None:
            extra[name] = int(text) if text.strip().isdecimal() else text.strip()
    # A tool that counts from 0 writes 0 at the edge; it must not become -1.
    return Annotation(
        label=label, kind=kind_of(label), box_xyxy=(max(x0 - 1, 0), max(y0 - 1, 0), x1, y1), extra=extra
    )


def _matches(folder: Path) -> bool:
    return any((folder / "Annotations").glob("*.xml"))


SOURCE = Source(name="voc", licence=None, matches=_matches, read=read)
