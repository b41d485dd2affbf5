"""What can go wrong between us and PostgreSQL.

DatabaseError
├── DataFolderInUseError      data_folder_in_use      another process owns the data folder
├── DatabaseStartError        database_start_failed   the embedded server did not come up
├── DatabaseUrlError          database_url_invalid    the URL cannot be read
├── DatabaseUnreachableError  database_unreachable    nobody answers there, or it refuses us
├── DatabaseTooOldError       database_too_old        the server is older than PostgreSQL 15
└── SchemaTooNewError         schema_too_new          a newer program has migrated this database
"""


class DatabaseError(Exception):
    """Base of this package's errors."""

    code: str = "database_error"


class DataFolderInUseError(DatabaseError):
    """Another process owns the data folder."""

    code = "data_folder_in_use"


class DatabaseStartError(DatabaseError):
    """The embedded server did not come up; the message ends with its last log lines."""

    code = "database_start_failed"


class DatabaseUrlError(DatabaseError):
    """The database URL cannot be read."""

    code = "database_url_invalid"


class DatabaseUnreachableError(DatabaseError):
    """Nobody answers at the URL, or the server refuses us."""

    code = "database_unreachable"


class DatabaseTooOldError(DatabaseError):
    """The server is older than we support."""

    code = "database_too_old"


class SchemaTooNewError(DatabaseError):
    """The schema was made by a newer version of this program."""

    code = "schema_too_new"
