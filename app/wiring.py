"""Builds every long-lived object and hands it to the parts that need it.

This is the only module that knows how the parts fit together. ``open_services`` opens them in order and
closes them in reverse; ``build_app`` makes the web application over them; ``run_background`` keeps the
loops of the chosen roles running.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import structlog
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

import inference.stations
from app.audit_trail import keep_trail, make_sealer
from app.database import Database, open_database, open_pool
from app.health import build_health_router
from app.metrics import Metrics, build_metrics_router, follow_queue
from app.problems import answer_error, install_problem_handlers
from app.queue_policy import carry_out_proposals, follow_policy, open_policy
from app.settings import MiB, Settings
from app.tracing import open_tracer
from app.trail_office import TrailOffice
from app.version import VERSION
from inference.cargo_scorer import load_pinned_cargo
from inference.gate_photos import load_gate_photos
from inference.intake import build_intake_router
from inference.metrics import InferenceMetrics
from inference.model_routes import ModelRoutes, build_model_router
from inference.pinned_models import ModelLoader, PinnedModels
from inference.scorer import load_pinned_scorer, load_scorers_by_modality
from inference.screening import ScreeningWorker
from inference.settings import (
    EngineOptions,
    IntakeSettings,
    ModelApiSettings,
    ScreeningSettings,
    WebhookSettings,
)
from inference.tracing import NO_TRACER, Tracer
from inference.triage import ensure_policy
from inference.webhooks import WebhookDispatcher
from models.registry import pinned_digests
from review_queue.counting import catch_up
from review_queue.notify import Notifier
from review_queue.policy_store import PolicyHolder
from review_queue.queue import ReviewQueue
from review_ui.hot_routes import HotRoutes, find_hot_routes
from review_ui.review import build_review_router
from review_ui.settings import ReviewSettings
from review_ui.web import mount_web
from scans.errors import StoreError
from scans.formats import ImageLimits
from scans.guard import GuardedDecoder
from scans.store import ScanStore, open_store

log = structlog.get_logger()

WEB_DIST = Path(__file__).parent.parent / "review_ui" / "web" / "dist"
SWEEP_EVERY_S = 1.0
QUEUE_CONNECTIONS = 8
COUNT_EVERY_S = 1.0
STORE_CHECK_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the parts share.

    Attributes:
        screening: Holds the model; None where this process does not screen.
        stopping: Set when the server should end: open waits then end too.
    """

    database: Database
    store: ScanStore
    notifier: Notifier
    policy: PolicyHolder
    queue: ReviewQueue
    decoder: GuardedDecoder
    screening: ScreeningWorker | None
    metrics: Metrics
    tracer: Tracer
    stopping: asyncio.Event


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open database, store, notifier, queue and decoder; close them in reverse order."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.dsn, settings.data))
        async with database.pool.acquire() as connection:
            await ensure_policy(connection)
        store = open_store(settings.store, s3=settings.s3_access)
        stack.push_async_callback(store.close)
        await warn_unless_ready(store)
        notifier = Notifier(database.dsn)
        await notifier.start()
        stack.push_async_callback(notifier.close)
        decoder = GuardedDecoder(
            n_workers=settings.decode_workers,
            memory_limit_bytes=settings.decode_memory_mb * MiB,
            timeout_s=settings.decode_timeout_s,
            limits=intake_settings(settings).limits,
        )
        stack.push_async_callback(decoder.close)
        policy = await open_policy(database.pool, settings)
        # Of its own, so that nothing that reads much keeps a claim waiting for a connection.
        queue_pool = await stack.enter_async_context(
            open_pool(database.dsn, max_connections=QUEUE_CONNECTIONS, is_hot=True)
        )
        queue = ReviewQueue(queue_pool, policy)
        metrics = Metrics()
        tracer = await stack.enter_async_context(open_tracer(settings))
        screening = None
        if "screening" in settings.roles:
            screening = screening_worker(
                settings,
                database=database,
                store=store,
                queue=queue,
                notifier=notifier,
                decoder=decoder,
                metrics=metrics.inference,
                tracer=tracer,
            )
            metrics.watch_model(lambda: screening.scorer.info if screening.scorer else None)
        yield Services(
            database=database,
            store=store,
            notifier=notifier,
            policy=policy,
            queue=queue,
            decoder=decoder,
            screening=screening,
            metrics=metrics,
            tracer=tracer,
            stopping=asyncio.Event(),
        )


