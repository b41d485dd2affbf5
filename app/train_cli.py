"""``shenxiang train``: learn what a recipe says."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from app.logging import configure_logging


def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe file, such as training/recipes/practice.toml.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for checkpoints and curves; the same folder resumes.")],
    scenes: Annotated[
        Path | None, typer.Option(help="Folder of drawn scenes, which runs may share. Default: OUT/scenes.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto (a GPU if there is one), cpu or cuda.")] = "auto",
) -> None:
    """Train a detector, or the network of a recipe's ``task``, as ``OUT/model.onnx``.

    Needs the ``train`` extra. An interrupted run goes on from its last checkpoint. On several GPUs: torchrun
    --nproc-per-node N --no-python shenxiang train RECIPE --out OUT
    """
    configure_logging()
    if task_of(recipe) == "cargo":
        from training.cargo import train_cargo

        typer.echo(train_cargo(recipe, out))
        return
    from training.fit import train as run_training
    from training.release import export_model

    weights = run_training(recipe, out, scenes_dir=scenes, device=device)
    if weights is not None:
        export_model(weights, recipe, out / "model.onnx")
        typer.echo(out / "model.onnx")


def task_of(recipe: Path) -> str:
    """What a recipe is for: a detector's names nothing. Its reader refuses one that cannot be read."""
    try:
        fields: dict[str, Any] = tomllib.loads(recipe.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return ""
    return str(fields.get("task", ""))
