"""A row of the audit trail, and the bytes and the hash that stand for it in a seal.

The canonical form of a row is what PostgreSQL itself sends in its binary format for ``ROW(xid, seq, at,
actor, event, scan_id, case_id, cycle, stage, slot, token, rank, verdict, detail, seen, reach)``; all integers
are big-endian, and signed but for transaction numbers:

    int32 16, then for each of the 16 columns in this order
        int32 the column's type: 5069 xid8, 20 bigint, 1184 timestamptz, 25 text, 21 smallint,
            5038 pg_snapshot
        int32 the number of bytes that follow, -1 for NULL
        the value: xid8 and bigint 8 bytes, smallint 2; timestamptz 8 bytes, microseconds since 2000-01-01
            UTC; text in UTF-8; pg_snapshot int32 the number of running transactions, int64 xmin, int64 xmax,
            and an int64 for each running transaction

So the server can hash a million rows while it seals without sending one (``LEAVES_SQL``), and whoever
verifies hashes the columns that they read (``leaf_hash``). A test compares the two.
"""

import hashlib
from datetime import UTC, datetime
from struct import Struct
from typing import Final, NamedTuple, TypeAlias

Snapshot: TypeAlias = tuple[int, int, tuple[int, ...]]
"""xmin, xmax and the transactions between them that were still running."""

COLUMNS: Final = (
    "xid, seq, at, actor, event, scan_id, case_id, cycle, stage, slot, token, rank, verdict, detail, seen, "
    "reach"
)
LEAF_PREFIX: Final = b"\x00"
LEAF_BYTES: Final = 40
"""A leaf is a row's ``seq`` in 8 bytes and its 32-byte hash."""

# The leaves of the rows with $1 <= xid < $2, one after the other, and how many they are. Every function is
# named with its schema: nobody's search_path puts another in its place.
LEAVES_SQL: Final = f"""
SELECT count(*) AS n_rows, string_agg(
    pg_catalog.int8send(seq) || pg_catalog.sha256('\\x00'::bytea || pg_catalog.record_send(ROW({COLUMNS}))),
    ''::bytea ORDER BY xid, seq
) AS leaves
FROM audit WHERE xid >= $1 AND xid < $2
"""

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NULL: Final = Struct(">ii")
_LONG: Final = Struct(">iiq")
_XID: Final = Struct(">iiQ")
_SHORT: Final = Struct(">iih")
_HEAD: Final = Struct(">ii")
_SEQ: Final = Struct(">q")
_INT8, _INT2, _TEXT, _TIMESTAMPTZ, _XID8, _PG_SNAPSHOT = 20, 21, 25, 1184, 5069, 5038


class TrailRow(NamedTuple):
    """A row of ``audit``, every column in the order of ``COLUMNS``. A tuple, because there are millions."""

    xid: int
    seq: int
    at: datetime
    actor: str
    event: str
    scan_id: str | None
    case_id: int | None
    cycle: int | None
    stage: int | None
    slot: int | None
    token: int | None
    rank: int | None
    verdict: str | None
    detail: str | None
    seen: Snapshot | None
    reach: int | None


def is_visible(xid: int, snapshot: Snapshot) -> bool:
    """Return whether a committed transaction had ended when a snapshot was taken."""
    return xid < snapshot[1] and xid not in snapshot[2]


def microseconds(moment: datetime) -> int:
    """Return the microseconds since 2000-01-01 UTC, as PostgreSQL counts."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def canonical_bytes(row: TrailRow) -> bytes:
    """Return the canonical form of a row; see the head of this module."""
    return b"".join(
        (
            b"\x00\x00\x00\x10",
            _XID.pack(_XID8, 8, row.xid),
            _LONG.pack(_INT8, 8, row.seq),
            _LONG.pack(_TIMESTAMPTZ, 8, microseconds(row.at)),
            _text(row.actor),
            _text(row.event),
            _text(row.scan_id),
            _long(row.case_id),
            _short(row.cycle),
            _short(row.stage),
            _short(row.slot),
            _long(row.token),
            _long(row.rank),
            _text(row.verdict),
            _text(row.detail),
            _snapshot(row.seen),
            _long(row.reach),
        )
    )


def leaf_hash(row: TrailRow) -> bytes:
    """Return the 32 bytes that stand for a row in the tree of its seal."""
    return hashlib.sha256(LEAF_PREFIX + canonical_bytes(row)).digest()


def leaf(row: TrailRow) -> bytes:
    """Return the ``LEAF_BYTES`` of a row."""
    return _SEQ.pack(row.seq) + leaf_hash(row)


def _long(value: int | None) -> bytes:
    return _NULL.pack(_INT8, -1) if value is None else _LONG.pack(_INT8, 8, value)


def _short(value: int | None) -> bytes:
    return _NULL.pack(_INT2, -1) if value is None else _SHORT.pack(_INT2, 2, value)


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL.pack(_TEXT, -1)
    encoded = value.encode()
    return _HEAD.pack(_TEXT, len(encoded)) + encoded


def _snapshot(value: Snapshot | None) -> bytes:
    if value is None:
        return _NULL.pack(_PG_SNAPSHOT, -1)
    xmin, xmax, running = value
    n = len(running)
    return Struct(f">iiiQQ{n}Q").pack(_PG_SNAPSHOT, 20 + 8 * n, n, xmin, xmax, *running)
