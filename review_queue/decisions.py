"""How a verdict is recorded and what it leads to."""

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from review_queue import statements as sql
from review_queue.audit import Connection, account_actor
from review_queue.batching import Batcher
from review_queue.cases import Decision, DecisionOutcome, Disposition, Reviewer, Stage, Verdict
from review_queue.contents import decision_content
from review_queue.deadlocks import do_again_after_deadlock
from review_queue.errors import AlreadyDecidedError, CaseNotHeldError, LeaseLostError, RoleNotAllowedError
from review_queue.leases import lease_from_row
from review_queue.policy_store import PolicyHolder
from review_queue.ranking import DailySecrets, draw_random, draw_share, pack_rank
from review_queue.states import Move, Step, stages_of, step_after

MAX_KNOWN_LEASES = 20_000
# Parts the reason codes of one decision; no code may contain it.
CODES_SEPARATOR = "\x1f"
# How often a decision is tried when its seats change under it.
N_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class HeldCase:
    """What the policy must know of a case before a decision.

    ``first_verdict`` is that of stage 1, for a case at stage 2; ``today`` the day of the secret. A case may
    be re-assessed while it is held: the fence refuses a ruling on an old risk, band or due time.
    """

    stage: Stage
    cycle: int
    band: int
    due_at: datetime
    risk: float
    first_verdict: Verdict | None
    today: date


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """A decision together with what follows from it.

    ``sample`` is the share of primary reviews that were to be drawn for a second one.
    """

    reviewer: Reviewer
    decision: Decision
    step: Step
    risk: float
    sample: float | None
    rank: int | None
    today: date


