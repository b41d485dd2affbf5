"""Real scans from a folder, to project threats into.

Read are the image formats that stations send, and NumPy files of uint16 shaped (H, W), (2, H, W) or (H, W, 2)
with the high energy first. The last is how the radiographs of a Rapiscan Eagle R60 are published beside
P. Lalor's ZCON (github.com/plalor/ZCON, data/raw). ``NAME_high`` and ``NAME_low`` are one scan in two files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetError, DatasetUnreadableError
from datasets.images import SUFFIXES, read_pixels, to_grey
from datasets.records import Record
from scans.formats import EIGHT_TO_SIXTEEN_BIT

MIN_SIDE_PX: Final = 128
"""Smaller pictures are thumbnails, not scans at their own resolution."""


@dataclass(frozen=True, kw_only=True)
class Background:
    """One real scan.

    Attributes:
        name: Its file, relative to the folder.
        pixels: Shape ``(1 or 2, H, W)``, high energy first, air 65535.
        is_8bit: All of them are multiples of 257.
    """

    name: str
    pixels: NDArray[np.uint16]
    is_8bit: bool


def list_scans(folder: Path) -> list[tuple[Path, ...]]:
    """The files of every scan in a folder and those below, in order of their names.

    Raises:
        DatasetUnreadableError: If there is none.
    """
    wanted = {*SUFFIXES, ".npy"}
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in wanted and p.is_file())
    known = set(files)
    scans: list[tuple[Path, ...]] = []
    for path in files:
        low = path.with_name(f"{path.stem.removesuffix('_high')}_low{path.suffix}")
        high = path.with_name(f"{path.stem.removesuffix('_low')}_high{path.suffix}")
        if path.stem.endswith("_high") and low in known:
            scans.append((path, low))
        elif not (path.stem.endswith("_low") and high in known):
            scans.append((path,))
    if not scans:
        raise DatasetUnreadableError(
            f"{folder} holds no scan ({', '.join(sorted(wanted))}); name a folder of real scans"
        )
    return scans


def read_background(folder: Path, files: Sequence[Path]) -> Background:
    """Read one scan.

    Raises:
        DatasetUnreadableError: If it cannot be read or is too small.
    """
    name = str(files[0].relative_to(folder))
    try:
        pixels = np.concatenate([_read(path) for path in files])
    except (DatasetError, OSError, ValueError) as error:
        raise DatasetUnreadableError(f"{name} cannot be read as a scan ({error}); remove it") from error
    if min(pixels.shape[1:]) < MIN_SIDE_PX:
        raise DatasetUnreadableError(
            f"{name} has {pixels.shape[2]}×{pixels.shape[1]} px; scans have {MIN_SIDE_PX} or more"
        )
    return Background(name=name, pixels=pixels, is_8bit=not (pixels % EIGHT_TO_SIXTEEN_BIT).any())


def _read(path: Path) -> NDArray[np.uint16]:
    if path.suffix.lower() != ".npy":
        return to_grey(read_pixels(Record(id=path.name, image=(path,), width_px=0, height_px=0)))
    array: NDArray[np.uint16] = np.load(path, allow_pickle=False)
    if array.ndim == 3 and array.shape[2] == 2:
        array = np.moveaxis(array, 2, 0)
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or len(array) not in (1, 2) or array.dtype != np.uint16:
        raise DatasetUnreadableError(
            f"{path} is {array.dtype} {array.shape}; give uint16 (H, W), (2, H, W) or (H, W, 2)"
        )
    return np.ascontiguousarray(array)
