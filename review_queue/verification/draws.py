"""Checks what was left to chance: the secret of each day, random bits of ranks, sampled second reviews."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from review_queue.cases import Stage
from review_queue.ranking import RANDOM_BITS, commitment_of, draw_random, draw_share
from review_queue.states import Move
from review_queue.trail import TrailRow
from review_queue.verification.findings import Finding, FindingCode, Findings

COMMITTED: Final = "rank_secret_committed"
REVEALED: Final = "rank_secret_revealed"

_RANDOM_MASK: Final = (1 << RANDOM_BITS) - 1
_COMMITTED = re.compile(r"day=(\S+) commitment=([0-9a-f]{64})")
_REVEALED = re.compile(r"day=(\S+) secret=([0-9a-f]{64})")
_SAMPLED = re.compile(r"\bday=(\S+).*\bsample=(\d+(?:\.\d+)?(?:e-?\d+)?)(?: |$)")
# The day is read a moment before the row is written; so far apart they are at most.
_LATEST = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the audit row of a move into the queue says of the rank."""

    stage: int
    tries: int
    day: str


@dataclass(frozen=True, kw_only=True)
class StoredSecret:
    """A row of ``rank_secrets``."""

    secret: bytes
    commitment: bytes
    is_revealed: bool


@dataclass(kw_only=True)
class Draws:
    """Takes the trail in the order in which it was written.

    Args:
        findings: Where to report.
        stored: The secrets in the database, by day.
    """

    findings: Findings
    stored: Mapping[str, StoredSecret]
    n_ranks: int = 0
    n_unrevealed: int = 0
    unrevealed: set[str] = field(default_factory=set)
    _commitments: dict[str, bytes] = field(default_factory=dict)
    _usable: dict[str, bytes] = field(default_factory=dict)

    def commit(self, row: TrailRow) -> None:
        """Take the commitment of a day's secret; there is one for each day."""
        match = _COMMITTED.fullmatch(row.detail or "")
        if match is None:
            self.findings.about(row, FindingCode.ROW_MALFORMED, f"row {row.seq} is no commitment")
            return
        day, commitment = match[1], bytes.fromhex(match[2])
        if day in self._commitments:
            message = f"the secret of {day} was committed before row {row.seq} already"
            self.findings.about(row, FindingCode.SECRET_COMMITTED_TWICE, message)
            return
        self._commitments[day] = commitment
        stored = self.stored.get(day)
        if stored is None or commitment_of(stored.secret) != commitment or stored.commitment != commitment:
            message = f"the stored secret of {day} is not the one that row {row.seq} commits to"
            self.findings.about(row, FindingCode.SECRET_WRONG, message)
        elif stored.is_revealed:
            self._usable[day] = stored.secret

    def reveal(self, row: TrailRow) -> None:
        """Take a revealed secret."""
        match = _REVEALED.fullmatch(row.detail or "")
        if match is None:
            self.findings.about(row, FindingCode.ROW_MALFORMED, f"row {row.seq} reveals no secret")
        elif commitment_of(bytes.fromhex(match[2])) != self._commitments.get(match[1]):
            message = f"row {row.seq} reveals a secret of {match[1]} that is not the one committed to"
            self.findings.about(row, FindingCode.SECRET_WRONG, message)

    def check_rank(self, row: TrailRow, entry: Entry) -> None:
        """Compute the random bits of a rank again."""
        if entry.day != row.at.date().isoformat() and not _is_near(row.at, entry.day):
            message = f"row {row.seq} of {row.at:%Y-%m-%d} ranks a case by the secret of {entry.day}"
            self.findings.about(row, FindingCode.RANK_WRONG, message)
        if entry.day not in self._commitments:
            message = f"row {row.seq} ranks a case by a secret of {entry.day} that nothing committed to"
            self.findings.about(row, FindingCode.SECRET_UNCOMMITTED, message)
        secret = self._usable.get(entry.day)
        if secret is None or row.case_id is None or row.cycle is None or row.rank is None:
            self.n_unrevealed += 1
            self.unrevealed.add(entry.day)
            return
        self.n_ranks += 1
        random = draw_random(
            secret, case_id=row.case_id, cycle=row.cycle, stage=Stage(entry.stage), tries=entry.tries
        )
        if row.rank & _RANDOM_MASK != random:
            message = f"row {row.seq} gives case {row.case_id} other random bits than {entry.day} has for it"
            self.findings.about(row, FindingCode.RANK_WRONG, message)

    def check_sample(self, row: TrailRow) -> None:
        """Compute the draw of a second review again, where a primary decision tells the share drawn."""
        match = _SAMPLED.search(row.detail or "")
        secret = self._usable.get(match[1]) if match else None
        if match is None or secret is None or row.case_id is None or row.cycle is None:
            return
        is_drawn = draw_share(secret, case_id=row.case_id, cycle=row.cycle) < float(match[2])
        is_sampled = "why=sample" in match.string
        if (is_drawn and row.event == Move.CLOSED) or (is_sampled and not is_drawn):
            done = "sampled for" if is_sampled else "left without"
            message = f"row {row.seq}: case {row.case_id} was {done} a second review against its draw"
            self.findings.about(row, FindingCode.DRAW_WRONG, message)

    def end(self) -> None:
        """Check that no secret is stored that was never committed to."""
        for day in sorted(self.stored.keys() - self._commitments.keys()):
            message = f"there is a secret of {day}, but the trail has no commitment to it"
            self.findings.add(Finding(code=FindingCode.SECRET_UNCOMMITTED, message=message))


def _is_near(moment: datetime, day: str) -> bool:
    return day in ((moment - _LATEST).date().isoformat(), (moment + _LATEST).date().isoformat())