class Decider:
    """Records decisions, those of many reviewers in one statement where they come together."""

    def __init__(self, pool: asyncpg.Pool, policy: PolicyHolder, secrets: DailySecrets) -> None:
        self._pool = pool
        self._policy = policy
        self._secrets = secrets
        self._known: OrderedDict[tuple[int, int, int], HeldCase] = OrderedDict()
        self._batcher = Batcher[Ruling, DecisionOutcome | None](
            do_one=self._record_alone,
            do_many=self._record_many,
            owner_of=lambda ruling: ruling.reviewer.account_id,
        )

    def remember(self, row: asyncpg.Record) -> None:
        """Remember what a decision under this lease will need; at stage 2 a lease knows too little."""
        if row["slot"] == 0 and row["stage"] != Stage.SECOND:
            self._known[row["reviewer"], row["case_id"], row["token"]] = HeldCase(
                stage=Stage(row["stage"]),
                cycle=row["cycle"],
                band=row["band"],
                due_at=row["due_at"],
                risk=row["risk"],
                first_verdict=None,
                today=row["today"],
            )
            if len(self._known) > MAX_KNOWN_LEASES:
                self._known.popitem(last=False)

    async def decide(self, reviewer: Reviewer, decision: Decision) -> DecisionOutcome:
        """See ``ReviewQueue.decide``."""
        held = self._known.pop((reviewer.account_id, decision.case_id, decision.token), None)
        if held is not None:
            outcome = await self._try(reviewer, decision, held)
            if outcome is not None:
                return outcome
        # Another process gave the lease, the day or the case has changed, or the fence refused it: look.
        for _ in range(N_TRIES):
            held = await self._find_held(reviewer, decision)
            if held is None:
                break
            outcome = await self._try(reviewer, decision, held)
            if outcome is not None:
                return outcome
        return await self._find_recorded(reviewer, decision)

    async def _try(self, reviewer: Reviewer, decision: Decision, held: HeldCase) -> DecisionOutcome | None:
        if held.stage not in stages_of(reviewer.role):
            message = f"case {decision.case_id} is at stage {held.stage}, not one for role {reviewer.role}"
            raise RoleNotAllowedError(message)
        self._policy.current.check_reason_codes(decision.reason_codes, Verdict(decision.verdict))
        ruling = await self._rule(reviewer, decision, held)
        if decision.marks.annotations or decision.marks.finding_votes:
            return await self._record_marked(ruling)
        return await self._batcher.do(ruling)

    async def _rule(self, reviewer: Reviewer, decision: Decision, held: HeldCase) -> Ruling:
        policy, verdict = self._policy.current, Verdict(decision.verdict)
        case_id, cycle = decision.case_id, held.cycle
        second_review = sample = None
        if held.stage is Stage.PRIMARY:
            secret = await self._secret(held.today)
            draw = draw_share(secret, case_id=case_id, cycle=cycle)
            second_review = policy.second_review(verdict, held.risk, draw=draw)
            sample = policy.sample_share(verdict)
        step = step_after(held.stage, verdict, first=held.first_verdict, second_review=second_review)
        rank = None
        if step.stage is not None:
            secret = await self._secret(held.today)
            random = draw_random(secret, case_id=case_id, cycle=cycle, stage=step.stage, tries=0)
            rank = pack_rank(band=held.band, due_at=held.due_at, random=random)
        return Ruling(
            reviewer=reviewer,
            decision=decision,
            step=step,
            risk=held.risk,
            sample=sample,
            rank=rank,
            today=held.today,
        )

    async def _secret(self, day: date) -> bytes:
        return self._secrets.known(day) or await self._fetch_secret(day)

    async def _fetch_secret(self, day: date) -> bytes:
        async with self._pool.acquire() as conn:
            return await self._secrets.of(conn, day)

    async def _record_alone(self, ruling: Ruling) -> DecisionOutcome | None:
        try:
            return (await do_again_after_deadlock(lambda: self._record_many([ruling])))[0]
        except asyncpg.PostgresError as error:
            if error.sqlstate != sql.ABORTED:
                raise
            return None  # a seat changed meanwhile; the caller looks again

    async def _record_many(self, rulings: Sequence[Ruling]) -> list[DecisionOutcome | None]:
        async with self._pool.acquire() as conn:
            rows = await self._record(conn, rulings)
        return [self._outcome(ruling, row) for ruling, row in zip(rulings, rows, strict=True)]

    async def _record_marked(self, ruling: Ruling) -> DecisionOutcome | None:
        marks = ruling.decision.marks
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                (row,) = await self._record(conn, [ruling])
                if row is not None:
                    await conn.execute(
                        sql.MARK,
                        row["decided_case_id"],
                        row["decided_cycle"],
                        row["decided_stage"],
                        json.dumps(list(marks.annotations)),
                        json.dumps(list(marks.finding_votes)),
                    )
        except asyncpg.PostgresError as error:
            if error.sqlstate != sql.ABORTED:
                raise
            return None
        return self._outcome(ruling, row)

    async def _record(self, conn: Connection, rulings: Sequence[Ruling]) -> list[asyncpg.Record | None]:
        """Run ``DECIDE``; one row per ruling, ``None`` for what the fence refused."""
        asked, rulings = rulings, sorted(rulings, key=lambda one: one.reviewer.account_id)
        steps = [ruling.step for ruling in rulings]
        decisions = [ruling.decision for ruling in rulings]
        rows = await conn.fetch(
            sql.DECIDE,
            [ruling.reviewer.account_id for ruling in rulings],
            [decision.case_id for decision in decisions],
            [decision.token for decision in decisions],
            [decision.verdict for decision in decisions],
            [CODES_SEPARATOR.join(decision.reason_codes) for decision in decisions],
            [decision.note for decision in decisions],
            [step.disposition for step in steps],
            [step.stage for step in steps],
            [ruling.rank for ruling in rulings],
            [ruling.today for ruling in rulings],
            [Move.CLOSED if step.stage is None else Move.FORWARDED for step in steps],
            [_detail(ruling) for ruling in rulings],
            self._policy.current.lease_ttl_s,
            [ruling.risk for ruling in rulings],
        )
        by_reviewer = {row["decided_by"]: row for row in rows}
        return [by_reviewer.get(ruling.reviewer.account_id) for ruling in asked]

    def _outcome(self, ruling: Ruling, row: asyncpg.Record | None) -> DecisionOutcome | None:
        if row is None:
            return None
        has_next = row["case_id"] is not None
        if has_next:
            self.remember(row)
        return DecisionOutcome(
            decision_id=row["decision_id"],
            scan_id=row["decided_scan_id"],
            port=row["decided_port"],
            disposition=ruling.step.disposition,
            next_lease=lease_from_row(row) if has_next else None,
        )

    async def _find_held(self, reviewer: Reviewer, decision: Decision) -> HeldCase | None:
        row = await self._pool.fetchrow(sql.HELD, reviewer.account_id, decision.case_id, decision.token)
        if row is None:
            return None
        first = row["first_verdict"]
        return HeldCase(
            stage=Stage(row["stage"]),
            cycle=row["cycle"],
            band=row["band"],
            due_at=row["due_at"],
            risk=row["risk"],
            first_verdict=None if first is None else Verdict(first),
            today=row["today"],
        )

    async def _find_recorded(self, reviewer: Reviewer, decision: Decision) -> DecisionOutcome:
        """Answer a decision that the fence refused: recorded before, lease lost, or never held."""
        case_id, token = decision.case_id, decision.token
        async with self._pool.acquire() as conn:
            recorded = await conn.fetchrow(sql.RECORDED, case_id, reviewer.account_id, token)
            if recorded is None:
                if await conn.fetchval(sql.WAS_HELD, case_id, account_actor(reviewer.account_id), token):
                    raise LeaseLostError(f"the lease on case {case_id} has ended; ask for the next case")
                raise CaseNotHeldError(f"case {case_id} was not shown to account {reviewer.account_id}")
            if recorded["verdict"] != decision.verdict:
                said = recorded["verdict"]
                message = f"case {case_id} has been decided {said} under this lease; ask for the next"
                raise AlreadyDecidedError(message)
            current = await conn.fetchrow(sql.CURRENT, reviewer.account_id)
        disposition = recorded["disposition"]
        return DecisionOutcome(
            decision_id=recorded["decision_id"],
            scan_id=recorded["scan_id"],
            port=recorded["port"],
            disposition=None if disposition is None else Disposition(disposition),
            next_lease=None if current is None else lease_from_row(current),
        )


def _detail(ruling: Ruling) -> str:
    step = ruling.step
    sampled = "" if ruling.sample is None else f" sample={ruling.sample}"
    content = decision_content(
        reason_codes=ruling.decision.reason_codes,
        note=ruling.decision.note,
        annotations=ruling.decision.marks.annotations,
        finding_votes=ruling.decision.marks.finding_votes,
    )
    if step.stage is None:
        return f"disposition={step.disposition} day={ruling.today}{sampled} content={content}"
    return f"stage={int(step.stage)} tries=0 day={ruling.today} why={step.why}{sampled} content={content}"
