"""The worker processes: started, killed, stopped and continued, and in the end all gone."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from app.throwaway import free_port
from benchmarks.queue_faults.wire import NoAnswerError, NotSentError, Wire

ROOT = Path(__file__).parent.parent.parent
START_TIMEOUT_S = 60.0
N_STARTS = 10
RESTART_S = 1.0
PROBE_TIMEOUT_S = 5.0
HEALTH = b"GET /v2/health/ready HTTP/1.1\r\nhost: 127.0.0.1\r\n"


class WorkerError(Exception):
    """A worker did not come up; its last words are in the message."""


class Worker:
    """One server process on a port of its own, which it gets back each time it is started.

    Args:
        number: Its place in the fleet.
        port: On 127.0.0.1.
        environment: Its settings.
        plant: The planted bug it runs with, if any.
        log: Where its output goes.
    """

    def __init__(
        self, number: int, port: int, environment: Mapping[str, str], plant: str | None, log: Path
    ) -> None:
        self.number = number
        self.wire = Wire(port)
        self._environment = {**environment, "SHENXIANG_PORT": str(port)}
        self._plant = plant
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._is_working = False

    @property
    def has_ended(self) -> bool:
        """Whether its process is gone."""
        return self._process is None or self._process.returncode is not None

    @property
    def is_working(self) -> bool:
        """Whether it has come up and is not stopped."""
        return self._is_working and not self.has_ended

    async def start(self) -> None:
        """Start it, again and again while it does not find its database, and wait until it is ready.

        Raises:
            WorkerError: If it still does not become ready.
        """
        for _ in range(N_STARTS - 1):
            try:
                return await self._start()
            except WorkerError:
                await asyncio.sleep(RESTART_S)
        await self._start()

    async def _start(self) -> None:
        """Start it once.

        Raises:
            WorkerError: If it ends, or does not become ready in time.
        """
        chosen = [] if self._plant is None else ["--plant", self._plant, "--worker", str(self.number)]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "benchmarks.queue_faults.worker", *chosen),
                # It ends when its stdin does: none outlives the harness.
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._environment, "PYTHONPATH": str(ROOT)},
                cwd=ROOT,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while not await self._is_ready():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            await self.kill()
            raise WorkerError(f"worker {self.number} is not ready: {self._last_words()}") from None
        self._is_working = True

    async def kill(self) -> None:
        """Kill it as ``kill -9`` does."""
        self._is_working = False
        self._signal(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()
        self.wire.close()

    def stop(self) -> None:
        """Stop it where it stands; its connections stay open and nobody answers."""
        self._is_working = False
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a stopped one go on as if nothing had been."""
        self._signal(signal.SIGCONT)
        self._is_working = True

    async def _is_ready(self) -> bool:
        if self.has_ended:
            raise WorkerError(f"worker {self.number} ended: {self._last_words()}")
        try:
            status, _ = await self.wire.ask(HEALTH, b"", timeout_s=PROBE_TIMEOUT_S)
        except (NotSentError, NoAnswerError):
            return False
        return status == 200

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]


@asynccontextmanager
async def open_fleet(
    dsn: str, folder: Path, *, n_workers: int, ttl_s: float, plant: str | None = None
) -> AsyncIterator[Sequence[Worker]]:
    """Start workers on a database, and kill what is left of them at the end of the block.

    Raises:
        WorkerError: If one does not come up.
    """
    environment = {
        "SHENXIANG_DATABASE_URL": dsn,
        "SHENXIANG_HOST": "127.0.0.1",
        "SHENXIANG_DATA": str(folder),
        "SHENXIANG_LEASE_TTL_S": str(ttl_s),
        "SHENXIANG_LOG_LEVEL": "error",
    }
    workers = [
        Worker(number, free_port(), environment, plant, folder / f"worker-{number}.log")
        for number in range(n_workers)
    ]
    try:
        await asyncio.gather(*(worker.start() for worker in workers))
        yield workers
    finally:
        await asyncio.gather(*(worker.kill() for worker in workers))
