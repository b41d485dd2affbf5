"""The frozen benchmark: lists of seeds, and nothing else.

Seeds below 1,000,000 belong to nobody, training scenes start at 1,000,000, validation scans (thresholds are
chosen there) at 2,000,000, test scans (nothing is chosen there) at 3,000,000. The seed decides vehicle,
cargo, threats and scanner. Test threats are drawn from all shapes, of which training never uses 30 %;
validation threats are drawn from those of training alone.

The lists are frozen, the generator is not: numbers may be compared while its digest is the same.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from datasets.synthetic.scene import SyntheticScan, make_scan
from datasets.synthetic.threats_catalogue import SHAPES
from training.evaluation.results import Truth

_HELD_OUT: Final = frozenset(shape.name for shape in SHAPES if shape.is_held_out)
_TRAINED: Final = tuple(shape for shape in SHAPES if not shape.is_held_out)


class Part(StrEnum):
    """What a seed is for."""

    VALIDATION_BENIGN = "validation_benign"
    VALIDATION_THREATS = "validation_threats"
    BENIGN = "benign"
    THREATS = "threats"

    @property
    def has_threats(self) -> bool:
        return self in (Part.VALIDATION_THREATS, Part.THREATS)

    @property
    def is_test(self) -> bool:
        return self in (Part.BENIGN, Part.THREATS)


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """First seed and number of seeds of every part.

    Attributes:
        name: Of the list.
        parts: First seed and count.
        compare_every: Every so many benign seeds are looked at by the compared runs, too.
        height_px: Of the scans.
        width_px: Of the scans.
    """

    name: str
    parts: dict[Part, tuple[int, int]]
    compare_every: int = 5
    height_px: int = 1000
    width_px: int = 2500

    def seeds(self) -> list[tuple[Part, int]]:
        """Every seed with its part."""
        return [(part, first + i) for part, (first, count) in self.parts.items() for i in range(count)]

    def is_compared(self, part: Part, seed: int) -> bool:
        """Whether the single-energy and int8 runs look at it: test threats, and a share of the benign."""
        return part is Part.THREATS or (
            part is Part.BENIGN and (seed - self.parts[part][0]) % self.compare_every == 0
        )


# 1,050 seeds, for a few of them end with no visible threat.
FROZEN: Final = Benchmark(
    name="frozen-1",
    parts={
        Part.VALIDATION_BENIGN: (2_000_000, 1_000),
        Part.VALIDATION_THREATS: (2_010_000, 400),
        Part.BENIGN: (3_000_000, 2_500),
        Part.THREATS: (3_010_000, 1_050),
    },
)
QUICK: Final = Benchmark(
    name="frozen-1-quick",
    parts={
        Part.VALIDATION_BENIGN: (2_000_000, 250),
        Part.VALIDATION_THREATS: (2_010_000, 100),
        Part.BENIGN: (3_000_000, 250),
        Part.THREATS: (3_010_000, 105),
    },
)


def draw_scan(benchmark: Benchmark, part: Part, seed: int) -> SyntheticScan:
    """The scan of a seed."""
    return make_scan(
        seed,
        height_px=benchmark.height_px,
        width_px=benchmark.width_px,
        threat_probability=1.0 if part.has_threats else 0.0,
        shapes=SHAPES if part.is_test else _TRAINED,
    )


def list_truth(scan: SyntheticScan) -> tuple[Truth, ...]:
    """The threats of a scan."""
    return tuple(
        Truth(
            kind=threat.kind.value,
            box_xyxy=threat.box_xyxy,
            shape=threat.shape_name,
            is_unseen=threat.shape_name in _HELD_OUT,
            overlying=threat.overlying,
        )
        for threat in scan.threats
    )
