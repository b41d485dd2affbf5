"""The KServe v2 inference protocol over the model that screens. docs/reference/inference-v2.md describes it.

Like the intake: the key first, then the limits, and only then the body. Calls run in threads of their own, so
that no client's tensor, however slow, takes a thread from screening.
"""

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from inference.admission import WorkSlots
from inference.database_errors import Pool
from inference.engine_threads import EngineThreads
from inference.errors import ModelNotReadyError, ModelNotServedError
from inference.metrics import InferenceMetrics
from inference.protocol_http import answer_headers, describe_server, json_length
from inference.receive import ByteBudget, declared_length, pace_of, read_body
from inference.scorer import Scorer
from inference.settings import IntakeSettings, ModelApiSettings
from inference.stations import Station, StationKeys
from inference.tensor_protocol import (
    InferAnswer,
    TensorScorer,
    answer_request,
    describe_model,
    read_request,
)


class ModelRoutes:
    """``/v2`` and ``/v2/models/…``; ``/v2/health`` is the application's.

    Args:
        pool: Database, for the stations' keys.
        find_scorer: Returns the model that is in use now, or None while there is none.
        version: The program's.
        settings: Limits.
        receiving: How bodies have to arrive, and how long a key is believed.
        metrics: Counts the calls.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        find_scorer: Callable[[], Scorer | None],
        version: str,
        settings: ModelApiSettings,
        receiving: IntakeSettings,
        metrics: InferenceMetrics,
    ) -> None:
        self._keys = StationKeys(pool, cache_s=receiving.key_cache_s, timeout_s=receiving.database_timeout_s)
        self._find_scorer = find_scorer
        self._version = version
        self._settings = settings
        self._metrics = metrics
        self._pace = pace_of(receiving)
        self._budget = ByteBudget(settings.in_flight_bytes)
        self._admitted = WorkSlots(n_running=settings.max_requests, n_waiting=0)
        self._threads = EngineThreads(settings.n_runners, timeout_s=settings.run_timeout_s)

    async def authenticate(self, request: Request) -> Station:
        """Return the station whose key the request carries."""
        return await self._keys.authenticate(request.headers.get("authorization"))

    def describe_server(self) -> dict[str, Any]:
        """Name the server and what it offers beyond the protocol."""
        return describe_server(self._version)

    def describe_model(self, model: str, version: str | None = None) -> dict[str, Any]:
        """Describe the model's tensors."""
        return describe_model(self._scorer_named(model, version))

    def tell_ready(self, model: str, version: str | None = None) -> dict[str, Any]:
        """Answer 200 if the model would answer now."""
        scorer = self._scorer_named(model, version)
        if self._threads.n_abandoned >= self._settings.n_runners:
            raise ModelNotReadyError("The engine hangs; restart the process.")
        return {"name": scorer.info.name, "ready": True}

    async def infer(
        self, model: str, request: Request, station: Station, version: str | None = None
    ) -> Response:
        """Run the model on one body."""
        scorer = self._scorer_named(model, version)
        header_bytes = json_length(request, max_bytes=self._settings.max_json_bytes)
        max_bytes = self._settings.max_json_bytes if header_bytes is None else self._settings.max_bytes
        length = declared_length(request, max_bytes=max_bytes)
        async with self._admitted.hold():
            with self._budget.reserve(length, owner=station.station_id):
                body = await read_body(request, max_bytes=max_bytes, pace=self._pace)
                answer = await self._threads.run(infer_body, scorer, body, header_bytes, self._metrics)
        return Response(answer.body, headers=answer_headers(answer.header_bytes))

    def _scorer_named(self, model: str, version: str | None) -> TensorScorer:
        scorer = self._find_scorer()
        if scorer is None:
            raise ModelNotReadyError("No model is loaded yet; try again.")
        if scorer.info.name != model or version not in (None, scorer.info.version):
            raise ModelNotServedError("No such model is served here, or not in this version.")
        if not isinstance(scorer, TensorScorer):
            raise ModelNotServedError(f"The engine {scorer.info.engine} takes no bare tensors.")
        return scorer


def infer_body(
    scorer: TensorScorer, body: bytes, header_bytes: int | None, metrics: InferenceMetrics
) -> InferAnswer:
    """Read a request, run it and write the answer: what a thread does for one call.

    Raises:
        InferRequestInvalidError: See ``read_request``; likewise TensorInvalidError.
        ModelOutputError: See ``EngineScorer.run_tensor``; likewise EngineError.
    """
    began_s = time.perf_counter()
    request = read_request(body, header_bytes=header_bytes, contract=scorer.contract)
    answer = answer_request(scorer, request)
    metrics.count_infer(len(request.transmission), time.perf_counter() - began_s)
    return answer


def build_model_router(routes: ModelRoutes) -> APIRouter:
    """Return the routes; all of them ask for a station's key. They are not part of our OpenAPI document."""
    router = APIRouter(prefix="/v2", include_in_schema=False)
    keyed = [Depends(routes.authenticate)]
    router.get("", dependencies=keyed)(routes.describe_server)
    for path in ("/models/{model}", "/models/{model}/versions/{version}"):
        router.get(path, dependencies=keyed)(routes.describe_model)
        router.get(f"{path}/ready", dependencies=keyed)(routes.tell_ready)
        router.post(f"{path}/infer")(_infer_endpoint(routes))
    return router


def _infer_endpoint(routes: ModelRoutes) -> Callable[..., Any]:
    async def infer(
        model: str,
        request: Request,
        station: Annotated[Station, Depends(routes.authenticate)],
        version: str | None = None,
    ) -> Response:
        return await routes.infer(model, request, station, version)

    return infer
