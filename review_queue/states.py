"""Where a case can be, how it moves, and what a verdict leads to: the one transition table.

Every move writes one audit row whose ``event`` is the move's value, so the audit of a case, read through
``TRANSITIONS``, ends in the place where the database holds the case. Tests and ``audit verify`` rely on that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from review_queue.cases import Disposition, Role, Stage, Verdict
from review_queue.errors import RoleNotAllowedError, VerdictNotAllowedError


class Place(StrEnum):
    """Where a case is; always exactly one of these."""

    NOWHERE = "nowhere"
    READY = "ready"
    NEXT = "next"
    CURRENT = "current"
    CLOSED = "closed"


class Move(StrEnum):
    """A move, by the name it has in the audit trail. ``FORWARDED`` and ``CLOSED`` carry a verdict."""

    OPENED = "case_opened"
    LEASED = "case_leased"
    PREFETCHED = "case_prefetched"
    SHOWN = "case_shown"
    RELEASED = "lease_released"
    EXPIRED = "lease_expired"
    FORWARDED = "case_forwarded"
    CLOSED = "case_closed"
    REOPENED = "case_reopened"
    REPRIORITIZED = "case_reprioritized"


TRANSITIONS: Mapping[tuple[Place, Move], Place] = {
    (Place.NOWHERE, Move.OPENED): Place.READY,
    (Place.READY, Move.LEASED): Place.CURRENT,
    (Place.READY, Move.PREFETCHED): Place.NEXT,
    (Place.READY, Move.REPRIORITIZED): Place.READY,
    (Place.NEXT, Move.SHOWN): Place.CURRENT,
    (Place.NEXT, Move.RELEASED): Place.READY,
    (Place.NEXT, Move.EXPIRED): Place.READY,
    (Place.CURRENT, Move.RELEASED): Place.READY,
    (Place.CURRENT, Move.EXPIRED): Place.READY,
    (Place.CURRENT, Move.FORWARDED): Place.READY,
    (Place.CURRENT, Move.CLOSED): Place.CLOSED,
    (Place.CLOSED, Move.REOPENED): Place.READY,
    # A scan that screening cleared has no case until it is re-opened.
    (Place.NOWHERE, Move.REOPENED): Place.READY,
}

ROLE_STAGES: Mapping[Role, tuple[Stage, ...]] = {
    Role.REVIEWER: (Stage.PRIMARY, Stage.SECOND),
    Role.SUPERVISOR: (Stage.SUPERVISOR,),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """What follows a verdict: either the final word, or another stage and why."""

    disposition: Disposition | None = None
    stage: Stage | None = None
    why: str = ""


def follow(moves: Iterable[str]) -> Place:
    """Return the place a case is in after its moves, oldest first.

    Raises:
        ValueError: If a move is unknown or not possible where the case was.
    """
    place = Place.NOWHERE
    for name in moves:
        move = Move(name)
        if (place, move) not in TRANSITIONS:
            raise ValueError(f"{move} is not possible for a case that is {place}")
        place = TRANSITIONS[place, move]
    return place


def stages_of(role: Role) -> tuple[Stage, ...]:
    """Return the stages a role takes part in.

    Raises:
        RoleNotAllowedError: If it takes part in none.
    """
    stages = ROLE_STAGES.get(role)
    if stages is None:
        raise RoleNotAllowedError(f"role {role} takes no cases; log in as a reviewer or a supervisor")
    return stages


def step_after(stage: Stage, verdict: Verdict, *, first: Verdict | None, second_review: str | None) -> Step:
    """Return what follows a verdict.

    Args:
        stage: The stage of the verdict.
        verdict: The verdict.
        first: At stage 2, the verdict of stage 1.
        second_review: At stage 1, why the policy wants a second review; ``None`` if it does not.

    Raises:
        VerdictNotAllowedError: If a supervisor escalates: there is nobody above.
    """
    if stage is Stage.SUPERVISOR:
        if verdict is Verdict.ESCALATE:
            raise VerdictNotAllowedError("stage 3 is final; decide release, inspect or rescan")
        return Step(disposition=Disposition(verdict))
    if verdict is Verdict.ESCALATE:
        return Step(stage=Stage.SUPERVISOR, why="escalated")
    if stage is Stage.SECOND and verdict is not first:
        return Step(stage=Stage.SUPERVISOR, why="disagreed")
    if stage is Stage.PRIMARY and second_review is not None:
        return Step(stage=Stage.SECOND, why=second_review)
    return Step(disposition=Disposition(verdict))
