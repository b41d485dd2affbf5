"""Channels and overlying attenuation."""

import numpy as np
import pytest

from training.evaluation.looking import Channels, overlying


def test_channels__give_what_is_left() -> None:
    """A lone energy is one channel, which the pre-processing gives twice."""
    pixels = np.stack([np.full((4, 4), 100, np.uint16), np.full((4, 4), 50, np.uint16)])
    assert Channels.AS_SCANNED.take(pixels).shape == (2, 4, 4)
    assert (Channels.HIGH_ONLY.take(pixels) == 100).all()
    assert (Channels.LOW_ONLY.take(pixels) == 50).all()


def test_overlying__looks_around_the_box_not_into_it() -> None:
    """Cargo of transmission 1/e around a black threat is one; at the picture's edge, too."""
    pixels = np.full((1, 60, 60), 65535 / np.e, np.float64).astype(np.uint16)
    pixels[:, 20:40, 20:40] = 1
    assert overlying(pixels, [(20, 20, 40, 40)])[0] == pytest.approx(1, abs=1e-3)
    pixels[:, :10, :10] = 1
    assert overlying(pixels, [(0, 0, 10, 10)])[0] == pytest.approx(1, abs=1e-3)


def test_overlying__a_box_over_everything() -> None:
    """With nothing around it, the inside has to do."""
    assert overlying(np.full((1, 20, 20), 65535, np.uint16), [(0, 0, 20, 20)])[0] == pytest.approx(0)
