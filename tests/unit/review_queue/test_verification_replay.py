"""Replaying assignments: a skipped case is found, each good reason to pass one over is accepted."""

from datetime import timedelta
from typing import Any

import pytest

from review_queue.cases import Role, Verdict
from review_queue.verification.findings import FindingCode
from review_queue.verification.replay import SETTLE_ROWS
from tests.unit.review_queue.trails import NOON, TrailWriter, follow_trail, write_busy_day


@pytest.fixture
def trail() -> TrailWriter:
    """A trail with two reviewers of no port: accounts 1 and 2."""
    writer = TrailWriter()
    writer.hire()
    writer.hire()
    return writer


def test_replay__an_honest_day_has_no_finding() -> None:
    """Hundreds of assignments over all stages, ports and qualifications, each of the best case, are right."""
    for seed in range(3):
        verified = follow_trail(write_busy_day(300, seed=seed))
        assert verified.found == []
        assert verified.replay.n_assignments > 300
        assert verified.replay.unexplained.total() == verified.replay.n_unprovable == 0


def test_replay__every_second_best_case_given_is_found() -> None:
    """Of a day on which some assignments gave the second best case, exactly these are named."""
    trail = write_busy_day(300, seed=7, cheat_every=9)
    assert len(trail.cheated) > 10
    assert follow_trail(trail).found == [(FindingCode.CASE_SKIPPED, seq) for seq in trail.cheated]


def test_replay__skip_is_judged_while_the_trail_goes_on(trail: TrailWriter) -> None:
    """A skip is judged as soon as all that overlapped have ended, not only at the end of the trail."""
    li, wang = trail.people.values()
    trail.open(due=1)
    row = trail.lease(li, trail.open(due=2))
    for _ in range(SETTLE_ROWS + 200):
        trail.write(event="logged_in")
    trail.lease(wang, 1)
    verified = follow_trail(trail)
    assert not verified.replay._waiting
    assert not verified.replay._fresh
    assert verified.found == [(FindingCode.CASE_SKIPPED, row.seq)]


def test_replay__case_that_became_ready_after_the_snapshot_is_passed_over(trail: TrailWriter) -> None:
    """(a) The snapshot had not seen the better case; with a later snapshot the same assignment is a skip."""
    li = trail.people[1]
    taken = trail.open(due=2)
    seen = trail.now()
    trail.open(due=1)
    row = trail.lease(li, taken, seen=seen)
    assert follow_trail(trail).found == []
    trail.rows[-1] = row._replace(seen=trail.now())
    assert follow_trail(trail).codes == [FindingCode.CASE_SKIPPED]


def test_replay__case_of_a_running_transaction_is_passed_over(trail: TrailWriter) -> None:
    """(a) The transaction that opened the better case was still running in the snapshot."""
    li = trail.people[1]
    taken = trail.open(due=2)
    xid = trail.begin()
    trail.open(due=1, xid=xid)
    trail.lease(li, taken, seen=(xid, xid + 1, (xid,)))
    assert follow_trail(trail).found == []


def test_replay__batch_gives_in_its_own_order(trail: TrailWriter) -> None:
    """(b) In one transaction the first asker gets the best case, the second what is left."""
    li, wang = trail.people.values()
    first, second = trail.open(due=1), trail.open(due=2)
    seen, xid = trail.now(), trail.begin()
    reach = trail.cases[second].rank
    trail.lease(li, first, xid=xid, seen=seen, reach=reach)
    trail.lease(wang, second, xid=xid, seen=seen, reach=reach)
    assert follow_trail(trail).found == []


def test_replay__batch_that_turns_the_order_around_is_found(trail: TrailWriter) -> None:
    """The first asker of a transaction got the second case: that the other got the first is no excuse."""
    li, wang = trail.people.values()
    first, second = trail.open(due=1), trail.open(due=2)
    seen, xid = trail.now(), trail.begin()
    reach = trail.cases[second].rank
    row = trail.lease(li, second, xid=xid, seen=seen, reach=reach)
    trail.lease(wang, first, xid=xid, seen=seen, reach=reach)
    assert follow_trail(trail).found == [(FindingCode.CASE_SKIPPED, row.seq)]


@pytest.mark.parametrize("writes_first", [True, False])
def test_replay__case_that_an_overlapping_claim_took_is_passed_over(
    trail: TrailWriter, writes_first: bool
) -> None:
    """(c) Two claims at once: the one that came second is right, whichever writes its row first."""
    li, wang = trail.people.values()
    first, second = trail.open(due=1), trail.open(due=2)
    seen = trail.now()
    locks_first, locks_second = trail.begin(), trail.begin()
    if writes_first:
        trail.lease(wang, first, xid=locks_first, seen=seen)
    trail.lease(li, second, xid=locks_second, seen=seen)
    if not writes_first:
        trail.lease(wang, first, xid=locks_first, seen=seen)
    assert follow_trail(trail).found == []


