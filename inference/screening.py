"""Screens accepted scans: leases jobs, runs the model, and stores what came of it in one transaction.

Invariants: nothing is released without a stored screening; whatever goes wrong (engine, model, store, a
scan that kills its worker) ends with a person, and the reason says which; the AI's absence delays a truck by
a known time and never decides about it.
"""

import asyncio
import os
import secrets
import socket
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

import structlog

from inference.cargo_scorer import CargoScorer, ScanFacts
from inference.database_errors import Connection, Pool, connect, storable
from inference.engine_threads import EngineThreads
from inference.errors import DatabaseUnavailableError, EngineError, PolicyInvalidError
from inference.gate_photos import GatePhotos
from inference.metrics import InferenceMetrics
from inference.pinned_models import PinnedModels
from inference.scorer import Scorer, ScoreResult, score_decoded
from inference.screening_jobs import Job, ScreeningJobs
from inference.screening_store import insert_embedding, insert_screening
from inference.settings import ScreeningSettings
from inference.tracing import NO_TRACER, Tracer, span
from inference.triage import Outcome, StoredPolicy, Triage, TriagePolicy, current_policy, triage_scan
from models.errors import ModelOutputError
from review_queue import audit
from review_queue.cases import CaseReason, NewCase
from review_queue.errors import CaseExistsError, ScanDisposedError
from review_queue.notify import Notifier
from review_queue.queue import ReviewQueue
from scans.errors import ObjectCorruptError, ObjectMissingError, Px16Error, StoreError, StoreFullError
from scans.modality import Modality
from scans.store import ScanStore

log = structlog.get_logger()

MAX_WORKER_DEATHS = 2  # a scan that was in hand when a worker died twice is not tried a third time
DATABASE_PAUSE_S = 1.0
MAX_TRACE_FRAMES = 5


