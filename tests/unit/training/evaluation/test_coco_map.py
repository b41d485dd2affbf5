"""Average precision by pycocotools on hand-made results."""

import numpy as np
import pytest

from tests.unit.training.evaluation.hand_made import FAR, HERE, hidden, image, said
from training.evaluation import coco_map

FIFTY_ONE_OF_101 = 51 / 101
"""COCO reads precision at 101 points of recall; recall up to one half covers 51 of them."""


def test_mean_average_precision__perfect_and_useless() -> None:
    """All right is 1, a false alarm above a hit halves it, nothing found is 0, no threat is None."""
    truth = (hidden("gun"),)
    measure = coco_map.mean_average_precision
    assert measure([image(said("gun", 0.9), truth=truth)], ["gun"]).map == pytest.approx(1)
    mixed = image(said("gun", 0.95, FAR), said("gun", 0.9), truth=truth)
    assert measure([mixed], ["gun"]).map50 == pytest.approx(0.5)
    assert measure([image(truth=truth)], ["gun"]).map50 == 0
    assert measure([image(said("gun", 0.9))], ["gun"]).map50 is None


def test_mean_average_precision__kinds_weigh_the_same() -> None:
    """The mean is over kinds with threats; a kind without any does not count."""
    images = [image(said("gun", 0.9), truth=(hidden("gun"),)), image(truth=(hidden("blade"),))]
    precision = coco_map.mean_average_precision(images, ["gun", "blade", "tusk"])
    assert precision.map50 == pytest.approx(0.5)
    assert set(precision.by_kind) == {"gun", "blade"}


def test_mean_average_precision__a_threat_counts_once() -> None:
    """The second box on one threat is a false alarm."""
    twice = image(said("gun", 0.9), said("gun", 0.8), truth=(hidden("gun"), hidden("gun", FAR)))
    assert coco_map.mean_average_precision([twice], ["gun"]).map50 == pytest.approx(FIFTY_ONE_OF_101)


def test_by_overlying__false_alarms_stay_in_their_band() -> None:
    """A false alarm behind thick steel does not count against what is found in the open."""
    images = [
        image(said("gun", 0.9, FAR, overlying=5.0), said("gun", 0.8), truth=(hidden("gun"),)),
        image(truth=(hidden("gun", overlying=5.0),)),
    ]
    bands = coco_map.by_overlying(images, ["gun"])
    assert bands["T above 0.37"].map50 == pytest.approx(1)
    assert bands["T below 0.03"].map50 == 0
    assert bands["T 0.37 to 0.14"].map50 is None


def test_by_size__small_is_below_32_by_32() -> None:
    """Boxes of 40 by 40 are medium."""
    sizes = coco_map.by_size([image(said("gun", 0.9), truth=(hidden("gun"),))], ["gun"])
    assert sizes["medium"].map50 == pytest.approx(1)
    assert sizes["small"].map50 is None


def test_compare_unseen__equal_numbers() -> None:
    """Found equally well, with false alarms, seen and unseen shapes score alike though one is rarer."""
    rng = np.random.default_rng(0)
    images = [image(said("gun", rng.random()), truth=(hidden("gun", unseen=i % 4 == 0),)) for i in range(400)]
    images += [image(said("gun", rng.random())) for _ in range(200)]
    unseen, seen = coco_map.compare_unseen(images, ["gun", "blade"])
    assert unseen is not None
    assert seen is not None
    assert unseen / seen == pytest.approx(1, abs=0.1)


def test_compare_unseen__without_unseen_shapes() -> None:
    """There is nothing to compare."""
    assert coco_map.compare_unseen([image(truth=(hidden("gun"),))], ["gun"]) == (None, None)


def test_measure_overall__interval_agrees_with_pycocotools() -> None:
    """The value is the one of pycocotools, and the interval holds it."""
    rng = np.random.default_rng(0)
    images = [
        image(
            *(said(kind, rng.random(), HERE if rng.random() < 0.7 else FAR) for kind in ("gun", "blade")),
            truth=(hidden("gun"),) if i % 3 else (hidden("blade"), hidden("gun", FAR)),
        )
        for i in range(60)
    ]
    overall = coco_map.measure_overall(images, ["gun", "blade"])
    interval = overall.map50
    assert interval.value == pytest.approx(overall.precision.map50, abs=1e-6)
    assert interval.value == pytest.approx(np.mean([np.mean(c) for c in overall.curves.values()]), abs=1e-6)
    assert interval.low < interval.value < interval.high
