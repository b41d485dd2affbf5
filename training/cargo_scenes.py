"""Vehicles with known cargo for the cargo network: empty ones, ones that only look loaded, and loaded ones.

Unlike a whole synthetic scan, these know which goods stand in which column. They are made on coarser pixels
than most scanners have: the network sees 20 mm cells (models.cargo_view), and a coarse scan costs a fifth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.beam import FanBeam
from datasets.synthetic.chain import digitise, draw_chain, transmission
from datasets.synthetic.headings import HEADINGS
from datasets.synthetic.hold import Hold, divide
from datasets.synthetic.projection import Projection
from datasets.synthetic.residue import leave_residue
from datasets.synthetic.vehicles import VehicleKind, draw_vehicle, length_mm
from models.cargo_view import CELL_MM, COLUMN_CELLS, to_view

Rng = np.random.Generator

EMPTY: Final = -1
UNKNOWN: Final = -2
"""Of a column: two goods in it, or hardly any."""

TRAINING_PITCH_MM: Final = (8.0, 10.0)
SCANNER_PITCH_MM: Final = (4.5, 7.0)
_LOADED_G_CM2: Final = 0.6
_TRACE_G_CM2: Final = 0.05
_PURE: Final = 0.85
_LOADABLE: Final = tuple(
    kind
    for kind in VehicleKind
    if kind not in (VehicleKind.CAR, VehicleKind.ROAD_TANK, VehicleKind.RAIL_TANK)
)


class Content(StrEnum):
    """What a vehicle carries. The middle two are the hard ones of the empty check."""

    EMPTY = "empty"
    RESIDUE = "residue"
    SMALL = "small"
    LOADED = "loaded"


_SHARES: Final = {Content.EMPTY: 0.1, Content.RESIDUE: 0.17, Content.SMALL: 0.15, Content.LOADED: 0.58}


@dataclass(frozen=True, kw_only=True)
class CargoScan:
    """A scan with its truth.

    Attributes:
        view: Shape ``(2, h, w)``, float16, from ``to_view``.
        columns: Shape ``(w / 8,)``, int8: index of the heading, ``EMPTY`` or ``UNKNOWN``.
        headings: Indices of what is loaded, in the order of the bays.
        mean_attenuation: In the vehicle's box, what a one-threshold empty check would look at.
    """

    view: NDArray[np.float16]
    columns: NDArray[np.int8]
    headings: tuple[int, ...]
    mean_attenuation: float

    @property
    def is_empty(self) -> bool:
        return not self.headings

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(
                file,
                view=self.view,
                columns=self.columns,
                headings=np.array(self.headings, dtype=np.int64),
                mean_attenuation=np.array(self.mean_attenuation),
            )
        part.rename(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(
                view=arrays["view"],
                columns=arrays["columns"],
                headings=tuple(int(k) for k in arrays["headings"]),
                mean_attenuation=float(arrays["mean_attenuation"]),
            )


def make_cargo_scan(
    seed: int,
    *,
    content: Content | None = None,
    heading: int | None = None,
    pitch_mm: tuple[float, float] = TRAINING_PITCH_MM,
    dual_energy: bool | None = None,
) -> CargoScan:
    """Make the scan that belongs to a seed.

    Args:
        seed: The same seed and arguments give the same scan.
        content: What is inside; None draws it.
        heading: Index of goods that are in the first bay of a loaded vehicle; None draws them.
        pitch_mm: Finest and coarsest pixels.
        dual_energy: None: as many single-energy scanners as there are.
    """
    rng = np.random.default_rng([0xCA60, seed])
    what = content or Content(rng.choice(list(_SHARES), p=list(_SHARES.values())))
    pitch = float(rng.uniform(*pitch_mm))
    projection, hold = _draw_vehicle(rng, pitch)
    loads = _fill(projection, rng, hold, what, heading)
    chain = draw_chain(rng, dual_energy=dual_energy)
    pixels = digitise(transmission(projection.planes, chain), chain, rng)
    view = to_view(pixels, pitch_mm=pitch)
    x, y = (slice(round(span[0] / CELL_MM), round(span[1] / CELL_MM)) for span in (hold.x, hold.y))
    return CargoScan(
        view=view.astype(np.float16),
        columns=_columns(loads, hold, pitch, view.shape[2] // COLUMN_CELLS),
        headings=tuple(k for k, _ in loads),
        mean_attenuation=float(view[0, y, x].mean()),
    )


def _draw_vehicle(rng: Rng, pitch: float) -> tuple[Projection, Hold]:
    """A vehicle with a hold, with its cab in the picture half of the time."""
    while True:
        kind = _LOADABLE[int(rng.integers(len(_LOADABLE)))]
        before = float(rng.uniform(300, 1500) if rng.random() < 0.5 else rng.uniform(3500, 5500))
        height = float(rng.uniform(4500, 5100))
        beam = FanBeam(
            height_px=round(height / pitch),
            width_px=round((before + length_mm(kind) + rng.uniform(200, 900)) / pitch),
            pitch_mm=pitch,
            source_distance_mm=float(rng.uniform(3000, 6500)),
            source_y_mm=height - float(rng.uniform(800, 2200)),
        )
        projection = Projection(beam)
        vehicle = draw_vehicle(
            projection, rng, kind, x0=before, ground=beam.height_mm - float(rng.uniform(50, 250))
        )
        if vehicle.hold is not None:
            return projection, vehicle.hold


def _fill(
    projection: Projection, rng: Rng, hold: Hold, what: Content, first: int | None
) -> list[tuple[int, NDArray[np.float32]]]:
    """Load, and return each load's heading and its areal density summed over every column of pixels."""
    match what:
        case Content.EMPTY:
            return []
        case Content.RESIDUE:
            before = projection.mass_kg
            while projection.mass_kg == before:
                leave_residue(projection, rng, hold)
            return []
        case Content.SMALL:
            bays = [_small_bay(rng, hold)]
        case Content.LOADED:
            bays = _bays(rng, hold)
    if what is Content.SMALL and rng.random() < 0.4:
        leave_residue(projection, rng, hold)
    loads: list[tuple[int, NDArray[np.float32]]] = []
    picks = rng.permutation(len(HEADINGS))
    if first is not None:
        picks = np.concatenate([[first], picks[picks != first]])
    for bay, pick in zip(bays, picks, strict=False):
        heading = HEADINGS[int(pick)]
        empty, mass_kg = projection.planes.sum(axis=(0, 1)), projection.mass_kg
        heading.draw(projection, rng, bay, float(rng.uniform(*heading.bulk_g_cm3)))
        if projection.mass_kg > mass_kg + 1:
            loads.append((int(pick), projection.planes.sum(axis=(0, 1)) - empty))
    return loads


