"""``shenxiang account``: people's accounts."""

import asyncio
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from app.settings import Settings


def build_account_app(load_settings: Callable[[], Settings]) -> typer.Typer:
    """Make the command group.

    Args:
        load_settings: Reads the settings and sets up the log; ends the program if they are wrong.
    """
    account_app = typer.Typer(help="People's accounts.", no_args_is_help=True)

    @account_app.command(
        "create",
        help="Create an account; the password is asked for, or read from standard input when it is no "
        "terminal.",
    )
    def account_create(
        login: str,
        role: Annotated[str, typer.Option(help="reviewer, supervisor, auditor or admin.")],
        name: Annotated[str | None, typer.Option(help="Shown to others.")] = None,
        port: Annotated[
            str | None, typer.Option(help="A reviewer's own port, whose cases they never get.")
        ] = None,
        quals: Annotated[int, typer.Option(help="Qualification bits held.", min=0)] = 0,
    ) -> None:
        from app.operations import create_account

        account_id = asyncio.run(
            create_account(
                load_settings(),
                login=login,
                role=role,
                name=name or login,
                port=port,
                quals=quals,
                password=_password(),
            )
        )
        typer.echo(account_id)

    @account_app.command("password")
    def account_password(login: str) -> None:
        """Set a new password and end the account's sessions."""
        from app.operations import set_password

        asyncio.run(set_password(load_settings(), login=login, password=_password()))

    @account_app.command("disable")
    def account_disable(login: str) -> None:
        """Disable an account, end its sessions and give its cases back."""
        from app.operations import disable_account

        asyncio.run(disable_account(load_settings(), login=login))

    return account_app


def _password() -> str:
    if sys.stdin.isatty():
        answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return answer
    return sys.stdin.readline().rstrip("\n")
