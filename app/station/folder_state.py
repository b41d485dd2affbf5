"""What a watched folder remembers, in the folder itself, so that a kill at any point is harmless.

    DIR/                    where the scanner drops files
    DIR/done, DIR/refused   where they end, with the centre's answer or the reason beside them
    DIR/.shenxiang/…        one record for each scan whose post has begun, and the lock

A record is written before the first byte is posted and fixes the request; with its outcome it is written
again before the first file is moved. So after any interruption the same request is repeated under the same
key, or the same moves are finished. Records are flushed to disk before they count. POSIX only.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import uuid
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from app.station.scan_files import SeenFile
from review_queue.anchor import fsync_folder

STATE_FOLDER = ".shenxiang"
TEMPORARY_SUFFIX = ".new"


class End(StrEnum):
    """How a scan's way through the folder ends, and the folder where its files end."""

    DONE = "done"
    REFUSED = "refused"

    @property
    def note_suffix(self) -> str:
        """Of the file beside the moved ones: the centre's answer, or the reason."""
        return ".scan.json" if self is End.DONE else ".problem.json"


@dataclass(frozen=True, kw_only=True)
class RecordedFile:
    """A file of a request; its bytes stay in the watched folder until the centre has them.

    ``channel`` is None for a gate photo.
    """

    name: str
    channel: str | None
    digest: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a scan's post ended.

    Attributes:
        moves: From names in the watched folder to free names in the folder of its end.
        note: What is written beside them.
    """

    end: End
    moves: dict[str, str]
    note: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class PostRecord:
    """One scan's request and, once it is known, its outcome. ``files`` come with it, ``sent`` are posted."""

    stem: str
    files: tuple[SeenFile, ...]
    sent: tuple[RecordedFile, ...] = ()
    scan: dict[str, Any]
    key: str
    outcome: Outcome | None = None


class WatchedFolder:
    """The files and records of one folder. Everything blocks on the disk and may raise ``OSError``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state = path / STATE_FOLDER
        self._lock: int | None = None

    def lock(self) -> bool:
        """Become the folder's only watcher; False if another process is.

        The lock is the kernel's, so it ends with its process, however that ends. Where a file system has no
        locks, or keeps them on one machine, the records exclude a second scan.
        """
        if self._lock is not None:
            return True
        for folder in (self._state, *(self.path / end for end in End)):
            folder.mkdir(exist_ok=True)
        lock = os.open(self._state / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        except OSError:
            pass
        self._lock = lock
        return True

    def unlock(self) -> None:
        """Let another watcher take over."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def list_files(self) -> list[SeenFile]:
        """Return the plain files; what vanishes meanwhile is left out."""
        with os.scandir(self.path) as entries:
            seen = [_see(Path(entry.path)) for entry in entries if entry.is_file(follow_symlinks=False)]
        return [file for file in seen if file is not None]

    def read(self, file: SeenFile) -> bytes | None:
        """Return a file's bytes, or None if it is no longer the file that was seen."""
        path = self.path / file.name
        if _see(path) != file:
            return None
        with contextlib.suppress(FileNotFoundError):
            data = path.read_bytes()
            if len(data) == file.size_bytes and _see(path) == file:
                return data
        return None

    def load_records(self) -> dict[str, PostRecord]:
        """Return every record by its stem, and remove what a crash left half-written."""
        for path in self._state.glob(f"*{TEMPORARY_SUFFIX}"):
            path.unlink(missing_ok=True)
        records = [_load(path) for path in self._state.glob("*.json")]
        return {record.stem: record for record in records if record is not None}

    def begin(self, record: PostRecord) -> PostRecord:
        """Store a new record and return it, or the one that another watcher stored before."""
        path = self._path_of(record)
        new = self._write_new(asdict(record))
        try:
            os.link(new, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            if not path.exists():
                new.replace(path)
        new.unlink(missing_ok=True)
        fsync_folder(self._state)
        return _load(path) or record

    def end(self, record: PostRecord, end: End, note: dict[str, Any]) -> PostRecord:
        """Store how a post ended; from now on only its moves are left to do."""
        moves = {file.name: _free_name(self.path / end, file.name) for file in record.files}
        ended = replace(record, outcome=Outcome(end=end, moves=moves, note=note))
        self._write_new(asdict(ended)).replace(self._path_of(record))
        fsync_folder(self._state)
        return ended

    def finish(self, record: PostRecord, outcome: Outcome) -> None:
        """Move a record's files where they belong and forget it; what is done already is not done again."""
        target = self.path / outcome.end
        first = next(iter(outcome.moves.values()))
        # The scanner may have used a name again: then the file is another scan's and stays.
        left = [file for file in record.files if _see(self.path / file.name) == file]
        if left:
            self._write_new(outcome.note).replace(target / (first + outcome.end.note_suffix))
        for file in left:
            with contextlib.suppress(FileNotFoundError):  # moved by another watcher
                (self.path / file.name).rename(target / outcome.moves[file.name])
        fsync_folder(target)
        fsync_folder(self.path)
        self.forget(record)

    def forget(self, record: PostRecord) -> None:
        """Remove a record whose work is done or whose files are no longer there."""
        self._path_of(record).unlink(missing_ok=True)

    def _path_of(self, record: PostRecord) -> Path:
        return self._state / f"{hashlib.sha256(record.stem.encode()).hexdigest()[:32]}.json"

    def _write_new(self, document: dict[str, Any]) -> Path:
        """Write a document, flushed, under a name of its own that the caller changes."""
        new = self._state / f"{uuid.uuid4().hex}{TEMPORARY_SUFFIX}"
        with new.open("w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        return new


def _see(path: Path) -> SeenFile | None:
    try:
        return SeenFile.from_stat(path.name, path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return None


def _free_name(folder: Path, name: str) -> str:
    stem, dot, suffix = name.partition(".")
    candidate, number = name, 1
    while any((folder / f"{candidate}{note}").exists() for note in ("", *(end.note_suffix for end in End))):
        number += 1
        candidate = f"{stem}~{number}{dot}{suffix}"
    return candidate


def _load(path: Path) -> PostRecord | None:
    """Read a record; one that is not whole, or gone, is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        outcome = document["outcome"]
        return PostRecord(
            stem=document["stem"],
            files=tuple(SeenFile(**file) for file in document["files"]),
            sent=tuple(RecordedFile(**file) for file in document["sent"]),
            scan=document["scan"],
            key=document["key"],
            outcome=None if outcome is None else Outcome(**{**outcome, "end": End(outcome["end"])}),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
