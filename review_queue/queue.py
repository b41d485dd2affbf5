"""The review queue: who gets which case, for how long, and what their verdict does.

Invariants, each checked by tests/property: a case is in exactly one of ready, one seat, closed; there are
never two live leases on it; each case, cycle and stage has at most one decision; each decision has its audit
row. The queue publishes nothing: whoever called ``decide``, ``clear_scan`` or ``open_case`` tells the
``Notifier`` after the commit.
"""

import json
from collections.abc import Sequence
from datetime import date, timedelta

import asyncpg

from review_queue import statements as sql
from review_queue.audit import Connection, account_actor
from review_queue.cases import (
    CaseReason,
    Decision,
    DecisionOutcome,
    Disposition,
    Lease,
    NewCase,
    Reviewer,
    Stage,
    Verdict,
)
from review_queue.errors import AlreadyDecidedError, CaseNotHeldError, LeaseLostError, RoleNotAllowedError
from review_queue.opening import CaseOpener
from review_queue.policy import QueuePolicy
from review_queue.ranking import DailySecrets, draw_random, draw_share, pack_rank
from review_queue.states import Move, Step, stages_of, step_after

CURRENT_SLOT = 0
NEXT_SLOT = 1
SWEEP_BATCH = 500


class ReviewQueue:
    """The queue of one database. Any number of processes may each have one."""

    def __init__(self, pool: asyncpg.Pool, policy: QueuePolicy) -> None:
        self._pool = pool
        self._policy = policy
        self._secrets = DailySecrets(pool)
        self._opener = CaseOpener(policy, self._secrets)

    async def open_case(self, conn: Connection, new_case: NewCase) -> int:
        """Put a screened scan into the queue, in the caller's transaction.

        Returns:
            The case's id.

        Raises:
            ScanUnknownError: If there is no such scan.
            CaseExistsError: If the scan has a case already.
            ScanDisposedError: If the scan was cleared; ``reopen_case`` is for that.
        """
        return await self._opener.open_case(conn, new_case)

    async def clear_scan(self, conn: Connection, scan_id: str) -> None:
        """Release a scan by its screening, in the caller's transaction.

        Raises:
            ScanUnknownError: If there is no such scan.
            CaseExistsError: If a person has to decide it.
            ScanDisposedError: If it has its final word already.
            ScreeningMissingError: If the latest stored screening does not clear it.
        """
        await self._opener.clear_scan(conn, scan_id)

    async def reopen_case(
        self,
        conn: Connection,
        scan_id: str,
        *,
        reason: CaseReason = CaseReason.REOPENED,
        risk: float,
        screening_id: int | None,
        actor: str,
    ) -> int:
        """Put a scan that has its final word into the queue again, in the caller's transaction.

        The time limit counts from now. A scan that screening had cleared gets its first case, at cycle 2.

        Returns:
            The new cycle.

        Raises:
            ScanUnknownError: If there is no such scan.
            CaseExistsError: If its case is open.
            ScanNotDisposedError: If it has no final word yet.
        """
        return await self._opener.reopen_case(
            conn, scan_id, reason=reason, risk=risk, screening_id=screening_id, actor=actor
        )

    async def claim_next_case(self, reviewer: Reviewer) -> Lease | None:
        """Return the case the reviewer has to look at now; ``None`` when there is nothing for them.

        That is the live lease in slot 0 if there is one, else the case waiting in slot 1, else the best
        eligible case of the queue.

        Raises:
            RoleNotAllowedError: If the role takes no cases.
        """
        return await self._fill(reviewer, CURRENT_SLOT)

    async def prefetch_case(self, reviewer: Reviewer) -> Lease | None:
        """Return the case that waits in slot 1, taking one from the queue if the slot is empty.

        ``None`` when there is nothing eligible, or while slot 0 is empty: nobody hoards what they do not see.

        Raises:
            RoleNotAllowedError: If the role takes no cases.
        """
        return await self._fill(reviewer, NEXT_SLOT)

    async def extend_leases(
        self, reviewer: Reviewer, leases: Sequence[tuple[int, int]]
    ) -> tuple[float, list[int]]:
        """Keep leases alive, no longer than the policy's longest hold.

        Args:
            reviewer: Whose leases.
            leases: Pairs of case and token. A case that has got another token meanwhile (it was shown) is
                neither extended nor lost.

        Returns:
            Seconds until the first extended lease ends, and the cases this reviewer no longer holds.
        """
        policy = self._policy
        rows = await self._pool.fetch(
            sql.EXTEND,
            reviewer.account_id,
            [case_id for case_id, _ in leases],
            [token for _, token in leases],
            policy.lease_ttl_s,
            policy.prefetch_ttl_s,
            policy.max_hold_s,
        )
        held = {int(row["case_id"]) for row in rows}
        ttl_s = min((row["ttl_s"] for row in rows if row["ttl_s"] is not None), default=policy.lease_ttl_s)
        return ttl_s, [case_id for case_id, _ in leases if case_id not in held]

    async def decide(self, reviewer: Reviewer, decision: Decision) -> DecisionOutcome:
        """Record a verdict on the case in slot 0, and show the case that waits in slot 1.

        The same verdict under the same token may be sent again when its answer was lost: the answer is that
        of the first time, with the case that is in slot 0 now.

        Raises:
            LeaseLostError: If the lease ended or the token has been replaced.
            CaseNotHeldError: If this reviewer was not shown this case.
            AlreadyDecidedError: If the lease has been used for another verdict.
            RoleNotAllowedError: If the role takes no part in the case's stage.
            VerdictNotAllowedError: If a supervisor escalates.
        """
        async with self._pool.acquire() as conn:
            held = await conn.fetchrow(sql.HELD, reviewer.account_id, decision.case_id, decision.token)
            if held is None:
                return await self._find_recorded(conn, reviewer, decision)
            stage = Stage(held["stage"])
            if stage not in stages_of(reviewer.role):
                message = f"case {decision.case_id} is at stage {stage}, not one for role {reviewer.role}"
                raise RoleNotAllowedError(message)
            step = await self._step_after(conn, held, decision)
            row = await self._decide(conn, reviewer, decision, held, step)
            if row is None:
                return await self._find_recorded(conn, reviewer, decision)
        return DecisionOutcome(
            decision_id=row["decision_id"],
            scan_id=row["decided_scan_id"],
            disposition=step.disposition,
            next_lease=None if row["case_id"] is None else _lease(row),
        )

    async def release_leases(self, reviewer: Reviewer) -> None:
        """Give both seats' cases back to the queue: the reviewer pauses or logs out."""
        async with self._pool.acquire() as conn, conn.transaction():
            seats = await self._lock_seats(conn, reviewer)
            held = [seat for seat in seats if seat["case_id"] is not None]
            await self._give_back(conn, [seat for seat in held if seat["is_live"]], Move.RELEASED)
            await self._give_back(conn, [seat for seat in held if not seat["is_live"]], Move.EXPIRED)

    async def sweep_expired(self) -> int:
        """Give the cases of expired leases back to the queue; call it every second.

        Also shortens leases that a clock set back has made too long, and makes tomorrow's secret in advance.

        Returns:
            How many cases went back.
        """
        n_returned = 0
        async with self._pool.acquire() as conn:
            await conn.execute(sql.CLAMP, max(self._policy.lease_ttl_s, self._policy.prefetch_ttl_s))
            today = await conn.fetchval(f"SELECT {sql.TODAY}")
            await self._secrets.of(conn, today)
            await self._secrets.of(conn, today + timedelta(days=1))
            while n := await self._sweep_batch(conn):
                n_returned += n
        return n_returned

    async def holds_case(self, account_id: int, case_id: int) -> bool:
        """Tell whether an account has a live lease on a case, on either seat."""
        return bool(await self._pool.fetchval(sql.HOLDS, account_id, case_id))

    async def _fill(self, reviewer: Reviewer, slot: int) -> Lease | None:
        stages = stages_of(reviewer.role)
        async with self._pool.acquire() as conn:
            lease = await self._claim(conn, reviewer, stages, slot)
            if lease is None:
                lease = await self._fill_carefully(conn, reviewer, stages, slot)
            if lease is None and await self._sweep_batch(conn):
                lease = await self._claim(conn, reviewer, stages, slot)
            return lease

    async def _claim(
        self, conn: Connection, reviewer: Reviewer, stages: Sequence[Stage], slot: int
    ) -> Lease | None:
        """Move the best eligible case to an empty seat: one statement, a transaction if there is none."""
        is_shown = slot == CURRENT_SLOT
        try:
            row = await conn.fetchrow(
                sql.CLAIM,
                reviewer.account_id,
                slot,
                reviewer.port,
                reviewer.quals,
                stages,
                self._policy.lease_ttl_s if is_shown else self._policy.prefetch_ttl_s,
                account_actor(reviewer.account_id),
                Move.LEASED if is_shown else Move.PREFETCHED,
            )
        except asyncpg.PostgresError as error:
            if error.sqlstate != sql.ABORTED or conn.is_in_transaction():
                raise
            # Another request of the same reviewer filled the seat first; its lease is theirs too.
            return None
        return None if row is None else _lease(row)

    async def _fill_carefully(
        self, conn: Connection, reviewer: Reviewer, stages: Sequence[Stage], slot: int
    ) -> Lease | None:
        """Fill a seat when the plain claim found no room or no case, with the reviewer's seats locked."""
        async with conn.transaction():
            seats = await self._lock_seats(conn, reviewer)
            if not seats:
                await conn.execute(sql.MAKE_SEATS, reviewer.account_id)
                seats = await self._lock_seats(conn, reviewer)
            if seats[slot]["is_live"]:
                return _lease(seats[slot])
            expired = [seat for seat in seats if seat["case_id"] is not None and not seat["is_live"]]
            await self._give_back(conn, expired, Move.EXPIRED)
            if slot == CURRENT_SLOT and seats[NEXT_SLOT]["is_live"]:
                row = await conn.fetchrow(
                    sql.SHOW,
                    reviewer.account_id,
                    self._policy.lease_ttl_s,
                    account_actor(reviewer.account_id),
                )
                # If the waiting lease ended between the statements, the next call gives it back.
                return None if row is None else _lease(row)
            return await self._claim(conn, reviewer, stages, slot)

    async def _lock_seats(self, conn: Connection, reviewer: Reviewer) -> list[asyncpg.Record]:
        await conn.execute(sql.LOCK_SEATS, reviewer.account_id)
        return list(await conn.fetch(sql.SEATS, reviewer.account_id))

    async def _step_after(self, conn: Connection, held: asyncpg.Record, decision: Decision) -> Step:
        stage, verdict = Stage(held["stage"]), Verdict(decision.verdict)
        second_review = None
        if stage is Stage.PRIMARY:
            draw = 1.0
            if self._policy.second_review_sample > 0:
                secret = await self._secrets.of(conn, held["today"])
                draw = draw_share(secret, case_id=decision.case_id, cycle=held["cycle"])
            second_review = self._policy.second_review(verdict, held["risk"], draw=draw)
        first = held["first_verdict"]
        return step_after(
            stage, verdict, first=None if first is None else Verdict(first), second_review=second_review
        )

    async def _decide(
        self, conn: Connection, reviewer: Reviewer, decision: Decision, held: asyncpg.Record, step: Step
    ) -> asyncpg.Record | None:
        rank, detail, move = None, f"disposition={step.disposition} day={held['today']}", Move.CLOSED
        if step.stage is not None:
            rank = await self._draw_rank(
                conn, held["today"], case_id=decision.case_id, stage=step.stage, tries=0, case=held
            )
            detail = f"stage={int(step.stage)} tries=0 day={held['today']} why={step.why}"
            move = Move.FORWARDED
        marks = decision.marks
        has_marks = bool(marks.annotations or marks.finding_votes)
        return await conn.fetchrow(
            sql.DECIDE,
            reviewer.account_id,
            decision.case_id,
            decision.token,
            decision.verdict,
            list(decision.reason_codes),
            decision.note,
            json.dumps(list(marks.annotations)) if has_marks else None,
            json.dumps(list(marks.finding_votes)) if has_marks else None,
            step.disposition,
            step.stage,
            rank,
            self._policy.lease_ttl_s,
            account_actor(reviewer.account_id),
            move,
            detail,
        )

    async def _find_recorded(
        self, conn: Connection, reviewer: Reviewer, decision: Decision
    ) -> DecisionOutcome:
        """Answer a decision that the fence refused: recorded before, lease lost, or never held."""
        case_id, token = decision.case_id, decision.token
        recorded = await conn.fetchrow(sql.RECORDED, case_id, reviewer.account_id, token)
        if recorded is None:
            if await conn.fetchval(sql.WAS_HELD, case_id, account_actor(reviewer.account_id), token):
                raise LeaseLostError(f"the lease on case {case_id} has ended; ask for the next case")
            raise CaseNotHeldError(f"case {case_id} was not shown to account {reviewer.account_id}")
        if recorded["verdict"] != decision.verdict:
            message = (
                f"case {case_id} has been decided {recorded['verdict']} under this lease; ask for the next"
            )
            raise AlreadyDecidedError(message)
        current = await conn.fetchrow(sql.CURRENT, reviewer.account_id)
        disposition = recorded["disposition"]
        return DecisionOutcome(
            decision_id=recorded["decision_id"],
            scan_id=recorded["scan_id"],
            disposition=None if disposition is None else Disposition(disposition),
            next_lease=None if current is None else _lease(current),
        )

    async def _sweep_batch(self, conn: Connection) -> int:
        async with conn.transaction():
            seats = await conn.fetch(sql.EXPIRED_SEATS, SWEEP_BATCH)
            return await self._give_back(conn, seats, Move.EXPIRED)

    async def _give_back(self, conn: Connection, seats: Sequence[asyncpg.Record], move: Move) -> int:
        """Move cases from locked seats to ready; a shown lease that ran out counts against its case."""
        if not seats:
            return 0
        today = seats[0]["today"]
        stages, ranks, tries, n_expired = [], [], [], []
        for seat in seats:
            n = seat["n_expired"] + int(move is Move.EXPIRED and seat["is_shown"])
            stage = Stage.SUPERVISOR if n >= self._policy.max_tries else Stage(seat["stage"])
            # A new stage starts its own count; its rank is drawn from another message anyway.
            has_moved = stage != seat["stage"]
            stages.append(stage)
            n_expired.append(0 if has_moved else n)
            tries.append(0 if has_moved else seat["tries"] + 1)
            rank = await self._draw_rank(
                conn, today, case_id=seat["case_id"], stage=stage, tries=tries[-1], case=seat
            )
            ranks.append(rank)
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

    async def _draw_rank(
        self, conn: Connection, today: date, *, case_id: int, stage: Stage, tries: int, case: asyncpg.Record
    ) -> int:
        secret = await self._secrets.of(conn, today)
        random = draw_random(secret, case_id=case_id, cycle=case["cycle"], stage=stage, tries=tries)
        return pack_rank(band=case["band"], due_at=case["due_at"], random=random)


def _lease(row: asyncpg.Record) -> Lease:
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
