"""Stored versions of the policy, and that a running queue follows them."""

import json
from dataclasses import replace

import asyncpg
import pytest

from review_queue.cases import CaseReason, NewCase, Verdict
from review_queue.errors import QueuePolicyInvalidError
from review_queue.policy import QueuePolicy
from review_queue.policy_store import PolicyHolder, latest_policy, policy_in_force, store_policy
from review_queue.queue import ReviewQueue
from review_queue.reason_codes import DEFAULT_REASON_CODES, ReasonCode
from tests.integration.queue.conftest import MakeRoom, QueueRoom
from tests.seed import seed_ports, seed_scan

PREFERS_SHEKOU = QueuePolicy(shift_by_port={"SKZ": -4}, second_review_verdicts=frozenset({Verdict.RESCAN}))


async def store(pool: asyncpg.Pool, policy: QueuePolicy, author: str = "account:7") -> int:
    """Store a version as an operator does."""
    async with pool.acquire() as conn, conn.transaction():
        return await store_policy(conn, policy, author=author)


async def test_store_policy__keeps_every_version_and_audits_it(pool: asyncpg.Pool) -> None:
    """Each version has its audit event, by the same author, from the same transaction."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
        assert await latest_policy(conn) is None
        first = await store(pool, QueuePolicy(max_tries=5))
        second = await store(pool, PREFERS_SHEKOU, author="system:cli")
        latest = await latest_policy(conn)
        assert latest is not None
        assert (latest.version, latest.author, latest.policy) == (second, "system:cli", PREFERS_SHEKOU)
        rolled_back = conn.transaction()
        await rolled_back.start()
        await store_policy(conn, QueuePolicy(), author="account:7")
        await rolled_back.rollback()
        rows = await conn.fetch("SELECT actor, detail FROM audit WHERE event = 'queue_policy_stored'")
        assert sorted(tuple(row) for row in rows) == [
            ("account:7", f"version={first} author=account:7"),
            ("system:cli", f"version={second} author=system:cli"),
        ]
        assert await conn.fetchval("SELECT count(*) FROM queue_policies") == 2


async def test_store_policy__a_port_that_does_not_exist_is_refused(pool: asyncpg.Pool) -> None:
    """A misspelt port would shift nothing, silently."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
    with pytest.raises(QueuePolicyInvalidError, match="SZK"):
        await store(pool, QueuePolicy(shift_by_port={"SKZ": 1, "SZK": 1}))
    assert await pool.fetchval("SELECT count(*) FROM queue_policies") == 0


async def test_store_policy__no_version_loses_a_reason(pool: asyncpg.Pool) -> None:
    """A decision may carry every code that ever was in force, so none is forgotten; it may be retired."""
    smell = ReasonCode(code="smell", zh="异味", en="Smell", verdicts=frozenset({Verdict.RESCAN}))
    with pytest.raises(QueuePolicyInvalidError, match=r"contraband.*no_anomaly"):
        await store(pool, QueuePolicy(reason_codes=(smell,)))
    await store(pool, QueuePolicy(reason_codes=(smell, *DEFAULT_REASON_CODES)))
    with pytest.raises(QueuePolicyInvalidError, match="leaves out smell,"):
        await store(pool, QueuePolicy())
    retired = QueuePolicy(reason_codes=(*DEFAULT_REASON_CODES, replace(smell, verdicts=frozenset())))
    await store(pool, retired)
    async with pool.acquire() as conn:
        assert await policy_in_force(conn) == retired


async def test_refresh__a_change_reaches_two_running_queues(make_room: MakeRoom, pool: asyncpg.Pool) -> None:
    """Without a restart both queues order by the new rules, and each keeps its own lease time."""
    holders = [PolicyHolder(QueuePolicy(lease_ttl_s=seconds)) for seconds in (30.0, 60.0)]
    rooms = [QueueRoom(pool=pool, queue=ReviewQueue(pool, holder)) for holder in holders]
    make_room()
    version = await store(pool, PREFERS_SHEKOU)
    assert [await holder.refresh(pool) for holder in holders] == [True, True]
    assert [await holder.refresh(pool) for holder in holders] == [False, False]
    assert {holder.version for holder in holders} == {version}
    assert [holder.current.lease_ttl_s for holder in holders] == [30.0, 60.0]
    # By default a finding of this risk is in band 5 whatever its port.
    for room in rooms:
        yantian, shekou = await room.open(port="YTN"), await room.open(port="SKZ")
        reviewer = await room.hire(f"r{yantian}")
        lease = await room.claim(reviewer)
        assert (lease.case_id, 29 < lease.ttl_s <= room.queue.policy.lease_ttl_s) == (shekou, True)
        outcome = await room.decide(reviewer, lease, Verdict.RESCAN)
        assert outcome.disposition is not None, "the risk is too small for a second review"
        assert (await room.claim(reviewer)).case_id == yantian


