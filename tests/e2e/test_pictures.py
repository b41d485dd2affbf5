"""The main screens look as they did: at two sizes, in the dark and in the light.

``make pictures`` takes the pictures anew, those of the documentation too. Look at them before a commit.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pytest
from playwright.async_api import Browser, Page, async_playwright

from app.demo import DEMO_PASSWORD, prepare_demo
from app.reviewer import ReviewerClient
from app.simulator import encode_channels
from app.station import StationClient
from app.throwaway import throwaway_system
from benchmarks.browser import ARGUMENTS, IS_PAINTED, log_in, wait_until
from datasets.synthetic import make_scan
from inference.triage import TriagePolicy, store_policy
from tests.e2e import pictures
from tests.e2e.attach import attached_pool
from tests.e2e.test_review import NEXT_IS_READY

DOCS = Path(__file__).parents[2] / "docs" / "images"
DOCS_SIZE = (1600, 900)
SIZES = ((1366, 768), (1920, 1080))
THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
# Each office page, and what is on it once it is ready.
OFFICE = {
    "supervisor": ("sun", "board", ".sx-chart svg"),
    "auditor": ("wu", "trail", "tbody tr"),
    "admin": ("admin", "accounts", "tbody tr"),
}
# English letters are on every machine; nobody is new.
SETTINGS = {"state": {"locale": "en-US", "toured": list(range(100))}, "version": 1}
# What a change of the page may do by mistake.
BREAKS = {
    "panel too wide": ".sx-ws { --panel: 33rem !important }",
    "decision bar too high": ".sx-decision { height: 6rem !important }",
    "no tools": ".sx-rail > * { visibility: hidden }",
    "no verdicts": ".sx-verdicts { visibility: hidden }",
    "no text": "* { color: transparent !important }",
    "another background": ".sx-panel, .sx-rail { background: #777 !important }",
    "the image is gone": ".sx-stage canvas { display: none !important }",
    "no styles at all": "* { all: revert !important }",
}
OTHER_LETTERS = "* { letter-spacing: 0.08px !important; text-rendering: geometricPrecision !important }"
# The font of the pictures: with one for Chinese installed, that one would draw Latin letters too.
FONT = """
:root { --sans: "DejaVu Sans", sans-serif !important; --mono: "DejaVu Sans Mono", monospace !important }
[class*="ant-"] { font-family: "DejaVu Sans", sans-serif !important }
"""
PUT_STYLE = """(css) => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    document.adoptedStyleSheets = [sheet]
}"""


async def test_screens__look_as_they_did(chromium: str, request: pytest.FixtureRequest) -> None:
    """Every role's first screen and the login; a broken layout is found, other fonts are let pass."""
    keeps = request.config.getoption("--write-pictures")
    found: list[str] = []
    async with screens(chromium) as (browser, url, reviewer):
        found += await look(reviewer, "reviewer", keeps=keeps)
        if not keeps:
            found += await find_breaks(reviewer)
        async with new_page(browser) as page:
            await page.goto(url)
            await page.locator("input[type=password]").wait_for()
            found += await look(page, "login", keeps=keeps)
        for name, (login, path, ready) in OFFICE.items():
            async with new_page(browser) as page:
                await log_in(page, url, login=login, password=DEMO_PASSWORD)
                await page.wait_for_selector("nav.sx-nav")
                await page.goto(f"{url}/#/{path}")
                await page.locator(ready).first.wait_for()
                found += await look(page, name, keeps=keeps)
    assert not found, "\n".join(found)


def test_pictures__are_small() -> None:
    """Together they take no more than 1.5 MB of the repository."""
    sizes = [path.stat().st_size for path in pictures.FOLDER.iterdir()]
    assert len(sizes) == 1 + (2 + len(OFFICE)) * len(SIZES) * len(THEMES)
    assert sum(sizes) <= 1_500_000


