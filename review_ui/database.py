"""Short names for the driver's types, and the one thing the driver leaves to us: jsonb as objects."""

from typing import Any, TypeAlias

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"


def from_jsonb(value: Any) -> Any:
    """Return a jsonb column's value, whether the connection decodes jsonb (a codec is set) or not."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value
