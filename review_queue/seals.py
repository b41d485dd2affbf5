"""A seal: the signed root of a Merkle tree over audit rows, chained to the seal before it.

Seal number n covers the audit rows with ``from_xid <= xid < to_xid`` in the order of ``(xid, seq)``; the next
one begins where it ends, the first at 0. The tree is that of RFC 6962: a leaf is sha256(0x00 || canonical
form of the row), a node sha256(0x01 || left || right), and an odd node at the end of a level goes up
unchanged.

Signed is ``Seal.message``: the 23 bytes ``shenxiang audit seal 1`` and LF, then big-endian seal number (8
bytes), hash of the previous seal (32, zeros for the first), ``from_xid`` (8), ``to_xid`` (8), number of rows
(8), root (32), time in microseconds since 2000-01-01 UTC (8), then the key's id in UTF-8. The hash of a seal
is the sha256 of its message and its signature.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Final, Protocol, Self, TypeAlias

from review_queue.trail import LEAF_BYTES, microseconds

NO_HASH: Final = bytes(32)
"""What the first seal has in place of a previous hash."""

_MAGIC: Final = b"shenxiang audit seal 1\n"
_FIELDS: Final = Struct(">q32sQQq32sq")
_NODE_PREFIX: Final = b"\x01"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)

SignatureCheck: TypeAlias = Callable[[bytes, bytes], bool]
"""Takes a message and a signature, says whether they belong together under one public key."""

PublicKeys: TypeAlias = Mapping[str, SignatureCheck]
"""By the key's id."""


class Signer(Protocol):
    """Signs with one Ed25519 key."""

    @property
    def key_id(self) -> str:
        """The first 16 hex digits of the sha256 of the raw public key."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of a message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """One seal, without its leaves. See the head of this module."""

    seal_no: int
    prev_hash: bytes
    from_xid: int
    to_xid: int
    n_rows: int
    root: bytes
    sealed_at: datetime
    key_id: str
    signature: bytes

    @property
    def message(self) -> bytes:
        """What is signed."""
        fields = _FIELDS.pack(
            self.seal_no,
            self.prev_hash,
            self.from_xid,
            self.to_xid,
            self.n_rows,
            self.root,
            microseconds(self.sealed_at),
        )
        return _MAGIC + fields + self.key_id.encode()

    @property
    def hash(self) -> bytes:
        """What the next seal is chained to."""
        return hashlib.sha256(self.message + self.signature).digest()

    def to_json(self) -> str:
        """Return the line that stands for this seal in an anchor file; times in microseconds since 2000."""
        fields = {
            "seal_no": self.seal_no,
            "prev_hash": self.prev_hash.hex(),
            "from_xid": self.from_xid,
            "to_xid": self.to_xid,
            "n_rows": self.n_rows,
            "root": self.root.hex(),
            "sealed_at_us": microseconds(self.sealed_at),
            "key_id": self.key_id,
            "signature": self.signature.hex(),
        }
        return json.dumps(fields, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """Read a line of an anchor file.

        Raises:
            ValueError: If it is none.
        """
        try:
            fields: dict[str, Any] = json.loads(line)
            seal = cls(
                seal_no=int(fields["seal_no"]),
                prev_hash=bytes.fromhex(fields["prev_hash"]),
                from_xid=int(fields["from_xid"]),
                to_xid=int(fields["to_xid"]),
                n_rows=int(fields["n_rows"]),
                root=bytes.fromhex(fields["root"]),
                sealed_at=_EPOCH + timedelta(microseconds=int(fields["sealed_at_us"])),
                key_id=str(fields["key_id"]),
                signature=bytes.fromhex(fields["signature"]),
            )
            _ = seal.message  # which numbers out of range do not have
        except (KeyError, TypeError, OverflowError, StructError) as error:
            raise ValueError(f"not a seal: {line!r}") from error
        return seal


def hashes_of(leaves: bytes) -> list[bytes]:
    """Return the leaf hashes of concatenated leaves."""
    return [leaves[end - 32 : end] for end in range(LEAF_BYTES, len(leaves) + 1, LEAF_BYTES)]


def merkle_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root of the tree over at least one leaf hash."""
    level = list(leaf_hashes)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [hashlib.sha256(_NODE_PREFIX + left + right).digest() for left, right in pairs]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]
