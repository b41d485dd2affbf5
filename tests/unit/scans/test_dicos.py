"""DICOS DX: what a file says, what its values mean, and every rule that it can break."""

import struct
from typing import Any

import numpy as np
import pytest

from scans.dicos import MAX_DEPTH, MAX_ELEMENTS
from scans.errors import ImageMalformedError, ImageTooLargeError, ImageUnsupportedError
from scans.formats import decode_image, inspect_image
from tests.dicos_files import STUDY, dicos_dx, nested

PIXELS = np.random.default_rng(3).integers(0, 65536, (6, 10)).astype("<u2")
GOOD = dicos_dx(PIXELS)
MORE_OR_LESS = np.append(PIXELS.ravel(), PIXELS[0])


def element(tag: int, vr: bytes, value: bytes, *, length: int | None = None) -> bytes:
    """A short data element, with a length that may be a lie."""
    return (
        struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value) if length is None else length) + value
    )


def with_first(extra: bytes) -> bytes:
    """The good file with elements before its own first one."""
    return GOOD[:132] + extra + GOOD[132:]


def test_inspect_image__study_and_container_are_read() -> None:
    """The study joins the two energies of a scan; the inspected object is the container."""
    info = inspect_image(GOOD)
    assert (info.study_uid, info.container_no, info.n_channels) == (STUDY, "CSQU3054383", 1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"OOIType": "BAGGAGE"}, None),
        ({"OOIType": None}, None),
        ({"PatientID": ""}, None),
        ({"PatientID": " csqu 305438-3 "}, "csqu 305438-3"),
        ({"PatientID": "粤B12345"}, "粤B12345"),
    ],
)
def test_inspect_image__container_is_kept_as_written(changes: dict[str, Any], expected: str | None) -> None:
    """Only a cargo object is a container; its number is not judged here."""
    assert inspect_image(dicos_dx(PIXELS, **changes)).container_no == expected


def test_decode_image__high_values_mean_air_unless_the_file_says_otherwise() -> None:
    """The sign of the intensity relationship decides; without it, how the picture is to be shown."""
    for changes, is_inverted in (
        ({"PixelIntensityRelationshipSign": 1, "PhotometricInterpretation": "MONOCHROME1"}, False),
        ({"PixelIntensityRelationshipSign": -1}, True),
        ({"PixelIntensityRelationshipSign": None}, False),
        ({"PixelIntensityRelationshipSign": None, "PhotometricInterpretation": "MONOCHROME1"}, True),
    ):
        expected = 65535 - PIXELS if is_inverted else PIXELS
        np.testing.assert_array_equal(decode_image(dicos_dx(PIXELS, **changes))[0], expected)


def test_decode_image__fewer_bits_are_stretched_to_the_full_range() -> None:
    """12 bits in 16: 4095 is air, and what stands above the stored bits is no pixel."""
    pixels = np.array([[0, 1, 2048, 4095], [0xF000, 0xF001, 0x8FFF, 0x1800]], "<u2")
    decoded = decode_image(dicos_dx(pixels, BitsStored=12, HighBit=11))[0]
    np.testing.assert_array_equal(decoded, [[0, 16, 32776, 65535], [0, 16, 65535, 32776]])


def test_decode_image__an_odd_number_of_bytes_is_padded() -> None:
    """15 pixels of 8 bit take 16 bytes; without the last one the file is cut."""
    pixels = np.arange(15, dtype=np.uint8).reshape(3, 5)
    data = dicos_dx(pixels)
    np.testing.assert_array_equal(decode_image(data)[0], pixels.astype(np.uint16) * 257)
    with pytest.raises(ImageMalformedError):
        inspect_image(data[:-1])


