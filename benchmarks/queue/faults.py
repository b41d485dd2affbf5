"""Part (h): the history checker's run under faults, and the planted bugs that it has to catch.

It has clusters and workers of its own, since it crashes them; see ``benchmarks.queue_faults``.
"""

import logging

from benchmarks.queue.driver import LoadError
from benchmarks.queue.parts import Result
from benchmarks.queue.rounds import tell
from benchmarks.queue.workload import Workload

SEED = 1


async def measure_faults(workload: Workload) -> Result:
    """Break everything around the queue while people work, then the queue itself, one bug at a time.

    Raises:
        LoadError: If a worker does not come up.
    """
    from benchmarks.queue_faults.fleet import WorkerError
    from benchmarks.queue_faults.plants import PLANTS
    from benchmarks.queue_faults.run import run_faults, run_planted

    # The driver tells of each connection that is lost; here that is the plan.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    names = tuple(PLANTS) if workload.plants is None else workload.plants
    try:
        report = await run_faults(n_operations=workload.n_fault_operations, seed=SEED)
        tell(f"faults: {report.n_violations} violations in {report.n_operations} operations")
        planted = await run_planted(seed=SEED, names=names, say=tell)
    except WorkerError as error:
        raise LoadError(str(error)) from error
    return Result(
        keys={
            "fault_operations": report.n_operations,
            "fault_violations": report.n_violations,
            "planted_bugs": planted.n_planted,
            "planted_caught": planted.n_caught,
        },
        details={"faults": report.to_json(), "planted": planted.to_json()},
    )
