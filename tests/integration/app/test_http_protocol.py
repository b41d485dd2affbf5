"""Connections that never finish what they begin, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from app.http_protocol import BoundedHttpProtocol
from app.listening import QuietServer, listen


class QuickProtocol(BoundedHttpProtocol):
    """With limits that a test can wait for."""

    head_timeout_s = 0.3
    drain_timeout_s = 0.3
    max_head_bytes = 4096
    max_connections = 3


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Answer 429 without reading the body."""
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """Serve ``refuse``; gives the port."""
    with listen("127.0.0.1", 0) as listener:
        config = uvicorn.Config(refuse, http=QuickProtocol, lifespan="off", log_config=None)
        server = QuietServer(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        await running


async def answer_to(port: int, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """Send pieces and return everything until the server closes, which it has to do within five seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause_s)
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "pieces",
    [(), (b"GET / HT",), (b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ",), (b"\r\n",)],
    ids=["silent", "half a line", "half a head", "nothing but line ends"],
)
async def test_head__that_does_not_end_is_closed(pieces: tuple[bytes, ...]) -> None:
    """A connection without a whole head is closed after its time, with no answer."""
    async with serving() as port:
        assert await answer_to(port, *pieces) == b""


async def test_head__without_end_is_refused() -> None:
    """A head that grows beyond its limit is 431, however fast it comes."""
    async with serving() as port:
        head = b"GET / HTTP/1.1\r\nx: " + b"a" * 3000
        answer = await answer_to(port, head, b"a" * 1500, pause_s=0.05)
        assert answer.startswith(b"HTTP/1.1 431 ")


async def test_refused_body__that_does_not_end_is_closed() -> None:
    """After 429, the rest of the body is waited for only so long."""
    async with serving() as port:
        head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n"
        answer = await answer_to(port, head, b"x", b"x", b"x", pause_s=0.05)
        assert answer.startswith(b"HTTP/1.1 429 ")


async def test_refused_body__that_ends_keeps_the_connection() -> None:
    """A sender that was refused while it sent may go on to its next request."""
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 8000\r\n\r\n" + bytes(4000))
            assert (await reader.readline()).startswith(b"HTTP/1.1 429 ")
            writer.write(bytes(4000))
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.05)
        writer.close()


async def test_connections__beyond_the_limit_are_closed() -> None:
    """The fourth connection is closed at once; those before it are not."""
    async with serving() as port:
        first = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        await asyncio.sleep(0.05)
        began = asyncio.get_running_loop().time()
        assert await answer_to(port) == b""
        assert asyncio.get_running_loop().time() - began < 0.25
        for _, writer in first:
            writer.close()
