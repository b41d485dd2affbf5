"""Whether all 16 bits arrive: stored, sent and decoded on every path, and drawn by both renderers.

A screen shows 8 bits. So the picture is drawn 257 times, each time with a window of 255 values one above the
other; the sum of what a pixel showed is then its 16-bit value again.
"""

import asyncio
import base64
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from numpy.typing import NDArray
from playwright.async_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from benchmarks.browser import wait_until
from review_ui.pixel_routes import strip_response
from review_ui.scan_pixels import level_out
from scans import px16

WEB = Path(__file__).parents[2] / "review_ui" / "web"
HEIGHT_PX, WIDTH_PX = 227, 293  # odd, and more pixels than there are values
CODINGS = ("content_coding", "zstd_body")
RENDERERS = ("cpu", "webgl2")
LEVELS = (2, 0)

DECODED = """([key, shift]) => viewer.store.get(key).level(shift).channels.map((plane) => {
    let text = ''
    const bytes = new Uint8Array(plane.buffer, plane.byteOffset, plane.byteLength)
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
    return btoa(text)
})"""

DRAWN = """([width, height, channel, turns]) => {
    const copy = new OffscreenCanvas(width, height)
    const context = copy.getContext('2d', { willReadFrequently: true })
    const sums = new Uint16Array(width * height)
    const place = { zoom: 1 / devicePixelRatio, center: [width / 2, height / 2] }
    for (let k = 0; k < 257; k++) {
        viewer.setView({ ...place, mode: 'grey', channel, turns, window: 255, level: 255 * k + 127.5 })
        viewer.drawPicture()
        context.drawImage(viewer.renderer.canvas, 0, 0)
        const { data } = context.getImageData(0, 0, width, height)
        for (let i = 0; i < sums.length; i++) sums[i] += data[4 * i]
    }
    const bytes = new Uint8Array(sums.buffer)
    let text = ''
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
    return btoa(text)
}"""
# What a look of the view shows, as it lies in the canvas.
FRAME = """([width, height, look]) => {
    viewer.reset()
    viewer.setView({ center: [width / 2, height / 2], mode: 'grey', channel: 'high', ...look })
    viewer.drawPicture()
    const copy = new OffscreenCanvas(viewer.renderer.canvas.width, viewer.renderer.canvas.height)
    const context = copy.getContext('2d', { willReadFrequently: true })
    context.drawImage(viewer.renderer.canvas, 0, 0)
    const { data } = context.getImageData(0, 0, copy.width, copy.height)
    let text = ''
    for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192))
    return btoa(text)
}"""
LOOKS: dict[str, dict[str, Any]] = {
    "gamma": {"gamma": 2.0, "zoom": 0.7},
    "logarithmic": {"logarithmic": True, "zoom": 1.9},
    "turned, gamma, sharpened": {"turns": 1, "gamma": 0.5, "sharpen": 0.5, "zoom": 1.3},
    "turned, mirrored, logarithmic, materials": {
        "turns": 3,
        "flippedX": True,
        "logarithmic": True,
        "mode": "material",
        "zoom": 0.6,
    },
}
SHOWN = "window.viewer && viewer.store.get({key})?.stage === 'full'"


@dataclass(frozen=True, kw_only=True)
class Exactness:
    """What was compared, each with whether every value came through."""

    checks: dict[str, bool]

    @property
    def is_exact(self) -> bool:
        """Whether all of it was."""
        return all(self.checks.values())


def make_pixels() -> NDArray[np.uint16]:
    """Return two channels, shape ``(2, H, W)``, that hold every 16-bit value in no order."""
    rng = np.random.default_rng(16)
    n = HEIGHT_PX * WIDTH_PX
    values = np.resize(np.arange(65536, dtype=np.uint16), n)
    return np.stack([rng.permutation(values) for _ in range(2)]).reshape(2, HEIGHT_PX, WIDTH_PX)


async def check_exactness(browser: Browser) -> Exactness:
    """Send a scan through every path and compare what comes out with what went in."""
    pixels = make_pixels()
    files = {
        level: px16.encode(px16.downscale(pixels, level) if level else pixels, level=level)
        for level in LEVELS
    }
    planes = {level: px16.decode(data) for level, data in files.items()}
    checks = {"python: encode, decode": bool((planes[0] == pixels).all())}
    with tempfile.TemporaryDirectory() as folder:
        await _build(Path(folder))
        async with _served(Path(folder), files) as url:
            frames = {}
            for renderer in RENDERERS:
                made, frames[renderer] = await _check_page(
                    browser, f"{url}/viewer-demo.html?renderer={renderer}", renderer, planes
                )
                checks |= made
    for look in LOOKS:
        drawn = {frames[renderer][look] for renderer in RENDERERS}
        checks[f"both renderers draw the same: {look}"] = len(drawn) == 1
    return Exactness(checks=checks)


