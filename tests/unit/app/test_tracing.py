"""Traces are off by default, need their packages, and are sent where the setting says."""

import asyncio
import sys

import pytest
from pydantic import ValidationError

from app.errors import TracingPackageMissingError
from app.settings import Settings
from app.tracing import open_tracer
from inference.tracing import NO_TRACER


async def test_open_tracer__off_by_default() -> None:
    async with open_tracer(Settings()) as tracer:
        assert tracer is NO_TRACER


async def test_open_tracer__missing_packages_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that names the file to install."""
    for name in ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(TracingPackageMissingError, match=r"requirements/trace\.txt"):
        async with open_tracer(Settings(traces_url="http://127.0.0.1:4318/v1/traces")):
            pass


@pytest.mark.parametrize("changes", [{"traces_url": "collector:4318"}, {"traces_share": 1.5}])
def test_settings__traces_are_checked(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings().with_changes(**changes)


async def test_open_tracer__sends_to_the_collector() -> None:
    """A finished span arrives by HTTP at the address, at the latest when the program ends."""
    pytest.importorskip(
        "opentelemetry.exporter.otlp.proto.http.trace_exporter",
        reason="the packages of requirements/trace.txt are not installed",
    )
    bodies: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"POST /v1/traces ")
        (length,) = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        bodies.append(await reader.readexactly(int(length.split(b":")[1])))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        settings = Settings(traces_url=f"http://127.0.0.1:{port}/v1/traces")
        async with open_tracer(settings) as tracer:
            with tracer.start_as_current_span("screen"):
                pass
    assert len(bodies) == 1
    assert b"screen" in bodies[0]
    assert b"shenxiang" in bodies[0]
