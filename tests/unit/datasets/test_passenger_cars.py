"""Synthetic cars from the side and from below."""

import numpy as np
import pytest

from datasets.passenger_cars import make_car_scan
from scans.modality import Modality


@pytest.mark.parametrize("is_underside", [False, True])
def test_make_car_scan__same_seed_same_pixels(is_underside: bool) -> None:
    """A seed names its scan; another seed gives another car."""
    first = make_car_scan(3, is_underside=is_underside)
    again, other = make_car_scan(3, is_underside=is_underside), make_car_scan(4, is_underside=is_underside)
    assert np.array_equal(first.pixels, again.pixels)
    assert not np.array_equal(first.pixels, other.pixels)
    assert first.pixels.dtype == np.uint16
    assert first.pixels.shape == (2, 440, 1100)


@pytest.mark.parametrize("is_underside", [False, True])
def test_make_car_scan__a_whole_car_in_air(is_underside: bool) -> None:
    """Air all around, thin metal in most of the car, and something thick: engine and wheels."""
    scan = make_car_scan(1, is_underside=is_underside)
    share = scan.pixels[0] / 65535
    assert np.median(share[:, :12]) > 0.95
    assert np.median(share[:, -12:]) > 0.95
    assert 0.2 < (share < 0.95).mean() < 0.9
    assert share.min() < 0.4
    assert scan.modality is (Modality.UNDER_VEHICLE if is_underside else Modality.PASSENGER_VEHICLE)


def test_make_car_scan__the_underside_has_wheels_on_both_sides() -> None:
    """Seen from below, a car is as broad above its middle as below it."""
    share = make_car_scan(2, is_underside=True).pixels[0] / 65535
    dark = (share < 0.6).sum(axis=1)
    above, below = dark[: len(dark) // 2].sum(), dark[len(dark) // 2 :].sum()
    assert 0.5 < above / below < 2
    rows = np.flatnonzero(dark > 20)
    assert rows.max() - rows.min() > 0.6 * len(dark)


def test_make_car_scan__too_small_a_picture() -> None:
    with pytest.raises(ValueError, match="too small"):
        make_car_scan(1, height_px=10)
