"""The live figures: the supervisor's board and the reviewer's header, by request and as events."""

from collections.abc import AsyncGenerator, Awaitable, Callable

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from review_ui.board import GlanceFeed
from review_ui.event_stream import EventStreamResponse, NextValue, events
from review_ui.feeds import AWAY, Feed
from review_ui.guard import allow, json_response, light, session_of
from review_ui.schemas import BoardOut, QueueGlance
from review_ui.sessions import COOKIE, SessionStore


def _stream(name: str, model: type[BaseModel]) -> dict[int | str, dict[str, object]]:
    description = f"Server-sent events named `{name}`, each with a {model.__name__} as JSON"
    return {200: {"description": description, "content": {"text/event-stream": {}}}}


class EventRoutes:
    """``/board``, ``/review/glance`` and their event streams."""

    def __init__(
        self,
        *,
        board: Feed[BoardOut],
        glances: GlanceFeed,
        sessions: SessionStore,
        keepalive_s: float,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._board = board
        self._glances = glances
        self._sessions = sessions
        self._keepalive_s = keepalive_s
        self._is_stopping = is_stopping

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.get("/board", response_model=BoardOut)(self.board)
        router.get("/board/events", response_class=Response, responses=_stream("board", BoardOut))(
            self.board_events
        )
        router.get("/review/glance", response_model=QueueGlance)(self.glance)
        router.get("/review/events", response_class=Response, responses=_stream("glance", QueueGlance))(
            self.glance_events
        )

    @light
    @allow("supervisor")
    async def board(self, request: Request) -> Response:
        """Return the board, at most one refresh old."""
        return json_response(await self._board.current())

    @light
    @allow("supervisor", is_activity=False)
    async def board_events(self, request: Request) -> Response:
        """Send the board whenever it is counted."""
        return EventStreamResponse(self._board_stream(self._still_logged_in(request)))

    @light
    @allow("reviewer", "supervisor", is_activity=False)
    async def glance(self, request: Request) -> Response:
        """Return the figures in this reviewer's header."""
        return json_response(await self._glances.of(session_of(request).account.account_id))

    @light
    @allow("reviewer", "supervisor", is_activity=False)
    async def glance_events(self, request: Request) -> Response:
        """Send the figures in this reviewer's header whenever they change."""
        account_id = session_of(request).account.account_id
        return EventStreamResponse(self._glance_stream(account_id, self._still_logged_in(request)))

    async def _board_stream(self, is_allowed: Callable[[], Awaitable[bool]]) -> AsyncGenerator[bytes, None]:
        async with self._board.watch() as watch:
            async for chunk in self._events("board", watch.next, is_allowed):
                yield chunk

    async def _glance_stream(
        self, account_id: int, is_allowed: Callable[[], Awaitable[bool]]
    ) -> AsyncGenerator[bytes, None]:
        last: QueueGlance | None = None

        async def next_change(timeout_s: float) -> QueueGlance | None:
            nonlocal last
            self._glances.keep(account_id)
            glance = (await watch.next(timeout_s) or {}).get(account_id)
            if glance is None or glance == last:
                return None
            last = glance
            return glance

        async with self._glances.feed.watch() as watch:
            async for chunk in self._events("glance", next_change, is_allowed):
                yield chunk

    def _events(
        self, name: str, next_value: NextValue, is_allowed: Callable[[], Awaitable[bool]]
    ) -> AsyncGenerator[bytes, None]:
        return events(
            name,
            next_value,
            is_allowed=is_allowed,
            keepalive_s=self._keepalive_s,
            is_stopping=self._is_stopping,
        )

    def _still_logged_in(self, request: Request) -> Callable[[], Awaitable[bool]]:
        token = request.cookies.get(COOKIE, "")

        async def is_allowed() -> bool:
            try:
                return await self._sessions.find(token, is_activity=False) is not None
            except AWAY:
                return False  # the page comes back, and finds out

        return is_allowed
