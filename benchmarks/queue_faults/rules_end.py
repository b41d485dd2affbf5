"""The promises that only the end of a run can show broken: nothing is lost that was opened or promised."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from benchmarks.queue_faults.final_state import FinalState, Recorded
from benchmarks.queue_faults.history import History, Operation, Shown
from benchmarks.queue_faults.rules_leases import first_sightings
from benchmarks.queue_faults.spans import Track
from benchmarks.queue_faults.violations import Rule, Violation

N_LAST_LINES = 6


def check_end(history: History, tracks: Mapping[int, Track], end: FinalState) -> Iterator[Violation]:
    """Yield every breach that shows after all work has been drained.

    Args:
        history: What happened, the drain included.
        tracks: The same by reviewer.
        end: What the database holds.
    """
    yield from _decision_missing(history, end)
    yield from _decision_unaudited(history, end)
    yield from _lease_unaudited(tracks, end)
    yield from _recorded_twice(history, end)
    yield from _case_lost(history, end)
    yield from _disposition_wrong(end)


def _decision_missing(history: History, end: FinalState) -> Iterator[Violation]:
    for one, lease in history.accepted():
        promised = Recorded(
            case_id=lease.case_id,
            cycle=lease.cycle,
            stage=lease.stage,
            reviewer=one.reviewer,
            token=lease.token,
            verdict=one.verdict,
        )
        found = None if one.decision_id is None else end.decisions.get(one.decision_id)
        if found != promised:
            what = f"decision {one.decision_id} was acknowledged, the database has {found or 'none'}"
            yield Violation(rule=Rule.DECISION_MISSING, what=what, lines=(one,))


def _decision_unaudited(history: History, end: FinalState) -> Iterator[Violation]:
    acknowledged = {one.decision_id: one for one, _ in history.accepted()}
    audited = Counter(end.audited_decisions)
    for decision_id, decision in end.decisions.items():
        n_rows = audited.pop(decision, 0)
        if n_rows != 1:
            what = f"decision {decision_id} ({decision}) has {n_rows} audit rows"
            lines = [acknowledged[decision_id]] if decision_id in acknowledged else []
            yield Violation(rule=Rule.DECISION_UNAUDITED, what=what, lines=lines)
    for decision in audited:
        what = f"the audit trail tells of a decision that is not there: {decision}"
        yield Violation(rule=Rule.DECISION_UNAUDITED, what=what)


def _lease_unaudited(tracks: Mapping[int, Track], end: FinalState) -> Iterator[Violation]:
    audited = Counter(end.audited_leases)
    for first, lease in first_sightings(tracks):
        n_rows = audited[lease.token, lease.case_id, first.reviewer]
        if n_rows != 1:
            what = f"the lease {lease.token} has {n_rows} audit rows"
            yield Violation(rule=Rule.LEASE_UNAUDITED, what=what, lines=(first,))


def _recorded_twice(history: History, end: FinalState) -> Iterator[Violation]:
    """Look at what was recorded although its answer got lost, too."""
    by_cycle: dict[tuple[int, int], list[Recorded]] = defaultdict(list)
    for decision in end.decisions.values():
        by_cycle[decision.case_id, decision.cycle].append(decision)
    for (case_id, cycle), decisions in by_cycle.items():
        if len({decision.stage for decision in decisions}) < len(decisions):
            what = f"cycle {cycle} of case {case_id} has two decisions at one stage: {decisions}"
            yield Violation(rule=Rule.DECIDED_TWICE, what=what)
        if len({decision.reviewer for decision in decisions}) < len(decisions):
            what = f"cycle {cycle} of case {case_id} was decided twice by one reviewer: {decisions}"
            yield Violation(rule=Rule.SECOND_IS_FIRST, what=what)
    for one in history.operations:
        lease = one.shown
        if lease is None:
            continue
        for decision in by_cycle.get((lease.case_id, lease.cycle), ()):
            if decision.reviewer == one.reviewer and decision.stage < lease.stage:
                what = f"reviewer {one.reviewer} was given a case that they decided at stage {decision.stage}"
                yield Violation(rule=Rule.SECOND_IS_FIRST, what=what, lines=(one,))


def _case_lost(history: History, end: FinalState) -> Iterator[Violation]:
    """Every cycle that was opened has been drained, so it is closed."""
    lost = [
        (case_id, cycle)
        for case_id, cycle in sorted(history.opened)
        if not end.dispositions.get((case_id, cycle))
    ]
    # What was opened although nobody was told so, has been drained as well.
    lost += [
        (case_id, cycle)
        for case_id, (cycle, is_closed) in end.cases.items()
        if not is_closed and (case_id, cycle) not in history.opened
    ]
    lines_of = _lines_by_case(history, {case_id for case_id, _ in lost})
    for case_id, cycle in lost:
        lines = [line for line, at_cycle in lines_of[case_id] if at_cycle == cycle]
        last = next((line.shown for line in reversed(lines) if _shows(line, case_id)), None)
        rule = Rule.PREFETCHED_CASE_LOST if last is not None and last.slot == 1 else Rule.CASE_LOST
        what = f"cycle {cycle} of case {case_id} was opened, and has no final word after everybody has worked"
        yield Violation(rule=rule, what=what, lines=lines[-N_LAST_LINES:])


def _shows(line: Operation, case_id: int) -> bool:
    return line.shown is not None and line.shown.case_id == case_id


def _lines_by_case(history: History, case_ids: set[int]) -> dict[int, list[tuple[Operation, int]]]:
    """Return the operations that name or show some cases, each with the cycle it is about."""
    lines: dict[int, list[tuple[Operation, int]]] = defaultdict(list)
    for one in history.operations:
        about: dict[int, Shown] = {lease.case_id: lease for lease in one.named}
        if one.shown is not None:
            about[one.shown.case_id] = one.shown
        for case_id in about.keys() & case_ids:
            lines[case_id].append((one, about[case_id].cycle))
    return lines


def _disposition_wrong(end: FinalState) -> Iterator[Violation]:
    last: dict[tuple[int, int], Recorded] = {}
    for decision in end.decisions.values():
        decided = (decision.case_id, decision.cycle)
        if decided not in last or decision.stage > last[decided].stage:
            last[decided] = decision
    for ended, words in end.dispositions.items():
        verdicts = [last[ended].verdict] if ended in last else []
        if list(words) != verdicts:
            what = f"case and cycle {ended} end with {list(words)}, the last decision says {verdicts}"
            yield Violation(rule=Rule.DISPOSITION_WRONG, what=what)
