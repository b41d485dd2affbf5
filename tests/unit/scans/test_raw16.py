"""raw16: our own stations' format, and every rule that a file can break."""

import struct
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
import zstandard

from scans import raw16
from scans.errors import ImageMalformedError, ImageUndecodableError, ImageUnsupportedError, ScanError
from scans.formats import decode_image, inspect_image
from scans.raw16 import Codec

PIXELS = (np.arange(3000, dtype=np.uint16) // 7 * 150).reshape(2, 30, 50)
N_BYTES = PIXELS[0].nbytes


def file_of(
    block: bytes, *, codec: int = 1, n_channels: int = 1, size: int | None = None, **fields: int
) -> bytes:
    """A file around one block, with a header that may lie under a right CRC."""
    version, reserved, second = (fields.get(name, default) for name, default in
                                 (("version", 1), ("reserved", 0), ("second", 0)))  # fmt: skip
    header = struct.pack(
        "<8s4B4I", raw16.SIGNATURE, version, codec, n_channels, reserved, 50, 30,
        len(block) if size is None else size, second,
    )  # fmt: skip
    return header + struct.pack("<I", zlib.crc32(header)) + block


def blosc2(data: bytes, **options: Any) -> bytes:
    array: Any = np.frombuffer(data, "<u2")
    return bytes(
        imagecodecs.blosc2_encode(
            array, **{"level": 5, "compressor": "zstd", "shuffle": "bitshuffle", **options}
        )
    )


CHANNEL = PIXELS[0].tobytes()
FRAME = zstandard.compress(CHANNEL)
CHUNK = blosc2(CHANNEL)


def changed(block: bytes, at: int, value: int) -> bytes:
    return block[:at] + bytes([value]) + block[at + 1 :]


@pytest.mark.parametrize("codec", Codec)
@pytest.mark.parametrize("pixels", [PIXELS, PIXELS[:1], np.zeros_like(PIXELS), PIXELS[:, ::2, ::3]])
def test_encode__comes_back_exactly(codec: Codec, pixels: npt.NDArray[Any]) -> None:
    """What our stations write is what the reader reads, also from views and of nothing but zeros."""
    data = raw16.encode(pixels, codec=codec)
    np.testing.assert_array_equal(decode_image(data), pixels)


@pytest.mark.parametrize(
    "pixels",
    [PIXELS[0], PIXELS.astype(np.uint8), np.zeros((3, 4, 5), np.uint16), np.zeros((1, 0, 5), np.uint16)],
)
def test_encode__refuses_what_is_no_scan(pixels: npt.NDArray[Any]) -> None:
    """A mistake in a station's program shows there, not at the centre."""
    with pytest.raises(ValueError, match="no scan"):
        raw16.encode(pixels)


def test_files__are_read_as_they_should_be() -> None:
    """The files below are sound before they are broken."""
    for data in (file_of(FRAME), file_of(CHUNK, codec=2)):
        np.testing.assert_array_equal(decode_image(data), PIXELS[:1])


@pytest.mark.parametrize(
    "data",
    [
        file_of(FRAME)[:20],
        changed(file_of(FRAME), 16, 31),
        file_of(FRAME, size=len(FRAME) - 1),
        file_of(FRAME) + b"\0",
        file_of(b""),
        file_of(FRAME, n_channels=0),
        file_of(FRAME, n_channels=2),
        file_of(FRAME, n_channels=3),
        file_of(FRAME, second=1),
        file_of(FRAME, reserved=1),
        file_of(b"\0" * 100),
        file_of(FRAME[:8]),
        file_of(zstandard.compress(CHANNEL + b"\0\0")),
        file_of(zstandard.compress(CHANNEL[:-2])),
        file_of(CHUNK[:31], codec=2),
        file_of(CHUNK[:-1], codec=2),
        file_of(blosc2(CHANNEL + b"\0\0"), codec=2),
    ],
    ids=["cut header", "crc", "longer", "shorter", "empty block", "no channel", "second missing",
         "three channels", "second unasked", "reserved", "no frame", "cut frame", "long frame", "short frame",
         "cut chunk header", "cut chunk", "long chunk"],
)  # fmt: skip
def test_inspect_image__broken_structure_is_malformed(data: bytes) -> None:
    """Each rule of the header and of the blocks' own headers that a file can break."""
    with pytest.raises(ImageMalformedError):
        inspect_image(data)


@pytest.mark.parametrize(
    "data",
    [
        file_of(FRAME, version=2),
        file_of(FRAME, codec=3),
        file_of(zstandard.ZstdCompressor(write_content_size=False).compress(CHANNEL)),
        file_of(blosc2(CHANNEL, compressor="lz4"), codec=2),
        file_of(changed(CHUNK, 21, 3), codec=2),
        file_of(changed(CHUNK, 21, 35), codec=2),
        file_of(changed(CHUNK, 31, 0x40), codec=2),
        file_of(changed(CHUNK, 31, 0x01), codec=2),
        file_of(changed(CHUNK, 31, 0x08), codec=2),
        file_of(bytes(imagecodecs.blosc_encode(CHANNEL, compressor="zstd")), codec=2),
    ],
    ids=["version", "codec", "no content size", "lz4", "delta filter", "plug-in filter", "uninitialised",
         "dictionary", "lazy", "blosc 1"],
)  # fmt: skip
def test_inspect_image__other_kinds_are_unsupported(data: bytes) -> None:
    """What a newer or another program may write is refused by name before any codec sees it."""
    with pytest.raises(ImageUnsupportedError):
        inspect_image(data)


@pytest.mark.parametrize(("block", "codec"), [(FRAME, 1), (CHUNK, 2)], ids=["zstd", "blosc2"])
def test_decode_image__damaged_pixels_are_undecodable(block: bytes, codec: int) -> None:
    """A sound header over rubbish gives an error, never pixels that are not all there."""
    with pytest.raises(ImageUndecodableError):
        decode_image(file_of(block[:40] + b"\xff" * (len(block) - 40), codec=codec))


def test_inspect_image__a_bomb_is_never_unpacked(
    allocation_limit: Callable[[int], AbstractContextManager[None]],
) -> None:
    """A frame that holds more than the header asks for costs nothing, whichever length it announces."""
    bomb = zstandard.compress(bytes(100_000_000))
    lying = bomb[:5] + struct.pack("<I", N_BYTES) + bomb[9:]
    with allocation_limit(1_000_000):
        for block in (bomb, lying):
            with pytest.raises(ScanError):
                decode_image(file_of(block))
