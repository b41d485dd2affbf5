"""The checker on leases: what breaks a rule is found, what only looks like it is not."""

import pytest

from benchmarks.queue_faults.history import Op, Outcome, Shown
from benchmarks.queue_faults.violations import Rule
from tests.unit.benchmarks.histories import BOSS, LI, WANG, ZHAO, Story, lease


def test_check__clean_day_breaks_nothing() -> None:
    """Claim, prefetch, heartbeat, decision, promotion, second review, expiry and pause are no violations."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.prefetch(LI, 0.2, lease(2, case=2, slot=1))
    story.heartbeat(LI, 4.0, lease(1), lease(2, case=2, slot=1))
    story.decide(LI, 6.0, lease(1), 1, "release", shown=lease(3, case=2))
    story.next(WANG, 6.2, lease(4, stage=2))
    story.decide(WANG, 6.4, lease(4, stage=2), 2, "release", is_closed=True)
    story.next(WANG, 12.0, lease(5, case=2))
    story.tell(Op.PAUSE, WANG, 12.5)
    story.next(ZHAO, 12.7, lease(6, case=2))
    story.decide(ZHAO, 13.0, lease(6, case=2), 3, is_closed=True)
    assert story.broken() == []


def test_two_live_leases__overlap_is_found() -> None:
    """A case is shown to another while its lease certainly lives."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.next(WANG, 4.5, lease(2))
    assert story.broken() == [Rule.TWO_LIVE_LEASES]


def test_two_live_leases__after_the_least_end_nothing_is_certain() -> None:
    """Invocation plus time to live is as long as the first holder can be sure."""
    story = Story()
    story.next(LI, 0.0, lease(1), took=2.0)
    story.next(WANG, 5.0, lease(2))
    assert story.broken() == []


def test_two_live_leases__heartbeat_lengthens() -> None:
    """An extended lease is certain until the heartbeat's invocation plus what it was promised."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.heartbeat(LI, 4.0, lease(1))
    story.next(WANG, 8.0, lease(2))
    assert story.broken() == [Rule.TWO_LIVE_LEASES]


def test_two_live_leases__heartbeat_of_an_older_token_lengthens_nothing() -> None:
    """A heartbeat passes for a case that was claimed again, but extends only the token it names."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.next(LI, 6.0, lease(2))
    story.heartbeat(LI, 9.0, lease(1))
    story.next(WANG, 12.0, lease(3))
    assert story.broken() == []


def test_two_live_leases__waiting_case_counts_too() -> None:
    """A case in slot 1 is held as one in slot 0 is, also after it was shown."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.prefetch(LI, 0.2, lease(2, case=2, slot=1))
    story.decide(LI, 1.0, lease(1), 1, is_closed=True, shown=lease(3, case=2))
    story.next(WANG, 4.0, lease(4, case=2))
    assert Rule.TWO_LIVE_LEASES in story.broken()


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.UNKNOWN])
def test_two_live_leases__pause_ends_the_certainty(outcome: Outcome) -> None:
    """From the invocation of a pause on, answered or not, its reviewer may hold nothing."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.tell(Op.PAUSE, LI, 1.0, outcome)
    story.next(WANG, 2.0, lease(2))
    assert story.broken() == []


def test_two_live_leases__unanswered_pause_may_come_late() -> None:
    """A pause that nobody answered may end leases that were given long after it."""
    story = Story()
    story.tell(Op.PAUSE, LI, 0.0, Outcome.UNKNOWN)
    story.next(LI, 20.0, lease(1))
    story.next(WANG, 21.0, lease(2))
    assert story.broken() == []


def test_two_live_leases__pause_before_ends_nothing() -> None:
    """A pause that was answered before the claim has nothing to do with its lease."""
    story = Story()
    story.tell(Op.PAUSE, LI, 0.0)
    story.next(LI, 1.0, lease(1))
    story.next(WANG, 2.0, lease(2))
    assert story.broken() == [Rule.TWO_LIVE_LEASES]


def test_live_lease_refused__decision_is_found() -> None:
    """Whoever decides in time is not told that the lease is lost."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.refuse(LI, 4.0, lease(1))
    assert story.broken() == [Rule.LIVE_LEASE_REFUSED]


@pytest.mark.parametrize(("at", "took"), [(4.0, 1.5), (6.0, 0.1)])
def test_live_lease_refused__late_decision_is_not(at: float, took: float) -> None:
    """A decision that may have come after the end may be refused."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.refuse(LI, at, lease(1), took=took)
    assert story.broken() == []


