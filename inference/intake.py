"""The intake API: images up, scans in, dispositions out. docs/reference/intake-api.md describes it.

Every route checks the key before anything else, then the limits, and only then reads the body.
"""

import asyncio
import hashlib
from collections.abc import Coroutine, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.security import HTTPBearer

from inference.acceptance import ScanIntake
from inference.database_errors import Pool, connect
from inference.errors import ChannelsInvalidError, MediaTypeError, MultipartMalformedError
from inference.idempotency import check_key
from inference.images import ImageIntake
from inference.inspections import store_inspection
from inference.metrics import InferenceMetrics
from inference.multipart import SCAN_PART, FormReader, Part, boundary_of
from inference.receive import ByteBudget, declared_length, pace_of, read_body, receive_body
from inference.request_json import (
    inspection_request_body,
    parse_inspection,
    parse_scan,
    raw_request_body,
    scan_request_body,
)
from inference.scan_status import read_scan, wait_for_disposition
from inference.schemas import ImageOut, InspectionOut, ScanIn, ScanOut
from inference.settings import IntakeSettings
from inference.stations import Station, StationKeys
from inference.tracing import NO_TRACER, Span, Tracer, parent_of, span
from review_queue.notify import Notifier
from scans.errors import DigestMismatchError
from scans.guard import GuardedDecoder
from scans.store import ScanStore

DigestPath = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="sha256 of the body, lower-case hex")]
ScanPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,40}$")]
station_key = HTTPBearer(auto_error=False, scheme_name="stationKey", description="sx_<key id>_<secret>")


def build_intake_router(  # noqa: PLR0915 - one route after the other
    *,
    pool: Pool,
    store: ScanStore,
    decoder: GuardedDecoder,
    notifier: Notifier,
    settings: IntakeSettings,
    stopping: asyncio.Event | None = None,
    metrics: InferenceMetrics | None = None,
    tracer: Tracer = NO_TRACER,
) -> APIRouter:
    """Build the routes under ``/api/v1`` that stations use.

    Args:
        pool: Database.
        store: Scan store.
        decoder: Decodes untrusted images in children.
        notifier: Wakes screening workers and waiting stations; started by the caller.
        settings: Limits.
        stopping: Set when the server should end; waiting stations are then answered at once.
        metrics: Counts new scans.
        tracer: Takes the spans.
    """
    stopping = stopping or asyncio.Event()
    keys = StationKeys(pool, cache_s=settings.key_cache_s, timeout_s=settings.database_timeout_s)
    budget = ByteBudget(settings.in_flight_bytes)
    images = ImageIntake(
        pool, store, settings.limits, database_timeout_s=settings.database_timeout_s, tracer=tracer
    )
    scans = ScanIntake(pool, store, decoder, notifier, settings, metrics=metrics, tracer=tracer)
    pace = pace_of(settings)
    router = APIRouter(prefix="/api/v1", tags=["intake"], dependencies=[Depends(station_key)])

    async def authenticate(request: Request) -> Station:
        return await keys.authenticate(request.headers.get("authorization"))

    def reserve(request: Request, station: Station, max_bytes: int) -> AbstractContextManager[None]:
        return budget.reserve(declared_length(request, max_bytes=max_bytes), owner=station.station_id)

    @router.put(
        "/images/{digest}",
        status_code=201,
        responses={200: {"model": ImageOut, "description": "Known already"}},
        openapi_extra={"requestBody": raw_request_body()},
    )
    async def put_image(
        digest: DigestPath,
        request: Request,
        response: Response,
        station: Annotated[Station, Depends(authenticate)],
    ) -> ImageOut:
        """Upload one image file. It is durable when this answers; repeating it is harmless."""
        max_bytes = settings.limits.max_bytes
        with receiving(tracer, request, station), reserve(request, station, max_bytes):
            data = await read_body(request, max_bytes=max_bytes, pace=pace)
            image, is_new = await images.put(data, digest)
        response.status_code = 201 if is_new else 200
        return image

    @router.post(
        "/scans",
        status_code=201,
        responses={200: {"model": ScanOut, "description": "The same request made this scan before"}},
        openapi_extra={
            "requestBody": scan_request_body(),
            "parameters": [
                {"in": "header", "name": "Idempotency-Key", "required": True, "schema": {"type": "string"}}
            ],
        },
    )
    async def post_scan(
        request: Request, response: Response, station: Annotated[Station, Depends(authenticate)]
    ) -> ScanOut:
        """Describe a scan whose images are uploaded, or send both at once as multipart/form-data."""
        with receiving(tracer, request, station) as received:
            accepted, is_new = await take_scan(request, station)
            received.set_attribute("shenxiang.scan_id", accepted.scan_id)
        response.status_code = 201 if is_new else 200
        return accepted

    async def take_scan(request: Request, station: Station) -> tuple[ScanOut, bool]:
        key = check_key(request.headers.get("idempotency-key"))
        content_type = request.headers.get("content-type", "")
        boundary = boundary_of(content_type)
        if boundary is not None:
            scan = await take_form(request, boundary, station)
        elif content_type.partition(";")[0].strip().lower() == "application/json":
            max_bytes = settings.max_scan_json_bytes
            with reserve(request, station, max_bytes):
                scan = parse_scan(await read_body(request, max_bytes=max_bytes, pace=pace))
        else:
            raise MediaTypeError("Send the scan as application/json or multipart/form-data.")
        return await scans.accept(scan, station=station, key=key)

    async def take_form(request: Request, boundary: bytes, station: Station) -> ScanIn:
        max_bytes = settings.max_multipart_bytes
        reader = FormReader(
            boundary,
            max_parts=settings.max_multipart_parts,
            max_scan_bytes=settings.max_scan_json_bytes,
            max_file_bytes=settings.limits.max_bytes,
        )
        with reserve(request, station, max_bytes):
            await receive_body(request, max_bytes=max_bytes, pace=pace, sink=reader.write)
            scan, files = await asyncio.to_thread(match_parts, reader.finish())
            for digest, data in files:
                await images.put(data, digest)
        return scan

    @router.put(
        "/scans/{scan_id}/inspection",
        status_code=201,
        responses={200: {"model": InspectionOut, "description": "The newest outcome says the same"}},
        openapi_extra={"requestBody": inspection_request_body()},
    )
    async def put_inspection(
        scan_id: ScanPath,
        request: Request,
        response: Response,
        station: Annotated[Station, Depends(authenticate)],
    ) -> InspectionOut:
        """Report what opening the box of a scan of this port found; another report corrects the first."""
        max_bytes = settings.max_scan_json_bytes
        with reserve(request, station, max_bytes):
            body = await read_body(request, max_bytes=max_bytes, pace=pace)
        async with connect(pool, timeout_s=settings.database_timeout_s) as conn:
            reported, is_new = await store_inspection(conn, scan_id, parse_inspection(body), station=station)
        response.status_code = 201 if is_new else 200
        return reported

    @router.get("/scans/{scan_id}")
    async def get_scan(
        scan_id: ScanPath,
        request: Request,
        station: Annotated[Station, Depends(authenticate)],
        wait: Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the disposition")] = 0.0,
    ) -> ScanOut:
        """Tell how far a scan has come; with ``wait``, answer as soon as its disposition is there."""

        async def read() -> ScanOut:
            async with connect(pool, timeout_s=settings.database_timeout_s) as conn:
                return await read_scan(conn, scan_id, station=station)

        if wait == 0:
            return await read()
        gone = asyncio.ensure_future(first_of(hung_up(request), stopping.wait()))
        try:
            return await wait_for_disposition(
                read,
                notifier=notifier,
                scan_id=scan_id,
                wait_s=min(wait, settings.max_wait_s),
                recheck_s=settings.recheck_s,
                gone=gone,
            )
        finally:
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)

    return router


