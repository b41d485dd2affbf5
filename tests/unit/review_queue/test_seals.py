"""Seals: the tree of RFC 6962, and messages in which every field counts."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from review_queue.seals import NO_HASH, Seal, hashes_of, merkle_root
from tests.unit.review_queue.trails import NOON

# The test inputs of Certificate Transparency's reference implementation, and roots of the first n of them.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
SEAL = Seal(
    seal_no=3,
    prev_hash=bytes(range(32)),
    from_xid=100,
    to_xid=200,
    n_rows=50,
    root=bytes(range(32, 64)),
    sealed_at=NOON,
    key_id="0123456789abcdef",
    signature=bytes(64),
)
CHANGES: dict[str, Any] = {
    "seal_no": 4,
    "prev_hash": NO_HASH,
    "from_xid": 101,
    "to_xid": 201,
    "n_rows": 51,
    "root": NO_HASH,
    "sealed_at": NOON + timedelta(microseconds=1),
    "key_id": "fedcba9876543210",
}


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf as RFC 6962 does."""
    return hashlib.sha256(b"\x00" + data).digest()


def root_by_definition(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1: split at the largest power of two below the number of leaves."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    left, right = root_by_definition(hashes[:split]), root_by_definition(hashes[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize(("n", "root"), ROOTS.items())
def test_merkle_root__gives_the_known_roots(n: int, root: str) -> None:
    """The roots are those of Certificate Transparency."""
    assert merkle_root([leaf_hash(bytes.fromhex(text)) for text in INPUTS[:n]]).hex() == root


def test_merkle_root__follows_the_definition() -> None:
    """Trees of every shape up to 70 leaves have the root that the recursive definition gives."""
    hashes = [leaf_hash(bytes([n])) for n in range(70)]
    for n in range(1, 71):
        assert merkle_root(hashes[:n]) == root_by_definition(hashes[:n])


def test_hashes_of__leaves_out_the_numbers() -> None:
    """Of each leaf the 32 bytes behind the 8 of its number are its hash."""
    leaves = b"".join(n.to_bytes(8, "big") + leaf_hash(bytes([n])) for n in range(3))
    assert hashes_of(leaves) == [leaf_hash(bytes([n])) for n in range(3)]


def test_seal__message_is_fixed() -> None:
    """The bytes that are signed never change."""
    parts = [
        "7368656e7869616e67206175646974207365616c20310a",
        "0000000000000003",
        bytes(range(32)).hex(),
        "0000000000000064",
        "00000000000000c8",
        "0000000000000032",
        bytes(range(32, 64)).hex(),
        "000303ef1a185000",
        "30313233343536373839616263646566",
    ]
    assert SEAL.message.hex() == "".join(parts)


@pytest.mark.parametrize("name", CHANGES)
def test_seal__every_field_is_signed_and_chained(name: str) -> None:
    """Another value of any field gives another message and another hash; so does another signature's hash."""
    other = replace(SEAL, **{name: CHANGES[name]})
    assert other.message != SEAL.message
    assert other.hash != SEAL.hash
    assert replace(SEAL, signature=bytes(63) + b"\x01").hash != SEAL.hash


def test_seal__survives_its_line() -> None:
    """What is written to an anchor file is read back the same."""
    assert Seal.from_json(SEAL.to_json()) == SEAL


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "1", '{"seal_no": 1}', SEAL.to_json()[:-9], SEAL.to_json().replace("100", "1" * 30)],
)
def test_seal__other_lines_are_refused(line: str) -> None:
    """A torn or damaged line is a ValueError, whatever it holds."""
    with pytest.raises(ValueError):  # noqa: PT011  json's own, or ours
        Seal.from_json(line)
