"""Marks in a real browser: made and edited by keys, undone, resized by pointer, stored with the decision."""

import json

from playwright.async_api import Page

from app.demo import DEMO_PASSWORD
from app.throwaway import throwaway_system
from benchmarks.browser import IS_PAINTED, log_in, wait_until
from tests.e2e.attach import attached_pool
from tests.e2e.test_review import SCREENSHOTS, fill_queue, open_page, watch_for_faults

DRAFT = (
    "JSON.parse(Object.values(sessionStorage).find((text) => text.includes('annotations')) ?? 'null')?.draft"
)
BOX = f"({DRAFT})?.annotations[0]?.box ?? null"
STORED = "SELECT annotations FROM decision_marks WHERE jsonb_array_length(annotations) > 0"


async def test_reviewer__marks_without_a_mouse_and_the_mark_is_stored_in_pixels_of_the_scan(
    chromium: str,
) -> None:
    """Keys add, move, grow, undo and redo a box, a pointer resizes it, and the decision holds what was seen.

    A changed key works at once, and the old one no longer.
    """
    async with throwaway_system(demo="true") as system, attached_pool(system) as pool:
        await fill_queue(system.url, pool)
        async with open_page(chromium) as page:
            faults = watch_for_faults(page)
            await log_in(page, system.url, login="lin", password=DEMO_PASSWORD)
            await wait_until(page, IS_PAINTED)
            moved = await mark_by_keys(page)
            resized = await resize_by_pointer(page)
            resized = await resize_turned(page)
            await highlight_density(page)
            await remap(page)
            for key in ("k", "1", "Enter", "Enter"):
                await page.keyboard.press(key)
            await wait_until(page, "performance.getEntriesByName('sx:decide-sent').length > 0")
            await wait_until(page, f"({DRAFT}) == null")
        stored = json.loads(await pool.fetchval(STORED))
    assert resized[0] < moved[0]
    assert resized[2:] == moved[2:]
    assert [mark["box"] for mark in stored] == [resized]
    assert faults == []


async def mark_by_keys(page: Page) -> list[float]:
    """Add a box, move and grow it, take the last step back and do it again; return the box."""
    await page.keyboard.press("Shift+B")
    added = await page.evaluate(BOX)
    await page.keyboard.press("Shift+ArrowRight")
    moved = await page.evaluate(BOX)
    await page.keyboard.press("g")
    grown = await page.evaluate(BOX)
    await page.keyboard.press("Control+z")
    assert added[0] < moved[0]
    assert await page.evaluate(BOX) == added  # steps in a row are one change
    await page.keyboard.press("Control+Shift+z")
    assert grown[0] < moved[0]
    assert await page.evaluate(BOX) == grown
    return list(grown)


async def resize_by_pointer(page: Page) -> list[float]:
    """Pull the left edge of the selected box outwards; return the box."""
    host = await page.locator(".sx-stage-host").bounding_box()
    assert host is not None
    left, middle_y = host["x"] + host["width"] / 2, host["y"] + host["height"] / 2
    await page.mouse.move(left, middle_y)
    while await page.locator(".sxv").get_attribute("data-grip") != "x":
        left -= 4
        assert left > host["x"], "there is no edge left of the middle"
        await page.mouse.move(left, middle_y)
    await page.mouse.down()
    await page.mouse.move(left - 40, middle_y, steps=4)
    await page.mouse.up()
    await page.wait_for_timeout(200)
    return list(await page.evaluate(BOX))


async def resize_turned(page: Page) -> list[float]:
    """In a view turned clockwise the upper edge on the screen is the scan's left one; return the box."""
    before = await page.evaluate(BOX)
    await page.keyboard.press("q")
    host = await page.locator(".sx-stage-host").bounding_box()
    assert host is not None
    middle_x, top = host["x"] + host["width"] / 2, host["y"] + host["height"] / 2
    await page.mouse.move(middle_x, top)
    while await page.locator(".sxv").get_attribute("data-grip") != "y":
        top -= 2
        assert top > host["y"], "there is no edge above the middle"
        await page.mouse.move(middle_x, top)
    await page.mouse.down()
    await page.mouse.move(middle_x, top - 30, steps=4)
    await page.mouse.up()
    await page.wait_for_timeout(200)
    after = await page.evaluate(BOX)
    assert await page.locator(".sx-readout.is-top-right").get_by_text("旋转 90°").count() == 1
    assert after[0] < before[0]
    assert after[1:] == before[1:]
    await page.keyboard.press("Shift+Q")
    return list(after)


async def highlight_density(page: Page) -> None:
    """Measure a region and highlight what is as dense."""
    box = await page.locator(".sx-stage-host").bounding_box()
    assert box is not None
    middle_x, middle_y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.keyboard.press("o")
    await page.mouse.move(middle_x - 40, middle_y - 160)
    await page.mouse.down()
    await page.mouse.move(middle_x + 40, middle_y - 130, steps=3)
    await page.mouse.up()
    await page.keyboard.press("h")
    await page.keyboard.press("d")
    await page.wait_for_timeout(400)
    assert await page.locator(".sx-readout.is-top-right").get_by_text("密度高亮").count() == 1
    await page.screenshot(path=SCREENSHOTS / "marks.png")
    await page.keyboard.press("d")


async def remap(page: Page) -> None:
    """Give inverting the apostrophe; then neither the old key nor a taken one does it."""
    await page.keyboard.press("F1")
    await page.get_by_role("button", name="更改按键: 反色").click()
    await page.keyboard.press("j")
    assert await page.get_by_text("J 已用于其他操作").count() == 1
    await page.get_by_role("button", name="更改按键: 反色").click()
    await page.keyboard.press("Quote")
    await page.screenshot(path=SCREENSHOTS / "keys.png")
    await page.keyboard.press("Escape")
    inverted = page.locator(".sx-rail-button[aria-pressed=true]").filter(has_text="反色")
    await page.keyboard.press("i")
    await page.wait_for_timeout(200)
    assert await inverted.count() == 0
    await page.keyboard.press("Quote")
    await page.wait_for_timeout(200)
    assert await inverted.count() == 1
    await page.keyboard.press("Quote")
