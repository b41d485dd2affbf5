"""Takes request bodies from stations: bounded in size, in time, and in how many bytes are in hand.

Refusals come before the first byte of the body is read, so an overloaded server stays answering. The
web server has no deadline of its own for a body; without the one here a sender that never
finishes would hold its memory for ever.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.requests import Request

from inference.errors import (
    BodyTooLargeError,
    BusyError,
    ClientGoneError,
    RequestInvalidError,
    RequestTimeoutError,
)
from inference.settings import IntakeSettings


class ByteBudget:
    """Counts the body bytes in hand, of all requests of this process together.

    One station has at most half of them, so that a station that floods us does not shut out the others. A
    body that is larger than what there is gets in when nothing else is in hand.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._by_owner: dict[str, int] = {}

    @property
    def in_hand_bytes(self) -> int:
        """Bytes reserved at this moment."""
        return sum(self._by_owner.values())

    @contextmanager
    def reserve(self, n_bytes: int, *, owner: str) -> Iterator[None]:
        """Hold part of the budget for ``owner``.

        Raises:
            BusyError: The bytes in hand, or the owner's, leave too little room.
        """
        in_hand, owned = self.in_hand_bytes, self._by_owner.get(owner, 0)
        if in_hand and in_hand + n_bytes > self._max_bytes:
            raise BusyError("The server is receiving as much as it can hold; repeat the request in a moment.")
        if owned and owned + n_bytes > self._max_bytes // 2:
            raise BusyError("Your station is sending as much at once as it may; let a request finish first.")
        self._by_owner[owner] = owned + n_bytes
        try:
            yield
        finally:
            # An empty body holds nothing, so the owner's entry may have gone with another body.
            left = self._by_owner.pop(owner, 0) - n_bytes
            if left:
                self._by_owner[owner] = left


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a body has to arrive.

    Attributes:
        timeout_s: Longest time for the whole body.
        grace_s: Time before the least rate counts.
        min_rate_bytes_per_s: Least mean rate after the grace.
    """

    timeout_s: float
    grace_s: float
    min_rate_bytes_per_s: float

    def due_s(self, n_received_bytes: int) -> float:
        """Return when, in seconds from the start, the next byte has to be there."""
        return min(self.timeout_s, self.grace_s + n_received_bytes / self.min_rate_bytes_per_s)


def pace_of(settings: IntakeSettings) -> Pace:
    """Return the pace that the settings ask for."""
    return Pace(
        timeout_s=settings.receive_timeout_s,
        grace_s=settings.receive_grace_s,
        min_rate_bytes_per_s=settings.min_rate_bytes_per_s,
    )


def declared_length(request: Request, *, max_bytes: int) -> int:
    """Return how many bytes to reserve: Content-Length, or the limit for a body of unknown length.

    Raises:
        BodyTooLargeError: The announced length is over the limit.
        RequestInvalidError: Content-Length is not a whole number.
    """
    header = request.headers.get("content-length")
    if header is None:
        return max_bytes
    length = whole_number(header)
    if length is None:
        raise RequestInvalidError("Content-Length must be a whole number of bytes.")
    if length > max_bytes:
        raise _too_large(max_bytes)
    return length


def whole_number(text: str) -> int | None:
    """Return the number of bytes that a header says; None if it is none, or absurdly long."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


async def receive_body(
    request: Request, *, max_bytes: int, pace: Pace, sink: Callable[[bytes], object]
) -> int:
    """Hand a request's body to ``sink`` piece by piece as it arrives; return its length in bytes.

    Raises:
        BodyTooLargeError: It grew beyond ``max_bytes``, whatever length was announced.
        RequestTimeoutError: It arrived too slowly.
        ClientGoneError: The sender hung up.
    """
    began_at_s, n_received = asyncio.get_running_loop().time(), 0
    try:
        async with asyncio.timeout_at(began_at_s + pace.due_s(0)) as deadline:
            while True:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError(f"The sender hung up after {n_received} bytes.")
                chunk = message["body"]
                n_received += len(chunk)
                if n_received > max_bytes:
                    raise _too_large(max_bytes)
                sink(chunk)
                if not message["more_body"]:
                    return n_received
                deadline.reschedule(began_at_s + pace.due_s(n_received))
    except TimeoutError as error:
        raise RequestTimeoutError(
            f"Only {n_received} bytes arrived in time; nothing was stored. Send the request again."
        ) from error


async def read_body(request: Request, *, max_bytes: int, pace: Pace) -> bytes:
    """Read a whole body into memory. Raises like ``receive_body``."""
    chunks: list[bytes] = []
    await receive_body(request, max_bytes=max_bytes, pace=pace, sink=chunks.append)
    return b"".join(chunks)


def _too_large(max_bytes: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"The body is longer than the limit of {max_bytes} bytes; nothing was stored.")
