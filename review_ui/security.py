"""What the browser is told and what it must prove: forged requests are refused, headers lock the page down.

There is no CORS: no other origin may read anything. A request that changes something must carry a header
that a foreign page cannot set without a preflight (which we never answer), and, when the browser says where
the request comes from, it must be our own page.
"""

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from review_ui.errors import CsrfRefusedError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REQUESTED_WITH = "shenxiang"

COMMON_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), usb=(), browsing-topics=(), fullscreen=(self)"
    ),
}
API_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
HSTS = (b"strict-transport-security", b"max-age=31536000")
FILE_CSP = "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self' blob:"
"""For files of the page; a worker obeys the policy of its own file, not that of the page."""


def check_csrf(request: Request) -> None:
    """Refuse an unsafe request that our own page did not send.

    Raises:
        CsrfRefusedError: With the header that is missing or foreign.
    """
    if request.method in SAFE_METHODS:
        return
    headers = request.headers
    if headers.get("x-requested-with") != REQUESTED_WITH:
        raise CsrfRefusedError(f"this request needs the header X-Requested-With: {REQUESTED_WITH}")
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        raise CsrfRefusedError(f"this request comes from another site (Sec-Fetch-Site: {site})")
    origin = headers.get("origin")
    if origin is not None and not _is_own_origin(origin, headers):
        raise CsrfRefusedError(f"this request comes from another origin ({origin[:100]})")


def _is_own_origin(origin: str, headers: Headers) -> bool:
    """Compare host and port only: behind a proxy that ends TLS we do not see the scheme."""
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"//{headers.get('host', '')}")
        usual_port = {"http": 80, "https": 443}[theirs.scheme]
        same_port = (theirs.port or usual_port) == (ours.port or usual_port)
    except (KeyError, ValueError):
        return False
    return bool(ours.hostname) and theirs.hostname == ours.hostname and same_port


def new_nonce() -> str:
    """Return 128 random bits for one page's Content-Security-Policy."""
    return secrets.token_urlsafe(16)


def page_csp(nonce: str) -> str:
    """Return the policy of the page.

    Scripts only from our own files. Style elements only with the nonce, which the page hands to antd; style
    attributes are allowed, since React and antd set sizes with them and they can load nothing.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' blob: data:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "object-src 'none'",
        )
    )


class SecurityHeaders:
    """ASGI middleware: puts the headers on every answer, errors too, where the answer has not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_api = scope["path"].startswith("/api/")
        extra = security_headers(scope, RAW_API_HEADERS if is_api else RAW_COMMON_HEADERS)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                own = {name for name, _ in headers}
                message["headers"] = headers + [header for header in extra if header[0] not in own]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def security_headers(scope: Scope, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return these headers for an answer to a request, with what only an answer over TLS carries."""
    return [*headers, HSTS] if scope.get("scheme") == "https" else headers


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


RAW_COMMON_HEADERS = _raw(COMMON_HEADERS)
RAW_API_HEADERS = _raw(COMMON_HEADERS | API_HEADERS)
