"""Splits by hash that no container and no scanner crosses."""

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.errors import SplitConflictError
from datasets.records import Annotation, Record, Split
from datasets.splits import SplitPlan, assign_splits, choose_seed, imbalance
from datasets.synthetic.kinds import ThreatKind


def _record(
    number: int,
    *,
    container: str | None = None,
    scanner: str | None = None,
    kind: ThreatKind | None = None,
    split: Split | None = None,
) -> Record:
    boxes = () if kind is None else (Annotation(label=kind.value, kind=kind, box_xyxy=(0, 0, 1, 1)),)
    return Record(
        id=str(number),
        image=(),
        width_px=1,
        height_px=1,
        annotations=boxes,
        container_id=container,
        scanner_id=scanner,
        split=split,
    )


_NAMES = st.one_of(st.none(), st.sampled_from("abcdefghij"))
_RECORDS = st.lists(st.tuples(_NAMES, _NAMES), max_size=40).map(
    lambda pairs: [_record(n, container=c, scanner=s) for n, (c, s) in enumerate(pairs)]
)


@given(_RECORDS, st.booleans(), st.integers(0, 50))
def test_assign_splits__nothing_crosses(records: list[Record], by_scanner: bool, seed: int) -> None:
    """Whatever containers and scanners share, none is in two splits."""
    seen: dict[str, set[Split]] = defaultdict(set)
    for record in assign_splits(records, SplitPlan(seed=seed, by_scanner=by_scanner)):
        if record.split is not None:
            if record.container_id:
                seen[f"container {record.container_id}"].add(record.split)
            if record.scanner_id and by_scanner:
                seen[f"scanner {record.scanner_id}"].add(record.split)
    assert all(len(splits) == 1 for splits in seen.values())


@given(_RECORDS, st.integers(0, 40))
def test_assign_splits__adding_data_moves_nothing(records: list[Record], n_old: int) -> None:
    """More records never put an old one into another split; its order does not matter either."""
    old = assign_splits(records[:n_old], SplitPlan())
    new = {r.id: r.split for r in assign_splits(records[::-1], SplitPlan())}
    assert all(len({record.split, new[record.id]} - {None}) <= 1 for record in old)


def test_assign_splits__only_a_container_of_two_scanners_is_left_out() -> None:
    """One of both scanners keeps it; everything else is assigned."""
    records = [_record(n, container=f"c{n}", scanner=f"s{n % 20}") for n in range(100)]
    assert all(record.split for record in assign_splits(records, SplitPlan()))
    splits = {r.scanner_id: r.split for r in assign_splits(records, SplitPlan())}
    train = next(s for s, split in splits.items() if split is Split.TRAIN)
    test = next(s for s, split in splits.items() if split is Split.TEST)
    both = [_record(n, container="shared", scanner=scanner) for n, scanner in ((200, train), (201, test))]
    assigned = assign_splits([*records, *both], SplitPlan())
    assert [record.split is None for record in assigned].count(True) == 1
    assert assigned[-1].split is None or assigned[-2].split is None


def test_assign_splits__shares_are_near_the_fractions() -> None:
    """Of 4,000 containers 80, 10 and 10 per cent, give or take three standard deviations."""
    records = [_record(n, container=f"c{n}") for n in range(4000)]
    counts = Counter(record.split for record in assign_splits(records, SplitPlan()))
    assert counts[Split.TRAIN] == pytest.approx(3200, abs=76)
    assert counts[Split.VAL] == pytest.approx(400, abs=57)
    assert counts[Split.TEST] == pytest.approx(400, abs=57)


def test_assign_splits__is_the_same_for_ever() -> None:
    """The hash is part of the promise: a test set must not change with a release."""
    plan = SplitPlan(seed=5, fractions={Split.TRAIN: 0.4, Split.VAL: 0.3, Split.TEST: 0.3})
    assigned = assign_splits([_record(n, container=f"c{n}") for n in range(12)], plan)
    assert " ".join(str(record.split) for record in assigned) == (
        "train train train train train val train val val train train val"
    )


def test_assign_splits__keeps_what_is_assigned() -> None:
    """A record's own split binds its container and its scanner."""
    records = [
        _record(1, container="a", scanner="s", split=Split.TEST),
        _record(2, container="b", scanner="s"),
        _record(3, container="a"),
    ]
    for seed in range(20):
        assigned = assign_splits(records, SplitPlan(seed=seed))
        assert [record.split for record in assigned] == [Split.TEST] * 3


def test_assign_splits__contradiction_is_refused() -> None:
    """Two splits of one scanner cannot both be kept, unless scanners may be shared."""
    records = [_record(1, scanner="s", split=Split.TEST), _record(2, scanner="s", split=Split.TRAIN)]
    with pytest.raises(SplitConflictError, match="scanner s is already in test and in train"):
        assign_splits(records, SplitPlan())
    kept = assign_splits(records, SplitPlan(by_scanner=False))
    assert [record.split for record in kept] == [Split.TEST, Split.TRAIN]


def test_choose_seed__divides_rare_kinds_better() -> None:
    """With 30 blades among 600 scans the chosen seed beats the average seed by far."""
    rng = np.random.default_rng(3)
    kinds = [ThreatKind.BLADE] * 30 + [ThreatKind.GUN] * 120 + [None] * 450
    records = [_record(n, container=f"c{int(rng.integers(400))}", kind=kind) for n, kind in enumerate(kinds)]
    plan, worst = choose_seed(records, SplitPlan())
    assert worst == imbalance(assign_splits(records, plan))
    usual = [imbalance(assign_splits(records, SplitPlan(seed=seed))) for seed in range(20)]
    assert worst < 0.5 * float(np.mean(usual))


def test_imbalance__counts_every_kind() -> None:
    """All guns in training deviates by 0.2 from 0.8; nothing at all by 0."""
    guns = [_record(n, kind=ThreatKind.GUN, split=Split.TRAIN) for n in range(5)]
    assert imbalance(guns) == pytest.approx(0.2)
    assert imbalance([]) == 0
    assert imbalance([replace(gun, split=Split.TEST) for gun in guns]) == pytest.approx(0.9)


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.5), (1.2, -0.1, -0.1)])
def test_split_plan__fractions_are_a_partition(shares: tuple[float, float, float]) -> None:
    """Fractions that do not sum to one are a mistake."""
    with pytest.raises(ValueError, match="sum to 1"):
        SplitPlan(fractions=dict(zip(Split, shares, strict=True)))