def test_replay__claim_that_came_later_is_no_excuse(trail: TrailWriter) -> None:
    """The better case was taken by a claim that had seen the assignment done: it was skipped."""
    li, wang = trail.people.values()
    first, second = trail.open(due=1), trail.open(due=2)
    row = trail.lease(li, second)
    trail.lease(wang, first)
    assert follow_trail(trail).found == [(FindingCode.CASE_SKIPPED, row.seq)]


def test_replay__case_that_an_overlapping_claim_of_many_had_locked_is_passed_over(trail: TrailWriter) -> None:
    """(c) A claim of many locks cases in passing that its own reviewers may not get."""
    li = trail.people[1]
    port_worker = trail.hire(port="YTN")
    trail.open(due=1, port="YTN")
    second, third = trail.open(due=2, port="SKZ"), trail.open(due=3, port="SKZ")
    seen = trail.now()
    many, single = trail.begin(), trail.begin()
    trail.lease(port_worker, second, xid=many, seen=seen, reach=trail.cases[second].rank)
    trail.lease(li, third, xid=single, seen=seen)
    assert follow_trail(trail).found == []
    trail.rows[-2] = trail.rows[-2]._replace(reach=0)
    assert follow_trail(trail).codes == [FindingCode.CASE_SKIPPED]


def test_replay__claim_that_could_have_had_the_case_itself_had_not_locked_it(trail: TrailWriter) -> None:
    """Two claims at once that both leave the best case are both found: neither excuses the other."""
    li, wang = trail.people.values()
    trail.open(due=1)
    second, third = trail.open(due=2), trail.open(due=3)
    seen = trail.now()
    xids = trail.begin(), trail.begin()
    rows = [
        trail.lease(li, second, xid=xids[0], seen=seen),
        trail.lease(wang, third, xid=xids[1], seen=seen),
    ]
    assert follow_trail(trail).found == [(FindingCode.CASE_SKIPPED, row.seq) for row in rows]


def test_replay__locks_that_gave_nobody_a_case_excuse(trail: TrailWriter) -> None:
    """(c) A claim of many that found a case for nobody still tells how far it had locked."""
    li = trail.people[1]
    trail.open(due=1)
    second = trail.open(due=2)
    seen, xid = trail.now(), trail.begin()
    reach = trail.cases[1].rank
    note = trail.write(xid=xid, event="claim_found_nothing", actor="system:queue", seen=seen, reach=reach)
    trail.lease(li, second, seen=seen)
    assert follow_trail(trail).found == []
    trail.rows[-2] = note._replace(reach=reach - 1)
    assert follow_trail(trail).codes == [FindingCode.CASE_SKIPPED]


def test_replay__case_ranked_anew_meanwhile_is_passed_over(trail: TrailWriter) -> None:
    """(c) The better case was being moved within the queue by a transaction that overlapped."""
    li = trail.people[1]
    first, second = trail.open(due=1), trail.open(due=2)
    seen = trail.now()
    moving, claiming = trail.begin(), trail.begin()
    trail.lease(li, second, xid=claiming, seen=seen)
    trail.rank_anew(first, due=1, xid=moving)
    assert follow_trail(trail).found == []


def test_replay__case_reassessed_meanwhile_is_passed_over(trail: TrailWriter) -> None:
    """(c) The better case was locked by a transaction that reassessed it where it was; another was not."""
    li = trail.people[1]
    first, second = trail.open(due=1), trail.open(due=2)
    third = trail.open(due=3)
    seen = trail.now()
    assessing, claiming = trail.begin(), trail.begin()
    row = trail.lease(li, second, xid=claiming, seen=seen)
    trail.reassess(first, due=1, is_held=False, xid=assessing)
    assert follow_trail(trail).found == []
    trail.rows[-1] = trail.rows[-1]._replace(case_id=third, detail="stage=1 tries=0 urgency=3", reach=0)
    assert follow_trail(trail).found == [(FindingCode.CASE_SKIPPED, row.seq)]


def test_replay__case_ranked_anew_later_was_skipped(trail: TrailWriter) -> None:
    """Moving the skipped case within the queue afterwards hides nothing."""
    li = trail.people[1]
    first, second = trail.open(due=1), trail.open(due=2)
    row = trail.lease(li, second)
    for _ in range(100):
        trail.write(event="logged_in")
    trail.rank_anew(first, due=9)
    assert follow_trail(trail).found == [(FindingCode.CASE_SKIPPED, row.seq)]


