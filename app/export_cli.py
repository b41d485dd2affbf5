"""``shenxiang export``: make a trained run into model files."""

from pathlib import Path
from typing import Annotated

import typer

from app.logging import configure_logging


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.", exists=True, file_okay=False)],
    *,
    recipe: Annotated[Path, typer.Option(help="The run's recipe.", exists=True, dir_okay=False)],
    workers: Annotated[int, typer.Option(help="Processes that look at validation scans.", min=1)] = 1,
    false_alarms: Annotated[
        float, typer.Option(help="Share of vehicles that the thresholds let alarm.", min=0.001, max=0.5)
    ] = 0.05,
) -> None:
    """Write RUN/model.onnx and RUN/model.int8.onnx with thresholds. Needs the ``train`` extra."""
    from training.release import release

    configure_logging()
    made = release(run, recipe, workers=workers, false_alarms=false_alarms)
    typer.echo(made.fp32)
    typer.echo(made.int8)
