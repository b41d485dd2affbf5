"""What every scan store promises, run against a folder and against S3 spoken over real HTTP."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import boto3  # type: ignore[import-untyped]
import pytest
from moto.server import ThreadedMotoServer

from scans.errors import (
    DigestMismatchError,
    ObjectCorruptError,
    ObjectMissingError,
    StoreUnavailableError,
)
from scans.store import FolderStore, ObjectStore, ScanStore, digest_of, open_store

BUCKET = "scans"
ABSENT = "0" * 64


class Backdoor(Protocol):
    """Reaches the stored bytes without the store, as a failing disk or an attacker does."""

    def read(self, digest: str) -> bytes: ...
    def write(self, digest: str, data: bytes) -> None: ...
    def n_objects(self) -> int: ...
    def take_away(self) -> None: ...


class FolderBackdoor:
    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        return self.root / digest[:2] / digest[2:4] / digest

    def read(self, digest: str) -> bytes:
        return self.path(digest).read_bytes()

    def write(self, digest: str, data: bytes) -> None:
        self.path(digest).write_bytes(data)

    def n_objects(self) -> int:
        return sum(1 for path in self.root.rglob("*") if len(path.name) == 64)

    def take_away(self) -> None:
        self.root.rename(self.root.with_name("unplugged"))
        self.root.mkdir()


class BucketBackdoor:
    def __init__(self, endpoint: str) -> None:
        self.client = boto3.client("s3", endpoint_url=endpoint)

    def key(self, digest: str) -> str:
        return f"archive/{digest[:2]}/{digest[2:4]}/{digest}"

    def read(self, digest: str) -> bytes:
        body = self.client.get_object(Bucket=BUCKET, Key=self.key(digest))["Body"].read()
        assert isinstance(body, bytes)
        return body

    def write(self, digest: str, data: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=self.key(digest), Body=data)

    def keys(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [entry["Key"] for entry in listed]

    def n_objects(self) -> int:
        return len(self.keys())

    def take_away(self) -> None:
        for key in self.keys():
            self.client.delete_object(Bucket=BUCKET, Key=key)
        self.client.delete_bucket(Bucket=BUCKET)


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
async def opened(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[ScanStore, Backdoor]]:
    """A fresh store of each kind, opened by URL, and the back door to it."""
    backdoor: Backdoor
    if request.param == "folder":
        url = str(tmp_path / "store")
        backdoor = FolderBackdoor(tmp_path / "store")
    else:
        endpoint = request.getfixturevalue("s3_endpoint")
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
        }.items():
            monkeypatch.setenv(name, value)
        url = f"s3://{BUCKET}/archive"
        backdoor = bucket = BucketBackdoor(endpoint)
        bucket.client.create_bucket(Bucket=BUCKET)
    store = open_store(url)
    yield store, backdoor
    await store.close()
    if isinstance(backdoor, BucketBackdoor) and BUCKET in {
        bucket["Name"] for bucket in backdoor.client.list_buckets()["Buckets"]
    }:
        backdoor.take_away()


@pytest.fixture
def store(opened: tuple[ScanStore, Backdoor]) -> ScanStore:
    return opened[0]


@pytest.fixture
def backdoor(opened: tuple[ScanStore, Backdoor]) -> Backdoor:
    return opened[1]


@pytest.mark.parametrize("data", [b"", b"a", bytes(range(256)) * 40_000], ids=["empty", "one byte", "10 MB"])
async def test_put__bytes_come_back_under_their_sha256(
    store: ScanStore, backdoor: Backdoor, data: bytes
) -> None:
    """The name of an object is the sha256 of exactly what is stored and read."""
    digest = await store.put(data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert await store.get(digest) == data
    assert backdoor.read(digest) == data
    assert await store.exists(digest)


async def test_put__announced_digest_is_compared(store: ScanStore, backdoor: Backdoor) -> None:
    """Bytes that changed on the way are refused and leave nothing behind."""
    assert await store.put(b"sent", digest_of(b"sent")) == digest_of(b"sent")
    with pytest.raises(DigestMismatchError, match=digest_of(b"sent")):
        await store.put(b"other", digest_of(b"sent"))
    assert await store.get(digest_of(b"sent")) == b"sent"
    assert not await store.exists(digest_of(b"other"))
    assert backdoor.n_objects() == 1


async def test_put__the_same_bytes_at_once_and_again_are_one_object(
    store: ScanStore, backdoor: Backdoor
) -> None:
    """Retries and races of stations are harmless."""
    data = b"x" * 300_000
    digests = await asyncio.gather(*(store.put(data) for _ in range(12)))
    assert set(digests) == {digest_of(data)}
    assert await store.put(data) == digest_of(data)
    assert backdoor.n_objects() == 1
    assert await store.get(digest_of(data)) == data


async def test_put__different_bytes_at_once(store: ScanStore, backdoor: Backdoor) -> None:
    """Parallel writers do not disturb each other."""
    many = [b"%d" % i * 1000 for i in range(24)]
    digests = await asyncio.gather(*(store.put(data) for data in many))
    assert await asyncio.gather(*(store.get(digest) for digest in digests)) == many
    assert backdoor.n_objects() == len(many)


@pytest.mark.parametrize("position", [0, 5_000, 9_999])
async def test_get__a_flipped_bit_is_never_returned(
    store: ScanStore, backdoor: Backdoor, position: int
) -> None:
    """Silent damage of the disk is found on reading, wherever it is."""
    data = bytes(10_000)
    digest = await store.put(data)
    damaged = bytearray(data)
    damaged[position] ^= 0x10
    backdoor.write(digest, bytes(damaged))
    with pytest.raises(ObjectCorruptError, match=digest):
        await store.get(digest)


@pytest.mark.parametrize("damaged", [b"", b"dat", b"data and more"], ids=["emptied", "cut", "grown"])
async def test_get__a_changed_length_is_never_returned(
    store: ScanStore, backdoor: Backdoor, damaged: bytes
) -> None:
    """Half an object is found on reading, too."""
    digest = await store.put(b"data")
    backdoor.write(digest, damaged)
    with pytest.raises(ObjectCorruptError):
        await store.get(digest)


async def test_put__mends_a_damaged_object(store: ScanStore, backdoor: Backdoor) -> None:
    """What put acknowledges can be read, also where damage lay before."""
    digest = await store.put(b"data")
    backdoor.write(digest, b"dAta")
    assert await store.put(b"data") == digest
    assert await store.get(digest) == b"data"


async def test_get__an_absent_object_is_missing(store: ScanStore) -> None:
    """Not there is told apart from damaged and from unreachable."""
    assert not await store.exists(ABSENT)
    with pytest.raises(ObjectMissingError, match=ABSENT):
        await store.get(ABSENT)
    with pytest.raises(ObjectMissingError, match=ABSENT):
        await store.get_range(ABSENT, 0, 10)


@pytest.mark.parametrize(
    "name", ["", "store.json", "../store.json", "/etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"]
)
async def test_get__only_digests_name_objects(store: ScanStore, name: str) -> None:
    """No name from outside reaches a path or a key."""
    assert not await store.exists(name)
    with pytest.raises(ObjectMissingError):
        await store.get(name)
    with pytest.raises(ObjectMissingError):
        await store.get_range(name, 0, 1)
    with pytest.raises(DigestMismatchError):
        await store.put(b"data", name)


@pytest.mark.parametrize(
    ("start", "end"), [(0, 10), (3, 7), (9, 10), (0, 99), (8, 99), (5, 5), (0, 0), (10, 11), (50, 60)]
)
async def test_get_range__is_a_slice(store: ScanStore, start: int, end: int) -> None:
    """A range ends where the object ends, as a Python slice does."""
    digest = await store.put(b"0123456789")
    assert await store.get_range(digest, start, end) == b"0123456789"[start:end]


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 4)])
async def test_get_range__refuses_a_range_that_is_none(store: ScanStore, start: int, end: int) -> None:
    """A mistake of the caller does not read other bytes than meant."""
    digest = await store.put(b"0123456789")
    with pytest.raises(ValueError, match="range"):
        await store.get_range(digest, start, end)


async def test_check__a_store_in_order_is_ready(store: ScanStore) -> None:
    """Readiness needs no object and leaves none."""
    await store.check()


async def test_unavailable__a_store_that_went_away_is_not_an_empty_store(
    store: ScanStore, backdoor: Backdoor
) -> None:
    """An unmounted disk or a lost bucket never reads as 'no such object', and takes no object either."""
    digest = await store.put(b"data")
    backdoor.take_away()
    for call in (
        store.check,
        lambda: store.get(digest),
        lambda: store.put(b"data"),
        lambda: store.put(b"new"),
    ):
        with pytest.raises(StoreUnavailableError):
            await call()


async def test_unavailable__nobody_listens(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    """An S3 server that is down is unavailable within the retry time, for every call."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused_tcp_port}")
    away = ObjectStore("s3://scans", max_retries=0, retry_timeout_s=1)
    for call in (
        away.check,
        lambda: away.put(b"data"),
        lambda: away.get(ABSENT),
        lambda: away.get_range(ABSENT, 0, 1),
        lambda: away.exists(ABSENT),
    ):
        with pytest.raises(StoreUnavailableError):
            await call()


@pytest.mark.parametrize("url", ["ftp://host/x", "s3://", "file://elsewhere/x", "https://host/bucket"])
def test_open_store__refuses_what_is_no_store(url: str) -> None:
    """A misspelt setting is told at the start."""
    with pytest.raises(StoreUnavailableError, match="no scan store"):
        open_store(url)


@pytest.mark.parametrize("form", ["{}", "file://{}", "file://localhost{}"])
def test_open_store__folders_have_three_spellings(tmp_path: Path, form: str) -> None:
    """A plain path and both file URLs open the same folder."""
    assert isinstance(open_store(form.format(tmp_path / "a b")), FolderStore)
    assert (tmp_path / "a b" / "store.json").exists()
