"""Rest after continuous review."""

import pytest

from review_queue.cases import Verdict
from review_queue.errors import RestDueError
from review_queue.policy import QueuePolicy
from tests.integration.queue.conftest import MakeRoom, QueueRoom

AGE = "UPDATE seats SET working_since = working_since - make_interval(secs => $1)"
REST = "UPDATE seats SET left_at = left_at - make_interval(secs => $1)"


@pytest.fixture
def room(make_room: MakeRoom) -> QueueRoom:
    """A queue where a rest of 60 s is due after 600 s."""
    return make_room(QueuePolicy(pause_after_s=600, rest_s=60))


async def test_claim__is_refused_while_a_rest_is_due(room: QueueRoom) -> None:
    """After too long without a break the case at hand is finished, and the next one comes after the rest."""
    for _ in range(3):
        await room.open()
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    await room.pool.execute(AGE, 601.0)
    assert (await room.claim(reviewer)).token == lease.token, "the case at hand stays"
    assert await room.queue.prefetch_case(reviewer) is None, "no further one is put behind it"
    await room.decide(reviewer, lease, Verdict.INSPECT)
    with pytest.raises(RestDueError) as caught:
        await room.queue.claim_next_case(reviewer)
    assert 55 < caught.value.retry_after_s <= 60
    await room.pool.execute(REST, 61.0)
    await room.claim(reviewer)
    assert await room.queue.prefetch_case(reviewer) is not None, "the count has begun anew"
    await room.check()


async def test_claim__a_short_pause_is_no_rest(room: QueueRoom) -> None:
    """Time goes on through pauses shorter than a rest; a rest taken early begins the count anew."""
    for _ in range(4):
        await room.open()
    reviewer = await room.hire("li")
    await room.claim(reviewer)
    await room.pool.execute(AGE, 400.0)
    await room.queue.release_leases(reviewer)
    await room.pool.execute(REST, 30.0)
    await room.claim(reviewer)
    await room.pool.execute(AGE, 201.0)
    await room.queue.release_leases(reviewer)
    with pytest.raises(RestDueError):
        await room.queue.claim_next_case(reviewer)
    await room.pool.execute(REST, 61.0)
    await room.claim(reviewer)
    working_s = await room.pool.fetchval(
        "SELECT extract(epoch FROM clock_timestamp() - working_since) FROM seats WHERE slot = 0"
    )
    assert working_s < 5
    await room.check()


async def test_claim__a_case_that_waits_goes_back_when_a_rest_is_due(room: QueueRoom) -> None:
    """When the case at hand ran out, the one behind it is not kept from others during the rest."""
    for _ in range(2):
        await room.open()
    reviewer = await room.hire("li")
    await room.claim(reviewer)
    assert await room.queue.prefetch_case(reviewer) is not None
    await room.pool.execute(AGE, 601.0)
    await room.pool.execute("UPDATE seats SET until = clock_timestamp() WHERE slot = 0")
    with pytest.raises(RestDueError):
        await room.queue.claim_next_case(reviewer)
    assert len(await room.ready()) == 2
    await room.check()


async def test_claim__without_a_limit_nobody_rests(make_room: MakeRoom) -> None:
    """An operator who sets 0 turns it off."""
    room = make_room(QueuePolicy(pause_after_s=0, rest_s=60))
    for _ in range(2):
        await room.open()
    reviewer = await room.hire("li")
    await room.claim(reviewer)
    await room.pool.execute(AGE, 1e6)
    await room.queue.release_leases(reviewer)
    await room.claim(reviewer)
