"""Multipart forms: parts come out as sent, whatever the pieces, and limits hold part by part."""

from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import BodyTooLargeError, MultipartMalformedError
from inference.multipart import FormReader, boundary_of


def form(files: list[tuple[str, bytes]]) -> tuple[bytes, str]:
    """A form as httpx writes it: body and content type."""
    request = httpx.Request("POST", "http://x/", files=[(name, ("f", data)) for name, data in files])
    return request.read(), request.headers["content-type"]


def reader(content_type: str, *, max_parts: int = 4) -> FormReader:
    """A reader with small limits."""
    boundary = boundary_of(content_type)
    assert boundary is not None
    return FormReader(boundary, max_parts=max_parts, max_scan_bytes=50, max_file_bytes=200)


def read_all(body: bytes) -> None:
    """Read a whole body with boundary ``x``."""
    parser = reader("multipart/form-data; boundary=x")
    parser.write(body)
    parser.finish()


@given(
    st.lists(
        st.tuples(st.sampled_from(["scan", "high", "照片"]), st.binary(max_size=50)), min_size=1, max_size=4
    ),
    st.integers(1, 64),
)
def test_reader__parts_come_out_as_sent(files: list[tuple[str, bytes]], piece: int) -> None:
    """However the body is cut up on its way, names and bytes are what was sent."""
    body, content_type = form(files)
    parser = reader(content_type)
    for start in range(0, len(body), piece):
        parser.write(body[start : start + piece])
    assert [(part.name, part.data) for part in parser.finish()] == files


@pytest.mark.parametrize(("name", "size"), [("scan", 51), ("high", 201)])
def test_reader__part_over_its_limit_is_refused(name: str, size: int) -> None:
    """The description and the files have limits of their own."""
    body, content_type = form([(name, b"x" * size)])
    with pytest.raises(BodyTooLargeError):
        reader(content_type).write(body)


def test_reader__too_many_parts_are_refused() -> None:
    """A form cannot be made of ever more parts."""
    body, content_type = form([("high", b"")] * 5)
    with pytest.raises(MultipartMalformedError):
        reader(content_type).write(body)


@pytest.mark.parametrize("body", [b"", b"hello", b"--x\r\n", b"--x\r\n\r\nno name\r\n--x--\r\n"])
def test_reader__unsound_form_is_the_senders_fault(body: bytes) -> None:
    """What is no form, or no whole form, gives our error."""
    with pytest.raises(MultipartMalformedError):
        read_all(body)


@given(st.binary(max_size=200))
def test_reader__random_bytes_raise_nothing_else(body: bytes) -> None:
    """Untrusted bytes cannot reach an error of ours."""
    with suppress(MultipartMalformedError, BodyTooLargeError):
        read_all(b"--x\r\n" + body)


def test_boundary_of__other_types_are_none() -> None:
    """JSON is not a form."""
    assert boundary_of("application/json") is None
    assert boundary_of("") is None


@pytest.mark.parametrize("content_type", ["multipart/form-data", 'multipart/form-data; boundary=""'])
def test_boundary_of__form_without_a_boundary_is_refused(content_type: str) -> None:
    """A form that does not say where its parts end cannot be read."""
    with pytest.raises(MultipartMalformedError):
        boundary_of(content_type)
