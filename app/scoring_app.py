"""The web application of ``shenxiang serve-model``: an image in, its findings out, nothing stored.

Written against ASGI itself: on a model of a millisecond, a web framework costs more than a tenth of the
request. The key first, then the limits, and only then the body.
"""

import re
from collections.abc import Awaitable, Callable

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.bearer_token import carries_token
from app.problem_response import domain_headers, problem
from inference.errors import InferenceError, StationKeyInvalidError
from inference.problems import STATUS_BY_CODE
from inference.receive import ByteBudget, Pace, declared_length, receive_body
from inference.score_children import ScoreChildren
from models.errors import ModelError
from scans.errors import ScanError

log = structlog.get_logger()

JSON_HEADERS = (b"content-type", b"application/json")
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])")


class ScoringApp:
    """``POST /v1/findings``, ``GET /v2/health/live`` and ``…/ready``. docs/reference/serve-model.md.

    Args:
        children: Score the files; started by the caller.
        max_bytes: Of one body.
        in_flight_bytes: Of all bodies in hand; one sender has at most half.
        pace: How bodies have to arrive.
        wait_s: How long a sender that does not say otherwise (``Prefer: wait=SECONDS``) waits.
        key: Bearer token that senders need, if any.
    """

    def __init__(
        self,
        children: ScoreChildren,
        *,
        max_bytes: int,
        in_flight_bytes: int,
        pace: Pace,
        wait_s: float,
        key: str | None,
    ) -> None:
        self._children = children
        self._max_bytes = max_bytes
        self._budget = ByteBudget(in_flight_bytes)
        self._pace = pace
        self._wait_s = wait_s
        self._key = key
        self._routes: dict[tuple[str, str], Callable[[Request], Awaitable[tuple[int, bytes]]]] = {
            ("POST", "/v1/findings"): self._score,
            ("GET", "/v2/health/live"): self._tell_live,
            ("GET", "/v2/health/ready"): self._tell_ready,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        route = self._routes.get((scope["method"], scope["path"]))
        try:
            if route is None:
                await problem(404, "not_found", "There is no such route.")(scope, receive, send)
                return
            status, body = await route(request)
        except (InferenceError, ModelError, ScanError) as error:
            await _explain(error)(scope, receive, send)
            return
        except Exception:
            log.exception("request_crashed", path=scope["path"])
            detail = "The server failed on this request; it has been logged."
            await problem(500, "internal_error", detail)(scope, receive, send)
            return
        headers = [JSON_HEADERS, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _score(self, request: Request) -> tuple[int, bytes]:
        self._check_key(request)
        length = declared_length(request, max_bytes=self._max_bytes)
        sender = request.client.host if request.client else ""
        parts: list[bytes] = []
        wait_s = self._patience(request)
        # Before the body, and again with it: those still sending must not shut out those who have sent.
        self._children.check_room(wait_s=wait_s)
        with self._budget.reserve(length, owner=sender):
            await receive_body(request, max_bytes=self._max_bytes, pace=self._pace, sink=parts.append)
            with self._children.admit(wait_s=wait_s):
                return 200, await self._children.score(parts)

    def _check_key(self, request: Request) -> None:
        if self._key is not None and not carries_token(request, self._key):
            raise StationKeyInvalidError("Send this server's key as a Bearer token.")

    def _patience(self, request: Request) -> float:
        """Return how long the sender waits, by RFC 7240."""
        found = _WAIT.search(request.headers.get("prefer", ""))
        return float(found[1]) if found else self._wait_s

    async def _tell_live(self, _request: Request) -> tuple[int, bytes]:
        return 200, orjson.dumps({"status": "live"})

    async def _tell_ready(self, _request: Request) -> tuple[int, bytes]:
        is_ready = self._children.is_ready
        return (200 if is_ready else 503), orjson.dumps({"status": "ready" if is_ready else "not_ready"})


def _explain(error: InferenceError | ModelError | ScanError) -> Response:
    status = STATUS_BY_CODE[error.code]
    if status >= 500:
        log.error("request_failed", code=error.code, error=str(error))
    return problem(status, error.code, str(error), headers=domain_headers(error))
