"""px16: lossless coding of 16-bit scans, in row strips that decode on their own.

Layout, test vectors and reasons: docs/reference/px16.md. The TypeScript viewer reads the same bytes.
A strip's residuals are taken within the strip, so that a viewer may fetch and show strips in any order.
"""

import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import zstandard

from scans.errors import Px16Error

MAGIC = b"PX16"
VERSION = 1
MAX_CHANNELS = 2
MAX_LEVEL = 8
MAX_STRIPS = 1024
PREVIEW_LEVEL = 2
DEFAULT_STRIPS = 8
ZSTD_LEVEL = 1
"""Residuals are mostly noise, in which longer searches find nothing: level 3 takes twice the time and makes
files 3 % larger (docs/reference/px16.md). The format leaves it free."""

_FIXED = struct.Struct("<4s4B4I")
_ENTRY = struct.Struct("<QII")
MAX_HEADER_BYTES = _FIXED.size + MAX_STRIPS * _ENTRY.size
"""A prefix of this length always holds the whole header; reading past the end of a short file is fine."""

Pixels = npt.NDArray[np.uint16]


@dataclass(frozen=True, kw_only=True)
class StripEntry:
    """Where a strip's zstd frame lies, in bytes from the start of the file, and its crc32."""

    offset: int
    size: int
    crc32: int


@dataclass(frozen=True, kw_only=True)
class Px16Header:
    """Everything before the first frame. Width and height are those of this level."""

    width_px: int
    height_px: int
    n_channels: int
    level: int
    strip_rows: int
    strips: tuple[StripEntry, ...]

    def rows_of(self, index: int) -> int:
        """Return how many rows strip ``index`` holds; only the last may hold fewer than the others."""
        if not 0 <= index < len(self.strips):
            raise Px16Error(f"there is no strip {index}: the file has {len(self.strips)}")
        return min(self.strip_rows, self.height_px - index * self.strip_rows)

    def strip_bytes(self, index: int) -> int:
        """Return the length of strip ``index`` once decompressed."""
        return self.n_channels * 2 * self.rows_of(index) * self.width_px


def encode(pixels: Pixels, *, level: int = 0, strip_rows: int | None = None) -> bytes:
    """Code pixels as one px16 file.

    Args:
        pixels: Shape ``(C, H, W)``, uint16, C is 1 or 2 (high energy first); not changed.
        level: Written to the header: each pixel stands for a block of 2^level × 2^level.
        strip_rows: Rows per strip; by default a full scan has 8 strips and a reduced level one.

    Raises:
        Px16Error: If the shape, type, level or number of strips is outside the format.
    """
    n_channels, height_px, width_px = _checked_shape(pixels, level)
    if strip_rows is None:
        strip_rows = math.ceil(height_px / DEFAULT_STRIPS) if level == 0 else height_px
    n_strips = math.ceil(height_px / strip_rows) if strip_rows > 0 else 0
    if not 1 <= n_strips <= MAX_STRIPS:
        raise Px16Error(f"{strip_rows} rows a strip make {n_strips} strips; 1 to {MAX_STRIPS} are allowed")
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True, write_content_size=True)
    frames = [
        compressor.compress(_planes(pixels[:, top : top + strip_rows]).data)
        for top in range(0, height_px, strip_rows)
    ]
    fixed = _FIXED.pack(MAGIC, VERSION, n_channels, level, 0, width_px, height_px, strip_rows, n_strips)
    parts = [fixed]
    offset = _FIXED.size + n_strips * _ENTRY.size
    for frame in frames:
        parts.append(_ENTRY.pack(offset, len(frame), zlib.crc32(frame)))
        offset += len(frame)
    return b"".join(parts + frames)


def decode(data: bytes | memoryview) -> Pixels:
    """Return the pixels of a px16 file, shape ``(C, H, W)``.

    Raises:
        Px16Error: If any byte of the file is not as it was written.
    """
    view = memoryview(data)
    header = read_header(view)
    last = header.strips[-1]
    if last.offset + last.size != len(view):
        raise Px16Error(f"the header announces {last.offset + last.size} bytes, the file has {len(view)}")
    frames = [view[entry.offset : entry.offset + entry.size] for entry in header.strips]
    for index, frame in enumerate(frames):
        check_strip(frame, header, index)
    pixels = np.empty((header.n_channels, header.height_px, header.width_px), np.uint16)
    decompressor = zstandard.ZstdDecompressor()
    for index, frame in enumerate(frames):
        top = index * header.strip_rows
        rows = header.rows_of(index)
        planes = _decompress(decompressor, frame, header.strip_bytes(index))
        _restore(planes, pixels[:, top : top + rows])
    return pixels


