"""A scan store in a folder, durable against kill −9 and power cuts.

    FOLDER/store.json          says that this is a store; its absence means an unmounted disk
    FOLDER/ab/cd/abcd…         one object, named by its sha256
    FOLDER/tmp/…               objects being written, each locked by its writer

When ``put`` returns, a power cut cannot lose the object: its bytes were flushed before it got its name, and
its name, with every folder on the way to it, was flushed before the return. Any number of processes may
share the folder.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog

from scans.digests import check_read, check_requested, digest_for_storing, is_digest
from scans.errors import ObjectCorruptError, ObjectMissingError, StoreFullError, StoreUnavailableError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_MARKER = b'{"store": "shenxiang", "version": 1}\n'

T = TypeVar("T")

logger = structlog.get_logger(__name__)


class FolderStore:
    """Objects as files. Blocking work happens in ``n_threads`` threads of its own."""

    def __init__(self, path: str | os.PathLike[str], *, n_threads: int = 4) -> None:
        """Open the folder, create it if need be, remove what crashed writers left.

        Raises:
            StoreFullError: If there is no room to create it.
            StoreUnavailableError: If it cannot be created or written.
        """
        self._root = Path(path).absolute()
        self._marker = self._root / "store.json"
        self._tmp = self._root / "tmp"
        self._flushed: set[Path] = set()
        """Folders whose own name this process knows to be durable."""
        with _translated(self._root):
            _make_folder(self._root)
            _make_folder(self._tmp)
            if not self._marker.exists():
                self._publish(_MARKER, self._marker)
            self._remove_stale()
        self._threads = ThreadPoolExecutor(n_threads, thread_name_prefix="folder-store")

    async def put(self, data: bytes, digest: str | None = None) -> str:
        """Store ``data`` durably and return its digest; see ``ScanStore.put``."""
        return await self._in_thread(lambda: self._put(data, digest))

    async def get(self, digest: str) -> bytes:
        """Return a verified object; see ``ScanStore.get``."""
        return await self._in_thread(lambda: self._get(digest))

    async def get_range(self, digest: str, start: int, end: int) -> bytes:
        """Return unverified bytes of an object; see ``ScanStore.get_range``."""
        return await self._in_thread(lambda: self._get_range(digest, start, end))

    async def exists(self, digest: str) -> bool:
        """Say whether an object is there; see ``ScanStore.exists``."""
        return await self._in_thread(lambda: self._exists(digest))

    async def check(self) -> None:
        """Raise if an object could not be stored now; see ``ScanStore.check``. Writes nothing."""
        await self._in_thread(self._check)

    async def close(self) -> None:
        """Wait for the work under way and end the threads."""
        await asyncio.to_thread(self._threads.shutdown)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _put(self, data: bytes, announced: str | None) -> str:
        digest = digest_for_storing(data, announced)
        path = self._path(digest)
        with _translated(path):
            try:
                self._put_at(path, data, digest)
            except FileNotFoundError:
                # A folder went away, or a process that just started took our file for a stale one.
                self._flushed.clear()
                self._put_at(path, data, digest)
        return digest

    def _put_at(self, path: Path, data: bytes, digest: str) -> None:
        self._check_mounted()
        self._make_parents(path)
        if self._holds(path, digest):
            # Another writer may have given the name and not yet flushed it.
            _flush_folder(path.parent)
        else:
            self._publish(data, path)

    def _holds(self, path: Path, digest: str) -> bool:
        """Say whether the object is there and sound. A damaged one is written anew."""
        try:
            check_read(path.read_bytes(), digest, str(path))
        except FileNotFoundError:
            return False
        except ObjectCorruptError:
            logger.warning("damaged_object_replaced", digest=digest)
            return False
        return True

    def _publish(self, data: bytes, path: Path) -> None:
        """Flush the bytes, then give them their name, then flush the name. The order is the promise."""
        temporary = self._tmp / uuid.uuid4().hex
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _write_all(descriptor, data)
            os.fsync(descriptor)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
            raise
        finally:
            os.close(descriptor)
        _flush_folder(path.parent)

    def _make_parents(self, path: Path) -> None:
        """Create the two folders above an object; flush the name of each once per process.

        Whoever created them may not have flushed yet, so that finding them is not enough.
        """
        for folder in (path.parent.parent, path.parent):
            if folder not in self._flushed:
                folder.mkdir(exist_ok=True, mode=0o750)
                _flush_folder(folder.parent)
                self._flushed.add(folder)

    def _get(self, digest: str) -> bytes:
        check_requested(digest)
        path = self._path(digest)
        with self._reading(digest):
            return check_read(path.read_bytes(), digest, str(path))

    def _get_range(self, digest: str, start: int, end: int) -> bytes:
        check_requested(digest)
        if not 0 <= start <= end:
            raise ValueError(f"no range of bytes: {start} to {end}")
        with self._reading(digest), self._path(digest).open("rb", buffering=0) as file:
            return os.pread(file.fileno(), end - start, start)

    def _exists(self, digest: str) -> bool:
        if not is_digest(digest):
            return False
        with _translated(self._root):
            self._check_mounted()
            return self._path(digest).is_file()

    def _check(self) -> None:
        with _translated(self._root):
            self._check_mounted()
            disk = os.statvfs(self._root)
        if disk.f_flag & os.ST_RDONLY:
            raise StoreUnavailableError(f"{self._root} is on a disk mounted read-only: mount it writable")
        if disk.f_bavail == 0:
            raise StoreFullError(f"{self._root} is on a full disk: make room")

    def _check_mounted(self) -> None:
        if not self._marker.exists():
            raise StoreUnavailableError(f"{self._marker} is gone: is the disk of the scan store mounted?")

    @contextlib.contextmanager
    def _reading(self, digest: str) -> Iterator[None]:
        with _translated(self._path(digest)):
            try:
                yield
            except FileNotFoundError:
                self._check_mounted()
                raise ObjectMissingError(f"{digest} is not in the store {self._root}") from None

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest[2:4] / digest

    def _remove_stale(self) -> None:
        """Remove temporary files that no living writer holds locked."""
        for entry in self._tmp.iterdir():
            harmless = contextlib.suppress(FileNotFoundError, BlockingIOError, PermissionError)
            with harmless, entry.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                entry.unlink()


@contextlib.contextmanager
def _translated(place: Path) -> Iterator[None]:
    """Turn what the system says into errors of the store."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StoreFullError(f"no room to write {place}: nothing was stored; make room") from error
        raise StoreUnavailableError(f"cannot use {place}: {error.strerror}") from error


def _make_folder(folder: Path) -> None:
    """Create a folder and its parents, flushing the name of each one that is new."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True, mode=0o750)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
