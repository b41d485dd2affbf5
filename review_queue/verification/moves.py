"""Follows every case through its moves, as ``states.TRANSITIONS`` allows them.

The moves of one case are taken in the order of ``seq``. That is the order in which they happened: a move
starts only when the one before it has been committed, its audit row with it. The order of ``(xid, seq)``, in
which rows are sealed, is not: a transaction may have got its number long before it moved the case.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from review_queue.cases import Stage, Verdict
from review_queue.errors import VerdictNotAllowedError
from review_queue.ranking import RANDOM_BITS
from review_queue.states import TRANSITIONS, Move, Place, step_after
from review_queue.trail import TrailRow
from review_queue.verification.draws import Draws, Entry
from review_queue.verification.findings import FindingCode, Findings

MOVES: Final[Mapping[str, Move]] = {str(move): move for move in Move}
# Where a move leads, also from where it is not possible: after such a finding the case is there.
PLACE_AFTER: Final[Mapping[Move, Place]] = {move: place for (_, move), place in TRANSITIONS.items()}
BEGINNINGS: Final = frozenset({Move.OPENED, Move.REOPENED})
RETURNS: Final = frozenset({Move.RELEASED, Move.EXPIRED})
VERDICTS: Final = frozenset({Move.FORWARDED, Move.CLOSED})

_ENTRY = re.compile(r"\bstage=([123]) tries=(\d+) day=(\d{4}-\d\d-\d\d)\b")
_REASSESSED = re.compile(r"stage=([123]) tries=(\d+) urgency=(\d+)\b")
_HOLDER = re.compile(r"\breviewer=(\d+)\b")
_ACCOUNT = "account:"


@dataclass(kw_only=True, slots=True)
class CaseState:
    """A case as its moves leave it. ``due`` is the rank without its random bits: band and due minute."""

    case_id: int
    place: Place = Place.NOWHERE
    cycle: int = 0
    stage: int = 0
    tries: int = 0
    rank: int = -1
    due: int = -1
    slot: int | None = None
    token: int | None = None
    holder: int | None = None
    first_reviewer: int | None = None
    first_verdict: Verdict | None = None
    port: str | None = None
    qual_mask: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosedCase:
    """What is remembered of a closed case."""

    cycle: int
    due: int


@dataclass(kw_only=True)
class CaseBook:
    """Knows where every case is. Reports moves that are not possible, and fields that do not fit."""

    findings: Findings
    draws: Draws
    n_moves: int = 0
    open: dict[int, CaseState] = field(default_factory=dict)
    closed: dict[int, ClosedCase] = field(default_factory=dict)

    def state_of(self, case_id: int) -> CaseState:
        """Return the state of a case before its next move."""
        state = self.open.get(case_id)
        if state is None:
            state = CaseState(case_id=case_id)
            closed = self.closed.pop(case_id, None)
            if closed is not None:
                state.place, state.cycle, state.due = Place.CLOSED, closed.cycle, closed.due
            self.open[case_id] = state
        return state

    def follow(self, state: CaseState, row: TrailRow, move: Move) -> None:
        """Make a move: check it, then change the state."""
        self.n_moves += 1
        if (state.place, move) not in TRANSITIONS:
            message = (
                f"row {row.seq}: {move} is not possible for case {state.case_id}, which is {state.place}"
            )
            self.findings.about(row, FindingCode.MOVE_IMPOSSIBLE, message)
        else:
            self._check(state, row, move)
        if PLACE_AFTER[move] is Place.READY:
            self._enter(state, row, move)
        elif move is Move.CLOSED:
            del self.open[state.case_id]
            self.closed[state.case_id] = ClosedCase(cycle=state.cycle, due=state.due)
        else:
            state.slot, state.token, state.holder = row.slot, row.token, account_of(row.actor)
        state.place = PLACE_AFTER[move]

    def reassess(self, row: TrailRow) -> None:
        """Change how urgent a case is where it stays; on a seat that counts as a try."""
        state = None if row.case_id is None else self.open.get(row.case_id)
        match = _REASSESSED.match(row.detail or "")
        if state is None or state.place in (Place.NOWHERE, Place.CLOSED):
            message = f"row {row.seq}: case {row.case_id} is not open and cannot be reassessed"
            self.findings.about(row, FindingCode.MOVE_IMPOSSIBLE, message)
            return
        if match is None:
            message = f"row {row.seq} reassesses case {row.case_id} and does not say how"
            self.findings.about(row, FindingCode.ROW_MALFORMED, message)
            return
        is_ready = state.place is Place.READY
        tries, due = int(match[2]), int(match[3])
        if (
            (row.cycle, int(match[1])) != (state.cycle, state.stage)
            or tries != state.tries + (not is_ready)
            or (is_ready and due != state.due)
        ):
            message = f"row {row.seq} does not fit case {state.case_id} as the moves before left it"
            self.findings.about(row, FindingCode.MOVE_MISMATCH, message)
        state.tries, state.due = tries, due

    def _enter(self, state: CaseState, row: TrailRow, move: Move) -> None:
        entry = read_entry(row)
        if entry is None or row.rank is None or row.cycle is None:
            message = f"row {row.seq} puts case {state.case_id} into the queue and does not say how"
            self.findings.about(row, FindingCode.ROW_MALFORMED, message)
            return
        self.draws.check_rank(row, entry)
        self._check_entry(state, row, move, entry)
        if move in BEGINNINGS:
            state.cycle, state.first_reviewer, state.first_verdict = row.cycle, None, None
        elif move is Move.FORWARDED and state.stage == Stage.PRIMARY:
            state.first_reviewer = state.holder
            state.first_verdict = _verdict(row)
        state.stage, state.tries = entry.stage, entry.tries
        state.rank, state.due = row.rank, row.rank >> RANDOM_BITS
        state.slot = state.token = state.holder = None

    def _check(self, state: CaseState, row: TrailRow, move: Move) -> None:
        """Compare what the row says of the case before the move with what the moves before it said."""
        if move in BEGINNINGS:
            return
        pairs: list[tuple[str, object, object]] = [("cycle", row.cycle, state.cycle)]
        if state.place is Place.READY:
            if PLACE_AFTER[move] is not Place.READY:
                slot = 0 if move is Move.LEASED else 1
                pairs += [("stage", row.stage, state.stage), ("rank", row.rank, state.rank)]
                pairs += [("slot", row.slot, slot)]
        else:
            pairs += [("stage", row.stage, state.stage), ("holder", _holder_in(row, move), state.holder)]
            if move is not Move.SHOWN:
                pairs += [("token", row.token, state.token), ("slot", row.slot, state.slot)]
        for name, said, known in pairs:
            if said != known:
                message = f"row {row.seq}: {move} of case {state.case_id} says {name} {said}, it was {known}"
                self.findings.about(row, FindingCode.MOVE_MISMATCH, message)
                return
        if move in VERDICTS:
            self._check_verdict(state, row, move)

    def _check_entry(self, state: CaseState, row: TrailRow, move: Move, entry: Entry) -> None:
        assert row.rank is not None
        assert row.cycle is not None
        wrong = None
        if move is Move.REPRIORITIZED:
            if (entry.stage, entry.tries) != (state.stage, state.tries + 1):
                wrong = f"stage {entry.stage}, try {entry.tries}"
        elif move in RETURNS:
            tries = state.tries + 1 if entry.stage == state.stage else 0
            if entry.tries != tries:
                wrong = f"try {entry.tries}, it would be {tries}"
            elif entry.stage not in (state.stage, Stage.SUPERVISOR):
                wrong = f"stage {entry.stage} after stage {state.stage}"
        elif move in BEGINNINGS:
            if entry.stage != Stage.PRIMARY or entry.tries or row.cycle <= state.cycle:
                wrong = f"cycle {row.cycle}, stage {entry.stage}, try {entry.tries}"
        elif move is Move.FORWARDED and entry.tries:
            wrong = f"try {entry.tries} of a new stage"
        keeps_due = move in RETURNS or move is Move.FORWARDED
        if wrong is None and keeps_due and row.rank >> RANDOM_BITS != state.due:
            wrong = "another band or due minute than before"
        if wrong is not None:
            message = f"row {row.seq} puts case {state.case_id} into the queue with {wrong}"
            self.findings.about(row, FindingCode.MOVE_MISMATCH, message)

    def _check_verdict(self, state: CaseState, row: TrailRow, move: Move) -> None:
        """Check that what followed a verdict is what has to follow it."""
        if state.stage == Stage.PRIMARY:
            self.draws.check_sample(row)
        entry = read_entry(row)
        is_second = move is Move.FORWARDED and entry is not None and entry.stage == Stage.SECOND
        try:
            step = step_after(
                Stage(state.stage),
                Verdict(row.verdict or ""),
                first=state.first_verdict,
                second_review="wanted" if is_second else None,
            )
        except (VerdictNotAllowedError, ValueError):
            step = None
        if step is not None and move is Move.FORWARDED:
            follows = entry is not None and step.stage == entry.stage
        else:
            follows = step is not None and f"disposition={step.disposition}" in (row.detail or "").split(" ")
        if not follows:
            message = (
                f"row {row.seq}: {move} does not follow from verdict {row.verdict} at stage {state.stage}"
            )
            self.findings.about(row, FindingCode.MOVE_MISMATCH, message)


def account_of(actor: str) -> int | None:
    """Return the account of an actor's name, ``None`` if it is no account's."""
    number = actor.removeprefix(_ACCOUNT)
    return int(number) if number != actor and number.isdecimal() else None


def read_entry(row: TrailRow) -> Entry | None:
    """Return what the row of a move into the queue says of the rank."""
    match = _ENTRY.search(row.detail or "")
    return None if match is None else Entry(stage=int(match[1]), tries=int(match[2]), day=match[3])


def _holder_in(row: TrailRow, move: Move) -> int | None:
    if move is not Move.EXPIRED:
        return account_of(row.actor)
    match = _HOLDER.search(row.detail or "")
    return None if match is None else int(match[1])


def _verdict(row: TrailRow) -> Verdict | None:
    try:
        return Verdict(row.verdict or "")
    except ValueError:
        return None
