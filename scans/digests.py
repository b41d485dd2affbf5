"""The sha256 that names every stored object, as 64 lower-case hexadecimal digits."""

import hashlib
import re

from scans.errors import DigestMismatchError, ObjectCorruptError, ObjectMissingError

_DIGEST = re.compile(r"[0-9a-f]{64}")


def digest_of(data: bytes) -> str:
    """Return the digest of ``data``."""
    return hashlib.sha256(data).hexdigest()


def is_digest(text: str) -> bool:
    """Say whether ``text`` has the form of a digest. Nothing else ever becomes part of a path or key."""
    return _DIGEST.fullmatch(text) is not None


def digest_for_storing(data: bytes, announced: str | None) -> str:
    """Return the digest of ``data``, after comparing it with the one that was announced, if any.

    Raises:
        DigestMismatchError: If they differ.
    """
    actual = digest_of(data)
    if announced is not None and announced != actual:
        raise DigestMismatchError(f"{len(data)} bytes announced as {announced} are {actual}: send them again")
    return actual


def check_requested(digest: str) -> None:
    """Refuse to look for what cannot be a digest.

    Raises:
        ObjectMissingError: If ``digest`` is none.
    """
    if not is_digest(digest):
        raise ObjectMissingError(f"{digest[:80]!r} is no sha256 digest, so nothing is stored under it")


def check_read(data: bytes, digest: str, place: str) -> bytes:
    """Return ``data`` if it still is what was stored.

    Raises:
        ObjectCorruptError: If a single bit of it changed.
    """
    if digest_of(data) != digest:
        raise ObjectCorruptError(f"{place} no longer has the digest {digest}: restore it from a backup")
    return data
