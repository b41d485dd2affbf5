"""Serves the built browser application: hashed files for ever, the page itself never from a cache.

Files are read into memory when first asked for after a build, so no request can name a path outside the
folder. ``index.html`` carries ``__CSP_NONCE__`` where the page and antd need the nonce; each answer fills in
a new one.
"""

import gzip
import mimetypes
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from review_ui.security import FILE_CSP, SecurityHeaders, new_nonce, page_csp

NONCE_PLACEHOLDER = b"__CSP_NONCE__"
HASHED = re.compile(r"^assets/.*[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$")
COMPRESSED = {".br": "br", ".gz": "gzip"}
COMPRESSIBLE = ("text/", "application/json", "application/wasm", "image/svg+xml", "application/manifest+json")
MIN_GZIP_BYTES = 1024
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
}
NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>审像 shenxiang</title></head>
<body><h1>审像 shenxiang</h1>
<p>The server is running, but its page has not been built. 页面尚未构建。</p>
<p>Run <code>make web</code> in the project's folder, then load this page again.</p>
</body></html>
"""


@dataclass(frozen=True, kw_only=True)
class WebFile:
    """One file of the build. ``codings`` holds its body by content coding; "" is the plain one."""

    content_type: str
    cache_control: str
    etag: str
    codings: dict[str, bytes]


class WebFiles:
    """The files of ``dist``, read again when the build has changed."""

    def __init__(self, dist: Path) -> None:
        self._dist = dist
        self._built_at: int | None = None
        self._files: dict[str, WebFile] = {}
        self._index: bytes | None = None

    def index(self) -> bytes | None:
        """Return ``index.html``, or None if the page has not been built."""
        self._reload()
        return self._index

    def get(self, path: str) -> WebFile | None:
        """Return a file by its path below ``dist``."""
        self._reload()
        return self._files.get(path)

    def _reload(self) -> None:
        try:
            built_at = (self._dist / "index.html").stat().st_mtime_ns
        except OSError:
            self._built_at, self._index, self._files = None, None, {}
            return
        if built_at != self._built_at:
            self._index = (self._dist / "index.html").read_bytes()
            self._files = {path: _read(self._dist, path) for path in _paths(self._dist)}
            self._built_at = built_at


def mount_web(app: FastAPI, dist: Path) -> None:
    """Serve the page from ``dist`` for every path that no other route takes, with the security headers.

    Call it last: it takes all that is left. Below ``/api/`` an unknown path stays a 404.
    """
    files = WebFiles(dist)

    async def serve(request: Request) -> Response:
        path = request.path_params["path"]
        if path.startswith("api/"):
            raise HTTPException(404, f"there is no /{path[:200]}")
        file = files.get(path)
        if file is not None:
            return _file_response(file, request)
        if "." in path.rpartition("/")[2] and path != "index.html":
            raise HTTPException(404, f"there is no /{path[:200]}")
        return _page(files.index())

    app.add_middleware(SecurityHeaders)
    app.router.routes.append(Route("/{path:path}", serve, methods=["GET"], include_in_schema=False))


def _page(index: bytes | None) -> Response:
    nonce = new_nonce()
    headers = {"cache-control": "no-store", "content-security-policy": page_csp(nonce)}
    if index is None:
        return HTMLResponse(NOT_BUILT, status_code=503, headers=headers)
    return HTMLResponse(index.replace(NONCE_PLACEHOLDER, nonce.encode()), headers=headers)


def _file_response(file: WebFile, request: Request) -> Response:
    headers = {
        "cache-control": file.cache_control,
        "content-security-policy": FILE_CSP,
        "etag": file.etag,
        "vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    accepted = {
        part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")
    }
    for coding in ("br", "gzip"):
        if coding in file.codings and coding in accepted:
            headers["content-encoding"] = coding
            return Response(file.codings[coding], media_type=file.content_type, headers=headers)
    return Response(file.codings[""], media_type=file.content_type, headers=headers)


def _paths(dist: Path) -> list[str]:
    files = (path for path in dist.rglob("*") if path.is_file() and path.suffix not in (*COMPRESSED, ".map"))
    return [path.relative_to(dist).as_posix() for path in files if path != dist / "index.html"]


def _read(dist: Path, path: str) -> WebFile:
    file = dist / path
    data = file.read_bytes()
    content_type = TYPES.get(file.suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    codings = {"": data}
    for suffix, coding in COMPRESSED.items():
        packed = file.with_name(file.name + suffix)
        if packed.is_file():
            codings[coding] = packed.read_bytes()
    if "gzip" not in codings and len(data) >= MIN_GZIP_BYTES and content_type.startswith(COMPRESSIBLE):
        codings["gzip"] = gzip.compress(data, 6, mtime=0)
    return WebFile(
        content_type=content_type,
        cache_control="public, max-age=31536000, immutable" if HASHED.match(path) else "no-cache",
        etag=f'"{sha256(data).hexdigest()[:32]}"',
        codings=codings,
    )
