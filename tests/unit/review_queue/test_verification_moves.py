"""Following cases: moves that are not possible, or that do not fit what was before, are named."""

from typing import Any

import pytest

from review_queue.cases import Role, Verdict
from review_queue.states import Place
from review_queue.verification.findings import FindingCode
from tests.unit.review_queue.trails import TrailWriter, follow_trail, write_busy_day


def write_whole_life() -> TrailWriter:
    """Write a case that is prefetched, shown, given back, decided at three stages; one more waits."""
    trail = TrailWriter()
    li, wang, head = trail.hire(), trail.hire(), trail.hire(role=Role.SUPERVISOR)
    case_id = trail.open()
    trail.open(due=9)
    lease = trail.lease(li, case_id, slot=1)
    trail.cases[case_id].token = 50
    trail.write(
        event="case_shown",
        actor="account:1",
        case_id=case_id,
        cycle=1,
        stage=1,
        slot=0,
        token=50,
    )
    assert lease.token == 1
    trail.give_back(li, case_id)
    trail.lease(li, case_id)
    trail.decide(li, case_id, Verdict.RELEASE, stage=2)
    trail.lease(wang, case_id)
    trail.decide(wang, case_id, Verdict.INSPECT, stage=3)
    trail.lease(head, case_id)
    trail.decide(head, case_id, Verdict.INSPECT)
    return trail


def row_of(trail: TrailWriter, event: str, n: int = 0) -> int:
    """Return the place of the n-th row of an event."""
    return [place for place, row in enumerate(trail.rows) if row.event == event][n]


def test_case_book__whole_life_has_no_finding() -> None:
    """Every move of a case that goes through all stages is possible, and the book ends where the case is."""
    verified = follow_trail(write_whole_life())
    assert verified.found == []
    assert verified.book.closed[1].cycle == 1
    assert verified.book.open[2].place is Place.READY


@pytest.mark.parametrize(
    ("event", "change"),
    [
        ("case_leased", {"rank": 5}),
        ("case_leased", {"stage": 2}),
        ("case_leased", {"cycle": 2}),
        ("case_leased", {"slot": 1}),
        ("case_shown", {"actor": "account:2"}),
        ("case_shown", {"stage": 3}),
        ("lease_released", {"actor": "account:2"}),
        ("lease_released", {"token": 7}),
        ("lease_released", {"slot": 1}),
        ("case_forwarded", {"actor": "account:2"}),
        ("case_forwarded", {"token": 7}),
        ("case_forwarded", {"verdict": "escalate"}),
        ("case_forwarded", {"verdict": None}),
        ("case_closed", {"verdict": "release"}),
        ("case_closed", {"verdict": "escalate"}),
        ("case_closed", {"token": 7}),
    ],
)
def test_case_book__row_that_does_not_fit_is_named(event: str, change: dict[str, Any]) -> None:
    """Another cycle, stage, rank, seat, token, reviewer or consequence than was left is named."""
    trail = write_whole_life()
    place = row_of(trail, event)
    trail.rows[place] = trail.rows[place]._replace(**change)
    found = follow_trail(trail).found
    assert found[0] == (FindingCode.MOVE_MISMATCH, place + 1)


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        ("lease_released", "stage=1 tries=5 day=2026-11-23"),
        ("lease_released", "stage=2 tries=0 day=2026-11-23"),
        ("case_forwarded", "stage=3 tries=0 day=2026-11-23"),
        ("case_opened", "stage=2 tries=0 day=2026-11-23"),
        ("case_opened", "stage=1 tries=4 day=2026-11-23"),
    ],
)
def test_case_book__entry_that_does_not_follow_is_named(event: str, detail: str) -> None:
    """A try left out, a stage that the verdict does not lead to: nobody draws another rank by that."""
    trail = write_whole_life()
    place = row_of(trail, event)
    trail.rows[place] = trail.rows[place]._replace(detail=detail)
    assert (FindingCode.MOVE_MISMATCH, place + 1) in follow_trail(trail).found


def test_case_book__other_due_minute_is_named() -> None:
    """Band and due minute stay what they were at the start of the cycle unless the case is ranked anew."""
    trail = write_whole_life()
    trail.cases[2].due = 4
    li = trail.people[1]
    trail.lease(li, 2)
    trail.cases[2].rank = trail.rows[-1].rank or 0
    trail.give_back(li, 2)
    assert FindingCode.MOVE_MISMATCH in follow_trail(trail).codes


