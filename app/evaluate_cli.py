"""``shenxiang evaluate``: measure a model file, write numbers and a report."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from app.logging import configure_logging


def evaluate(
    model: Annotated[Path, typer.Argument(help="The ONNX model file.", exists=True, dir_okay=False)],
    *,
    json_file: Annotated[
        Path, typer.Option("--json", help="Write the numbers to this file; work in progress lies beside it.")
    ],
    benchmark: Annotated[str, typer.Option(help="frozen: synthetic scans.")] = "frozen",
    quick: Annotated[bool, typer.Option("--quick", help="A fixed tenth of the frozen benchmark.")] = False,
    int8: Annotated[
        Path | None, typer.Option(help="The same model in int8, to compare.", exists=True, dir_okay=False)
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes; 0 takes one per core.", min=0)] = 0,
) -> None:
    """Measure a detector. Needs the ``train`` extra; an interrupted run goes on where it stopped."""
    from training.evaluate import evaluate_frozen
    from training.evaluation.document import to_plain, write_document
    from training.evaluation.frozen import FROZEN, QUICK

    configure_logging()
    if benchmark != "frozen":
        raise typer.BadParameter("the only benchmark is frozen")
    report = evaluate_frozen(
        model,
        benchmark=QUICK if quick else FROZEN,
        cache=json_file.with_name(json_file.name + ".seen"),
        workers=workers or os.cpu_count() or 1,
        int8_path=int8,
    )
    write_document(report, json_file)
    for name, value in to_plain(report).items():
        if name != "details":
            typer.echo(f"{name}: {json.dumps(value)}")
