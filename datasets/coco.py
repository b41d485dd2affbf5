"""COCO JSON in and out.

Beside the attributes of COCO an image may carry ours: ``channels``, ``low_file_name`` (the low energy, when
it is a file of its own), ``container_id``, ``scanner_id``, ``split``, ``source``, ``record_id``; a category
may carry ``kind``, our finding kind. All are optional. Other attributes of images, annotations and categories
are kept. Writing what was read gives the same document, but for the numbers of annotations.

Source: https://cocodataset.org/#format-data
"""

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from datasets.errors import DatasetUnreadableError, DatasetUnwritableError
from datasets.records import Annotation, Category, Problem, ProblemCode, Record, RecordSet, Split
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.visibility import BoxXyxy

KindOf = Callable[[str], ThreatKind | None]

_MALFORMED: Final = (AttributeError, KeyError, TypeError, ValueError)
_IMAGE_KEYS: Final = {"id", "file_name", "width", "height"}
_SPLIT_NAMES: Final = {**{split.value: split for split in Split}, "valid": Split.VAL, "validation": Split.VAL}


def kind_by_name(label: str) -> ThreatKind | None:
    """The finding kind of that very name."""
    return ThreatKind(label) if label in set(ThreatKind) else None


@dataclass(frozen=True, kw_only=True)
class CocoFile:
    """A COCO file and what is known of it from outside; what an image says of itself comes first."""

    path: Path
    image_root: Path
    kind_of: KindOf = kind_by_name
    id_prefix: str = ""
    split: Split | None = None
    licence: str | None = None
    source: str | None = None
    n_channels: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def read_coco(file: CocoFile, *, name: str) -> RecordSet:
    """Read one COCO file.

    Raises:
        DatasetUnreadableError: If it is missing, not JSON, or lacks a list that COCO needs.
    """
    document = _load(file.path)
    problems: list[Problem] = []
    licences = {
        int(entry["id"]): entry
        for entry in document.get("licenses") or []
        if isinstance(entry, dict) and str(entry.get("id", "")).isdecimal() and "name" in entry
    }
    categories = _read_categories(document["categories"], file, problems)
    annotations = _read_annotations(document["annotations"], categories, problems)
    info = document.get("info") if isinstance(document.get("info"), dict) else {}
    known = {"source": file.source or (info or {}).get("source"), "licence": file.licence}
    records: dict[Any, Record] = {}
    for number, image in enumerate(document["images"], start=1):
        where = f"image entry {number}"
        try:
            record = _read_image(image, file, known, licences, annotations)
            leaving = [name for name in _file_names(image) if _leads_out(name)]
        except _MALFORMED as error:
            problems.append(_unreadable(where, error))
            continue
        if image["id"] in records:
            detail = f"image id {image['id']} is taken; the second image was left out"
            problems.append(Problem(code=ProblemCode.DUPLICATE_ID, where=where, detail=detail))
        elif leaving:
            detail = f"{leaving[0]!r} leads out of the image folder; make it relative to it; left out"
            problems.append(Problem(code=ProblemCode.FILE_OUTSIDE_FOLDER, where=where, detail=detail))
        else:
            records[image["id"]] = record
    for image_id in sorted(annotations.keys() - records.keys(), key=str):
        problems.append(
            Problem(
                code=ProblemCode.UNKNOWN_IMAGE,
                where=f"image {image_id}",
                detail=f"{len(annotations[image_id])} annotations belong to no image; add it or remove them",
            )
        )
    return RecordSet(
        name=name,
        records=tuple(records.values()),
        categories=tuple(categories.values()),
        info=dict(info or {}),
        licences={
            str(entry["name"]): {k: v for k, v in entry.items() if k not in ("id", "name")}
            for entry in licences.values()
        },
        problems=tuple(problems),
    )


def merge(name: str, parts: Sequence[RecordSet]) -> RecordSet:
    """One set of several; labels are united by name."""
    labels = {category.label: category for part in reversed(parts) for category in part.categories}
    ordered = sorted(labels.values(), key=lambda c: (c.id, c.label))
    if len({category.id for category in ordered}) < len(ordered):
        ordered = [
            Category(id=number, label=c.label, kind=c.kind, extra=c.extra)
            for number, c in enumerate(ordered, start=1)
        ]
    return RecordSet(
        name=name,
        records=tuple(record for part in parts for record in part.records),
        categories=tuple(ordered),
        info=parts[0].info if len(parts) == 1 else {},
        licences={key: value for part in reversed(parts) for key, value in part.licences.items()},
        problems=tuple(problem for part in parts for problem in part.problems),
    )