def read_header(data: bytes | memoryview) -> Px16Header:
    """Read the header from the whole file or from any prefix that holds the header.

    Raises:
        Px16Error: If it is no px16 header, or one that contradicts itself.
    """
    if len(data) < _FIXED.size:
        raise Px16Error(f"a px16 header has at least {_FIXED.size} bytes, there are {len(data)}")
    magic, version, n_channels, level, zero, width_px, height_px, strip_rows, n_strips = _FIXED.unpack_from(
        data
    )
    if magic != MAGIC or version != VERSION:
        raise Px16Error(f"not a px16 file of version {VERSION}: it begins with {bytes(data[:5])!r}")
    sound = 1 <= n_channels <= MAX_CHANNELS and level <= MAX_LEVEL and zero == 0 and width_px and height_px
    if not sound or not strip_rows or n_strips != math.ceil(height_px / strip_rows) or n_strips > MAX_STRIPS:
        raise Px16Error(
            f"impossible px16 header: {n_channels} channels of {width_px}×{height_px}, level {level}, "
            f"{n_strips} strips of {strip_rows} rows"
        )
    end = _FIXED.size + n_strips * _ENTRY.size
    if len(data) < end:
        raise Px16Error(f"the header has {end} bytes, there are {len(data)}")
    strips = []
    for i in range(n_strips):
        offset, size, crc32 = _ENTRY.unpack_from(data, _FIXED.size + i * _ENTRY.size)
        entry = StripEntry(offset=offset, size=size, crc32=crc32)
        if entry.offset != end:
            raise Px16Error(
                f"strip {i} begins at byte {entry.offset}, not at {end} where the one before ends"
            )
        end = entry.offset + entry.size
        strips.append(entry)
    return Px16Header(
        width_px=width_px,
        height_px=height_px,
        n_channels=n_channels,
        level=level,
        strip_rows=strip_rows,
        strips=tuple(strips),
    )


def check_strip(frame: bytes | memoryview, header: Px16Header, index: int) -> None:
    """Check a strip's frame against its entry: length, crc32 and announced content size.

    This is what makes an unverified range of a stored file safe to hand out.

    Raises:
        Px16Error: If the frame is not the one that was written.
    """
    expected = header.strip_bytes(index)
    entry = header.strips[index]
    if len(frame) != entry.size or zlib.crc32(frame) != entry.crc32:
        raise Px16Error(f"strip {index} does not match its crc32: the stored file is damaged")
    try:
        content_size = zstandard.frame_content_size(frame)
    except zstandard.ZstdError as error:
        raise Px16Error(f"strip {index} is not a zstd frame") from error
    if content_size != expected:
        raise Px16Error(f"strip {index} announces {content_size} bytes of residuals, not {expected}")


def decode_strip(frame: bytes | memoryview, header: Px16Header, index: int) -> Pixels:
    """Return the pixels of one strip, shape ``(C, rows, W)``.

    Raises:
        Px16Error: If the frame is not the one that was written.
    """
    check_strip(frame, header, index)
    planes = _decompress(zstandard.ZstdDecompressor(), frame, header.strip_bytes(index))
    pixels = np.empty((header.n_channels, header.rows_of(index), header.width_px), np.uint16)
    _restore(planes, pixels)
    return pixels


