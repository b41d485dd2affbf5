"""Runs the archive through another model and compares: resumable, repeatable, and it never alters a decision.

What it means for cases is in ``inference.rescore_cases``.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from inference.database_errors import Pool
from inference.errors import RescoreError
from inference.rescore_cases import reopen_flagged, reprioritize_flagged
from inference.rescore_compare import compare
from inference.rescore_kept import checked_before
from inference.rescore_run import (
    FINDING,
    RescoreFilters,
    RescoreRun,
    finished_parts,
    open_run,
    read_part,
    write_json,
    write_table,
)
from inference.scorer import Scorer, ScoreResult, score_px16
from inference.screening_store import finding_json
from inference.triage import TriagePolicy, finding_risk, is_alarm
from models.errors import ModelOutputError
from review_queue.queue import ReviewQueue
from scans.errors import ObjectCorruptError, ObjectMissingError, Px16Error
from scans.store import ScanStore

RESULT_FILE, SUMMARY_FILE = "result.parquet", "summary.json"
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
Progress = Callable[[int, int], None]


async def rescore(
    *,
    pool: Pool,
    store: ScanStore,
    queue: ReviewQueue,
    scorer: Scorer,
    out: Path,
    filters: RescoreFilters,
    n_workers: int = 0,
    part_scans: int = 500,
    reopen_above: float | None = None,
    reprioritize: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score every stored scan that the filters choose, and compare with its stored primary screening.

    Args:
        pool: Database.
        store: Holds the pixels.
        queue: Opens new cycles, and brings cases forward.
        scorer: The other model, loaded.
        out: Folder of the run. The same folder again takes up where it was left.
        filters: Which scans.
        n_workers: Scans scored at once; 0 takes one per core.
        part_scans: Scans per part file; a stopped run loses at most one part's work.
        reopen_above: Open a new cycle for released scans that are flagged with at least this risk.
        reprioritize: Bring open cases forward that are flagged with a higher risk than they have.
        progress: Called with (scans done, scans in all) as parts are finished.

    Returns:
        The contents of ``summary.json``; with ``reopen_above`` also ``n_reopened``, with ``reprioritize``
        also ``n_reprioritized``.

    Raises:
        RescoreMismatchError: The folder holds another run.
        StoreUnavailableError: The store is away; run again to go on.
        EngineError: Likewise the engine.
    """
    run = await open_run(pool, out, model=scorer.info, filters=filters, part_scans=part_scans)
    n_done, n_all = 0, run.plan.num_rows
    done = set(finished_parts(run, RESULT_SCHEMA))
    n_workers = n_workers or os.cpu_count() or 1
    with ThreadPoolExecutor(n_workers, thread_name_prefix="rescore") as threads:
        for index in range(run.n_parts):
            if index not in done:
                part = await _score_part(
                    run, index, store=store, scorer=scorer, threads=threads, n_workers=n_workers
                )
                await asyncio.to_thread(write_table, part, run.part_path(index))
            n_done += run.part_plan(index).num_rows
            if progress is not None:
                progress(n_done, n_all)
    result = _join_parts(run)
    summary = {"run_id": run.run_id, **compare(result)}
    write_table(result, out / RESULT_FILE)
    write_json(summary, out / SUMMARY_FILE)
    effects = {}
    if reprioritize:
        effects["n_reprioritized"] = await reprioritize_flagged(pool, queue, run, result, info=scorer.info)
    if reopen_above is not None:
        effects["n_reopened"] = await reopen_flagged(
            pool, queue, run, result, info=scorer.info, reopen_above=reopen_above
        )
    return {**summary, **effects}


def _join_parts(run: RescoreRun) -> pa.Table:
    parts = [read_part(run, index, RESULT_SCHEMA) for index in range(run.n_parts)]
    if any(part is None for part in parts):
        raise RescoreError(f"A part in {run.folder} is damaged; run again to score it anew.")
    return (
        pa.concat_tables([part for part in parts if part is not None])
        if parts
        else RESULT_SCHEMA.empty_table()
    )


async def _score_part(
    run: RescoreRun,
    index: int,
    *,
    store: ScanStore,
    scorer: Scorer,
    threads: ThreadPoolExecutor,
    n_workers: int,
) -> pa.Table:
    """Score one part's scans, as many at once as there are workers, and return its rows in plan order."""
    loop = asyncio.get_running_loop()
    slots = asyncio.Semaphore(n_workers + 1)  # one more, so that reading overlaps scoring

    async def score(scan: dict[str, Any]) -> dict[str, Any]:
        policy = run.policy.policy.for_modality(scan["modality"])
        async with slots:
            try:
                data = await store.get(scan["px16_full"])
                result = await loop.run_in_executor(
                    threads, lambda: score_px16(scorer, data, thresholds=policy.thresholds)
                )
            except (ObjectMissingError, ObjectCorruptError, Px16Error, ModelOutputError) as error:
                return _row(scan, error=error.code)
            return _row(scan, result=result, policy=policy)

    try:
        async with asyncio.TaskGroup() as scoring:
            tasks = [scoring.create_task(score(scan)) for scan in run.part_plan(index).to_pylist()]
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
