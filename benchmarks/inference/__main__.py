"""``python -m benchmarks.inference --json FILE [--quick]``."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.inference.contestants import MeasureError
from benchmarks.inference.run import KEYS, PARTS, run_benchmark
from benchmarks.inference.workload import FULL, QUICK


def main() -> None:
    """Measure, print the keys, store everything."""
    parser = argparse.ArgumentParser(prog="shenxiang bench inference", description="Measure scoring.")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the result goes")
    parser.add_argument("--quick", action="store_true", help="about five minutes; says what is smaller")
    parser.add_argument(
        "--only", metavar="PARTS", default=",".join(PARTS), help=f"some of {','.join(PARTS)}; others are null"
    )
    arguments = parser.parse_args()
    parts = arguments.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    try:
        result = run_benchmark(QUICK if arguments.quick else FULL, parts=parts)
    except MeasureError as error:
        sys.exit(f"shenxiang bench inference: {error}")
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: result[key] for key in KEYS}, indent=1))


if __name__ == "__main__":
    main()
