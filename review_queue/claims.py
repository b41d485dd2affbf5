"""How a reviewer gets a case onto a seat."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import asyncpg

from review_queue import claim_statements as claim_sql
from review_queue import statements as sql
from review_queue.audit import Connection, account_actor
from review_queue.batching import Batcher
from review_queue.cases import Lease, Reviewer
from review_queue.deadlocks import do_again_after_deadlock
from review_queue.errors import RestDueError
from review_queue.heads import Eligibility, Head, Heads
from review_queue.leases import LeaseReturner, lease_from_row
from review_queue.matching import ReadyCase, match
from review_queue.policy_store import PolicyHolder
from review_queue.resting import rest_left_s, work_before_rest_s
from review_queue.states import Move, stages_of

CURRENT_SLOT = 0
NEXT_SLOT = 1
# Locked in passing by a claim of many: not every reviewer may get every case.
N_SPARE = 4


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A reviewer who wants a case on one of their seats."""

    reviewer: Reviewer
    slot: int

    @property
    def eligibility(self) -> Eligibility:
        """Whose head may serve."""
        reviewer = self.reviewer
        return Eligibility(port=reviewer.port, quals=reviewer.quals, stages=stages_of(reviewer.role))


class Claimer:
    """Fills seats. One per process.

    Args:
        pool: The database.
        policy: The rules in force.
        returner: Gives expired leases back on the way.
        on_lease: Told of every lease, before it is answered.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        policy: PolicyHolder,
        returner: LeaseReturner,
        on_lease: Callable[[asyncpg.Record], None],
    ) -> None:
        self._pool = pool
        self._policy = policy
        self._returner = returner
        self._on_lease = on_lease
        self._heads = Heads()
        self._batcher = Batcher[Ask, Lease | None](
            do_one=self._claim_alone, do_many=self._claim_many, owner_of=lambda ask: ask.reviewer.account_id
        )

    async def fill(self, ask: Ask) -> Lease | None:
        """Return the case on the seat, after filling it if it is empty; ``None`` if nothing is eligible.

        Raises:
            RoleNotAllowedError: If the role takes no cases.
            RestDueError: If the reviewer has to rest.
        """
        if self._heads.remembered_lanes(ask.eligibility) is None:
            lease = await self._batcher.do(ask)
        else:
            lease = await self._claim_alone(ask)
        if lease is not None:
            return lease
        lease, rest_s = await do_again_after_deadlock(lambda: self._fill_or_sweep(ask))
        if rest_s:
            raise RestDueError(retry_after_s=rest_s)
        return lease

    async def _fill_or_sweep(self, ask: Ask) -> tuple[Lease | None, float]:
        async with self._pool.acquire() as conn:
            lease, rest_s = await self._fill_carefully(conn, ask)
            if lease is None and not rest_s and await self._returner.sweep(conn):
                lease = await self._claim(conn, ask, await self._heads.lanes(conn, ask.eligibility))
        return lease, rest_s

    async def _claim_alone(self, ask: Ask) -> Lease | None:
        async def claim() -> Lease | None:
            async with self._pool.acquire() as conn:
                head = self._heads.remembered_lanes(ask.eligibility) or await self._heads.shared(conn)
                return await self._claim(conn, ask, head)

        return await do_again_after_deadlock(claim)

    async def _claim(self, conn: Connection, ask: Ask, head: Head) -> Lease | None:
        """Move the best eligible case to an empty seat: one statement, a transaction if there is none."""
        reviewer, policy = ask.reviewer, self._policy.current
        is_shown = ask.slot == CURRENT_SLOT
        try:
            row = await conn.fetchrow(
                claim_sql.CLAIM_BEHIND_SEATS if conn.is_in_transaction() else claim_sql.CLAIM,
                reviewer.account_id,
                reviewer.port,
                reviewer.quals,
                stages_of(reviewer.role),
                head.rank,
                head.end_rank,
                head.snapshot,
                ask.slot,
                policy.lease_ttl_s if is_shown else policy.prefetch_ttl_s,
                account_actor(reviewer.account_id),
                Move.LEASED if is_shown else Move.PREFETCHED,
                work_before_rest_s(policy),
                policy.rest_s,
            )
        except asyncpg.PostgresError as error:
            if error.sqlstate != sql.ABORTED or conn.is_in_transaction():
                raise
            # Another request of the same reviewer filled the seat first; its lease is theirs too.
            return None
        return None if row is None else self._lease(row)

    async def _claim_many(self, asks: Sequence[Ask]) -> list[Lease | None]:
        """Fill the seats that have room from the beginning of the queue, in the order in which they asked.

        Raises:
            asyncpg.PostgresError: If a seat was filled meanwhile; nothing has happened then.
        """
        policy = self._policy.current
        leases: list[Lease | None] = [None] * len(asks)
        async with self._pool.acquire() as conn:
            head = await self._heads.shared(conn, n_cases=len(asks))
            async with conn.transaction():
                rows = await conn.fetch(
                    claim_sql.LOCK_MANY,
                    [ask.reviewer.account_id for ask in asks],
                    [ask.slot for ask in asks],
                    head.rank,
                    head.end_rank,
                    head.snapshot,
                    N_SPARE,
                    work_before_rest_s(policy),
                    policy.rest_s,
                )
                numbers = sorted(row["asker"] - 1 for row in rows if row["asker"] is not None)
                locked = [row for row in rows if row["asker"] is None]
                if len(locked) < len(numbers):
                    self._heads.use_up()
                cases = match([asks[n].reviewer for n in numbers], [_ready_case(row) for row in locked])
                given = [(n, case.case_id) for n, case in zip(numbers, cases, strict=True) if case]
                # Everybody locks seats in this order; the trail tells in which order they were served.
                given.sort(key=lambda one: asks[one[0]].reviewer.account_id)
                if given:
                    seated = await conn.fetch(
                        claim_sql.CLAIM_MANY,
                        [asks[n].reviewer.account_id for n, _ in given],
                        [asks[n].slot for n, _ in given],
                        [case_id for _, case_id in given],
                        [policy.prefetch_ttl_s if asks[n].slot else policy.lease_ttl_s for n, _ in given],
                        locked[0]["seen"],
                        max(row["rank"] for row in locked),
                        policy.rest_s,
                        [n for n, _ in given],
                    )
                elif locked:
                    reach = max(row["rank"] for row in locked)
                    await conn.execute(claim_sql.NOTE_LOCKED, locked[0]["seen"], reach)
            if given:
                for row in seated:
                    leases[row["asker"]] = self._lease(row)
        return leases

    async def _fill_carefully(self, conn: Connection, ask: Ask) -> tuple[Lease | None, float]:
        """Fill a seat when the plain claim found no room or no case, with the reviewer's seats locked.

        Returns:
            The lease, and the seconds for which the reviewer has to rest before they get one.
        """
        reviewer, policy = ask.reviewer, self._policy.current
        async with conn.transaction():
            seats = await self._returner.lock_seats(conn, reviewer)
            if not seats:
                await conn.execute(sql.MAKE_SEATS, reviewer.account_id)
                seats = await self._returner.lock_seats(conn, reviewer)
            if seats[ask.slot]["is_live"]:
                return self._lease(seats[ask.slot]), 0.0
            expired = [seat for seat in seats if seat["case_id"] is not None and not seat["is_live"]]
            await self._returner.give_back(conn, expired, Move.EXPIRED)
            current, waiting = seats[CURRENT_SLOT], seats[NEXT_SLOT]
            rest_s = rest_left_s(policy, working_s=current["working_s"], left_s=current["left_s"])
            if ask.slot == CURRENT_SLOT and rest_s:
                if waiting["is_live"]:
                    await self._returner.give_back(conn, [waiting], Move.RELEASED)
                return None, rest_s
            if ask.slot == CURRENT_SLOT and waiting["is_live"]:
                row = await conn.fetchrow(
                    sql.SHOW,
                    reviewer.account_id,
                    policy.lease_ttl_s,
                    account_actor(reviewer.account_id),
                    policy.rest_s,
                )
                # If the waiting lease ended between the statements, the next call gives it back.
                return (None if row is None else self._lease(row)), 0.0
            head = await self._heads.shared(conn)
            lease = await self._claim(conn, ask, head)
            if lease is None and head.end_rank < claim_sql.NO_RANK:
                lease = await self._claim(conn, ask, await self._heads.lanes(conn, ask.eligibility))
            return lease, 0.0

    def _lease(self, row: asyncpg.Record) -> Lease:
        self._on_lease(row)
        return lease_from_row(row)


def _ready_case(row: asyncpg.Record) -> ReadyCase:
    return ReadyCase(
        case_id=row["case_id"],
        rank=row["rank"],
        port=row["port"],
        qual_mask=row["qual_mask"],
        stage=row["stage"],
        first_reviewer=row["first_reviewer"],
    )
