"""What verification found, and the list it is gathered in."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from review_queue.trail import TrailRow

MAX_PER_CODE = 100
"""Beyond so many findings of one kind the rest are counted only."""


class FindingCode(StrEnum):
    """What can be wrong; docs/reference/audit.md says what each means."""

    ROW_EDITED = "row_edited"
    ROW_DELETED = "row_deleted"
    ROW_INSERTED = "row_inserted"
    ROW_MOVED = "row_moved"
    ROW_MALFORMED = "row_malformed"
    SEAL_MISSING = "seal_missing"
    SEAL_CHAIN_BROKEN = "seal_chain_broken"
    SEAL_KEY_UNKNOWN = "seal_key_unknown"
    SEAL_SIGNATURE_INVALID = "seal_signature_invalid"
    SEAL_LEAVES_ALTERED = "seal_leaves_altered"
    ANCHOR_DIFFERS = "anchor_differs"
    TRAIL_CUT = "trail_cut"
    SECRET_UNCOMMITTED = "secret_uncommitted"  # noqa: S105
    SECRET_COMMITTED_TWICE = "secret_committed_twice"  # noqa: S105
    SECRET_WRONG = "secret_wrong"  # noqa: S105
    RANK_WRONG = "rank_wrong"
    DRAW_WRONG = "draw_wrong"
    MOVE_IMPOSSIBLE = "move_impossible"
    MOVE_MISMATCH = "move_mismatch"
    PLACE_DIFFERS = "place_differs"
    DECISION_UNAUDITED = "decision_unaudited"
    DECISION_MISSING = "decision_missing"
    DECISION_EDITED = "decision_edited"
    DISPOSITION_UNAUDITED = "disposition_unaudited"
    DISPOSITION_MISSING = "disposition_missing"
    INSPECTION_UNAUDITED = "inspection_unaudited"
    INSPECTION_MISSING = "inspection_missing"
    ACCOUNT_UNKNOWN = "account_unknown"
    ACCOUNT_CHANGED = "account_changed"
    SNAPSHOT_MISSING = "snapshot_missing"
    CASE_UNSEEN = "case_unseen"
    CASE_INELIGIBLE = "case_ineligible"
    CASE_SKIPPED = "case_skipped"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, in words, with the numbers that name it where there are any."""

    code: FindingCode
    message: str
    seq: int | None = None
    xid: int | None = None
    case_id: int | None = None
    seal_no: int | None = None


class Findings:
    """Gathers findings; those about rows older than ``since`` are left out."""

    def __init__(self, *, since: datetime | None = None) -> None:
        self._since = since
        self._kept: list[Finding] = []
        self._counts: Counter[FindingCode] = Counter()

    def covers(self, moment: datetime) -> bool:
        """Return whether what happened then is to be judged."""
        return self._since is None or moment >= self._since

    def add(self, finding: Finding) -> None:
        """Keep a finding, or count it when there are many of its kind."""
        self._counts[finding.code] += 1
        if self._counts[finding.code] <= MAX_PER_CODE:
            self._kept.append(finding)

    def about(self, row: TrailRow, code: FindingCode, message: str) -> None:
        """Add a finding about a row of the trail, if the row is to be judged."""
        if self.covers(row.at):
            self.add(Finding(code=code, message=message, seq=row.seq, xid=row.xid, case_id=row.case_id))

    @property
    def kept(self) -> list[Finding]:
        """The findings, in the order in which they were found."""
        return list(self._kept)

    @property
    def counts(self) -> Mapping[FindingCode, int]:
        """How many there are of each kind."""
        return dict(self._counts)


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of a verification.

    Attributes:
        findings: What is wrong, at most ``MAX_PER_CODE`` of a kind; nothing when the trail is good.
        counts: How many findings there are of each kind.
        n_rows: Rows of the trail.
        n_unsealed: Of these, the rows after the last seal, which nothing protects yet.
        n_seals: Seals.
        n_moves: Moves of cases that were followed.
        n_ranks: Ranks computed again.
        days_unrevealed: Days whose ranks could not be, because their secret is not revealed.
        n_ranks_unrevealed: How many ranks these are.
        n_assignments: Assignments of a case to a reviewer.
        n_unprovable: Of these, the ones made before assignments carried their snapshot.
        n_unexplained: Of these, the ones that passed over a better case which nothing in the trail held, but
            a transaction that left no trace may have (it was rolled back, say).
        unexplained_by_account: The same by reviewer.
    """

    findings: list[Finding]
    counts: Mapping[FindingCode, int]
    n_rows: int
    n_unsealed: int
    n_seals: int
    n_moves: int
    n_ranks: int
    days_unrevealed: list[str]
    n_ranks_unrevealed: int
    n_assignments: int
    n_unprovable: int
    n_unexplained: int
    unexplained_by_account: Mapping[int, int]

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.counts
