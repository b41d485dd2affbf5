"""From files to the request that posts them: what each image shows, and what the sidecar says of the pass.

The request is a function of the files and the options alone, so that a repetition is the same request.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from app.station.client import ChannelFile
from app.station.errors import ScanFilesError, ScanIncompleteError
from app.station.scan_files import Energy, SeenFile
from scans.formats import inspect_image
from scans.image_info import ImageInfo, ImageLimits
from scans.sidecar import Sidecar, SidecarFile

AnyFile = TypeVar("AnyFile", SeenFile, Path)

CENTRE_DECIDES = ImageLimits(max_bytes=1 << 40, max_pixels=1 << 40)
"""How large an image may be is a setting of the centre's."""
MAX_GATE_PHOTOS = 12
MAX_CONTAINERS = 4
MAX_CONTAINER_NO_CHARACTERS = 20
"""All are the intake API's. A longer number is nonsense, and is cut so that a person sees its beginning."""


@dataclass(frozen=True, kw_only=True)
class ImageFile:
    """A whole file; ``energy`` is what its name says, or None."""

    name: str
    energy: Energy | None
    data: bytes


@dataclass(frozen=True, kw_only=True)
class ScanOptions:
    """What a station says of its scans beside what files and sidecars say; None leaves it to them.

    Attributes:
        utc_offset: Of the scanner's clock, for sidecars that do not say it; None takes this machine's.
        needs_sidecar: Whether images without a sidecar are no scan yet.
    """

    modality: str | None = None
    direction: str | None = None
    container_nos: Sequence[str] = ()
    scanned_at: datetime | None = None
    declaration: dict[str, Any] | None = None
    utc_offset: timedelta | None = None
    needs_sidecar: bool = False


@dataclass(frozen=True, kw_only=True)
class ScanRequest:
    """All that ``StationClient.post_scan`` needs; ``photos`` are gate photos, by their names."""

    images: list[ChannelFile]
    photos: dict[str, bytes]
    scan: dict[str, Any]
    key: str


def make_request(
    files: Sequence[ImageFile], sidecar: Sidecar | None, *, written_at: datetime, options: ScanOptions
) -> ScanRequest:
    """Describe one scan.

    Args:
        files: Its images, previews and gate photos; which is which the sidecar and the files say.
        sidecar: What the scanner wrote beside them.
        written_at: When the images were written, aware: the time of the pass if nothing else says it.
        options: Go before the sidecar.

    Raises:
        ScanIncompleteError: If a part is missing.
        ScanFilesError: If the files are not one scan's.
        ScanError: If an image is broken or of no known kind; half a file is.
    """
    if sidecar is None and options.needs_sidecar:
        raise ScanIncompleteError("the sidecar is missing")
    listed = {file.name: file for file in sidecar.files} if sidecar else {}
    images: list[tuple[ImageFile, ImageInfo]] = []
    photos: dict[str, bytes] = {}
    for file in files:
        entry = listed.get(file.name)
        if entry is not None and entry.is_preview:
            continue
        info = inspect_image(file.data, limits=CENTRE_DECIDES)
        if entry is not None and _is_photo(entry, info):
            photos[file.name] = file.data
        else:
            images.append((file, info))
    channels = choose_channels(images)
    return ScanRequest(
        images=channels,
        photos=dict(list(photos.items())[:MAX_GATE_PHOTOS]),
        scan=_describe_pass(sidecar, written_at=written_at, options=options),
        key=key_of(channels),
    )


def only_sidecar(sidecars: Sequence[AnyFile]) -> AnyFile | None:
    """Return what describes a scan, or None if nothing does.

    Raises:
        ScanFilesError: If there is more than one.
    """
    if len(sidecars) > 1:
        raise ScanFilesError(f"a scan has one sidecar, not {', '.join(file.name for file in sidecars)}")
    return sidecars[0] if sidecars else None


def _is_photo(entry: SidecarFile, info: ImageInfo) -> bool:
    return not info.is_scan or entry.is_photo


def choose_channels(images: Sequence[tuple[ImageFile, ImageInfo]]) -> list[ChannelFile]:
    """Say which channel each image shows; the high energy first.

    Raises:
        ScanFilesError: If they are not one scan's.
    """
    files = [file for file, _ in images]
    match [file.energy for file in files]:
        case []:
            raise ScanIncompleteError("the image is missing")
        case [Energy.LOW]:
            raise ScanIncompleteError("only the low energy is there, the high one is missing")
        case [_]:
            channels = ["dual" if images[0][1].n_channels == len(Energy) else "high"]
        case [Energy.HIGH, Energy.LOW] | [Energy.LOW, Energy.HIGH]:
            files.sort(key=lambda file: file.energy is Energy.LOW)
            channels = ["high", "low"]
        case _:
            names = ", ".join(file.name for file in files)
            raise ScanFilesError(
                f"these are not one scan: {names}; a scan is one file, or one of the high energy and one of "
                "the low"
            )
    return [
        ChannelFile(channel=channel, data=file.data, name=file.name)
        for channel, file in zip(channels, files, strict=True)
    ]


def _describe_pass(sidecar: Sidecar | None, *, written_at: datetime, options: ScanOptions) -> dict[str, Any]:
    """Return the fields of ``ScanIn`` but the images."""
    scanned_at = options.scanned_at or (sidecar.scanned_at if sidecar else None) or written_at
    if scanned_at.tzinfo is None:
        scanned_at = scanned_at.astimezone()
    numbers = list(options.container_nos or (sidecar.container_nos if sidecar else ()))
    numbers = [number[:MAX_CONTAINER_NO_CHARACTERS] for number in numbers[:MAX_CONTAINERS]]
    fields = {
        "scanned_at": scanned_at.isoformat(),
        "modality": options.modality or (sidecar.modality if sidecar else None),
        "direction": options.direction,
        "container_no": next(iter(numbers), None),
        "other_container_nos": numbers[1:] or None,
        "declaration": options.declaration,
    }
    return {name: value for name, value in fields.items() if value is not None}


def key_of(images: Sequence[ChannelFile]) -> str:
    """Return the idempotency key of these very pixels: they never make two scans of a station."""
    named = "\n".join(f"{image.channel} {image.digest}" for image in images)
    return f"pixels-{hashlib.sha256(named.encode()).hexdigest()}"
