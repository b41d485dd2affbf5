"""The embedded server's lifecycle, external URLs and migrations, on real processes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.database import (
    DatabaseStartError,
    DatabaseUnreachableError,
    DatabaseUrlError,
    DataFolderInUseError,
    EmbeddedServer,
    SchemaState,
    SchemaTooNewError,
    connect,
    describe_url,
    migrate,
    open_database,
    open_pool,
    schema_status,
)
from app.migrations.script import split_script
from tests.conftest import UNSAFE_AND_FAST, execute, run_apart
from tests.seed import seed_account, seed_policy, seed_ports, seed_scan, seed_screening, seed_station

OWNER_PROGRAM = """
import sys
from pathlib import Path
from app.database import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), settings={"fsync": "off"}, sync_new_cluster=False)
print(server.start(), flush=True)
sys.stdin.read()
server.stop()
"""


def fast_server(data_dir: Path) -> EmbeddedServer:
    """A server whose data may be lost with the machine."""
    return EmbeddedServer(data_dir, settings=UNSAFE_AND_FAST, sync_new_cluster=False, start_timeout_s=60)


@contextmanager
def owner_process(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that owns ``data_dir``, and its DSN."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER_PROGRAM, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()
        fast_server(data_dir).stop_leftover()


def postmaster_pid(data_dir: Path) -> int:
    """The server's pid as PostgreSQL wrote it."""
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


async def test_open_database__works_below_a_private_folder_and_keeps_data(tmp_path: Path) -> None:
    """With no URL a server starts below a folder of mode 0700, is migrated, and keeps rows over a restart."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    async with open_database(None, home / "data") as database:
        assert (await schema_status(database.dsn)).state is SchemaState.CURRENT
        async with database.pool.acquire() as connection:
            await seed_ports(connection)
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                assert await connection.fetchval(f"SHOW {setting}") == "on"
    assert not (home / "data" / "postgres" / "postmaster.pid").exists()
    assert home.stat().st_mode & 0o066 == 0, "nobody else may list or write the private folder"
    async with open_database(None, home / "data") as database:
        assert await database.pool.fetchval("SELECT count(*) FROM ports") == 3


async def test_seed__every_helper_fits_the_schema(pool: asyncpg.Pool) -> None:
    """Every seed helper inserts its row into the migrated schema."""
    async with pool.acquire() as connection:
        await seed_ports(connection)
        assert (await seed_station(connection, "ytn-1", "YTN")).startswith("sx_")
        assert await seed_account(connection, "li.wei", "reviewer", "SKZ") > 0
        scan_id = await seed_scan(connection, port="YTN")
        version = await seed_policy(connection)
        assert await seed_screening(connection, scan_id, version) > 0


def test_start__second_process_is_told_who_owns_the_folder(tmp_path: Path) -> None:
    """While one process owns the folder, another is refused with the owner's pid and a code."""
    with owner_process(tmp_path) as (owner, _):
        with pytest.raises(DataFolderInUseError, match=f"process {owner.pid}") as caught:
            fast_server(tmp_path).start()
        assert caught.value.code == "data_folder_in_use"
        assert psutil.pid_exists(postmaster_pid(tmp_path)), "the owner's server is left alone"


def test_stop__clean_end_of_the_owner_stops_the_server(tmp_path: Path) -> None:
    """An owner that ends cleanly leaves neither server nor lock behind."""
    with owner_process(tmp_path) as (owner, _):
        pid = postmaster_pid(tmp_path)
        owner.communicate("", timeout=30)
        assert owner.returncode == 0
        assert not psutil.pid_exists(pid)
    server = fast_server(tmp_path)
    server.start()
    server.stop()


async def test_start__server_left_by_a_killed_owner_is_replaced(tmp_path: Path) -> None:
    """After kill -9 of the owner its server is stopped, and what it had committed is there."""
    with owner_process(tmp_path) as (owner, dsn):
        await execute(dsn, "CREATE TABLE kept AS SELECT 7 AS n")
        left = postmaster_pid(tmp_path)
        owner.kill()
        owner.wait()
        assert psutil.pid_exists(left), "PostgreSQL outlives its owner"
        server = fast_server(tmp_path)
        try:
            connection = await asyncpg.connect(await asyncio.to_thread(server.start))
            assert await connection.fetchval("SELECT n FROM kept") == 7
            await connection.close()
            assert postmaster_pid(tmp_path) != left
            # In a container without an init process the dead server may stay as a zombie.
            assert not psutil.pid_exists(left) or psutil.Process(left).status() == psutil.STATUS_ZOMBIE
        finally:
            server.stop()


