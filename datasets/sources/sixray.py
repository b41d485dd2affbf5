"""SIXray: prohibited items among a million subway bags, almost all of them harmless.

    JPEGImage/P00001.jpg, N0210755.jpg     P: with items, N: without; also in numbered folders, and those may
                                           stand in the dataset's folder itself
    Annotation/P00001.xml                  VOC boxes of the images with items
    ImageSet/10/train.csv, test.csv        also 100/ and 1000/: that many harmless images to one with items.
                                           Columns: name, then a class each, 1 when present and -1 when not

Size: 1,059,231 images, 8,929 of them with items.
Classes (6): see ``CLASSES``. Hammer is rare: the authors' lists of images have no column for it. Gun and
Knife have counterparts; tools and Scissors have none.
Pictures: pseudo-coloured JPEG, several machines, none named, so the lists' split is kept.
Licence: "can only be used for ACADEMIC PURPOSES", no commercial use; © UCAS-PRISDL. Do not
train a model that is put to use on it.

Layout: the authors' loader (MeioJane/CHR: JPEGImage, the CSV form) and download list; the folders 10, 100
and 1000 and the numbered image folders are reported by users. Not verified on the files: whether boxes
count pixels from 0 or 1; read as VOC, from 1. The README says that boxes were added "on the testing
sets"; where an image with items has no box file, that is reported and the image is left out, because it
is not harmless.

Citation: C. Miao et al., SIXray: A Large-scale Security Inspection X-ray Benchmark for Prohibited Item
Discovery in Overlapping Images, CVPR 2019. arXiv:1901.00303.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from datasets.errors import DatasetUnreadableError
from datasets.images import SUFFIXES, measure_image
from datasets.records import Problem, ProblemCode, Record, RecordSet, Split
from datasets.sources.source import Classes, Source, categories_from, kinds_from
from datasets.sources.voc import VocFile, read_voc_file
from datasets.synthetic.kinds import ThreatKind

LICENCE: Final = "SIXray, academic use only"
CLASSES: Final[Classes] = {
    "Gun": ThreatKind.GUN,
    "Knife": ThreatKind.BLADE,
    "Wrench": None,
    "Pliers": None,
    "Scissors": None,
    "Hammer": None,
}


def read(folder: Path, *, subset: str | None = None) -> RecordSet:
    """Read one of the subsets.

    Args:
        folder: See the module's docstring.
        subset: Name of a folder in ``ImageSet``; default ``10``, or the first there is.

    Raises:
        DatasetUnreadableError: If there is no such list of images.
    """
    lists = _find_lists(folder, subset)
    images = _index_images(folder)
    records: list[Record] = []
    problems: list[Problem] = []
    for split, path in lists:
        for name, present in _read_list(path):
            image = images.get(name)
            if image is None:
                problems.append(
                    Problem(
                        code=ProblemCode.FILE_MISSING,
                        where=name,
                        detail=f"{path} names it, but there is no such image; unpack all parts of JPEGImage",
                    )
                )
                continue
            try:
                records.append(_read_record(folder, name, image, split, present))
            except DatasetUnreadableError as error:
                problems.append(
                    Problem(code=ProblemCode.ANNOTATION_UNREADABLE, where=name, detail=str(error))
                )
    return RecordSet(
        name="sixray",
        records=tuple(records),
        categories=categories_from(CLASSES),
        problems=tuple(problems),
    )


def _find_lists(folder: Path, subset: str | None) -> list[tuple[Split, Path]]:
    root = folder / "ImageSet"
    names = sorted(path.parent.name for path in root.glob("*/train.csv"))
    chosen = subset or ("10" if "10" in names else next(iter(names), "10"))
    lists = [
        (split, root / chosen / f"{split.value}.csv")
        for split in (Split.TRAIN, Split.TEST)
        if (root / chosen / f"{split.value}.csv").is_file()
    ]
    if not lists:
        raise DatasetUnreadableError(
            f"{folder} has no ImageSet/{chosen}/train.csv; there are {names}; unpack "
            "ImageSet.zip beside Annotation"
        )
    return lists


def _index_images(folder: Path) -> Mapping[str, Path]:
    """Stem to file, over a million of them: one walk instead of a search for each."""
    root = folder / "JPEGImage"
    places = (
        [root, *root.glob("*/")] if root.is_dir() else [p for p in folder.glob("*/") if p.name.isdecimal()]
    )
    return {
        path.stem: path for place in places for path in place.iterdir() if path.suffix.lower() in SUFFIXES
    }


def _read_list(path: Path) -> Iterator[tuple[str, list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = (row.pop("name") or "").strip()
            yield name, [label for label, value in row.items() if (value or "").strip() in ("1", "1.0")]


def _read_record(folder: Path, name: str, image: Path, split: Split, present: list[str]) -> Record:
    if present or name.startswith("P"):  # the lists have no column for Hammer
        voc = read_voc_file(folder / "Annotation" / f"{name}.xml", kind_of=kinds_from(CLASSES))
    else:
        voc = VocFile(annotations=(), size_px=None, file_name=None)
    width_px, height_px = voc.size_px or measure_image(image)[:2]
    return Record(
        id=name,
        image=(image,),
        width_px=width_px,
        height_px=height_px,
        n_channels=3,
        annotations=voc.annotations,
        split=split,
        source="SIXray",
        licence=LICENCE,
        extra={"image_labels": present},
    )


def _matches(folder: Path) -> bool:
    return (folder / "Annotation").is_dir() and (folder / "ImageSet").is_dir()


SOURCE = Source(name="sixray", licence=LICENCE, matches=_matches, read=read)
