"""How the urgency of an open case changes: after its scan was scored anew, or when the policy has changed.

Invariants: without ``may_lower`` no case becomes less risky or comes later (poor input may raise priority,
never lower it). A case in ``ready`` is moved only when its band or due minute changes, so that nobody draws
its random bits again and again. A case on a seat stays there, with the findings that its reviewer sees; its
urgency counts when it comes back. Each change has its audit row: ``case_reprioritized`` with the new rank, or
``case_reassessed`` where the case stays in its place.

Locks: the scan, then the case where it is (its row of ``ready``, or its seat), then its row of ``cases``.
Nothing that holds one of these waits for a scan, so a transaction that changes one case cannot deadlock. One
that changes many passes over the rows of ``ready`` that others have locked.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from review_queue import statements as sql
from review_queue.audit import Connection
from review_queue.cases import CaseReason, Stage
from review_queue.errors import ScanUnknownError
from review_queue.policy import QueuePolicy
from review_queue.policy_store import PolicyHolder
from review_queue.ranking import RANDOM_BITS, DailySecrets, draw_random, pack_rank
from review_queue.states import Move

REASSESSED: Final = "case_reassessed"
PAGE = 5_000
# Cases moved in one transaction: claims pass over what it has locked.
BATCH = 100
# A case may be moved between two looks; not time after time.
N_LOOKS = 50

# What a change of urgency is computed from. A risk is read as the shortest decimal that stands for it: bands
# begin at decimals, which ``real`` holds only nearly.
KNOWN: Final = f"""
    c.case_id, c.cycle, c.port, c.modality, c.reason, c.risk::text::float8 AS risk, c.band, c.due_at,
    c.screening_id, CASE c.cycle WHEN 1 THEN x.received_at ELSE c.opened_at END AS since, {sql.TODAY} AS today
"""

# The case of a scan while it is open, and another risk in the same form. $1 scan, $2 that risk.
OPEN_CASE: Final = f"""
SELECT {KNOWN}, $2::real::text::float8 AS new_risk
FROM cases c JOIN scans x USING (scan_id) WHERE c.scan_id = $1 AND c.closed_at IS NULL
"""

# Locks a case where it waits, or else where it sits; seats are few, and have no index by case. $1 case.
LOCK_READY: Final = "SELECT stage, tries, rank FROM ready WHERE case_id = $1 FOR UPDATE"
LOCK_SEAT: Final = "SELECT reviewer, slot, stage, tries FROM seats WHERE case_id = $1 FOR UPDATE"

# Locks many waiting cases, but for those that others have locked. $1 cases.
LOCK_MANY: Final = """
SELECT case_id FROM ready WHERE case_id = ANY ($1::bigint[]) ORDER BY case_id FOR UPDATE SKIP LOCKED
"""
_WAITING: Final = f"""
SELECT {KNOWN}, r.stage, r.tries, r.rank
FROM ready r JOIN cases c USING (case_id) JOIN scans x USING (scan_id)
"""
WAITING: Final = f"{_WAITING} WHERE r.case_id = ANY ($1::bigint[]) ORDER BY r.case_id"
# $1 the last case of the page before, $2 how many.
WAITING_PAGE: Final = f"{_WAITING} WHERE r.case_id > $1 ORDER BY r.case_id LIMIT $2"

# Moves waiting cases within the queue, as a deletion and an insertion: whoever has seen the old row finds it
# gone, and a claim that starts at a head finds the new one by its xid. Runs behind LOCK_READY or LOCK_MANY.
# $1 cases, $2 ranks, $3 tries, $4 reasons, $5 risks, $6 bands, $7 due times, $8 screenings, $9 details,
# $10 actor.
MOVE: Final = f"""
WITH asked AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::real[], $6::smallint[],
            $7::timestamptz[], $8::bigint[], $9::text[])
        AS a (case_id, rank, tries, reason, risk, band, due_at, screening_id, detail)
), taken AS (
    DELETE FROM ready r USING asked a WHERE r.case_id = a.case_id RETURNING r.*
), entered AS (
    INSERT INTO ready (case_id, rank, port, qual_mask, stage, first_reviewer, tries, n_expired, ready_at)
    SELECT t.case_id, a.rank, t.port, t.qual_mask, t.stage, t.first_reviewer, a.tries, t.n_expired, t.ready_at
    FROM taken t JOIN asked a USING (case_id)
    RETURNING case_id, rank, stage
), assessed AS (
    UPDATE cases c
    SET reason = a.reason, risk = a.risk, band = a.band, due_at = a.due_at, screening_id = a.screening_id
    FROM asked a WHERE c.case_id = a.case_id
    RETURNING c.case_id, c.scan_id, c.cycle
), noted AS (
    INSERT INTO audit (actor, event, scan_id, case_id, cycle, stage, rank, detail)
    SELECT $10, '{Move.REPRIORITIZED}', c.scan_id, c.case_id, c.cycle, e.stage, e.rank, a.detail
    FROM entered e JOIN assessed c USING (case_id) JOIN asked a USING (case_id)
)
SELECT CASE WHEN (SELECT count(*) FROM entered) <> cardinality($1::bigint[])
        THEN queue_abort('reprioritize: a case would be lost or doubled') END AS guard
