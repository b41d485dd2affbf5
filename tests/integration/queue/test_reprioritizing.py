"""How the urgency of open cases changes, wherever they are, and whoever moves them meanwhile."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.database import open_pool
from review_queue import statements
from review_queue.cases import CaseReason, Role, Stage, Verdict
from review_queue.errors import QueueError, ScanUnknownError
from review_queue.policy import QueuePolicy
from review_queue.policy_effect import find_effect
from review_queue.policy_store import PolicyHolder
from review_queue.queue import ReviewQueue
from review_queue.ranking import RANDOM_BITS
from review_queue.reprioritizing import LOCK_SEAT
from review_queue.states import Move
from tests.integration.queue.conftest import MakeRoom, QueueRoom
from tests.integration.queue.test_concurrency import N_TASKS, Crowd
from tests.property.queue_invariants import find_violations
from tests.seed import seed_policy, seed_screening

CASE = "SELECT * FROM cases WHERE case_id = $1"
WAITING_FOR_LOCKS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
# Another reviewer has the case now. $1 from whom, $2 to whom.
MOVE_SEAT = """
WITH emptied AS (
    UPDATE seats s SET case_id = NULL FROM seats b
    WHERE s.reviewer = $1 AND s.slot = 0 AND b.reviewer = $1 AND b.slot = 0
    RETURNING b.case_id, b.stage, b.tries
)
UPDATE seats s SET case_id = e.case_id, stage = e.stage, tries = e.tries
FROM emptied e WHERE s.reviewer = $2 AND s.slot = 0
"""
# A seat is about to be emptied by somebody who has not committed.
HOLD_SEAT = "SELECT * FROM seats WHERE reviewer = $1 AND slot = 0 FOR UPDATE"


async def reprioritize(
    room: QueueRoom,
    case_id: int,
    *,
    risk: float,
    reason: CaseReason = CaseReason.FINDING,
    screening_id: int | None = None,
    **options: Any,
) -> bool:
    """Change a case as a re-scoring does."""
    scan_id = await room.scan_of(case_id)
    async with room.pool.acquire() as conn, conn.transaction():
        return await room.queue.reprioritize_case(
            conn,
            scan_id,
            reason=reason,
            risk=risk,
            screening_id=screening_id,
            actor="system:test",
            **options,
        )


async def screen(room: QueueRoom, case_id: int) -> int:
    """Store another screening of a case's scan."""
    async with room.pool.acquire() as conn:
        return await seed_screening(conn, await room.scan_of(case_id), await seed_policy(conn), risk=0.95)


async def case_of(room: QueueRoom, case_id: int) -> asyncpg.Record:
    """Return a case's row."""
    row = await room.pool.fetchrow(CASE, case_id)
    assert row is not None
    return row


async def events(room: QueueRoom, event: str) -> list[asyncpg.Record]:
    """Return the audit rows of an event, oldest first."""
    return list(await room.pool.fetch("SELECT * FROM audit WHERE event = $1 ORDER BY seq", event))


async def until_waiting(room: QueueRoom, n_waiting: int) -> None:
    """Return when so many connections wait for a lock."""
    async with asyncio.timeout(10):
        while await room.pool.fetchval(WAITING_FOR_LOCKS) < n_waiting:
            await asyncio.sleep(0.01)


async def test_reprioritize_case__a_waiting_case_moves_to_the_front(room: QueueRoom) -> None:
    """More risk gives a waiting case another band, an earlier due time from the same start, a new rank."""
    first, second = await room.open(risk=0.5), await room.open(risk=0.35)
    before = {row["case_id"]: row for row in await room.ready()}
    was = await case_of(room, second)
    screening_id = await screen(room, second)
    assert await reprioritize(room, second, risk=0.95, screening_id=screening_id)
    now = await case_of(room, second)
    assert (now["band"], now["risk"], now["screening_id"]) == (1, pytest.approx(0.95), screening_id)
    sla_s = QueuePolicy().sla_s
    assert was["due_at"] - now["due_at"] == timedelta(seconds=sla_s[was["band"]] - sla_s[1])
    queue = await room.ready()
    assert [row["case_id"] for row in queue] == [second, first]
    assert (queue[0]["tries"], queue[0]["n_expired"], queue[0]["stage"]) == (1, 0, 1)
    assert queue[0]["rank"] >> 58 == 1
    assert queue[0]["xid"] > before[second]["xid"], "a claim that starts further back finds it by this"
    [row] = await events(room, Move.REPRIORITIZED)
    assert (row["rank"], row["stage"], row["actor"]) == (queue[0]["rank"], 1, "system:test")
    assert re.match(rf"stage=1 tries=1 day=\S+ was={before[second]['rank']} ", row["detail"])
    lease = await room.claim(await room.hire("li"))
    assert (lease.case_id, lease.screening_id) == (second, screening_id)
    assert lease.risk == pytest.approx(0.95)


