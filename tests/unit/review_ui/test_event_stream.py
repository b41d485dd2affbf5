"""Event streams end when the browser goes, when the session ends and when the server stops."""

import asyncio
from collections.abc import AsyncGenerator

from pydantic import BaseModel
from starlette.types import Message

from review_ui.event_stream import EventStreamResponse, events, frame


class Figure(BaseModel):
    n: int


async def yes() -> bool:
    return True


async def test_events__carry_name_and_json() -> None:
    """The bytes are those of the server-sent events format."""
    chunks = iter([frame("board", Figure(n=1)), None, frame("board", Figure(n=2))])

    async def next_chunk(timeout_s: float) -> bytes | None:
        return next(chunks)

    stopping = iter([False, False, False, True])
    source = events(next_chunk, is_allowed=yes, keepalive_s=15, is_stopping=lambda: next(stopping))
    assert [chunk async for chunk in source] == [
        b"retry: 2000\n\n",
        b'event: board\ndata: {"n":1}\n\n',
        b'event: board\ndata: {"n":2}\n\n',
    ]


async def nothing(timeout_s: float) -> None:
    await asyncio.sleep(min(timeout_s, 0.005))


async def test_events__silence_is_broken_by_comments() -> None:
    """Proxies close silent connections; a comment keeps them open."""
    source = events(nothing, is_allowed=yes, keepalive_s=0.01, is_stopping=lambda: False)
    assert await anext(source) == b"retry: 2000\n\n"
    assert (await anext(source)).startswith(b":")
    await source.aclose()


async def test_events__end_with_the_session() -> None:
    """Who has logged out elsewhere no longer sees the board."""

    async def no() -> bool:
        return False

    source = events(nothing, is_allowed=no, keepalive_s=0.01, is_stopping=lambda: False)
    async with asyncio.timeout(2):
        assert [chunk async for chunk in source] == [b"retry: 2000\n\n"]


class Channel:
    """What an ASGI server gives to a response: a way to send, and news of the browser."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.gone = asyncio.Event()

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


async def test_response__closes_its_source_when_the_browser_goes() -> None:
    """A closed tab does not leave a watcher behind."""
    closed = asyncio.Event()

    async def source() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b": hello\n\n"
                await asyncio.sleep(0.001)
        finally:
            closed.set()

    channel = Channel()
    asyncio.get_running_loop().call_later(0.01, channel.gone.set)
    async with asyncio.timeout(2):
        await EventStreamResponse(source())({"type": "http"}, channel.receive, channel.send)
    assert closed.is_set()
    names = dict(channel.sent[0]["headers"])
    assert names[b"content-type"].startswith(b"text/event-stream")
    assert names[b"cache-control"] == b"no-store"
    assert b"content-length" not in names


async def test_response__ends_properly_when_its_source_does() -> None:
    """The last message says that no more comes, so that the connection can be used again."""

    async def source() -> AsyncGenerator[bytes, None]:
        yield b": bye\n\n"

    channel = Channel()
    async with asyncio.timeout(2):
        await EventStreamResponse(source())({"type": "http"}, channel.receive, channel.send)
    assert channel.sent[-1]["more_body"] is False
