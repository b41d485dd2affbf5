"""PIDray: prohibited items in luggage, also deliberately hidden ones.

    annotations/xray_train.json, xray_test_easy.json, xray_test_hard.json, xray_test_hidden.json    COCO
    train/, easy/, hard/, hidden/                                                                   PNG

Size: 47,677 images, every one with a prohibited item; 29,457 for training and 18,220 for testing: *easy*
with one item, *hard* with several, *hidden* with items that somebody hid. Boxes and masks.
Classes (12): see ``CLASSES``. Gun and Knife have counterparts; Scissors is not taken for a blade, and
ammunition (Bullet), tools and the rest have none.
Pictures: pseudo-coloured dual energy of subway, airport and railway luggage; no transmission, no pixel
size.
No container, bag or machine is named, so its own split is kept.
Licence: "ONLY for academic purposes, NOT for commercial purposes"; © Institute of Software, Chinese
Academy of Sciences. Do not train a model that is put to use on it.

Layout: the authors' configuration (bywang2018/security-dataset, configs/) and README. Not verified on the
files: the spelling of the classes in capitals or small letters (either is read) and whether masks are
polygons or run lengths (both are kept).

Citation: B. Wang, L. Zhang, L. Wen, X. Liu, Y. Wu, Towards Real-World Prohibited Item Detection: A
Large-Scale X-ray Benchmark, ICCV 2021, 5412-5421. arXiv:2108.07020.
"""

from pathlib import Path
from typing import Final

from datasets.coco import CocoFile, merge, read_coco
from datasets.errors import DatasetUnreadableError
from datasets.records import RecordSet, Split
from datasets.sources.source import Classes, Source, kinds_from
from datasets.synthetic.kinds import ThreatKind

LICENCE: Final = "PIDray, academic use only"
CLASSES: Final[Classes] = {
    "Baton": None,
    "Pliers": None,
    "Hammer": None,
    "Powerbank": None,
    "Scissors": None,
    "Wrench": None,
    "Gun": ThreatKind.GUN,
    "Bullet": None,
    "Sprayer": None,
    "HandCuffs": None,
    "Knife": ThreatKind.BLADE,
    "Lighter": None,
}
_PARTS: Final = {
    "train": ("xray_train.json", Split.TRAIN),
    "easy": ("xray_test_easy.json", Split.TEST),
    "hard": ("xray_test_hard.json", Split.TEST),
    "hidden": ("xray_test_hidden.json", Split.TEST),
}


def read(folder: Path) -> RecordSet:
    """Read the parts that are there; ``extra["subset"]`` is train, easy, hard or hidden."""
    parts = [
        read_coco(
            CocoFile(
                path=folder / "annotations" / name,
                image_root=folder / part,
                kind_of=kinds_from(CLASSES),
                id_prefix=f"{part}/",
                split=split,
                licence=LICENCE,
                source="PIDray",
                n_channels=3,
                extra={"subset": part},
            ),
            name="pidray",
        )
        for part, (name, split) in _PARTS.items()
        if (folder / "annotations" / name).is_file()
    ]
    if not parts:
        raise DatasetUnreadableError(
            f"{folder} has no annotations/xray_train.json; choose the unpacked folder `pidray`"
        )
    return merge("pidray", parts)


def _matches(folder: Path) -> bool:
    return any((folder / "annotations" / name).is_file() for name, _ in _PARTS.values())


SOURCE = Source(name="pidray", licence=LICENCE, matches=_matches, read=read)
