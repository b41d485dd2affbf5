"""The supervisor's searches and lists: cases, escalations, figures beside the board."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from starlette.requests import Request
from starlette.responses import Response

from review_queue.audit import account_actor
from review_queue.inspections import InspectionOutcome, report_inspection
from review_ui.case_history import SCREENINGS_SQL
from review_ui.case_search import CaseQuery, CaseSearch
from review_ui.cases import MAX_ID, CaseReader
from review_ui.database import Pool
from review_ui.escalations import list_escalations
from review_ui.feeds import Feed
from review_ui.figures import figures_feed
from review_ui.guard import allow, json_response, session_of
from review_ui.history_routes import CaseId
from review_ui.inspections import inspections_of
from review_ui.schemas import Text, Verdict
from review_ui.supervision_schemas import (
    CaseCursor,
    CaseHistory,
    CasePage,
    CaseState,
    Disposition,
    EscalationPage,
    FiguresOut,
    InspectionIn,
    InspectionRow,
    Reason,
    ReviewerOption,
    ScreeningBrief,
)
from scans.modality import Modality

MAX_FEEDS = 200

Id = Annotated[int | None, Query(ge=0, le=MAX_ID)]
Word = Annotated[Text | None, Query(max_length=40)]
When = Annotated[AwareDatetime | None, Query()]


class SupervisionRoutes:
    """``/cases``, a case's history and inspection, ``/case-reviewers``, ``/escalations``, figures."""

    def __init__(self, *, pool: Pool, cases: CaseReader, figures_period_s: float) -> None:
        self._pool = pool
        self._cases = cases
        self._search = CaseSearch(pool)
        self._figures_period_s = figures_period_s
        self._figures: dict[str | None, Feed[FiguresOut]] = {}

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.get("/cases", response_model=CasePage)(self.find)
        router.get("/cases/{case_id}/history", response_model=CaseHistory)(self.history)
        router.put("/cases/{case_id}/inspection", response_model=InspectionRow, status_code=201)(
            self.inspected
        )
        router.get("/case-reviewers")(self.reviewers)
        router.get("/escalations", response_model=EscalationPage)(self.escalations)
        router.get("/board/figures", response_model=FiguresOut)(self.figures)

    @allow("supervisor", "auditor")
    async def find(
        self,
        *,
        number: Word = None,
        port: Word = None,
        reason: Reason | None = None,
        modality: Modality | None = None,
        state: CaseState | None = None,
        disposition: Disposition | None = None,
        reviewer: Id = None,
        verdict: Verdict | None = None,
        since: When = None,
        until: When = None,
        before_at: When = None,
        before_id: Id = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Response:
        """Search all cases, newest first; see ``review_ui.case_search.CaseQuery``."""
        query = CaseQuery(
            number=_squeezed(number) or None,
            port=port or None,
            reason=reason,
            modality=modality,
            state=state,
            disposition=disposition,
            reviewer=reviewer,
            verdict=verdict,
            since=since,
            until=until,
        )
        after = None if before_id is None else CaseCursor(at=before_at, id=before_id)
        return json_response(await self._search.find(query, after=after, limit=limit))

    @allow("supervisor", "auditor")
    async def history(self, case_id: CaseId) -> Response:
        """Return what models and people thought of a case, open or closed; images are not in it."""
        row = await self._search.one(case_id)
        screenings = await self._pool.fetch(SCREENINGS_SQL, row.scan_id)
        return json_response(
            CaseHistory(
                case=row,
                screenings=[ScreeningBrief(**dict(one)) for one in screenings],
                decisions=await self._cases.prior_decisions(case_id, first_cycle=1, last_cycle=row.cycle),
                inspections=await inspections_of(self._pool, row.scan_id),
            )
        )

    @allow("supervisor")
    async def inspected(self, request: Request, case_id: CaseId, body: InspectionIn) -> Response:
        """Store what opening the box of a case found, or correct it; status 200 if that is known already."""
        scan_id = (await self._search.one(case_id)).scan_id
        outcome = InspectionOutcome(
            result=body.result, kinds=body.kinds, note=body.note, inspected_at=body.inspected_at
        )
        actor = account_actor(session_of(request).account.account_id)
        async with self._pool.acquire() as conn:
            _, is_new = await report_inspection(conn, scan_id, outcome, actor=actor)
        newest = (await inspections_of(self._pool, scan_id))[-1]
        return json_response(newest, status=201 if is_new else 200)

    @allow("supervisor", "auditor")
    async def reviewers(self) -> list[ReviewerOption]:
        """Return whose decisions can be searched for."""
        return await self._search.reviewers()

    @allow("supervisor")
    async def escalations(self) -> Response:
        """Return the cases at stage 3, the most urgent first."""
        return json_response(await list_escalations(self._pool))

    @allow("supervisor", is_activity=False)
    async def figures(self, port: Word = None) -> Response:
        """Return figures of the last hours, of all ports or of one, at most one refresh old."""
        return json_response(await self._feed(port or None).current())

    def _feed(self, port: str | None) -> Feed[FiguresOut]:
        if port not in self._figures and len(self._figures) >= MAX_FEEDS:
            self._figures.clear()  # names that are no ports must not fill the memory
        if port not in self._figures:
            self._figures[port] = figures_feed(self._pool, period_s=self._figures_period_s, port=port)
        return self._figures[port]


def _squeezed(number: str | None) -> str:
    """Return a container number or scan id as it is stored: people write ``DEMU 305417 2``."""
    return "".join((number or "").split()).upper()
