"""The main job in a real browser: posted scans, screened, decided by keyboard, told to the station."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page, async_playwright

from app.demo import DEMO_PASSWORD, prepare_demo
from app.simulator import encode_channels
from app.station import StationClient
from app.throwaway import throwaway_system
from benchmarks.browser import ARGUMENTS, IS_PAINTED, SCRIPT_BYTES, log_in, wait_until
from benchmarks.ui.run import GOALS
from datasets.synthetic import make_scan
from inference.triage import TriagePolicy, store_policy
from review_queue.policy import QueuePolicy
from review_queue.policy_store import store_policy as store_queue_policy
from tests.e2e.attach import attached_pool

SCREENSHOTS = Path(__file__).parents[2] / "test-results"
N_SCANS = 4
N_DECISIONS = 3
REST_S = 6.0
VIEWS = "**/api/v1/review/cases/*"
STATE = "(document.querySelector('.sx-state')?.textContent ?? '')"
IS_RESTING = "document.querySelector('.sx-rest-clock') !== null"
NEXT_IS_READY = "document.querySelector('.sx-next.is-ready') !== null"
# Heartbeats and the figures in the header go their own way.
ASKED_WHILE_SWITCHING = """() => performance.getEntriesByName('sx:switch').map((one) =>
    performance.getEntriesByType('resource')
        .filter(({startTime}) => startTime >= one.startTime && startTime <= one.startTime + one.duration)
        .map(({name}) => new URL(name).pathname)
        .filter((path) => !/heartbeat|events/.test(path)))"""


async def test_reviewer__decides_three_cases_by_keyboard(chromium: str) -> None:
    """A reviewer logs in and decides three cases without a mouse; the station receives three dispositions.

    The case after a decision is painted with no request but the decision itself. The first one needed no more
    script than is promised (a number of bytes, not a time).
    """
    async with (
        throwaway_system(demo="true") as system,
        attached_pool(system) as pool,
    ):
        client, scan_ids = await fill_queue(system.url, pool)
        async with open_page(chromium) as page:
            faults = watch_for_faults(page)
            await log_in(page, system.url, login="lin", password=DEMO_PASSWORD)
            await wait_until(page, IS_PAINTED)
            script_kb = await page.evaluate(SCRIPT_BYTES) / 1000
            asked = await decide_by_keyboard(page)
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
    assert asked == [["/api/v1/review/decide"]] * N_DECISIONS
    assert faults == []
    assert 100 < script_kb <= GOALS["initial_js_kb_gzip"]


async def test_reviewer__keeps_a_case_that_cannot_be_shown__and_rests_when_it_is_time(chromium: str) -> None:
    """What fails is said and tried again, what is due counts down; no case is lost and no key is needed."""
    async with (
        throwaway_system(demo="true") as system,
        attached_pool(system) as pool,
    ):
        await fill_queue(system.url, pool)
        await set_rules(system.url, pool, QueuePolicy(remind_after_s=1, pause_after_s=2, rest_s=REST_S))
        async with open_page(chromium) as page:
            await page.route(VIEWS, lambda route: route.abort())
            await log_in(page, system.url, login="lin", password=DEMO_PASSWORD)
            await wait_until(page, f"{STATE}.includes('network')")
            await page.screenshot(path=SCREENSHOTS / "view-away.png")
            await page.keyboard.press("k")
            assert await page.locator(".sx-verdict-button.is-on").count() == 0
            await page.unroute(VIEWS)
            await wait_until(page, IS_PAINTED)
            n_held = await pool.fetchval("SELECT count(*) FROM audit WHERE event = 'case_leased'")
            await page.wait_for_timeout(2500)
            await decide_until_rest(page)
            await page.screenshot(path=SCREENSHOTS / "rest-zh.png")
            await page.locator(".sx-language").click()
            await page.screenshot(path=SCREENSHOTS / "rest-en.png")
            await page.keyboard.press("p")
            await wait_until(page, f"{STATE}.startsWith('Paused')")
            await page.keyboard.press("p")
            await wait_until(page, IS_RESTING)
            await wait_until(page, f"{STATE} === ''", timeout_s=2 * REST_S)
            await page.screenshot(path=SCREENSHOTS / "after-rest.png")
        rested = await pool.fetchval(
            "SELECT extract(epoch FROM l.at - d.at)::float8 FROM audit d JOIN audit l ON l.actor = d.actor"
            " WHERE d.event = 'case_closed' AND l.event = 'case_leased' ORDER BY d.at DESC, l.at DESC LIMIT 1"
        )
    assert n_held == 1
    assert REST_S <= rested < REST_S + 3


async def fill_queue(url: str, pool: Any) -> tuple[StationClient, list[str]]:
    """Make the demo's accounts and stations, and post scans that all go to people."""
    stations = await prepare_demo(pool)
    async with pool.acquire() as connection:
        await store_policy(connection, TriagePolicy(audit_sample=1.0), author="system:test")
    client = StationClient(url, stations[1].key)
    return client, [await post(client, number) for number in range(N_SCANS)]


async def set_rules(url: str, pool: Any, policy: QueuePolicy) -> None:
    """Store a queue policy and wait until the server follows it."""
    async with pool.acquire() as connection, connection.transaction():
        await store_queue_policy(connection, policy, author="system:test")
    async with asyncio.timeout(10), httpx.AsyncClient(base_url=url) as http:
        while (await http.get("/api/v1/ui-config")).json()["rest_s"] != policy.rest_s:
            await asyncio.sleep(0.1)


@asynccontextmanager
async def open_page(chromium: str) -> AsyncIterator[Page]:
    """Open an empty page in a new browser."""
    SCREENSHOTS.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield await browser.new_page(viewport={"width": 1600, "height": 900}, color_scheme="dark")
        await browser.close()


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


async def decide_by_keyboard(page: Page) -> list[list[str]]:
    """Look at a case until the next one is here, then press K, a reason and Enter twice; three times.

    Returns:
        For each decision the paths that were asked for from the last key until the next case was painted.
    """
    await wait_until(page, IS_PAINTED)
    await page.wait_for_timeout(500)
    await page.screenshot(path=SCREENSHOTS / "reviewer.png")
    for number in range(1, N_DECISIONS + 1):
        await wait_until(page, NEXT_IS_READY)
        await press_inspect(page)
        await wait_until(page, f"performance.getEntriesByName('sx:next-painted').length >= {number}")
    await page.wait_for_timeout(500)
    await page.screenshot(path=SCREENSHOTS / "reviewer-after.png")
    asked: list[list[str]] = await page.evaluate(ASKED_WHILE_SWITCHING)
    return asked


async def press_inspect(page: Page) -> None:
    """Choose a verdict with its reason, and send it at once."""
    for key in ("k", "1", "Enter", "Enter"):
        await page.keyboard.press(key)


async def decide_until_rest(page: Page) -> None:
    """Finish the current case and what waits behind it, until no more comes."""
    for number in range(1, N_SCANS):
        await press_inspect(page)
        painted = f"performance.getEntriesByName('sx:next-painted').length >= {number}"
        await wait_until(page, f"{painted} || {IS_RESTING}")
        if await page.evaluate(IS_RESTING):
            return
    raise AssertionError("no rest was due")
