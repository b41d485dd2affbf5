"""``shenxiang post`` and ``shenxiang station watch``: scans from files, at the station.

The station's key comes from the environment or from a file: every user of a machine sees its command lines.
"""

import asyncio
import contextlib
import json
import os
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scans.modality import Modality

if TYPE_CHECKING:
    from app.station.client import StationClient
    from app.station.describe import ScanOptions
    from app.station.post_files import PathGroup, PostResult
    from app.station.scan_files import Naming
    from app.station.watch import WatchEvent

KEY_VARIABLE = "SHENXIANG_STATION_KEY"
EXIT_LATER = 75
"""EX_TEMPFAIL of sysexits.h: the same command may succeed later."""
WATCH_ATTEMPTS = 4
"""Of one request; the watcher itself tries again for ever."""


class Direction(StrEnum):
    """Where the goods go, as the intake API says it."""

    IMPORT = "import"
    EXPORT = "export"
    TRANSIT = "transit"


def _existing(text: str) -> Any:
    return typer.Option(exists=True, dir_okay=False, readable=True, help=text)


UrlOption = Annotated[str, typer.Option(envvar="SHENXIANG_CENTRE_URL", help="Address of the centre.")]
KeyFileOption = Annotated[
    Path | None,
    typer.Option(
        envvar="SHENXIANG_STATION_KEY_FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help=f"File that holds the station's key; or the key itself in {KEY_VARIABLE}.",
    ),
]
ModalityOption = Annotated[
    Modality | None, typer.Option(help="What is scanned; default: what the files say, else cargo.")
]
DirectionOption = Annotated[Direction | None, typer.Option(help="Where the goods go.")]
UtcOffsetOption = Annotated[
    str | None,
    typer.Option(
        help="Of the scanner's clock, such as +08:00, for sidecars that do not say it; "
        "default: this machine's."
    ),
]
EnergyNamesOption = Annotated[
    str, typer.Option(help="The words before the suffix that name the high and the low energy.")
]
DEFAULT_URL = "http://127.0.0.1:8080"
DEFAULT_ENERGY_NAMES = "high,low"


