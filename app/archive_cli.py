"""The commands that go through the whole archive: ``rescore``, ``place`` and ``scrub``."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli_output import JsonOption, print_document
from app.settings import Settings
from inference.settings import RescoreEngine


def add_archive_commands(app: typer.Typer, load_settings: Callable[[], Settings]) -> None:
    """Add the commands.

    Args:
        app: They become its own.
        load_settings: Reads the settings and sets up the log; ends the program if they are wrong.
    """

    @app.command()
    def rescore(
        *,
        model: Annotated[Path, typer.Option(help="The model file to score with.")],
        out: Annotated[Path, typer.Option(help="Folder for the run; the same folder resumes it.")],
        since: Annotated[datetime | None, typer.Option(help="Scans received at or after, UTC.")] = None,
        until: Annotated[datetime | None, typer.Option(help="Scans received before, UTC.")] = None,
        port: Annotated[str | None, typer.Option(help="Only this port.")] = None,
        station: Annotated[str | None, typer.Option(help="Only this station.")] = None,
        engine: Annotated[
            RescoreEngine,
            typer.Option(help="Score in threads of this process, or on many machines with Ray."),
        ] = RescoreEngine.THREADS,
        workers: Annotated[int, typer.Option(help="Scans at once; 0 takes one per core.", min=0)] = 0,
        reopen_above: Annotated[
            float | None,
            typer.Option(help="Open a new cycle for scans whose new risk is at least this.", min=0, max=1),
        ] = None,
        reprioritize: Annotated[
            bool,
            typer.Option(
                "--reprioritize", help="Bring open cases forward that the model flags with more risk."
            ),
        ] = False,
        as_json: JsonOption = False,
    ) -> None:
        """Score the archive with another model: Parquet and summary; never alters a decision."""
        from app.operations import rescore_archive
        from inference.rescore_run import RescoreFilters

        filters = RescoreFilters(since=_utc(since), until=_utc(until), port=port, station_id=station)
        summary = asyncio.run(
            rescore_archive(
                load_settings(),
                model=model,
                out=out,
                filters=filters,
                engine=engine,
                workers=workers,
                reopen_above=reopen_above,
                reprioritize=reprioritize,
            )
        )
        print_document(summary, as_json=as_json)

    @app.command()
    def place(
        workers: Annotated[int, typer.Option(help="Scans at once; 0 takes one per core.", min=0)] = 0,
        as_json: JsonOption = False,
    ) -> None:
        """Look at older scans with the cargo model, so that they are found as lookalikes.

        It may be stopped and started again. Exit status 1 if a scan cannot be read; `shenxiang scrub` says
        more.
        """
        from dataclasses import asdict

        from app.operations import place_archive

        def tell(scan_id: str) -> None:
            typer.echo(f"shenxiang: scan {scan_id} cannot be read", err=True)

        report = asyncio.run(place_archive(load_settings(), workers=workers, tell=tell))
        print_document(asdict(report), as_json=as_json)
        raise typer.Exit(1 if report.n_unreadable else 0)

    @app.command()
    def scrub(
        since: Annotated[
            datetime | None, typer.Option(help="Only what was received at or after, UTC.")
        ] = None,
        mb_per_s: Annotated[
            float | None,
            typer.Option("--mb-per-s", help="Read no faster; default: as fast as it goes.", min=0.1),
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help="Print a JSON line for each damage, and the sums as the last.")
        ] = False,
    ) -> None:
        """Read every stored image again and compare it with its digest; exit status 1 if one is damaged."""
        from dataclasses import asdict

        from app.operations import scrub_store

        def tell(damage: Any) -> None:
            scans = ", ".join(damage.scan_ids) or "of no scan"
            typer.echo(json.dumps(asdict(damage)) if as_json else f"{damage.code} {damage.digest} {scans}")

        report = asyncio.run(scrub_store(load_settings(), since=_utc(since), mb_per_s=mb_per_s, tell=tell))
        sums = {"n_objects": report.n_objects, "n_bytes": report.n_bytes, "n_damaged": len(report.damages)}
        print_document(sums, as_json=as_json)
        raise typer.Exit(1 if report.damages else 0)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC)
