"""Engine calls in threads: bounded, timed out, and never able to take the process with them."""

import asyncio
import threading

import pytest

from inference.admission import WorkSlots
from inference.engine_threads import EngineThreads
from inference.errors import BusyError, EngineError, EngineTimeoutError


async def test_run__returns_and_raises_what_the_call_does() -> None:
    """Results and errors come back unchanged."""
    threads = EngineThreads(1, timeout_s=5.0)
    assert await threads.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await threads.run(divmod, 7, 0)


async def test_run__no_more_at_once_than_threads() -> None:
    """Cores are not shared by more calls than there are."""
    threads = EngineThreads(2, timeout_s=5.0)
    running, most, lock, go = 0, 0, threading.Lock(), threading.Event()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go.wait(5)
        with lock:
            running -= 1

    calls = [asyncio.create_task(threads.run(work)) for _ in range(5)]
    await asyncio.sleep(0.05)
    go.set()
    await asyncio.gather(*calls)
    assert most == 2


async def test_run__hung_call_is_abandoned_and_the_next_one_runs() -> None:
    """One hung call costs one time limit, not the worker."""
    threads = EngineThreads(2, timeout_s=0.05)
    go = threading.Event()
    with pytest.raises(EngineTimeoutError):
        await threads.run(go.wait, 10)
    assert threads.n_abandoned == 1
    assert await threads.run(divmod, 7, 2) == (3, 1)
    go.set()
    async with asyncio.timeout(2):
        while threads.n_abandoned:
            await asyncio.sleep(0.005)


async def test_run__too_many_hung_calls_are_an_engine_error() -> None:
    """When as many calls hang as may run, starting more would only lose more threads."""
    threads = EngineThreads(1, timeout_s=0.02)
    go = threading.Event()
    with pytest.raises(EngineTimeoutError):
        await threads.run(go.wait, 10)
    with pytest.raises(EngineError, match="hang"):
        await threads.run(divmod, 7, 2)
    go.set()


async def test_run__threads_do_not_keep_the_process_alive() -> None:
    """A hung engine must not stop a restart."""
    threads = EngineThreads(1, timeout_s=5.0)
    assert await threads.run(lambda: threading.current_thread().daemon)


async def test_work_slots__waits_then_refuses() -> None:
    """Work beyond the slots waits; work beyond the waiting room is refused at once."""
    slots = WorkSlots(n_running=1, n_waiting=1)
    done: list[str] = []

    async def work(name: str, go: asyncio.Event) -> None:
        async with slots.hold():
            await go.wait()
            done.append(name)

    go = asyncio.Event()
    first = asyncio.create_task(work("first", go))
    second = asyncio.create_task(work("second", go))
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await work("third", go)
    go.set()
    await asyncio.gather(first, second)
    assert done == ["first", "second"]
    await work("fourth", go)
