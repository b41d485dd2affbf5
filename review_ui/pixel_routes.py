"""Pixels of a case, strip by strip, and its gate photos, for whoever may see them now."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from review_queue.queue import ReviewQueue
from review_ui.accounts import READING_ROLES
from review_ui.cases import MAX_ID, CaseReader
from review_ui.errors import CaseNotFoundError
from review_ui.guard import allow, light, session_of
from review_ui.history import History
from review_ui.photos import MEDIA_TYPES, GatePhotoReader
from review_ui.scan_pixels import ScanFacts, ScanPixels
from review_ui.sessions import Session

STRIP_TYPE = "application/x-px16-strip"
STRIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One strip: the zstd frame of docs/reference/px16.md, as content coding or as body",
        "content": {STRIP_TYPE: {}, f"{STRIP_TYPE}+zstd": {}},
    }
}

PHOTO: dict[int | str, dict[str, Any]] = {
    200: {"description": "The photo as it was sent", "content": {kind: {} for kind in MEDIA_TYPES.values()}}
}


class PixelRoutes:
    """``/cases/{case_id}/px16/{level}/{strip}`` and ``/cases/{case_id}/photos/{index}``."""

    def __init__(
        self,
        *,
        queue: ReviewQueue,
        cases: CaseReader,
        pixels: ScanPixels,
        photos: GatePhotoReader,
        history: History,
    ) -> None:
        self._queue = queue
        self._cases = cases
        self._pixels = pixels
        self._photos = photos
        self._history = history

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        path = "/cases/{case_id}/px16/{level}/{strip}"
        router.get(path, response_class=Response, responses=STRIP)(self.strip)
        router.get("/cases/{case_id}/photos/{index}", response_class=Response, responses=PHOTO)(self.photo)

    @light
    @allow("reviewer", "supervisor", "auditor", "admin")
    async def strip(self, request: Request, case_id: int, level: int, strip: int) -> Response:
        """Return one strip of a case on one of this account's seats, or of a closed case.

        A case that this account may not see does not exist for it: 404, whatever its role.
        """
        facts = await self._visible(session_of(request), case_id)
        frame = await self._pixels.strip(facts, level, strip)
        return strip_response(frame, request.headers.get("accept-encoding", ""))

    @light
    @allow("reviewer", "supervisor", "auditor", "admin")
    async def photo(self, request: Request, case_id: int, index: int) -> Response:
        """Return a gate photo of such a case as it was sent."""
        facts = await self._visible(session_of(request), case_id)
        data, media_type = await self._photos.read(facts.case_id, index)
        return Response(data, media_type=media_type, headers={"cache-control": "private, no-store"})

    async def _visible(self, session: Session, case_id: int) -> ScanFacts:
        account = session.account
        if 0 <= case_id <= MAX_ID and await self._queue.holds_case(account.account_id, case_id):
            return await self._cases.facts(case_id)
        if account.role in READING_ROLES and await self._cases.is_closed(case_id):
            facts = await self._cases.facts(case_id)
            await self._history.record_view(
                account,
                session.token_sha256,
                event="closed_case_viewed",
                case_id=case_id,
                scan_id=facts.scan_id,
            )
            return facts
        raise CaseNotFoundError(f"there is no case {case_id} on a seat of this account")


def strip_response(frame: bytes, accept_encoding: str) -> Response:
    """Return a strip so that the browser decodes it itself if it can, else as the frame."""
    headers = {"cache-control": "private, no-store", "vary": "Accept-Encoding"}
    if accepts_zstd(accept_encoding):
        return Response(frame, media_type=STRIP_TYPE, headers={**headers, "content-encoding": "zstd"})
    return Response(frame, media_type=f"{STRIP_TYPE}+zstd", headers=headers)


def accepts_zstd(accept_encoding: str) -> bool:
    """Return whether a browser names zstd among the codings it decodes (RFC 9110 §12.5.3)."""
    for part in accept_encoding.lower().split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip() == "zstd":
            weight = parameters.strip().removeprefix("q=")
            return weight not in ("0", "0.0", "0.00", "0.000")
    return False
