"""Tells 'the database is away' from faults of ours, so that a station gets an answer it can act on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from inference.errors import DatabaseUnavailableError
from scans.errors import StoreFullError

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalClientError,
    OSError,  # includes TimeoutError, which a full pool raises
)


@contextmanager
def database_errors() -> Iterator[None]:
    """Raise what the driver raises while the database is away as one domain error.

    Raises:
        DatabaseUnavailableError: The database does not answer, is starting, stopping or read-only.
        StoreFullError: The database's disk is full; to a station that is the same as a full store.
    """
    try:
        yield
    except asyncpg.DiskFullError as error:
        raise StoreFullError("The database's disk is full; nothing was stored. Try again later.") from error
    except asyncpg.InterfaceError as error:
        if isinstance(error, ValueError):  # an argument that cannot be encoded: a fault of ours
            raise
        raise _unavailable() from error
    except AWAY as error:
        raise _unavailable() from error


def _unavailable() -> DatabaseUnavailableError:
    return DatabaseUnavailableError("The database does not answer; repeat the same request in a moment.")


def storable(text: str, *, max_chars: int = 500) -> str:
    """Return the start of a text that may hold anything, fit for PostgreSQL: no NUL, no lone surrogates."""
    return text[:max_chars].replace("\x00", "").encode("utf-8", "replace").decode()


@asynccontextmanager
async def connect(pool: Pool, *, timeout_s: float) -> AsyncIterator[Connection]:
    """Take a connection from the pool, and raise database trouble in the block as domain errors.

    Args:
        pool: Where connections come from.
        timeout_s: How long to wait for a free one.

    Raises:
        DatabaseUnavailableError: See ``database_errors``.
        StoreFullError: See ``database_errors``.
    """
    try:
        connection = await pool.acquire(timeout=timeout_s)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        raise _unavailable() from error  # whatever keeps us out: starting, renamed, no more room
    with database_errors():
        try:
            yield connection
        finally:
            await pool.release(connection)
