"""What a frame costs while the pointer drags: window and level, and the view under very many boxes."""

import math
from dataclasses import dataclass, field
from typing import Any

from benchmarks.machine import percentile, spread
from benchmarks.ui.page import ReviewerPage
from benchmarks.ui.workload import Workload

HOST = ".sx-stage-host"
CANVAS_WIDTH = "document.querySelector('.sxv-picture').width"
RENDERER_IS_CPU = "document.querySelector('.sxv-picture').getContext('2d') !== null"


@dataclass(kw_only=True)
class Dragging:
    """A reviewer who drags over the image, first over the whole scan, then at one screen pixel per pixel.

    ``full_width_px`` is the canvas's width while the view rests, so at full resolution.
    """

    reviewer: ReviewerPage
    workload: Workload
    tool_key: str
    n_moves: int
    key: str
    full_width_px: int = 0
    frames: dict[str, list[dict[str, float]]] = field(default_factory=lambda: {"fit": [], "actual": []})

    async def prepare(self) -> None:
        """Give the image its size and choose the tool.

        Raises:
            RuntimeError: If the picture is not drawn by the CPU renderer.
        """
        await self.reviewer.fit_stage(self.workload.stage_width_px, self.workload.stage_height_px)
        if not await self.reviewer.page.evaluate(RENDERER_IS_CPU):
            raise RuntimeError("this browser draws with WebGL; the numbers are for the CPU renderer")
        await self.reviewer.page.keyboard.press(self.tool_key)

    async def take_turn(self) -> None:
        """Drag half of a round's moves at each zoom."""
        for name, key in (("fit", "f"), ("actual", "Shift+Digit0")):
            await self.reviewer.page.keyboard.press(key)
            await self.reviewer.page.wait_for_timeout(400)
            self.full_width_px = await self.reviewer.page.evaluate(CANVAS_WIDTH)
            self.frames[name] += await self._drag(self.n_moves // 2)

    async def _drag(self, n_moves: int) -> list[dict[str, float]]:
        page = self.reviewer.page
        box = await page.locator(HOST).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.evaluate("bench.start()")
        for number in range(n_moves):
            # Around and around, so that the window and the view stay where there is something to see.
            turn = 2 * math.pi * number / 30
            await page.mouse.move(x + 120 * math.sin(turn), y + 60 * (1 - math.cos(turn)))
        frames: list[dict[str, Any]] = await page.evaluate("bench.stop()")
        await page.mouse.up()
        return frames

    async def finish(self) -> None:
        """Leave it there."""

    def numbers(self) -> dict[str, float]:
        """Return what a frame cost the main thread, at both zooms together."""
        work = [one["work"] for one in self.frames["fit"] + self.frames["actual"]]
        return {self.key: round(percentile(work, 0.95), 1)}

    def details(self) -> dict[str, Any]:
        """Return work and interval at each zoom."""
        return {self.key: {zoom: self._summary(frames) for zoom, frames in self.frames.items()}}

    def _summary(self, frames: list[dict[str, float]]) -> dict[str, Any]:
        return {
            "n": len(frames),
            "full_resolution_share": round(
                sum(one["width"] == self.full_width_px for one in frames) / len(frames), 3
            ),
            "work_ms": spread([one["work"] for one in frames]),
            "interval_ms": spread([one["interval"] for one in frames]),
        }


def pan_under_boxes(reviewer: ReviewerPage, workload: Workload) -> Dragging:
    """Return a reviewer who moves the view under very many boxes."""
    return Dragging(
        reviewer=reviewer,
        workload=workload,
        tool_key="h",
        n_moves=workload.pan_moves_a_round,
        key="boxes2000_pan_p95_ms",
    )


def drag_window(reviewer: ReviewerPage, workload: Workload) -> Dragging:
    """Return a reviewer who drags window and level."""
    return Dragging(
        reviewer=reviewer,
        workload=workload,
        tool_key="w",
        n_moves=workload.drag_moves_a_round,
        key="drag_cpu_p95_ms",
    )
