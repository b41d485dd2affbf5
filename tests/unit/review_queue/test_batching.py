"""The batcher: alone when idle, together when not, nobody harmed by another."""

import asyncio
from collections.abc import Sequence

import pytest

from review_queue.batching import Batcher


class Work:
    """Records what was done together; each statement takes until ``commit`` is set."""

    def __init__(self) -> None:
        self.alone: list[int] = []
        self.together: list[list[int]] = []
        self.commit = asyncio.Event()
        self.bad: set[int] = set()

    async def do_one(self, op: int) -> str:
        self.alone.append(op)
        await self.commit.wait()
        if op in self.bad:
            raise ValueError(op)
        return f"done {op}"

    async def do_many(self, ops: Sequence[int]) -> list[str]:
        self.together.append(list(ops))
        await self.commit.wait()
        if self.bad & set(ops):
            raise ValueError("one of them")
        return [f"done {op}" for op in ops]


def make(work: Work, *, max_batch: int = 64) -> Batcher[int, str]:
    return Batcher(do_one=work.do_one, do_many=work.do_many, owner_of=lambda op: op % 10, max_batch=max_batch)


async def started(work: Work, batcher: Batcher[int, str], ops: Sequence[int]) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(batcher.do(op)) for op in ops]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_do__alone_when_nobody_is_at_work() -> None:
    """A single operation runs the plain statement at once."""
    work = Work()
    work.commit.set()
    assert await make(work).do(1) == "done 1"
    assert (work.alone, work.together) == ([1], [])


async def test_do__those_who_came_meanwhile_go_together() -> None:
    """Whoever comes while a statement runs is taken by the next one; each gets their own answer."""
    work = Work()
    tasks = await started(work, make(work), [1, 2, 3, 4])
    assert (work.alone, work.together) == ([1], [])
    work.commit.set()
    assert await asyncio.gather(*tasks) == ["done 1", "done 2", "done 3", "done 4"]
    assert (work.alone, work.together) == ([1], [[2, 3, 4]])


async def test_do__a_bad_operation_fails_nobody_else() -> None:
    """A batch that fails is done again one by one, so that only the bad operation fails."""
    work = Work()
    work.bad = {3}
    tasks = await started(work, make(work), [1, 2, 3, 4])
    work.commit.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(result) for result in results] == ["done 1", "done 2", "3", "done 4"]
    assert work.alone == [1, 2, 3, 4]


async def test_do__one_owner_at_most_once_in_a_batch() -> None:
    """A second operation of the same owner waits for the next batch."""
    work = Work()
    tasks = await started(work, make(work), [1, 2, 12, 3])
    work.commit.set()
    await asyncio.gather(*tasks)
    assert work.together == [[2, 3]]
    assert work.alone == [1, 12]


async def test_do__batches_have_a_limit() -> None:
    """No batch is larger than allowed; order is kept."""
    work = Work()
    tasks = await started(work, make(work, max_batch=2), [1, 2, 3, 4, 5])
    work.commit.set()
    await asyncio.gather(*tasks)
    assert work.together == [[2, 3], [4, 5]]


async def test_do__a_caller_who_goes_away_harms_nobody() -> None:
    """A cancelled caller is passed over while waiting, and cancels no batch that has begun."""
    work = Work()
    batcher = make(work)
    tasks = await started(work, batcher, [1, 2, 3, 4])
    tasks[1].cancel()
    await asyncio.sleep(0)
    work.commit.set()
    assert await tasks[2] == "done 3"
    assert work.together == [[3, 4]]
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]
    assert await batcher.do(5) == "done 5"


async def test_do__a_cancelled_first_caller_lets_the_others_go_on() -> None:
    """When the operation at work is cancelled, those who wait for its end are served."""
    work = Work()
    tasks = await started(work, make(work), [1, 2, 3])
    tasks[0].cancel()
    work.commit.set()
    assert await asyncio.gather(*tasks[1:]) == ["done 2", "done 3"]
