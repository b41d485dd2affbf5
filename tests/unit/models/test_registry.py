"""Only pinned models load."""

import hashlib
import json
from pathlib import Path

import pytest

from models.errors import ModelNotPinnedError
from models.registry import load_manifest, pinned_digests, read_pinned_model


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "a.onnx").write_bytes(b"weights")
    entry = {"name": "a", "file": "a.onnx", "sha256": hashlib.sha256(b"weights").hexdigest()}
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"default": "a", "models": [entry]}))
    return path


def test_read_pinned_model__by_default_name_and_path(manifest: Path) -> None:
    """Three ways to name the same bytes."""
    for name in (None, "a", manifest.parent / "a.onnx"):
        model = read_pinned_model(name, manifest_path=manifest)
        assert (model.name, model.data) == ("a", b"weights")
        assert model.digest == hashlib.sha256(b"weights").hexdigest()


def test_read_pinned_model__changed_bytes_are_refused(manifest: Path) -> None:
    """One flipped byte and the model does not load."""
    (manifest.parent / "a.onnx").write_bytes(b"Weights")
    with pytest.raises(ModelNotPinnedError, match="does not pin") as caught:
        read_pinned_model("a", manifest_path=manifest)
    assert caught.value.code == "model_not_pinned"


@pytest.mark.parametrize("name", ["b", "/nowhere/at/all.onnx"])
def test_read_pinned_model__unknown_is_refused(manifest: Path, name: str) -> None:
    """A name that nobody agreed to is not looked for elsewhere."""
    with pytest.raises(ModelNotPinnedError):
        read_pinned_model(name, manifest_path=manifest)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"default": "a", "models": [{"name": "a", "file": "a", "sha256": "x"}]}']
)
def test_load_manifest__broken_pins_nothing(tmp_path: Path, text: str) -> None:
    """A damaged manifest never means "anything goes"."""
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(ModelNotPinnedError):
        load_manifest(path)


def test_default_manifest__matches_its_files() -> None:
    """The shipped weights are the pinned ones, and each has a card that exists."""
    manifest = load_manifest()
    for entry in manifest.models:
        assert read_pinned_model(entry.name).digest == entry.sha256
        assert (manifest.folder / entry.card).is_file()


def test_load_manifest__cargo_model_is_optional(manifest: Path) -> None:
    """A manifest older than the cargo model pins its detector as before."""
    assert load_manifest(manifest).cargo is None
    fields = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**fields, "cargo": "a"}))
    assert load_manifest(manifest).cargo == "a"


def test_load_manifest__models_by_modality(manifest: Path) -> None:
    """A manifest names the models of modalities that have their own, or says that none has learnt one."""
    assert load_manifest(manifest).by_modality == {}
    fields = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**fields, "by_modality": {"under_vehicle": None, "cargo": "a"}}))
    assert load_manifest(manifest).by_modality == {"under_vehicle": None, "cargo": "a"}
    manifest.write_text(json.dumps({**fields, "by_modality": ["cargo"]}))
    with pytest.raises(ModelNotPinnedError, match="cannot be read"):
        load_manifest(manifest)


def test_pinned_digests__tell_of_every_model_that_screens(manifest: Path) -> None:
    """Another file under the default's name or for a modality is another answer; a path is in no manifest."""
    fields = json.loads(manifest.read_text())
    first = fields["models"][0]
    other = {**first, "name": "b", "sha256": "b" * 64}
    fields = {**fields, "models": [first, other], "by_modality": {"cargo": "b", "under_vehicle": None}}
    manifest.write_text(json.dumps(fields))
    assert pinned_digests("default", manifest_path=manifest) == (first["sha256"], "b" * 64, None)
    other["sha256"] = "c" * 64
    manifest.write_text(json.dumps(fields))
    assert pinned_digests("b", manifest_path=manifest) == ("c" * 64, "c" * 64, None)
    assert pinned_digests("some/file.onnx", manifest_path=manifest)[0] is None
