"""Posts files that somebody names, by the same rule as a watched folder: which of them are one scan."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from app.station.client import DispositionAnswer, ScanAnswer, StationClient
from app.station.describe import ImageFile, ScanOptions, ScanRequest, make_request, only_sidecar
from app.station.errors import (
    CentreUnreachableError,
    DispositionPendingError,
    StationError,
    StationRefusedError,
)
from app.station.scan_files import Energy, Naming, SeenFile, group_files, is_sidecar
from scans.errors import ScanError, SidecarMalformedError
from scans.sidecar import read_sidecar


@dataclass(frozen=True, kw_only=True)
class PathGroup:
    """The files of one scan: each image with the energy that is said of it, and what describes them.

    ``gate_photos`` are those that no sidecar lists.
    """

    images: Mapping[Path, Energy | None]
    sidecars: tuple[Path, ...] = ()
    gate_photos: tuple[Path, ...] = ()

    @property
    def names(self) -> list[str]:
        """What people call them."""
        return [path.name for path in (*self.images, *self.sidecars, *self.gate_photos)]


@dataclass(frozen=True, kw_only=True)
class PostResult:
    """What became of one scan; with an error and an answer, it is posted and its disposition is not there."""

    files: list[str]
    answer: ScanAnswer | None = None
    error: StationError | ScanError | OSError | None = None


def group_paths(paths: Iterable[Path], *, naming: Naming) -> list[PathGroup]:
    """Sort files into scans, folder by folder; whatever is no sidecar is taken for an image."""
    groups = []
    for folder, members in groupby(sorted(set(paths)), key=lambda path: path.parent):
        seen = [SeenFile.from_stat(path.name, path.stat()) for path in members]
        listed = {file.name: _list_of(folder / file.name) for file in seen if is_sidecar(file.name)}
        for group in group_files(seen, naming=naming, listed=listed):
            groups.append(
                PathGroup(
                    images={folder / file.name: naming.energy_of(file.name) for file in group.images},
                    sidecars=tuple(folder / file.name for file in group.sidecars),
                )
            )
    return groups


def _list_of(sidecar: Path) -> list[str]:
    try:
        return [file.name for file in read_sidecar(sidecar.read_bytes()).files]
    except SidecarMalformedError:
        return []  # told when the scan is read


def read_group(group: PathGroup, *, options: ScanOptions) -> tuple[ScanRequest, list[bytes]]:
    """Read a scan's files.

    Returns:
        The request, and all gate photos.

    Raises:
        ScanFilesError: If they do not make one scan.
        ScanError: If one of them is broken.
        OSError: If one of them cannot be read.
    """
    path = only_sidecar(group.sidecars)
    sidecar = None if path is None else read_sidecar(path.read_bytes(), utc_offset=options.utc_offset)
    written_s = min((path.stat().st_mtime for path in group.images), default=0.0)
    request = make_request(
        [
            ImageFile(name=path.name, energy=energy, data=path.read_bytes())
            for path, energy in group.images.items()
        ],
        sidecar,
        written_at=datetime.fromtimestamp(int(written_s), UTC),
        options=options,
    )
    return request, [*request.photos.values(), *(path.read_bytes() for path in group.gate_photos)]


async def post_groups(
    client: StationClient,
    groups: Sequence[PathGroup],
    *,
    options: ScanOptions,
    idempotency_key: str | None = None,
) -> AsyncIterator[PostResult]:
    """Post scans one after the other, and yield what became of each.

    When the centre is away, or does not know the key, the scans after that one are not tried.

    Args:
        client: Posts.
        groups: The scans.
        options: What all of them have in common.
        idempotency_key: Of the only scan; default: made from the pixels.
    """
    stopped_by: StationError | None = None
    for group in groups:
        result = PostResult(files=group.names, error=stopped_by)
        if stopped_by is None:
            try:
                request, photos = read_group(group, options=options)
                answer = await client.post_scan(
                    request.images,
                    request.scan,
                    idempotency_key=idempotency_key or request.key,
                    gate_photos=photos,
                )
                result = replace(result, answer=answer)
            except (StationError, ScanError, OSError) as error:
                result = replace(result, error=error)
                if isinstance(error, StationError) and _concerns_all(error):
                    stopped_by = error
        yield result


def _concerns_all(error: StationError) -> bool:
    if isinstance(error, StationRefusedError):
        return error.is_about_key
    return isinstance(error, CentreUnreachableError)


async def wait_for_words(
    client: StationClient, results: Sequence[PostResult], *, timeout_s: float
) -> list[PostResult]:
    """Wait for the dispositions of all scans that are posted, in the order of ``results``."""

    async def wait(result: PostResult) -> PostResult:
        answer = result.answer
        if answer is None or answer["disposition"] is not None:
            return result
        word: DispositionAnswer | None = None
        try:
            word = await client.wait_for_disposition(answer["scan_id"], timeout_s=timeout_s)
        except StationError as error:
            return replace(result, error=error)
        if word is None:
            pending = DispositionPendingError(f"no disposition of {answer['scan_id']} within {timeout_s:g} s")
            return replace(result, error=pending)
        return replace(result, answer={**answer, "status": "done", "disposition": word})

    return list(await asyncio.gather(*map(wait, results)))
