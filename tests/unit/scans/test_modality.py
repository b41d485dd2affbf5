"""Words for what was scanned, in the spellings that scanners use."""

import numpy as np
import pytest

from scans.errors import ChannelsDifferError
from scans.formats import inspect_image
from scans.image_info import ImageLimits
from scans.modality import Modality, find_modality
from scans.prepare import prepare_scan
from tests.dicos_files import dicos_dx

PIXELS = np.arange(12, dtype=np.uint16).reshape(3, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cargo", Modality.CARGO),
        ("CONTAINER", Modality.CARGO),
        ("ContainerTruck", Modality.CARGO),
        ("厢式货车", Modality.CARGO),
        ("passenger_vehicle", Modality.PASSENGER_VEHICLE),
        ("Car", Modality.PASSENGER_VEHICLE),
        ("PassengerCar", Modality.PASSENGER_VEHICLE),
        ("小客车", Modality.PASSENGER_VEHICLE),
        ("under_vehicle", Modality.UNDER_VEHICLE),
        ("UnderVehicle", Modality.UNDER_VEHICLE),
        ("under-vehicle bus lane", Modality.UNDER_VEHICLE),
        ("UVSS", Modality.UNDER_VEHICLE),
        ("客车车底", Modality.UNDER_VEHICLE),
    ],
)
def test_find_modality__words(text: str, expected: Modality) -> None:
    """Whole words count in any spelling; the more special meaning wins."""
    assert find_modality(text) is expected


@pytest.mark.parametrize("text", ["", "0", "1", "carbon", "scar", "Under review", "XRAY", "二维"])
def test_find_modality__what_says_nothing(text: str) -> None:
    """Parts of words and numbers are no answer."""
    assert find_modality(text) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"OOIType": "CARGO"}, Modality.CARGO),
        ({"OOIType": "CARGO", "StudyDescription": "lane of the bus terminal"}, Modality.CARGO),
        ({"OOIType": "OTHER", "StudyDescription": "passenger_vehicle"}, Modality.PASSENGER_VEHICLE),
        ({"OOIType": "OTHER", "StudyDescription": "车底检查"}, Modality.UNDER_VEHICLE),
        ({"OOIType": "OTHER"}, None),
    ],
)
def test_dicos__says_what_was_scanned(changes: dict[str, str], expected: Modality | None) -> None:
    """The type of the inspected object says cargo, the study's description the rest."""
    assert inspect_image(dicos_dx(PIXELS, **changes), limits=ImageLimits()).modality is expected


def test_prepare_scan__energies_of_different_things() -> None:
    """A car and a container are not one scan."""
    files = [
        dicos_dx(PIXELS, OOIType="OTHER", StudyDescription=text)
        for text in ("passenger car", "under vehicle")
    ]
    with pytest.raises(ChannelsDifferError, match="different things"):
        prepare_scan(files[0], files[1], ImageLimits())
