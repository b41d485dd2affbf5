"""Rows with their seals, for tests of what is done to them."""

import hashlib
import random
from dataclasses import dataclass, replace
from datetime import timedelta

from review_queue.seals import NO_HASH, Seal, hashes_of, merkle_root
from review_queue.trail import TrailRow, leaf
from tests.unit.review_queue.trails import EMPTY, NOON

KEY = "0123456789abcdef"
ROWS_PER_SEAL = 250


def sign(message: bytes) -> bytes:
    """Sign as nobody would: for the chain a signature is what the given function accepts."""
    return hashlib.sha512(b"key" + message).digest()


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """Seals and their leaves."""

    seals: list[Seal]
    leaves: list[bytes]


def make_rows(n: int) -> list[TrailRow]:
    """Make rows of which one to three are in a transaction."""
    chance, rows, xid = random.Random(n), list[TrailRow](), 1000
    while len(rows) < n:
        for _ in range(chance.randint(1, 3)):
            seq = len(rows) + 1
            at = NOON + timedelta(seconds=seq)
            rows.append(
                EMPTY._replace(xid=xid, seq=seq, at=at, case_id=seq // 3, rank=chance.getrandbits(60))
            )
        xid += chance.randint(1, 2)
    return rows


def seal_rows(rows: list[TrailRow]) -> Sealed:
    """Seal rows, some transactions to a seal."""
    seals: list[Seal] = []
    all_leaves = []
    while rows:
        some = rows[:ROWS_PER_SEAL]
        some += [row for row in rows[ROWS_PER_SEAL:] if row.xid == some[-1].xid]
        rows = rows[len(some) :]
        leaves = b"".join(leaf(row) for row in some)
        seal = Seal(
            seal_no=len(seals) + 1,
            prev_hash=seals[-1].hash if seals else NO_HASH,
            from_xid=seals[-1].to_xid if seals else 0,
            to_xid=some[-1].xid + 1,
            n_rows=len(some),
            root=merkle_root(hashes_of(leaves)),
            sealed_at=some[-1].at,
            key_id=KEY,
            signature=b"",
        )
        seals.append(replace(seal, signature=sign(seal.message)))
        all_leaves.append(leaves)
    return Sealed(seals=seals, leaves=all_leaves)
