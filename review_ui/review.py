"""The reviewer's routes: claim, prefetch, decide, keep, give back. Thin over ``ReviewQueue``.

``build_review_router`` joins all routes of the review API.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from review_queue.cases import Decision, Lease, Marks, Verdict
from review_queue.notify import Notifier, Subscription
from review_queue.queue import ReviewQueue
from review_ui.account_routes import AccountRoutes
from review_ui.accounts import Authenticator
from review_ui.audit_routes import AuditRoutes, TrailOffice
from review_ui.board import board_feed, glance_feed
from review_ui.case_history import CaseHistories
from review_ui.case_routes import CaseRoutes
from review_ui.cases import CaseReader
from review_ui.database import Pool
from review_ui.earlier import EarlierScans
from review_ui.event_routes import EventRoutes
from review_ui.guard import allow, guarded_route, json_response, light, session_of
from review_ui.history import History
from review_ui.history_routes import HistoryRoutes
from review_ui.lookalikes import Lookalikes
from review_ui.model_routes import ModelRoutes
from review_ui.other_scan_routes import OtherScanRoutes
from review_ui.photos import GatePhotoReader
from review_ui.pixel_routes import PixelRoutes
from review_ui.pixels import Px16Reader
from review_ui.policy_desk import PolicyDesk
from review_ui.policy_routes import PolicyRoutes
from review_ui.scan_pixels import ScanPixels
from review_ui.schemas import (
    DecideIn,
    DecideOut,
    HeartbeatIn,
    HeartbeatOut,
    LeaseOut,
    Problem,
)
from review_ui.session_routes import SessionRoutes
from review_ui.sessions import SessionStore
from review_ui.settings import ReviewSettings
from review_ui.station_routes import StationDesk, StationRoutes
from review_ui.supervision_routes import SupervisionRoutes
from scans.store import ScanStore

MAX_DECIDE_BYTES = 512 * 1024
NO_CASE: dict[int | str, dict[str, Any]] = {204: {"description": "There is no case for this reviewer now"}}


class ReviewRoutes:
    """``/review/…``, for reviewers (stages 1 and 2) and supervisors (stage 3)."""

    def __init__(self, *, queue: ReviewQueue, notifier: Notifier) -> None:
        self._queue = queue
        self._notifier = notifier

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.post("/review/next", response_model=LeaseOut, responses=NO_CASE)(self.next)
        router.post("/review/prefetch", response_model=LeaseOut, responses=NO_CASE)(self.prefetch)
        router.post("/review/decide", response_model=DecideOut, max_body_size=MAX_DECIDE_BYTES)(self.decide)
        router.post("/review/heartbeat", response_model=HeartbeatOut, max_body_size=4096)(self.heartbeat)
        router.post("/review/pause", status_code=204)(self.pause)

    @light
    @allow("reviewer", "supervisor")
    async def next(self, request: Request) -> Response:
        """Return the case on seat 0: the one under review, the prefetched one, or a newly assigned one."""
        return lease_response(await self._queue.claim_next_case(session_of(request).reviewer()))

    @light
    @allow("reviewer", "supervisor")
    async def prefetch(self, request: Request) -> Response:
        """Fill seat 1, so that the next case's pixels are there when this one is decided."""
        return lease_response(await self._queue.prefetch_case(session_of(request).reviewer()))

    @light
    @allow("reviewer", "supervisor")
    async def decide(self, request: Request, body: DecideIn) -> Response:
        """Record the verdict on the case on seat 0, and return the prefetched case, now current."""
        outcome = await self._queue.decide(session_of(request).reviewer(), _decision(body))
        if outcome.disposition is not None:
            self._notifier.publish("disposition", outcome.scan_id)
        self._notifier.publish("queue", outcome.port)
        return json_response(
            DecideOut(
                decision_id=outcome.decision_id,
                case_closed=outcome.disposition is not None,
                next=None if outcome.next_lease is None else lease_out(outcome.next_lease),
            )
        )

    @light
    @allow("reviewer", "supervisor", is_activity=False)
    async def heartbeat(self, request: Request, body: HeartbeatIn) -> Response:
        """Extend the leases that the page still shows or holds ready."""
        leases = [(lease.case_id, lease.token) for lease in body.leases]
        ttl_s, lost = await self._queue.extend_leases(session_of(request).reviewer(), leases)
        return json_response(HeartbeatOut(ttl_s=ttl_s, lost=lost))

    @light
    @allow("reviewer", "supervisor")
    async def pause(self, request: Request) -> Response:
        """Give the cases on both seats back to the queue."""
        await self._queue.release_leases(session_of(request).reviewer())
        self._notifier.publish("queue", "")
        return Response(status_code=204)


