"""The short way to the routes of the review itself: one look-up instead of the router's walk.

Next, prefetch, decide, heartbeat and pause are asked for all day by everybody. Their handlers and guards are
those of the router, which also describes them; only the layers between are left out.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review_ui.guard import Handler
from review_ui.security import RAW_API_HEADERS, security_headers

HOT_PREFIX = "/api/v1/review/"
AnswerError = Callable[[Request, Exception], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class HotRoute:
    """A guarded handler, and the largest body it is sent."""

    handle: Handler
    max_body_bytes: int


def find_hot_routes(router: APIRouter) -> dict[str, HotRoute]:
    """Return the light routes below ``/review/`` that are posted to, by path."""
    return {
        route.path: HotRoute(
            handle=route.get_route_handler(), max_body_bytes=route.max_body_size or router.max_body_size or 0
        )
        for route in router.routes
        if isinstance(route, APIRoute)
        and route.methods == {"POST"}
        and route.path.startswith(HOT_PREFIX)
        and "{" not in route.path
        and route.endpoint.__dict__.get("is_light")
    }


class HotRoutes:
    """An ASGI application that answers the hot routes itself and leaves everything else to another one."""

    def __init__(self, app: ASGIApp, *, routes: Mapping[str, HotRoute], answer_error: AnswerError) -> None:
        """Take the hot routes.

        Args:
            app: Everything else.
            routes: From ``find_hot_routes``.
            answer_error: Turns any error into its answer.
        """
        self._app = app
        self._routes = routes
        self._answer_error = answer_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = None
        if scope["type"] == "http" and scope["method"] == "POST":
            route = self._routes.get(scope["path"])
        if route is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, _limited(receive, route.max_body_bytes))
        try:
            response = await route.handle(request)
        except Exception as error:  # noqa: BLE001  the outermost place of such a request
            response = await self._answer_error(request, error)
        response.raw_headers.extend(security_headers(scope, RAW_API_HEADERS))
        await response(scope, receive, send)


def _limited(receive: Receive, max_bytes: int) -> Receive:
    """Refuse a body as soon as more of it has come than is allowed."""
    n_bytes = 0

    async def receive_limited() -> Message:
        nonlocal n_bytes
        message = await receive()
        n_bytes += len(message.get("body", b""))
        if n_bytes > max_bytes:
            raise HTTPException(413, f"the body is larger than {max_bytes} bytes")
        return message

    return receive_limited