async def test_reprioritize_case__less_risk_is_ignored_unless_it_may_lower(room: QueueRoom) -> None:
    """A weaker assessment changes nothing; by the operator's word it does, and the due time stays."""
    case_id = await room.open(risk=0.75)
    was, queue = await case_of(room, case_id), await room.ready()
    for weaker in (0.75, 0.5, 0.0):
        assert not await reprioritize(room, case_id, risk=weaker)
    assert (await case_of(room, case_id), await room.ready()) == (was, queue)
    assert await reprioritize(room, case_id, risk=0.35, may_lower=True)
    now = await case_of(room, case_id)
    assert (now["band"], now["due_at"], now["risk"]) == (7, was["due_at"], pytest.approx(0.35))
    assert not await reprioritize(room, case_id, risk=0.35, may_lower=True), "repeating changes nothing"


async def test_reprioritize_case__a_graver_reason_keeps_the_higher_risk(room: QueueRoom) -> None:
    """Of the old and the new assessment each the more urgent half counts."""
    case_id = await room.open(risk=0.6, reason=CaseReason.FINDING)
    assert await reprioritize(room, case_id, risk=0.1, reason=CaseReason.UNSCREENABLE)
    now = await case_of(room, case_id)
    assert (now["band"], now["risk"], now["reason"]) == (4, pytest.approx(0.6), CaseReason.UNSCREENABLE)
    assert await reprioritize(room, case_id, risk=0.65, reason=CaseReason.FINDING)
    now = await case_of(room, case_id)
    assert (now["band"], now["risk"], now["reason"]) == (4, pytest.approx(0.65), CaseReason.FINDING)


async def test_reprioritize_case__no_new_lot_without_a_new_band(room: QueueRoom) -> None:
    """More risk in the same band is noted and draws no new random bits: nobody can throw the dice again."""
    case_id = await room.open(risk=0.5)
    queue = await room.ready()
    for risk in (0.55, 0.6, 0.65):
        assert await reprioritize(room, case_id, risk=risk)
    assert await room.ready() == queue
    assert (await case_of(room, case_id))["risk"] == pytest.approx(0.65)
    noted = await events(room, "case_reassessed")
    assert [row["reach"] for row in noted] == 3 * [queue[0]["rank"]], (
        "it was locked, and claims passed over it"
    )
    assert await events(room, Move.REPRIORITIZED) == []


async def test_reprioritize_case__only_open_cases(room: QueueRoom) -> None:
    """A decided scan is left alone, an unknown one refused."""
    case_id = await room.open()
    reviewer = await room.hire("li")
    await room.decide(reviewer, await room.claim(reviewer), Verdict.INSPECT)
    assert not await reprioritize(room, case_id, risk=1.0)
    async with room.pool.acquire() as conn:
        with pytest.raises(ScanUnknownError):
            await room.queue.reprioritize_case(
                conn, "XR-0", reason=CaseReason.FINDING, risk=1.0, screening_id=None, actor="system:test"
            )


