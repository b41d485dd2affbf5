"""The scan store: content-addressed, write-once, verified on every read.

Pixels live here, everything about them in the database. Bytes are durable before a row names them.
"""

from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from scans.digests import digest_of, is_digest
from scans.errors import StoreUnavailableError
from scans.folder_store import FolderStore
from scans.object_store import ObjectStore, S3Access

__all__ = ["FolderStore", "ObjectStore", "S3Access", "ScanStore", "digest_of", "is_digest", "open_store"]


class ScanStore(Protocol):
    """What every store does. All of it may be called from any number of tasks at once.

    Beside the errors named below, each call raises ``StoreUnavailableError`` when nothing can be said:
    a store that is away never looks like one that is empty.
    """

    async def put(self, data: bytes, digest: str | None = None) -> str:
        """Store ``data`` durably and return its sha256 as 64 lower-case hexadecimal digits.

        When this returns, neither kill −9 nor a power cut can lose the object. Storing the same bytes again
        is harmless, and mends an object that was damaged.

        Args:
            data: The bytes.
            digest: What the sender says they are.

        Raises:
            DigestMismatchError: If they are something else; nothing was stored.
            StoreFullError: If there is no room; nothing was stored.
        """

    async def get(self, digest: str) -> bytes:
        """Return an object whose bytes were compared with its digest.

        Raises:
            ObjectMissingError: If it is not there.
            ObjectCorruptError: If it is not what was stored.
        """

    async def get_range(self, digest: str, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to before ``end``, fewer where the object ends earlier.

        They are **not** verified: the caller compares a checksum of its own (``px16.check_strip``).

        Raises:
            ObjectMissingError: If it is not there.
            ValueError: If ``start`` is negative or beyond ``end``.
        """

    async def exists(self, digest: str) -> bool:
        """Say whether an object is there now. Only ``put`` says that it is durable."""

    async def check(self) -> None:
        """Raise if an object could not be stored or read now; cheap enough for a readiness probe.

        Raises:
            StoreFullError: If there is no room.
        """

    async def close(self) -> None:
        """Release what the store holds. It is not used afterwards."""


def open_store(url: str | Path, *, s3: S3Access | None = None) -> ScanStore:
    """Open the store that a setting names.

    Args:
        url: A folder, ``file:///folder`` or ``s3://bucket/prefix``.
        s3: Server and key for ``s3://``; without it the AWS_* variables say both.

    Raises:
        StoreUnavailableError: If it is none of these, or cannot be used.
        StoreFullError: If there is no room to create the folder.
    """
    text = str(url)
    if "://" not in text:
        return FolderStore(text)
    parts = urlsplit(text)
    match parts.scheme:
        case "file" if parts.netloc in ("", "localhost") and parts.path:
            return FolderStore(unquote(parts.path))
        case "s3" if parts.netloc:
            return ObjectStore(text, s3)
        case _:
            raise StoreUnavailableError(
                f"{text!r} is no scan store: give a folder, file:///… or s3://bucket/…"
            )
