"""Server-sent events: a response that stays open and ends when it should.

It ends when the browser goes, when the session behind it ends, and when the server wants to stop. The last
needs care: a server that stops gracefully waits for open responses before it tells the application to shut
down, so a stream has to look for itself.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from time import monotonic
from types import MappingProxyType

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

LOOK_EVERY_S = 0.5
KEEPALIVE = b": still here\n\n"

NextFrame = Callable[[float], Awaitable[bytes | None]]


def frame(event: str, value: BaseModel) -> bytes:
    """Return the bytes of an event with a value as JSON."""
    return b"event: " + event.encode() + b"\ndata: " + value.__pydantic_serializer__.to_json(value) + b"\n\n"


async def events(
    next_frame: NextFrame,
    *,
    is_allowed: Callable[[], Awaitable[bool]],
    keepalive_s: float,
    is_stopping: Callable[[], bool],
) -> AsyncGenerator[bytes, None]:
    """Yield events as bytes until the stream should end.

    Args:
        next_frame: Waits at most so many seconds for the next event and returns None without one.
        is_allowed: Whether the watcher still may watch; asked at every keep-alive interval.
        keepalive_s: After so long a silence a comment is sent, so that proxies keep the connection.
        is_stopping: Whether the server wants to stop.
    """
    sent_at = asked_at = monotonic()
    yield b"retry: 2000\n\n"
    while not is_stopping():
        chunk = await next_frame(min(LOOK_EVERY_S, keepalive_s))
        now = monotonic()
        if now - asked_at >= keepalive_s:
            asked_at = now
            if not await is_allowed():
                return
        if chunk is not None:
            sent_at = now
            yield chunk
        elif now - sent_at >= keepalive_s:
            sent_at = now
            yield KEEPALIVE


class StreamedResponse(Response):
    """Sends what a generator yields, and closes the generator as soon as the browser has gone.

    When the generator fails, the answer breaks off: a browser does not take it for whole.
    """

    def __init__(
        self,
        source: AsyncGenerator[bytes, None],
        *,
        media_type: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        unkept = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(headers={**unkept, **headers}, media_type=media_type)
        del self.headers["content-length"]
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sender = asyncio.create_task(self._send_all(send))
        listener = asyncio.create_task(_wait_for_disconnect(receive))
        try:
            await asyncio.wait({sender, listener}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            listener.cancel()
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await sender

    async def _send_all(self, send: Send) -> None:
        async with contextlib.aclosing(self._source) as source:
            async for chunk in source:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class EventStreamResponse(StreamedResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
