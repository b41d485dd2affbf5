"""Runs pgbench, which comes with the embedded server, and reads its progress."""

import asyncio
import math
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil

from app.database.embedded import SUPERUSER, find_binaries
from benchmarks.queue.cluster import Database
from benchmarks.queue.driver import LoadError, end
from benchmarks.queue.orders import Order, Tally
from benchmarks.queue.pgbench_script import FIRST_VALUES, build_script

PROGRESS = re.compile(r"progress: [\d.]+ s, ([\d.]+) tps, lat ([\d.]+) ms")
N_THREADS = 2
# As on the program's own connections (``app.database.open_pool``): planning anew costs more than running.
OPTIONS = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off"


class PgbenchClients:
    """pgbench with so many clients on a database; each order is a run of its own."""

    def __init__(self, database: Database, n_clients: int) -> None:
        self._database = database
        self._n_clients = n_clients

    async def run(self, order: Order, *, on_warm: Callable[[], None], on_cut: Callable[[], None]) -> Tally:
        """Run one order; like a ``Driver``, but in whole seconds, as pgbench reports them.

        Connecting, preparing and the first plans of each connection are over when it is warm.

        Raises:
            LoadError: If pgbench failed; the statements and the script may have drifted apart.
        """
        warm_s, seconds = math.ceil(order.warm_s), math.ceil(order.seconds)
        tally = Tally()
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(build_script(self._n_clients))
            script.flush()
            # One second more than is read, so that no client has stopped at the cut.
            process = await self._start(Path(script.name), n_seconds=warm_s + seconds + 1)
            try:
                await self._skip(process, warm_s)
                on_warm()
                cpu_s = _cpu_s(process.pid)
                for _ in range(seconds):
                    rate, latency_ms = await self._progress(process)
                    tally.n_cycles += round(rate)
                    tally.seconds += 1.0
                    tally.cycle_ms.append(latency_ms)
                tally.cpu_s = _cpu_s(process.pid) - cpu_s
                on_cut()
                _, said = await process.communicate()
            finally:
                await end(process)
        if process.returncode:
            raise LoadError(f"pgbench ended with status {process.returncode}:\n{said.decode()[-3000:]}")
        return tally

    async def _start(self, script: Path, *, n_seconds: int) -> asyncio.subprocess.Process:
        values = [f"--define={name}={value}" for name, value in FIRST_VALUES.items()]
        return await asyncio.create_subprocess_exec(
            find_binaries() / "pgbench",
            *("--no-vacuum", "--protocol=prepared", f"--client={self._n_clients}", f"--jobs={N_THREADS}"),
            *(f"--time={n_seconds}", "--progress=1", f"--file={script}", *values),
            *(f"--host={self._database.socket_dir}", f"--username={SUPERUSER}", self._database.name),
            env={**os.environ, "PGOPTIONS": OPTIONS},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def _skip(self, process: asyncio.subprocess.Process, n_seconds: int) -> None:
        for _ in range(n_seconds):
            await self._progress(process)

    async def _progress(self, process: asyncio.subprocess.Process) -> tuple[float, float]:
        """Wait for the next second's rate and mean latency in milliseconds."""
        assert process.stderr is not None
        lines = []
        while line := (await process.stderr.readline()).decode():
            if found := PROGRESS.search(line):
                return float(found[1]), float(found[2])
            lines.append(line)
        raise LoadError("pgbench ended early:\n" + "".join(lines)[-3000:])


def _cpu_s(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