async def _check_page(
    browser: Browser, url: str, renderer: str, planes: dict[int, NDArray[np.uint16]]
) -> tuple[dict[str, bool], dict[str, str]]:
    """Return what was compared, and what each of ``LOOKS`` looks like."""
    page = await browser.new_page(viewport={"width": WIDTH_PX, "height": 700})
    # The picture gets exactly the scan's size: one pixel of the screen for each of its own.
    await page.add_init_script(
        "addEventListener('DOMContentLoaded', () => Object.assign(document.querySelector('#host').style, "
        f"{{ width: '{WIDTH_PX}px', height: '{HEIGHT_PX}px' }}))"
    )
    await page.goto(url)
    checks: dict[str, bool] = {}
    try:
        for number, coding in enumerate(CODINGS):
            await wait_until(page, "window.viewer !== undefined")
            await page.evaluate(f"open({number})")
            await wait_until(page, SHOWN.format(key=json.dumps(coding)))
            checks |= await _check_scan(page, f"{renderer}, {coding}", coding, planes)
        assert await page.evaluate("viewer.rendererName") == renderer
        frames = {
            name: await page.evaluate(FRAME, [WIDTH_PX, HEIGHT_PX, look]) for name, look in LOOKS.items()
        }
    finally:
        await page.close()
    return checks, frames


async def _check_scan(
    page: Page, name: str, coding: str, planes: dict[int, NDArray[np.uint16]]
) -> dict[str, bool]:
    checks = {}
    for level in LEVELS:
        decoded = await page.evaluate(DECODED, [coding, level])
        same = [_is_same(text, plane) for text, plane in zip(decoded, planes[level], strict=True)]
        checks[f"{name}: decoded, level {level}"] = all(same)
    if coding != CODINGS[0]:
        return checks  # the same planes are drawn
    for channel, plane in zip(("high", "low"), planes[0], strict=True):
        for turns in range(4 if channel == "high" else 1):
            drawn = await page.evaluate(DRAWN, [WIDTH_PX, HEIGHT_PX, channel, turns])
            turned = f", turned {90 * turns}°" if turns else ""
            checks[f"{name}: drawn, {channel}{turned}"] = _is_same(drawn, _seen(plane, turns))
    return checks


def _seen(plane: NDArray[np.uint16], turns: int) -> NDArray[np.uint16]:
    """Return what the canvas shows of a turned plane in its middle: cut off, and zero beside it."""
    turned = np.rot90(plane, -turns)
    height, width = min(HEIGHT_PX, turned.shape[0]), min(WIDTH_PX, turned.shape[1])
    shown = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint16)
    into = np.s_[(HEIGHT_PX - height) // 2 :, (WIDTH_PX - width) // 2 :]
    out_of = np.s_[(turned.shape[0] - height) // 2 :, (turned.shape[1] - width) // 2 :]
    shown[into][:height, :width] = turned[out_of][:height, :width]
    return shown


def _is_same(text: str, plane: NDArray[np.uint16]) -> bool:
    return base64.b64decode(text) == plane.astype("<u2").tobytes()


async def _build(folder: Path) -> None:
    """Build the page that has nothing but the viewer."""
    command = (
        "npx",
        "vite",
        "build",
        "-c",
        "viewer-demo.config.ts",
        "--outDir",
        str(folder),
        "--logLevel",
        "error",
    )
    process = await asyncio.create_subprocess_exec(*command, cwd=WEB)
    if await process.wait() != 0:
        raise RuntimeError("the viewer could not be built; run `make web` to see why")


@asynccontextmanager
async def _served(folder: Path, files: dict[int, bytes]) -> AsyncIterator[str]:
    """Serve the page, and strips by the review API's own answer, with zstd as coding and as body."""
    headers = {level: px16.read_header(data) for level, data in files.items()}

    def strip(request: Request) -> Response:
        level, index = request.path_params["level"], request.path_params["strip"]
        entry = headers[level].strips[index]
        frame = files[level][entry.offset : entry.offset + entry.size]
        is_coded = request.path_params["coding"] == CODINGS[0]
        return strip_response(frame, request.headers["accept-encoding"] if is_coded else "gzip")

    def scans(_: Request) -> Response:
        return JSONResponse([_scan_out(coding, headers) for coding in CODINGS])

    app = Starlette(
        routes=[
            Route("/demo/scans.json", scans),
            Route("/demo/{coding}/{level:int}/{strip:int}", strip),
            Mount("/", StaticFiles(directory=folder, html=True)),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


def _scan_out(coding: str, headers: dict[int, px16.Px16Header]) -> dict[str, Any]:
    levels = [
        level_out(level, header, f"/demo/{coding}/{level}/{{strip}}").model_dump()
        for level, header in headers.items()
    ]
    return {"scan": {"key": coding, "bit_depth": 16, "pixel_pitch_mm": None, "levels": levels}, "boxes": []}
