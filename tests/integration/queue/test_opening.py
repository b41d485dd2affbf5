"""How scans enter the queue, leave it unseen, or come back."""

import pytest

from review_queue.cases import CaseReason, NewCase, Verdict
from review_queue.errors import (
    CaseExistsError,
    ScanDisposedError,
    ScanNotDisposedError,
    ScanUnknownError,
    ScreeningMissingError,
)
from tests.integration.queue.conftest import QueueRoom
from tests.seed import seed_policy, seed_scan, seed_screening


def new_case(scan_id: str) -> NewCase:
    """A plain case."""
    return NewCase(scan_id=scan_id, port="YTN", modality="cargo", reason=CaseReason.FINDING, risk=0.5)


async def cleared_scan(room: QueueRoom) -> str:
    """A scan that screening has cleared."""
    async with room.pool.acquire() as conn, conn.transaction():
        scan_id = await seed_scan(conn)
        await seed_screening(conn, scan_id, await seed_policy(conn), outcome="clear")
        await room.queue.clear_scan(conn, scan_id)
    return scan_id


async def reopen(room: QueueRoom, scan_id: str, risk: float = 0.6) -> int:
    """Re-open a scan as an analyst's rescore would."""
    async with room.pool.acquire() as conn, conn.transaction():
        return await room.queue.reopen_case(
            conn, scan_id, reason=CaseReason.REOPENED, risk=risk, screening_id=None, actor="system:rescore"
        )


async def test_open_case__once_per_scan(room: QueueRoom) -> None:
    """A scan has one case; a second opening is refused and the caller's transaction goes on."""
    async with room.pool.acquire() as conn, conn.transaction():
        scan_id = await seed_scan(conn)
        await room.queue.open_case(conn, new_case(scan_id))
        with pytest.raises(CaseExistsError):
            await room.queue.open_case(conn, new_case(scan_id))
        assert await conn.fetchval("SELECT count(*) FROM ready") == 1


async def test_open_case__rolled_back_with_its_transaction(room: QueueRoom) -> None:
    """A case whose screening was not committed does not exist."""
    async with room.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await room.queue.open_case(conn, new_case(await seed_scan(conn)))
        await transaction.rollback()
    assert await room.ready() == []


async def test_open_case__unknown_scan(room: QueueRoom) -> None:
    """A case needs a scan."""
    async with room.pool.acquire() as conn:
        with pytest.raises(ScanUnknownError, match="XR-0"):
            await room.queue.open_case(conn, new_case("XR-0"))


async def test_clear_scan__needs_a_screening_that_clears(room: QueueRoom) -> None:
    """No release without a stored screening, nor against the latest one."""
    async with room.pool.acquire() as conn:
        scan_id = await seed_scan(conn)
        with pytest.raises(ScreeningMissingError):
            await room.queue.clear_scan(conn, scan_id)
        policy = await seed_policy(conn)
        await seed_screening(conn, scan_id, policy, outcome="clear")
        await seed_screening(conn, scan_id, policy, outcome="flag")
        with pytest.raises(ScreeningMissingError):
            await room.queue.clear_scan(conn, scan_id)
        assert await conn.fetchval("SELECT count(*) FROM dispositions") == 0


async def test_clear_scan__has_the_final_word_once(room: QueueRoom) -> None:
    """A cleared scan has its disposition and audit row, and can be neither cleared again nor opened."""
    scan_id = await cleared_scan(room)
    row = await room.pool.fetchrow("SELECT * FROM dispositions WHERE scan_id = $1", scan_id)
    assert row is not None
    assert (row["cycle"], row["disposition"], row["source"]) == (1, "release", "screening")
    assert await room.pool.fetchval("SELECT event FROM audit WHERE scan_id = $1", scan_id) == "scan_cleared"
    async with room.pool.acquire() as conn:
        with pytest.raises(ScanDisposedError):
            await room.queue.clear_scan(conn, scan_id)
        with pytest.raises(ScanDisposedError):
            await room.queue.open_case(conn, new_case(scan_id))


async def test_clear_scan__not_while_a_person_decides(room: QueueRoom) -> None:
    """A scan with a case is not released by screening, not even after the case was closed."""
    case_id = await room.open()
    scan_id = await room.scan_of(case_id)
    async with room.pool.acquire() as conn:
        await seed_screening(conn, scan_id, await seed_policy(conn), outcome="clear")
        with pytest.raises(CaseExistsError):
            await room.queue.clear_scan(conn, scan_id)


async def test_reopen_case__cleared_scan_gets_its_first_case_at_cycle_two(room: QueueRoom) -> None:
    """Cycle 1 was the screening's; the person's decision is cycle 2 and leaves the first word in place."""
    scan_id = await cleared_scan(room)
    assert await reopen(room, scan_id) == 2
    reviewer = await room.hire("li")
    lease = await room.claim(reviewer)
    assert (lease.scan_id, lease.cycle, lease.reason) == (scan_id, 2, CaseReason.REOPENED)
    await room.decide(reviewer, lease, Verdict.INSPECT)
    rows = await room.pool.fetch("SELECT cycle, disposition FROM dispositions ORDER BY cycle")
    assert [tuple(row) for row in rows] == [(1, "release"), (2, "inspect")]


async def test_reopen_case__decided_case_starts_again(room: QueueRoom) -> None:
    """A closed case keeps its id, gets the next cycle and may go to the same reviewer again."""
    case_id = await room.open()
    reviewer = await room.hire("li")
    for cycle in (1, 2, 3):
        lease = await room.claim(reviewer)
        assert (lease.case_id, lease.cycle) == (case_id, cycle)
        await room.decide(reviewer, lease, Verdict.INSPECT)
        assert await reopen(room, lease.scan_id) == cycle + 1
    actors = await room.pool.fetch("SELECT actor FROM audit WHERE event = 'case_reopened'")
    assert {row["actor"] for row in actors} == {"system:rescore"}


async def test_reopen_case__open_or_unscreened_scans_are_refused(room: QueueRoom) -> None:
    """Only a scan with a final word can be re-opened."""
    scan_id = await room.scan_of(await room.open())
    with pytest.raises(CaseExistsError):
        await reopen(room, scan_id)
    async with room.pool.acquire() as conn:
        fresh = await seed_scan(conn)
    with pytest.raises(ScanNotDisposedError):
        await reopen(room, fresh)
