"""The end of a run: honest people, with nothing broken, decide whatever is left."""

import asyncio
import time
from collections.abc import Sequence

from benchmarks.queue_faults.calls import Account, Calls
from benchmarks.queue_faults.history import History, Outcome
from review_queue.cases import Verdict

# A sweep comes every second; a worker that has just come up begins with its first.
SWEEP_S = 2.5
N_EMPTY_ROUNDS = 2
RETRY_S = 0.1


async def wait_for_leases(history: History, *, most_s: float) -> None:
    """Wait until every lease that anybody was shown or promised has ended, and has been swept."""
    ends = (
        one.ended_at + (one.shown.ttl_s if one.shown is not None else one.ttl_s) for one in history.operations
    )
    left_s = max(ends, default=0.0) - time.monotonic()
    await asyncio.sleep(min(max(left_s, 0.0), most_s) + SWEEP_S)


async def drain(calls: Calls, honest: Sequence[Account], *, limit_s: float) -> None:
    """Let honest people work until none of them finds a case any more, or the time is up."""
    deadline = time.monotonic() + limit_s
    n_empty = 0
    while n_empty < N_EMPTY_ROUNDS and time.monotonic() < deadline:
        n_decided = await asyncio.gather(*(_work_until_empty(calls, one, deadline) for one in honest))
        n_empty = 0 if any(n_decided) else n_empty + 1
        await asyncio.sleep(SWEEP_S / 2)


async def _work_until_empty(calls: Calls, account: Account, deadline: float) -> int:
    """Decide case after case; return how many."""
    n_decided = 0
    while time.monotonic() < deadline:
        answer = await calls.next(account)
        if answer.outcome is not Outcome.OK:
            await asyncio.sleep(RETRY_S)
        elif answer.shown is None:
            break
        else:
            decided = await calls.decide(account, answer.shown, Verdict.INSPECT)
            n_decided += decided.outcome is Outcome.OK
            if decided.outcome is not Outcome.OK:
                await asyncio.sleep(RETRY_S)
    return n_decided