async def warn_unless_ready(store: ScanStore) -> None:
    """Say at the start what keeps the store from being used: a missing bucket, a wrong key.

    The program starts nevertheless and tells whoever asks that it is not ready: the store may come back.
    """
    try:
        async with asyncio.timeout(STORE_CHECK_S):
            await store.check()
    except TimeoutError:
        log.error("scan_store_not_ready", error=f"no answer in {STORE_CHECK_S:.0f} s")
    except StoreError as error:
        log.error("scan_store_not_ready", error=str(error))


def build_app(settings: Settings, services: Services) -> ASGIApp:
    """Make the web application of the roles in ``settings``: the short way before everything else."""
    review = build_review(settings, services) if "review" in settings.roles else None
    app: ASGIApp = build_api(settings, services, review)
    if review is not None:
        app = HotRoutes(app, routes=find_hot_routes(review), answer_error=answer_error)
    return services.metrics.counting(app) if settings.metrics_token else app


def build_review(settings: Settings, services: Services) -> APIRouter:
    """Make the reviewers' routes."""
    return build_review_router(
        pool=services.database.pool,
        store=services.store,
        queue=services.queue,
        notifier=services.notifier,
        settings=review_settings(settings),
        is_stopping=services.stopping.is_set,
        stations=inference.stations,
        trail_office=TrailOffice(settings),
    )


def build_models(
    services: Services, screening: ScreeningWorker, *, settings: ModelApiSettings | None = None
) -> APIRouter:
    """Make the routes of the inference protocol, over the model that screens."""
    routes = ModelRoutes(
        pool=services.database.pool,
        find_scorer=lambda: screening.scorer,
        version=VERSION,
        settings=settings or ModelApiSettings(),
        receiving=IntakeSettings(),
        metrics=services.metrics.inference,
    )
    return build_model_router(routes)


def build_api(settings: Settings, services: Services, review: APIRouter | None) -> FastAPI:
    """Make the routes of all roles, with their description."""
    app = FastAPI(
        title="审像 shenxiang",
        version=VERSION,
        description="Centralized AI-assisted review of container and vehicle X-ray scans.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    install_problem_handlers(app)
    pool = services.database.pool
    app.include_router(build_health_router(pool=pool, store=services.store, version=VERSION))
    if settings.metrics_token is not None:
        token = settings.metrics_token.get_secret_value()
        app.include_router(build_metrics_router(services.metrics, token=token))
    if settings.inference_api and services.screening is not None:
        app.include_router(build_models(services, services.screening))
    if "intake" in settings.roles:
        app.include_router(
            build_intake_router(
                pool=pool,
                store=services.store,
                decoder=services.decoder,
                notifier=services.notifier,
                settings=intake_settings(settings),
                stopping=services.stopping,
                metrics=services.metrics.inference,
                tracer=services.tracer,
            )
        )
    if review is not None:
        app.include_router(review)
        mount_web(app, WEB_DIST)
    return app


def describe_api() -> dict[str, Any]:
    """Return the OpenAPI document of all roles, without opening anything."""
    nothing = cast(Any, None)
    database = Database(dsn="", pool=nothing, is_embedded=True)
    services = Services(
        database=database,
        store=nothing,
        notifier=nothing,
        policy=nothing,
        queue=nothing,
        decoder=nothing,
        screening=None,
        metrics=Metrics(),
        tracer=NO_TRACER,
        stopping=asyncio.Event(),
    )
    settings = Settings()
    return build_api(settings, services, build_review(settings, services)).openapi()


@asynccontextmanager
async def run_background(services: Services, settings: Settings) -> AsyncIterator[None]:
    """Run the loops of the chosen roles for the length of the block, then let them drain."""
    stop = asyncio.Event()
    loops: list[Coroutine[Any, Any, None]] = [follow_policy(services.policy, services.database.pool, stop)]
    if services.screening is not None:
        loops.append(services.screening.run(stop))
    if settings.metrics_token is not None:
        loops.append(follow_queue(services.metrics, services.database.pool, stop))
    if "intake" in settings.roles:
        dispatcher = WebhookDispatcher(services.database.pool, services.notifier, WebhookSettings())
        loops.append(dispatcher.run(stop))
    if "review" in settings.roles:
        loops.append(sweep_leases(services, stop))
        loops.append(keep_counts(services, stop))
        loops.append(carry_out_proposals(services.queue, services.database.pool, stop))
        pool = services.database.pool
        sealer = make_sealer(pool, settings)
        loops.append(keep_trail(pool, sealer, stop, max_hold_s=lambda: services.queue.policy.max_hold_s))
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        stop.set()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, BaseException):
                log.error("background_loop_failed", exc_info=result)


