"""Measure a cargo file on seeds of its own: empty check, declared goods, lookalikes. All synthetic.

Nothing is chosen here but the baseline's threshold, which is given the best one there is on the very scans
that it is measured on.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from datasets.synthetic.headings import HEADINGS
from datasets.synthetic_folder import generator_digest
from models.cargo_checks import CargoAnswer, DeclaredCargo, LineCheck, check_lines, read_answer
from models.cargo_contract import INPUT_NAME, OUTPUT_NAMES, CargoContract
from models.lookalike import embed_cargo
from models.mismatch import Goods
from models.session import open_session
from training.cargo_release import least_error_threshold
from training.cargo_scenes import SCANNER_PITCH_MM, CargoScan, Content, make_cargo_scan
from training.cargo_truths import Doubt, Seen, auroc, falsify, judge_declarations, look_at
from training.evaluation.looking import digest_of

KEYS: Final = ("empty_error_ratio", "mismatch_auroc", "retrieval_p5")
FIRST_SEED: Final = 3_500_000
_N_BOOTSTRAP: Final = 1000
_NEIGHBOURS: Final = 5
_SEED: Final = 20261124
Job = tuple[int, Content, int | None, tuple[float, float]]
Interval = dict[str, float]
Value = Callable[[NDArray[np.int64]], float]


def evaluate_cargo(
    model_path: Path,
    *,
    n_scans: int = 600,
    n_hard: int = 300,
    first_seed: int = FIRST_SEED,
    pitch_mm: tuple[float, float] = SCANNER_PITCH_MM,
    workers: int = 1,
) -> dict[str, Any]:
    """Measure the three checks.

    Args:
        model_path: An ONNX file with a cargo contract; it need not be pinned.
        n_scans: Loaded vehicles, every heading alike often in the first bay: for mismatch and lookalikes.
        n_hard: Vehicles of the empty check's hard set, half of them empty but for residue, pallets, linings
            or a reefer's fittings, half with a small load.
        first_seed: Seeds run from here.
        pitch_mm: Finest and coarsest pixels.
        workers: Processes that draw.

    Returns:
        JSON-ready; values with 95 % intervals (bootstrap over scans). ``empty_error_ratio`` is the error at
        the contract's threshold over that of the best threshold on the mean attenuation in the vehicle's box;
        ``mismatch_auroc`` compares every scan's true declaration with one in which a line is falsified;
        ``mismatch_detection_omitted`` is about declarations that leave a line out; ``lines`` what is said of
        lines, in parts of them;
        ``retrieval_p5`` is the part of the five nearest scans that share a heading with the first.
    """
    model = CargoFile(model_path)
    headings = range(len(HEADINGS))
    loaded: list[Job] = [
        (first_seed + i, Content.LOADED, headings[i % len(headings)], pitch_mm) for i in range(n_scans)
    ]
    hard: list[Job] = [
        (first_seed + n_scans + i, Content.RESIDUE if i % 2 else Content.SMALL, None, pitch_mm)
        for i in range(n_hard)
    ]
    seen = look_at(_drawn(loaded, workers), model.look)
    rng = np.random.default_rng(_SEED)
    return {
        "model": model.contract.name,
        "version": model.contract.version,
        "n_headings": len(HEADINGS),
        **_mismatch(judge_declarations(seen, model.contract, model.goods, rng), model.contract, rng),
        "lines": _words([scan for scan in seen if scan.headings], model.contract, model.goods, rng),
        **_empty(look_at(_drawn(hard, workers), model.look), model.contract, rng),
        **_retrieval(seen, model.goods, rng),
    }


def report_cargo(model_path: Path, measured: Mapping[str, Any]) -> dict[str, Any]:
    """What ``evaluate_cargo`` measured of a file, as a document of its own."""
    return {
        "benchmark": "cargo",
        "data": "synthetic",
        "model": measured["model"],
        "version": measured["version"],
        "model_sha256": digest_of(model_path),
        "generator_sha256": generator_digest(),
        **{key: measured[key]["value"] for key in KEYS},
        "details": dict(measured),
    }


class CargoFile:
    """A cargo file in ONNX Runtime."""

    def __init__(self, path: Path) -> None:
        self._session = open_session(path.read_bytes())
        self.contract: CargoContract
        self.goods: Goods
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.contract, self.goods = CargoContract.from_metadata(metadata)

    def look(self, view: NDArray[np.float32]) -> CargoAnswer:
        """Answer for one view."""
        return read_answer(view, self._session.run(list(OUTPUT_NAMES), {INPUT_NAME: view[None]}))


def _mismatch(doubt: Doubt, contract: CargoContract, rng: np.random.Generator) -> dict[str, Any]:
    n = len(doubt.true)
    single = doubt.n_lines == 1
    alarms = {
        name: scores[~np.isnan(scores)] >= contract.mismatch_threshold
        for name, scores in (
            ("false_alarms", doubt.true),
            ("detection", doubt.false),
            ("detection_one_line", doubt.false[single]),
            ("detection_several_lines", doubt.false[~single]),
            ("detection_omitted", doubt.omitted),
        )
    }
    return {
        "n_declarations": n,
        "mismatch_auroc": _bootstrap(n, lambda i: auroc(doubt.true[i], doubt.false[i]), rng),
        "mismatch_auroc_one_line": auroc(doubt.true[single], doubt.false[single]),
        "mismatch_auroc_several_lines": auroc(doubt.true[~single], doubt.false[~single]),
        **{f"mismatch_{name}": _share(alarmed, rng) for name, alarmed in alarms.items()},
    }


def _words(
    seen: Sequence[Seen], contract: CargoContract, goods: Goods, rng: np.random.Generator
) -> dict[str, Any]:
    """What is said of lines: of true declarations' lines, of the falsified ones, of those beside them."""
    said: dict[str, Counter[str]] = {name: Counter() for name in ("true", "falsified", "beside")}

    def check(scan: Seen, lines: Sequence[int]) -> list[LineCheck]:
        codes = tuple(contract.headings[k] for k in lines)
        declared = DeclaredCargo(is_empty=False, hs_codes=codes)
        return check_lines(scan.answer, declared, contract, goods, thresholds={})

    for scan in seen:
        lied, place = falsify(scan.headings, rng, n_headings=len(contract.headings))
        said["true"].update(check(scan, scan.headings))
        for i, word in enumerate(check(scan, lied)):
            said["falsified" if i == place else "beside"][word] += 1
    return {
        name: {word.value: counts[word] / max(counts.total(), 1) for word in LineCheck}
        for name, counts in said.items()
    }


