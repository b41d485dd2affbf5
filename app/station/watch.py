"""The agent beside a scanner that only drops files: posts each scan once it is complete, then moves it.

files rest ──▶ read, describe ──▶ record ──▶ post ──▶ outcome recorded ──▶ moved, forgotten
                    │ broken, and stays so             │ refused for good
                    └──────────────▶ refused ◀─────────┘
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from app.station.client import ChannelFile, StationClient, digest_of, pause_s
from app.station.describe import ImageFile, ScanOptions, ScanRequest, make_request, only_sidecar
from app.station.errors import (
    CentreUnreachableError,
    ScanFilesError,
    ScanIncompleteError,
    StationRefusedError,
)
from app.station.folder_state import End, PostRecord, RecordedFile, WatchedFolder
from app.station.scan_files import (
    FileGroup,
    Naming,
    Patience,
    QuietFiles,
    SeenFile,
    group_files,
    is_ripe,
    is_sidecar,
)
from scans.errors import ScanError, SidecarMalformedError
from scans.sidecar import Sidecar, read_sidecar


class EventName(StrEnum):
    """What a watcher tells. Only ``posted`` and ``refused`` speak of one scan."""

    WATCHING = "watching"
    STANDING_BY = "standing_by"
    POSTED = "posted"
    REFUSED = "refused"
    DELAYED = "delayed"


@dataclass(frozen=True, kw_only=True)
class WatchEvent:
    """What happened; ``stem`` names the scan, ``code`` and ``detail`` say why."""

    event: EventName
    stem: str | None = None
    scan_id: str | None = None
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, kw_only=True)
class FileFault:
    """Why files are no scan as they are, and for how many seconds they may still become one."""

    code: str
    detail: str
    patience_s: float


class FolderWatcher:
    """Posts what a scanner drops into a folder.

    Args:
        folder: Where.
        client: Posts.
        options: What all scans of this scanner have in common.
        naming: How it names its files.
        patience: How long files must rest.
        tell: Receives each event.
        clock: Monotonic, seconds.
    """

    def __init__(
        self,
        folder: WatchedFolder,
        client: StationClient,
        *,
        options: ScanOptions,
        naming: Naming,
        patience: Patience,
        tell: Callable[[WatchEvent], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._client = client
        self._options = options
        self._naming = naming
        self._patience = patience
        self._tell = tell
        self._clock = clock
        self._quiet = QuietFiles()
        self._state: EventName | None = None
        self._delay: str | None = None
        self._records: dict[str, PostRecord] = {}
        # Read once, as long as no file of theirs changes.
        self._sidecars: dict[SeenFile, Sidecar | SidecarMalformedError] = {}
        self._faults: dict[FileGroup, FileFault] = {}

    async def run(self, *, poll_s: float) -> None:
        """Watch until cancelled. Trouble that is not a scan's own only delays.

        Raises:
            StationRefusedError: The centre does not know the station's key.
        """
        chance = random.Random()  # noqa: S311  spreads load, guards nothing
        n_delays, is_known = 0, False
        while True:
            pause = poll_s
            try:
                if not is_known:
                    await self._client.check_key()
                    is_known = True
                await self.run_round()
                n_delays, self._delay = 0, None
            except OSError as error:
                self._tell_delay("folder_unusable", error)
            except (CentreUnreachableError, StationRefusedError) as error:
                if isinstance(error, StationRefusedError) and error.is_about_key:
                    raise
                self._tell_delay(error.code, error)
                n_delays += 1
                asked_s = error.retry_after_s if isinstance(error, StationRefusedError) else None
                pause += pause_s(n_delays, retry_after_s=asked_s, chance=chance)
            await asyncio.sleep(pause)

    def _tell_delay(self, code: str, error: Exception) -> None:
        """Tell a trouble when it begins; it may last for a night."""
        if code != self._delay:
            self._tell(WatchEvent(event=EventName.DELAYED, code=code, detail=str(error)))
        self._delay = code

    async def run_round(self) -> None:
        """Look once, and post and move what is ready, unless another watcher has the folder.

        Raises:
            OSError: The disk is full or away.
            CentreUnreachableError: The centre is away.
            StationRefusedError: The centre cannot take scans now, or not with this key or address.
        """
        if not self._has_folder():
            return
        files = [file for file in self._folder.list_files() if self._naming.is_scan_file(file.name)]
        self._quiet.observe(files, now_s=self._clock())
        present = set(files)
        for record in list(self._records.values()):
            if record.outcome is None and not present.issuperset(record.files):
                self._forget(record)
        groups = {group.stem: group for group in self._group(files)}
        self._faults = {group: self._faults[group] for group in groups.values() if group in self._faults}
        troubles: list[Exception] = []
        for stem in dict.fromkeys([*self._records, *groups]):
            try:
                await self._advance(stem, groups.get(stem))
            except (OSError, StationRefusedError) as error:  # one scan's trouble does not hold up the others
                troubles.append(error)
        if troubles:
            raise troubles[0]

    def _has_folder(self) -> bool:
        """Become the folder's watcher if nobody is, and take up what the last one left."""
        if self._state is EventName.WATCHING:
            return True
        state = EventName.WATCHING if self._folder.lock() else EventName.STANDING_BY
        if state is EventName.WATCHING:
            self._records = self._folder.load_records()
        if state is not self._state:
            self._tell(WatchEvent(event=state, detail=str(self._folder.path)))
        self._state = state
        return state is EventName.WATCHING

    def _group(self, files: list[SeenFile]) -> list[FileGroup]:
        sidecars: dict[SeenFile, Sidecar | SidecarMalformedError] = {}
        for file in files:
            if is_sidecar(file.name) and self._quiet_s([file]) >= self._patience.settle_s:
                read = self._sidecars.get(file) or self._read_sidecar(file)
                if read is not None:
                    sidecars[file] = read
        self._sidecars = sidecars
        listed = {
            file.name: [entry.name for entry in sidecar.files]
            for file, sidecar in sidecars.items()
            if isinstance(sidecar, Sidecar)
        }
        return group_files(files, naming=self._naming, listed=listed)

    def _read_sidecar(self, file: SeenFile) -> Sidecar | SidecarMalformedError | None:
        data = self._folder.read(file)
        try:
            return None if data is None else read_sidecar(data, utc_offset=self._options.utc_offset)
        except SidecarMalformedError as error:
            return error

    async def _advance(self, stem: str, group: FileGroup | None) -> None:
        """Take one scan as far as it goes: recorded, posted, moved."""
        record = self._records.get(stem)
        if record is None and group is not None and not self._is_under_way(group):
            record = self._begin(group)
        if record is not None and record.outcome is None:
            record = await self._post(record)
        if record is not None and record.outcome is not None:
            self._folder.finish(record, record.outcome)
            del self._records[stem]

    def _is_under_way(self, group: FileGroup) -> bool:
        """Say whether a file is already being posted, under the name it had before its sidecar came."""
        return any(not set(group.files).isdisjoint(record.files) for record in self._records.values())

    def _begin(self, group: FileGroup) -> PostRecord | None:
        """Record what will be posted, or that a group is refused here; None while it must wait."""
        quiet_s = self._quiet_s(group.files)
        if not is_ripe(group, quiet_s=quiet_s, naming=self._naming, patience=self._patience):
            return None
        fault = self._faults.get(group)
        if fault is None:
            try:
                record = self._describe(group)
            except (ScanError, ScanFilesError) as error:
                self._faults[group] = fault = self._fault_of(error)
        if fault is not None:
            if quiet_s < fault.patience_s:
                return None
            record = PostRecord(stem=group.stem, files=group.files, scan={}, key="")
            return self._refuse(record, fault.code, fault.detail)
        if record is not None:
            record = self._records[group.stem] = self._folder.begin(record)
        return record

    def _fault_of(self, error: ScanError | ScanFilesError) -> FileFault:
        match error:
            case ScanIncompleteError():
                patience_s = self._patience.abandon_s
            case ScanError():
                patience_s = self._patience.broken_s
            case _:
                patience_s = 0.0
        return FileFault(code=error.code, detail=str(error), patience_s=patience_s)

    def _describe(self, group: FileGroup) -> PostRecord | None:
        """Read a group and fix its request; None if it changes meanwhile."""
        file = only_sidecar(group.sidecars)
        sidecar = None if file is None else self._sidecars.get(file)
        if isinstance(sidecar, SidecarMalformedError):
            raise sidecar
        read = []
        for image in group.images:
            data = self._folder.read(image)
            if data is None:
                return None
            read.append(ImageFile(name=image.name, energy=self._naming.energy_of(image.name), data=data))
        written_ns = min((file.mtime_ns for file in group.images), default=0)
        request = make_request(
            read,
            sidecar,
            written_at=datetime.fromtimestamp(written_ns // 10**9, UTC),
            options=self._options,
        )
        return _record_of(group, request)

    async def _post(self, record: PostRecord) -> PostRecord | None:
        """Post a recorded scan and record its outcome; None if its files are no longer what was recorded."""
        read = self._read_recorded(record)
        if read is None:
            self._forget(record)
            return None
        images, photos = read
        try:
            answer = await self._client.post_scan(
                images, record.scan, idempotency_key=record.key, gate_photos=photos
            )
        except StationRefusedError as error:
            if not error.is_about_scan:
                raise
            return self._refuse(record, error.code, error.detail)
        ended = self._end(record, End.DONE, {**answer, "files": [file.name for file in record.files]})
        self._tell(WatchEvent(event=EventName.POSTED, stem=record.stem, scan_id=answer["scan_id"]))
        return ended

    def _read_recorded(self, record: PostRecord) -> tuple[list[ChannelFile], list[bytes]] | None:
        """Return the images and gate photos to send, or None if they are not what was recorded."""
        seen = {file.name: file for file in record.files}
        images: list[ChannelFile] = []
        photos: list[bytes] = []
        for file in record.sent:
            data = self._folder.read(seen[file.name])
            if data is None:
                return None
            if file.channel is None:
                photos.append(data)
                digest = digest_of(data)
            else:
                image = ChannelFile(channel=file.channel, data=data, name=file.name)
                images.append(image)
                digest = image.digest  # the image keeps it for its post
            if digest != file.digest:
                return None
        return images, photos

    def _refuse(self, record: PostRecord, code: str, detail: str) -> PostRecord:
        note = {
            "code": code,
            "detail": detail,
            "files": [file.name for file in record.files],
            "refused_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        ended = self._end(record, End.REFUSED, note)
        self._tell(WatchEvent(event=EventName.REFUSED, stem=record.stem, code=code, detail=detail))
        return ended

    def _end(self, record: PostRecord, end: End, note: dict[str, Any]) -> PostRecord:
        ended = self._records[record.stem] = self._folder.end(record, end, note)
        return ended

    def _forget(self, record: PostRecord) -> None:
        self._folder.forget(record)
        del self._records[record.stem]

    def _quiet_s(self, files: list[SeenFile] | tuple[SeenFile, ...]) -> float:
        return self._quiet.quiet_s(files, now_s=self._clock())


def _record_of(group: FileGroup, request: ScanRequest) -> PostRecord:
    images = [
        RecordedFile(name=image.name, channel=image.channel, digest=image.digest) for image in request.images
    ]
    photos = [
        RecordedFile(name=name, channel=None, digest=digest_of(data)) for name, data in request.photos.items()
    ]
    return PostRecord(
        stem=group.stem, files=group.files, sent=(*images, *photos), scan=request.scan, key=request.key
    )
