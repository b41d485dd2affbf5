"""Checkpoints: tensors and numbers only, whole or not at all, of one recipe."""

import os
from pathlib import Path
from typing import Any

import torch

from training.errors import CheckpointError


def write_state(state: object, path: Path) -> None:
    """Replace the file in one move, so that a run may be killed at any moment."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def read_state(path: Path, *, recipe: str) -> dict[str, Any]:
    """Read a checkpoint onto the CPU.

    Args:
        path: Of the checkpoint.
        recipe: Digest that it must have under ``recipe``.

    Raises:
        CheckpointError: If it is damaged or belongs to another recipe.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); delete it to start again") from error
    if state["recipe"] != recipe:
        raise CheckpointError(f"{path} belongs to another recipe; choose another folder or delete it")
    return state
