"""The one embedded cluster of a run, on disk, with PostgreSQL's default durability."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from app.database import EmbeddedServer, migrate
from benchmarks.queue.cpu import tree_cpu_s

# 128 clients of pgbench, the pools of the other contestants, and ourselves.
SETTINGS = {"max_connections": "300"}
TELLING_SETTINGS = (
    *("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method"),
    *("shared_buffers", "max_connections"),
)


@dataclass(frozen=True, kw_only=True)
class Database:
    """One database of a server that listens on a Unix socket."""

    dsn: str

    @property
    def name(self) -> str:
        """The database's name."""
        return unquote(urlsplit(self.dsn).path.removeprefix("/"))

    @property
    def socket_dir(self) -> str:
        """The folder of the socket."""
        return parse_qs(urlsplit(self.dsn).query)["host"][0]


class Cluster:
    """Makes and tends databases on a running server."""

    def __init__(self, server: EmbeddedServer, folder: Path) -> None:
        self._server = server
        self._folder = folder

    def database(self, name: str) -> Database:
        """Name a database, whether it exists or not."""
        return Database(dsn=self._server.dsn_for(name))

    def cpu_s(self) -> float:
        """CPU seconds of PostgreSQL so far: backends and background processes."""
        return tree_cpu_s(int((self._folder / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0]))

    async def create(self, name: str) -> Database:
        """Make a database with our schema."""
        database = await self.create_empty(name)
        await migrate(database.dsn)
        return database

    async def create_empty(self, name: str) -> Database:
        """Make an empty database."""
        await self._administer(f'CREATE DATABASE "{name}"')
        return self.database(name)

    async def copy(self, source: Database, name: str) -> Database:
        """Make a database as a copy of another that nobody is connected to."""
        await self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{source.name}"')
        return self.database(name)

    async def drop(self, database: Database) -> None:
        """Remove a database, whoever is connected."""
        await self._administer(f'DROP DATABASE "{database.name}" WITH (FORCE)')

    async def settle(self, database: Database, *tables: str) -> None:
        """Vacuum and analyze tables, all if none is named, then write everything out.

        Every round of every contestant begins in this state.
        """
        connection = await asyncpg.connect(database.dsn)
        try:
            await connection.execute(f"VACUUM (ANALYZE) {', '.join(tables)}")
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()

    async def settings(self) -> dict[str, str]:
        """Return the server's version and the settings that decide what a commit costs."""
        connection = await asyncpg.connect(self.database("postgres").dsn)
        try:
            return {name: str(await connection.fetchval(f"SHOW {name}")) for name in TELLING_SETTINGS}
        finally:
            await connection.close()

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self.database("postgres").dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def open_cluster() -> AsyncIterator[Cluster]:
    """Start a cluster in a temporary folder; stop it and remove the folder at the end."""
    with tempfile.TemporaryDirectory(prefix="shenxiang-bench-", ignore_cleanup_errors=True) as folder:
        server = EmbeddedServer(Path(folder), settings=SETTINGS)
        try:
            await asyncio.to_thread(server.start)
            yield Cluster(server, Path(folder))
        finally:
            await asyncio.to_thread(server.stop)
