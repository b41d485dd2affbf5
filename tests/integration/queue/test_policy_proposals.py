"""Two supervisors change the policy: every way it may go, and what the database itself refuses."""

import asyncio

import asyncpg
import pytest

from review_queue.cases import CaseReason, Verdict
from review_queue.errors import (
    ProposalClosedError,
    ProposalOpenError,
    ProposalOutdatedError,
    ProposalUnknownError,
    QueueError,
    QueuePolicyInvalidError,
    SameAccountError,
)
from review_queue.policy import QueuePolicy
from review_queue.policy_effect import find_effect
from review_queue.policy_proposals import (
    Outcome,
    decide_proposal,
    move_as_approved,
    newest_proposals,
    propose,
)
from review_queue.policy_store import PolicyHolder, latest_policy, store_policy
from review_queue.queue import ReviewQueue
from tests.integration.queue.conftest import MakeRoom
from tests.seed import seed_account, seed_ports

CHANGED = QueuePolicy(shift_by_port={"SKZ": -3}, second_review_sample=0.25)


class Desk:
    """Two supervisors, each step in a transaction of its own."""

    def __init__(self, pool: asyncpg.Pool, zhao: int, qian: int) -> None:
        self.pool, self.zhao, self.qian = pool, zhao, qian

    async def propose(self, *, based_on: int = 0, policy: QueuePolicy = CHANGED, **more: bool) -> int:
        """Propose as Zhao."""
        async with self.pool.acquire() as conn, conn.transaction():
            return await propose(
                conn, policy, account_id=self.zhao, based_on=based_on, note="Shekou first", **more
            )

    async def decide(self, proposal_id: int, outcome: Outcome, account_id: int) -> int | None:
        """Decide as somebody."""
        async with self.pool.acquire() as conn, conn.transaction():
            return await decide_proposal(conn, proposal_id, outcome, account_id=account_id)

    async def events(self) -> list[tuple[str, str, str]]:
        """Return what the trail says of the policy, in order."""
        rows = await self.pool.fetch(
            "SELECT actor, event, detail FROM audit WHERE event LIKE 'queue_policy%' ORDER BY seq"
        )
        return [(row["actor"], row["event"], row["detail"]) for row in rows]


@pytest.fixture
async def desk(pool: asyncpg.Pool) -> Desk:
    """A database with ports and two supervisors."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
        return Desk(
            pool,
            await seed_account(conn, "zhao", "supervisor"),
            await seed_account(conn, "qian", "supervisor"),
        )


async def test_approve__takes_another_account_and_leaves_every_step_in_the_trail(desk: Desk) -> None:
    """The proposer cannot approve; the other's approval stores the version, and three events tell of it."""
    proposal_id = await desk.propose()
    with pytest.raises(SameAccountError):
        await desk.decide(proposal_id, Outcome.APPROVED, desk.zhao)
    with pytest.raises(SameAccountError):
        await desk.decide(proposal_id, Outcome.REFUSED, desk.zhao)
    version = await desk.decide(proposal_id, Outcome.APPROVED, desk.qian)
    async with desk.pool.acquire() as conn:
        stored = await latest_policy(conn)
        proposal = (await newest_proposals(conn, limit=5))[0]
    assert stored is not None
    assert (stored.version, stored.policy, stored.author) == (version, CHANGED, f"account:{desk.zhao}")
    assert (proposal.outcome, proposal.decided_by_name, proposal.version) == (
        Outcome.APPROVED,
        "qian",
        version,
    )
    zhao, qian = f"account:{desk.zhao}", f"account:{desk.qian}"
    assert await desk.events() == [
        (
            zhao,
            "queue_policy_proposed",
            f"proposal={proposal_id} based_on=0 moves_waiting=false may_lower=false",
        ),
        (zhao, "queue_policy_stored", f"version={version} author={zhao}"),
        (qian, "queue_policy_approved", f"proposal={proposal_id} proposer={zhao} version={version}"),
    ]


