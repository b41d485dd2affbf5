"""``shenxiang train``: learn a detector by a recipe."""

from pathlib import Path
from typing import Annotated

import typer

from app.logging import configure_logging


def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe file, such as training/recipes/default.toml.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for checkpoints and curves; the same folder resumes.")],
    scenes: Annotated[
        Path | None, typer.Option(help="Folder of drawn scenes, which runs may share. Default: OUT/scenes.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto (a GPU if there is one), cpu or cuda.")] = "auto",
) -> None:
    """Train a detector and export it as ``OUT/model.onnx``. Needs the ``train`` extra.

    An interrupted run goes on from its last checkpoint. On several GPUs: torchrun --nproc-per-node N
    --no-python shenxiang train RECIPE --out OUT
    """
    from training.fit import train as run_training
    from training.release import export_model

    configure_logging()
    weights = run_training(recipe, out, scenes_dir=scenes, device=device)
    if weights is not None:
        export_model(weights, recipe, out / "model.onnx")
        typer.echo(out / "model.onnx")
