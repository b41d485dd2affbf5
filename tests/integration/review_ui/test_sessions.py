"""Logging in and out over HTTP: cookies, expiry, throttling, forged requests, roles."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from review_ui.accounts import create_account, disable_account, set_password
from review_ui.errors import AccountInvalidError, AccountNotFoundError, LoginTakenError, PasswordTooWeakError
from tests.integration.review_ui.centre import PASSWORD, Centre, decision

CREDENTIALS = {"login": "lin", "password": PASSWORD}


async def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


async def test_log_in__sets_a_cookie_that_only_the_server_reads(centre: Centre) -> None:
    """The cookie is out of scripts' and other sites' reach; the account comes back without secrets."""
    account_id = await centre.account("lin", "reviewer", "YTN")
    answer = await centre.browser().post("/api/v1/session", json={"login": " LIN ", "password": PASSWORD})
    assert answer.json() == {
        "account_id": account_id,
        "login": "lin",
        "display_name": "lin",
        "role": "reviewer",
        "port": "YTN",
    }
    cookie = answer.headers["set-cookie"]
    assert re.match(r"sx_session=[\w-]{43};", cookie)
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/", "max-age=43200"} <= attributes
    assert "secure" not in attributes
    assert answer.headers["cache-control"] == "no-store"


async def test_log_in__cookie_is_secure_over_https(centre: Centre) -> None:
    """Over TLS the cookie never travels in the clear."""
    await centre.account("lin", "reviewer")
    client = centre.browser()
    answer = await client.post(
        "https://review.example/api/v1/session",
        json=CREDENTIALS,
        headers={"origin": "https://review.example"},
    )
    assert "secure" in answer.headers["set-cookie"].lower()


async def test_log_in__is_a_new_session_and_ends_the_old_one(centre: Centre) -> None:
    """A session id known before the login is worth nothing after it; only a hash is stored."""
    client = await centre.person("lin", "reviewer")
    first = client.cookies["sx_session"]
    await client.post("/api/v1/session", json=CREDENTIALS)
    second = client.cookies["sx_session"]
    assert first != second
    thief = centre.browser()
    thief.cookies.set("sx_session", first)
    assert await code_of(await thief.get("/api/v1/session")) == (401, "not_logged_in")
    assert (await client.get("/api/v1/session")).status_code == 200
    stored = await centre.pool.fetchval("SELECT string_agg(s::text, '') FROM sessions s")
    assert second not in stored
    assert second.encode().hex() not in stored


@pytest.mark.parametrize(
    "credentials",
    [
        {"login": "lin", "password": "wrong"},
        {"login": "nobody", "password": PASSWORD},
        {"login": "no\0body", "password": PASSWORD},
        {"login": "disabled", "password": PASSWORD},
    ],
)
async def test_log_in__refusal_does_not_tell_why(centre: Centre, credentials: dict[str, str]) -> None:
    """Wrong password, unknown login and disabled account answer alike."""
    await centre.account("lin", "reviewer")
    await centre.account("disabled", "reviewer")
    async with centre.pool.acquire() as conn:
        await disable_account(conn, login="disabled")
    answer = await centre.browser().post("/api/v1/session", json=credentials)
    assert await code_of(answer) == (401, "login_refused")
    assert answer.json()["detail"] == "unknown login, or not its password"
    assert "set-cookie" not in answer.headers


async def test_log_in__guessing_is_throttled(centre: Centre) -> None:
    """After five failures even the right password has to wait, and the answer says how long."""
    await centre.account("lin", "reviewer")
    client = centre.browser()
    for _ in range(5):
        await client.post("/api/v1/session", json={"login": "lin", "password": "wrong"})
    answer = await client.post("/api/v1/session", json=CREDENTIALS)
    assert await code_of(answer) == (429, "login_throttled")
    assert 1 <= int(answer.headers["retry-after"]) <= 15
    assert await centre.pool.fetchval("SELECT count(*) FROM audit WHERE event = 'login_refused'") == 5


async def test_log_out__ends_the_session_and_gives_both_cases_back(centre: Centre) -> None:
    """Nothing stays on the seats of somebody who has left."""
    for _ in range(2):
        await centre.open_case()
    client = await centre.person("lin", "reviewer")
    await client.post("/api/v1/review/next")
    await client.post("/api/v1/review/prefetch")
    assert await centre.pool.fetchval("SELECT count(*) FROM ready") == 0
    token = client.cookies["sx_session"]
    assert (await client.delete("/api/v1/session")).status_code == 204
    assert "sx_session" not in client.cookies
    client.cookies.set("sx_session", token)
    assert await code_of(await client.get("/api/v1/session")) == (401, "not_logged_in")
    assert await centre.pool.fetchval("SELECT count(*) FROM ready") == 2
    events = await centre.pool.fetch("SELECT event FROM audit WHERE event LIKE 'logged%' ORDER BY seq")
    assert [row["event"] for row in events] == ["logged_in", "logged_out"]


async def test_session__ends_after_its_longest_time(centre: Centre) -> None:
    """However busy, a session ends twelve hours after the login."""
    client = await centre.person("lin", "reviewer")
    await centre.pool.execute("UPDATE sessions SET expires_at = clock_timestamp()")
    assert await code_of(await client.get("/api/v1/session")) == (401, "not_logged_in")


async def test_session__lasts_twelve_hours_by_default(centre: Centre) -> None:
    """The longest time counts from the login."""
    await centre.person("lin", "reviewer")
    assert (
        await centre.pool.fetchval("SELECT extract(epoch FROM expires_at - created_at) FROM sessions")
        == 43200
    )


async def test_session__ends_when_idle_and_requests_keep_it(centre: Centre) -> None:
    """Half an hour without a request ends it; a request is noted, at most once a minute."""
    client = await centre.person("lin", "reviewer")
    seen = "SELECT extract(epoch FROM clock_timestamp() - last_seen_at)::float8 FROM sessions"
    age = "UPDATE sessions SET last_seen_at = clock_timestamp() - $1 * interval '1 second'"
    await centre.pool.execute(age, 50.0)
    assert (await client.get("/api/v1/session")).status_code == 200
    assert await centre.pool.fetchval(seen) >= 50
    await centre.pool.execute(age, 1700.0)
    assert (await client.get("/api/v1/session")).status_code == 200
    assert await centre.pool.fetchval(seen) < 5
    await centre.pool.execute(age, 1801.0)
    assert await code_of(await client.get("/api/v1/session")) == (401, "not_logged_in")


async def test_session__heartbeats_do_not_keep_it(centre: Centre) -> None:
    """A page that is left open extends leases, but not its owner's session."""
    client = await centre.person("lin", "reviewer")
    await centre.pool.execute("UPDATE sessions SET last_seen_at = clock_timestamp() - interval '29 min'")
    await client.post("/api/v1/review/heartbeat", json={"leases": []})
    await client.get("/api/v1/review/glance")
    silent_s = await centre.pool.fetchval(
        "SELECT extract(epoch FROM clock_timestamp() - last_seen_at)::float8 FROM sessions"
    )
    assert silent_s > 1700


