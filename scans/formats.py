"""The image files that stations send: checked by structure first, then decoded.

A reader knows one format: the bytes it begins with, how to inspect it and how to decode it. ``inspect_image``
looks at lengths and declared sizes only, so it is quick and safe on anything at all; ``decode_image`` runs
codecs, so untrusted bytes go through ``guard.GuardedDecoder`` instead of calling it here.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scans import dicos, jpeg, png, px16, raw16, tiff
from scans.errors import ImageTooLargeError, ImageUnsupportedError
from scans.image_info import ImageInfo, ImageLimits

__all__ = ["READERS", "ImageInfo", "ImageLimits", "Reader", "decode_image", "decode_photo", "inspect_image"]

EIGHT_TO_SIXTEEN_BIT = 257
"""65535 = 255 × 257, so that air stays air."""

MAX_PHOTO_SIDE_PX = 2048
"""A larger gate photo is halved until it fits; figures on a container stay legible at half of this."""

DEFAULT_LIMITS = ImageLimits()


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How one format is recognised and read.

    Attributes:
        signatures: What a file of this format begins with; no two readers share one.
        signature_at: Where they stand, if a preamble comes before.
        inspect: Checks the structure without any codec.
        decode: Takes inspected bytes, returns ``(C, H, W)`` of uint8 or uint16.
    """

    format: str
    signatures: Sequence[bytes]
    inspect: Callable[[bytes, ImageLimits], ImageInfo]
    decode: Callable[[bytes, ImageInfo], npt.NDArray[np.uint8 | np.uint16]]
    signature_at: int = 0


READERS: tuple[Reader, ...] = (
    Reader(format="png", signatures=(png.SIGNATURE,), inspect=png.inspect, decode=png.decode),
    Reader(format="tiff", signatures=tiff.SIGNATURES, inspect=tiff.inspect, decode=tiff.decode),
    Reader(format="jpeg", signatures=(jpeg.SIGNATURE,), inspect=jpeg.inspect, decode=jpeg.decode),
    Reader(format="raw16", signatures=(raw16.SIGNATURE,), inspect=raw16.inspect, decode=raw16.decode),
    Reader(
        format="dicos",
        signatures=(dicos.SIGNATURE,),
        signature_at=dicos.SIGNATURE_AT,
        inspect=dicos.inspect,
        decode=dicos.decode,
    ),
)


def inspect_image(data: bytes, *, limits: ImageLimits = DEFAULT_LIMITS) -> ImageInfo:
    """Check a file's structure without decoding it.

    Every length is compared with the file and every declared size with the limits before it is used, so the
    time and memory depend on the file's own length alone.

    Raises:
        ImageUnsupportedError: If it is no image, or of a kind that is not read.
        ImageMalformedError: If it breaks its format; half a file does.
        ImageTooLargeError: If it has more bytes, or declares more pixels, than allowed.
        ChannelsDifferError: If its two pages differ in size or depth.
    """
    if len(data) > limits.max_bytes:
        raise ImageTooLargeError(f"the file has {len(data)} bytes; at most {limits.max_bytes} are taken")
    return _reader_of(data).inspect(data, limits)


def decode_image(data: bytes, *, limits: ImageLimits = DEFAULT_LIMITS) -> npt.NDArray[np.uint16]:
    """Decode one scan file, after inspecting it.

    Returns:
        Shape ``(C, H, W)``, uint16, 65535 is air; C is 1, or 2 with the high energy first. 8-bit pixels are
        widened so that 255 becomes 65535.

    Raises:
        ImageUnsupportedError: If it is no scan; a colour photo is none.
        ImageUndecodableError: If the structure is sound and the pixels are not all there.
        ScanError: Whatever ``inspect_image`` raises.
    """
    info = inspect_image(data, limits=limits)
    if not info.is_scan:
        raise ImageUnsupportedError(f"a colour {info.format} is a photo, no scan; send grey pixels")
    pixels = _reader_of(data).decode(data, info)
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint16) * np.uint16(EIGHT_TO_SIXTEEN_BIT)
    return pixels.astype(np.uint16, copy=False)


def decode_photo(data: bytes, *, limits: ImageLimits = DEFAULT_LIMITS) -> npt.NDArray[np.uint8]:
    """Decode a gate photo, grey or in colour, after inspecting it.

    Returns:
        Shape ``(H, W, 3)``, RGB, no side longer than ``MAX_PHOTO_SIDE_PX``.

    Raises:
        ImageUnsupportedError: If it is no photo; a file of two energies is none.
        ScanError: Whatever ``decode_image`` raises.
    """
    info = inspect_image(data, limits=limits)
    if info.n_channels == 2:
        raise ImageUnsupportedError(f"a {info.format} of two energies is a scan, no photo")
    pixels = _reader_of(data).decode(data, info)
    if pixels.dtype == np.uint16:
        pixels >>= 8
    level = max(0, math.ceil(math.log2(max(info.height_px, info.width_px) / MAX_PHOTO_SIDE_PX)))
    if level:
        pixels = np.concatenate([px16.downscale(one[None].astype(np.uint16), level) for one in pixels])
    colours = np.broadcast_to(pixels, (3, *pixels.shape[1:]))
    return np.ascontiguousarray(np.moveaxis(colours, 0, -1), dtype=np.uint8)


def _reader_of(data: bytes) -> Reader:
    for reader in READERS:
        if data.startswith(tuple(reader.signatures), reader.signature_at):
            return reader
    known = ", ".join(reader.format.upper() for reader in READERS)
    raise ImageUnsupportedError(f"the file begins with {data[:8]!r}, which is none of {known}")
