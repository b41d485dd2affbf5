"""DvXray: two views of every bag, from above and from the side.

    DvXray_Positive_Samples/P03152.json, P03152_OL.png, P03152_SD.png
    DvXray_Negative_Samples/…                                             or all in one folder

``_OL`` is the view from above, ``_SD`` that from the side. The JSON has ``objects``: the word "None", or
a list of ``label``, ``ol_bb`` and ``sd_bb``; a box is x1, y1, x2, y2, or the word "difficult" where the
annotators saw the item in the other view only.

Size: 16,000 pairs of images.
Classes (15): see ``CLASSES``. Gun has a counterpart; Knife and Razor_blade are blades; Saw_blade and Dart
are taken for none, as their shapes are others.
Pictures: pseudo-coloured. A bag is a container here, so both views stay in one split. The authors give a
script that draws 80 % at random for training, and no fixed split.
Licence: none is stated; ask the authors before any use.

Layout: the authors' script and README (Mbwslib/DvXray); the keys of boxes, the word "difficult" and the
folder names are reported by users. Corners in any order are read.

Citation: Towards Dual-view X-ray Baggage Inspection: A Large-scale Benchmark and Adaptive Hierarchical
Cross Refinement for Prohibited Item Discovery (the README of Mbwslib/DvXray).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from datasets.errors import DatasetUnreadableError
from datasets.images import measure_image
from datasets.records import Annotation, Problem, ProblemCode, Record, RecordSet
from datasets.sources.source import Classes, Source, categories_from, kinds_from
from datasets.synthetic.kinds import ThreatKind

LICENCE: Final = "DvXray, no licence stated"
CLASSES: Final[Classes] = {
    "Gun": ThreatKind.GUN,
    "Knife": ThreatKind.BLADE,
    "Wrench": None,
    "Pliers": None,
    "Scissors": None,
    "Lighter": None,
    "Battery": None,
    "Bat": None,
    "Razor_blade": ThreatKind.BLADE,
    "Saw_blade": None,
    "Fireworks": None,
    "Hammer": None,
    "Screwdriver": None,
    "Dart": None,
    "Pressure_vessel": None,
}
_FOLDERS: Final = ("DvXray_Positive_Samples", "DvXray_Negative_Samples", "DvXray", ".")
_VIEWS: Final = {"OL": "ol_bb", "SD": "sd_bb"}


def read(folder: Path) -> RecordSet:
    """Read both views of every bag.

    ``extra["view"]`` is OL or SD; ``extra["unboxed"]`` lists the labels of items that are in the bag but
    have no box in this view: such a view is not free of them.
    """
    files = [path for name in _FOLDERS for path in sorted((folder / name).glob("*.json")) if _has_views(path)]
    if not files:
        raise DatasetUnreadableError(
            f"{folder} has no NAME.json with NAME_OL.png and NAME_SD.png; choose the folder above "
            "DvXray_Positive_Samples"
        )
    records: list[Record] = []
    problems: list[Problem] = []
    for path in files:
        try:
            objects = _read_objects(path)
            records += [_read_view(path, view, key, objects) for view, key in _VIEWS.items()]
        except (DatasetUnreadableError, ValueError, KeyError, TypeError) as error:
            detail = f"{type(error).__name__}: {error}; left out"
            problems.append(Problem(code=ProblemCode.ANNOTATION_UNREADABLE, where=path.name, detail=detail))
    return RecordSet(
        name="dvxray",
        records=tuple(records),
        categories=categories_from(CLASSES),
        problems=tuple(problems),
    )


def _read_objects(path: Path) -> Sequence[Mapping[str, Any]]:
    objects: Any = json.loads(path.read_text(encoding="utf-8"))["objects"]
    if objects == "None":
        return []
    if not isinstance(objects, list):
        raise ValueError(f"objects is {objects!r}, neither a list nor 'None'")
    return objects


def _read_view(path: Path, view: str, key: str, objects: Sequence[Mapping[str, Any]]) -> Record:
    image = path.with_name(f"{path.stem}_{view}.png")
    width_px, height_px, _ = measure_image(image)
    kind_of = kinds_from(CLASSES)
    annotations: list[Annotation] = []
    unboxed: list[str] = []
    for item in objects:
        label = str(item["label"])
        if item[key] == "difficult":
            unboxed.append(label)
            continue
        xa, ya, xb, yb = (float(value) for value in item[key])
        box = (min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))
        annotations.append(Annotation(label=label, kind=kind_of(label), box_xyxy=box))
    return Record(
        id=f"{path.stem}_{view}",
        image=(image,),
        width_px=width_px,
        height_px=height_px,
        n_channels=3,
        annotations=tuple(annotations),
        container_id=path.stem,
        source="DvXray",
        licence=LICENCE,
        extra={"view": view, "unboxed": unboxed} if unboxed else {"view": view},
    )


def _has_views(path: Path) -> bool:
    return all(path.with_name(f"{path.stem}_{view}.png").is_file() for view in _VIEWS)


def _matches(folder: Path) -> bool:
    return any(_has_views(path) for name in _FOLDERS for path in (folder / name).glob("*.json"))


SOURCE = Source(name="dvxray", licence=LICENCE, matches=_matches, read=read)
