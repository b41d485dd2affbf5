"""Threats projected into real scans: what a detector finds of them, and what it cries over without.

Thresholds are chosen on the crops without threats, as if the station's own harmless scans had set them; only
kinds of hand-held metal count, as alarms and as threats. The threats are synthetic, the scans real.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetUnreadableError
from training.evaluation import coco_map
from training.evaluation.backgrounds import Background, list_scans, read_background
from training.evaluation.detection import best_scores, score_threats
from training.evaluation.looking import ModelSession, digest_of
from training.evaluation.points import measure_point
from training.evaluation.results import ImageResult
from training.evaluation.thresholds import equal_thresholds
from training.evaluation.tip_crops import METAL, CropSpot, make_pair, plan_crops
from training.jobs import run_jobs

Float64 = NDArray[np.float64]

N_CROPS: Final = 600
RATE: Final = 0.05
_CURVE: Final = tuple(float(rate) for rate in np.geomspace(0.005, 0.5, 12))
KINDS: Final = [kind.value for kind in METAL]


@dataclass(frozen=True, kw_only=True)
class TipResults:
    """What one model said of the crops; both lists are in the same order."""

    spots: list[CropSpot]
    pitch_mm: float
    seed: int
    benign: list[ImageResult]
    threats: list[ImageResult]
    backgrounds: list[Background]
    skipped: list[str]


def run_tip(
    model_path: Path,
    folder: Path,
    *,
    pitch_mm: float,
    n_crops: int = N_CROPS,
    workers: int = 1,
    seed: int = 0,
) -> TipResults:
    """Look at every crop, with and without.

    Args:
        model_path: An ONNX file with a contract.
        folder: Real scans at their own resolution.
        pitch_mm: Size of their pixels in the middle of the vehicle.
        n_crops: At least so many pairs are tried.
        workers: Processes, one ONNX Runtime thread each; 1 works in this one.
        seed: Decides crops and threats.

    Raises:
        DatasetUnreadableError: If no scan can be used.
    """
    backgrounds, skipped = read_backgrounds(folder)
    spots = plan_crops(
        [(b.pixels.shape[1], b.pixels.shape[2]) for b in backgrounds], n_crops=n_crops, seed=seed
    )
    jobs = [(spot, pitch_mm, seed) for spot in spots]
    open_looker = partial(_Looker, model_path, folder)
    looked = list(run_jobs(open_looker, jobs, workers=workers, description="real crops"))
    pairs = [(spot, pair) for spot, pair in zip(spots, looked, strict=True) if pair is not None]
    if not pairs:
        raise DatasetUnreadableError(
            f"no threat can be seen anywhere in the scans of {folder}; check their pixels"
        )
    return TipResults(
        spots=[spot for spot, _ in pairs],
        pitch_mm=pitch_mm,
        seed=seed,
        benign=[pair[0] for _, pair in pairs],
        threats=[pair[1] for _, pair in pairs],
        backgrounds=backgrounds,
        skipped=skipped,
    )


def read_backgrounds(folder: Path) -> tuple[list[Background], list[str]]:
    """All usable scans, and why the others are not.

    Raises:
        DatasetUnreadableError: If there is no usable one.
    """
    usable: list[Background] = []
    skipped: list[str] = []
    for files in list_scans(folder):
        try:
            usable.append(read_background(folder, files))
        except DatasetUnreadableError as error:
            skipped.append(str(error))
    if not usable:
        raise DatasetUnreadableError(
            f"none of the {len(skipped)} files in {folder} can be used: {skipped[0]}"
        )
    return usable, skipped


def pixels_of(results: TipResults, result: ImageResult) -> NDArray[np.uint16]:
    """The crop that a result belongs to, made again; shape ``(C, h, w)``."""
    spot = next(spot for spot in results.spots if spot.number == result.number)
    background = results.backgrounds[spot.background]
    pair = make_pair(background, spot, pitch_mm=results.pitch_mm, seed=results.seed)
    assert pair is not None, "a pair is a pure function of its spot"
    return pair.with_threat if result.truth else pair.without


def measure_tip(results: TipResults, model_path: Path) -> dict[str, Any]:
    """The numbers: ``real_pd_at_fa5`` and ``real_pd_gun_at_fa5``, and ``details``."""
    together = _choose(results, KINDS)
    alone = {kind: _choose(results, [kind]) for kind in KINDS}
    joint = measure_point(results.benign, results.threats, KINDS, together)
    single = {
        kind: measure_point(results.benign, results.threats, [kind], chosen) for kind, chosen in alone.items()
    }
    contract = ModelSession(model_path).contract
    return {
        "benchmark": "tip",
        "data": "synthetic threats projected into real scans",
        "model": contract.name,
        "version": contract.version,
        "model_sha256": digest_of(model_path),
        "real_pd_at_fa5": joint["detection"]["value"],
        "real_pd_gun_at_fa5": single[KINDS[0]]["detection"]["value"],
        "details": {
            "n_scans": len(results.backgrounds),
            "n_8bit_scans": sum(b.is_8bit for b in results.backgrounds),
            "n_pairs": len(results.spots),
            "pitch_mm": results.pitch_mm,
            "skipped": results.skipped,
            "together": joint,
            "alone": single,
            "froc": trace_froc(results),
            "map50": coco_map.mean_average_precision([*results.benign, *results.threats], KINDS).map50,
            "by_scan": _by_scan(results, together),
        },
    }


def trace_froc(results: TipResults) -> list[dict[str, float]]:
    """Detection against false alarms per crop, all kinds together and guns alone."""
    return [
        {
            "false_alarms": rate,
            "detection": _hits(results, KINDS, rate),
            "gun_detection": _hits(results, KINDS[:1], rate),
        }
        for rate in _CURVE
    ]


def _choose(results: TipResults, kinds: Sequence[str], rate: float = RATE) -> Float64:
    return equal_thresholds(best_scores(results.benign, kinds), rate=rate)


def _hits(results: TipResults, kinds: Sequence[str], rate: float) -> float:
    threats = score_threats(results.threats, kinds)
    return float(threats.hits(_choose(results, kinds, rate)).mean()) if len(threats.kinds) else float("nan")


def _by_scan(results: TipResults, thresholds: Float64) -> list[dict[str, Any]]:
    """Pairs, false alarms and detection of each scan: few scans make the average, so each is shown."""
    rows = []
    for number, background in enumerate(results.backgrounds):
        mine = [i for i, spot in enumerate(results.spots) if spot.background == number]
        if not mine:
            continue
        point = measure_point(
            [results.benign[i] for i in mine], [results.threats[i] for i in mine], KINDS, thresholds
        )
        rows.append(
            {
                "scan": background.name,
                "is_8bit": background.is_8bit,
                "n_pairs": len(mine),
                "false_alarms": point["false_alarms"]["value"],
                "detection": point["detection"]["value"],
            }
        )
    return rows


_Job = tuple[CropSpot, float, int]


class _Looker:
    """Makes pairs of crops and has the model look at them, in one process."""

    def __init__(self, model: Path, folder: Path) -> None:
        self._session, self._backgrounds = ModelSession(model), read_backgrounds(folder)[0]

    def __call__(self, job: _Job) -> tuple[ImageResult, ImageResult] | None:
        spot, pitch_mm, seed = job
        background = self._backgrounds[spot.background]
        pair = make_pair(background, spot, pitch_mm=pitch_mm, seed=seed)
        if pair is None:
            return None
        benign = ImageResult(
            truth=(), boxes=self._session.look(pair.without), group=background.name, number=spot.number
        )
        threat = ImageResult(
            truth=(pair.truth,),
            boxes=self._session.look(pair.with_threat),
            group=background.name,
            number=spot.number,
        )
        return benign, threat
