"""Uploading images: durable, idempotent, and every bad input is the sender's fault with a stable code."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from scans.errors import StoreFullError
from scans.formats import ImageLimits
from scans.store import FolderStore
from tests.integration.inference.centre import (
    Centre,
    digest_of,
    grey_scan,
    png,
    problem_of,
    put_image,
)

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes, *, length: int | None = None) -> bytes:
    """A PNG chunk, with a length that may be a lie."""
    size = len(data) if length is None else length
    return struct.pack(">I", size) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def ihdr(width_px: int, height_px: int) -> bytes:
    """A header of a 16-bit grey PNG."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width_px, height_px, 16, 0, 0, 0, 0))


HUGE = PNG_SIGNATURE + ihdr(60_000, 60_000) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
# 104 bytes; a codec that believes the length takes 4 GB.
BOMB = (PNG_SIGNATURE + ihdr(64, 64) + chunk(b"IDAT", bytes(59), length=0xFFFFFFFF))[:104]

BAD_FILES = {
    "text": (b"container,weight\nCSQU3054383,21000\n", 415, "image_unsupported"),
    "empty": (b"", 415, "image_unsupported"),
    "half a png": (png(grey_scan())[:5000], 422, "image_malformed"),
    "60000 x 60000": (HUGE, 413, "image_too_large"),
    "chunk of 4 GB": (BOMB, 422, "image_malformed"),
}


async def n_stored(centre: Centre) -> int:
    """How many images are acknowledged."""
    return int(await centre.pool.fetchval("SELECT count(*) FROM images"))


async def test_put__new_then_known(centre: Centre, station: httpx.AsyncClient) -> None:
    """The first upload is 201, the same again 200 with the same answer, and the bytes come back."""
    data = png(grey_scan())
    first = await station.put(f"/api/v1/images/{digest_of(data)}", content=data)
    again = await station.put(f"/api/v1/images/{digest_of(data)}", content=data)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (first.json()["width_px"], first.json()["height_px"], first.json()["bit_depth"]) == (120, 80, 16)
    assert await centre.store.get(digest_of(data)) == data


async def test_put__wrong_digest_stores_nothing(centre: Centre, station: httpx.AsyncClient) -> None:
    """Bytes that are not those that were announced are refused, in the store and in the database."""
    data = png(grey_scan())
    response = await station.put(f"/api/v1/images/{digest_of(b'other')}", content=data)
    assert problem_of(response) == (422, "digest_mismatch")
    assert await n_stored(centre) == 0
    assert not await centre.store.exists(digest_of(data))
    response = await station.put(f"/api/v1/images/{digest_of(data)}", content=data[:-9])
    assert problem_of(response) == (422, "digest_mismatch")  # damaged on its way, not a bad file


@pytest.mark.parametrize("name", BAD_FILES)
async def test_put__bad_file_is_refused(name: str, centre: Centre, station: httpx.AsyncClient) -> None:
    """What is no sound image is a 4xx with its reason, and is not kept."""
    data, status, code = BAD_FILES[name]
    response = await station.put(f"/api/v1/images/{digest_of(data)}", content=data)
    assert problem_of(response) == (status, code)
    assert await n_stored(centre) == 0
    assert not await centre.store.exists(digest_of(data))


@pytest.mark.parametrize("digest", ["A" * 64, "a" * 63, "x" * 64])
async def test_put__malformed_digest(digest: str, station: httpx.AsyncClient) -> None:
    """A path that is no lower-case sha256 is a 422."""
    response = await station.put(f"/api/v1/images/{digest}", content=b"x")
    assert problem_of(response) == (422, "request_invalid")


@pytest.mark.parametrize("authorization", [None, "Bearer sx_a_b", "Bearer sx_unknown_" + "x" * 40])
async def test_put__without_a_key(authorization: str | None, station: httpx.AsyncClient) -> None:
    """Nothing is told to a stranger, not even whether the digest is well-formed."""
    del station.headers["Authorization"]
    headers = {} if authorization is None else {"Authorization": authorization}
    response = await station.put("/api/v1/images/zzz", content=b"x", headers=headers)
    assert problem_of(response) == (401, "station_key_invalid")


async def test_put__too_large_is_refused_before_the_body_is_read(centre: Centre, key: str) -> None:
    """The announced length is enough: not one byte is taken."""
    centre.settings = replace(centre.settings, limits=ImageLimits(max_bytes=1000))
    n_read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal n_read
        n_read += 1
        yield b"x" * 1001

    response = await centre.client(key).put(
        f"/api/v1/images/{'a' * 64}", content=body(), headers={"Content-Length": "1001"}
    )
    assert problem_of(response) == (413, "body_too_large")
    assert n_read == 0


async def test_put__chunked_body_is_cut_off_at_the_limit(centre: Centre, key: str) -> None:
    """Without an announced length, reading stops at the limit."""
    centre.settings = replace(centre.settings, limits=ImageLimits(max_bytes=1000))
    n_read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal n_read
        for _ in range(1000):
            n_read += 1
            yield b"x" * 400

    response = await centre.client(key).put(f"/api/v1/images/{'a' * 64}", content=body())
    assert problem_of(response) == (413, "body_too_large")
    assert n_read <= 4


async def test_put__over_budget_is_told_to_come_back(centre: Centre, key: str) -> None:
    """When enough bytes are in hand, the next body is refused unread, with a time to come back."""
    centre.settings = replace(centre.settings, in_flight_bytes=100_000, receive_grace_s=0.3)
    app = centre.app()
    slow, second = centre.client(key, app=app), centre.client(key, app=app)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"x"
        busy = await second.put(f"/api/v1/images/{'b' * 64}", content=b"y" * 50_001)
        assert problem_of(busy) == (429, "busy")
        assert int(busy.headers["Retry-After"]) >= 1
        yield b"x" * 49_999

    data_headers = {"Content-Length": "50000"}
    ended = await slow.put(f"/api/v1/images/{'a' * 64}", content=stalled(), headers=data_headers)
    assert problem_of(ended) == (422, "digest_mismatch")
    assert (await second.put(f"/api/v1/images/{'b' * 64}", content=b"y" * 50_001)).status_code == 422


async def test_put__silent_sender_is_timed_out(centre: Centre, key: str) -> None:
    """A body that stops arriving is a 408 after the grace, and its budget is free again."""
    centre.settings = replace(centre.settings, receive_grace_s=0.05, in_flight_bytes=100)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(30)
        yield b"x"

    client = centre.client(key)
    for _ in range(2):
        response = await client.put(
            f"/api/v1/images/{'a' * 64}", content=stalled(), headers={"Content-Length": "90"}
        )
        assert problem_of(response) == (408, "request_timeout")


class FullStore(FolderStore):
    """A folder whose disk is full for a while."""

    is_full = True

    async def put(self, data: bytes, digest: str | None = None) -> str:
        if self.is_full:
            raise StoreFullError("No room; nothing was stored.")
        return await super().put(data, digest)


async def test_put__full_store_recovers_without_a_restart(centre: Centre, key: str, tmp_path: Path) -> None:
    """507 while there is no room, nothing acknowledged, and the same request succeeds afterwards."""
    store = FullStore(tmp_path / "full")
    centre.store = store
    client, data = centre.client(key), png(grey_scan())
    response = await client.put(f"/api/v1/images/{digest_of(data)}", content=data)
    assert problem_of(response) == (507, "store_full")
    assert await n_stored(centre) == 0
    store.is_full = False
    assert await put_image(client, data) == digest_of(data)