def _empty(seen: Sequence[Seen], contract: CargoContract, rng: np.random.Generator) -> dict[str, Any]:
    is_loaded = np.array([bool(scan.headings) for scan in seen])
    loaded = np.array([1 - scan.answer.empty for scan in seen])
    plain = np.array([scan.mean_attenuation for scan in seen])
    wrong = (loaded >= contract.declared_empty_threshold) != is_loaded
    wrong_plain = (plain >= least_error_threshold(plain, is_loaded)) != is_loaded

    def ratio(i: NDArray[np.int64]) -> float:
        return float(wrong[i].mean() / max(wrong_plain[i].mean(), 1 / len(i)))

    return {
        "n_hard": len(seen),
        "empty_error": float(wrong.mean()),
        "empty_baseline_error": float(wrong_plain.mean()),
        "empty_error_ratio": _bootstrap(len(seen), ratio, rng),
        "empty_auroc": auroc(loaded[~is_loaded], loaded[is_loaded]),
        "empty_baseline_auroc": auroc(plain[~is_loaded], plain[is_loaded]),
        "empty_roc": _roc(loaded, is_loaded),
        "empty_baseline_roc": _roc(plain, is_loaded),
    }


def _retrieval(seen: Sequence[Seen], goods: Goods, rng: np.random.Generator) -> dict[str, Any]:
    vectors = np.stack([embed_cargo(scan.answer.blocks, goods) for scan in seen])
    shares = np.array([[bool(set(a.headings) & set(b.headings)) for b in seen] for a in seen])
    nearness = vectors @ vectors.T
    np.fill_diagonal(nearness, -np.inf)
    nearest = np.argsort(-nearness, axis=1)[:, :_NEIGHBOURS]
    hits = np.take_along_axis(shares, nearest, axis=1).mean(axis=1)
    n = len(seen)
    return {
        "retrieval_p5": _bootstrap(n, lambda i: float(hits[i].mean()), rng),
        "retrieval_chance": float((shares.sum() - n) / (n * (n - 1))),
    }


def _roc(scores: NDArray[np.float64], is_high: NDArray[np.bool_], n_points: int = 101) -> list[list[float]]:
    """Pairs of false and true positive rate, on falling thresholds."""
    thresholds = np.quantile(scores, np.linspace(1, 0, n_points))
    return [[float((scores[~is_high] >= t).mean()), float((scores[is_high] >= t).mean())] for t in thresholds]


def _bootstrap(n: int, value: Value, rng: np.random.Generator) -> Interval:
    samples = [value(rng.integers(0, n, n)) for _ in range(_N_BOOTSTRAP)]
    low, high = np.nanquantile(samples, [0.025, 0.975])
    return {"value": value(np.arange(n)), "low": float(low), "high": float(high)}


def _share(hits: NDArray[np.bool_], rng: np.random.Generator) -> Interval:
    return _bootstrap(len(hits), lambda i: float(hits[i].mean()), rng)


def _drawn(jobs: Sequence[Job], workers: int) -> Iterator[CargoScan]:
    # Spawned, not forked: a fork of a process with threads may never wake up.
    with (
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
        Progress(transient=True) as progress,
    ):
        yield from progress.track(
            pool.map(_draw, jobs, chunksize=4), total=len(jobs), description="cargo scans"
        )


def _draw(job: Job) -> CargoScan:
    seed, content, heading, pitch_mm = job
    cv2.setNumThreads(1)
    return make_cargo_scan(seed, content=content, heading=heading, pitch_mm=pitch_mm)
