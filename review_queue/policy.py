"""The rules of the queue that an operator may change: urgency, time limits, who looks twice."""

from collections.abc import Mapping
from dataclasses import dataclass

from review_queue.cases import CaseReason, Verdict

# Lower bands go first; 0 is left free for what a supervisor may one day put before everything.
BAND_OF_REASON: Mapping[CaseReason, int] = {
    CaseReason.REOPENED: 2,
    CaseReason.UNSCREENABLE: 4,
    CaseReason.AI_UNAVAILABLE: 4,
    CaseReason.DECLARATION_MISMATCH: 6,
    CaseReason.FINDING: 8,
    CaseReason.SAMPLED: 12,
}
BAND_OF_RISK = ((0.9, 1), (0.7, 3), (0.5, 5), (0.3, 7))
LAST_BAND = 15


@dataclass(frozen=True, kw_only=True)
class QueuePolicy:
    """One operator's rules.

    Attributes:
        lease_ttl_s: How long a shown case is held without a heartbeat.
        prefetch_ttl_s: How long a waiting case is held without a heartbeat.
        max_hold_s: The longest a case is held with heartbeats: a page left open is not a reviewer.
        max_tries: A case that so many reviewers were shown and let run out goes to a supervisor.
        sla_s: Seconds from the scan's arrival until its case is due, for each band 0 to 15.
        second_review_verdicts: Verdicts of a primary review that are looked at again ...
        second_review_min_risk: ... when the case's risk is at least this.
        second_review_sample: Besides, the share of primary reviews drawn at random, in [0, 1].
    """

    lease_ttl_s: float = 90.0
    prefetch_ttl_s: float = 90.0
    max_hold_s: float = 3600.0
    max_tries: int = 3
    sla_s: tuple[float, ...] = (300.0,) * 2 + (600.0,) * 2 + (900.0,) * 4 + (1200.0,) * 4 + (1800.0,) * 4
    second_review_verdicts: frozenset[Verdict] = frozenset({Verdict.RELEASE})
    second_review_min_risk: float = 0.9
    second_review_sample: float = 0.0
    remind_after_s: float = 1200.0
    pause_after_s: float = 1200.0
    rest_s: float = 300.0

    def __post_init__(self) -> None:
        if len(self.sla_s) != LAST_BAND + 1:
            raise ValueError(f"sla_s needs one entry for each of the {LAST_BAND + 1} bands")
        if min(self.lease_ttl_s, self.prefetch_ttl_s, self.max_hold_s, self.max_tries, *self.sla_s) <= 0:
            raise ValueError("times and max_tries must be positive")
        if not 0 <= self.second_review_sample <= 1:
            raise ValueError("second_review_sample must be in [0, 1]")

    def band_of(self, reason: CaseReason, risk: float) -> int:
        """Return the priority band, 0 first. More risk never means a later band."""
        by_risk = next((band for floor, band in BAND_OF_RISK if risk >= floor), LAST_BAND)
        return min(BAND_OF_REASON[reason], by_risk)

    def second_review(self, verdict: Verdict, risk: float, *, draw: float) -> str | None:
        """Return why a primary verdict is looked at again, or ``None``.

        Args:
            verdict: The primary verdict.
            risk: The case's risk, in [0, 1].
            draw: The case's random number in [0, 1); see ``ranking.draw_share``.
        """
        if verdict in self.second_review_verdicts and risk >= self.second_review_min_risk:
            return "risk"
        return "sample" if draw < self.second_review_sample else None
