"""Replays every assignment against the cases it could choose from: was it the best for its reviewer?

Rows are taken in the order of ``seq``. Whatever an assignment's snapshot saw was written before the
assignment's own row, so at that row the replay holds all the cases it could choose from, and besides only
what concurrent transactions changed. A better case that the reviewer may get was passed over rightly if

- the snapshot had not seen it become ready, or
- the same transaction had given it away before, or
- a transaction *overlapped* (neither saw the other's work done) and took the case, moved it, or had locked it
  in passing: its ``reach`` goes so far, and its reviewers, if it found a case for any, may not get this one.

Such transactions may write their rows later, so a passed-over case is judged when all that overlapped have
ended. What is left is proof that the case was skipped, unless a transaction overlapped that has no row in the
trail: one that was rolled back may have held the lock. These are counted apart.
"""

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final, TypeVar

from review_queue.cases import Reviewer
from review_queue.claim_statements import BEHIND_SEATS
from review_queue.matching import ReadyCase, is_eligible
from review_queue.states import ROLE_STAGES
from review_queue.trail import Snapshot, TrailRow, is_visible
from review_queue.verification.accounts import Accounts
from review_queue.verification.findings import FindingCode, Findings
from review_queue.verification.moves import CaseState, account_of
from review_queue.verification.ready import ReadySet, Transaction, Waiting

SETTLE_ROWS: Final = 256
"""After so many more rows nearly every passed-over case has turned out to be taken by somebody."""

MAX_KNOWN: Final = 100_000
"""So many transactions are remembered."""

NEAR_XIDS: Final = 64
"""A claim of many, and one behind locked seats, go on looking after they have got their number; so many
transactions may begin meanwhile."""

T = TypeVar("T")


@dataclass(kw_only=True, slots=True)
class Passing:
    """An assignment that passed over better cases, until it is judged."""

    row: TrailRow
    transaction: Transaction
    seen: Snapshot
    skipped: list[Waiting]
    n_row: int
    horizon: int = 0