async def test_session__is_believed_for_a_moment_only(centre: Centre) -> None:
    """A session revoked by another process dies here as soon as the memory of it is old."""
    centre.restart(session_cache_s=0.2)
    client = await centre.person("lin", "reviewer")
    assert (await client.get("/api/v1/session")).status_code == 200
    await centre.pool.execute("UPDATE sessions SET revoked_at = clock_timestamp()")
    assert (await client.get("/api/v1/session")).status_code == 200
    await asyncio.sleep(0.25)
    assert (await client.get("/api/v1/session")).status_code == 401


@pytest.mark.parametrize("change", ["disable", "password"])
async def test_session__dies_with_its_account(centre: Centre, change: str) -> None:
    """Disabling an account or changing its password ends every session of it."""
    client = await centre.person("lin", "reviewer")
    async with centre.pool.acquire() as conn:
        if change == "disable":
            await disable_account(conn, login="lin")
        else:
            await set_password(conn, login="lin", password="another password")
    assert await code_of(await client.get("/api/v1/session")) == (401, "not_logged_in")
    answer = await client.post("/api/v1/session", json=CREDENTIALS)
    assert await code_of(answer) == (401, "login_refused")


async def test_session__made_up_cookies_are_nobody(centre: Centre) -> None:
    """No cookie value is a session that was not given out."""
    client = centre.browser()
    for value in ("", "x", "'; DROP TABLE sessions; --", "A" * 4000):
        client.cookies.clear()
        client.cookies.set("sx_session", value)
        assert (await client.get("/api/v1/session")).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"x-requested-with": ""},
        {"sec-fetch-site": "cross-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
)
async def test_csrf__forged_requests_are_refused_and_change_nothing(
    centre: Centre, headers: dict[str, str]
) -> None:
    """Every route that changes something refuses a request that another site sent, cookie or not."""
    case = await centre.open_case()
    client = await centre.person("lin", "reviewer")
    lease = (await client.post("/api/v1/review/next")).json()
    for method, path, body in (
        ("POST", "/api/v1/session", CREDENTIALS),
        ("DELETE", "/api/v1/session", None),
        ("POST", "/api/v1/review/next", None),
        ("POST", "/api/v1/review/prefetch", None),
        ("POST", "/api/v1/review/decide", decision(lease)),
        ("POST", "/api/v1/review/heartbeat", {"leases": []}),
        ("POST", "/api/v1/review/pause", None),
        ("POST", "/api/v1/admin/accounts", {"login": "x"}),
        ("POST", "/api/v1/admin/accounts/lin/disable", None),
        ("POST", "/api/v1/admin/accounts/lin/password", None),
        ("POST", "/api/v1/admin/stations", {"station_id": "x"}),
        ("POST", "/api/v1/admin/stations/x/rotate", {}),
        ("POST", "/api/v1/admin/station-keys/x/revoke", None),
        ("POST", "/api/v1/audit/verify", None),
    ):
        answer = await client.request(method, path, json=body, headers=headers)
        assert await code_of(answer) == (403, "csrf_refused"), path
    assert await centre.queue.holds_case(
        (await client.get("/api/v1/session")).json()["account_id"], case.case_id
    )


