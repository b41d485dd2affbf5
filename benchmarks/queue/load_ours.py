"""Load child: our queue through its Python API, one case at a time per client.

One cycle is what a reviewer does: ``claim_next_case`` (a lease is given, an audit row written), then
``decide`` (decision, closing, disposition and audit row written; the seat emptied). The clients
share a pool as the queue has it in the program.
"""

import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from app.database import open_pool
from benchmarks.queue.orders import Config, Cycle, Order, RunOrder, Tally, run_clients
from benchmarks.queue.people import reviewer, shares
from review_queue.cases import Decision, Verdict
from review_queue.policy import QueuePolicy
from review_queue.queue import ReviewQueue


@asynccontextmanager
async def open_load(config: Config) -> AsyncIterator[RunOrder]:
    """Open the queue. ``config``: ``dsn``, ``n_connections``, ``n_clients``, ``reviewers`` by number."""
    async with open_pool(config["dsn"], max_connections=config["n_connections"], is_hot=True) as pool:
        queue = ReviewQueue(pool, QueuePolicy())
        cycles = [_cycle(queue, share) for share in shares(config["reviewers"], config["n_clients"])]

        async def run_order(order: Order) -> Tally:
            return await run_clients(cycles, order)

        yield run_order


def _cycle(queue: ReviewQueue, numbers: Sequence[int]) -> Cycle:
    people = itertools.cycle([reviewer(number) for number in numbers])

    async def cycle() -> tuple[float, float]:
        one = next(people)
        started = time.perf_counter()
        lease = await queue.claim_next_case(one)
        claimed = time.perf_counter()
        if lease is None:
            raise RuntimeError(f"there was no case for reviewer {one.account_id}")
        decision = Decision(
            case_id=lease.case_id, token=lease.token, verdict=Verdict.INSPECT, reason_codes=["contraband"]
        )
        await queue.decide(one, decision)
        return claimed - started, time.perf_counter() - started

    return cycle
