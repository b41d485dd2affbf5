"""Runs the parts and puts their results together."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.fuzz.__main__ import SEED, attack_throwaway
from benchmarks.inference.contestants import (
    Contestant,
    HttpServer,
    Turn,
    bare_loop,
    fastapi_server,
    our_server,
    ray_server,
)
from benchmarks.inference.engines import compare_scores, engines_here, make_int8, name_of
from benchmarks.inference.strain import latency_of, overload, slow_connections
from benchmarks.inference.workload import Workload, make_bodies, write_models
from benchmarks.machine import describe_machine
from benchmarks.queue.cpu import tree_cpu_s

KEYS = (
    "efficiency_png16_c16",
    "efficiency_tiny",
    "best_container_ratio",
    "p99_over_p50_c1",
    "overload_answer_s",
    "rss_mb",
    "start_s",
    "fuzz_cases",
    "fuzz_crashes",
    "fuzz_5xx",
    "slow_connections_p95_ratio",
)
"""Every result has each of them; ``None`` where its part was left out."""

PARTS = ("rates", "engines", "tiny", "ray", "start", "strain", "fuzz")
CONTAINERS = ("raw16-zstd", "raw16-blosc2")
MEMORY_EVERY_S = 0.25
N_STARTS = 3
Result = tuple[dict[str, Any], dict[str, Any]]
"""Keys, and details."""


def run_benchmark(workload: Workload, *, parts: Collection[str] = PARTS) -> dict[str, Any]:
    """Measure.

    Args:
        workload: How much of everything.
        parts: Which of ``PARTS``.

    Returns:
        ``KEYS`` at the top, then machine, workload and, below ``details``, every turn.

    Raises:
        MeasureError: A contestant failed.
    """
    machine, began = describe_machine(), time.perf_counter()
    keys: dict[str, Any] = dict.fromkeys(KEYS)
    details: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="shenxiang-bench-") as name:
        folder = Path(name)
        bench = _Bench(workload, folder)
        measures: dict[str, Callable[[], Result]] = {
            "rates": bench.rates,
            "engines": bench.engines,
            "tiny": bench.tiny,
            "ray": bench.ray,
            "start": bench.start,
            "strain": bench.strain,
            "fuzz": bench.fuzz,
        }
        for part, measure in measures.items():
            if part not in parts:
                continue
            print(f"{part} …", flush=True)
            part_keys, part_details = measure()
            keys.update(part_keys)
            details[part] = part_details
    return {
        **keys,
        "quick": workload.name != "full",
        "seconds": round(time.perf_counter() - began, 1),
        **machine,
        "workload": asdict(workload),
        "details": details,
    }


class _Bench:
    """The parts over one set of models and bodies in a folder."""

    def __init__(self, workload: Workload, folder: Path) -> None:
        self._workload, self._folder = workload, folder
        self._manifest, self._bodies = write_models(folder), make_bodies(folder)

    def rates(self) -> Result:
        """Measure the default model: PNG against the bare loop and the peer, and our containers."""
        n_scans, png = self._workload.n_scans, self._bodies["png16"]
        with ExitStack() as stack:
            bare = stack.enter_context(bare_loop(self._manifest, "default"))
            ours = stack.enter_context(our_server(self._manifest, "default"))
            peer = stack.enter_context(fastapi_server(self._manifest, "default"))
            memory = stack.enter_context(_Memory(ours))
            turns = self._take_turns(
                {
                    "bare": (bare, png),
                    "ours": (ours, png),
                    "fastapi": (peer, png),
                    **{name: (ours, self._bodies[name]) for name in CONTAINERS},
                },
                n_scans,
            )
        efficiency = _ratio(turns, "bare", "ours", "cpu_ms")
        containers = {name: _ratio(turns, "bare", name, "cpu_ms") for name in CONTAINERS}
        by_rate = {name: _ratio(turns, name, "bare", "rate_per_s") for name in CONTAINERS}
        best = max(containers, key=lambda name: containers[name])
        return {
            "efficiency_png16_c16": efficiency,
            "best_container_ratio": containers[best],
            "rss_mb": memory.peak_mb,
        }, {
            "best_container": best,
            "container_ratio_by_cpu": containers,
            "container_ratio_by_rate": by_rate,
            "efficiency_fastapi": _ratio(turns, "bare", "fastapi", "cpu_ms"),
            "memory_peak_mb": memory.peak_by_process_mb,
            **_summary(turns),
        }

    def engines(self) -> Result:
        """Measure each engine that is here, fp32 and int8, with a container that costs next to nothing."""
        manifest = write_models(self._folder, int8=make_int8(self._folder))
        png, body = self._bodies["png16"], self._bodies["raw16-blosc2"]
        with ExitStack() as stack:
            contestants: dict[str, tuple[Contestant, Path]] = {
                f"bare {model}": (stack.enter_context(bare_loop(manifest, model)), png)
                for model in ("default", "int8")
            }
            for kind, model in engines_here():
                server = stack.enter_context(our_server(manifest, model, engine=kind.value))
                contestants[name_of((kind, model))] = (server, body)
            turns = self._take_turns(contestants, self._workload.n_scans)
        names = [name_of(pair) for pair in engines_here()]
        return {}, {
            f"container_ratio_over_bare_{model}": {
                name: _ratio(turns, f"bare {model}", name, "cpu_ms") for name in names
            }
            for model in ("default", "int8")
        } | {"scores": compare_scores(manifest, self._workload.n_compared), **_summary(turns)}

    def tiny(self) -> Result:
        """Measure the 1 ms model, for what a request costs beside its model."""
        body = self._bodies["tiny"]
        with ExitStack() as stack:
            contestants: dict[str, tuple[Contestant, Path]] = {
                "bare": (stack.enter_context(bare_loop(self._manifest, "millisecond")), body),
                "ours": (stack.enter_context(our_server(self._manifest, "millisecond")), body),
                "fastapi": (stack.enter_context(fastapi_server(self._manifest, "millisecond")), body),
            }
            turns = self._take_turns(contestants, self._workload.n_tiny)
        return {"efficiency_tiny": _ratio(turns, "bare", "ours", "cpu_ms")}, {
            "body_bytes": body.stat().st_size,
            "efficiency_fastapi": _ratio(turns, "bare", "fastapi", "cpu_ms"),
            **_summary(turns),
        }

    def ray(self) -> Result:
        """Measure the same server in a replica of Ray Serve, if that is installed."""
        if find_spec("ray") is None:
            return {}, {"left_out": "requirements/ray.txt is not installed"}
        n_scans, png = self._workload.n_scans, self._bodies["png16"]
        with ExitStack() as stack:
            bare = stack.enter_context(bare_loop(self._manifest, "default"))
            ours = stack.enter_context(our_server(self._manifest, "default"))
            served = stack.enter_context(ray_server(self._manifest, "default", self._folder))
            memory = stack.enter_context(_Memory(served))
            turns = self._take_turns(
                {"bare": (bare, png), "ours": (ours, png), "ray": (served, png)}, n_scans
            )
        return {}, {
            "efficiency_ours": _ratio(turns, "bare", "ours", "cpu_ms"),
            "efficiency_ray": _ratio(turns, "bare", "ray", "cpu_ms"),
            "memory_peak_mb": memory.peak_mb,
            "memory_peak_by_process_mb": memory.peak_by_process_mb,
            **_summary(turns),
        }

    def start(self) -> Result:
        """Measure from the command to the first ready answer."""
        seconds, cpu_s = [], []
        for _ in range(N_STARTS):
            began = time.perf_counter()
            with our_server(self._manifest, "default") as server:
                seconds.append(time.perf_counter() - began)
                cpu_s.append(tree_cpu_s(server.process.pid))
        return {"start_s": round(median(seconds), 2)}, {
            "seconds": [round(value, 2) for value in seconds],
            "cpu_s_of_all_processes": [round(value, 2) for value in cpu_s],
        }

    def strain(self) -> Result:
        """Measure latency, overload and slow connections."""
        workload, scan = self._workload, self._bodies["png16"].read_bytes()
        with our_server(self._manifest, "default") as server:
            capacity = server.turn(self._bodies["png16"], 2 * workload.n_scans).rate_per_s
            latency = latency_of(server, scan, workload.n_latency)
            strained = overload(server, scan, rate_per_s=2 * capacity, seconds=workload.overload_s)
            slow = slow_connections(server, scan, n_slow=workload.n_slow, n_requests=workload.n_latency)
        return {
            "p99_over_p50_c1": round(latency.p99_ms / latency.p50_ms, 2),
            "overload_answer_s": strained["longest_s"],
            "slow_connections_p95_ratio": slow["ratio"],
        }, {
            "capacity_per_s": round(capacity, 2),
            "latency": asdict(latency),
            "overload": strained,
            "slow_connections": slow,
        }

    def fuzz(self) -> Result:
        """Throw malformed uploads at a server with the role intake."""
        outcome = asyncio.run(attack_throwaway(n_cases=self._workload.n_fuzz, seed=SEED))
        return {
            "fuzz_cases": outcome.cases,
            "fuzz_crashes": outcome.n_crashes,
            "fuzz_5xx": outcome.n_5xx,
        }, outcome.as_json()

    def _take_turns(
        self, contestants: Mapping[str, tuple[Contestant, Path]], n_requests: int
    ) -> dict[str, list[Turn]]:
        for contestant, body in contestants.values():  # warm: arenas, caches, connections
            contestant.turn(body, max(4, n_requests // 8))
        turns: dict[str, list[Turn]] = {name: [] for name in contestants}
        for _ in range(self._workload.n_rounds):
            for name, (contestant, body) in contestants.items():
                turns[name].append(contestant.turn(body, n_requests))
        return turns


class _Memory:
    """Samples the proportional set size of a server's process tree; shared pages are counted once."""

    def __init__(self, server: HttpServer) -> None:
        self._root = psutil.Process(server.process.pid)
        self._thread = ThreadPoolExecutor(1)
        self._is_over = False
        self.peak_mb = 0
        self.peak_by_process_mb: list[int] = []

    def __enter__(self) -> "_Memory":
        self._sampling = self._thread.submit(self._sample)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._sampling.result()
        self._thread.shutdown()

    def _sample(self) -> None:
        while not self._is_over:
            sizes = [
                round(process.memory_full_info().pss / 1e6)
                for process in (self._root, *self._root.children(recursive=True))
            ]
            if sum(sizes) > self.peak_mb:
                self.peak_mb, self.peak_by_process_mb = sum(sizes), sizes
            time.sleep(MEMORY_EVERY_S)


def _ratio(turns: Mapping[str, list[Turn]], above: str, below: str, field: str) -> float:
    """Return the median over the rounds of one contestant's number divided by another's."""
    pairs = zip(turns[above], turns[below], strict=True)
    return float(round(median(getattr(a, field) / getattr(b, field) for a, b in pairs), 3))


def _summary(turns: Mapping[str, list[Turn]]) -> dict[str, Any]:
    """Return each contestant's medians, and every turn."""
    fields = ("cpu_ms", "client_cpu_ms", "rate_per_s")
    return {
        "medians": {
            name: {field: round(median(getattr(turn, field) for turn in own), 3) for field in fields}
            for name, own in turns.items()
        },
        "turns": {
            name: [{field: round(getattr(turn, field), 3) for field in fields} for turn in own]
            for name, own in turns.items()
        },
    }
