"""TIFF: 8 or 16 bit grey, in strips or tiles, one page or two (high energy first).

The directories are walked by hand: every offset is inside the file before it is followed, no directory is
visited twice, and the sizes are known before a byte is decompressed. Decoding uses the very layout that was
inspected, so that inspection and decoding cannot disagree, and takes no strip that is not complete.

Source: TIFF Revision 6.0 (Adobe, 1992); BigTIFF as in libtiff; tag 317 (predictor): TIFF 6.0 section 14.
"""

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import imagecodecs
import numpy as np
import numpy.typing as npt

from scans.errors import (
    ChannelsDifferError,
    ImageMalformedError,
    ImageTooLargeError,
    ImageUndecodableError,
    ImageUnsupportedError,
)
from scans.image_info import ImageInfo, ImageLimits, check_declared_size

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAX_TAGS = 1024
MAX_BLOCKS = 1 << 19
"""120 million pixels in the smallest tiles, 16×16, are 468,750."""

MAX_PADDING = 4
"""Tiles may cover at most this many times the pixels of the image."""

_VALUE_FORMATS = {1: "B", 3: "H", 4: "I", 16: "Q"}
"""The integer types of tag values: BYTE, SHORT, LONG, LONG8."""

_WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_SIZES, _PREDICTOR = 273, 277, 278, 279, 317
_TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS, _TILE_SIZES, _SAMPLE_FORMAT = 322, 323, 324, 325, 339
_ONE_VALUE = {
    _WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _SAMPLES, _ROWS_PER_STRIP,
    _PREDICTOR, _TILE_WIDTH, _TILE_LENGTH, _SAMPLE_FORMAT,
}  # fmt: skip
_MANY_VALUES = {_STRIP_OFFSETS, _STRIP_SIZES, _TILE_OFFSETS, _TILE_SIZES}


def _decompress_lzw(block: bytes, n_bytes: int) -> bytes:
    # One byte more than fits would show that there is more.
    return bytes(imagecodecs.lzw_decode(block, out=n_bytes + 1))


def _decompress_zlib(block: bytes, n_bytes: int) -> bytes:
    return bytes(imagecodecs.deflate_decode(block, out=n_bytes))


def _decompress_zstd(block: bytes, n_bytes: int) -> bytes:
    return bytes(imagecodecs.zstd_decode(block, out=n_bytes))


_DECOMPRESS: dict[int, Callable[[bytes, int], bytes]] = {
    1: lambda block, _: block,
    5: _decompress_lzw,
    8: _decompress_zlib,
    32946: _decompress_zlib,
    50000: _decompress_zstd,
}
_CODEC_ERRORS = (RuntimeError, ValueError)
"""Every codec of imagecodecs raises a kind of RuntimeError."""


@dataclass(frozen=True, kw_only=True)
class _Page:
    """One page, checked: a grid of blocks (strips or tiles), each inside the file."""

    width_px: int
    height_px: int
    bit_depth: int
    compression: int
    has_predictor: bool
    white_is_zero: bool
    block_width_px: int
    block_height_px: int
    is_tiled: bool
    offsets: Sequence[int]
    sizes: Sequence[int]

    @property
    def blocks_across(self) -> int:
        return math.ceil(self.width_px / self.block_width_px)


@dataclass(frozen=True, kw_only=True)
class _Dialect:
    """Byte order and the sizes in which TIFF and BigTIFF differ."""

    order: str
    is_big: bool

    @property
    def offset(self) -> str:
        return self.order + ("Q" if self.is_big else "I")

    @property
    def count(self) -> str:
        return self.order + ("Q" if self.is_big else "H")

    @property
    def entry(self) -> struct.Struct:
        """A tag: number, type, count, then the value or where it is."""
        return struct.Struct(self.order + ("HHQ8s" if self.is_big else "HHI4s"))


def inspect(data: bytes, limits: ImageLimits) -> ImageInfo:
    """Check the structure of a TIFF file; see ``formats.inspect_image``."""
    pages = _read_pages(data, limits)
    first = pages[0]
    for page in pages[1:]:
        if (page.width_px, page.height_px, page.bit_depth) != (
            first.width_px,
            first.height_px,
            first.bit_depth,
        ):
            raise ChannelsDifferError(
                f"TIFF: the first page is {first.width_px}×{first.height_px} of {first.bit_depth} bit, "
                f"the second {page.width_px}×{page.height_px} of {page.bit_depth} bit"
            )
    return ImageInfo(
        format="tiff",
        width_px=first.width_px,
        height_px=first.height_px,
        bit_depth=first.bit_depth,
        n_channels=len(pages),
    )


