"""``python -m benchmarks.queue --json FILE [--quick]``."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

import uvloop

from app.database import DatabaseError
from benchmarks.queue.driver import LoadError
from benchmarks.queue.rates import PeersMissingError
from benchmarks.queue.run import KEYS, PARTS, run_benchmark
from benchmarks.queue.workload import FULL, QUICK, TINY, Workload

WORKLOADS = {workload.name: workload for workload in (FULL, QUICK, TINY)}


def main() -> None:
    """Measure, print the keys, store everything."""
    parser = argparse.ArgumentParser(prog="shenxiang bench queue", description="Measure the review queue.")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the result goes")
    parser.add_argument("--quick", action="store_true", help="at most five minutes; says what is smaller")
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--only", metavar="PARTS", default=",".join(PARTS), help=f"some of {','.join(PARTS)}; others are null"
    )
    arguments = parser.parse_args()
    parts = arguments.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    name = "tiny" if arguments.tiny else "quick" if arguments.quick else "full"
    try:
        result = uvloop.run(_run(WORKLOADS[name], parts))
    except (PeersMissingError, LoadError, DatabaseError) as error:
        sys.exit(f"shenxiang bench queue: {error}")
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit(130)
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: result[key] for key in KEYS}, indent=1))


async def _run(workload: Workload, parts: list[str]) -> dict[str, object]:
    """Run so that SIGTERM, like Ctrl-C, ends every child and the cluster first."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await run_benchmark(workload, parts=parts)


if __name__ == "__main__":
    main()