def write_coco(records: RecordSet, path: Path, *, image_root: Path) -> None:
    """Write a set as one COCO file, whole or not at all.

    Args:
        records: Ids that are all decimal become the image ids; others are kept as ``record_id``.
        path: Where to.
        image_root: What the file names are relative to.

    Raises:
        DatasetUnwritableError: If a record has no file under ``image_root`` or a label has no category.
    """
    ids = {category.label: category.id for category in records.categories}
    licence_ids = {name: n for n, name in enumerate(_licence_names(records), start=1)}
    numeric = all(record.id.isdecimal() and str(int(record.id)) == record.id for record in records.records)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, record in enumerate(records.records, start=1):
        image_id = int(record.id) if numeric else number
        image = _write_image(record, image_id, image_root, licence_ids)
        if not numeric:
            image["record_id"] = record.id
        if image.get("source") == records.info.get("source"):
            image.pop("source", None)
        images.append(image)
        for annotation in record.annotations:
            if annotation.label not in ids:
                raise DatasetUnwritableError(
                    f"record {record.id}: label {annotation.label!r} has no category; add one"
                )
            annotations.append(
                _write_annotation(annotation, len(annotations) + 1, image_id, ids[annotation.label])
            )
    document = {
        "info": dict(records.info),
        "licenses": [
            {"id": n, "name": name, **records.licences.get(name, {})} for name, n in licence_ids.items()
        ],
        "images": images,
        "annotations": annotations,
        "categories": [_write_category(category) for category in records.categories],
    }
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    os.replace(part, path)


def _load(path: Path) -> dict[str, Any]:
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DatasetUnreadableError(f"{path} cannot be read as COCO JSON ({error}); correct it") from error
    keys = ("images", "annotations", "categories")
    if not isinstance(document, dict) or not all(isinstance(document.get(key), list) for key in keys):
        raise DatasetUnreadableError(f"{path} is not COCO: it needs the lists {', '.join(keys)}")
    return document


def _read_categories(entries: Sequence[Any], file: CocoFile, problems: list[Problem]) -> dict[Any, Category]:
    categories: dict[Any, Category] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            label, category_id = str(entry["name"]), int(entry["id"])
        except _MALFORMED as error:
            problems.append(_unreadable(f"category entry {number}", error))
            continue
        if category_id in categories:
            problems.append(
                Problem(
                    code=ProblemCode.DUPLICATE_ID,
                    where=f"category entry {number}",
                    detail=f"category id {category_id} is taken; the second was left out",
                )
            )
            continue
        own = kind_by_name(str(entry.get("kind")))
        extra = {k: v for k, v in entry.items() if k not in ("id", "name", *(("kind",) if own else ()))}
        kind = own or file.kind_of(label)
        categories[category_id] = Category(id=category_id, label=label, kind=kind, extra=extra)
    return categories


def _read_annotations(
    entries: Sequence[Any], categories: Mapping[Any, Category], problems: list[Problem]
) -> dict[Any, list[Annotation]]:
    """Annotations by image id."""
    found: dict[Any, list[Annotation]] = {}
    seen: set[Any] = set()
    for number, entry in enumerate(entries, start=1):
        where = f"annotation entry {number}"
        try:
            image_id, category = entry["image_id"], categories.get(entry["category_id"])
            if category is None:
                problems.append(
                    Problem(
                        code=ProblemCode.UNKNOWN_CATEGORY,
                        where=where,
                        detail=f"category {entry['category_id']} is not listed; add it to the categories",
                    )
                )
                continue
            if "id" in entry and entry["id"] in seen:
                problems.append(
                    Problem(
                        code=ProblemCode.DUPLICATE_ID,
                        where=where,
                        detail=f"annotation id {entry['id']} is taken",
                    )
                )
            seen.add(entry.get("id"))
            found.setdefault(image_id, []).append(_read_annotation(entry, category))
        except _MALFORMED as error:
            problems.append(_unreadable(where, error))
    return found


def _read_annotation(entry: Mapping[str, Any], category: Category) -> Annotation:
    x, y, width, height = (float(value) for value in entry["bbox"])
    if not all(math.isfinite(v) for v in (x, y, width, height)):
        raise ValueError(f"bbox {entry['bbox']} is not finite")
    extra = {k: v for k, v in entry.items() if k not in ("id", "image_id", "category_id", "bbox", "area")}
    polygons: tuple[tuple[float, ...], ...] = ()
    if isinstance(extra.get("segmentation"), list):  # a run-length mask stays as it is
        polygons = tuple(tuple(float(v) for v in polygon) for polygon in extra.pop("segmentation"))
    area = float(entry["area"]) if entry.get("area") is not None else None
    if area is not None and not polygons and math.isclose(area, width * height, abs_tol=1e-6):
        area = None  # of the box: nothing that the box does not say
    return Annotation(
        label=category.label,
        kind=category.kind,
        box_xyxy=(x, y, x + width, y + height),
        polygons=polygons,
        mask_area_px=area,
        extra=extra,
    )


