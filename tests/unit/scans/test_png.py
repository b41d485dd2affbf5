"""PNG files built chunk by chunk: what encoders never write, and attackers and broken networks do."""

import struct
import time
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import pytest

from scans.errors import (
    ImageMalformedError,
    ImageTooLargeError,
    ImageUndecodableError,
    ImageUnsupportedError,
    ScanError,
)
from scans.formats import decode_image, inspect_image
from scans.png import MAX_CHUNKS, SIGNATURE

ROWS = b"".join(b"\0" + bytes([row, 1, row, 2, row, 3]) for row in range(4))
"""Four unfiltered rows of three 16-bit pixels."""

DATA = zlib.compress(ROWS)


def chunk(name: bytes, body: bytes = b"", *, length: int | None = None, crc: int | None = None) -> bytes:
    size = len(body) if length is None else length
    check = zlib.crc32(name + body) if crc is None else crc
    return struct.pack(">I4s", size, name) + body + struct.pack(">I", check)


def header(
    width_px: int = 3, height_px: int = 4, depth: int = 16, colour: int = 0, tail: bytes = b"\0\0\0"
) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBB", width_px, height_px, depth, colour) + tail)


def png(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks)


END = chunk(b"IEND")
WHOLE = png(header(), chunk(b"IDAT", DATA), END)


def test_decode_image__a_file_built_by_hand() -> None:
    """The file that all others here are changed from is read; 16-bit values are big endian."""
    np.testing.assert_array_equal(
        decode_image(WHOLE), [[[256 * row + n for n in (1, 2, 3)] for row in range(4)]]
    )


def test_inspect_image__a_chunk_of_4_gib_is_refused_at_once(
    allocation_limit: Callable[[int], AbstractContextManager[None]],
) -> None:
    """104 bytes that made OpenCV 5.0.0 allocate 4.1 GB for 4 s cost nothing here."""
    bomb = png(header(100, 100), chunk(b"IDAT", b"\0" * 47, length=0xFFFFFFFF), END)
    assert len(bomb) == 104
    started = time.process_time()
    with allocation_limit(100_000), pytest.raises(ImageMalformedError, match="4294967295"):
        inspect_image(bomb)
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 1), (1, 2**31 - 1)])
def test_inspect_image__a_huge_declared_size_is_refused(size: tuple[int, int]) -> None:
    """The size is judged as declared, before anything is allocated for it."""
    with pytest.raises(ImageTooLargeError, match=f"{size[0]}×{size[1]}"):
        inspect_image(png(header(*size), chunk(b"IDAT", DATA), END))


def test_inspect_image__pixels_that_cannot_be_in_the_data() -> None:
    """Deflate shrinks at most 1032-fold, so a few bytes do not declare a hundred million pixels."""
    with pytest.raises(ImageMalformedError, match="cannot hold"):
        inspect_image(png(header(10_000, 10_000), chunk(b"IDAT", DATA), END))


