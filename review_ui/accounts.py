"""People's accounts: made, disabled and given passwords by an administrator or an operator; checked at login.

Separation of duties: an account has one role for life. Whoever changes duties gets another account, so that
no account ever holds two of administrator, auditor and reviewer. An administrator keeps accounts and stations
and sees no images; nobody but reviewers and supervisors decides.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import get_args

import asyncpg
import structlog

from review_queue import audit
from review_queue.notify import CHANNEL
from review_ui.database import Connection, Pool
from review_ui.errors import (
    AccountInvalidError,
    AccountNotFoundError,
    LastAdminError,
    LoginRefusedError,
    LoginTakenError,
)
from review_ui.passwords import PasswordVerifier, check_password, hash_password
from review_ui.schemas import Role
from review_ui.throttle import LoginThrottle

log = structlog.get_logger()

ROLES: tuple[Role, ...] = get_args(Role)
DECIDING_ROLES: frozenset[Role] = frozenset({"reviewer", "supervisor"})
READING_ROLES: frozenset[Role] = frozenset({"supervisor", "auditor"})
LOGIN_PATTERN = re.compile(r"[a-z0-9._-]{2,40}")
REFUSED = "unknown login, or not its password"


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person who may log in.

    Attributes:
        port: Where a reviewer works; cases of this port are never assigned to them.
        quals: Qualification bits held.
    """

    account_id: int
    login: str
    display_name: str
    role: Role
    port: str | None
    quals: int


async def create_account(
    connection: Connection,
    *,
    login: str,
    display_name: str,
    role: str,
    password: str,
    port: str | None = None,
    quals: int = 0,
    actor: str = "system:cli",
) -> int:
    """Make an account and return its id.

    Raises:
        AccountInvalidError: If the login, name, role, port or qualifications are not acceptable.
        PasswordTooWeakError: If the password is.
        LoginTakenError: If the login belongs to an account already, also to a disabled one.
    """
    _check_account(login, display_name, role, quals)
    check_password(password, login=login)
    password_hash = await asyncio.to_thread(hash_password, password)
    try:
        async with connection.transaction():
            account_id: int = await connection.fetchval(
                "INSERT INTO accounts (login, display_name, role, port, quals, password_hash)"
                " VALUES ($1, $2, $3, $4, $5, $6) RETURNING account_id",
                login,
                display_name,
                role,
                port,
                quals,
                password_hash,
            )
            # What decides which cases an account gets: whoever verifies the trail reads it there.
            detail = f"account={account_id} role={role} port={port or '-'} quals={quals}"
            await audit.record(connection, actor=actor, event="account_created", detail=detail)
    except asyncpg.UniqueViolationError as error:
        raise LoginTakenError(f"there is an account {login!r} already; choose another login") from error
    except asyncpg.ForeignKeyViolationError as error:
        raise AccountInvalidError(f"there is no port {port!r}; create it first") from error
    return account_id


async def disable_account(connection: Connection, *, login: str, actor: str = "system:cli") -> Account:
    """End an account: no login any more, and every session of it dies at once.

    Raises:
        AccountNotFoundError: If there is no such account.
        LastAdminError: If nobody could make accounts in the browser any more.
    """
    async with connection.transaction():
        # Locked, so that two administrators who disable each other at once do not both succeed.
        admins = await connection.fetch(
            "SELECT login FROM accounts WHERE role = 'admin' AND disabled_at IS NULL FOR UPDATE"
        )
        if [row["login"] for row in admins] == [login]:
            raise LastAdminError(f"{login!r} is the only administrator; make another account first")
        account = await _change(connection, "disabled_at = coalesce(disabled_at, clock_timestamp())", login)
        await _revoke_sessions(connection, account.account_id)
        detail = f"account={account.account_id}"
        await audit.record(connection, actor=actor, event="account_disabled", detail=detail)
    return account


