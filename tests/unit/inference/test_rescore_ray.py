"""Re-scoring with Ray where Ray is not installed."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from inference.errors import RayMissingError
from inference.rescore_ray import ModelFile, RayScorer, StoreAccess
from inference.settings import EngineOptions, RayOptions
from scans.store import S3Access
from tests.unit.inference.tiny_onnx import build_tiny_model


def test_ray_scorer__without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for Ray where it is not is an error with its own code that says where to read on."""
    monkeypatch.setitem(sys.modules, "ray", None)
    model = ModelFile(data=build_tiny_model(), digest="ab" * 32, options=EngineOptions())
    with pytest.raises(RayMissingError, match=r"docs/howto/ray\.md") as raised:
        RayScorer(model, StoreAccess(url="/nowhere", s3=S3Access()), RayOptions())
    assert raised.value.code == "ray_missing"
    assert (Path(__file__).parents[3] / "docs" / "howto" / "ray.md").exists()


def test_rescore__engine_is_threads_or_ray(tmp_path: Path) -> None:
    """Another word is bad usage, told before anything is opened."""
    command = ["rescore", "--model", "new.onnx", "--out", str(tmp_path / "run"), "--engine", "spark"]
    assert CliRunner().invoke(app, command).exit_code == 2
    assert not (tmp_path / "run").exists()
