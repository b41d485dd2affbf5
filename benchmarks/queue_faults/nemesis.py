"""Breaks things, one after the other, for as long as people work."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import asyncpg

from benchmarks.queue_faults.cluster import Cluster
from benchmarks.queue_faults.fleet import Worker


class Fault(StrEnum):
    """What is broken."""

    WORKER_KILLED = "worker_killed"
    WORKER_STOPPED = "worker_stopped"
    BACKENDS_TERMINATED = "backends_terminated"
    BACKEND_KILLED = "backend_killed"
    SERVER_CRASHED = "server_crashed"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How often, and what.

    Attributes:
        every_s: Seconds between two faults: from half of it to half as much again.
        weights: How likely each fault is.
        stop_s: How long a stopped worker stands, from this to that.
    """

    every_s: float
    weights: Mapping[Fault, int]
    stop_s: tuple[float, float]


EVERYTHING: Mapping[Fault, int] = {
    Fault.WORKER_KILLED: 4,
    Fault.WORKER_STOPPED: 2,
    Fault.BACKENDS_TERMINATED: 8,
    Fault.BACKEND_KILLED: 1,
    Fault.SERVER_CRASHED: 1,
}
N_MOST_BACKENDS = 6


class Nemesis:
    """Breaks a cluster and its workers.

    ``counts`` is what was broken how often, ``n_ended_alone`` how many workers were gone in the end though
    nobody had killed them.

    Args:
        cluster: The database.
        workers: The processes.
        schedule: How often, and what.
        rng: Chooses.
    """

    def __init__(
        self, cluster: Cluster, workers: Sequence[Worker], schedule: Schedule, rng: random.Random
    ) -> None:
        self._cluster = cluster
        self._workers = workers
        self._schedule = schedule
        self._rng = rng
        self._repairs: list[asyncio.Task[None]] = []
        self.counts: Counter[Fault] = Counter()
        self.n_ended_alone = 0

    async def run(self, closing: asyncio.Event) -> None:
        """Break things until the end of the day, then repair them.

        Raises:
            WorkerError: If a worker does not come up again.
        """
        weights = self._schedule.weights
        try:
            while not closing.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._schedule.every_s * self._rng.uniform(0.5, 1.5)):
                        await closing.wait()
                        break
                fault = self._rng.choices(list(weights), weights=list(weights.values()))[0]
                if await self._do(fault):
                    self.counts[fault] += 1
            await asyncio.gather(*self._repairs)
            ended = [worker for worker in self._workers if worker.has_ended]
            self.n_ended_alone = len(ended)
            await asyncio.gather(*(worker.start() for worker in ended))
        finally:
            for repair in self._repairs:
                repair.cancel()
            await asyncio.gather(*self._repairs, return_exceptions=True)

    async def _do(self, fault: Fault) -> bool:
        match fault:
            case Fault.WORKER_KILLED:
                return await self._kill_worker()
            case Fault.WORKER_STOPPED:
                return self._stop_worker()
            case Fault.BACKENDS_TERMINATED:
                with contextlib.suppress(asyncpg.PostgresError, OSError):
                    return await self._cluster.terminate_backends(N_MOST_BACKENDS, self._rng) > 0
            case Fault.BACKEND_KILLED:
                return self._cluster.kill_backend(self._rng)
            case Fault.SERVER_CRASHED:
                await self._cluster.crash()
                return True
        return False

    async def _kill_worker(self) -> bool:
        worker = self._choose_running()
        if worker is not None:
            await worker.kill()
            self._begin(worker.start())
        return worker is not None

    def _stop_worker(self) -> bool:
        worker = self._choose_running()
        if worker is not None:
            worker.stop()
            self._begin(_go_on_after(worker, self._rng.uniform(*self._schedule.stop_s)))
        return worker is not None

    def _choose_running(self) -> Worker | None:
        """Choose a worker that works, unless it is the last one."""
        working = [worker for worker in self._workers if worker.is_working]
        return self._rng.choice(working) if len(working) > 1 else None

    def _begin(self, repair: Coroutine[None, None, None]) -> None:
        self._repairs.append(asyncio.create_task(repair))


async def _go_on_after(worker: Worker, seconds: float) -> None:
    try:
        await asyncio.sleep(seconds)
    finally:
        worker.go_on()
