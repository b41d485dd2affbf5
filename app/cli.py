"""The command ``shenxiang``. Results go to stdout, logs to stderr; 2 is bad usage, 1 is failure.

Commands import what they need when they run, so that ``--help`` is quick and serving never loads torch.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from app.account_cli import build_account_app
from app.archive_cli import add_archive_commands
from app.audit_cli import build_audit_app
from app.bench_cli import bench_app
from app.cli_output import JsonOption, print_document
from app.dataset_cli import build_export, dataset_app
from app.dicos_cli import build_dicos_app
from app.evaluate_cli import evaluate
from app.export_cli import export
from app.logging import configure_logging
from app.model_cli import build_model_app, build_pin
from app.queue_policy_cli import build_queue_policy_app
from app.settings import Settings
from app.sidecar_cli import print_sidecars
from app.station_cli import post, watch
from app.train_cli import train

app = typer.Typer(
    name="shenxiang",
    help="审像: AI-assisted review of container and vehicle X-ray scans.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="The database schema.", no_args_is_help=True)
station_app = typer.Typer(help="Stations and their keys.", no_args_is_help=True)
port_app = typer.Typer(help="Ports.", no_args_is_help=True)
policy_app = typer.Typer(help="The triage policy: what becomes a case.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")
app.add_typer(dataset_app, name="dataset")
app.add_typer(policy_app, name="policy")
app.add_typer(db_app, name="db")
app.add_typer(port_app, name="port")
app.add_typer(station_app, name="station")


def main() -> None:
    """Run the command line; known errors become one line on stderr and exit status 1."""
    try:
        app()
    except Exception as error:
        from app.known_errors import KNOWN_ERRORS  # imports much, for what most runs need not

        if not isinstance(error, KNOWN_ERRORS):
            raise
        typer.echo(f"shenxiang: {getattr(error, 'code', 'error')}: {error}", err=True)
        sys.exit(1)


def _settings() -> Settings:
    from pydantic import ValidationError

    try:
        settings = Settings()
    except ValidationError as error:
        faults = "; ".join(f"SHENXIANG_{f['loc'][0]}".upper() + f": {f['msg']}" for f in error.errors())
        typer.echo(f"shenxiang: settings_invalid: {faults}", err=True)
        raise typer.Exit(2) from None
    configure_logging(level=settings.log_level, as_json=settings.log_json)
    return settings


def _serve(job: Coroutine[Any, Any, None]) -> None:
    """Run a server on uvloop where it is installed; being stopped is no failure."""
    try:
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    except ImportError:  # Windows
        runner = asyncio.Runner()
    with runner, contextlib.suppress(asyncio.CancelledError):
        runner.run(job)


app.add_typer(build_account_app(_settings), name="account")
app.add_typer(build_audit_app(_settings), name="audit")
app.add_typer(build_queue_policy_app(_settings), name="queue-policy")
app.add_typer(build_dicos_app(_settings), name="dicos")
app.command("sidecar")(print_sidecars)
app.command("post")(post)
station_app.command("watch")(watch)
app.command("evaluate")(evaluate)
app.command("train")(train)
app.command("export")(export)
dataset_app.command("export")(build_export(_settings))
app.command("pin")(build_pin(_settings))
app.add_typer(build_model_app(_settings), name="model")
add_archive_commands(app, _settings)


@app.command()
def serve(
    roles: Annotated[
        str | None, typer.Option(help="Comma-separated parts to run: intake, screening, review.")
    ] = None,
) -> None:
    """Run the system: intake, screening and review in one process, or the chosen ``--roles``."""
    from app.serve import run_server

    settings = _settings()
    if roles is not None:
        settings = settings.with_changes(roles=roles)
    _serve(run_server(settings))


@app.command("serve-model")
def serve_model() -> None:
    """Answer images with findings over HTTP; no database, nothing is stored."""
    from app.model_server import run_model_server

    _serve(run_model_server(_settings()))


@app.command()
def demo(
    scans: Annotated[
        int, typer.Option(help="How many scans the stations post before they fall silent.")
    ] = 500,
    at_once: Annotated[int, typer.Option(help="How many of them are posted without pause.")] = 12,
    every: Annotated[float, typer.Option(help="Then one scan each so many seconds.")] = 20.0,
) -> None:
    """Open the working system on synthetic scans, with demo accounts."""
    from app.demo import run_demo

    _serve(run_demo(_settings(), n_scans=scans, n_at_once=at_once, every_s=every))


@app.command()
def selftest(as_json: JsonOption = False) -> None:
    """Take 20 scans through a throwaway system as stations and reviewers, and check every promise."""
    from app.selftest import run_selftest

    configure_logging(level="warning")
    report = asyncio.run(run_selftest())
    print_document(report, as_json=as_json)
    raise typer.Exit(0 if report["ok"] else 1)


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the server."""
    from app.wiring import describe_api

    typer.echo(json.dumps(describe_api(), ensure_ascii=False, indent=1))


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the database schema up to this program's version."""
    from app.database import open_database

    async def job() -> None:
        settings = _settings()
        async with open_database(settings.dsn, settings.data, attach=True):
            typer.echo("up to date")

    asyncio.run(job())


