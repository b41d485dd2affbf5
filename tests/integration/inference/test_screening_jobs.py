"""The screening jobs: leases that do not meet, in the order of arrival, without walking the whole table."""

import asyncio

import pytest

from inference.database_errors import Pool
from inference.screening_jobs import LEASE, ScreeningJobs
from tests.seed import seed_ports, seed_scan


async def seed_jobs(pool: Pool, n_jobs: int) -> list[str]:
    """Make scans with a job each; returns their ids in order of arrival."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
        ids = [await seed_scan(conn) for _ in range(n_jobs)]
        for age_s, scan_id in zip(range(n_jobs, 0, -1), ids, strict=True):
            await conn.execute(
                "INSERT INTO screening_jobs (scan_id, enqueued_at, run_after)"
                " VALUES ($1, now() - make_interval(secs => $2), now() - make_interval(secs => $2))",
                scan_id,
                float(age_s),
            )
    return ids


@pytest.fixture
def jobs(pool: Pool) -> ScreeningJobs:
    return ScreeningJobs(pool, worker="A", lease_s=10.0)


async def test_lease__oldest_first_and_never_twice(pool: Pool, jobs: ScreeningJobs) -> None:
    """Each job is leased once, in the order of arrival."""
    ids = await seed_jobs(pool, 5)
    taken = [job.scan_id for n in (2, 2, 2) for job in await jobs.lease(n)]
    assert taken == ids
    assert await jobs.lease(5) == []


async def test_lease__does_not_wait_for_another_workers_lease(pool: Pool, jobs: ScreeningJobs) -> None:
    """While one worker's lease is being committed, the next worker takes other jobs at once."""
    ids = await seed_jobs(pool, 4)
    async with pool.acquire() as conn, conn.transaction():
        held = [row["scan_id"] for row in await conn.fetch(LEASE, 2, "B", 10.0, 0.0)]
        async with asyncio.timeout(2):
            taken = [job.scan_id for job in await jobs.lease(2)]
    assert held + taken == ids


async def test_lease__is_fenced(pool: Pool) -> None:
    """After its lease was taken over, a worker can neither finish, extend, postpone nor give back the job."""
    [scan_id] = await seed_jobs(pool, 1)
    first, second = (ScreeningJobs(pool, worker=name, lease_s=10.0) for name in ("A", "B"))
    [stale] = await first.lease(1)
    await pool.execute("UPDATE screening_jobs SET leased_until = now() - interval '1 second'")
    [current] = await second.lease(1)
    assert (current.abandoned, current.tries) == (True, 2)
    before = await pool.fetchrow("SELECT * FROM screening_jobs")
    await first.extend([stale])
    await first.postpone(stale, pause_s=60.0, error="late")
    await first.give_back([stale])
    async with pool.acquire() as conn:
        assert not await first.finish(conn, stale)
    assert await pool.fetchrow("SELECT * FROM screening_jobs") == before
    async with pool.acquire() as conn:
        assert await second.finish(conn, current)
    assert await pool.fetchval("SELECT count(*) FROM screening_jobs WHERE scan_id = $1", scan_id) == 0


async def test_lease__same_worker_is_fenced_from_its_own_past(pool: Pool, jobs: ScreeningJobs) -> None:
    """A worker that stalled and leased the job again does not finish it with the older lease."""
    await seed_jobs(pool, 1)
    [stale] = await jobs.lease(1)
    await pool.execute("UPDATE screening_jobs SET leased_until = now() - interval '1 second'")
    await jobs.lease(1)
    async with pool.acquire() as conn:
        assert not await jobs.finish(conn, stale)


async def test_postpone__is_no_worker_death(pool: Pool, jobs: ScreeningJobs) -> None:
    """A try that failed in good order counts as a try, not as an abandoned one, and waits for its time."""
    await seed_jobs(pool, 1)
    [job] = await jobs.lease(1)
    await jobs.postpone(job, pause_s=0.2, error="busy\x00")
    assert await jobs.lease(1) == []
    await asyncio.sleep(0.25)
    [again] = await jobs.lease(1)
    assert (again.abandoned, again.tries) == (False, 2)


async def test_lease__reads_the_head_not_the_backlog(pool: Pool) -> None:
    """With a large backlog a lease walks the index in order and stops; it does not sort everything."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
        scan_id = await seed_scan(conn)
        await conn.execute(
            "INSERT INTO scans SELECT (jsonb_populate_record(s, jsonb_build_object("
            "'scan_id', 'XR-' || n, 'idempotency_key', 'k' || n))).*"
            " FROM scans s, generate_series(1, 5000) n WHERE s.scan_id = $1",
            scan_id,
        )
        await conn.execute(
            "INSERT INTO screening_jobs (scan_id, run_after)"
            " SELECT scan_id, now() - random() * interval '1 hour' FROM scans"
        )
        await conn.execute("ANALYZE screening_jobs, scans")
        plan = await conn.fetch("EXPLAIN " + LEASE, 2, "A", 10.0, 0.0)
    text = "\n".join(row[0] for row in plan)
    assert "screening_jobs_order" in text
    assert "Seq Scan" not in text
