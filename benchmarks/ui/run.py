"""Runs every phase in turn, round after round, beside a fixed reference."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from playwright.async_api import async_playwright

from benchmarks.browser import ARGUMENTS, CHROMIUM, SCRIPT_BYTES
from benchmarks.machine import describe_machine, percentile, reference_ms
from benchmarks.ui.dragging import Dragging
from benchmarks.ui.exact import check_exactness
from benchmarks.ui.page import open_reviewer
from benchmarks.ui.scene import prepared_system
from benchmarks.ui.switching import Cold, Switching
from benchmarks.ui.workload import Workload

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


async def run_benchmark(workload: Workload) -> dict[str, Any]:
    """Measure everything and return the result document."""
    machine = describe_machine()
    references = References()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SOFTWARE_GL)
        version = browser.version
        exactness = await check_exactness(browser)
        await browser.close()
        _say("checked exactness")
        async with prepared_system(workload) as url:
            _say("filled the queue")
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            numbers, details = await _measure_pages(browser, url, workload, references)
            await browser.close()
    numbers["bit_exact"] = exactness.is_exact
    return {
        "machine": {**machine, "browser": f"Chromium {version}"},
        "workload": asdict(workload),
        "numbers": {key: numbers[key] for key in GOALS},
        "goals": GOALS,
        "missed": [key for key, goal in GOALS.items() if not _is_reached(numbers[key], goal)],
        "reference_by_phase": references.out(),
        "details": {**details, "bit_exact": exactness.checks},
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _is_reached(number: Any, goal: float | bool) -> bool:
    return number is goal if isinstance(goal, bool) else number <= goal


async def _measure_pages(
    browser: Any, url: str, workload: Workload, references: References
) -> tuple[dict[str, Any], dict[str, Any]]:
    crowded = await open_reviewer(browser, url, "boxes")
    boxes = Dragging(reviewer=crowded, workload=workload, tool_key="h", n_moves=workload.pan_moves_a_round)
    dragger = await open_reviewer(browser, url, "dragger")
    script_bytes = await dragger.page.evaluate(SCRIPT_BYTES)
    drag = Dragging(reviewer=dragger, workload=workload, tool_key="w", n_moves=workload.drag_moves_a_round)
    cold = Cold(reviewer=await open_reviewer(browser, url, "cold"), workload=workload)
    switching = Switching(reviewer=await open_reviewer(browser, url, "switcher"), workload=workload)
    await boxes.prepare()
    await drag.prepare()
    turns: dict[str, Callable[[], Awaitable[None]]] = {
        "switch": switching.take_turn,
        "cold": cold.take_turn,
        "drag": drag.take_turn,
        "boxes": boxes.take_turn,
    }
    for _ in range(workload.rounds):
        for phase, take_turn in turns.items():
            started = time.perf_counter()
            await asyncio.sleep(0.5)
            references.take(phase)
            await take_turn()
            _say(f"{phase}: {time.perf_counter() - started:.1f} s")
    await switching.read_heap()
    return _numbers(switching, cold, drag, boxes, script_bytes), _details(switching, cold, drag, boxes)


def _numbers(
    switching: Switching, cold: Cold, drag: Dragging, boxes: Dragging, script_bytes: int
) -> dict[str, Any]:
    early, late = (sum(switching.heaps[n].values()) for n in (min(switching.heaps), max(switching.heaps)))
    return {
        "switch_p95_ms": round(percentile(switching.took_ms, 0.95), 1),
        "cold_first_s": round(percentile(cold.first_s, 0.5), 3),
        "cold_full_s": round(percentile(cold.full_s, 0.5), 3),
        "drag_cpu_p95_ms": round(percentile([one["work"] for one in drag.all_frames], 0.95), 1),
        "initial_js_kb_gzip": round(script_bytes / 1000, 1),
        "heap_ratio": round(late / early, 3),
        "boxes2000_pan_p95_ms": round(percentile([one["work"] for one in boxes.all_frames], 0.95), 1),
    }


def _details(switching: Switching, cold: Cold, drag: Dragging, boxes: Dragging) -> dict[str, Any]:
    return {
        "switch": {"n": len(switching.took_ms), **_spread(switching.took_ms)},
        "heap_mb_after": {
            str(n): {name: round(value / 1e6, 1) for name, value in heap.items()}
            for n, heap in switching.heaps.items()
        },
        "cold_first_s": {"n": len(cold.first_s), **_spread(cold.first_s)},
        "cold_full_s": {"n": len(cold.full_s), **_spread(cold.full_s)},
        "drag": _frames_by_zoom(drag),
        "boxes2000": _frames_by_zoom(boxes),
    }


def _frames_by_zoom(dragging: Dragging) -> dict[str, Any]:
    return {
        zoom: {
            "n": len(frames),
            "full_resolution_share": round(
                sum(one["width"] == dragging.full_width_px for one in frames) / len(frames), 3
            ),
            "work_ms": _spread([one["work"] for one in frames]),
            "interval_ms": _spread([one["interval"] for one in frames]),
        }
        for zoom, frames in dragging.frames.items()
    }


def _spread(values: list[float]) -> dict[str, float]:
    shares = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: round(percentile(values, share), 3) for name, share in shares.items()}
