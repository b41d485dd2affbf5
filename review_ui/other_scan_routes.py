"""Scans beside a held case, earlier ones of its container and lookalikes: lists, and pixels by strips."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from review_ui.cases import MAX_ID
from review_ui.earlier import EarlierScans
from review_ui.guard import allow, json_response, session_of
from review_ui.history import History
from review_ui.history_routes import CaseId
from review_ui.lookalikes import Lookalikes
from review_ui.pixel_routes import STRIP, strip_response
from review_ui.scan_pixels import ScanFacts, ScanPixels
from review_ui.schemas import EarlierScanList, LookalikeList

Number = Annotated[int, Path(ge=0, le=MAX_ID)]
ScanId = Annotated[str, Path(max_length=100, pattern=r"^[!-~]+$")]
SameHeading = Annotated[bool, Query(description="Only scans that declare goods of a heading in common")]


class OtherScanRoutes:
    """``/review/cases/{case_id}/earlier…`` and ``/lookalikes…``."""

    def __init__(
        self, *, earlier: EarlierScans, lookalikes: Lookalikes, pixels: ScanPixels, history: History
    ) -> None:
        self._earlier = earlier
        self._lookalikes = lookalikes
        self._pixels = pixels
        self._history = history

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        case, strip = "/review/cases/{case_id}", "/{scan_id}/px16/{level}/{strip}"
        router.get(f"{case}/earlier", response_model=EarlierScanList)(self.earlier)
        router.get(f"{case}/lookalikes", response_model=LookalikeList)(self.lookalikes)
        for path, answer in (("earlier", self.earlier_strip), ("lookalikes", self.lookalike_strip)):
            router.get(f"{case}/{path}{strip}", response_class=Response, responses=STRIP)(answer)

    @allow("reviewer", "supervisor")
    async def earlier(self, request: Request, case_id: CaseId) -> Response:
        """Return earlier scans of the container of a case on one of this account's seats, newest first."""
        account = session_of(request).account
        return json_response(EarlierScanList(scans=await self._earlier.of(account.account_id, case_id)))

    @allow("reviewer", "supervisor")
    async def lookalikes(
        self, request: Request, case_id: CaseId, *, same_heading: SameHeading = False
    ) -> Response:
        """Return decided scans of other containers that look like a held case, the most alike first."""
        account = session_of(request).account
        return json_response(
            await self._lookalikes.of(account.account_id, case_id, same_heading=same_heading)
        )

    @allow("reviewer", "supervisor")
    async def earlier_strip(
        self, request: Request, case_id: CaseId, scan_id: ScanId, level: Number, strip: Number
    ) -> Response:
        """Return one strip of such a scan; any other scan does not exist here: 404, whatever the role."""
        facts = await self._earlier.facts(session_of(request).account.account_id, case_id, scan_id)
        return await self._strip(request, facts, level, strip, event="earlier_scan_viewed")

    @allow("reviewer", "supervisor")
    async def lookalike_strip(
        self, request: Request, case_id: CaseId, scan_id: ScanId, level: Number, strip: Number
    ) -> Response:
        """Return one strip of a scan that the list has shown; any other does not exist here: 404."""
        facts = await self._lookalikes.facts(session_of(request).account.account_id, case_id, scan_id)
        return await self._strip(request, facts, level, strip, event="lookalike_viewed")

    async def _strip(
        self,
        request: Request,
        facts: ScanFacts,
        level: int,
        strip: int,
        *,
        event: Literal["earlier_scan_viewed", "lookalike_viewed"],
    ) -> Response:
        """Answer a strip, and leave in the trail that it was looked at."""
        session = session_of(request)
        await self._history.record_view(
            session.account,
            session.token_sha256,
            event=event,
            case_id=facts.case_id,
            scan_id=facts.scan_id,
        )
        frame = await self._pixels.strip(facts, level, strip)
        return strip_response(frame, request.headers.get("accept-encoding", ""))
