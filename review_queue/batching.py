"""Operations that wait while a statement runs are done together by the next one.

There is no timer: an operation that finds nobody at work is done at once, by the plain statement; those that
come meanwhile are taken together as soon as it has committed. Each caller is answered after its own commit,
and an operation that fails in company is done again alone, so that it fails nobody else.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

OpT = TypeVar("OpT")
ResultT = TypeVar("ResultT")


class Batcher(Generic[OpT, ResultT]):
    """Does operations alone or together; at most ``n_at_once`` statements are at work.

    Args:
        do_one: Does one operation.
        do_many: Does several, of different owners, in one transaction; one result each. Whatever it raises,
            nothing of it has happened.
        owner_of: Two operations of one owner are never in one batch.
        max_batch: The most operations in one batch.
        n_at_once: The most statements at work.
    """

    def __init__(
        self,
        *,
        do_one: Callable[[OpT], Awaitable[ResultT]],
        do_many: Callable[[Sequence[OpT]], Awaitable[Sequence[ResultT]]],
        owner_of: Callable[[OpT], object],
        max_batch: int = 64,
        n_at_once: int = 1,
    ) -> None:
        self._do_one = do_one
        self._do_many = do_many
        self._owner_of = owner_of
        self._max_batch = max_batch
        self._n_free = n_at_once
        self._waiting: deque[tuple[OpT, asyncio.Future[ResultT]]] = deque()
        self._batches: set[asyncio.Task[None]] = set()

    async def do(self, op: OpT) -> ResultT:
        """Do an operation, alone if nobody is at work, else with those that wait too."""
        if self._n_free and not self._waiting:
            self._n_free -= 1
            try:
                return await self._do_one(op)
            finally:
                self._n_free += 1
                self._take_waiting()
        answer: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting.append((op, answer))
        return await answer

    def _take_waiting(self) -> None:
        while self._n_free and (batch := self._next_batch()):
            self._n_free -= 1
            # A task of its own: a caller who goes away cancels nobody else's operation.
            task = asyncio.create_task(self._do_batch(batch))
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)

    def _next_batch(self) -> list[tuple[OpT, asyncio.Future[ResultT]]]:
        batch: list[tuple[OpT, asyncio.Future[ResultT]]] = []
        owners: set[object] = set()
        postponed: list[tuple[OpT, asyncio.Future[ResultT]]] = []
        while self._waiting and len(batch) < self._max_batch:
            op, answer = self._waiting.popleft()
            if answer.done():
                continue
            owner = self._owner_of(op)
            if owner in owners:
                postponed.append((op, answer))
            else:
                owners.add(owner)
                batch.append((op, answer))
        self._waiting.extendleft(reversed(postponed))
        return batch

    async def _do_batch(self, batch: Sequence[tuple[OpT, asyncio.Future[ResultT]]]) -> None:
        try:
            if len(batch) > 1:
                try:
                    results = await self._do_many([op for op, _ in batch])
                except Exception:  # noqa: BLE001  each caller gets their own error below
                    await self._do_each(batch)
                else:
                    for (_, answer), result in zip(batch, results, strict=True):
                        if not answer.done():
                            answer.set_result(result)
            else:
                await self._do_each(batch)
        finally:
            self._n_free += 1
            self._take_waiting()
            for _, answer in batch:
                answer.cancel()  # only what a cancelled batch has left open

    async def _do_each(self, batch: Sequence[tuple[OpT, asyncio.Future[ResultT]]]) -> None:
        for op, answer in batch:
            try:
                result = await self._do_one(op)
            except Exception as error:  # noqa: BLE001  it is the caller's
                if not answer.done():
                    answer.set_exception(error)
            else:
                if not answer.done():
                    answer.set_result(result)
