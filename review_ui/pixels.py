"""Stored pixels on their way to the browser: headers kept in memory, strips read by range and checked."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from scans import px16
from scans.errors import ObjectCorruptError, Px16Error
from scans.px16 import Px16Header
from scans.store import ScanStore

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class RecentlyUsed(Generic[K, V]):
    """A dictionary that forgets what was not used for longest."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._items: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return the value and note its use, or None."""
        if key in self._items:
            self._items.move_to_end(key)
        return self._items.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        self._items[key] = value
        self._items.move_to_end(key)
        while len(self._items) > self._max_size:
            self._items.popitem(last=False)

    def forget(self, key: K) -> None:
        """Drop a value if it is there."""
        self._items.pop(key, None)


class Px16Reader:
    """Reads headers and strips of px16 objects in a store, never a whole object."""

    def __init__(self, store: ScanStore, *, n_headers: int) -> None:
        self._store = store
        self._headers: RecentlyUsed[str, Px16Header] = RecentlyUsed(n_headers)

    async def header(self, digest: str, *, width_px: int, height_px: int, n_channels: int) -> Px16Header:
        """Return an object's header.

        Args:
            digest: The object.
            width_px: Of the scan at full size, like ``height_px``; the header must agree.
            height_px: See ``width_px``.
            n_channels: Of the scan.

        Raises:
            ObjectMissingError: If the object is not in the store.
            ObjectCorruptError: If its first bytes are no header of this scan.
            StoreUnavailableError: If the store does not answer.
        """
        header = self._headers.get(digest)
        if header is None:
            data = await self._store.get_range(digest, 0, px16.MAX_HEADER_BYTES)
            header = _checked(digest, lambda: px16.read_header(data))
            block = 1 << header.level
            shape = (-(-width_px // block), -(-height_px // block), n_channels)
            if (header.width_px, header.height_px, header.n_channels) != shape:
                raise ObjectCorruptError(f"the header of {digest} is not that of its scan")
            self._headers.put(digest, header)
        return header

    async def strip(self, digest: str, header: Px16Header, index: int) -> bytes:
        """Return one strip's zstd frame, compared with its crc32.

        Raises:
            ObjectMissingError: If the object is not in the store.
            ObjectCorruptError: If the frame is not what was written.
            StoreUnavailableError: If the store does not answer.
        """
        entry = header.strips[index]
        frame = await self._store.get_range(digest, entry.offset, entry.offset + entry.size)
        try:
            await asyncio.to_thread(_checked, digest, lambda: px16.check_strip(frame, header, index))
        except ObjectCorruptError:
            self._headers.forget(digest)
            raise
        return frame


T = TypeVar("T")


def _checked(digest: str, check: Callable[[], T]) -> T:
    try:
        return check()
    except Px16Error as error:
        raise ObjectCorruptError(
            f"the stored object {digest} is damaged ({error}); restore it from a copy of the store"
        ) from error
