"""What a frame costs while the pointer drags: window and level, and the view under very many boxes."""

import math
from dataclasses import dataclass, field
from typing import Any

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

    @property
    def all_frames(self) -> list[dict[str, float]]:
        """Frames at both zooms."""
        return self.frames["fit"] + self.frames["actual"]
