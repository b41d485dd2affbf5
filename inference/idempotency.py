"""A repeated request makes no second scan: same key and same body → the same scan.

The unique index on ``scans (station_id, idempotency_key)`` is what holds, across processes and crashes.
``InFlight`` only spares this process from decoding the same scan twice at once.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager

import orjson

from inference.database_errors import Connection
from inference.errors import (
    IdempotencyKeyInvalidError,
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    RequestInFlightError,
)
from inference.schemas import ScanIn
from scans.modality import Modality

KEY = re.compile(r"[\x21-\x7e]{1,255}")


def check_key(header: str | None) -> str:
    """Return the idempotency key of a request.

    Raises:
        IdempotencyKeyMissingError: There is none.
        IdempotencyKeyInvalidError: It is not 1 to 255 visible ASCII characters.

    Source:
        IETF draft-ietf-httpapi-idempotency-key-header-07, section 2.7 (400 when it is missing).
    """
    if header is None:
        raise IdempotencyKeyMissingError(
            "A scan needs the header Idempotency-Key: your own name for this pass, repeated on every retry."
        )
    if not KEY.fullmatch(header):
        raise IdempotencyKeyInvalidError("Idempotency-Key must be 1 to 255 visible ASCII characters.")
    return header


def request_digest(scan: ScanIn) -> bytes:
    """Return the sha256 of what a request means: key order, space and spelt-out defaults do not count."""
    meant = scan.model_dump(mode="json")
    # Retries of a time when cargo was the default, and a picture had one container, are known still.
    meant["modality"] = scan.modality or Modality.CARGO
    if not scan.other_container_nos:
        del meant["other_container_nos"]
    return hashlib.sha256(orjson.dumps(meant, option=orjson.OPT_SORT_KEYS)).digest()


async def find_replay(conn: Connection, *, station_id: str, key: str, request_sha256: bytes) -> str | None:
    """Return the id of the scan that this request made before, or None.

    Raises:
        IdempotencyKeyReusedError: The station used the key for another body.
    """
    row = await conn.fetchrow(
        "SELECT scan_id, request_sha256 FROM scans WHERE station_id = $1 AND idempotency_key = $2",
        station_id,
        key,
    )
    if row is None:
        return None
    if row["request_sha256"] != request_sha256:
        raise IdempotencyKeyReusedError(
            f"Idempotency-Key {key} was used before for scan {row['scan_id']} with another body; "
            "use a new key for a new scan."
        )
    scan_id: str = row["scan_id"]
    return scan_id


class InFlight:
    """The (station, key) pairs that this process is handling."""

    def __init__(self) -> None:
        self._pairs: set[tuple[str, str]] = set()

    @contextmanager
    def hold(self, *, station_id: str, key: str) -> Iterator[None]:
        """Mark a pair as being handled.

        Raises:
            RequestInFlightError: It is already.
        """
        pair = (station_id, key)
        if pair in self._pairs:
            raise RequestInFlightError(
                f"A request with Idempotency-Key {key} is being handled; repeat it in a moment."
            )
        self._pairs.add(pair)
        try:
            yield
        finally:
            self._pairs.discard(pair)
