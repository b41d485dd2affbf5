"""CLCXray: cutters and liquid containers, many of them overlapping.

    annotations/instances_train2017.json, instances_val2017.json, instances_test2017.json      COCO
    train2017/, val2017/, test2017/

Size: 9,565 images: 4,543 from a subway, 5,022 of bags packed for the purpose.
Classes (12): see ``CLASSES``. Blade, dagger, knife and Swiss army knife are blades; scissors and the
seven liquid containers have no counterpart.
Pictures: pseudo-coloured. The authors offer 16-bit raw images of a part, in a form that is not described;
not read.
No bag or machine is named, so its own split is kept.
Licence: "can only be used for ACADEMIC PURPOSES", no commercial use; © Visual and Intelligent
Learning Lab, Tongji University. Do not train a model that is put to use on it.

Layout: the authors' README (GreysonPhoenix/CLCXray) says COCO format and no more; names of files and
folders and the spelling of the classes are reported by users. Other COCO 2017 names than these are read
as well.

Citation: C. Zhao, L. Zhu, S. Dou, W. Deng, L. Wang, Detecting Overlapped Objects in X-ray Security
Imagery by a Label-Aware Mechanism, IEEE Transactions on Information Forensics and Security 17 (2022).
"""

import json
from pathlib import Path
from typing import Final

from datasets.coco import merge, read_coco
from datasets.errors import DatasetUnreadableError
from datasets.records import RecordSet
from datasets.sources.coco_folder import list_files
from datasets.sources.source import Classes, Source, kinds_from, normalise
from datasets.synthetic.kinds import ThreatKind

LICENCE: Final = "CLCXray, academic use only"
CLASSES: Final[Classes] = {
    "blade": ThreatKind.BLADE,
    "scissors": None,
    "knife": ThreatKind.BLADE,
    "dagger": ThreatKind.BLADE,
    "SwissArmyKnife": ThreatKind.BLADE,
    "PlasticBottle": None,
    "Cans": None,
    "VacuumCup": None,
    "GlassBottle": None,
    "CartonDrinks": None,
    "Tin": None,
    "SprayCans": None,
}


def read(folder: Path) -> RecordSet:
    """Read the parts that are there."""
    files = list_files(folder, kind_of=kinds_from(CLASSES), licence=LICENCE, source="CLCXray", n_channels=3)
    if not files:
        raise DatasetUnreadableError(
            f"{folder} has no annotations/instances_train2017.json; choose the folder above annotations"
        )
    return merge("clcxray", [read_coco(file, name="clcxray") for file in files])


def _matches(folder: Path) -> bool:
    """By its classes: the layout alone is that of any COCO 2017 folder."""
    for path in sorted((folder / "annotations").glob("instances_*.json")):
        try:
            labels = {
                normalise(str(c["name"])) for c in json.loads(path.read_text(encoding="utf-8"))["categories"]
            }
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return {"swissarmyknife", "vacuumcup"} <= labels
    return False


SOURCE = Source(name="clcxray", licence=LICENCE, matches=_matches, read=read)
