"""The ONNX scorer: findings in pixels of the scan, and no answer at all when the engine has none."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.scorer import EngineScorer, load_pinned_scorer, load_scorer_file, open_scorer, score_px16
from models.errors import ModelContractError, ModelNotPinnedError, ModelOutputError, ModelUnreadableError
from models.registry import read_pinned_model
from scans import px16
from tests.unit.inference.tiny_onnx import build_tiny_model, tiny_contract


def scan_with_dark_spot(*, x: int, y: int, value: int = 6553, width_px: int = 300) -> NDArray[np.uint16]:
    """A grey two-energy scan, 100 pixels high, with one dark pixel."""
    pixels = np.full((2, 100, width_px), 50_000, np.uint16)
    pixels[0, y, x] = value
    return pixels


def load(data: bytes) -> EngineScorer:
    """Load a model file from its bytes."""
    return open_scorer(data, hashlib.sha256(data).hexdigest())


def test_run__box_is_in_pixels_of_the_scan() -> None:
    """What the model points at is where it is in the scan, and only kinds above their threshold count."""
    scorer = load(build_tiny_model())
    [result] = scorer.run([scorer.prepare(scan_with_dark_spot(x=200, y=40))])
    [finding] = result.findings
    assert (finding.kind, finding.box_xyxy) == ("dark", (190.0, 30.0, 210.0, 50.0))
    assert finding.score == pytest.approx(0.9, abs=0.001)


def test_run__box_is_clipped_to_the_scan_not_to_its_padding() -> None:
    """Inputs are padded to the stride; no finding lies outside the scan."""
    scorer = load(build_tiny_model())
    [result] = scorer.run([scorer.prepare(scan_with_dark_spot(x=299, y=99))])
    assert result.findings[0].box_xyxy == (289.0, 89.0, 300.0, 100.0)


def test_run__thresholds_of_the_policy_replace_the_models() -> None:
    """A lower threshold shows more, a higher one less, and the finding says which it was held against."""
    scorer = load(build_tiny_model())
    item = scorer.prepare(scan_with_dark_spot(x=200, y=40))
    [result] = scorer.run([item], thresholds={"dark": 0.95, "pitch_black": 0.7})
    assert [(finding.kind, finding.threshold) for finding in result.findings] == [("pitch_black", 0.7)]


@pytest.mark.parametrize("x", [5, 383, 384, 385, 500, 640, 895])
def test_run__wide_scan_gives_each_object_once(x: int) -> None:
    """A scan wider than the model takes is cut into tiles; an object at a seam is one finding."""
    scorer = load(build_tiny_model(contract=tiny_contract(max_width_px=512)))
    item = scorer.prepare(scan_with_dark_spot(x=x, y=40, width_px=900))
    [result] = scorer.run([item])
    assert len(item.tiles) == 3
    assert [finding.box_xyxy for finding in result.findings if finding.kind == "dark"] == [
        (max(0.0, x - 10.0), 30.0, min(900.0, x + 10.0), 50.0)
    ]


def test_run__single_energy_is_scored_like_two() -> None:
    """A scan of one channel is given to the model twice."""
    scorer = load(build_tiny_model())
    both = scan_with_dark_spot(x=200, y=40)
    one, two = scorer.run([scorer.prepare(both[:1]), scorer.prepare(both)])
    assert one.findings == two.findings


def test_run__nan_is_an_error() -> None:
    """An answer that is no number must never read as 'nothing found'."""
    scorer = load(build_tiny_model(flaw="nan_when_dark"))
    with pytest.raises(ModelOutputError):
        scorer.run([scorer.prepare(scan_with_dark_spot(x=200, y=40))])


@pytest.mark.parametrize("flaw", ["nan_always", "wrong_shape"])
def test_load__model_that_cannot_answer_is_refused(flaw: str) -> None:
    """The warm-up finds a useless model before any scan depends on it."""
    with pytest.raises(ModelOutputError):
        load(build_tiny_model(flaw=flaw))  # type: ignore[arg-type]


def test_load_scorer_file__runs_what_it_read(tmp_path: Path) -> None:
    """A candidate's digest is that of the very bytes that run; a missing file is one of our errors."""
    data = build_tiny_model()
    (tmp_path / "candidate.onnx").write_bytes(data)
    assert load_scorer_file(tmp_path / "candidate.onnx").info.digest == hashlib.sha256(data).hexdigest()
    with pytest.raises(ModelUnreadableError):
        load_scorer_file(tmp_path / "missing.onnx")


def test_load_pinned_scorer__refuses_a_file_that_nobody_agreed_to(tmp_path: Path) -> None:
    """What screens scans is pinned; one changed byte is another model."""
    (tmp_path / "candidate.onnx").write_bytes(build_tiny_model())
    with pytest.raises(ModelNotPinnedError):
        load_pinned_scorer(tmp_path / "candidate.onnx")
    pinned = bytearray(read_pinned_model().data)
    pinned[-1] ^= 1
    (tmp_path / "default.onnx").write_bytes(pinned)
    with pytest.raises(ModelNotPinnedError):
        load_pinned_scorer(tmp_path / "default.onnx")


def test_load__contract_is_required() -> None:
    """A file that does not say what it means is not run."""
    with pytest.raises(ModelContractError):
        load(build_tiny_model(metadata="{}"))


def test_load__garbage_is_refused() -> None:
    """Bytes that are no model give one of our errors."""
    with pytest.raises(ModelContractError):
        load(b"not a model")


def test_score_px16__stored_pixels_give_the_same_findings_and_timings() -> None:
    """Scoring from the store equals scoring the pixels, and each step is timed."""
    scorer = load(build_tiny_model())
    pixels = scan_with_dark_spot(x=200, y=40)
    [direct] = scorer.run([scorer.prepare(pixels)])
    stored = score_px16(scorer, px16.encode(pixels))
    assert stored.findings == direct.findings
    assert stored.timings_ms.keys() == {"decode", "prepare", "infer", "post"}
