"""The promises about leases, checked on what their holders were told."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain

from benchmarks.queue_faults.history import CaseCycle, History, Op, Operation, Outcome, Shown
from benchmarks.queue_faults.spans import Span, Track
from benchmarks.queue_faults.violations import Rule, Violation
from review_queue.states import stages_of

MARGIN_S = 0.05
"""Of what the database's clock and ours may differ by while a lease lasts."""
SHORT_SHARE = 0.5
"""A lease fresh from the database has at least this share of its time; the answer's own way takes some."""


def check_leases(history: History, tracks: Mapping[int, Track], *, ttl_s: float) -> Iterator[Violation]:
    """Yield every breach of a promise about leases.

    Args:
        history: What happened.
        tracks: The same by reviewer.
        ttl_s: How long a lease lasts that is not extended, on either slot.
    """
    yield from _two_live_leases(tracks)
    for track in tracks.values():
        yield from _live_lease_refused(track)
        yield from _short_lease(track, ttl_s)
    yield from _token_reused(history)
    yield from _not_eligible(history, tracks)
    yield from _given_after_decided(history)


def _two_live_leases(tracks: Mapping[int, Track]) -> Iterator[Violation]:
    by_case: dict[int, list[Span]] = defaultdict(list)
    for track in tracks.values():
        for token in track.sightings:
            span = track.span(token)
            if span.since < span.until - MARGIN_S:
                by_case[span.lease.case_id].append(span)
    for case_id, spans in by_case.items():
        spans.sort(key=lambda span: span.since)
        held = spans[0]
        for span in spans[1:]:
            if span.reviewer != held.reviewer and span.since < held.until - MARGIN_S:
                both = f"reviewers {held.reviewer} and {span.reviewer} both held case {case_id}"
                during = f"from {span.since:.3f} to {min(held.until, span.until):.3f}"
                lines = (*held.proof, *span.proof)
                yield Violation(rule=Rule.TWO_LIVE_LEASES, what=f"{both} {during}", lines=lines)
            held = max(held, span, key=lambda one: one.until)


def _live_lease_refused(track: Track) -> Iterator[Violation]:
    """Whoever certainly has a lease is not told otherwise, nor given another case in its place."""
    seen: list[tuple[float, Shown]] = sorted(
        ((first.ended_at, lease) for first, lease in map(track.first_sighting, track.sightings)),
        key=lambda sighting: sighting[0],
    )
    number, current = 0, None
    for one in track.operations:
        while number < len(seen) and seen[number][0] <= one.invoked_at:
            current = seen[number][1] if seen[number][1].slot == 0 else current
            number += 1
        for lease in _refused(one, current):
            if lease.token not in track.sightings:
                continue
            span = track.span(lease.token, ignoring=one)
            if span.since <= one.invoked_at and one.ended_at < span.until - MARGIN_S:
                what = (
                    f"the lease {lease.token} of reviewer {track.reviewer} on case {lease.case_id} was live"
                )
                yield Violation(
                    rule=Rule.LIVE_LEASE_REFUSED,
                    what=f"{what} until {span.until:.3f} at least, yet they were told otherwise",
                    lines=(*span.proof, one),
                )


def _refused(one: Operation, current: Shown | None) -> Iterator[Shown]:
    """Yield the leases that an answer says are not, or no longer, there."""
    if one.op is Op.DECIDE and one.code in ("lease_lost", "case_not_held"):
        yield from (lease for lease in one.named if lease.slot == 0)
    elif one.op is Op.HEARTBEAT:
        yield from (lease for lease in one.named if lease.case_id in one.lost)
    elif (
        one.op is Op.NEXT
        and one.outcome is Outcome.OK
        and current is not None
        and (one.shown is None or one.shown.token != current.token)
    ):
        yield current


def _short_lease(track: Track, ttl_s: float) -> Iterator[Violation]:
    for token in track.sightings:
        first, lease = track.first_sighting(token)
        is_new = first.op in (Op.NEXT, Op.PREFETCH) and not track.movers.touches(first)
        if is_new and lease.ttl_s < ttl_s * SHORT_SHARE:
            what = f"a lease of {ttl_s:g} s was given, and ends in {lease.ttl_s:.3f} s"
            yield Violation(rule=Rule.SHORT_LEASE, what=what, lines=(first,))
        for one in track.extensions(token):
            if one.ttl_s < ttl_s * SHORT_SHARE:
                what = f"leases were to be extended to {ttl_s:g} s, and end in {one.ttl_s:.3f} s"
                yield Violation(rule=Rule.SHORT_LEASE, what=what, lines=(first, one))


def _token_reused(history: History) -> Iterator[Violation]:
    owners: dict[int, Operation] = {}
    for one in history.operations:
        if one.shown is None:
            continue
        first = owners.setdefault(one.shown.token, one)
        assert first.shown is not None
        if (first.reviewer, first.shown.case_id) != (one.reviewer, one.shown.case_id):
            what = f"token {one.shown.token} stands for two leases"
            yield Violation(rule=Rule.TOKEN_REUSED, what=what, lines=(first, one))


def _not_eligible(history: History, tracks: Mapping[int, Track]) -> Iterator[Violation]:
    for track in tracks.values():
        reviewer = history.people[track.reviewer]
        for first, lease in map(track.first_sighting, track.sightings):
            case = history.cases.get(lease.case_id)
            why = ""
            if case is not None and case.port == reviewer.port:
                why = f"it is of their own port {case.port}"
            elif case is not None and case.qual_mask & ~reviewer.quals:
                why = f"it needs qualifications {case.qual_mask:b}, they have {reviewer.quals:b}"
            elif lease.stage not in stages_of(reviewer.role):
                why = f"it is at stage {lease.stage}, they are a {reviewer.role}"
            if why:
                what = f"reviewer {track.reviewer} was given case {lease.case_id}, but {why}"
                yield Violation(rule=Rule.NOT_ELIGIBLE, what=what, lines=(first,))


def _given_after_decided(history: History) -> Iterator[Violation]:
    """After a stage is decided the case is at a later one, or closed, and its decider never sees it again."""
    decided: dict[CaseCycle, list[tuple[Operation, Shown]]] = defaultdict(list)
    for one, lease in history.accepted():
        decided[lease.case_id, lease.cycle].append((one, lease))
    for one in history.operations:
        if one.shown is None:
            continue
        lease = one.shown
        for decision, decided_lease in decided.get((lease.case_id, lease.cycle), ()):
            is_after = decision.ended_at <= one.invoked_at
            if is_after and (decision.is_closed or lease.stage <= decided_lease.stage):
                what = f"case {lease.case_id} was decided at stage {decided_lease.stage}, and given again"
                yield Violation(rule=Rule.GIVEN_AFTER_DECIDED, what=what, lines=(decision, one))
            if decision.reviewer == one.reviewer and lease.stage > decided_lease.stage:
                what = f"reviewer {one.reviewer} decided case {lease.case_id} before, and was given it again"
                yield Violation(rule=Rule.SECOND_IS_FIRST, what=what, lines=(decision, one))


def first_sightings(tracks: Mapping[int, Track]) -> Iterator[tuple[Operation, Shown]]:
    """Yield the first sighting of every lease."""
    return chain.from_iterable(map(track.first_sighting, track.sightings) for track in tracks.values())