class ScreeningWorker:
    """Screens scans until it is stopped; any number of workers share one database.

    Args:
        pool: Database.
        store: Holds the pixels.
        queue: Takes clears and cases.
        notifier: Wakes us for jobs, and others for what came of them.
        settings: Times and numbers.
        models: Which models look at the scans; loaded and followed while this runs.
        load_photos: Loads what reads gate photos, once; without it they are only shown.
        metrics: Counts what came of the scans.
        tracer: Takes the spans.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        store: ScanStore,
        queue: ReviewQueue,
        notifier: Notifier,
        settings: ScreeningSettings,
        models: PinnedModels,
        load_photos: Callable[[], GatePhotos | None] | None = None,
        metrics: InferenceMetrics | None = None,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        self._pool = pool
        self._store = store
        self._queue = queue
        self._notifier = notifier
        self._models = models
        self._settings = settings
        worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._jobs = ScreeningJobs(pool, worker=worker, lease_s=settings.lease_s)
        self._threads = EngineThreads(settings.n_runners, timeout_s=settings.run_timeout_s)
        self._load_photos = load_photos
        self._metrics = metrics or InferenceMetrics()
        self._tracer = tracer
        self._photos: GatePhotos | None = None
        self._without_model_since_s = time.monotonic()
        self._active: dict[asyncio.Task[None], Job] = {}
        self._awake = asyncio.Event()

    @property
    def is_ready(self) -> bool:
        """Whether a model is loaded and the engine answers."""
        return self.scorer is not None and self._threads.n_abandoned < self._settings.n_runners

    @property
    def scorer(self) -> Scorer | None:
        """The detector in use; None while none is loaded."""
        return self._models.in_use.detector if self._models.in_use else None

    async def run(self, stop: asyncio.Event) -> None:
        """Screen until ``stop`` is set, then let running scans finish for at most ``drain_s``.

        Stopped or cancelled, it leaves no lease behind while the database answers.
        """
        helpers = [
            asyncio.create_task(self._keep_models()),
            asyncio.create_task(self._keep_leases()),
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._wake_when(stop)),
        ]
        try:
            while not stop.is_set():
                await self._take_jobs()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.poll_s):
                        await self._awake.wait()
                self._awake.clear()
            if self._active:
                await asyncio.wait(self._active, timeout=self._settings.drain_s)
        finally:
            await self._give_back()
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _wake_when(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._awake.set()

    async def _take_jobs(self) -> None:
        """Lease what there is room for and start it."""
        n_free = (
            self._settings.n_runners + 1 - len(self._active)
        )  # one more, so that loading overlaps running
        min_age_s = 0.0
        if self.scorer is None:
            min_age_s = self._settings.deadline_s
            if time.monotonic() - self._without_model_since_s < min_age_s:
                return
        if n_free <= 0:
            return
        try:
            jobs = await self._jobs.lease(n_free, min_age_s=min_age_s)
        except (DatabaseUnavailableError, StoreFullError) as error:
            log.warning("screening_delayed", error=str(error))
            return
        except Exception as error:  # noqa: BLE001 - the outermost loop ends when it is told to
            log.error("screening_loop_failed", error=repr(error))
            return
        for job in jobs:
            task = asyncio.create_task(self._screen_traced(job))
            self._active[task] = job
            task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        job = self._active.pop(task, None)
        self._awake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("screening_crashed", scan_id=job.scan_id if job else None, error=repr(error))

    async def _screen_traced(self, job: Job) -> None:
        with span(
            self._tracer, "screen", scan_id=job.scan_id, port=job.port, modality=job.modality, tries=job.tries
        ):
            await self._screen(job)

    async def _screen(self, job: Job) -> None:
        """Take one job to its end: a screening, a case, or another try."""
        if job.abandoned and job.tries > MAX_WORKER_DEATHS:
            await self._send_to_person(job, CaseReason.UNSCREENABLE, "workers died over it")
            return
        modality = Modality(job.modality)
        models = self._models.in_use
        scorer = models.detector_for(modality) if models else None
        if models and scorer is None:
            await self._send_to_person(job, CaseReason.AI_UNAVAILABLE, f"no model has learnt {modality}")
            return
        try:
            if models is None or scorer is None:
                raise EngineError("no model is loaded")
            stored = (await self._read_policy()).for_modality(modality)
            result = await self._look(scorer, models.cargo, job, stored.policy.thresholds)
        except (ObjectMissingError, ObjectCorruptError, Px16Error) as error:
            await self._send_to_person(job, CaseReason.UNSCREENABLE, f"{error.code}: {error}")
        except (ModelOutputError, PolicyInvalidError) as error:  # the same again would give the same
            await self._send_to_person(job, CaseReason.AI_UNAVAILABLE, f"{error.code}: {error}")
        except (EngineError, StoreError, DatabaseUnavailableError) as error:
            await self._retry_or_give_up(job, f"{error.code}: {error}")
        except Exception as error:  # noqa: BLE001 - an engine may raise anything; no scan is lost by it
            # No exc_info: a renderer may print local variables, which are pixels here.
            trace = "".join(traceback.format_exception(error)[-MAX_TRACE_FRAMES:])
            log.error("engine_raised", scan_id=job.scan_id, error=repr(error), trace=trace)
            await self._retry_or_give_up(job, repr(error))
        else:
            with span(self._tracer, "case"):
                await self._until_stored(job, lambda: self._conclude(job, scorer, result, stored))

    async def _look(
        self, scorer: Scorer, cargo: CargoScorer | None, job: Job, thresholds: Mapping[str, float]
    ) -> ScoreResult:
        """Screen a scan's pixels, and read its photos meanwhile if there are numbers to compare with."""
        with span(self._tracer, "store"):
            data = await self._store.get(job.px16_full)
        with span(self._tracer, "score", model=scorer.info.name, engine=scorer.info.engine):
            screening = self._threads.run(screen_px16, scorer, cargo, data, job, thresholds=thresholds)
            if self._photos is None or not job.container_nos or not job.gate_photos:
                return await screening
            photos = self._photos
            return await photos.beside(screening, job.gate_photos, job.container_nos, thresholds=thresholds)

    async def _read_policy(self) -> StoredPolicy:
        async with connect(self._pool, timeout_s=5.0) as conn:
            return await current_policy(conn)

    async def _retry_or_give_up(self, job: Job, error: str) -> None:
        if job.tries >= self._settings.max_tries or job.age_s >= self._settings.deadline_s:
            await self._send_to_person(job, CaseReason.AI_UNAVAILABLE, error)
            return
        pause_s = self._settings.retry_base_s * 2 ** (job.tries - 1)
        log.warning("screening_postponed", scan_id=job.scan_id, tries=job.tries, pause_s=pause_s, error=error)
        await self._until_stored(job, lambda: self._jobs.postpone(job, pause_s=pause_s, error=error))

    async def _conclude(self, job: Job, scorer: Scorer, result: ScoreResult, stored: StoredPolicy) -> None:
        """Store a finished screening and its consequence."""
        triage = triage_scan(
            result.findings,
            scan_id=job.scan_id,
            container_no_valid=job.container_no_valid,
            policy=stored.policy,
        )
        async with connect(self._pool, timeout_s=5.0) as conn, conn.transaction():
            if not await self._jobs.finish(conn, job):
                log.warning("screening_superseded", scan_id=job.scan_id)
                return
            screening_id = await insert_screening(
                conn, job.scan_id, scorer.info, result, triage, policy_version=stored.version
            )
            if result.embedding is not None:
                await insert_embedding(conn, job.scan_id, result.embedding, declaration=job.declaration)
            await self._apply(conn, job, triage, screening_id)
        self._metrics.count_screening(triage.outcome, result.timings_ms)
        self._announce(job, triage)

    async def _apply(self, conn: Connection, job: Job, triage: Triage, screening_id: int) -> None:
        if triage.outcome is Outcome.CLEAR:
            await self._queue.clear_scan(conn, job.scan_id)
            return
        assert triage.reason is not None  # Triage: every flag has a reason
        case = NewCase(
            scan_id=job.scan_id,
            port=job.port,
            modality=job.modality,
            reason=triage.reason,
            risk=triage.risk,
            screening_id=screening_id,
        )
        await self._queue.open_case(conn, case)

    def _announce(self, job: Job, triage: Triage) -> None:
        if triage.outcome is Outcome.CLEAR:
            self._notifier.publish("disposition", job.scan_id)
        else:
            self._notifier.publish("queue", job.port)
        log.info(
            "scan_screened",
            scan_id=job.scan_id,
            outcome=triage.outcome,
            reason=triage.reason,
            age_s=job.age_s,
        )

    async def _send_to_person(self, job: Job, reason: CaseReason, detail: str) -> None:
        """Open a case without a screening."""

        async def store() -> None:
            async with connect(self._pool, timeout_s=5.0) as conn, conn.transaction():
                if not await self._jobs.finish(conn, job):
                    return
                case = NewCase(
                    scan_id=job.scan_id,
                    port=job.port,
                    modality=job.modality,
                    reason=reason,
                    risk=await risk_without_screening(conn, reason, modality=job.modality),
                )
                await self._queue.open_case(conn, case)
                await audit.record(
                    conn,
                    actor="system:screening",
                    event="screening_failed",
                    scan_id=job.scan_id,
                    detail=storable(detail),
                )
            self._metrics.count_unscreened(reason)
            self._notifier.publish("queue", job.port)

        log.error("scan_not_screened", scan_id=job.scan_id, reason=reason, error=detail)
        with span(self._tracer, "case", reason=reason):
            await self._until_stored(job, store)

    async def _until_stored(self, job: Job, write: Callable[[], Awaitable[None]]) -> None:
        """Repeat a write while the database is away: the work is done, and redoing it would cost a try."""
        while True:
            try:
                await write()
            except (CaseExistsError, ScanDisposedError) as error:  # somebody else has seen to the scan
                log.warning("screening_superseded", scan_id=job.scan_id, error=str(error))
                write = partial(self._jobs.drop, job)
            except (DatabaseUnavailableError, StoreFullError) as error:
                log.warning("screening_delayed", error=str(error))
                await asyncio.sleep(DATABASE_PAUSE_S)
            else:
                return

    async def _keep_models(self) -> None:
        """Use the models that are pinned; those of the gate photos are loaded once."""
        if self._load_photos is not None:
            self._photos = await asyncio.to_thread(self._load_photos)
        while True:
            try:
                if await self._models.follow():
                    self._awake.set()
            except Exception as error:  # noqa: BLE001 - the models in use go on; see _take_jobs without any
                log.error("model_not_loaded", error=repr(error))
            await asyncio.sleep(self._settings.reload_s)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_s / 3)
            if not self._active:
                continue
            try:
                await self._jobs.extend(list(self._active.values()))
            except Exception as error:  # noqa: BLE001 - an outermost loop
                log.warning("leases_not_extended", error=str(error))

    async def _listen(self) -> None:
        async with self._notifier.subscribe("screening") as keys:
            async for _ in keys:
                self._awake.set()

    async def _give_back(self) -> None:
        """Cancel what still runs and free its jobs."""
        left = dict(self._active)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left:
            with suppress(DatabaseUnavailableError, StoreFullError):
                await self._jobs.give_back(list(left.values()))


def screen_px16(
    scorer: Scorer,
    cargo: CargoScorer | None,
    data: bytes,
    job: Job,
    *,
    thresholds: Mapping[str, float],
) -> ScoreResult:
    """Look for threats; where there is a cargo model, check cargo against its declaration, and place it.

    Raises:
        Px16Error: The object is damaged.
        ModelOutputError: Of either model; likewise EngineError.
    """
    result, pixels = score_decoded(scorer, data, thresholds=thresholds)
    if cargo is None or job.modality != Modality.CARGO:
        return result
    facts = ScanFacts(pixel_pitch_mm=job.pixel_pitch_mm, declaration=job.declaration)
    return cargo.add_to(result, pixels, facts, thresholds=thresholds)


async def risk_without_screening(conn: Connection, reason: CaseReason, *, modality: str) -> float:
    """Return the policy's risk for a scan that no model has seen; the default policy's if there is none."""
    try:
        policy = (await current_policy(conn)).policy.for_modality(modality)
    except PolicyInvalidError:
        policy = TriagePolicy()
    return policy.unscreenable_risk if reason is CaseReason.UNSCREENABLE else policy.ai_unavailable_risk
