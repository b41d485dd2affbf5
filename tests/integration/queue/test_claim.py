"""Who gets which case: order, eligibility, seats, prefetch."""

import pytest

from review_queue.cases import CaseReason, Role, Stage, Verdict
from review_queue.errors import RoleNotAllowedError
from review_queue.policy import QueuePolicy
from tests.integration.queue.conftest import MakeRoom, QueueRoom


async def test_claim_next_case__most_urgent_first(room: QueueRoom) -> None:
    """Cases come in order of their band, whatever the order they were opened in."""
    slow = await room.open(risk=0.1)
    urgent = await room.open(risk=0.95)
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    assert (lease.case_id, lease.slot, lease.stage, lease.cycle) == (urgent, 0, Stage.PRIMARY, 1)
    assert 89 < lease.ttl_s <= 90
    assert 0 < lease.due_in_s <= 300
    assert (await room.decide(reviewer, lease, Verdict.INSPECT)).next_lease is None
    assert (await room.claim(reviewer)).case_id == slow


async def test_claim_next_case__empty_queue_is_none(room: QueueRoom) -> None:
    """Nothing to do is not an error."""
    assert await room.queue.claim_next_case(await room.hire("li")) is None


async def test_claim_next_case__asking_again_returns_the_same_lease(room: QueueRoom) -> None:
    """A reloaded page gets the case it had, under the same token, and no second one."""
    await room.open()
    await room.open()
    reviewer = await room.hire("li")
    first = await room.claim(reviewer)
    again = await room.claim(reviewer)
    assert (again.case_id, again.token) == (first.case_id, first.token)
    assert len(await room.ready()) == 1


async def test_claim_next_case__own_port_is_never_assigned(room: QueueRoom) -> None:
    """A reviewer of Yantian gets the Shekou case, though the Yantian one is more urgent, and then nothing."""
    await room.open(port="YTN", risk=0.99)
    shekou = await room.open(port="SKZ", risk=0.1)
    reviewer = await room.hire("li", port="YTN")
    lease = await room.claim(reviewer)
    assert lease.case_id == shekou
    await room.decide(reviewer, lease, Verdict.INSPECT)
    assert await room.queue.claim_next_case(reviewer) is None


async def test_claim_next_case__needs_every_qualification(room: QueueRoom) -> None:
    """A case that needs two qualifications goes only to who has both."""
    case_id = await room.open(qual_mask=0b101)
    assert await room.queue.claim_next_case(await room.hire("half", quals=0b001)) is None
    assert (await room.claim(await room.hire("whole", quals=0b111))).case_id == case_id


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
async def test_claim_next_case__other_roles_are_refused(room: QueueRoom, role: Role) -> None:
    """Auditors and admins take no cases."""
    await room.open()
    person = await room.hire("wang", role)
    with pytest.raises(RoleNotAllowedError):
        await room.queue.claim_next_case(person)
    with pytest.raises(RoleNotAllowedError):
        await room.queue.prefetch_case(person)


async def test_claim_next_case__supervisor_gets_no_primary_review(room: QueueRoom) -> None:
    """Stage 1 is for reviewers, stage 3 for supervisors."""
    await room.open()
    supervisor = await room.hire("zhao", Role.SUPERVISOR)
    assert await room.queue.claim_next_case(supervisor) is None
    reviewer = await room.hire("li")
    await room.decide(reviewer, await room.claim(reviewer), Verdict.ESCALATE)
    assert await room.queue.claim_next_case(reviewer) is None
    assert (await room.claim(supervisor)).stage is Stage.SUPERVISOR


async def test_claim_next_case__equals_come_in_random_order(room: QueueRoom) -> None:
    """Twelve cases of one band, due in one minute, do not come in the order they were opened in."""
    async with room.pool.acquire() as conn:
        await conn.execute("ALTER TABLE scans ALTER received_at SET DEFAULT '2026-11-23 12:00:00Z'")
    opened = [await room.open() for _ in range(12)]
    reviewer = await room.hire("li")
    got = []
    for _ in opened:
        lease = await room.claim(reviewer)
        got.append(lease.case_id)
        await room.decide(reviewer, lease, Verdict.INSPECT)
    assert sorted(got) == opened
    assert got != opened, "1 in 12! by chance"


async def test_prefetch_case__waits_unseen_and_is_shown_by_the_decision(room: QueueRoom) -> None:
    """Slot 1 has no shown_at; deciding slot 0 shows it with a new token, a full lease and an audit row."""
    await room.open(risk=0.95)
    second = await room.open()
    reviewer = await room.hire("li")
    current = await room.claim(reviewer)
    waiting = await room.queue.prefetch_case(reviewer)
    assert waiting is not None
    assert (waiting.case_id, waiting.slot) == (second, 1)
    shown_at = "SELECT shown_at FROM seats WHERE case_id = $1"
    assert await room.pool.fetchval(shown_at, second) is None
    outcome = await room.decide(reviewer, current, Verdict.INSPECT)
    shown = outcome.next_lease
    assert shown is not None
    assert (shown.case_id, shown.slot) == (second, 0)
    assert shown.token > waiting.token
    assert await room.pool.fetchval(shown_at, second) is not None
    events = await room.pool.fetch("SELECT event FROM audit WHERE case_id = $1 ORDER BY seq", second)
    assert [row["event"] for row in events] == ["case_opened", "case_prefetched", "case_shown"]


async def test_prefetch_case__asking_again_returns_the_same(room: QueueRoom) -> None:
    """Slot 1 holds one case, however often it is asked for."""
    for _ in range(3):
        await room.open()
    reviewer = await room.hire("li")
    await room.claim(reviewer)
    first = await room.queue.prefetch_case(reviewer)
    again = await room.queue.prefetch_case(reviewer)
    assert first is not None
    assert again is not None
    assert first.token == again.token


async def test_prefetch_case__nothing_while_nothing_is_looked_at(room: QueueRoom) -> None:
    """With slot 0 empty nobody gets a case to keep unseen."""
    await room.open()
    assert await room.queue.prefetch_case(await room.hire("li")) is None
    assert len(await room.ready()) == 1


async def test_claim_next_case__what_waits_is_shown_before_something_new(room: QueueRoom) -> None:
    """When slot 0 was lost but slot 1 lives, the waiting case is next, not the head of the queue."""
    await room.open(risk=0.95)
    waiting = await room.open()
    reviewer = await room.hire("li")
    lost = await room.claim(reviewer)
    await room.queue.prefetch_case(reviewer)
    await room.pool.execute("UPDATE seats SET until = clock_timestamp() WHERE slot = 0")
    shown = await room.claim(reviewer)
    assert (shown.case_id, shown.slot) == (waiting, 0)
    assert [row["case_id"] for row in await room.ready()] == [lost.case_id]


async def test_open_case__policy_of_the_operator_sets_due_time(make_room: MakeRoom) -> None:
    """The time limit counts from the scan's arrival, by the band's entry."""
    room = make_room(QueuePolicy(sla_s=tuple(float(60 * (band + 1)) for band in range(16))))
    case_id = await room.open(reason=CaseReason.SAMPLED, risk=0.0)
    row = await room.pool.fetchrow(
        "SELECT band, due_at - received_at AS time_limit"
        " FROM cases JOIN scans USING (scan_id) WHERE case_id = $1",
        case_id,
    )
    assert row is not None
    assert row["time_limit"].total_seconds() == 60 * (row["band"] + 1)
