"""Forged requests are refused; every answer carries the headers that lock the page down."""

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from review_ui.errors import CsrfRefusedError
from review_ui.security import SecurityHeaders, check_csrf, new_nonce, page_csp


async def get(app: ASGIApp, url: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        return await client.get(url)


def request_with(method: str = "POST", **headers: str) -> Request:
    named = {
        "host": "review.example:8080",
        **{name.replace("_", "-"): text for name, text in headers.items()},
    }
    raw = [(name.encode(), text.encode()) for name, text in named.items()]
    return Request({"type": "http", "method": method, "path": "/", "headers": raw, "scheme": "http"})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "same-origin"},
        {"origin": "http://review.example:8080"},
        {"origin": "https://REVIEW.example", "host": "review.example"},
        {"origin": "https://review.example", "host": "review.example:443"},
    ],
)
def test_check_csrf__own_page_passes(headers: dict[str, str]) -> None:
    """Our page, with or without what newer browsers add, may change something."""
    check_csrf(request_with(x_requested_with="shenxiang", **headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"x_requested_with": "XMLHttpRequest"},
        {"sec_fetch_site": "same-site", "x_requested_with": "shenxiang"},
        {"sec_fetch_site": "cross-site", "x_requested_with": "shenxiang"},
        {"sec_fetch_site": "none", "x_requested_with": "shenxiang"},
        {"origin": "null", "x_requested_with": "shenxiang"},
        {"origin": "http://evil.example:8080", "x_requested_with": "shenxiang"},
        {"origin": "http://review.example:8081", "x_requested_with": "shenxiang"},
        {"origin": "http://review.example.evil.example:8080", "x_requested_with": "shenxiang"},
        {"origin": "http://review.example:99999", "x_requested_with": "shenxiang"},
        {"origin": "file://review.example:8080", "x_requested_with": "shenxiang"},
        {"origin": "http://", "host": "", "x_requested_with": "shenxiang"},
        {"origin": "http://review.example:8080"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_check_csrf__foreign_page_is_refused(method: str, headers: dict[str, str]) -> None:
    """A request that another site sent, or that lacks our header, changes nothing."""
    with pytest.raises(CsrfRefusedError):
        check_csrf(request_with(method, **headers))


def test_check_csrf__reading_needs_no_proof() -> None:
    """A GET changes nothing and passes from anywhere; it is the cookie's SameSite that guards it."""
    check_csrf(request_with("GET", sec_fetch_site="cross-site"))


def test_page_csp__scripts_only_from_own_files() -> None:
    """The policy names no inline script, no eval and no foreign origin."""
    policy = page_csp("N0nce")
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["script-src"] == "'self'"
    assert directives["default-src"] == "'none'"
    assert "'nonce-N0nce'" in directives["style-src"]
    assert "'unsafe-inline'" not in directives["style-src"]
    assert "unsafe-eval" not in policy
    assert "http" not in policy


def test_new_nonce__never_repeats() -> None:
    """Each page gets 128 fresh random bits."""
    assert len({new_nonce() for _ in range(1000)}) == 1000
    assert len(new_nonce()) >= 22


@pytest.mark.parametrize(("path", "stored"), [("/api/v1/x", "no-store"), ("/x", None)])
async def test_security_headers__are_on_every_answer(path: str, stored: str | None) -> None:
    """Answers of the API are never stored; all answers forbid sniffing, framing of the API and embedding."""
    answer = await get(SecurityHeaders(PlainTextResponse("hello")), f"http://review.example{path}")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers.get("cache-control") == stored
    assert "strict-transport-security" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


async def test_security_headers__answers_own_headers_win() -> None:
    """What a route has set is not overwritten."""
    app = SecurityHeaders(PlainTextResponse("hello", headers={"cache-control": "private, no-store"}))
    answer = await get(app, "http://review.example/api/v1/x")
    assert answer.headers["cache-control"] == "private, no-store"


async def test_security_headers__https_is_remembered() -> None:
    """Over TLS the browser is told to come back over TLS."""
    answer = await get(SecurityHeaders(PlainTextResponse("hello")), "https://review.example/")
    assert "max-age" in answer.headers["strict-transport-security"]
