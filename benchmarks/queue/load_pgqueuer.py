"""Load child: PGQueuer through its public API, one job at a time, or its own worker loop.

As its documentation recommends: the asyncpg driver, its autovacuum settings, the default durability
(everything logged, as ours is), one connection per worker.

- One at a time: a cycle is ``Queries.dequeue`` with a batch of one, and ``Queries.log_jobs``, which moves the
  job to the log as successful. Each client has a connection and an identity of its own.
- The loop: ``PgQueuer.run`` with a batch of ten and an entrypoint that returns at once, in as many workers
  as its own benchmark starts (five, in one process); a cycle is one job whose completion its log has.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
from pgqueuer import AsyncpgDriver, PgQueuer, Queries
from pgqueuer.queries import EntrypointExecutionParameter

from benchmarks.queue.orders import Config, Cycle, Order, RunOrder, Tally, run_clients, say

ENTRYPOINT = "review"
ENQUEUE_CHUNK = 10_000
HEARTBEAT = timedelta(seconds=30)
LOOP_WORKERS = 5
LOOP_BATCH = 10
NOW = "SELECT clock_timestamp()"
COMPLETED = "SELECT count(*) FROM pgqueuer_log WHERE status = 'successful' AND created >= $1 AND created < $2"


async def prepare(dsn: str) -> None:
    """Install PGQueuer into an empty database and tune autovacuum as it recommends."""
    async with _connected(dsn) as connection:
        queries = Queries(AsyncpgDriver(connection))
        await queries.install()
        await queries.optimize_autovacuum()


async def top_up(dsn: str, depth: int) -> None:
    """Enqueue jobs until ``depth`` are queued, with as many priorities as our bands."""
    async with _connected(dsn) as connection:
        queries = Queries(AsyncpgDriver(connection))
        n_queued = sum(one.count for one in await queries.queue_size() if one.status == "queued")
        for start in range(n_queued, depth, ENQUEUE_CHUNK):
            n = min(ENQUEUE_CHUNK, depth - start)
            priorities = [number % 16 for number in range(n)]
            await queries.enqueue([ENTRYPOINT] * n, [b"case"] * n, priorities)


@asynccontextmanager
async def open_load(config: Config) -> AsyncIterator[RunOrder]:
    """Open the clients or the loop. ``config``: ``dsn``, ``n_clients``, ``is_loop``."""
    if config["is_loop"]:

        async def run_loop(order: Order) -> Tally:
            return await _run_loop(config["dsn"], order)

        yield run_loop
        return
    async with AsyncExitStack() as stack:
        cycles = [
            _cycle(await stack.enter_async_context(_connected(config["dsn"])))
            for _ in range(config["n_clients"])
        ]

        async def run_order(order: Order) -> Tally:
            return await run_clients(cycles, order)

        yield run_order


def _cycle(connection: asyncpg.Connection) -> Cycle:
    queries = Queries(AsyncpgDriver(connection))
    entrypoints = {ENTRYPOINT: EntrypointExecutionParameter(concurrency_limit=0)}
    manager_id = uuid4()

    async def cycle() -> tuple[float, float]:
        started = time.perf_counter()
        jobs = await queries.dequeue(1, entrypoints, manager_id, None, HEARTBEAT)
        claimed = time.perf_counter()
        if len(jobs) != 1:
            raise RuntimeError(f"PGQueuer returned {len(jobs)} jobs where one was asked for")
        await queries.log_jobs([(jobs[0], "successful", None)])
        return claimed - started, time.perf_counter() - started

    return cycle


async def _run_loop(dsn: str, order: Order) -> Tally:
    """Run the workers for one order; each order has new ones, since a worker stops for good."""
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(_connected(dsn)) for _ in range(LOOP_WORKERS)]
        observer = await stack.enter_async_context(_connected(dsn))
        workers = [_worker(connection) for connection in connections]
        runs = asyncio.gather(*(worker.run(batch_size=LOOP_BATCH) for worker in workers))
        await asyncio.sleep(order.warm_s)
        warm_at, cpu_s = await observer.fetchval(NOW), time.process_time()
        say("warm")
        await asyncio.sleep(order.seconds)
        cut_at, cpu_s = await observer.fetchval(NOW), time.process_time() - cpu_s
        say("cut")
        for worker in workers:
            worker.shutdown.set()
        await runs
        n_cycles = await observer.fetchval(COMPLETED, warm_at, cut_at)
    return Tally(n_cycles=n_cycles, seconds=(cut_at - warm_at).total_seconds(), cpu_s=cpu_s)


def _worker(connection: asyncpg.Connection) -> Any:
    worker = PgQueuer(AsyncpgDriver(connection))

    async def review(job: Any) -> None:
        pass

    worker.entrypoint(ENTRYPOINT)(review)
    return worker


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()
