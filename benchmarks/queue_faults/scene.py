"""One run on one database: people work while things break, then all is repaired, drained and checked."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg

from benchmarks.queue_faults.calls import Account, Calls, Tally
from benchmarks.queue_faults.checker import check
from benchmarks.queue_faults.cluster import Cluster
from benchmarks.queue_faults.drain import drain, wait_for_leases
from benchmarks.queue_faults.final_state import FinalState, read_final_state
from benchmarks.queue_faults.fleet import open_fleet
from benchmarks.queue_faults.history import History
from benchmarks.queue_faults.nemesis import EVERYTHING, Fault, Nemesis, Schedule
from benchmarks.queue_faults.person import Office, Person
from benchmarks.queue_faults.population import AWAY, Population, rules
from benchmarks.queue_faults.violations import Rule, Violation

# The least that a server's settings allow.
TTL_S = 5.0
STOP_S = (0.3, TTL_S + 2.0)
OPEN_EVERY_S = 0.15
N_FOR_REVIEWERS = "SELECT count(*) FROM ready WHERE stage < 3"
WATCH_EVERY_S = 0.1
CHECK_EVERY_S = 1.5
DEPTH_PER_PERSON = 0.6
OPERATIONS_PER_ACCOUNT = 20
MOST_RATE = 1000
DRAIN_LIMIT_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run is to be.

    Attributes:
        n_operations: People go home after so many requests ...
        limit_s: ... or after so long.
        seed: Decides what everybody wants to do; when it happens is up to the machine.
        n_workers: Server processes.
        n_people: People who work at the same time.
        fault_every_s: Mean seconds between two faults.
        weights: How likely each fault is.
        plant: The planted bug that the workers run with.
        end_at: Check while people work, and end the run as soon as one of these rules is broken.
    """

    n_operations: int
    limit_s: float
    seed: int
    n_workers: int
    n_people: int
    fault_every_s: float
    weights: Mapping[Fault, int] = field(default_factory=lambda: EVERYTHING)
    plant: str | None = None
    end_at: Collection[Rule] = ()


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run was.

    Attributes:
        tally: The operations while people worked; the drain's are not among them.
        history: Everything, with the drain.
        faults: What was broken how often.
        n_ended_alone: Workers that were gone in the end whom nobody had killed.
        seconds: How long people worked.
        violations: What the checker found.
        end: What was in the database; ``None`` if the run ended at a violation before.
    """

    tally: Tally
    history: History
    faults: Counter[Fault]
    n_ended_alone: int
    seconds: float
    violations: Sequence[Violation]
    end: FinalState | None = None


@dataclass(kw_only=True)
class _Day:
    """One day at the office: who may be hired, when it ends, and what was found by then."""

    plan: Plan
    calls: Calls
    history: History
    accounts: list[Account]
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    found: list[Violation] = field(default_factory=list)

    def hire(self) -> Account:
        """Return the next account; the last ones are shared when there are no others left."""
        return self.accounts.pop() if len(self.accounts) > self.plan.n_people else self.accounts[-1]

    async def watch(self) -> None:
        """End the day when enough has been done, the time is up, or a violation was found."""
        plan, started = self.plan, time.monotonic()
        checked_at = started
        while self.calls.tally.n_sent < plan.n_operations and time.monotonic() - started < plan.limit_s:
            await asyncio.sleep(WATCH_EVERY_S)
            if plan.end_at and time.monotonic() - checked_at > CHECK_EVERY_S:
                violations = check(self.history, ttl_s=TTL_S)
                if any(one.rule in plan.end_at for one in violations):
                    self.found = violations
                    break
                checked_at = time.monotonic()
        self.closing.set()


async def run_plan(cluster: Cluster, name: str, plan: Plan) -> Run:
    """Run a plan on a new database of this name, and remove that.

    Raises:
        WorkerError: If a worker does not come up.
    """
    dsn = await cluster.create(name)
    try:
        async with AsyncExitStack() as stack:
            settings = {"application_name": "faults"}
            pool = await stack.enter_async_context(
                asyncpg.create_pool(dsn, min_size=1, max_size=3, server_settings=settings)
            )
            return await _run(cluster, dsn, plan, pool, cluster.make_folder(name))
    finally:
        await cluster.drop(name)


async def _run(cluster: Cluster, dsn: str, plan: Plan, pool: asyncpg.Pool, folder: Path) -> Run:
    history, policy = History(), rules(ttl_s=TTL_S)
    population = Population(pool, history, policy, random.Random(f"{plan.seed} cases"))
    n_most = min(plan.n_operations, round(plan.limit_s * MOST_RATE))
    n_accounts = plan.n_people * 2 + n_most // OPERATIONS_PER_ACCOUNT
    accounts, honest = await population.prepare(n_accounts)
    async with open_fleet(dsn, folder, n_workers=plan.n_workers, ttl_s=TTL_S, plant=plan.plant) as workers:
        calls = Calls([worker.wire for worker in workers], history, random.Random(f"{plan.seed} calls"))
        day = _Day(plan=plan, calls=calls, history=history, accounts=accounts[::-1])
        schedule = Schedule(every_s=plan.fault_every_s, weights=plan.weights, stop_s=STOP_S)
        nemesis = Nemesis(cluster, workers, schedule, random.Random(f"{plan.seed} faults"))
        started = time.monotonic()
        await _work(day, population, pool, nemesis)
        run = Run(
            tally=calls.tally,
            history=history,
            faults=nemesis.counts,
            n_ended_alone=nemesis.n_ended_alone,
            seconds=time.monotonic() - started,
            violations=day.found,
        )
        if day.found:
            return run
        calls.tally = Tally()
        await wait_for_leases(history, most_s=DRAIN_LIMIT_S)
        await drain(calls, honest, limit_s=DRAIN_LIMIT_S)
    end = await read_final_state(dsn)
    return replace(run, end=end, violations=check(history, ttl_s=TTL_S, end=end))


async def _work(day: _Day, population: Population, pool: asyncpg.Pool, nemesis: Nemesis) -> None:
    office = Office(
        calls=day.calls,
        hire=day.hire,
        ttl_s=TTL_S,
        on_closed=population.note_closed,
        closing=day.closing,
        in_use=[],
    )
    depth = round(day.plan.n_people * DEPTH_PER_PERSON)
    await population.open_cases(depth)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(day.watch())
            group.create_task(nemesis.run(day.closing))
            group.create_task(_keep_open(population, pool, depth, day.closing))
            for number in range(day.plan.n_people):
                person = Person(office, random.Random(f"{day.plan.seed} person {number}"))
                group.create_task(person.work())
    except ExceptionGroup as failed:
        # One failure ends all; whoever called knows it by its own name.
        raise failed.exceptions[0] from failed


async def _keep_open(population: Population, pool: asyncpg.Pool, depth: int, closing: asyncio.Event) -> None:
    """Open cases whenever few are waiting: a shallow queue gives a case that came back to another soon.

    One that was just decided often goes back in, and another becomes more or less urgent.
    """
    while not closing.is_set():
        await asyncio.sleep(OPEN_EVERY_S)
        try:
            n_ready = await pool.fetchval(N_FOR_REVIEWERS)
        except AWAY:
            continue
        await population.open_cases(max(0, depth - int(n_ready)))
        await population.reassess()
