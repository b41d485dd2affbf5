"""TIFF files built tag by tag: loops, offsets into nowhere, bombs, and kinds that are not read."""

import io
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
import tifffile
import zstandard

from scans.errors import (
    ChannelsDifferError,
    ImageMalformedError,
    ImageTooLargeError,
    ImageUndecodableError,
    ImageUnsupportedError,
    ScanError,
)
from scans.formats import decode_image, inspect_image
from scans.tiff import MAX_BLOCKS

PIXELS = np.arange(12, dtype=np.uint16).reshape(3, 4) * 1000
BODY = PIXELS.astype("<u2").tobytes()

BASE = {256: 4, 257: 3, 258: 16, 259: 1, 262: 1, 273: 8, 277: 1, 278: 3, 279: len(BODY)}
"""Tags of a 4×3 page whose one strip follows the file header."""


def tiff(
    *pages: Mapping[int, int | tuple[int, int, int] | None], body: bytes = BODY, following: int | None = None
) -> bytes:
    """A little-endian file: header, ``body`` at byte 8, then a directory for each page.

    A value is a LONG, or (type, count, field) as is; None leaves the tag out.
    """
    start = 8 + len(body)
    data = struct.pack("<2sHI", b"II", 42, start) + body
    for number, changes in enumerate(pages):
        tags = {tag: value for tag, value in (BASE | dict(changes)).items() if value is not None}
        data += struct.pack("<H", len(tags))
        for tag, value in sorted(tags.items()):
            kind, count, field = value if isinstance(value, tuple) else (4, 1, value)
            data += struct.pack("<HHII", tag, kind, count, field)
        is_last = number == len(pages) - 1
        target = len(data) + 4 if not is_last else 0
        data += struct.pack("<I", target if following is None else following)
    return data


def by_tifffile(pixels: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **({"metadata": None} | options))
    return file.getvalue()


def test_decode_image__files_built_by_hand() -> None:
    """The files that all others here are changed from are read."""
    np.testing.assert_array_equal(decode_image(tiff({})), PIXELS[None])
    np.testing.assert_array_equal(decode_image(tiff({}, {})), [PIXELS, PIXELS])


def test_decode_image__defaults_of_the_standard() -> None:
    """Compression, samples and rows per strip may be left out."""
    np.testing.assert_array_equal(decode_image(tiff({259: None, 277: None, 278: None})), PIXELS[None])
    np.testing.assert_array_equal(decode_image(tiff({278: 2**32 - 1})), PIXELS[None])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_decode_image__white_is_zero_is_turned_round(dtype: type[np.uint8 | np.uint16]) -> None:
    """In such a file 0 is white, which is air, which is 65535 here."""
    pixels = np.array([[0, 1, np.iinfo(dtype).max]], dtype)
    decoded = decode_image(by_tifffile(pixels, photometric="miniswhite"))
    assert decoded[0, 0, 0] == 65535
    assert decoded[0, 0, 2] == 0


def test_decode_image__a_last_strip_padded_to_its_full_height() -> None:
    """Some writers fill the last strip up; the rows below the picture are left out."""
    padded = zlib.compress(BODY + bytes(8))
    data = tiff({259: 8, 278: 4, 279: len(padded)}, body=padded)
    # One strip of 4 rows for 3 rows: RowsPerStrip beyond the height means the height.
    with pytest.raises(ImageUndecodableError):
        decode_image(data)
    two = zlib.compress(BODY[:16]), zlib.compress(BODY[16:] + bytes(8))
    body = b"".join(two)
    pointers = struct.pack("<4I", 8, 8 + len(two[0]), len(two[0]), len(two[1]))
    at = 8 + len(body)
    data = tiff({259: 8, 278: 2, 273: (4, 2, at), 279: (4, 2, at + 8)}, body=body + pointers)
    np.testing.assert_array_equal(decode_image(data), PIXELS[None])


