"""WCAG 2.2 AA in a real browser: axe-core finds nothing on any page, but in the pixels of the scan itself."""

import asyncio
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page

from app.demo import DEMO_PASSWORD, prepare_demo
from app.reviewer import ReviewerClient
from app.station import StationClient
from app.throwaway import throwaway_system
from benchmarks.browser import IS_PAINTED, log_in, wait_until
from inference.triage import TriagePolicy, store_policy
from tests.e2e.attach import attached_pool
from tests.e2e.test_compare import photo, post
from tests.e2e.test_review import SCREENSHOTS, open_page

AXE = Path(__file__).parents[2] / "review_ui" / "web" / "node_modules" / "axe-core" / "axe.min.js"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# The scan is what it is; what stands beside it is text.
PIXELS = ".sx-stage-host"
RUN = """async ([pixels, levels]) => {
    const {violations} = await axe.run({exclude: [[pixels]]}, {
        runOnly: {type: 'tag', values: levels}, resultTypes: ['violations'],
    })
    return violations.flatMap(({id, help, nodes}) => nodes.map(({target, any, all}) =>
        `${id}: ${help} @ ${target.join(' ')} ${[...any, ...all].map(({message}) => message).join('; ')}`))
}"""
# Each role's pages, and what is on them once they are ready.
OFFICE = {
    "sun": {
        "board": ".sx-chart svg",
        "escalations": "main",
        "cases": "tbody tr",
        "history": "tbody tr",
        "policy": ".sx-reason-rules",
    },
    "wu": {"trail": "tbody tr", "verify": "main", "history": "tbody tr"},
    "admin": {"accounts": "tbody tr", "stations": "main", "models": ".sx-card"},
}

# What a page opens, and how that is known.
OPENED = {
    "cases": ("tbody tr button", ".sx-record"),
    "accounts": (".ant-btn-primary:visible", ".ant-modal form"),
}


class Audit:
    """Runs axe over a page in one state after another, and keeps what it finds."""

    def __init__(self, page: Page) -> None:
        self.found: list[str] = []
        self._page = page

    async def look(self, state: str, window: Page | None = None) -> None:
        """Look at the page as it is, or at its second window, in the light and in the dark."""
        window = window or self._page
        if not await window.evaluate("typeof axe === 'object'"):
            await window.evaluate(AXE.read_text())
        for theme in THEMES:
            await self._page.emulate_media(color_scheme=theme)
            await window.wait_for_timeout(400)
            found = await window.evaluate(RUN, [PIXELS, LEVELS])
            self.found += [f"{state}, {theme}: {fault}" for fault in found]


@pytest.fixture
def axe() -> None:
    """Skip the test by name without axe-core."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (cd review_ui/web && npm ci)")


@pytest.mark.usefixtures("axe")
async def test_reviewer__page_has_no_violation(chromium: str) -> None:
    """Login, tour, case, declaration, verdict, help, comparison and second window, in both languages."""
    async with throwaway_system(demo="true") as system, attached_pool(system) as pool:
        await fill(system.url, pool)
        async with open_page(chromium) as page:
            audit = Audit(page)
            await page.goto(system.url)
            await page.locator("input[type=password]").wait_for()
            await audit.look("login")
            await log_in(page, system.url, login="lin", password=DEMO_PASSWORD)
            await wait_until(page, IS_PAINTED)
            await audit.look("case")
            await see_tour(page, audit)
            await page.keyboard.press("t")
            await audit.look("declaration")
            await page.keyboard.press("t")
            await page.keyboard.press("Shift+B")
            await page.keyboard.press("k")
            await page.locator(".sx-language").click()
            await audit.look("verdict, mark, English")
            await page.keyboard.press("c")
            await wait_until(page, "document.querySelectorAll('.sx-stage').length === 2")
            await audit.look("comparison")
            await page.keyboard.press("u")
            await page.locator(".sx-photo img").wait_for()
            await audit.look("photo")
            await page.keyboard.press("F1")
            await page.wait_for_selector("dialog[open]")
            await audit.look("help")
            await page.screenshot(path=SCREENSHOTS / "accessible-reviewer.png")
            await page.keyboard.press("Escape")
            await see_second_window(page, audit)
    assert not audit.found, "\n".join(audit.found)


async def see_tour(page: Page, audit: Audit) -> None:
    """Look at the tour, and have the case back."""
    await page.keyboard.press("F1")
    await page.wait_for_selector("dialog[open]")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".sx-tour[open]")
    await audit.look("tour")
    await page.keyboard.press("Escape")
    await page.wait_for_selector(".sx-facts")
    await wait_until(page, "document.querySelectorAll('.sx-state').length === 0")


async def see_second_window(page: Page, audit: Audit) -> None:
    """Look at the second window with the image, then with the panel, and at what is left of the page."""
    async with page.expect_popup() as opened:
        await page.keyboard.press("Backslash")
    second = await opened.value
    await second.wait_for_selector(".sx-stage")
    await audit.look("image in the second window", second)
    await audit.look("without the image")
    await page.keyboard.press("Shift+Backslash")
    await second.wait_for_selector(".sx-panel")
    await audit.look("panel in the second window", second)


@pytest.mark.usefixtures("axe")
async def test_office__pages_have_no_violation(chromium: str) -> None:
    """Every page of supervisor, auditor and administrator."""
    found: list[str] = []
    async with throwaway_system(demo="true") as system, attached_pool(system) as pool:
        await fill(system.url, pool)
        for login, pages in OFFICE.items():
            async with open_page(chromium) as page:
                audit = Audit(page)
                await log_in(page, system.url, login=login, password=DEMO_PASSWORD)
                await page.wait_for_selector("nav.sx-nav")
                for name, ready in pages.items():
                    await page.goto(f"{system.url}/#/{name}")
                    await page.locator(ready).locator("visible=true").first.wait_for()
                    await audit.look(f"{login} {name}")
                    if name in OPENED:
                        button, opened = OPENED[name]
                        await page.locator(button).first.click()
                        await page.locator(opened).first.wait_for()
                        await audit.look(f"{login} {name}, opened")
                    await page.screenshot(path=SCREENSHOTS / f"accessible-{login}-{name}.png")
                found += audit.found
    assert not found, "\n".join(found)


async def fill(url: str, pool: Any) -> None:
    """Have two scans of one container, the first decided by a person."""
    stations = await prepare_demo(pool)
    async with pool.acquire() as connection:
        await store_policy(connection, TriagePolicy(audit_sample=1.0), author="system:test")
    client = StationClient(url, stations[1].key)
    await post(client, 1)
    async with asyncio.timeout(60), ReviewerClient(url, login="chen", password=DEMO_PASSWORD) as chen:
        while (lease := await chen.next_case()) is None:
            await asyncio.sleep(0.3)
        await chen.decide(lease, "inspect", reason_codes=["concealment"], note="左侧夹层")
    await post(client, 2, gate_photos=[photo()])
