"""Two supervisors in real browsers: one proposes a policy, the other approves; board, escalations, cases."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from playwright.async_api import Page

from app.demo import DEMO_PASSWORD
from app.reviewer import ReviewerClient
from app.throwaway import throwaway_system
from benchmarks.browser import log_in, wait_until
from review_ui.accounts import create_account
from tests.e2e.attach import attached_pool
from tests.e2e.test_review import N_SCANS, SCREENSHOTS, fill_queue, open_page, watch_for_faults


@asynccontextmanager
async def two_pages(chromium: str) -> AsyncIterator[list[Page]]:
    """Open a page in each of two browsers."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(open_page(chromium)) for _ in range(2)]


async def until_all_wait(pool: Any) -> None:
    """Wait until the screening has put every scan into the queue."""
    async with asyncio.timeout(60):
        while await pool.fetchval("SELECT count(*) FROM ready") < N_SCANS:
            await asyncio.sleep(0.2)


async def decide_some(url: str) -> None:
    """Have one reviewer inspect a case and escalate another."""
    async with ReviewerClient(url, login="lin", password=DEMO_PASSWORD) as lin:
        for verdict in ("inspect", "escalate"):
            lease = await lin.next_case()
            assert lease is not None
            await lin.decide(lease, verdict, note="请督导判断" if verdict == "escalate" else "")


async def test_policy__one_supervisor_proposes_and_another_approves(chromium: str) -> None:
    """By keyboard and forms only: effect, proposal, approval, and the server then follows the new rules."""
    async with (
        throwaway_system(demo="true") as system,
        attached_pool(system) as pool,
        two_pages(chromium) as (zhao, qian),
    ):
        await fill_queue(system.url, pool)
        await until_all_wait(pool)
        faults = [watch_for_faults(page) for page in (zhao, qian)]
        await make_second_supervisor(pool)
        await log_in(zhao, system.url, login="sun", password=DEMO_PASSWORD)
        await log_in(qian, system.url, login="qian", password=DEMO_PASSWORD)
        await zhao.goto(f"{system.url}/#/policy")
        await qian.goto(f"{system.url}/#/policy")
        await qian.locator(".sx-language").click()
        await propose(zhao)
        await zhao.screenshot(path=SCREENSHOTS / "policy-proposed.png")
        assert await zhao.get_by_role("button", name="批准").count() == 0
        await qian.get_by_role("button", name="Approve").wait_for()
        await wait_until(qian, "document.querySelectorAll('.sx-effect-figures dd').length === 4")
        await qian.screenshot(path=SCREENSHOTS / "policy-approve-en.png")
        await qian.get_by_role("button", name="Approve").focus()
        await qian.keyboard.press("Enter")
        await qian.locator(".sx-past-proposals li").wait_for()
        await zhao.locator(".sx-past-proposals li").wait_for()
        await wait_until(zhao, "document.querySelector('.sx-policy header').textContent.includes('第 1 版')")
        async with asyncio.timeout(15):
            while await pool.fetchval("SELECT n_moved FROM queue_policy_proposals") is None:
                await asyncio.sleep(0.2)
        await zhao.screenshot(path=SCREENSHOTS / "policy-approved.png")
        events = await pool.fetch("SELECT event FROM audit WHERE event LIKE 'queue_policy%' ORDER BY seq")
        stored = await pool.fetchval("SELECT body FROM queue_policies")
    assert [row["event"] for row in events] == [
        "queue_policy_proposed",
        "queue_policy_stored",
        "queue_policy_approved",
    ]
    assert '"cargo": -3' in stored
    codes = [reason["code"] for reason in json.loads(stored)["reason_codes"]]
    assert codes[-2:] == ["other_smell", "other"]
    assert faults == [[], []]


async def make_second_supervisor(pool: Any) -> None:
    """Add a colleague to the demo's accounts."""
    async with pool.acquire() as connection:
        await create_account(
            connection, login="qian", display_name="钱督导", role="supervisor", password=DEMO_PASSWORD
        )


async def propose(page: Page) -> None:
    """Type a value that cannot be, then a better one, look at the effect, and propose."""
    await page.get_by_label("集装箱 · 调整").focus()
    await page.keyboard.type("7")
    await page.locator(".sx-fault").first.wait_for()
    assert await page.get_by_role("button", name="提交审批").is_disabled()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("-3")
    await page.get_by_label("随机复审比例").fill("10")
    await wait_until(page, "document.querySelector('.sx-effect-figures dd')?.textContent > '0'")
    await page.screenshot(path=SCREENSHOTS / "policy-draft.png")
    await add_reason(page)
    await page.get_by_label("理由（供审批人阅读）").fill("国庆高峰，嫌疑优先")
    await page.get_by_label("批准后").check()
    await page.get_by_role("button", name="提交审批").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="撤回").wait_for()


