"""A declaration is doubted by what is there undeclared, and by what is declared and not there."""

import numpy as np
import pytest

from models.doubt import doubt_declaration, doubt_lines, share_blame

K = 8


def blocks(*held: int, sure: float = 0.9) -> np.ndarray:
    """Blocks that hold these headings, as sure as said; the others are as likely as one another."""
    shares = np.full((len(held), K), (1 - sure) / (K - 1))
    shares[np.arange(len(held)), held] = sure
    return shares


@pytest.mark.parametrize(
    ("held", "lines", "is_doubted"),
    [
        ((0, 0, 0), [[0]], False),
        ((0, 0, 0), [[1]], True),
        ((0, 0, 1), [[0], [1]], False),
        ((0, 0, 1, 1), [[0]], True),
        # Declared and not there, or there and not declared.
        ((0, 0, 0), [[0], [1]], True),
        # There instead of what is declared.
        ((0, 0, 2), [[0], [1]], True),
        # A chapter: either heading of it will do.
        ((0, 0, 1), [[0, 1]], False),
        ((2, 2, 2), [[0, 1]], True),
        # So many lines that one of them may be too small for a block.
        ((0, 0, 1, 2, 3), [[0], [1], [2], [3], [4]], False),
        ((0, 0, 1, 2, 7, 7), [[0], [1], [2], [3], [4]], True),
    ],
)
def test_doubt_declaration__tells_false_from_true(
    held: tuple[int, ...], lines: list[list[int]], *, is_doubted: bool
) -> None:
    """Blocks of known goods against what is declared."""
    assert (doubt_declaration(doubt_lines(blocks(*held), lines)) > 0) == is_doubted


def test_doubt_declaration__blocks_that_say_little_are_little_reason() -> None:
    """The surer the blocks, the greater the doubt in a false declaration, and the less in a true one."""
    false = [doubt_declaration(doubt_lines(blocks(0, 0, sure=s), [[1]])) for s in (0.2, 0.5, 0.9)]
    true = [doubt_declaration(doubt_lines(blocks(0, 0, sure=s), [[0]])) for s in (0.2, 0.5, 0.9)]
    assert sorted(false) == false
    assert sorted(true, reverse=True) == true


def test_share_blame__names_the_false_one() -> None:
    """Of three lines the one whose goods are not there, in whose place others are."""
    blame = share_blame(doubt_lines(blocks(0, 0, 1, 1, 5, 5), [[0], [1], [2]]))
    assert blame.sum() == pytest.approx(1)
    assert blame[2] > 0.9


def test_share_blame__goods_that_no_line_names_are_no_lines_fault() -> None:
    """All that is declared is there, and something else."""
    assert share_blame(doubt_lines(blocks(0, 0, 1, 1, 5), [[0], [1]]))[-1] > 0.9


def test_share_blame__none_stands_out_where_all_are_absent() -> None:
    """Other goods than both lines: either may be the false one."""
    first, second, _ = share_blame(doubt_lines(blocks(5, 5), [[0], [1]]))
    assert first == pytest.approx(second)
    assert first > 0.4


def test_doubt_lines__a_line_of_all_headings_cannot_be_false() -> None:
    """There is nothing else that it could stand for."""
    doubts = doubt_lines(blocks(0, 0), [list(range(K))])
    assert (doubts == -np.inf).all()
    assert doubt_declaration(doubts) == -np.inf
