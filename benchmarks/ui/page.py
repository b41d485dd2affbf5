"""One reviewer's page, with clocks in it."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, CDPSession, Page

from benchmarks.browser import IS_PAINTED, log_in, wait_until
from benchmarks.ui.scene import PASSWORD

# Runs before the page's own scripts. `presented` has the time after the frame in which a mark of the page was
# set: after style, layout and paint. `frames` has what each frame with a pointer move cost the main thread,
# from the move's own handlers on; moves come at the beginning of a frame.
CLOCKS = """(() => {
  const bench = { presented: [], keys: {}, frames: [], isOn: false }
  window.bench = bench
  addEventListener('keydown', (event) => { bench.keys[event.key] = event.timeStamp }, true)
  const mark = performance.mark.bind(performance)
  performance.mark = (name, ...more) => {
    const made = mark(name, ...more)
    if (name.startsWith('sx:')) setTimeout(() => bench.presented.push([name, performance.now()]), 0)
    return made
  }
  let begun = 0
  let lastAt = 0
  addEventListener('pointermove', () => { begun ||= performance.now() }, true)
  const after = new MessageChannel()
  after.port1.onmessage = ({ data }) => {
    const canvas = document.querySelector('.sxv-picture')
    bench.frames.push({ work: performance.now() - data.begun, interval: data.interval, width: canvas.width })
  }
  const frame = (at) => {
    if (begun) after.port2.postMessage({ begun, interval: at - lastAt })
    begun = 0
    lastAt = at
    if (bench.isOn) requestAnimationFrame(frame)
  }
  bench.start = () => { bench.frames = []; bench.isOn = true; begun = 0; requestAnimationFrame(frame) }
  bench.stop = () => { bench.isOn = false; return bench.frames.slice(2) }
})()"""

STAGE = (
    "(({clientWidth, clientHeight}) => [clientWidth, clientHeight])(document.querySelector('.sx-stage-host'))"
)
PRESENTED = (
    """([name, since]) => bench.presented.find(([mark, at]) => mark === name && at > since)?.[1] ?? null"""
)


@dataclass(frozen=True, kw_only=True)
class ReviewerPage:
    """A logged-in reviewer with a case on the screen."""

    page: Page
    devtools: CDPSession

    async def key_time(self, key: str) -> float:
        """Return when a key was last pressed, by the page's clock, ms."""
        at: float = await self.page.evaluate("(key) => bench.keys[key]", key)
        return at

    async def presented(self, mark: str, *, since: float, timeout_s: float = 60.0) -> float:
        """Wait for a mark of the page after ``since`` and return when its frame was done, ms."""
        expression = f"({PRESENTED})({[mark, since]!r}) !== null"
        await wait_until(self.page, expression, timeout_s=timeout_s)
        at: float = await self.page.evaluate(PRESENTED, [mark, since])
        return at

    async def fit_stage(self, width_px: int, height_px: int) -> None:
        """Resize the window until the image has exactly this size."""
        for _ in range(6):
            size = self.page.viewport_size
            stage = await self.page.evaluate(STAGE)
            assert size is not None
            if stage == [width_px, height_px]:
                return
            await self.page.set_viewport_size(
                {
                    "width": size["width"] + width_px - stage[0],
                    "height": size["height"] + height_px - stage[1],
                }
            )
            await self.page.wait_for_timeout(400)
        raise RuntimeError(f"the image is {stage}, not {width_px} × {height_px}")


async def open_reviewer(browser: Browser, url: str, login: str) -> ReviewerPage:
    """Log in with a context of its own and wait for the first case."""
    context = await browser.new_context(viewport={"width": 1920, "height": 1080})
    await context.add_init_script(CLOCKS)
    page = await context.new_page()
    await log_in(page, url, login=login, password=PASSWORD)
    await wait_until(page, IS_PAINTED, timeout_s=120)
    devtools = await context.new_cdp_session(page)
    return ReviewerPage(page=page, devtools=devtools)


async def heap_bytes(reviewer: ReviewerPage) -> dict[str, float]:
    """Return the bytes of objects, DOM and array buffers that the page holds after two collections."""
    for _ in range(2):
        await reviewer.devtools.send("HeapProfiler.collectGarbage")
    usage: dict[str, Any] = await reviewer.devtools.send("Runtime.getHeapUsage")
    return {name: usage.get(name, 0) for name in ("usedSize", "embedderHeapUsedSize", "backingStorageSize")}
