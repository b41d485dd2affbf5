"""Scans through the cargo network, and the declarations compared with them: true ones and false ones."""

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
Look = Callable[[Float32], CargoAnswer]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A scan's truth beside the network's answer."""

    answer: CargoAnswer
    headings: tuple[int, ...]
    mean_attenuation: float


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Mismatch scores of true and of false declarations, and how many lines each had."""

    true: NDArray[np.float64]
    false: NDArray[np.float64]
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
    """Score each loaded scan against its true declaration and against one with a line falsified.

    The false line names a heading, drawn from all that are not in the scan, in place of one that is.
    """
    rows: list[tuple[float, float, int]] = []
    for scan in seen:
        if not scan.headings:
            continue
        absent = [k for k in range(len(contract.headings)) if k not in scan.headings]
        lied = list(scan.headings)
        lied[int(rng.integers(len(lied)))] = int(rng.choice(absent))
        scores = [
            mismatch_score(scan.answer.blocks, [contract.headings[k] for k in lines], contract, goods)
            for lines in (scan.headings, lied)
        ]
        if scores[0] is not None and scores[1] is not None:
            rows.append((scores[0], scores[1], len(lied)))
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return Doubt(true=table[:, 0], false=table[:, 1], n_lines=table[:, 2].astype(np.int64))


def auroc(low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """Probability that one of ``high`` exceeds one of ``low``, ties counted half; NaN without either."""
    if not low.size or not high.size:
        return float("nan")
    below, upto = (np.searchsorted(np.sort(low), high, side=side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * low.size))
