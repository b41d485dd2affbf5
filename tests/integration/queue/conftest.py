"""A queue with ports, accounts and a way to open cases."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import asyncpg
import pytest

from review_queue.cases import CaseReason, Decision, DecisionOutcome, Lease, NewCase, Reviewer, Role, Verdict
from review_queue.policy import QueuePolicy
from review_queue.queue import ReviewQueue
from tests.property.queue_invariants import find_violations
from tests.seed import seed_account, seed_ports, seed_scan

EXPIRE = "UPDATE seats SET until = clock_timestamp() - interval '1 second' WHERE case_id IS NOT NULL"


@dataclass(frozen=True, kw_only=True)
class QueueRoom:
    """A queue and the people around it."""

    pool: asyncpg.Pool
    queue: ReviewQueue

    async def hire(
        self, login: str, role: Role = Role.REVIEWER, *, port: str | None = None, quals: int = 0
    ) -> Reviewer:
        """Make an account that takes cases."""
        async with self.pool.acquire() as conn:
            account_id = await seed_account(conn, login, role, port, quals)
        return Reviewer(account_id=account_id, role=role, port=port, quals=quals)

    async def open(
        self,
        *,
        port: str = "YTN",
        risk: float = 0.5,
        reason: CaseReason = CaseReason.FINDING,
        qual_mask: int = 0,
        station_id: str | None = None,
    ) -> int:
        """Open a case for a new scan."""
        async with self.pool.acquire() as conn, conn.transaction():
            scan_id = await seed_scan(conn, port=port, station_id=station_id)
            new = NewCase(
                scan_id=scan_id, port=port, modality="cargo", reason=reason, risk=risk, qual_mask=qual_mask
            )
            return await self.queue.open_case(conn, new)

    async def scan_of(self, case_id: int) -> str:
        """Return the scan of a case."""
        return str(await self.pool.fetchval("SELECT scan_id FROM cases WHERE case_id = $1", case_id))

    async def claim(self, reviewer: Reviewer) -> Lease:
        """Claim a case that must be there."""
        lease = await self.queue.claim_next_case(reviewer)
        assert lease is not None
        return lease

    async def decide(self, reviewer: Reviewer, lease: Lease, verdict: Verdict) -> DecisionOutcome:
        """Decide a lease."""
        decision = Decision(case_id=lease.case_id, token=lease.token, verdict=verdict)
        return await self.queue.decide(reviewer, decision)

    async def expire_all(self) -> None:
        """Move the end of every lease into the past."""
        await self.pool.execute(EXPIRE)

    async def ready(self) -> list[asyncpg.Record]:
        """Return the queue, best first."""
        return list(await self.pool.fetch("SELECT * FROM ready ORDER BY rank"))

    async def check(self) -> None:
        """Fail if a promise is broken."""
        async with self.pool.acquire() as conn:
            assert await find_violations(conn) == []


MakeRoom = Callable[..., QueueRoom]


@pytest.fixture
async def make_room(pool: asyncpg.Pool) -> MakeRoom:
    """A function that makes another queue on the same database, as another process or policy has it."""
    async with pool.acquire() as conn:
        await seed_ports(conn)

    def make(policy: QueuePolicy | None = None) -> QueueRoom:
        return QueueRoom(pool=pool, queue=ReviewQueue(pool, policy or QueuePolicy()))

    return make


@pytest.fixture
async def room(make_room: MakeRoom) -> AsyncIterator[QueueRoom]:
    """A queue with the default policy; after the test every promise must still hold."""
    made = make_room()
    yield made
    await made.check()
