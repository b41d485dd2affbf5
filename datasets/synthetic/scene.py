"""A whole scan: vehicle, cargo, threats, scanner and papers, from one seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.beam import FanBeam, Float32
from datasets.synthetic.chain import digitise, draw_chain, transmission
from datasets.synthetic.fittings import add_fittings
from datasets.synthetic.grain import roughen
from datasets.synthetic.headings import HEADINGS, LIQUIDS
from datasets.synthetic.hiding import HiddenThreat, hide
from datasets.synthetic.hold import Hold, divide
from datasets.synthetic.papers import Load, container_number, declare
from datasets.synthetic.projection import Projection
from datasets.synthetic.residue import leave_residue
from datasets.synthetic.shapes import Shape
from datasets.synthetic.threats_catalogue import SHAPES
from datasets.synthetic.vehicles import Vehicle, VehicleKind, cab_mm, draw_vehicle, length_mm
from datasets.synthetic.visibility import BoxXyxy

Rng = np.random.Generator

PITCH_MM: Final = 5.2
_HEIGHT_MM: Final = 4400.0
_EMPTY_SHARE: Final = 0.08
_N_THREATS: Final = (1, 1, 1, 2, 3)
_VEHICLES: Final = {
    VehicleKind.ROAD_20: 13,
    VehicleKind.ROAD_40: 13,
    VehicleKind.ROAD_40HC: 22,
    VehicleKind.ROAD_45HC: 5,
    VehicleKind.ROAD_REEFER_20: 3,
    VehicleKind.ROAD_REEFER_40HC: 7,
    VehicleKind.ROAD_TANK: 3,
    VehicleKind.RAIL_20: 4,
    VehicleKind.RAIL_40: 4,
    VehicleKind.RAIL_40HC: 5,
    VehicleKind.RAIL_45HC: 2,
    VehicleKind.RAIL_REEFER_40HC: 2,
    VehicleKind.RAIL_TANK: 1,
    VehicleKind.BOX_TRUCK: 7,
    VehicleKind.CAR: 4,
    VehicleKind.VAN: 5,
}
"""Vehicles in a hundred."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Matter before the scanner looks at it.

    Attributes:
        planes: Shape ``(2, H, W)``, float32, g/cm² of polyethylene and of iron.
        beam: The geometry it was drawn with.
        kind: Of the vehicle.
        iso_type: ISO size and type of its container, if it carries one.
        hold: The loadable space, or None.
        loads: In the order of the bays.
        is_empty: Nothing to declare; residue, dunnage and linings do not count.
    """

    planes: Float32
    beam: FanBeam
    kind: VehicleKind
    iso_type: str | None
    hold: Hold | None
    loads: tuple[Load, ...]
    is_empty: bool


@dataclass(frozen=True, kw_only=True)
class SyntheticScan:
    """A scan with its ground truth and its papers.

    Attributes:
        pixels: Shape ``(2, H, W)``, uint16, high then low energy; 65535 is air.
        threats: Every visible threat.
        declaration: Keys of ``inference.schemas.Declaration``.
        container_no: Valid by ISO 6346; also given to vehicles that carry no container.
        container_type: ISO size and type, or the kind of vehicle.
        pixel_pitch_mm: Size of one pixel.
        is_empty: As in `Scene`.
        is_dual_energy: False: the low channel repeats the high one.
    """

    pixels: NDArray[np.uint16]
    threats: tuple[HiddenThreat, ...]
    declaration: dict[str, Any]
    container_no: str
    container_type: str
    pixel_pitch_mm: float
    is_empty: bool
    is_dual_energy: bool

    @property
    def boxes(self) -> tuple[tuple[str, BoxXyxy], ...]:
        """Kind and box (``xyxy``, pixels) of every visible threat."""
        return tuple((threat.kind.value, threat.box_xyxy) for threat in self.threats)


def make_scan(
    seed: int,
    *,
    height_px: int = 1000,
    width_px: int = 2500,
    threat_probability: float = 0.3,
    dual_energy: bool | None = None,
    is_8bit: bool | None = None,
    pixel_pitch_mm: float | None = None,
    shapes: Sequence[Shape] = SHAPES,
    empty_probability: float = _EMPTY_SHARE,
) -> SyntheticScan:
    """Make the scan that belongs to a seed.

    Args:
        seed: The same seed and options give the same pixels on the same library versions.
        height_px: At least 64.
        width_px: At least 160. A scan too short for the whole vehicle begins behind the cab.
        threat_probability: Chance of one to three threats.
        dual_energy: False: the low channel repeats the high one; None: as the drawn scanner has it.
        is_8bit: Whether the station keeps an 8-bit picture only; None: as the drawn scanner does.
        pixel_pitch_mm: Default about 5.2, or whatever larger pitch shows the whole load.
        shapes: Threats to choose from.
        empty_probability: Chance of an empty vehicle.

    Raises:
        ValueError: If the picture is too small.
    """
    if height_px < 64 or width_px < 160:
        raise ValueError(f"a scan of {width_px}×{height_px} px is too small; ask for 160×64 or more")
    rng = np.random.default_rng([0x5CA9, seed])
    scene = make_scene(
        rng,
        height_px=height_px,
        width_px=width_px,
        pixel_pitch_mm=pixel_pitch_mm,
        empty_probability=empty_probability,
    )
    chain = draw_chain(rng, dual_energy=dual_energy, is_8bit=is_8bit)
    threats: list[HiddenThreat] = []
    if rng.random() < threat_probability:
        threats = hide(
            rng,
            scene.planes,
            scene.beam,
            scene.hold,
            chain,
            n_threats=int(rng.choice(_N_THREATS)),
            shapes=shapes,
        )
    return SyntheticScan(
        pixels=digitise(transmission(scene.planes, chain), chain, rng),
        threats=tuple(threats),
        declaration=declare(rng, scene.loads, declared_empty=scene.is_empty),
        container_no=container_number(rng),
        container_type=scene.iso_type or scene.kind.value,
        pixel_pitch_mm=scene.beam.pitch_mm,
        is_empty=scene.is_empty,
        is_dual_energy=chain.dual_energy,
    )


def make_scene(
    rng: Rng,
    *,
    height_px: int,
    width_px: int,
    pixel_pitch_mm: float | None = None,
    empty_probability: float = _EMPTY_SHARE,
) -> Scene:
    """Draw vehicle, cargo and the small things on and in it.

    Args:
        rng: Draws everything.
        height_px: Of the picture.
        width_px: Of the picture.
        pixel_pitch_mm: Default about 5.2, or whatever larger pitch shows the whole load.
        empty_probability: Chance that the hold holds nothing but residue.
    """
    kind = list(_VEHICLES)[int(rng.choice(len(_VEHICLES), p=np.array(list(_VEHICLES.values())) / 100))]
    length = length_mm(kind)
    fitting = max(PITCH_MM * rng.uniform(0.94, 1.06), (length + 500) / width_px, _HEIGHT_MM / height_px)
    pitch = pixel_pitch_mm or float(fitting)
    ground = height_px * pitch - rng.uniform(60, 250)
    beam = FanBeam(
        height_px=height_px,
        width_px=width_px,
        pitch_mm=pitch,
        source_distance_mm=float(rng.uniform(3800, 9000)),
        source_y_mm=float(ground - rng.uniform(-300, 2200)),
    )
    projection = Projection(beam)
    x0 = _left_end(rng, beam.width_mm, length, cab_mm(kind))
    vehicle = draw_vehicle(projection, rng, kind, x0=x0, ground=ground)
    loads = _fill(projection, rng, vehicle, empty_probability)
    if rng.random() < 0.6:
        add_fittings(projection, rng, _around(vehicle.body, beam), density=float(rng.uniform(0.1, 1.0)))
    roughen(rng, projection.planes)
    return Scene(
        planes=projection.planes,
        beam=beam,
        kind=kind,
        iso_type=vehicle.iso_type,
        hold=vehicle.hold,
        loads=loads,
        is_empty=not loads,
    )


def _left_end(rng: Rng, width_mm: float, length: float, cab: float) -> float:
    whole = cab + length + 350
    if width_mm > whole:
        return cab + float(rng.uniform(0.2, 0.6)) * (width_mm - whole) + 50
    return float(max(rng.uniform(0.35, 0.65) * (width_mm - length), 60))


def _around(body: Hold, beam: FanBeam) -> tuple[int, int, int, int]:
    """The vehicle in the picture, from its roof to the ground, ``xyxy``: nothing hangs in the air."""
    pitch = beam.pitch_mm
    left, right = max(body.x[0] / pitch, 0), min(body.x[1] / pitch, beam.width_px)
    return int(left), max(int(body.y[0] / pitch), 0), int(right), int(beam.height_px * 0.97)


def _fill(projection: Projection, rng: Rng, vehicle: Vehicle, empty_probability: float) -> tuple[Load, ...]:
    is_empty = bool(rng.random() < empty_probability)
    if vehicle.hold is None:
        liquid = LIQUIDS[int(rng.integers(len(LIQUIDS)))]
        return (Load(heading=liquid, mass_kg=vehicle.liquid_kg),) if vehicle.liquid_kg > 1 else ()
    if is_empty:
        leave_residue(projection, rng, vehicle.hold)
        return ()
    return _load(projection, rng, vehicle.hold)


def _load(projection: Projection, rng: Rng, hold: Hold) -> tuple[Load, ...]:
    n_bays = int(rng.choice([1, 2, 3, 4], p=[0.45, 0.3, 0.17, 0.08]))
    if hold.length < 7000:
        n_bays = min(n_bays, 2 if hold.length > 3000 else 1)
    picks = rng.choice(len(HEADINGS), size=n_bays, replace=False)
    room = replace(hold, y=(hold.y[0] + 60, hold.y[1]))
    loads: list[Load] = []
    for pick, bay in zip(picks, divide(rng, room, n_bays, most_left=0.3), strict=True):
        heading = HEADINGS[int(pick)]
        before = projection.mass_kg
        heading.draw(projection, rng, bay, float(rng.uniform(*heading.bulk_g_cm3)))
        loads.append(Load(heading=heading, mass_kg=projection.mass_kg - before))
    return tuple(load for load in loads if load.mass_kg > 1)
