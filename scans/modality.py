"""What a scanner looked at, and how files and scanners' own words say it."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum


class Modality(StrEnum):
    """What was scanned, and from where."""

    CARGO = "cargo"
    PASSENGER_VEHICLE = "passenger_vehicle"
    UNDER_VEHICLE = "under_vehicle"


_WORDS: Mapping[Modality, frozenset[str]] = {
    Modality.UNDER_VEHICLE: frozenset(
        ("underbody", "undercarriage", "underside", "undervehicle", "uvis", "uvss")
    ),
    Modality.PASSENGER_VEHICLE: frozenset(
        ("passenger", "car", "cars", "sedan", "saloon", "suv", "bus", "minibus", "coach")
    ),
    Modality.CARGO: frozenset(
        ("cargo", "container", "truck", "lorry", "freight", "trailer", "railcar", "wagon")
    ),
}
"""The more special one first: a scanner below a bus looks at the underside."""

_CHINESE: Mapping[Modality, tuple[str, ...]] = {
    Modality.UNDER_VEHICLE: ("车底", "底盘"),
    Modality.PASSENGER_VEHICLE: ("乘用车", "客车", "轿车", "小汽车", "小车"),
    Modality.CARGO: ("货车", "卡车", "集装箱", "货柜", "货物"),
}

_UNDER = re.compile(r"(?i)under[\s_-]?vehicle")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def find_modality(text: str) -> Modality | None:
    """Return the modality that a text in any spelling names, ``UnderVehicle`` or ``小客车``; None if none."""
    plain = _UNDER.sub("Undervehicle", unicodedata.normalize("NFKC", text))
    words = {word.lower() for word in _WORD.findall(plain)}
    for modality, known in _WORDS.items():
        if words & known or any(part in plain for part in _CHINESE[modality]):
            return modality
    return None