def decode(data: bytes, info: ImageInfo) -> npt.NDArray[np.uint8 | np.uint16]:
    """Return the pixels of an inspected TIFF, shape ``(C, H, W)``, in the file's own depth."""
    size_limits = ImageLimits(
        max_pixels=info.width_px * info.height_px, max_width_px=info.width_px, max_height_px=info.height_px
    )
    order = _dialect(data).order
    pages = _read_pages(data, size_limits)
    dtype = np.uint16 if info.bit_depth == 16 else np.uint8
    pixels: npt.NDArray[np.uint8 | np.uint16] = np.empty((len(pages), info.height_px, info.width_px), dtype)
    for page, out in zip(pages, pixels, strict=True):
        for index in range(len(page.offsets)):
            _decode_block(data, page, index, order, out)
        if page.white_is_zero:
            np.invert(out, out=out)
    return pixels


def _decode_block(
    data: bytes, page: _Page, index: int, order: str, out: npt.NDArray[np.uint8 | np.uint16]
) -> None:
    """Decode strip or tile ``index`` of a page into its place in ``out``, shape ``(H, W)``."""
    row, column = divmod(index, page.blocks_across)
    top, left = row * page.block_height_px, column * page.block_width_px
    place = out[top : top + page.block_height_px, left : left + page.block_width_px]
    n_row_bytes = page.block_width_px * page.bit_depth // 8
    full = page.block_height_px * n_row_bytes
    block = data[page.offsets[index] : page.offsets[index] + page.sizes[index]]
    try:
        raw = _DECOMPRESS[page.compression](block, full)
    except _CODEC_ERRORS as error:
        raise ImageUndecodableError(f"TIFF: block {index} does not decompress: {error}") from error
    # The last strip holds the remaining rows; some writers pad it to its full height.
    n_rows = page.block_height_px if page.is_tiled or len(raw) == full else place.shape[0]
    if len(raw) != n_rows * n_row_bytes:
        raise ImageUndecodableError(f"TIFF: block {index} holds {len(raw)} bytes, not {n_rows * n_row_bytes}")
    dtype = np.dtype(f"{order}u{page.bit_depth // 8}")
    values = np.frombuffer(raw, dtype).reshape(n_rows, page.block_width_px)
    if page.has_predictor:
        values = np.cumsum(values, axis=1, dtype=dtype.newbyteorder("="))
    place[:] = values[: place.shape[0], : place.shape[1]]


def _dialect(data: bytes) -> _Dialect:
    order = "<" if data[:2] == b"II" else ">"
    return _Dialect(order=order, is_big=b"+" in data[2:4])


def _unpack(layout: str, data: bytes, offset: int) -> tuple[int, ...]:
    """Unpack values that must lie inside the file."""
    if not 0 <= offset <= len(data) - struct.calcsize(layout):
        raise ImageMalformedError(f"TIFF: byte {offset} is outside the file: send it again")
    return struct.unpack_from(layout, data, offset)


def _read_pages(data: bytes, limits: ImageLimits) -> list[_Page]:
    """Walk the chain of directories."""
    dialect = _dialect(data)
    if dialect.is_big:
        *head, offset = _unpack(dialect.order + "HHQ", data, 4)
        if head != [8, 0]:
            raise ImageMalformedError("TIFF: the BigTIFF header is wrong")
    else:
        (offset,) = _unpack(dialect.offset, data, 4)
    visited: set[int] = set()
    pages: list[_Page] = []
    while offset:
        if offset in visited:
            raise ImageMalformedError("TIFF: the directories form a loop")
        if len(pages) == 2:
            raise ImageUnsupportedError("TIFF: more than two pages; a scan has one page for each energy")
        visited.add(offset)
        tags, offset = _read_directory(data, dialect, offset)
        pages.append(_check_page(data, tags, limits))
    if not pages:
        raise ImageMalformedError("TIFF: there is no page")
    return pages


def _read_directory(data: bytes, dialect: _Dialect, offset: int) -> tuple[dict[int, Sequence[int]], int]:
    """Return the values of the tags that matter, and where the next directory is (0: nowhere)."""
    (n_tags,) = _unpack(dialect.count, data, offset)
    if not 1 <= n_tags <= MAX_TAGS:
        raise ImageMalformedError(f"TIFF: a directory of {n_tags} tags")
    start = offset + struct.calcsize(dialect.count)
    end = start + n_tags * dialect.entry.size
    (following,) = _unpack(dialect.offset, data, end)
    tags: dict[int, Sequence[int]] = {}
    for entry in dialect.entry.iter_unpack(data[start:end]):
        tag = entry[0]
        if tag in _ONE_VALUE | _MANY_VALUES:
            if tag in tags:
                raise ImageMalformedError(f"TIFF: tag {tag} is there twice")
            tags[tag] = _read_values(data, dialect, entry)
    return tags, following