def test_stop_leftover__stops_what_nobody_owns(tmp_path: Path) -> None:
    """The server of a killed owner is stopped; one whose owner lives is left alone."""
    with owner_process(tmp_path) as (owner, _):
        assert not fast_server(tmp_path).stop_leftover()
        left = psutil.Process(postmaster_pid(tmp_path))
        owner.kill()
        owner.wait()
        assert fast_server(tmp_path).stop_leftover()
        assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE
        assert not fast_server(tmp_path).stop_leftover()


async def test_start__killed_owner_and_killed_server_are_recovered(tmp_path: Path) -> None:
    """After kill -9 of owner and postmaster, with a client's backend still busy, the next start succeeds."""
    with owner_process(tmp_path) as (owner, dsn):
        client = await asyncpg.connect(dsn)
        busy = asyncio.ensure_future(client.fetchval("SELECT pg_sleep(30)"))
        await asyncio.sleep(0.2)
        owner.kill()
        owner.wait()
        os.kill(postmaster_pid(tmp_path), signal.SIGKILL)
        server = fast_server(tmp_path)
        try:
            connection = await asyncpg.connect(await asyncio.to_thread(server.start))
            assert await connection.fetchval("SELECT 1") == 1
            await connection.close()
        finally:
            server.stop()
            busy.cancel()
            client.terminate()


@pytest.mark.parametrize("pid_text", ["{us}", "{nobody}", ""])
def test_start__stale_pid_file_does_not_block(tmp_path: Path, pid_text: str) -> None:
    """A postmaster.pid that names a stranger, nobody, or nothing (full disk) does not stop a start."""
    server = fast_server(tmp_path)
    server.start()
    content = (tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()
    server.stop()
    first = pid_text.format(us=os.getpid(), nobody=2**22 - 2)
    text = "" if first == "" else "\n".join([first, *content[1:]]) + "\n"
    (tmp_path / "postgres" / "postmaster.pid").write_text(text)
    server.start()
    assert str(postmaster_pid(tmp_path)) not in (str(os.getpid()), str(2**22 - 2))
    server.stop()
    assert psutil.pid_exists(os.getpid())


async def test_start__half_made_cluster_is_made_again(tmp_path: Path) -> None:
    """A killed initdb leaves a folder that the next start throws away."""
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18\n")
    server = fast_server(tmp_path)
    await execute(server.start(), "SELECT 1")
    server.stop()
    assert not (tmp_path / "postgres.new").exists()


def test_start__long_path_gets_a_short_socket_folder(tmp_path: Path) -> None:
    """A data folder too deep for a Unix socket works, through a private folder that is removed afterwards."""
    server = fast_server(tmp_path / ("d" * 60) / ("e" * 60))
    dsn = server.start()
    folder = Path(dsn.split("host=")[1])
    assert folder.stat().st_mode & 0o077 == 0
    run_apart(execute(dsn, "SELECT 1"))
    server.stop()
    assert not folder.exists()


async def test_start__awkward_folder_name_works(tmp_path: Path) -> None:
    """Spaces, commas, quotes and Chinese in the folder's name are no obstacle."""
    server = fast_server(tmp_path / "审像, a \"b\" 'c' %d")
    await execute(server.start(), "SELECT 1")
    server.stop()


def test_start__foreign_folder_is_refused(tmp_path: Path) -> None:
    """A cluster of another PostgreSQL version is refused with both versions named."""
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseStartError, match=r"not a PostgreSQL 18 cluster \(PG_VERSION: 16\)"):
        fast_server(tmp_path).start()


def test_start__bad_setting_reports_the_servers_words(tmp_path: Path) -> None:
    """A server that will not start raises with its log lines, and the folder is free again."""
    broken = EmbeddedServer(tmp_path, settings={"shared_buffers": "nonsense"}, sync_new_cluster=False)
    with pytest.raises(DatabaseStartError, match="shared_buffers"):
        broken.start()
    server = fast_server(tmp_path)
    server.start()
    server.stop()


@pytest.mark.parametrize("url", ["mysql://x/y", "localhost:5432/x", "postgresql://h:port/x"])
async def test_open_database__unreadable_url(url: str, tmp_path: Path) -> None:
    """A URL that is not PostgreSQL's is refused before anything is touched."""
    with pytest.raises(DatabaseUrlError):
        async with open_database(url, tmp_path / "data"):
            pass
    assert not (tmp_path / "data").exists()


