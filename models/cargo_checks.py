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
from models.errors import ModelOutputError
from models.finding import Finding
from models.mismatch import MAX_SOUGHT, Blocks, Goods, declaration_distance, find_blocks, match_codes

Float32 = NDArray[np.float32]

DECLARED_EMPTY: Final = "declared_empty"
FOUND_EMPTY: Final = "found_empty"
GOODS_MISMATCH: Final = "goods_mismatch"
CHECK_KINDS: Final = frozenset({DECLARED_EMPTY, FOUND_EMPTY, GOODS_MISMATCH})


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
        embedding: Shape ``(128,)``, of unit length: scans with like cargo are near.
        empty: Probability that nothing is loaded.
        blocks: The loaded parts.
    """

    embedding: Float32
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
    return CargoAnswer(
        embedding=embedding[0], empty=float(empty[0]), blocks=find_blocks(view, columns[0], loaded[0])
    )


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

    A declaration that fits speaks for its lines, if they are few enough for each to be looked for. Of one
    that does not fit, the line is to blame without which it would; if that is no line, or any of several,
    there is no telling.

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
    border = thresholds.get(GOODS_MISMATCH, contract.mismatch_threshold)
    lines = [tuple(match_codes(code, contract.headings)) for code in codes]
    distinct = sorted(set(lines))

    def fits(kept: Sequence[tuple[int, ...]]) -> bool | None:
        left = [code for code, line in zip(codes, lines, strict=True) if line in kept]
        score = mismatch_score(answer.blocks, left, contract, goods)
        return None if score is None else score < border

    to_blame: Sequence[tuple[int, ...]] | None = None
    match fits(distinct):
        case None:
            pass
        case True:
            to_blame = None if len(distinct) > MAX_SOUGHT else []
        case False:
            doubtful = [one for one in distinct if fits([other for other in distinct if other != one])]
            to_blame = distinct if len(distinct) == 1 else doubtful if len(doubtful) == 1 else None
    if to_blame is None:
        return unknown
    return [LineCheck.DISAGREES if line in to_blame else LineCheck.AGREES for line in lines]


def mismatch_score(
    blocks: Blocks, hs_codes: Sequence[str], contract: CargoContract, goods: Goods
) -> float | None:
    """How sure it is that some of the cargo is no declared goods, in [0, 1]; None if nothing can be said."""
    matches = [match_codes(code, contract.headings) for code in hs_codes]
    if not matches or not all(matches) or not len(blocks.features):
        return None
    distances = goods.distances(blocks.features, has_material=blocks.has_material)
    distance = declaration_distance(distances, matches)
    return _sigmoid((distance - contract.mismatch_middle) / contract.mismatch_scale)


def _finding(kind: str, score: float, threshold: float) -> Finding:
    return Finding(kind=kind, score=min(max(score, 0.0), 1.0), threshold=threshold, box_xyxy=None)


def _sigmoid(x: float) -> float:
    return 0.5 * (1 + math.tanh(x / 2))
