"""Scores the parts of a re-scoring with Ray Data: the workers may be on any machine of a cluster.

Only rows of the plan and rows of the result pass through Ray. A worker reads the pixels from the scan store
itself, so memory does not grow with the archive's pixels, and the store has to be one that every machine
reaches. Ray is optional: docs/howto/ray.md. Nothing here imports it before a run needs it.
"""

import asyncio
import logging
import math
import os
import warnings
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from inference.carried_errors import CARRIED, rebuild_error
from inference.engine_threads import EngineThreads
from inference.errors import RayMissingError, RescoreError
from inference.rescore_parts import RESULT_FIELDS, RESULT_SCHEMA, score_scans
from inference.rescore_run import PLAN_SCHEMA, RescoreRun
from inference.scorer import EngineScorer, ScorerInfo, info_of, open_scorer
from inference.settings import MIB, EngineOptions, RayOptions
from inference.triage import TriagePolicy
from models.contract import ModelContract
from scans.store import S3Access, open_store

MOST_SCANS_PER_BLOCK: Final = 32
"""Some ten seconds of one core: little next to a part, much next to what Ray takes for a block."""

BLOCKS_PER_WORKER: Final = 4
"""In a small archive, so that no worker waits long for the last one."""

N_DEATHS: Final = 3
"""A worker may die so often, and a block may see so many die. Ray's own number is no limit at all."""

OBJECT_STORE_BYTES: Final = 128 * MIB
"""Of a Ray on this machine: it holds the model once, and rows."""

