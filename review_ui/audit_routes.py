"""The trail, for auditors: search, export, verify, and the history of one case with its seals.

Verification is another process's work, started by ``TrailOffice``: it computes for minutes, and a thread of
this process would make every reviewer wait for it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Protocol

import orjson
import structlog
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from review_queue import audit
from review_queue.seals import PublicKeys
from review_queue.trail_search import END, Position, TrailFilter, read_trail, search_trail
from review_ui.audit_schemas import CaseHistoryOut, TrailPageOut, TrailRowOut
from review_ui.case_history import CaseHistories
from review_ui.cases import MAX_ID
from review_ui.database import Pool
from review_ui.errors import ExportsRunningError, NotLoggedInError, VerificationRunningError
from review_ui.event_stream import StreamedResponse
from review_ui.guard import allow, json_response, session_of
from review_ui.history_routes import CaseId
from review_ui.sessions import Session, SessionStore
from review_ui.trail_rows import actor_names, csv_head, csv_lines, json_lines, shown_fields

log = structlog.get_logger()

MAX_EXPORTS = 2
JSON_LINES = "application/jsonl"
LOOK_EVERY_S = 5.0
BUSY = "this server is verifying the trail already; wait until it has ended"

Before = Annotated[str | None, Query(pattern=r"^\d{1,18}-\d{1,18}$", description="From an earlier answer")]


class TrailOffice(Protocol):
    """What the trail's keeper lends to the page: ``app.trail_office``."""

    def public_keys(self) -> PublicKeys:
        """Return whose seals count."""

    def verify(self) -> AsyncGenerator[bytes, None]:
        """Verify the trail and yield a JSON line for each step, the report last; closing it ends the work."""


def sought_rows(  # noqa: PLR0917  FastAPI calls it
    case_id: Annotated[int | None, Query(ge=0, le=MAX_ID)] = None,
    scan_id: Annotated[str | None, Query(max_length=60)] = None,
    actor: Annotated[
        str | None, Query(max_length=80, description="account:<id>, station:<id> or system:<part>")
    ] = None,
    event: Annotated[str | None, Query(max_length=60)] = None,
    since: Annotated[datetime | None, Query(description="At or after; without a zone it is UTC")] = None,
    until: Annotated[datetime | None, Query(description="Before")] = None,
) -> TrailFilter:
    """Return which rows a request is about."""
    return TrailFilter(
        case_id=case_id,
        scan_id=_plain(scan_id),
        actor=_plain(actor),
        event=_plain(event),
        since=_aware(since),
        until=_aware(until),
    )


Sought = Annotated[TrailFilter, Depends(sought_rows)]


