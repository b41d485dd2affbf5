"""``shenxiang queue-policy``: show the queue's policy, check a changed one, put it in force."""

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from app.settings import Settings

if TYPE_CHECKING:
    from review_queue.policy import QueuePolicy

PolicyFile = Annotated[
    typer.FileText, typer.Argument(help="JSON file with the policy; - reads it from stdin.")
]


def build_queue_policy_app(load_settings: Callable[[], Settings]) -> typer.Typer:
    """Make the command group.

    Args:
        load_settings: Reads the settings and sets up the log; ends the program if they are wrong.
    """
    policy_app = typer.Typer(
        help="The queue's policy: who goes first, who may look, who looks twice.", no_args_is_help=True
    )

    @policy_app.command()
    def show() -> None:
        """Print the policy in force, as a file that ``set`` takes; its version goes to stderr."""
        from app.queue_policy import show_policy
        from review_queue.policy import QueuePolicy

        stored = asyncio.run(show_policy(load_settings()))
        if stored is None:
            typer.echo("version 0: the defaults, nobody has stored a policy", err=True)
        else:
            typer.echo(f"version {stored.version} by {stored.author}, {stored.created_at:%F %T %Z}", err=True)
        policy = QueuePolicy() if stored is None else stored.policy
        typer.echo(json.dumps(policy.to_json(), indent=1))

    @policy_app.command()
    def check(
        file: PolicyFile,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    ) -> None:
        """Check a policy, and tell how many waiting cases it would put into another band; changes nothing."""
        from app.queue_policy import check_policy

        found = asyncio.run(check_policy(load_settings(), _read(file)))
        if as_json:
            typer.echo(json.dumps(found))
            return
        typer.echo(f"{found['n_waiting']} cases wait; {found['n_sooner']} sooner, {found['n_later']} later")
        for move in found["bands"]:
            typer.echo(f"  band {move['from']} -> {move['to']}: {move['n']}")

    @policy_app.command("set")
    def set_(
        file: PolicyFile,
        reprioritize: Annotated[
            bool, typer.Option("--reprioritize", help="Bring waiting cases forward by the new policy, too.")
        ] = False,
        lower: Annotated[
            bool, typer.Option("--lower", help="With --reprioritize: put others back, too.")
        ] = False,
    ) -> None:
        """Store a policy and print its version; every running process follows it within two seconds."""
        from app.queue_policy import change_policy

        if lower and not reprioritize:
            raise typer.BadParameter("--lower goes with --reprioritize")
        done = asyncio.run(
            change_policy(load_settings(), _read(file), reprioritize=reprioritize, may_lower=lower)
        )
        typer.echo(done["version"])
        if reprioritize:
            typer.echo(f"waiting cases ranked anew: {done['n_reprioritized']}", err=True)

    return policy_app


def _read(file: typer.FileText) -> "QueuePolicy":
    from review_queue.policy import QueuePolicy

    try:
        document = json.load(file)
    except ValueError as error:
        raise typer.BadParameter(f"not JSON: {error}") from None
    return QueuePolicy.from_json(document)
