"""``shenxiang model``: who signs a manifest, with which key, and what is found when it does not hold."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.model_server import ROOT, write_manifest
from tests.unit.inference.tiny_onnx import build_tiny_model


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return write_manifest(tmp_path, tiny=build_tiny_model())


def shenxiang(*words: str, **settings: Path | str) -> subprocess.CompletedProcess[str]:
    """Run a command with settings."""
    chosen = {f"SHENXIANG_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=ROOT,
        env=os.environ | chosen,
        capture_output=True,
        text=True,
        check=False,
    )


def test_model__signed_by_an_own_key(manifest: Path, tmp_path: Path) -> None:
    """The key is made once; what it signed holds under its public half and under no other."""
    own = {"manifest": manifest, "data": tmp_path / "data"}
    public = tmp_path / "public.pem"
    public.write_text(shenxiang("model", "key", **own).stdout)
    assert public.read_text().startswith("-----BEGIN PUBLIC KEY-----")
    before = shenxiang("model", "check", **own, manifest_keys=public)
    assert (before.returncode, before.stderr.split(": ")[1]) == (1, "model_manifest_untrusted")
    signed = shenxiang("model", "sign", **own)
    assert signed.returncode == 0, signed.stderr
    digest = json.loads(manifest.read_text())["models"][0]["sha256"]
    assert f"{digest}  tiny" in signed.stdout
    keys = f"{manifest.with_name('manifest-key.pem')},{public}"
    after = shenxiang("model", "check", **own, manifest_keys=keys)
    assert (after.returncode, "1 files as pinned" in after.stdout) == (0, True)
    assert shenxiang("model", "check", **own).returncode == 1, "the program's own key has not signed it"


def test_model__a_file_that_is_another_is_neither_good_nor_signed(manifest: Path, tmp_path: Path) -> None:
    """Nobody signs a digest whose file is not there."""
    own = {"manifest": manifest, "data": tmp_path / "data"}
    before = manifest.read_text()
    manifest.with_name("tiny.onnx").write_bytes(b"theirs")
    for command in ("sign", "check"):
        answer = shenxiang("model", command, **own, manifest_keys=manifest.with_name("manifest-key.pem"))
        assert (answer.returncode, answer.stderr.split(": ")[1]) == (1, "model_not_pinned")
    assert manifest.read_text() == before


def test_serve_model__does_not_start_by_a_manifest_that_nobody_signed(manifest: Path, tmp_path: Path) -> None:
    """One line and status 1, before any child is started."""
    fields = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**fields, "default": "tiny", "cargo": "tiny"}))
    answer = shenxiang(
        "serve-model",
        port="0",
        manifest=manifest,
        manifest_keys=manifest.with_name("manifest-key.pem"),
    )
    assert answer.returncode == 1
    assert "model_manifest_untrusted" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_model__signing_key_that_the_settings_name_is_never_made(manifest: Path, tmp_path: Path) -> None:
    """A wrong path is told of, instead of signing with a key that nobody keeps."""
    answer = shenxiang("model", "sign", manifest=manifest, manifest_signing_key=tmp_path / "none.pem")
    assert (answer.returncode, answer.stderr.split(": ")[1]) == (1, "signing_key_invalid")
    assert not (tmp_path / "none.pem").exists()
