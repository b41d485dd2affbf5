"""Runs the chosen parts on one cluster and puts their results together."""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict
from statistics import median
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.queue.cluster import open_cluster
from benchmarks.queue.depths import measure_depths, measure_head
from benchmarks.queue.faults import measure_faults
from benchmarks.queue.held import measure_held
from benchmarks.queue.parts import Result, Setting, build_base
from benchmarks.queue.rates import check_peers, measure_rates
from benchmarks.queue.rounds import Round, tell
from benchmarks.queue.workload import Workload

KEYS = (
    "http_vs_pgbench_32",
    "http_vs_pgbench_128",
    "vs_pgqueuer",
    "vs_procrastinate",
    "vs_pgqueuer_batch10",
    "p50_1m_vs_1k",
    "cpu_1m_vs_1k",
    "p99_1m_vs_1k",
    "held_snapshot_retention",
    "adversarial_p99_ratio",
    "fault_operations",
    "fault_violations",
    "planted_bugs",
    "planted_caught",
)
"""Every result has each of them; ``None`` where its part was left out."""

PARTS = ("rates", "peers", "depths", "held", "head", "faults")


async def run_benchmark(workload: Workload, *, parts: Collection[str] = PARTS) -> dict[str, Any]:
    """Measure.

    Args:
        workload: How much of everything.
        parts: Which of ``PARTS``; ``peers`` come with ``rates``.

    Returns:
        ``KEYS`` at the top; beside them where the run was smaller than they say, and the share of the machine
        that others took during the median round; then machine, workload and, below ``details``, every round.

    Raises:
        PeersMissingError: If ``peers`` is asked for and they are not installed.
    """
    if "peers" in parts:
        check_peers()
    machine, started = describe_machine(), time.perf_counter()
    keys: dict[str, float | int | None] = dict.fromkeys(KEYS)
    details: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    rounds: list[Round] = []

    async def measure(name: str, part: Callable[[], Awaitable[Result]]) -> None:
        if name in parts:
            tell(f"{name} …")
            part_started = time.perf_counter()
            result = await part()
            keys.update(result.keys)
            details.update(result.details)
            rounds.extend(result.rounds)
            seconds[name] = round(time.perf_counter() - part_started, 1)

    async with open_cluster() as cluster:
        details["server"] = await cluster.settings()
        setting = Setting(cluster=cluster, base=await build_base(cluster, workload), workload=workload)
        await measure("rates", lambda: measure_rates(setting, with_peers="peers" in parts))
        await measure("depths", lambda: measure_depths(setting))
        await measure("held", lambda: measure_held(setting))
        await measure("head", lambda: measure_head(setting))
    await measure("faults", lambda: measure_faults(workload))
    seconds["all"] = round(time.perf_counter() - started, 1)
    return {
        **keys,
        **_reductions(workload),
        "others_share": round(median(one.others_share for one in rounds), 2) if rounds else None,
        **machine,
        "workload": asdict(workload),
        "seconds": seconds,
        "details": details,
    }


def _reductions(workload: Workload) -> Mapping[str, Any]:
    """Say where a run is smaller than its keys' names."""
    return {
        "quick": workload.name != "full",
        "depth_1m": workload.deep_depth,
        "held_cycles": workload.held_cycles,
    }