PLACE_FIELDS: "list[pa.Field[Any]]" = [pa.field("part", pa.int64()), pa.field("place", pa.int64())]
FAULT_FIELDS: "list[pa.Field[Any]]" = [pa.field("code", pa.string()), pa.field("message", pa.string())]
ANSWER_SCHEMA = pa.schema([*RESULT_FIELDS, *PLACE_FIELDS, *FAULT_FIELDS])
"""A row of the result, which one it is, and, in an answer without rows, what keeps the run from going on."""


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A model and how to run it. ``digest`` is the sha256 of ``data``, hex."""

    data: bytes
    digest: str
    options: EngineOptions


@dataclass(frozen=True, kw_only=True)
class StoreAccess:
    """Where the scan store is, as ``open_store`` takes it; a folder has to be absolute."""

    url: str
    s3: S3Access


class RayScorer:
    """Scores parts with Ray; ``rescore_parts.PartScorer``.

    Args:
        model: The other model. The workers load it; this process does not.
        store: Holds the pixels.
        options: Which Ray, and how much of it.

    Raises:
        RayMissingError: Ray is not installed.
        ModelContractError: The file carries no usable contract.
    """

    def __init__(self, model: ModelFile, store: StoreAccess, options: RayOptions) -> None:
        try:
            import ray.data  # noqa: F401
        except ImportError as error:
            raise RayMissingError("ray is not installed; see docs/howto/ray.md") from error
        contract = ModelContract.from_file(model.data)
        self._info = info_of(contract, model.digest, model.options)
        self._model, self._store, self._options = model, store, options

    @property
    def info(self) -> ScorerInfo:
        """See ``PartScorer``."""
        return self._info

    async def score_parts(
        self, run: RescoreRun, indexes: Sequence[int]
    ) -> AsyncGenerator[tuple[int, pa.Table]]:
        """See ``PartScorer``. Parts come as they are finished.

        Raises:
            RescoreError: Workers keep dying, or the cluster is gone; run again to go on.
        """
        import ray
        from ray.exceptions import RayError

        sorter = PartSorter(run)
        # One that may be abandoned: a run that is stopped must not wait for an answer that does not come.
        waiting = EngineThreads(1, timeout_s=math.inf)
        try:
            _connect(self._options)
            answers = self._begin(run, indexes)
            while (answer := await waiting.run(next, answers, None)) is not None:
                for index, part in sorter.add(answer):
                    yield index, part
        except RayError as error:
            [*_, reason] = str(error).strip().splitlines() or [type(error).__name__]
            raise RescoreError(f"Ray stopped ({reason}); run again to go on.") from error
        finally:
            ray.shutdown()

    def _begin(self, run: RescoreRun, indexes: Sequence[int]) -> Iterator[pa.Table]:
        """Start the workers on these parts; return their answers in the order in which they come."""
        import ray
        from ray.data import ActorPoolStrategy, DataContext

        DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        n_workers = self._options.n_workers or int(ray.cluster_resources().get("CPU", 1)) or 1
        n_scans = sum(run.part_plan(index).num_rows for index in indexes)
        block_scans = min(MOST_SCANS_PER_BLOCK, max(1, n_scans // (n_workers * BLOCKS_PER_WORKER)))
        blocks = [block for index in indexes for block in cut_part(run, index, block_scans)]
        get_model = partial(ray.get, ray.put(self._model))
        job = {"get_model": get_model, "store": self._store, "policy": run.policy.policy}
        # Blocks go straight to the workers. A step before them, such as reading or repartition, would want a
        # core that the workers hold, and wait for it for ever.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Ray will name the last two otherwise, and says so; not how yet
            answers = ray.data.from_blocks(blocks).map_batches(
                RayWorker,
                fn_constructor_kwargs=job,
                batch_size=None,
                batch_format="pyarrow",
                compute=ActorPoolStrategy(min_size=1, max_size=n_workers, initial_size=n_workers),
                num_cpus=1,
                num_gpus=self._options.gpu_share,
                max_restarts=N_DEATHS,
                max_task_retries=N_DEATHS,
            )
        return iter(answers.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1))


class RayWorker:
    """One worker: a process of Ray's with a core of its own, and a model of its own from its first block on.

    Args:
        get_model: Fetches the model.
        store: Holds the pixels.
        policy: The run's.
    """

    def __init__(self, get_model: Callable[[], ModelFile], store: StoreAccess, policy: TriagePolicy) -> None:
        self._get_model, self._store, self._policy = get_model, store, policy
        self._scorer: EngineScorer | None = None

    def __call__(self, block: pa.Table) -> pa.Table:
        """Score a block of the plan; return ``ANSWER_SCHEMA``."""
        try:
            rows = asyncio.run(self._score(block.select(PLAN_SCHEMA.names)))
        except CARRIED as error:
            return pa.Table.from_pylist([{"code": error.code, "message": str(error)}], schema=ANSWER_SCHEMA)
        for field in PLACE_FIELDS:
            rows = rows.append_column(field, block.column(field.name))
        for field in FAULT_FIELDS:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
        return rows

    async def _score(self, scans: pa.Table) -> pa.Table:
        if self._scorer is None:
            model = self._get_model()
            self._scorer = open_scorer(model.data, model.digest, model.options)
        store = open_store(self._store.url, s3=self._store.s3)
        try:
            with ThreadPoolExecutor(1, thread_name_prefix="rescore") as threads:
                return await score_scans(
                    scans,
                    policy=self._policy,
                    store=store,
                    scorer=self._scorer,
                    threads=threads,
                    n_threads=1,
                )
        finally:
            await store.close()


class PartSorter:
    """Puts rows that come in any order into their parts."""

    def __init__(self, run: RescoreRun) -> None:
        self._run = run
        self._rows: dict[int, list[pa.Table]] = {}

    def add(self, answer: pa.Table) -> Iterator[tuple[int, pa.Table]]:
        """Take an answer; yield each part that is complete with it.

        Raises:
            StoreUnavailableError: What a worker met, or another error that ends the run.
        """
        told: list[dict[str, Any]] = answer.select(["part", "code", "message"]).to_pylist()
        for row in told:
            if row["code"] is not None:
                raise rebuild_error(row["code"], row["message"])
        for index in sorted({int(row["part"]) for row in told}):
            rows = self._rows.setdefault(index, [])
            rows.append(answer.filter(pc.field("part") == index))
            if sum(map(len, rows)) == self._run.part_plan(index).num_rows:
                del self._rows[index]
                part = pa.concat_tables(rows).sort_by("place")
                yield index, part.select(RESULT_SCHEMA.names).cast(RESULT_SCHEMA)


def _connect(options: RayOptions) -> None:
    """Reach the cluster, or start Ray here.

    Raises:
        RescoreError: It does not answer, or does not start.
    """
    import ray

    quiet: dict[str, Any] = {"logging_level": "warning", "log_to_driver": False}
    try:
        if options.address is not None:
            ray.init(options.address, **quiet)
            return
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
        ray.init(
            "local",
            num_cpus=options.n_workers or os.cpu_count(),
            object_store_memory=OBJECT_STORE_BYTES,
            include_dashboard=False,
            **quiet,
        )
    except Exception as error:  # it raises bare ones, too
        where = options.address or "on this machine"
        raise RescoreError(f"Ray {where} cannot be used: {error}") from error


def cut_part(run: RescoreRun, index: int, block_scans: int) -> Iterator[pa.Table]:
    """Yield a part's plan in blocks; each row says which one it is."""
    plan = run.part_plan(index)
    numbers = pa.array(range(plan.num_rows), PLACE_FIELDS[1].type)
    parts = pa.array([index] * plan.num_rows, PLACE_FIELDS[0].type)
    rows = plan.append_column(PLACE_FIELDS[0], parts).append_column(PLACE_FIELDS[1], numbers)
    for start in range(0, rows.num_rows, block_scans):
        yield rows.slice(start, block_scans)
