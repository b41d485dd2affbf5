"""Checks single rows against the seals that cover them, at once and without reading the trail.

That a row is as it was sealed is proved by the row, the leaves of its seal and the seal's signature. That no
row is missing, and that no seal is, only ``verify_trail`` can tell.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from review_queue.audit import Connection
from review_queue.sealing import SEAL_COLUMNS
from review_queue.seals import PublicKeys, Seal, hashes_of, merkle_root
from review_queue.trail import LEAF_BYTES, TrailRow, leaf
from review_queue.verification.findings import FindingCode

# The seal that covers transaction $1, if it is sealed.
COVERING: Final = f"SELECT {SEAL_COLUMNS}, leaves FROM seals WHERE to_xid > $1 ORDER BY to_xid LIMIT 1"


@dataclass(frozen=True, kw_only=True)
class RowProof:
    """What the seals say of a row.

    Attributes:
        seal: The seal that covers it; None while it is not sealed yet.
        fault: What is wrong with the row or its seal; None when it is as it was sealed, or not sealed yet.
    """

    seal: Seal | None
    fault: FindingCode | None


async def prove_rows(conn: Connection, rows: Sequence[TrailRow], *, keys: PublicKeys) -> list[RowProof]:
    """Return a proof for each of a few rows, such as those of one case.

    Args:
        conn: A connection.
        rows: As they are in the database now.
        keys: Whose seals count.
    """
    proofs: dict[tuple[int, int], RowProof] = {}
    left = sorted(rows, key=lambda row: (row.xid, row.seq))
    while left:
        record = await conn.fetchrow(COVERING, left[0].xid)
        if record is None:
            break
        *fields, leaves = record
        seal = Seal(**dict(zip(SEAL_COLUMNS.split(", "), fields, strict=True)))
        covered = [row for row in left if row.xid < seal.to_xid]
        left = left[len(covered) :]
        faults = await asyncio.to_thread(_faults, seal, leaves, covered, keys)
        for row, fault in zip(covered, faults, strict=True):
            proofs[row.xid, row.seq] = RowProof(seal=seal, fault=fault)
    unsealed = RowProof(seal=None, fault=None)
    return [proofs.get((row.xid, row.seq), unsealed) for row in rows]


def _faults(
    seal: Seal, leaves: bytes, rows: Sequence[TrailRow], keys: PublicKeys
) -> list[FindingCode | None]:
    of_seal = _fault_of_seal(seal, leaves, keys)
    if of_seal is not None:
        return [of_seal] * len(rows)
    starts = range(0, len(leaves), LEAF_BYTES)
    sealed = {leaves[start : start + 8]: leaves[start : start + LEAF_BYTES] for start in starts}
    faults: list[FindingCode | None] = []
    for row in rows:
        found = leaf(row)
        was = sealed.get(found[:8])
        if was is None:
            faults.append(FindingCode.ROW_INSERTED)
        else:
            faults.append(None if was == found else FindingCode.ROW_EDITED)
    return faults


def _fault_of_seal(seal: Seal, leaves: bytes, keys: PublicKeys) -> FindingCode | None:
    check = keys.get(seal.key_id)
    if check is None:
        return FindingCode.SEAL_KEY_UNKNOWN
    if not check(seal.message, seal.signature):
        return FindingCode.SEAL_SIGNATURE_INVALID
    is_whole = len(leaves) == LEAF_BYTES * seal.n_rows > 0
    if not is_whole or merkle_root(hashes_of(leaves)) != seal.root:
        return FindingCode.SEAL_LEAVES_ALTERED
    return None
