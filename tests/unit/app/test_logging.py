"""What does not belong in the log."""

import logging
from collections.abc import Iterator

import pytest

from app.logging import configure_logging
from benchmarks.fuzz.cases import Cases
from benchmarks.fuzz.targets import feed


@pytest.fixture
def multipart_level() -> Iterator[None]:
    """Leave the form parser's logger as it was."""
    logger = logging.getLogger("python_multipart")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.mark.usefixtures("multipart_level")
def test_configure_logging__malformed_forms_write_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A sender of malformed forms cannot fill the log: the parser's own warnings are left out."""
    configure_logging(as_json=True)
    cases = Cases(1, ["multipart"])
    for number in range(100):
        feed("multipart", cases.make(number).data)
    assert capsys.readouterr().err == ""
