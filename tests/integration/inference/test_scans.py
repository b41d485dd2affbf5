"""Posting scans: one scan per idempotency key, durable before it is acknowledged, for its own port only."""

import asyncio
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import cv2
import httpx
import numpy as np
import numpy.typing as npt
import pytest

from inference.stations import create_station, revoke_key, rotate_key
from scans import px16, raw16
from scans.errors import StoreFullError
from scans.guard import GuardedDecoder, PreparedScan
from scans.store import FolderStore
from tests.dicos_files import dicos_dx
from tests.integration.inference.centre import (
    VALID_CONTAINER_NO,
    Centre,
    digest_of,
    form_of,
    grey_scan,
    png,
    post_scan,
    problem_of,
    put_image,
    scan_json,
)
from tests.seed import seed_station

DECLARATION = {
    "declaration_no": "531620261160000001",
    "lines": [{"line_no": 1, "hs_code": "8703230000", "description": "小轿车", "gross_weight_kg": 1500}],
}


async def counts(centre: Centre) -> dict[str, int]:
    """Rows of the tables that a posted scan touches."""
    return {
        table: int(await centre.pool.fetchval(f"SELECT count(*) FROM {table}"))
        for table in ("scans", "screening_jobs", "audit")
    }


async def test_post__scan_is_stored_with_job_and_audit(centre: Centre, station: httpx.AsyncClient) -> None:
    """One post makes one scan, one screening job and one audit row, and its pixels can be read back."""
    high, low = grey_scan(seed=1), grey_scan(seed=2)
    digests = [await put_image(station, png(pixels)) for pixels in (high, low)]
    response = await station.post(
        "/api/v1/scans",
        json=scan_json(*digests, declaration=DECLARATION, pixel_pitch_mm=5.0, direction="import"),
        headers={"Idempotency-Key": "pass-1"},
    )
    scan = response.json()
    assert (response.status_code, scan["status"], scan["warnings"]) == (201, "screening", [])
    assert await counts(centre) == {"scans": 1, "screening_jobs": 1, "audit": 1}
    row = await centre.pool.fetchrow("SELECT * FROM scans")
    assert row is not None
    assert (row["scan_id"], row["port"], row["station_id"]) == (scan["scan_id"], "YTN", "ST-1")
    assert [digest.hex() for digest in row["image_digests"]] == digests
    assert "小轿车" in row["declaration"]
    full = px16.decode(await centre.store.get(row["px16_full"].hex()))
    assert np.array_equal(full, np.stack([high, low]))
    assert px16.decode(await centre.store.get(row["px16_preview"].hex())).shape == (2, 20, 30)


async def test_post__channels_may_come_in_any_order(centre: Centre, station: httpx.AsyncClient) -> None:
    """High energy is stored first, whichever is named first."""
    low, high = [await put_image(station, png(grey_scan(seed=seed))) for seed in (1, 2)]
    body = scan_json(low, high)
    body["images"][0]["channel"], body["images"][1]["channel"] = "low", "high"
    assert (
        await station.post("/api/v1/scans", json=body, headers={"Idempotency-Key": "1"})
    ).status_code == 201
    stored = await centre.pool.fetchval("SELECT image_digests FROM scans")
    assert [digest.hex() for digest in stored] == [high, low]


def jpeg(pixels: npt.NDArray[np.uint16]) -> bytes:
    return bytes(cv2.imencode(".jpg", (pixels >> 8).astype(np.uint8))[1])


