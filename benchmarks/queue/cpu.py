"""CPU seconds: those of a process and everything below it, and those of the whole machine."""

from pathlib import Path

import psutil


def tree_cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process tree, those of its ended children included.

    On Linux the kernel's nanosecond count is read, since the usual one is in ticks of 10 ms and a round is
    spread over dozens of backends; of children that have ended there are ticks only.
    """
    try:
        root = psutil.Process(pid)
        return sum(_own_cpu_s(process) for process in [root, *root.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0.0


def machine_cpu_s() -> float:
    """Return the CPU seconds that all processes of the machine have used so far."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "steal", 0.0))


def _own_cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
        live_s = _scheduled_s(process.pid)
    except psutil.NoSuchProcess:
        return 0.0
    ended_s = float(times.children_user + times.children_system)
    return ended_s + (float(times.user + times.system) if live_s is None else live_s)


def _scheduled_s(pid: int) -> float | None:
    """Sum the run time of a process's threads, or ``None`` where the kernel does not tell."""
    total_ns = 0
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            total_ns += int((thread / "schedstat").read_text().split()[0])
    except (OSError, ValueError):
        return None
    return total_ns / 1e9
