"""Independent jobs in worker processes, each of which opens once what all of its jobs need."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

import cv2
from rich.progress import Progress

Job = TypeVar("Job")
Result = TypeVar("Result")


def run_jobs(
    open_worker: Callable[[], Callable[[Job], Result]],
    jobs: Sequence[Job],
    *,
    workers: int,
    description: str,
) -> Iterator[Result]:
    """Results in the order of the jobs, as they are asked for, beside a progress bar.

    Args:
        open_worker: Called once in every process; what it returns does a job. It can be pickled; so can jobs
            and results.
        jobs: What there is to do.
        workers: Processes of one thread each; a single worker is this process, whose torch keeps its threads.
        description: Of the progress bar.
    """
    with Progress(transient=True) as progress:
        results = _results(open_worker, jobs, workers=min(workers, len(jobs)))
        yield from progress.track(results, total=len(jobs), description=description)


def _results(
    open_worker: Callable[[], Callable[[Job], Result]], jobs: Sequence[Job], *, workers: int
) -> Iterator[Result]:
    if workers <= 1:
        if jobs:
            cv2.setNumThreads(1)
            yield from map(open_worker(), jobs)
        return
    # Spawned, not forked: a fork of a process with threads (ours may have torch's) may never wake up.
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(open_worker,)) as pool:
        yield from pool.map(_do, jobs)


_do_job: list[Callable[[Any], Any]] = []
"""Of this worker process."""


def _begin(open_worker: Callable[[], Callable[[Any], Any]]) -> None:
    cv2.setNumThreads(1)
    # Only where a worker computes with torch: to import it for an evaluation would take seconds.
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)
    _do_job[:] = [open_worker()]


def _do(job: Any) -> Any:
    return _do_job[0](job)
