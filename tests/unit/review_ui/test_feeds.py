"""Figures that many watch are counted once per period, and not at all when nobody watches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from review_ui.feeds import Feed


class Counter:
    def __init__(self) -> None:
        self.n_counts = 0
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def __call__(self) -> int:
        self.n_counts += 1
        number = self.n_counts
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return number


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1e-6
        return self.now


async def test_current__many_callers_share_one_count() -> None:
    """A hundred requests that come together cost one query."""
    counter = Counter()
    feed = Feed(counter, period_s=60, name="test")
    assert await asyncio.gather(*(feed.current() for _ in range(100))) == [1] * 100
    assert counter.n_counts == 1


async def test_current__old_value_is_counted_again() -> None:
    """A value is used for one period and no longer."""
    counter, clock = Counter(), Clock()
    feed = Feed(counter, period_s=2, name="test", clock=clock)
    await feed.current()
    clock.now += 1.9
    assert await feed.current() == 1
    clock.now += 0.2
    assert await feed.current() == 2


async def test_current__slow_count_is_asked_less_often() -> None:
    """A query of three seconds is not repeated every two: the database is kept free for decisions."""
    counter, clock = Counter(), Clock()

    async def slow() -> int:
        clock.now += 3
        return await counter()

    feed = Feed(slow, period_s=2, name="test", clock=clock)
    await feed.current()
    clock.now += 8
    assert await feed.current() == 1
    clock.now += 2
    assert await feed.current() == 2


async def test_current__impatient_caller_gets_the_last_value() -> None:
    """A slow query holds nobody up who has a value at hand; who asks later gets what it found."""
    counter, clock = Counter(), Clock()
    feed = Feed(counter, period_s=2, name="test", clock=clock)
    assert await feed.current(patience_s=0.01) == 1
    counter.gate = asyncio.Event()
    clock.now += 3
    assert await feed.current(patience_s=0.01) == 1
    assert await feed.current(patience_s=0.01) == 1
    counter.gate.set()
    assert await feed.current(patience_s=5) == 2
    assert counter.n_counts == 2


async def test_current__trouble_nobody_waited_for_is_told_to_the_next() -> None:
    """A query that fails behind the back of an impatient caller is tried again by the next one."""
    counter, clock = Counter(), Clock()
    feed = Feed(counter, period_s=2, name="test", clock=clock)
    await feed.current()
    counter.gate, counter.error = asyncio.Event(), ConnectionRefusedError("the database is away")
    clock.now += 3
    assert await feed.current(patience_s=0.01) == 1
    counter.gate.set()
    await asyncio.sleep(0.01)
    with pytest.raises(ConnectionRefusedError):
        await feed.current(patience_s=1)
    counter.error = None
    assert await feed.current(patience_s=1) == 4


async def test_watch__all_watchers_get_each_value_and_one_task_counts() -> None:
    """Fifty watchers see the same counts, made once."""
    counter = Counter()
    feed = Feed(counter, period_s=0.01, name="test")

    async def follow() -> list[int]:
        seen: list[int] = []
        async with feed.watch() as watch:
            while len(seen) < 3:
                value = await watch.next(1)
                assert value is not None
                seen.append(value)
        return seen

    all_seen = await asyncio.gather(*(follow() for _ in range(50)))
    assert all(seen == sorted(set(seen)) for seen in all_seen)
    assert counter.n_counts < 10


async def test_watch__nobody_watching_means_no_counting() -> None:
    """When the last watcher has gone, the counting stops."""
    counter = Counter()
    feed = Feed(counter, period_s=0.001, name="test")
    async with feed.watch() as watch:
        assert await watch.next(1) is not None
    counted = counter.n_counts
    await asyncio.sleep(0.02)
    assert counter.n_counts == counted


async def test_watch__latecomer_gets_the_latest_at_once() -> None:
    """Who opens the board sees it without waiting for the next count."""
    feed = Feed(Counter(), period_s=60, name="test")
    await feed.current()
    async with feed.watch() as watch:
        assert await watch.next(0.5) == 1
        assert await watch.next(0.001) in (None, 2)


class Hints:
    """Hints as a notifier tells them, and whether anyone listens."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.n_listening = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[AsyncIterator[str]]:
        self.n_listening += 1
        try:
            yield self._hints()
        finally:
            self.n_listening -= 1

    async def _hints(self) -> AsyncIterator[str]:
        while True:
            yield await self.queue.get()


async def test_watch__hint_brings_the_next_count_forward() -> None:
    """A change is seen at once, not after the period; without a watcher nobody listens."""
    counter, hints = Counter(), Hints()
    feed = Feed(counter, period_s=60, name="test", hints=hints, hint_gap_s=0.001)
    async with feed.watch() as watch:
        assert await watch.next(1) == 1
        assert await watch.next(0.02) is None
        hints.queue.put_nowait("YTN")
        assert await watch.next(1) == 2
        assert hints.n_listening == 1
    await asyncio.sleep(0.01)
    assert hints.n_listening == 0


async def test_watch__hints_that_come_together_bring_one_count() -> None:
    """A thousand changes within the gap cost one query, and the last of them is not missed."""
    counter, hints = Counter(), Hints()
    feed = Feed(counter, period_s=60, name="test", hints=hints, hint_gap_s=0.05)
    async with feed.watch() as watch:
        assert await watch.next(1) == 1
        for _ in range(1000):
            hints.queue.put_nowait("YTN")
            await asyncio.sleep(0)
        assert await watch.next(1) == 2
        assert await watch.next(0.2) is None


async def test_watch__hint_during_a_count_brings_another() -> None:
    """What changed after a count had begun is in the next one, which does not wait for the period."""
    counter, hints = Counter(), Hints()
    counter.gate = asyncio.Event()
    feed = Feed(counter, period_s=60, name="test", hints=hints, hint_gap_s=0.001)
    async with feed.watch() as watch:
        await asyncio.sleep(0.01)
        hints.queue.put_nowait("YTN")
        await asyncio.sleep(0.01)
        counter.gate.set()
        assert await watch.next(1) == 1
        assert await watch.next(1) == 2


async def test_watch__database_trouble_is_survived() -> None:
    """While the database is away watchers wait; they go on when it is back."""
    counter = Counter()
    counter.error = ConnectionRefusedError("the database is away")
    feed = Feed(counter, period_s=0.005, name="test")
    async with feed.watch() as watch:
        assert await watch.next(0.03) is None
        counter.error = None
        assert await watch.next(1) is not None


async def test_current__database_trouble_is_told() -> None:
    """A request is not answered with figures that could not be counted."""
    counter = Counter()
    counter.error = ConnectionRefusedError("the database is away")
    with pytest.raises(ConnectionRefusedError):
        await Feed(counter, period_s=1, name="test").current()


async def test_current__count_begun_before_the_question_does_not_answer_it() -> None:
    """Who asks while a count is under way gets one that began afterwards."""
    counter = Counter()
    counter.gate = asyncio.Event()
    feed = Feed(counter, period_s=60, name="test")
    first = asyncio.create_task(feed.current())
    await asyncio.sleep(0)
    second = asyncio.create_task(feed.current())
    await asyncio.sleep(0)
    counter.gate.set()
    assert await first == 1
    assert await second == 2