def post(
    files: Annotated[
        list[Path],
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="Images and sidecars of one scan or of many; names say what belongs together.",
        ),
    ],
    *,
    url: UrlOption = DEFAULT_URL,
    key_file: KeyFileOption = None,
    low: Annotated[Path | None, _existing("The low-energy image that belongs to the one file.")] = None,
    sidecar: Annotated[Path | None, _existing("What the scanner wrote beside the one scan.")] = None,
    gate_photo: Annotated[list[Path] | None, _existing("A photo of the one scan; may be repeated.")] = None,
    declaration: Annotated[Path | None, _existing("Of the one scan: JSON, see the intake API.")] = None,
    container: Annotated[
        list[str] | None,
        typer.Option(
            help="Container number of the one scan; goes before the sidecar's; may be repeated.",
        ),
    ] = None,
    scanned_at: Annotated[
        str | None,
        typer.Option(help="ISO 8601; default: the sidecar's time, else that of the one scan's file."),
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Your own name for this pass; default: made from the pixels.")
    ] = None,
    modality: ModalityOption = None,
    direction: DirectionOption = None,
    utc_offset: UtcOffsetOption = None,
    energy_names: EnergyNamesOption = DEFAULT_ENERGY_NAMES,
    wait: Annotated[
        float | None, typer.Option(help="Wait so many seconds for the dispositions.", min=0)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Post scans and print their ids. Repeating the command is harmless: the same pixels are the same scan.

    Exit status: 0 all are posted, 1 a scan is refused, 2 bad usage, 75 try the same command again later.
    """
    from app.station.describe import ScanOptions

    options = ScanOptions(
        modality=modality,
        direction=direction,
        container_nos=container or (),
        scanned_at=_moment(scanned_at),
        declaration=_json_object(declaration),
        utc_offset=_offset(utc_offset),
    )
    groups = _groups(files, _naming(energy_names), low=low, sidecar=sidecar, gate_photos=gate_photo or [])
    if len(groups) > 1 and (container or scanned_at or declaration or idempotency_key):
        raise typer.BadParameter(f"the files are {len(groups)} scans; what you say of one goes with one")
    client = _client(url, key_file)
    results = asyncio.run(_post(client, groups, options, idempotency_key, wait_s=wait, as_json=as_json))
    errors = [result.error for result in results if result.error is not None]
    if errors:
        raise typer.Exit(EXIT_LATER if all(getattr(error, "is_passing", False) for error in errors) else 1)


def _groups(
    files: list[Path], naming: "Naming", *, low: Path | None, sidecar: Path | None, gate_photos: list[Path]
) -> "list[PathGroup]":
    from app.station.post_files import group_paths
    from app.station.scan_files import Energy

    groups = group_paths(files, naming=naming)
    if low is None and sidecar is None and not gate_photos:
        return groups
    if len(groups) != 1 or (low is not None and len(groups[0].images) != 1):
        raise typer.BadParameter("--low goes with one image; --sidecar and --gate-photo with one scan")
    (group,) = groups
    if low is not None:
        (high,) = group.images
        group = replace(group, images={high: Energy.HIGH, low: Energy.LOW})
    sidecars = group.sidecars if sidecar is None else (*group.sidecars, sidecar)
    return [replace(group, sidecars=sidecars, gate_photos=tuple(gate_photos))]


async def _post(
    client: "StationClient",
    groups: "list[PathGroup]",
    options: "ScanOptions",
    idempotency_key: str | None,
    *,
    wait_s: float | None,
    as_json: bool,
) -> "list[PostResult]":
    from app.station.post_files import post_groups, wait_for_words

    try:
        results = []
        async for result in post_groups(client, groups, options=options, idempotency_key=idempotency_key):
            results.append(result)
            if wait_s is None and not as_json:
                _print_result(result)
        if wait_s is not None:
            results = await wait_for_words(client, results, timeout_s=wait_s)
    finally:
        await client.close()
    if as_json:
        typer.echo(json.dumps([_document(result) for result in results], ensure_ascii=False))
    elif wait_s is not None:
        for result in results:
            _print_result(result)
    return results


def _document(result: "PostResult") -> dict[str, Any]:
    document: dict[str, Any] = {"files": result.files, **(result.answer or {})}
    if result.error is not None:
        document["error"] = {"code": _code(result.error), "detail": str(result.error)}
    return document


def _print_result(result: "PostResult") -> None:
    names = " ".join(result.files)
    if result.answer is not None:
        word = result.answer["disposition"]
        said = f"  {word['disposition']} (by {word['source']})" if word else ""
        typer.echo(f"{result.answer['scan_id']}{said}  {names}")
        for warning in result.answer["warnings"]:
            typer.echo(f"shenxiang: {warning}: {names}", err=True)
    if result.error is not None:
        typer.echo(f"shenxiang: {_code(result.error)}: {names}: {result.error}", err=True)


def _code(error: Exception) -> str:
    return str(getattr(error, "code", "file_unreadable"))


def watch(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Where the scanner drops its files.")
    ],
    *,
    url: UrlOption = DEFAULT_URL,
    key_file: KeyFileOption = None,
    settle: Annotated[
        float, typer.Option(help="A file is complete when it has not changed for so many seconds.", min=0)
    ] = 3.0,
    parts: Annotated[
        float, typer.Option(help="Seconds to wait for a low energy or a sidecar that may not come.", min=0)
    ] = 15.0,
    broken: Annotated[
        float, typer.Option(help="Seconds after which a broken file is refused, no longer waited for.", min=0)
    ] = 60.0,
    abandon: Annotated[
        float, typer.Option(help="Seconds after which parts that are no scan alone are refused.", min=0)
    ] = 600.0,
    poll: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.05)] = 1.0,
    energy_names: EnergyNamesOption = DEFAULT_ENERGY_NAMES,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="Names to leave alone, such as '*_thumb.jpg'; may be repeated."),
    ] = None,
    require_sidecar: Annotated[
        bool, typer.Option("--require-sidecar", help="Images without a sidecar are no scan.")
    ] = False,
    modality: ModalityOption = None,
    direction: DirectionOption = None,
    utc_offset: UtcOffsetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document per event.")] = False,
) -> None:
    """Post what a scanner drops into a folder, until stopped; then it lies in ``done`` or ``refused``.

    It may be killed at any moment and started again. Exit status: 0 stopped by Ctrl-C, 1 the centre does not
    know the key, 2 bad usage.
    """
    from app.station.describe import ScanOptions
    from app.station.folder_state import WatchedFolder
    from app.station.scan_files import Patience
    from app.station.watch import FolderWatcher

    watcher = FolderWatcher(
        WatchedFolder(folder),
        _client(url, key_file, attempts=WATCH_ATTEMPTS),
        options=ScanOptions(
            modality=modality,
            direction=direction,
            utc_offset=_offset(utc_offset),
            needs_sidecar=require_sidecar,
        ),
        naming=replace(_naming(energy_names), ignored=tuple(ignore or ())),
        patience=Patience(settle_s=settle, parts_s=parts, broken_s=broken, abandon_s=abandon),
        tell=lambda event: _tell(event, as_json=as_json),
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(watcher.run(poll_s=poll))


def _tell(event: "WatchEvent", *, as_json: bool) -> None:
    fields = {name: value for name, value in asdict(event).items() if value is not None}
    typer.echo(json.dumps(fields, ensure_ascii=False) if as_json else "  ".join(fields.values()))


def _client(url: str, key_file: Path | None, *, attempts: int = 8) -> "StationClient":
    """Return a client with the station's key; without one, end as bad usage. No key is printed."""
    import httpx

    from app.station.client import StationClient

    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise typer.BadParameter(f"{url!r} is no address: {error}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise typer.BadParameter(f"{url!r} is no address such as https://centre.example")
    place = KEY_VARIABLE if key_file is None else str(key_file)
    key = os.environ.get(KEY_VARIABLE, "") if key_file is None else key_file.read_text(errors="replace")
    key = key.strip()
    if not (key.startswith("sx_") and key.isascii() and key.isprintable()):
        typer.echo(
            f"shenxiang: station_key_missing: {place} holds no key, sx_…, "
            "as `shenxiang station create` prints it",
            err=True,
        )
        raise typer.Exit(2)
    return StationClient(url, key, attempts=attempts)


def _naming(energy_names: str) -> "Naming":
    from app.station.scan_files import Naming

    words = [word.strip() for word in energy_names.split(",")]
    if len(words) != 2 or not all(words) or words[0].lower() == words[1].lower():
        raise typer.BadParameter(f"{energy_names!r} is no pair of words such as {DEFAULT_ENERGY_NAMES}")
    return Naming(high=words[0], low=words[1])


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no moment such as 2026-11-23T08:00:00+08:00") from None
    return moment if moment.tzinfo else moment.astimezone()


def _offset(text: str | None) -> timedelta | None:
    from scans.sidecar import parse_utc_offset

    try:
        return None if text is None else parse_utc_offset(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _json_object(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise typer.BadParameter(f"{path} is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise typer.BadParameter(f"{path} holds no JSON object")
    return document