def downscale(pixels: Pixels, level: int) -> Pixels:
    """Reduce by the mean of blocks of 2^level × 2^level pixels, halves rounded up.

    Args:
        pixels: Shape ``(C, H, W)``, uint16.
        level: 0 (a copy) to 8; 2 is the preview.

    Returns:
        Shape ``(C, ⌈H / 2^level⌉, ⌈W / 2^level⌉)``; a block cut by the edge is the mean of the pixels
        that it has.

    Raises:
        Px16Error: If the shape, type or level is outside the format.
    """
    n_channels, height_px, width_px = _checked_shape(pixels, level)
    size = 1 << level
    rows_px = np.minimum(size, height_px - np.arange(0, height_px, size))
    columns_px = np.minimum(size, width_px - np.arange(0, width_px, size))
    areas = np.outer(rows_px, columns_px).astype(np.uint32)
    reduced = np.empty((n_channels, *areas.shape), np.uint16)
    for channel in range(n_channels):
        sums = _sum_blocks(_sum_blocks(pixels[channel], size).T, size).T
        reduced[channel] = (sums + areas // 2) // areas
    return reduced


def _sum_blocks(values: npt.NDArray[np.uint16 | np.uint32], size: int) -> npt.NDArray[np.uint32]:
    """Add up every ``size`` rows; the last sum may be of fewer."""
    sums = values[::size].astype(np.uint32)
    for i in range(1, size):
        rows = values[i::size]
        sums[: len(rows)] += rows
    return sums


def _checked_shape(pixels: Pixels, level: int) -> tuple[int, int, int]:
    if pixels.dtype != np.uint16 or pixels.ndim != 3:
        raise Px16Error(f"px16 codes uint16 of shape (C, H, W), not {pixels.dtype} of shape {pixels.shape}")
    n_channels, height_px, width_px = pixels.shape
    if not 1 <= n_channels <= MAX_CHANNELS or not 1 <= height_px < 2**32 or not 1 <= width_px < 2**32:
        raise Px16Error(f"px16 codes 1 or 2 channels of at least one pixel, not shape {pixels.shape}")
    if not 0 <= level <= MAX_LEVEL:
        raise Px16Error(f"level {level} is outside 0 to {MAX_LEVEL}")
    return n_channels, height_px, width_px


def _planes(strip: Pixels) -> npt.NDArray[np.uint8]:
    """Return ``(C, rows, W)`` as byte planes ``(C, 2, rows, W)`` of zigzag residuals, low bytes first."""
    n_channels, rows, width_px = strip.shape
    planes = np.empty((n_channels, 2, rows, width_px), np.uint8)
    residual = np.empty((rows, width_px), np.uint16)
    for channel in range(n_channels):
        source = strip[channel]
        residual[0, 0] = source[0, 0]
        np.subtract(source[0, 1:], source[0, :-1], out=residual[0, 1:])
        np.subtract(source[1:], source[:-1], out=residual[1:])
        sign = (residual.view(np.int16) >> 15).view(np.uint16)
        np.left_shift(residual, 1, out=residual)
        np.bitwise_xor(residual, sign, out=residual)
        octets = residual.astype("<u2", copy=False).view(np.uint8).reshape(rows, width_px, 2)
        planes[channel, 0] = octets[..., 0]
        planes[channel, 1] = octets[..., 1]
    return planes


def _restore(planes: npt.NDArray[np.uint8], out: Pixels) -> None:
    """Undo ``_planes`` into ``out``, shape ``(C, rows, W)``."""
    n_channels, rows, width_px = out.shape
    planes = planes.reshape(n_channels, 2, rows, width_px)
    for channel in range(n_channels):
        target = out[channel]
        zigzag = planes[channel, 1].astype(np.uint16)
        np.left_shift(zigzag, 8, out=zigzag)
        np.bitwise_or(zigzag, planes[channel, 0], out=zigzag)
        sign = (zigzag & 1) * np.uint16(0xFFFF)
        np.right_shift(zigzag, 1, out=zigzag)
        np.bitwise_xor(zigzag, sign, out=zigzag)
        np.cumsum(zigzag[0], dtype=np.uint16, out=target[0])
        for row in range(1, rows):
            np.add(target[row - 1], zigzag[row], out=target[row])


def _decompress(
    decompressor: zstandard.ZstdDecompressor, frame: bytes | memoryview, n_bytes: int
) -> npt.NDArray[np.uint8]:
    try:
        raw = decompressor.decompress(frame, max_output_size=n_bytes, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Px16Error(f"a strip does not decompress: {error}") from error
    return np.frombuffer(raw, np.uint8)
