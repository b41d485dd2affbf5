"""Domain errors become RFC 9457 problem responses, at one place for every route.

The domain raises errors with a stable ``code`` and never mentions HTTP. Each web edge owns the
table of its codes (``inference.problems``, ``review_ui.problems``); here they are joined and
installed. A code without a status is a bug of ours: it answers 500 and a test finds it.
"""

from collections.abc import Awaitable, Callable

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

import inference.problems
import review_ui.problems
from app.problem_response import domain_headers, problem
from inference.errors import InferenceError
from models.errors import ModelError
from review_queue.errors import QueueError
from review_ui.errors import ReviewError
from scans.errors import ScanError

log = structlog.get_logger()

DOMAIN_ERRORS = (InferenceError, ReviewError, QueueError, ScanError, ModelError)
STATUS_BY_CODE: dict[str, int] = {
    **inference.problems.STATUS_BY_CODE,
    **review_ui.problems.STATUS_BY_CODE,
}
DATABASE_AWAY = (asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, OSError)


ON_PROBLEM = "shenxiang.on_problem"  # where a request's scope may hold whom to tell code and status
PROTOCOL_PATHS = "/v2"  # of the inference protocol


def _answer(
    request: Request, status: int, code: str, detail: str, *, headers: dict[str, str] | None = None
) -> Response:
    """Build the answer to one request, and tell whoever counts.

    Clients of the inference protocol read ``error``; elsewhere there is no such member.
    """
    if (on_problem := request.scope.get(ON_PROBLEM)) is not None:
        on_problem(code, status)
    is_protocol = request.scope["path"].startswith(PROTOCOL_PATHS)
    return problem(status, code, detail, headers=headers, members={"error": detail} if is_protocol else {})


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of ``app`` a problem response."""
    for error_type, answer in ANSWERS.items():
        app.add_exception_handler(error_type, answer)
    app.add_exception_handler(Exception, _unexpected)


async def answer_error(request: Request, error: Exception) -> Response:
    """Return the problem response of any error, for what is answered outside an application."""
    for error_type in type(error).__mro__:
        if error_type in ANSWERS:
            return await ANSWERS[error_type](request, error)
    return await _unexpected(request, error)


async def _domain_error(request: Request, error: Exception) -> Response:
    code: str = getattr(error, "code", "internal_error")
    status = STATUS_BY_CODE.get(code, 500)
    if status >= 500:
        log.error("request_failed", code=code, path=request.url.path, error=str(error))
    return _answer(request, status, code, str(error), headers=domain_headers(error))


async def _database_away(request: Request, error: Exception) -> Response:
    log.error("database_unavailable", path=request.url.path, error=repr(error))
    return _answer(
        request,
        503,
        "database_unavailable",
        "The database does not answer; try again.",
        headers={"Retry-After": "2"},
    )


async def _request_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in jsonable_encoder(error.errors(), exclude={"ctx", "input"})
    ]
    return _answer(request, 422, "request_invalid", "; ".join(faults)[:2000])


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return _answer(request, error.status_code, code, str(error.detail), headers=dict(error.headers or {}))


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request_crashed", path=request.url.path, exc_info=error)
    return _answer(request, 500, "internal_error", "The server failed on this request; it has been logged.")


ANSWERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    **dict.fromkeys(DOMAIN_ERRORS, _domain_error),
    **dict.fromkeys(DATABASE_AWAY, _database_away),
    RequestValidationError: _request_invalid,
    HTTPException: _http_error,
}
"""How each known error is answered."""
