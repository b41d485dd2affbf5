"""Vehicles with what they carry, seen from the side: the entry point of everything that drives or rolls.

The cab is at the left. Whatever lies beyond the picture's edges is cut off, so a picture may begin behind
the cab. Draw order does not matter: densities add.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from datasets.synthetic.chassis import DECK_MM, draw_trailer
from datasets.synthetic.containers import SIZE_MM, ContainerType, draw_dry, outer
from datasets.synthetic.hold import Hold
from datasets.synthetic.plates import Rng
from datasets.synthetic.projection import Projection
from datasets.synthetic.rail import RAIL_DECK_MM, draw_rail_car
from datasets.synthetic.reefers import draw_reefer
from datasets.synthetic.small_vehicles import BOX_TRUCK_MM, CAR_MM, VAN_MM, draw_box_truck, draw_car, draw_van
from datasets.synthetic.tanks import draw_tank
from datasets.synthetic.tractor import TRACTOR_MM, draw_tractor


class VehicleKind(StrEnum):
    """What goes through the scanner: on the road or on rails, and the box that it carries."""

    ROAD_20 = "road_20"
    ROAD_40 = "road_40"
    ROAD_40HC = "road_40hc"
    ROAD_45HC = "road_45hc"
    ROAD_REEFER_20 = "road_reefer_20"
    ROAD_REEFER_40HC = "road_reefer_40hc"
    ROAD_TANK = "road_tank"
    RAIL_20 = "rail_20"
    RAIL_40 = "rail_40"
    RAIL_40HC = "rail_40hc"
    RAIL_45HC = "rail_45hc"
    RAIL_REEFER_40HC = "rail_reefer_40hc"
    RAIL_TANK = "rail_tank"
    BOX_TRUCK = "box_truck"
    CAR = "car"
    VAN = "van"


@dataclass(frozen=True, kw_only=True)
class Vehicle:
    """What was drawn.

    Attributes:
        kind: Which vehicle.
        hold: Its loadable space; None for a tank. A passenger car's is its boot.
        body: Outside of the box, or of the whole car.
        iso_type: Of its container (ISO 6346), None without one.
        liquid_kg: In a tank.
    """

    kind: VehicleKind
    hold: Hold | None
    body: Hold
    iso_type: str | None
    liquid_kg: float = 0.0


_CONTAINERS: Final = {
    VehicleKind.ROAD_20: ContainerType.DRY_20,
    VehicleKind.ROAD_40: ContainerType.DRY_40,
    VehicleKind.ROAD_40HC: ContainerType.DRY_40HC,
    VehicleKind.ROAD_45HC: ContainerType.DRY_45HC,
    VehicleKind.ROAD_REEFER_20: ContainerType.REEFER_20,
    VehicleKind.ROAD_REEFER_40HC: ContainerType.REEFER_40HC,
    VehicleKind.ROAD_TANK: ContainerType.TANK_20,
    VehicleKind.RAIL_20: ContainerType.DRY_20,
    VehicleKind.RAIL_40: ContainerType.DRY_40,
    VehicleKind.RAIL_40HC: ContainerType.DRY_40HC,
    VehicleKind.RAIL_45HC: ContainerType.DRY_45HC,
    VehicleKind.RAIL_REEFER_40HC: ContainerType.REEFER_40HC,
    VehicleKind.RAIL_TANK: ContainerType.TANK_20,
}
_LENGTH_MM: Final = {
    VehicleKind.BOX_TRUCK: BOX_TRUCK_MM,
    VehicleKind.CAR: CAR_MM,
    VehicleKind.VAN: VAN_MM,
}


def length_mm(kind: VehicleKind) -> float:
    """Length of the box, without what pulls it; of a car or van, the whole of it."""
    container = _CONTAINERS.get(kind)
    return SIZE_MM[container][0] if container is not None else _LENGTH_MM[kind]


def cab_mm(kind: VehicleKind) -> float:
    """What lies left of the box if the picture has room for it."""
    if kind in {VehicleKind.CAR, VehicleKind.VAN}:
        return 0.0
    return 1500.0 if kind.startswith("rail") else TRACTOR_MM


def draw_vehicle(projection: Projection, rng: Rng, kind: VehicleKind, *, x0: float, ground: float) -> Vehicle:
    """Draw an empty vehicle.

    Args:
        projection: Where it is added.
        rng: Its maker, wear and fittings.
        kind: Which one.
        x0: Left end of its box, or of the whole car; millimetres.
        ground: The y of the road, or of the top of the rails.
    """
    container = _CONTAINERS.get(kind)
    if container is None:
        return _draw_whole(projection, rng, kind, x0=x0, ground=ground)
    on_rails = kind.startswith("rail")
    body = outer(container, x0=x0, bottom=ground - (RAIL_DECK_MM if on_rails else DECK_MM))
    if on_rails:
        draw_rail_car(projection, rng, body, rail=ground)
    else:
        draw_tractor(projection, rng, nose=x0 - TRACTOR_MM, ground=ground)
        draw_trailer(projection, rng, body, ground=ground)
    if container is ContainerType.TANK_20:
        liquid_kg = draw_tank(projection, rng, body)
        return Vehicle(kind=kind, hold=None, body=body, iso_type=container.value, liquid_kg=liquid_kg)
    hold = _draw_box(projection, rng, container, body)
    return Vehicle(kind=kind, hold=hold, body=body, iso_type=container.value)


def _draw_box(projection: Projection, rng: Rng, container: ContainerType, body: Hold) -> Hold:
    if container in {ContainerType.REEFER_20, ContainerType.REEFER_40HC}:
        return draw_reefer(projection, rng, body)
    return draw_dry(projection, rng, body)


def _draw_whole(projection: Projection, rng: Rng, kind: VehicleKind, *, x0: float, ground: float) -> Vehicle:
    draw = {VehicleKind.BOX_TRUCK: draw_box_truck, VehicleKind.CAR: draw_car, VehicleKind.VAN: draw_van}[kind]
    body, hold = draw(projection, rng, x0=x0, ground=ground)
    return Vehicle(kind=kind, hold=hold, body=body, iso_type=None)
