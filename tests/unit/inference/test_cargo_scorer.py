"""The checks beside the detector run on stored scans, and are off where they cannot be made."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.cargo_scorer import CargoScorer, ScanFacts, load_pinned_cargo
from inference.errors import EngineError
from inference.rescore_kept import checked_before, line_checks_before
from inference.scorer import open_scorer
from inference.screening import screen_px16
from inference.screening_jobs import Job
from inference.screening_store import finding_json
from models.cargo_checks import LineCheck
from models.errors import ModelContractError, ModelNotPinnedError
from models.finding import Finding
from models.registry import DEFAULT_MANIFEST
from scans import px16
from tests.manifest_key import sign_manifest
from tests.unit.inference.tiny_cargo import build_tiny_cargo
from tests.unit.inference.tiny_onnx import build_tiny_model

DATA = build_tiny_cargo()
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(scope="module")
def scorer() -> CargoScorer:
    return CargoScorer(DATA, DIGEST)


def air() -> np.ndarray:
    return np.full((2, 320, 640), 65535, np.uint16)


def full() -> np.ndarray:
    """Attenuation 1 in the middle of the picture."""
    pixels = air()
    pixels[:, 100:300, 160:480] = round(65535 / np.e)
    return pixels


def facts(*codes: str, is_empty: bool = False) -> ScanFacts:
    declaration = {"declared_empty": is_empty, "lines": [{"line_no": 1, "hs_code": code} for code in codes]}
    return ScanFacts(pixel_pitch_mm=5.0, declaration=json.dumps(declaration))


def test_check__declared_empty_with_cargo(scorer: CargoScorer) -> None:
    """A finding without a place that names the model that made it; an empty vehicle gives none."""
    [finding] = scorer.check(full(), facts(is_empty=True)).findings
    assert (finding.kind, finding.box_xyxy, finding.model_digest) == ("declared_empty", None, DIGEST)
    assert finding.score > 0.9
    assert scorer.check(air(), facts(is_empty=True)).findings == []


def test_check__declared_goods_and_no_cargo(scorer: CargoScorer) -> None:
    """The reverse has a kind of its own."""
    assert [f.kind for f in scorer.check(air(), facts("2204210000")).findings] == ["found_empty"]


def test_check__policy_thresholds_replace_the_models(scorer: CargoScorer) -> None:
    """A supervisor who wants fewer alarms gets fewer."""
    assert scorer.check(full(), facts(is_empty=True), thresholds={"declared_empty": 1.01}).findings == []


def test_cargo_scorer__damaged_file_is_refused() -> None:
    """Neither half a file nor a detector in its place."""
    with pytest.raises(EngineError):
        CargoScorer(DATA[:500], DIGEST)
    with pytest.raises(ModelContractError):
        CargoScorer(build_tiny_model(), DIGEST)


def test_load_pinned_cargo__none_named_is_no_checks(tmp_path: Path) -> None:
    """A deployment without the model screens without these checks; one that is not there is an error."""
    manifest, path = json.loads(DEFAULT_MANIFEST.read_text()), tmp_path / "manifest.json"
    assert load_pinned_cargo(path, keys=sign_manifest(path, {**manifest, "cargo": None})) is None
    keys = sign_manifest(path, {**manifest, "cargo": "no such model"})
    with pytest.raises(ModelNotPinnedError):
        load_pinned_cargo(path, keys=keys)


def test_load_pinned_cargo__comes_with_the_program() -> None:
    """The manifest's own cargo model knows the headings, and says that an empty picture is empty."""
    pinned = load_pinned_cargo()
    assert pinned is not None
    assert pinned.contract.name == "shenxiang-cargo"
    assert len(pinned.contract.headings) >= 20
    assert [f.kind for f in pinned.check(air(), facts("2204210000")).findings] == ["found_empty"]


def job(**changes: Any) -> Job:
    fields = {
        "scan_id": "1",
        "tries": 1,
        "abandoned": False,
        "age_s": 0.0,
        "port": "5301",
        "modality": "cargo",
        "container_no_valid": None,
        "px16_full": "",
        "pixel_pitch_mm": 5.0,
        "declaration": facts(is_empty=True).declaration,
        "container_nos": [],
        "gate_photos": (),
    }
    return Job(**{**fields, **changes})


def test_screen_px16__checks_are_added_to_the_detector(scorer: CargoScorer) -> None:
    """Both models' findings, and the time of each step."""
    detector = open_scorer(build_tiny_model(), "00" * 32)
    data = px16.encode(full())
    result = screen_px16(detector, scorer, data, job(), thresholds={})
    assert [f.kind for f in result.findings] == ["dark", "declared_empty"]
    assert result.timings_ms.keys() == {"decode", "prepare", "infer", "post", "cargo"}
    for changes in ({"declaration": None}, {"modality": "passenger_vehicle"}):
        alone = screen_px16(detector, scorer, data, job(**changes), thresholds={})
        assert [f.kind for f in alone.findings] == ["dark"]
        assert alone.line_checks is None, "not checked is not the same as no word on any line"
    goods = facts("2204210000", "4011200000").declaration
    empty = screen_px16(detector, scorer, px16.encode(air()), job(declaration=goods), thresholds={})
    assert empty.line_checks == ["disagrees", "disagrees"]


def test_job__declaration_is_not_in_its_words() -> None:
    """Declarations do not belong in logs."""
    assert "declared_empty" not in repr(job())


def test_finding_json__names_another_model_only() -> None:
    """What the screening's own model found is stored as before."""
    finding = Finding(kind="gun", score=0.9, threshold=0.5, box_xyxy=(0, 0, 1, 1))
    assert "model_digest" not in finding_json(finding)
    other = Finding(kind="goods_mismatch", score=0.9, threshold=0.5, box_xyxy=None, model_digest="ab")
    assert finding_json(other)["model_digest"] == "ab"


def test_line_checks_before__keeps_the_words() -> None:
    """Another detector says nothing about the lines of a declaration."""
    assert line_checks_before(["agrees", "unknown"]) == [LineCheck.AGREES, LineCheck.UNKNOWN]
    assert line_checks_before(None) is None


def test_checked_before__keeps_what_no_detector_finds() -> None:
    """Re-scoring with another detector clears no scan whose goods, or number, are not as declared."""
    old = [
        {"kind": "gun", "score": 0.9, "threshold": 0.5, "box_xyxy": [0, 0, 1, 1]},
        {"kind": "goods_mismatch", "score": 0.8, "threshold": 0.5, "box_xyxy": None, "model_digest": "ab"},
        {
            "kind": "container_number_mismatch",
            "score": 0.9,
            "threshold": 0.5,
            "box_xyxy": None,
            "text": "MSCU6639870",
        },
    ]
    assert [(f.kind, f.model_digest, f.text) for f in checked_before(old)] == [
        ("goods_mismatch", "ab", None),
        ("container_number_mismatch", None, "MSCU6639870"),
    ]
    assert checked_before(None) == []
