"""Reads a multipart form as it arrives, with limits per part; nothing is written to disk on the way.

The framework's own form parser spools to temporary files without a limit on the whole body, which a
station whose disk budget we do not control could use to fill ours.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from inference.errors import BodyTooLargeError, MultipartMalformedError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

SCAN_PART = "scan"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a form."""

    name: str
    data: bytes


@dataclass(kw_only=True)
class _OpenPart:
    name: str = ""
    header_name: bytearray = field(default_factory=bytearray)
    header_value: bytearray = field(default_factory=bytearray)
    data: bytearray = field(default_factory=bytearray)


def boundary_of(content_type: str) -> bytes | None:
    """Return the boundary that a multipart/form-data content type names; None for other types.

    Raises:
        MultipartMalformedError: multipart/form-data without a boundary.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return None
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 200:
        raise MultipartMalformedError("multipart/form-data needs a boundary of 1 to 200 characters.")
    return boundary


class FormReader:
    """Collects the parts of one form; feed it with ``write`` and end with ``finish``.

    Args:
        boundary: From ``boundary_of``.
        max_parts: Most parts.
        max_scan_bytes: Largest part named ``scan``.
        max_file_bytes: Largest other part.
    """

    def __init__(self, boundary: bytes, *, max_parts: int, max_scan_bytes: int, max_file_bytes: int) -> None:
        self._max_parts = max_parts
        self._max_scan_bytes = max_scan_bytes
        self._max_file_bytes = max_file_bytes
        self._parts: list[Part] = []
        self._open: _OpenPart | None = None
        self._ended = False
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin_part,
            "on_header_field": lambda data, start, end: self._part().header_name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._part().header_value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._check_name,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end_form,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)
        except FormParserError as error:
            raise _malformed(error) from error

    def write(self, data: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            MultipartMalformedError: It is no sound form, or has too many parts.
            BodyTooLargeError: A part is over its limit.
        """
        if not data:
            return
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _malformed(error) from error

    def finish(self) -> list[Part]:
        """Return the parts in the order they came.

        Raises:
            MultipartMalformedError: The closing boundary is missing.
        """
        if not self._ended:
            raise MultipartMalformedError("The multipart body ends before its closing boundary.")
        return self._parts

    def _part(self) -> _OpenPart:
        assert self._open is not None  # the parser reports a part's beginning first
        return self._open

    def _begin_part(self) -> None:
        if len(self._parts) >= self._max_parts:
            raise MultipartMalformedError(f"A scan has at most {self._max_parts} parts.")
        self._open = _OpenPart()

    def _end_header(self) -> None:
        part = self._part()
        if part.header_name.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(part.header_value))
            part.name = options.get(b"name", b"").decode("utf-8", "replace")
        part.header_name.clear()
        part.header_value.clear()

    def _check_name(self) -> None:
        if not self._part().name:
            raise MultipartMalformedError("Every part needs a Content-Disposition with a name.")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part()
        limit = self._max_scan_bytes if part.name == SCAN_PART else self._max_file_bytes
        if len(part.data) + end - start > limit:
            raise BodyTooLargeError(f"Part '{part.name[:40]}' is longer than the limit of {limit} bytes.")
        part.data += memoryview(data)[start:end]

    def _end_part(self) -> None:
        part = self._part()
        self._parts.append(Part(name=part.name, data=bytes(part.data)))
        self._open = None

    def _end_form(self) -> None:
        self._ended = True


def _malformed(error: Exception) -> MultipartMalformedError:
    return MultipartMalformedError(f"The multipart body is malformed: {error}")
