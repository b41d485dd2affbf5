"""The canonical form of an audit row: every column counts, and stored seals depend on it staying so."""

from datetime import timedelta
from typing import Any

import pytest

from review_queue.trail import COLUMNS, TrailRow, canonical_bytes, is_visible, leaf, leaf_hash
from tests.unit.review_queue.trails import EMPTY, NOON

FULL = TrailRow(
    xid=2**40,
    seq=7,
    at=NOON,
    actor="account:5",
    event="case_leased",
    scan_id="XR-20261123-000001",
    case_id=3,
    cycle=1,
    stage=2,
    slot=0,
    token=11,
    rank=2**61,
    verdict="release",
    detail="盐田",
    seen=(100, 104, (100, 102)),
    reach=2**61 + 1,
)
CHANGES: dict[str, Any] = {
    "xid": 2**40 + 1,
    "seq": 8,
    "at": NOON + timedelta(microseconds=1),
    "actor": "account:6",
    "event": "case_shown",
    "scan_id": "XR-20261123-000002",
    "case_id": 4,
    "cycle": 2,
    "stage": 3,
    "slot": 1,
    "token": -11,
    "rank": 2**61 + 1,
    "verdict": "inspect",
    "detail": "",
    "seen": (100, 104, (100,)),
    "reach": 0,
}


def test_trail_row__has_the_columns_in_their_order() -> None:
    """The row's fields are the columns that are read, in the same order."""
    assert COLUMNS.split(", ") == list(TrailRow._fields)


def test_leaf_hash__is_fixed() -> None:
    """The bytes, and the hash that other programs can compute from them, never change."""
    assert canonical_bytes(EMPTY).hex() == (
        "00000010000013cd00000008000000000000000000000014000000080000000000000000000004a000000008000303ef1a185000"
        "000000190000000b73797374656d3a746573740000001900000006746573746564"
        "00000019ffffffff00000014ffffffff00000015ffffffff00000015ffffffff00000015ffffffff00000014ffffffff"
        "00000014ffffffff00000019ffffffff00000019ffffffff000013aeffffffff00000014ffffffff"
    )
    assert leaf_hash(FULL).hex() == "7f6c1149de42b9fe655c0f4af6a308d808914bddb2cb8a80ac3ada8b821a670f"
    assert leaf(FULL) == (7).to_bytes(8, "big") + leaf_hash(FULL)


@pytest.mark.parametrize("column", TrailRow._fields)
def test_canonical_bytes__every_column_counts(column: str) -> None:
    """Another value in any column, or none, gives other bytes."""
    variants = {canonical_bytes(FULL), canonical_bytes(FULL._replace(**{column: CHANGES[column]}))}
    if column not in ("xid", "seq", "at"):
        nothing: dict[str, Any] = {column: None}
        variants.add(canonical_bytes(FULL._replace(**nothing)))
        assert len(variants) == 3
    assert len(variants) >= 2


def test_canonical_bytes__text_cannot_move_between_columns() -> None:
    """Lengths come first: what is at the end of one column is not the beginning of the next."""
    one = FULL._replace(actor="account:51", event="x")
    other = FULL._replace(actor="account:5", event="1x")
    assert canonical_bytes(one) != canonical_bytes(other)


def test_is_visible__knows_what_was_running() -> None:
    """Seen is what had ended: not what was running, and nothing that came later."""
    seen = (100, 104, (100, 102))
    assert [xid for xid in range(98, 107) if is_visible(xid, seen)] == [98, 99, 101, 103]
