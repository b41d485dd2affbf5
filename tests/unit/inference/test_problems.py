"""Every error that a station can meet has a status, and bad input is never a failure of ours."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.errors import InferenceError, RequestError
from inference.problems import STATUS_BY_CODE
from models.errors import ModelError
from scans.errors import (
    ChannelsDifferError,
    DigestMismatchError,
    ImageMalformedError,
    ImageTooLargeError,
    ImageUndecodableError,
    ImageUnsupportedError,
    ScanError,
)

SENDERS_FAULTS = (
    RequestError,
    ImageMalformedError,
    ImageUnsupportedError,
    ImageTooLargeError,
    ImageUndecodableError,
    ChannelsDifferError,
    DigestMismatchError,
)


def tree(root: type[Exception]) -> Iterator[type[Exception]]:
    """A class and everything below it."""
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


@pytest.mark.parametrize(
    "error",
    [e for root in (InferenceError, ScanError, ModelError) for e in tree(root)],
    ids=lambda e: e.__name__,
)
def test_status__every_error_has_one(error: type[InferenceError]) -> None:
    """A code without a status would answer 500 by accident."""
    assert STATUS_BY_CODE[error.code] >= 400


@pytest.mark.parametrize(
    "error", [e for root in SENDERS_FAULTS for e in tree(root)], ids=lambda e: e.__name__
)
def test_status__senders_fault_is_4xx(error: type[RequestError]) -> None:
    """Bad input must not look like a failure of ours, or it would be retried for ever."""
    assert 400 <= STATUS_BY_CODE[error.code] < 500


@pytest.mark.parametrize("error", list(tree(InferenceError)), ids=lambda e: e.__name__)
def test_code__is_its_own(error: type[InferenceError]) -> None:
    """No class forgets to name its code and passes under its parent's."""
    assert "code" in vars(error)


def test_reference__errors_are_listed_with_their_status() -> None:
    """The pages that senders read say what the server does."""
    reference = Path(__file__).parents[3] / "docs" / "reference"
    pages = [(reference / name).read_text(encoding="utf-8") for name in ("intake-api.md", "inference-v2.md")]
    listed = {
        code: int(status)
        for page in pages
        for status, codes in re.findall(r"^\| (\d{3}) \| (.+?) \|", page, flags=re.MULTILINE)
        for code in re.findall(r"`(\w+)`", codes)
    }
    assert len(listed) > 20
    assert {code: STATUS_BY_CODE[code] for code in listed} == listed
    senders = {vars(e)["code"] for root in SENDERS_FAULTS for e in tree(root)}
    assert senders - {"request_error"} <= listed.keys()
