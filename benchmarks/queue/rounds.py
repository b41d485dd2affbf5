"""Rounds: contestants take turns, so that whatever else the machine does falls on all of them."""

import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Protocol

from benchmarks.machine import percentile
from benchmarks.queue.cluster import Cluster
from benchmarks.queue.cpu import machine_cpu_s
from benchmarks.queue.orders import Order, Tally

PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


class Load(Protocol):
    """What runs an order: a child of ours, or pgbench."""

    async def run(self, order: Order, *, on_warm: Callable[[], None], on_cut: Callable[[], None]) -> Tally:
        """Run it; the callbacks are called when the measured time begins and ends."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """One contestant's measured time: what was done and what it cost.

    ``program_cpu_s`` is that of the worker process or the queue's Python library, ``load_cpu_s`` that of what
    only plays the reviewers; PostgreSQL and the program together are the price of a cycle. ``others_cpu_s``
    is what everything else on the machine took meanwhile.
    """

    n_cycles: int
    seconds: float
    postgres_cpu_s: float
    program_cpu_s: float
    load_cpu_s: float
    others_cpu_s: float
    claim_ms: Sequence[float]
    cycle_ms: Sequence[float]

    @property
    def rate(self) -> float:
        """Cycles per second."""
        return self.n_cycles / self.seconds

    @property
    def others_share(self) -> float:
        """What else the machine did, as a share of its cores; rates are worth little where it is large."""
        return max(0.0, self.others_cpu_s) / (self.seconds * (os.cpu_count() or 1))

    @property
    def cpu_us(self) -> float:
        """CPU of PostgreSQL and the program per cycle, microseconds."""
        return (self.postgres_cpu_s + self.program_cpu_s) / self.n_cycles * 1e6

    def claim_percentile(self, name: str) -> float:
        """Return a percentile of the claims, milliseconds."""
        return percentile(list(self.claim_ms), PERCENTILES[name])

    def cycle_percentile(self, name: str) -> float:
        """Return a percentile of the cycles, milliseconds."""
        return percentile(list(self.cycle_ms), PERCENTILES[name])

    def describe(self) -> dict[str, Any]:
        """Return what is stored of a round."""
        return {
            "cycles": self.n_cycles,
            "rate": round(self.rate, 1),
            "cpu_us": round(self.cpu_us),
            "postgres_cpu_us": round(self.postgres_cpu_s / self.n_cycles * 1e6),
            "program_cpu_us": round(self.program_cpu_s / self.n_cycles * 1e6),
            "load_cpu_us": round(self.load_cpu_s / self.n_cycles * 1e6),
            "others_share": round(self.others_share, 2),
            **{
                f"claim_{name}_ms": round(self.claim_percentile(name), 2)
                for name in PERCENTILES
                if self.claim_ms
            },
            **{
                f"cycle_{name}_ms": round(self.cycle_percentile(name), 2)
                for name in PERCENTILES
                if self.cycle_ms
            },
        }


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """Somebody to be measured.

    Attributes:
        cluster: The server that all contestants use.
        load: What makes the cycles.
        prepare: Brings the contestant's database to the state in which every round begins.
        server_cpu_s: Reads the CPU clock of a program apart from the load; ``None`` if the load is the
            program (a Python library) or there is none (``is_bare``).
        is_bare: Whether there is no program at all.
    """

    cluster: Cluster
    load: Load
    prepare: Callable[[], Awaitable[None]]
    server_cpu_s: Callable[[], float] | None = None
    is_bare: bool = False

    async def run(self, order: Order) -> Round:
        """Run one order and read the clocks around it."""
        postgres, server, machine = [], [], []

        def read_clocks() -> None:
            postgres.append(self.cluster.cpu_s())
            server.append(self.server_cpu_s() if self.server_cpu_s else 0.0)
            machine.append(machine_cpu_s() - time.process_time())

        tally = await self.load.run(order, on_warm=read_clocks, on_cut=read_clocks)
        is_library = self.server_cpu_s is None and not self.is_bare
        postgres_s, server_s = postgres[1] - postgres[0], server[1] - server[0]
        return Round(
            n_cycles=tally.n_cycles,
            seconds=tally.seconds,
            postgres_cpu_s=postgres_s,
            program_cpu_s=tally.cpu_s if is_library else server_s,
            load_cpu_s=0.0 if is_library else tally.cpu_s,
            others_cpu_s=machine[1] - machine[0] - postgres_s - server_s - tally.cpu_s,
            claim_ms=tally.claim_ms,
            cycle_ms=tally.cycle_ms,
        )


def joined(rounds: Sequence[Round]) -> Round:
    """Return several stretches of measured time as one."""
    return Round(
        n_cycles=sum(one.n_cycles for one in rounds),
        seconds=sum(one.seconds for one in rounds),
        postgres_cpu_s=sum(one.postgres_cpu_s for one in rounds),
        program_cpu_s=sum(one.program_cpu_s for one in rounds),
        load_cpu_s=sum(one.load_cpu_s for one in rounds),
        others_cpu_s=sum(one.others_cpu_s for one in rounds),
        claim_ms=[ms for one in rounds for ms in one.claim_ms],
        cycle_ms=[ms for one in rounds for ms in one.cycle_ms],
    )


async def interleave(
    runs: Mapping[str, Callable[[], Awaitable[Round]]], *, n_rounds: int
) -> dict[str, list[Round]]:
    """Let everybody run once, then everybody again, and so on."""
    rounds: dict[str, list[Round]] = {name: [] for name in runs}
    for number in range(1, n_rounds + 1):
        for name, run in runs.items():
            one = await run()
            rounds[name].append(one)
            tell(
                f"round {number}/{n_rounds} {name}: {one.rate:.0f} cycles/s, {one.cpu_us:.0f} µs CPU each; "
                f"others took {one.others_share:.0%} of the machine"
            )
    return rounds


def median_ratio(
    rounds: Mapping[str, Sequence[Round]], above: str, below: str, figure: Callable[[Round], float]
) -> float:
    """Return the median over rounds of one contestant's figure ÷ another's in the same round."""
    pairs = zip(rounds[above], rounds[below], strict=True)
    return round(median(figure(one) / figure(other) for one, other in pairs), 3)


def describe_rounds(rounds: Mapping[str, Sequence[Round]]) -> dict[str, Any]:
    """Return every round, and the medians of each contestant."""
    return {
        name: {
            "rate": round(median(one.rate for one in its), 1),
            "cpu_us": round(median(one.cpu_us for one in its)),
            "others_share": round(median(one.others_share for one in its), 2),
            "rounds": [one.describe() for one in its],
        }
        for name, its in rounds.items()
    }


def tell(line: str) -> None:
    """Say to whoever waits what has just been measured."""
    print(line, file=sys.stderr, flush=True)
