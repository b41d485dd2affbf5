"""The main job in a real browser: posted scans, screened, decided by keyboard, told to the station."""

import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from app.demo import DEMO_PASSWORD, prepare_demo
from app.simulator import encode_channels
from app.station import StationClient
from app.throwaway import throwaway_system
from benchmarks.browser import ARGUMENTS, IS_PAINTED, log_in, wait_until
from datasets.synthetic import make_scan
from inference.triage import TriagePolicy, store_policy
from tests.e2e.attach import attached_pool

SCREENSHOTS = Path(__file__).parents[2] / "test-results"
N_SCANS = 4
N_DECISIONS = 3


async def test_reviewer__decides_three_cases_by_keyboard(chromium: str) -> None:
    """A reviewer logs in and decides three cases without a mouse; the station receives three dispositions."""
    async with (
        throwaway_system(demo="true") as system,
        attached_pool(system) as pool,
    ):
        stations = await prepare_demo(pool)
        async with pool.acquire() as connection:
            await store_policy(connection, TriagePolicy(audit_sample=1.0), author="system:test")
        client = StationClient(system.url, stations[1].key)
        scan_ids = [await post(client, number) for number in range(N_SCANS)]
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = await browser.new_page(viewport={"width": 1600, "height": 900})
            faults = watch_for_faults(page)
            await log_in(page, system.url, login="lin", password=DEMO_PASSWORD)
            await decide_by_keyboard(page)
            await browser.close()
        words = await asyncio.gather(
            *(client.wait_for_disposition(scan_id, timeout_s=3) for scan_id in scan_ids)
        )
        rows = await pool.fetch(
            "SELECT d.verdict, (SELECT count(*) FROM audit a WHERE a.verdict = d.verdict"
            " AND a.case_id = d.case_id AND a.cycle = d.cycle AND a.stage = d.stage) AS n_audit"
            " FROM decisions d ORDER BY decision_id"
        )
    assert [word["disposition"] for word in words if word] == ["inspect"] * N_DECISIONS
    assert [(row["verdict"], row["n_audit"]) for row in rows] == [("inspect", 1)] * N_DECISIONS
    assert faults == []


async def post(client: StationClient, number: int) -> str:
    """Post one small synthetic scan and return its id."""
    synthetic = await asyncio.to_thread(
        make_scan, number, height_px=500, width_px=1200, threat_probability=1.0
    )
    scan = {
        "scanned_at": "2026-01-01T00:00:00Z",
        "container_no": synthetic.container_no,
        "declaration": synthetic.declaration,
    }
    answer = await client.post_scan(
        encode_channels(synthetic.pixels, as_tiff=False), scan, idempotency_key=str(number)
    )
    scan_id: str = answer["scan_id"]
    return scan_id


def watch_for_faults(page: Page) -> list[str]:
    """Collect script errors and refusals of the content security policy."""
    faults: list[str] = []

    def heard(message: Any) -> None:
        if message.type == "error" and "401" not in message.text:
            faults.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


async def decide_by_keyboard(page: Page) -> None:
    """Look at a case until it is painted in full, then press K, a reason and Enter twice; three times."""
    SCREENSHOTS.mkdir(exist_ok=True)
    await wait_until(page, IS_PAINTED)
    await page.wait_for_timeout(500)
    await page.screenshot(path=SCREENSHOTS / "reviewer.png")
    for number in range(1, N_DECISIONS + 1):
        for key in ("k", "1", "Enter", "Enter"):
            await page.keyboard.press(key)
        await wait_until(page, f"performance.getEntriesByName('sx:next-painted').length >= {number}")
        await page.wait_for_timeout(1000)
    await page.screenshot(path=SCREENSHOTS / "reviewer-after.png")