def receiving(tracer: Tracer, request: Request, station: Station) -> AbstractContextManager[Span]:
    """Time a request of a station, inside the span that the station names, if it does."""
    return span(tracer, "receive", parent=parent_of(request.headers), station_id=station.station_id)


async def first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when the first of several waits is over; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def hung_up(request: Request) -> None:
    """Return when the client has closed the connection. The request must have no body left to read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def match_parts(parts: Sequence[Part]) -> tuple[ScanIn, list[tuple[str, bytes]]]:
    """Tell the description from the files, and check each file's bytes against what the description names.

    Returns:
        The description, and (sha256 hex, bytes) of each file.

    Raises:
        MultipartMalformedError: Not exactly one part named ``scan``.
        RequestInvalidError: The description breaks the schema.
        DigestMismatchError: A file is none of those that the description names.
        ChannelsInvalidError: A part's name contradicts the channel that the description gives its file.
    """
    descriptions = [part.data for part in parts if part.name == SCAN_PART]
    if len(descriptions) != 1:
        raise MultipartMalformedError(f"A form needs one part named 'scan'; this has {len(descriptions)}.")
    scan = parse_scan(descriptions[0])
    channels = {image.digest: image.channel for image in scan.images}
    files = []
    for part in parts:
        if part.name == SCAN_PART:
            continue
        digest = hashlib.sha256(part.data).hexdigest()
        if digest not in channels and digest not in scan.gate_photos:
            raise DigestMismatchError(
                f"Part '{part.name[:40]}' has sha256 {digest}, which the scan does not name."
            )
        if part.name in ("high", "low", "dual") and channels.get(digest) != part.name:
            raise ChannelsInvalidError(
                f"Part '{part.name}' holds image {digest}, which the scan does not name as '{part.name}'."
            )
        files.append((digest, part.data))
    return scan, files
