"""What every engine that is here costs and answers, with the default model and its int8 twin."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.inference.workload import key_of
from datasets.synthetic import make_scan
from inference.scorer import EngineScorer, Pixels, load_pinned_scorer
from inference.settings import EngineKind, EngineOptions
from models.quantise import quantise
from models.registry import read_pinned_model

N_CALIBRATION = 16
FIRST_SEED = 7_000_000
REFERENCE = (EngineKind.ONNXRUNTIME_CPU, "default")
Pair = tuple[EngineKind, str]
Seen = list[tuple[np.ndarray[Any, Any], int]]
"""Of each scan the best score of every kind, and the number of findings."""


def engines_here() -> list[Pair]:
    """Return engines and models of the workload's manifest, the reference first."""
    both, fp32 = [EngineKind.ONNXRUNTIME_CPU], list[EngineKind]()
    if importlib.util.find_spec("openvino") is not None:
        both += [EngineKind.OPENVINO, EngineKind.OPENVINO_BF16]
    if importlib.util.find_spec("torch") is not None:
        fp32 += [EngineKind.TORCH_CPU, EngineKind.TORCH_CPU_BF16]  # which take no int8 file
    return [(kind, "default") for kind in both + fp32] + [(kind, "int8") for kind in both]


def make_int8(folder: Path) -> bytes:
    """Return the int8 twin of the default model, as ``shenxiang export`` would make it."""
    from training.release import calibration_scans  # imports torch, which no other part needs

    fp32, int8 = folder / "fp32.onnx", folder / "int8.onnx"
    fp32.write_bytes(read_pinned_model().data)
    quantise(fp32, int8, calibration_scans(N_CALIBRATION))
    return int8.read_bytes()


def compare_scores(manifest: Path, n_scans: int) -> dict[str, Any]:
    """Score synthetic scans with every engine, half of them with threats, and compare with the reference."""
    scans = list(_scans(n_scans))
    reference = _look(_load(manifest, REFERENCE), scans)
    return {
        name_of(pair): _compare(reference, _look(_load(manifest, pair), scans)) for pair in engines_here()
    }


def name_of(pair: Pair) -> str:
    """Return how a pair is called in the result."""
    kind, model = pair
    return f"{kind.value} {'fp32' if model == 'default' else model}"


def _load(manifest: Path, pair: Pair) -> EngineScorer:
    kind, model = pair
    return load_pinned_scorer(
        model, manifest=manifest, keys=[key_of(manifest)], options=EngineOptions(kind=kind)
    )


def _scans(count: int) -> Iterator[Pixels]:
    for number in range(count):
        yield make_scan(
            FIRST_SEED + number, height_px=500, width_px=1200, threat_probability=float(number % 2)
        ).pixels


def _look(scorer: EngineScorer, scans: list[Pixels]) -> Seen:
    seen = []
    for pixels in scans:
        item = scorer.prepare(pixels)
        best = np.max([scorer.run_tensor(tensor)[1][0].max(axis=1) for _, tensor in item.tiles], axis=0)
        [result] = scorer.run([item])
        seen.append((best, len(result.findings)))
    return seen


def _compare(reference: Seen, other: Seen) -> dict[str, Any]:
    differences = np.abs([one[0] - two[0] for one, two in zip(reference, other, strict=True)])
    return {
        "best_score_difference_max": round(float(differences.max()), 6),
        "best_score_difference_mean": round(float(differences.mean()), 6),
        "findings": [one[1] for one in other],
        "findings_of_reference": [one[1] for one in reference],
    }
