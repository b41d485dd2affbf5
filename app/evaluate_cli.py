"""``shenxiang evaluate``: measure a model file, write numbers and a report."""

import json
import os
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from app.logging import configure_logging


class BenchmarkName(StrEnum):
    """What a model can be measured on."""

    FROZEN = "frozen"
    TIP = "tip"
    CARGO = "cargo"


def evaluate(
    model: Annotated[Path, typer.Argument(help="The ONNX model file.", exists=True, dir_okay=False)],
    *,
    json_file: Annotated[
        Path, typer.Option("--json", help="Write the numbers to this file; work in progress lies beside it.")
    ],
    benchmark: Annotated[
        BenchmarkName,
        typer.Option(
            help="frozen: synthetic scans. tip: threats put into your real scans. cargo: a cargo model."
        ),
    ] = BenchmarkName.FROZEN,
    html: Annotated[
        Path | None, typer.Option(help="Write a report with curves and pictures to this file.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A fixed tenth of the benchmark.")] = False,
    int8: Annotated[
        Path | None,
        typer.Option(help="frozen: the same model in int8, to compare.", exists=True, dir_okay=False),
    ] = None,
    cargo_model: Annotated[
        Path | None,
        typer.Option(help="frozen: the cargo model, for its numbers.", exists=True, dir_okay=False),
    ] = None,
    backgrounds: Annotated[
        Path | None,
        typer.Option(help="tip: folder of real scans at their own resolution.", exists=True, file_okay=False),
    ] = None,
    pitch_mm: Annotated[float, typer.Option(help="tip: size of their pixels.", min=1, max=20)] = 5.0,
    workers: Annotated[int, typer.Option(help="Processes; 0 takes one per core.", min=0)] = 0,
) -> None:
    """Measure a detector or a cargo model. Needs the ``train`` extra.

    An interrupted frozen run goes on where it stopped.
    """
    configure_logging()
    n_workers = workers or os.cpu_count() or 1
    match benchmark:
        case BenchmarkName.FROZEN:
            report = _measure_frozen(
                model, json_file, html, quick=quick, int8=int8, cargo_model=cargo_model, workers=n_workers
            )
        case BenchmarkName.TIP:
            if backgrounds is None:
                raise typer.BadParameter("--benchmark tip needs --backgrounds DIR")
            from training.evaluate import evaluate_tip
            from training.evaluation.tip_benchmark import N_CROPS

            report = evaluate_tip(
                model,
                backgrounds,
                pitch_mm=pitch_mm,
                n_crops=N_CROPS // 10 if quick else N_CROPS,
                workers=n_workers,
                html=html,
            )
        case BenchmarkName.CARGO:
            from training.evaluate_cargo import report_cargo

            report = report_cargo(model, _cargo_evaluation(model, quick, n_workers)())
    _write(report, json_file)


def _measure_frozen(
    model: Path,
    json_file: Path,
    html: Path | None,
    *,
    quick: bool,
    int8: Path | None,
    cargo_model: Path | None,
    workers: int,
) -> dict[str, Any]:
    from training.evaluate import evaluate_frozen
    from training.evaluation.frozen import FROZEN, QUICK

    return evaluate_frozen(
        model,
        benchmark=QUICK if quick else FROZEN,
        cache=json_file.with_name(json_file.name + ".seen"),
        workers=workers,
        int8_path=int8,
        evaluate_cargo=None if cargo_model is None else _cargo_evaluation(cargo_model, quick, workers),
        html=html,
    )


def _cargo_evaluation(model: Path, quick: bool, workers: int) -> Callable[[], dict[str, Any]]:
    from training.evaluate_cargo import evaluate_cargo

    if quick:  # more than a tenth: with fewer, a heading would have one scan
        return partial(evaluate_cargo, model, n_scans=150, n_hard=100, workers=workers)
    return partial(evaluate_cargo, model, workers=workers)


def _write(report: dict[str, Any], json_file: Path) -> None:
    from training.evaluation.document import to_plain, write_document

    write_document(report, json_file)
    for name, value in to_plain(report).items():
        if name != "details":
            typer.echo(f"{name}: {json.dumps(value)}")
