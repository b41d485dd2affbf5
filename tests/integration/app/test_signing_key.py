"""The key that signs seals: made once, kept private, and refused when it is no such key."""

import hashlib
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from app.audit_trail import audit_key
from app.errors import SigningKeyError
from app.settings import Settings
from app.signing_key import load_key, load_or_make_key, load_public_keys, public_keys_of

MAKE = "import sys; from pathlib import Path; from app.signing_key import load_or_make_key as f; "
SHOW = "print(f(Path(sys.argv[1])).key_id)"


def test_audit_key__is_made_once_and_private(tmp_path: Path) -> None:
    """The first start makes a key that only its owner can read; later starts find the same."""
    path = tmp_path / "data" / "keys" / "audit-ed25519.pem"
    made = load_or_make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_or_make_key(path).key_id == made.key_id
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_audit_key__processes_that_start_at_once_agree(tmp_path: Path) -> None:
    """Of six processes that find no key one makes it, and all use it."""
    path = tmp_path / "keys" / "key.pem"

    def start(_: int) -> str:
        command = [sys.executable, "-c", MAKE + SHOW, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    with ThreadPoolExecutor(6) as threads:
        ids = set(threads.map(start, range(6)))
    assert ids == {load_key(path).key_id}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_audit_key__signs_what_its_public_key_confirms(tmp_path: Path) -> None:
    """The public file alone is enough to check seals, and nothing else passes."""
    key = load_or_make_key(tmp_path / "keys" / "key.pem")
    public = tmp_path / "public.pem"
    public.write_text(key.public_pem())
    (check,) = load_public_keys([public]).values()
    signature = key.sign(b"message")
    assert check(b"message", signature)
    assert not check(b"massage", signature)
    assert not check(b"message", signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not check(b"message", b"")
    assert load_public_keys([public]).keys() == public_keys_of(key).keys() == {key.key_id}
    raw = key.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert key.key_id == hashlib.sha256(raw).hexdigest()[:16]


def test_audit_key__named_one_must_be_there(tmp_path: Path) -> None:
    """A key that the settings name is never made: a wrong path would seal with a key that nobody keeps."""
    with pytest.raises(SigningKeyError, match="openssl"):
        audit_key(Settings(data=tmp_path, audit_key=tmp_path / "none.pem"))
    assert not (tmp_path / "none.pem").exists()
    made = audit_key(Settings(data=tmp_path))
    path = tmp_path / "keys" / "audit-ed25519.pem"
    assert audit_key(Settings(data=tmp_path / "other", audit_key=path)).key_id == made.key_id


def test_audit_key__other_files_are_refused(tmp_path: Path) -> None:
    """Text, an elliptic curve key and the wrong half of a key pair are refused by name."""
    text, other, public = tmp_path / "text", tmp_path / "ec.pem", tmp_path / "public.pem"
    text.write_text("no key")
    ec = generate_private_key(SECP256R1())
    other.write_bytes(ec.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = load_or_make_key(tmp_path / "keys" / "key.pem")
    public.write_text(key.public_pem())
    for path in (text, other, public):
        with pytest.raises(SigningKeyError, match=path.name):
            load_or_make_key(path)
    for path in (text, other):
        with pytest.raises(SigningKeyError, match=path.name):
            load_public_keys([path])


def test_audit_key__folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Where no key can be made the error names the place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SigningKeyError, match="no key can be made"):
        load_or_make_key(tmp_path / "file" / "key.pem")
