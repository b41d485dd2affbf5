"""How many pieces of work may run at once, and how many may wait for that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from inference.errors import BusyError


class WorkSlots:
    """A semaphore with a bounded queue.

    Args:
        n_running: Pieces of work at once.
        n_waiting: Further ones that may wait.
    """

    def __init__(self, *, n_running: int, n_waiting: int) -> None:
        self._semaphore = asyncio.Semaphore(n_running)
        self._most = n_running + n_waiting
        self._n_admitted = 0

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Run the block in a slot, after waiting for one if need be.

        Raises:
            BusyError: Too many are waiting already.
        """
        if self._n_admitted >= self._most:
            raise BusyError("Too many requests are in hand; repeat this one in a moment.")
        self._n_admitted += 1
        try:
            async with self._semaphore:
                yield
        finally:
            self._n_admitted -= 1
