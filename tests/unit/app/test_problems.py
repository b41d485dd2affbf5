"""Every domain error has a stable code and a status; the two edges' tables agree."""

from collections.abc import Iterator

import pytest

import inference.problems
import review_ui.problems
from app.problems import DOMAIN_ERRORS, STATUS_BY_CODE


def all_subclasses(root: type[Exception]) -> Iterator[type[Exception]]:
    """The tree below and including ``root``."""
    yield root
    for child in root.__subclasses__():
        yield from all_subclasses(child)


ERRORS = [error for root in DOMAIN_ERRORS for error in all_subclasses(root)]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_error__has_a_status(error: type[Exception]) -> None:
    """A code without a status would answer 500 by accident."""
    assert error.code in STATUS_BY_CODE  # type: ignore[attr-defined]


def test_tables__agree_where_they_meet() -> None:
    """A code in both tables has one status."""
    both = inference.problems.STATUS_BY_CODE.keys() & review_ui.problems.STATUS_BY_CODE.keys()
    assert {c: inference.problems.STATUS_BY_CODE[c] for c in both} == {
        c: review_ui.problems.STATUS_BY_CODE[c] for c in both
    }