def _bays(rng: Rng, hold: Hold) -> list[Hold]:
    n_bays = min(int(rng.choice([1, 2, 3, 4], p=[0.4, 0.3, 0.2, 0.1])), max(int(hold.length // 1800), 1))
    return divide(rng, hold, n_bays, most_left=0.4)


def _small_bay(rng: Rng, hold: Hold) -> Hold:
    """A corner of the hold: at the door, at the front, or anywhere."""
    length = min(float(rng.uniform(900, 2600)), hold.length)
    left = hold.x[0] + (hold.length - length) * float(rng.choice([0.0, 1.0, rng.random()]))
    top = hold.y[1] - hold.height * float(rng.uniform(0.3, 0.8))
    return replace(hold, x=(left, left + length), y=(top, hold.y[1]))


def _columns(
    loads: Sequence[tuple[int, NDArray[np.float32]]], hold: Hold, pitch: float, n_columns: int
) -> NDArray[np.int8]:
    columns = np.full(n_columns, EMPTY, dtype=np.int8)
    if not loads:
        return columns
    width = round(loads[0][1].size * pitch / (CELL_MM * COLUMN_CELLS))
    rows = hold.height / pitch
    masses = np.stack([cv2.resize(m[None], (width, 1), interpolation=cv2.INTER_AREA)[0] for _, m in loads])
    total = masses.sum(axis=0)
    most = masses.argmax(axis=0)
    seen = np.array([k for k, _ in loads], dtype=np.int8)[most]
    is_pure = masses.max(axis=0) > _PURE * total
    found = np.where((total > _LOADED_G_CM2 * rows) & is_pure, seen, UNKNOWN)
    found[total < _TRACE_G_CM2 * rows] = EMPTY
    n = min(width, n_columns)
    columns[:n] = found[:n]
    return columns
