"""Past decisions and audit trails, for supervisors and auditors."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from review_ui.cases import MAX_ID
from review_ui.guard import allow, json_response
from review_ui.history import History
from review_ui.schemas import AuditRow, DecisionPage

CaseId = Annotated[int, Path(ge=0, le=MAX_ID)]


class HistoryRoutes:
    """``/decisions`` and ``/cases/{case_id}/audit``."""

    def __init__(self, *, history: History) -> None:
        self._history = history

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.get("/decisions", response_model=DecisionPage)(self.decisions)
        router.get("/cases/{case_id}/audit")(self.case_audit)

    @allow("supervisor", "auditor")
    async def decisions(
        self,
        before: Annotated[int | None, Query(ge=0, le=MAX_ID, description="Only older decisions")] = None,
        port: Annotated[str | None, Query(max_length=12)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Response:
        """Return past decisions, newest first."""
        port = port.replace("\0", "") if port else None
        return json_response(await self._history.decisions(before=before, port=port, limit=limit))

    @allow("supervisor", "auditor")
    async def case_audit(self, case_id: CaseId) -> list[AuditRow]:
        """Return a case's audit events, oldest first."""
        return await self._history.audit_of(case_id)
