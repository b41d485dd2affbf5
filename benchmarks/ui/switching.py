"""From one case to the next: decided with the next one prefetched, and asked for with nothing prefetched."""

from dataclasses import dataclass, field
from typing import Any

from benchmarks.browser import SCRIPT_BYTES, wait_until
from benchmarks.machine import percentile, spread
from benchmarks.ui.page import ReviewerPage, heap_bytes
from benchmarks.ui.workload import Workload

NEXT_IS_READY = "document.querySelector('.sx-next.is-ready') !== null"
IS_PAUSED = "document.querySelector('.sx-state .sx-button.is-primary') !== null"


@dataclass(kw_only=True)
class Switching:
    """A reviewer who decides case after case, and what their page's memory does meanwhile."""

    reviewer: ReviewerPage
    workload: Workload
    took_ms: list[float] = field(default_factory=list)
    heaps: dict[int, dict[str, float]] = field(default_factory=dict)
    script_bytes: float = 0

    async def prepare(self) -> None:
        """Count the scripts that the page has loaded for its first case."""
        self.script_bytes = await self.reviewer.page.evaluate(SCRIPT_BYTES)

    async def take_turn(self) -> None:
        """Decide a round's cases, each once the next one's pixels are there."""
        for _ in range(self.workload.decisions_a_round):
            await wait_until(self.reviewer.page, NEXT_IS_READY)
            await self._decide()
            if len(self.took_ms) == self.workload.heap_early:
                await self.finish()

    async def finish(self) -> None:
        """Read the heap in the state that returns with every case: one shown, one prefetched."""
        await wait_until(self.reviewer.page, NEXT_IS_READY)
        await self.reviewer.page.wait_for_timeout(1000)
        self.heaps[len(self.took_ms)] = await heap_bytes(self.reviewer)

    def numbers(self) -> dict[str, float]:
        """Return the time of a switch, the heap's growth and the size of the page."""
        early, late = (sum(self.heaps[n].values()) for n in (min(self.heaps), max(self.heaps)))
        return {
            "switch_p95_ms": round(percentile(self.took_ms, 0.95), 1),
            "heap_ratio": round(late / early, 3),
            "initial_js_kb_gzip": round(self.script_bytes / 1000, 1),
        }

    def details(self) -> dict[str, Any]:
        """Return all switches' spread, and the heap in parts."""
        heap_mb = {
            str(n): {name: round(value / 1e6, 1) for name, value in heap.items()}
            for n, heap in self.heaps.items()
        }
        return {"switch": {"n": len(self.took_ms), **spread(self.took_ms)}, "heap_mb_after": heap_mb}

    async def _decide(self) -> None:
        for key in ("k", "1", "Enter", "Enter"):
            await self.reviewer.page.keyboard.press(key)
        pressed = await self.reviewer.key_time("Enter")
        self.took_ms.append(await self.reviewer.presented("sx:next-painted", since=pressed) - pressed)


@dataclass(kw_only=True)
class Cold:
    """A reviewer behind a slow line who comes back from a break: nothing is prefetched."""

    reviewer: ReviewerPage
    workload: Workload
    first_s: list[float] = field(default_factory=list)
    full_s: list[float] = field(default_factory=list)

    async def prepare(self) -> None:
        """Begin as the page is."""

    async def take_turn(self) -> None:
        """Give the case back and ask for another one, a few times."""
        await self._slow_down()
        for _ in range(self.workload.cold_cases_a_round):
            await self.reviewer.page.keyboard.press("p")
            await wait_until(self.reviewer.page, IS_PAUSED)
            await self.reviewer.page.wait_for_timeout(300)
            await self.reviewer.page.keyboard.press("p")
            asked = await self.reviewer.key_time("p")
            for mark, times in (("sx:painted-preview", self.first_s), ("sx:painted-full", self.full_s)):
                shown = await self.reviewer.presented(mark, since=asked)
                times.append((shown - asked) / 1000)

    async def finish(self) -> None:
        """Leave it there."""

    def numbers(self) -> dict[str, float]:
        """Return the medians."""
        return {
            "cold_first_s": round(percentile(self.first_s, 0.5), 3),
            "cold_full_s": round(percentile(self.full_s, 0.5), 3),
        }

    def details(self) -> dict[str, Any]:
        """Return the spreads."""
        return {
            "cold_first_s": {"n": len(self.first_s), **spread(self.first_s)},
            "cold_full_s": {"n": len(self.full_s), **spread(self.full_s)},
        }

    async def _slow_down(self) -> None:
        byte_s = self.workload.network_mbit_s * 1e6 / 8
        await self.reviewer.devtools.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": self.workload.network_latency_ms,
                "downloadThroughput": byte_s,
                "uploadThroughput": byte_s,
            },
        )
