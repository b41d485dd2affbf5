"""A killed server loses nothing that it acknowledged, and no lease or decision doubles."""

import asyncio
from typing import Any

import httpx

from app.demo import DEMO_PASSWORD, prepare_demo
from app.reviewer import ReviewerClient
from app.simulator import encode_channels
from app.station import ChannelFile, StationClient
from app.throwaway import ThrowawaySystem, throwaway_system
from datasets.synthetic import make_scan
from inference.triage import TriagePolicy, store_policy
from tests.e2e.attach import attached_pool

N_KILLS = 3


async def test_server__killed_in_the_middle__loses_nothing_acknowledged() -> None:
    """Stations post, a reviewer decides, the server is killed three times: every 2xx is still true."""
    synthetic = await asyncio.to_thread(make_scan, 1, height_px=500, width_px=1200)
    files = encode_channels(synthetic.pixels, as_tiff=True)
    acknowledged: dict[str, str] = {}
    decided: dict[int, str] = {}
    async with throwaway_system(lease_ttl_s="5") as system:
        keys = await seed(system)
        posting = asyncio.create_task(post_forever(system, keys[0], files, acknowledged))
        deciding = asyncio.create_task(decide_forever(system, decided))
        for _ in range(N_KILLS):
            await progress(acknowledged, decided)
            await system.kill()
            await system.start()
        await progress(acknowledged, decided)
        for task in (posting, deciding):
            task.cancel()
        ends = await asyncio.gather(posting, deciding, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends
        async with attached_pool(system) as pool:
            await check(pool, acknowledged, decided)


async def progress(acknowledged: dict[str, str], decided: dict[int, str]) -> None:
    """Wait until two more scans and one more decision are acknowledged: each kill is in the middle."""
    n_scans, n_decisions = len(acknowledged) + 2, len(decided) + 1
    async with asyncio.timeout(90):
        while len(acknowledged) < n_scans or len(decided) < n_decisions:
            await asyncio.sleep(0.05)


async def seed(system: ThrowawaySystem) -> list[str]:
    """Give the system the demo's ports, stations and accounts; return the station keys."""
    async with attached_pool(system) as pool:
        stations = await prepare_demo(pool)
        async with pool.acquire() as connection:
            await store_policy(connection, TriagePolicy(audit_sample=1.0), author="system:test")
    return [station.key for station in stations]


async def post_forever(
    system: ThrowawaySystem, key: str, files: list[ChannelFile], acknowledged: dict[str, str]
) -> None:
    """Post scans and remember each acknowledged one by its idempotency key."""
    client = StationClient(system.url, key, attempts=60)
    scan = {"scanned_at": "2026-01-01T00:00:00Z"}
    number = 0
    while True:
        number += 1
        answer = await client.post_scan(files, scan, idempotency_key=f"crash-{number}")
        acknowledged[f"crash-{number}"] = answer["scan_id"]


async def decide_forever(system: ThrowawaySystem, decided: dict[int, str]) -> None:
    """Decide cases and remember each acknowledged decision, through as many restarts as come."""
    while True:
        try:
            async with ReviewerClient(system.url, login="chen", password=DEMO_PASSWORD) as nobody:
                assert await nobody.next_case() is None, "a reviewer got a case of their own port"
            async with ReviewerClient(system.url, login="lin", password=DEMO_PASSWORD) as reviewer:
                while True:
                    lease = await reviewer.next_case()
                    if lease is None:
                        await asyncio.sleep(0.1)
                        continue
                    answer = await reviewer.decide(lease, "inspect")
                    decided[answer["decision_id"]] = lease["scan_id"]
        except httpx.TransportError:
            await asyncio.sleep(0.1)


async def check(pool: Any, acknowledged: dict[str, str], decided: dict[int, str]) -> None:
    """Compare what clients were told with what the database holds."""
    stored = dict(await pool.fetch("SELECT idempotency_key, scan_id FROM scans"))
    assert {key: stored.get(key) for key in acknowledged} == acknowledged
    kept = dict(
        await pool.fetch("SELECT d.decision_id, c.scan_id FROM decisions d JOIN cases c USING (case_id)")
    )
    assert {decision_id: kept.get(decision_id) for decision_id in decided} == decided
    nowhere = await pool.fetch(
        """
        SELECT s.scan_id FROM scans s
        WHERE (SELECT count(*) FROM screening_jobs j WHERE j.scan_id = s.scan_id)
            + (SELECT count(*) FROM dispositions d WHERE d.scan_id = s.scan_id)
            + (SELECT count(*) FROM cases c JOIN ready r USING (case_id) WHERE c.scan_id = s.scan_id)
            + (SELECT count(*) FROM cases c JOIN seats t USING (case_id) WHERE c.scan_id = s.scan_id) <> 1
        """
    )
    assert nowhere == []
    unaudited = await pool.fetchval(
        "SELECT count(*) FROM decisions d WHERE NOT EXISTS (SELECT 1 FROM audit a WHERE a.verdict IS NOT NULL"
        " AND a.case_id = d.case_id AND a.cycle = d.cycle AND a.stage = d.stage)"
    )
    assert unaudited == 0
