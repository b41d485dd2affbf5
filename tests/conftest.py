"""Real PostgreSQL for every test that asks for it, and a real S3 server.

One embedded server per test run (never flushed to disk: it dies with the run), one migrated template, and a
fresh clone of it per test (about 50 ms).
"""

import asyncio
import itertools
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog

from app.database import EmbeddedServer, migrate, open_pool
from tests.s3_server import install_s3rver

FOLDER_PREFIX = "shenxiang-tests-"
TEMPLATE = "shenxiang_template"
UNSAFE_AND_FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the pictures of the screens be taken anew: tests/e2e/test_pictures.py."""
    parser.addoption("--write-pictures", action="store_true", help="keep how the screens look now")


def run_apart(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine on a loop of its own, also while the test's loop is set up."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, coroutine).result()


async def execute(dsn: str, *statements: str) -> None:
    """Run statements on a connection of their own."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def stop_servers_of_killed_runs() -> None:
    """Stop what earlier test runs left behind when they were killed; runs that live own their folders."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        # A folder without a running server may belong to a run that is just starting.
        if (folder / "postgres" / "postmaster.pid").exists() and EmbeddedServer(folder).stop_leftover():
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Undo what a command run inside a test did to the logs: their stream ends with that test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def database_server() -> Iterator[EmbeddedServer]:
    """An embedded server holding the migrated template database."""
    # Not under tmp_path: a failed test would keep the cluster.
    stop_servers_of_killed_runs()
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX) as folder:
        server = EmbeddedServer(Path(folder), settings=UNSAFE_AND_FAST, sync_new_cluster=False)
        dsn = server.start()
        try:
            run_apart(execute(dsn, f"CREATE DATABASE {TEMPLATE}"))
            run_apart(migrate(server.dsn_for(TEMPLATE)))
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def database_numbers() -> Iterator[int]:
    """Numbers for database names, never used twice in a run."""
    return itertools.count(1)


@pytest.fixture
def make_database(
    database_server: EmbeddedServer, database_numbers: Iterator[int]
) -> Iterator[Callable[[], str]]:
    """A function that makes another fresh, migrated database and returns its DSN."""
    admin = database_server.dsn_for("postgres")
    with ExitStack() as stack:

        def make() -> str:
            name = f"shenxiang_test_{next(database_numbers)}"
            run_apart(execute(admin, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
            stack.callback(lambda: run_apart(execute(admin, f"DROP DATABASE {name} WITH (FORCE)")))
            return database_server.dsn_for(name)

        yield make


@pytest.fixture
def database_url(make_database: Callable[[], str]) -> str:
    """The DSN of a fresh, migrated, empty database."""
    return make_database()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool on ``database_url``."""
    async with open_pool(database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def s3rver_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of a real S3 server; the test is skipped by name where it cannot be installed."""
    return install_s3rver(tmp_path_factory.mktemp("s3rver"))
