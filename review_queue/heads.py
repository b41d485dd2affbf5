"""Where claims begin: what a process remembers of the beginning of the queue. See ``claim_statements``."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TypeAlias

from review_queue import claim_statements as sql
from review_queue.audit import Connection
from review_queue.cases import Stage

MAX_USES = 128
MAX_AGE_S = 0.25
WINDOW = 4 * MAX_USES
"""A head ends so many cases later: what its uses take, here and elsewhere, and what not everybody may get."""

MAX_LANE_HEADS = 1000

Snapshot: TypeAlias = tuple[int, int, tuple[int, ...]]
# No transaction comes after it: with it a head at rank 0 simply is the beginning.
END_OF_TIME: Snapshot = (2**63 - 1, 2**63 - 1, ())


@dataclass(kw_only=True)
class Head:
    """``snapshot`` saw no case below ``rank``. Cases up to ``end_rank`` are looked at."""

    rank: int
    end_rank: int
    snapshot: Snapshot
    found_at: float
    n_uses: int = 0


@dataclass(frozen=True, kw_only=True)
class Eligibility:
    """What reviewers share who may get the same cases, first reviewers apart."""

    port: str | None
    quals: int
    stages: tuple[Stage, ...]


class Heads:
    """The heads of one process. A head that is old costs time, never order."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._shared = Head(rank=0, end_rank=sql.NO_RANK, snapshot=END_OF_TIME, found_at=float("-inf"))
        self._lanes: dict[Eligibility, Head] = {}

    async def shared(self, conn: Connection, *, n_cases: int = 1) -> Head:
        """Return the head of the whole queue for taking some cases; found again when it is used up or old."""
        head = self._shared
        if not self._is_fresh(head):
            head.n_uses, head.found_at = 0, self._clock()  # others go on with it meanwhile
            row = await conn.fetchrow(sql.HEAD, head.rank, head.snapshot, WINDOW)
            assert row is not None
            head = self._shared = self._found(row["rank"], row["end_rank"], row["snapshot"])
        head.n_uses += n_cases
        return head

    def use_up(self) -> None:
        """Have the shared head found again: somebody found nothing up to its end."""
        self._shared.n_uses = MAX_USES

    def remembered_lanes(self, eligibility: Eligibility) -> Head | None:
        """Return the head found by lanes a moment ago, if the shared one was of no use then."""
        head = self._lanes.get(eligibility)
        if head is None or not self._is_fresh(head):
            return None
        head.n_uses += 1
        return head

    async def lanes(self, conn: Connection, eligibility: Eligibility) -> Head:
        """Return the head of the cases of certain reviewers, asked from each lane; it has no end."""
        row = await conn.fetchrow(
            sql.LANE_HEAD, eligibility.port, eligibility.quals, list(eligibility.stages)
        )
        assert row is not None
        head = self._found(row["rank"], None, row["snapshot"])
        if len(self._lanes) >= MAX_LANE_HEADS:
            self._lanes.clear()
        self._lanes[eligibility] = head
        return head

    def _found(self, rank: int | None, end_rank: int | None, snapshot: Snapshot) -> Head:
        return Head(
            rank=sql.NO_RANK if rank is None else rank,
            end_rank=sql.NO_RANK if end_rank is None else end_rank,
            snapshot=snapshot,
            found_at=self._clock(),
        )

    def _is_fresh(self, head: Head) -> bool:
        return head.n_uses < MAX_USES and self._clock() - head.found_at < MAX_AGE_S
