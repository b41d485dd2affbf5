"""HiXray: everyday items that airport inspectors look for.

    train/train_image, train/train_annotation, train/train_name.txt
    test/test_image, test/test_annotation, test/test_name.txt

Size: 45,364 images (36,295 training, 9,069 test) with 102,928 items; JPEG of about 1200 × 900, up to 2000
× 1040.
Classes (8): see ``CLASSES``. **None is a threat of ours**: all images serve as luggage without threats,
or not at all.
Pictures: pseudo-coloured, from real checks at one airport. No bag or machine is named, so its own split
is kept.
Licence: "available only for ACADEMIC PURPOSE", against a signed commitment. Do not train a model that is
put to use on it.

Layout: the authors' loader and README (HiXray-author/HiXray). Copies with train_knife.txt as the list of
names are reported; both are read.

Citation: R. Tao et al., Towards Real-world X-ray Security Inspection: A High-Quality Benchmark and
Lateral Inhibition Module for Prohibited Items Detection, ICCV 2021.
"""

from pathlib import Path
from typing import Final

from datasets.records import RecordSet
from datasets.sources.box_lines import has_labels, read_box_lines
from datasets.sources.source import Classes, Source

LICENCE: Final = "HiXray, academic use only"
CLASSES: Final[Classes] = {
    "Portable_Charger_1": None,
    "Portable_Charger_2": None,
    "Water": None,
    "Laptop": None,
    "Mobile_Phone": None,
    "Tablet": None,
    "Cosmetic": None,
    "Nonmetallic_Lighter": None,
}


def read(folder: Path) -> RecordSet:
    """Read both splits."""
    return read_box_lines(folder, name="hixray", classes=CLASSES, source="HiXray", licence=LICENCE)


def _matches(folder: Path) -> bool:
    return has_labels(folder, CLASSES)


SOURCE = Source(name="hixray", licence=LICENCE, matches=_matches, read=read)
