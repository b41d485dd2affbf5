"""OPIXray: cutters in airport luggage, with three levels of occlusion.

    train/train_image, train/train_annotation, train/train_knife.txt
    test/test_image, test/test_annotation, test/test_knife.txt
    test/test_knife-1.txt, test_knife-2.txt, test_knife-3.txt      occlusion none or slight, partial, severe

Size: 8,885 images (7,109 training, 1,776 test), JPEG of 1225 × 954.
Classes (5): see ``CLASSES``. All knives are blades; Scissor has no counterpart.
Pictures: pseudo-coloured; real backgrounds, items put in by inspectors of Beijing Capital International
Airport.
No bag or machine is named, so its own split is kept.
Licence: "ONLY for academic purposes, NOT for commercial purposes"; © State Key Lab of Software
Development Environment, Beihang University; the files are given out against a signed commitment. Do not
train a model that is put to use on it.

Layout: the authors' loader and README (OPIXray-author/OPIXray) and DIG-Beihang/XrayDetection.

Citation: Y. Wei, R. Tao, Z. Wu, Y. Ma, L. Zhang, X. Liu, Occluded Prohibited Items Detection: An X-ray
Security Inspection Benchmark and De-occlusion Attention Module, ACM Multimedia 2020. arXiv:2004.08656.
"""

from pathlib import Path
from typing import Final

from datasets.records import RecordSet
from datasets.sources.box_lines import has_labels, read_box_lines, read_names
from datasets.sources.source import Classes, Source
from datasets.synthetic.kinds import ThreatKind

LICENCE: Final = "OPIXray, academic use only"
CLASSES: Final[Classes] = {
    "Folding_Knife": ThreatKind.BLADE,
    "Straight_Knife": ThreatKind.BLADE,
    "Scissor": None,
    "Utility_Knife": ThreatKind.BLADE,
    "Multi-tool_Knife": ThreatKind.BLADE,
}


def read(folder: Path) -> RecordSet:
    """Read both splits; ``extra["occlusion_level"]`` of test images is 1, 2 or 3."""
    extras: dict[str, dict[str, int]] = {}
    for level in (1, 2, 3):
        path = folder / "test" / f"test_knife-{level}.txt"
        if path.is_file():
            extras |= {name: {"occlusion_level": level} for name in read_names(path)}
    return read_box_lines(
        folder, name="opixray", classes=CLASSES, source="OPIXray", licence=LICENCE, extras=extras
    )


def _matches(folder: Path) -> bool:
    return has_labels(folder, CLASSES)


SOURCE = Source(name="opixray", licence=LICENCE, matches=_matches, read=read)