@pytest.mark.parametrize(
    "write",
    [
        jpeg,
        dicos_dx,
        lambda pixels: raw16.encode(pixels[None]),
        lambda pixels: raw16.encode(pixels[None], codec=raw16.Codec.BLOSC2),
    ],
    ids=["jpeg", "dicos", "raw16 zstd", "raw16 blosc2"],
)
async def test_post__every_format_becomes_px16(
    write: Callable[[npt.NDArray[np.uint16]], bytes], centre: Centre, station: httpx.AsyncClient
) -> None:
    """Whatever a station's files are, both energies are there, high first (JPEG: to its own loss)."""
    pair = np.stack([grey_scan(seed=1) // 4096 * 4096, grey_scan(seed=2) // 4096 * 4096])
    pair = np.repeat(np.repeat(pair[:, ::10, ::10], 10, axis=1), 10, axis=2)
    digests = [await put_image(station, write(pixels)) for pixels in pair]
    response = await station.post(
        "/api/v1/scans", json=scan_json(*digests), headers={"Idempotency-Key": "pass-1"}
    )
    assert response.status_code == 201, response.text
    row = await centre.pool.fetchrow("SELECT * FROM scans")
    assert row is not None
    full = px16.decode(await centre.store.get(row["px16_full"].hex()))
    tolerance = 6000 if write is jpeg else 0
    assert np.abs(full.astype(int) - pair).max() <= tolerance


@pytest.mark.parametrize(
    ("described", "named_by_file", "expected"),
    [
        (None, "csqu 305438-3", ("CSQU3054383", True)),
        (None, "CSQU3054384", ("CSQU3054384", False)),
        ("MSCU6639870", "CSQU3054383", ("MSCU6639870", True)),
        (None, None, (None, None)),
    ],
)
async def test_post__container_number_of_a_dicos_file(
    described: str | None,
    named_by_file: str | None,
    expected: tuple[str | None, bool | None],
    station: httpx.AsyncClient,
) -> None:
    """It is taken where the description names none, and flagged like any other."""
    scan = await post_scan(station, dicos_dx(grey_scan(), PatientID=named_by_file), container_no=described)
    assert (scan["container_no"], scan["container_no_valid"]) == expected


async def test_post__dicos_files_of_two_studies_are_refused(station: httpx.AsyncClient) -> None:
    """Two energies of two passes are no scan."""
    files = [dicos_dx(grey_scan(seed=seed), StudyInstanceUID=f"2.25.{seed}") for seed in (1, 2)]
    digests = [await put_image(station, data) for data in files]
    response = await station.post(
        "/api/v1/scans", json=scan_json(*digests), headers={"Idempotency-Key": "pass-1"}
    )
    assert problem_of(response) == (422, "channels_differ")


async def test_post__same_key_and_body_is_the_same_scan(centre: Centre, station: httpx.AsyncClient) -> None:
    """A retry answers 200 with the same scan and changes nothing."""
    first = await post_scan(station, png(grey_scan()))
    digest = digest_of(png(grey_scan()))
    again = await station.post(
        "/api/v1/scans",
        json=dict(reversed(scan_json(digest).items())),
        headers={"Idempotency-Key": "pass-1"},
    )
    assert (again.status_code, again.json()) == (200, first)
    assert await counts(centre) == {"scans": 1, "screening_jobs": 1, "audit": 1}


async def test_post__same_key_other_body_is_refused(centre: Centre, station: httpx.AsyncClient) -> None:
    """A key is never reused for another scan."""
    await post_scan(station, png(grey_scan()))
    body = scan_json(digest_of(png(grey_scan())), container_no="MSCU6639870")
    response = await station.post("/api/v1/scans", json=body, headers={"Idempotency-Key": "pass-1"})
    assert problem_of(response) == (422, "idempotency_key_reused")
    assert (await counts(centre))["scans"] == 1


async def test_post__key_is_required(station: httpx.AsyncClient) -> None:
    """Without a key a retry would make a second scan."""
    response = await station.post("/api/v1/scans", json=scan_json("a" * 64))
    assert problem_of(response) == (400, "idempotency_key_missing")


async def test_post__concurrent_identical_posts_make_one_scan(
    centre: Centre, station: httpx.AsyncClient, key: str
) -> None:
    """However many arrive at once, at one process or at two, exactly one makes the scan."""
    body = scan_json(await put_image(station, png(grey_scan())))
    other_process = centre.client(key)
    headers = {"Idempotency-Key": "pass-1"}
    answers = await asyncio.gather(
        *(client.post("/api/v1/scans", json=body, headers=headers) for client in [station, other_process] * 6)
    )
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[201] == 1
    assert statuses.keys() <= {200, 201, 409}
    assert {problem_of(answer)[1] for answer in answers if answer.status_code == 409} <= {"request_in_flight"}
    assert len({answer.json()["scan_id"] for answer in answers if answer.is_success}) == 1
    assert await counts(centre) == {"scans": 1, "screening_jobs": 1, "audit": 1}


async def test_post__image_has_to_be_uploaded_first(centre: Centre, station: httpx.AsyncClient) -> None:
    """A scan never names bytes that are not here; gate photos neither."""
    known = await put_image(station, png(grey_scan()))
    for body in (scan_json("a" * 64), scan_json(known, gate_photos=["b" * 64])):
        response = await station.post("/api/v1/scans", json=body, headers={"Idempotency-Key": "1"})
        assert problem_of(response) == (422, "image_unknown")
    assert (await counts(centre))["scans"] == 0


async def test_post__damaged_stored_image_is_mended_by_uploading_again(
    centre: Centre, station: httpx.AsyncClient, tmp_path: Path
) -> None:
    """A lost file is told as unknown, and a new upload puts it right."""
    digest = await put_image(station, png(grey_scan()))
    [stored] = (tmp_path / "store").rglob(f"*{digest}")
    stored.chmod(0o600)
    stored.write_bytes(b"flipped")
    request: dict[str, Any] = {"json": scan_json(digest), "headers": {"Idempotency-Key": "1"}}
    assert problem_of(await station.post("/api/v1/scans", **request)) == (422, "image_unknown")
    await put_image(station, png(grey_scan()))
    assert (await station.post("/api/v1/scans", **request)).status_code == 201


@pytest.mark.parametrize(
    ("number", "stored", "valid"),
    [
        ("CSQU3054384", "CSQU3054384", False),
        ("csqu 305438-3", VALID_CONTAINER_NO, True),
        ("粤B12345", "粤B12345", False),
        (None, None, None),
    ],
)
async def test_post__bad_container_number_is_flagged_never_dropped(
    number: str | None, stored: str | None, valid: bool | None, station: httpx.AsyncClient
) -> None:
    """The number is kept as it was read, and its check digit is told."""
    scan = await post_scan(station, png(grey_scan()), container_no=number)
    assert (scan["container_no"], scan["container_no_valid"]) == (stored, valid)
    assert scan["warnings"] == (["container_number_invalid"] if valid is False else [])


@pytest.mark.parametrize(
    ("first", "others", "stored", "valid"),
    [
        (VALID_CONTAINER_NO, ["mscu 663987-0"], [VALID_CONTAINER_NO, "MSCU6639870"], True),
        (VALID_CONTAINER_NO, ["CSQU3054384"], [VALID_CONTAINER_NO, "CSQU3054384"], False),
        (None, ["MSCU6639870", " "], ["MSCU6639870"], True),
        (VALID_CONTAINER_NO, [VALID_CONTAINER_NO, "csqu3054383"], [VALID_CONTAINER_NO], True),
    ],
)
async def test_post__several_containers_in_one_picture(
    first: str | None, others: list[str], stored: list[str], valid: bool, station: httpx.AsyncClient
) -> None:
    """All are kept, each once, and one bad check digit is told."""
    scan = await post_scan(station, png(grey_scan()), container_no=first, other_container_nos=others)
    assert [scan["container_no"], *scan["other_container_nos"]] == stored
    assert scan["container_no_valid"] is valid


async def test_post__clock_ahead_is_a_warning(station: httpx.AsyncClient) -> None:
    """A station whose clock is ahead is told so; the scan counts."""
    scan = await post_scan(station, png(grey_scan()), scanned_at="2099-01-01T00:00:00Z")
    assert scan["warnings"] == ["scanned_in_future"]


@pytest.mark.parametrize(
    "channels", [["low"], ["high", "high"], ["high", "dual"], ["dual", "low"], ["low", "low"], ["dual"]]
)
async def test_post__channels_must_make_a_scan(channels: list[str], station: httpx.AsyncClient) -> None:
    """Files that cannot be one scan are refused; a one-page file is not dual."""
    digests = [await put_image(station, png(grey_scan(seed=n))) for n in range(len(channels))]
    body = scan_json(*digests)
    for image, channel in zip(body["images"], channels, strict=True):
        image["channel"] = channel
    response = await station.post("/api/v1/scans", json=body, headers={"Idempotency-Key": "1"})
    assert problem_of(response) == (422, "channels_invalid")


async def test_post__same_file_twice_is_refused(station: httpx.AsyncClient) -> None:
    """Two energies are two pictures."""
    digest = await put_image(station, png(grey_scan()))
    response = await station.post(
        "/api/v1/scans", json=scan_json(digest, digest), headers={"Idempotency-Key": "1"}
    )
    assert problem_of(response) == (422, "channels_invalid")


async def test_post__energies_of_different_size_are_refused(station: httpx.AsyncClient) -> None:
    """High and low energy show the same pass."""
    digests = [await put_image(station, png(grey_scan(shape=shape))) for shape in ((80, 120), (80, 121))]
    response = await station.post("/api/v1/scans", json=scan_json(*digests), headers={"Idempotency-Key": "1"})
    assert problem_of(response) == (422, "channels_differ")


async def test_post__pixels_that_do_not_decode_are_the_senders_fault(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """A file of sound structure without its pixels is a 422, and the station knows that nothing was taken."""
    good = png(grey_scan())
    start = good.index(b"IDAT") + 4
    size = int.from_bytes(good[start - 8 : start - 4], "big")
    idat = zlib.compress(b"\x00" * 50)
    data = (
        good[: start - 8]
        + len(idat).to_bytes(4, "big")
        + b"IDAT"
        + idat
        + zlib.crc32(b"IDAT" + idat).to_bytes(4, "big")
        + good[start + size + 4 :]
    )
    response = await station.put(f"/api/v1/images/{digest_of(data)}", content=data)
    if response.is_success:
        response = await station.post(
            "/api/v1/scans", json=scan_json(digest_of(data)), headers={"Idempotency-Key": "1"}
        )
    assert problem_of(response) == (422, "image_undecodable")
    assert (await counts(centre))["scans"] == 0


@pytest.mark.parametrize(
    ("content", "content_type", "expected"),
    [
        (b"{", "application/json", (422, "request_invalid")),
        (b"{}", "application/json; charset=utf-8", (422, "request_invalid")),
        (b"\xff\xfe", "application/json", (422, "request_invalid")),
        (b"a=b", "application/x-www-form-urlencoded", (415, "media_type_unsupported")),
        (b"{}", "", (415, "media_type_unsupported")),
        (b"--x--", "multipart/form-data", (400, "multipart_malformed")),
        (b"--x\r\n", "multipart/form-data; boundary=x", (400, "multipart_malformed")),
        (b"x" * (2 * 1024 * 1024 + 1), "application/json", (413, "body_too_large")),
    ],
)
async def test_post__bad_bodies(
    content: bytes, content_type: str, expected: tuple[int, str], station: httpx.AsyncClient
) -> None:
    """Whatever is sent instead of a scan is a 4xx with its reason."""
    headers = {"Idempotency-Key": "1", "Content-Type": content_type}
    assert problem_of(await station.post("/api/v1/scans", content=content, headers=headers)) == expected


async def test_multipart__one_call_is_enough(centre: Centre, station: httpx.AsyncClient) -> None:
    """Description and files in one form make the scan; sending it again, or as JSON, finds it."""
    high, low, photo = (png(grey_scan(seed=seed)) for seed in (1, 2, 3))
    body = scan_json(digest_of(high), digest_of(low), gate_photos=[digest_of(photo)])
    headers = {"Idempotency-Key": "pass-1"}
    form = form_of(body, high=high, low=low, photo=photo)
    first = await station.post("/api/v1/scans", files=form, headers=headers)
    again = await station.post("/api/v1/scans", files=form, headers=headers)
    as_json = await station.post("/api/v1/scans", json=body, headers=headers)
    assert [answer.status_code for answer in (first, again, as_json)] == [201, 200, 200]
    assert first.json() == again.json() == as_json.json()
    assert (await counts(centre))["scans"] == 1


async def test_multipart__file_that_is_not_named_stores_nothing(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """A file whose digest the description does not name was damaged on its way."""
    high = png(grey_scan())
    form = form_of(scan_json(digest_of(high)), high=high[:-1] + b"\x00")
    response = await station.post("/api/v1/scans", files=form, headers={"Idempotency-Key": "1"})
    assert problem_of(response) == (422, "digest_mismatch")
    assert await centre.pool.fetchval("SELECT count(*) FROM images") == 0


async def test_multipart__part_name_must_fit_the_channel(station: httpx.AsyncClient) -> None:
    """A low-energy file sent as the high one is a mistake that nobody would see later."""
    high, low = (png(grey_scan(seed=seed)) for seed in (1, 2))
    form = form_of(scan_json(digest_of(high), digest_of(low)), high=low, low=high)
    response = await station.post("/api/v1/scans", files=form, headers={"Idempotency-Key": "1"})
    assert problem_of(response) == (422, "channels_invalid")


async def test_get__own_port_only(centre: Centre, station: httpx.AsyncClient) -> None:
    """Another port's scan does not exist for a station; a gate of the same port may ask."""
    scan = await post_scan(station, png(grey_scan()))
    async with centre.pool.acquire() as conn:
        foreign = centre.client(await seed_station(conn, "ST-2", "SKZ"))
        gate = centre.client(await seed_station(conn, "GATE-1", "YTN"))
    url = f"/api/v1/scans/{scan['scan_id']}"
    assert (await station.get(url)).json() == scan
    assert (await gate.get(url)).json() == scan
    assert problem_of(await foreign.get(url)) == (404, "scan_not_found")
    assert problem_of(await station.get("/api/v1/scans/XR-20000101-000001")) == (404, "scan_not_found")


async def test_idempotency_keys__belong_to_their_station(centre: Centre, station: httpx.AsyncClient) -> None:
    """Two stations may name their passes alike."""
    one = await post_scan(station, png(grey_scan(seed=1)))
    async with centre.pool.acquire() as conn:
        other = centre.client(await seed_station(conn, "ST-2", "YTN"))
    two = await post_scan(other, png(grey_scan(seed=2)))
    assert one["scan_id"] != two["scan_id"]


async def test_keys__rotation_and_revocation_take_effect(centre: Centre) -> None:
    """A new key works at once; the old one ends after its grace, a revoked one within the cache time."""
    centre.settings = replace(centre.settings, key_cache_s=0.05)
    app = centre.app()
    async with centre.pool.acquire() as conn:
        first = await create_station(conn, station_id="ST-9", port="YTN", name="Nine")
        second = await rotate_key(conn, "ST-9", grace_s=60.0)
    old, new = centre.client(first.key, app=app), centre.client(second.key, app=app)
    url = "/api/v1/scans/XR-1"
    assert [(await client.get(url)).status_code for client in (old, new)] == [404, 404]
    async with centre.pool.acquire() as conn:
        assert await revoke_key(conn, first.key.split("_")[1])
        assert not await revoke_key(conn, first.key.split("_")[1])
        await rotate_key(conn, "ST-9")
    await asyncio.sleep(0.06)
    assert [(await client.get(url)).status_code for client in (old, new)] == [401, 401]
    stored = await centre.pool.fetch("SELECT key_sha256 FROM station_keys")
    assert all(first.key.encode() not in row["key_sha256"] for row in stored)
    events = [row["event"] for row in await centre.pool.fetch("SELECT event FROM audit ORDER BY seq")]
    assert events == ["station_created", "station_key_rotated", "station_key_revoked", "station_key_rotated"]


class FullAfter(FolderStore):
    """A folder with room for some objects."""

    n_left = 0

    async def put(self, data: bytes, digest: str | None = None) -> str:
        if self.n_left == 0:
            raise StoreFullError("No room; nothing was stored.")
        self.n_left -= 1
        return await super().put(data, digest)


@pytest.mark.parametrize("n_before", [1, 2])
async def test_post__store_that_fills_up_acknowledges_nothing(
    n_before: int, centre: Centre, key: str, tmp_path: Path
) -> None:
    """Whether the first or the second px16 object finds no room, there is no scan, and a retry makes it."""
    store = FullAfter(tmp_path / "full")
    store.n_left = n_before
    centre.store = store
    client = centre.client(key)
    digest = await put_image(client, png(grey_scan()))
    request: dict[str, Any] = {"json": scan_json(digest), "headers": {"Idempotency-Key": "1"}}
    assert problem_of(await client.post("/api/v1/scans", **request)) == (507, "store_full")
    assert (await counts(centre))["scans"] == 0
    store.n_left = 10
    assert (await client.post("/api/v1/scans", **request)).status_code == 201


async def test_post__database_away_is_503_and_recovers(
    centre: Centre, station: httpx.AsyncClient, database_url: str
) -> None:
    """While the database does not answer nothing is acknowledged; the same server then goes on."""
    digest = await put_image(station, png(grey_scan()))
    request: dict[str, Any] = {"json": scan_json(digest), "headers": {"Idempotency-Key": "1"}}
    name = await centre.pool.fetchval("SELECT current_database()")
    # No new connections, and the old ones are cut: what a restarting server looks like.
    admin = await asyncpg.connect(database_url.replace(name, "postgres"))
    try:
        await admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        for _ in range(3):
            answer = await station.post("/api/v1/scans", **request)
            assert problem_of(answer) == (503, "database_unavailable")
    finally:
        await admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
        await admin.close()
    for _ in range(20):
        answer = await station.post("/api/v1/scans", **request)
        if answer.is_success:
            break
    assert answer.status_code == 201
    assert (await counts(centre))["scans"] == 1


class HeldDecoder:
    """Decodes when it is let go."""

    def __init__(self, decoder: GuardedDecoder) -> None:
        self._decoder = decoder
        self.go = asyncio.Event()

    async def prepare(self, high: bytes, low: bytes | None = None) -> PreparedScan:
        await self.go.wait()
        return await self._decoder.prepare(high, low)


async def test_post__too_many_waiting_is_busy(centre: Centre, station: httpx.AsyncClient, key: str) -> None:
    """More scans than may be decoded and may wait are told to come back."""
    digests = [await put_image(station, png(grey_scan(seed=seed))) for seed in range(4)]
    centre.settings = replace(centre.settings, concurrent_scans=1, waiting_scans=1)
    held = HeldDecoder(centre.decoder)
    centre.decoder = held  # type: ignore[assignment]
    client = centre.client(key)
    posts = [
        asyncio.create_task(
            client.post("/api/v1/scans", json=scan_json(digest), headers={"Idempotency-Key": digest})
        )
        for digest in digests
    ]
    for post in asyncio.as_completed(posts):
        answer = await post
        if not held.go.is_set():
            assert problem_of(answer) == (429, "busy")
        if sum(post.done() for post in posts) == 2:
            held.go.set()
    assert sorted(post.result().status_code for post in posts) == [201, 201, 429, 429]


async def test_post__decoder_that_cannot_start_is_ours(centre: Centre, key: str) -> None:
    """No decoding process is a 503 to retry, never a scan without pixels."""
    decoder = GuardedDecoder(n_workers=1)
    await decoder.close()
    centre.decoder = decoder
    client = centre.client(key)
    digest = await put_image(client, png(grey_scan()))
    answer = await client.post("/api/v1/scans", json=scan_json(digest), headers={"Idempotency-Key": "1"})
    assert problem_of(answer) == (503, "decoder_unavailable")
