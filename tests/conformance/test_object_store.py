"""What S3 servers answer when things go wrong, as errors of the store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from scans.errors import ObjectMissingError, StoreError, StoreFullError, StoreUnavailableError
from scans.store import ObjectStore, digest_of

ABSENT = "0" * 64


def xml(code: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>m</Message></Error>'


@asynccontextmanager
async def server_answering(status: str, body: str) -> AsyncIterator[str]:
    """An HTTP server that gives one answer to every request; yields its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if length:
            await reader.readexactly(int(length[0].split(b":")[1]))
        sent = "" if head.startswith(b"HEAD") else body
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: {len(sent)}\r\nConnection: close\r\n\r\n{sent}".encode()
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return monkeypatch


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        ("507 Insufficient Storage", "XMinioStorageFull", StoreFullError),
        ("507 Insufficient Storage", "InsufficientStorage", StoreFullError),
        ("507 Insufficient Storage", "Unknown", StoreFullError),
        ("403 Forbidden", "QuotaExceeded", StoreFullError),
        ("403 Forbidden", "AccessDenied", StoreUnavailableError),
        ("401 Unauthorized", "InvalidAccessKeyId", StoreUnavailableError),
        ("403 Forbidden", "SignatureDoesNotMatch", StoreUnavailableError),
        ("404 Not Found", "NoSuchBucket", StoreUnavailableError),
        ("500 Internal Server Error", "InternalError", StoreUnavailableError),
        ("503 Slow Down", "SlowDown", StoreUnavailableError),
    ],
)
async def test_put__what_the_server_says_is_told_apart(
    credentials: pytest.MonkeyPatch, status: str, code: str, expected: type[StoreError]
) -> None:
    """No room is 'make room'; everything else that is not an acknowledgement is 'away'."""
    async with server_answering(status, xml(code)) as url:
        credentials.setenv("AWS_ENDPOINT_URL", url)
        store = ObjectStore("s3://scans", max_retries=0, retry_timeout_s=1)
        with pytest.raises(expected):
            await store.put(b"data")


@pytest.mark.parametrize("status", ["403 Forbidden", "500 Internal Server Error"])
async def test_get__a_server_that_refuses_is_not_an_empty_store(
    credentials: pytest.MonkeyPatch, status: str
) -> None:
    """Only a clear 'no such key' is a missing object."""
    async with server_answering(status, xml("AccessDenied")) as url:
        credentials.setenv("AWS_ENDPOINT_URL", url)
        store = ObjectStore("s3://scans", max_retries=0, retry_timeout_s=1)
        for call in (
            lambda: store.get(ABSENT),
            lambda: store.get_range(ABSENT, 0, 1),
            lambda: store.exists(ABSENT),
            store.check,
        ):
            with pytest.raises(StoreUnavailableError):
                await call()


async def test_get__no_such_key_is_missing(credentials: pytest.MonkeyPatch) -> None:
    """The bucket answers and does not have the object; the check of the bucket itself passes."""
    async with server_answering("404 Not Found", xml("NoSuchKey")) as url:
        credentials.setenv("AWS_ENDPOINT_URL", url)
        store = ObjectStore("s3://scans", max_retries=0, retry_timeout_s=1)
        await store.check()
        assert not await store.exists(ABSENT)
        with pytest.raises(ObjectMissingError):
            await store.get(ABSENT)


async def test_put__a_digest_is_no_status(credentials: pytest.MonkeyPatch) -> None:
    """The digits 507 inside an object's name do not make a failing server a full one."""
    data = next(b"%d" % i for i in range(10_000) if "507" in digest_of(b"%d" % i))
    async with server_answering("503 Slow Down", xml("SlowDown")) as url:
        credentials.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(StoreUnavailableError):
            await ObjectStore("s3://scans", max_retries=0).put(data)
