"""What every image reader promises, on files written by other people's encoders."""

import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from scans.errors import ImageMalformedError, ImageTooLargeError, ImageUnsupportedError, ScanError
from scans.formats import READERS, ImageLimits, decode_image, inspect_image
from tests.dicos_files import dicos_dx, nested

HEIGHT_PX, WIDTH_PX = 23, 37
Array = npt.NDArray[Any]


def picture(n_channels: int, dtype: type[np.uint8 | np.uint16]) -> Array:
    """A smooth picture with noise and both extremes, shape ``(C, H, W)``."""
    rng = np.random.default_rng(7)
    top = np.iinfo(dtype).max
    ramp = np.linspace(0, top, HEIGHT_PX * WIDTH_PX).reshape(1, HEIGHT_PX, WIDTH_PX)
    pixels = np.clip(ramp * np.linspace(1, 0.8, n_channels)[:, None, None] + rng.normal(0, top / 50), 0, top)
    pixels = pixels.astype(dtype)
    pixels[:, 0, :2] = 0, top
    return pixels


def tiff(pixels: Array, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **({"photometric": "minisblack", "metadata": None} | options))
    return file.getvalue()


def by_opencv(suffix: str, *flags: int) -> Callable[[Array], bytes]:
    return lambda pixels: cv2.imencode(suffix, pixels[0], flags)[1].tobytes()


def by_tifffile(**options: Any) -> Callable[[Array], bytes]:
    return lambda pixels: tiff(pixels, **options)


def by_pydicom(**changes: Any) -> Callable[[Array], bytes]:
    return lambda pixels: dicos_dx(pixels[0], **changes)


def raw16(codec: int, compress: Callable[[Array], bytes]) -> Callable[[Array], bytes]:
    """Write raw16 by its reference page, not by our encoder."""

    def write(pixels: Array) -> bytes:
        blocks = [compress(channel) for channel in pixels]
        sizes = [*map(len, blocks), 0][:2]
        header = struct.pack(
            "<8s4B4I", b"SXRAW\r\n\x1a", 1, codec, len(pixels), 0, *pixels.shape[:0:-1], *sizes
        )
        return b"".join([header, struct.pack("<I", zlib.crc32(header)), *blocks])

    return write


by_zstandard = raw16(1, lambda channel: zstandard.compress(channel.tobytes()))


