"""The anchor file: every seal as one JSON line, outside the database.

Whoever cuts the newest rows and seals out of the database, or puts an older copy of it in place, leaves the
anchor ahead of it. The file is only appended to. A line that a crash has cut short gets its end of line and
is written again below; readers pass over it. Several processes may share the file.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from io import SEEK_END, BufferedRandom
from pathlib import Path
from typing import BinaryIO

from review_queue.errors import AnchorUnreadableError
from review_queue.seals import Seal

# A line has about 450 bytes.
TAIL_BYTES = 65_536


class AnchorFile:
    """The anchor of one data folder; blocking calls."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def last(self) -> Seal | None:
        """Return the newest seal in the file, ``None`` without a file.

        Raises:
            AnchorUnreadableError: If there is a file but no seal at its end.
        """
        try:
            with self.path.open("rb") as file:
                return self._last(file)
        except FileNotFoundError:
            return None

    def append(self, seals: Sequence[Seal]) -> None:
        """Write down the seals that are newer than the last one in the file, durably.

        Args:
            seals: In the order of their numbers.

        Raises:
            AnchorUnreadableError: If there is a file but no seal at its end.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            # Another process may have been faster; the lock ends with the file.
            fcntl.flock(file, fcntl.LOCK_EX)
            last = self._last(file)
            is_new = file.seek(0, SEEK_END) == 0
            lines = [seal.to_json() for seal in seals if last is None or seal.seal_no > last.seal_no]
            if not lines:
                return
            start = "\n" if _is_torn(file) else ""
            file.write((start + "\n".join(lines) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            fsync_folder(self.path.parent)

    def size(self) -> int:
        """Return how many bytes the file has."""
        return self.path.stat().st_size

    def read(self, size: int) -> Iterator[Seal]:
        """Yield the seals of the first ``size`` bytes; lines that are none are passed over."""
        with self.path.open("rb") as file:
            while file.tell() < size and (line := file.readline()):
                try:
                    yield Seal.from_json(line)
                except ValueError:
                    continue

    def _last(self, file: BinaryIO | BufferedRandom) -> Seal | None:
        size = file.seek(0, SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        for line in reversed(file.read().split(b"\n")):
            try:
                return Seal.from_json(line)
            except ValueError:
                continue
        if size:
            message = f"{self.path} ends with no seal; keep it as evidence and move it away to begin another"
            raise AnchorUnreadableError(message)
        return None


def _is_torn(file: BufferedRandom) -> bool:
    """Return whether the last line has no end."""
    if file.seek(0, SEEK_END) == 0:
        return False
    file.seek(-1, SEEK_END)
    return file.read(1) != b"\n"


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
