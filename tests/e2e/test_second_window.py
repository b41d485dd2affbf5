"""A part of the reviewer's page in a second window: one page, one case, one lease, keys in both windows."""

from typing import Any

from playwright.async_api import Page

from app.demo import DEMO_PASSWORD
from app.throwaway import throwaway_system
from benchmarks.browser import IS_PAINTED, log_in, wait_until
from tests.e2e.attach import attached_pool
from tests.e2e.test_marks import BOX
from tests.e2e.test_review import NEXT_IS_READY, SCREENSHOTS, fill_queue, open_page, watch_for_faults

IMAGE_HERE = "document.querySelector('.sx-stage-host canvas') !== null"
PANEL_HERE = "document.querySelector('.sx-panel .sx-marks') !== null"
# Pixels of the canvas for one of CSS.
RATIO = """() => {
    const canvas = document.querySelector('.sxv-picture')
    return canvas.width / canvas.clientWidth
}"""
# The middle of the picture is not one colour: something is drawn there.
IS_DRAWN = """() => {
    const canvas = document.querySelector('.sxv-picture')
    const {width, height} = canvas
    const {data} = canvas.getContext('2d').getImageData(0, Math.round(height / 2), width, 1)
    return new Set(new Uint32Array(data.buffer)).size > 20
}"""
# What the second window asked the server for itself, but for its style sheets.
ASKED = """() => performance.getEntriesByType('resource').map(({name}) => new URL(name).pathname)
    .filter((path) => !path.endsWith('.css'))"""
LOOK = """() => [
    getComputedStyle(document.body).backgroundColor,
    document.documentElement.dataset.theme,
    document.documentElement.lang,
]"""


async def test_reviewer__works_in_two_windows_with_one_lease(chromium: str) -> None:
    """Image and panel move to a second window and back with all that is in them; a decision is taken there.

    The second window follows theme, language and screen, asks the server for nothing, and ends with the page
    or the session; a mark drawn before a reload is there after it.
    """
    async with throwaway_system(demo="true") as system, attached_pool(system) as pool:
        await fill_queue(system.url, pool)
        async with open_page(chromium) as page:
            faults = watch_for_faults(page)
            await log_in(page, system.url, login="lin", password=DEMO_PASSWORD)
            await wait_until(page, IS_PAINTED)
            await page.keyboard.press("Shift+B")
            second = await open_second(page)
            faults_there = watch_for_faults(second)
            await see_image(page, second)
            await see_panel(page, second)
            await decide_there(page, second)
            await second.close()
            await wait_until(page, PANEL_HERE)
            await page.keyboard.press("Shift+B")
            marked = await page.evaluate(BOX)
            await end_with_the_page(page)
            assert await page.evaluate(BOX) == marked
            await say_that_it_is_blocked(page)
            await end_with_the_session(page)
        leased = await pool.fetch(
            "SELECT case_id, count(*) AS n FROM audit WHERE event = 'case_leased' GROUP BY case_id"
        )
        events = {row["event"] for row in await pool.fetch("SELECT DISTINCT event FROM audit")}
    assert {row["n"] for row in leased} == {1}
    assert "lease_expired" not in events
    assert faults == []
    assert faults_there == []


async def open_second(page: Page) -> Page:
    """Put the image in a second window by key, and wait until it is drawn there."""
    async with page.expect_popup() as opened:
        await page.keyboard.press("Backslash")
    second: Page = await opened.value
    await second.set_viewport_size({"width": 1920, "height": 1080})
    await wait_until(second, IMAGE_HERE)
    return second


