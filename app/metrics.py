"""Prometheus metrics of one process: ``GET /metrics``, for whoever holds the token.

A scrape reads memory only. What lies in the database is read every few seconds by ``follow_queue``, from the
depths that the review role keeps and from the screening jobs; nothing is counted for a request.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable

import asyncpg
import structlog
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.bearer_token import carries_token
from app.problems import ON_PROBLEM
from inference.metrics import InferenceMetrics
from inference.scorer import ScorerInfo

log = structlog.get_logger()

FOLLOW_EVERY_S = 5.0
MOST_JOBS = 10_000
STAGES = (1, 2, 3)

DEPTHS = "SELECT stage, sum(n)::bigint AS n FROM queue_depths GROUP BY stage"
# As many as have gathered when something is wrong; beyond, the exact number tells nobody anything new.
JOBS = f"SELECT count(*) FROM (SELECT FROM screening_jobs LIMIT {MOST_JOBS}) AS waiting"


class ModelCollector(Collector):
    """Tells at each scrape which model is in use.

    Args:
        find_model: Returns it, or None while none is loaded.
    """

    def __init__(self, find_model: Callable[[], ScorerInfo | None]) -> None:
        self._find_model = find_model

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return one sample for the model in use; none while there is none."""
        labels = ["name", "version", "digest", "engine"]
        family = GaugeMetricFamily("shenxiang_model_info", "The model in use; always 1.", labels=labels)
        if (model := self._find_model()) is not None:
            family.add_metric([model.name, model.version, model.digest, model.engine], 1)
        yield family


class Metrics:
    """The registry of one process and what is counted in it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.inference = InferenceMetrics(self.registry)
        self._problems = Counter(
            "shenxiang_problems",
            "Requests answered with a problem.",
            ["code", "status"],
            registry=self.registry,
        )
        self._waiting = Gauge(
            "shenxiang_queue_waiting_cases", "Cases waiting by stage.", ["stage"], registry=self.registry
        )
        self._jobs = Gauge(
            "shenxiang_screening_jobs",
            f"Scans waiting for screening or in it; {MOST_JOBS} means so many or more.",
            registry=self.registry,
        )
        self._followed = Gauge(
            "shenxiang_queue_read_timestamp_seconds",
            "When the numbers above were last read from the database.",
            registry=self.registry,
        )

    def watch_model(self, find_model: Callable[[], ScorerInfo | None]) -> None:
        """Tell which model is in use."""
        self.registry.register(ModelCollector(find_model))

    def count_problem(self, code: str, status: int) -> None:
        """Count a request that was answered with a problem."""
        self._problems.labels(code, status).inc()

    async def read_queue(self, pool: asyncpg.Pool) -> None:
        """Read from the database how much waits."""
        async with pool.acquire() as connection:
            depths = {row["stage"]: row["n"] for row in await connection.fetch(DEPTHS)}
            n_jobs = await connection.fetchval(JOBS)
        for stage in STAGES:
            self._waiting.labels(stage).set(depths.get(stage, 0))
        self._jobs.set(n_jobs)
        self._followed.set_to_current_time()

    def counting(self, app: ASGIApp) -> ASGIApp:
        """Wrap an application so that its problem responses are counted."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            scope[ON_PROBLEM] = self.count_problem
            await app(scope, receive, send)

        return counted


async def follow_queue(metrics: Metrics, pool: asyncpg.Pool, stop: asyncio.Event) -> None:
    """Read how much waits every few seconds; while the database is away the last numbers stay."""
    while not stop.is_set():
        try:
            await metrics.read_queue(pool)
        except Exception:
            log.exception("metrics_not_read")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), FOLLOW_EVERY_S)


def build_metrics_router(metrics: Metrics, *, token: str) -> APIRouter:
    """Build ``/metrics``, answered to ``Authorization: Bearer <token>``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics")
    async def scrape(request: Request) -> Response:
        """Answer in Prometheus' text format."""
        if not carries_token(request, token):
            raise HTTPException(401, "Send the metrics token.", headers={"WWW-Authenticate": "Bearer"})
        return Response(generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router
