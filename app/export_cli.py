"""``shenxiang export``: make a trained run into model files, and one of them the default."""

import json
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


def pin(
    model: Annotated[Path, typer.Argument(help="The ONNX file.", exists=True, dir_okay=False)],
    *,
    recipe: Annotated[Path, typer.Option(help="It was trained by.", exists=True, dir_okay=False)],
    report: Annotated[
        Path, typer.Option(help="What ``shenxiang evaluate`` wrote about it.", exists=True, dir_okay=False)
    ],
    manifest: Annotated[
        Path | None, typer.Option(help="Default: the one that comes with the program.")
    ] = None,
    beside: Annotated[
        str | None,
        typer.Option(help="Pin it under this name, and leave the default as it is: for an int8 twin."),
    ] = None,
) -> None:
    """Make a model the default: copy it beside the manifest, pin its digest, write its card."""
    from models.registry import DEFAULT_MANIFEST
    from training.card import write_card
    from training.recipe import load_recipe
    from training.release import pin as pin_model

    configure_logging()
    manifest = manifest or DEFAULT_MANIFEST
    read = load_recipe(recipe)
    text = write_card(model, read, json.loads(report.read_text(encoding="utf-8")))
    name = beside or read.name
    card = manifest.parent.parent / "cards" / f"{name}.md"
    card.parent.mkdir(parents=True, exist_ok=True)
    card.write_text(text, encoding="utf-8")
    digest = pin_model(
        model, name=name, card=f"../cards/{card.name}", manifest_path=manifest, is_default=beside is None
    )
    typer.echo(f"{name} {digest}; complete {card} by hand")
