"""Ports are added and renamed by an operator, and the trail tells of it."""

import asyncpg
import pytest

from inference.errors import PortInvalidError
from inference.stations import add_port


async def test_add_port__is_in_the_trail(pool: asyncpg.Pool) -> None:
    """Added once, renamed once; a code that is none is refused and leaves no event."""
    async with pool.acquire() as conn:
        await add_port(conn, code="NSA", name_zh="南沙", name_en="Nansha")
        await add_port(conn, code="NSA", name_zh="南沙港", name_en="Nansha Port")
        for code in ("n", "nsa", "N-1", "N" * 13):
            with pytest.raises(PortInvalidError):
                await add_port(conn, code=code, name_zh="", name_en="")
        names = await conn.fetch("SELECT code, name_en FROM ports")
        events = await conn.fetch("SELECT actor, event, detail FROM audit ORDER BY seq")
    assert [tuple(row) for row in names] == [("NSA", "Nansha Port")]
    assert [tuple(row) for row in events] == [
        ("system:operator", "port_added", "port=NSA"),
        ("system:operator", "port_renamed", "port=NSA"),
    ]
