"""The queue's benchmark: each contestant does what it says, and a run answers for every key."""

import importlib.util
import json
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from app.cli import app
from benchmarks.queue.cluster import Database
from benchmarks.queue.driver import open_driver
from benchmarks.queue.orders import Order
from benchmarks.queue.people import everybody, outsiders, reviewer
from benchmarks.queue.pgbench import PgbenchClients
from benchmarks.queue.pgbench_script import render
from benchmarks.queue.population import open_population
from benchmarks.queue.run import KEYS, run_benchmark
from benchmarks.queue.workload import TINY
from tests.property.queue_invariants import find_violations

N_CASES = 400


async def populated(dsn: str) -> Database:
    """Fill a test's database."""
    database = Database(dsn=dsn)
    async with open_population(database) as population:
        await population.add_people()
        await population.add_cases(N_CASES)
    return database


async def violations(database: Database) -> list[str]:
    """Return what is wrong with the queue's tables."""
    connection = await asyncpg.connect(database.dsn)
    try:
        return await find_violations(connection)
    finally:
        await connection.close()


async def n_closed(database: Database) -> int:
    """Return how many cases have been decided for good."""
    connection = await asyncpg.connect(database.dsn)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM cases WHERE closed_at IS NOT NULL"))
    finally:
        await connection.close()


async def run_load(name: str, order: Order, **config: Any) -> int:
    """Run one order in a load child; return the cycles it counted."""
    marks: list[str] = []
    async with open_driver(name, config) as load:
        tally = await load.run(
            order, on_warm=lambda: marks.append("warm"), on_cut=lambda: marks.append("cut")
        )
    assert marks == ["warm", "cut"]
    return tally.n_cycles


async def test_population__is_a_state_the_queue_could_be_in(database_url: str) -> None:
    """Every invariant holds of the seeded rows: places, audit trail, ranks, second reviews."""
    database = await populated(database_url)
    assert await violations(database) == []


async def test_add_head__no_outsider_is_eligible(database_url: str) -> None:
    """The adversarial head stands before all other cases and is closed to the reviewers it is aimed at."""
    database = await populated(database_url)
    async with open_population(database) as population:
        await population.add_head(50)
    connection = await asyncpg.connect(database.dsn)
    rows = await connection.fetch("SELECT port, qual_mask FROM ready ORDER BY rank LIMIT 50")
    await connection.close()
    assert len(outsiders()) >= 64
    for one in map(reviewer, outsiders()):
        assert all(row["port"] == one.port or row["qual_mask"] & ~one.quals for row in rows)


async def test_load_ours__every_cycle_closes_a_case(database_url: str) -> None:
    """What the child counts is what the database holds afterwards, and no invariant is broken."""
    database = await populated(database_url)
    config = {"dsn": database.dsn, "n_connections": 4, "n_clients": 8, "reviewers": everybody()}
    n = await run_load("ours", Order(n_cycles=100), **config)
    assert n == 100 == await n_closed(database)
    assert await violations(database) == []


async def test_pgbench__does_what_the_queue_does(database_url: str) -> None:
    """The rendered statements leave the tables as the queue would: places, decisions, audit trail."""
    database = await populated(database_url)
    async with open_population(database) as population:
        # More than the fastest machine decides in three seconds: an empty queue ends the script.
        await population.add_cases(25_000)
    order = Order(warm_s=0.5, seconds=0.5)
    tally = await PgbenchClients(database, 4).run(order, on_warm=lambda: None, on_cut=lambda: None)
    assert 0 < tally.n_cycles < await n_closed(database)
    assert await violations(database) == []


def test_render__refuses_a_statement_that_has_changed() -> None:
    """A parameter more or less than there are values is an error, not a wrong benchmark."""
    assert render("SELECT $2, $1, $2", [":a", "'b'"]) == "SELECT 'b', :a, 'b'"
    with pytest.raises(ValueError, match="has parameters"):
        render("SELECT $1, $2, $3", [":a", "'b'"])


@pytest.mark.parametrize("config", [{"n_clients": 4, "is_loop": False}, {"is_loop": True}])
async def test_load_pgqueuer__completes_jobs(database_url: str, config: dict[str, Any]) -> None:
    """PGQueuer's log has a completed job for each cycle."""
    pytest.importorskip("pgqueuer")
    from benchmarks.queue import load_pgqueuer

    await load_pgqueuer.prepare(database_url)
    await load_pgqueuer.top_up(database_url, 3000)
    n = await run_load("pgqueuer", Order(warm_s=0.1, seconds=0.4), dsn=database_url, **config)
    connection = await asyncpg.connect(database_url)
    n_logged = await connection.fetchval("SELECT count(*) FROM pgqueuer_log WHERE status = 'successful'")
    await connection.close()
    assert 0 < n <= n_logged


async def test_load_procrastinate__completes_jobs(database_url: str) -> None:
    """procrastinate has a succeeded job for each cycle."""
    pytest.importorskip("procrastinate")
    from benchmarks.queue import load_procrastinate

    await load_procrastinate.prepare(database_url)
    await load_procrastinate.top_up(database_url, 100)
    n = await run_load("procrastinate", Order(n_cycles=50), dsn=database_url, n_clients=4)
    connection = await asyncpg.connect(database_url)
    n_done = await connection.fetchval("SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'")
    await connection.close()
    assert n == 50 == n_done


async def test_run_benchmark__answers_for_every_key() -> None:
    """A tiny run measures all that needs no further package, over HTTP too, and stores it as JSON."""
    result = json.loads(json.dumps(await run_benchmark(TINY, parts=("rates", "depths", "held", "head"))))
    assert set(KEYS) <= set(result)
    measured = {key for key in KEYS if result[key] is not None}
    assert measured == {
        "http_vs_pgbench_32",
        "http_vs_pgbench_128",
        "p50_1m_vs_1k",
        "cpu_1m_vs_1k",
        "p99_1m_vs_1k",
        "held_snapshot_retention",
        "adversarial_p99_ratio",
    }
    assert all(result[key] > 0 for key in measured)
    assert (result["quick"], result["depth_1m"]) == (True, TINY.deep_depth)
    assert {"commit", "date", "cores", "workload", "details"} <= set(result)
    http = result["details"]["rates"]["http_32"]["rounds"][0]
    assert min(http["postgres_cpu_us"], http["program_cpu_us"], http["load_cpu_us"]) > 0


def test_bench__needs_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed program has no benchmarks, and says so."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["bench", "queue", "--json", "result.json"])
    assert done.exit_code == 1
    assert "benchmarks_missing" in done.stderr
