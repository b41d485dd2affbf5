"""What a case looks like: to whoever holds it now, and to supervisors and auditors once it is closed."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from review_ui.cases import CaseReader
from review_ui.guard import allow, json_response, light, session_of
from review_ui.history import History
from review_ui.history_routes import CaseId
from review_ui.schemas import CaseView, ClosedCaseView


class CaseRoutes:
    """``/review/cases/{case_id}`` and ``/cases/{case_id}``."""

    def __init__(self, *, cases: CaseReader, history: History) -> None:
        self._cases = cases
        self._history = history

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.get("/review/cases/{case_id}", response_model=CaseView)(self.held)
        router.get("/cases/{case_id}", response_model=ClosedCaseView)(self.closed)

    @light
    @allow("reviewer", "supervisor", is_activity=False)
    async def held(self, request: Request, case_id: int) -> Response:
        """Return a case on one of this account's seats; a case that is on neither does not exist for it."""
        account = session_of(request).account
        return json_response(await self._cases.held_view(account.account_id, case_id))

    @allow("supervisor", "auditor")
    async def closed(self, request: Request, case_id: CaseId) -> Response:
        """Return a closed case as it was reviewed, with its decisions; the audit trail notes who looked."""
        view = await self._cases.closed_view(case_id)
        session = session_of(request)
        await self._history.record_view(
            session.account,
            session.token_sha256,
            event="closed_case_viewed",
            case_id=case_id,
            scan_id=view.scan.scan_id,
        )
        return json_response(view)
