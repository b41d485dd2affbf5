"""px16: what is coded comes back exactly, and nothing damaged comes back at all."""

import json
import runpy
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from scans import px16
from scans.errors import Px16Error

VECTORS = Path(__file__).parents[2] / "data" / "px16"
LISTED = json.loads((VECTORS / "vectors.json").read_text())

shapes = st.tuples(st.integers(1, 2), st.integers(1, 40), st.integers(1, 40))
arrays = st_numpy.arrays(np.uint16, shapes)


def noise(*shape: int, seed: int = 1) -> npt.NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(0, 65536, shape).astype(np.uint16)


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry["file"])
def test_decode__committed_vectors_give_their_raw_pixels(entry: dict[str, int | str]) -> None:
    """Files written by any version of the codec must stay readable, here and in the browser."""
    data = (VECTORS / str(entry["file"])).read_bytes()
    raw = np.fromfile(VECTORS / str(entry["raw"]), "<u2")
    expected = raw.reshape([int(entry[key]) for key in ("n_channels", "height", "width")])

    header = px16.read_header(data)

    np.testing.assert_array_equal(px16.decode(data), expected)
    assert (header.width_px, header.height_px, header.n_channels, header.level, header.strip_rows) == (
        entry["width"],
        entry["height"],
        entry["n_channels"],
        entry["level"],
        entry["strip_rows"],
    )


def test_vectors__every_file_in_the_folder_is_listed() -> None:
    """A vector that the list forgets would be tested by nobody."""
    on_disk = {path.name for path in VECTORS.glob("*.px16")}
    assert on_disk == {entry["file"] for entry in LISTED}
    assert len(on_disk) >= 10


@given(pixels=arrays, strip_rows=st.integers(1, 50))
@settings(deadline=None)
def test_encode__any_pixels_come_back_exactly(pixels: npt.NDArray[np.uint16], strip_rows: int) -> None:
    """The code is lossless for every value, shape and strip height, and leaves its input alone."""
    before = pixels.copy()
    decoded = px16.decode(px16.encode(pixels, strip_rows=strip_rows))
    assert decoded.dtype == np.uint16
    np.testing.assert_array_equal(decoded, before)
    np.testing.assert_array_equal(pixels, before)


