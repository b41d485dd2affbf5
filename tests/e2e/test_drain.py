"""A server that is told to stop finishes what it has in hand; whatever waits is there after a start."""

import asyncio

import asyncpg
import httpx

from app.simulator import encode_channels
from app.station import StationClient
from app.station.errors import StationRefusedError
from app.throwaway import throwaway_system
from datasets.synthetic import make_scan
from tests.seed import seed_policy, seed_ports, seed_station

N_SCANS = 6


async def test_serve__told_to_stop_loses_no_accepted_scan(
    database_url: str, pool: "asyncpg.Pool[asyncpg.Record]"
) -> None:
    """After SIGTERM no job is left in anybody's hand, and after a start each scan has one screening."""
    synthetic = await asyncio.to_thread(make_scan, 1, height_px=500, width_px=1200)
    files = encode_channels(synthetic.pixels, as_tiff=True)
    async with pool.acquire() as conn:
        await seed_ports(conn)
        await seed_policy(conn)
        key = await seed_station(conn, "ST-1", "YTN")
    settings = {"database_url": database_url, "screening_runners": "1", "roles": "intake,screening"}
    async with throwaway_system(**settings) as system:
        client = StationClient(system.url, key, attempts=1)
        accepted: set[str] = set()

        async def post(number: int) -> None:
            scan = {"scanned_at": "2026-01-01T00:00:00Z"}
            try:
                answer = await client.post_scan(files, scan, idempotency_key=f"drain-{number}")
            except (httpx.TransportError, StationRefusedError):  # not accepted: it would be sent again
                return
            accepted.add(answer["scan_id"])

        posting = [asyncio.create_task(post(number)) for number in range(2 * N_SCANS)]
        async with asyncio.timeout(60):
            while len(accepted) < N_SCANS:
                await asyncio.sleep(0.01)
        assert await system.stop() == 0
        await asyncio.gather(*posting)

        jobs = await pool.fetch("SELECT scan_id, worker, leased_until FROM screening_jobs")
        done = {row["scan_id"] for row in await pool.fetch("SELECT scan_id FROM screenings")}
        assert [row for row in jobs if row["worker"] or row["leased_until"]] == []
        waiting = {row["scan_id"] for row in jobs}
        assert waiting, "nothing was left to do: the stop came too late to say anything"
        assert not waiting & done
        assert accepted <= waiting | done

        await system.start()
        async with asyncio.timeout(90):
            while await pool.fetchval("SELECT count(*) FROM screening_jobs"):
                await asyncio.sleep(0.1)
        rows = await pool.fetch("SELECT scan_id, count(*) AS n FROM screenings GROUP BY scan_id")
        counts = {row["scan_id"]: row["n"] for row in rows}
    assert set(counts) == waiting | done
    assert set(counts.values()) == {1}
