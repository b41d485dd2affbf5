"""A cargo model's card says what was measured of that very file."""

from pathlib import Path
from typing import Any

import pytest

from models.cargo_checks import LineCheck
from tests.unit.inference.tiny_cargo import build_tiny_cargo
from training.cargo_card import write_cargo_card
from training.cargo_recipe import load_cargo_recipe
from training.evaluate_cargo import report_cargo

RECIPE = load_cargo_recipe(Path("training/recipes/cargo.toml"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(build_tiny_cargo())
    return path


def measured() -> dict[str, Any]:
    share = {"value": 0.5, "low": 0.25, "high": 0.75}
    names = (
        "mismatch_auroc",
        "mismatch_false_alarms",
        "mismatch_detection",
        "mismatch_detection_one_line",
        "mismatch_detection_several_lines",
        "mismatch_detection_omitted",
        "empty_error_ratio",
        "retrieval_p5",
    )
    words = {word.value: 1 / 3 for word in LineCheck}
    return {
        "model": "tiny-cargo",
        "version": "1",
        "n_declarations": 7,
        "n_hard": 8,
        **dict.fromkeys(names, share),
        "mismatch_auroc_one_line": 0.91,
        "mismatch_auroc_several_lines": 0.82,
        "empty_error": 0.11,
        "empty_baseline_error": 0.33,
        "retrieval_chance": 0.06,
        "lines": {"true": {**words, "agrees": 0.77}, "falsified": words, "beside": words},
    }


def test_write_cargo_card__says_what_was_measured_of_this_file(model: Path) -> None:
    """Numbers come from the report, with their intervals."""
    report = report_cargo(model, measured())
    assert report["mismatch_auroc"] == 0.5
    text = write_cargo_card(model, RECIPE, report)
    assert "0.50 (0.25 to 0.75)" in text
    assert "| 0.91, 0.82 |" in text
    assert "| true | 77% |" in text
    assert report["model_sha256"] in text


def test_write_cargo_card__report_about_another_file_is_refused(model: Path) -> None:
    """Another training, another card."""
    report = {**report_cargo(model, measured()), "model_sha256": "0" * 64}
    with pytest.raises(ValueError, match="another file"):
        write_cargo_card(model, RECIPE, report)
