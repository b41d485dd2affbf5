"""JPEG: photos are inspected, old grey scans decoded, cut streams never painted grey."""

import struct

import cv2
import numpy as np
import pytest

from scans.errors import ImageMalformedError, ImageTooLargeError, ImageUndecodableError, ImageUnsupportedError
from scans.formats import decode_image, inspect_image
from scans.jpeg import MAX_SEGMENTS

RNG = np.random.default_rng(5)
GREY = cv2.imencode(".jpg", RNG.integers(0, 256, (40, 64), np.uint8))[1].tobytes()
COLOUR = cv2.imencode(".jpg", RNG.integers(0, 256, (40, 64, 3), np.uint8))[1].tobytes()
SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def frame(width_px: int = 64, height_px: int = 40, depth: int = 8, n: int = 1, marker: int = 0xC0) -> bytes:
    return segment(marker, struct.pack(">BHHB", depth, height_px, width_px, n) + b"\1\x11\0" * n)


SCAN = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x55" * 20 + EOI


def test_inspect_image__a_colour_photo_is_known_and_is_no_scan() -> None:
    """Gate photos are kept as they came; they hold no transmissions."""
    info = inspect_image(COLOUR)
    assert (info.format, info.width_px, info.height_px, info.n_channels) == ("jpeg", 64, 40, 3)
    with pytest.raises(ImageUnsupportedError, match="photo"):
        decode_image(COLOUR)


def test_inspect_image__bytes_after_the_end_are_fine() -> None:
    """Phones append previews and films to their photos."""
    assert inspect_image(COLOUR + b"preview" * 100) == inspect_image(COLOUR)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_decode_image__a_cut_stream_with_an_end_marker_is_undecodable(share: float) -> None:
    """libjpeg would paint the missing rows grey and warn; a scan with made-up rows must not exist."""
    data = GREY[: int(len(GREY) * share)] + EOI
    inspect_image(data)
    with pytest.raises(ImageUndecodableError):
        decode_image(data)


@pytest.mark.parametrize(
    "data",
    [
        SOI + b"\xff",
        SOI + segment(0xE0, b"JFIF\0"),
        SOI + segment(0xE0, b"JFIF\0")[:6],
        SOI + b"\xff\xe0\0\1" + frame() + SCAN,
        SOI + frame() + b"\0\0" + SCAN,
        SOI + EOI * 5,
        SOI + b"\xff\xd8" + frame() + SCAN,
        SOI + segment(0xFE, b"") + SCAN,
        SOI + frame() + frame() + SCAN,
        SOI + frame()[:-2] + SCAN,
        SOI + frame(n=1)[:-1] + b"\0\0" + SCAN,
        SOI + frame(width_px=0) + SCAN,
        SOI + frame() + SCAN[:-2],
        SOI + segment(0xFE, b"") * (MAX_SEGMENTS + 1),
        GREY[: len(GREY) // 2],
    ],
    ids=[
        "signature", "no frame", "cut segment", "segment of one byte", "no marker", "end at once",
        "two starts", "data before frame", "two frames", "short frame", "long frame", "no width", "no end",
        "endless", "half",
    ],
)  # fmt: skip
def test_inspect_image__broken_structure_is_malformed(data: bytes) -> None:
    """Each rule of the segments that a file can break."""
    with pytest.raises(ImageMalformedError):
        inspect_image(data.ljust(3, b"\xff"))


@pytest.mark.parametrize(
    "bad", [frame(n=4), frame(depth=12), frame(marker=0xC3), frame(marker=0xC9)],
    ids=["cmyk", "12 bit", "lossless", "arithmetic"],
)  # fmt: skip
def test_inspect_image__sound_files_of_other_kinds_are_unsupported(bad: bytes) -> None:
    """Rare processes are refused by name before libjpeg sees them."""
    with pytest.raises(ImageUnsupportedError):
        inspect_image(SOI + bad + SCAN)


def test_inspect_image__a_huge_declared_size_is_refused() -> None:
    """A frame header declares up to 65,535 × 65,535."""
    with pytest.raises(ImageTooLargeError):
        inspect_image(SOI + frame(65_535, 65_535) + SCAN)