@pytest.mark.parametrize("slot", [0, 1])
async def test_reprioritize_case__a_case_on_a_seat_stays_there(room: QueueRoom, slot: int) -> None:
    """Its reviewer goes on with what they see; when it comes back it has its new urgency."""
    case_id = await room.open(risk=0.4)
    reviewer = await room.hire("li")
    if slot:
        urgent = await room.open(risk=0.95)
        assert (await room.claim(reviewer)).case_id == urgent
        assert (await room.queue.prefetch_case(reviewer)) is not None
    else:
        await room.claim(reviewer)
    screening_id = await screen(room, case_id)
    assert await reprioritize(room, case_id, risk=0.95, screening_id=screening_id)
    assert await room.ready() == []
    assert await room.queue.holds_case(reviewer.account_id, case_id)
    now = await case_of(room, case_id)
    assert (now["band"], now["risk"], now["screening_id"]) == (1, pytest.approx(0.95), None)
    [row] = await events(room, "case_reassessed")
    urgency = now["band"] << 26 | int(now["due_at"].timestamp()) // 60
    assert f"stage=1 tries=1 urgency={urgency} " in row["detail"]
    await room.check()
    await room.queue.release_leases(reviewer)
    [returned] = [row for row in await room.ready() if row["case_id"] == case_id]
    assert (returned["rank"] >> RANDOM_BITS, returned["tries"]) == (urgency, 2)


async def test_sweep__an_expired_case_returns_with_its_new_urgency(room: QueueRoom) -> None:
    """The sweep ranks a case by what is known of it when it comes back."""
    case_id = await room.open(risk=0.4)
    await room.claim(await room.hire("li"))
    await reprioritize(room, case_id, risk=0.95)
    await room.expire_all()
    assert await room.queue.sweep_expired() == 1
    assert [row["rank"] >> 58 for row in await room.ready()] == [1]


async def test_decide__a_risk_that_rose_meanwhile_asks_for_a_second_review(room: QueueRoom) -> None:
    """The release of a case that has become risky on the seat is looked at again, in its new band."""
    case_id = await room.open(risk=0.4)
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    await reprioritize(room, case_id, risk=0.95)
    outcome = await room.decide(reviewer, lease, Verdict.RELEASE)
    assert outcome.disposition is None
    [row] = await room.ready()
    assert (row["stage"], row["rank"] >> 58) == (Stage.SECOND, 1)
    assert " why=risk" in (await events(room, Move.FORWARDED))[0]["detail"]


async def test_decide__forwards_by_the_band_of_now(room: QueueRoom) -> None:
    """A case whose band, but not its risk, has changed on the seat goes on in its new band."""
    case_id = await room.open(risk=0.4)
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    await reprioritize(room, case_id, risk=0.0, reason=CaseReason.UNSCREENABLE)
    await room.decide(reviewer, lease, Verdict.ESCALATE)
    assert [row["rank"] >> 58 for row in await room.ready()] == [4]


async def test_decide__that_waits_for_the_change_rules_by_it(room: QueueRoom, database_url: str) -> None:
    """A decision that began before the change was committed, and ended after it, counts the new risk."""
    case_id = await room.open(risk=0.4)
    scan_id = await room.scan_of(case_id)
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    other = await asyncpg.connect(database_url)
    change = other.transaction()
    await change.start()
    assert await room.queue.reprioritize_case(
        other, scan_id, reason=CaseReason.FINDING, risk=0.95, screening_id=None, actor="system:test"
    )
    deciding = asyncio.create_task(room.decide(reviewer, lease, Verdict.RELEASE))
    await until_waiting(room, 1)
    await change.commit()
    await other.close()
    assert (await deciding).disposition is None
    assert [(row["stage"], row["rank"] >> 58) for row in await room.ready()] == [(Stage.SECOND, 1)]


