"""The live figures: the supervisor's board and the reviewer's header, by request and as events."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from review_ui.board import Glances
from review_ui.event_stream import EventStreamResponse, NextFrame, events, frame
from review_ui.feeds import AWAY, Feed
from review_ui.guard import allow, json_response, light, session_of
from review_ui.schemas import BoardOut, QueueGlance
from review_ui.sessions import Session, SessionStore


def _stream(name: str, model: type[BaseModel]) -> dict[int | str, dict[str, object]]:
    description = f"Server-sent events named `{name}`, each with a {model.__name__} as JSON"
    return {200: {"description": description, "content": {"text/event-stream": {}}}}


class EventRoutes:
    """``/board``, ``/review/glance`` and their event streams."""

    def __init__(
        self,
        *,
        board: Feed[BoardOut],
        glances: Feed[Glances],
        sessions: SessionStore,
        keepalive_s: float,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._board = board
        self._glances = glances
        self._watchers = WatcherSessions(sessions, period_s=keepalive_s / 3)
        self._keepalive_s = keepalive_s
        self._is_stopping = is_stopping
        self._last_frame: tuple[BoardOut | None, bytes] = (None, b"")

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
        return EventStreamResponse(self._board_stream(session_of(request)))

    @light
    @allow("reviewer", "supervisor", is_activity=False)
    async def glance(self, request: Request) -> Response:
        """Return the figures in this reviewer's header."""
        glances = await self._glances.current()
        return json_response(glances.of(session_of(request).account.account_id))

    @light
    @allow("reviewer", "supervisor", is_activity=False)
    async def glance_events(self, request: Request) -> Response:
        """Send the figures in this reviewer's header whenever they change."""
        return EventStreamResponse(self._glance_stream(session_of(request)))

    async def _board_stream(self, session: Session) -> AsyncGenerator[bytes, None]:
        with self._watchers.counted(session):
            async with self._board.watch() as watch:

                async def next_board(timeout_s: float) -> bytes | None:
                    board = await watch.next(timeout_s)
                    return None if board is None else self._board_frame(board)

                async for chunk in self._events(next_board, session):
                    yield chunk

    def _board_frame(self, board: BoardOut) -> bytes:
        """Return the event of a board, serialised once for all who watch."""
        if self._last_frame[0] is not board:
            self._last_frame = (board, frame("board", board))
        return self._last_frame[1]

    async def _glance_stream(self, session: Session) -> AsyncGenerator[bytes, None]:
        last: QueueGlance | None = None
        with self._watchers.counted(session):
            async with self._glances.watch() as watch:

                async def next_change(timeout_s: float) -> bytes | None:
                    nonlocal last
                    glances = await watch.next(timeout_s)
                    if glances is None or (glance := glances.of(session.account.account_id)) == last:
                        return None
                    last = glance
                    return frame("glance", glance)

                async for chunk in self._events(next_change, session):
                    yield chunk

    def _events(self, next_frame: NextFrame, session: Session) -> AsyncGenerator[bytes, None]:
        async def is_allowed() -> bool:
            return not await self._watchers.has_ended(session)

        return events(
            next_frame,
            is_allowed=is_allowed,
            keepalive_s=self._keepalive_s,
            is_stopping=self._is_stopping,
        )


class WatcherSessions:
    """Which of the sessions behind open event streams have ended: one query for all of them."""

    def __init__(self, sessions: SessionStore, *, period_s: float) -> None:
        self._sessions = sessions
        self._watching: Counter[bytes] = Counter()
        self._ended = Feed(self._find_ended, period_s=period_s, name="ended sessions")

    @contextmanager
    def counted(self, session: Session) -> Iterator[None]:
        """Ask for this session too, for the length of the block."""
        digest = session.token_sha256
        self._watching[digest] += 1
        try:
            yield
        finally:
            self._watching[digest] -= 1
            if not self._watching[digest]:
                del self._watching[digest]

    async def has_ended(self, session: Session) -> bool:
        """Tell whether a counted session has ended; if that is not known, the page comes back and asks."""
        try:
            return session.token_sha256 in await self._ended.current()
        except AWAY:
            return True

    async def _find_ended(self) -> set[bytes]:
        asked = set(self._watching)
        return asked - await self._sessions.still_live(asked)
