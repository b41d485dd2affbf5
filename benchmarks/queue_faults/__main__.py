"""``python -m benchmarks.queue_faults [--operations N] [--seed S] [--planted] [--json FILE]``."""

import argparse
import asyncio
import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

import uvloop

from app.database import DatabaseError
from benchmarks.queue_faults.fleet import WorkerError
from benchmarks.queue_faults.plants import PLANTS
from benchmarks.queue_faults.run import N_PEOPLE, N_WORKERS, run_faults, run_planted


def main() -> None:
    """Run, print, and fail if anything was found, or a planted bug was not."""
    parser = argparse.ArgumentParser(prog="benchmarks.queue_faults", description="Break the review queue.")
    parser.add_argument("--operations", type=int, default=100_000, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--workers", type=int, default=N_WORKERS, metavar="N")
    parser.add_argument("--people", type=int, default=N_PEOPLE, metavar="N")
    parser.add_argument("--planted", action="store_true", help="run with planted bugs instead")
    parser.add_argument("--only", metavar="NAMES", default=",".join(PLANTS), help="some of the planted bugs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the report goes")
    arguments = parser.parse_args()
    # The driver tells of each connection that is lost; here that is the plan.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    try:
        document, is_good = uvloop.run(_run(arguments))
    except (WorkerError, DatabaseError) as error:
        sys.exit(f"benchmarks.queue_faults: {error}")
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit(130)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))
    sys.exit(0 if is_good else 1)


async def _run(arguments: argparse.Namespace) -> tuple[dict[str, Any], bool]:
    """Run so that SIGTERM, like Ctrl-C, ends every worker and the cluster first."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    if arguments.planted:
        planted = await run_planted(seed=arguments.seed, names=arguments.only.split(","), say=_say)
        return planted.to_json(), planted.n_caught == planted.n_planted
    report = await run_faults(
        n_operations=arguments.operations,
        seed=arguments.seed,
        n_workers=arguments.workers,
        n_people=arguments.people,
    )
    return report.to_json(), not report.n_violations


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
