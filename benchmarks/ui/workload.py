"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Counts of one run. Every phase takes its turn in every round.

    ``heap_early`` is the number of decided cases after which the heap is read for the first time.
    """

    name: str
    rounds: int
    decisions_a_round: int
    cold_cases_a_round: int
    drag_moves_a_round: int
    pan_moves_a_round: int
    heap_early: int = 10
    n_boxes: int = 2000
    scan_height_px: int = 1200
    scan_width_px: int = 4800
    n_pictures: int = 1
    stage_width_px: int = 1600
    stage_height_px: int = 820
    network_mbit_s: float = 100.0
    network_latency_ms: float = 10.0

    @property
    def n_cases(self) -> int:
        """Cases to have ready: the decided ones, and what every page holds meanwhile."""
        return self.rounds * (self.decisions_a_round + self.cold_cases_a_round) + 20


FULL = Workload(
    name="full",
    rounds=5,
    decisions_a_round=40,
    cold_cases_a_round=5,
    drag_moves_a_round=120,
    pan_moves_a_round=120,
)
QUICK = Workload(
    name="quick",
    rounds=1,
    decisions_a_round=12,
    cold_cases_a_round=2,
    drag_moves_a_round=60,
    pan_moves_a_round=60,
)
