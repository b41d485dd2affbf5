"""Bring a database to the schema this program was written for."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.database.errors import SchemaTooNewError

MIGRATIONS = Path(__file__).parent.parent / "migrations"
# Any number will do, as long as every version of this program uses the same: "shenxian" in ASCII.
ADVISORY_LOCK = 0x7368656E7869616E


class SchemaState(StrEnum):
    """A database's schema beside the one this program expects."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


@dataclass(frozen=True, kw_only=True)
class SchemaStatus:
    """The revision found (``None`` in an empty database) and the one expected."""

    revision: str | None
    expected: str
    state: SchemaState


async def schema_status(dsn: str) -> SchemaStatus:
    """Compare a database's schema with the expected one; changes nothing."""
    engine = _open_engine(dsn)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_read_status)
    finally:
        await engine.dispose()


async def migrate(dsn: str) -> SchemaStatus:
    """Bring the schema up to date in one transaction, one process at a time.

    Returns:
        The status found before.

    Raises:
        SchemaTooNewError: If a newer version of this program has been here.
    """
    engine = _open_engine(dsn)
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            status = await connection.run_sync(_read_status)
            if status.state is SchemaState.NEWER:
                message = (
                    f"the database is at schema {status.revision}, which this version does not know "
                    f"(it expects {status.expected}); start the newer version, or restore an older backup"
                )
                raise SchemaTooNewError(message)
            if status.state is not SchemaState.CURRENT:
                await connection.run_sync(_upgrade)
            return status
    finally:
        await engine.dispose()


def _open_engine(dsn: str) -> AsyncEngine:
    # asyncpg reads the DSN itself, so that every part of the program reads it in the same way.
    return create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=NullPool
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _read_status(connection: Connection) -> SchemaStatus:
    script = ScriptDirectory.from_config(_config())
    expected = script.get_current_head()
    assert expected is not None
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {one.revision for one in script.walk_revisions()}
    if revision is None:
        state = SchemaState.EMPTY
    elif revision == expected:
        state = SchemaState.CURRENT
    else:
        state = SchemaState.OLDER if revision in known else SchemaState.NEWER
    return SchemaStatus(revision=revision, expected=expected, state=state)


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
