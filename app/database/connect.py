"""Open the one database: embedded without a setting, any PostgreSQL ≥ 15 by URL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from app.database.embedded import DATABASE, EmbeddedServer
from app.database.errors import (
    DatabaseTooOldError,
    DatabaseUnreachableError,
    DatabaseUrlError,
    DataFolderInUseError,
)
from app.database.schema import migrate

MIN_MAJOR_VERSION = 15
CLOSE_TIMEOUT_S = 10.0
SESSION = {
    "application_name": "shenxiang",
    "timezone": "UTC",
    "jit": "off",
    # A machine that froze or lost its network in the middle of a transaction holds locks that others wait
    # for, a screening job's for example. PostgreSQL finds out by itself only after two hours.
    "idle_in_transaction_session_timeout": "120s",
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


@dataclass(frozen=True, kw_only=True)
class Database:
    """An open, migrated database. ``dsn`` is for connections outside the pool, such as a listener's."""

    dsn: str
    pool: asyncpg.Pool
    is_embedded: bool


@asynccontextmanager
async def open_database(
    url: str | None,
    data_dir: Path,
    *,
    max_connections: int = 16,
    attach: bool = False,
    upgrade: bool = True,
) -> AsyncIterator[Database]:
    """Start or reach the database, migrate it, and hold a pool until the block ends.

    Args:
        url: A ``postgresql://`` URL; ``None`` starts the embedded server in ``data_dir``.
        data_dir: Owned by this process while the embedded server runs; not touched with a URL.
        max_connections: Upper limit of the pool.
        attach: Use the embedded server of the process that owns ``data_dir``, if there is one: for commands
            beside a running system. The server then stops with its owner.
        upgrade: Migrate an older schema; a command that only looks says no.

    Raises:
        DataFolderInUseError: If another process owns ``data_dir`` and ``attach`` is not set.
        DatabaseStartError: If the embedded server does not come up.
        DatabaseUrlError: If the URL cannot be read.
        DatabaseUnreachableError: If nobody answers at the URL.
        DatabaseTooOldError: If the server is older than PostgreSQL 15.
        SchemaTooNewError: If a newer version of this program has migrated the database.
    """
    async with AsyncExitStack() as stack:
        if url is None:
            dsn = await _start_embedded(data_dir, stack, attach=attach)
        else:
            dsn = url
            await _check_server(dsn)
        if upgrade:
            await migrate(dsn)
        pool = await stack.enter_async_context(open_pool(dsn, max_connections=max_connections))
        yield Database(dsn=dsn, pool=pool, is_embedded=url is None)


@asynccontextmanager
async def open_pool(
    dsn: str, *, max_connections: int = 16, is_hot: bool = False
) -> AsyncIterator[asyncpg.Pool]:
    """Hold a pool of connections with this program's session settings.

    Args:
        dsn: Of a database that is there.
        max_connections: Upper limit of the pool.
        is_hot: For the queue's own moves, which reach rows by their keys: they are planned once, for any
            parameters, because planning one anew costs more than running it, and read no table whole,
            whatever its statistics say. A statement that looks for a range would be planned badly.
    """
    settings = SESSION
    if is_hot:
        settings = SESSION | {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
    pool = asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=max_connections,
        server_settings=settings,
        # No session state is ever left behind, so nothing is reset when a connection comes back: that would
        # be another round trip for every statement.
        reset=_keep,
    )
    await pool
    try:
        yield pool
    finally:
        try:
            await asyncio.wait_for(pool.close(), CLOSE_TIMEOUT_S)
        except TimeoutError:
            # A connection that never comes back must not keep a stopping program alive.
            pool.terminate()


async def _keep(_connection: object) -> None:
    """Leave a returned connection as it is."""


async def _start_embedded(data_dir: Path, stack: AsyncExitStack, *, attach: bool) -> str:
    server = EmbeddedServer(data_dir)
    # Registered first: a start that is cancelled half-way finishes in its thread, and is then stopped.
    stack.push_async_callback(asyncio.to_thread, server.stop)
    try:
        admin_dsn = await asyncio.to_thread(server.start)
    except DataFolderInUseError:
        running = server.find_running() if attach else None
        if running is None:
            raise
        return running
    admin = await asyncpg.connect(admin_dsn)
    try:
        if not await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", DATABASE):
            await admin.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await admin.close()
    return server.dsn_for(DATABASE)


async def _check_server(url: str) -> None:
    connection = await _connect(url)
    try:
        version = connection.get_server_version()
    finally:
        await connection.close()
    if version.major < MIN_MAJOR_VERSION:
        message = (
            f"{describe_url(url)} runs PostgreSQL {version.major}, we need {MIN_MAJOR_VERSION} or newer; "
            "upgrade it, or unset SHENXIANG_DATABASE_URL to use the embedded server"
        )
        raise DatabaseTooOldError(message)


async def _connect(url: str) -> asyncpg.Connection:
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise DatabaseUrlError(
            "SHENXIANG_DATABASE_URL must look like postgresql://user:password@host:5432/name"
        )
    try:
        return await asyncpg.connect(url, timeout=10)
    except (ValueError, asyncpg.InterfaceError) as error:
        raise DatabaseUrlError(f"SHENXIANG_DATABASE_URL cannot be read: {error}") from error
    except asyncpg.InvalidCatalogNameError as error:
        message = f"{describe_url(url)} does not exist on the server; create it (createdb) and start again"
        raise DatabaseUnreachableError(message) from error
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        reason = str(error) or type(error).__name__
        message = (
            f"{describe_url(url)} cannot be reached ({reason}); check SHENXIANG_DATABASE_URL and the server"
        )
        raise DatabaseUnreachableError(message) from error


def describe_url(url: str) -> str:
    """Name a database without its password or options, fit for logs and errors."""
    parts = urlsplit(url)
    host = parts.hostname or "local socket"
    port = f":{parts.port}" if parts.port else ""
    return f"database {parts.path.lstrip('/') or '(default)'} at {host}{port}"