@pytest.mark.parametrize("is_undefined_length", [False, True])
def test_inspect_image__sequences_are_passed_over(is_undefined_length: bool) -> None:
    """Whatever stands in sequences of either kind, the picture's own elements are found."""
    sequence = nested(5, is_undefined_length=is_undefined_length)
    np.testing.assert_array_equal(
        decode_image(dicos_dx(PIXELS, RequestAttributesSequence=sequence))[0], PIXELS
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.501.1"},
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.501.3"},
        {"SamplesPerPixel": 3},
        {"PhotometricInterpretation": "PALETTE COLOR"},
        {"NumberOfFrames": 2},
        {"PixelRepresentation": 1},
        {"BitsAllocated": 32},
        {"PixelIntensityRelationship": "LOG"},
        {"RescaleSlope": "2", "RescaleIntercept": "0"},
        {"RescaleSlope": "1", "RescaleIntercept": "-1024"},
    ],
    ids=["ct", "tdr", "colour", "palette", "frames", "signed", "32 bit", "log", "slope", "intercept"],
)
def test_inspect_image__other_kinds_are_unsupported(changes: dict[str, Any]) -> None:
    """A sound file whose values are no transmission of one energy is told so by name."""
    with pytest.raises(ImageUnsupportedError):
        inspect_image(dicos_dx(PIXELS, **changes))


def test_inspect_image__compressed_pixels_are_unsupported() -> None:
    """The transfer syntax says so; so does an encapsulated value under any syntax."""
    at = GOOD.index(b"1.2.840.10008.1.2.1\0")
    jpeg_ls = GOOD[:at] + b"1.2.840.10008.1.2.4\0" + GOOD[at + 20 :]
    pixels_at = len(GOOD) - PIXELS.nbytes - 4
    encapsulated = GOOD[:pixels_at] + b"\xff\xff\xff\xff" + GOOD[pixels_at + 4 :]
    for data in (jpeg_ls, encapsulated):
        with pytest.raises(ImageUnsupportedError):
            inspect_image(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"Rows": None},
        {"Rows": 0},
        {"BitsStored": 17},
        {"BitsStored": 12},
        {"BitsStored": 7, "HighBit": 6},
        {"PhotometricInterpretation": None},
        {"PixelData": MORE_OR_LESS[:59].tobytes()},
        {"PixelData": MORE_OR_LESS[:61].tobytes()},
    ],
    ids=["no rows", "zero rows", "17 bits", "high bit", "7 bits", "no photometric",
         "short pixels", "long pixels"],
)  # fmt: skip
def test_inspect_image__values_that_do_not_fit_are_malformed(changes: dict[str, Any]) -> None:
    """Elements that are missing, out of range or at odds with the pixels."""
    with pytest.raises(ImageMalformedError):
        inspect_image(dicos_dx(PIXELS, **changes))


DEEP = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
    "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
)

ENDLESS = b"".join(element(0x00030000 + i, b"UI", b"") for i in range(MAX_ELEMENTS + 1))


@pytest.mark.parametrize(
    "extra",
    [
        b"\0" * 8,
        element(0x00020002, b"??", b"1.2"),
        element(0x00020002, b"UI", b"1.2 ", length=0xFFFE),
        element(0x00020002, b"UI", b"1.2 ") * 2,
        element(0x00090001, b"UI", b"1.2 "),
        element(0x00020010, b"UI", b"1." * 200),
        ENDLESS,
        DEEP * (MAX_DEPTH + 1),
        DEEP * 5000,
        DEEP + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0),
        struct.pack("<HH2sHI", 0x0002, 0x1140, b"SQ", 0, 0xFFFFFFFF) + element(0x00080018, b"UI", b"1.2 "),
        struct.pack("<HH2sHI", 0x0002, 0x1140, b"SQ", 0, 0xFFFFFF00),
    ],
    ids=["zeros", "no type", "long", "twice", "order", "long value", "endless", "deep", "abyss",
         "unclosed item", "no item", "long sequence"],
)  # fmt: skip
def test_inspect_image__broken_structure_is_malformed(extra: bytes) -> None:
    """Each rule of the elements that a file can break."""
    with pytest.raises(ImageMalformedError):
        inspect_image(with_first(extra))


def test_inspect_image__rubbish_after_the_pixels_is_malformed() -> None:
    """What follows the pixels must be elements too; padding that says so is one."""
    with pytest.raises(ImageMalformedError):
        inspect_image(GOOD + b"\0\0\0")
    padding = struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 4) + bytes(4)
    assert inspect_image(GOOD + padding) == inspect_image(GOOD)


def test_inspect_image__a_huge_declared_size_is_refused() -> None:
    """Rows and columns reach 65,535 each."""
    with pytest.raises(ImageTooLargeError):
        inspect_image(dicos_dx(PIXELS, Rows=65_535, Columns=65_535))
