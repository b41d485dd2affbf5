"""How leases end: heartbeat, release, expiry, restarts, a changed clock."""

import asyncio

import asyncpg
import pytest

from review_queue import statements
from review_queue.cases import Role, Stage, Verdict
from review_queue.policy import QueuePolicy
from review_queue.ranking import DailySecrets
from tests.integration.queue.conftest import MakeRoom, QueueRoom


async def test_release_leases__both_cases_go_back_with_fresh_ranks(room: QueueRoom) -> None:
    """Pause empties both seats; the cases are ready again at other ranks, with one more try."""
    await room.open()
    await room.open()
    before = {row["case_id"]: row["rank"] for row in await room.ready()}
    reviewer = await room.hire("li")
    await room.claim(reviewer)
    await room.queue.prefetch_case(reviewer)
    assert await room.ready() == []
    await room.queue.release_leases(reviewer)
    after = await room.ready()
    assert {row["case_id"] for row in after} == set(before)
    assert all(row["rank"] != before[row["case_id"]] for row in after)
    assert [(row["tries"], row["n_expired"]) for row in after] == [(1, 0), (1, 0)]
    await room.queue.release_leases(reviewer)
    await room.queue.release_leases(await room.hire("no-seats-yet"))


async def test_extend_leases__keeps_both_and_names_the_lost(room: QueueRoom) -> None:
    """A heartbeat lengthens live leases and tells which cases are gone."""
    for _ in range(2):
        await room.open()
    reviewer = await room.hire("li")
    current = await room.claim(reviewer)
    waiting = await room.queue.prefetch_case(reviewer)
    assert waiting is not None
    await room.pool.execute(
        "UPDATE seats SET until = clock_timestamp() + interval '5 s' WHERE until IS NOT NULL"
    )
    held = [(current.case_id, current.token), (waiting.case_id, waiting.token)]
    ttl_s, lost = await room.queue.extend_leases(reviewer, [*held, (999, 1)])
    assert 89 < ttl_s <= 90
    assert lost == [999]
    await room.expire_all()
    assert (await room.queue.extend_leases(reviewer, held))[1] == [current.case_id, waiting.case_id]


async def test_extend_leases__case_shown_meanwhile_is_not_lost(room: QueueRoom) -> None:
    """A heartbeat that was under way while the waiting case was shown does not report it lost."""
    for _ in range(2):
        await room.open()
    reviewer = await room.hire("li")
    current = await room.claim(reviewer)
    waiting = await room.queue.prefetch_case(reviewer)
    assert waiting is not None
    await room.decide(reviewer, current, Verdict.INSPECT)
    old = [(current.case_id, current.token), (waiting.case_id, waiting.token)]
    assert (await room.queue.extend_leases(reviewer, old))[1] == [current.case_id]


async def test_extend_leases__case_being_shown_is_not_lost(room: QueueRoom) -> None:
    """A heartbeat that waits for the move of the waiting case to an empty slot 0 finds it there."""
    for _ in range(2):
        await room.open()
    reviewer = await room.hire("li")
    await room.claim(reviewer)
    waiting = await room.queue.prefetch_case(reviewer)
    assert waiting is not None
    await room.pool.execute("UPDATE seats SET until = clock_timestamp() WHERE slot = 0 AND until IS NOT NULL")
    await room.queue.sweep_expired()
    async with room.pool.acquire() as conn, conn.transaction():
        assert await conn.fetchrow(statements.SHOW, reviewer.account_id, 90.0, "account:1", 300.0)
        refs = [(waiting.case_id, waiting.token)]
        heartbeat = asyncio.create_task(room.queue.extend_leases(reviewer, refs))
        await asyncio.sleep(0.2)
        assert not heartbeat.done(), "it waits for the seats"
    assert (await heartbeat)[1] == []


async def test_extend_leases__no_longer_than_the_longest_hold(make_room: MakeRoom) -> None:
    """A page that only sends heartbeats loses its case after max_hold_s."""
    room = make_room(QueuePolicy(max_hold_s=120))
    await room.open()
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    await room.pool.execute("UPDATE seats SET shown_at = clock_timestamp() - interval '100 s' WHERE slot = 0")
    ttl_s, _ = await room.queue.extend_leases(reviewer, [(lease.case_id, lease.token)])
    assert 18 < ttl_s <= 20


async def test_sweep_expired__returns_every_abandoned_case(room: QueueRoom) -> None:
    """The sweep gives back shown and waiting cases of everybody, and nothing that lives."""
    for _ in range(4):
        await room.open()
    gone, here = await room.hire("gone"), await room.hire("here")
    for reviewer in (gone, here):
        await room.claim(reviewer)
        await room.queue.prefetch_case(reviewer)
    await room.pool.execute("UPDATE seats SET until = clock_timestamp() WHERE reviewer = $1", gone.account_id)
    assert await room.queue.sweep_expired() == 2
    assert await room.queue.sweep_expired() == 0
    rows = sorted((row["tries"], row["n_expired"]) for row in await room.ready())
    assert rows == [(1, 0), (1, 1)], "only the shown one counts as expired"


