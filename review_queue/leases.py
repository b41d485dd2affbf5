"""How leases are kept, given back and found expired."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import asyncpg

from review_queue import statements as sql
from review_queue.audit import Connection
from review_queue.batching import Batcher
from review_queue.cases import CaseReason, Lease, Reviewer, Stage
from review_queue.deadlocks import do_again_after_deadlock
from review_queue.policy_store import PolicyHolder
from review_queue.ranking import DailySecrets, draw_random, pack_rank
from review_queue.states import Move

SWEEP_BATCH = 500


def lease_from_row(row: asyncpg.Record) -> Lease:
    """Return the lease of a row of ``LEASE_COLUMNS``."""
    return Lease(
        case_id=row["case_id"],
        scan_id=row["scan_id"],
        cycle=row["cycle"],
        stage=Stage(row["stage"]),
        slot=row["slot"],
        token=row["token"],
        ttl_s=row["ttl_s"],
        due_in_s=row["due_in_s"],
        reason=CaseReason(row["reason"]),
        risk=row["risk"],
        screening_id=row["screening_id"],
    )


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """The leases, as pairs of case and token, that a reviewer's page still shows or holds ready."""

    reviewer: Reviewer
    leases: tuple[tuple[int, int], ...]


class LeaseKeeper:
    """Lengthens leases, those of many reviewers in one statement where they come together."""

    def __init__(self, pool: asyncpg.Pool, policy: PolicyHolder) -> None:
        self._pool = pool
        self._policy = policy
        self._batcher = Batcher[Heartbeat, tuple[float, list[int]]](
            do_one=self._extend_one,
            do_many=self._extend_many,
            owner_of=lambda heartbeat: heartbeat.reviewer.account_id,
        )

    async def extend(self, heartbeat: Heartbeat) -> tuple[float, list[int]]:
        """Return seconds until the first of the leases ends, and the cases no longer held."""
        return await self._batcher.do(heartbeat)

    async def _extend_one(self, heartbeat: Heartbeat) -> tuple[float, list[int]]:
        return (await do_again_after_deadlock(lambda: self._extend_many([heartbeat])))[0]

    async def _extend_many(self, heartbeats: Sequence[Heartbeat]) -> list[tuple[float, list[int]]]:
        policy = self._policy.current
        named = [(beat.reviewer.account_id, *lease) for beat in heartbeats for lease in beat.leases]
        rows = await self._pool.fetch(
            sql.EXTEND,
            [beat.reviewer.account_id for beat in heartbeats],
            *([lease[n] for lease in named] for n in range(3)),
            policy.lease_ttl_s,
            policy.prefetch_ttl_s,
            policy.max_hold_s,
        )
        answers = []
        for beat in heartbeats:
            mine = [row for row in rows if row["reviewer"] == beat.reviewer.account_id]
            held = {int(row["case_id"]) for row in mine}
            ttl_s = min(
                (row["ttl_s"] for row in mine if row["ttl_s"] is not None), default=policy.lease_ttl_s
            )
            answers.append((ttl_s, [case_id for case_id, _ in beat.leases if case_id not in held]))
        return answers


class LeaseReturner:
    """Gives cases from seats back to the queue."""

    def __init__(self, pool: asyncpg.Pool, policy: PolicyHolder, secrets: DailySecrets) -> None:
        self._pool = pool
        self._policy = policy
        self._secrets = secrets

    async def lock_seats(self, conn: Connection, reviewer: Reviewer) -> list[asyncpg.Record]:
        """Lock and return a reviewer's two seats, or nothing if they have none yet; in a transaction."""
        await conn.execute(sql.LOCK_SEATS, reviewer.account_id)
        return list(await conn.fetch(sql.SEATS, reviewer.account_id))

    async def release(self, reviewer: Reviewer) -> None:
        """Give both seats' cases back."""
        await do_again_after_deadlock(lambda: self._release(reviewer))

    async def _release(self, reviewer: Reviewer) -> None:
        async with self._pool.acquire() as conn, conn.transaction():
            held = [seat for seat in await self.lock_seats(conn, reviewer) if seat["case_id"] is not None]
            await self.give_back(conn, [seat for seat in held if seat["is_live"]], Move.RELEASED)
            await self.give_back(conn, [seat for seat in held if not seat["is_live"]], Move.EXPIRED)

    async def sweep_all(self) -> int:
        """Give all expired leases back and cut leases that a clock set back has made too long.

        Returns:
            How many cases went back.
        """
        policy = self._policy.current
        n_returned = 0
        async with self._pool.acquire() as conn:
            await conn.execute(sql.CLAMP, max(policy.lease_ttl_s, policy.prefetch_ttl_s))
            today = await conn.fetchval(f"SELECT {sql.TODAY}")
            await self._secrets.of(conn, today)
            await self._secrets.of(conn, today + timedelta(days=1))
            while n := await self.sweep(conn):
                n_returned += n
        return n_returned

    async def sweep(self, conn: Connection) -> int:
        """Give up to ``SWEEP_BATCH`` expired leases back; return how many."""
        async with conn.transaction():
            locked = await conn.fetch(sql.LOCK_EXPIRED, SWEEP_BATCH)
            if not locked:
                return 0
            seats = await conn.fetch(
                sql.EXPIRED_SEATS, [seat["reviewer"] for seat in locked], [seat["slot"] for seat in locked]
            )
            return await self.give_back(conn, seats, Move.EXPIRED)

    async def give_back(self, conn: Connection, seats: Sequence[asyncpg.Record], move: Move) -> int:
        """Move cases from locked seats to ready; a shown lease that ran out counts against its case."""
        if not seats:
            return 0
        today: date = seats[0]["today"]
        secret = await self._secrets.of(conn, today)
        stages, ranks, tries, n_expired = [], [], [], []
        for seat in seats:
            n = seat["n_expired"] + int(move is Move.EXPIRED and seat["is_shown"])
            stage = Stage.SUPERVISOR if n >= self._policy.current.max_tries else Stage(seat["stage"])
            # A new stage starts its own count; its rank is drawn from another message anyway.
            has_moved = stage != seat["stage"]
            stages.append(stage)
            n_expired.append(0 if has_moved else n)
            tries.append(0 if has_moved else seat["tries"] + 1)
            random = draw_random(
                secret, case_id=seat["case_id"], cycle=seat["cycle"], stage=stage, tries=tries[-1]
            )
            ranks.append(pack_rank(band=seat["band"], due_at=seat["due_at"], random=random))
        row = await conn.fetchrow(
            sql.GIVE_BACK,
            [seat["reviewer"] for seat in seats],
            [seat["slot"] for seat in seats],
            [seat["token"] for seat in seats],
            stages,
            ranks,
            tries,
            n_expired,
            move,
            "system:queue" if move is Move.EXPIRED else None,
            today,
        )
        assert row is not None
        return int(row["n_returned"])
