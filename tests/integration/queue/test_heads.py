"""Where claims begin: a head may be old, but whoever claims gets the best case there is for them."""

import asyncio

import asyncpg
import pytest

from review_queue import claim_statements, heads, statements
from review_queue.cases import CaseReason, NewCase, Reviewer
from review_queue.claims import Ask
from tests.integration.queue.conftest import MakeRoom, QueueRoom
from tests.integration.queue.test_concurrency import hold_seat_open
from tests.seed import seed_scan


@pytest.fixture(autouse=True)
def heads_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no head be found again because time has passed."""
    monkeypatch.setattr(heads, "MAX_AGE_S", 3600.0)


@pytest.fixture
async def people(room: QueueRoom) -> list[Reviewer]:
    """Reviewers of no port who have their seats, so that the plain claim serves them."""
    hired = [await room.hire(f"r{n}") for n in range(6)]
    for person in hired:
        await room.pool.execute(statements.MAKE_SEATS, person.account_id)
    return hired


async def test_claim__a_better_case_of_another_process_is_found_at_once(
    make_room: MakeRoom, people: list[Reviewer]
) -> None:
    """A case that comes below the head, from a process that knows nothing of it, is the next one."""
    room, other_process = make_room(), make_room()
    for _ in range(3):
        await room.open(risk=0.2)
    await room.claim(people[0])  # finds the head
    urgent = await other_process.open(risk=1.0)
    assert (await room.claim(people[1])).case_id == urgent


async def test_claim__a_case_committed_late_is_found(
    room: QueueRoom, database_url: str, people: list[Reviewer]
) -> None:
    """A transaction that was at work while the head was found, and commits afterwards, hides nothing."""
    for _ in range(3):
        await room.open(risk=0.2)
    conn = await asyncpg.connect(database_url)
    transaction = conn.transaction()
    await transaction.start()
    scan_id = await seed_scan(conn)
    new = NewCase(scan_id=scan_id, port="YTN", modality="cargo", reason=CaseReason.FINDING, risk=1.0)
    urgent = await room.queue.open_case(conn, new)
    await room.pool.fetchval("SELECT pg_current_xact_id()")  # so that later transactions are seen as over
    first = await room.claim(people[0])
    await transaction.commit()
    await conn.close()
    assert first.case_id != urgent
    assert (await room.claim(people[1])).case_id == urgent


async def test_claim__a_case_that_came_back_is_found(room: QueueRoom, people: list[Reviewer]) -> None:
    """A released case, whose rank is below the head that was found meanwhile, goes out again."""
    urgent = await room.open(risk=1.0)
    await room.open(risk=0.2)
    assert (await room.claim(people[0])).case_id == urgent
    room.queue._claimer._heads.use_up()
    await room.claim(people[1])  # finds a head above the urgent case
    await room.queue.release_leases(people[0])
    assert (await room.claim(people[2])).case_id == urgent


async def test_claim__passes_many_cases_that_are_not_for_the_reviewer(
    room: QueueRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind more cases of one's own port than a head has room for, the lanes find the first other one."""
    monkeypatch.setattr(heads, "WINDOW", 4)
    insider = await room.hire("insider", port="YTN")
    for _ in range(9):
        await room.open(port="YTN", risk=1.0)
    later = await room.open(port="SKZ", risk=0.1)
    sooner = await room.open(port="MWB", risk=0.6)
    assert (await room.claim(insider)).case_id == sooner
    next_insider = await room.hire("next.insider", port="YTN")
    assert room.queue._claimer._heads.remembered_lanes(Ask(reviewer=next_insider, slot=0).eligibility), (
        "the lanes' head is remembered for all who may get the same cases"
    )
    urgent = await room.open(port="SKZ", risk=1.0)
    assert (await room.claim(next_insider)).case_id == urgent, "what came below the lanes' head is found"
    third = await room.hire("third.insider", port="YTN")
    assert (await room.claim(third)).case_id == later
    assert await room.queue.claim_next_case(await room.hire("fourth.insider", port="YTN")) is None


async def test_claim__a_held_snapshot_hides_nothing(
    room: QueueRoom, database_url: str, people: list[Reviewer]
) -> None:
    """While somebody's snapshot keeps every dead row, claims still get the cases in the order of rank."""
    for _ in range(4):
        await room.open()
    conn = await asyncpg.connect(database_url)
    await conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM ready")
    order = [row["case_id"] for row in await room.ready()]
    got = []
    for person in people[:4]:
        room.queue._claimer._heads.use_up()
        got.append((await room.claim(person)).case_id)
    assert got == order
    await conn.close()


