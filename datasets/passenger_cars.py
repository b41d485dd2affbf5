"""Scans of passenger cars: from the side, and of the underside.

Beside ``make_scan``, whose mixture of vehicles is what models learn from and is not to change.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.beam import FanBeam
from datasets.synthetic.chain import digitise, draw_chain, transmission
from datasets.synthetic.grain import roughen
from datasets.synthetic.physics import ALUMINIUM, PLASTIC, RUBBER, STEEL
from datasets.synthetic.plates import Rng
from datasets.synthetic.projection import Projection
from datasets.synthetic.small_vehicles import CAR_MM
from datasets.synthetic.vehicles import VehicleKind, draw_vehicle
from scans.modality import Modality

_MARGIN_MM: Final = 300.0
_TRACK_MM: Final = 770.0
_HALF_WIDTH_MM: Final = 880.0


@dataclass(frozen=True, kw_only=True)
class CarScan:
    """A scan without threats.

    Attributes:
        pixels: Shape ``(2, H, W)``, uint16, high then low energy; 65535 is air.
    """

    modality: Modality
    pixels: NDArray[np.uint16]
    pixel_pitch_mm: float


def make_car_scan(
    seed: int, *, is_underside: bool = False, height_px: int = 440, width_px: int = 1100
) -> CarScan:
    """Make the scan of a car that belongs to a seed.

    Args:
        seed: The same seed and options give the same pixels on the same library versions.
        is_underside: Seen from below, the source under the road, in place of from the side.
        height_px: At least 64; the pitch is such that the whole car is in the picture.
        width_px: At least 160.

    Raises:
        ValueError: If the picture is too small.
    """
    if height_px < 64 or width_px < 160:
        raise ValueError(f"a scan of {width_px}×{height_px} px is too small; ask for 160×64 or more")
    rng = np.random.default_rng([0xCA25, seed])
    pitch = max((CAR_MM + 2 * _MARGIN_MM) / width_px, (2 * _HALF_WIDTH_MM + 2 * _MARGIN_MM) / height_px)
    height_mm = height_px * pitch
    ground = height_mm - rng.uniform(60, 200)
    beam = FanBeam(
        height_px=height_px,
        width_px=width_px,
        pitch_mm=pitch,
        source_distance_mm=float(rng.uniform(1500, 2500) if is_underside else rng.uniform(3800, 6000)),
        source_y_mm=float(height_mm / 2 if is_underside else ground - rng.uniform(0, 900)),
    )
    projection = Projection(beam)
    x0 = (beam.width_mm - CAR_MM) / 2
    if is_underside:
        _draw_underside(projection, rng, x0=x0, middle=height_mm / 2)
    else:
        draw_vehicle(projection, rng, VehicleKind.CAR, x0=x0, ground=ground)
    roughen(rng, projection.planes)
    chain = draw_chain(rng, dual_energy=True, is_8bit=False)
    return CarScan(
        modality=Modality.UNDER_VEHICLE if is_underside else Modality.PASSENGER_VEHICLE,
        pixels=digitise(transmission(projection.planes, chain), chain, rng),
        pixel_pitch_mm=pitch,
    )


def _draw_underside(projection: Projection, rng: Rng, *, x0: float, middle: float) -> None:
    """A car from below: here ``y`` is across the car and ``z`` the height above its floor."""
    x1 = x0 + CAR_MM
    front, rear = x0 + rng.uniform(820, 920), x0 + rng.uniform(3450, 3620)
    sides = (middle - _HALF_WIDTH_MM, middle + _HALF_WIDTH_MM)
    projection.box((x0 + 1200, x1 - 200), (sides[0] + 60, sides[1] - 60), (0, 1.4), STEEL)
    projection.box((x0 + 1700, x0 + 3500), (sides[0] + 250, sides[1] - 250), (1100, 1100.9), STEEL)
    for side in (-1, 1):
        sill = middle + side * 740
        projection.shell((front + 380, rear - 380), (sill - 50, sill + 50), (0, 140), 2.2, STEEL)
        rail = middle + side * 420
        projection.shell((x0 + 250, x1 - 250), (rail - 35, rail + 35), (-60, 40), 2.5, STEEL)
        door = middle + side * 860
        projection.box((front + 420, rear - 300), (door - 1, door + 1), (150, 800), STEEL)
        for seat in (x0 + 1900, x0 + 2750):
            projection.box((seat, seat + 480), (middle + side * 380 - 230, middle + side * 380 + 230),
                           (200, 330), PLASTIC, share=0.06)  # fmt: skip
        for axle in (front, rear):
            wheel = middle + side * _TRACK_MM
            projection.cylinder_y(axle, (wheel - 95, wheel + 95), 0, 310, RUBBER, wall_mm=45)
            projection.cylinder_y(axle, (wheel - 85, wheel + 85), 0, 205, ALUMINIUM, wall_mm=9)
            projection.cylinder_y(axle, (wheel - 20, wheel + 10), 0, 140, STEEL)
    _draw_drive(projection, rng, front=front, rear=rear, middle=middle, x0=x0, x1=x1)


def _draw_drive(
    projection: Projection, rng: Rng, *, front: float, rear: float, middle: float, x0: float, x1: float
) -> None:
    """Engine, gearbox, axles, exhaust and tank."""
    half = rng.uniform(190, 260)
    projection.box(
        (front - 320, front + 60), (middle - half, middle + half), (-50, 420), ALUMINIUM, share=0.42
    )
    projection.box((front + 60, front + 420), (middle - 140, middle + 140), (-60, 200), ALUMINIUM, share=0.5)
    projection.box((x0 + 80, x0 + 110), (middle - 330, middle + 330), (0, 420), ALUMINIUM, share=0.35)
    for axle in (front, rear):
        projection.cylinder_y(axle, (middle - _TRACK_MM, middle + _TRACK_MM), 0, 16, STEEL)
    pipe = middle + rng.uniform(80, 180)
    projection.cylinder_x((front + 100, x1 - 400), pipe, -80, 27, STEEL, wall_mm=1.6)
    projection.shell((x1 - 800, x1 - 320), (pipe - 110, pipe + 110), (-130, 20), 1.4, STEEL)
    projection.shell((front + 700, front + 980), (pipe - 70, pipe + 70), (-110, 0), 1.6, STEEL)
    fill = rng.uniform(0.2, 0.9)
    tank = (rear - 620, rear - 180)
    projection.shell(tank, (middle - 480, middle + 40), (-40, 180), 4, PLASTIC)
    projection.box(
        (tank[0] + 5, tank[1] - 5), (middle - 475, middle + 35), (-35, -35 + 210 * fill), PLASTIC, share=0.79
    )
    projection.box((x0 + 380, x0 + 620), (middle + 420, middle + 590), (200, 390), PLASTIC.packed(2.1))