async def set_password(
    connection: Connection, *, login: str, password: str, actor: str = "system:cli"
) -> None:
    """Give an account another password; every session of it dies at once.

    Raises:
        AccountNotFoundError: If there is no such account.
        PasswordTooWeakError: If the password is too weak.
    """
    check_password(password, login=login)
    password_hash = await asyncio.to_thread(hash_password, password)
    async with connection.transaction():
        account = await _change(connection, "password_hash = $2", login, password_hash)
        await _revoke_sessions(connection, account.account_id)
        detail = f"account={account.account_id}"
        await audit.record(connection, actor=actor, event="password_changed", detail=detail)


class Authenticator:
    """Checks logins: throttled, in the same time for known and unknown names, refusals audited."""

    def __init__(self, pool: Pool, *, throttle: LoginThrottle | None = None) -> None:
        self._pool = pool
        self._throttle = throttle or LoginThrottle()
        self._verifier = PasswordVerifier()

    async def authenticate(self, login: str, password: str, *, address: str) -> Account:
        """Return the account whose login and password these are.

        Args:
            login: As typed; case and surrounding spaces do not count.
            password: As typed.
            address: Where the request comes from, for the throttle.

        Raises:
            LoginThrottledError: After too many failures; the password is not looked at.
            LoginRefusedError: If they are wrong, or the account is disabled.
        """
        login = login.strip().lower()
        self._throttle.start(login, address)
        row = await self._find(login)
        is_enabled = row is not None and row["disabled_at"] is None
        password_hash = row["password_hash"] if row is not None and is_enabled else None
        if not await self._verifier.verify(password_hash, password) or row is None:
            if row is not None:
                await self._record_refusal(row["account_id"])
            log.warning(
                "login_refused", account_id=row["account_id"] if row is not None else None, address=address
            )
            raise LoginRefusedError(REFUSED)
        self._throttle.succeeded(login, address)
        return account_from_row(row)

    async def _find(self, login: str) -> asyncpg.Record | None:
        if not LOGIN_PATTERN.fullmatch(login):
            return None
        return await self._pool.fetchrow("SELECT * FROM accounts WHERE login = $1", login)

    async def _record_refusal(self, account_id: int) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await audit.record(connection, actor=audit.account_actor(account_id), event="login_refused")


def account_from_row(row: asyncpg.Record) -> Account:
    """Return the account of a row that has the columns of ``accounts``."""
    return Account(
        account_id=row["account_id"],
        login=row["login"],
        display_name=row["display_name"],
        role=row["role"],
        port=row["port"],
        quals=row["quals"],
    )


def _check_account(login: str, display_name: str, role: str, quals: int) -> None:
    if not LOGIN_PATTERN.fullmatch(login):
        raise AccountInvalidError(f"{login!r} is no login: 2 to 40 of a-z, 0-9, dot, underscore and hyphen")
    if not display_name.strip() or len(display_name) > 80 or "\0" in display_name:
        raise AccountInvalidError(f"the display name of {login!r} must have 1 to 80 characters")
    if role not in ROLES:
        raise AccountInvalidError(f"{role!r} is no role: choose one of {', '.join(ROLES)}")
    if not 0 <= quals < 2**63:
        raise AccountInvalidError(f"qualifications are bits 0 to 62, not {quals}")


async def _change(connection: Connection, assignment: str, login: str, *values: str) -> Account:
    row = await connection.fetchrow(
        f"UPDATE accounts SET {assignment} WHERE login = $1 RETURNING *", login, *values
    )
    if row is None:
        raise AccountNotFoundError(f"there is no account {login!r}")
    return account_from_row(row)


async def _revoke_sessions(connection: Connection, account_id: int) -> None:
    await connection.execute(
        "UPDATE sessions SET revoked_at = clock_timestamp() WHERE account_id = $1 AND revoked_at IS NULL",
        account_id,
    )
    # Heard when the transaction commits, by every process: none goes on believing what it has looked up.
    await connection.execute("SELECT pg_notify($1, 'session ')", CHANNEL)
