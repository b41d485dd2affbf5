"""Many requests at once, each on a connection of its own."""

import asyncio
import random
from collections import Counter

import asyncpg
import pytest

from app.database import open_pool
from review_queue import claim_statements, statements
from review_queue.cases import CaseReason, Decision, NewCase, Reviewer, Role, Verdict
from review_queue.errors import AlreadyDecidedError, QueueError
from review_queue.heads import END_OF_TIME
from review_queue.policy import QueuePolicy
from review_queue.queue import ReviewQueue
from tests.integration.queue.conftest import MakeRoom, QueueRoom
from tests.property.queue_invariants import find_violations
from tests.seed import seed_account, seed_ports, seed_scan

N_TASKS = 12


async def test_claim_next_case__many_reviewers_get_different_cases(room: QueueRoom) -> None:
    """Sixteen reviewers who ask at once get sixteen cases."""
    cases = {await room.open() for _ in range(16)}
    people = [await room.hire(f"r{n}") for n in range(16)]
    leases = await asyncio.gather(*(room.claim(person) for person in people))
    assert {lease.case_id for lease in leases} == cases
    assert len({lease.token for lease in leases}) == 16


async def test_claim_next_case__one_reviewer_asking_many_times_gets_one_case(room: QueueRoom) -> None:
    """Eight tabs of one reviewer, without a seat yet, show the same lease, and nothing else is taken."""
    for _ in range(8):
        await room.open()
    reviewer = await room.hire("li")
    leases = await asyncio.gather(*(room.claim(reviewer) for _ in range(8)))
    assert len({lease.token for lease in leases}) == 1
    assert len(await room.ready()) == 7
    waiting = await asyncio.gather(*(room.queue.prefetch_case(reviewer) for _ in range(8)))
    assert len({lease.token for lease in waiting if lease}) == 1
    assert len(await room.ready()) == 6


async def test_decide__double_click_records_one_decision(room: QueueRoom) -> None:
    """The same decision sent eight times at once is recorded once and answered alike."""
    await room.open()
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    outcomes = await asyncio.gather(*(room.decide(reviewer, lease, Verdict.INSPECT) for _ in range(8)))
    assert len({outcome.decision_id for outcome in outcomes}) == 1
    assert await room.pool.fetchval("SELECT count(*) FROM decisions") == 1


async def test_decide__two_verdicts_at_once_one_wins(room: QueueRoom) -> None:
    """Of different verdicts under one token the first counts, the others are refused."""
    await room.open()
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    verdicts = [Verdict.RELEASE, Verdict.INSPECT, Verdict.RESCAN] * 3
    results = await asyncio.gather(
        *(room.decide(reviewer, lease, verdict) for verdict in verdicts), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, AlreadyDecidedError)]
    assert len(refused) == 6
    assert await room.pool.fetchval("SELECT count(*) FROM decisions") == 1


async def test_daily_secret__many_processes_make_one(make_room: MakeRoom) -> None:
    """Processes that open the day's first cases at once agree on one secret."""
    rooms = [make_room() for _ in range(8)]
    await asyncio.gather(*(room.open() for room in rooms))
    assert await rooms[0].pool.fetchval("SELECT count(*) FROM rank_secrets") == 1
    await rooms[0].check()


async def hold_seat_open(dsn: str, reviewer: Reviewer) -> asyncpg.Connection:
    """Another request of the reviewer that has filled the seat but not committed."""
    conn = await asyncpg.connect(dsn)
    await conn.execute("BEGIN")
    assert await raw_claim(conn, reviewer) is not None
    return conn


async def raw_claim(
    conn: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy, reviewer: Reviewer
) -> asyncpg.Record | None:
    """The claim statement alone."""
    return await conn.fetchrow(
        claim_statements.CLAIM,
        reviewer.account_id,
        None,
        0,
        [1, 2],
        0,
        claim_statements.NO_RANK,
        END_OF_TIME,
        0,
        90.0,
        "account:1",
        "case_leased",
        1200.0,
        300.0,
    )


async def claim_against_a_filled_seat(room: QueueRoom, dsn: str) -> None:
    """Run a claim whose seat is filled by another transaction between its reading and its writing."""
    for _ in range(2):
        await room.open()
    reviewer = await room.hire("li")
    await room.pool.execute(statements.MAKE_SEATS, reviewer.account_id)
    other = await hold_seat_open(dsn, reviewer)
    claim = asyncio.create_task(raw_claim(await asyncpg.connect(dsn), reviewer))
    await asyncio.sleep(0.3)
    assert not claim.done(), "the claim waits for the seat's row"
    await other.execute("COMMIT")
    await other.close()
    await claim


async def test_claim__seat_filled_meanwhile_rolls_back(room: QueueRoom, database_url: str) -> None:
    """A claim that took a case and finds its seat filled puts everything back."""
    with pytest.raises(asyncpg.PostgresError, match="the seat was not empty") as caught:
        await claim_against_a_filled_seat(room, database_url)
    assert caught.value.sqlstate == statements.ABORTED
    assert len(await room.ready()) == 1


