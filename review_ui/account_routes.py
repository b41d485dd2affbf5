"""Accounts, for administrators: the same functions as ``shenxiang account``, under the administrator's name.

Passwords are made here and told once: nobody chooses another person's.
"""

from typing import Annotated

import asyncpg
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from review_queue.queue import ReviewQueue
from review_ui.accounts import DECIDING_ROLES, LOGIN_PATTERN, create_account, disable_account, set_password
from review_ui.admin_schemas import AdminAccountOut, NewAccount, PasswordOut, PortOut
from review_ui.database import Pool
from review_ui.guard import allow, json_response, session_of
from review_ui.passwords import make_password
from review_ui.qualifications import bits_of, mask_of
from review_ui.sessions import reviewer_of

ACCOUNTS_SQL = """
SELECT a.account_id, a.login, a.display_name, a.role, a.port, a.quals, a.created_at, a.disabled_at,
    s.last_seen_at, coalesce(s.n_sessions, 0) AS n_sessions
FROM accounts a LEFT JOIN (
    SELECT account_id, max(last_seen_at) AS last_seen_at, count(*) FILTER (
        WHERE revoked_at IS NULL AND expires_at > clock_timestamp()
            AND last_seen_at > clock_timestamp() - make_interval(secs => $1)
    ) AS n_sessions
    FROM sessions GROUP BY account_id
) AS s USING (account_id)
ORDER BY a.disabled_at IS NOT NULL, a.login
"""
PORTS_SQL = "SELECT code, name_zh, name_en FROM ports ORDER BY code"

Login = Annotated[str, Path(pattern=f"^{LOGIN_PATTERN.pattern}$")]


class AccountRoutes:
    """``/admin/accounts`` and ``/admin/ports``."""

    def __init__(self, *, pool: Pool, queue: ReviewQueue, session_idle_s: float) -> None:
        self._pool = pool
        self._queue = queue
        self._session_idle_s = session_idle_s

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.get("/admin/ports")(self.ports)
        router.get("/admin/accounts")(self.accounts)
        router.post("/admin/accounts", response_model=PasswordOut, status_code=201, max_body_size=4096)(
            self.create
        )
        router.post("/admin/accounts/{login}/password", response_model=PasswordOut)(self.reset_password)
        router.post("/admin/accounts/{login}/disable", status_code=204)(self.disable)

    @allow("admin")
    async def ports(self) -> list[PortOut]:
        """Return every port."""
        return [PortOut(**dict(row)) for row in await self._pool.fetch(PORTS_SQL)]

    @allow("admin")
    async def accounts(self) -> list[AdminAccountOut]:
        """Return every account, the disabled ones last."""
        return [_account_out(row) for row in await self._pool.fetch(ACCOUNTS_SQL, self._session_idle_s)]

    @allow("admin")
    async def create(self, request: Request, body: NewAccount) -> Response:
        """Make an account and tell its password, once."""
        password = make_password()
        async with self._pool.acquire() as connection:
            await create_account(
                connection,
                login=body.login,
                display_name=body.display_name,
                role=body.role,
                port=body.port,
                quals=mask_of(body.quals),
                password=password,
                actor=session_of(request).actor,
            )
        return json_response(PasswordOut(login=body.login, password=password), status=201)

    @allow("admin")
    async def reset_password(self, request: Request, login: Login) -> Response:
        """Give an account another password, told once, and end its sessions."""
        password = make_password()
        async with self._pool.acquire() as connection:
            await set_password(connection, login=login, password=password, actor=session_of(request).actor)
        return json_response(PasswordOut(login=login, password=password))

    @allow("admin")
    async def disable(self, request: Request, login: Login) -> Response:
        """End an account and its sessions, and give its cases back."""
        async with self._pool.acquire() as connection:
            account = await disable_account(connection, login=login, actor=session_of(request).actor)
        if account.role in DECIDING_ROLES:
            await self._queue.release_leases(reviewer_of(account))
        return Response(status_code=204)


def _account_out(row: asyncpg.Record) -> AdminAccountOut:
    fields = dict(row)
    fields["quals"] = bits_of(row["quals"])
    return AdminAccountOut(**fields)
