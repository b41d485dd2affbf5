"""What a number was measured on: stands beside every result."""

import hashlib
import os
import platform
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
REFERENCE_BYTES = bytes(64 * 1024 * 1024)


def describe_machine() -> dict[str, Any]:
    """Return date, commit, cores, processor and the time of a fixed reference job.

    ``reference_ms`` is the median of five sha256 runs over 64 MiB on one core. Machines and moments differ:
    compare a result with another only after dividing both by it.
    """
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain") else ""),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_1min": round(os.getloadavg()[0], 2),
        "reference_ms": reference_ms(),
    }


def reference_ms() -> float:
    """Time the fixed reference job, milliseconds."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        hashlib.sha256(REFERENCE_BYTES).digest()
        times.append((time.perf_counter() - started) * 1000)
    return round(sorted(times)[2], 1)


def percentile(values: list[float], share: float) -> float:
    """Return the nearest-rank percentile; ``share`` in (0, 1]."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]


def spread(values: list[float]) -> dict[str, float]:
    """Return median, 95th percentile and maximum."""
    shares = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: round(percentile(values, share), 3) for name, share in shares.items()}


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
