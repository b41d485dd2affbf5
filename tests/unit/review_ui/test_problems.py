"""Every error that the review can answer with has a status."""

from collections.abc import Iterator

import pytest

from review_queue.errors import QueueError
from review_ui.errors import ReviewError
from review_ui.problems import STATUS_BY_CODE


def tree(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


@pytest.mark.parametrize(
    "error", [*tree(ReviewError), *tree(QueueError)], ids=lambda error: str(error.__name__)
)
def test_status_by_code__knows_every_error(error: type[Exception]) -> None:
    """An error without a status would answer 500 and look like a crash."""
    code = error.code  # type: ignore[attr-defined]
    assert code in STATUS_BY_CODE
    is_base = error in (ReviewError, QueueError)
    assert (STATUS_BY_CODE[code] >= 500) == is_base


def test_codes__are_distinct() -> None:
    """One code, one situation."""
    codes = [error.code for error in (*tree(ReviewError), *tree(QueueError))]  # type: ignore[attr-defined]
    assert len(set(codes)) == len(codes)
