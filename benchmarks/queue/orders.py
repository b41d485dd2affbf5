"""What a load child is told, and how it answers: one JSON document per line on stdin and stdout.

The parent starts a child, sends its configuration, and gets ``ready``. Then for each order: ``warm`` when the
measured time begins, unless it begins with the order, ``cut`` when it ends (the parent reads CPU clocks at
both), and ``done`` with a tally.
A child ends when its stdin does, so none outlives its parent.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

# Runs one claim and one completion; returns the seconds of the claim and of both.
Cycle: TypeAlias = Callable[[], Awaitable[tuple[float, float]]]


@dataclass(frozen=True, kw_only=True)
class Order:
    """One round: ``seconds`` after ``warm_s`` of warming up, or exactly ``n_cycles`` without."""

    warm_s: float = 0.0
    seconds: float = 0.0
    n_cycles: int = 0


@dataclass(kw_only=True)
class Tally:
    """What was finished in the measured time. Times in milliseconds; CPU is the child's own."""

    n_cycles: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    claim_ms: list[float] = field(default_factory=list)
    cycle_ms: list[float] = field(default_factory=list)

    def add(self, claim_s: float, cycle_s: float) -> None:
        """Count one cycle."""
        self.n_cycles += 1
        self.claim_ms.append(round(claim_s * 1000, 3))
        self.cycle_ms.append(round(cycle_s * 1000, 3))


RunOrder: TypeAlias = Callable[[Order], Awaitable[Tally]]


def say(event: str, **more: object) -> None:
    """Send one line to the parent."""
    sys.stdout.write(json.dumps({"event": event, **more}) + "\n")
    sys.stdout.flush()


async def serve_orders(open_load: Callable[[Any], AbstractAsyncContextManager[RunOrder]]) -> None:
    """Open the load with the configuration from stdin and run every order."""
    lines = _lines()
    async with open_load(json.loads(await anext(lines))) as run_order:
        say("ready")
        async for line in lines:
            tally = await run_order(Order(**json.loads(line)))
            say("done", **asdict(tally))


async def run_clients(cycles: Sequence[Cycle], order: Order) -> Tally:
    """Let every client run its cycle again and again, and count what ends in the measured time."""
    return await (_run_for(cycles, order) if order.seconds else _run_number(cycles, order.n_cycles))


async def _run_for(cycles: Sequence[Cycle], order: Order) -> Tally:
    tally = Tally(seconds=order.seconds)
    warm_at = time.perf_counter() + order.warm_s
    cut_at = warm_at + order.seconds

    async def client(cycle: Cycle) -> None:
        while time.perf_counter() < cut_at:
            claim_s, cycle_s = await cycle()
            if warm_at <= time.perf_counter() < cut_at:
                tally.add(claim_s, cycle_s)

    clients = asyncio.gather(*(client(cycle) for cycle in cycles))
    await asyncio.sleep(warm_at - time.perf_counter())
    say("warm")
    cpu_s = time.process_time()
    await asyncio.sleep(cut_at - time.perf_counter())
    say("cut")
    tally.cpu_s = time.process_time() - cpu_s
    await clients
    return tally


async def _run_number(cycles: Sequence[Cycle], n_cycles: int) -> Tally:
    tally = Tally()
    tickets = iter(range(n_cycles))

    async def client(cycle: Cycle) -> None:
        for _ in tickets:
            tally.add(*await cycle())

    started, cpu_s = time.perf_counter(), time.process_time()
    await asyncio.gather(*(client(cycle) for cycle in cycles))
    tally.seconds, tally.cpu_s = time.perf_counter() - started, time.process_time() - cpu_s
    say("cut")
    return tally


async def _lines() -> AsyncIterator[str]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line


Config: TypeAlias = Mapping[str, Any]
