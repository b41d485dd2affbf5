"""raw16: the quickest way for a station of ours to send 16-bit pixels; layout in docs/reference/raw16.md.

A header of 32 bytes says the size and the codec; then comes one compressed block for each channel. Each
block's own header must announce exactly the bytes that the size asks for, before a codec sees it.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import imagecodecs
import numpy as np
import numpy.typing as npt

from scans.errors import ImageMalformedError, ImageUndecodableError, ImageUnsupportedError
from scans.image_info import ImageInfo, ImageLimits, check_declared_size

SIGNATURE = b"SXRAW\r\n\x1a"
"""Line ends and an end-of-text mark, so that a transfer in text mode is noticed."""

VERSION = 1
HEADER = struct.Struct("<8sBBBBIIIII")

ZSTD_LEVEL = 1
BLOSC2_LEVEL = 3

_ZSTD_MAGIC = 0xFD2FB528
_BLOSC2_HEADER = struct.Struct("<BBBBiii6B2B6B2B")
_BLOSC2_EXTENDED, _BLOSC2_STORED = 0x05, 0x02
_BLOSC2_ZSTD = 4
_BLOSC2_FILTERS = {0, 1, 2}
"""None, byte shuffle, bit shuffle; delta, truncation and plug-ins are not read."""

_BLOSC2_SPECIALS = {0, 1}
"""A chunk with data, or of zeros only. The others give NaN, any repeated value, or memory as it is."""


class Codec(IntEnum):
    """How the channels are compressed."""

    ZSTD = 1
    BLOSC2 = 2


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """What the header says; ``blocks`` are start and end of each channel's bytes in the file."""

    info: ImageInfo
    codec: Codec
    blocks: tuple[tuple[int, int], ...]


def inspect(data: bytes, limits: ImageLimits) -> ImageInfo:
    """Check the structure of a raw16 file; see ``formats.inspect_image``."""
    layout = _read_layout(data)
    info = layout.info
    check_declared_size(info.width_px, info.height_px, limits)
    check = _check_zstd if layout.codec is Codec.ZSTD else _check_blosc2
    for start, end in layout.blocks:
        check(data, start, end, 2 * info.width_px * info.height_px)
    return info


def decode(data: bytes, info: ImageInfo) -> npt.NDArray[np.uint8 | np.uint16]:
    """Return the pixels of an inspected raw16 file, shape ``(C, H, W)``, uint16."""
    layout = _read_layout(data)
    pixels = np.empty((info.n_channels, info.height_px, info.width_px), "<u2")
    for (start, end), out in zip(layout.blocks, pixels, strict=True):
        flat = out.reshape(-1).view(np.uint8)
        try:
            n_bytes = len(_DECOMPRESS[layout.codec](data[start:end], flat.data))
        except (RuntimeError, ValueError) as error:
            raise ImageUndecodableError(f"raw16: the pixels do not decompress: {error}") from error
        if n_bytes != flat.size:
            raise ImageUndecodableError(f"raw16: {n_bytes} bytes of pixels came out, not {flat.size}")
    return pixels


def encode(pixels: npt.NDArray[np.uint16], *, codec: Codec = Codec.ZSTD) -> bytes:
    """Write a raw16 file.

    Args:
        pixels: Shape ``(C, H, W)``, 65535 is air; C is 1, or 2 with the high energy first.
        codec: How to compress them.

    Raises:
        ValueError: If this is no scan of one or two channels with pixels.
    """
    if pixels.dtype != np.uint16 or pixels.ndim != 3 or pixels.shape[0] not in (1, 2) or not pixels.size:
        raise ValueError(f"no scan: {pixels.dtype} of shape {pixels.shape}")
    blocks = [_COMPRESS[codec](np.ascontiguousarray(channel, "<u2")) for channel in pixels]
    sizes = [len(block) for block in blocks] + [0] * (2 - len(blocks))
    n_channels, height_px, width_px = pixels.shape
    header = HEADER.pack(SIGNATURE, VERSION, codec, n_channels, 0, width_px, height_px, *sizes, 0)[:-4]
    return b"".join([header, struct.pack("<I", zlib.crc32(header)), *blocks])


_DECOMPRESS: dict[Codec, Callable[[bytes, memoryview], bytes | bytearray]] = {
    Codec.ZSTD: lambda block, out: imagecodecs.zstd_decode(block, out=out),
    Codec.BLOSC2: lambda block, out: imagecodecs.blosc2_decode(block, out=out, numthreads=1),
}