async def test_cors__no_origin_is_let_in(centre: Centre) -> None:
    """A preflight of another site gets no permission."""
    answer = await centre.browser().options(
        "/api/v1/review/next",
        headers={"origin": "http://evil.example", "access-control-request-method": "POST"},
    )
    assert not [name for name in answer.headers if name.startswith("access-control")]


PUBLIC = {("POST", "/api/v1/session"), ("GET", "/api/v1/ui-config")}
ROLES = {
    ("POST", "/api/v1/review/next"): {"reviewer", "supervisor"},
    ("POST", "/api/v1/review/prefetch"): {"reviewer", "supervisor"},
    ("POST", "/api/v1/review/decide"): {"reviewer", "supervisor"},
    ("GET", "/api/v1/review/cases/{case_id}/earlier"): {"reviewer", "supervisor"},
    ("GET", "/api/v1/review/cases/{case_id}/earlier/{scan_id}/px16/{level}/{strip}"): {
        "reviewer",
        "supervisor",
    },
    ("GET", "/api/v1/review/cases/{case_id}/lookalikes"): {"reviewer", "supervisor"},
    ("GET", "/api/v1/review/cases/{case_id}/lookalikes/{scan_id}/px16/{level}/{strip}"): {
        "reviewer",
        "supervisor",
    },
    ("POST", "/api/v1/review/heartbeat"): {"reviewer", "supervisor"},
    ("POST", "/api/v1/review/pause"): {"reviewer", "supervisor"},
    ("GET", "/api/v1/review/cases/{case_id}"): {"reviewer", "supervisor"},
    ("GET", "/api/v1/review/glance"): {"reviewer", "supervisor"},
    ("GET", "/api/v1/board"): {"supervisor"},
    ("GET", "/api/v1/board/events"): {"supervisor"},
    ("GET", "/api/v1/review/events"): {"reviewer", "supervisor"},
    ("GET", "/api/v1/decisions"): {"supervisor", "auditor"},
    ("GET", "/api/v1/cases/{case_id}"): {"supervisor", "auditor"},
    ("GET", "/api/v1/cases/{case_id}/audit"): {"supervisor", "auditor"},
    ("GET", "/api/v1/cases"): {"supervisor", "auditor"},
    ("GET", "/api/v1/cases/{case_id}/history"): {"supervisor", "auditor"},
    ("PUT", "/api/v1/cases/{case_id}/inspection"): {"supervisor"},
    ("GET", "/api/v1/case-reviewers"): {"supervisor", "auditor"},
    ("GET", "/api/v1/escalations"): {"supervisor"},
    ("GET", "/api/v1/board/figures"): {"supervisor"},
    ("GET", "/api/v1/queue-policy"): {"supervisor", "auditor"},
    ("POST", "/api/v1/queue-policy/effect"): {"supervisor"},
    ("POST", "/api/v1/queue-policy/proposals"): {"supervisor"},
    ("POST", "/api/v1/queue-policy/proposals/{proposal_id}/outcome"): {"supervisor"},
    ("GET", "/api/v1/audit/events"): {"auditor"},
    ("GET", "/api/v1/audit/export"): {"auditor"},
    ("POST", "/api/v1/audit/verify"): {"auditor"},
    ("GET", "/api/v1/audit/cases/{case_id}"): {"auditor"},
    ("GET", "/api/v1/admin/ports"): {"admin"},
    ("GET", "/api/v1/admin/accounts"): {"admin"},
    ("POST", "/api/v1/admin/accounts"): {"admin"},
    ("POST", "/api/v1/admin/accounts/{login}/password"): {"admin"},
    ("POST", "/api/v1/admin/accounts/{login}/disable"): {"admin"},
    ("GET", "/api/v1/admin/stations"): {"admin"},
    ("POST", "/api/v1/admin/stations"): {"admin"},
    ("POST", "/api/v1/admin/stations/{station_id}/rotate"): {"admin"},
    ("POST", "/api/v1/admin/station-keys/{key_id}/revoke"): {"admin"},
    ("GET", "/api/v1/admin/models"): {"admin"},
}
# Who may see a case is told by 404, whatever the role.
PIXELS = {
    ("GET", "/api/v1/cases/{case_id}/px16/{level}/{strip}"),
    ("GET", "/api/v1/cases/{case_id}/photos/{index}"),
}


