"""What uvicorn leaves unbounded: how long and how large a request's head may be, and how many connections.

uvicorn waits for ever for a request that is begun and not finished, and keeps every header it is sent. Bodies
have their own deadline where they are read (``inference.receive``); here is the time for everything else.
It also writes an answer's head and body apart; here they leave together.
"""

import asyncio
from typing import Any, ClassVar

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.get_logger()

TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class PairedWrites(asyncio.Transport):
    """A transport that sends two pieces together if both come before the event loop goes on.

    Each piece that is sent alone is a packet, and wakes the receiver.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport, self._loop = transport, loop
        self._held: bytes | bytearray | memoryview | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send what is held and this, or hold this for the piece that may follow."""
        if self._held is None:
            self._held = data
            self._loop.call_soon(self._send_held)
        else:
            held, self._held = self._held, None
            self._transport.writelines((held, data))

    def close(self) -> None:
        """Send what is held, then close."""
        self._send_held()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._held = None
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether ``close`` or ``abort`` was called, or the other side is gone."""
        return self._transport.is_closing()

    def _send_held(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._transport.write(held)


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. It is closed when its sender neither finishes a head nor ends what was refused."""

    head_timeout_s: ClassVar[float] = 10.0
    """From the connection, or the first byte of a further request, to the end of the head."""

    drain_timeout_s: ClassVar[float] = 60.0
    """For the rest of a body that was answered before it was read, such as by 429."""

    max_head_bytes: ClassVar[int] = 64 * 1024
    max_connections: ClassVar[int] = 4096
    """Of this process; further ones are closed at once. Each takes some 10 KiB and a file descriptor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._is_in_head = False
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first head, or close at once if there are too many connections."""
        super().connection_made(transport)
        self.transport = PairedWrites(transport, self.loop)
        if len(self.connections) > self.max_connections:
            log.warning("connection_refused", n_connections=len(self.connections))
            transport.abort()
            return
        self._close_in(self.head_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; what they leave unfinished, a head or something outside of a request, is on a clock."""
        super().data_received(data)
        if self._deadline is None and (
            self._is_in_head or self.cycle is None or self.cycle.response_complete
        ):
            self._close_in(self.head_timeout_s if self._is_in_head else self.drain_timeout_s)
        if not self._is_in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > self.max_head_bytes and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """End the time for what came before; that for a head begins if not all of it has come."""
        super().on_message_begin()
        self._is_in_head, self._head_bytes = True, 0
        self._forget_deadline()

    def on_headers_complete(self) -> None:
        """Stop the clock: the application has its own for the body."""
        self._is_in_head = False
        self._forget_deadline()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the clock also when the body was not wanted."""
        self._forget_deadline()
        super().on_message_complete()

    def _close_in(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
