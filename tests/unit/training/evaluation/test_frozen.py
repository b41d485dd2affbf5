"""The lists of seeds, and what a seed stands for."""

from dataclasses import replace
from typing import Any

import pytest

from datasets.records import Split
from datasets.synthetic.hiding import HiddenThreat
from datasets.synthetic.threats_catalogue import SHAPES
from datasets.synthetic_folder import split_of_seed
from tests.unit.training.evaluation.hand_made import empty_scan
from training.evaluation.frozen import FROZEN, QUICK, Part, draw_scan, list_truth
from training.evaluation.results import Truth


def test_frozen__large_enough_and_apart() -> None:
    """At least 2,500 benign and 1,000 threat scans; no seed serves twice, none is a training seed."""
    assert FROZEN.parts[Part.BENIGN][1] >= 2500
    assert FROZEN.parts[Part.THREATS][1] >= 1000
    seeds = [seed for _, seed in FROZEN.seeds()]
    assert len(set(seeds)) == len(seeds)
    for part, seed in FROZEN.seeds():
        assert split_of_seed(seed) is (Split.TEST if part.is_test else Split.VAL)


def test_quick__is_a_part_of_the_whole() -> None:
    """Its seeds are among the frozen ones, for the same part, and so are those it compares."""
    whole = set(FROZEN.seeds())
    assert set(QUICK.seeds()) <= whole
    assert all(FROZEN.is_compared(*key) == QUICK.is_compared(*key) for key in QUICK.seeds())


def test_catalogue__about_30_percent_of_the_shapes_are_unseen() -> None:
    """As the benchmark promises."""
    assert 0.25 <= sum(shape.is_held_out for shape in SHAPES) / len(SHAPES) <= 0.4


def test_draw_scan__validation_never_shows_an_unseen_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thresholds must not be chosen on shapes that training never saw; test scans have them."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr("training.evaluation.frozen.make_scan", lambda seed, **options: asked.append(options))
    for part in (Part.VALIDATION_THREATS, Part.THREATS, Part.BENIGN):
        draw_scan(QUICK, part, 1)
    assert not any(shape.is_held_out for shape in asked[0]["shapes"])
    assert any(shape.is_held_out for shape in asked[1]["shapes"])
    assert [options["threat_probability"] for options in asked] == [1.0, 1.0, 0.0]


def test_list_truth__knows_unseen_shapes() -> None:
    """By the shape's name, with what lies over it."""
    for is_held_out in (True, False):
        shape = next(s for s in SHAPES if s.is_held_out is is_held_out)
        threat = HiddenThreat(
            kind=shape.kind, shape_name=shape.name, box_xyxy=(1, 2, 30, 40), overlying=1.5, mean_drop=0.1
        )
        scan = replace(empty_scan(), threats=(threat,))
        truth = Truth(
            kind=shape.kind.value,
            box_xyxy=(1, 2, 30, 40),
            shape=shape.name,
            is_unseen=is_held_out,
            overlying=1.5,
        )
        assert list_truth(scan) == (truth,)