def every_route(centre: Centre) -> list[tuple[str, str]]:
    paths = centre.api.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


async def test_routes__all_but_two_need_a_login(centre: Centre) -> None:
    """Without a session there is the login and the page's settings, and nothing else."""
    client = centre.browser()
    routes = every_route(centre)
    assert len(routes) >= 16
    for method, path in set(routes) - PUBLIC:
        answer = await client.request(method, path.replace("{", "").replace("}", ""))
        assert await code_of(answer) == (401, "not_logged_in"), path


@pytest.mark.parametrize("role", ["reviewer", "supervisor", "auditor", "admin"])
async def test_routes__roles_are_kept_apart(centre: Centre, role: str) -> None:
    """Each route refuses every role that it does not name; an administrator sees neither board nor images."""
    client = await centre.person("someone", role)
    for (method, path), roles in ROLES.items():
        if role not in roles:
            answer = await client.request(method, re.sub(r"\{\w+\}", "1", path))
            assert await code_of(answer) == (403, "role_not_allowed"), path
    unknown = set(every_route(centre)) - PUBLIC - set(ROLES) - PIXELS
    assert unknown == {("GET", "/api/v1/session"), ("DELETE", "/api/v1/session")}


async def test_create_account__is_made_once_and_checked(centre: Centre) -> None:
    """An account has one role, a login of its own and a port that exists; its making is audited."""
    async with centre.pool.acquire() as conn:
        made: dict[str, Any] = {
            "login": "li.wei",
            "display_name": "李伟",
            "role": "reviewer",
            "password": PASSWORD,
        }
        account_id = await create_account(conn, **made, port="SKZ")
        with pytest.raises(LoginTakenError):
            await create_account(conn, **made)
        with pytest.raises(AccountInvalidError, match="port"):
            await create_account(conn, **{**made, "login": "other"}, port="NOPE")
        with pytest.raises(AccountInvalidError, match="role"):
            await create_account(conn, **{**made, "login": "other", "role": "reviewer,admin"})
        with pytest.raises(AccountInvalidError, match="login"):
            await create_account(conn, **{**made, "login": "Li Wei"})
        with pytest.raises(PasswordTooWeakError):
            await create_account(conn, **{**made, "login": "other", "password": "short"})
        with pytest.raises(AccountNotFoundError):
            await disable_account(conn, login="other")
        with pytest.raises(AccountNotFoundError):
            await set_password(conn, login="other", password=PASSWORD)
        assert await conn.fetchval("SELECT count(*) FROM accounts") == 1
        row = await conn.fetchrow("SELECT * FROM audit WHERE event = 'account_created'")
    assert row is not None
    assert row["detail"] == f"account={account_id} role=reviewer port=SKZ quals=0"
    client = centre.browser()
    answer = await client.post("/api/v1/session", json={"login": "li.wei", "password": PASSWORD})
    assert answer.json()["display_name"] == "李伟"
