"""How two supervisors change the queue's policy: one proposes, another approves.

Invariants, by the database: who approves or refuses is not who proposed, who withdraws is; what was proposed
or decided never changes; at most one proposal is open. By the lock that ``policy_store`` takes too: a
proposal is made on, and approved over, the version that is in force, so that no change is overwritten unseen.
Each step writes its audit event in its own transaction.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg

from review_queue import audit
from review_queue.audit import Connection, account_actor
from review_queue.errors import (
    ProposalClosedError,
    ProposalOpenError,
    ProposalOutdatedError,
    ProposalUnknownError,
    SameAccountError,
)
from review_queue.policy import QueuePolicy
from review_queue.policy_store import check_against_store, lock_versions, store_policy
from review_queue.queue import ReviewQueue

# A change of the policy is followed by every process within two seconds of its commit.
NOTICED_WITHIN_S = 2.0

COLUMNS = """
    q.proposal_id, q.based_on, q.body::text AS body, q.note, q.moves_waiting, q.may_lower, q.proposer,
    p.display_name AS proposer_name, q.proposed_at, q.outcome, q.decided_by,
    d.display_name AS decided_by_name, q.decided_at, q.version, q.n_moved
"""
TABLES = """
    queue_policy_proposals q JOIN accounts p ON p.account_id = q.proposer
    LEFT JOIN accounts d ON d.account_id = q.decided_by
"""
INSERT = """
INSERT INTO queue_policy_proposals (based_on, body, note, moves_waiting, may_lower, proposer)
VALUES ($1, $2::text::jsonb, $3, $4, $5, $6) RETURNING proposal_id
"""
DECIDE = """
UPDATE queue_policy_proposals SET outcome = $2, decided_by = $3, decided_at = clock_timestamp(), version = $4
WHERE proposal_id = $1
"""
OPEN = "SELECT proposal_id FROM queue_policy_proposals WHERE outcome IS NULL"
LOCK = "SELECT proposal_id FROM queue_policy_proposals WHERE proposal_id = $1 FOR UPDATE"
ONE = f"SELECT {COLUMNS} FROM {TABLES} WHERE q.proposal_id = $1"
# $1 how many.
NEWEST = f"SELECT {COLUMNS} FROM {TABLES} ORDER BY q.proposal_id DESC LIMIT $1"

# The approved change whose waiting cases are to be moved, if it is in force everywhere. $1 seconds.
TO_MOVE = """
SELECT proposal_id, decided_by, may_lower FROM queue_policy_proposals
WHERE outcome = 'approved' AND moves_waiting AND moved_at IS NULL
    AND decided_at < clock_timestamp() - make_interval(secs => $1)
ORDER BY decided_at LIMIT 1
"""
MOVED = "UPDATE queue_policy_proposals SET moved_at = clock_timestamp(), n_moved = $2 WHERE proposal_id = $1"
LOCK_MOVING = "SELECT pg_try_advisory_xact_lock('queue_policy_proposals'::regclass::oid::bigint)"


class Outcome(StrEnum):
    """What became of a proposal."""

    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One proposal.

    Attributes:
        proposal_id: Its number.
        based_on: The version in force when it was made; 0 for the defaults.
        policy: The rules proposed, with the default ``lease_ttl_s``.
        note: Why, in the proposer's words.
        moves_waiting: Whether cases that wait already are ranked anew once it is approved.
        may_lower: Whether others of them come later.
        proposer: An account; likewise ``decided_by``.
        proposer_name: How they are shown.
        proposed_at: When.
        outcome: ``None`` while it is open.
        decided_by: Who approved, refused or withdrew it.
        decided_by_name: How they are shown.
        decided_at: When.
        version: The version it became.
        n_moved: How many waiting cases were moved; ``None`` if that is not asked for, or not yet done.
    """

    proposal_id: int
    based_on: int
    policy: QueuePolicy
    note: str
    moves_waiting: bool
    may_lower: bool
    proposer: int
    proposer_name: str
    proposed_at: datetime
    outcome: Outcome | None
    decided_by: int | None
    decided_by_name: str | None
    decided_at: datetime | None
    version: int | None
    n_moved: int | None


