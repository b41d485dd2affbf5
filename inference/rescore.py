"""Runs the archive through another model and compares: resumable, repeatable, and it never alters a decision.

Who does the work is behind ``inference.rescore_parts``; what it means for cases is in
``inference.rescore_cases``.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pyarrow as pa

from inference.database_errors import Pool
from inference.errors import RescoreError
from inference.rescore_cases import reopen_flagged, reprioritize_flagged
from inference.rescore_compare import compare
from inference.rescore_parts import RESULT_SCHEMA, PartScorer
from inference.rescore_run import (
    RescoreFilters,
    RescoreRun,
    finished_parts,
    open_run,
    read_part,
    write_json,
    write_table,
)
from review_queue.queue import ReviewQueue

RESULT_FILE, SUMMARY_FILE = "result.parquet", "summary.json"
Progress = Callable[[int, int], None]


async def rescore(
    *,
    pool: Pool,
    queue: ReviewQueue,
    scorer: PartScorer,
    out: Path,
    filters: RescoreFilters,
    part_scans: int = 500,
    reopen_above: float | None = None,
    reprioritize: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score every stored scan that the filters choose, and compare with its stored primary screening.

    Args:
        pool: Database.
        queue: Opens new cycles, and brings cases forward.
        scorer: Scores with the other model.
        out: Folder of the run. The same folder again takes up where it was left.
        filters: Which scans.
        part_scans: Scans per part file; a stopped run loses at most the work on the parts in hand.
        reopen_above: Open a new cycle for released scans that are flagged with at least this risk.
        reprioritize: Bring open cases forward that are flagged with a higher risk than they have.
        progress: Called with (scans done, scans in all) as parts are finished.

    Returns:
        The contents of ``summary.json``; with ``reopen_above`` also ``n_reopened``, with ``reprioritize``
        also ``n_reprioritized``.

    Raises:
        RescoreMismatchError: The folder holds another run.
        RescoreError: Its files are damaged; run again to go on. Likewise what the scorer raises.
    """
    run = await open_run(pool, out, model=scorer.info, filters=filters, part_scans=part_scans)
    await _score_missing_parts(run, scorer, progress)
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


async def _score_missing_parts(run: RescoreRun, scorer: PartScorer, progress: Progress | None) -> None:
    tell = progress or (lambda _done, _all: None)
    done = set(finished_parts(run, RESULT_SCHEMA))
    n_done = sum(run.part_plan(index).num_rows for index in done)
    if done:
        tell(n_done, run.plan.num_rows)
    missing = [index for index in range(run.n_parts) if index not in done]
    if not missing:
        return
    async with aclosing(scorer.score_parts(run, missing)) as parts:
        async for index, part in parts:
            await asyncio.to_thread(write_table, part, run.part_path(index))
            n_done += part.num_rows
            tell(n_done, run.plan.num_rows)


def _join_parts(run: RescoreRun) -> pa.Table:
    parts = [read_part(run, index, RESULT_SCHEMA) for index in range(run.n_parts)]
    if any(part is None for part in parts):
        raise RescoreError(f"A part in {run.folder} is damaged; run again to score it anew.")
    return (
        pa.concat_tables([part for part in parts if part is not None])
        if parts
        else RESULT_SCHEMA.empty_table()
    )
