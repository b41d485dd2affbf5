"""The planted bugs that need more than another word in a statement: two transactions, mixed-up answers."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg

from benchmarks.queue_faults.planting import put, swap
from review_queue import claim_statements, statements
from review_queue.audit import Connection, account_actor, record
from review_queue.cases import DecisionOutcome, Lease
from review_queue.claims import Ask, Claimer
from review_queue.decisions import Decider, Ruling, _detail
from review_queue.heads import Head
from review_queue.states import Move

GAP_S = 0.1
"""Between the two transactions; what a commit takes on a busy disk."""

# CLAIM in two: what takes the case from ready, and what puts it on the seat ($14, the row of ready). Each
# half mentions the other's parameters, as the driver sends all.
TAKEN = "), taken AS ("
SEATED = "), seated AS ("
FIRST_HALF_END = ")\nSELECT to_jsonb(t) FROM taken t WHERE num_nulls($9::float8, $10::text, $11::text) >= 0"
SECOND_HALF_BEGIN = """
WITH taken AS (
    SELECT * FROM jsonb_populate_record(NULL::ready, $14::jsonb)
    WHERE num_nulls($2::text, $3::bigint, $4::smallint[], $5::bigint, $6::bigint, $7::pg_snapshot,
        $12::float8) >= 0
"""

# The decision's own rows of the trail, beside those of the case that is shown next.
DECISION_NOTED = "FROM passed\n    UNION ALL"

_later: set[asyncio.Task[None]] = set()


class _TwoCommits:
    """A connection that runs CLAIM as two statements, each with a commit of its own."""

    def __init__(self, conn: Connection, halves: tuple[str, str]) -> None:
        self._conn = conn
        self._halves = halves

    def is_in_transaction(self) -> bool:
        return self._conn.is_in_transaction()

    async def fetchrow(self, _statement: str, *arguments: Any) -> asyncpg.Record | None:
        first, second = self._halves
        taken = await self._conn.fetchval(first, *arguments)
        if taken is None:
            return None
        await asyncio.sleep(GAP_S)
        return await self._conn.fetchrow(second, *arguments, taken)


def claim_in_two_commits(_worker: int) -> None:
    """Take the case from ready in one transaction, fill the seat in the next."""
    first, rest = claim_statements.CLAIM.split(SEATED, 1)
    assert TAKEN in first
    halves = first + FIRST_HALF_END, SECOND_HALF_BEGIN + SEATED + rest
    claim = Claimer._claim

    async def claim_twice(self: Claimer, conn: Connection, ask: Ask, head: Head) -> Lease | None:
        # In the careful path both halves share a transaction; the plain one is what is broken.
        split: Any = conn if conn.is_in_transaction() else _TwoCommits(conn, halves)
        return await claim(self, split, ask, head)

    async def claim_each(self: Claimer, asks: Sequence[Ask]) -> list[Lease | None]:
        return list(await asyncio.gather(*(self._claim_alone(ask) for ask in asks)))

    put(Claimer, "_claim", claim_twice)
    put(Claimer, "_claim_many", claim_each)


def audit_outside(_worker: int) -> None:
    """Write a decision's row of the trail after the decision's transaction."""
    swap(statements, "DECIDE", DECISION_NOTED, "FROM passed WHERE false\n    UNION ALL")
    decide = Decider._record_many

    async def note(self: Decider, rulings: Sequence[Ruling]) -> None:
        await asyncio.sleep(GAP_S)
        async with self._pool.acquire() as conn:
            for ruling in rulings:
                row = await conn.fetchrow(
                    "SELECT c.scan_id, d.* FROM decisions d JOIN cases c USING (case_id) WHERE d.token = $1",
                    ruling.decision.token,
                )
                if row is not None:
                    await _note_decision(conn, ruling, row)

    async def decide_then_note(self: Decider, rulings: Sequence[Ruling]) -> list[DecisionOutcome | None]:
        outcomes = await decide(self, rulings)
        decided = [ruling for ruling, outcome in zip(rulings, outcomes, strict=True) if outcome]
        _do_later(note(self, decided))
        return outcomes

    put(Decider, "_record_many", decide_then_note)


async def _note_decision(conn: Connection, ruling: Ruling, row: asyncpg.Record) -> None:
    await record(
        conn,
        actor=account_actor(ruling.reviewer.account_id),
        event=Move.CLOSED if ruling.step.stage is None else Move.FORWARDED,
        scan_id=row["scan_id"],
        case_id=row["case_id"],
        cycle=row["cycle"],
        stage=row["stage"],
        slot=0,
        token=row["token"],
        rank=ruling.rank,
        verdict=row["verdict"],
        detail=_detail(ruling),
    )


def acknowledge_before_commit(_worker: int) -> None:
    """Answer a decision before its transaction is committed."""

    async def commit(self: Decider, conn: Any, transaction: Any) -> None:
        try:
            await asyncio.sleep(GAP_S)
            await transaction.commit()
        finally:
            await self._pool.release(conn)

    async def decide_uncommitted(self: Decider, rulings: Sequence[Ruling]) -> list[DecisionOutcome | None]:
        conn = await self._pool.acquire()
        transaction = conn.transaction()
        try:
            await transaction.start()
            rows = await self._record(conn, rulings)
        except BaseException:
            await self._pool.release(conn)
            raise
        _do_later(commit(self, conn, transaction))
        return [self._outcome(ruling, row) for ruling, row in zip(rulings, rows, strict=True)]

    put(Decider, "_record_many", decide_uncommitted)


def swap_claimed(_worker: int) -> None:
    """Answer a batch of claims in another order than they were asked in."""
    claim_many = Claimer._claim_many

    async def claim_many_swapped(self: Claimer, asks: Sequence[Ask]) -> list[Lease | None]:
        leases = await claim_many(self, asks)
        return [*leases[1:], *leases[:1]]

    put(Claimer, "_claim_many", claim_many_swapped)


def swap_decided(_worker: int) -> None:
    """Answer a batch of decisions in another order than they were sent in."""
    record_many = Decider._record_many

    async def record_many_swapped(self: Decider, rulings: Sequence[Ruling]) -> list[DecisionOutcome | None]:
        outcomes = await record_many(self, rulings)
        return [*outcomes[1:], *outcomes[:1]]

    put(Decider, "_record_many", record_many_swapped)


def _do_later(work: Any) -> None:
    task = asyncio.create_task(work)
    _later.add(task)
    task.add_done_callback(_later.discard)
