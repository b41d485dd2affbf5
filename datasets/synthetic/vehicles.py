"""Vehicles in the beam: what carries the goods, and where their space is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from datasets.synthetic.canvas import Canvas
from datasets.synthetic.containers import SIZE_MM, ContainerType, draw_dry, outer
from datasets.synthetic.hold import Hold
from datasets.synthetic.projection import Projection
from datasets.synthetic.vehicle import Box, draw_chassis, draw_tractor

Rng = np.random.Generator
_DECK_MM: Final = 1180.0
_NOSE_MM: Final = 3500.0


class VehicleKind(StrEnum):
    """What passes the scanner."""

    TRUCK_20 = "truck_20"
    TRUCK_40 = "truck_40"
    TRUCK_40HC = "truck_40hc"
    TRUCK_45HC = "truck_45hc"


_BOX: Final = {
    VehicleKind.TRUCK_20: ContainerType.DRY_20,
    VehicleKind.TRUCK_40: ContainerType.DRY_40,
    VehicleKind.TRUCK_40HC: ContainerType.DRY_40HC,
    VehicleKind.TRUCK_45HC: ContainerType.DRY_45HC,
}


@dataclass(frozen=True, kw_only=True)
class Vehicle:
    """A vehicle as drawn.

    Attributes:
        kind: What it is.
        hold: Its loadable space, if it has one.
        body: Outside of its box.
        iso_type: ISO size and type of its container, if it carries one.
    """

    kind: VehicleKind
    hold: Hold | None
    body: Hold
    iso_type: str | None


def length_mm(kind: VehicleKind) -> float:
    """Of its box."""
    return SIZE_MM[_BOX[kind]][0]


def draw_vehicle(projection: Projection, rng: Rng, kind: VehicleKind, *, x0: float, ground: float) -> Vehicle:
    """Draw a vehicle whose box begins at ``x0`` and whose wheels stand at ``ground``."""
    iso_type = _BOX[kind]
    body = outer(iso_type, x0=x0, bottom=ground - _DECK_MM)
    canvas = Canvas(
        height_px=projection.beam.height_px,
        width_px=projection.beam.width_px,
        pitch_mm=projection.beam.pitch_mm,
    )
    canvas.planes = projection.planes
    draw_tractor(canvas, rng, nose=x0 - _NOSE_MM, ground=ground)
    box = Box(x0=body.x[0], x1=body.x[1], top=body.y[0], bottom=body.y[1], roof_band=120, floor_band=60)
    draw_chassis(canvas, rng, box, ground=ground, x1=body.x[1] + rng.uniform(40, 250))
    hold = draw_dry(projection, rng, body)
    return Vehicle(kind=kind, hold=hold, body=body, iso_type=iso_type.value)