MALFORMED = {
    "no header": png(chunk(b"IDAT", DATA), END),
    "short header": png(chunk(b"IHDR", b"\0\0\0\3\0\0\0\4"), chunk(b"IDAT", DATA), END),
    "wrong header crc": png(chunk(b"IHDR", header()[8:21], crc=1), chunk(b"IDAT", DATA), END),
    "two headers": png(header(), header(), chunk(b"IDAT", DATA), END),
    "no data": png(header(), END),
    "no end": png(header(), chunk(b"IDAT", DATA)),
    "bytes after the end": WHOLE + b"PK\3\4",
    "interrupted data": png(
        header(), chunk(b"IDAT", DATA[:5]), chunk(b"tEXt", b"a\0b"), chunk(b"IDAT", DATA[5:]), END
    ),
    "no width": png(header(0), chunk(b"IDAT", DATA), END),
    "no height": png(header(3, 0), chunk(b"IDAT", DATA), END),
    "unknown compression": png(header(tail=b"\1\0\0"), chunk(b"IDAT", DATA), END),
    "unknown filter": png(header(tail=b"\0\1\0"), chunk(b"IDAT", DATA), END),
    "no chunk type": png(header(), chunk(b"ID\0T", DATA), END),
    "endless chunks": png(header(), chunk(b"teXt") * (MAX_CHUNKS + 1)),
    "signature only": SIGNATURE,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_inspect_image__broken_structure_is_malformed(data: bytes) -> None:
    """Each rule of the format that a file can break without any codec noticing."""
    with pytest.raises(ImageMalformedError):
        inspect_image(data)


UNSUPPORTED = {
    "palette": png(header(depth=8, colour=3), chunk(b"PLTE", b"\0\0\0"), chunk(b"IDAT", DATA), END),
    "grey and alpha": png(header(colour=4), chunk(b"IDAT", DATA), END),
    "rgb 16": png(header(colour=2), chunk(b"IDAT", DATA), END),
    "rgba": png(header(depth=8, colour=6), chunk(b"IDAT", DATA), END),
    "1 bit": png(header(depth=1), chunk(b"IDAT", DATA), END),
    "interlaced": png(header(tail=b"\0\0\1"), chunk(b"IDAT", DATA), END),
    "transparent": png(header(), chunk(b"tRNS", b"\0\0"), chunk(b"IDAT", DATA), END),
    "unknown critical chunk": png(header(), chunk(b"XRAY", b"\0"), chunk(b"IDAT", DATA), END),
}


@pytest.mark.parametrize("data", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_inspect_image__sound_files_of_other_kinds_are_unsupported(data: bytes) -> None:
    """A station engineer learns that the file is fine and the kind is not."""
    with pytest.raises(ImageUnsupportedError):
        inspect_image(data)


def test_inspect_image__a_colour_photo_is_known_and_is_no_scan() -> None:
    """8-bit RGB is taken for gate photos; decoding it as transmissions would make numbers up."""
    photo = png(header(3, 4, 8, 2), chunk(b"IDAT", zlib.compress(bytes(4 * 10))), END)
    info = inspect_image(photo)
    assert (info.n_channels, info.bit_depth, info.is_scan) == (3, 8, False)
    with pytest.raises(ImageUnsupportedError, match="photo"):
        decode_image(photo)


def test_decode_image__extra_chunks_and_split_data_are_fine() -> None:
    """Text, gamma and an IDAT in pieces change no pixel."""
    data = png(
        header(), chunk(b"gAMA", struct.pack(">I", 45_455)), chunk(b"sBIT", b"\x0c"), chunk(b"tEXt", b"k\0v"),
        *(chunk(b"IDAT", DATA[i : i + 3]) for i in range(0, len(DATA), 3)), END,
    )  # fmt: skip
    np.testing.assert_array_equal(decode_image(data), decode_image(WHOLE))


UNDECODABLE = {
    "cut deflate stream": DATA[: len(DATA) // 2],
    "cut checksum": DATA[:-2],
    "wrong checksum": DATA[:-1] + bytes([DATA[-1] ^ 1]),
    "whole stream, missing rows": zlib.compress(ROWS[:14]),
    "whole stream, missing pixel": zlib.compress(ROWS[:-1]),
    "unknown row filter": zlib.compress(b"\7" + ROWS[1:]),
    "no deflate": b"\x78\x9c" + b"\xff" * 40,
}


@pytest.mark.parametrize("stream", UNDECODABLE.values(), ids=UNDECODABLE)
def test_decode_image__incomplete_pixels_are_undecodable(stream: bytes) -> None:
    """Every chunk and CRC is right, yet pixels are missing: never grey rows, always an error."""
    data = png(header(), chunk(b"IDAT", stream), END)
    inspect_image(data)
    with pytest.raises(ImageUndecodableError):
        decode_image(data)


def test_decode_image__every_flipped_bit_of_the_data_is_found() -> None:
    """CRC, then Adler-32: no changed pixel passes."""
    for position in range(len(SIGNATURE), len(WHOLE)):
        damaged = bytearray(WHOLE)
        damaged[position] ^= 4
        with pytest.raises(ScanError):
            decode_image(bytes(damaged))
