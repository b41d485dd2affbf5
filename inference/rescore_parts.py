"""From the scans of a plan to the rows of a result: the work of a re-scoring, wherever it is done.

Every scorer of parts writes the same rows for the same scans, so a run may change from one to another.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import pyarrow as pa

from inference.rescore_kept import checked_before
from inference.rescore_run import FINDING, RescoreRun
from inference.scorer import Scorer, ScoreResult, ScorerInfo, score_px16
from inference.screening_store import finding_json
from inference.triage import TriagePolicy, finding_risk, is_alarm
from models.errors import ModelOutputError
from scans.errors import ObjectCorruptError, ObjectMissingError, Px16Error
from scans.store import ScanStore

RESULT_FIELDS: "list[pa.Field[Any]]" = [
    pa.field("scan_id", pa.string()),
    pa.field("was_flagged", pa.bool_()),
    pa.field("is_flagged", pa.bool_()),
    pa.field("old_risk", pa.float64()),
    pa.field("new_risk", pa.float64()),
    pa.field("old_findings", pa.list_(FINDING)),
    pa.field("new_findings", pa.list_(FINDING)),
    pa.field("error", pa.string()),
]
RESULT_SCHEMA = pa.schema(RESULT_FIELDS)


class PartScorer(Protocol):
    """Scores the parts of a run with one model."""

    @property
    def info(self) -> ScorerInfo:
        """Which model."""

    def score_parts(self, run: RescoreRun, indexes: Sequence[int]) -> AsyncGenerator[tuple[int, pa.Table]]:
        """Yield each of these parts once all of its scans are done: its index and its rows in plan order.

        Raises:
            StoreUnavailableError: The store is away.
            EngineError: Likewise the engine.
        """


class ThreadScorer:
    """Scores in threads of this process, one part after the other.

    Args:
        scorer: The model, loaded.
        store: Holds the pixels.
        n_workers: Scans scored at once; 0 takes one per core.
    """

    def __init__(self, scorer: Scorer, store: ScanStore, *, n_workers: int = 0) -> None:
        self._scorer, self._store = scorer, store
        self._n_workers = n_workers or os.cpu_count() or 1

    @property
    def info(self) -> ScorerInfo:
        """See ``PartScorer``."""
        return self._scorer.info

    async def score_parts(
        self, run: RescoreRun, indexes: Sequence[int]
    ) -> AsyncGenerator[tuple[int, pa.Table]]:
        """See ``PartScorer``."""
        with ThreadPoolExecutor(self._n_workers, thread_name_prefix="rescore") as threads:
            for index in indexes:
                yield (
                    index,
                    await score_scans(
                        run.part_plan(index),
                        policy=run.policy.policy,
                        store=self._store,
                        scorer=self._scorer,
                        threads=threads,
                        n_threads=self._n_workers,
                    ),
                )


async def score_scans(
    scans: pa.Table,
    *,
    policy: TriagePolicy,
    store: ScanStore,
    scorer: Scorer,
    threads: ThreadPoolExecutor,
    n_threads: int,
) -> pa.Table:
    """Score scans, as many at once as there are threads.

    Args:
        scans: Rows of a plan.
        policy: The run's.
        store: Holds the pixels.
        scorer: The model, loaded.
        threads: Where it runs.
        n_threads: How many those are.

    Returns:
        ``RESULT_SCHEMA``, in the order of ``scans``. A scan that cannot be read or scored has an error code.

    Raises:
        StoreUnavailableError: The store is away.
        EngineError: Likewise the engine.
    """
    loop = asyncio.get_running_loop()
    slots = asyncio.Semaphore(n_threads + 1)  # one more, so that reading overlaps scoring

    async def score(scan: dict[str, Any]) -> dict[str, Any]:
        for_scan = policy.for_modality(scan["modality"])
        async with slots:
            try:
                data = await store.get(scan["px16_full"])
                result = await loop.run_in_executor(
                    threads, lambda: score_px16(scorer, data, thresholds=for_scan.thresholds)
                )
            except (ObjectMissingError, ObjectCorruptError, Px16Error, ModelOutputError) as error:
                return _row(scan, error=error.code)
            return _row(scan, result=result, policy=for_scan)

    try:
        async with asyncio.TaskGroup() as scoring:
            tasks = [scoring.create_task(score(scan)) for scan in scans.to_pylist()]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None  # the first failure stopped the others
    return pa.Table.from_pylist([task.result() for task in tasks], schema=RESULT_SCHEMA)


def _row(
    scan: dict[str, Any],
    *,
    result: ScoreResult | None = None,
    policy: TriagePolicy | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    row = {
        "scan_id": scan["scan_id"],
        "was_flagged": scan["was_flagged"],
        "is_flagged": None,
        "old_risk": scan["old_risk"],
        "new_risk": None,
        "old_findings": scan["old_findings"],
        "new_findings": None,
        "error": error,
    }
    if result is not None and policy is not None:
        # The other model is a detector: what the checks beside it found stays as it was.
        findings = [*result.findings, *checked_before(scan["old_findings"])]
        row["is_flagged"] = any(is_alarm(finding, policy) for finding in findings)
        row["new_risk"] = max((finding_risk(finding, policy) for finding in findings), default=0.0)
        row["new_findings"] = [finding_json(finding) for finding in findings]
    return row