MALFORMED: dict[str, bytes] = {
    "header only": b"II*\0",
    "no directory": struct.pack("<2sHI", b"II", 42, 0),
    "directory outside": struct.pack("<2sHI", b"II", 42, 5000),
    "directory at the last byte": struct.pack("<2sHI", b"II", 42, 7),
    "directory without tags": struct.pack("<2sHIHI", b"II", 42, 8, 0, 0),
    "more tags than file": struct.pack("<2sHIH", b"II", 42, 8, 900),
    "loop to itself": tiff({}, following=8 + len(BODY)),
    "no width": tiff({256: None}),
    "width of zero": tiff({256: 0}),
    "no photometric": tiff({262: None}),
    "no strips": tiff({273: None}),
    "no strip sizes": tiff({279: None}),
    "strip outside": tiff({273: 5000}),
    "strip beyond the end": tiff({273: 30, 279: 500}),
    "strip of no bytes": tiff({279: 0}),
    "strip offsets outside": tiff({278: 1, 273: (4, 3, 100_000), 279: (4, 3, 8)}),
    "fewer strips than rows": tiff({278: 1}),
    "rows per strip of zero": tiff({278: 0}),
    "tag of text type": tiff({256: (2, 1, 4)}),
    "tag of no values": tiff({273: (4, 0, 8)}),
    "two widths": tiff({256: (3, 2, 4)}),
    "billions of strips": tiff({273: (4, 2**32 - 1, 8)}),
    "many strips": tiff({273: (4, MAX_BLOCKS + 1, 8)}),
    "overlapping strips": tiff(
        {278: 1, 273: (4, 3, 8), 279: (4, 3, 20)}, body=struct.pack("<6I", 8, 8, 8, 99, 99, 99) + bytes(75)
    ),
    "bigtiff header": b"II+\0" + struct.pack("<HHQ", 4, 0, 16),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_inspect_image__broken_structure_is_malformed(
    data: bytes, allocation_limit: Callable[[int], AbstractContextManager[None]]
) -> None:
    """Nothing is followed, counted or allocated that the file cannot hold."""
    started = time.process_time()
    with allocation_limit(1_000_000), pytest.raises(ImageMalformedError):
        inspect_image(data)
    assert time.process_time() - started < 0.1


def test_inspect_image__two_directories_in_a_loop() -> None:
    """A loop of two pages ends, too."""
    first = 8 + len(BODY)
    data = bytearray(tiff({}, {}))
    data[-4:] = struct.pack("<I", first)
    with pytest.raises(ImageMalformedError, match="loop"):
        inspect_image(bytes(data))


UNSUPPORTED: dict[str, bytes] = {
    "three pages": tiff({}, {}, {}),
    "rgb": by_tifffile(np.zeros((4, 4, 3), np.uint8), photometric="rgb"),
    "palette": tiff({262: 3}),
    "two samples a pixel": by_tifffile(np.zeros((4, 4, 2), np.uint16), photometric="minisblack",
                                       planarconfig="contig"),
    "signed": by_tifffile(np.zeros((4, 4), np.int16)),
    "float": by_tifffile(np.zeros((4, 4), np.float32)),
    "32 bit": tiff({258: 32}),
    "1 bit": tiff({258: 1}),
    "jpeg in tiff": tiff({259: 7}),
    "packbits": tiff({259: 32773}),
    "float predictor": tiff({317: 3}),
    "reversed bits": tiff({266: 2}),
}  # fmt: skip


@pytest.mark.parametrize("data", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_inspect_image__sound_files_of_other_kinds_are_unsupported(data: bytes) -> None:
    """A station engineer learns that the file is fine and the kind is not."""
    with pytest.raises(ImageUnsupportedError):
        inspect_image(data)


@pytest.mark.parametrize(
    "second",
    [{256: 2, 279: 12}, {257: 2, 278: 2, 279: 16}, {258: 8, 279: 12}],
    ids=["width", "height", "depth"],
)
def test_inspect_image__pages_that_do_not_fit_together(second: dict[int, Any]) -> None:
    """Two energies are two pictures of one size and depth."""
    with pytest.raises(ChannelsDifferError):
        inspect_image(tiff({}, second))


def test_inspect_image__tiles_far_larger_than_the_image() -> None:
    """A 4×3 picture does not need a tile of 4 billion pixels."""
    tags = {273: None, 278: None, 279: None, 322: 65_520, 323: 65_520, 324: 8, 325: len(BODY)}
    with pytest.raises(ImageTooLargeError, match="cover"):
        inspect_image(tiff(tags))


def test_inspect_image__a_huge_declared_size_is_refused() -> None:
    """60,000 × 60,000 are refused as declared."""
    with pytest.raises(ImageTooLargeError, match="60000×60000"):
        inspect_image(tiff({256: 60_000, 257: 60_000}))


UNDECODABLE: dict[str, tuple[int, bytes]] = {
    "plain, too short": (1, BODY[:-1]),
    "plain, too long": (1, BODY + b"\0"),
    "deflate, cut": (8, zlib.compress(BODY)[:-3]),
    "deflate, wrong checksum": (8, zlib.compress(BODY)[:-1] + b"\0"),
    "deflate, too short": (8, zlib.compress(BODY[:-2])),
    "deflate, too long": (8, zlib.compress(BODY + b"\0")),
    "deflate, bomb": (8, zlib.compress(bytes(10_000_000))),
    "zstd, cut": (50000, zstandard.compress(BODY)[:-1]),
    "zstd, too short": (50000, zstandard.compress(BODY[:-2])),
    "zstd, bomb": (50000, zstandard.compress(bytes(100_000_000))),
    "zstd, nonsense": (50000, b"\xff" * 30),
    "lzw, nonsense": (5, b"\xff" * 30),
}


@pytest.mark.parametrize(("compression", "strip"), UNDECODABLE.values(), ids=UNDECODABLE)
def test_decode_image__strips_that_are_not_exactly_the_pixels(
    compression: int, strip: bytes, allocation_limit: Callable[[int], AbstractContextManager[None]]
) -> None:
    """A strip with a byte too few or too many is refused; a bomb is not inflated."""
    data = tiff({259: compression, 279: len(strip)}, body=strip)
    inspect_image(data)
    with allocation_limit(1_000_000), pytest.raises(ImageUndecodableError):
        decode_image(data)


@pytest.mark.parametrize("n_bytes", [1, 20, 60])
def test_decode_image__lzw_that_ends_early(n_bytes: int) -> None:
    """LZW has no checksum, so only the length tells."""
    pixels = np.random.default_rng(3).integers(0, 9, (20, 30)).astype(np.uint16)
    data = by_tifffile(pixels, compression="lzw")
    page = tifffile.TiffFile(io.BytesIO(data)).pages.first
    size = page.databytecounts[0]
    at = data.index(struct.pack("<HHII", 279, 4, 1, size)[:8])
    shorter = data[: at + 8] + struct.pack("<I", size - n_bytes) + data[at + 12 :]
    try:
        decoded = decode_image(shorter)
    except ScanError:
        return
    # The last byte may hold nothing but the end code.
    assert n_bytes == 1
    np.testing.assert_array_equal(decoded, decode_image(data))