def test_case_book__reassessed_case_comes_back_as_urgent_as_it_was_made() -> None:
    """On a seat a new urgency counts as a try, and the next rank has it; a waiting case keeps its rank."""
    trail = TrailWriter()
    li, case_id = trail.hire(), trail.open(due=9)
    trail.reassess(case_id, due=9, is_held=False)
    trail.lease(li, case_id)
    trail.reassess(case_id, due=3, is_held=True)
    trail.give_back(li, case_id)
    trail.rank_anew(case_id, due=2)
    trail.lease(li, case_id)
    assert follow_trail(trail).found == []


@pytest.mark.parametrize(
    ("place", "detail", "code"),
    [
        (2, "stage=1 tries=0 urgency=8", FindingCode.MOVE_MISMATCH),
        (2, "stage=1 tries=1 urgency=9", FindingCode.MOVE_MISMATCH),
        (4, "stage=1 tries=0 urgency=3", FindingCode.MOVE_MISMATCH),
        (4, "stage=2 tries=1 urgency=3", FindingCode.MOVE_MISMATCH),
        (4, "urgency=3", FindingCode.ROW_MALFORMED),
    ],
)
def test_case_book__reassessment_that_does_not_fit_is_named(
    place: int, detail: str, code: FindingCode
) -> None:
    """A reassessment that moves a waiting case, or hides a try, is named."""
    trail = TrailWriter()
    li, case_id = trail.hire(), trail.open(due=9)
    trail.reassess(case_id, due=9, is_held=False)
    trail.lease(li, case_id)
    trail.reassess(case_id, due=3, is_held=True)
    trail.rows[place] = trail.rows[place]._replace(detail=detail)
    assert (code, place + 1) in follow_trail(trail).found


def test_case_book__closed_case_is_not_reassessed() -> None:
    """Only an open case has an urgency."""
    trail = write_whole_life()
    trail.reassess(1, due=3, is_held=False)
    assert follow_trail(trail).found == [(FindingCode.MOVE_IMPOSSIBLE, len(trail.rows))]


@pytest.mark.parametrize("event", ["case_opened", "case_leased", "lease_released"])
def test_case_book__impossible_move_is_named_once(event: str) -> None:
    """A move left out makes the next one impossible; what follows is not reported again and again."""
    trail = write_whole_life()
    row = trail.rows.pop(row_of(trail, event))
    after = [one for one in trail.rows if one.case_id == row.case_id and one.seq > row.seq]
    found = follow_trail(trail).found
    assert found[0] == (FindingCode.MOVE_IMPOSSIBLE, after[0].seq)
    assert [code for code, _ in found].count(FindingCode.MOVE_IMPOSSIBLE) == 1


def test_case_book__closed_case_does_not_move() -> None:
    """A closed case can only be re-opened, at a later cycle."""
    trail = write_whole_life()
    row = trail.lease(trail.people[3], 1)
    assert (FindingCode.MOVE_IMPOSSIBLE, row.seq) in follow_trail(trail).found


def test_case_book__reopened_case_begins_a_later_cycle() -> None:
    """Re-opening leads to stage 1 of a later cycle; the same cycle again is named."""
    trail = write_whole_life()
    case = trail.cases[1]
    case.stage, case.tries, case.first = 1, 0, None
    case.cycle = 2
    trail._enter(case, event="case_reopened", actor="system:test")
    trail.lease(trail.people[1], 1)
    assert follow_trail(trail).found == []
    place = row_of(trail, "case_reopened")
    trail.rows[place] = trail.rows[place]._replace(cycle=1)
    assert follow_trail(trail).found[0][1] == place + 1


def test_case_book__malformed_entry_is_named() -> None:
    """A row that puts a case into the queue must say at which stage, try and day."""
    trail = write_whole_life()
    trail.rows[1] = trail.rows[1]._replace(detail=None)
    assert follow_trail(trail).found[0] == (FindingCode.ROW_MALFORMED, 2)


def test_case_book__deleted_row_in_a_busy_day_is_noticed() -> None:
    """A move taken out of the middle of a busy day does not go unnoticed, seals or no seals."""
    for seed in range(3):
        trail = write_busy_day(120, seed=seed)
        rows = list(trail.rows)
        place = next(n for n, row in enumerate(rows) if n > 100 and row.event == "case_leased")
        del rows[place]
        assert FindingCode.MOVE_IMPOSSIBLE in follow_trail(trail, rows).codes
