"""A view is the same cargo whatever the scanner's pixels."""

import numpy as np
import pytest

from models.cargo_view import is_single_energy, to_view

HALF = round(65535 * 0.5)


def scan(pitch_mm: float) -> np.ndarray:
    """A block of half transmission, 800 mm by 400 mm, one metre into the picture."""
    pixels = np.full((2, round(2000 / pitch_mm), round(4000 / pitch_mm)), 65535, np.uint16)
    pixels[
        :, round(1000 / pitch_mm) : round(1400 / pitch_mm), round(1000 / pitch_mm) : round(1800 / pitch_mm)
    ] = HALF
    return pixels


@pytest.mark.parametrize("pitch_mm", [4.0, 5.0, 8.0])
def test_to_view__cells_are_20_mm_for_every_pitch(pitch_mm: float) -> None:
    """The block lies in the same cells with the same attenuation, and air is nothing."""
    view = to_view(scan(pitch_mm), pitch_mm=pitch_mm)
    assert view.shape == (2, 112, 208)
    assert view[:, 50:70, 50:90] == pytest.approx(np.log(2), abs=1e-3)
    assert float(view.sum()) == pytest.approx(2 * 20 * 40 * np.log(2), rel=1e-3)


@pytest.mark.parametrize("pitch_mm", [None, 0.001, 100.0])
def test_to_view__unknown_or_absurd_pitch_is_taken_for_5_mm(pitch_mm: float | None) -> None:
    """A station cannot make us build a huge picture by naming a pitch that no scanner has."""
    assert np.array_equal(to_view(scan(5.0), pitch_mm=pitch_mm), to_view(scan(5.0), pitch_mm=5.0))


def test_to_view__single_energy_is_given_twice() -> None:
    """And it is recognised, because a ratio of 1 says nothing about the material."""
    pixels = scan(5.0)
    assert is_single_energy(to_view(pixels[:1]))
    pixels[1, 250, 250] = 1
    assert not is_single_energy(to_view(pixels))


def test_to_view__zero_counts_are_finite() -> None:
    """Nothing gets through a thick block of steel."""
    assert to_view(np.zeros((1, 100, 100), np.uint16)).max() == pytest.approx(np.log(65535), rel=1e-5)


@pytest.mark.parametrize(
    "pixels", [np.zeros((3, 64, 64), np.uint16), np.zeros((2, 64), np.uint16), np.zeros((1, 64, 64), float)]
)
def test_to_view__other_arrays_are_refused(pixels: np.ndarray) -> None:
    """Three channels, no rows, floats: a mistake of the caller."""
    with pytest.raises(ValueError, match="expected uint16"):
        to_view(pixels)