async def test_claim_many__each_in_turn_gets_the_best_case_for_them(room: QueueRoom) -> None:
    """A batch gives what the same reviewers would get one after another, own ports kept."""
    cases = [
        await room.open(port="YTN", risk=1.0),
        await room.open(port="SKZ", risk=0.75, qual_mask=2),
        await room.open(port="SKZ", risk=0.6),
        await room.open(port="MWB", risk=0.4),
    ]
    askers = [
        await room.hire("r.a", port="YTN"),
        await room.hire("r.b", port="SKZ"),
        await room.hire("r.c", quals=2),
        await room.hire("r.d", port="MWB"),
        await room.hire("r.e"),
    ]
    for asker in askers:
        await room.queue.claim_next_case(asker)  # makes their seats
        await room.queue.release_leases(asker)
    last_rank = (await room.ready())[-1]["rank"]
    leases = await room.queue._claimer._claim_many([Ask(reviewer=asker, slot=0) for asker in askers])
    assert [lease and lease.case_id for lease in leases] == [cases[2], cases[0], cases[1], None, cases[3]]
    row = await room.pool.fetchrow(
        "SELECT count(DISTINCT xid) AS n_transactions, count(DISTINCT seen::text) AS n_snapshots,"
        " min(reach) AS reach"
        " FROM (SELECT * FROM audit WHERE event = 'case_leased' ORDER BY seq DESC LIMIT 4) AS batch"
    )
    assert row is not None
    assert (row["n_transactions"], row["n_snapshots"], row["reach"]) == (1, 1, last_rank)


async def test_claim_many__who_has_no_room_is_left_out(room: QueueRoom, people: list[Reviewer]) -> None:
    """A reviewer who holds a case already gets none from a batch, and takes none away from the others."""
    for _ in range(4):
        await room.open()
    busy = await room.claim(people[0])
    for person in people[1:3]:
        await room.claim(person)
        await room.queue.release_leases(person)
    best = [row["case_id"] for row in await room.ready()]
    leases = await room.queue._claimer._claim_many([Ask(reviewer=person, slot=0) for person in people[:3]])
    assert leases[0] is None
    assert [lease.case_id for lease in leases[1:] if lease] == best[:2]
    assert (await room.claim(people[0])).token == busy.token


@pytest.mark.parametrize("first", [0, 2])
async def test_claim_many__a_seat_filled_meanwhile_rolls_all_back(
    room: QueueRoom, database_url: str, people: list[Reviewer], first: int
) -> None:
    """When a seat of a batch, or its only one, is filled between its halves, no case is lost or given."""
    for _ in range(6):
        await room.open()
    for person in people[:3]:
        await room.claim(person)
        await room.queue.release_leases(person)
    other = await hold_seat_open(database_url, people[2])
    before = await room.ready()
    asks = [Ask(reviewer=person, slot=0) for person in people[first:3]]
    batch = asyncio.create_task(room.queue._claimer._claim_many(asks))
    await asyncio.sleep(0.3)
    assert not batch.done(), "the batch waits for the seat's row"
    await other.execute("COMMIT")
    await other.close()
    with pytest.raises(asyncpg.PostgresError, match="a seat was not empty") as caught:
        await batch
    assert caught.value.sqlstate == statements.ABORTED
    assert len(await room.ready()) == len(before) - 1, "only the other request's case is gone"


async def test_claim__in_a_batch_that_fails_everybody_is_served_alone(
    room: QueueRoom, people: list[Reviewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reviewers of a batch that was rolled back get their cases all the same, each their own."""
    for _ in range(6):
        await room.open()
    for person in people:
        await room.claim(person)
        await room.queue.release_leases(person)
    broken = claim_statements.CLAIM_MANY.replace("s.case_id IS NULL", f"s.reviewer <> {people[2].account_id}")
    assert broken != claim_statements.CLAIM_MANY
    monkeypatch.setattr(claim_statements, "CLAIM_MANY", broken)
    leases = await asyncio.gather(*(room.claim(person) for person in people))
    assert len({lease.case_id for lease in leases}) == len(people)
