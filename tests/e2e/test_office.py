"""Administrator and auditor in a real browser, against a real server."""

import asyncio
import json
from pathlib import Path

import httpx
from playwright.async_api import Page

from app.audit_trail import anchor_path
from app.demo import DEMO_PASSWORD, prepare_demo
from app.reviewer import ReviewerClient
from app.settings import Settings
from app.station import StationClient
from app.throwaway import ThrowawaySystem, throwaway_system
from benchmarks.browser import log_in, wait_until
from inference.triage import TriagePolicy, store_policy
from tests.e2e.attach import attached_pool
from tests.e2e.test_review import SCREENSHOTS, open_page, post, watch_for_faults

SIZES = ((1366, 768), (3840, 2160))


async def log_in_at(page: Page, system: ThrowawaySystem, login: str, password: str = DEMO_PASSWORD) -> None:
    """Log in, and wait for the role's page."""
    await log_in(page, system.url, login=login, password=password)
    await page.wait_for_selector("nav.sx-nav")


async def shoot(page: Page, name: str) -> None:
    """Take a picture."""
    await page.wait_for_timeout(300)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png")


async def read_secret(page: Page) -> str:
    """Return what the box shows once, close it with the keyboard, and see that it is gone."""
    secret = await page.locator(".sx-secret input").first.input_value()
    await shoot(page, "admin-secret")
    await page.locator(".ant-modal:has(.sx-secret) .ant-modal-footer button").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".sx-secret", state="detached")
    assert secret not in await page.content()
    return secret


async def test_admin__makes_accounts_and_keys_without_a_mouse(chromium: str) -> None:
    """A new reviewer logs in with the password shown once; a rotated key works beside the old one.

    A revoked key is refused, the account that is disabled is logged out at once, all of it is in the trail.
    """
    async with throwaway_system(demo="true") as system, attached_pool(system) as pool:
        await prepare_demo(pool)
        async with open_page(chromium) as page:
            faults = watch_for_faults(page)
            await log_in_at(page, system, "admin")
            await page.wait_for_selector("text=wu")
            await shoot(page, "admin-accounts")
            password = await make_account(page)
            async with httpx.AsyncClient(
                base_url=system.url, headers={"X-Requested-With": "shenxiang"}
            ) as person:
                credentials = {"login": "li.wei", "password": password}
                assert (await person.post("/api/v1/session", json=credentials)).status_code == 200
                await disable(page, "li.wei")
                assert (await person.get("/api/v1/session")).status_code == 401
            old, new = await make_and_rotate(page)
            assert await is_accepted(system, old)
            assert await is_accepted(system, new)
            await revoke(page, old)
            async with asyncio.timeout(15):
                while await is_accepted(system, old):
                    await asyncio.sleep(0.3)
            assert await is_accepted(system, new)
            await page.goto(f"{system.url}/#/models")
            await page.wait_for_selector(".sx-card")
            await shoot(page, "admin-models")
            await in_other_sizes(page, "admin-models")
        events = [
            row["event"]
            for row in await pool.fetch(
                "SELECT event FROM audit WHERE actor = (SELECT 'account:' || account_id FROM accounts"
                " WHERE login = 'admin') ORDER BY seq"
            )
        ]
    assert events == [
        "logged_in",
        "account_created",
        "account_disabled",
        "station_created",
        "station_key_rotated",
        "station_key_revoked",
    ]
    assert faults == []


async def make_account(page: Page) -> str:
    """Fill in the form with the keyboard alone and return the password."""
    await page.locator("header button.ant-btn-primary").focus()
    await page.keyboard.press("Enter")
    await page.locator("#login").focus()
    await page.keyboard.type("li.wei")
    await page.keyboard.press("Tab")
    await page.keyboard.type("李伟")
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#port")
    await shoot(page, "admin-account-form")
    await page.locator("#login").focus()
    await page.keyboard.press("Enter")
    return await read_secret(page)


async def disable(page: Page, login: str) -> None:
    """Disable an account on the page."""
    row = page.locator("tr", has=page.get_by_role("rowheader", name=login, exact=True))
    await row.locator("button").last.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".ant-popconfirm-buttons")
    await shoot(page, "admin-disable")
    await page.locator(".ant-popconfirm-buttons button").last.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_selector(f"tr.is-ended >> text={login}")


async def make_and_rotate(page: Page) -> tuple[str, str]:
    """Register a station, rotate its key with an overlap, and return both keys."""
    await page.goto(page.url.partition("#")[0] + "#/stations")
    await page.wait_for_selector("text=YTN-01")
    await page.locator("header button.ant-btn-primary").focus()
    await page.keyboard.press("Enter")
    await page.locator("#station_id").fill("SKZ-77")
    await page.locator("#port").focus()
    await page.keyboard.press("ArrowDown")
    await page.wait_for_selector(".ant-select-item-option")
    await page.keyboard.press("Enter")
    await page.locator("#name").fill("蛇口 77 号机")
    await page.keyboard.press("Enter")
    old = await read_secret(page)
    row = page.locator("tr", has=page.get_by_role("rowheader", name="SKZ-77", exact=True))
    await row.locator(".is-actions button").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#graceS")
    await page.locator(".ant-modal:has(#graceS) button.ant-btn-primary").focus()
    await page.keyboard.press("Enter")
    new = await read_secret(page)
    await wait_until(page, "document.querySelectorAll('.sx-keys code').length === 5")
    await shoot(page, "admin-stations")
    return old, new


