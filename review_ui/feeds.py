"""Figures that many people watch, counted once.

A ``Feed`` holds the latest value of something that takes a query. However many watch or ask, there is one
query per period and process; while nobody does, there is none. A query that turns slow is asked less often,
so that watching never takes more than a fifth of one connection.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Generic, TypeVar

import asyncpg
import structlog

log = structlog.get_logger()

T = TypeVar("T")
IDLE_PER_BUSY = 4
AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class Feed(Generic[T]):
    """The latest value of ``refresh``, renewed every ``period_s`` while anyone watches."""

    def __init__(
        self,
        refresh: Callable[[], Awaitable[T]],
        *,
        period_s: float,
        name: str,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._refresh = refresh
        self._shortest_s = period_s
        self._period_s = period_s
        self._name = name
        self._clock = clock
        self._latest: T | None = None
        self._refreshed_at = float("-inf")
        self._version = 0
        self._changed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._n_watchers = 0
        self._task: asyncio.Task[None] | None = None

    async def current(self) -> T:
        """Return a value at most one period old; callers that come together share one query."""
        asked_at = self._clock()
        if self._latest is not None and asked_at - self._refreshed_at <= self._period_s:
            return self._latest
        async with self._one_at_a_time:
            if self._latest is None or self._refreshed_at < asked_at:
                await self._renew()
            assert self._latest is not None
            return self._latest

    @asynccontextmanager
    async def watch(self) -> AsyncIterator["Watch[T]"]:
        """Keep the value fresh for the length of the block."""
        self._n_watchers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._keep_fresh(), name=f"feed-{self._name}")
        try:
            is_fresh = self._clock() - self._refreshed_at <= 2 * self._period_s
            yield Watch(self, seen=self._version - 1 if is_fresh else self._version)
        finally:
            self._n_watchers -= 1
            if self._n_watchers == 0 and self._task is not None:
                self._task.cancel()
                self._task = None

    def invalidate(self) -> None:
        """Make the next ``current()`` count again."""
        self._refreshed_at = float("-inf")

    async def _renew(self) -> None:
        started_at = self._clock()
        self._latest = await self._refresh()
        self._refreshed_at = started_at
        self._period_s = max(self._shortest_s, IDLE_PER_BUSY * (self._clock() - started_at))
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def _keep_fresh(self) -> None:
        is_failing = False
        while True:
            try:
                async with self._one_at_a_time:
                    await self._renew()
                is_failing = False
            except AWAY as error:
                if not is_failing:
                    log.warning("feed_not_refreshed", feed=self._name, error=repr(error))
                is_failing = True
            await asyncio.sleep(self._period_s)

    async def _newer_than(self, version: int, timeout_s: float) -> int:
        if self._version == version:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._changed.wait()
        return self._version


class Watch(Generic[T]):
    """One watcher of a feed; it never sees a value twice and may miss some."""

    def __init__(self, feed: Feed[T], *, seen: int) -> None:
        self._feed = feed
        self._seen = seen

    async def next(self, timeout_s: float) -> T | None:
        """Return a value not seen yet, or None if there is none for so long."""
        version = await self._feed._newer_than(self._seen, timeout_s)
        if version == self._seen:
            return None
        self._seen = version
        return self._feed._latest
