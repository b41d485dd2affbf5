"""A throwaway system: a real server process on a free port over an empty data folder of its own."""

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.errors import SelftestError

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 90.0
"""The drains take 15 s at most; the rest is for PostgreSQL and a busy machine."""


@dataclass(kw_only=True)
class ThrowawaySystem:
    """A running ``shenxiang serve``; ``kill`` and ``start`` allow for a crash in the middle."""

    data: Path
    port: int
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the server wrote to stderr."""
        return self.data / "server.log"

    async def start(self) -> None:
        """Start the server and wait until it is ready.

        Raises:
            SelftestError: It ended or did not become ready in time.
        """
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app.cli",
                "serve",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                cwd=Path(__file__).parent.parent,
            )
        try:
            async with asyncio.timeout(START_TIMEOUT_S), httpx.AsyncClient() as http:
                while not await self._is_ready(http):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise SelftestError(
                f"the server was not ready in {START_TIMEOUT_S:.0f} s\n{self._tail()}"
            ) from None

    async def kill(self) -> None:
        """Kill the server as ``kill -9`` does; its PostgreSQL is left behind, as after a real crash."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()

    async def stop(self) -> int:
        """Stop the server as an operator would and return its exit status."""
        if self.process is None:
            return 0
        if self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                await self.kill()
        return await self.process.wait()

    async def _is_ready(self, http: httpx.AsyncClient) -> bool:
        if self.process is not None and self.process.returncode is not None:
            raise SelftestError(f"the server ended with status {self.process.returncode}\n{self._tail()}")
        try:
            return (await http.get(f"{self.url}/v2/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


@asynccontextmanager
async def throwaway_system(**settings: str) -> AsyncIterator[ThrowawaySystem]:
    """Start a system in a temporary folder and remove both at the end.

    Args:
        **settings: More settings, such as ``lease_ttl_s="5"`` for ``SHENXIANG_LEASE_TTL_S``.
    """
    with tempfile.TemporaryDirectory(prefix="shenxiang-", ignore_cleanup_errors=True) as folder:
        port = free_port()
        environment = {
            "SHENXIANG_DATA": folder,
            "SHENXIANG_PORT": str(port),
            "SHENXIANG_HOST": "127.0.0.1",
            "SHENXIANG_LOG_JSON": "true",
            **{f"SHENXIANG_{name.upper()}": value for name, value in settings.items()},
        }
        system = ThrowawaySystem(data=Path(folder), port=port, environment=environment)
        try:
            await system.start()
            yield system
        finally:
            await system.stop()


def free_port() -> int:
    """Return a TCP port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
