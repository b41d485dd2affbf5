"""How much speaks against a declaration, given what each block of the cargo may be.

Stories are compared: the declaration is true; one line stands for other goods than it names; there are goods
that no line names. In each, a block holds the goods of any one line, and hardly a line has no block at all.
What a false line stands for may be anything: a heading that no line names, or what another line names
already, so that its own goods are just not there.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

MAX_SOUGHT: Final = 4
"""Lines up to which each must have a block: one of many may be too small for it."""
_ABSENT: Final = 0.05
"""How likely a true line has no block nevertheless."""
_STRANGE: Final = 1e-4
"""How likely a block holds what no heading resembles."""


def doubt_lines(shares: Float64, lines: Sequence[Sequence[int]]) -> Float64:
    """Compare the stories in which something is false with the one in which nothing is.

    Args:
        shares: Shape ``(n, K)``, n at least 1: how likely each block holds each heading; rows sum to 1.
        lines: Of the declaration, at least one; for each the headings that it may mean, at least one.

    Returns:
        Logarithms of the odds, shape ``(len(lines) + 1,)``: that each line is false, and, last, that there
        are goods that no line names; positive speaks for it.
    """
    declared = np.stack([shares[:, list(line)].mean(axis=1) for line in lines])
    true = _log_likelihood(declared[None])[0]
    named = sorted({heading for line in lines for heading in line})
    doubts = np.empty(len(lines) + 1)
    for i, line in enumerate([*lines, named]):
        others = [heading for heading in range(shares.shape[1]) if heading not in line]
        stories = np.repeat(np.concatenate([declared, declared[:1]])[None], len(others), axis=0)
        stories[:, i] = shares[:, others].T
        # Only the last story has a line more than the declaration.
        doubts[i] = _log_mean(_log_likelihood(stories[:, : max(i + 1, len(lines))])) - true
    return doubts


def doubt_declaration(doubts: Float64) -> float:
    """The odds that anything is false, from ``doubt_lines``: logarithm."""
    return _log_mean(doubts)


def share_blame(doubts: Float64) -> Float64:
    """If something is false, how likely each is it, from ``doubt_lines``; sums to 1."""
    odds: Float64 = np.exp(doubts - doubts.max())
    blame: Float64 = odds / odds.sum()
    return blame


def _log_likelihood(stories: Float64) -> Float64:
    """Of blocks given lines: shape ``(s, m, n)``, how likely each block is in each line, to ``(s,)``."""
    explained: Float64 = np.log(stories.mean(axis=1) + _STRANGE).sum(axis=1)
    if stories.shape[1] > MAX_SOUGHT:
        return explained
    part = stories / (stories.sum(axis=1, keepdims=True) + _STRANGE)
    missing = np.prod(1 - part, axis=2)
    present: Float64 = np.log(_ABSENT + (1 - _ABSENT) * (1 - missing)).sum(axis=1)
    return explained + present


def _log_mean(logs: Float64) -> float:
    if not logs.size:
        return -np.inf  # no such story
    top = float(logs.max())
    return top + float(np.log(np.exp(logs - top).mean())) if np.isfinite(top) else top
