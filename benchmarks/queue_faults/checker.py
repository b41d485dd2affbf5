"""Checks a history; see docs/explanation/queue-faults.md for what each rule proves."""

from benchmarks.queue_faults.final_state import FinalState
from benchmarks.queue_faults.history import History
from benchmarks.queue_faults.rules_decisions import check_decisions
from benchmarks.queue_faults.rules_end import check_end
from benchmarks.queue_faults.rules_leases import check_leases
from benchmarks.queue_faults.spans import tracks_of
from benchmarks.queue_faults.violations import Violation


def check(history: History, *, ttl_s: float, end: FinalState | None = None) -> list[Violation]:
    """Return every broken promise.

    Args:
        history: What the people and whoever opened the cases know.
        ttl_s: How long a lease lasts that is not extended.
        end: What the database holds after the drain; ``None`` while the run goes on.
    """
    tracks = tracks_of(history)
    violations = [
        *check_leases(history, tracks, ttl_s=ttl_s),
        *check_decisions(history, tracks, ttl_s=ttl_s),
    ]
    if end is not None:
        violations += check_end(history, tracks, end)
    return violations
