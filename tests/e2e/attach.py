"""Reads and seeds the database of a throwaway system while it runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from app.database import open_database
from app.throwaway import ThrowawaySystem


@asynccontextmanager
async def attached_pool(system: ThrowawaySystem) -> AsyncIterator[asyncpg.Pool]:
    """Connect to the embedded server that ``system`` runs."""
    async with open_database(None, system.data, max_connections=2, attach=True) as database:
        yield database.pool
