"""Worst cases and the report."""

import re
from pathlib import Path

import cv2
import numpy as np

from tests.unit.training.evaluation.hand_made import hidden, image, said
from tests.unit.training.evaluation.test_measure import scores_of_a_model
from training.evaluation.cases import draw_case, pick_false_alarms, pick_misses
from training.evaluation.measure import compare_channels, measure_detector, sort_results
from training.evaluation.report import GOALS, Picture, write_report

KINDS = ["gun", "blade"]
THRESHOLDS = np.array([0.5, 0.5])


def test_pick_misses__least_overlying_first_a_few_of_each_kind() -> None:
    """Found threats are no misses; the clearest misses come first."""
    images = [
        image(said("gun", 0.9), truth=(hidden("gun"),)),
        *(image(truth=(hidden("gun", overlying=over),)) for over in (3.0, 1.0, 2.0)),
        image(truth=(hidden("blade", overlying=5.0),)),
    ]
    assert [case.image for case in pick_misses(images, KINDS, THRESHOLDS)] == [2, 3, 1, 4]
    many = [image(truth=(hidden("gun", overlying=0.1 * i),)) for i in range(20)]
    assert [case.image for case in pick_misses(many, KINDS, THRESHOLDS)] == [0, 1, 2, 3, 4, 5]


def test_pick_false_alarms__farthest_above_the_threshold_first() -> None:
    """What is below its threshold is no alarm."""
    images = [image(said("gun", 0.6)), image(said("gun", 0.4)), image(said("blade", 0.9))]
    assert [case.image for case in pick_false_alarms(images, KINDS, THRESHOLDS)] == [2, 0]


def test_draw_case__shows_threat_and_finding() -> None:
    """Green and red frames are in the picture, also at the scan's edge."""
    near = (60.0, 30.0, 90.0, 60.0)
    result = image(said("gun", 0.9, near), truth=(hidden("gun"),))
    case = pick_misses([result], KINDS, THRESHOLDS)[0]
    png = draw_case(np.full((1, 100, 260), 30_000, np.uint16), result, case, KINDS, THRESHOLDS)
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    green_over_red = picture[..., 1].astype(int) - picture[..., 2]
    assert (green_over_red > 80).any()
    assert (green_over_red < -80).any()


def test_write_report__stands_alone_and_says_synthetic(tmp_path: Path) -> None:
    """Every measured number with its goal, no address to load from, pictures inside."""
    seen = scores_of_a_model(1.0)
    measured = measure_detector(sort_results(seen, ["gun"]), {"gun": 0.5})
    cargo = {
        "empty_error_ratio": {"value": 0.2, "low": 0.1, "high": 0.3},
        "mismatch_auroc": {"value": 0.9, "low": 0.8, "high": 0.95},
        "empty_roc": [[0.0, 0.5], [1.0, 1.0]],
        "empty_baseline_roc": [[0.0, 0.1], [1.0, 1.0]],
    }
    channels = compare_channels(seen, {"high_only": seen}, ["gun"])
    details = measured.pop("details") | {"channels": channels, "cargo": cargo}
    document = {
        "benchmark": "frozen-1",
        "model": "m <1>",
        "version": "1",
        **measured,
        "mismatch_auroc": 0.9,
        "details": details,
    }
    picture = Picture(png=b"png", caption="gun & co")
    write_report(document, tmp_path / "r.html", misses=[picture], false_alarms=[])
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "synthetic" in text
    assert "m &lt;1&gt;" in text
    assert GOALS["map50"] in text
    assert "0.900 (0.800 to 0.950)" in text
    assert "gun &amp; co" in text
    assert text.count("<svg") == 4
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", text)