def _read_values(data: bytes, dialect: _Dialect, entry: tuple[int, int, int, bytes]) -> Sequence[int]:
    tag, kind, n_values, field = entry
    if kind not in _VALUE_FORMATS:
        raise ImageMalformedError(f"TIFF: tag {tag} is of type {kind}, no integer")
    if tag in _ONE_VALUE and n_values != 1:
        if tag in (_BITS, _SAMPLE_FORMAT):
            raise ImageUnsupportedError(f"TIFF: {n_values} samples a pixel are not read; send one page each")
        raise ImageMalformedError(f"TIFF: tag {tag} has {n_values} values")
    if n_values > MAX_BLOCKS:
        raise ImageMalformedError(f"TIFF: tag {tag} announces {n_values} strips or tiles")
    layout = f"{dialect.order}{n_values}{_VALUE_FORMATS[kind]}"
    if struct.calcsize(layout) <= len(field):
        values: tuple[int, ...] = struct.unpack_from(layout, field)
        return values
    (offset,) = struct.unpack(dialect.offset, field)
    return _unpack(layout, data, offset)


def _check_page(data: bytes, tags: dict[int, Sequence[int]], limits: ImageLimits) -> _Page:
    """Check one page's tags against each other, the file and the limits."""
    width_px, height_px = _one(tags, _WIDTH), _one(tags, _LENGTH)
    check_declared_size(width_px, height_px, limits)
    bit_depth, compression = _one(tags, _BITS, 1), _one(tags, _COMPRESSION, 1)
    photometric, predictor = _one(tags, _PHOTOMETRIC), _one(tags, _PREDICTOR, 1)
    if _one(tags, _SAMPLES, 1) != 1 or photometric not in (0, 1) or _one(tags, _SAMPLE_FORMAT, 1) != 1:
        raise ImageUnsupportedError(
            "TIFF: only grey pages of unsigned integers are read, one for each energy"
        )
    if bit_depth not in (8, 16):
        raise ImageUnsupportedError(f"TIFF: {bit_depth} bit is not read; send 8 or 16")
    if compression not in _DECOMPRESS or predictor not in (1, 2) or _one(tags, _FILL_ORDER, 1) != 1:
        raise ImageUnsupportedError(
            f"TIFF: compression {compression} with predictor {predictor} is not read; "
            "send it uncompressed or with LZW, deflate or zstd"
        )
    is_tiled = _TILE_WIDTH in tags
    page = _Page(
        width_px=width_px,
        height_px=height_px,
        bit_depth=bit_depth,
        compression=compression,
        has_predictor=predictor == 2,
        white_is_zero=photometric == 0,
        block_width_px=_one(tags, _TILE_WIDTH) if is_tiled else width_px,
        block_height_px=(
            _one(tags, _TILE_LENGTH) if is_tiled else min(height_px, _one(tags, _ROWS_PER_STRIP, height_px))
        ),
        is_tiled=is_tiled,
        offsets=tags.get(_TILE_OFFSETS if is_tiled else _STRIP_OFFSETS, ()),
        sizes=tags.get(_TILE_SIZES if is_tiled else _STRIP_SIZES, ()),
    )
    _check_blocks(data, page, limits)
    return page


def _check_blocks(data: bytes, page: _Page, limits: ImageLimits) -> None:
    if page.block_width_px < 1 or page.block_height_px < 1:
        raise ImageMalformedError("TIFF: strips or tiles without pixels")
    n_blocks = page.blocks_across * math.ceil(page.height_px / page.block_height_px)
    n_covered = n_blocks * page.block_width_px * page.block_height_px
    if n_covered > max(MAX_PADDING * page.width_px * page.height_px, 1 << 20):
        raise ImageTooLargeError(f"TIFF: the tiles cover {n_covered} pixels, far more than the image has")
    if len(page.offsets) != n_blocks or len(page.sizes) != n_blocks:
        raise ImageMalformedError(
            f"TIFF: {n_blocks} strips or tiles need as many offsets and sizes; "
            f"there are {len(page.offsets)} and {len(page.sizes)}"
        )
    if sum(page.sizes) > len(data):
        raise ImageMalformedError("TIFF: the strips or tiles overlap, or go beyond the file: send it again")
    for offset, size in zip(page.offsets, page.sizes, strict=True):
        if size < 1 or offset > len(data) - size:
            raise ImageMalformedError(f"TIFF: {size} bytes of pixels at {offset} are not all in the file")


def _one(tags: dict[int, Sequence[int]], tag: int, default: int | None = None) -> int:
    if tag in tags:
        return tags[tag][0]
    if default is None:
        raise ImageMalformedError(f"TIFF: the page lacks tag {tag}")
    return default
