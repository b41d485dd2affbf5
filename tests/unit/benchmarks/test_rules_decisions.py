"""The checker on decisions, and on what the database holds at the end."""

from dataclasses import replace

import pytest

from benchmarks.queue_faults.final_state import Recorded
from benchmarks.queue_faults.history import Op, Outcome
from benchmarks.queue_faults.violations import Rule
from tests.unit.benchmarks.histories import LI, WANG, Story, final_state, lease, recorded


def decided_story() -> Story:
    """Li is shown case 1 and closes it; nothing else was opened."""
    story = Story()
    story.history.opened = {(1, 1)}
    story.next(LI, 0.0, lease(1))
    story.decide(LI, 1.0, lease(1), 1, is_closed=True)
    return story


def test_decided_twice__two_answers_are_found() -> None:
    """Two accepted decisions at one stage of a case are one too many."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.decide(LI, 1.0, lease(1), 1, took=0.5)
    story.decide(LI, 1.0, lease(1), 2, "rescan", took=0.5)
    assert story.broken() == [Rule.DECIDED_TWICE]


def test_decided_twice__repeated_request_is_not() -> None:
    """A decision sent again is answered with the same decision, also when the case has gone on."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.tell(Op.DECIDE, LI, 1.0, Outcome.UNKNOWN, named=(lease(1),), verdict="inspect", code="timeout")
    story.next(WANG, 2.0, lease(2, stage=2))
    story.decide(LI, 9.0, lease(1), 1)
    assert story.broken() == []


def test_stale_token_accepted__after_another_lease_is_found() -> None:
    """Once a case was given again, the token before decides nothing."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.heartbeat(LI, 4.0, lease(1), lost=(1,))
    story.next(WANG, 7.0, lease(2))
    story.decide(LI, 8.0, lease(1), 1)
    assert Rule.STALE_TOKEN_ACCEPTED in story.broken()


def test_stale_token_accepted__another_reviewers_is_found() -> None:
    """A token decides for its owner only."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.decide(WANG, 1.0, lease(1), 1)
    assert story.broken() == [Rule.STALE_TOKEN_ACCEPTED]


def test_decided_after_end__is_found() -> None:
    """A lease that has certainly ended decides nothing, even if nobody else has the case."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.decide(LI, 5.3, lease(1), 1)
    assert story.broken() == [Rule.DECIDED_AFTER_END]


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.UNKNOWN])
def test_decided_after_end__heartbeat_may_have_lengthened(outcome: Outcome) -> None:
    """A heartbeat may extend a lease, answered or not."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.heartbeat(LI, 4.0, lease(1), outcome=outcome)
    story.decide(LI, 8.0, lease(1), 1)
    assert story.broken() == []


def test_decided_after_end__said_to_be_gone_is_found() -> None:
    """What a heartbeat has called lost decides nothing afterwards."""
    story = Story()
    story.next(LI, 0.0, lease(1))
    story.heartbeat(LI, 4.98, lease(1), lost=(1,), took=0.02)
    story.decide(LI, 5.01, lease(1), 1)
    assert story.broken() == [Rule.DECIDED_AFTER_END]


def test_end__clean_one_breaks_nothing() -> None:
    """One decision, its row in the trail, the lease's row, one final word."""
    end = final_state(recorded(LI, 1), leases=((1, 1, LI),))
    assert decided_story().broken(end) == []


@pytest.mark.parametrize(
    "kept", [[], [recorded(LI, 1, verdict="rescan")], [recorded(WANG, 1)]], ids=["none", "verdict", "who"]
)
def test_decision_missing__is_found(kept: list[Recorded]) -> None:
    """What was acknowledged is in the database as it was acknowledged."""
    end = final_state(*kept, leases=((1, 1, LI),))
    assert Rule.DECISION_MISSING in decided_story().broken(end)


@pytest.mark.parametrize("n_rows", [0, 2])
def test_decision_unaudited__is_found(n_rows: int) -> None:
    """Each decision has exactly one row in the trail."""
    end = final_state(recorded(LI, 1), leases=((1, 1, LI),), audited=(recorded(LI, 1),) * n_rows)
    assert decided_story().broken(end) == [Rule.DECISION_UNAUDITED]


def test_decision_unaudited__row_without_decision_is_found() -> None:
    """The trail tells of no decision that is not there."""
    rows = (recorded(LI, 1), recorded(LI, 7, case=2))
    end = final_state(recorded(LI, 1), leases=((1, 1, LI),), audited=rows)
    assert decided_story().broken(end) == [Rule.DECISION_UNAUDITED]


@pytest.mark.parametrize("leases", [(), ((1, 1, LI),) * 2, ((1, 1, WANG),)], ids=["none", "two", "who"])
def test_lease_unaudited__is_found(leases: tuple[tuple[int, int, int], ...]) -> None:
    """Each lease that somebody was shown has exactly one row in the trail."""
    assert decided_story().broken(final_state(recorded(LI, 1), leases=leases)) == [Rule.LEASE_UNAUDITED]


def test_decided_twice__unanswered_decisions_count_too() -> None:
    """Two decisions of one stage are found in the database although their answers got lost."""
    end = final_state(recorded(LI, 1), recorded(WANG, 2), leases=((1, 1, LI),))
    assert Rule.DECIDED_TWICE in decided_story().broken(end)


def test_second_is_first__unanswered_decision_counts_too() -> None:
    """Whoever decided stage 1 without an answer is not shown stage 2."""
    story = Story()
    story.history.opened = {(1, 1)}
    story.next(LI, 0.0, lease(1))
    story.tell(Op.DECIDE, LI, 1.0, Outcome.UNKNOWN, named=(lease(1),), verdict="inspect", code="timeout")
    story.next(LI, 7.0, lease(2, stage=2))
    decisions = recorded(LI, 1), recorded(WANG, 3, stage=2)
    end = final_state(*decisions, leases=((1, 1, LI), (2, 1, LI)))
    assert story.broken(end) == [Rule.SECOND_IS_FIRST]


@pytest.mark.parametrize(("slot", "rule"), [(0, Rule.CASE_LOST), (1, Rule.PREFETCHED_CASE_LOST)])
def test_case_lost__is_found(slot: int, rule: Rule) -> None:
    """A case without a final word after the drain is lost, and it is told where it was last."""
    story = decided_story()
    story.history.opened.add((2, 1))
    story.next(LI, 2.0, lease(2, case=2, slot=slot))
    end = final_state(recorded(LI, 1), leases=((1, 1, LI), (2, 2, LI)))
    end = replace(end, cases={**end.cases, 2: (1, False)})
    assert story.broken(end) == [rule]


def test_case_lost__unacknowledged_opening_counts_too() -> None:
    """A case that is in the database is to be decided, whoever was told of it."""
    end = final_state(recorded(LI, 1), leases=((1, 1, LI),))
    end = replace(end, cases={**end.cases, 2: (1, False)})
    assert decided_story().broken(end) == [Rule.CASE_LOST]


@pytest.mark.parametrize("words", [["release"], ["inspect", "inspect"]])
def test_disposition_wrong__is_found(words: list[str]) -> None:
    """A cycle ends with one word: that of its last decision."""
    end = replace(final_state(recorded(LI, 1), leases=((1, 1, LI),)), dispositions={(1, 1): words})
    assert decided_story().broken(end) == [Rule.DISPOSITION_WRONG]
