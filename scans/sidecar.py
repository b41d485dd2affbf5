"""What a scanner wrote beside its images: one form for every dialect, by a table of aliases.

A new dialect is a few more words in ``ALIASES``. Nothing is dropped because it looks wrong: a container
number with a bad check digit is kept and flagged. Licence plates and operators are not read at all.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum

from scans.errors import SidecarMalformedError
from scans.iso6346 import is_valid, normalise
from scans.modality import Modality, find_modality
from scans.sidecar_entries import Document, Entry, normalise_name, read_document
from scans.sidecar_text import decode_text

MAX_BYTES = 4 << 20
CONTAINER_NUMBER_CHARACTERS = 11


class Field(StrEnum):
    """What is looked for."""

    CONTAINER = "container"
    SCANNED_AT = "scanned_at"
    SCAN_NO = "scan_no"
    SITE = "site"
    FILE = "file"
    MODALITY = "modality"
    VERSION = "version"


ALIASES: dict[Field, tuple[str, ...]] = {
    Field.CONTAINER: (
        "ContainerId", "container_no", "ContainerNumber", "ContainerNum", "ContainerCode", "Container",
        "CntrNo", "ContNo", "BoxNo", "箱号", "集装箱号", "集装箱号码", "集装箱编号", "柜号",
    ),
    Field.SCANNED_AT: (
        "ScanTime", "ScanDateTime", "ScanStartTime", "ScanStart", "ScanDate", "AcquisitionDateTime",
        "AcquisitionTime", "扫描时间", "扫描日期", "采集时间", "过机时间", "检查时间",
        "Date", "DateTime", "Time", "createdate", "CreateTime", "CreationTime",
    ),
    Field.SCAN_NO: (
        "TruckId", "accession", "ScanId", "ScanNo", "InspectionId", "ImageId", "RecordId", "SeqNo",
        "扫描编号", "流水号",
    ),
    Field.SITE: (
        "Site", "SiteId", "StationId", "Station", "system", "DeviceId", "ScannerId", "场地", "设备编号",
    ),
    Field.FILE: ("Resource", "file", "FileName", "Image", "ImageFile", "图像文件"),
    Field.MODALITY: (
        "Modality", "ScanObject", "ObjectType", "TargetType", "VehicleType", "ScanType", "InspectionType",
        "检查对象", "扫描对象", "车辆类型", "车型",
    ),
    Field.VERSION: ("Version",),
}  # fmt: skip
"""The better name of a value first; spelling, separators and numbers at the end do not matter."""

_PHOTO_WORDS = ("snap", "photo", "照片", "抓拍")
_FILE_LISTS = {"files", "resources", "images"}
_FIELD_BY_NAME = {normalise_name(alias): field for field, aliases in ALIASES.items() for alias in aliases}
_PLACE = {normalise_name(alias): i for aliases in ALIASES.values() for i, alias in enumerate(aliases)}

_LIST = re.compile(r"[,;|/\\、，；\r\n\t]+")
_MOMENT = re.compile(
    r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?"
    r"(?:[T ]*(\d{1,2})[:.时]?(\d{2})(?:[:.分]?(\d{2})(?:[.,](\d{1,9}))?)?[分秒]? ?(Z|[+-]\d{2}:?\d{2})?)?"
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?")


@dataclass(frozen=True, kw_only=True)
class SidecarContainer:
    """A container in the picture: its number as usually spelt, and whether the check digit fits."""

    container_no: str
    is_valid: bool


@dataclass(frozen=True, kw_only=True)
class SidecarFile:
    """A file that belongs to the scan: a bare name, never a path; ``kind`` is the scanner's own word."""

    name: str
    kind: str
    is_preview: bool

    @property
    def is_photo(self) -> bool:
        """Say whether the scanner calls it a photo of the vehicle, and so no X-ray picture."""
        return any(word in self.kind.lower() for word in _PHOTO_WORDS)


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """What a scanner says of one pass.

    Attributes:
        dialect: The outermost element and the version, or ``json``.
        scanned_at: When the pass was; without an offset if neither the file nor the caller knows it.
        modality: What was scanned, if a word of the file says so.
        warnings: ``container_number_missing``, ``container_number_invalid``, ``scan_time_missing``,
            ``scan_time_without_offset``, ``text_damaged``.
    """

    dialect: str
    scan_no: str | None
    site: str | None
    scanned_at: datetime | None
    modality: Modality | None
    containers: tuple[SidecarContainer, ...]
    files: tuple[SidecarFile, ...]
    warnings: tuple[str, ...]

    @property
    def container_nos(self) -> list[str]:
        """All numbers, those whose check digits fit in front."""
        best = sorted(self.containers, key=lambda container: not container.is_valid)
        return [container.container_no for container in best]