async def see_image(page: Page, second: Page) -> None:
    """The image is there and not here, drawn for that screen; keys of either window mean the same."""
    assert not await page.evaluate(IMAGE_HERE)
    assert await page.evaluate(PANEL_HERE)
    await wait_until(second, f"({IS_DRAWN})()")
    assert await second.evaluate(LOOK) == await page.evaluate(LOOK)
    screen = await second.context.new_cdp_session(second)
    metrics: dict[str, Any] = {"height": 1080, "mobile": False}
    await screen.send(
        "Emulation.setDeviceMetricsOverride", {**metrics, "width": 1800, "deviceScaleFactor": 2}
    )
    await wait_until(second, f"({RATIO})() === 2")
    await screen.send(
        "Emulation.setDeviceMetricsOverride", {**metrics, "width": 1920, "deviceScaleFactor": 1}
    )
    await wait_until(second, f"({RATIO})() === 1")
    before = await page.evaluate(BOX)
    await second.keyboard.press("Shift+ArrowRight")
    once = await page.evaluate(BOX)
    await page.keyboard.press("Shift+ArrowRight")
    assert before[0] < once[0] < (await page.evaluate(BOX))[0]
    await page.emulate_media(color_scheme="light")
    await page.locator(".sx-language").click()
    await wait_until(second, "document.documentElement.lang === 'en-US'")
    assert await second.evaluate(LOOK) == await page.evaluate(LOOK)
    assert (await second.evaluate(LOOK))[1] == "light"
    await second.screenshot(path=SCREENSHOTS / "second-image.png")
    await page.screenshot(path=SCREENSHOTS / "second-image-away.png")
    await second.keyboard.press("F1")
    await wait_until(second, "document.querySelector('dialog[open]') !== null")
    await second.keyboard.press("Escape")
    await wait_until(second, "document.querySelector('dialog') === null")


async def see_panel(page: Page, second: Page) -> None:
    """The panel takes the image's place in the same window; its fields work, and R goes to the note here."""
    await second.keyboard.press("Shift+Backslash")
    await wait_until(second, PANEL_HERE)
    assert await page.evaluate(IMAGE_HERE)
    assert len(page.context.pages) == 2
    await second.locator(".sx-mark input").fill("left wall")
    await second.keyboard.press("Escape")
    await drag_threshold(second)
    await second.screenshot(path=SCREENSHOTS / "second-panel.png")
    await second.keyboard.press("r")
    await wait_until(page, "document.activeElement?.id === 'sx-note'")
    await page.keyboard.type("seen")
    await page.keyboard.press("Escape")
    assert await second.evaluate(ASKED) == []


async def drag_threshold(second: Page) -> None:
    """Drag the threshold's handle, which antd follows in the first window's document."""
    handle = await second.locator(".sx-threshold .ant-slider-handle").bounding_box()
    assert handle is not None
    middle = handle["y"] + handle["height"] / 2
    await second.mouse.move(handle["x"] + handle["width"] / 2, middle)
    await second.mouse.down()
    await second.mouse.move(handle["x"] + 150, middle, steps=4)
    await second.mouse.up()
    value = await second.locator(".sx-threshold .ant-slider-handle").get_attribute("aria-valuenow")
    assert float(value or 0) > 0.1


async def decide_there(page: Page, second: Page) -> None:
    """Decide from the second window; the next case is painted in the first."""
    await wait_until(page, NEXT_IS_READY)
    for key in ("k", "1", "Enter", "Enter"):
        await second.keyboard.press(key)
    await wait_until(page, "performance.getEntriesByName('sx:next-painted').length === 1")


async def end_with_the_page(page: Page) -> None:
    """Open the second window by its button; a reload of the page closes it and keeps the mark."""
    async with page.expect_popup() as opened:
        await page.locator(".sx-rail [aria-keyshortcuts='\\\\']").click()
    second = await opened.value
    await wait_until(second, IMAGE_HERE)
    async with second.expect_event("close"):
        await page.reload()
    await wait_until(page, IS_PAINTED)
    assert await page.evaluate(IMAGE_HERE)


async def say_that_it_is_blocked(page: Page) -> None:
    """A browser that opens no window is told of, and the image stays."""
    await page.evaluate("() => { window.kept = window.open; window.open = () => null }")
    await page.keyboard.press("Backslash")
    await page.locator(".sx-notice.is-warning").filter(has_text="Allow pop-ups").wait_for()
    assert await page.evaluate(IMAGE_HERE)
    await page.evaluate("() => { window.open = window.kept }")


async def end_with_the_session(page: Page) -> None:
    """Logging out closes the second window."""
    second = await open_second(page)
    async with second.expect_event("close"):
        await page.locator(".sx-avatar").click()
        await page.get_by_text("Log out").click()
    await page.locator("input[type=password]").wait_for()
