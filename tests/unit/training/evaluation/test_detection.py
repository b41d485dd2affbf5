"""Detection and false alarms on hand-made results."""

import numpy as np

from tests.unit.training.evaluation.hand_made import FAR, hidden, image, said
from training.evaluation.detection import false_alarm_rate, false_alarms_per_image, score_threats, share

KINDS = ["gun", "blade"]


def test_score_threats__counts_kind_place_and_threshold() -> None:
    """A hit needs the right kind, place and enough score; with any kind allowed, place and score."""
    truth = (hidden("gun"),)
    images = [
        image(said("gun", 0.9), truth=truth),
        image(said("blade", 0.9), truth=truth),
        image(said("gun", 0.9, FAR), truth=truth),
        image(said("gun", 0.1), truth=truth),
    ]
    threats = score_threats(images, KINDS)
    thresholds = np.array([0.5, 0.5])
    assert threats.hits(thresholds).tolist() == [True, False, False, False]
    assert threats.hits(thresholds, any_kind=True).tolist() == [True, True, False, False]


def test_score_threats__leaves_out_other_kinds() -> None:
    """Threats of kinds that are not asked for are not counted as missed."""
    images = [image(said("gun", 0.9), truth=(hidden("gun"), hidden("tusk", FAR)))]
    assert len(score_threats(images, KINDS).kinds) == 1


def test_false_alarms__images_and_findings() -> None:
    """Two findings in one image are one alarmed image and two false findings."""
    benign = [image(said("gun", 0.9), said("gun", 0.8, FAR)), image(said("blade", 0.3)), image(), image()]
    thresholds = np.array([0.5, 0.5])
    assert false_alarm_rate(benign, KINDS, thresholds).value == 0.25
    assert false_alarms_per_image(benign, KINDS, thresholds) == 0.5


def test_share__interval_holds_the_value() -> None:
    """Wider for fewer groups; not a number where there is nothing to count."""
    hits = np.array([True, False, True, True, False, True, True, False])
    few = share(hits, np.arange(8))
    many = share(np.tile(hits, 30), np.arange(240))
    assert few.low < few.value == many.value < few.high
    assert many.high - many.low < few.high - few.low
    assert np.isnan(share(np.zeros(0, bool), np.zeros(0, np.int64)).value)


def test_share__a_group_stays_together() -> None:
    """Forty crops of four scans know less than forty scans."""
    hits = np.repeat([True, False, True, False], 10)
    together = share(hits, np.repeat(np.arange(4), 10))
    alone = share(hits, np.arange(40))
    assert together.high - together.low > 2 * (alone.high - alone.low)
