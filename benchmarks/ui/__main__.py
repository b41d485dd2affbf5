"""``python -m benchmarks.ui --json FILE [--quick]``."""

import argparse
import asyncio
import json
import shutil
from pathlib import Path

from benchmarks.ui.run import run_benchmark
from benchmarks.ui.workload import FULL, QUICK


def main() -> None:
    """Measure, print the numbers, store everything."""
    parser = argparse.ArgumentParser(prog="shenxiang bench ui", description="Measure the reviewer's page.")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the result goes")
    parser.add_argument("--quick", action="store_true", help="two minutes; the result says what is smaller")
    arguments = parser.parse_args()
    if shutil.which("chromium") is None:
        parser.error("this benchmark drives Chromium; install it (Debian: apt-get install chromium)")
    result = asyncio.run(run_benchmark(QUICK if arguments.quick else FULL))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({name: result[name] for name in ("numbers", "missed", "reference_by_phase")}, indent=1))


if __name__ == "__main__":
    main()
