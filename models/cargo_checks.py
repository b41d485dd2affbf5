"""The checks beside the detector: is it empty as declared, are the goods those declared. Numpy only.

A check that cannot be made makes no finding: without a declaration there is nothing to compare, and a code
that the model has never seen cannot be told from another.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.cargo_contract import CargoContract
from models.cargo_view import COLUMN_CELLS
from models.doubt import MAX_SOUGHT, doubt_declaration, doubt_lines, share_blame
from models.errors import ModelOutputError
from models.finding import Finding
from models.mismatch import Blocks, Goods, find_blocks, match_codes

Float32 = NDArray[np.float32]
Line = tuple[int, ...]
"""Headings that a declared code may mean."""

DECLARED_EMPTY: Final = "declared_empty"
FOUND_EMPTY: Final = "found_empty"
GOODS_MISMATCH: Final = "goods_mismatch"
CHECK_KINDS: Final = frozenset({DECLARED_EMPTY, FOUND_EMPTY, GOODS_MISMATCH})
_SURELY_BLAMED: Final = 0.8
_HARDLY_BLAMED: Final = 0.05


class LineCheck(StrEnum):
    """What the checks say of one line of a declaration."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class DeclaredCargo:
    """What a declaration says of the cargo; ``hs_codes`` of its lines, 2 to 10 digits each."""

    is_empty: bool
    hs_codes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CargoAnswer:
    """What the cargo network says of one scan.

    Attributes:
        empty: Probability that nothing is loaded.
        blocks: The loaded parts.
    """

    empty: float
    blocks: Blocks


def read_answer(view: Float32, outputs: Sequence[Float32]) -> CargoAnswer:
    """Take the network's outputs for one view, each with a batch of one.

    Raises:
        ModelOutputError: If they are not finite or not of the contract's shapes.
    """
    embedding, columns, loaded, empty = outputs
    n_columns = view.shape[2] // COLUMN_CELLS
    shapes = [output.shape for output in outputs]
    dimension = embedding.shape[-1]
    if shapes != [(1, dimension), (1, dimension, n_columns), (1, n_columns), (1,)]:
        raise ModelOutputError(f"the cargo model answered with shapes {shapes}; restore the model file")
    if not all(np.isfinite(output).all() for output in outputs):
        raise ModelOutputError("the cargo model answered with a number that is not finite")
    return CargoAnswer(empty=float(empty[0]), blocks=find_blocks(view, columns[0], loaded[0]))


def check_cargo(
    answer: CargoAnswer, declared: DeclaredCargo | None, contract: CargoContract, goods: Goods
) -> list[Finding]:
    """Compare what is seen with what is declared.

    Returns:
        Findings without a place, also below their thresholds: of one emptiness check, and of the mismatch
        check unless the declaration is empty or names no code, or one that the model does not know.
    """
    if declared is None:
        return []
    if declared.is_empty:
        return [_finding(DECLARED_EMPTY, 1 - answer.empty, contract.declared_empty_threshold)]
    if not declared.hs_codes:
        return []
    findings = [_finding(FOUND_EMPTY, answer.empty, contract.found_empty_threshold)]
    score = mismatch_score(answer.blocks, declared.hs_codes, contract, goods)
    if score is not None:
        findings.append(_finding(GOODS_MISMATCH, score, contract.mismatch_threshold))
    return findings


def check_lines(
    answer: CargoAnswer,
    declared: DeclaredCargo,
    contract: CargoContract,
    goods: Goods,
    *,
    thresholds: Mapping[str, float],
) -> list[LineCheck]:
    """Say of each line of a declaration what the checks say of it, by their own thresholds.

    In a declaration that fits, those lines agree that are likelier true than false, if they are few enough
    for each to be looked for. In one that does not, the line disagrees that is surely to blame; none is if
    there are goods that no line names.

    Args:
        answer: Of the scan.
        declared: Its declaration.
        contract: The model's.
        goods: The headings.
        thresholds: Least score by kind, in place of the model's own.

    Returns:
        One word per line, in their order.
    """
    codes = declared.hs_codes
    unknown = [LineCheck.UNKNOWN] * len(codes)
    if declared.is_empty:
        return unknown
    if answer.empty >= thresholds.get(FOUND_EMPTY, contract.found_empty_threshold):
        return [LineCheck.DISAGREES] * len(codes)
    judged = _judge(answer.blocks, codes, contract, goods)
    if judged is None:
        return unknown
    lines, doubts = judged
    if _score(doubts, contract) >= thresholds.get(GOODS_MISMATCH, contract.mismatch_threshold):
        said = [_blamed(blame) for blame in share_blame(doubts).tolist()]
    elif len(lines) <= MAX_SOUGHT:
        said = [LineCheck.UNKNOWN if doubt > 0 else LineCheck.AGREES for doubt in doubts.tolist()]
    else:
        return unknown
    words = dict(zip(lines, said, strict=False))  # the last word is of no line
    return [words[line] for line in _lines(codes, contract)]


def mismatch_score(
    blocks: Blocks, hs_codes: Sequence[str], contract: CargoContract, goods: Goods
) -> float | None:
    """How sure it is that some of the cargo is no declared goods, in [0, 1]; None if nothing can be said."""
    judged = _judge(blocks, hs_codes, contract, goods)
    return None if judged is None else _score(judged[1], contract)


def _judge(
    blocks: Blocks, hs_codes: Sequence[str], contract: CargoContract, goods: Goods
) -> tuple[list[Line], NDArray[np.float64]] | None:
    """The distinct lines, and ``doubt_lines`` of them; None if nothing can be said."""
    lines = sorted(set(_lines(hs_codes, contract)))
    if not lines or not all(lines) or not len(blocks.features):
        return None
    shares = goods.shares(blocks.features, sharpness=contract.sharpness, has_material=blocks.has_material)
    return lines, doubt_lines(shares, lines)


def _lines(hs_codes: Sequence[str], contract: CargoContract) -> list[Line]:
    return [tuple(match_codes(code, contract.headings)) for code in hs_codes]


def _score(doubts: NDArray[np.float64], contract: CargoContract) -> float:
    return _sigmoid((doubt_declaration(doubts) - contract.mismatch_middle) / contract.mismatch_scale)


def _blamed(blame: float) -> LineCheck:
    """What is said of a line of a declaration that does not fit."""
    if blame >= _SURELY_BLAMED:
        return LineCheck.DISAGREES
    return LineCheck.AGREES if blame <= _HARDLY_BLAMED else LineCheck.UNKNOWN


def _finding(kind: str, score: float, threshold: float) -> Finding:
    return Finding(kind=kind, score=min(max(score, 0.0), 1.0), threshold=threshold, box_xyxy=None)


def _sigmoid(x: float) -> float:
    return 0.5 * (1 + math.tanh(x / 2))
