"""The PostgreSQL that is broken: a cluster on disk with default durability, on a socket of its own."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil

from app.database import EmbeddedServer, migrate

SETTINGS = {"max_connections": "200"}
TEMPLATE = "faults_template"
FOLDER_PREFIX = "sx-faults-"
# Backends of the program; ours have another name.
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'shenxiang' AND pid <> pg_backend_pid()"
TERMINATE = "SELECT count(*) FROM unnest($1::int[]) AS pid WHERE pg_terminate_backend(pid)"
CONNECT_TIMEOUT_S = 5.0


class Cluster:
    """Makes databases on a running server, and breaks it."""

    def __init__(self, server: EmbeddedServer, folder: Path) -> None:
        self._server = server
        self._folder = folder

    def dsn(self, name: str) -> str:
        """Return the address of a database; it stays the same when the server comes back."""
        return self._server.dsn_for(name)

    def make_folder(self, name: str) -> Path:
        """Make a folder that is removed with the cluster."""
        folder = self._folder / f"workers-{name}"
        folder.mkdir()
        return folder

    async def create(self, name: str) -> str:
        """Make an empty database with our schema and return its address."""
        await self._administer(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.dsn(name)

    async def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        await self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    async def make_template(self) -> None:
        """Make the database that others are copied from."""
        await self._administer(f"CREATE DATABASE {TEMPLATE}")
        await migrate(self.dsn(TEMPLATE))

    async def crash(self) -> None:
        """Do what ``pg_ctl stop -m immediate`` does, and start the server again: it has to recover."""
        before = self.dsn("postgres")
        os.kill(self._postmaster(), signal.SIGQUIT)
        await asyncio.to_thread(self._server.stop)
        await asyncio.to_thread(self._server.start)
        if self.dsn("postgres") != before:
            raise RuntimeError("the server came back elsewhere; use a temporary folder with a shorter name")

    async def terminate_backends(self, n_most: int, rng: random.Random) -> int:
        """End some of the program's connections and return how many."""
        connection = await asyncpg.connect(self.dsn("postgres"), timeout=CONNECT_TIMEOUT_S)
        try:
            pids = [row["pid"] for row in await connection.fetch(BACKENDS)]
            chosen = rng.sample(pids, min(len(pids), rng.randint(1, n_most)))
            return int(await connection.fetchval(TERMINATE, chosen))
        finally:
            await connection.close()

    def kill_backend(self, rng: random.Random) -> bool:
        """Kill one backend as ``kill -9`` does: the server ends all others and recovers.

        Returns:
            Whether there was one.
        """
        with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError, ValueError):
            backends = [child for child in psutil.Process(self._postmaster()).children() if _is_client(child)]
            if backends:
                rng.choice(backends).kill()
                return True
        return False

    def _postmaster(self) -> int:
        return int((self._folder / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn("postgres"), timeout=CONNECT_TIMEOUT_S)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def _is_client(process: psutil.Process) -> bool:
    try:
        title: Sequence[str] = process.cmdline()
    except psutil.NoSuchProcess:
        return False
    return bool(title) and "[local]" in title[0]


def stop_leftovers() -> None:
    """Stop the servers of earlier runs that were killed, and remove their folders; live runs own theirs."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        # A folder without a running server may belong to a run that is just starting.
        if (folder / "postgres" / "postmaster.pid").exists() and EmbeddedServer(folder).stop_leftover():
            shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def open_cluster() -> AsyncIterator[Cluster]:
    """Start a cluster in a temporary folder; stop it and remove the folder at the end."""
    await asyncio.to_thread(stop_leftovers)
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, ignore_cleanup_errors=True) as folder:
        server = EmbeddedServer(Path(folder), settings=SETTINGS)
        try:
            await asyncio.to_thread(server.start)
            cluster = Cluster(server, Path(folder))
            await cluster.make_template()
            yield cluster
        finally:
            await asyncio.to_thread(server.stop)
