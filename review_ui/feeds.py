"""Figures that many people watch, counted once.

A ``Feed`` holds the latest value of something that takes a query. However many watch or ask, there is one
query per period and process; while nobody does, there is none. A hint that something has changed brings the
next query forward, and hints that come together bring one. A query that turns slow is asked less often, so
that watching never takes more than a fifth of one connection.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic
from typing import Generic, TypeVar

import asyncpg
import structlog

log = structlog.get_logger()

T = TypeVar("T")
IDLE_PER_BUSY = 4
HINT_GAP_S = 0.2
AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

# Opened for as long as anyone watches; each item that comes is one hint.
Hints = Callable[[], AbstractAsyncContextManager[AsyncIterator[object]]]


class Feed(Generic[T]):
    """The latest value of ``refresh``, renewed while anyone watches.

    Args:
        refresh: Makes a value.
        period_s: It is made anew after so long, hint or not.
        name: For the log.
        idle_per_busy: It is made so seldom that making it takes at most one part in so many of the time.
        hints: Tells when the value may have changed, such as ``lambda: notifier.subscribe("queue")``.
        hint_gap_s: The shortest time between two values that hints bring forward.
        clock: Seconds.
    """

    def __init__(
        self,
        refresh: Callable[[], Awaitable[T]],
        *,
        period_s: float,
        name: str,
        idle_per_busy: int = IDLE_PER_BUSY,
        hints: Hints | None = None,
        hint_gap_s: float = HINT_GAP_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._refresh = refresh
        self._idle_per_busy = idle_per_busy
        self._hints = hints
        self._hint_gap_s = hint_gap_s
        self._shortest_s = period_s
        self._period_s = period_s
        self._idle_s = 0.0
        self._name = name
        self._clock = clock
        self._latest: T | None = None
        self._refreshed_at = float("-inf")
        self._version = 0
        self._changed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._n_watchers = 0
        self._task: asyncio.Task[None] | None = None
        self._renewal: asyncio.Task[None] | None = None

    async def current(self, *, patience_s: float | None = None) -> T:
        """Return a value at most one period old; callers that come together share one query.

        Args:
            patience_s: If a fresh value takes longer than this, return the last one; the query goes on.
        """
        asked_at = self._clock()
        if self._latest is not None and asked_at - self._refreshed_at <= self._period_s:
            return self._latest
        if self._latest is None or patience_s is None:
            await self._renew_since(asked_at)
        else:
            if self._renewal is None or self._renewal.done():
                self._renewal = asyncio.create_task(self._renew_since(asked_at), name=f"feed-{self._name}")
                # Retrieved here too: if it fails when nobody waits any more, the next caller tries again.
                self._renewal.add_done_callback(lambda task: task.cancelled() or task.exception())
            done, _ = await asyncio.wait([self._renewal], timeout=patience_s)
            for task in done:
                task.result()
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

    async def _renew_since(self, asked_at: float) -> None:
        async with self._one_at_a_time:
            if self._latest is None or self._refreshed_at < asked_at:
                await self._renew()

    async def _renew(self) -> None:
        started_at = self._clock()
        self._latest = await self._refresh()
        self._refreshed_at = started_at
        self._idle_s = self._idle_per_busy * (self._clock() - started_at)
        self._period_s = max(self._shortest_s, self._idle_s)
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def _keep_fresh(self) -> None:
        hinted = asyncio.Event()
        async with self._listening(hinted):
            is_failing = False
            while True:
                hinted.clear()
                try:
                    async with self._one_at_a_time:
                        await self._renew()
                    is_failing = False
                except AWAY as error:
                    if not is_failing:
                        log.warning("feed_not_refreshed", feed=self._name, error=repr(error))
                    is_failing = True
                await self._rest(hinted)

    @asynccontextmanager
    async def _listening(self, hinted: asyncio.Event) -> AsyncIterator[None]:
        if self._hints is None:
            yield
            return
        async with self._hints() as hints:

            async def listen() -> None:
                async for _ in hints:
                    hinted.set()

            listener = asyncio.create_task(listen(), name=f"feed-{self._name}-hints")
            try:
                yield
            finally:
                listener.cancel()

    async def _rest(self, hinted: asyncio.Event) -> None:
        """Sleep for a period, or until a hint, but no shorter than the gap."""
        gap_s = min(self._period_s, max(self._hint_gap_s, self._idle_s))
        await asyncio.sleep(gap_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._period_s - gap_s):
                await hinted.wait()

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
