"""The limit: a process that decodes, prepares, runs and writes JSON in two threads, without HTTP.

``python -m benchmarks.inference.bare MANIFEST MODEL``; a line ``BODY_FILE COUNT`` on stdin is an order, and a
line on stdout says that it is done.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from inference.score_bytes import score_bytes
from inference.scorer import load_pinned_scorer
from scans.image_info import ImageLimits

N_THREADS = 2


def main() -> None:
    """Load the model and take orders until stdin ends."""
    manifest = Path(sys.argv[1])
    scorer = load_pinned_scorer(sys.argv[2], manifest=manifest, keys=[manifest.with_name("manifest-key.pem")])
    limits = ImageLimits()
    with ThreadPoolExecutor(N_THREADS) as threads:
        print("ready", flush=True)
        for line in sys.stdin:
            file, count = line.rsplit(maxsplit=1)
            data = Path(file).read_bytes()
            sizes = list(
                threads.map(
                    lambda _, data=data: len(score_bytes(scorer, data, limits=limits)), range(int(count))
                )
            )
            print("done", min(sizes), flush=True)


if __name__ == "__main__":
    main()