def by_blosc2(**options: Any) -> Callable[[Array], bytes]:
    options = {"compressor": "zstd", "shuffle": "bitshuffle", "level": 5, **options}

    def compress(channel: Any) -> bytes:
        return bytes(imagecodecs.blosc2_encode(channel, **options))

    return raw16(2, compress)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One way of writing a scan file, and how close its pixels come back."""

    name: str
    format: str
    write: Callable[[Array], bytes]
    n_channels: int = 1
    dtype: type[np.uint8 | np.uint16] = np.uint16
    tolerance: int = 0

    @property
    def pixels(self) -> Array:
        return picture(self.n_channels, self.dtype)

    @property
    def data(self) -> bytes:
        return self.write(self.pixels)


def tiff_sample(name: str, n_channels: int = 1, dtype: type = np.uint16, **options: Any) -> Sample:
    return Sample(
        name=f"tiff {name}", format="tiff", write=by_tifffile(**options), n_channels=n_channels, dtype=dtype
    )


SAMPLES = [
    Sample(name="png 16", format="png", write=by_opencv(".png")),
    Sample(name="png 8", format="png", write=by_opencv(".png"), dtype=np.uint8),
    *(
        Sample(
            name=f"png filter {number}", format="png", write=by_opencv(".png", cv2.IMWRITE_PNG_FILTER, flag)
        )
        for number, flag in enumerate([8, 16, 32, 64, 128])
    ),
    Sample(name="png libpng", format="png", write=lambda p: bytes(imagecodecs.png_encode(p[0]))),
    tiff_sample("plain"),
    tiff_sample("two pages", n_channels=2),
    tiff_sample("8 bit", dtype=np.uint8),
    tiff_sample("8 bit deflate predicted", dtype=np.uint8, compression="zlib", predictor=True),
    tiff_sample("lzw", n_channels=2, compression="lzw"),
    tiff_sample("lzw predicted", compression="lzw", predictor=True),
    tiff_sample("deflate", n_channels=2, compression="adobe_deflate"),
    tiff_sample("deflate predicted", compression="zlib", predictor=True),
    tiff_sample("zstd", n_channels=2, compression="zstd"),
    tiff_sample("zstd predicted", n_channels=2, compression="zstd", predictor=True),
    tiff_sample("short strips", compression="zstd", rowsperstrip=5),
    tiff_sample("strips of one row", rowsperstrip=1),
    tiff_sample("tiles", n_channels=2, tile=(16, 16), compression="zlib", predictor=True),
    tiff_sample("plain tiles", tile=(16, 32)),
    tiff_sample("big endian", n_channels=2, byteorder=">"),
    tiff_sample("big endian predicted", compression="lzw", predictor=True, byteorder=">"),
    tiff_sample("bigtiff", n_channels=2, bigtiff=True),
    tiff_sample("bigtiff strips", bigtiff=True, rowsperstrip=2, compression="zstd"),
    Sample(name="tiff opencv", format="tiff", write=by_opencv(".tiff")),
    Sample(
        name="jpeg",
        format="jpeg",
        write=by_opencv(".jpg", cv2.IMWRITE_JPEG_QUALITY, 100),
        dtype=np.uint8,
        tolerance=2 * 257,
    ),
    Sample(
        name="jpeg progressive",
        format="jpeg",
        write=by_opencv(".jpg", cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        dtype=np.uint8,
        tolerance=2 * 257,
    ),
    Sample(name="raw16 zstd", format="raw16", write=by_zstandard),
    Sample(name="raw16 zstd two channels", format="raw16", write=by_zstandard, n_channels=2),
    Sample(name="raw16 blosc2", format="raw16", write=by_blosc2()),
    Sample(name="raw16 blosc2 two channels", format="raw16", write=by_blosc2(), n_channels=2),
    Sample(name="raw16 blosc2 stored", format="raw16", write=by_blosc2(level=0)),
    Sample(name="raw16 blosc2 byte shuffle", format="raw16", write=by_blosc2(shuffle="shuffle")),
    Sample(name="raw16 blosc2 small blocks", format="raw16", write=by_blosc2(blocksize=256)),
    Sample(name="dicos", format="dicos", write=by_pydicom()),
    Sample(name="dicos 8 bit", format="dicos", write=by_pydicom(), dtype=np.uint8),
    Sample(
        name="dicos nested",
        format="dicos",
        write=by_pydicom(RequestAttributesSequence=nested(4, is_undefined_length=True)),
    ),
]
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def test_samples__cover_every_reader() -> None:
    """A reader that is registered is tested here."""
    assert {sample.format for sample in SAMPLES} == {reader.format for reader in READERS}


@every_sample
def test_inspect_image__reads_what_the_file_declares(sample: Sample) -> None:
    """Format, size, depth and channels are known before any codec runs."""
    info = inspect_image(sample.data)
    assert (info.format, info.width_px, info.height_px) == (sample.format, WIDTH_PX, HEIGHT_PX)
    assert info.bit_depth == 8 * np.dtype(sample.dtype).itemsize
    assert info.n_channels == sample.n_channels


@every_sample
def test_decode_image__gives_the_pixels_as_16_bit_transmission(sample: Sample) -> None:
    """Pixels come back exactly (JPEG: to 2 of 255 levels, its own loss at quality 100); 255 is 65535."""
    expected = sample.pixels.astype(np.int64) * (257 if sample.dtype == np.uint8 else 1)
    decoded = decode_image(sample.data)
    assert decoded.dtype == np.uint16
    assert decoded.shape == expected.shape
    assert np.abs(decoded.astype(np.int64) - expected).max() <= sample.tolerance


@every_sample
def test_decode_image__no_truncation_gives_other_pixels(sample: Sample) -> None:
    """A file cut anywhere is refused: never a picture with missing rows, never another exception.

    A TIFF may end in values that nobody reads, such as a resolution; without them it still is whole.
    """
    data = sample.data
    whole = decode_image(data)
    n_decoded = 0
    for length in range(len(data)):
        try:
            decoded = decode_image(data[:length])
        except ScanError:
            continue
        n_decoded += 1
        np.testing.assert_array_equal(decoded, whole)
    assert n_decoded <= (20 if sample.format == "tiff" else 0)


@every_sample
def test_inspect_image__half_a_file_is_malformed(sample: Sample) -> None:
    """An upload that broke off is told apart from a file of another kind."""
    data = sample.data
    with pytest.raises(ImageMalformedError):
        inspect_image(data[: len(data) // 2])


@every_sample
@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_decode_image__mutations_are_refused_or_decoded(sample: Sample, seed: int) -> None:
    """Whatever bytes are changed, the outcome is pixels of the declared size or an error of this package."""
    rng = np.random.default_rng(seed)
    data = bytearray(sample.data)
    for position in rng.integers(0, len(data), rng.integers(1, 6)):
        data[position] = rng.integers(0, 256)
    limits = ImageLimits(max_pixels=1_000_000)
    try:
        info = inspect_image(bytes(data), limits=limits)
        decoded = decode_image(bytes(data), limits=limits)
    except ScanError:
        return
    assert decoded.shape == (info.n_channels, info.height_px, info.width_px)


@every_sample
def test_inspect_image__limits_are_kept(sample: Sample) -> None:
    """Each limit refuses on its own, with the error that says so; at the limit the file is taken."""
    data = sample.data
    inspect_image(
        data,
        limits=ImageLimits(
            max_bytes=len(data),
            max_pixels=WIDTH_PX * HEIGHT_PX,
            max_width_px=WIDTH_PX,
            max_height_px=HEIGHT_PX,
        ),
    )
    for limits in (
        ImageLimits(max_bytes=len(data) - 1),
        ImageLimits(max_pixels=WIDTH_PX * HEIGHT_PX - 1),
        ImageLimits(max_width_px=WIDTH_PX - 1),
        ImageLimits(max_height_px=HEIGHT_PX - 1),
    ):
        with pytest.raises(ImageTooLargeError):
            inspect_image(data, limits=limits)


@every_sample
def test_inspect_image__allocates_next_to_nothing(sample: Sample) -> None:
    """Inspection of a picture of 8 MB or more costs a fraction of that, even with 16,000 tiles a page."""
    pixels = np.zeros((sample.n_channels, 1000, 4000), sample.dtype)
    data = sample.write(pixels)
    tracemalloc.start()
    started = time.process_time()
    inspect_image(data)
    took_s = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
    assert took_s < 0.5


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 100, b"just a text file\n" * 50, b"GIF89a" + b"\0" * 50, b"BM" + b"\0" * 50, b"%PDF-1.7\n"],
    ids=["empty", "zeros", "text", "gif", "bmp", "pdf"],
)
def test_inspect_image__anything_else_is_unsupported(data: bytes) -> None:
    """What is no image of ours is told so, whatever its name said."""
    with pytest.raises(ImageUnsupportedError):
        inspect_image(data)
    with pytest.raises(ImageUnsupportedError):
        decode_image(data)
