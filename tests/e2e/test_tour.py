"""The tour for whoever is new: once, by keyboard alone, and never with a case in hand."""

import asyncio

import asyncpg
from playwright.async_api import Page

from app.demo import DEMO_PASSWORD, prepare_demo
from app.station import StationClient
from app.throwaway import throwaway_system
from benchmarks.browser import IS_PAINTED, log_in, wait_until
from inference.triage import TriagePolicy, store_policy
from tests.e2e.attach import attached_pool
from tests.e2e.test_review import SCREENSHOTS, open_page, post, watch_for_faults

IS_OPEN = "document.querySelector('.sx-tour[open]') !== null"
IS_CLOSED = "document.querySelector('.sx-tour') === null"
HAS_FOCUS = "document.querySelector('.sx-tour-card').contains(document.activeElement)"
STEP = "document.querySelector('.sx-tour-card footer .sx-num')?.textContent.trim()"
# The card is in the window, and leaves what it is about to be seen.
IS_SEEN = """() => {
    const card = document.querySelector('.sx-tour-card').getBoundingClientRect()
    const spot = document.querySelector('.sx-tour-spot').getBoundingClientRect()
    const isInside = card.left >= 0 && card.top >= 0 && card.right <= innerWidth && card.bottom <= innerHeight
    const isBeside = card.left >= spot.right || card.right <= spot.left
        || card.top >= spot.bottom || card.bottom <= spot.top
    return isInside && (isBeside || spot.width * spot.height > 4 * card.width * card.height)
}"""
INVITATION = "document.querySelector('.sx-notices')?.textContent.includes('F1')"
N_STEPS = 8
N_HELD = "SELECT count(*) FROM seats WHERE reviewer IS NOT NULL AND until > clock_timestamp()"


async def test_tour__begins_without_a_case_and_gives_way_to_the_first(chromium: str) -> None:
    """Who logs in to an empty queue is shown around; a case that comes is on the screen at once.

    Then the tour is only offered; asked for, no lease is held while it is open, and the case comes back.
    """
    async with throwaway_system(demo="true") as system, attached_pool(system) as pool:
        stations = await prepare_demo(pool)
        async with pool.acquire() as connection:
            await store_policy(connection, TriagePolicy(audit_sample=1.0), author="system:test")
        async with open_page(chromium) as page:
            faults = watch_for_faults(page)
            await log_in(page, system.url, login="lin", password=DEMO_PASSWORD)
            await wait_until(page, IS_OPEN)
            await post(StationClient(system.url, stations[1].key), 1)
            await wait_until(page, IS_PAINTED)
            assert await page.evaluate(IS_CLOSED)
            await wait_until(page, INVITATION)
            await take_tour(page, pool)
            await wait_until(page, "document.querySelector('.sx-facts') !== null")
            assert not await page.evaluate(INVITATION)
            await page.reload()
            await wait_until(page, IS_PAINTED)
            assert not await page.evaluate(INVITATION)
        n_leased = await pool.fetchval("SELECT count(*) FROM audit WHERE event = 'case_leased'")
    assert n_leased == 2  # the case was given back for the tour, and came again
    assert faults == []


async def take_tour(page: Page, pool: asyncpg.Pool) -> None:
    """Begin from the help, walk to the end and back by keys, and end with Esc."""
    await page.keyboard.press("F1")
    await page.wait_for_selector("dialog[open]")
    await page.keyboard.press("Enter")
    await wait_until(page, IS_OPEN)
    async with asyncio.timeout(10):
        while await pool.fetchval(N_HELD) > 0:
            await asyncio.sleep(0.1)
    for number in range(1, N_STEPS + 1):
        await wait_until(page, f"{STEP} === '{number} / {N_STEPS}'")
        assert await page.evaluate(HAS_FOCUS)
        assert await page.evaluate(f"({IS_SEEN})()"), f"step {number}"
        await page.screenshot(path=SCREENSHOTS / f"tour-{number}.png")
        if number < N_STEPS:
            await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowLeft")
    await wait_until(page, f"{STEP} === '{N_STEPS - 1} / {N_STEPS}'")
    await page.keyboard.press("k")  # no hot key reaches the page
    assert await page.locator(".sx-verdict-button.is-on").count() == 0
    assert await pool.fetchval(N_HELD) == 0
    await page.keyboard.press("Escape")
    await wait_until(page, IS_CLOSED)