@given(pixels=arrays, seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_decode_strip__each_strip_stands_alone(pixels: npt.NDArray[np.uint16], seed: int) -> None:
    """Strips fetched in any order, with only the header's prefix at hand, make up the picture."""
    data = px16.encode(pixels, strip_rows=7)
    header = px16.read_header(data[: px16.MAX_HEADER_BYTES])
    assembled = np.zeros_like(pixels)
    for index in np.random.default_rng(seed).permutation(len(header.strips)).tolist():
        entry = header.strips[index]
        frame = data[entry.offset : entry.offset + entry.size]
        top = index * header.strip_rows
        assembled[:, top : top + header.rows_of(index)] = px16.decode_strip(frame, header, index)
    np.testing.assert_array_equal(assembled, pixels)


@pytest.mark.parametrize(("height_px", "n_strips"), [(1, 1), (8, 8), (9, 5), (1200, 8), (1201, 8)])
def test_encode__a_full_scan_has_at_most_eight_strips(height_px: int, n_strips: int) -> None:
    """Strips have ⌈H/8⌉ rows, so that a short picture may have fewer than eight."""
    header = px16.read_header(px16.encode(noise(1, height_px, 3)))
    assert header.strip_rows == -(-height_px // 8)
    assert len(header.strips) == n_strips


def test_encode__a_preview_is_one_strip() -> None:
    """The first picture of a case is one request."""
    header = px16.read_header(px16.encode(noise(2, 300, 10), level=2))
    assert (len(header.strips), header.level, header.strip_rows) == (1, 2, 300)


def test_encode__residuals_are_laid_out_as_documented() -> None:
    """The frame's bytes follow the reference page, not just any layout that this module can undo."""
    import zstandard

    pixels = np.array([[[1, 65535], [0, 0]]], np.uint16)
    data = px16.encode(pixels, strip_rows=2)
    (entry,) = px16.read_header(data).strips
    planes = zstandard.decompress(data[entry.offset :])
    # residuals: 1, 65534 ≡ −2, then −1, 1; zigzag: 2, 3, 1, 2
    assert planes == bytes([2, 3, 1, 2, 0, 0, 0, 0])
    assert data[:24] == b"PX16" + bytes([1, 1, 0, 0]) + b"".join(
        value.to_bytes(4, "little") for value in (2, 2, 2, 1)
    )
    assert entry.offset == 24 + 16


def test_decode__every_flipped_byte_is_found() -> None:
    """No damaged file yields pixels; only the informative level (byte 6) may change without harm."""
    pixels = noise(2, 9, 11)
    data = px16.encode(pixels, strip_rows=4)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x01
        if position == 6:
            np.testing.assert_array_equal(px16.decode(bytes(damaged)), pixels)
            continue
        with pytest.raises(Px16Error):
            px16.decode(bytes(damaged))


def test_decode__every_truncation_is_found() -> None:
    """Half a file is no picture, and neither is a file with something behind it."""
    data = px16.encode(noise(1, 9, 11), strip_rows=4)
    for length in range(len(data)):
        with pytest.raises(Px16Error):
            px16.decode(data[:length])
    with pytest.raises(Px16Error):
        px16.decode(data + b"\0")


def test_check_strip__a_frame_that_announces_more_is_refused_before_it_is_inflated() -> None:
    """A small frame that would inflate to gigabytes costs nothing."""
    import zlib

    import zstandard

    bomb = zstandard.compress(bytes(50_000_000))
    entry = px16.StripEntry(offset=40, size=len(bomb), crc32=zlib.crc32(bomb))
    header = px16.Px16Header(width_px=4, height_px=4, n_channels=1, level=0, strip_rows=4, strips=(entry,))
    with pytest.raises(Px16Error, match="50000000"):
        px16.decode_strip(bomb, header, 0)


@pytest.mark.parametrize("index", [-1, 3])
def test_rows_of__a_strip_that_is_not_there(index: int) -> None:
    """An index out of range is an error of this package, not an IndexError or the last strip."""
    header = px16.read_header(px16.encode(noise(1, 9, 2), strip_rows=3))
    with pytest.raises(Px16Error):
        header.rows_of(index)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint16),
        np.zeros((1, 4, 4), np.uint8),
        np.zeros((3, 4, 4), np.uint16),
        np.zeros((1, 0, 4), np.uint16),
        np.zeros((1, 4, 0), np.uint16),
    ],
    ids=["no channel axis", "8 bit", "three channels", "no rows", "no columns"],
)
def test_encode__refuses_what_the_format_cannot_hold(pixels: npt.NDArray[np.uint16]) -> None:
    """Wrong shapes and types are refused, never coerced."""
    with pytest.raises(Px16Error):
        px16.encode(pixels)
    with pytest.raises(Px16Error):
        px16.downscale(pixels, 2)


@pytest.mark.parametrize("strip_rows", [0, -1, 1])
def test_encode__refuses_an_impossible_number_of_strips(strip_rows: int) -> None:
    """No strips and more than the header may list are refused."""
    with pytest.raises(Px16Error):
        px16.encode(noise(1, px16.MAX_STRIPS + 1, 1), strip_rows=strip_rows)


@given(pixels=arrays, level=st.integers(0, 3))
@settings(deadline=None, max_examples=50)
def test_downscale__is_the_rounded_mean_of_each_block(pixels: npt.NDArray[np.uint16], level: int) -> None:
    """Compared with the definition, block by block; edge blocks count only the pixels they have."""
    size = 2**level
    reduced = px16.downscale(pixels, level)
    n_channels, height_px, width_px = pixels.shape
    assert reduced.shape == (n_channels, -(-height_px // size), -(-width_px // size))
    for c, y, x in np.ndindex(*reduced.shape):
        block = pixels[c, y * size : (y + 1) * size, x * size : (x + 1) * size].astype(np.int64)
        assert reduced[c, y, x] == (2 * block.sum() + block.size) // (2 * block.size)


def test_downscale__air_stays_air() -> None:
    """The brightest value survives the sums without overflow, at every level and on edge blocks."""
    air = np.full((2, 300, 301), 65535, np.uint16)
    for level in range(px16.MAX_LEVEL + 1):
        assert px16.downscale(air, level).min() == 65535


def test_vectors__the_committed_script_still_makes_them() -> None:
    """No binary without its script: the raw pixels come out of the seed again, bit by bit."""
    make = runpy.run_path(str(VECTORS.parent / "make.py"))
    made = make["px16_vectors"]()
    assert {f"{name}.raw" for name in made} == {entry["raw"] for entry in LISTED}
    for name, (pixels, _, _) in made.items():
        assert (VECTORS / f"{name}.raw").read_bytes() == pixels.astype("<u2").tobytes()
