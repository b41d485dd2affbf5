"""``shenxiang sidecar``: what scanners wrote beside their images, in one form."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from scans.errors import SidecarMalformedError


def print_sidecars(
    files: Annotated[list[Path], typer.Argument(help="XML or JSON files of scanners.")],
    utc_offset: Annotated[
        str | None, typer.Option(help="Of the scanner's clock, such as +08:00, for times that do not say it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Read what scanners wrote beside their images: containers, time, files."""
    from scans.sidecar import parse_utc_offset

    try:
        offset = None if utc_offset is None else parse_utc_offset(utc_offset)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    sidecars = [_read(path, offset) for path in files]
    if as_json:
        typer.echo(json.dumps(sidecars, ensure_ascii=False))
    else:
        for sidecar in sidecars:
            typer.echo(_one_line(sidecar))
    raise typer.Exit(1 if any("error" in sidecar for sidecar in sidecars) else 0)


def _read(path: Path, utc_offset: timedelta | None) -> dict[str, Any]:
    from scans.sidecar import MAX_BYTES, read_sidecar

    try:
        with path.open("rb") as file:
            sidecar = read_sidecar(file.read(MAX_BYTES + 1), utc_offset=utc_offset)
    except SidecarMalformedError as error:
        return {"file": str(path), "error": {"code": error.code, "detail": str(error)}}
    except OSError as error:
        return {"file": str(path), "error": {"code": "file_unreadable", "detail": str(error)}}
    fields = asdict(sidecar)
    at: datetime | None = sidecar.scanned_at
    return {"file": str(path), **fields, "scanned_at": None if at is None else at.isoformat()}


def _one_line(sidecar: dict[str, Any]) -> str:
    if "error" in sidecar:
        return f"{sidecar['file']}: {sidecar['error']['code']}: {sidecar['error']['detail']}"
    numbers = ", ".join(container["container_no"] for container in sidecar["containers"]) or "no container"
    warnings = "".join(f"  [{warning}]" for warning in sidecar["warnings"])
    return f"{sidecar['file']}: {numbers}, {sidecar['scanned_at']}, {len(sidecar['files'])} files{warnings}"