async def test_refuse_and_withdraw__change_no_rule(desk: Desk) -> None:
    """A colleague refuses, the proposer withdraws, and neither can be done in place of the other."""
    refused = await desk.propose()
    with pytest.raises(SameAccountError):
        await desk.decide(refused, Outcome.WITHDRAWN, desk.qian)
    assert await desk.decide(refused, Outcome.REFUSED, desk.qian) is None
    withdrawn = await desk.propose()
    assert await desk.decide(withdrawn, Outcome.WITHDRAWN, desk.zhao) is None
    for proposal_id in (refused, withdrawn):
        with pytest.raises(ProposalClosedError):
            await desk.decide(proposal_id, Outcome.APPROVED, desk.qian)
    with pytest.raises(ProposalUnknownError):
        await desk.decide(withdrawn + 1, Outcome.APPROVED, desk.qian)
    assert [event for _, event, _ in await desk.events()] == [
        "queue_policy_proposed",
        "queue_policy_refused",
        "queue_policy_proposed",
        "queue_policy_withdrawn",
    ]
    assert await desk.pool.fetchval("SELECT count(*) FROM queue_policies") == 0


async def test_propose__is_refused_on_an_outdated_version_and_beside_an_open_proposal(desk: Desk) -> None:
    """What others have changed meanwhile is never overwritten unseen, and a typed port has to exist."""
    with pytest.raises(QueuePolicyInvalidError, match="XXX"):
        await desk.propose(policy=QueuePolicy(shift_by_port={"XXX": 1}))
    proposal_id = await desk.propose()
    with pytest.raises(ProposalOpenError, match=str(proposal_id)):
        await desk.propose()
    async with desk.pool.acquire() as conn, conn.transaction():
        version = await store_policy(conn, QueuePolicy(max_tries=9), author="system:cli")
    with pytest.raises(ProposalOutdatedError):
        await desk.decide(proposal_id, Outcome.APPROVED, desk.qian)
    await desk.decide(proposal_id, Outcome.REFUSED, desk.qian)
    with pytest.raises(ProposalOutdatedError, match=f"version {version}"):
        await desk.propose()
    assert await desk.propose(based_on=version) > proposal_id


async def test_approve__waits_for_an_operator_who_stores_a_version(desk: Desk) -> None:
    """The console's change, not yet committed, makes the approval outdated instead of being lost."""
    proposal_id = await desk.propose()
    async with desk.pool.acquire() as conn:
        change = conn.transaction()
        await change.start()
        await store_policy(conn, QueuePolicy(max_tries=9), author="system:cli")
        approving = asyncio.create_task(desk.decide(proposal_id, Outcome.APPROVED, desk.qian))
        await asyncio.sleep(0.2)
        assert not approving.done()
        await change.commit()
    with pytest.raises(ProposalOutdatedError):
        await approving
    assert await desk.pool.fetchval("SELECT count(*) FROM queue_policies") == 1


async def test_approve__two_at_once_store_one_version(desk: Desk) -> None:
    """Of two colleagues who press at the same moment one is told that it is decided."""
    async with desk.pool.acquire() as conn:
        third = await seed_account(conn, "sun", "supervisor")
    proposal_id = await desk.propose()
    results = await asyncio.gather(
        *(desk.decide(proposal_id, Outcome.APPROVED, account) for account in (desk.qian, third)),
        return_exceptions=True,
    )
    assert [type(result) for result in results if isinstance(result, BaseException)] == [ProposalClosedError]
    assert await desk.pool.fetchval("SELECT count(*) FROM queue_policies") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE queue_policy_proposals SET outcome = 'refused', decided_by = proposer, decided_at = now()",
        "UPDATE queue_policy_proposals SET outcome = 'withdrawn', decided_at = now(), decided_by ="
        " (SELECT account_id FROM accounts WHERE login = 'qian')",
        "UPDATE queue_policy_proposals SET outcome = 'approved', decided_at = now(), decided_by ="
        " (SELECT account_id FROM accounts WHERE login = 'qian')",
        "UPDATE queue_policy_proposals SET body = '{}'",
        "UPDATE queue_policy_proposals SET proposer = (SELECT account_id FROM accounts WHERE login = 'qian')",
        "DELETE FROM queue_policy_proposals",
        "INSERT INTO queue_policy_proposals (based_on, body, proposer)"
        " SELECT based_on, body, proposer FROM queue_policy_proposals",
    ],
)
async def test_database__refuses_what_the_program_would_never_do(desk: Desk, statement: str) -> None:
    """No statement lets one person decide alone, changes a proposal or approves without a version."""
    await desk.propose()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await desk.pool.execute(statement)


