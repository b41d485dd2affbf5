"""``shenxiang bench``: starts the benchmarks, which stand above ``app`` and are part of a checkout only."""

import importlib.util
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

bench_app = typer.Typer(help="Measure this program on this machine.", no_args_is_help=True)

JsonFileOption = Annotated[Path, typer.Option("--json", help="Where the result goes.")]


@bench_app.command("queue")
def bench_queue(
    json_file: JsonFileOption,
    quick: Annotated[
        bool, typer.Option("--quick", help="Within five minutes; says where it is smaller.")
    ] = False,
    only: Annotated[
        str | None, typer.Option(help="Some of rates,peers,depths,held,head,faults; other keys are null.")
    ] = None,
) -> None:
    """Measure the review queue: bare statements, HTTP, other queues, depths, attacks and faults."""
    options = [f"--json={json_file}", *(["--quick"] if quick else []), *([f"--only={only}"] if only else [])]
    _become("benchmarks.queue", options)


@bench_app.command("inference")
def bench_inference(
    json_file: JsonFileOption,
    quick: Annotated[
        bool, typer.Option("--quick", help="Two or three minutes; says where it is smaller.")
    ] = False,
    only: Annotated[
        str | None,
        typer.Option(help="Some of rates,engines,tiny,ray,start,strain,fuzz; other keys are null."),
    ] = None,
) -> None:
    """Measure scoring over HTTP against a bare loop, under overload, slow senders and malformed uploads."""
    options = [f"--json={json_file}", *(["--quick"] if quick else []), *([f"--only={only}"] if only else [])]
    _become("benchmarks.inference", options)


@bench_app.command("main-job")
def bench_main_job(
    json_file: JsonFileOption,
    scans: Annotated[int, typer.Option(help="How many scans are posted, one per second.", min=1)] = 60,
) -> None:
    """Measure the main job end to end: posted scan to decision, the page in a real Chromium included."""
    _become("benchmarks.first_slice", [f"--json={json_file}", f"--scans={scans}"])


@bench_app.command("ui")
def bench_ui(
    json_file: JsonFileOption,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few cases and moves; says where it is smaller.")
    ] = False,
    only: Annotated[
        str | None, typer.Option(help="Some of exact,switch,cold,drag,boxes; other keys are null.")
    ] = None,
) -> None:
    """Measure the reviewer's page in a real Chromium: switching, cold cases, dragging, memory, exactness."""
    options = [f"--json={json_file}", *(["--quick"] if quick else []), *([f"--only={only}"] if only else [])]
    _become("benchmarks.ui", options)


def _become(module: str, options: list[str]) -> NoReturn:
    """Replace this process by a benchmark, so that its signals and exit status are its own.

    Raises:
        typer.Exit: With status 1 if the benchmarks are not installed.
    """
    package = importlib.util.find_spec("benchmarks")
    folders = list(package.submodule_search_locations or []) if package else []
    if not folders:
        typer.echo(
            "shenxiang: benchmarks_missing: the benchmarks are not part of an installed program; "
            "run this from a checkout",
            err=True,
        )
        raise typer.Exit(1)
    root = str(Path(folders[0]).parent)
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    os.execve(sys.executable, [sys.executable, "-m", module, *options], environment)  # noqa: S606
