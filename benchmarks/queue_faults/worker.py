"""One worker: ``shenxiang serve --roles review``, with a planted bug if one is named.

``python -m benchmarks.queue_faults.worker [--plant NAME --worker N]``; settings are in the environment.
"""

import argparse
import os
import sys
import threading

from app.cli import app
from benchmarks.queue_faults.plants import PLANTS


def main() -> None:
    """Plant, and serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--plant", choices=sorted(PLANTS))
    parser.add_argument("--worker", type=int, default=0, help="which one of several")
    arguments = parser.parse_args()
    if arguments.plant is not None:
        PLANTS[arguments.plant].plant(arguments.worker)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    app(["serve", "--roles", "review"])


def _end_with_parent() -> None:
    """End as soon as stdin ends, which is when the parent does, however that comes."""
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
