"""Crops of real scans, each once without and once with a projected threat.

Every crop serves both classes, so that no background can give a class away. Threats are hand-held metal from
the synthetic catalogue, lying anywhere, in the air, too. One that nobody could see there is tried elsewhere;
a crop in which none can be seen is left out, with and without.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.beam import FanBeam
from datasets.synthetic.hiding import Patch, pose, project
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.threats_catalogue import SHAPES
from datasets.tip import project_threat, visible_box
from scans.formats import EIGHT_TO_SIXTEEN_BIT
from training.evaluation.backgrounds import Background
from training.evaluation.looking import Pixels, overlying
from training.evaluation.results import BoxXyxy, Truth

Rng = np.random.Generator
AnyPixels = TypeVar("AnyPixels", NDArray[np.uint8], NDArray[np.uint16])

METAL: Final = (ThreatKind.GUN, ThreatKind.BLADE, ThreatKind.RIFLE)
"""Hand-held metal."""
CROP_PX: Final = 512
ENDPOINTS_MEV: Final = (6.0, 4.0)
PHOTONS: Final = (6500.0, 3300.0)
"""Quanta per pixel in air, high and low energy: the middle of what rail scans show (docs/explanation)."""
_SOURCE_MM: Final = 5000.0
_TRIES: Final = 24


@dataclass(frozen=True, kw_only=True)
class CropSpot:
    """Where a crop lies: number of the background, top left corner, and size in pixels."""

    background: int
    x: int
    y: int
    width: int
    height: int
    number: int
    kind: ThreatKind


@dataclass(frozen=True, kw_only=True)
class CropPair:
    """A crop without and with its threat, shape ``(C, h, w)``, air 65535."""

    without: Pixels
    with_threat: Pixels
    truth: Truth


def plan_crops(sizes: Sequence[tuple[int, int]], *, n_crops: int, seed: int = 0) -> list[CropSpot]:
    """Grids of crops over every scan, shifted anew in each round, until there are enough.

    Args:
        sizes: Height and width of each scan.
        n_crops: At least so many; the last round is finished.
        seed: Decides the shifts.
    """
    spots: list[CropSpot] = []
    for turn in range(n_crops):
        if len(spots) >= n_crops:
            break
        for background, (height, width) in enumerate(sizes):
            rng = np.random.default_rng([0x719, seed, turn, background])
            rows, columns = _starts(rng, height), _starts(rng, width)
            for y in rows:
                for x in columns:
                    spots.append(
                        CropSpot(
                            background=background,
                            x=x,
                            y=y,
                            width=min(CROP_PX, width),
                            height=min(CROP_PX, height),
                            number=len(spots),
                            kind=METAL[len(spots) % len(METAL)],
                        )
                    )
    return spots


def make_pair(background: Background, spot: CropSpot, *, pitch_mm: float, seed: int = 0) -> CropPair | None:
    """Cut a crop and hide a threat in a copy; None if none could be seen there."""
    rng = np.random.default_rng([0x71B, seed, spot.number])
    crop = background.pixels[:, spot.y : spot.y + spot.height, spot.x : spot.x + spot.width]
    crop = np.ascontiguousarray(crop)
    shapes = [shape for shape in SHAPES if shape.kind is spot.kind]
    beam = FanBeam(
        height_px=spot.height,
        width_px=spot.width,
        pitch_mm=pitch_mm,
        source_distance_mm=_SOURCE_MM,
        source_y_mm=spot.height * pitch_mm / 2,
    )
    for _ in range(_TRIES):
        shape = shapes[int(rng.integers(len(shapes)))]
        x, y = rng.uniform(-0.5, 0.5, 2) * pitch_mm + (beam.width_mm / 2, beam.height_mm / 2)
        patch = project(pose(rng, shape.build(rng), shape.place), beam, (float(x), float(y), 0.0))
        placed = _put(rng, crop, patch, is_8bit=background.is_8bit)
        if placed is None:
            continue
        pixels, box = placed
        truth = Truth(
            kind=spot.kind,
            box_xyxy=box,
            shape=shape.name,
            is_unseen=shape.is_held_out,
            overlying=overlying(crop, [box])[0],
        )
        return CropPair(without=crop, with_threat=pixels, truth=truth)
    return None


def _put(rng: Rng, crop: Pixels, patch: Patch, *, is_8bit: bool) -> tuple[Pixels, BoxXyxy] | None:
    """The crop with the threat somewhere in it, and the box of what shows; None if nothing does."""
    if not is_8bit:
        return _multiply(rng, crop, patch)
    placed = _multiply(rng, (crop // EIGHT_TO_SIXTEEN_BIT).astype(np.uint8), patch)
    return None if placed is None else (placed[0].astype(np.uint16) * EIGHT_TO_SIXTEEN_BIT, placed[1])


def _multiply(rng: Rng, crop: AnyPixels, patch: Patch) -> tuple[AnyPixels, BoxXyxy] | None:
    height, width = patch.planes.shape[1:]
    room_x, room_y = crop.shape[2] - width, crop.shape[1] - height
    if room_x < 0 or room_y < 0 or not height:
        return None
    at = int(rng.integers(room_x + 1)), int(rng.integers(room_y + 1))
    n = len(crop)
    projected = project_threat(crop, patch, ENDPOINTS_MEV[:n], at, photons=PHOTONS[:n], rng=rng)
    box = visible_box(crop, projected, patch, at)
    return None if box is None else (projected, box)


def _starts(rng: Rng, side: int) -> list[int]:
    """Where crops begin along a side: as many as fit, the slack shifted by chance."""
    n = max(side // CROP_PX, 1)
    first = int(rng.integers(max(side - n * CROP_PX, 0) + 1))
    return [first + k * CROP_PX for k in range(n)]
