"""Headers are read once and must fit the scan; a strip leaves only if its crc32 is right."""

from typing import cast

import numpy as np
import pytest

from review_ui.pixels import Px16Reader, RecentlyUsed
from scans import px16
from scans.errors import ObjectCorruptError, ObjectMissingError
from scans.store import ScanStore, digest_of

PIXELS = np.random.default_rng(1).integers(0, 65536, (2, 37, 29), np.uint16)
SHAPE = {"width_px": 29, "height_px": 37, "n_channels": 2}


class MemoryStore:
    def __init__(self) -> None:
        self.objects: dict[str, bytearray] = {}
        self.n_reads = 0

    async def put(self, data: bytes) -> str:
        self.objects[digest_of(data)] = bytearray(data)
        return digest_of(data)

    async def get_range(self, digest: str, start: int, end: int) -> bytes:
        self.n_reads += 1
        if digest not in self.objects:
            raise ObjectMissingError(digest)
        return bytes(self.objects[digest][start:end])


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


def reader_of(store: MemoryStore) -> Px16Reader:
    return Px16Reader(cast(ScanStore, store), n_headers=4)


async def test_strip__is_the_frame_that_was_written(store: MemoryStore) -> None:
    """All strips together decode to the pixels; the header is fetched once."""
    digest = await store.put(px16.encode(PIXELS))
    reader = reader_of(store)
    rows = []
    for index in range(8):
        header = await reader.header(digest, **SHAPE)
        frame = await reader.strip(digest, header, index)
        rows.append(px16.decode_strip(frame, header, index))
    assert np.array_equal(np.concatenate(rows, axis=1), PIXELS)
    assert store.n_reads == 1 + 8


async def test_header__reduced_level_fits_the_scan(store: MemoryStore) -> None:
    """The preview's header is compared with the scan's size divided by four, rounded up."""
    digest = await store.put(px16.encode(px16.downscale(PIXELS, 2), level=2))
    header = await reader_of(store).header(digest, **SHAPE)
    assert (header.width_px, header.height_px) == (8, 10)


async def test_header__of_another_scan_is_refused(store: MemoryStore) -> None:
    """A header that does not have the scan's size is damage, not a picture."""
    digest = await store.put(px16.encode(PIXELS[:, :, :28]))
    with pytest.raises(ObjectCorruptError):
        await reader_of(store).header(digest, **SHAPE)


async def test_strip__flipped_bit_is_noticed(store: MemoryStore) -> None:
    """A damaged strip never reaches a reviewer; the others still do."""
    digest = await store.put(px16.encode(PIXELS))
    reader = reader_of(store)
    header = await reader.header(digest, **SHAPE)
    store.objects[digest][header.strips[3].offset + 9] ^= 4
    await reader.strip(digest, header, 2)
    with pytest.raises(ObjectCorruptError, match="restore it"):
        await reader.strip(digest, header, 3)


async def test_header__lost_object_is_told(store: MemoryStore) -> None:
    """A missing object is not an empty one."""
    with pytest.raises(ObjectMissingError):
        await reader_of(store).header("0" * 64, **SHAPE)


def test_recently_used__forgets_what_was_not_used_for_longest() -> None:
    """Reading a key keeps it."""
    kept: RecentlyUsed[str, int] = RecentlyUsed(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)
