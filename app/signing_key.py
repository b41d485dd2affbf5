"""Ed25519 keys that sign seals or model manifests: PEM files, made when they are first needed.

The id of a key is the first 16 hex digits of the sha256 of the raw public key.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from app.errors import SigningKeyError
from review_queue.anchor import fsync_folder
from review_queue.seals import PublicKeys, SignatureCheck

_HOW = "`openssl genpkey -algorithm ed25519` makes one"


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A private key; a ``review_queue.seals.Signer`` and a ``models.manifest_signature.ManifestSigner``."""

    private: Ed25519PrivateKey

    @property
    def key_id(self) -> str:
        """The key's id."""
        return key_id_of(self.private.public_key())

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of a message."""
        return self.private.sign(message)

    def public_pem(self) -> str:
        """Return the public key, for whoever checks what it signed."""
        pem = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem.decode()


def load_or_make_key(path: Path) -> SigningKey:
    """Read the key of a data folder, or make one; processes that start at once agree on one key.

    Raises:
        SigningKeyError: If none can be made there, or there is a file that holds no Ed25519 private key.
    """
    if not path.exists():
        try:
            _make_key(path)
        except OSError as error:
            raise SigningKeyError(f"no key can be made at {path} ({error})") from error
    return load_key(path)


def load_key(path: Path) -> SigningKey:
    """Read a key that must be there.

    Raises:
        SigningKeyError: If it cannot be read, or is no Ed25519 private key.
    """
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise SigningKeyError(f"{path} cannot be read as a private key ({error}); {_HOW}") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise SigningKeyError(f"{path} is not an Ed25519 key; {_HOW}")
    return SigningKey(private=private)


def load_public_keys(paths: Iterable[Path]) -> PublicKeys:
    """Read public keys, by their ids.

    Raises:
        SigningKeyError: If one cannot be read, or is no Ed25519 public key.
    """
    keys: dict[str, SignatureCheck] = {}
    for path in paths:
        try:
            public = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError) as error:
            raise SigningKeyError(f"{path} cannot be read as a public key ({error})") from error
        if not isinstance(public, Ed25519PublicKey):
            raise SigningKeyError(f"{path} is not an Ed25519 public key")
        keys[key_id_of(public)] = signature_check(public)
    return keys


def public_keys_of(key: SigningKey) -> PublicKeys:
    """Return what verifies the seals made with one key."""
    return {key.key_id: signature_check(key.private.public_key())}


def key_id_of(public: Ed25519PublicKey) -> str:
    """Return the id of a public key."""
    return hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def signature_check(public: Ed25519PublicKey) -> SignatureCheck:
    """Return the function that checks signatures under a public key."""

    def is_valid(message: bytes, signature: bytes) -> bool:
        try:
            public.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return is_valid


def _make_key(path: Path) -> None:
    """Write a new key under its name, whole and durable, unless somebody else is first."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fsync_folder(path.parent.parent)
    # Made with mode 0600. A link, unlike a rename, replaces nothing.
    fd, fresh = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return
    finally:
        os.unlink(fresh)
    fsync_folder(path.parent)
