"""JPEG: gate photos (grey or colour) and 8-bit grey scans of old scanners.

Inspection walks the segments up to the image data. libjpeg paints what is missing of a cut stream grey and
only warns; so before a scan is decoded, libjxl parses the whole stream, which fails when it ends early.

Source: ITU-T T.81 (JPEG), annex B.
"""

import struct

import imagecodecs
import numpy as np
import numpy.typing as npt

from scans.channels import channels_first
from scans.errors import ImageMalformedError, ImageUndecodableError, ImageUnsupportedError
from scans.image_info import ImageInfo, ImageLimits, check_declared_size

SIGNATURE = b"\xff\xd8\xff"
MAX_SEGMENTS = 4096

_SOF_READ = {0xC0, 0xC1, 0xC2}
"""Baseline, extended sequential and progressive, all Huffman-coded."""

_SOF_OTHER = set(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_SOS, _EOI = 0xDA, 0xD9


def inspect(data: bytes, limits: ImageLimits) -> ImageInfo:
    """Check the structure of a JPEG file; see ``formats.inspect_image``."""
    info: ImageInfo | None = None
    position = 2
    for _ in range(MAX_SEGMENTS):
        marker, position, end = _segment(data, position)
        if marker in _SOF_OTHER:
            raise ImageUnsupportedError(
                f"JPEG: coding process {marker - 0xC0} (SOF) is not read; send baseline"
            )
        if marker in _SOF_READ:
            if info is not None:
                raise ImageMalformedError("JPEG: a second frame header")
            info = _read_frame(data[position:end], limits)
        if marker == _SOS:
            if info is None:
                raise ImageMalformedError("JPEG: image data before any frame header")
            if data.rfind(b"\xff\xd9", end) < 0:
                raise ImageMalformedError("JPEG: the file ends before its end marker: send it again")
            return info
        position = end
    raise ImageMalformedError(f"JPEG: more than {MAX_SEGMENTS} segments before the image data")


def decode(data: bytes, info: ImageInfo) -> npt.NDArray[np.uint8 | np.uint16]:
    """Return the pixels of an inspected JPEG, uint8, shape ``(1, H, W)``, or ``(3, H, W)`` in RGB."""
    try:
        imagecodecs.jpegxl_encode_jpeg(data)
        pixels = imagecodecs.jpeg8_decode(data)
    except (imagecodecs.JpegxlError, imagecodecs.Jpeg8Error) as error:
        raise ImageUndecodableError("JPEG: the image data is damaged or ends early: send it again") from error
    return channels_first(pixels, info, np.uint8)


def _segment(data: bytes, position: int) -> tuple[int, int, int]:
    """Return a segment's marker and where its parameters start and end, within the file."""
    if data[position : position + 1] != b"\xff":
        raise ImageMalformedError("JPEG: a marker is missing where a segment ends: send the file again")
    while data[position : position + 1] == b"\xff":
        position += 1
    if position + 3 > len(data):
        raise ImageMalformedError("JPEG: the file ends before the image data: send it again")
    marker = data[position]
    if marker in _STANDALONE or marker in (0x00, _EOI):
        raise ImageMalformedError(f"JPEG: marker {marker:#04x} before the image data")
    (length,) = struct.unpack_from(">H", data, position + 1)
    start, end = position + 3, position + 1 + length
    if length < 2 or end > len(data):
        raise ImageMalformedError("JPEG: a segment is longer than the file: send it again")
    return marker, start, end


def _read_frame(frame: bytes, limits: ImageLimits) -> ImageInfo:
    if len(frame) < 6 or len(frame) != 6 + 3 * frame[5]:
        raise ImageMalformedError("JPEG: the frame header has a wrong length")
    depth, height_px, width_px, n_components = struct.unpack_from(">BHHB", frame)
    if depth != 8 or n_components not in (1, 3):
        raise ImageUnsupportedError(
            f"JPEG: {n_components} components of {depth} bit are not read; send 8 bit grey or colour"
        )
    check_declared_size(width_px, height_px, limits)
    return ImageInfo(
        format="jpeg", width_px=width_px, height_px=height_px, bit_depth=8, n_channels=n_components
    )
