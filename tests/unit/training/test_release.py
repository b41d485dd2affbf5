"""From weights to a pinned file: what needs no trained model."""

import hashlib
import json
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from models.contract import METADATA_KEY, KindSpec, ModelContract
from models.errors import ManifestUntrustedError
from models.registry import load_manifest
from tests.manifest_key import SIGNER
from tests.unit.training.recipes import TINY
from training.card import write_card
from training.evaluation.looking import ModelSession
from training.release import CALIBRATION_SEED, calibration_scans, pin, set_thresholds


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file with a contract and hardly a graph."""
    shape: list[str | int | None] = ["n", 2, "h", "w"]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("a", "b")]
    graph = helper.make_graph([helper.make_node("Identity", ["a"], ["b"])], "g", ends[:1], ends[1:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    kinds = tuple(KindSpec(kind=kind, threshold=0.5) for kind in ("gun", "blade"))
    contract = ModelContract(name="tiny", version="3", kinds=kinds, recipe="tiny", architecture="cpu")
    helper.set_model_props(made, {METADATA_KEY: contract.to_json()})
    path = tmp_path / "model.onnx"
    onnx.save(made, str(path))
    return path


def test_set_thresholds__changes_those_named(model: Path) -> None:
    """The others keep theirs."""
    set_thresholds(model, {"gun": 0.123456})
    kinds = {spec.kind: spec.threshold for spec in ModelSession(model).contract.kinds}
    assert kinds == {"gun": 0.1235, "blade": 0.5}


@pytest.fixture
def keys(tmp_path: Path) -> list[Path]:
    """The public key of what these tests pin."""
    public = tmp_path / "key.pem"
    public.write_text(SIGNER.public_pem())
    return [public]


def test_pin__replaces_the_entry_and_keeps_the_rest(model: Path, tmp_path: Path, keys: list[Path]) -> None:
    """The default changes; other models and the cargo model stay agreed."""
    manifest = tmp_path / "weights" / "manifest.json"
    pin(model, name="other", signer=SIGNER, manifest_path=manifest)
    pin(model, name="other", signer=SIGNER, manifest_path=manifest, role="cargo")
    pin(model, name="tiny", signer=SIGNER, manifest_path=manifest)
    set_thresholds(model, {"gun": 0.2})
    digest = pin(model, name="tiny", signer=SIGNER, card="../cards/tiny.md", manifest_path=manifest)
    read = load_manifest(manifest, keys=keys)
    assert read.default == "tiny"
    assert read.cargo == "other"
    assert [entry.name for entry in read.models] == ["other", "tiny"]
    assert read.models[1].sha256 == digest
    assert hashlib.sha256((tmp_path / "weights" / "tiny.onnx").read_bytes()).hexdigest() == digest


def test_pin__beside_the_default_leaves_it(model: Path, tmp_path: Path, keys: list[Path]) -> None:
    """A twin gets a name of its own; a manifest without a default takes its first model."""
    manifest = tmp_path / "weights" / "manifest.json"
    pin(model, name="tiny", signer=SIGNER, manifest_path=manifest, role=None)
    pin(model, name="tiny-int8", signer=SIGNER, manifest_path=manifest, role=None)
    assert load_manifest(manifest, keys=keys).default == "tiny"
    assert {path.name for path in manifest.parent.iterdir()} == {
        "manifest.json", "tiny.onnx", "tiny-int8.onnx",
    }  # fmt: skip


def test_pin__never_signs_what_others_put_in(model: Path, tmp_path: Path, keys: list[Path]) -> None:
    """A manifest that was changed since it was signed stays as it is, and so do the files beside it."""
    manifest = tmp_path / "weights" / "manifest.json"
    pin(model, name="tiny", signer=SIGNER, manifest_path=manifest)
    changed = json.dumps({**json.loads(manifest.read_text()), "default": "theirs"})
    manifest.write_text(changed)
    with pytest.raises(ManifestUntrustedError):
        pin(model, name="other", signer=SIGNER, keys=keys, manifest_path=manifest)
    assert manifest.read_text() == changed
    assert not (manifest.parent / "other.onnx").exists()


def _report(model: Path) -> dict[str, Any]:
    share = {"value": 0.5, "low": 0.25, "high": 0.75}
    point = {"false_alarms": share, "by_kind": {"gun": share}, "thresholds": {"gun": 0.4, "blade": 0.5}}
    numbers = dict.fromkeys(("map", "pd_at_fa5", "pd_at_fa1", "pd_at_fa04", "unseen_ratio"), 0.25)
    return {
        "model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "generator_sha256": "0123456789abcdef",
        "benchmark": "frozen-1",
        "size_px": [1000, 2500],
        **numbers,
        "map50": 0.456,
        "single_energy_drop": 0.1,
        "int8_map_delta": None,
        "details": {
            "n_benign": 7,
            "n_threat_scans": 8,
            "n_threats": 9,
            "look_seconds": 0.123,
            "points": {"contract": point},
            "by_kind": {"gun": {"map50": 0.321}},
        },
    }


def test_write_card__says_what_was_measured_of_this_file(model: Path) -> None:
    """Numbers come from the report, and what nobody measured is not claimed."""
    text = write_card(model, TINY, _report(model))
    assert "| mAP50, all kinds | 0.456 |" in text
    assert "| mAP of int8 − of fp32 | not measured |" in text
    assert "| gun | 0.321 | 50% (25% to 75%) | 0.400 |" in text
    assert "123 ms" in text


def test_write_card__report_about_another_file_is_refused(model: Path) -> None:
    """New thresholds make another file."""
    report = _report(model)
    set_thresholds(model, {"gun": 0.3})
    with pytest.raises(ValueError, match="another file"):
        write_card(model, TINY, report)


def test_calibration_scans__fit_the_input() -> None:
    """Ranges are read from scans of no test, of a size that fits into memory."""
    scan = next(calibration_scans(1))
    assert scan.shape[:2] == (1, 2)
    assert scan.shape[2] % 32 == scan.shape[3] % 32 == 0
    assert 0 < scan.min() <= scan.max() <= 1
    assert CALIBRATION_SEED > 3_011_050