async def test_claim__without_the_roll_back_rule_a_case_is_lost(
    make_room: MakeRoom, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: without "roll back unless exactly one seat changed" the same race loses a case."""
    monkeypatch.setattr(
        claim_statements,
        "CLAIM",
        claim_statements.CLAIM.replace(claim_statements.CLAIM_GUARD, "NULL"),
    )
    room = make_room()
    await claim_against_a_filled_seat(room, database_url)
    async with room.pool.acquire() as conn:
        violations = await find_violations(conn)
    assert any("exactly one of ready, one seat, closed" in text for text in violations)


async def test_claim_next_case__waits_for_the_same_reviewers_other_request(
    room: QueueRoom, database_url: str
) -> None:
    """A request that finds the queue empty another tab taking the last case, shows that case."""
    await room.open()
    reviewer = await room.hire("li")
    await room.pool.execute(statements.MAKE_SEATS, reviewer.account_id)
    other = await hold_seat_open(database_url, reviewer)
    claim = asyncio.create_task(room.queue.claim_next_case(reviewer))
    await asyncio.sleep(0.3)
    assert not claim.done(), "the claim waits for the seats"
    await other.execute("COMMIT")
    await other.close()
    lease = await claim
    assert lease is not None
    assert lease.reason is CaseReason.FINDING


class Crowd:
    """Tasks that do everything at once, as reviewers, tabs and processes do."""

    def __init__(self, pool: asyncpg.Pool, seed: int) -> None:
        self.pool = pool
        policy = QueuePolicy(max_tries=2, second_review_min_risk=0.6, second_review_sample=0.3)
        self.queues = [ReviewQueue(pool, policy) for _ in range(2)]
        self.random = random.Random(seed)
        self.people: list[Reviewer] = []
        self.done: Counter[str] = Counter()

    async def seed(self) -> None:
        async with self.pool.acquire() as conn:
            await seed_ports(conn)
            for n in range(6):
                role = Role.SUPERVISOR if n == 5 else Role.REVIEWER
                port = ("YTN", "SKZ", None)[n % 3]
                account_id = await seed_account(conn, f"r{n}", role, port)
                self.people.append(Reviewer(account_id=account_id, role=role, port=port, quals=0))

    async def open(self) -> None:
        async with self.pool.acquire() as conn, conn.transaction():
            port = self.random.choice(["YTN", "SKZ", "MWB"])
            scan_id = await seed_scan(conn, port=port)
            risk = self.random.random()
            new = NewCase(scan_id=scan_id, port=port, modality="cargo", reason=CaseReason.FINDING, risk=risk)
            await self.queue.open_case(conn, new)

    async def review(self) -> None:
        person = self.random.choice(self.people)
        lease = await self.queue.claim_next_case(person)
        if lease is None:
            return
        if self.random.random() < 0.5:
            await self.queue.prefetch_case(person)
        verdict = self.random.choice([Verdict.RELEASE, Verdict.INSPECT, Verdict.RESCAN, Verdict.ESCALATE])
        decision = Decision(case_id=lease.case_id, token=lease.token, verdict=verdict)
        await self.queue.decide(person, decision)

    async def heartbeat(self) -> None:
        person = self.random.choice(self.people)
        rows = await self.pool.fetch(
            "SELECT case_id, token FROM seats WHERE reviewer = $1 AND case_id IS NOT NULL", person.account_id
        )
        await self.queue.extend_leases(person, [(row["case_id"], row["token"]) for row in rows])

    async def pause(self) -> None:
        await self.queue.release_leases(self.random.choice(self.people))

    async def run_out(self) -> None:
        person = self.random.choice(self.people)
        await self.pool.execute(
            "UPDATE seats SET until = clock_timestamp()"
            " WHERE reviewer = $1 AND slot = $2 AND case_id IS NOT NULL",
            person.account_id,
            self.random.randint(0, 1),
        )

    async def sweep(self) -> None:
        await self.queue.sweep_expired()

    async def reopen(self) -> None:
        async with self.pool.acquire() as conn, conn.transaction():
            scan_id = await conn.fetchval(
                "SELECT scan_id FROM cases WHERE closed_at IS NOT NULL ORDER BY random() LIMIT 1"
            )
            if scan_id is not None:
                await self.queue.reopen_case(
                    conn,
                    scan_id,
                    reason=CaseReason.REOPENED,
                    risk=0.5,
                    screening_id=None,
                    actor="system:test",
                )

    @property
    def queue(self) -> ReviewQueue:
        return self.random.choice(self.queues)

    async def act(self, n_actions: int) -> None:
        actions = [self.open, self.review, self.heartbeat, self.pause, self.run_out, self.sweep, self.reopen]
        weights = [4, 12, 3, 1, 2, 1, 1]
        for _ in range(n_actions):
            action = self.random.choices(actions, weights)[0]
            try:
                await action()
                self.done[action.__name__] += 1
            except QueueError as error:
                self.done[error.code] += 1


async def test_queue__a_crowd_breaks_no_promise(database_url: str) -> None:
    """Twelve tasks on as many connections, doing everything at once, keep every promise at any moment."""
    async with open_pool(database_url, max_connections=N_TASKS + 4) as pool:
        crowd = Crowd(pool, seed=20261123)
        await crowd.seed()
        tasks = [asyncio.create_task(crowd.act(60)) for _ in range(N_TASKS)]
        watching = asyncio.gather(*tasks)
        async with pool.acquire() as conn:
            while not watching.done():
                assert await find_violations(conn) == []
                await asyncio.sleep(0.05)
            await watching
            assert await find_violations(conn) == []
            assert await conn.fetchval("SELECT count(*) FROM decisions") > 100
        assert crowd.done["review"] > 100, crowd.done