async def sweep_leases(services: Services, stop: asyncio.Event) -> None:
    """Give expired cases back every second, so that an abandoned case waits no longer than its lease."""
    while not stop.is_set():
        try:
            if n_returned := await services.queue.sweep_expired():
                services.notifier.publish("queue", "")
                log.info("leases_expired", n=n_returned)
        except Exception:
            log.exception("sweep_failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SWEEP_EVERY_S)


async def keep_counts(services: Services, stop: asyncio.Event) -> None:
    """Count what waits every second, so that whoever opens a board has little to catch up with."""
    while not stop.is_set():
        try:
            await catch_up(services.database.pool)
        except Exception:
            log.exception("count_failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), COUNT_EVERY_S)


def screening_worker(
    settings: Settings,
    *,
    database: Database,
    store: ScanStore,
    queue: ReviewQueue,
    notifier: Notifier,
    decoder: GuardedDecoder,
    metrics: InferenceMetrics,
    tracer: Tracer,
) -> ScreeningWorker:
    """Make the worker that screens with the pinned model."""
    screening = ScreeningSettings(n_runners=settings.n_runners, deadline_s=settings.screening_deadline_s)
    engine = engine_options(settings, screening, metrics)
    keys = settings.manifest_keys
    load_photos = partial(
        load_gate_photos,
        store=store,
        decoder=decoder,
        timeout_s=screening.photos_timeout_s,
        metrics=metrics,
    )
    loader = ModelLoader(
        load_scorer=partial(
            load_pinned_scorer, settings.model, manifest=settings.manifest, keys=keys, options=engine
        ),
        load_others=partial(load_scorers_by_modality, settings.manifest, keys=keys, options=engine),
        load_cargo=partial(load_pinned_cargo, settings.manifest, keys=keys),
        find_digests=partial(pinned_digests, settings.model, manifest_path=settings.manifest, keys=keys),
    )
    return ScreeningWorker(
        pool=database.pool,
        store=store,
        queue=queue,
        notifier=notifier,
        models=PinnedModels(loader, database.pool),
        load_photos=load_photos if settings.read_gate_photos else None,
        settings=screening,
        metrics=metrics,
        tracer=tracer,
    )


def engine_options(
    settings: Settings, screening: ScreeningSettings, metrics: InferenceMetrics
) -> EngineOptions:
    """Which engine screens, and who counts its batches."""
    options = settings.engine_options(n_calls=screening.n_runners, timeout_s=screening.run_timeout_s)
    return replace(options, count_batch=metrics.count_engine_batch)


def intake_settings(settings: Settings) -> IntakeSettings:
    """The intake's limits from the program's settings."""
    return IntakeSettings(
        limits=ImageLimits(
            max_bytes=settings.max_image_mb * MiB,
            max_pixels=settings.max_image_megapixels * 1_000_000,
        ),
        in_flight_bytes=settings.intake_in_flight_mb * MiB,
        receive_timeout_s=settings.receive_timeout_s,
    )


def review_settings(settings: Settings) -> ReviewSettings:
    """The review API's numbers from the program's settings."""
    return ReviewSettings(
        version=VERSION,
        model=settings.model,
        manifest=settings.manifest,
        manifest_keys=settings.manifest_keys,
        demo=settings.demo,
        session_max_s=settings.session_max_h * 3600.0,
        session_idle_s=settings.session_idle_min * 60.0,
        heartbeat_s=min(20.0, settings.lease_ttl_s / 4),
    )