async def test_open_database__unreachable_url_hides_the_password(tmp_path: Path) -> None:
    """An unreachable server is named without the password."""
    with pytest.raises(DatabaseUnreachableError, match=r"127\.0\.0\.1:1") as caught:
        async with open_database("postgresql://u:hunter2@127.0.0.1:1/x", tmp_path):
            pass
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in describe_url("postgresql://u:hunter2@h/x")


async def test_open_database__missing_database_says_how_to_make_it(database_url: str, tmp_path: Path) -> None:
    """A URL naming a database that does not exist says that it must be created."""
    with pytest.raises(DatabaseUnreachableError, match="createdb"):
        async with open_database(database_url.replace("shenxiang_test", "nowhere"), tmp_path):
            pass


async def test_open_database__url_is_used_and_the_folder_untouched(database_url: str, tmp_path: Path) -> None:
    """With a URL no server is started and the data folder is not made."""
    async with open_database(database_url, tmp_path / "data") as database:
        assert not database.is_embedded
        assert await database.pool.fetchval("SHOW timezone") == "UTC"
    assert not (tmp_path / "data").exists()


async def test_migrate__newer_schema_is_refused(database_url: str, tmp_path: Path) -> None:
    """A database migrated by a newer program is refused and left as it is."""
    await execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    assert (await schema_status(database_url)).state is SchemaState.NEWER
    with pytest.raises(SchemaTooNewError, match="9999") as caught:
        async with open_database(database_url, tmp_path):
            pass
    assert caught.value.code == "schema_too_new"
    assert (await schema_status(database_url)).revision == "9999"


async def test_migrate__eight_at_once_migrate_once(
    database_server: EmbeddedServer, make_database: Callable[[], str]
) -> None:
    """Processes that start together migrate an empty database once, one after the other."""
    dsn = make_database()
    await execute(dsn, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    assert (await schema_status(dsn)).state is SchemaState.EMPTY
    found = await asyncio.gather(*(migrate(dsn) for _ in range(8)))
    assert sorted(status.state for status in found) == [SchemaState.CURRENT] * 7 + [SchemaState.EMPTY]
    assert (await schema_status(dsn)).state is SchemaState.CURRENT


async def test_migrate__a_scan_keeps_its_container(database_url: str) -> None:
    """One number becomes a list of one, none an empty list."""
    conn = await asyncpg.connect(database_url)
    try:
        await seed_ports(conn)
        scans = {await seed_scan(conn, container_nos=numbers): numbers for numbers in (["CSQU3054383"], [])}
        await conn.execute(
            "DROP INDEX scans_containers;"
            "ALTER TABLE scans ALTER container_nos DROP NOT NULL, ALTER container_nos DROP DEFAULT;"
            "ALTER TABLE scans ALTER container_nos TYPE text USING container_nos[1];"
            "ALTER TABLE scans RENAME container_nos TO container_no;"
            "CREATE INDEX scans_container ON scans (container_no, received_at);"
            "UPDATE alembic_version SET version_num = '0007'"
        )
        assert (await migrate(database_url)).revision == "0007"
        found = await conn.fetch("SELECT scan_id, container_nos FROM scans")
        assert {row["scan_id"]: row["container_nos"] for row in found} == scans
    finally:
        await conn.close()


def test_split_script__cuts_at_blank_lines() -> None:
    """Statements are separated by blank lines, Windows line ends included."""
    assert split_script("\nSELECT 1;\n\n\nSELECT\n2;\r\n\r\nSELECT 3;\n") == [
        "SELECT 1;",
        "SELECT\n2;",
        "SELECT 3;",
    ]


async def test_open_pool__a_frozen_machine_does_not_hold_its_locks(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was locked by somebody who went silent in a transaction is free again; the silent one is told."""
    monkeypatch.setitem(connect.SESSION, "idle_in_transaction_session_timeout", "300ms")
    async with open_pool(database_url) as pool, pool.acquire() as silent, pool.acquire() as other:
        await silent.execute("INSERT INTO ports VALUES ('YTN', '盐田', 'Yantian')")
        await silent.execute("BEGIN")
        await silent.execute("UPDATE ports SET name_en = 'half done'")
        async with asyncio.timeout(10):
            await other.execute("UPDATE ports SET name_en = 'done'")
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
            await silent.execute("COMMIT")
        assert await other.fetchval("SELECT name_en FROM ports") == "done"


async def test_open_pool__silence_in_a_transaction_has_an_end(database_url: str) -> None:
    """Without the setting, PostgreSQL waits for ever."""
    async with open_pool(database_url) as pool:
        assert await pool.fetchval("SHOW idle_in_transaction_session_timeout") == "2min"
