"""Runs every phase in turn, round after round, beside a fixed reference."""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from playwright.async_api import Browser, async_playwright

from benchmarks.browser import ARGUMENTS, CHROMIUM
from benchmarks.machine import describe_machine, percentile, reference_ms
from benchmarks.ui.dragging import drag_window, pan_under_boxes
from benchmarks.ui.exact import check_exactness
from benchmarks.ui.page import ReviewerPage, open_reviewer
from benchmarks.ui.scene import prepared_system
from benchmarks.ui.switching import Cold, Switching
from benchmarks.ui.workload import Workload

PARTS = ("exact", "switch", "cold", "drag", "boxes")
GOALS: dict[str, float | bool] = {
    "switch_p95_ms": 100,
    "cold_first_s": 0.7,
    "cold_full_s": 2.2,
    "drag_cpu_p95_ms": 30,
    "initial_js_kb_gzip": 350,
    "heap_ratio": 1.1,
    "bit_exact": True,
    "boxes2000_pan_p95_ms": 33,
}
# The pages run without WebGL, as on a machine with no graphics card; `bit_exact` needs it, drawn by the CPU.
SOFTWARE_GL = [*(one for one in ARGUMENTS if one != "--disable-gpu"), "--enable-unsafe-swiftshader"]


class Phase(Protocol):
    """One reviewer at one job, which takes its turn in every round."""

    async def prepare(self) -> None:
        """Get ready, before the first round."""

    async def take_turn(self) -> None:
        """Do a round's share."""

    async def finish(self) -> None:
        """Read what is read last."""

    def numbers(self) -> dict[str, float]:
        """Return this phase's keys of ``GOALS``."""

    def details(self) -> dict[str, Any]:
        """Return what stands behind them."""


# Login and how to make it, by part. The crowded case is leased before anything else runs.
PHASES: dict[str, tuple[str, Callable[[ReviewerPage, Workload], Phase]]] = {
    "boxes": ("boxes", pan_under_boxes),
    "drag": ("dragger", drag_window),
    "cold": ("cold", lambda reviewer, workload: Cold(reviewer=reviewer, workload=workload)),
    "switch": ("switcher", lambda reviewer, workload: Switching(reviewer=reviewer, workload=workload)),
}


@dataclass(kw_only=True)
class References:
    """The fixed reference job, timed before each phase of each round, ms."""

    by_phase: dict[str, list[float]] = field(default_factory=dict)

    def take(self, phase: str) -> None:
        """Time the job once more."""
        self.by_phase.setdefault(phase, []).append(reference_ms())

    def out(self) -> dict[str, Any]:
        """Return each phase's median, and how much slower that was than the fastest of the run."""
        fastest = min(min(times) for times in self.by_phase.values())
        return {
            phase: {
                "reference_ms": percentile(times, 0.5),
                "slowdown": round(percentile(times, 0.5) / fastest, 2),
            }
            for phase, times in self.by_phase.items()
        }


async def run_benchmark(workload: Workload, *, parts: Sequence[str] = PARTS) -> dict[str, Any]:
    """Measure everything, or some parts, and return the result document; what is left out is null."""
    machine = describe_machine()
    references = References()
    numbers: dict[str, Any] = dict.fromkeys(GOALS)
    details: dict[str, Any] = {}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SOFTWARE_GL)
        version = browser.version
        if "exact" in parts:
            exactness = await check_exactness(browser)
            numbers["bit_exact"] = exactness.is_exact
            details["bit_exact"] = exactness.checks
            _say("checked exactness")
        await browser.close()
        async with prepared_system(workload) as url:
            _say("filled the queue")
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            phases = await _measure_pages(browser, url, workload, references, parts)
            await browser.close()
    for phase in phases.values():
        numbers |= phase.numbers()
        details |= phase.details()
    return {
        "machine": {**machine, "browser": f"Chromium {version}"},
        "workload": asdict(workload),
        "numbers": numbers,
        "goals": GOALS,
        "missed": [key for key, goal in GOALS.items() if _is_missed(numbers[key], goal)],
        "reference_by_phase": references.out(),
        "details": details,
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _is_missed(number: Any, goal: float | bool) -> bool:
    if number is None:
        return False
    return number is not goal if isinstance(goal, bool) else bool(number > goal)


async def _measure_pages(
    browser: Browser, url: str, workload: Workload, references: References, parts: Sequence[str]
) -> dict[str, Phase]:
    phases: dict[str, Phase] = {}
    for part in parts:
        if part in PHASES:
            login, make = PHASES[part]
            phases[part] = make(await open_reviewer(browser, url, login), workload)
    for phase in phases.values():
        await phase.prepare()
    for _ in range(workload.rounds):
        for part, phase in phases.items():
            started = time.perf_counter()
            await asyncio.sleep(0.5)
            references.take(part)
            await phase.take_turn()
            _say(f"{part}: {time.perf_counter() - started:.1f} s")
    for phase in phases.values():
        await phase.finish()
    return phases
