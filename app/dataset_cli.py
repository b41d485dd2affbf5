"""``shenxiang dataset``: make synthetic scans, check a dataset, look at it."""

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.settings import Settings

if TYPE_CHECKING:
    from datasets.check import CheckReport

dataset_app = typer.Typer(help="Scans to train and measure on.", no_args_is_help=True)

_PROBLEMS_SHOWN = 5

FolderArgument = Annotated[
    Path, typer.Argument(help="Folder of one dataset: COCO, VOC or a public set as unpacked.")
]
SourceOption = Annotated[
    str | None, typer.Option(help="Reader to use; default: the one that recognises the layout.")
]


@dataset_app.command("make")
def dataset_make(
    folder: Annotated[Path, typer.Argument(help="Where to; the same folder goes on or adds scans.")],
    *,
    scans: Annotated[int, typer.Option(help="How many scans there shall be.", min=1)] = 100,
    first_seed: Annotated[
        int, typer.Option(help="From 1,000,000: training; 2,000,000: validation; 3,000,000: test.", min=0)
    ] = 0,
    height: Annotated[int, typer.Option(help="Pixels.", min=64)] = 1000,
    width: Annotated[int, typer.Option(help="Pixels.", min=160)] = 2500,
    threat_probability: Annotated[
        float, typer.Option(help="Share of scans with a threat.", min=0, max=1)
    ] = 0.5,
    single_energy: Annotated[
        bool, typer.Option("--single-energy", help="One channel instead of high and low energy.")
    ] = False,
    png: Annotated[bool, typer.Option("--png", help="One 16-bit PNG per energy instead of a TIFF.")] = False,
    workers: Annotated[int, typer.Option(help="Processes; 0 takes one per core.", min=0)] = 0,
) -> None:
    """Make synthetic scans: 16-bit images, COCO annotations, a manifest."""
    from datasets.synthetic_folder import FolderPlan, ImageFormat, make_folder

    plan = FolderPlan(
        first_seed=first_seed,
        height_px=height,
        width_px=width,
        threat_probability=threat_probability,
        dual_energy=not single_energy,
        image_format=ImageFormat.PNG if png else ImageFormat.TIFF,
    )
    with _progress("making scans", scans) as on_done:
        make_folder(folder, plan, n_scans=scans, workers=workers or os.cpu_count() or 1, on_done=on_done)
    typer.echo(folder / "annotations.json")


def build_export(load_settings: Callable[[], Settings]) -> Callable[..., None]:
    """Make the command ``export``.

    Args:
        load_settings: Reads the settings and sets up the log; ends the program if they are wrong.
    """

    def export(
        folder: Annotated[Path, typer.Argument(help="Where to.", file_okay=False)],
        *,
        since: Annotated[
            datetime | None, typer.Option(help="Only outcomes reported at or after, UTC.")
        ] = None,
    ) -> None:
        """Write decided cases whose box was opened: 16-bit images, COCO annotations of what was found."""
        from app.case_dataset import export_cases

        at = None if since is None else since.replace(tzinfo=since.tzinfo or UTC)
        counts = asyncio.run(export_cases(load_settings(), folder=folder, since=at))
        typer.echo(json.dumps(counts))

    return export


@dataset_app.command("check")
def dataset_check(
    folder: FolderArgument,
    *,
    source: SourceOption = None,
    open_images: Annotated[
        bool, typer.Option("--images/--no-images", help="Compare every image with what is said of it.")
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, with every problem.")
    ] = False,
) -> None:
    """Count what is in a dataset and name what is wrong with it; exit status 1 if anything is."""
    from datasets.check import check_records
    from datasets.sources import open_dataset

    records = open_dataset(folder, source=source)
    with _progress("reading images", len(records.records), shown=open_images) as on_done:
        report = check_records(records, open_images=open_images, on_done=on_done)
    if as_json:
        typer.echo(json.dumps(report.to_document(), ensure_ascii=False))
    else:
        _print_report(report)
    raise typer.Exit(1 if report.problems else 0)


@dataset_app.command("show")
def dataset_show(
    folder: FolderArgument,
    *,
    out: Annotated[Path, typer.Option(help="The sheet, .png or .jpg; further ones get -2, -3, …")],
    source: SourceOption = None,
    count: Annotated[int, typer.Option(help="How many records, spread over the dataset.", min=1)] = 24,
    columns: Annotated[int, typer.Option(help="Of a sheet.", min=1, max=20)] = 4,
    rows: Annotated[int, typer.Option(help="Of a sheet.", min=1, max=50)] = 6,
    kind: Annotated[
        str | None, typer.Option(help="Only records with this finding kind or label; 'none': without any.")
    ] = None,
) -> None:
    """Draw contact sheets with boxes and labels."""
    from datasets.contact_sheet import SheetForm, write_sheets
    from datasets.sources import open_dataset

    records = [
        record
        for record in open_dataset(folder, source=source).records
        if kind is None
        or (kind == "none" and not record.annotations)
        or any(kind in (annotation.kind, annotation.label) for annotation in record.annotations)
    ]
    form = SheetForm(columns=columns, rows=rows)
    for path in write_sheets(records, out, n_records=count, form=form):
        typer.echo(path)


@contextmanager
def _progress(what: str, total: int, *, shown: bool = True) -> Iterator[Callable[[int], None]]:
    """A bar on stderr; yields what is told how much is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as progress:
        task = progress.add_task(what, total=total)
        yield lambda n_done: progress.update(task, completed=n_done, total=max(total, n_done))


def _print_report(report: "CheckReport") -> None:
    typer.echo(f"{report.name}: {report.n_records} records, {report.n_annotations} annotations")
    typer.echo(f"without a finding kind: {report.n_without_kind} records")
    typer.echo(f"containers: {report.n_containers}, scanners: {report.n_scanners}")
    if report.width_px and report.height_px:
        typer.echo(
            f"width {report.width_px[0]} to {report.width_px[1]} px, "
            f"height {report.height_px[0]} to {report.height_px[1]} px"
        )
    for name in ("kinds", "labels", "splits", "licences", "sources"):
        counts: dict[str, int] = getattr(report, name)
        if counts:
            typer.echo(f"{name}: " + ", ".join(f"{key} {n}" for key, n in counts.items()))
    if not report.problems:
        typer.echo("no problems" if report.images_opened else "no problems; images were not opened")
        return
    by_code: dict[str, list[str]] = defaultdict(list)
    for problem in report.problems:
        by_code[problem.code].append(f"{problem.where}: {problem.detail}")
    for code, lines in by_code.items():
        typer.echo(f"{code}: {len(lines)}")
        for line in lines[:_PROBLEMS_SHOWN]:
            typer.echo(f"  {line}")
        if len(lines) > _PROBLEMS_SHOWN:
            typer.echo(f"  … and {len(lines) - _PROBLEMS_SHOWN} more; --json lists them all")