def test_live_lease_refused__second_of_two_decisions_is_not() -> None:
    """Of two decisions at the same moment either may be refused."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.decide(LI, 1.0, lease(1), 1)
    story.refuse(LI, 1.0, lease(1))
    assert story.broken() == []


def test_live_lease_refused__heartbeat_is_found() -> None:
    """A heartbeat does not call a lease lost that certainly lives, not even one that is just being shown."""
    story = Story()
    story.prefetch(LI, 0.0, lease(1, slot=1))
    story.next(LI, 1.0, lease(2))
    story.heartbeat(LI, 1.0, lease(1, slot=1), lost=(1,))
    assert story.broken() == [Rule.LIVE_LEASE_REFUSED]


def test_live_lease_refused__waiting_case_goes_when_a_rest_is_due() -> None:
    """Whoever has to rest loses the waiting case, and may be told so."""
    story = Story()
    story.prefetch(LI, 0.0, lease(1, slot=1))
    story.tell(Op.NEXT, LI, 1.0, Outcome.FAIL, code="rest_due")
    story.heartbeat(LI, 2.0, lease(1, slot=1), lost=(1,))
    assert story.broken() == []


@pytest.mark.parametrize("shown", [None, lease(2, case=2)])
def test_live_lease_refused__another_case_in_its_place_is_found(shown: Shown | None) -> None:
    """Asking for the next case again shows the same one as long as its lease lives."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.next(LI, 3.0, shown)
    assert story.broken() == [Rule.LIVE_LEASE_REFUSED]


def test_short_lease__new_one_is_found() -> None:
    """A lease fresh from the queue has its whole time."""
    story = Story()
    story.next(LI, 0.0, lease(1, ttl_s=1.0))
    assert story.broken() == [Rule.SHORT_LEASE]


def test_short_lease__one_given_by_an_unanswered_claim_is_not() -> None:
    """What an earlier request may have claimed has been running since then."""
    story = Story()
    story.tell(Op.NEXT, LI, 0.0, Outcome.UNKNOWN, code="timeout", took=3.0)
    story.next(LI, 4.0, lease(1, ttl_s=1.0))
    assert story.broken() == []


def test_short_lease__heartbeat_that_extends_nothing_is_found() -> None:
    """After a heartbeat a lease has its whole time again."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.heartbeat(LI, 4.0, lease(1), ttl_s=0.9)
    assert story.broken() == [Rule.SHORT_LEASE]


def test_token_reused__is_found() -> None:
    """A token stands for one lease."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.next(WANG, 0.0, lease(1, case=2))
    assert story.broken() == [Rule.TOKEN_REUSED]


@pytest.mark.parametrize(
    ("who", "shown"),
    [(WANG, lease(1, case=3)), (WANG, lease(1, stage=3)), (BOSS, lease(1, stage=2))],
    ids=["not qualified", "reviewer at stage 3", "supervisor at stage 2"],
)
def test_not_eligible__is_found(who: int, shown: Shown) -> None:
    """Nobody gets what they are not qualified for, or a stage that is not theirs."""
    story = Story()
    story.next(who, 0.0, shown)
    assert story.broken() == [Rule.NOT_ELIGIBLE]


def test_not_eligible__own_port_is_found() -> None:
    """Nobody gets a case of their own port."""
    story = Story()
    story.history.people[LI] = story.history.people[ZHAO]
    story.history.cases[1] = type(story.history.cases[1])(port="MWB", qual_mask=0)
    story.next(LI, 0.0, lease(1))
    assert story.broken() == [Rule.NOT_ELIGIBLE]


def test_second_is_first__is_found() -> None:
    """Nobody looks twice at a case."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.decide(LI, 1.0, lease(1), 1, "release")
    story.next(LI, 2.0, lease(2, stage=2))
    assert story.broken() == [Rule.SECOND_IS_FIRST]


@pytest.mark.parametrize(("is_closed", "stage"), [(False, 1), (True, 2)])
def test_given_after_decided__is_found(is_closed: bool, stage: int) -> None:
    """A decided stage, and a closed cycle, is not given to anybody."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.decide(LI, 1.0, lease(1), 1, is_closed=is_closed)
    story.next(WANG, 7.0, lease(2, stage=stage))
    assert story.broken() == [Rule.GIVEN_AFTER_DECIDED]


def test_given_after_decided__next_cycle_is_not() -> None:
    """A re-opened case is another cycle."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.decide(LI, 1.0, lease(1), 1, is_closed=True)
    story.next(LI, 2.0, lease(2, cycle=2))
    assert story.broken() == []
