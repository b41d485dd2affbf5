"""What a verdict does: the fence, the stages, repeats, second review."""

import json

import pytest

from review_queue.cases import Decision, Disposition, Marks, Reviewer, Role, Stage, Verdict
from review_queue.errors import (
    AlreadyDecidedError,
    CaseNotHeldError,
    LeaseLostError,
    RoleNotAllowedError,
    VerdictNotAllowedError,
)
from review_queue.policy import QueuePolicy
from tests.integration.queue.conftest import MakeRoom, QueueRoom
from tests.seed import seed_station


async def n_decisions(room: QueueRoom) -> int:
    """How many decisions there are."""
    return int(await room.pool.fetchval("SELECT count(*) FROM decisions"))


async def test_decide__closes_the_case_and_tells_the_station(room: QueueRoom) -> None:
    """A final verdict writes decision, marks, disposition, outbox message and audit row together."""
    async with room.pool.acquire() as conn:
        await seed_station(conn, "hooked", "YTN", webhook_url="https://example.org", webhook_secret="s")
    case_id = await room.open(station_id="hooked")
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    marks = Marks(annotations=[{"box": [1, 2, 3, 4], "kind": "刀"}], finding_votes=[])
    decision = Decision(
        case_id=case_id,
        token=lease.token,
        verdict=Verdict.INSPECT,
        reason_codes=["image_anomaly"],
        note="看右上角",
        marks=marks,
    )
    outcome = await room.queue.decide(reviewer, decision)
    assert (outcome.scan_id, outcome.disposition) == (lease.scan_id, Disposition.INSPECT)
    row = await room.pool.fetchrow("SELECT * FROM decisions WHERE decision_id = $1", outcome.decision_id)
    assert row is not None
    assert (row["verdict"], row["reason_codes"], row["note"]) == ("inspect", ["image_anomaly"], "看右上角")
    assert row["shown_at"] <= row["decided_at"]
    assert json.loads(await room.pool.fetchval("SELECT annotations FROM decision_marks")) == marks.annotations
    assert await room.pool.fetchval("SELECT count(*) FROM outbox WHERE scan_id = $1", lease.scan_id) == 1
    assert await room.pool.fetchval("SELECT disposition FROM cases WHERE case_id = $1", case_id) == "inspect"


async def test_decide__without_marks_writes_no_marks_row(room: QueueRoom) -> None:
    """Most decisions carry no drawing, and no JSON row."""
    await room.open()
    reviewer = await room.hire("li")
    await room.decide(reviewer, await room.claim(reviewer), Verdict.RELEASE)
    assert await room.pool.fetchval("SELECT count(*) FROM decision_marks") == 0
    assert await room.pool.fetchval("SELECT count(*) FROM outbox") == 0, "the station has no webhook"


async def test_decide__stale_token_is_refused(room: QueueRoom) -> None:
    """A lease that expired and went to somebody else decides nothing (409 at the edge)."""
    await room.open()
    slow, quick = await room.hire("slow"), await room.hire("quick")
    old = await room.claim(slow)
    await room.expire_all()
    new = await room.claim(quick)
    assert new.case_id == old.case_id
    with pytest.raises(LeaseLostError) as caught:
        await room.decide(slow, old, Verdict.RELEASE)
    assert caught.value.code == "lease_lost"
    assert await n_decisions(room) == 0
    await room.decide(quick, new, Verdict.INSPECT)
    with pytest.raises(LeaseLostError):
        await room.decide(slow, old, Verdict.RELEASE)


async def test_decide__expired_lease_is_refused_before_anybody_sweeps(room: QueueRoom) -> None:
    """Time alone ends a lease; the case is not decided while it still sits on the seat."""
    await room.open()
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    await room.expire_all()
    with pytest.raises(LeaseLostError):
        await room.decide(reviewer, lease, Verdict.RELEASE)
    assert await n_decisions(room) == 0


async def test_decide__somebody_elses_lease_is_refused(room: QueueRoom) -> None:
    """Case and token of a colleague are no use, and say nothing about the case."""
    await room.open()
    lease = await room.claim(await room.hire("li"))
    with pytest.raises(CaseNotHeldError):
        await room.decide(await room.hire("wang"), lease, Verdict.RELEASE)


async def test_decide__waiting_case_cannot_be_decided_unseen(room: QueueRoom) -> None:
    """The token of slot 1 decides nothing: the case has not been shown."""
    await room.open()
    await room.open()
    reviewer = await room.hire("li")
    await room.claim(reviewer)
    waiting = await room.queue.prefetch_case(reviewer)
    assert waiting is not None
    with pytest.raises(CaseNotHeldError):
        await room.decide(reviewer, waiting, Verdict.RELEASE)
    assert await n_decisions(room) == 0


