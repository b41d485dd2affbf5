"""Earlier scans of the container of a held case: their list, and their pixels strip by strip."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from review_ui.cases import MAX_ID
from review_ui.earlier import EarlierScans
from review_ui.guard import allow, json_response, session_of
from review_ui.history import History
from review_ui.history_routes import CaseId
from review_ui.pixel_routes import STRIP, strip_response
from review_ui.scan_pixels import ScanPixels
from review_ui.schemas import EarlierScanList

Number = Annotated[int, Path(ge=0, le=MAX_ID)]
ScanId = Annotated[str, Path(max_length=100, pattern=r"^[!-~]+$")]


class EarlierRoutes:
    """``/review/cases/{case_id}/earlier…``."""

    def __init__(self, *, earlier: EarlierScans, pixels: ScanPixels, history: History) -> None:
        self._earlier = earlier
        self._pixels = pixels
        self._history = history

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        path = "/review/cases/{case_id}/earlier"
        router.get(path, response_model=EarlierScanList)(self.scans)
        path += "/{scan_id}/px16/{level}/{strip}"
        router.get(path, response_class=Response, responses=STRIP)(self.strip)

    @allow("reviewer", "supervisor")
    async def scans(self, request: Request, case_id: CaseId) -> Response:
        """Return earlier scans of the container of a case on one of this account's seats, newest first."""
        account = session_of(request).account
        return json_response(EarlierScanList(scans=await self._earlier.of(account.account_id, case_id)))

    @allow("reviewer", "supervisor")
    async def strip(
        self, request: Request, case_id: CaseId, scan_id: ScanId, level: Number, strip: Number
    ) -> Response:
        """Return one strip of such a scan; any other scan does not exist here: 404, whatever the role."""
        session = session_of(request)
        facts = await self._earlier.facts(session.account.account_id, case_id, scan_id)
        await self._history.record_view(
            session.account,
            session.token_sha256,
            event="earlier_scan_viewed",
            case_id=case_id,
            scan_id=facts.scan_id,
        )
        frame = await self._pixels.strip(facts, level, strip)
        return strip_response(frame, request.headers.get("accept-encoding", ""))
