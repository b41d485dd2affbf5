"""A killed server loses nothing that it acknowledged, and no lease or decision doubles."""

import asyncio
from typing import Any

import httpx

from app.demo import DEMO_PASSWORD, prepare_demo
from app.reviewer import ReviewerClient
from app.simulator import simulate_scan
from app.station import StationClient
from app.throwaway import ThrowawaySystem, throwaway_system
from tests.e2e.attach import attached_pool

N_KILLS = 3


async def test_server__killed_in_the_middle__loses_nothing_acknowledged() -> None:
    """Stations post, a reviewer decides, the server is killed three times: every 2xx is still true."""
    made = await asyncio.to_thread(simulate_scan, 1, as_tiff=True, threat_probability=1.0)
    acknowledged: dict[str, str] = {}
    decided: dict[int, str] = {}
    async with throwaway_system(lease_ttl_s="5") as system:
        keys = await seed(system)
        posting = asyncio.create_task(post_forever(system, keys, made, acknowledged))
        deciding = asyncio.create_task(decide_forever(system, decided))
        for _ in range(N_KILLS):
            await asyncio.sleep(4)
            await system.kill()
            await system.start()
        await asyncio.sleep(2)
        for task in (posting, deciding):
            task.cancel()
        await asyncio.gather(posting, deciding, return_exceptions=True)
        assert len(acknowledged) > N_KILLS, "the test did not get to post anything"
        assert decided, "the test did not get to decide anything"
        async with attached_pool(system) as pool:
            await check(pool, acknowledged, decided)


async def seed(system: ThrowawaySystem) -> list[str]:
    """Give the system the demo's ports, stations and accounts; return the station keys."""
    async with attached_pool(system) as pool:
        return [station.key for station in await prepare_demo(pool)]


async def post_forever(
    system: ThrowawaySystem, keys: list[str], made: Any, acknowledged: dict[str, str]
) -> None:
    """Post scans and remember each acknowledged one by its idempotency key."""
    client = StationClient(system.url, keys[0], attempts=60)
    number = 0
    while True:
        number += 1
        answer = await client.post_scan(made.files, made.scan, idempotency_key=f"crash-{number}")
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
                    decided[answer["decision_id"]] = lease["scan"]["scan_id"]
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
