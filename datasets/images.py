"""Image files of datasets: size from the file, pixels of a record, a picture of them for people.

These are files that the user chose; what stations send goes through ``scans.guard`` instead.
"""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetUnreadableError
from datasets.records import Record
from scans.errors import ImageUnsupportedError, ScanError
from scans.formats import EIGHT_TO_SIXTEEN_BIT, decode_image, inspect_image

Pixels = NDArray[np.uint16]
Size = tuple[int, int, int]
"""Width, height and number of channels."""

SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")


def find_image(folder: Path, stem: str) -> Path | None:
    """The image of that name whatever its ending, in small or capital letters."""
    for suffix in SUFFIXES:
        for name in (stem + suffix, stem + suffix.upper()):
            if (folder / name).is_file():
                return folder / name
    return None


def measure_image(path: Path) -> Size:
    """Size of an image file, from its structure where the format is one that stations send.

    Raises:
        DatasetUnreadableError: If it is no sound image.
    """
    try:
        info = inspect_image(path.read_bytes())
    except ImageUnsupportedError:  # colour with transparency, palettes, BMP: only decoding tells
        channels, height_px, width_px = _decode_any(path).shape
        return width_px, height_px, channels
    except (OSError, ScanError) as error:
        raise DatasetUnreadableError(
            f"{path} is no readable image ({error}); unpack or copy it again"
        ) from error
    return info.width_px, info.height_px, info.n_channels


def read_pixels(record: Record) -> Pixels:
    """The pixels of a record.

    Returns:
        Shape ``(C, H, W)``, uint16, 65535 is air or white. C is 1, 2 (high, low energy) or, for a
        pseudo-coloured export, 3 (red, green, blue).

    Raises:
        DatasetUnreadableError: If a file cannot be read, or both energies differ in size.
    """
    if not isinstance(record.image, tuple):
        return record.image()
    planes = [_read_file(path) for path in record.image]
    if len(planes) == 1:
        return planes[0]
    if len({plane.shape for plane in planes}) != 1 or planes[0].shape[0] != 1:
        raise DatasetUnreadableError(
            f"record {record.id}: its files are {[plane.shape for plane in planes]}; give one grey image per "
            "energy, all of one size"
        )
    return np.concatenate(planes)


def to_grey(pixels: Pixels) -> Pixels:
    """One energy or two of a transmission, for a detector; colours become their brightness.

    Pseudo-colours are no transmission: training on them teaches shapes, not the physics.
    """
    if pixels.shape[0] <= 2:
        return pixels
    red, green, blue = pixels.astype(np.float32)
    grey = 0.299 * red + 0.587 * green + 0.114 * blue  # ITU-R BT.601
    rounded: Pixels = np.rint(grey)[None].astype(np.uint16)
    return rounded


def _read_file(path: Path) -> Pixels:
    try:
        return decode_image(path.read_bytes())
    except ImageUnsupportedError:
        return _decode_any(path)
    except (OSError, ScanError) as error:
        raise DatasetUnreadableError(
            f"{path} is no readable image ({error}); unpack or copy it again"
        ) from error


def _decode_any(path: Path) -> Pixels:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise DatasetUnreadableError(f"{path} is no image that can be read; unpack or copy it again")
    colours = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).transpose(2, 0, 1)
    pixels: Pixels = np.ascontiguousarray(colours).astype(np.uint16) * np.uint16(EIGHT_TO_SIXTEEN_BIT)
    return pixels
