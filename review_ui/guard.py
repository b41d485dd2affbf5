"""The door of every route of the review API: CSRF, session, role, in that order, before anything is read.

A route states who may call it (``@allow(...)``) or that anybody may (``@public``); one that states neither is
refused when the router is built. A ``@light`` route skips FastAPI's dependency solving and response
validation, a third of the CPU time of such a request; its signature still describes it in OpenAPI.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from review_queue.errors import RoleNotAllowedError
from review_ui.errors import NotLoggedInError
from review_ui.schemas import Role
from review_ui.security import check_csrf
from review_ui.sessions import COOKIE, Session, SessionStore

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
MAX_DIGITS = 40
ModelT = TypeVar("ModelT", bound=BaseModel)


def allow(*roles: Role, is_activity: bool = True) -> Callable[[Endpoint], Endpoint]:
    """Let only accounts of these roles in.

    Args:
        roles: Who may call.
        is_activity: Whether a person causes such requests; see ``SessionStore.find``.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["allowed_roles"] = frozenset(roles)
        endpoint.__dict__["is_activity"] = is_activity
        return endpoint

    return mark


def public(endpoint: Endpoint) -> Endpoint:
    """Let anybody in, logged in or not."""
    endpoint.__dict__["allowed_roles"] = None
    return endpoint


def light(endpoint: Endpoint) -> Endpoint:
    """Call the endpoint as ``endpoint(request, **path_params)``, or with ``body=`` if it takes one.

    Path parameters are numbers; ``body`` is annotated with its model. The endpoint returns a ``Response``.
    """
    endpoint.__dict__["is_light"] = True
    return endpoint


def guarded_route(sessions: SessionStore) -> type[APIRoute]:
    """Return the route class that guards with these sessions."""

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            marks = self.endpoint.__dict__
            if "allowed_roles" not in marks:
                raise TypeError(f"{self.path} does not state who may call it: use @allow or @public")
            roles: frozenset[Role] | None = marks["allowed_roles"]
            is_activity: bool = marks.get("is_activity", True)
            handler = _light_handler(self.endpoint) if marks.get("is_light") else super().get_route_handler()

            async def guarded(request: Request) -> Response:
                check_csrf(request)
                if roles is not None:
                    await _admit(request, sessions, roles, is_activity=is_activity)
                return await handler(request)

            return guarded

    return GuardedRoute


def session_of(request: Request) -> Session:
    """Return the session that the guard has admitted."""
    session: Session = request.state.session
    return session


async def read_json(request: Request, model: type[ModelT]) -> ModelT:
    """Return a light route's body.

    Raises:
        RequestValidationError: As FastAPI would, if the body is not one of ``model``.
    """
    body = await request.body()
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors(include_url=False)]
        raise RequestValidationError(faults) from None


def json_response(model: BaseModel, *, status: int = 200) -> Response:
    """Return a model as JSON without validating it again."""
    body = model.__pydantic_serializer__.to_json(model)
    return Response(body, status_code=status, media_type="application/json")


async def _admit(
    request: Request, sessions: SessionStore, roles: frozenset[Role], *, is_activity: bool
) -> None:
    token = request.cookies.get(COOKIE)
    session = await sessions.find(token, is_activity=is_activity) if token else None
    if session is None:
        raise NotLoggedInError("no session, or one that has ended; log in")
    account = session.account
    if account.role not in roles:
        raise RoleNotAllowedError(
            f"account {account.login!r} is {account.role}; this is for {_listed(roles)}"
        )
    request.state.session = session
    structlog.contextvars.bind_contextvars(account_id=account.account_id)


def _light_handler(endpoint: Callable[..., Awaitable[Response]]) -> Handler:
    body_model: type[BaseModel] | None = endpoint.__annotations__.get("body")

    async def handle(request: Request) -> Response:
        return await endpoint(request, **_numbers(request.path_params))

    async def handle_body(request: Request) -> Response:
        assert body_model is not None
        return await endpoint(request, body=await read_json(request, body_model))

    return handle if body_model is None else handle_body


def _numbers(path_params: dict[str, str]) -> dict[str, int]:
    for name, text in path_params.items():
        if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
            raise HTTPException(404, f"{name} is a number")
    return {name: int(text) for name, text in path_params.items()}


def _listed(roles: frozenset[Role]) -> str:
    return " or ".join(sorted(roles))
