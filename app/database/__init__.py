"""The one database: embedded server, connection pool, schema."""

from app.database.connect import Database, describe_url, open_database, open_pool
from app.database.embedded import EmbeddedServer
from app.database.errors import (
    DatabaseError,
    DatabaseStartError,
    DatabaseTooOldError,
    DatabaseUnreachableError,
    DatabaseUrlError,
    DataFolderInUseError,
    SchemaTooNewError,
)
from app.database.schema import SchemaState, SchemaStatus, migrate, schema_status

__all__ = [
    "DataFolderInUseError",
    "Database",
    "DatabaseError",
    "DatabaseStartError",
    "DatabaseTooOldError",
    "DatabaseUnreachableError",
    "DatabaseUrlError",
    "EmbeddedServer",
    "SchemaState",
    "SchemaStatus",
    "SchemaTooNewError",
    "describe_url",
    "migrate",
    "open_database",
    "open_pool",
    "schema_status",
]
