"""Which files of a folder are one scan, and when it may be posted. Pure: names, times, what sidecars list.

PASS.png | .tif | .dcs | .raw16 …        one file, of one energy or of both
PASS_high.png + PASS_low.png             two files, one for each energy
PASS.xml | .json                         what the scanner wrote beside them: the sidecar
whatever a sidecar lists                 belongs to the sidecar's scan, whatever its name
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import PurePath

IMAGE_SUFFIXES = frozenset(
    {".png", ".tif", ".tiff", ".jpg", ".jpeg", ".dcs", ".dcm", ".dicos", ".raw16", ".sxraw"}
)
SIDECAR_SUFFIXES = frozenset({".xml", ".json"})


class Energy(StrEnum):
    """Which energy a file's name says that it shows."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, kw_only=True)
class SeenFile:
    """A file as a folder shows it; two that are equal hold the same bytes, as far as a folder can tell."""

    name: str
    size_bytes: int
    mtime_ns: int

    @classmethod
    def from_stat(cls, name: str, stat: os.stat_result) -> "SeenFile":
        """Return a file as its folder shows it."""
        return cls(name=name, size_bytes=stat.st_size, mtime_ns=stat.st_mtime_ns)


@dataclass(frozen=True, kw_only=True)
class FileGroup:
    """The files of one scan, each list sorted by name.

    Attributes:
        sidecars: Those that describe the scan; more than one is a mistake.
        extras: Sidecars that another one lists, so which describe something else; they only come along.
        missing: What a sidecar lists, could be read and is not there.
    """

    stem: str
    images: tuple[SeenFile, ...]
    sidecars: tuple[SeenFile, ...] = ()
    extras: tuple[SeenFile, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[SeenFile, ...]:
        """All of them that are there."""
        return self.images + self.sidecars + self.extras


@dataclass(frozen=True, kw_only=True)
class Naming:
    """How a scanner names its files.

    Attributes:
        high, low: The word before the suffix that names the energy, after one of ``_ - .`` or a space.
        ignored: Patterns of names that are left alone, such as ``*_thumb.jpg``; case does not matter.
    """

    high: str = "high"
    low: str = "low"
    ignored: tuple[str, ...] = ()

    def is_scan_file(self, name: str) -> bool:
        """Say whether a file may be part of a scan.

        What is being copied under another name (``.part``, ``.tmp``, a leading dot) is not seen before it is
        renamed.
        """
        suffix = PurePath(name).suffix.lower()
        return (
            (suffix in IMAGE_SUFFIXES or suffix in SIDECAR_SUFFIXES)
            and not name.startswith((".", "~"))
            and not any(fnmatch(name.lower(), pattern.lower()) for pattern in self.ignored)
        )

    def energy_of(self, name: str) -> Energy | None:
        """Return the energy that a file's name ends with, before its suffix."""
        return self._split(PurePath(name).stem)[1]

    def stem_of(self, name: str) -> str:
        """Return what the files of one scan have in common: no suffix, no energy; ``a`` of ``a.png.xml``."""
        stem = PurePath(name).stem
        if is_sidecar(name) and PurePath(stem).suffix.lower() in IMAGE_SUFFIXES:
            stem = PurePath(stem).stem
        return self._split(stem)[0]

    def _split(self, stem: str) -> tuple[str, Energy | None]:
        for energy, word in ((Energy.HIGH, self.high), (Energy.LOW, self.low)):
            if match := re.fullmatch(rf"(.+)[_\-. ]{re.escape(word)}", stem, re.IGNORECASE):
                return match[1], energy
        return stem, None


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long files must rest, in seconds.

    Attributes:
        settle_s: Size and time unchanged for so long: whoever wrote them has finished.
        parts_s: How long a scan waits for a part that may never come: the low energy, the sidecar.
        broken_s: A broken file may still be copied by something that paused; after this it is refused.
        abandon_s: How long parts without which there is no scan may be missing.
    """

    settle_s: float = 3.0
    parts_s: float = 15.0
    broken_s: float = 60.0
    abandon_s: float = 600.0


def is_sidecar(name: str) -> bool:
    """Say whether a file is what a scanner wrote beside its images, by its name."""
    return PurePath(name).suffix.lower() in SIDECAR_SUFFIXES


def group_files(
    files: Iterable[SeenFile], *, naming: Naming, listed: Mapping[str, Sequence[str]]
) -> list[FileGroup]:
    """Sort scan files into scans, the oldest scan first.

    Args:
        files: Of one folder; whatever is no sidecar is taken for an image.
        naming: The scanner's.
        listed: For a sidecar's name, the names of the files that it lists.
    """
    files = sorted(files, key=lambda file: file.name)
    lister_of = {
        name: naming.stem_of(lister)
        for lister, names in sorted(listed.items(), reverse=True)
        for name in names
        if name != lister
    }
    stems: dict[str, list[SeenFile]] = {}
    for file in files:
        stems.setdefault(lister_of.get(file.name) or naming.stem_of(file.name), []).append(file)
    present = {file.name for file in files}
    groups = []
    for stem, members in stems.items():
        sidecars = [file for file in members if is_sidecar(file.name)]
        named = {name for file in sidecars for name in listed.get(file.name, ()) if naming.is_scan_file(name)}
        groups.append(
            FileGroup(
                stem=stem,
                images=tuple(file for file in members if not is_sidecar(file.name)),
                sidecars=tuple(file for file in sidecars if file.name not in lister_of),
                extras=tuple(file for file in sidecars if file.name in lister_of),
                missing=tuple(sorted(named - present)),
            )
        )
    return sorted(groups, key=lambda group: (min(file.mtime_ns for file in group.files), group.stem))


def is_ripe(group: FileGroup, *, quiet_s: float, naming: Naming, patience: Patience) -> bool:
    """Say whether a group may be tried, given for how long none of its files has changed."""
    energies = [naming.energy_of(image.name) for image in group.images]
    may_get_more = energies == [Energy.HIGH] or not group.sidecars or group.missing
    return quiet_s >= (max(patience.settle_s, patience.parts_s) if may_get_more else patience.settle_s)


class QuietFiles:
    """For how long each file of a folder has not changed, by what was seen: foreign clocks do not count."""

    def __init__(self) -> None:
        self._since: dict[SeenFile, float] = {}

    def observe(self, files: Sequence[SeenFile], *, now_s: float) -> None:
        """Take note of what a folder holds; ``now_s`` is a monotonic clock's."""
        self._since = {file: self._since.get(file, now_s) for file in files}

    def quiet_s(self, files: Iterable[SeenFile], *, now_s: float) -> float:
        """Return for how long all of these files have been as they are."""
        return now_s - max(self._since.get(file, now_s) for file in files)