def test_faults__finds_what_moved_or_is_gone_and_lets_letters_pass() -> None:
    """A part that moved, lost its content or its colours is named; letters drawn otherwise are not."""
    kept = pictures.read(f"reviewer-{SIZES[0][0]}-{THEMES[0]}")
    left, top, width, height = kept.boxes[".sx-panel"]
    area = np.s_[top // 8 : (top + height) // 8, left // 8 : (left + width) // 8, :3]
    noise = np.random.default_rng(0).integers(-20, 21, kept.blocks[..., :3].shape)
    letters = kept.blocks.copy()
    letters[..., :3] = np.clip(letters[..., :3] + noise, 0, 255)
    assert list(pictures.faults(replace(kept, blocks=letters), kept)) == []
    shifted = {**kept.boxes, ".sx-panel": [left - 8, top, width + 8, height]}
    assert [".sx-panel" in fault for fault in pictures.faults(replace(kept, boxes=shifted), kept)] == [True]
    empty, grey = kept.blocks.copy(), kept.blocks.copy()
    empty[area] = kept.blocks[(top + height) // 8 - 2, left // 8 + 2, :3]
    grey[area] = 119
    for blocks in (empty, grey):
        found = list(pictures.faults(replace(kept, blocks=blocks), kept))
        assert any("blocks of .sx-panel differ" in fault for fault in found), found


async def look(page: Page, screen: str, *, keeps: bool) -> list[str]:
    """Compare a screen at every size in both themes with its pictures, or keep them and one for the docs."""
    found = []
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            await wear(page, theme)
            name = f"{screen}-{width}-{theme}"
            picture = await pictures.take(page)
            if keeps:
                pictures.write(name, picture)
            else:
                found += [f"{name}: {fault}" for fault in pictures.faults(picture, pictures.read(name))]
    if keeps and screen != "login":
        await keep_for_docs(page, screen)
    return found


async def wear(page: Page, theme: Literal["dark", "light"]) -> None:
    """Have the page in a theme, and still."""
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    await wait_until(page, f"document.documentElement.dataset.theme === '{theme}'")
    await page.wait_for_timeout(1000)


async def keep_for_docs(page: Page, screen: str) -> None:
    """Take the documentation's picture of a screen, in few colours: it is for reading."""
    width, height = DOCS_SIZE
    await page.set_viewport_size({"width": width, "height": height})
    await wear(page, "dark")
    shot = cv2.imdecode(np.frombuffer(await page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert shot is not None
    assert cv2.imwrite(str(DOCS / f"{screen}.png"), shot, [cv2.IMWRITE_PNG_COMPRESSION, 9])


async def find_breaks(page: Page) -> list[str]:
    """Break the reviewer's page in every way; return what was not found, and what other letters break."""
    (width, height), theme = SIZES[0], THEMES[0]
    await page.set_viewport_size({"width": width, "height": height})
    await wear(page, theme)
    kept = pictures.read(f"reviewer-{width}-{theme}")
    # As another machine draws letters: a little wider, and with other edges.
    await page.evaluate(PUT_STYLE, FONT + OTHER_LETTERS)
    await page.wait_for_timeout(500)
    missed = [f"other letters: {fault}" for fault in pictures.faults(await pictures.take(page), kept)]
    for name, css in BREAKS.items():
        await page.evaluate(PUT_STYLE, FONT + css)
        await page.wait_for_timeout(500)
        if not list(pictures.faults(await pictures.take(page), kept)):
            missed.append(f"not found: {name}")
    await page.evaluate(PUT_STYLE, FONT)
    return missed


@asynccontextmanager
async def screens(chromium: str) -> AsyncIterator[tuple[Browser, str, Page]]:
    """A system in which a case is decided, one is on the reviewer's screen and one waits behind it.

    Nobody can choose a case, so that the one to be seen is posted while there is no other.
    """
    async with throwaway_system(demo="true") as system, attached_pool(system) as pool:
        stations = await prepare_demo(pool)
        async with pool.acquire() as connection:
            await store_policy(connection, TriagePolicy(audit_sample=1.0), author="system:test")
        client = StationClient(system.url, stations[1].key)
        await post(client, 1)
        async with (
            asyncio.timeout(60),
            ReviewerClient(system.url, login="chen", password=DEMO_PASSWORD) as chen,
        ):
            while (lease := await chen.next_case()) is None:
                await asyncio.sleep(0.3)
            await chen.decide(lease, "inspect", reason_codes=["concealment"])
        await post(client, 0)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            async with new_page(browser) as page:
                await log_in(page, system.url, login="lin", password=DEMO_PASSWORD)
                await wait_until(page, IS_PAINTED)
                await post(client, 2)
                await wait_until(page, NEXT_IS_READY)
                yield browser, system.url, page
            await browser.close()


@asynccontextmanager
async def new_page(browser: Browser) -> AsyncIterator[Page]:
    """Open a page of its own, in English."""
    context = await browser.new_context()
    text = json.dumps(json.dumps(SETTINGS))
    await context.add_init_script(f"localStorage.setItem('sx:settings', {text})")
    await context.add_init_script(f"({PUT_STYLE})({json.dumps(FONT)})")
    yield await context.new_page()
    await context.close()


async def post(client: StationClient, seed: int) -> None:
    """Post a synthetic scan whose every word is known."""
    made = await asyncio.to_thread(make_scan, seed, height_px=500, width_px=1200, threat_probability=1.0)
    scan: dict[str, Any] = {
        "scanned_at": "2026-01-01T00:00:00Z",
        "container_no": made.container_no,
        "declaration": made.declaration,
        "pixel_pitch_mm": made.pixel_pitch_mm,
    }
    await client.post_scan(encode_channels(made.pixels, as_tiff=False), scan, idempotency_key=str(seed))
