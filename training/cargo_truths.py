"""Scans through the cargo network, and the declarations compared with them: true ones and false ones."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.cargo_checks import CargoAnswer, mismatch_score
from models.cargo_contract import CargoContract
from models.cargo_view import COLUMN_CELLS
from models.mismatch import Blocks, Goods
from training.cargo_scenes import CargoScan

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Look = Callable[[Float32], CargoAnswer]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A scan's truth beside the network's answer."""

    answer: CargoAnswer
    headings: tuple[int, ...]
    mean_attenuation: float


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Mismatch scores of declarations, and how many lines each true one has.

    Attributes:
        true: Of the true ones.
        false: Of the same with a line falsified.
        omitted: Of the same with a line left out; NaN for those of one line.
    """

    true: Float64
    false: Float64
    omitted: Float64
    n_lines: NDArray[np.int64]


def look_at(scans: Iterable[CargoScan], look: Look) -> list[Seen]:
    """Run the network over scans."""
    return [
        Seen(
            answer=look(scan.view.astype(np.float32)),
            headings=scan.headings,
            mean_attenuation=scan.mean_attenuation,
        )
        for scan in scans
    ]


def block_headings(blocks: Blocks, columns: NDArray[np.int8]) -> NDArray[np.int64]:
    """What each block of a scan truly holds: a heading if nearly all its columns hold it, else -1."""
    truths: list[int] = []
    for first, end in blocks.x_cells // COLUMN_CELLS:
        inside = columns[first:end]
        goods, counts = np.unique(inside, return_counts=True)
        best = int(counts.argmax())
        truths.append(int(goods[best]) if counts[best] > 0.8 * inside.size and goods[best] >= 0 else -1)
    return np.array(truths, dtype=np.int64)


def judge_declarations(
    seen: Sequence[Seen], contract: CargoContract, goods: Goods, rng: np.random.Generator
) -> Doubt:
    """Score each loaded scan against its true declaration and against false ones (``falsify``)."""

    def score(scan: Seen, lines: Sequence[int]) -> float:
        codes = [contract.headings[k] for k in lines]
        found = mismatch_score(scan.answer.blocks, codes, contract, goods)
        return math.nan if found is None else found

    rows: list[tuple[float, float, float, int]] = []
    for scan in seen:
        if not scan.headings:
            continue
        lied, place = falsify(scan.headings, rng, n_headings=len(contract.headings))
        left = [k for i, k in enumerate(scan.headings) if i != place]
        row = (score(scan, scan.headings), score(scan, lied), score(scan, left), len(lied))
        if not math.isnan(row[0]):
            rows.append(row)
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Doubt(
        true=table[:, 0], false=table[:, 1], omitted=table[:, 2], n_lines=table[:, 3].astype(np.int64)
    )


def falsify(headings: Sequence[int], rng: np.random.Generator, *, n_headings: int) -> tuple[list[int], int]:
    """One line, drawn, names a heading, drawn from all that are not in the scan, in place of its own.

    Returns:
        The lines, and which of them is false.
    """
    absent = [k for k in range(n_headings) if k not in headings]
    lied = list(headings)
    place = int(rng.integers(len(lied)))
    lied[place] = int(rng.choice(absent))
    return lied, place


def auroc(low: Float64, high: Float64) -> float:
    """Probability that one of ``high`` exceeds one of ``low``, ties counted half; NaN without either."""
    if not low.size or not high.size:
        return float("nan")
    below, upto = (np.searchsorted(np.sort(low), high, side=side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * low.size))
