"""Measure a model file: on the frozen synthetic benchmark, on threats in real scans, for a release."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from datasets.synthetic_folder import generator_digest
from training.evaluation.cases import Case, draw_case, pick_false_alarms, pick_misses
from training.evaluation.frozen import FROZEN, Benchmark, Part, draw_scan
from training.evaluation.looking import Channels, ModelSession, Pixels, digest_of
from training.evaluation.measure import (
    FrozenResults,
    choose_points,
    compare_channels,
    compare_models,
    measure_detector,
    sort_results,
)
from training.evaluation.report import Picture, write_report
from training.evaluation.results import ImageResult
from training.evaluation.run import Look, run_looks
from training.evaluation.tip_benchmark import KINDS, N_CROPS, measure_tip, pixels_of, run_tip

KEYS: Final = (
    "map50",
    "map",
    "pd_at_fa5",
    "pd_at_fa1",
    "pd_at_fa04",
    "unseen_ratio",
    "single_energy_drop",
    "empty_error_ratio",
    "mismatch_auroc",
    "int8_map_delta",
    "synth_seconds",
)
"""The numbers of the frozen benchmark; null where they were not measured."""

CargoEvaluation = Callable[[], Mapping[str, Any]]
Redraw = Callable[[ImageResult], Pixels]


def evaluate_frozen(
    model_path: Path,
    *,
    benchmark: Benchmark = FROZEN,
    cache: Path,
    workers: int = 1,
    int8_path: Path | None = None,
    evaluate_cargo: CargoEvaluation | None = None,
    html: Path | None = None,
) -> dict[str, Any]:
    """Run the frozen benchmark; an interrupted run goes on where it stopped.

    Args:
        model_path: An ONNX file with a contract; it need not be pinned.
        benchmark: The seeds.
        cache: Folder for what the models said.
        workers: Processes, one ONNX Runtime thread each.
        int8_path: The same model in int8.
        evaluate_cargo: Measures the cargo model, as ``training.evaluate_cargo.evaluate_cargo`` does.
        html: Where to write a report.

    Returns:
        JSON-ready: ``KEYS``, and ``details``. Shares are in [0, 1], intervals 95 %.
    """
    contract = ModelSession(model_path).contract
    main = Look(model=model_path)
    lone = {
        channels: Look(model=model_path, channels=channels, compared=True)
        for channels in (Channels.HIGH_ONLY, Channels.LOW_ONLY)
    }
    int8 = None if int8_path is None else Look(model=int8_path, compared=True)
    looks = [main, *lone.values(), *([int8] if int8 else [])]
    seen = run_looks(benchmark, looks, cache=cache, workers=workers)
    results = sort_results(seen[main], [spec.kind for spec in contract.kinds])
    measured = measure_detector(results, {spec.kind: spec.threshold for spec in contract.kinds})
    channels = compare_channels(seen[main], {n: seen[look] for n, look in lone.items()}, results.kinds)
    precisions = compare_models(seen[main], seen[int8], results.kinds) if int8 else None
    cargo = dict(evaluate_cargo()) if evaluate_cargo else {}
    numbers = {
        **measured,
        "single_energy_drop": channels[Channels.HIGH_ONLY]["map50_drop"],
        "empty_error_ratio": cargo["empty_error_ratio"]["value"] if cargo else None,
        "mismatch_auroc": cargo["mismatch_auroc"]["value"] if cargo else None,
        "int8_map_delta": precisions["map_delta"] if precisions else None,
        "synth_seconds": float(np.median([one.draw_s for one in seen[main]])),
    }
    document = {
        "benchmark": benchmark.name,
        "data": "synthetic",
        "size_px": [benchmark.width_px, benchmark.height_px],
        "model": contract.name,
        "version": contract.version,
        "model_sha256": digest_of(model_path),
        "generator_sha256": generator_digest(),
        **{key: numbers[key] for key in KEYS},
        "details": {
            **measured["details"],
            "channels": channels,
            "int8": precisions,
            "cargo": cargo or None,
            "look_seconds": float(np.median([one.look_s for one in seen[main]])),
        },
    }
    if html is not None:
        _report_frozen(document, html, results, benchmark)
    return document


def evaluate_tip(
    model_path: Path,
    folder: Path,
    *,
    pitch_mm: float = 5.0,
    n_crops: int = N_CROPS,
    workers: int = 1,
    html: Path | None = None,
) -> dict[str, Any]:
    """Measure a detector on synthetic threats projected into real scans.

    Args:
        model_path: An ONNX file with a contract.
        folder: Real 8- or 16-bit scans at their own resolution.
        pitch_mm: Size of their pixels in the middle of the vehicle.
        n_crops: At least so many pairs of crops are tried.
        workers: Processes, one ONNX Runtime thread each.
        html: Where to write a report.

    Returns:
        JSON-ready: ``real_pd_at_fa5``, ``real_pd_gun_at_fa5`` and ``details``.

    Raises:
        DatasetUnreadableError: If the folder holds no usable scan.
    """
    results = run_tip(model_path, folder, pitch_mm=pitch_mm, n_crops=n_crops, workers=workers)
    document = measure_tip(results, model_path)
    if html is not None:
        chosen = document["details"]["together"]["thresholds"]
        _report(
            document,
            html,
            KINDS,
            np.array([chosen[kind] for kind in KINDS]),
            (results.benign, results.threats),
            lambda result: pixels_of(results, result),
        )
    return document


def choose_release_thresholds(
    model_path: Path,
    *,
    rate: float = 0.05,
    n_benign: int = 1000,
    n_threats: int = 400,
    cache: Path,
    workers: int = 1,
    benchmark: Benchmark = FROZEN,
) -> dict[str, float]:
    """Thresholds by kind for a contract, from validation scans alone.

    Args:
        model_path: An ONNX file with a contract.
        rate: Share of scans without threats that may raise an alarm.
        n_benign: Validation scans without threats, at most the benchmark's.
        n_threats: Validation scans with.
        cache: Folder for what the model said; ``evaluate_frozen`` with the same one looks at none twice.
        workers: Processes.
        benchmark: Whose validation seeds.

    Returns:
        In [0, 1].
    """
    counts = {Part.VALIDATION_BENIGN: n_benign, Part.VALIDATION_THREATS: n_threats}
    parts = {
        part: (benchmark.parts[part][0], min(count, benchmark.parts[part][1]))
        for part, count in counts.items()
    }
    look = Look(model=model_path)
    seen = run_looks(replace(benchmark, parts=parts), [look], cache=cache, workers=workers)
    results = sort_results(seen[look], ModelSession(model_path).kinds)
    thresholds = choose_points(results, {"release": rate})["release"]
    return dict(zip(results.kinds, thresholds.tolist(), strict=True))


def _report_frozen(
    document: Mapping[str, Any], html: Path, results: FrozenResults, benchmark: Benchmark
) -> None:
    thresholds = document["details"]["points"]["fa5"]["thresholds"]

    def _redraw(result: ImageResult) -> Pixels:
        part = Part.THREATS if result.truth else Part.BENIGN
        return draw_scan(benchmark, part, result.number).pixels

    _report(
        document,
        html,
        results.kinds,
        np.array([thresholds[kind] for kind in results.kinds]),
        (results.benign, results.threats),
        _redraw,
    )


def _report(  # noqa: PLR0917 - the document, where to, then what its pictures are made of
    document: Mapping[str, Any],
    html: Path,
    kinds: Sequence[str],
    thresholds: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    results: tuple[Sequence[ImageResult], Sequence[ImageResult]],
    redraw: Redraw,
) -> None:
    def _pictures(images: Sequence[ImageResult], cases: Sequence[Case]) -> list[Picture]:
        return [
            Picture(
                png=draw_case(redraw(images[case.image]), images[case.image], case, kinds, thresholds),
                caption=case.caption,
            )
            for case in cases
        ]

    benign, threats = results
    write_report(
        document,
        html,
        misses=_pictures(threats, pick_misses(threats, kinds, thresholds)),
        false_alarms=_pictures(benign, pick_false_alarms(benign, kinds, thresholds)),
    )
