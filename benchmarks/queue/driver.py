"""A load child seen from the parent: started once, ordered around, always ended."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.queue.orders import Order, Tally

ROOT = Path(__file__).parent.parent.parent
# A tally holds every latency of its round.
MAX_LINE_BYTES = 256 * 1024 * 1024
STOP_TIMEOUT_S = 20.0


class LoadError(Exception):
    """A load child ended before it answered; its own words are on stderr."""


class Driver:
    """One load child."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self._name = name

    async def run(self, order: Order, *, on_warm: Callable[[], None], on_cut: Callable[[], None]) -> Tally:
        """Run one order; the callbacks are called when its measured time begins and ends.

        Raises:
            LoadError: If the child failed.
        """
        if order.n_cycles:
            # Reading the clocks takes a while beside a short round; nothing runs before the order is given.
            on_warm()
            await self.tell(asdict(order))
        else:
            await self.tell(asdict(order))
            await self.hear("warm")
            on_warm()
        await self.hear("cut")
        on_cut()
        return Tally(**await self.hear("done"))

    async def tell(self, document: Mapping[str, Any]) -> None:
        """Send the child one document."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(document).encode() + b"\n")
        await self._process.stdin.drain()

    async def hear(self, event: str) -> dict[str, Any]:
        """Wait for the child's next line, which must be this event, and return what it carries.

        Raises:
            LoadError: If the child failed.
        """
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise LoadError(
                f"load child {self._name} ended with status {await self._process.wait()}; see above"
            )
        document: dict[str, Any] = json.loads(line)
        heard = document.pop("event")
        if heard != event:
            raise LoadError(f"load child {self._name} said {heard} where {event} was due")
        return document


@asynccontextmanager
async def open_driver(name: str, config: Mapping[str, Any]) -> AsyncIterator[Driver]:
    """Start the load child ``load_<name>``, configure it, and end it at the end of the block.

    Raises:
        LoadError: If it fails to start.
    """
    # A session of its own: Ctrl-C is ours to handle, and we end the child.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.queue.child",
        name,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=MAX_LINE_BYTES,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    try:
        driver = Driver(process, name)
        await driver.tell(config)
        await driver.hear("ready")
        yield driver
    finally:
        await end(process)


async def end(process: asyncio.subprocess.Process) -> None:
    """End a child: by the end of its stdin if it has one, then by SIGTERM, then by SIGKILL."""
    if process.stdin is not None:
        process.stdin.close()
    else:
        _signal(process, signal.SIGTERM)
    for last_resort in (signal.SIGTERM, signal.SIGKILL):
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            _signal(process, last_resort)
    await process.wait()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    # Not process.send_signal(): it looks for the exit status first, which asyncio's watcher then misses.
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
