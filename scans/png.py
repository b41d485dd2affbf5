"""PNG: 8 or 16 bit grey as one channel of a scan, 8 bit RGB as a gate photo.

Inspection walks the chunks without looking into them. Decoding is libpng's, which (unlike OpenCV's own
error handling) refuses a stream that ends early, a wrong CRC and a wrong Adler-32.

Source: Portable Network Graphics (PNG) Specification (Third Edition), W3C, sections 5 and 11.
"""

import struct
import zlib
from collections.abc import Iterator

import imagecodecs
import numpy as np
import numpy.typing as npt

from scans.channels import channels_first
from scans.errors import ImageMalformedError, ImageUndecodableError, ImageUnsupportedError
from scans.image_info import ImageInfo, ImageLimits, check_declared_size

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"\0\0\0\0IEND\xaeB`\x82"
MAX_CHUNKS = 65_536
"""A 128 MiB file in chunks of 8 KiB, libpng's default, has 16,384."""

_MAX_DEFLATE_RATIO = 1032
"""A deflate block codes at most 258 bytes in 2 bits."""

_CHANNELS = {(0, 8): 1, (0, 16): 1, (2, 8): 3}
"""(colour type, bit depth) → channels, for everything that is read."""


def inspect(data: bytes, limits: ImageLimits) -> ImageInfo:
    """Check the structure of a PNG file; see ``formats.inspect_image``."""
    info: ImageInfo | None = None
    n_idat_bytes = 0
    last_type = b""
    for chunk_type, start, length in _chunks(data):
        if info is None:
            info = _read_header(data, chunk_type, start, length, limits)
        elif chunk_type == b"IDAT":
            if n_idat_bytes and last_type != b"IDAT":
                raise ImageMalformedError("PNG: the image data is interrupted by another chunk")
            n_idat_bytes += length
        else:
            _check_other(chunk_type, info)
        last_type = chunk_type
    if info is None or last_type != b"IEND":
        raise ImageMalformedError("PNG: the file ends before its IEND chunk: send it again")
    needed = _n_raw_bytes(info)
    if n_idat_bytes * _MAX_DEFLATE_RATIO < needed:
        raise ImageMalformedError(f"PNG: {n_idat_bytes} bytes of image data cannot hold {needed} of pixels")
    return info


def decode(data: bytes, info: ImageInfo) -> npt.NDArray[np.uint8 | np.uint16]:
    """Return the pixels of an inspected PNG in its own depth, ``(1, H, W)``, or ``(3, H, W)`` in RGB."""
    try:
        pixels = imagecodecs.png_decode(data)
    except imagecodecs.PngError as error:
        raise ImageUndecodableError(f"PNG: {error}") from error
    return channels_first(pixels, info, np.uint16 if info.bit_depth == 16 else np.uint8)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start of its data, length) of each chunk up to IEND, all within the file."""
    position = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if position == len(data):
            return
        if position + 12 > len(data):
            raise ImageMalformedError("PNG: the file ends inside a chunk: send it again")
        length, chunk_type = struct.unpack_from(">I4s", data, position)
        if not chunk_type.isalpha() or not chunk_type.isascii():
            raise ImageMalformedError(f"PNG: {chunk_type!r} is no chunk type")
        if length > len(data) - position - 12:
            raise ImageMalformedError(
                f"PNG: chunk {chunk_type.decode()} ({length} bytes) ends beyond the file: send it again"
            )
        yield chunk_type, position + 8, length
        position += 12 + length
        if chunk_type == b"IEND":
            if position != len(data) or not data.endswith(END):
                raise ImageMalformedError("PNG: the IEND chunk is damaged, or bytes follow it")
            return
    raise ImageMalformedError(f"PNG: more than {MAX_CHUNKS} chunks")


def _read_header(data: bytes, chunk_type: bytes, start: int, length: int, limits: ImageLimits) -> ImageInfo:
    if chunk_type != b"IHDR" or length != 13:
        raise ImageMalformedError("PNG: the first chunk is no IHDR of 13 bytes")
    (stored_crc,) = struct.unpack_from(">I", data, start + length)
    if zlib.crc32(data[start - 4 : start + length]) != stored_crc:
        raise ImageMalformedError(
            "PNG: the header's CRC is wrong: the file changed on the way, send it again"
        )
    width_px, height_px, depth, colour, compression, filtering, interlace = struct.unpack_from(
        ">IIBBBBB", data, start
    )
    if compression or filtering or interlace > 1:
        raise ImageMalformedError("PNG: unknown compression, filter or interlace method")
    if (colour, depth) not in _CHANNELS or interlace:
        raise ImageUnsupportedError(
            f"PNG: colour type {colour} of {depth} bit{', interlaced' if interlace else ''} is not read; "
            "send 8 or 16 bit grey, or 8 bit RGB for a photo, not interlaced"
        )
    check_declared_size(width_px, height_px, limits)
    return ImageInfo(
        format="png",
        width_px=width_px,
        height_px=height_px,
        bit_depth=depth,
        n_channels=_CHANNELS[colour, depth],
    )


def _check_other(chunk_type: bytes, info: ImageInfo) -> None:
    if chunk_type == b"IHDR":
        raise ImageMalformedError("PNG: a second header")
    if chunk_type == b"tRNS" and info.is_scan:
        raise ImageUnsupportedError("PNG: a scan has no transparent pixels; send it without a tRNS chunk")
    if chunk_type[:1].isupper() and chunk_type not in (b"PLTE", b"IEND"):
        raise ImageUnsupportedError(f"PNG: the critical chunk {chunk_type.decode()} is not known")


def _n_raw_bytes(info: ImageInfo) -> int:
    row = 1 + info.width_px * info.n_channels * info.bit_depth // 8
    return row * info.height_px