async def test_refresh__what_cannot_be_read_changes_nothing(pool: asyncpg.Pool) -> None:
    """A version with words that this program does not know leaves the old rules in force, and is named."""
    holder = PolicyHolder(QueuePolicy())
    version = await store(pool, QueuePolicy(max_tries=7))
    await holder.refresh(pool)
    body = json.dumps({"max_tries": 9, "moon_phase": 1})
    newer = await pool.fetchval(
        "INSERT INTO queue_policies (body, author) VALUES ($1::text::jsonb, 'x') RETURNING version", body
    )
    with pytest.raises(QueuePolicyInvalidError, match=f"version {newer} .*moon_phase"):
        await holder.refresh(pool)
    assert (holder.version, holder.current.max_tries) == (version, 7)
    await store(pool, QueuePolicy(max_tries=8))
    assert await holder.refresh(pool)
    assert holder.current.max_tries == 8


async def test_claim_next_case__ports_and_kinds_go_in_the_order_of_the_policy(make_room: MakeRoom) -> None:
    """Shifts by port, modality and reason decide who is first among cases of equal risk."""
    policy = QueuePolicy(
        shift_by_port={"SKZ": -2},
        shift_by_modality={"under_vehicle": -1},
        shift_by_reason={CaseReason.DECLARATION_MISMATCH: -4},
    )
    room = make_room(policy)
    kinds = [
        ("YTN", "cargo", CaseReason.FINDING),
        ("YTN", "under_vehicle", CaseReason.FINDING),
        ("SKZ", "cargo", CaseReason.FINDING),
        ("SKZ", "under_vehicle", CaseReason.FINDING),
        ("SKZ", "under_vehicle", CaseReason.DECLARATION_MISMATCH),
    ]
    opened = []
    async with room.pool.acquire() as conn:
        for port, modality, reason in kinds:
            scan_id = await seed_scan(conn, port=port, modality=modality)
            new = NewCase(scan_id=scan_id, port=port, modality=modality, reason=reason, risk=0.0)
            opened.append(await room.queue.open_case(conn, new))
    bands = [8, 7, 6, 5, 1]
    assert [row["band"] for row in await room.pool.fetch("SELECT band FROM cases ORDER BY case_id")] == bands
    people = [await room.hire(f"r{n}") for n in range(5)]
    assert [(await room.claim(person)).case_id for person in people] == opened[::-1]
    await room.check()


async def test_open_case__qualifications_follow_from_the_kind(make_room: MakeRoom) -> None:
    """A case needs what the policy asks of its modality and reason; who lacks it does not get the case."""
    policy = QueuePolicy(
        quals_by_modality={"under_vehicle": 0b001, "cargo": 0b100},
        quals_by_reason={CaseReason.FINDING: 0b010},
    )
    room = make_room(policy)

    async def open_one(qual_mask: int | None, reason: CaseReason = CaseReason.FINDING) -> int:
        async with room.pool.acquire() as conn:
            scan_id = await seed_scan(conn, modality="under_vehicle")
            new = NewCase(
                scan_id=scan_id,
                port="YTN",
                modality="under_vehicle",
                reason=reason,
                risk=0.5,
                qual_mask=qual_mask,
            )
            return await room.queue.open_case(conn, new)

    derived = await open_one(None)
    masks = {row["case_id"]: row["qual_mask"] for row in await room.ready()}
    assert masks == {derived: 0b011}
    assert await room.queue.claim_next_case(await room.hire("half", quals=0b001)) is None
    assert (await room.claim(await room.hire("both", quals=0b011))).case_id == derived
    given = await open_one(0)
    assert (await room.claim(await room.hire("none", quals=0))).case_id == given, "the caller's word counts"
    sampled = await open_one(None, CaseReason.SAMPLED)
    assert (await room.claim(await room.hire("one", quals=0b001))).case_id == sampled
    await room.check()
