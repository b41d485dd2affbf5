"""The key that signs the manifests that tests make."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.signing_key import SigningKey
from models.registry import write_signed

SIGNER = SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def sign_manifest(path: Path, fields: Mapping[str, Any]) -> tuple[Path, ...]:
    """Write a manifest with its signature, and the public key beside it; return what ``keys`` wants."""
    public = path.with_name("manifest-key.pem")
    public.write_text(SIGNER.public_pem())
    write_signed(path, fields, SIGNER)
    return (public,)