def read_sidecar(data: bytes, *, utc_offset: timedelta | None = None) -> Sidecar:
    """Read what a scanner wrote beside its images.

    Args:
        data: The whole file, XML or JSON, in any encoding of ``sidecar_text``.
        utc_offset: Of the scanner's clock, for times that do not say it.

    Raises:
        SidecarMalformedError: If it is too large, neither XML nor JSON, or breaks its form.
    """
    if len(data) > MAX_BYTES:
        raise SidecarMalformedError(f"the file has {len(data)} bytes; at most {MAX_BYTES} are read")
    text = decode_text(data)
    document = read_document(text)
    containers = _containers(_values(document, Field.CONTAINER))
    scanned_at = _moment(_values(document, Field.SCANNED_AT))
    if scanned_at is not None and scanned_at.tzinfo is None and utc_offset is not None:
        scanned_at = scanned_at.replace(tzinfo=timezone(utc_offset))
    version = next(iter(_values(document, Field.VERSION)), "")
    warnings = {
        "container_number_missing": not containers,
        "container_number_invalid": not all(container.is_valid for container in containers),
        "scan_time_missing": scanned_at is None,
        "scan_time_without_offset": scanned_at is not None and scanned_at.tzinfo is None,
        "text_damaged": "\ufffd" in text,
    }
    return Sidecar(
        dialect=f"{document.root} {version}".strip(),
        scan_no=next(iter(_values(document, Field.SCAN_NO)), None),
        site=next(iter(_values(document, Field.SITE)), None),
        scanned_at=scanned_at,
        modality=next(filter(None, map(find_modality, _values(document, Field.MODALITY))), None),
        containers=containers,
        files=_files(document.entries),
        warnings=tuple(name for name, applies in warnings.items() if applies),
    )


def _values(document: Document, field: Field) -> list[str]:
    """Return the values of a field: those under its better names first, then in the file's order."""
    found = [entry for entry in document.entries if entry.value and _FIELD_BY_NAME.get(entry.name) is field]
    if field is not Field.CONTAINER:
        found.sort(key=lambda entry: _PLACE[entry.name])
    return [entry.value for entry in found]


def _containers(values: Iterable[str]) -> tuple[SidecarContainer, ...]:
    numbers: dict[str, None] = {}
    for value in values:
        for part in _parts(value):
            numbers.setdefault(normalise(part))
    return tuple(
        SidecarContainer(container_no=number, is_valid=is_valid(number)) for number in numbers if number
    )


def _parts(value: str) -> Sequence[str]:
    """Split a value that holds several numbers; spaces may stand within one number or between two."""
    if is_valid(value):
        return [value]
    parts: list[str] = []
    for part in _LIST.split(value):
        is_one = len(normalise(part)) <= CONTAINER_NUMBER_CHARACTERS
        parts += [part] if is_one else part.split()
    return parts


def _moment(values: Iterable[str]) -> datetime | None:
    """Return the first full moment, or else the first day with the first time of day."""
    day: date | None = None
    clock: time | None = None
    for value in values:
        found = _parse_moment(value)
        if isinstance(found, datetime):
            return found
        if isinstance(found, time):
            clock = clock or found
        elif found is not None:
            day = day or found
    return datetime.combine(day, clock) if day and clock else None


def _parse_moment(value: str) -> datetime | date | time | None:
    text = unicodedata.normalize("NFKC", value).strip()
    try:
        if match := _MOMENT.fullmatch(text):
            year, month, day, hour, minute, second, fraction, offset = match.groups()
            if hour is None:
                return date(int(year), int(month), int(day))
            return datetime(
                int(year), int(month), int(day), int(hour), int(minute), int(second or 0),
                _microseconds(fraction), _offset(offset),
            )  # fmt: skip
        if match := _CLOCK.fullmatch(text):
            hour, minute, second, fraction = match.groups()
            return time(int(hour), int(minute), int(second or 0), _microseconds(fraction))
    except ValueError:
        pass
    return None


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "0").ljust(6, "0")[:6])


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    return timezone(parse_utc_offset(text))


def parse_utc_offset(text: str) -> timedelta:
    """Return what ``+08:00``, ``+0800`` or ``-03:00`` says.

    Raises:
        ValueError: If it is no offset.
    """
    match = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", text)
    if match is None or int(match[2]) > 14 or int(match[3]) > 59:
        raise ValueError(f"{text[:20]!r} is no offset such as +08:00")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return -offset if match[1] == "-" else offset


def _files(entries: Sequence[Entry]) -> tuple[SidecarFile, ...]:
    files: dict[str, SidecarFile] = {}
    for entry in entries:
        is_named = _FIELD_BY_NAME.get(entry.name) is Field.FILE
        is_listed = entry.name in _FILE_LISTS or (entry.name == "name" and entry.parent in _FILE_LISTS)
        name = re.split(r"[/\\]", entry.value)[-1].strip()
        if not (is_named or is_listed) or "." not in name.strip("."):
            continue
        if _is_true(entry.attributes.get("isdeleted")):
            continue
        kind, is_preview = entry.attributes.get("type", ""), _is_true(entry.attributes.get("ispreview"))
        files.setdefault(name, SidecarFile(name=name, kind=kind, is_preview=is_preview))
    return tuple(files.values())


def _is_true(text: str | None) -> bool:
    return (text or "").casefold() in ("true", "1", "yes")
