"""``python -m benchmarks.ui --json FILE [--quick] [--only PARTS]``."""

import asyncio
import shutil

from benchmarks.command import add_parts, make_parser, store_result
from benchmarks.ui.run import PARTS, run_benchmark
from benchmarks.ui.workload import FULL, QUICK


def main() -> None:
    """Measure, print the numbers, store everything."""
    parser = make_parser(
        "ui", "Measure the reviewer's page.", quick="two minutes; the result says what is smaller"
    )
    add_parts(parser, PARTS)
    arguments = parser.parse_args()
    if shutil.which("chromium") is None:
        parser.error("this benchmark drives Chromium; install it (Debian: apt-get install chromium)")
    result = asyncio.run(run_benchmark(QUICK if arguments.quick else FULL, parts=arguments.only))
    store_result(result, arguments.json, shown=("numbers", "missed", "reference_by_phase"))


if __name__ == "__main__":
    main()