"""

# Changes a case in its place. ``reach`` tells that a waiting case was locked meanwhile, so that claims passed
# over it. $1 case, $2 reason, $3 risk, $4 band, $5 due time, $6 screening, $7 stage, $8 actor, $9 detail,
# $10 its rank if it waits.
REASSESS: Final = f"""
WITH assessed AS (
    UPDATE cases SET reason = $2, risk = $3, band = $4, due_at = $5, screening_id = $6 WHERE case_id = $1
    RETURNING scan_id, case_id, cycle
)
INSERT INTO audit (actor, event, scan_id, case_id, cycle, stage, detail, reach)
SELECT $8, '{REASSESSED}', scan_id, case_id, cycle, $7, $9, $10 FROM assessed
"""

# Behind LOCK_SEAT: a decision that waits for the seat will find that it knows an old case. $1 reviewer,
# $2 slot.
COUNT_TRY: Final = "UPDATE seats SET tries = tries + 1 WHERE reviewer = $1 AND slot = $2"


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """How urgent a case is, and why."""

    reason: CaseReason
    risk: float
    band: int
    due_at: datetime
    screening_id: int | None

    @property
    def urgency(self) -> int:
        """Band and due minute, as in a rank."""
        return pack_rank(band=self.band, due_at=self.due_at, random=0) >> RANDOM_BITS


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What is newly thought of a scan.

    Attributes:
        reason: Why it needs a person.
        risk: In [0, 1].
        screening_id: The screening that says so; ``None`` leaves the one that is there.
        may_lower: Whether it counts even where it makes a case less urgent.
    """

    reason: CaseReason
    risk: float
    screening_id: int | None = None
    may_lower: bool = False


def reassess(policy: QueuePolicy, case: asyncpg.Record, opinion: Opinion) -> Assessment | None:
    """Return what becomes of a case (the columns ``KNOWN``) by an opinion; ``None`` if nothing changes.

    The due time is counted from the same start, and never gets later.
    """
    old = Assessment(
        reason=CaseReason(case["reason"]),
        risk=case["risk"],
        band=case["band"],
        due_at=case["due_at"],
        screening_id=case["screening_id"],
    )
    reason, risk, screening_id = opinion.reason, opinion.risk, opinion.screening_id
    band = policy.band_of(reason, risk, port=case["port"], modality=case["modality"])
    if not opinion.may_lower:
        if risk <= old.risk and band >= old.band:
            reason, screening_id = old.reason, None
        risk, band = max(risk, old.risk), min(band, old.band)
    new = Assessment(
        reason=reason,
        risk=risk,
        band=band,
        due_at=min(old.due_at, case["since"] + timedelta(seconds=policy.sla_s[band])),
        screening_id=old.screening_id if screening_id is None else screening_id,
    )
    return None if new == old else new


