"""What the checker can find, and how it says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from benchmarks.queue_faults.history import Operation


class Rule(StrEnum):
    """The promises, by the name of their breach."""

    TWO_LIVE_LEASES = "two_live_leases"
    LIVE_LEASE_REFUSED = "live_lease_refused"
    SHORT_LEASE = "short_lease"
    TOKEN_REUSED = "token_reused"
    NOT_ELIGIBLE = "not_eligible"
    SECOND_IS_FIRST = "second_is_first"
    GIVEN_AFTER_DECIDED = "given_after_decided"
    DECIDED_TWICE = "decided_twice"
    STALE_TOKEN_ACCEPTED = "stale_token_accepted"
    DECIDED_AFTER_END = "decided_after_end"
    DECISION_MISSING = "decision_missing"
    DECISION_UNAUDITED = "decision_unaudited"
    LEASE_UNAUDITED = "lease_unaudited"
    CASE_LOST = "case_lost"
    PREFETCHED_CASE_LOST = "prefetched_case_lost"
    DISPOSITION_WRONG = "disposition_wrong"


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One broken promise with the lines of the history that prove it."""

    rule: Rule
    what: str
    lines: Sequence[Operation] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"rule": str(self.rule), "what": self.what, "lines": [str(line) for line in self.lines]}
