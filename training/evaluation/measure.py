"""From what models said of the frozen benchmark to its numbers.

Thresholds come from the validation part; nothing is chosen on the test parts. Kinds that the model does not
know count as missed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.evaluation import coco_map
from training.evaluation.calibration import calibrate
from training.evaluation.detection import (
    best_scores,
    false_alarms_per_image,
    score_threats,
)
from training.evaluation.frozen import Part
from training.evaluation.points import measure_point
from training.evaluation.results import ImageResult
from training.evaluation.run import Seen
from training.evaluation.thresholds import OFF, choose_thresholds

Float64 = NDArray[np.float64]

RATES: Final[Mapping[str, float]] = {"fa5": 0.05, "fa1": 0.01, "fa04": 0.004}
"""Shares of containers without a threat that raise an alarm. 0.4 % is the published cargo best's, on private
data; the number is not comparable.
"""
_CURVE: Final = tuple(float(rate) for rate in np.geomspace(0.002, 0.5, 15))


@dataclass(frozen=True, kw_only=True)
class FrozenResults:
    """What one model said, by part.

    Attributes:
        kinds: The model's, then those it does not know.
        validation: Scans without threats and scans with, for the thresholds.
        benign: Test scans without threats.
        threats: Test scans with at least one visible threat.
    """

    kinds: list[str]
    validation: tuple[list[ImageResult], list[ImageResult]]
    benign: list[ImageResult]
    threats: list[ImageResult]

    @property
    def test(self) -> list[ImageResult]:
        return [*self.benign, *self.threats]


def sort_results(seen: Sequence[Seen], model_kinds: Sequence[str]) -> FrozenResults:
    """Divide by part; scans in which no threat is visible are left out."""
    parts: dict[Part, list[ImageResult]] = {part: [] for part in Part}
    for one in seen:
        if bool(one.result.truth) == one.part.has_threats:
            parts[one.part].append(one.result)
    drawn = {truth.kind for one in seen for truth in one.result.truth}
    return FrozenResults(
        kinds=[*model_kinds, *sorted(drawn - set(model_kinds))],
        validation=(parts[Part.VALIDATION_BENIGN], parts[Part.VALIDATION_THREATS]),
        benign=parts[Part.BENIGN],
        threats=parts[Part.THREATS],
    )


def measure_detector(results: FrozenResults, contract: Mapping[str, float]) -> dict[str, Any]:
    """Every number of one model on scans as the scanner gives them.

    Args:
        results: Of that model.
        contract: The thresholds in its file, by kind.
    """
    kinds = results.kinds
    overall = coco_map.measure_overall(results.test, kinds)
    precision = overall.precision
    unseen, seen = coco_map.compare_unseen(results.test, kinds)
    points = choose_points(results, RATES)
    points["contract"] = np.array([contract.get(kind, OFF) for kind in kinds])
    measured = {
        name: measure_point(results.benign, results.threats, kinds, thresholds)
        for name, thresholds in points.items()
    }
    return {
        "map50": precision.map50,
        "map": precision.map,
        **{f"pd_at_{name}": measured[name]["detection"]["value"] for name in RATES},
        "unseen_ratio": unseen / seen if unseen is not None and seen else None,
        "details": {
            "n_validation_benign": len(results.validation[0]),
            "n_validation_threat_scans": len(results.validation[1]),
            "n_benign": len(results.benign),
            "n_threat_scans": len(results.threats),
            "n_threats": sum(len(result.truth) for result in results.threats),
            "n_unseen_threats": sum(t.is_unseen for result in results.threats for t in result.truth),
            "map50_interval": asdict(overall.map50),
            "of_threat_scans": _pair(coco_map.mean_average_precision(results.threats, kinds)),
            "by_kind": {k: {"map50": v[0], "map": v[1]} for k, v in precision.by_kind.items()},
            "by_size": _without_kinds(coco_map.by_size(results.test, kinds)),
            "by_overlying": _without_kinds(coco_map.by_overlying(results.test, kinds)),
            "map50_unseen": unseen,
            "map50_seen_equal_numbers": seen,
            "points": measured,
            "froc": trace_froc(results),
            "precision_recall": dict(overall.curves),
            "calibration": asdict(calibrate(results.test)),
        },
    }


def choose_points(results: FrozenResults, rates: Mapping[str, float]) -> dict[str, Float64]:
    """Thresholds for each rate, from the validation part; shape ``(K,)`` each."""
    benign = best_scores(results.validation[0], results.kinds)
    threats = score_threats(results.validation[1], results.kinds)
    return {name: choose_thresholds(benign, threats, rate=rate) for name, rate in rates.items()}


def trace_froc(results: FrozenResults) -> list[dict[str, float]]:
    """Detection against false alarms, with thresholds chosen for a falling budget."""
    threats = score_threats(results.threats, results.kinds)
    benign = best_scores(results.benign, results.kinds)
    curve = []
    for thresholds in choose_points(results, {f"{rate:g}": rate for rate in _CURVE}).values():
        curve.append(
            {
                "false_alarms": float((benign >= thresholds).any(axis=1).mean()),
                "false_findings_per_image": false_alarms_per_image(results.benign, results.kinds, thresholds),
                "detection": _mean(threats.hits(thresholds)),
                "detection_of_any_kind": _mean(threats.hits(thresholds, any_kind=True)),
            }
        )
    return curve


def compare_channels(
    as_scanned: Sequence[Seen], others: Mapping[str, Sequence[Seen]], kinds: Sequence[str]
) -> dict[str, Any]:
    """What losing an energy costs, on the compared scans that have two.

    Returns:
        mAP50 and mAP of each run, with what it loses against the scans as they are.
    """
    compared = {(s.part, s.result.number) for s in next(iter(others.values()))}
    whole = _dual(one for one in as_scanned if (one.part, one.result.number) in compared)
    base = coco_map.mean_average_precision(whole, kinds)
    rows: dict[str, Any] = {"n_scans": len(whole), "as_scanned": _pair(base)}
    for name, seen in others.items():
        lone = coco_map.mean_average_precision(_dual(seen), kinds)
        rows[name] = {
            **_pair(lone),
            "map50_drop": _difference(base.map50, lone.map50),
            "map_drop": _difference(base.map, lone.map),
        }
    return rows


def compare_models(first: Sequence[Seen], second: Sequence[Seen], kinds: Sequence[str]) -> dict[str, Any]:
    """Compare two models on the scans that both saw; ``map_delta`` is second minus first."""
    both = {(s.part, s.result.number) for s in first} & {(s.part, s.result.number) for s in second}
    pairs = [
        coco_map.mean_average_precision(
            [s.result for s in seen if s.part.is_test and (s.part, s.result.number) in both], kinds
        )
        for seen in (first, second)
    ]
    return {
        "n_scans": len(both),
        "first": _pair(pairs[0]),
        "second": _pair(pairs[1]),
        "map_delta": _difference(pairs[1].map, pairs[0].map),
    }


def _dual(seen: Iterable[Seen]) -> list[ImageResult]:
    return [one.result for one in seen if one.result.is_dual_energy]


def _pair(precision: coco_map.Precision) -> dict[str, float | None]:
    return {"map50": precision.map50, "map": precision.map}


def _without_kinds(parts: Mapping[str, coco_map.Precision]) -> dict[str, dict[str, float | None]]:
    return {name: _pair(part) for name, part in parts.items()}


def _difference(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _mean(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else float("nan")
