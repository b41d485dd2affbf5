"""``python -m benchmarks.inference --json FILE [--quick]``."""

import sys

from benchmarks.command import add_parts, make_parser, store_result
from benchmarks.inference.contestants import MeasureError
from benchmarks.inference.run import KEYS, PARTS, run_benchmark
from benchmarks.inference.workload import FULL, QUICK


def main() -> None:
    """Measure, print the keys, store everything."""
    parser = make_parser("inference", "Measure scoring.", quick="within five minutes; says what is smaller")
    add_parts(parser, PARTS)
    arguments = parser.parse_args()
    try:
        result = run_benchmark(QUICK if arguments.quick else FULL, parts=arguments.only)
    except MeasureError as error:
        sys.exit(f"shenxiang bench inference: {error}")
    store_result(result, arguments.json, shown=KEYS)


if __name__ == "__main__":
    main()
