"""Load child: procrastinate through its public API, one job at a time.

One cycle is ``JobManager.fetch_job`` and ``JobManager.finish_job`` as succeeded, which are what its worker
calls for each job, without the worker's own bookkeeping. The connector is the one it recommends
(``PsycopgConnector``), with a connection for each client and its default of keeping finished jobs.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status

from benchmarks.queue.orders import Config, Cycle, Order, RunOrder, Tally, run_clients

TASK = "review"
DEFER_CHUNK = 5_000


async def prepare(dsn: str) -> None:
    """Install procrastinate into an empty database."""
    async with _open_app(dsn, n_connections=1) as app:
        await app.schema_manager.apply_schema_async()


async def top_up(dsn: str, depth: int) -> None:
    """Defer jobs until ``depth`` are waiting, with as many priorities as our bands."""
    async with _open_app(dsn, n_connections=1) as app:
        n_todo = sum(one["todo"] for one in await app.job_manager.list_queues_async())
        for start in range(n_todo, depth, DEFER_CHUNK):
            n = min(DEFER_CHUNK, depth - start)
            by_priority = [(priority, len(range(priority, n, 16))) for priority in range(16)]
            for priority, count in by_priority:
                if count:
                    deferrer = app.configure_task(TASK, priority=priority)
                    await deferrer.batch_defer_async(*[{"case_id": number} for number in range(count)])


@asynccontextmanager
async def open_load(config: Config) -> AsyncIterator[RunOrder]:
    """Open the clients. ``config``: ``dsn``, ``n_clients``."""
    n_clients = config["n_clients"]
    async with _open_app(config["dsn"], n_connections=n_clients) as app:
        cycles = [_cycle(app, await app.job_manager.register_worker()) for _ in range(n_clients)]

        async def run_order(order: Order) -> Tally:
            return await run_clients(cycles, order)

        yield run_order


def _cycle(app: Any, worker_id: int) -> Cycle:
    async def cycle() -> tuple[float, float]:
        started = time.perf_counter()
        job = await app.job_manager.fetch_job(queues=None, worker_id=worker_id)
        claimed = time.perf_counter()
        if job is None:
            raise RuntimeError("procrastinate returned no job")
        await app.job_manager.finish_job(job=job, status=Status.SUCCEEDED, delete_job=False)
        return claimed - started, time.perf_counter() - started

    return cycle


@asynccontextmanager
async def _open_app(dsn: str, *, n_connections: int) -> AsyncIterator[Any]:
    connector = PsycopgConnector(conninfo=dsn, min_size=n_connections, max_size=n_connections)
    app = App(connector=connector)
    async with app.open_async():
        yield app
