"""What every part of a run has: a cluster, a workload, and a first database to copy; what it gives back."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from app.wiring import QUEUE_CONNECTIONS
from benchmarks.queue.cluster import Cluster, Database
from benchmarks.queue.driver import Driver, open_driver
from benchmarks.queue.population import Population, open_population
from benchmarks.queue.rounds import Contestant, Round
from benchmarks.queue.workload import Workload

HOT_TABLES = ("ready", "seats", "cases")
"""What the queue changes or deletes from; all else only grows, and was analyzed at the beginning."""

N_CLIENTS = 32
"""Clients wherever nothing else is said."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where a part runs. ``base`` has the reviewers and ``workload.depth`` ready cases; it is only copied."""

    cluster: Cluster
    base: Database
    workload: Workload


@dataclass(frozen=True, kw_only=True)
class Result:
    """The keys that a part answers for, what is stored beside them, and every round behind them."""

    keys: Mapping[str, float | int | None]
    details: Mapping[str, Any]
    rounds: Sequence[Round] = ()


@dataclass(frozen=True, kw_only=True)
class Ours:
    """Our queue through its Python API on a database of its own."""

    database: Database
    population: Population
    contestant: Contestant


async def build_base(cluster: Cluster, workload: Workload) -> Database:
    """Make the first database."""
    base = await cluster.create("base")
    async with open_population(base) as population:
        await population.add_people()
        await population.add_cases(workload.depth)
    await cluster.settle(base)
    return base


@asynccontextmanager
async def open_ours(
    setting: Setting, database: Database, reviewers: Sequence[int], *, depth: int
) -> AsyncIterator[Ours]:
    """Open a load child on a database, which is filled up to ``depth`` before each round."""
    async with AsyncExitStack() as stack:
        population = await stack.enter_async_context(open_population(database))
        prepare = filler(setting.cluster, database, population, depth=depth)
        await prepare()
        load = await stack.enter_async_context(open_load_ours(database, reviewers, n_clients=N_CLIENTS))
        contestant = Contestant(cluster=setting.cluster, load=load, prepare=prepare)
        yield Ours(database=database, population=population, contestant=contestant)


def open_load_ours(
    database: Database, reviewers: Sequence[int], *, n_clients: int
) -> AbstractAsyncContextManager[Driver]:
    """Start clients of our Python API that share as many connections as the program gives the queue."""
    return open_driver(
        "ours",
        {
            "dsn": database.dsn,
            "n_connections": QUEUE_CONNECTIONS,
            "n_clients": n_clients,
            "reviewers": list(reviewers),
        },
    )


def filler(
    cluster: Cluster, database: Database, population: Population, *, depth: int
) -> Callable[[], Awaitable[None]]:
    """Return what brings one of our databases to the state in which every round begins."""

    async def fill() -> None:
        await population.top_up(depth)
        await population.rest()
        await cluster.settle(database, *HOT_TABLES)

    return fill