def test_replay__assignment_is_judged_by_the_rank_its_snapshot_saw(trail: TrailWriter) -> None:
    """A case taken just after it was ranked anew was the best at the rank it had in the snapshot."""
    li = trail.people[1]
    first = trail.open(due=1)
    trail.open(due=2)
    seen = trail.now()
    trail.rank_anew(first, due=9)
    trail.lease(li, first, seen=seen)
    assert follow_trail(trail).found == []


def test_replay__silent_transaction_makes_a_skip_unexplained(trail: TrailWriter) -> None:
    """A transaction without a row overlapped: it may have held the better case, so nothing is proved."""
    li = trail.people[1]
    trail.open(due=1)
    second = trail.open(due=2)
    silent = trail.begin()
    trail.lease(li, second, seen=(silent, silent + 1, (silent,)))
    verified = follow_trail(trail)
    assert verified.found == []
    assert verified.replay.unexplained == {1: 1}


def test_replay__a_transactions_own_returns_are_seen(trail: TrailWriter) -> None:
    """A case given back in the claim's own transaction is there for the claim."""
    li = trail.people[1]
    first = trail.open(due=1)
    trail.lease(li, first)
    second = trail.open(due=2)
    seen, xid = trail.now(), trail.begin()
    trail.give_back(li, first, xid=xid)
    row = trail.lease(li, second, xid=xid, seen=seen)
    assert follow_trail(trail).found == [(FindingCode.CASE_SKIPPED, row.seq)]
    trail.rows.pop()
    trail.lease(li, first, xid=xid, seen=seen)
    assert follow_trail(trail).found == []


def test_replay__case_the_snapshot_had_not_seen_is_found(trail: TrailWriter) -> None:
    """Nobody can be given a case that was not ready in the snapshot of the choice."""
    seen = trail.now()
    row = trail.lease(trail.people[1], trail.open(), seen=seen)
    assert follow_trail(trail).found == [(FindingCode.CASE_UNSEEN, row.seq)]


@pytest.mark.parametrize(
    ("about", "case"),
    [
        ({"port": "YTN"}, {"port": "YTN"}),
        ({"quals": 1}, {"qual_mask": 2}),
        ({"role": Role.SUPERVISOR}, {}),
        ({"role": Role.AUDITOR}, {}),
    ],
)
def test_replay__case_its_reviewer_may_not_get_is_found(about: dict[str, Any], case: dict[str, Any]) -> None:
    """Own port, a missing qualification, a stage or a role that takes none: each is named."""
    trail = TrailWriter()
    row = trail.lease(trail.hire(**about), trail.open(**case))
    assert follow_trail(trail).found == [(FindingCode.CASE_INELIGIBLE, row.seq)]


def test_replay__second_review_by_the_first_reviewer_is_found(trail: TrailWriter) -> None:
    """The second reviewer is another; a case that only its first reviewer sees skips nothing for them."""
    li, wang = trail.people.values()
    case_id = trail.open()
    trail.lease(li, case_id)
    trail.decide(li, case_id, Verdict.RELEASE, stage=2)
    other = trail.open(due=9)
    trail.lease(li, other)
    assert follow_trail(trail).found == []
    trail.give_back(li, other)
    row = trail.lease(li, case_id)
    assert follow_trail(trail).found == [(FindingCode.CASE_INELIGIBLE, row.seq)]
    trail.rows[-1] = row._replace(actor=f"account:{wang.account_id}")
    assert follow_trail(trail).found == []


def test_replay__unknown_account_is_found(trail: TrailWriter) -> None:
    """A case given to an account that does not exist is named."""
    row = trail.lease(trail.people[1], trail.open())
    trail.rows[-1] = row._replace(actor="account:99")
    assert follow_trail(trail).found == [(FindingCode.ACCOUNT_UNKNOWN, row.seq)]


def test_replay__assignments_of_before_snapshots_are_counted_later_ones_found(trail: TrailWriter) -> None:
    """Rows from before snapshots were kept cannot be proved; once there are snapshots, each must have one."""
    li = trail.people[1]
    old = trail.lease(li, trail.open())
    trail.rows[-1] = old._replace(seen=None, reach=None)
    trail.lease(li, trail.open())
    late = trail.lease(li, trail.open())
    trail.rows[-1] = late._replace(seen=None, reach=None)
    verified = follow_trail(trail)
    assert verified.found == [(FindingCode.SNAPSHOT_MISSING, late.seq)]
    assert verified.replay.n_unprovable == 2


def test_replay__only_what_happened_since_is_judged(trail: TrailWriter) -> None:
    """An older skip is left alone; the cases it moved are still followed."""
    li = trail.people[1]
    trail.open(due=1)
    trail.lease(li, trail.open(due=2))
    since = NOON + timedelta(milliseconds=len(trail.rows) + 1)
    row = trail.lease(li, trail.open(due=3))
    assert follow_trail(trail, since=since).found == [(FindingCode.CASE_SKIPPED, row.seq)]
