"""Parts (a) to (d): bare statements, our HTTP, our Python API, and two other queues, at one depth."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import metadata, util
from typing import Any

from app.throwaway import throwaway_system
from benchmarks.queue.cluster import Database
from benchmarks.queue.cpu import tree_cpu_s
from benchmarks.queue.driver import open_driver
from benchmarks.queue.orders import Order
from benchmarks.queue.parts import N_CLIENTS, Result, Setting, filler, open_load_ours
from benchmarks.queue.people import everybody
from benchmarks.queue.pgbench import PgbenchClients
from benchmarks.queue.population import open_population
from benchmarks.queue.rounds import (
    Contestant,
    Round,
    describe_rounds,
    interleave,
    median_ratio,
)

PGBENCH_CLIENTS = (32, 128)
HTTP_CLIENTS = (1, 8, 32, 128)
# PGQueuer's loop has 60 to 90 jobs at work at once (counted while it ran): so many clients ours has then.
LOOP_CLIENTS = 64
PEERS = ("pgqueuer", "procrastinate")


class PeersMissingError(Exception):
    """The queues that ours is measured against are not installed."""


def check_peers() -> None:
    """Make sure that both other queues can be measured.

    Raises:
        PeersMissingError: If one cannot.
    """
    missing = [name for name in PEERS if not util.find_spec(name)]
    if missing:
        raise PeersMissingError(
            f"{' and '.join(missing)} not installed; use make bench-queue, or requirements/bench.txt"
        )


async def measure_rates(setting: Setting, *, with_peers: bool) -> Result:
    """Run every contestant in turn.

    Args:
        setting: Where.
        with_peers: Whether the other queues take part; without them their keys are ``None``.
    """
    async with AsyncExitStack() as stack:
        contestants = await _open_own(setting, stack)
        if with_peers:
            contestants |= await _open_peers(setting, stack)
        workload = setting.workload
        order = Order(warm_s=workload.warm_s, seconds=workload.round_s)
        runs = {name: _prepared(one, order) for name, one in contestants.items()}
        rounds = await interleave(runs, n_rounds=workload.n_rounds)

    def ratio(above: str, below: str) -> float | None:
        return median_ratio(rounds, above, below, lambda one: one.rate) if below in rounds else None

    return Result(
        keys={
            "http_vs_pgbench_32": ratio("http_32", "pgbench_32"),
            "http_vs_pgbench_128": ratio("http_128", "pgbench_128"),
            "vs_pgqueuer": ratio("ours_32", "pgqueuer_32"),
            "vs_procrastinate": ratio("ours_32", "procrastinate_32"),
            "vs_pgqueuer_batch10": ratio("ours_64", "pgqueuer_batch10"),
        },
        details={"rates": describe_rounds(rounds), "versions": _versions() if with_peers else {}},
        rounds=[one for its in rounds.values() for one in its],
    )


def _prepared(contestant: Contestant, order: Order) -> Callable[[], Awaitable[Round]]:
    async def run() -> Round:
        await contestant.prepare()
        return await contestant.run(order)

    return run


async def _open_own(setting: Setting, stack: AsyncExitStack) -> dict[str, Contestant]:
    """Open what runs on our schema: all of it on one database, so that nobody has a fresher one."""
    cluster = setting.cluster
    database = await cluster.copy(setting.base, "rates")
    population = await stack.enter_async_context(open_population(database))
    prepare = filler(cluster, database, population, depth=setting.workload.depth)
    contestants = {
        f"pgbench_{n}": Contestant(
            cluster=cluster, load=PgbenchClients(database, n), prepare=prepare, is_bare=True
        )
        for n in PGBENCH_CLIENTS
    }
    system = await stack.enter_async_context(
        throwaway_system(database_url=database.dsn, roles="review", log_level="warning")
    )
    assert system.process is not None
    worker_pid = system.process.pid
    for n in HTTP_CLIENTS:
        config: dict[str, Any] = {"port": system.port, "n_clients": n, "reviewers": everybody()}
        load = await stack.enter_async_context(open_driver("http", config))
        contestants[f"http_{n}"] = Contestant(
            cluster=cluster, load=load, prepare=prepare, server_cpu_s=lambda: tree_cpu_s(worker_pid)
        )
    for n in (N_CLIENTS, LOOP_CLIENTS):
        load = await stack.enter_async_context(open_load_ours(database, everybody(), n_clients=n))
        contestants[f"ours_{n}"] = Contestant(cluster=cluster, load=load, prepare=prepare)
    return contestants


async def _open_peers(setting: Setting, stack: AsyncExitStack) -> dict[str, Contestant]:
    """Open the other queues, each on a database of its own in the same cluster."""
    from benchmarks.queue import load_pgqueuer, load_procrastinate

    cluster, depth = setting.cluster, setting.workload.depth

    async def opened(
        name: str, database: Database, prepare: Callable[[], Awaitable[None]], **config: Any
    ) -> Contestant:
        load = await stack.enter_async_context(
            open_driver(name, {"dsn": database.dsn, "n_clients": N_CLIENTS, **config})
        )
        return Contestant(cluster=cluster, load=load, prepare=prepare)

    pgqueuer = await cluster.create_empty("pgqueuer")
    await load_pgqueuer.prepare(pgqueuer.dsn)
    procrastinate = await cluster.create_empty("procrastinate")
    await load_procrastinate.prepare(procrastinate.dsn)

    async def fill_pgqueuer() -> None:
        await load_pgqueuer.top_up(pgqueuer.dsn, depth)
        await cluster.settle(pgqueuer)

    async def fill_procrastinate() -> None:
        await load_procrastinate.top_up(procrastinate.dsn, depth)
        await cluster.settle(procrastinate)

    return {
        f"pgqueuer_{N_CLIENTS}": await opened("pgqueuer", pgqueuer, fill_pgqueuer, is_loop=False),
        "pgqueuer_batch10": await opened("pgqueuer", pgqueuer, fill_pgqueuer, is_loop=True),
        f"procrastinate_{N_CLIENTS}": await opened("procrastinate", procrastinate, fill_procrastinate),
    }


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in (*PEERS, "asyncpg", "psycopg", "uvloop")}