def _read_image(
    image: Mapping[str, Any],
    file: CocoFile,
    known: Mapping[str, Any],
    licences: Mapping[int, Mapping[str, Any]],
    annotations: Mapping[Any, Sequence[Annotation]],
) -> Record:
    rest = {**file.extra, **{k: v for k, v in image.items() if k not in _IMAGE_KEYS}}
    rest.pop("low_file_name", None)
    width_px, height_px = int(image["width"]), int(image["height"])
    if width_px < 1 or height_px < 1:
        raise ValueError(f"size {width_px}×{height_px}")
    licence = known["licence"]
    if rest.get("license") in licences:
        licence = str(licences[rest.pop("license")]["name"])
    n_channels = rest.pop("channels") if rest.get("channels") in (1, 2, 3) else file.n_channels
    split = _SPLIT_NAMES[rest.pop("split")] if rest.get("split") in _SPLIT_NAMES else file.split
    return Record(
        id=str(rest.pop("record_id", f"{file.id_prefix}{image['id']}")),
        image=tuple(file.image_root / name for name in _file_names(image)),
        width_px=width_px,
        height_px=height_px,
        n_channels=n_channels,
        annotations=tuple(annotations.get(image["id"], ())),
        container_id=_text(rest.pop("container_id", None)),
        scanner_id=_text(rest.pop("scanner_id", None)),
        split=split,
        source=_text(rest.pop("source", None)) or known["source"],
        licence=licence,
        extra=rest,
    )


def _file_names(image: Mapping[str, Any]) -> list[str]:
    return [str(image["file_name"]), *([str(image["low_file_name"])] if "low_file_name" in image else [])]


def _leads_out(file_name: str) -> bool:
    """A file name from elsewhere must not name files outside the dataset's folder."""
    name = PurePosixPath(file_name.replace("\\", "/"))
    return name.is_absolute() or ".." in name.parts


def _write_image(
    record: Record, image_id: int, image_root: Path, licence_ids: Mapping[str, int]
) -> dict[str, Any]:
    if not record.paths:
        raise DatasetUnwritableError(f"record {record.id} has no image file; save its pixels first")
    names = []
    for path in record.paths:
        if not path.is_relative_to(image_root):
            raise DatasetUnwritableError(
                f"record {record.id}: {path} is not under {image_root}; copy it there"
            )
        names.append(path.relative_to(image_root).as_posix())
    optional = {
        "low_file_name": names[1] if len(names) > 1 else None,
        "license": None if record.licence is None else licence_ids[record.licence],
        "channels": record.n_channels,
        "container_id": record.container_id,
        "scanner_id": record.scanner_id,
        "split": record.split and record.split.value,
        "source": record.source,
    }
    return {
        "id": image_id,
        "file_name": names[0],
        "width": record.width_px,
        "height": record.height_px,
        **record.extra,
        **{key: value for key, value in optional.items() if value is not None},
    }


def _write_annotation(annotation: Annotation, number: int, image_id: int, category_id: int) -> dict[str, Any]:
    bbox = _xywh(annotation.box_xyxy)
    entry: dict[str, Any] = {
        "id": number,
        "image_id": image_id,
        "category_id": category_id,
        "bbox": bbox,
        "area": bbox[2] * bbox[3] if annotation.mask_area_px is None else annotation.mask_area_px,
        "iscrowd": 0,
        **annotation.extra,
    }
    if annotation.polygons:
        entry["segmentation"] = [list(polygon) for polygon in annotation.polygons]
    return entry


def _xywh(box: BoxXyxy) -> list[float]:
    # Rounded so that x + width - x is the width again.
    x0, y0, x1, y1 = box
    return [x0, y0, round(x1 - x0, 6), round(y1 - y0, 6)]


def _write_category(category: Category) -> dict[str, Any]:
    kind = {} if category.kind is None or category.kind == category.label else {"kind": category.kind.value}
    return {"id": category.id, "name": category.label, **category.extra, **kind}


def _licence_names(records: RecordSet) -> list[str]:
    used = dict.fromkeys(record.licence for record in records.records if record.licence is not None)
    return list(dict.fromkeys([*records.licences, *used]))


def _unreadable(where: str, error: Exception) -> Problem:
    return Problem(
        code=ProblemCode.ANNOTATION_UNREADABLE,
        where=where,
        detail=f"{type(error).__name__}: {error}; left out",
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
