"""The screening jobs in PostgreSQL: leased, extended, finished, put back. Database time only.

Invariants: a job is written to by the worker that holds its newest lease only; ``(worker, tries)`` is the
fencing token, because ``tries`` grows with every lease. A job is deleted in the transaction that stores
what came of it, so a scan has a job, or a screening or case, and never neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from inference.database_errors import Connection, Pool, connect, storable

LEASE = """
WITH due AS (
    SELECT scan_id, worker IS NOT NULL AS abandoned
    FROM screening_jobs
    WHERE run_after <= clock_timestamp()
      AND (leased_until IS NULL OR leased_until < clock_timestamp())
      AND enqueued_at <= clock_timestamp() - make_interval(secs => $4)
    ORDER BY run_after
    LIMIT $1
    FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE screening_jobs j
    SET tries = j.tries + 1, worker = $2, leased_until = clock_timestamp() + make_interval(secs => $3)
    FROM due
    WHERE j.scan_id = due.scan_id
    RETURNING j.scan_id, j.tries, j.enqueued_at, due.abandoned
)
SELECT l.scan_id, l.tries, l.abandoned,
       extract(epoch FROM clock_timestamp() - l.enqueued_at)::float8 AS age_s,
       s.port, s.modality, s.container_no_valid, encode(s.px16_full, 'hex') AS px16_full,
       s.pixel_pitch_mm, s.declaration::text AS declaration, s.container_nos,
       ARRAY(SELECT jsonb_array_elements_text(s.gate_photos)) AS gate_photos
FROM leased l JOIN scans s USING (scan_id)
ORDER BY l.enqueued_at
"""

EXTEND = """
UPDATE screening_jobs j
SET leased_until = clock_timestamp() + make_interval(secs => $4)
FROM unnest($1::text[], $2::smallint[]) AS held (scan_id, tries)
WHERE j.scan_id = held.scan_id AND j.tries = held.tries AND j.worker = $3
"""

POSTPONE = """
UPDATE screening_jobs
SET worker = NULL, leased_until = NULL, last_error = $4,
    run_after = clock_timestamp() + make_interval(secs => $5)
WHERE scan_id = $1 AND worker = $2 AND tries = $3
"""

GIVE_BACK = """
UPDATE screening_jobs SET worker = NULL, leased_until = NULL, tries = tries - 1
WHERE scan_id = $1 AND worker = $2 AND tries = $3
"""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A leased job and what screening needs to know of its scan.

    Attributes:
        tries: Leases so far, this one included.
        abandoned: Whether the lease before this one ended without a word: its worker died or hung.
        age_s: Seconds since the scan was accepted.
        px16_full: Store digest of the pixels.
        pixel_pitch_mm: As the station sent it.
        declaration: Likewise, JSON.
        container_nos: Likewise, those of all containers in the picture.
        gate_photos: Store digests of the photos.
    """

    scan_id: str
    tries: int
    abandoned: bool
    age_s: float
    port: str
    modality: str
    container_no_valid: bool | None
    px16_full: str
    pixel_pitch_mm: float | None
    declaration: str | None = field(repr=False)  # declarations do not belong in logs
    container_nos: Sequence[str]
    gate_photos: Sequence[str]


class ScreeningJobs:
    """The jobs as one worker sees them.

    Args:
        pool: Database.
        worker: Unique name of this worker, never used again after a restart.
        lease_s: How long a lease lasts unless it is extended.
        timeout_s: How long to wait for a database connection.
    """

    def __init__(self, pool: Pool, *, worker: str, lease_s: float, timeout_s: float = 5.0) -> None:
        self._pool = pool
        self._worker = worker
        self._lease_s = lease_s
        self._timeout_s = timeout_s

    async def lease(self, n_jobs: int, *, min_age_s: float = 0.0) -> list[Job]:
        """Lease up to ``n_jobs`` due jobs whose scans are at least ``min_age_s`` old, oldest first."""
        async with connect(self._pool, timeout_s=self._timeout_s) as conn:
            rows = await conn.fetch(LEASE, n_jobs, self._worker, self._lease_s, min_age_s)
        return [Job(**row) for row in rows]

    async def extend(self, jobs: Sequence[Job]) -> None:
        """Prolong the leases that are still ours."""
        async with connect(self._pool, timeout_s=self._timeout_s) as conn:
            await conn.execute(
                EXTEND,
                [job.scan_id for job in jobs],
                [job.tries for job in jobs],
                self._worker,
                self._lease_s,
            )

    async def finish(self, conn: Connection, job: Job) -> bool:
        """Delete a job in the caller's transaction. False if it is not ours any more: write nothing then."""
        deleted = await conn.fetchval(
            "DELETE FROM screening_jobs WHERE scan_id = $1 AND worker = $2 AND tries = $3 RETURNING scan_id",
            job.scan_id,
            self._worker,
            job.tries,
        )
        return deleted is not None

    async def drop(self, job: Job) -> None:
        """Delete a job whose scan has a case or its final word already."""
        async with connect(self._pool, timeout_s=self._timeout_s) as conn:
            await self.finish(conn, job)

    async def postpone(self, job: Job, *, pause_s: float, error: str) -> None:
        """Free a job for another try after a pause, and note why."""
        async with connect(self._pool, timeout_s=self._timeout_s) as conn:
            await conn.execute(POSTPONE, job.scan_id, self._worker, job.tries, storable(error), pause_s)

    async def give_back(self, jobs: Sequence[Job]) -> None:
        """Free jobs that were not really tried, as if they had not been leased."""
        async with connect(self._pool, timeout_s=self._timeout_s) as conn:
            await conn.executemany(GIVE_BACK, [(job.scan_id, self._worker, job.tries) for job in jobs])