async def test_decided__stays_decided_in_the_database(desk: Desk) -> None:
    """Not even a statement at the console re-opens a proposal."""
    await desk.decide(await desk.propose(), Outcome.REFUSED, desk.qian)
    with pytest.raises(asyncpg.RestrictViolationError):
        await desk.pool.execute(
            "UPDATE queue_policy_proposals SET outcome = NULL, decided_by = NULL, decided_at = NULL"
        )


async def test_move_as_approved__moves_once_and_only_what_was_asked_for(
    make_room: MakeRoom, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many cases as foretold are ranked anew, by the approver, once every process follows the change."""
    room = make_room()
    for port in ("YTN", "SKZ"):
        for risk in (0.0, 0.35, 0.95):
            await room.open(port=port, risk=risk)
    async with desk.pool.acquire() as conn:
        effect = await find_effect(conn, CHANGED, before=QueuePolicy())
    proposal_id = await desk.propose(moves_waiting=True)
    queue = ReviewQueue(desk.pool, PolicyHolder(CHANGED))
    assert await move_as_approved(queue, desk.pool) is None, "nobody has approved it"
    await desk.decide(proposal_id, Outcome.APPROVED, desk.qian)
    assert await move_as_approved(queue, desk.pool) is None, "not every process follows it yet"
    monkeypatch.setattr("review_queue.policy_proposals.NOTICED_WITHIN_S", 0.0)
    assert await move_as_approved(queue, desk.pool) == effect.n_sooner == 2
    assert await move_as_approved(queue, desk.pool) is None
    async with desk.pool.acquire() as conn:
        assert (await newest_proposals(conn, limit=1))[0].n_moved == 2
    moved_by = await desk.pool.fetch("SELECT actor FROM audit WHERE event = 'case_reprioritized'")
    assert [row["actor"] for row in moved_by] == [f"account:{desk.qian}"] * 2
    await room.check()


async def test_find_effect__tells_who_could_review_and_what_is_looked_at_twice(
    make_room: MakeRoom, pool: asyncpg.Pool
) -> None:
    """Qualifications count reviewers of other ports who hold all bits; shares follow the waiting risks."""
    room = make_room()
    for risk in (0.2, 0.65, 0.65, 0.95):
        await room.open(port="SKZ", risk=risk)
    async with pool.acquire() as conn:
        await seed_account(conn, "local", "reviewer", "SKZ", 3)
        await seed_account(conn, "able", "reviewer", "YTN", 3)
        await seed_account(conn, "plain", "reviewer", "YTN", 0)
        policy = QueuePolicy(
            quals_by_reason={CaseReason.FINDING: 2},
            second_review_min_risk=0.65,
            second_review_sample_by_verdict={Verdict.INSPECT: 0.1},
            sla_s=(60.0,) * 16,
        )
        effect = await find_effect(conn, policy, before=QueuePolicy())
    assert [(kind.port, kind.n, kind.quals, kind.n_able, kind.n_able_before) for kind in effect.kinds] == [
        ("SKZ", 4, 2, 1, 2)
    ]
    assert effect.second_share_before == {Verdict.RELEASE: 0.25, Verdict.INSPECT: 0.0, Verdict.RESCAN: 0.0}
    assert effect.second_share == {
        Verdict.RELEASE: 0.75,
        Verdict.INSPECT: pytest.approx(0.1),
        Verdict.RESCAN: 0.0,
    }
    assert (effect.n_sooner, effect.n_later, effect.n_due_sooner, effect.verdict_share) == (0, 0, 4, {})


def test_errors__have_codes_of_their_own() -> None:
    """A page chooses its words by them."""
    errors: list[type[QueueError]] = [
        ProposalClosedError,
        ProposalOpenError,
        ProposalOutdatedError,
        ProposalUnknownError,
        SameAccountError,
    ]
    assert len({error.code for error in errors}) == len(errors)
