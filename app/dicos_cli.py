"""``shenxiang dicos``: stored scans as DICOS v3 objects for other systems."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.settings import Settings

if TYPE_CHECKING:
    from scans.dicos_dx import Beam, Energy


def build_dicos_app(load_settings: Callable[[], Settings]) -> typer.Typer:
    """Make the command group.

    Args:
        load_settings: Reads the settings and sets up the log; ends the program if they are wrong.
    """
    dicos_app = typer.Typer(help="DICOS v3 objects for other systems.", no_args_is_help=True)

    @dicos_app.callback()
    def group() -> None:
        """DICOS v3 objects for other systems."""

    @dicos_app.command()
    def export(
        scan_id: str,
        out: Annotated[Path, typer.Option(help="Folder for the objects.", file_okay=False)],
        beam: Annotated[
            list[str] | None,
            typer.Option(
                help="ENERGY:kV:keV, such as high:6000:1800: peak and effective energy. Repeatable."
            ),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    ) -> None:
        """Write a scan's energies (DX), its newest screening and each person's word on it (TDR)."""
        from app.dicos_export import export_scan

        beams = dict(_read_beam(text) for text in beam or [])
        files = asyncio.run(export_scan(load_settings(), scan_id=scan_id, out=out, beams=beams))
        if as_json:
            typer.echo(json.dumps([{"kind": file.kind, "path": str(file.path)} for file in files]))
        else:
            for file in files:
                typer.echo(file.path)

    return dicos_app


def _read_beam(text: str) -> "tuple[Energy, Beam]":
    from scans.dicos_dx import Beam, Energy

    try:
        energy, peak_kv, effective_kev = text.split(":")
        return Energy(energy), Beam(peak_kv=float(peak_kv), effective_kev=float(effective_kev))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no beam; write it as high:6000:1800") from None
