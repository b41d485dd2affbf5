"""How commands print what they found."""

import json
from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def print_document(document: Any, *, as_json: bool) -> None:
    """Print a result: one JSON document, a line for each row, or a line for each field."""
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, default=str))
    elif isinstance(document, list):
        for row in document:
            typer.echo("  ".join(str(value) for value in row.values()))
    else:
        for name, value in document.items():
            typer.echo(f"{name}: {value}")
