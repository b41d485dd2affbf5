"""Checks that a command line of the program exists, without running it."""

from collections.abc import Sequence
from typing import Any

import typer.main

from app.cli import app


def check_command(words: Sequence[str]) -> None:
    """Fail unless the subcommand exists and has every option that is given.

    Args:
        words: What comes after ``shenxiang``.
    """
    left, line = list(words), " ".join(words)
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        assert left, f"{line!r} is a group of commands"
        assert left[0] in command.commands, line
        command = command.commands[left.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in left if word.startswith("--")} <= known, line
