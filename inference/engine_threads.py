"""Runs engine calls in threads that may be abandoned.

A hung engine cannot be interrupted, and the standard pool's threads keep the interpreter from exiting. Each
call therefore gets a daemon thread of its own; starting one costs some 0.1 ms, a screening tens of them.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from inference.errors import EngineError, EngineTimeoutError

P = ParamSpec("P")
R = TypeVar("R")


class EngineThreads:
    """At most ``n_threads`` calls at once, and at most as many abandoned ones.

    Args:
        n_threads: Calls at once.
        timeout_s: A call that takes longer is abandoned.
    """

    def __init__(self, n_threads: int, *, timeout_s: float) -> None:
        self._free = asyncio.Semaphore(n_threads)
        self._n_threads = n_threads
        self._timeout_s = timeout_s
        self._n_abandoned = 0

    @property
    def n_abandoned(self) -> int:
        """Calls that ran into the time limit and still have not returned."""
        return self._n_abandoned

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call ``function`` in a thread once one is free, and return what it returns.

        Raises:
            EngineTimeoutError: The call took too long; its thread is left to itself.
            EngineError: So many threads hang that starting another would only lose it too.
        """
        async with self._free:
            if self._n_abandoned >= self._n_threads:
                raise EngineError(f"{self._n_abandoned} engine calls hang; restart the screening process.")
            loop = asyncio.get_running_loop()
            done: asyncio.Future[R] = loop.create_future()

            def work() -> None:
                try:
                    value = function(*args, **kwargs)
                except BaseException as error:  # noqa: BLE001 - carried over to the waiting task
                    _hand_over(loop, partial(self._settle, done, error=error))
                else:
                    _hand_over(loop, partial(self._settle, done, value=value))

            threading.Thread(target=work, name="engine", daemon=True).start()
            try:
                return await asyncio.wait_for(asyncio.shield(done), self._timeout_s)
            except TimeoutError as error:
                if done.done():  # the call itself raised a TimeoutError
                    raise
                self._abandon(done)
                raise EngineTimeoutError(
                    f"The engine did not answer within {self._timeout_s:g} s."
                ) from error
            except asyncio.CancelledError:
                if not done.done():
                    self._abandon(done)
                raise

    def _abandon(self, done: "asyncio.Future[R]") -> None:
        self._n_abandoned += 1
        done.add_done_callback(self._came_back)

    def _came_back(self, done: "asyncio.Future[R]") -> None:
        self._n_abandoned -= 1
        if not done.cancelled():
            done.exception()  # looked at, so that asyncio does not report it as forgotten

    def _settle(
        self, done: "asyncio.Future[R]", *, value: R | None = None, error: BaseException | None = None
    ) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(value)  # type: ignore[arg-type]


def _hand_over(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:  # the loop is closed: nobody waits any more
        return
