"""Calibration on hand-made results."""

import pytest

from tests.unit.training.evaluation.hand_made import FAR, hidden, image, said
from training.evaluation.calibration import calibrate


def test_calibrate__scores_that_are_shares() -> None:
    """Of ten findings at 0.7, seven right: no error; at 0.95 with the same luck, a quarter."""
    truth = (hidden("gun"),)
    for score, error in ((0.7, 0.0), (0.95, 0.25)):
        right = [image(said("gun", score), truth=truth) for _ in range(7)]
        wrong = [image(said("gun", score, FAR), truth=truth) for _ in range(3)]
        assert calibrate([*right, *wrong]).error == pytest.approx(error)


def test_calibrate__a_threat_is_found_once() -> None:
    """The second finding on one threat is wrong."""
    found = calibrate([image(said("gun", 0.9), said("gun", 0.85), truth=(hidden("gun"),))])
    assert found.counts == (1, 1)
    assert found.shares == (0.0, 1.0)
