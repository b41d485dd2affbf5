"""The signature in a manifest: whose word it is that these model files may be loaded.

Ed25519 over the manifest's fields without ``signature``, as JSON with sorted keys and no blanks, behind a
prefix that nothing else that we sign begins with. It stands in the manifest, so that both change at once.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from models.errors import ManifestUntrustedError

PROGRAM_KEY: Final = Path(__file__).parent / "weights" / "manifest-key.pem"
"""Public key of who pinned the models that come with the program."""

_PREFIX = b"shenxiang model manifest 1\n"


class ManifestSigner(Protocol):
    """A private key."""

    @property
    def key_id(self) -> str:
        """The first 16 hex digits of the sha256 of the raw public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of a message."""
        ...


def with_signature(fields: Mapping[str, Any], signer: ManifestSigner) -> dict[str, Any]:
    """Return a manifest's fields with a new signature in place of any old one."""
    signature = base64.b64encode(signer.sign(_message(fields))).decode()
    return {**fields, "signature": {"key_id": signer.key_id, "ed25519": signature}}


def is_signed_by(fields: Mapping[str, Any], signer: ManifestSigner) -> bool:
    """Tell whether a manifest's signature is the very one that this key makes; Ed25519 knows only one."""
    return bool(fields.get("signature") == with_signature(fields, signer)["signature"])


def check_signature(fields: Mapping[str, Any], keys: Sequence[Path]) -> str:
    """Check that a manifest is signed by one of the keys; return that key's id.

    Args:
        fields: The whole manifest.
        keys: Public keys, PEM files.

    Raises:
        ManifestUntrustedError: It is not, or a key cannot be read.
    """
    # Ten megabytes of every process that imports it: scoring children never come here.
    from cryptography.exceptions import InvalidSignature

    given = fields.get("signature")
    if not isinstance(given, Mapping):
        raise ManifestUntrustedError("it is not signed")
    try:
        signature = base64.b64decode(given["ed25519"], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestUntrustedError("its signature cannot be read") from error
    message = _message(fields)
    trusted = []
    for path in keys:
        key_id, public = _read_public_key(path)
        try:
            public.verify(signature, message)
        except InvalidSignature:
            trusted.append(key_id)
        else:
            return key_id
    named, known = given.get("key_id"), ", ".join(trusted) or "any"
    raise ManifestUntrustedError(f"its signature names the key {named} and does not hold under {known}")


def _message(fields: Mapping[str, Any]) -> bytes:
    signed = {name: value for name, value in fields.items() if name != "signature"}
    return _PREFIX + json.dumps(signed, sort_keys=True, separators=(",", ":")).encode()


def _read_public_key(path: Path) -> tuple[str, Any]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        public = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ManifestUntrustedError(f"{path} cannot be read as a public key ({error})") from error
    if not isinstance(public, Ed25519PublicKey):
        raise ManifestUntrustedError(f"{path} is not an Ed25519 public key")
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16], public
