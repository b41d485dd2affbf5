"""Metrics on hand-made results."""

import numpy as np
import pytest

from models.finding import Finding
from training.metrics import (
    ImageResult,
    bootstrap,
    choose_thresholds,
    detection_rate,
    false_alarm_rate,
    mean_average_precision,
)

KINDS = ["gun", "blade"]
BOX = (10.0, 10.0, 50.0, 50.0)
FAR = (200.0, 10.0, 240.0, 50.0)


def _found(kind: str, score: float, box: tuple[float, float, float, float] = BOX) -> Finding:
    return Finding(kind=kind, score=score, threshold=0.0, box_xyxy=box)


def _image(
    *findings: Finding, truth: tuple[tuple[str, tuple[float, float, float, float]], ...] = ()
) -> ImageResult:
    return ImageResult(truth=truth, findings=findings)


def test_choose_thresholds__keep_the_promised_rate() -> None:
    """On the images they were chosen on, alarms are at most the rate, and not needlessly fewer."""
    rng = np.random.default_rng(0)
    benign = [_image(_found("gun", rng.random()), _found("blade", rng.random() * 0.5)) for _ in range(400)]
    rate = false_alarm_rate(benign, choose_thresholds(benign, KINDS, rate=0.05)).value
    assert 0.04 <= rate <= 0.05


def test_detection_rate__counts_kind_place_and_threshold() -> None:
    """A hit needs the right kind, the right place and enough score."""
    truth = (("gun", BOX),)
    images = [
        _image(_found("gun", 0.9), truth=truth),
        _image(_found("blade", 0.9), truth=truth),
        _image(_found("gun", 0.9, FAR), truth=truth),
        _image(_found("gun", 0.1), truth=truth),
    ]
    assert detection_rate(images, {"gun": 0.5, "blade": 0.5}).value == 0.25


def test_mean_average_precision__perfect_and_useless() -> None:
    """All right is 1, a false alarm above a hit halves it, nothing found is 0."""
    truth = (("gun", BOX),)
    assert mean_average_precision([_image(_found("gun", 0.9), truth=truth)], ["gun"]) == 1
    mixed = _image(_found("gun", 0.95, FAR), _found("gun", 0.9), truth=truth)
    assert mean_average_precision([mixed], ["gun"]) == pytest.approx(0.5)
    assert mean_average_precision([_image(truth=truth)], ["gun"]) == 0


def test_mean_average_precision__a_threat_counts_once() -> None:
    """The second box on one threat is a false alarm."""
    truth = (("gun", BOX), ("gun", FAR))
    image = _image(_found("gun", 0.9), _found("gun", 0.8), _found("gun", 0.7, FAR), truth=truth)
    assert mean_average_precision([image], ["gun"]) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_bootstrap__interval_holds_the_value() -> None:
    """Wider for fewer images; not a number where there is nothing to count."""
    hits = np.array([1.0, 0, 1, 1, 0, 1, 1, 0])
    few = bootstrap(hits, np.ones(8))
    many = bootstrap(np.tile(hits, 30), np.ones(240))
    assert few.low < few.value == many.value < few.high
    assert many.high - many.low < few.high - few.low
    assert np.isnan(bootstrap(np.zeros(3), np.zeros(3)).value)
