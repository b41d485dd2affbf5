"""Drives the reviewer's page in a real Chromium and reads the page's own performance marks."""

import asyncio
from typing import Any

from playwright.async_api import Page, async_playwright

from benchmarks.machine import percentile

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MARKS = """() => performance.getEntriesByType('mark')
    .filter((mark) => mark.name.startsWith('sx:')).map((mark) => [mark.name, mark.startTime])"""

IS_PAINTED = "performance.getEntriesByName('sx:painted-full').length > 0"
SCRIPT_BYTES = """() => performance.getEntriesByType('resource')
    .filter((one) => new URL(one.name).pathname.endsWith('.js'))
    .reduce((sum, one) => sum + one.encodedBodySize, 0)"""


async def log_in(page: Page, url: str, *, login: str, password: str) -> None:
    """Open the page and log in through its form."""
    await page.goto(url)
    await page.get_by_role("textbox").first.fill(login)
    await page.locator("input[type=password]").fill(password)
    await page.keyboard.press("Enter")


async def wait_until(page: Page, expression: str, *, timeout_s: float = 60.0) -> None:
    """Wait until a JavaScript expression is true.

    Asked from outside: playwright's own ``wait_for_function`` needs ``eval`` in the page, which its content
    security policy rightly refuses.
    """
    async with asyncio.timeout(timeout_s):
        while not await page.evaluate(expression):
            await asyncio.sleep(0.02)


async def measure_page(url: str, *, login: str, password: str, n_decisions: int) -> dict[str, Any]:
    """Decide cases by keyboard; return decision-to-painted times in ms."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await log_in(page, url, login=login, password=password)
        await wait_until(page, IS_PAINTED)
        script_bytes = await page.evaluate(SCRIPT_BYTES)
        for number in range(n_decisions):
            await page.wait_for_timeout(2500)  # a person looks; the next case is fetched meanwhile
            for key in ("k", "1", "Enter", "Enter"):
                await page.keyboard.press(key)
            await wait_until(page, f"performance.getEntriesByName('sx:next-painted').length > {number}")
        marks = await page.evaluate(MARKS)
        await browser.close()
    sent = [at for name, at in marks if name == "sx:decide-sent"]
    painted = [at for name, at in marks if name == "sx:next-painted"]
    took_ms = [done - start for start, done in zip(sent, painted, strict=False)]
    return {
        "initial_js_kb_gzip": round(script_bytes / 1000, 1),
        "browser_decisions": len(took_ms),
        "decision_to_painted_p50_ms": round(percentile(took_ms, 0.5), 1),
        "decision_to_painted_p95_ms": round(percentile(took_ms, 0.95), 1),
    }