async def test_decide__without_the_tries_in_the_fence_an_old_risk_would_count(
    make_room: MakeRoom, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: the same race lets a risky case go with one look."""
    monkeypatch.setattr(statements, "DECIDE", statements.DECIDE.replace("AND s.tries = h.tries", ""))
    with pytest.raises(AssertionError, match="RELEASE"):
        await test_decide__that_waits_for_the_change_rules_by_it(make_room(), database_url)


async def test_reprioritize_case__waits_for_a_claim_and_meets_the_seat(
    room: QueueRoom, database_url: str
) -> None:
    """A case that is just being taken is changed on its seat: the change is not lost."""
    case_id = await room.open(risk=0.4)
    reviewer = await room.hire("li")
    await room.pool.execute(statements.MAKE_SEATS, reviewer.account_id)
    blocker = await asyncpg.connect(database_url)
    held = blocker.transaction()
    await held.start()
    await blocker.fetch(HOLD_SEAT, reviewer.account_id)
    claim = asyncio.create_task(room.claim(reviewer))
    await until_waiting(room, 1)
    change = asyncio.create_task(reprioritize(room, case_id, risk=0.95))
    await until_waiting(room, 2)
    await held.rollback()
    await blocker.close()
    lease = await claim
    assert await change
    assert [row["event"] for row in await events(room, "case_reassessed")] == ["case_reassessed"]
    outcome = await room.decide(reviewer, lease, Verdict.RELEASE)
    assert outcome.disposition is None, "the risk of the lease is an old one"


class PausedConnection:
    """A connection that waits before it asks for a seat the second time."""

    def __init__(self, conn: asyncpg.Connection) -> None:
        self._conn = conn
        self._n_looks = 0
        self.is_paused = asyncio.Event()
        self.go_on = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        self._n_looks += query == LOCK_SEAT
        if query == LOCK_SEAT and self._n_looks == 2:
            self.is_paused.set()
            await self.go_on.wait()
        return await self._conn.fetchrow(query, *args)


async def test_reprioritize_case__lets_go_of_a_seat_that_the_case_has_left(
    make_room: MakeRoom, database_url: str
) -> None:
    """Between two looks it holds no seat: others lock the old one and the new one in their own order."""
    room = make_room()
    case_id = await room.open(risk=0.4)
    old, new = await room.hire("li"), await room.hire("wang")
    await room.pool.execute(statements.MAKE_SEATS, new.account_id)
    await room.claim(old)
    other, changing = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    moving, changed = other.transaction(), changing.transaction()
    await moving.start()
    await other.execute(MOVE_SEAT, old.account_id, new.account_id)
    await changed.start()
    paused = PausedConnection(changing)
    change = asyncio.create_task(
        room.queue.reprioritize_case(
            paused,  # type: ignore[arg-type]
            await room.scan_of(case_id),
            reason=CaseReason.FINDING,
            risk=0.95,
            screening_id=None,
            actor="system:test",
        )
    )
    await until_waiting(room, 1)
    await moving.commit()
    await paused.is_paused.wait()
    await other.fetch(f"{HOLD_SEAT} NOWAIT", old.account_id)
    paused.go_on.set()
    assert await change
    await changed.commit()
    await other.close()
    await changing.close()


async def test_claim__passes_over_a_case_that_is_being_moved(room: QueueRoom, database_url: str) -> None:
    """Claims do not wait for a change; they take the next case, and this one afterwards."""
    moving, other_case = await room.open(risk=0.6), await room.open(risk=0.4)
    scan_id = await room.scan_of(moving)
    other = await asyncpg.connect(database_url)
    change = other.transaction()
    await change.start()
    await room.queue.reprioritize_case(
        other, scan_id, reason=CaseReason.FINDING, risk=0.95, screening_id=None, actor="system:test"
    )
    first, second = await room.hire("li"), await room.hire("wang")
    assert (await room.claim(first)).case_id == other_case
    assert await room.queue.claim_next_case(second) is None
    await change.commit()
    await other.close()
    assert (await room.claim(second)).case_id == moving


async def test_reprioritize_waiting__a_new_policy_moves_what_waits(make_room: MakeRoom) -> None:
    """Cases that the new rules bring forward are ranked anew, and nothing else, unless it may be lowered."""
    room = make_room()
    for port in ("YTN", "SKZ", "MWB"):
        for risk in (0.0, 0.35, 0.95):
            await room.open(port=port, risk=risk)
    supervisor_case = await room.open(port="SKZ", risk=0.6)
    reviewer = await room.hire("li", port="YTN")
    on_seat = (await room.claim(reviewer)).case_id
    changed = QueuePolicy(shift_by_port={"SKZ": -3, "MWB": 2})
    async with room.pool.acquire() as conn:
        effect = await find_effect(conn, changed, before=QueuePolicy())
    assert effect.n_waiting == 9
    sooner, later = effect.n_sooner, effect.n_later
    before = {row["case_id"]: row["rank"] for row in await room.ready()}
    queue = ReviewQueue(room.pool, PolicyHolder(changed))
    assert await queue.reprioritize_waiting(actor="system:cli") == sooner == 3
    after = {row["case_id"]: row["rank"] for row in await room.ready()}
    moved = {case_id for case_id in before if before[case_id] != after[case_id]}
    ports = await room.pool.fetch("SELECT DISTINCT port FROM cases WHERE case_id = ANY ($1)", list(moved))
    assert ([row["port"] for row in ports], supervisor_case in moved, on_seat in moved) == (
        ["SKZ"],
        True,
        False,
    )
    assert await queue.reprioritize_waiting(actor="system:cli") == 0
    assert await queue.reprioritize_waiting(actor="system:cli", may_lower=True) == later > 0
    await room.check()


async def test_reprioritize_waiting__meets_what_others_had_locked(
    make_room: MakeRoom, database_url: str
) -> None:
    """A row that a claim has locked in passing is moved as soon as it is free."""
    room = make_room()
    case_id = await room.open(port="SKZ", risk=0.6)
    other = await asyncpg.connect(database_url)
    passing = other.transaction()
    await passing.start()
    await other.fetch("SELECT * FROM ready FOR UPDATE SKIP LOCKED")
    queue = ReviewQueue(room.pool, QueuePolicy(shift_by_port={"SKZ": -3}))
    moving = asyncio.create_task(queue.reprioritize_waiting(actor="system:cli"))
    await until_waiting(room, 1)
    await passing.rollback()
    await other.close()
    assert await moving == 1
    assert [(row["case_id"], row["rank"] >> 58) for row in await room.ready()] == [(case_id, 2)]
    await room.check()


class ChangingCrowd(Crowd):
    """A crowd in which cases become more and less urgent while everybody works."""

    async def reprioritize(self) -> None:
        async with self.pool.acquire() as conn, conn.transaction():
            scan_id = await conn.fetchval("SELECT scan_id FROM cases ORDER BY random() LIMIT 1")
            if scan_id is not None:
                await self.queue.reprioritize_case(
                    conn,
                    scan_id,
                    reason=CaseReason.FINDING,
                    risk=self.random.random(),
                    screening_id=None,
                    actor="system:test",
                    may_lower=self.random.random() < 0.5,
                )

    async def change_policy(self) -> None:
        shift = {port: self.random.randint(-4, 4) for port in ("YTN", "SKZ", "MWB")}
        policy = QueuePolicy(
            max_tries=2, second_review_min_risk=0.6, second_review_sample=0.3, shift_by_port=shift
        )
        may_lower = self.random.random() < 0.5
        queue = ReviewQueue(self.pool, policy)
        await queue.reprioritize_waiting(actor="system:test", may_lower=may_lower)

    async def act(self, n_actions: int) -> None:
        for n in range(n_actions):
            try:
                await (self.change_policy() if n % 20 == 19 else self.reprioritize())
                self.done["changed"] += 1
            except QueueError as error:
                self.done[error.code] += 1
            await super().act(2)


async def test_queue__a_crowd_of_changes_breaks_no_promise(database_url: str) -> None:
    """While cases change their urgency in everybody's hands, none is lost, doubled or left in an old band."""
    async with open_pool(database_url, max_connections=2 * N_TASKS + 4) as pool:
        crowd = ChangingCrowd(pool, seed=20261124)
        await crowd.seed()
        working = asyncio.gather(*(crowd.act(40) for _ in range(N_TASKS)))
        async with pool.acquire() as conn:
            while not working.done():
                assert await find_violations(conn) == []
                await asyncio.sleep(0.05)
            await working
            assert await find_violations(conn) == []
            for event in (Move.REPRIORITIZED, "case_reassessed", Move.LEASED):
                n_rows = await conn.fetchval("SELECT count(*) FROM audit WHERE event = $1", event)
                assert n_rows > 20, (event, n_rows, crowd.done)


async def test_reprioritize_case__keeps_the_stage(room: QueueRoom) -> None:
    """A case that waits for a supervisor keeps its stage when it becomes more urgent."""
    case_id = await room.open(risk=0.4)
    reviewer = await room.hire("li")
    await room.decide(reviewer, await room.claim(reviewer), Verdict.ESCALATE)
    assert await reprioritize(room, case_id, risk=0.8)
    [row] = await room.ready()
    assert (row["stage"], row["rank"] >> 58, row["first_reviewer"]) == (3, 3, reviewer.account_id)
    assert (await room.claim(await room.hire("chen", Role.SUPERVISOR))).case_id == case_id
