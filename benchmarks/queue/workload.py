"""How much of everything one run does."""

from dataclasses import dataclass

N_REVIEWERS = 2_000


@dataclass(frozen=True, kw_only=True)
class Workload:
    """The sizes of one run; stored beside its numbers.

    Attributes:
        name: ``full``, ``quick`` or ``tiny`` (for the smoke test: its numbers mean nothing).
        depth: Ready cases (jobs, for the peers) behind every contestant at the start of each round.
        shallow_depth: Ready cases of the shallow database in the comparison of depths.
        deep_depth: Ready cases of the deep one; ``p50_1m_vs_1k`` and its like come from it.
        n_head: Cases before all others that no claiming reviewer is eligible for.
        n_rounds: How often the interleaved contestants run; every figure is a median over rounds.
        warm_s: Seconds at the start of a round that are not measured.
        round_s: Measured seconds of a round.
        n_slices: Depths and head: slices per round, with the queue filled up again between them.
        slice_cycles: Cycles of such a slice; few beside ``shallow_depth``.
        held_cycles: Cycles while one snapshot is held.
        held_slice_cycles: Cycles of each slice of them, and of the slice before the snapshot is taken.
        n_fault_operations: Operations of the history checker's run under faults.
        plants: The bugs planted for it to catch; ``None`` for all there are.
    """

    name: str
    depth: int = 100_000
    shallow_depth: int = 1_000
    deep_depth: int = 1_000_000
    n_head: int = 50_000
    n_rounds: int = 7
    warm_s: float = 2.0
    round_s: float = 6.0
    n_slices: int = 12
    slice_cycles: int = 250
    held_cycles: int = 100_000
    held_slice_cycles: int = 5_000
    n_fault_operations: int = 100_000
    plants: tuple[str, ...] | None = None


FULL = Workload(name="full")
QUICK = Workload(
    name="quick",
    deep_depth=300_000,
    n_rounds=3,
    warm_s=1.0,
    round_s=2.0,
    n_slices=6,
    held_cycles=10_000,
    held_slice_cycles=2_500,
    n_fault_operations=2_500,
    plants=("own_port", "ready_kept"),
)
TINY = Workload(
    name="tiny",
    depth=12_000,
    shallow_depth=300,
    deep_depth=12_500,
    n_head=400,
    n_rounds=1,
    warm_s=0.2,
    round_s=0.5,
    n_slices=2,
    slice_cycles=64,
    held_cycles=128,
    held_slice_cycles=64,
    n_fault_operations=200,
    plants=("own_port",),
)
