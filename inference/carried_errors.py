"""Errors of a job that another process did: they cross as code and message, and are raised here again."""

from collections.abc import Iterator

from inference.errors import EngineError, InferenceError, ModelNotServedError, RequestError
from models.errors import ModelError
from scans.errors import ScanError

CARRIED = (ScanError, ModelError, EngineError, RequestError, ModelNotServedError)
"""What a job may end with, each with all of its kinds."""


def rebuild_error(code: str, message: str) -> Exception:
    """Return the error that a code stands for."""
    return _BY_CODE.get(code, InferenceError)(message)


def _with_kinds(base: type[Exception]) -> Iterator[type[Exception]]:
    yield base
    for kind in base.__subclasses__():
        yield from _with_kinds(kind)


_BY_CODE: dict[str, type[Exception]] = {
    getattr(error, "code"): error  # noqa: B009 the trees share no base that has it
    for base in CARRIED
    for error in _with_kinds(base)
}
