"""The chain of seals: whatever is done to sealed rows or to seals is found and named."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from review_queue.seals import NO_HASH, Seal
from review_queue.trail import LEAF_BYTES, TrailRow, leaf
from review_queue.verification.chain import SealChain, SealedRows
from review_queue.verification.findings import Finding, FindingCode, Findings
from tests.unit.review_queue.sealed import KEY, Sealed, make_rows, seal_rows, sign
from tests.unit.review_queue.trails import NOON


def check(rows: Iterable[TrailRow], sealed: Sealed, anchored: Iterator[Seal] | None = None) -> list[Finding]:
    """Check rows, in the order in which the database would give them, against seals."""
    findings = Findings()
    keys = {KEY: lambda message, signature: signature == sign(message)}
    chain = SealChain(findings, keys=keys, anchored=anchored)
    ordered = sorted(rows, key=lambda row: (row.xid, row.seq))
    n = 0
    for seal, leaves in zip(sealed.seals, sealed.leaves, strict=True):
        chain.follow(seal)
        covered = SealedRows(seal, leaves)
        while n < len(ordered) and ordered[n].xid < seal.to_xid:
            if ordered[n].xid >= seal.from_xid:
                covered.add(ordered[n])
            n += 1
        finding = covered.finish()
        if finding is not None:
            findings.add(finding)
    chain.end()
    return findings.kept


@pytest.fixture(scope="module")
def rows() -> list[TrailRow]:
    """Some thousand rows."""
    return make_rows(3_000)


@pytest.fixture(scope="module")
def sealed(rows: list[TrailRow]) -> Sealed:
    """Their seals."""
    return seal_rows(rows)


def test_sealed_rows__untouched_are_good(rows: list[TrailRow], sealed: Sealed) -> None:
    """Nothing is found in a trail that nobody touched."""
    assert len(sealed.seals) > 9
    assert check(rows, sealed, iter(sealed.seals)) == []


def test_sealed_rows__rows_that_exchange_transactions_are_named(rows: list[TrailRow], sealed: Sealed) -> None:
    """The first of two rows that are out of their places is named."""
    first, second = 10, 30
    tampered = list(rows)
    tampered[first] = rows[first]._replace(xid=rows[second].xid)
    tampered[second] = rows[second]._replace(xid=rows[first].xid)
    (finding,) = check(tampered, sealed)
    assert finding.code in (FindingCode.ROW_MOVED, FindingCode.ROW_EDITED)
    assert finding.seq in (rows[first].seq, rows[first + 1].seq)


def test_sealed_rows__altered_leaves_are_told_from_altered_rows(rows: list[TrailRow], sealed: Sealed) -> None:
    """Leaves that were changed to fit changed rows do not fit the root."""
    tampered = list(rows)
    tampered[5] = rows[5]._replace(detail="x")
    leaves = list(sealed.leaves)
    leaves[0] = leaves[0][: 5 * LEAF_BYTES] + leaf(tampered[5]) + leaves[0][6 * LEAF_BYTES :]
    (finding,) = check(tampered, Sealed(seals=sealed.seals, leaves=leaves))
    assert (finding.code, finding.seal_no) == (FindingCode.SEAL_LEAVES_ALTERED, 1)
    assert "nor are the rows" in finding.message
    (finding,) = check(rows, Sealed(seals=sealed.seals, leaves=leaves))
    assert "the rows are" in finding.message


@pytest.mark.parametrize(
    "change",
    [{"root": NO_HASH}, {"n_rows": 1}, {"sealed_at": NOON}, {"signature": bytes(64)}, {"to_xid": 10**9}],
)
def test_seal_chain__changed_seal_is_named(
    rows: list[TrailRow], sealed: Sealed, change: dict[str, object]
) -> None:
    """A seal with any other value has a signature that is not its own."""
    seals = list(sealed.seals)
    seals[4] = replace(seals[4], **change)  # type: ignore[arg-type]
    found = check(rows, Sealed(seals=seals, leaves=sealed.leaves))
    assert (found[0].code, found[0].seal_no) == (FindingCode.SEAL_SIGNATURE_INVALID, 5)


def test_seal_chain__forged_with_another_key_is_named(rows: list[TrailRow], sealed: Sealed) -> None:
    """Rows changed and sealed anew with another key: the first forged seal is named."""
    tampered = list(rows)
    tampered[-1] = rows[-1]._replace(detail="x")
    forged = seal_rows(tampered)
    last = replace(forged.seals[-1], key_id="f" * 16)
    found = check(tampered, Sealed(seals=[*forged.seals[:-1], last], leaves=forged.leaves))
    assert [(one.code, one.seal_no) for one in found] == [(FindingCode.SEAL_KEY_UNKNOWN, len(forged.seals))]


def test_seal_chain__replaced_seal_breaks_the_chain(rows: list[TrailRow], sealed: Sealed) -> None:
    """Even with the right key no seal can be replaced alone: the next one is chained to what was there."""
    other = replace(sealed.seals[2], sealed_at=NOON)
    seals = list(sealed.seals)
    seals[2] = replace(other, signature=sign(other.message))
    found = check(rows, Sealed(seals=seals, leaves=sealed.leaves))
    assert [(one.code, one.seal_no) for one in found] == [(FindingCode.SEAL_CHAIN_BROKEN, 4)]


def test_seal_chain__missing_seal_is_named(rows: list[TrailRow], sealed: Sealed) -> None:
    """A seal taken out of the middle leaves a gap in the numbers."""
    seals, leaves = list(sealed.seals), list(sealed.leaves)
    del seals[3], leaves[3]
    found = check(rows, Sealed(seals=seals, leaves=leaves))
    assert [one.code for one in found] == [FindingCode.SEAL_MISSING]
    assert "seal 4 is missing" in found[0].message


def test_seal_chain__cut_with_rows_and_seals_is_noticed_by_the_anchor(
    rows: list[TrailRow], sealed: Sealed
) -> None:
    """Newest rows and seals cut off together leave a good chain; the anchor file knows better."""
    n = len(sealed.seals) - 3
    left = Sealed(seals=sealed.seals[:n], leaves=sealed.leaves[:n])
    remaining = [row for row in rows if row.xid < left.seals[-1].to_xid]
    assert check(remaining, left) == []
    (finding,) = check(remaining, left, iter(sealed.seals))
    assert (finding.code, finding.seal_no) == (FindingCode.TRAIL_CUT, n + 1)
    assert "(signed by a known key)" in finding.message
    forged = replace(sealed.seals[n], signature=bytes(64))
    (finding,) = check(remaining, left, iter([*sealed.seals[:n], forged]))
    assert "(not signed by a known key)" in finding.message


def test_seal_chain__other_seal_than_in_the_anchor_is_named(rows: list[TrailRow], sealed: Sealed) -> None:
    """A trail that was written anew from some point on, with the right key, is not the one in the anchor."""
    tampered = [*rows[:2_000], *(row._replace(detail="x") for row in rows[2_000:])]
    anew = seal_rows(tampered)
    assert check(tampered, anew) == []
    found = check(tampered, anew, iter(sealed.seals))
    first = next(seal for seal in sealed.seals if seal.to_xid > rows[2_000].xid)
    assert (found[0].code, found[0].seal_no) == (FindingCode.ANCHOR_DIFFERS, first.seal_no)


def test_seal_chain__anchor_may_begin_later(rows: list[TrailRow], sealed: Sealed) -> None:
    """An anchor file that was begun anew knows only the later seals."""
    assert check(rows, sealed, iter(sealed.seals[5:])) == []


def test_findings__many_of_a_kind_are_counted() -> None:
    """A trail that is wrong everywhere gives a hundred findings of each kind, and their number."""
    findings = Findings()
    for n in range(250):
        findings.add(Finding(code=FindingCode.ROW_EDITED, message=str(n)))
    assert len(findings.kept) == 100
    assert findings.counts == {FindingCode.ROW_EDITED: 250}
