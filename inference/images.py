"""Uploaded files: verified against their digest, checked on their structure, durable before they are known.

Order of a write: bytes durable in the store, then the row, then the answer. A row therefore never names
bytes that could be lost; bytes without a row are harmless and the next upload of them finds them there.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from inference.database_errors import Connection, Pool, connect
from inference.errors import ImageUnknownError
from inference.schemas import ImageOut
from inference.tracing import NO_TRACER, Tracer, span
from scans.errors import DigestMismatchError
from scans.formats import ImageInfo, ImageLimits, inspect_image
from scans.store import ScanStore

INSERT_IMAGE = """
INSERT INTO images (digest, format, size_bytes, width_px, height_px, n_channels, bit_depth)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (digest) DO NOTHING RETURNING digest
"""


@dataclass(frozen=True, kw_only=True)
class KnownImage:
    """What a scan needs to know of an uploaded image."""

    digest: str
    n_channels: int


def verify_digest(data: bytes, digest: str) -> None:
    """Check that bytes are those that were announced.

    Raises:
        DigestMismatchError: They are not.
    """
    received = hashlib.sha256(data).hexdigest()
    if received != digest:
        raise DigestMismatchError(
            f"The {len(data)} bytes received have sha256 {received}, announced was {digest}; "
            "nothing was stored. Send them again."
        )


class ImageIntake:
    """Stores uploaded images.

    Args:
        pool: Database.
        store: Where the bytes go.
        limits: Limits on one image.
        database_timeout_s: How long to wait for a database connection.
        tracer: Takes the spans.
    """

    def __init__(
        self,
        pool: Pool,
        store: ScanStore,
        limits: ImageLimits,
        *,
        database_timeout_s: float,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        self._pool = pool
        self._store = store
        self._limits = limits
        self._database_timeout_s = database_timeout_s
        self._tracer = tracer

    async def put(self, data: bytes, digest: str) -> tuple[ImageOut, bool]:
        """Verify, check and store one file.

        Args:
            data: The whole file.
            digest: sha256 that the sender announced, lower-case hex.

        Returns:
            The image and whether it is new here.

        Raises:
            DigestMismatchError: The bytes are not those that were announced; nothing is stored.
            ImageUnsupportedError: No image, or of a kind that is not read here.
            ImageMalformedError: It breaks its format.
            ImageTooLargeError: It declares more pixels than the limits allow.
            StoreFullError: No room.
            DatabaseUnavailableError: The bytes may be stored, but are not acknowledged.
        """
        info = await asyncio.to_thread(self._check, data, digest)
        with span(self._tracer, "store", size_bytes=len(data)):
            await self._store.put(data, digest)
        image = ImageOut(
            digest=digest,
            format=info.format,
            width_px=info.width_px,
            height_px=info.height_px,
            n_channels=info.n_channels,
            bit_depth=info.bit_depth,
            size_bytes=len(data),
        )
        async with connect(self._pool, timeout_s=self._database_timeout_s) as conn:
            inserted = await conn.fetchval(
                INSERT_IMAGE,
                bytes.fromhex(digest),
                image.format,
                image.size_bytes,
                image.width_px,
                image.height_px,
                image.n_channels,
                image.bit_depth,
            )
        return image, inserted is not None

    def _check(self, data: bytes, digest: str) -> ImageInfo:
        verify_digest(data, digest)
        return inspect_image(data, limits=self._limits)


async def find_images(conn: Connection, digests: Iterable[str]) -> dict[str, KnownImage]:
    """Look up uploaded images by digest.

    Raises:
        ImageUnknownError: One of them was never uploaded; the message names it.
    """
    wanted = set(digests)
    rows = await conn.fetch(
        "SELECT encode(digest, 'hex') AS digest, n_channels FROM images WHERE digest = ANY($1::bytea[])",
        [bytes.fromhex(digest) for digest in wanted],
    )
    known = {row["digest"]: KnownImage(digest=row["digest"], n_channels=row["n_channels"]) for row in rows}
    missing = sorted(wanted - known.keys())
    if missing:
        raise ImageUnknownError(
            f"Image {missing[0]} is not stored here; upload it with PUT /api/v1/images/{missing[0]} first."
        )
    return known