async def add_reason(page: Page) -> None:
    """Type a new reason of a decision, a taken code first, and move it before the one above it."""
    await page.get_by_role("button", name="增加理由").focus()
    await page.keyboard.press("Enter")
    await wait_until(page, "document.activeElement.ariaLabel?.startsWith('新理由')")
    await page.keyboard.type("other")
    await page.get_by_text("代码重复").first.wait_for()
    await page.keyboard.type("_smell")
    await page.keyboard.press("Tab")
    await page.keyboard.type("异味")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Smell")
    await page.get_by_label("异味 · 重扫").focus()
    await page.keyboard.press("Space")
    await page.screenshot(path=SCREENSHOTS / "policy-reasons.png")
    await page.get_by_label("异味 · 上移").focus()
    await page.keyboard.press("Enter")


async def test_supervisor__sees_charts_escalations_and_cases(chromium: str) -> None:
    """The charts are drawn, the escalation is listed with its note, and all cases are found."""
    async with (
        throwaway_system(demo="true") as system,
        attached_pool(system) as pool,
        open_page(chromium) as page,
    ):
        faults = watch_for_faults(page)
        await fill_queue(system.url, pool)
        await until_all_wait(pool)
        await decide_some(system.url)
        await log_in(page, system.url, login="sun", password=DEMO_PASSWORD)
        await page.goto(f"{system.url}/#/board")
        await page.locator(".sx-chart svg").nth(3).wait_for()
        await page.wait_for_timeout(1500)
        await page.screenshot(path=SCREENSHOTS / "board-zh.png")
        await page.locator(".sx-reviewers").scroll_into_view_if_needed()
        await page.screenshot(path=SCREENSHOTS / "board-charts-zh.png")
        await page.goto(f"{system.url}/#/escalations")
        await page.get_by_text("请督导判断").wait_for()
        await page.screenshot(path=SCREENSHOTS / "escalations-zh.png")
        await page.goto(f"{system.url}/#/cases")
        await page.locator("tbody tr").nth(3).wait_for()
        await page.screenshot(path=SCREENSHOTS / "search-zh.png")
    assert faults == []


async def test_supervisor__reports_what_the_box_held(chromium: str) -> None:
    """The form in the case's record, a correction, and the hit rate on the board."""
    async with (
        throwaway_system(demo="true") as system,
        attached_pool(system) as pool,
        open_page(chromium) as page,
    ):
        faults = watch_for_faults(page)
        await fill_queue(system.url, pool)
        await until_all_wait(pool)
        await decide_some(system.url)
        await log_in(page, system.url, login="sun", password=DEMO_PASSWORD)
        await page.goto(f"{system.url}/#/cases")
        await page.locator("tbody tr", has_text="查验").first.click()
        await report_outcome(page, "录入查验结果", kind="疑似枪支")
        await page.locator(".sx-record-screenings").get_by_text("有查获").wait_for()
        await page.screenshot(path=SCREENSHOTS / "inspection-found-zh.png")
        await report_outcome(page, "更正查验结果", kind=None)
        await page.locator(".sx-record-screenings .is-superseded").wait_for()
        await page.screenshot(path=SCREENSHOTS / "inspection-corrected-zh.png")
        rows = await pool.fetch("SELECT result, kinds FROM inspection_outcomes ORDER BY revision")
        await page.goto(f"{system.url}/#/board")
        tile = page.locator(".sx-tile", has_text="查获率")
        await tile.get_by_text("0 / 1").wait_for()
        await page.screenshot(path=SCREENSHOTS / "hit-rate-zh.png")
    assert [(row["result"], row["kinds"]) for row in rows] == [("found", ["gun"]), ("nothing", [])]
    assert faults == []


async def report_outcome(page: Page, button: str, *, kind: str | None) -> None:
    """Fill the form in by its labels, and send it."""
    await page.get_by_role("button", name=button).click()
    form = page.locator(".sx-inspection-form")
    if kind is not None:
        await form.get_by_label("有查获").check()
        await form.get_by_label(kind, exact=True).check()
    await page.screenshot(path=SCREENSHOTS / f"inspection-form-{kind is None}.png")
    await form.get_by_role("button", name="提交").click()
    await form.wait_for(state="detached")
