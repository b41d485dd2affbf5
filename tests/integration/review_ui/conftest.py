"""Fixtures of the review API's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from app.settings import Settings
from app.trail_office import TrailOffice
from review_queue.notify import Notifier
from review_queue.policy import QueuePolicy
from review_queue.queue import ReviewQueue
from review_ui.passwords import hash_password
from review_ui.settings import ReviewSettings
from scans.folder_store import FolderStore
from tests.integration.review_ui.centre import PASSWORD, Centre
from tests.seed import seed_ports


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The hash of ``PASSWORD``, made once: hashing is slow on purpose."""
    return hash_password(PASSWORD)


@pytest.fixture
async def centre(
    pool: asyncpg.Pool, database_url: str, tmp_path: Path, password_hash: str
) -> AsyncIterator[Centre]:
    """A centre with three ports, no accounts and no cases. Second reviews from a risk of 0.9 on."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
    store = FolderStore(tmp_path / "store")
    notifier = Notifier(database_url)
    made = Centre(
        pool=pool,
        store=store,
        queue=ReviewQueue(pool, QueuePolicy()),
        notifier=notifier,
        settings=ReviewSettings(
            version="test", session_cache_s=0.0, board_refresh_s=0.05, glance_refresh_s=0.05
        ),
        store_path=tmp_path,
        trail_office=TrailOffice(Settings(data=tmp_path, database_url=SecretStr(database_url))),
        password_hash=password_hash,
    )
    yield made
    for client in made.clients:
        await client.aclose()
    await store.close()
