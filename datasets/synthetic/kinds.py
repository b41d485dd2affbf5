"""What the detector is asked to find."""

from enum import StrEnum


class ThreatKind(StrEnum):
    """Contraband and hiding places, by how they look in a scan."""

    GUN = "gun"
    RIFLE = "rifle"
    BLADE = "blade"
    AMMUNITION = "ammunition"
    BRICK = "brick"
    CIGARETTES = "cigarettes"
    BOTTLES = "bottles"
    GAS_CYLINDER = "gas_cylinder"
    DENSE_BLOCK = "dense_block"
    TUSK = "tusk"
    ELECTRONICS = "electronics"
    VEHICLE = "vehicle"
    PERSON = "person"
    FALSE_WALL = "false_wall"
