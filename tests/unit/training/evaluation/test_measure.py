"""From results to the document, without a model."""

import numpy as np

from tests.unit.training.evaluation.hand_made import hidden, image, said
from training.evaluation.frozen import Part
from training.evaluation.measure import compare_channels, measure_detector, sort_results
from training.evaluation.results import ImageResult
from training.evaluation.run import Seen


def _seen(part: Part, number: int, result: ImageResult) -> Seen:
    numbered = ImageResult(truth=result.truth, boxes=result.boxes, number=number)
    return Seen(part=part, result=numbered, draw_s=0.5, look_s=0.1)


def scores_of_a_model(score: float) -> list[Seen]:
    """A model that gives threats about this score and benign scans less."""
    rng = np.random.default_rng(0)
    seen = []
    for part in Part:
        for i in range(60):
            value = score * rng.random() if part.has_threats else 0.4 * rng.random()
            truth = (hidden("gun", unseen=i % 3 == 0),) if part.has_threats else ()
            seen.append(_seen(part, i, image(said("gun", value), truth=truth)))
    return seen


def test_sort_results__threat_scans_without_a_visible_threat_count_for_nothing() -> None:
    """They are neither benign nor missed; kinds the model does not know are missed."""
    seen = [
        _seen(Part.THREATS, 1, image()),
        _seen(Part.THREATS, 2, image(truth=(hidden("tusk"),))),
        _seen(Part.BENIGN, 3, image()),
    ]
    results = sort_results(seen, ["gun"])
    assert [r.number for r in results.test] == [3, 2]
    assert results.kinds == ["gun", "tusk"]


def test_measure_detector__names_every_number() -> None:
    """The issue's keys are there, and a better model has better ones."""
    good = measure_detector(sort_results(scores_of_a_model(1.0), ["gun"]), {"gun": 0.5})
    poor = measure_detector(sort_results(scores_of_a_model(0.5), ["gun"]), {"gun": 0.5})
    assert {"map50", "map", "pd_at_fa5", "pd_at_fa1", "pd_at_fa04", "unseen_ratio", "details"} <= set(good)
    assert good["map50"] > poor["map50"]
    assert good["pd_at_fa5"] > poor["pd_at_fa5"]
    assert good["pd_at_fa5"] >= good["pd_at_fa1"] >= good["pd_at_fa04"]


def test_compare_channels__the_same_scans() -> None:
    """Scans that only the whole run saw do not count, and a worse lone energy is a drop."""
    whole, lone = (
        scores_of_a_model(1.0),
        [s for s in scores_of_a_model(0.1) if s.part is Part.THREATS or s.result.number % 5 == 0],
    )
    rows = compare_channels(whole, {"high_only": lone}, ["gun"])
    assert rows["high_only"]["map50_drop"] > 0
    assert rows["n_scans"] == 60 + 3 * 12
