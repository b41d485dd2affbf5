"""The anchor file: only appended to, durable lines, readable after a crash."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from review_queue.anchor import TAIL_BYTES, AnchorFile
from review_queue.errors import AnchorUnreadableError
from review_queue.seals import NO_HASH, Seal

FIRST = Seal(
    seal_no=1,
    prev_hash=NO_HASH,
    from_xid=0,
    to_xid=100,
    n_rows=5,
    root=bytes(range(32)),
    sealed_at=datetime(2026, 11, 23, tzinfo=UTC),
    key_id="0123456789abcdef",
    signature=bytes(64),
)
SEALS = [replace(FIRST, seal_no=n) for n in range(1, 6)]


@pytest.fixture
def anchor(tmp_path: Path) -> AnchorFile:
    """An anchor file that is not there yet."""
    return AnchorFile(tmp_path / "data" / "seals.jsonl")


def read_all(anchor: AnchorFile) -> list[Seal]:
    """Read the whole file."""
    return list(anchor.read(anchor.size()))


def test_anchor_file__begins_empty_and_keeps_what_is_appended(anchor: AnchorFile) -> None:
    """Without a file there is no last seal; afterwards every seal is there once, in order."""
    assert anchor.last() is None
    anchor.append(SEALS[:2])
    anchor.append(SEALS[2:4])
    assert anchor.last() == SEALS[3]
    assert read_all(anchor) == SEALS[:4]


def test_anchor_file__seals_it_has_are_not_written_again(anchor: AnchorFile) -> None:
    """Two processes that append the same seals leave each of them once."""
    anchor.append(SEALS[:3])
    AnchorFile(anchor.path).append(SEALS[:4])
    assert read_all(anchor) == SEALS[:4]


def test_anchor_file__torn_line_is_passed_over_and_written_again(anchor: AnchorFile) -> None:
    """A crash in the middle of a line loses nothing: the bytes stay, the seal is appended whole below."""
    anchor.append(SEALS[:2])
    torn = anchor.path.read_bytes() + SEALS[2].to_json().encode()[:100]
    anchor.path.write_bytes(torn)
    assert anchor.last() == SEALS[1]
    anchor.append(SEALS[1:4])
    assert anchor.path.read_bytes().startswith(torn + b"\n")
    assert read_all(anchor) == SEALS[:4]


def test_anchor_file__is_read_as_far_as_it_was(anchor: AnchorFile) -> None:
    """Lines appended after the size was taken are left out."""
    anchor.append(SEALS[:2])
    size = anchor.size()
    anchor.append(SEALS[2:4])
    assert list(anchor.read(size)) == SEALS[:2]


def test_anchor_file__without_a_seal_at_its_end_is_refused(anchor: AnchorFile) -> None:
    """A file that somebody has overwritten is neither trusted nor appended to."""
    anchor.append(SEALS[:2])
    damaged = b"x" * (2 * TAIL_BYTES)
    anchor.path.write_bytes(damaged)
    with pytest.raises(AnchorUnreadableError):
        anchor.last()
    with pytest.raises(AnchorUnreadableError):
        anchor.append(SEALS)
    assert anchor.path.read_bytes() == damaged
