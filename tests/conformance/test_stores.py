"""What every scan store promises, run against a folder and against two S3 servers over real HTTP.

moto is in the development tools; s3rver keeps its objects in files and is installed for the test. To try a
server of your own, give ``SHENXIANG_TEST_S3_ENDPOINT``, ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``:
the tests make and remove a bucket there.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]
import pytest
from moto.server import ThreadedMotoServer

from scans.errors import (
    DigestMismatchError,
    ObjectCorruptError,
    ObjectMissingError,
    StoreUnavailableError,
)
from scans.store import FolderStore, ObjectStore, S3Access, ScanStore, digest_of, open_store
from tests.s3_server import run_s3rver

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
    def __init__(self, access: S3Access) -> None:
        self.client = boto3.client(
            "s3",
            endpoint_url=access.endpoint,
            region_name=access.region,
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key,
        )

    def make(self) -> None:
        if BUCKET not in {bucket["Name"] for bucket in self.client.list_buckets()["Buckets"]}:
            self.client.create_bucket(Bucket=BUCKET)

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
def moto() -> Iterator[S3Access]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield S3Access(
        endpoint=f"http://{host}:{port}", region="us-east-1", access_key_id="test", secret_access_key="test"
    )
    server.stop()


@pytest.fixture(scope="module")
def s3rver(s3rver_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Access]:
    with run_s3rver(s3rver_program, tmp_path_factory.mktemp("buckets"), bucket=BUCKET) as access:
        yield access


@pytest.fixture(scope="module")
def own_s3() -> S3Access:
    endpoint = os.environ.get("SHENXIANG_TEST_S3_ENDPOINT")
    if endpoint is None:
        pytest.skip("no S3 server of your own is named: SHENXIANG_TEST_S3_ENDPOINT")
    return S3Access(
        endpoint=endpoint,
        region=os.environ.get("AWS_REGION", "us-east-1"),
        access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture(params=["folder", "moto", "s3rver", "own_s3"])
async def opened(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[ScanStore, Backdoor]]:
    """A fresh store of each kind, opened by URL, and the back door to it."""
    backdoor: Backdoor
    if request.param == "folder":
        backdoor = FolderBackdoor(tmp_path / "store")
        store = open_store(tmp_path / "store")
        yield store, backdoor
    else:
        access = request.getfixturevalue(request.param)
        backdoor = bucket = BucketBackdoor(access)
        bucket.make()
        store = open_store(f"s3://{BUCKET}/archive", s3=access)
        yield store, backdoor
        bucket.make()
        bucket.take_away()
    await store.close()


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


async def test_unavailable__nobody_listens(unused_tcp_port: int) -> None:
    """An S3 server that is down is unavailable within the retry time, for every call."""
    access = S3Access(
        endpoint=f"http://127.0.0.1:{unused_tcp_port}", access_key_id="test", secret_access_key="test"
    )
    away = ObjectStore("s3://scans", access, max_retries=0, retry_timeout_s=1)
    for call in (
        away.check,
        lambda: away.put(b"data"),
        lambda: away.get(ABSENT),
        lambda: away.get_range(ABSENT, 0, 1),
        lambda: away.exists(ABSENT),
    ):
        with pytest.raises(StoreUnavailableError, match=f"nobody answers at {access.endpoint}"):
            await call()


@pytest.mark.parametrize("server", ["moto", "s3rver"])
async def test_unavailable__a_bucket_that_is_not_there_is_named(
    request: pytest.FixtureRequest, server: str
) -> None:
    """Every call says which bucket is missing, and none takes it for an empty one."""
    store = open_store("s3://elsewhere/archive", s3=request.getfixturevalue(server))
    for call in (
        store.check,
        lambda: store.put(b"data"),
        lambda: store.get(ABSENT),
        lambda: store.exists(ABSENT),
    ):
        with pytest.raises(StoreUnavailableError, match=r"s3://elsewhere/archive: there is no such bucket"):
            await call()


async def test_unavailable__a_key_that_the_server_does_not_know(s3rver: S3Access) -> None:
    """A wrong key is told as such, with the server's own code where it gives one."""
    BucketBackdoor(s3rver).make()
    store = open_store(f"s3://{BUCKET}/archive", s3=replace(s3rver, access_key_id="WRONG"))
    with pytest.raises(StoreUnavailableError, match=r"refuses our key \(InvalidAccessKeyId\)"):
        await store.put(b"data")
    with pytest.raises(StoreUnavailableError, match="refuses our key;"):
        await store.exists(ABSENT)


async def test_put__an_acknowledgement_that_was_lost_is_asked_for_again(s3rver: S3Access) -> None:
    """The server stored the object and the line broke: put tries again and finds it done."""
    n_requests = 0

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal n_requests
        n_requests += 1
        head = await reader.readuntil(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await reader.readexactly(int(length[0].split(b":")[1]))
        there = urlsplit(s3rver.endpoint or "")
        from_server, to_server = await asyncio.open_connection(there.hostname, there.port)
        to_server.write(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + body)
        answer = await from_server.read()
        assert answer.startswith(b"HTTP/1.1 200")
        if n_requests > 1:
            writer.write(answer)
            await writer.drain()
        writer.close()
        to_server.close()

    bucket = BucketBackdoor(s3rver)
    bucket.make()
    line = await asyncio.start_server(forward, "127.0.0.1", 0)
    async with line:
        port = line.sockets[0].getsockname()[1]
        store = open_store(f"s3://{BUCKET}/archive", s3=replace(s3rver, endpoint=f"http://127.0.0.1:{port}"))
        digest = await store.put(b"sent once, stored once")
    assert n_requests == 2
    assert bucket.n_objects() == 1
    assert bucket.read(digest) == b"sent once, stored once"
    bucket.take_away()


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9000", "s3.example", "ftp://s3.example", "http://"])
@pytest.mark.parametrize("source", ["argument", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"])
def test_open_store__refuses_an_endpoint_that_is_no_address(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, source: str
) -> None:
    """The client panics over one in the middle of a request."""
    if source != "argument":
        monkeypatch.setenv(source, endpoint)
    with pytest.raises(StoreUnavailableError, match="is no S3 endpoint"):
        open_store("s3://scans", s3=S3Access(endpoint=endpoint if source == "argument" else None))


def test_open_store__refuses_half_a_key() -> None:
    """A key without its secret is told at the start, in one line, without the key."""
    with pytest.raises(StoreUnavailableError, match=r"^cannot use s3://scans: .*SecretAccessKey$"):
        open_store("s3://scans", s3=S3Access(access_key_id="AKIA"))


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