async def test_decide__repeat_after_a_lost_answer_returns_the_first_outcome(room: QueueRoom) -> None:
    """The same verdict under the same token is answered again, with what is in slot 0 now."""
    await room.open(risk=0.95)
    await room.open()
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    await room.queue.prefetch_case(reviewer)
    first = await room.decide(reviewer, lease, Verdict.INSPECT)
    again = await room.decide(reviewer, lease, Verdict.INSPECT)
    assert first.next_lease is not None
    assert again.next_lease is not None
    assert (again.decision_id, again.disposition) == (first.decision_id, first.disposition)
    assert again.next_lease.token == first.next_lease.token
    assert await n_decisions(room) == 1
    with pytest.raises(AlreadyDecidedError):
        await room.decide(reviewer, lease, Verdict.RELEASE)


async def test_decide__repeat_of_a_forwarded_verdict_never_shows_the_final_word(room: QueueRoom) -> None:
    """A first reviewer who repeats is told "another stage follows", also after the second has closed it."""
    await room.open(risk=0.95)
    first, second = await room.hire("first"), await room.hire("second")
    lease = await room.claim(first)
    assert (await room.decide(first, lease, Verdict.RELEASE)).disposition is None
    await room.decide(second, await room.claim(second), Verdict.RELEASE)
    assert (await room.decide(first, lease, Verdict.RELEASE)).disposition is None


async def test_decide__second_review_is_by_another_person_and_agreement_closes(room: QueueRoom) -> None:
    """A risky release is looked at again by somebody else; when they agree, it is final."""
    case_id = await room.open(risk=0.95)
    first, second = await room.hire("first"), await room.hire("second")
    await room.decide(first, await room.claim(first), Verdict.RELEASE)
    assert await room.queue.claim_next_case(first) is None, "never the same person"
    lease = await room.claim(second)
    assert (lease.case_id, lease.stage) == (case_id, Stage.SECOND)
    assert (await room.decide(second, lease, Verdict.RELEASE)).disposition is Disposition.RELEASE


async def test_decide__disagreement_goes_to_the_supervisor_who_is_final(room: QueueRoom) -> None:
    """Two reviewers disagree, the supervisor may not escalate and closes the case."""
    await room.open(risk=0.95)
    first, second = await room.hire("first"), await room.hire("second")
    supervisor = await room.hire("boss", Role.SUPERVISOR)
    await room.decide(first, await room.claim(first), Verdict.RELEASE)
    assert (await room.decide(second, await room.claim(second), Verdict.INSPECT)).disposition is None
    lease = await room.claim(supervisor)
    with pytest.raises(VerdictNotAllowedError):
        await room.decide(supervisor, lease, Verdict.ESCALATE)
    assert (await room.decide(supervisor, lease, Verdict.RESCAN)).disposition is Disposition.RESCAN
    stages = await room.pool.fetch("SELECT stage, verdict FROM decisions ORDER BY stage")
    assert [tuple(row) for row in stages] == [(1, "release"), (2, "inspect"), (3, "rescan")]


async def test_decide__first_reviewer_turned_supervisor_does_not_judge_themselves(room: QueueRoom) -> None:
    """Whoever decided first gets the case at no later stage, in whatever role."""
    await room.open()
    reviewer = await room.hire("li")
    await room.decide(reviewer, await room.claim(reviewer), Verdict.ESCALATE)
    promoted = Reviewer(account_id=reviewer.account_id, role=Role.SUPERVISOR, port=None, quals=0)
    assert await room.queue.claim_next_case(promoted) is None


async def test_decide__role_must_fit_the_stage(room: QueueRoom) -> None:
    """An account whose role changed while it held a case cannot decide it."""
    await room.open()
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    for role in (Role.SUPERVISOR, Role.AUDITOR):
        changed = Reviewer(account_id=reviewer.account_id, role=role, port=None, quals=0)
        with pytest.raises(RoleNotAllowedError):
            await room.decide(changed, lease, Verdict.RELEASE)


async def test_decide__sample_is_drawn_the_same_in_every_process(make_room: MakeRoom) -> None:
    """With a sample of one half, some cases are looked at again, and the audit says why."""
    room = make_room(QueuePolicy(second_review_sample=0.5))
    reviewer = await room.hire("li")
    for _ in range(40):
        await room.open(risk=0.1)
        await room.decide(reviewer, await room.claim(reviewer), Verdict.RELEASE)
    sampled = await room.pool.fetchval(
        "SELECT count(*) FROM audit WHERE detail LIKE '%why=sample sample=0.5 %'"
    )
    assert 5 < sampled < 35, "1 in 10 million by chance"
    assert sampled == len(await room.ready())
    await room.check()


async def test_decide__knowing_somebody_elses_token_tells_nothing_and_takes_nothing(room: QueueRoom) -> None:
    """Whoever guesses a lease is told that they were not shown the case, whatever their role."""
    await room.open()
    reviewer = await room.hire("li")
    stranger = await room.hire("sun", Role.SUPERVISOR)
    lease = await room.claim(reviewer)
    with pytest.raises(CaseNotHeldError):
        await room.decide(stranger, lease, Verdict.INSPECT)
    assert (await room.decide(reviewer, lease, Verdict.INSPECT)).disposition is not None
