"""The web application of ``shenxiang serve-model``: an image or a tensor in, what the model says out.

Written against ASGI itself: on a model of a millisecond, a web framework costs more than a tenth of the
request. The key first, then the limits, and only then the body.
"""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple, TypeVar

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.bearer_token import carries_token
from app.problem_response import domain_headers, problem
from inference.errors import InferenceError, ModelNotReadyError, StationKeyInvalidError
from inference.problems import STATUS_BY_CODE
from inference.protocol_http import answer_headers, describe_server, json_length
from inference.receive import ByteBudget, Pace, declared_length, receive_body
from inference.score_children import ScoreChildren
from models.errors import ModelError
from scans.errors import ScanError

log = structlog.get_logger()

JSON_HEADERS = ((b"content-type", b"application/json"),)
MAX_JSON_BYTES = 8 * 1024 * 1024
PROTOCOL_PATHS = "/v2"
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])")
_MODEL = re.compile(r"/v2/models/(?P<model>[^/]+)(/versions/(?P<version>[^/]+))?(?P<what>/ready|/infer)?")


class Answer(NamedTuple):
    """What a request gets."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = JSON_HEADERS


T = TypeVar("T")
Route = Callable[[Request], Awaitable[Answer]]


class ScoringApp:
    """``POST /v1/findings`` and ``/v2``, the inference protocol. docs/reference/serve-model.md.

    Args:
        children: Score the files; started by the caller.
        max_bytes: Of one body.
        in_flight_bytes: Of all bodies in hand; one sender has at most half.
        pace: How bodies have to arrive.
        wait_s: How long a sender that does not say otherwise (``Prefer: wait=SECONDS``) waits.
        key: Bearer token that senders need, if any.
        version: The program's.
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
        version: str,
    ) -> None:
        self._children = children
        self._max_bytes = max_bytes
        self._budget = ByteBudget(in_flight_bytes)
        self._pace = pace
        self._wait_s = wait_s
        self._key = key
        self._version = version
        self._routes: dict[tuple[str, str], Route] = {
            ("POST", "/v1/findings"): self._score,
            ("GET", "/v2/health/live"): self._tell_live,
            ("GET", "/v2/health/ready"): self._tell_ready,
            ("GET", "/v2"): self._describe_server,
        }
        self._model_routes: dict[tuple[str, str | None], Callable[..., Awaitable[Answer]]] = {
            ("GET", None): self._describe_model,
            ("GET", "/ready"): self._describe_model,
            ("POST", "/infer"): self._infer,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        route = self._find_route(scope["method"], scope["path"])
        try:
            if route is None:
                await problem(404, "not_found", "There is no such route.")(scope, receive, send)
                return
            answer = await route(request)
        except (InferenceError, ModelError, ScanError) as error:
            await _explain(error, request)(scope, receive, send)
            return
        except Exception:
            log.exception("request_crashed", path=scope["path"])
            detail = "The server failed on this request; it has been logged."
            await problem(500, "internal_error", detail)(scope, receive, send)
            return
        headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _find_route(self, method: str, path: str) -> Route | None:
        route = self._routes.get((method, path))
        if route is not None or (found := _MODEL.fullmatch(path)) is None:
            return route
        of_model = self._model_routes.get((method, found["what"]))
        return of_model and partial(of_model, model=found["model"], version=found["version"])

    async def _score(self, request: Request) -> Answer:
        self._check_key(request)
        return Answer(200, await self._with_body(request, self._children.score))

    async def _infer(self, request: Request, *, model: str, version: str | None) -> Answer:
        self._check_key(request)
        header_bytes = json_length(request, max_bytes=MAX_JSON_BYTES)
        ask = partial(self._children.infer, model=model, version=version, header_bytes=header_bytes)
        max_bytes = MAX_JSON_BYTES if header_bytes is None else self._max_bytes
        body, answer_bytes = await self._with_body(request, ask, max_bytes=max_bytes)
        headers = answer_headers(answer_bytes).items()
        return Answer(200, body, tuple((name.encode(), value.encode()) for name, value in headers))

    async def _with_body(
        self, request: Request, ask: Callable[[list[bytes]], Awaitable[T]], *, max_bytes: int | None = None
    ) -> T:
        """Receive a body within all limits, and have a child work on it."""
        max_bytes = self._max_bytes if max_bytes is None else max_bytes
        length = declared_length(request, max_bytes=max_bytes)
        sender = request.client.host if request.client else ""
        parts: list[bytes] = []
        wait_s = self._patience(request)
        # Before the body, and again with it: those still sending must not shut out those who have sent.
        self._children.check_room(wait_s=wait_s)
        with self._budget.reserve(length, owner=sender):
            await receive_body(request, max_bytes=max_bytes, pace=self._pace, sink=parts.append)
            self._children.check_room(wait_s=wait_s)
            return await ask(parts)

    def _check_key(self, request: Request) -> None:
        if self._key is not None and not carries_token(request, self._key):
            raise StationKeyInvalidError("Send this server's key as a Bearer token.")

    def _patience(self, request: Request) -> float:
        """Return how long the sender waits, by RFC 7240."""
        found = _WAIT.search(request.headers.get("prefer", ""))
        return float(found[1]) if found else self._wait_s

    async def _describe_server(self, request: Request) -> Answer:
        self._check_key(request)
        return Answer(200, orjson.dumps(describe_server(self._version)))

    async def _describe_model(self, request: Request, *, model: str, version: str | None) -> Answer:
        self._check_key(request)
        if not self._children.is_ready:
            raise ModelNotReadyError("No model is loaded yet; try again.")
        return Answer(200, await self._children.describe(model, version))

    async def _tell_live(self, _request: Request) -> Answer:
        return Answer(200, orjson.dumps({"status": "live"}))

    async def _tell_ready(self, _request: Request) -> Answer:
        is_ready = self._children.is_ready
        return Answer(
            200 if is_ready else 503, orjson.dumps({"status": "ready" if is_ready else "not_ready"})
        )


def _explain(error: InferenceError | ModelError | ScanError, request: Request) -> Response:
    status, detail = STATUS_BY_CODE[error.code], str(error)
    if status >= 500:
        log.error("request_failed", code=error.code, error=detail)
    members = {"error": detail} if request.scope["path"].startswith(PROTOCOL_PATHS) else {}
    return problem(status, error.code, detail, headers=domain_headers(error), members=members)
