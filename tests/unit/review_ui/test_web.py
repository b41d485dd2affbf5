"""The page and its files: caching, compression, nonce, fallback, and a clear word before the first build."""

import gzip
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from review_ui.web import mount_web

INDEX = '<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__"><style nonce="__CSP_NONCE__"></style>'
SCRIPT = "console.log('审像');" * 200


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A small build."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "assets" / "index-DdJ3k2Lp.js").write_text(SCRIPT)
    (folder / "assets" / "main-Zz81kQw0.css").write_text("body{}" * 500)
    (folder / "assets" / "main-Zz81kQw0.css.br").write_bytes(b"brotli bytes")
    (folder / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def client(dist: Path) -> httpx.AsyncClient:
    """A browser before an application that serves the build."""
    return browser(dist)


def browser(dist: Path) -> httpx.AsyncClient:
    app = FastAPI(openapi_url=None)
    mount_web(app, dist)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://review.example",
        headers={"accept-encoding": "identity"},
    )


async def test_page__carries_a_fresh_nonce_that_its_policy_names(client: httpx.AsyncClient) -> None:
    """Each page has its own nonce, in the meta tag and in the header, and is never stored."""
    nonces = set()
    for path in ("/", "/board", "/review", "/index.html"):
        answer = await client.get(path)
        match = re.search(r'content="([\w-]{22,})"', answer.text)
        assert match
        nonces.add(match[1])
        assert f"'nonce-{match[1]}'" in answer.headers["content-security-policy"]
        assert "__CSP_NONCE__" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(nonces) == 4


async def test_hashed_file__is_kept_for_ever(client: httpx.AsyncClient) -> None:
    """A file whose name holds its hash never changes."""
    answer = await client.get("/assets/index-DdJ3k2Lp.js")
    assert answer.text == SCRIPT
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "script-src 'self'" in answer.headers["content-security-policy"]


async def test_other_file__is_asked_for_again(client: httpx.AsyncClient) -> None:
    """A file with a fixed name is revalidated, and not sent twice."""
    answer = await client.get("/favicon.svg")
    assert answer.headers["cache-control"] == "no-cache"
    again = await client.get("/favicon.svg", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


async def test_file__is_compressed_for_who_can_read_it(client: httpx.AsyncClient) -> None:
    """Prepared brotli is preferred; gzip is made where nothing was prepared."""
    css = await client.get("/assets/main-Zz81kQw0.css", headers={"accept-encoding": "gzip, br"})
    assert css.headers["content-encoding"] == "br"
    async with client.stream(
        "GET", "/assets/index-DdJ3k2Lp.js", headers={"accept-encoding": "gzip, br"}
    ) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert gzip.decompress(b"".join([part async for part in answer.aiter_raw()])).decode() == SCRIPT


@pytest.mark.parametrize(
    "path", ["/assets/gone-12345678.js", "/api/v1/nothing", "/../secret.txt", "/%2e%2e/secret.txt"]
)
async def test_missing__is_not_found(client: httpx.AsyncClient, path: str) -> None:
    """A missing script, an unknown API path or a path outside the build is no page."""
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.json().get("text", "")


async def test_rebuild__is_served_without_a_restart(client: httpx.AsyncClient, dist: Path) -> None:
    """After another build the new page and its files are there."""
    await client.get("/")
    (dist / "assets" / "index-Nn0v5Kx2.js").write_text("new")
    (dist / "index.html").write_text("another page")
    assert (await client.get("/")).text == "another page"
    assert (await client.get("/assets/index-Nn0v5Kx2.js")).text == "new"


async def test_no_build__says_what_to_run(tmp_path: Path) -> None:
    """Without a build the page says how to make one."""
    answer = await browser(tmp_path / "dist").get("/")
    assert answer.status_code == 503
    assert "make web" in answer.text
