"""Checks the chain of seals, and each seal against the rows it covers: names the first that was touched."""

from collections.abc import Iterator
from struct import Struct
from typing import Final

from review_queue.seals import NO_HASH, PublicKeys, Seal, hashes_of, merkle_root
from review_queue.trail import LEAF_BYTES, TrailRow, leaf
from review_queue.verification.findings import Finding, FindingCode, Findings

_SEQ: Final = Struct(">q")


class SealChain:
    """Follows the seals in the order of their numbers.

    Args:
        findings: Where to report.
        keys: Whose signatures count.
        anchored: The seals of an anchor file, if there is one; it may begin later than the chain.
    """

    def __init__(
        self, findings: Findings, *, keys: PublicKeys, anchored: Iterator[Seal] | None = None
    ) -> None:
        self._findings = findings
        self._keys = keys
        self._anchored = anchored or iter(())
        self._anchor = next(self._anchored, None)
        self._previous: Seal | None = None

    def follow(self, seal: Seal) -> None:
        """Check the next seal: number, link, signature and anchor."""
        previous = self._previous
        next_no = previous.seal_no + 1 if previous else 1
        next_xid = previous.to_xid if previous else 0
        if seal.seal_no != next_no:
            self._add(
                seal,
                FindingCode.SEAL_MISSING,
                f"seal {next_no} is missing; it covered transactions {next_xid} to {seal.from_xid - 1}",
                xid=next_xid,
            )
        elif seal.prev_hash != (previous.hash if previous else NO_HASH) or seal.from_xid != next_xid:
            message = f"seal {seal.seal_no} does not follow from the seal before it"
            self._add(seal, FindingCode.SEAL_CHAIN_BROKEN, message, xid=seal.from_xid)
        self._check_signature(seal)
        self._compare_anchor(seal)
        self._previous = seal

    def end(self) -> None:
        """Check that the anchor file does not go on where the chain ends."""
        last_no = self._previous.seal_no if self._previous else 0
        if self._anchor is None or self._anchor.seal_no <= last_no:
            return
        lost = self._anchor
        check = self._keys.get(lost.key_id)
        is_signed = check is not None and check(lost.message, lost.signature)
        self._add(
            lost,
            FindingCode.TRAIL_CUT,
            f"the anchor file goes on with seal {lost.seal_no} ({'signed' if is_signed else 'not signed'} "
            f"by a known key), the database ends before it: {lost.n_rows} rows from transaction "
            f"{lost.from_xid} on, and all later ones, were cut off",
            xid=lost.from_xid,
        )

    def _check_signature(self, seal: Seal) -> None:
        check = self._keys.get(seal.key_id)
        if check is None:
            message = f"seal {seal.seal_no} is signed with key {seal.key_id}, which is not among the given"
            self._add(seal, FindingCode.SEAL_KEY_UNKNOWN, message)
        elif not check(seal.message, seal.signature):
            message = f"the signature of seal {seal.seal_no} is not that of key {seal.key_id}"
            self._add(seal, FindingCode.SEAL_SIGNATURE_INVALID, message)

    def _compare_anchor(self, seal: Seal) -> None:
        while self._anchor is not None and self._anchor.seal_no < seal.seal_no:
            self._anchor = next(self._anchored, None)
        if self._anchor is not None and self._anchor.seal_no == seal.seal_no:
            if self._anchor.hash != seal.hash:
                message = f"seal {seal.seal_no} is another than in the anchor file"
                self._add(seal, FindingCode.ANCHOR_DIFFERS, message, xid=seal.from_xid)
            self._anchor = next(self._anchored, None)

    def _add(self, seal: Seal, code: FindingCode, message: str, *, xid: int | None = None) -> None:
        self._findings.add(Finding(code=code, message=message, seal_no=seal.seal_no, xid=xid))


class SealedRows:
    """Compares the rows that one seal covers with what was sealed."""

    def __init__(self, seal: Seal, leaves: bytes) -> None:
        self.seal = seal
        self._sealed = leaves
        self._found = bytearray()

    def add(self, row: TrailRow) -> None:
        """Take the next row, in the order of ``(xid, seq)``."""
        self._found += leaf(row)

    def finish(self) -> Finding | None:
        """Return the first thing that is not as it was sealed."""
        number, found = self.seal.seal_no, bytes(self._found)
        is_whole = len(self._sealed) == LEAF_BYTES * self.seal.n_rows > 0
        if is_whole and merkle_root(hashes_of(self._sealed)) == self.seal.root:
            if found == self._sealed:
                return None
            code, seq = first_difference(self._sealed, found)
            message = f"row {seq} {_DONE[code]} after seal {number} was made"
            return Finding(code=code, message=message, seq=seq, seal_no=number)
        message = f"the leaves of seal {number} are not those it was made over"
        if found and merkle_root(hashes_of(found)) == self.seal.root:
            message += "; the rows are"
        else:
            message += f"; nor are the rows of transactions {self.seal.from_xid} to {self.seal.to_xid - 1}"
        return Finding(
            code=FindingCode.SEAL_LEAVES_ALTERED,
            message=message,
            seq=_seq_at(found, 0) if found else None,
            seal_no=number,
        )


_DONE: Final = {
    FindingCode.ROW_EDITED: "was edited",
    FindingCode.ROW_DELETED: "was deleted",
    FindingCode.ROW_INSERTED: "was inserted",
    FindingCode.ROW_MOVED: "was moved",
}


def first_difference(sealed: bytes, found: bytes) -> tuple[FindingCode, int]:
    """Return what was done to the first row that differs, and the row's ``seq``; the two must differ.

    Args:
        sealed: Leaves as they were sealed.
        found: Leaves of the rows as they are.
    """
    start = _first_difference_at(sealed, found)
    if start >= len(sealed):
        return FindingCode.ROW_INSERTED, _seq_at(found, start)
    if start >= len(found):
        return FindingCode.ROW_DELETED, _seq_at(sealed, start)
    was, found_seq = _seq_at(sealed, start), _seq_at(found, start)
    if was == found_seq:
        return FindingCode.ROW_EDITED, was
    if was not in _seqs(found, start):
        return FindingCode.ROW_DELETED, was
    if found_seq not in _seqs(sealed, start):
        return FindingCode.ROW_INSERTED, found_seq
    return FindingCode.ROW_MOVED, was


def _first_difference_at(sealed: bytes, found: bytes) -> int:
    starts = range(0, min(len(sealed), len(found)), LEAF_BYTES)
    differing = (n for n in starts if sealed[n : n + LEAF_BYTES] != found[n : n + LEAF_BYTES])
    return next(differing, min(len(sealed), len(found)))


def _seq_at(leaves: bytes, start: int) -> int:
    return int(_SEQ.unpack_from(leaves, start)[0])


def _seqs(leaves: bytes, start: int) -> set[int]:
    return {_seq_at(leaves, n) for n in range(start, len(leaves), LEAF_BYTES)}
