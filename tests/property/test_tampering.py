"""Whatever is done to rows, and wherever: sealed ones are named, and nothing makes the verification fail."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from review_queue.trail import TrailRow, leaf
from review_queue.verification.chain import SealedRows
from review_queue.verification.findings import FindingCode
from tests.unit.review_queue.sealed import ROWS_PER_SEAL, Sealed, make_rows, seal_rows
from tests.unit.review_queue.trails import DAY, SECRET, follow_trail, write_busy_day


def edit(rows: list[TrailRow], chance: random.Random) -> tuple[FindingCode, int]:
    """Change a value of one row."""
    n = chance.randrange(len(rows))
    change: dict[str, Any] = chance.choice(
        [
            {"rank": (rows[n].rank or 0) ^ 1},
            {"actor": "account:1"},
            {"at": rows[n].at + timedelta(microseconds=1)},
            {"detail": "x"},
            {"case_id": None},
            {"seen": (1, 1, ())},
        ]
    )
    rows[n] = rows[n]._replace(**change)
    return FindingCode.ROW_EDITED, rows[n].seq


def delete(rows: list[TrailRow], chance: random.Random) -> tuple[FindingCode, int]:
    """Delete one row."""
    return FindingCode.ROW_DELETED, rows.pop(chance.randrange(len(rows))).seq


def cut(rows: list[TrailRow], chance: random.Random) -> tuple[FindingCode, int]:
    """Delete the newest rows."""
    n = chance.randrange(len(rows))
    seq = rows[n].seq
    del rows[n:]
    return FindingCode.ROW_DELETED, seq


def insert(rows: list[TrailRow], chance: random.Random) -> tuple[FindingCode, int]:
    """Insert a row into a transaction."""
    beside = chance.choice(rows)
    row = beside._replace(seq=len(rows) + chance.randint(1, 99))
    rows.append(row)
    return FindingCode.ROW_INSERTED, row.seq


def swap(rows: list[TrailRow], chance: random.Random) -> tuple[FindingCode, int]:
    """Let two rows change places: each has the other's place in the order and keeps what it says."""
    first, second = sorted(chance.sample(range(len(rows)), 2))
    one, other = rows[first], rows[second]
    rows[first] = other._replace(xid=one.xid, seq=one.seq)
    rows[second] = one._replace(xid=other.xid, seq=other.seq)
    return FindingCode.ROW_EDITED, one.seq


def move(rows: list[TrailRow], chance: random.Random) -> tuple[FindingCode, int]:
    """Put a row into a later transaction of another seal."""
    n = chance.randrange(len(rows) - 2 * ROWS_PER_SEAL)
    seq = rows[n].seq
    rows[n] = rows[n]._replace(xid=rows[n + 2 * ROWS_PER_SEAL - 1].xid)
    return FindingCode.ROW_DELETED, seq


TAMPERINGS: list[Callable[[list[TrailRow], random.Random], tuple[FindingCode, int]]] = [
    edit,
    delete,
    cut,
    insert,
    swap,
    move,
]


def test_sealed_rows__a_thousand_tamperings_are_all_named() -> None:
    """Each of 1,000 random edits, deletions, cuts, insertions, swaps and moves is found at its first row."""
    rows = make_rows(3_000)
    sealed = seal_rows(rows)
    chance = random.Random(20261123)
    located: Counter[str] = Counter()
    leaves = {id(row): leaf(row) for row in rows}
    bounds = [seal.to_xid for seal in sealed.seals]
    for _ in range(1_000):
        tamper = chance.choice(TAMPERINGS)
        tampered = list(rows)
        expected = tamper(tampered, chance)
        found = first_finding(tampered, sealed, bounds, leaves)
        assert found == expected, f"{tamper.__name__}: {found} instead of {expected}"
        located[tamper.__name__] += 1
    assert located.total() == 1_000
    assert len(located) == len(TAMPERINGS)


def first_finding(
    rows: list[TrailRow], sealed: Sealed, bounds: list[int], leaves: dict[int, bytes]
) -> tuple[FindingCode, int | None] | None:
    """Return the first finding, hashing only rows that are new."""
    ordered = sorted(rows, key=lambda row: (row.xid, row.seq))
    start = 0
    for n, bound in enumerate(bounds):
        end = start
        while end < len(ordered) and ordered[end].xid < bound:
            end += 1
        known = b"".join(leaves.get(id(row)) or leaf(row) for row in ordered[start:end])
        if known != sealed.leaves[n]:
            covered = SealedRows(sealed.seals[n], sealed.leaves[n])
            for row in ordered[start:end]:
                covered.add(row)
            finding = covered.finish()
            return None if finding is None else (finding.code, finding.seq)
        start = end
    return None


def test_follow_row__nothing_in_a_row_makes_it_fail() -> None:
    words = ["", "x", "account:x", "stage=0 tries=0 day=2026-11-23", "disposition=x day=x sample=1.2.3"]
    chance = random.Random(7)
    trail = write_busy_day(40, seed=7)
    trail.reassess(1, due=3, is_held=False)
    trail.write(event="account_created", detail="account=1 role=reviewer port=- quals=0")
    trail.write(event="rank_secret_revealed", detail=f"day={DAY} secret={SECRET.hex()}")
    names = [name for name in TrailRow._fields if name != "at"]
    values = {name: [getattr(row, name) for row in trail.rows] for name in names}
    odd = [None, -1, 0, 2**63 - 1]
    words = [
        "",
        "x",
        "stage=0 tries=0 day=2026-11-23",
        "disposition=release day=2026-11-23 sample=1.2.3",
        "account:x",
    ]
    n_found = 0
    for _ in range(400):
        rows = list(trail.rows)
        for _ in range(chance.randint(1, 6)):
            n, name = chance.randrange(len(rows)), chance.choice(names)
            texts = name in ("actor", "event", "detail", "verdict", "scan_id")
            strange = words if texts else [None] if name == "seen" else odd
            change: dict[str, Any] = {name: chance.choice([*values[name], *strange])}
            if change[name] is None and name in ("xid", "seq", "actor", "event"):
                continue
            rows[n] = rows[n]._replace(**change)
        if chance.random() < 0.3:
            one, other = chance.sample(range(len(rows)), 2)
            rows[one], rows[other] = rows[other], rows[one]
        if chance.random() < 0.2:
            del rows[chance.randrange(len(rows))]
        n_found += bool(follow_trail(trail, rows).found)
    assert n_found > 300
