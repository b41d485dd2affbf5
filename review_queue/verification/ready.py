"""The waiting cases at one point of the replay, in order of rank, lane by lane.

Everybody who may get one case of a lane may get all of it: a lane has one stage, port, qualification mask and
first reviewer.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from review_queue.cases import Reviewer
from review_queue.matching import ReadyCase, is_eligible
from review_queue.states import stages_of
from review_queue.trail import Snapshot

Item: TypeAlias = tuple[int, int]
"""Rank and case."""

Lane: TypeAlias = tuple[int, str, int, int]
"""Stage, port, qualification mask, and first reviewer (0 for none)."""

BLOCK: Final = 512
"""Half of the longest block: inserting into a list costs moving what is behind."""


@dataclass(kw_only=True, slots=True, eq=False)
class Transaction:
    """A transaction that had cases of the queue locked.

    Attributes:
        seen: The snapshot in which a claim chose; ``None`` for others.
        reach: The last rank that a claim had locked.
        given: To whom it gave a case, and the case's rank.
        locked: Cases that it had locked besides.
        has_moved: Whether it moved cases within the queue.
    """

    xid: int
    seen: Snapshot | None
    reach: int = -1
    given: list[tuple[Reviewer, int]] = field(default_factory=list)
    locked: set[int] = field(default_factory=set)
    has_moved: bool = False


@dataclass(kw_only=True, slots=True, eq=False)
class Waiting:
    """A case from when it comes into the queue until it leaves it.

    Attributes:
        case: The case with its rank.
        entered_by: The transaction.
        left_by: The one that took or moved it; ``None`` while it is there.
        was: Under which rank it waited before, when it was ranked anew.
    """

    case: ReadyCase
    entered_by: int
    left_by: Transaction | None = None
    was: "Waiting | None" = None

    @property
    def lane(self) -> Lane:
        """The lane it waits in."""
        case = self.case
        return case.stage, case.port, case.qual_mask, case.first_reviewer or 0


class RankedItems:
    """A sorted list that grows and shrinks anywhere in little time: blocks, each sorted."""

    def __init__(self) -> None:
        self._blocks: list[list[Item]] = []
        self._lasts: list[Item] = []

    def add(self, item: Item) -> None:
        """Insert an item."""
        if not self._blocks:
            self._blocks, self._lasts = [[item]], [item]
            return
        n = min(bisect_left(self._lasts, item), len(self._blocks) - 1)
        block = self._blocks[n]
        insort(block, item)
        if len(block) > 2 * BLOCK:
            self._blocks.insert(n, block[:BLOCK])
            self._lasts.insert(n, block[BLOCK - 1])
            del block[:BLOCK]
            n += 1
        self._lasts[n] = block[-1]

    def remove(self, item: Item) -> None:
        """Remove an item that is there."""
        n = bisect_left(self._lasts, item)
        block = self._blocks[n]
        del block[bisect_left(block, item)]
        if block:
            self._lasts[n] = block[-1]
        else:
            del self._blocks[n], self._lasts[n]

    @property
    def first(self) -> Item | None:
        """The smallest item."""
        return self._blocks[0][0] if self._blocks else None

    def __iter__(self) -> Iterator[Item]:
        """Yield the items from the smallest on."""
        for block in self._blocks:
            yield from block


class ReadySet:
    """The waiting cases."""

    def __init__(self) -> None:
        self._by_case: dict[int, Waiting] = {}
        self._lanes: dict[Lane, RankedItems] = {}
        # Per stage the first item of each lane that is not empty, with the lane.
        self._heads: dict[int, list[tuple[Item, Lane]]] = {}

    def add(self, waiting: Waiting) -> None:
        """Put a case in."""
        self._by_case[waiting.case.case_id] = waiting
        lane = waiting.lane
        items = self._lanes.setdefault(lane, RankedItems())
        before = items.first
        items.add((waiting.case.rank, waiting.case.case_id))
        self._move_head(lane, before, items.first)

    def remove(self, case_id: int) -> Waiting | None:
        """Take a case out; ``None`` if it is not there."""
        waiting = self._by_case.pop(case_id, None)
        if waiting is None:
            return None
        lane = waiting.lane
        items = self._lanes[lane]
        before = items.first
        items.remove((waiting.case.rank, case_id))
        self._move_head(lane, before, items.first)
        if items.first is None:
            del self._lanes[lane]
        return waiting

    def better_than(self, rank: int, reviewer: Reviewer) -> Iterator[Waiting]:
        """Yield the cases with a smaller rank that a reviewer may get, lane by lane."""
        for stage in stages_of(reviewer.role):
            for (head_rank, head_case), lane in self._heads.get(stage, ()):
                if head_rank >= rank:
                    break
                if not is_eligible(reviewer, self._by_case[head_case].case):
                    continue
                for item in self._lanes[lane]:
                    if item[0] >= rank:
                        break
                    yield self._by_case[item[1]]

    def _move_head(self, lane: Lane, before: Item | None, after: Item | None) -> None:
        if before == after:
            return
        heads = self._heads.setdefault(lane[0], [])
        if before is not None:
            del heads[bisect_left(heads, (before, lane))]
        if after is not None:
            insort(heads, (after, lane))
