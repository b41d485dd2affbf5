"""A folder that a scanner drops files into, a clock that is turned by hand, and deaths at any step."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.station import StationClient, folder_state
from app.station.describe import ScanOptions
from app.station.folder_state import STATE_FOLDER, End, WatchedFolder
from app.station.scan_files import Naming, Patience
from app.station.watch import FolderWatcher, WatchEvent
from review_queue.anchor import fsync_folder
from tests.integration.inference.centre import Centre

PATIENCE = Patience(settle_s=1.0, parts_s=2.0, broken_s=5.0, abandon_s=10.0)


class Killed(BaseException):
    """The process ends here, as by ``kill -9``: nothing catches it."""


@dataclass(kw_only=True)
class Death:
    """Comes at the n-th step; None never comes."""

    at: int | None = None
    n_steps: int = 0

    def step(self) -> None:
        """One step nearer."""
        self.n_steps += 1
        if self.n_steps == self.at:
            raise Killed

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Let a function be a step before and one after."""

        def stepping(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = function(*args, **kwargs)
            self.step()
            return result

        return stepping


class MortalTransport(httpx.AsyncBaseTransport):
    """Requests of a process that may die before one is sent or after it was answered."""

    def __init__(self, inner: httpx.AsyncBaseTransport, death: Death) -> None:
        self._inner = inner
        self._death = death

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._death.step()
        response = await self._inner.handle_async_request(request)
        self._death.step()
        return response


@dataclass(kw_only=True)
class Dropping:
    """A scanner's folder before a centre."""

    centre: Centre
    key: str
    path: Path
    now_s: float = 1000.0
    events: list[WatchEvent] = field(default_factory=list)
    folders: list[WatchedFolder] = field(default_factory=list)

    def drop(self, **files: bytes) -> None:
        """Write files; ``p_high__png`` is ``p_high.png``."""
        for name, data in files.items():
            (self.path / name.replace("__", ".")).write_bytes(data)

    def watcher(
        self,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        options: ScanOptions | None = None,
        ignored: tuple[str, ...] = (),
    ) -> FolderWatcher:
        """A fresh process's watcher."""
        folder = WatchedFolder(self.path)
        self.folders.append(folder)
        return FolderWatcher(
            folder,
            StationClient("http://centre", self.key, attempts=1, transport=transport or self.transport()),
            options=options or ScanOptions(),
            naming=Naming(ignored=ignored),
            patience=PATIENCE,
            tell=self.events.append,
            clock=lambda: self.now_s,
        )

    def transport(self) -> httpx.AsyncBaseTransport:
        """The centre, as a client reaches it."""
        return httpx.ASGITransport(app=self.centre.app(), raise_app_exceptions=False)

    def bury(self) -> None:
        """Do for every watcher so far what the kernel does for a process that ended."""
        for folder in self.folders:
            folder.unlock()

    async def rounds(self, watcher: FolderWatcher, *, n: int = 4) -> None:
        """Let a watcher look, one second apart."""
        for _ in range(n):
            await watcher.run_round()
            self.now_s += 1.0

    def names(self, folder: str = ".") -> list[str]:
        """The files of the folder, or of one inside it, without the notes beside them."""
        notes = tuple(end.note_suffix for end in End)
        files = [path.name for path in (self.path / folder).iterdir() if path.is_file()]
        return sorted(name for name in files if not name.endswith(notes))

    def notes(self, end: End) -> dict[str, dict[str, Any]]:
        """What is written beside the files of an end, by the name of the file."""
        return {
            path.name.removesuffix(end.note_suffix): json.loads(path.read_text())
            for path in (self.path / end).glob(f"*{end.note_suffix}")
        }

    def n_left(self) -> int:
        """How many records and half-written files the state folder holds, beside the lock."""
        return len([path for path in (self.path / STATE_FOLDER).iterdir() if path.name != "lock"])

    def told(self) -> list[tuple[str, str | None]]:
        """Events with the scan that they name, without the first one of each watcher."""
        return [(event.event, event.stem) for event in self.events if event.event != "watching"]

    async def scans(self) -> list[dict[str, Any]]:
        """What the centre holds."""
        rows = await self.centre.pool.fetch("SELECT * FROM scans ORDER BY received_at")
        return [dict(row) for row in rows]


def make_mortal(monkeypatch: pytest.MonkeyPatch, death: Death) -> None:
    """Let every effect of a watcher on its folder be a step towards ``death``."""
    monkeypatch.setattr(folder_state, "fsync_folder", death.around(fsync_folder))
    monkeypatch.setattr(Path, "rename", death.around(Path.rename))
    for name in ("_write_new", "begin", "end", "finish", "forget"):
        monkeypatch.setattr(WatchedFolder, name, death.around(getattr(WatchedFolder, name)))
