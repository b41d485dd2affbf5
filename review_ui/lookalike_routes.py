"""Lookalikes of a held case: their list, and their pixels strip by strip."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from review_ui.earlier_routes import Number, ScanId
from review_ui.guard import allow, json_response, session_of
from review_ui.history import History
from review_ui.history_routes import CaseId
from review_ui.lookalikes import Lookalikes
from review_ui.pixel_routes import STRIP, strip_response
from review_ui.scan_pixels import ScanPixels
from review_ui.schemas import LookalikeList

SameHeading = Annotated[bool, Query(description="Only scans that declare goods of a heading in common")]


class LookalikeRoutes:
    """``/review/cases/{case_id}/lookalikes…``."""

    def __init__(self, *, lookalikes: Lookalikes, pixels: ScanPixels, history: History) -> None:
        self._lookalikes = lookalikes
        self._pixels = pixels
        self._history = history

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        path = "/review/cases/{case_id}/lookalikes"
        router.get(path, response_model=LookalikeList)(self.scans)
        path += "/{scan_id}/px16/{level}/{strip}"
        router.get(path, response_class=Response, responses=STRIP)(self.strip)

    @allow("reviewer", "supervisor")
    async def scans(
        self, request: Request, case_id: CaseId, *, same_heading: SameHeading = False
    ) -> Response:
        """Return decided scans of other containers that look like a held case, the most alike first."""
        account = session_of(request).account
        return json_response(
            await self._lookalikes.of(account.account_id, case_id, same_heading=same_heading)
        )

    @allow("reviewer", "supervisor")
    async def strip(
        self, request: Request, case_id: CaseId, scan_id: ScanId, level: Number, strip: Number
    ) -> Response:
        """Return one strip of a scan that the list has shown; any other does not exist here: 404."""
        session = session_of(request)
        facts = await self._lookalikes.facts(session.account.account_id, case_id, scan_id)
        await self._history.record_view(
            session.account,
            session.token_sha256,
            event="lookalike_viewed",
            case_id=case_id,
            scan_id=facts.scan_id,
        )
        frame = await self._pixels.strip(facts, level, strip)
        return strip_response(frame, request.headers.get("accept-encoding", ""))
