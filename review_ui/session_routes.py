"""Logging in and out, and what the page needs to know before anyone has."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from review_queue.queue import ReviewQueue
from review_ui.accounts import DECIDING_ROLES, Account, Authenticator
from review_ui.finding_kinds import FINDING_KINDS
from review_ui.guard import allow, json_response, public, session_of
from review_ui.schemas import AccountOut, LoginIn, ReasonCode, UiConfig
from review_ui.sessions import COOKIE, Session, SessionStore
from review_ui.settings import ReviewSettings


class SessionRoutes:
    """``/session`` and ``/ui-config``."""

    def __init__(
        self,
        *,
        sessions: SessionStore,
        authenticator: Authenticator,
        queue: ReviewQueue,
        settings: ReviewSettings,
    ) -> None:
        self._sessions = sessions
        self._authenticator = authenticator
        self._queue = queue
        self._settings = settings

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.post("/session", response_model=AccountOut, max_body_size=4096)(self.log_in)
        router.get("/session", response_model=AccountOut)(self.who_am_i)
        router.delete("/session", status_code=204)(self.log_out)
        router.get("/ui-config", response_model=UiConfig)(self.ui_config)

    @public
    async def log_in(self, request: Request, body: LoginIn) -> Response:
        """Open a new session and set its cookie; a session that the browser still had is ended."""
        address = request.client.host if request.client else "unknown"
        account = await self._authenticator.authenticate(body.login, body.password, address=address)
        old = await self._sessions.find(request.cookies.get(COOKIE, ""))
        if old is not None:
            await self._end(old)
        token = await self._sessions.open(account)
        response = json_response(account_out(account))
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(self._settings.session_max_s),
            path="/",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    @allow("reviewer", "supervisor", "auditor", "admin")
    async def who_am_i(self, request: Request) -> Response:
        """Say who is logged in."""
        return json_response(account_out(session_of(request).account))

    @allow("reviewer", "supervisor", "auditor", "admin")
    async def log_out(self, request: Request) -> Response:
        """End the session and give back the cases on both seats."""
        await self._end(session_of(request))
        response = Response(status_code=204)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    @public
    async def ui_config(self) -> UiConfig:
        """Return what the page needs before a login."""
        policy = self._queue.policy
        return UiConfig(
            version=self._settings.version,
            demo=self._settings.demo,
            heartbeat_s=self._settings.heartbeat_s,
            remind_after_s=policy.remind_after_s,
            rest_s=policy.rest_s,
            reason_codes=[ReasonCode(**reason.to_json()) for reason in policy.reason_codes],
            finding_kinds=FINDING_KINDS,
        )

    async def _end(self, session: Session) -> None:
        await self._sessions.revoke(session)
        if session.account.role in DECIDING_ROLES:
            await self._queue.release_leases(session.reviewer())


def account_out(account: Account) -> AccountOut:
    """Return an account as its owner's page sees it."""
    return AccountOut(
        account_id=account.account_id,
        login=account.login,
        display_name=account.display_name,
        role=account.role,
        port=account.port,
    )
