"""The transition table and the flow of stages."""

import pytest

from review_queue.cases import Disposition, Role, Stage, Verdict
from review_queue.errors import RoleNotAllowedError, VerdictNotAllowedError
from review_queue.states import TRANSITIONS, Move, Place, Step, follow, stages_of, step_after


def test_follow__a_reopened_case_ends_closed() -> None:
    """The moves of a case that was prefetched, shown, decided, re-opened and decided end in closed."""
    moves = [Move.OPENED, Move.PREFETCHED, Move.SHOWN, Move.CLOSED, Move.REOPENED, Move.LEASED, Move.CLOSED]
    assert follow(moves) is Place.CLOSED
    assert follow([]) is Place.NOWHERE


@pytest.mark.parametrize(
    "moves",
    [
        [Move.LEASED],
        [Move.OPENED, Move.OPENED],
        [Move.OPENED, Move.LEASED, Move.LEASED],
        [Move.OPENED, Move.PREFETCHED, Move.CLOSED],
        [Move.OPENED, Move.LEASED, Move.CLOSED, Move.LEASED],
        ["case_stolen"],
    ],
)
def test_follow__impossible_moves_are_refused(moves: list[str]) -> None:
    """A move from a place it cannot start from, or an unknown one, raises."""
    with pytest.raises(ValueError):  # noqa: PT011 - two sources, both say which move
        follow(moves)


def test_transitions__every_place_can_be_reached_and_every_open_one_left() -> None:
    """No place is a trap but closed, which only re-opening leaves."""
    assert set(TRANSITIONS.values()) == set(Place) - {Place.NOWHERE}
    assert {place for place, _ in TRANSITIONS} == set(Place)
    assert [move for place, move in TRANSITIONS if place is Place.CLOSED] == [Move.REOPENED]


@pytest.mark.parametrize("verdict", [Verdict.RELEASE, Verdict.INSPECT, Verdict.RESCAN])
def test_step_after__primary_verdict_closes_or_is_looked_at_again(verdict: Verdict) -> None:
    """A primary verdict is final unless the policy wants a second review."""
    closed = Step(disposition=Disposition(verdict))
    assert step_after(Stage.PRIMARY, verdict, first=None, second_review=None) == closed
    step = step_after(Stage.PRIMARY, verdict, first=None, second_review="sample")
    assert step == Step(stage=Stage.SECOND, why="sample")


def test_step_after__escalation_goes_to_the_supervisor_from_both_stages() -> None:
    """Escalation wins over a second review."""
    first = step_after(Stage.PRIMARY, Verdict.ESCALATE, first=None, second_review="risk")
    second = step_after(Stage.SECOND, Verdict.ESCALATE, first=Verdict.ESCALATE, second_review=None)
    assert (first.stage, second.stage) == (Stage.SUPERVISOR, Stage.SUPERVISOR)


def test_step_after__second_reviewer_agrees_or_the_supervisor_decides() -> None:
    """Agreement closes with that verdict, disagreement goes to stage 3."""
    agreed = step_after(Stage.SECOND, Verdict.INSPECT, first=Verdict.INSPECT, second_review=None)
    assert agreed.disposition is Disposition.INSPECT
    disagreed = step_after(Stage.SECOND, Verdict.RELEASE, first=Verdict.INSPECT, second_review=None)
    assert disagreed == Step(stage=Stage.SUPERVISOR, why="disagreed")


def test_step_after__supervisor_is_final() -> None:
    """Stage 3 closes with every verdict but escalation, which is refused."""
    step = step_after(Stage.SUPERVISOR, Verdict.RESCAN, first=Verdict.RELEASE, second_review=None)
    assert step.disposition is Disposition.RESCAN
    with pytest.raises(VerdictNotAllowedError, match="stage 3 is final"):
        step_after(Stage.SUPERVISOR, Verdict.ESCALATE, first=None, second_review=None)


def test_stages_of__only_reviewers_and_supervisors_take_cases() -> None:
    """Reviewers take stages 1 and 2, supervisors 3, nobody else any; plain strings from JSON work too."""
    assert stages_of(Role.REVIEWER) == (1, 2)
    assert stages_of(Role("supervisor")) == (3,)
    for role in (Role.AUDITOR, Role.ADMIN):
        with pytest.raises(RoleNotAllowedError):
            stages_of(role)