async def test_claim_next_case__expired_lease_is_offered_again_without_a_sweep(room: QueueRoom) -> None:
    """A claim that finds nothing looks for expired leases itself: abandoned cases wait for no timer."""
    case_id = await room.open()
    await room.claim(await room.hire("gone"))
    await room.expire_all()
    assert (await room.claim(await room.hire("here"))).case_id == case_id


async def test_sweep_expired__third_expired_lease_goes_to_a_supervisor(room: QueueRoom) -> None:
    """A case that three reviewers let run out is a supervisor's; pauses in between do not count."""
    case_id = await room.open()
    reviewer = await room.hire("li")
    for n in range(3):
        assert (await room.claim(reviewer)).stage is Stage.PRIMARY
        await room.queue.release_leases(reviewer)
        await room.claim(reviewer)
        await room.expire_all()
        assert await room.queue.sweep_expired() == 1, n
    assert await room.queue.claim_next_case(reviewer) is None
    lease = await room.claim(await room.hire("boss", Role.SUPERVISOR))
    assert (lease.case_id, lease.stage) == (case_id, Stage.SUPERVISOR)


async def test_sweep_expired__clock_set_back_does_not_keep_a_case(room: QueueRoom) -> None:
    """A lease that ends too far in the future (the clock went back a day) is cut to one lease time."""
    await room.open()
    await room.claim(await room.hire("li"))
    await room.pool.execute("UPDATE seats SET until = until + interval '1 day' WHERE slot = 0")
    await room.queue.sweep_expired()
    left = await room.pool.fetchval(
        "SELECT extract(epoch FROM until - clock_timestamp()) FROM seats WHERE slot = 0"
    )
    assert left <= 90


async def test_holds_case__either_slot_while_it_lives(room: QueueRoom) -> None:
    """Pixels may be read from both slots, by nobody else, and not after the lease ended."""
    for _ in range(2):
        await room.open()
    reviewer, other = await room.hire("li"), await room.hire("wang")
    current = await room.claim(reviewer)
    waiting = await room.queue.prefetch_case(reviewer)
    assert waiting is not None
    for case_id in (current.case_id, waiting.case_id):
        assert await room.queue.holds_case(reviewer.account_id, case_id)
        assert not await room.queue.holds_case(other.account_id, case_id)
    await room.expire_all()
    assert not await room.queue.holds_case(reviewer.account_id, current.case_id)


async def test_leases__survive_a_restart_of_the_program(make_room: MakeRoom) -> None:
    """Another process, with nothing in memory, knows the lease and takes the decision."""
    before, after = make_room(), make_room()
    await before.open()
    reviewer = await before.hire("li")
    lease = await before.claim(reviewer)
    assert (await after.claim(reviewer)).token == lease.token
    await after.decide(reviewer, lease, Verdict.INSPECT)
    await after.check()


async def test_daily_secret__made_once_and_committed_in_the_audit(make_room: MakeRoom) -> None:
    """Two processes share the day's secret; its commitment was audited, tomorrow's is made ahead of time."""
    one, two = make_room(), make_room()
    await one.open()
    await two.open()
    await two.queue.sweep_expired()
    rows = await one.pool.fetch("SELECT day, commitment FROM rank_secrets ORDER BY day")
    assert len(rows) == 2
    details = await one.pool.fetch(
        "SELECT detail FROM audit WHERE event = 'rank_secret_committed' ORDER BY seq"
    )
    assert [row["detail"] for row in details] == [
        f"day={row['day']} commitment={row['commitment'].hex()}" for row in rows
    ]
    await one.check()


async def test_daily_secret__of_a_rolled_back_case_is_kept(make_room: MakeRoom) -> None:
    """The secret is committed on its own, so a case that was rolled back leaves no rank without a secret."""
    room = make_room()
    async with room.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await DailySecrets(room.pool).of(conn, await conn.fetchval("SELECT current_date"))
        await transaction.rollback()
    await room.open()
    await room.check()


@pytest.mark.parametrize("table", ["audit", "decisions", "dispositions", "screenings"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET {} = NULL"])
async def test_append_only__change_is_refused(room: QueueRoom, table: str, change: str) -> None:
    """What was written about a decision can be neither changed nor removed."""
    column = {"audit": "detail", "decisions": "note"}.get(table, "scan_id")
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await room.pool.execute(change.format(table, column))