def _compress_blosc2(channel: npt.NDArray[np.uint16]) -> bytes:
    # The bits are shuffled by the items of the array: of bytes they would be by eights.
    return bytes(
        imagecodecs.blosc2_encode(
            channel,  # type: ignore[arg-type]
            level=BLOSC2_LEVEL,
            compressor="zstd",
            shuffle="bitshuffle",
            numthreads=1,
        )
    )


_COMPRESS: dict[Codec, Callable[[npt.NDArray[np.uint16]], bytes]] = {
    Codec.ZSTD: lambda channel: bytes(imagecodecs.zstd_encode(channel.tobytes(), level=ZSTD_LEVEL)),
    Codec.BLOSC2: _compress_blosc2,
}


def _read_layout(data: bytes) -> _Layout:
    if len(data) < HEADER.size:
        raise ImageMalformedError("raw16: the header is cut off: send the file again")
    _, version, codec, n_channels, reserved, width_px, height_px, *sizes, crc = HEADER.unpack_from(data)
    if zlib.crc32(data[: HEADER.size - 4]) != crc:
        raise ImageMalformedError("raw16: the header's CRC is wrong: the file changed on the way")
    if version != VERSION or codec not in list(Codec):
        raise ImageUnsupportedError(f"raw16: version {version} with codec {codec} is not read")
    if n_channels not in (1, 2) or reserved or (n_channels == 1 and sizes[1]):
        raise ImageMalformedError(f"raw16: {n_channels} channels do not fit the rest of the header")
    ends = [HEADER.size + sum(sizes[: i + 1]) for i in range(n_channels)]
    if ends[-1] != len(data) or not all(sizes[:n_channels]):
        raise ImageMalformedError(
            f"raw16: the header announces {ends[-1]} bytes, the file has {len(data)}: send it again"
        )
    info = ImageInfo(
        format="raw16", width_px=width_px, height_px=height_px, bit_depth=16, n_channels=n_channels
    )
    starts = [HEADER.size, *ends[:-1]]
    return _Layout(info=info, codec=Codec(codec), blocks=tuple(zip(starts, ends, strict=True)))


def _check_zstd(data: bytes, start: int, end: int, n_raw_bytes: int) -> None:
    """Check that a zstd frame announces the right length.

    Source: RFC 8878, section 3.1.1.1 (frame header).
    """
    if end - start < 9 or struct.unpack_from("<I", data, start)[0] != _ZSTD_MAGIC:
        raise ImageMalformedError("raw16: a block is no zstd frame")
    descriptor = data[start + 4]
    is_single_segment, size_code = descriptor >> 5 & 1, descriptor >> 6
    if descriptor & 0b1011 or (size_code == 0 and not is_single_segment):
        raise ImageUnsupportedError("raw16: a zstd frame with a dictionary, or without its content size")
    at = start + 5 + (not is_single_segment)
    n_bytes = int.from_bytes(data[at : at + (1 << size_code)], "little") + (256 if size_code == 1 else 0)
    if n_bytes != n_raw_bytes:
        raise ImageMalformedError(f"raw16: a block of {n_bytes} bytes where {n_raw_bytes} belong")


def _check_blosc2(data: bytes, start: int, end: int, n_raw_bytes: int) -> None:
    """Check that a Blosc2 chunk announces the right lengths and nothing but shuffled zstd.

    Source: c-blosc2, README_CHUNK_FORMAT.
    """
    if end - start < _BLOSC2_HEADER.size:
        raise ImageMalformedError("raw16: a block is no Blosc2 chunk")
    fields = _BLOSC2_HEADER.unpack_from(data, start)
    _, _, flags, _, n_bytes, _, n_chunk_bytes = fields[:7]
    filters, blosc2_flags = fields[7:13], fields[22]
    if flags & _BLOSC2_EXTENDED != _BLOSC2_EXTENDED:
        raise ImageUnsupportedError("raw16: a Blosc chunk of version 1 is not read; send Blosc2")
    if n_bytes != n_raw_bytes or n_chunk_bytes != end - start:
        raise ImageMalformedError(f"raw16: a block of {n_bytes} bytes where {n_raw_bytes} belong")
    is_zstd = flags >> 5 == _BLOSC2_ZSTD or bool(flags & _BLOSC2_STORED)
    special, has_other = blosc2_flags >> 4 & 0b111, blosc2_flags & 0b1000_1111
    if not is_zstd or set(filters) - _BLOSC2_FILTERS or special not in _BLOSC2_SPECIALS or has_other:
        raise ImageUnsupportedError(
            "raw16: a Blosc2 chunk of this kind is not read; send bitshuffle and zstd"
        )
