"""DICOS v3 DX: one energy of a scan in a DICOM file; the other energy is another file of the same study.

The data elements are walked by hand: every length is inside the file before it is followed, and the pixels
are mapped from where they lie, so that inspection and decoding cannot disagree and no toolkit ever parses
untrusted bytes. Compressed pixels (encapsulated transfer syntaxes) are not read.

Source: NEMA IIC 1 v03 (DICOS); DICOM PS3.5 section 7 (data elements) and PS3.10 section 7 (file format).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scans.errors import ImageMalformedError, ImageUnsupportedError
from scans.image_info import ImageInfo, ImageLimits, check_declared_size
from scans.modality import Modality, find_modality

SIGNATURE = b"DICM"
SIGNATURE_AT = 128
"""After a preamble that may hold anything."""

EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
DX_SOP_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.501.2.1": "DICOS Digital X-Ray for presentation",
    "1.2.840.10008.5.1.4.1.1.501.2.2": "DICOS Digital X-Ray for processing",
}
ISSUER_OF_SCAN_IDS = "SHENXIANG"
"""Who names inspected objects that have no container number, in files that we export."""

MAX_ELEMENTS = 20_000
MAX_DEPTH = 16

_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

_TRANSFER_SYNTAX, _SOP_CLASS, _STUDY, _PATIENT_ID = 0x00020010, 0x00080016, 0x0020000D, 0x00100020
_SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS = 0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011
_ALLOCATED, _STORED, _HIGH_BIT, _SIGNED = 0x00280100, 0x00280101, 0x00280102, 0x00280103
_RELATIONSHIP, _SIGN, _INTERCEPT, _SLOPE = 0x00281040, 0x00281041, 0x00281052, 0x00281053
_DESCRIPTION, _ISSUER, _OOI_TYPE, _PIXELS = 0x00081030, 0x00100021, 0x40101042, 0x7FE00010
_WANTED = {
    _TRANSFER_SYNTAX, _SOP_CLASS, _STUDY, _PATIENT_ID, _SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS,
    _ALLOCATED, _STORED, _HIGH_BIT, _SIGNED, _RELATIONSHIP, _SIGN, _INTERCEPT, _SLOPE, _DESCRIPTION, _ISSUER,
    _OOI_TYPE, _PIXELS,
}  # fmt: skip
_MAX_VALUE_BYTES = 256
"""Of a wanted value that is no pixels."""


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """What is needed to map the pixels.

    Attributes:
        bits_stored: Meaningful low bits of each value of ``info.bit_depth`` bits.
        is_inverted: The highest value means the least transmission.
        offset: Where the first value lies in the file.
    """

    info: ImageInfo
    bits_stored: int
    is_inverted: bool
    offset: int


def inspect(data: bytes, limits: ImageLimits) -> ImageInfo:
    """Check the structure of a DICOS DX file; see ``formats.inspect_image``."""
    return _read_layout(data, limits).info


def decode(data: bytes, info: ImageInfo) -> npt.NDArray[np.uint8 | np.uint16]:
    """Return the pixels of an inspected DICOS DX file, shape ``(1, H, W)``; all ones is air.

    Values of fewer bits than they occupy are stretched to the full range.
    """
    size_limits = ImageLimits(
        max_pixels=info.width_px * info.height_px, max_width_px=info.width_px, max_height_px=info.height_px
    )
    layout = _read_layout(data, size_limits)
    dtype = np.dtype(f"<u{info.bit_depth // 8}")
    n_pixels = info.width_px * info.height_px
    values = np.frombuffer(data, dtype, n_pixels, layout.offset).reshape(1, info.height_px, info.width_px)
    if layout.bits_stored == info.bit_depth and not layout.is_inverted:
        return values
    pixels: npt.NDArray[np.uint8 | np.uint16] = _transmission_of_value(layout)[values]
    return pixels


def _transmission_of_value(layout: _Layout) -> npt.NDArray[np.uint8 | np.uint16]:
    """Return a table from stored values to transmission over the whole range of their bits."""
    depth = layout.info.bit_depth
    top = (1 << layout.bits_stored) - 1
    values = np.arange(1 << depth, dtype=np.uint64) & np.uint64(top)
    if layout.is_inverted:
        values = top - values
    stretched = (values * ((1 << depth) - 1) + top // 2) // top
    return stretched.astype(np.uint8 if depth == 8 else np.uint16)


def _read_layout(data: bytes, limits: ImageLimits) -> _Layout:
    values = _Walker(data).top_level()
    syntax = _text(data, values, _TRANSFER_SYNTAX)
    if syntax != EXPLICIT_LITTLE_ENDIAN:
        raise ImageUnsupportedError(
            f"DICOS: transfer syntax {syntax} is not read; send Explicit VR Little Endian, uncompressed"
        )
    sop_class = _text(data, values, _SOP_CLASS)
    if sop_class not in DX_SOP_CLASSES:
        raise ImageUnsupportedError(f"DICOS: objects of class {sop_class} are not read; send DX images")
    width_px, height_px = _number(data, values, _COLUMNS), _number(data, values, _ROWS)
    check_declared_size(width_px, height_px, limits)
    depth, bits_stored = _read_bits(data, values)
    _check_meaning(data, values)
    info = ImageInfo(
        format="dicos",
        width_px=width_px,
        height_px=height_px,
        bit_depth=depth,
        n_channels=1,
        study_uid=_text(data, values, _STUDY, "") or None,
        container_no=_container_no(data, values),
        modality=_modality(data, values),
    )
    if _PIXELS not in values:
        raise ImageMalformedError("DICOS: there are no pixels")
    offset, n_bytes = values[_PIXELS]
    n_expected = width_px * height_px * depth // 8
    if n_bytes != n_expected + n_expected % 2:
        raise ImageMalformedError(f"DICOS: {n_bytes} bytes of pixels where {n_expected} belong")
    return _Layout(info=info, bits_stored=bits_stored, is_inverted=_is_inverted(data, values), offset=offset)


def _read_bits(data: bytes, values: Mapping[int, tuple[int, int]]) -> tuple[int, int]:
    """Return bits allocated and bits stored."""
    allocated, stored = _number(data, values, _ALLOCATED), _number(data, values, _STORED)
    high_bit = _number(data, values, _HIGH_BIT)
    if allocated not in (8, 16) or _number(data, values, _SIGNED) != 0:
        raise ImageUnsupportedError("DICOS: only unsigned pixels of 8 or 16 bit are read")
    if not 8 <= stored <= allocated or high_bit != stored - 1:
        raise ImageMalformedError(
            f"DICOS: {stored} bits stored, highest bit {high_bit}, do not fit into {allocated} bits"
        )
    return allocated, stored


def _check_meaning(data: bytes, values: Mapping[int, tuple[int, int]]) -> None:
    """Check that the pixels are one grey picture of transmitted intensity."""
    if (
        _number(data, values, _SAMPLES) != 1
        or _text(data, values, _PHOTOMETRIC) not in ("MONOCHROME1", "MONOCHROME2")
        or _text(data, values, _FRAMES, "1") != "1"
    ):
        raise ImageUnsupportedError("DICOS: only one grey frame is read, one file for each energy")
    relationship = _text(data, values, _RELATIONSHIP, "LIN")
    try:
        slope = float(_text(data, values, _SLOPE, "") or 1)
        intercept = float(_text(data, values, _INTERCEPT, "") or 0)
    except ValueError as error:
        raise ImageMalformedError("DICOS: rescale slope or intercept is no number") from error
    if relationship != "LIN" or (slope, intercept) != (1.0, 0.0):
        raise ImageUnsupportedError(
            f"DICOS: pixels of relationship {relationship!r}, slope {slope:g}, intercept {intercept:g} are "
            "not read; send values linear in intensity (LIN, slope 1, intercept 0)"
        )


def _is_inverted(data: bytes, values: Mapping[int, tuple[int, int]]) -> bool:
    """Say whether high values mean little transmission: by the sign, or else by how they are to be shown."""
    if _SIGN in values:
        return _number(data, values, _SIGN, "<h") < 0
    return _text(data, values, _PHOTOMETRIC) == "MONOCHROME1"


def _container_no(data: bytes, values: Mapping[int, tuple[int, int]]) -> str | None:
    """Return the id of the inspected object if that is cargo, without what no database keeps."""
    if _text(data, values, _OOI_TYPE, "") != "CARGO":
        return None
    if _text(data, values, _ISSUER, "") == ISSUER_OF_SCAN_IDS:
        return None
    text = _text(data, values, _PATIENT_ID, "")
    return "".join(c for c in text if c.isprintable()).strip() or None


def _modality(data: bytes, values: Mapping[int, tuple[int, int]]) -> Modality | None:
    """Return what was scanned: DICOS knows cargo and, for us, "other"; the study's description says which."""
    if _text(data, values, _OOI_TYPE, "") == "CARGO":
        return Modality.CARGO
    return find_modality(_text(data, values, _DESCRIPTION, ""))