async def propose(
    conn: Connection,
    policy: QueuePolicy,
    *,
    account_id: int,
    based_on: int,
    note: str = "",
    moves_waiting: bool = False,
    may_lower: bool = False,
) -> int:
    """Propose a policy, in the caller's transaction.

    Args:
        conn: In a transaction.
        policy: The rules; all but ``lease_ttl_s`` count.
        account_id: Who proposes.
        based_on: The version that they have changed; 0 for the defaults.
        note: Why.
        moves_waiting: Whether cases that wait are ranked anew too.
        may_lower: Whether they may come later by it.

    Returns:
        The proposal's number.

    Raises:
        ProposalOutdatedError: If another version is in force.
        ProposalOpenError: If another proposal is open.
        QueuePolicyInvalidError: See ``check_against_store``.
    """
    await check_against_store(conn, policy)
    in_force = await lock_versions(conn)
    if in_force != based_on:
        raise ProposalOutdatedError(
            f"made on version {based_on}, but version {in_force} is in force; start from that one"
        )
    other = await conn.fetchval(OPEN)
    if other is not None:
        raise ProposalOpenError(
            f"proposal {other} is open; it has to be approved, refused or withdrawn first"
        )
    proposal_id = int(
        await conn.fetchval(
            INSERT, based_on, json.dumps(policy.to_json()), note, moves_waiting, may_lower, account_id
        )
    )
    detail = f"proposal={proposal_id} based_on={based_on} moves_waiting={moves_waiting} may_lower={may_lower}"
    await audit.record(
        conn, actor=account_actor(account_id), event="queue_policy_proposed", detail=detail.lower()
    )
    return proposal_id


async def decide_proposal(
    conn: Connection, proposal_id: int, outcome: Outcome, *, account_id: int
) -> int | None:
    """Approve, refuse or withdraw a proposal, in the caller's transaction.

    Returns:
        The new version, if it is approved.

    Raises:
        ProposalUnknownError: If there is no such proposal.
        ProposalClosedError: If it is decided already.
        SameAccountError: If whoever proposed it approves or refuses it, or somebody else withdraws it.
        ProposalOutdatedError: If it is to be approved, and another version than it was made on is in force.
    """
    in_force = await lock_versions(conn)
    await conn.execute(LOCK, proposal_id)
    proposal = await _get(conn, proposal_id)
    if proposal.outcome is not None:
        raise ProposalClosedError(f"proposal {proposal_id} is {proposal.outcome} already")
    if (outcome is Outcome.WITHDRAWN) != (account_id == proposal.proposer):
        raise SameAccountError(
            f"proposal {proposal_id} is by account {proposal.proposer}: "
            "only they withdraw it, only others decide"
        )
    version = None
    if outcome is Outcome.APPROVED:
        if in_force != proposal.based_on:
            raise ProposalOutdatedError(
                f"proposal {proposal_id} was made on version {proposal.based_on}, but version {in_force} "
                "is in force; refuse it and propose anew"
            )
        version = await store_policy(conn, proposal.policy, author=account_actor(proposal.proposer))
    await conn.execute(DECIDE, proposal_id, outcome, account_id, version)
    detail = f"proposal={proposal_id} proposer={account_actor(proposal.proposer)}"
    await audit.record(
        conn,
        actor=account_actor(account_id),
        event=f"queue_policy_{outcome}",
        detail=detail if version is None else f"{detail} version={version}",
    )
    return version


async def newest_proposals(conn: Connection, *, limit: int) -> list[Proposal]:
    """Return the newest proposals, the newest first: an open one is always among them."""
    return [_proposal(row) for row in await conn.fetch(NEWEST, limit)]


async def move_as_approved(queue: ReviewQueue, pool: asyncpg.Pool) -> int | None:
    """Rank waiting cases anew where an approved change says so and every process follows it.

    Done again from the start if a process dies over it: what has moved does not move again.

    Returns:
        How many were moved; ``None`` if nothing is to be done, or another process is at it.
    """
    async with pool.acquire() as conn, conn.transaction():
        due = await conn.fetchrow(TO_MOVE, NOTICED_WITHIN_S)
        if due is None or not await conn.fetchval(LOCK_MOVING):
            return None
        # Another process may have done it between the two statements.
        due = await conn.fetchrow(TO_MOVE, NOTICED_WITHIN_S)
        if due is None:
            return None
        n_moved = await queue.reprioritize_waiting(
            actor=account_actor(due["decided_by"]), may_lower=due["may_lower"]
        )
        await conn.execute(MOVED, due["proposal_id"], n_moved)
    return n_moved


async def _get(conn: Connection, proposal_id: int) -> Proposal:
    row = await conn.fetchrow(ONE, proposal_id)
    if row is None:
        raise ProposalUnknownError(f"there is no proposal {proposal_id}")
    return _proposal(row)


def _proposal(row: asyncpg.Record) -> Proposal:
    values = dict(row)
    policy = QueuePolicy.from_json(json.loads(values.pop("body")))
    outcome = values.pop("outcome")
    return Proposal(policy=policy, outcome=None if outcome is None else Outcome(outcome), **values)
