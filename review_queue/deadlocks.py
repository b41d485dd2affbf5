"""What to do when PostgreSQL ends a transaction because two waited for each other."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

ResultT = TypeVar("ResultT")
N_TRIES = 3


async def do_again_after_deadlock(do: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Do a transaction, and again if it was the one that was ended; nothing of it has happened then.

    Raises:
        asyncpg.DeadlockDetectedError: If that happens time after time.
    """
    for _ in range(N_TRIES - 1):
        try:
            return await do()
        except asyncpg.DeadlockDetectedError:
            continue
    return await do()