async def revoke(page: Page, key: str) -> None:
    """Revoke a key on the page."""
    line = page.locator(".sx-keys li", has_text=f"sx_{key.split('_')[1]}_")
    await line.locator("button").focus()
    await page.keyboard.press("Enter")
    await page.locator(".ant-popconfirm-buttons button").last.focus()
    await page.keyboard.press("Enter")
    await line.wait_for(state="detached")


async def is_accepted(system: ThrowawaySystem, key: str) -> bool:
    """Whether the intake knows a key: it then looks for the scan, which is not there."""
    async with httpx.AsyncClient(base_url=system.url) as http:
        answer = await http.get("/api/v1/scans/none", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code in (401, 404)
    return answer.status_code == 404


async def in_other_sizes(page: Page, name: str) -> None:
    """Take pictures on the smallest and the largest screen; nothing may be wider than the window."""
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await shoot(page, f"{name}-{width}")
        overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, (name, width)
    await page.set_viewport_size({"width": 1600, "height": 900})


async def test_auditor__searches_exports_and_verifies(chromium: str, tmp_path: Path) -> None:
    """The trail is searched and exported, a case's events carry their seals, and the whole is verified."""
    async with throwaway_system(demo="true") as system, attached_pool(system) as pool:
        stations = await prepare_demo(pool)
        async with pool.acquire() as connection:
            await store_policy(connection, TriagePolicy(audit_sample=1.0), author="system:test")
        await post(StationClient(system.url, stations[0].key), 1)
        case_id = await wait_for_a_sealed_case(system, pool)
        async with ReviewerClient(system.url, login="lin", password=DEMO_PASSWORD) as lin:
            lease = await lin.next_case()
            assert lease is not None
            await lin.decide(lease, "inspect")
        async with open_page(chromium) as page:
            faults = watch_for_faults(page)
            await log_in_at(page, system, "wu")
            await page.wait_for_selector(".sx-trail tbody tr")
            await shoot(page, "auditor-trail")
            await in_other_sizes(page, "auditor-trail")
            await search(page, case_id)
            await shoot(page, "auditor-trail-case")
            assert await exported_cases(page, tmp_path) == {case_id}
            await page.locator(".sx-trail tbody a").first.focus()
            await page.keyboard.press("Enter")
            await page.wait_for_selector(".sx-seal.is-good")
            await shoot(page, "auditor-case")
            await in_other_sizes(page, "auditor-case")
            assert await page.locator(".sx-seal.is-bad").count() == 0
            await read_the_record(page, system, case_id)
            await verify(page, system, ".ant-alert-success")
            await shoot(page, "auditor-verify-good")
        told = [
            row["event"]
            for row in await pool.fetch("SELECT event FROM audit WHERE event LIKE 'trail_%' ORDER BY seq")
        ]
    assert told == ["trail_exported", "trail_verified"]
    assert faults == []


async def read_the_record(page: Page, system: ThrowawaySystem, case_id: int) -> None:
    """Read the same case as supervisors do, and its seals once more: each page has a history of its own."""
    await page.goto(f"{system.url}/#/history")
    await page.locator(".sx-history-scroll tbody button").first.click()
    await page.wait_for_selector(".sx-record-decision .sx-verdict")
    await page.goto(f"{system.url}/#/case/{case_id}")
    await page.wait_for_selector(".sx-case-history .sx-facts-list dd")
    await page.wait_for_selector(".sx-seal.is-good")


async def wait_for_a_sealed_case(system: ThrowawaySystem, pool: object) -> int:
    """Wait until a case is open and its event sealed; return its number."""
    sql = (
        "SELECT case_id FROM audit WHERE event = 'case_opened' AND xid < (SELECT max(to_xid) FROM seals)"
        " AND case_id IS NOT NULL LIMIT 1"
    )
    async with asyncio.timeout(90):
        while (case_id := await pool.fetchval(sql)) is None:  # type: ignore[attr-defined]
            await asyncio.sleep(0.3)
    assert anchor_path(Settings(data=system.data)).exists()
    return int(case_id)


async def search(page: Page, case_id: int) -> None:
    """Search for a case with the keyboard."""
    await page.locator(".sx-filters input").first.focus()
    await page.keyboard.type(str(case_id))
    await page.keyboard.press("Enter")
    cells = "[...document.querySelectorAll('.sx-trail tbody tr')].map((row) => row.cells[4].textContent)"
    await wait_until(page, f"{cells}.length > 0 && {cells}.every((text) => text === '{case_id}')")


async def exported_cases(page: Page, folder: Path) -> set[int]:
    """Export what was searched as JSON Lines, and return the cases in the file."""
    async with page.expect_download() as download:
        await page.locator(".sx-exports a").last.click()
    path = folder / "trail.jsonl"
    await (await download.value).save_as(path)
    return {json.loads(line)["case_id"] for line in path.read_text().splitlines()}


async def verify(page: Page, system: ThrowawaySystem, outcome: str) -> None:
    """Verify on the page and wait for an outcome."""
    await page.goto(f"{system.url}/#/verify")
    await page.locator(".sx-office:visible > header button").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".sx-verify [role=status]")
    await page.wait_for_selector(f".sx-verify .sx-tiles >> xpath=.. >> {outcome}", timeout=90_000)