@db_app.command("status")
def db_status(as_json: JsonOption = False) -> None:
    """Show the schema version of the database and of this program."""
    from app.operations import show_schema_status

    print_document(asyncio.run(show_schema_status(_settings())), as_json=as_json)


@policy_app.command("show")
def policy_show() -> None:
    """Print the policy in force."""
    from app.operations import show_policy

    print_document(asyncio.run(show_policy(_settings())), as_json=True)


@policy_app.command("set")
def policy_set(
    changes: Annotated[
        str, typer.Argument(help="""JSON of what changes, such as '{"audit_sample": 0.1}'.""")
    ],
) -> None:
    """Store a changed policy and print its version; it is in force at once."""
    from app.operations import change_policy

    try:
        parsed = json.loads(changes)
    except ValueError as error:
        raise typer.BadParameter(f"not JSON: {error}") from None
    if not isinstance(parsed, dict):
        raise typer.BadParameter("a JSON object is needed")
    typer.echo(asyncio.run(change_policy(_settings(), changes=parsed)))


@port_app.command("add")
def port_add(code: str, name_zh: str, name_en: str) -> None:
    """Add a port, or rename it."""
    from app.operations import add_port

    asyncio.run(add_port(_settings(), code=code, name_zh=name_zh, name_en=name_en))


@station_app.command("create")
def station_create(
    station_id: str,
    port: Annotated[str, typer.Option(help="Code of the port it stands at.")],
    name: Annotated[str, typer.Option(help="For people.")] = "",
    webhook: Annotated[str | None, typer.Option(help="URL that dispositions are sent to.")] = None,
) -> None:
    """Register a station and print its key, once."""
    from app.operations import create_station

    print_document(
        asyncio.run(
            create_station(_settings(), station_id=station_id, port=port, name=name, webhook=webhook)
        ),
        as_json=True,
    )


@station_app.command("rotate")
def station_rotate(
    station_id: str,
    grace_s: Annotated[float, typer.Option(help="Seconds the old keys still work.", min=0)] = 0.0,
) -> None:
    """Give a station a new key and end its others."""
    from app.operations import rotate_station_key

    print_document(
        asyncio.run(rotate_station_key(_settings(), station_id=station_id, grace_s=grace_s)), as_json=True
    )


@station_app.command("revoke")
def station_revoke(key_id: str) -> None:
    """End one key at once; its id is the part between the underscores of ``sx_<id>_…``."""
    from app.operations import revoke_station_key

    if not asyncio.run(revoke_station_key(_settings(), key_id=key_id)):
        typer.echo(f"shenxiang: no live key has the id {key_id}", err=True)
        raise typer.Exit(1)


@station_app.command("simulate")
def station_simulate(
    url: Annotated[str, typer.Option(help="Address of the centre.")],
    first_seed: Annotated[int, typer.Option(help="Seed of the first synthetic scan.")] = 1,
    scans: Annotated[int, typer.Option(help="How many scans to post.", min=1)] = 500,
    at_once: Annotated[int, typer.Option(help="How many of them without pause.", min=0)] = 12,
    every: Annotated[float, typer.Option(help="Then one scan each so many seconds.", min=0)] = 20.0,
    threat_probability: Annotated[
        float, typer.Option(help="Share of scans with a threat.", min=0, max=1)
    ] = 0.5,
    until_eof: Annotated[bool, typer.Option(help="End when standard input does.")] = False,
) -> None:
    """Post synthetic scans as stations do. Standard input: a line ``[{"station_id": …, "key": …}, …]``."""
    from app.simulator import SimulatedStation, end_with_input, simulate

    configure_logging(level="warning")
    stations = [SimulatedStation(**station) for station in json.loads(sys.stdin.readline())]
    if until_eof:
        end_with_input()
    seeds = iter(range(first_seed, first_seed + scans))
    asyncio.run(
        simulate(
            url,
            stations,
            seeds=seeds,
            n_at_once=at_once,
            every_s=every,
            say=lambda line: typer.echo(f"  {line}"),
            threat_probability=threat_probability,
        )
    )


@app.command()
def screen(
    files: Annotated[list[Path], typer.Argument(help="Scan files: high energy, or two-page dual energy.")],
    low: Annotated[
        Path | None, typer.Option(help="The low-energy image that belongs to the one file.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Model file; default: the pinned default model.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Screen local files with no server and print findings with boxes in pixels and scores."""
    from inference.screen_files import screen_files

    if low is not None and len(files) != 1:
        raise typer.BadParameter("--low goes with exactly one file")
    results = screen_files(files, low=low, model=model)
    if as_json:
        typer.echo(json.dumps(results, ensure_ascii=False))
    else:
        _print_screenings(results)
    raise typer.Exit(1 if any("error" in result for result in results) else 0)


def _print_screenings(results: list[dict[str, Any]]) -> None:
    for result in results:
        if "error" in result:
            typer.echo(f"{result['file']}: {result['error']['code']}: {result['error']['detail']}")
            continue
        typer.echo(f"{result['file']}: {result['outcome']}, risk {result['risk']:.2f}")
        for finding in result["findings"]:
            box = finding["box"]
            place = "whole scan" if box is None else ", ".join(f"{edge:.0f}" for edge in box)
            typer.echo(f"  {finding['kind']:<16} {finding['score']:.2f}  [{place}]")


if __name__ == "__main__":
    main()
