"""From pixels to a detector's input."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.preprocess import to_input


def test_to_input__pads_with_air_and_keeps_pixels() -> None:
    """Pixels stay where they are, so boxes need no shift."""
    pixels = np.random.default_rng(0).integers(1, 65536, (2, 70, 100)).astype(np.uint16)
    tensor = to_input(pixels)
    assert tensor.shape == (1, 2, 96, 128)
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(tensor[0, :, :70, :100], pixels / 65535, rtol=1e-6)
    assert (tensor[:, :, 70:] == 1).all()
    assert (tensor[:, :, :, 100:] == 1).all()


def test_to_input__single_energy_is_given_twice() -> None:
    """The network always sees two channels."""
    tensor = to_input(np.full((1, 64, 64), 30_000, np.uint16))
    assert (tensor[0, 0] == tensor[0, 1]).all()


def test_to_input__zero_counts_stay_positive() -> None:
    """Its logarithm is taken, so nothing may be zero."""
    assert to_input(np.zeros((2, 64, 64), np.uint16)).min() > 0


def test_to_input__tiny_scan_reaches_the_least_side() -> None:
    """The graph needs enough cells for its candidates."""
    assert to_input(np.zeros((1, 1, 1), np.uint16)).shape == (1, 2, 64, 64)


@pytest.mark.parametrize(
    "bad", [np.zeros((64, 64), np.uint16), np.zeros((3, 8, 8), np.uint16), np.zeros((1, 8, 8))]
)
def test_to_input__other_shapes_are_refused(bad: NDArray[Any]) -> None:
    """Floats or three channels are a mistake, not something to guess about."""
    with pytest.raises(ValueError, match="expected uint16"):
        to_input(bad)
