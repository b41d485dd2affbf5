"""Side by side in a real browser: a case, and earlier scans of its container, a gate photo, or lookalikes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import cv2
import numpy as np
from playwright.async_api import Page

from app.demo import DEMO_PASSWORD, prepare_demo
from app.reviewer import ReviewerClient
from app.simulator import encode_channels
from app.station import StationClient
from app.throwaway import ThrowawaySystem, throwaway_system
from benchmarks.browser import IS_PAINTED, log_in, wait_until
from datasets.synthetic import make_scan
from inference.triage import TriagePolicy, store_policy
from tests.e2e.attach import attached_pool
from tests.e2e.test_review import SCREENSHOTS, open_page, watch_for_faults

CONTAINER_NO = "CSQU3054383"
OTHER_GOODS = {
    "declared_empty": False,
    "lines": [{"line_no": 1, "hs_code": "0102290000", "description": "活牛"}],
}
ZOOMS = "[...document.querySelectorAll('.sx-readout.is-top-right b')].filter((b, i) => i % 3 === 0)"
TEXTS = f"{ZOOMS}.map((b) => b.textContent)"
ARE_TWO = f"{ZOOMS}.length === 2"


async def test_compare__earlier_scan_and_photo_beside_the_case(chromium: str) -> None:
    """By keyboard: the earlier scan opens, follows the zoom while linked, then the photo; the trail knows."""
    async with demo_centre() as (system, pool, client):
        before = await post(client, 1)
        await release(system.url)
        assert await client.wait_for_disposition(before, timeout_s=10)
        await post(client, 2, gate_photos=[photo()])
        async with open_page(chromium) as page:
            faults = watch_for_faults(page)
            await log_in(page, system.url, login="lin", password=DEMO_PASSWORD)
            await wait_until(page, IS_PAINTED)
            await page.keyboard.press("c")
            await wait_until(page, ARE_TWO)
            await wait_until(page, "document.querySelectorAll('.sx-load').length === 0")
            assert before in await page.locator(".sx-compare header").inner_text()
            await zoom_together_and_apart(page)
            await page.screenshot(path=SCREENSHOTS / "compare-scan.png")
            await page.keyboard.press("u")
            await wait_until(page, "document.querySelector('.sx-photo img')?.naturalWidth > 0")
            await page.screenshot(path=SCREENSHOTS / "compare-photo.png")
            await page.keyboard.press("F1")
            await page.wait_for_selector("dialog[open]")
            await page.screenshot(path=SCREENSHOTS / "compare-help.png")
            await page.keyboard.press("Escape")
            await page.keyboard.press("c")
            await page.wait_for_selector(".sx-compare", state="detached")
        seen = await pool.fetch("SELECT scan_id FROM audit WHERE event = 'earlier_scan_viewed'")
    assert [row["scan_id"] for row in seen] == [before]
    assert faults == []


async def test_lookalikes__a_like_scan_of_another_container_beside_the_case(chromium: str) -> None:
    """By keyboard: the nearest decided scan opens with its goods; of other goods it is left out if asked."""
    async with demo_centre() as (system, pool, client):
        before = await post(client, 1, container_no="MSKU9070323")
        await release(system.url)
        assert await client.wait_for_disposition(before, timeout_s=10)
        await post(client, 2, declaration=OTHER_GOODS)
        async with open_page(chromium) as page:
            faults = watch_for_faults(page)
            await log_in(page, system.url, login="lin", password=DEMO_PASSWORD)
            await wait_until(page, IS_PAINTED)
            await page.keyboard.press("Shift+S")
            await wait_until(page, ARE_TWO)
            await wait_until(page, "document.querySelectorAll('.sx-load').length === 0")
            assert before in await page.locator(".sx-compare header").inner_text()
            assert await page.locator(".sx-lookalike > p .sx-mono").count() > 0
            await page.screenshot(path=SCREENSHOTS / "lookalikes.png")
            await page.keyboard.press("Shift+H")
            await page.wait_for_selector(".sx-compare-note")
            await page.screenshot(path=SCREENSHOTS / "lookalikes-none.png")
            await page.keyboard.press("Shift+S")
            await page.wait_for_selector(".sx-compare", state="detached")
        seen = await pool.fetch("SELECT scan_id FROM audit WHERE event = 'lookalike_viewed'")
    assert [row["scan_id"] for row in seen] == [before]
    assert faults == []


@asynccontextmanager
async def demo_centre() -> AsyncIterator[tuple[ThrowawaySystem, asyncpg.Pool, StationClient]]:
    """Start a system that sends every scan to a person, with a station's client."""
    async with throwaway_system(demo="true") as system, attached_pool(system) as pool:
        stations = await prepare_demo(pool)
        async with pool.acquire() as connection:
            await store_policy(connection, TriagePolicy(audit_sample=1.0), author="system:test")
        yield system, pool, StationClient(system.url, stations[1].key)


async def zoom_together_and_apart(page: Page) -> None:
    """Zoom by key, and by wheel over the other scan; unlinked, only the case's own zoom changes."""
    both = await zooms(page)
    await page.keyboard.press("+")
    await wait_until(page, f"{TEXTS}.every((one) => one !== '{both[0]}')")
    both = await zooms(page)
    assert both[0] == both[1], "both scans are as wide and have the same pitch"
    await page.locator(".sx-compare .sx-stage-host").hover()
    await page.mouse.wheel(0, -200)
    await wait_until(page, f"{TEXTS}.every((one) => one !== '{both[0]}')")
    both = await zooms(page)
    assert both[0] == both[1]
    await page.keyboard.press("Shift+C")
    await page.keyboard.press("f")
    await wait_until(page, f"{TEXTS}[0] !== '{both[0]}'")
    await page.wait_for_timeout(200)
    assert (await zooms(page))[1] == both[1]


async def zooms(page: Page) -> list[str]:
    """Return the zoom that each of the two images shows."""
    shown: list[str] = await page.evaluate(TEXTS)
    assert len(shown) == 2
    return shown


async def post(
    client: StationClient,
    seed: int,
    *,
    container_no: str = CONTAINER_NO,
    declaration: dict[str, Any] | None = None,
    **more: Any,
) -> str:
    """Post a small scan of the container, with its own goods if no others are declared; return its id."""
    made = await asyncio.to_thread(make_scan, seed, height_px=500, width_px=1200, threat_probability=1.0)
    scan = {
        "scanned_at": f"2026-01-0{seed}T00:00:00Z",
        "container_no": container_no,
        "declaration": declaration or made.declaration,
    }
    files = encode_channels(made.pixels, as_tiff=False)
    answer = await client.post_scan(files, scan, idempotency_key=str(seed), **more)
    return str(answer["scan_id"])


def photo() -> bytes:
    """Return a photo of a number on a wall."""
    picture = np.full((600, 900, 3), 120, np.uint8)
    cv2.putText(picture, CONTAINER_NO, (60, 320), cv2.FONT_HERSHEY_SIMPLEX, 3.2, (240, 240, 240), 8)
    return cv2.imencode(".jpg", picture)[1].tobytes()


async def release(url: str) -> None:
    """Have another reviewer release the first case once it is screened."""
    async with asyncio.timeout(60), ReviewerClient(url, login="chen", password=DEMO_PASSWORD) as chen:
        while (lease := await chen.next_case()) is None:
            await asyncio.sleep(0.3)
        await chen.decide(lease, "release", reason_codes=["no_anomaly"])
