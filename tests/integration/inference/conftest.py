"""A centre per test; the decoder's children live for the whole run, because starting them takes a second."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from scans.guard import GuardedDecoder
from tests.integration.inference.centre import Centre, grey_scan, open_centre, png, post_scan
from tests.integration.inference.test_screening import outcome_of
from tests.seed import seed_policy, seed_ports, seed_station


@pytest.fixture(scope="session")
def decoder() -> Iterator[GuardedDecoder]:
    """A decoder with one child."""
    decoder = GuardedDecoder(n_workers=1, timeout_s=20.0)
    yield decoder
    asyncio.run(decoder.close())


@pytest.fixture
async def centre(
    database_url: str, pool: "asyncpg.Pool[asyncpg.Record]", tmp_path: Path, decoder: GuardedDecoder
) -> AsyncIterator[Centre]:
    """A centre with three ports and a policy without a random sample."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
        await seed_policy(conn)
    async with open_centre(database_url, pool, tmp_path / "store", decoder) as opened:
        yield opened


@pytest.fixture
async def key(centre: Centre) -> str:
    """The key of station ST-1 at Yantian."""
    async with centre.pool.acquire() as conn:
        return await seed_station(conn, "ST-1", "YTN")


@pytest.fixture
def station(centre: Centre, key: str) -> httpx.AsyncClient:
    """Station ST-1's client."""
    return centre.client(key)


@pytest.fixture
async def archive(centre: Centre, station: httpx.AsyncClient) -> list[str]:
    """Five screened scans of ST-1, the second flagged by the tiny detector, the others released."""
    ids = []
    async with centre.screening():
        for number in range(5):
            scan = await post_scan(station, png(grey_scan(dark=number == 1, seed=number)), key=str(number))
            await outcome_of(centre, scan["scan_id"])
            ids.append(scan["scan_id"])
    return ids
