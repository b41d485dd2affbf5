"""One owner per data folder.

The lock is the kernel's (``flock``), so it ends with its process, however that ends. The file's text names
the owner for the error message only. POSIX only, as is the embedded server's set-up.
"""

import fcntl
import os
from pathlib import Path

from app.database.errors import DataFolderInUseError


class FolderLock:
    """An exclusive lock on a folder, held from ``acquire`` to ``release``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "owner.lock"
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the lock or say who has it.

        Raises:
            DataFolderInUseError: If another process, or another object of this one, holds it.
        """
        # O_CLOEXEC is Python's default: PostgreSQL must not inherit the lock and keep it after our death.
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(fd, 64, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            message = (
                f"data folder {self._folder} is in use by process {owner}; "
                "stop that process or set SHENXIANG_DATA to another folder"
            )
            raise DataFolderInUseError(message) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd

    def release(self) -> None:
        """Give the lock back. Harmless when it is not held."""
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None
