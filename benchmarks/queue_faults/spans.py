"""When a lease was certainly live, by what its own holder knows.

It is *certainly live* from the end of the answer that first showed it until the invocation of the operation
that last showed or extended it plus the time to live in that answer: the database counted that time from a
moment after the invocation. The span ends earlier where the holder invoked something that may have ended the
lease, and an operation without an answer counts as one that may have its effect at any later moment.

A case that is shown moves from slot 1 to slot 0 and gets another token, and a lease that is no shorter: its
holder still has it, so the span of the old token goes on.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf

from benchmarks.queue_faults.history import NOT_SENT, History, Op, Operation, Outcome, Shown

HARMLESS_REFUSALS = frozenset(
    {NOT_SENT, "already_decided", "verdict_not_allowed", "role_not_allowed", "reason_code_unknown"}
)
"""A decision refused so says nothing about its lease."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Certainly live from ``since`` until ``until``, by the operations in ``proof``. May be empty."""

    reviewer: int
    lease: Shown
    since: float
    until: float
    proof: tuple[Operation, ...]


class Sequenced:
    """Operations of one reviewer in the order of invocation, asked which of them may still have an effect."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._operations = list(operations)
        # The latest end so far never falls, so it can be searched.
        self._latest_end = list(accumulate(map(_end, self._operations), max))

    def first_not_over(self, moment: float, *, ignoring: Operation | None = None) -> Operation | None:
        """Return the first one invoked that may take effect after a moment."""
        for number in range(bisect_right(self._latest_end, moment), len(self._operations)):
            operation = self._operations[number]
            if _end(operation) > moment and operation is not ignoring:
                return operation
        return None

    def touches(self, operation: Operation) -> bool:
        """Tell whether another one may take effect between an operation's invocation and its end."""
        other = self.first_not_over(operation.invoked_at, ignoring=operation)
        return other is not None and other.invoked_at < operation.ended_at


class Track:
    """Everything one reviewer did.

    Attributes:
        operations: In the order of invocation.
        sightings: By token, the operations whose answers showed it.
        movers: What may have put a case on a seat, or taken one from it.
    """

    def __init__(self, reviewer: int, operations: Sequence[Operation]) -> None:
        self.reviewer = reviewer
        self.operations = sorted(operations, key=lambda one: one.invoked_at)
        self.sightings: dict[int, list[Operation]] = defaultdict(list)
        self._heartbeats: dict[int, list[Operation]] = defaultdict(list)
        self._decisions: dict[int, list[Operation]] = defaultdict(list)
        self._tokens_of_case: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for one in self.operations:
            if one.shown is not None:
                self.sightings[one.shown.token].append(one)
                self._tokens_of_case[one.shown.case_id].append((one.shown.token, one.invoked_at))
            for lease in one.named:
                (self._heartbeats if one.op is Op.HEARTBEAT else self._decisions)[lease.token].append(one)
        self.movers = self._sequence(lambda one: one.op is not Op.HEARTBEAT)
        # What empties both seats; and what gives back the case in slot 1: whoever has to rest loses it.
        self._pauses = self._sequence(lambda one: one.op is Op.PAUSE)
        self._rests = self._sequence(
            lambda one: one.op is Op.PAUSE or (one.op is Op.NEXT and one.outcome is not Outcome.OK)
        )

    def _sequence(self, is_meant: Callable[[Operation], bool]) -> Sequenced:
        return Sequenced(
            one
            for one in self.operations
            if is_meant(one) and (one.outcome is not Outcome.FAIL or one.code == "rest_due")
        )

    def first_sighting(self, token: int) -> tuple[Operation, Shown]:
        """Return the sighting of a token that ended first."""
        first = min(self.sightings[token], key=lambda one: one.ended_at)
        assert first.shown is not None
        return first, first.shown

    def span(self, token: int, *, ignoring: Operation | None = None) -> Span:
        """Return when a lease was certainly live.

        Args:
            token: Of a lease that this reviewer was shown.
            ignoring: An operation that is not taken as a possible end of it.
        """
        first, lease = self.first_sighting(token)
        ends = [(one.invoked_at + one.shown.ttl_s, one) for one in self.sightings[token] if one.shown]
        ends += [(one.invoked_at + one.ttl_s, one) for one in self.extensions(token)]
        until, last = max(ends, key=lambda end: end[0])
        cut = min((one.invoked_at for one in self._enders(token, first, lease, ignoring)), default=inf)
        return Span(
            reviewer=self.reviewer,
            lease=lease,
            since=first.ended_at,
            until=min(until, cut),
            proof=(first,) if last is first else (first, last),
        )

    def extensions(self, token: int) -> list[Operation]:
        """Return the heartbeats that certainly extended a lease.

        A heartbeat also passes for a case that meanwhile has got another token, and does not extend it then.
        """
        _, lease = self.first_sighting(token)
        return [
            one
            for one in self._heartbeats[token]
            if one.outcome is Outcome.OK
            and lease.case_id not in one.lost
            and not self.movers.touches(one)
            and not self._is_replaced(lease, one.ended_at)
        ]

    def may_extend(self, token: int) -> list[Operation]:
        """Return the heartbeats that perhaps extended a lease."""
        return [one for one in self._heartbeats[token] if one.outcome is not Outcome.FAIL]

    def told_gone(self, token: int) -> Operation | None:
        """Return the first answer to say that a lease which had been shown is there no more, if any does."""
        first, lease = self.first_sighting(token)
        told = [
            one
            for one in (*self._heartbeats[token], *self._decisions[token])
            if one.invoked_at > first.ended_at and (lease.case_id in one.lost or one.code == "lease_lost")
        ]
        return min(told, key=lambda one: one.ended_at, default=None)

    def decisions(self, token: int) -> list[Operation]:
        """Return the decisions made under a token, refused ones included."""
        return self._decisions[token]

    def _is_replaced(self, lease: Shown, moment: float) -> bool:
        """Tell whether this reviewer saw a newer token of the same case before a moment."""
        return any(
            token > lease.token and seen_at < moment for token, seen_at in self._tokens_of_case[lease.case_id]
        )

    def _enders(
        self, token: int, first: Operation, lease: Shown, ignoring: Operation | None
    ) -> list[Operation]:
        # The case may have got newer tokens; a decision under any of them ends it.
        tokens = {newer for newer, _ in self._tokens_of_case[lease.case_id] if newer >= token}
        enders = [
            one
            for newer in tokens
            for one in self._decisions[newer]
            if one is not ignoring and one.code not in HARMLESS_REFUSALS
        ]
        sequence = self._pauses if lease.slot == 0 else self._rests
        mover = sequence.first_not_over(first.invoked_at, ignoring=first)
        return enders if mover is None else [*enders, mover]


def tracks_of(history: History) -> dict[int, Track]:
    """Return what each reviewer did."""
    by_reviewer: dict[int, list[Operation]] = defaultdict(list)
    for one in history.operations:
        by_reviewer[one.reviewer].append(one)
    return {reviewer: Track(reviewer, operations) for reviewer, operations in by_reviewer.items()}


def _end(operation: Operation) -> float:
    return inf if operation.outcome is Outcome.UNKNOWN else operation.ended_at