def _text(data: bytes, values: Mapping[int, tuple[int, int]], tag: int, default: str | None = None) -> str:
    if tag not in values:
        if default is None:
            raise ImageMalformedError(f"DICOS: element ({tag >> 16:04x},{tag & 0xFFFF:04x}) is missing")
        return default
    start, length = values[tag]
    return data[start : start + length].decode("utf-8", errors="replace").strip(" \0")


def _number(data: bytes, values: Mapping[int, tuple[int, int]], tag: int, layout: str = "<H") -> int:
    start, length = values.get(tag, (0, 0))
    if length != 2:
        raise ImageMalformedError(
            f"DICOS: element ({tag >> 16:04x},{tag & 0xFFFF:04x}) is missing or no single number"
        )
    (value,) = struct.unpack_from(layout, data, start)
    return int(value)


class _Walker:
    """Walks the data elements of one file, each once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._n_left = MAX_ELEMENTS

    def top_level(self) -> dict[int, tuple[int, int]]:
        """Return where the wanted values of the outermost level start, and their lengths."""
        found: dict[int, tuple[int, int]] = {}
        position, last = SIGNATURE_AT + len(SIGNATURE), -1
        while position < len(self._data):
            tag, start, length, end = self._element(position, depth=0)
            if tag <= last:
                raise ImageMalformedError("DICOS: the elements are not in ascending order")
            if tag in _WANTED:
                if tag != _PIXELS and length > _MAX_VALUE_BYTES:
                    raise ImageMalformedError(f"DICOS: a value of {length} bytes is no header value")
                found[tag] = start, length
            position, last = end, tag
        return found

    def _element(self, position: int, *, depth: int) -> tuple[int, int, int, int]:
        """Return the tag of the element at ``position``, where its value starts, its length, its end."""
        self._count()
        group, number, length = self._unpack("<HH2xH", position)
        vr = self._data[position + 4 : position + 6]
        start = position + 8
        if vr in _LONG_VRS:
            (length,) = self._unpack("<I", position + 8)
            start = position + 12
        elif vr not in _SHORT_VRS:
            raise ImageMalformedError(f"DICOS: byte {position} begins no element of explicit type")
        tag = group << 16 | number
        if vr in _LONG_VRS and length == _UNDEFINED:
            if vr != b"SQ":
                raise ImageUnsupportedError("DICOS: compressed pixels are not read; send them uncompressed")
            return tag, start, length, self._skip_items(start, depth=depth + 1)
        return tag, start, length, self._inside(start + length)

    def _skip_items(self, position: int, *, depth: int) -> int:
        """Return where a sequence of undefined length ends."""
        if depth > MAX_DEPTH:
            raise ImageMalformedError(f"DICOS: sequences nest deeper than {MAX_DEPTH}")
        while True:
            self._count()
            tag, length = self._item(position)
            position += 8
            if tag == _SEQUENCE_END:
                return position
            if tag != _ITEM:
                raise ImageMalformedError("DICOS: a sequence holds something other than items")
            if length != _UNDEFINED:
                position = self._inside(position + length)
                continue
            while self._item(position)[0] != _ITEM_END:
                position = self._element(position, depth=depth)[3]
            position += 8

    def _item(self, position: int) -> tuple[int, int]:
        group, number, length = self._unpack("<HHI", position)
        return group << 16 | number, length

    def _count(self) -> None:
        self._n_left -= 1
        if self._n_left < 0:
            raise ImageMalformedError(f"DICOS: more than {MAX_ELEMENTS} elements")

    def _inside(self, end: int) -> int:
        if end > len(self._data):
            raise ImageMalformedError("DICOS: an element is longer than the file: send it again")
        return end

    def _unpack(self, layout: str, position: int) -> tuple[int, ...]:
        self._inside(position + struct.calcsize(layout))
        return struct.unpack_from(layout, self._data, position)
