"""COCO layouts: ours, that of COCO 2017, and that of exports with one JSON per folder.

    annotations.json, images/…                              ours; what `shenxiang dataset make` writes
    annotations/instances_train2017.json, train2017/…       COCO 2017; also images/train2017/… or images/…
    train/_annotations.coco.json, train/…                   exports; also valid/, test/

A part whose name begins with train, val or test is that split. Kinds: a category's own ``kind``, or its
name when it is one of our kinds.

Source: https://cocodataset.org/#format-data
"""

from pathlib import Path

from datasets.coco import CocoFile, KindOf, kind_by_name, merge, read_coco
from datasets.errors import DatasetUnreadableError
from datasets.records import RecordSet, Split
from datasets.sources.source import Source


def read(folder: Path) -> RecordSet:
    """Read a folder; see the module's docstring."""
    files = list_files(folder)
    if not files:
        raise DatasetUnreadableError(
            f"{folder} has neither annotations.json nor annotations/*.json; choose the folder that has"
        )
    return merge(folder.resolve().name, [read_coco(file, name=folder.name) for file in files])


def list_files(
    folder: Path,
    *,
    kind_of: KindOf = kind_by_name,
    licence: str | None = None,
    source: str | None = None,
    n_channels: int | None = None,
) -> list[CocoFile]:
    """The COCO files of a folder with their image folders; facts apply to all of them."""
    found: list[tuple[str, Path, Path]] = []
    whole = folder / "annotations.json"
    if whole.is_file():
        found.append(("", whole, folder / "images" if (folder / "images").is_dir() else folder))
    else:
        for path in sorted((folder / "annotations").glob("*.json")):
            part = path.stem.removeprefix("instances_")
            found.append((part, path, _image_root(folder, part)))
        for path in sorted(folder.glob("*/_annotations.coco.json")):
            found.append((path.parent.name, path, path.parent))
    return [
        CocoFile(
            path=path,
            image_root=root,
            kind_of=kind_of,
            id_prefix=f"{part}/" if len(found) > 1 else "",
            split=_split_of(part),
            licence=licence,
            source=source,
            n_channels=n_channels,
        )
        for part, path, root in found
    ]


def _image_root(folder: Path, part: str) -> Path:
    for place in (folder / part, folder / "images" / part, folder / "images"):
        if place.is_dir():
            return place
    return folder


def _split_of(part: str) -> Split | None:
    for split in Split:
        if part.startswith(split.value):
            return split
    return None


def _matches(folder: Path) -> bool:
    return bool(list_files(folder))


SOURCE = Source(name="coco", licence=None, matches=_matches, read=read)