class AuditRoutes:
    """``/audit/…``."""

    def __init__(
        self,
        *,
        pool: Pool,
        sessions: SessionStore,
        histories: CaseHistories,
        office: TrailOffice,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._pool = pool
        self._sessions = sessions
        self._histories = histories
        self._office = office
        self._is_stopping = is_stopping
        self._n_exports = 0
        self._is_verifying = False

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        lines: dict[int | str, dict[str, Any]] = {
            200: {"description": "A file, streamed", "content": {JSON_LINES: {}, "text/csv": {}}}
        }
        steps: dict[int | str, dict[str, Any]] = {
            200: {
                "description": "{progress} lines, then {report} or {error}",
                "content": {JSON_LINES: {}},
            }
        }
        router.get("/audit/events", response_model=TrailPageOut)(self.events)
        router.get("/audit/export", response_class=Response, responses=lines)(self.export)
        router.post("/audit/verify", response_class=Response, responses=steps)(self.verify)
        router.get("/audit/cases/{case_id}", response_model=CaseHistoryOut)(self.case_history)

    @allow("auditor")
    async def events(
        self,
        sought: Sought,
        before: Before = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """Return events, newest first."""
        async with self._pool.acquire() as connection:
            page = await search_trail(connection, sought, before=_position(before), n_rows=limit)
        names = await actor_names(self._pool, page.rows)
        rows = [TrailRowOut(**shown_fields(row, names)) for row in page.rows]
        goes_on = None if page.goes_on_at is None else "{}-{}".format(*page.goes_on_at)
        return json_response(TrailPageOut(rows=rows, next_before=goes_on, looked_to=page.looked_to))

    @allow("auditor")
    async def export(
        self,
        request: Request,
        sought: Sought,
        form: Annotated[Literal["csv", "jsonl"], Query(alias="format")] = "jsonl",
    ) -> Response:
        """Return the events that are final, oldest first, as a file; the trail notes who took what."""
        if self._n_exports >= MAX_EXPORTS:
            raise ExportsRunningError(f"{MAX_EXPORTS} exports run here already; try again when one has ended")
        session = session_of(request)
        await self._record(session, "trail_exported", f"format={form}{_described(sought)}")
        return StreamedResponse(
            self._export_lines(session, sought, is_csv=form == "csv"),
            media_type="text/csv; charset=utf-8" if form == "csv" else JSON_LINES,
            headers={"content-disposition": f'attachment; filename="audit-trail.{form}"'},
        )

    async def _export_lines(
        self, session: Session, sought: TrailFilter, *, is_csv: bool
    ) -> AsyncGenerator[bytes, None]:
        if self._n_exports >= MAX_EXPORTS:  # more asked at the same moment
            raise ExportsRunningError("the export was not begun")
        self._n_exports += 1
        try:
            if is_csv:
                yield csv_head()
            async for rows in read_trail(self._pool, sought):
                if self._is_stopping() or not await self._is_live(session):
                    raise NotLoggedInError("the export was broken off")
                yield csv_lines(rows) if is_csv else json_lines(rows)
        finally:
            self._n_exports -= 1

    @allow("auditor")
    async def verify(self, request: Request) -> Response:
        """Verify the whole trail, tell how far it has come, and end with the report."""
        if self._is_verifying:
            raise VerificationRunningError(BUSY)
        return StreamedResponse(self._verify_lines(session_of(request)), media_type=JSON_LINES)

    async def _verify_lines(self, session: Session) -> AsyncGenerator[bytes, None]:
        if self._is_verifying:  # two asked at the same moment
            yield orjson.dumps({"error": {"detail": BUSY}}) + b"\n"
            return
        self._is_verifying = True
        try:
            async with aclosing(self._office.verify()) as steps:
                async for line in _kept_alive(steps, LOOK_EVERY_S):
                    if self._is_stopping() or not await self._is_live(session):
                        return
                    if line.startswith(b'{"report"'):
                        await self._record(session, "trail_verified", _verdict(orjson.loads(line)["report"]))
                    yield line
        finally:
            self._is_verifying = False

    @allow("auditor")
    async def case_history(self, case_id: CaseId) -> Response:
        """Return all that is known of a case but its pixels; each event is compared with its seal."""
        keys = await asyncio.to_thread(self._office.public_keys)
        return json_response(await self._histories.of(case_id, keys=keys))

    async def _is_live(self, session: Session) -> bool:
        return bool(await self._sessions.still_live([session.token_sha256]))

    async def _record(self, session: Session, event: str, detail: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await audit.record(connection, actor=session.actor, event=event, detail=detail)


async def _kept_alive(steps: AsyncIterator[bytes], every_s: float) -> AsyncIterator[bytes]:
    """Yield what comes, and an empty line after every silence, so that nobody takes the answer for dead."""
    coming = asyncio.ensure_future(anext(steps))
    try:
        while True:
            await asyncio.wait({coming}, timeout=every_s)
            if not coming.done():
                yield b"\n"
                continue
            try:
                line = coming.result()
            except StopAsyncIteration:
                return
            yield line
            coming = asyncio.ensure_future(anext(steps))
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


def _verdict(report: dict[str, Any]) -> str:
    findings = report["findings"]
    first = f" first={findings[0]['code']} row={findings[0]['seq'] or '-'}" if findings else ""
    return (
        f"ok={str(report['ok']).lower()} rows={report['n_rows']} seals={report['n_seals']}"
        f" findings={sum(report['counts'].values())}{first}"
    )


def _described(sought: TrailFilter) -> str:
    wanted = {
        "case": sought.case_id,
        "scan": sought.scan_id,
        "actor": sought.actor,
        "event": sought.event,
        "since": sought.since and sought.since.isoformat(),
        "until": sought.until and sought.until.isoformat(),
    }
    return "".join(f" {name}={value}" for name, value in wanted.items() if value is not None)


def _position(before: str | None) -> Position | None:
    if before is None:
        return None
    xid, seq = before.split("-")
    return min(int(xid), END), int(seq)


def _plain(text: str | None) -> str | None:
    return text.replace("\0", "") or None if text else None


def _aware(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
