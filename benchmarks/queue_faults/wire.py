"""HTTP/1.1 to one worker, as lean as it can be: the harness shares two cores with what it tests.

A request ends in exactly one of three ways: an answer, ``NotSentError`` (nobody listens, so nothing happened)
or ``NoAnswerError`` (anything may have happened, or may yet).
"""

import asyncio
import re
from collections import deque
from typing import cast

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
N_IDLE = 64


class NotSentError(Exception):
    """The request never left."""


class NoAnswerError(Exception):
    """The request was sent, and nobody answered (in time)."""


class _Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none by their class.
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NoAnswerError("connection_lost"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        length = CONTENT_LENGTH.search(self._received, 0, end + 2)
        end += 4
        if length is not None and len(self._received) < end + int(length[1]):
            return
        status, body, self._received = int(self._received[9:12]), self._received[end:], b""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((status, body))
        else:
            self.close()

    async def ask(self, request: bytes, timeout_s: float) -> tuple[int, bytes]:
        """Send a request and return status and body.

        Raises:
            NotSentError: If the other end has closed it already.
            NoAnswerError: If no answer comes in time.
        """
        if self.transport is None:
            raise NotSentError("closed before it was used")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[int, bytes]] = loop.create_future()
        self._answer = answer
        timer = loop.call_later(timeout_s, _time_out, answer)
        self.transport.write(request)
        try:
            return await answer
        finally:
            timer.cancel()
            # After a timeout the connection stays open: the request lies there until somebody reads it.
            if answer.cancelled():
                self.close()

    def close(self) -> None:
        """Close it, at once."""
        if self.transport is not None:
            self.transport.abort()


def _time_out(answer: asyncio.Future[tuple[int, bytes]]) -> None:
    if not answer.done():
        answer.set_exception(NoAnswerError("timeout"))


class Wire:
    """The way to one worker; its connections come and go with it.

    Args:
        port: On 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._idle: deque[_Connection] = deque()

    async def ask(self, head: bytes, body: bytes, *, timeout_s: float) -> tuple[int, bytes]:
        """Send a request and return its status and body.

        Args:
            head: Request line and headers, each with its end of line, without the length of the body.
            body: The body.
            timeout_s: How long to wait for the answer.

        Raises:
            NotSentError: If nobody listens.
            NoAnswerError: If no answer comes.
        """
        connection = await self._connect(timeout_s)
        request = b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body)
        answer = await connection.ask(request, timeout_s)
        if len(self._idle) < N_IDLE:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop().close()

    async def _connect(self, timeout_s: float) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.transport is not None and not connection.transport.is_closing():
                return connection
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                _, connection = await loop.create_connection(_Connection, "127.0.0.1", self.port)
        except (OSError, TimeoutError) as error:
            raise NotSentError(str(error)) from error
        return connection
