"""Only pinned models load."""

import hashlib
import json
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.signing_key import SigningKey
from models.errors import ManifestUntrustedError, ModelNotPinnedError
from models.registry import load_manifest, pinned_digests, read_pinned_model, write_signed
from tests.manifest_key import SIGNER, sign_manifest


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "a.onnx").write_bytes(b"weights")
    entry = {"name": "a", "file": "a.onnx", "sha256": hashlib.sha256(b"weights").hexdigest()}
    path = tmp_path / "manifest.json"
    sign_manifest(path, {"default": "a", "models": [entry]})
    return path


@pytest.fixture
def keys(manifest: Path) -> list[Path]:
    return [manifest.with_name("manifest-key.pem")]


def test_read_pinned_model__by_default_name_and_path(manifest: Path, keys: list[Path]) -> None:
    """Three ways to name the same bytes."""
    for name in (None, "a", manifest.parent / "a.onnx"):
        model = read_pinned_model(name, manifest_path=manifest, keys=keys)
        assert (model.name, model.data) == ("a", b"weights")
        assert model.digest == hashlib.sha256(b"weights").hexdigest()


def test_read_pinned_model__changed_bytes_are_refused(manifest: Path, keys: list[Path]) -> None:
    """One flipped byte and the model does not load."""
    (manifest.parent / "a.onnx").write_bytes(b"Weights")
    with pytest.raises(ModelNotPinnedError, match="not pinned") as caught:
        read_pinned_model("a", manifest_path=manifest, keys=keys)
    assert caught.value.code == "model_not_pinned"


@pytest.mark.parametrize("name", ["b", "/nowhere/at/all.onnx"])
def test_read_pinned_model__unknown_is_refused(manifest: Path, keys: list[Path], name: str) -> None:
    """A name that nobody agreed to is not looked for elsewhere."""
    with pytest.raises(ModelNotPinnedError):
        read_pinned_model(name, manifest_path=manifest, keys=keys)


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


def test_load_manifest__cargo_model_is_optional(manifest: Path, keys: list[Path]) -> None:
    """A manifest older than the cargo model pins its detector as before."""
    assert load_manifest(manifest, keys=keys).cargo is None
    fields = json.loads(manifest.read_text())
    sign_manifest(manifest, {**fields, "cargo": "a"})
    assert load_manifest(manifest, keys=keys).cargo == "a"


def test_load_manifest__models_by_modality(manifest: Path, keys: list[Path]) -> None:
    """A manifest names the models of modalities that have their own, or says that none has learnt one."""
    assert load_manifest(manifest, keys=keys).by_modality == {}
    fields = json.loads(manifest.read_text())
    sign_manifest(manifest, {**fields, "by_modality": {"under_vehicle": None, "cargo": "a"}})
    assert load_manifest(manifest, keys=keys).by_modality == {"under_vehicle": None, "cargo": "a"}
    sign_manifest(manifest, {**fields, "by_modality": ["cargo"]})
    with pytest.raises(ModelNotPinnedError, match="is not one"):
        load_manifest(manifest, keys=keys)


def test_pinned_digests__tell_of_every_model_that_screens(manifest: Path, keys: list[Path]) -> None:
    """Another file for the default, the cargo or a modality is another answer; a path is in no manifest."""
    fields = json.loads(manifest.read_text())
    first = fields["models"][0]
    other = {**first, "name": "b", "sha256": "b" * 64}
    fields = {**fields, "models": [first, other], "by_modality": {"cargo": "b", "under_vehicle": None}}
    sign_manifest(manifest, fields)
    pinned = partial(pinned_digests, manifest_path=manifest, keys=keys)
    assert pinned("default") == (first["sha256"], None, "b" * 64, None)
    other["sha256"] = "c" * 64
    sign_manifest(manifest, {**fields, "cargo": "b"})
    assert pinned("b") == ("c" * 64, "c" * 64, "c" * 64, None)
    assert pinned_digests("some/file.onnx", manifest_path=manifest, keys=keys)[0] is None


def test_load_manifest__tells_who_signed_it(manifest: Path, keys: list[Path]) -> None:
    """Blanks and the order of fields may change; they mean nothing."""
    assert load_manifest(manifest, keys=keys).key_id == SIGNER.key_id
    fields = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(dict(reversed(fields.items()))))
    assert load_manifest(manifest, keys=keys).key_id == SIGNER.key_id


def test_load_manifest__every_change_breaks_the_signature(manifest: Path, keys: list[Path]) -> None:
    """Another digest, another default, one more model, a lost signature: nothing is pinned any more."""
    (manifest.parent / "a.onnx").write_bytes(b"theirs")
    fields = json.loads(manifest.read_text())
    [entry] = fields["models"]
    theirs = {**entry, "sha256": hashlib.sha256(b"theirs").hexdigest()}
    given = fields["signature"]
    for changed in (
        {**fields, "models": [theirs]},
        {**fields, "models": [entry, {**theirs, "name": "b"}]},
        {**fields, "default": "b"},
        {**fields, "by_modality": {"cargo": None}},
        {**fields, "signature": None},
        {**fields, "signature": {**given, "ed25519": given["ed25519"][:-8] + "AAAAAA=="}},
        {**fields, "signature": {**given, "ed25519": "no base64"}},
        {name: value for name, value in fields.items() if name != "signature"},
    ):
        manifest.write_text(json.dumps(changed))
        with pytest.raises(ManifestUntrustedError) as caught:
            read_pinned_model(manifest_path=manifest, keys=keys)
        assert caught.value.code == "model_manifest_untrusted"


def test_load_manifest__only_keys_that_are_named_count(manifest: Path, keys: list[Path]) -> None:
    """A manifest signed by a stranger pins nothing, whatever key it says it was."""
    stranger = SigningKey(private=Ed25519PrivateKey.generate())
    fields = json.loads(manifest.read_text())
    for trusted in ((), (manifest,)):
        with pytest.raises(ManifestUntrustedError):
            load_manifest(manifest, keys=trusted)
    with pytest.raises(ManifestUntrustedError):
        load_manifest(manifest)
    write_signed(manifest, fields, stranger)
    signed = json.loads(manifest.read_text())
    signed["signature"]["key_id"] = SIGNER.key_id
    manifest.write_text(json.dumps(signed))
    with pytest.raises(ManifestUntrustedError, match=SIGNER.key_id):
        load_manifest(manifest, keys=keys)
    second = manifest.with_name("second.pem")
    second.write_text(stranger.public_pem())
    assert load_manifest(manifest, keys=[*keys, second]).key_id == stranger.key_id
