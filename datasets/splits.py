"""Splits for training, validation and test that no container and no scanner crosses.

A scan's neighbours are its leaks: another view of the same container shows the same load, and a scanner has
its own noise, stripes and pixel size. So whole scanners (or, without them, whole containers) go to one split.

Which one, a hash decides: it depends on the name and a seed only, so adding records never moves one that
was there. A hash cannot balance rare kinds, and anything that looks at the other records would move old ones;
``choose_seed`` therefore tries seeds once, on the data there is, and the chosen seed is then kept.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from datasets.errors import SplitConflictError
from datasets.records import Record, Split

Fractions = Mapping[Split, float]

DEFAULT_FRACTIONS: Final[Fractions] = MappingProxyType({Split.TRAIN: 0.8, Split.VAL: 0.1, Split.TEST: 0.1})
NO_THREAT: Final = "none"
"""The stratum of records without a finding kind."""


@dataclass(frozen=True, kw_only=True)
class SplitPlan:
    """How records are assigned.

    Attributes:
        seed: Another seed is another assignment.
        fractions: Expected share of groups in each split; they sum to 1.
        by_scanner: Keep scanners apart. Set it to False with one scanner or few: a test set on a scanner of
            its own needs several.
    """

    seed: int = 0
    fractions: Fractions = field(default_factory=lambda: DEFAULT_FRACTIONS)
    by_scanner: bool = True

    def __post_init__(self) -> None:
        if min(self.fractions.values()) < 0 or abs(sum(self.fractions.values()) - 1) > 1e-9:
            raise ValueError(f"fractions must be 0 or more and sum to 1, not {dict(self.fractions)}")


def assign_splits(records: Sequence[Record], plan: SplitPlan) -> list[Record]:
    """Give every record its split.

    A split that a record already carries is kept, and binds its container and scanner: so public sets keep
    their own splits. A container seen by two scanners of different splits cannot be in both; the records of
    one of them are left out (split None), always the same ones.

    Returns:
        The records in their order.

    Raises:
        SplitConflictError: If records of one container or scanner already carry different splits.
    """
    groups = [_group_of(record, plan) for record in records]
    fixed = _fixed(
        [
            *((group, record.split) for group, record in zip(groups, records, strict=True)),
            *(
                (f"container {record.container_id}", record.split)
                for record in records
                if record.container_id
            ),
        ]
    )
    wanted = [fixed.get(group) or _draw(group, plan) for group in groups]
    homes = _homes(records, groups, wanted, plan)
    assigned = []
    for record, split in zip(records, wanted, strict=True):
        key = f"container {record.container_id}"
        home = fixed.get(key) or homes.get(key, split)
        assigned.append(replace(record, split=split if split == home else None))
    return assigned


def choose_seed(records: Sequence[Record], plan: SplitPlan, *, n_seeds: int = 200) -> tuple[SplitPlan, float]:
    """The plan with the seed, of ``n_seeds`` from the plan's own on, that divides every kind most evenly.

    Returns:
        The plan, and the largest deviation of a kind's share in a split from its fraction (0 is perfect).
    """
    plans = [replace(plan, seed=plan.seed + number) for number in range(max(n_seeds, 1))]
    scored = [(imbalance(assign_splits(records, p), p.fractions), p.seed, p) for p in plans]
    worst, _, best = min(scored, key=lambda entry: entry[:2])
    return best, worst


def imbalance(records: Iterable[Record], fractions: Fractions = DEFAULT_FRACTIONS) -> float:
    """Largest deviation of a kind's share in a split from that split's fraction."""
    counts: dict[str, Counter[Split | None]] = defaultdict(Counter)
    for record in records:
        for stratum in _strata(record):
            counts[stratum][record.split] += 1
    return max(
        (
            abs(found[split] / found.total() - fraction)
            for found in counts.values()
            for split, fraction in fractions.items()
        ),
        default=0.0,
    )


def _strata(record: Record) -> set[str]:
    return {a.kind.value for a in record.annotations if a.kind is not None} or {NO_THREAT}


def _group_of(record: Record, plan: SplitPlan) -> str:
    if plan.by_scanner and record.scanner_id:
        return f"scanner {record.scanner_id}"
    if record.container_id:
        return f"container {record.container_id}"
    return f"record {record.id}"


def _fixed(pairs: Iterable[tuple[str, Split | None]]) -> dict[str, Split]:
    fixed: dict[str, Split] = {}
    for group, split in pairs:
        if split is None:
            continue
        if fixed.setdefault(group, split) != split:
            raise SplitConflictError(
                f"{group} is already in {fixed[group]} and in {split}; clear the split "
                "of one of them, or allow scanners in several splits (by_scanner=False)"
            )
    return fixed


def _homes(
    records: Sequence[Record], groups: Sequence[str], wanted: Sequence[Split], plan: SplitPlan
) -> dict[str, Split]:
    """For each container the split it stays in: that of its group with the smallest hash."""
    candidates: dict[str, list[tuple[float, Split]]] = defaultdict(list)
    for record, group, split in zip(records, groups, wanted, strict=True):
        if record.container_id:
            key = f"container {record.container_id}"
            candidates[key].append((_uniform(f"{key} of {group}", plan.seed), split))
    return {key: min(found)[1] for key, found in candidates.items()}


def _draw(group: str, plan: SplitPlan) -> Split:
    point = _uniform(group, plan.seed)
    for split, fraction in plan.fractions.items():
        if point < fraction:
            return split
        point -= fraction
    # Rounding of the fractions may leave a sliver at the end.
    return max(plan.fractions, key=lambda split: plan.fractions[split])


def _uniform(text: str, seed: int) -> float:
    """In [0, 1), the same on every machine."""
    digest = hashlib.sha256(f"{seed}:{text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
