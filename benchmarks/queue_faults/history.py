"""What the simulated people asked and were told: the only thing that the checker goes by.

Every time is read from the one monotonic clock of the harness, in seconds. An operation takes effect, if at
all, at some moment after ``invoked_at``; if it was answered, before ``ended_at``. Of one that got no answer
(``UNKNOWN``) nobody can say whether it happened, nor that it will not happen later: the request may still lie
in the socket of a stopped process.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from review_queue.cases import Reviewer

CaseCycle: TypeAlias = tuple[int, int]
"""A case and its cycle."""


class Op(StrEnum):
    """What a reviewer can ask for."""

    NEXT = "next"
    PREFETCH = "prefetch"
    HEARTBEAT = "heartbeat"
    DECIDE = "decide"
    PAUSE = "pause"


class Outcome(StrEnum):
    """What became of it: ``FAIL`` means that it certainly did not happen."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


NOT_SENT = "not_sent"
"""The code of a request that met a closed port."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A lease as an answer shows it; ``ttl_s`` counts from the moment of the answer."""

    case_id: int
    cycle: int
    stage: int
    slot: int
    token: int
    ttl_s: float

    def __str__(self) -> str:
        place = f"case {self.case_id}.{self.cycle} stage {self.stage} slot {self.slot}"
        return f"{place} token {self.token} ttl {self.ttl_s:.3f}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One request of one reviewer to one worker, and its answer.

    Attributes:
        number: Its line in the history.
        op: What was asked.
        reviewer: Who asked.
        worker: Which worker was asked.
        invoked_at: Before anything was sent.
        ended_at: After the whole answer was read, or when the client gave up.
        outcome: What became of it.
        code: Why it failed, or what is known of an unknown one.
        named: The leases that the request names: the one decided, or those to be kept alive.
        verdict: Of a decision.
        shown: The lease in the answer.
        decision_id: Of an accepted decision; ``is_closed`` if it was the last of its cycle.
        is_closed: See ``decision_id``.
        lost: The cases that a heartbeat's answer says are no longer held.
        ttl_s: How long a heartbeat's answer says the leases last.
    """

    number: int
    op: Op
    reviewer: int
    worker: int
    invoked_at: float
    ended_at: float
    outcome: Outcome
    code: str = ""
    named: tuple[Shown, ...] = ()
    verdict: str = ""
    shown: Shown | None = None
    decision_id: int | None = None
    is_closed: bool = False
    lost: tuple[int, ...] = ()
    ttl_s: float = 0.0

    def is_over_before(self, moment: float) -> bool:
        """Tell whether it certainly had its effect, or will have none, before a moment."""
        match self.outcome:
            case Outcome.FAIL:
                return True
            case Outcome.OK:
                return self.ended_at <= moment
            case Outcome.UNKNOWN:
                return False

    def __str__(self) -> str:
        parts = [
            f"#{self.number} {self.invoked_at:.3f}-{self.ended_at:.3f}",
            f"reviewer {self.reviewer} worker {self.worker} {self.op}",
        ]
        if self.named:
            parts.append(
                "(" + "; ".join(map(str, self.named)) + (f"; {self.verdict})" if self.verdict else ")")
            )
        parts.append("→ " + " ".join(filter(None, (self.outcome, self.code))))
        if self.decision_id is not None:
            parts.append(f"decision {self.decision_id}{' closed' if self.is_closed else ''}")
        if self.op is Op.HEARTBEAT and self.outcome is Outcome.OK:
            parts.append(f"ttl {self.ttl_s:.3f} lost {list(self.lost)}")
        if self.shown is not None:
            parts.append(f"[{self.shown}]")
        return " ".join(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownCase:
    """What whoever opened a case knows of it."""

    port: str
    qual_mask: int


@dataclass(kw_only=True)
class History:
    """Everything that was asked and answered, in the order of the answers.

    Attributes:
        people: Who took part, by account.
        cases: The cases that were opened, by id.
        opened: The cycles whose opening was acknowledged.
        operations: What the people did.
    """

    people: dict[int, Reviewer] = field(default_factory=dict)
    cases: dict[int, KnownCase] = field(default_factory=dict)
    opened: set[CaseCycle] = field(default_factory=set)
    operations: list[Operation] = field(default_factory=list)

    def add(self, operation: Operation) -> None:
        """Write down an operation that has ended."""
        self.operations.append(operation)

    def accepted(self) -> Iterator[tuple[Operation, Shown]]:
        """Yield every accepted decision with the lease it was made under."""
        for one in self.operations:
            if one.op is Op.DECIDE and one.outcome is Outcome.OK:
                yield one, one.named[0]