@dataclass(kw_only=True)
class Replay:
    """Takes the rows of the trail; see the head of this module.

    Args:
        findings: Where to report.
        accounts: Who may get what.
        next_xid: No transaction of the trail has this number or a later one.
    """

    findings: Findings
    accounts: Accounts
    next_xid: int = 2**63 - 1
    n_assignments: int = 0
    n_unprovable: int = 0
    unexplained: Counter[int] = field(default_factory=Counter)
    _ready: ReadySet = field(default_factory=ReadySet)
    _transactions: OrderedDict[int, Transaction] = field(default_factory=OrderedDict)
    _traced: OrderedDict[int, None] = field(default_factory=OrderedDict)
    _fresh: deque[Passing] = field(default_factory=deque)
    _waiting: deque[Passing] = field(default_factory=deque)
    _n_rows: int = 0
    _last_xid: int = 0
    _has_snapshots: bool = False

    def note(self, row: TrailRow) -> None:
        """Take every row, before anything else is done with it."""
        self._n_rows += 1
        self._last_xid = max(self._last_xid, row.xid)
        _remember(self._traced, row.xid, None)
        while self._fresh and self._fresh[0].n_row + SETTLE_ROWS < self._n_rows:
            self._settle(self._fresh.popleft())
        while self._waiting and row.seen is not None and self._waiting[0].horizon < row.seen[0]:
            self._judge(self._waiting.popleft())

    def enter(self, row: TrailRow, state: CaseState) -> None:
        """Put a case into the queue, as its state says."""
        was = self._ready.remove(state.case_id)
        if was is not None:
            # What ranks cases anew locks many at once, and may leave some of them where they are.
            was.left_by = self._transaction(row)
            was.left_by.has_moved = True
        if state.port is None:
            return
        case = ReadyCase(
            case_id=state.case_id,
            rank=state.rank,
            port=state.port,
            qual_mask=state.qual_mask,
            stage=state.stage,
            first_reviewer=state.first_reviewer,
        )
        self._ready.add(Waiting(case=case, entered_by=row.xid, was=was))

    def leave(self, case_id: int) -> None:
        """Take a case out of the queue after a move that is not possible."""
        self._ready.remove(case_id)

    def lock(self, row: TrailRow) -> None:
        """Take a row that tells which cases a transaction had locked, though it took none.

        That is one case; or, from a claim of many, all up to a rank.
        """
        transaction = self._transaction(row)
        if row.seen is None and row.case_id is not None:
            transaction.locked.add(row.case_id)

    def assign(self, row: TrailRow, case_id: int) -> None:
        """Take a case out of the queue and look whether it was the right one."""
        self.n_assignments += 1
        taken = self._ready.remove(case_id)
        if taken is None:
            return  # its move was reported
        reviewer = self._reviewer_of(row, taken.case)
        transaction = self._transaction(row)
        taken.left_by = transaction
        if row.seen is None:
            self.n_unprovable += 1
            if self._has_snapshots:
                message = f"row {row.seq} assigns case {case_id} without the snapshot that proves it right"
                self.findings.about(row, FindingCode.SNAPSHOT_MISSING, message)
            return
        self._has_snapshots = True
        if reviewer is None:
            return
        rank = self._rank_seen(row, row.seen, taken)
        transaction.given.append((reviewer, rank))
        if not self.findings.covers(row.at):
            return
        skipped = [
            better
            for better in self._ready.better_than(rank, reviewer)
            if _has_seen(row.seen, row.xid, better.entered_by)
        ]
        if skipped:
            passing = Passing(
                row=row, transaction=transaction, seen=row.seen, skipped=skipped, n_row=self._n_rows
            )
            self._fresh.append(passing)

    def _reviewer_of(self, row: TrailRow, case: ReadyCase) -> Reviewer | None:
        """Return who got a case, if their role takes any; report whoever may not have this one."""
        account_id = account_of(row.actor)
        reviewer = None if account_id is None else self.accounts.of(account_id)
        if reviewer is None:
            message = f"row {row.seq} gives case {case.case_id} to {row.actor}, of whom nothing is known"
            self.findings.about(row, FindingCode.ACCOUNT_UNKNOWN, message)
            return None
        takes_cases = reviewer.role in ROLE_STAGES
        if not takes_cases or not is_eligible(reviewer, case):
            message = f"row {row.seq} gives case {case.case_id} to {row.actor}, who may not get it"
            self.findings.about(row, FindingCode.CASE_INELIGIBLE, message)
        return reviewer if takes_cases else None

    def end(self) -> None:
        """Judge what is left when the trail ends."""
        for passing in (*self._waiting, *self._fresh):
            self._judge(passing)

    def _transaction(self, row: TrailRow) -> Transaction:
        known = self._transactions.get(row.xid)
        if known is None:
            known = Transaction(xid=row.xid, seen=row.seen)
            _remember(self._transactions, row.xid, known)
        if row.seen is not None and row.reach is not None:
            known.reach = max(known.reach, row.reach)
        return known

    def _rank_seen(self, row: TrailRow, seen: Snapshot, taken: Waiting) -> int:
        """Return the rank at which the snapshot saw the case.

        That is another than the one it was taken at if it was ranked anew in between.
        """
        one: Waiting | None = taken
        while one is not None:
            if _has_seen(seen, row.xid, one.entered_by):
                return one.case.rank
            one = one.was
        message = f"row {row.seq} assigns case {taken.case.case_id}, which its snapshot did not see ready"
        self.findings.about(row, FindingCode.CASE_UNSEEN, message)
        return taken.case.rank

    def _settle(self, passing: Passing) -> None:
        """Forget the cases that are known to have been passed over rightly; keep the rest for later."""
        passing.skipped = self._unexcused(passing)
        if passing.skipped:
            mine = passing.transaction
            passing.horizon = max(self._last_xid, mine.xid + NEAR_XIDS, passing.seen[1] + NEAR_XIDS)
            self._waiting.append(passing)

    def _judge(self, passing: Passing) -> None:
        skipped = self._unexcused(passing)
        if not skipped:
            return
        row, case = passing.row, min((one.case for one in skipped), key=lambda case: case.rank)
        if any(xid not in self._traced for xid in self._near_xids(passing, _end_of_looking(passing))):
            self.unexplained[account_of(row.actor) or 0] += 1
            return
        message = (
            f"row {row.seq} gives case {row.case_id} of rank {row.rank} to {row.actor}, although case "
            f"{case.case_id} of rank {case.rank} was ready for them"
        )
        self.findings.about(row, FindingCode.CASE_SKIPPED, message)

    def _unexcused(self, passing: Passing) -> list[Waiting]:
        """Return the better cases that no overlapping transaction took, moved or had locked in passing."""
        left = [one for one in passing.skipped if one.left_by is None or not _overlap(passing, one.left_by)]
        if not left:
            return left
        near = self._near_xids(passing, max(passing.transaction.xid, passing.seen[1]) + NEAR_XIDS)
        lockers = [self._transactions[xid] for xid in near if xid in self._transactions]
        lockers = [one for one in lockers if _overlap(passing, one)]
        return [one for one in left if not any(_could_lock(locker, one.case) for locker in lockers)]

    def _near_xids(self, passing: Passing, end: int) -> list[int]:
        """Return the transactions below ``end`` that the assignment had not seen end."""
        first = passing.seen[1]
        return [*passing.seen[2], *range(first, min(end, first + MAX_KNOWN, self.next_xid))]


def _overlap(passing: Passing, other: Transaction) -> bool:
    """Return whether an assignment and a transaction that it had not seen end overlapped."""
    if other is passing.transaction:
        return False
    if other.seen is not None:
        return not is_visible(passing.row.xid, other.seen)
    seen = passing.seen
    return other.xid in seen[2] or seen[1] <= other.xid < _end_of_looking(passing)


def _could_lock(locker: Transaction, case: ReadyCase) -> bool:
    """Return whether a transaction may have locked a case that it neither took nor moved.

    A claim of many locks all cases so far; it takes those that its reviewers may get.
    """
    if locker.has_moved or case.case_id in locker.locked:
        return True
    return locker.reach >= case.rank and not any(
        rank > case.rank and is_eligible(reviewer, case) for reviewer, rank in locker.given
    )


def _end_of_looking(passing: Passing) -> int:
    """Return the first transaction that began after the assignment had done its looking.

    A plain claim gets its number when it locks the case it takes, and that is the end of it.
    """
    mine, row = passing.transaction, passing.row
    is_plain = len(mine.given) == 1 and mine.reach == row.rank and row.detail != BEHIND_SEATS
    return mine.xid if is_plain else max(mine.xid, passing.seen[1]) + NEAR_XIDS


def _has_seen(seen: Snapshot, own_xid: int, xid: int) -> bool:
    return xid == own_xid or is_visible(xid, seen)


def _remember(known: OrderedDict[int, T], xid: int, value: T) -> None:
    known[xid] = value
    if len(known) > MAX_KNOWN:
        known.popitem(last=False)