def lease_response(lease: Lease | None) -> Response:
    """Answer with a lease, or 204 without one."""
    return Response(status_code=204) if lease is None else json_response(lease_out(lease))


def lease_out(lease: Lease) -> LeaseOut:
    """Return a lease as its owner's page sees it."""
    return LeaseOut.model_validate(lease)


def build_review_router(
    *,
    pool: Pool,
    store: ScanStore,
    queue: ReviewQueue,
    notifier: Notifier,
    settings: ReviewSettings,
    is_stopping: Callable[[], bool],
    stations: StationDesk,
    trail_office: TrailOffice,
) -> APIRouter:
    """Return every route of the review API, under ``/api/v1``.

    Args:
        pool: Of a migrated database.
        store: Where the px16 objects are.
        queue: Hands out cases and takes decisions.
        notifier: Started; told after each decision.
        settings: See ``ReviewSettings``.
        is_stopping: Whether the server wants to stop; open event streams then end by themselves.
        stations: Makes stations and keys for administrators.
        trail_office: Verifies the trail for auditors.
    """
    sessions = SessionStore(
        pool,
        max_s=settings.session_max_s,
        idle_s=settings.session_idle_s,
        cache_s=settings.session_cache_s,
        n_endings=lambda: notifier.n_told("session"),
    )
    pixels = ScanPixels(pool, Px16Reader(store, n_headers=settings.header_cache_size))
    cases = CaseReader(pool, pixels)
    history = History(pool)

    def hints() -> Subscription:
        return notifier.subscribe("queue")

    board = board_feed(pool, period_s=settings.board_refresh_s, hints=hints)
    glances = glance_feed(pool, period_s=settings.glance_refresh_s, time_zone=settings.time_zone, hints=hints)
    router = APIRouter(
        prefix="/api/v1",
        route_class=guarded_route(sessions),
        responses={
            422: {"model": Problem},
            "default": {"model": Problem, "description": "A problem (RFC 9457)"},
        },
        max_body_size=64 * 1024,
    )
    SessionRoutes(
        sessions=sessions, authenticator=Authenticator(pool), queue=queue, settings=settings
    ).add_to(router)
    ReviewRoutes(queue=queue, notifier=notifier).add_to(router)
    PixelRoutes(
        queue=queue, cases=cases, pixels=pixels, photos=GatePhotoReader(pool, store), history=history
    ).add_to(router)
    OtherScanRoutes(
        earlier=EarlierScans(pool, pixels),
        lookalikes=Lookalikes(pool, pixels),
        pixels=pixels,
        history=history,
    ).add_to(router)
    EventRoutes(
        board=board,
        glances=glances,
        sessions=sessions,
        keepalive_s=settings.keepalive_s,
        is_stopping=is_stopping,
    ).add_to(router)
    CaseRoutes(cases=cases, history=history).add_to(router)
    HistoryRoutes(history=history).add_to(router)
    AccountRoutes(pool=pool, queue=queue, session_idle_s=settings.session_idle_s).add_to(router)
    StationRoutes(pool=pool, desk=stations).add_to(router)
    ModelRoutes(pool=pool, settings=settings).add_to(router)
    AuditRoutes(
        pool=pool,
        sessions=sessions,
        histories=CaseHistories(pool, cases),
        office=trail_office,
        is_stopping=is_stopping,
    ).add_to(router)
    SupervisionRoutes(pool=pool, cases=cases, figures_period_s=settings.figures_refresh_s).add_to(router)
    PolicyRoutes(desk=PolicyDesk(pool)).add_to(router)
    return router


def _decision(body: DecideIn) -> Decision:
    return Decision(
        case_id=body.case_id,
        token=body.token,
        verdict=Verdict(body.verdict),
        reason_codes=body.reason_codes,
        note=body.note,
        marks=Marks(
            annotations=[annotation.model_dump() for annotation in body.annotations],
            finding_votes=[vote.model_dump() for vote in body.finding_votes],
        ),
    )
