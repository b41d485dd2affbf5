"""The promises about decisions, checked on what was answered to whoever decided."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import inf
from typing import TypeAlias

from benchmarks.queue_faults.history import CaseCycle, History, Operation, Outcome, Shown
from benchmarks.queue_faults.rules_leases import MARGIN_S, first_sightings
from benchmarks.queue_faults.spans import Track
from benchmarks.queue_faults.violations import Rule, Violation

StageOfCase: TypeAlias = tuple[int, int, int]


def check_decisions(history: History, tracks: Mapping[int, Track], *, ttl_s: float) -> Iterator[Violation]:
    """Yield every breach of a promise about decisions.

    Args:
        history: What happened.
        tracks: The same by reviewer.
        ttl_s: How long a heartbeat extends a lease at most.
    """
    yield from _decided_twice(history)
    yield from _stale_token_accepted(history, tracks)
    yield from _decided_after_end(history, tracks, ttl_s)


def _decided_twice(history: History) -> Iterator[Violation]:
    first_of: dict[StageOfCase, tuple[Operation, Shown]] = {}
    for one, lease in history.accepted():
        stage = (lease.case_id, lease.cycle, lease.stage)
        first, first_lease = first_of.setdefault(stage, (one, lease))
        if _decision(first, first_lease) != _decision(one, lease):
            what = f"case {lease.case_id} was decided twice at stage {lease.stage} of cycle {lease.cycle}"
            yield Violation(rule=Rule.DECIDED_TWICE, what=what, lines=(first, one))


def _decision(one: Operation, lease: Shown) -> tuple[int | None, int, int, str]:
    """Return what is the same when an answer got lost and its decision was sent again."""
    return one.decision_id, one.reviewer, lease.token, one.verdict


def _stale_token_accepted(history: History, tracks: Mapping[int, Track]) -> Iterator[Violation]:
    """A token is its owner's, and is worth nothing once its case has been given again."""
    owner_of: dict[int, Operation] = {}
    given: dict[CaseCycle, list[tuple[Operation, Shown]]] = defaultdict(list)
    for first, lease in first_sightings(tracks):
        owner_of.setdefault(lease.token, first)
        given[lease.case_id, lease.cycle].append((first, lease))
    for one, lease in history.accepted():
        owner = owner_of.get(lease.token)
        if owner is not None and owner.reviewer != one.reviewer:
            what = f"reviewer {one.reviewer} decided with the token of reviewer {owner.reviewer}"
            yield Violation(rule=Rule.STALE_TOKEN_ACCEPTED, what=what, lines=(owner, one))
        decided_from = _decided_from(tracks[one.reviewer], one, lease)
        for other, newer in given[lease.case_id, lease.cycle]:
            if newer.token > lease.token and other.ended_at < decided_from.invoked_at:
                what = f"token {lease.token} decided case {lease.case_id} after token {newer.token} was given"
                lines = (other, decided_from, one)
                yield Violation(rule=Rule.STALE_TOKEN_ACCEPTED, what=what, lines=lines)


def _decided_after_end(history: History, tracks: Mapping[int, Track], ttl_s: float) -> Iterator[Violation]:
    """A lease that has certainly ended decides nothing, even if nobody else has the case yet."""
    for one, lease in history.accepted():
        track = tracks[one.reviewer]
        if lease.token not in track.sightings:
            continue
        first, seen = track.first_sighting(lease.token)
        end = first.ended_at + seen.ttl_s
        for heartbeat in track.may_extend(lease.token):
            end = inf if heartbeat.outcome is Outcome.UNKNOWN else max(end, heartbeat.ended_at + ttl_s)
        decided_from = _decided_from(track, one, lease)
        gone = track.told_gone(lease.token)
        if gone is not None and gone.ended_at < decided_from.invoked_at:
            what = f"the lease {lease.token} was said to be gone, and decided afterwards"
            yield Violation(rule=Rule.DECIDED_AFTER_END, what=what, lines=(first, gone, decided_from, one))
        elif decided_from.invoked_at > end + MARGIN_S:
            what = f"the lease {lease.token} ended at {end:.3f} at the latest, and decided afterwards"
            yield Violation(rule=Rule.DECIDED_AFTER_END, what=what, lines=(first, decided_from, one))


def _decided_from(track: Track, one: Operation, lease: Shown) -> Operation:
    """Return the first request that may have recorded a decision: it, or one whose answer got lost."""
    tries = [try_ for try_ in track.decisions(lease.token) if try_.outcome is not Outcome.FAIL]
    return min(tries, key=lambda try_: try_.invoked_at, default=one)