class Reprioritizer:
    """Changes the urgency of open cases. One per queue, sharing its policy and secrets."""

    def __init__(self, pool: asyncpg.Pool, policy: PolicyHolder, secrets: DailySecrets) -> None:
        self._pool = pool
        self._policy = policy
        self._secrets = secrets

    async def reprioritize_case(
        self,
        conn: Connection,
        scan_id: str,
        *,
        reason: CaseReason,
        risk: float,
        screening_id: int | None,
        actor: str,
        may_lower: bool = False,
    ) -> bool:
        """See ``ReviewQueue.reprioritize_case``."""
        if await conn.fetchrow(sql.LOCK_SCAN, scan_id) is None:
            raise ScanUnknownError(f"there is no scan {scan_id}")
        opinion = Opinion(reason=reason, risk=risk, screening_id=screening_id, may_lower=may_lower)
        if await self._look(conn, scan_id, opinion) is None:
            return False  # and nothing is locked for nothing: claims pass over what is
        waits, sits = await self._lock(conn, scan_id)
        found = await self._look(conn, scan_id, opinion)
        if found is None:
            return False
        case, new = found
        if waits is not None and new.urgency != waits["rank"] >> RANDOM_BITS:
            await self._move(conn, [(case, waits, new)], actor=actor)
        else:
            await self._reassess(conn, case, waits, sits, new, actor=actor)
        return True

    async def reprioritize_waiting(self, *, actor: str, may_lower: bool = False) -> int:
        """See ``ReviewQueue.reprioritize_waiting``."""
        async with self._pool.acquire() as conn:
            found = [
                case["case_id"] async for case in _waiting(conn) if self._rank_anew(case, may_lower=may_lower)
            ]
            n_moved = 0
            passed_over: list[int] = []
            for start in range(0, len(found), BATCH):
                case_ids = found[start : start + BATCH]
                async with conn.transaction():
                    locked = [row["case_id"] for row in await conn.fetch(LOCK_MANY, case_ids)]
                    n_moved += await self._move_locked(conn, locked, actor=actor, may_lower=may_lower)
                passed_over += set(case_ids) - set(locked)
            for case_id in passed_over:
                async with conn.transaction():
                    if await conn.fetchrow(LOCK_READY, case_id) is not None:
                        n_moved += await self._move_locked(conn, [case_id], actor=actor, may_lower=may_lower)
        return n_moved

    async def _look(
        self, conn: Connection, scan_id: str, opinion: Opinion
    ) -> tuple[asyncpg.Record, Assessment] | None:
        """Return the open case of a scan and what becomes of it; ``None`` if there is none, or nothing."""
        case = await conn.fetchrow(OPEN_CASE, scan_id, opinion.risk)
        if case is None:
            return None
        new = reassess(self._policy.current, case, replace(opinion, risk=case["new_risk"]))
        return None if new is None else (case, new)

    async def _lock(
        self, conn: Connection, scan_id: str
    ) -> tuple[asyncpg.Record | None, asyncpg.Record | None]:
        """Lock the open case of a scan where it is; return its row of ready, or its seat, or neither."""
        for _ in range(N_LOOKS):
            case = await conn.fetchrow(OPEN_CASE, scan_id, 0.0)
            if case is None:
                return None, None
            look = conn.transaction()
            await look.start()
            waits = await conn.fetchrow(LOCK_READY, case["case_id"])
            sits = None if waits else await conn.fetchrow(LOCK_SEAT, case["case_id"])
            if waits or sits:
                await look.commit()
                return waits, sits
            # A seat that was waited for, and has another case now, is locked nevertheless.
            await look.rollback()
        raise RuntimeError(f"the case of scan {scan_id} is open and in no place")

    def _rank_anew(self, case: asyncpg.Record, *, may_lower: bool) -> Assessment | None:
        """Return the assessment of a waiting case by the policy in force, if it has to be moved."""
        same = Opinion(reason=CaseReason(case["reason"]), risk=case["risk"], may_lower=may_lower)
        new = reassess(self._policy.current, case, same)
        return new if new is not None and new.urgency != case["rank"] >> RANDOM_BITS else None

    async def _move_locked(
        self, conn: Connection, case_ids: Sequence[int], *, actor: str, may_lower: bool
    ) -> int:
        changes = []
        for case in await conn.fetch(WAITING, case_ids):
            new = self._rank_anew(case, may_lower=may_lower)
            if new is not None:
                changes.append((case, case, new))
        await self._move(conn, changes, actor=actor)
        return len(changes)

    async def _move(
        self,
        conn: Connection,
        changes: Sequence[tuple[asyncpg.Record, asyncpg.Record, Assessment]],
        *,
        actor: str,
    ) -> None:
        """Move cases within ready. Each comes with its locked row there (stage, tries, rank)."""
        if not changes:
            return
        today = changes[0][0]["today"]
        secret = await self._secrets.of(conn, today)
        ranks, details = [], []
        for case, waits, new in changes:
            stage, tries = Stage(waits["stage"]), waits["tries"] + 1
            random = draw_random(
                secret, case_id=case["case_id"], cycle=case["cycle"], stage=stage, tries=tries
            )
            ranks.append(pack_rank(band=new.band, due_at=new.due_at, random=random))
            details.append(f"stage={int(stage)} tries={tries} day={today} was={waits['rank']} {_why(new)}")
        news = [new for _, _, new in changes]
        await conn.execute(
            MOVE,
            [case["case_id"] for case, _, _ in changes],
            ranks,
            [waits["tries"] + 1 for _, waits, _ in changes],
            [new.reason for new in news],
            [new.risk for new in news],
            [new.band for new in news],
            [new.due_at for new in news],
            [new.screening_id for new in news],
            details,
            actor,
        )

    async def _reassess(
        self,
        conn: Connection,
        case: asyncpg.Record,
        waits: asyncpg.Record | None,
        sits: asyncpg.Record | None,
        new: Assessment,
        *,
        actor: str,
    ) -> None:
        """Change a case in its place. Whoever looks at it goes on with the findings they have."""
        place = waits or sits
        assert place is not None
        tries = place["tries"]
        if sits is not None:
            tries += 1
            await conn.execute(COUNT_TRY, sits["reviewer"], sits["slot"])
        await conn.execute(
            REASSESS,
            case["case_id"],
            case["reason"] if sits else new.reason,
            new.risk,
            new.band,
            new.due_at,
            case["screening_id"] if sits else new.screening_id,
            place["stage"],
            actor,
            f"stage={place['stage']} tries={tries} urgency={new.urgency} {_why(new)}",
            None if waits is None else waits["rank"],
        )


def _why(new: Assessment) -> str:
    return f"reason={new.reason} risk={new.risk:.6g} band={new.band} screening={new.screening_id or 0}"


async def _waiting(conn: Connection) -> AsyncIterator[asyncpg.Record]:
    """Yield all waiting cases, a page at a time, in the order of their ids."""
    last = 0
    while page := await conn.fetch(WAITING_PAGE, last, PAGE):
        for case in page:
            yield case
        last = page[-1]["case_id"]
