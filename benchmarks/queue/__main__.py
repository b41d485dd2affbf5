"""``python -m benchmarks.queue --json FILE [--quick]``."""

import argparse
import asyncio
import signal
import sys

import uvloop

from app.database import DatabaseError
from benchmarks.command import add_parts, make_parser, store_result
from benchmarks.queue.driver import LoadError
from benchmarks.queue.rates import PeersMissingError
from benchmarks.queue.run import KEYS, PARTS, run_benchmark
from benchmarks.queue.workload import FULL, QUICK, TINY, Workload

WORKLOADS = {workload.name: workload for workload in (FULL, QUICK, TINY)}


def main() -> None:
    """Measure, print the keys, store everything."""
    parser = make_parser(
        "queue", "Measure the review queue.", quick="at most five minutes; says what is smaller"
    )
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    add_parts(parser, PARTS)
    arguments = parser.parse_args()
    name = "tiny" if arguments.tiny else "quick" if arguments.quick else "full"
    try:
        result = uvloop.run(_run(WORKLOADS[name], arguments.only))
    except (PeersMissingError, LoadError, DatabaseError) as error:
        sys.exit(f"shenxiang bench queue: {error}")
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit(130)
    store_result(result, arguments.json, shown=KEYS)


async def _run(workload: Workload, parts: list[str]) -> dict[str, object]:
    """Run so that SIGTERM, like Ctrl-C, ends every child and the cluster first."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await run_benchmark(workload, parts=parts)


if __name__ == "__main__":
    main()
