"""How far a verification has come, told while it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from review_queue.verification.findings import Finding, Findings


class Part(StrEnum):
    """What a verification is at, in this order."""

    SEALS = "seals"
    MOVES = "moves"
    TABLES = "tables"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far it has come. The trail is read twice: ``n_total`` is twice its rows.

    Attributes:
        part: What it is at.
        n_read: Rows read so far, in both readings.
        n_total: Rows to read.
        n_findings: How many things are wrong so far.
        first: The first of them.
    """

    part: Part
    n_read: int
    n_total: int
    n_findings: int
    first: Finding | None


@dataclass(kw_only=True)
class Meter:
    """Counts what is read and tells it."""

    findings: Findings
    n_total: int
    tell: Callable[[Progress], None] | None = None
    n_read: int = 0

    def add(self, part: Part, n_rows: int = 0) -> None:
        """Count rows that were read, and tell how far that is."""
        self.n_read += n_rows
        if self.tell is None:
            return
        self.tell(
            Progress(
                part=part,
                n_read=self.n_read,
                n_total=self.n_total,
                n_findings=sum(self.findings.counts.values()),
                first=next(iter(self.findings.kept), None),
            )
        )
