"""Every stored object is read again: a flipped bit and a lost file are found, and nothing else is."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from inference.scrub import Damage, scrub
from scans.errors import StoreUnavailableError
from tests.integration.inference.centre import Centre, digest_of, grey_scan, png, post_scan, put_image

PHOTO = png(grey_scan(seed=9, shape=(16, 16)))


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """Where ``centre`` stores; see conftest."""
    return tmp_path / "store"


def file_of(objects: Path, digest: str) -> Path:
    return objects / digest[:2] / digest[2:4] / digest


def stored_bytes(objects: Path) -> int:
    return sum(path.stat().st_size for path in objects.glob("??/??/*"))


async def test_scrub__sound_store(centre: Centre, station: httpx.AsyncClient, objects: Path) -> None:
    """Images, px16 forms and an upload that no scan has named yet are all read."""
    await post_scan(station, png(grey_scan()))
    await put_image(station, PHOTO)
    report = await scrub(pool=centre.pool, store=centre.store)
    assert (report.n_objects, report.damages) == (4, [])
    assert report.n_bytes == stored_bytes(objects)


@pytest.mark.parametrize("column", ["image_digests[1]", "px16_full", "px16_preview"])
async def test_scrub__finds_a_flipped_bit(
    column: str, centre: Centre, station: httpx.AsyncClient, objects: Path
) -> None:
    """One bit of an original or of a px16 form, and the scan it belongs to is named."""
    scans = [await post_scan(station, png(grey_scan(seed=n)), key=str(n)) for n in range(3)]
    scan_id = scans[1]["scan_id"]
    digest = (await centre.pool.fetchval(f"SELECT {column} FROM scans WHERE scan_id = $1", scan_id)).hex()
    path = file_of(objects, digest)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    told: list[Damage] = []
    report = await scrub(pool=centre.pool, store=centre.store, tell=told.append)
    assert report.damages == told == [Damage(code="object_corrupt", digest=digest, scan_ids=[scan_id])]
    assert report.n_objects == 9


async def test_scrub__finds_what_is_gone(centre: Centre, station: httpx.AsyncClient, objects: Path) -> None:
    """A gate photo names its scan; an image of no scan is reported too, since it was acknowledged."""
    photo = await put_image(station, PHOTO)
    lone = await put_image(station, png(grey_scan(seed=4, shape=(16, 16))))
    scan = await post_scan(station, png(grey_scan()), gate_photos=[photo])
    for digest in (photo, lone):
        file_of(objects, digest).unlink()
    report = await scrub(pool=centre.pool, store=centre.store)
    assert sorted((one.code, one.digest, one.scan_ids) for one in report.damages) == sorted(
        [("object_missing", photo, [scan["scan_id"]]), ("object_missing", lone, [])]
    )


async def test_scrub__what_is_posted_again_is_mended(
    centre: Centre, station: httpx.AsyncClient, objects: Path
) -> None:
    """The way to mend an object that the manual gives."""
    await put_image(station, PHOTO)
    file_of(objects, digest_of(PHOTO)).write_bytes(PHOTO[:-1])
    assert (await scrub(pool=centre.pool, store=centre.store)).damages
    await put_image(station, PHOTO)
    assert (await scrub(pool=centre.pool, store=centre.store)).damages == []


async def test_scrub__store_that_is_away_is_no_loss(
    centre: Centre, station: httpx.AsyncClient, objects: Path
) -> None:
    """An unmounted disk ends the run; not one scan is called missing."""
    await put_image(station, PHOTO)
    (objects / "store.json").unlink()
    file_of(objects, digest_of(PHOTO)).unlink()
    told: list[Damage] = []
    with pytest.raises(StoreUnavailableError):
        await scrub(pool=centre.pool, store=centre.store, tell=told.append)
    assert told == []


async def test_scrub__since_and_pace(centre: Centre, station: httpx.AsyncClient, objects: Path) -> None:
    """Only what came since; and no faster than asked."""
    await put_image(station, PHOTO)
    later = datetime.now(UTC) + timedelta(hours=1)
    assert (await scrub(pool=centre.pool, store=centre.store, since=later)).n_objects == 0
    began_s = time.monotonic()
    await scrub(pool=centre.pool, store=centre.store, max_bytes_per_s=len(PHOTO) / 0.4)
    assert time.monotonic() - began_s >= 0.4
