"""``shenxiang audit``: verify the trail, show the key that seals it."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.settings import Settings

if TYPE_CHECKING:
    from review_queue.verification.findings import Report
    from review_queue.verification.progress import Progress


def build_audit_app(load_settings: Callable[[], Settings]) -> typer.Typer:
    """Make the command group.

    Args:
        load_settings: Reads the settings and sets up the log; ends the program if they are wrong.
    """
    audit_app = typer.Typer(help="The sealed audit trail.", no_args_is_help=True)

    @audit_app.command()
    def verify(
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
        as_lines: Annotated[
            bool,
            typer.Option("--json-lines", help="Print a JSON line for each step, and the report as the last."),
        ] = False,
        public_key: Annotated[
            list[Path] | None,
            typer.Option(
                exists=True, dir_okay=False, help="Public key (PEM) whose seals count; repeat it for several."
            ),
        ] = None,
        anchor: Annotated[
            Path | None,
            typer.Option(
                exists=True,
                dir_okay=False,
                help="Anchor file. Default: seals.jsonl in the data folder.",
            ),
        ] = None,
        since: Annotated[
            datetime | None, typer.Option(help="Judge only what happened at or after it, UTC.")
        ] = None,
    ) -> None:
        """Check seals, ranks and moves, and replay every assignment; exit status 1 if anything is wrong."""
        from app.audit_trail import verify_trail_of

        report = asyncio.run(
            verify_trail_of(
                load_settings(),
                public_keys=public_key or [],
                anchor=anchor,
                since=None if since is None else since.replace(tzinfo=since.tzinfo or UTC),
                tell=_tell if as_lines else None,
            )
        )
        if as_lines:
            typer.echo(json.dumps({"report": _document(report)}, ensure_ascii=False))
        else:
            typer.echo(json.dumps(_document(report), ensure_ascii=False) if as_json else _describe(report))
        raise typer.Exit(0 if report.is_good else 1)

    @audit_app.command()
    def key() -> None:
        """Print the public key of this machine's seals, for an auditor to keep; makes it if there is none."""
        from app.audit_trail import audit_key

        typer.echo(audit_key(load_settings()).public_pem(), nl=False)

    return audit_app


def _tell(progress: "Progress") -> None:
    print(json.dumps({"progress": asdict(progress)}, ensure_ascii=False), flush=True)


def _document(report: "Report") -> dict[str, Any]:
    return {"ok": report.is_good, **asdict(report)}


def _describe(report: "Report") -> str:
    lines = [f"{finding.code}: {finding.message}" for finding in report.findings]
    n_more = sum(report.counts.values()) - len(report.findings)
    if n_more:
        lines.append(f"and {n_more} more findings")
    lines += [
        f"{report.n_rows} rows, {report.n_unsealed} of them after the last of {report.n_seals} seals",
        f"{report.n_moves} moves, {report.n_ranks} ranks computed again, {report.n_ranks_unrevealed} not yet "
        f"({', '.join(report.days_unrevealed) or 'every day is revealed'})",
        f"{report.n_assignments} assignments, {report.n_unprovable} from before their snapshots were kept, "
        f"{report.n_unexplained} unexplained",
    ]
    lines += [
        f"  unexplained, account {account_id}: {n}"
        for account_id, n in sorted(report.unexplained_by_account.items())
    ]
    return "\n".join([*lines, "good" if report.is_good else "NOT GOOD"])
