"""Compares a page with a committed picture of it, so that other fonts pass and another layout does not.

Two machines do not draw a letter alike, so that no pixel is compared with a pixel. A picture is kept as the
mean colour of every block of 8 by 8 pixels, beside where the parts of the page are. Then

- a part may not be elsewhere, or of another size, by more than ``MOST_SHIFT_PX``: a layout is made of it;
- in no part of the page may more than ``MOST_BLOCKS`` of the blocks differ by more than ``MOST_LEVELS``:
  letters drawn otherwise change a block's mean by less, a part that is missing or lost its colours by more.

What tells the time or counts is left out: the text of every number, and what ``LEFT_OUT`` names.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Page

FOLDER = Path(__file__).parent / "pictures"
BOXES = FOLDER / "boxes.json"
BLOCK_PX = 8
MOST_SHIFT_PX = 3
MOST_LEVELS = 28
MOST_BLOCKS = 0.06
LEAST_BLOCKS = 4
# Sized by the grid and the base size, not by their text.
PARTS = (
    ".sx-top",
    ".sx-case",
    ".sx-rail",
    ".sx-modes",
    ".sx-stage",
    ".sx-strip",
    ".sx-panel",
    ".sx-decision",
    ".sx-submit",
    ".sx-tiles",
    ".sx-login-card",
    "main",
)
# Sized by their text: only what is in them is compared.
LOOSE_PARTS = (".sx-verdicts", ".sx-nav", ".sx-glance")
LEFT_OUT = (".sx-due", ".sx-fatigue svg", ".sx-chart", ".sx-load", "tbody td")
# Key caps and presets are numbers that stay.
STEADY = "kbd, .sx-key, .sx-cap, .sx-chip"
SEEN = """([parts, leftOut, steady]) => {
    const place = ({x, y, width, height}) => [x, y, width, height].map(Math.round)
    const masks = leftOut.flatMap((one) => [...document.querySelectorAll(one)])
        .map((node) => place(node.getBoundingClientRect()))
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const range = document.createRange()
    while (texts.nextNode()) {
        const node = texts.currentNode
        if (!/\\d/.test(node.data) || node.parentElement.closest(steady)) continue
        range.selectNodeContents(node)
        masks.push(place(range.getBoundingClientRect()))
    }
    const boxes = parts.map((one) => [one, document.querySelector(one)]).filter(([, node]) => node)
        .map(([one, node]) => [one, place(node.getBoundingClientRect())])
    return {boxes: Object.fromEntries(boxes), masks}
}"""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A page as it is compared.

    ``blocks``: uint8 of shape ``(rows, columns, 4)``, the mean blue, green and red of each block; alpha 0 is
    left out. ``boxes``: left, top, width and height of every part in CSS pixels.
    """

    blocks: NDArray[np.uint8]
    boxes: dict[str, list[int]]


async def take(page: Page) -> Picture:
    """Take a picture of the page as it is now."""
    seen: dict[str, Any] = await page.evaluate(SEEN, [PARTS + LOOSE_PARTS, LEFT_OUT, STEADY])
    shot = cv2.imdecode(
        np.frombuffer(await page.screenshot(animations="disabled"), np.uint8), cv2.IMREAD_COLOR
    )
    assert shot is not None
    rows, columns = shot.shape[0] // BLOCK_PX, shot.shape[1] // BLOCK_PX
    means = cv2.resize(
        shot[: rows * BLOCK_PX, : columns * BLOCK_PX], (columns, rows), interpolation=cv2.INTER_AREA
    )
    alpha = np.full((rows, columns, 1), 255, np.uint8)
    for box in seen["masks"]:
        alpha[_area(box, reach=1)] = 0
    return Picture(blocks=np.concatenate([means, alpha], axis=2, dtype=np.uint8), boxes=seen["boxes"])


def _area(box: list[int], *, reach: int = 0) -> tuple[slice, slice]:
    """Return the blocks that a box touches, and ``reach`` more to the right: another number may be longer."""
    left, top, width, height = box
    return (
        slice(max(0, top // BLOCK_PX), max(0, -(-(top + height) // BLOCK_PX))),
        slice(max(0, left // BLOCK_PX - reach), max(0, -(-(left + width) // BLOCK_PX) + reach)),
    )


def faults(now: Picture, kept: Picture) -> Iterator[str]:
    """Say what differs too much."""
    for part in sorted(now.boxes.keys() | kept.boxes.keys()):
        is_, was = now.boxes.get(part), kept.boxes.get(part)
        if is_ is None or was is None:
            yield f"{part} is {'gone' if is_ is None else 'new'}"
        elif part in PARTS and max(abs(a - b) for a, b in zip(is_, was, strict=True)) > MOST_SHIFT_PX:
            yield f"{part} is at {is_}, was at {was}"
    if now.blocks.shape != kept.blocks.shape:
        yield f"{now.blocks.shape[:2]} blocks, were {kept.blocks.shape[:2]}"
        return
    for part, (n_differ, n_blocks) in differing(now, kept).items():
        if n_differ >= LEAST_BLOCKS and n_differ > MOST_BLOCKS * n_blocks:
            yield f"{n_differ} of {n_blocks} blocks of {part} differ"


def differing(now: Picture, kept: Picture) -> dict[str, tuple[int, int]]:
    """Return for every part how many of its blocks differ by more than ``MOST_LEVELS``, and of how many."""
    levels = np.abs(now.blocks[..., :3].astype(np.int16) - kept.blocks[..., :3]).max(axis=2)
    is_compared = (now.blocks[..., 3] > 0) & (kept.blocks[..., 3] > 0)
    counts = {}
    for part, box in kept.boxes.items():
        area = _area(box)
        differs = (levels[area] > MOST_LEVELS) & is_compared[area]
        counts[part] = (int(differs.sum()), int(is_compared[area].sum()))
    return counts


def read(name: str) -> Picture:
    """Return the committed picture of this name.

    Raises:
        FileNotFoundError: If there is none.
    """
    blocks = cv2.imread(str(FOLDER / f"{name}.png"), cv2.IMREAD_UNCHANGED)
    if blocks is None:
        raise FileNotFoundError(
            f"there is no picture {name}: pytest {Path(__file__).parent} --write-pictures"
        )
    return Picture(blocks=blocks.astype(np.uint8), boxes=json.loads(BOXES.read_text())[name])


def write(name: str, picture: Picture) -> None:
    """Keep a picture for the comparisons to come."""
    FOLDER.mkdir(exist_ok=True)
    assert cv2.imwrite(str(FOLDER / f"{name}.png"), picture.blocks, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    boxes = json.loads(BOXES.read_text()) if BOXES.exists() else {}
    lines = [
        f"{json.dumps(one)}: {json.dumps(its)}" for one, its in sorted({**boxes, name: picture.boxes}.items())
    ]
    BOXES.write_text("{\n" + ",\n".join(lines) + "\n}\n")
