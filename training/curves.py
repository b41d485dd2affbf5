"""The curves of a run as a picture, drawn anew at every checkpoint."""

import os
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.progress_log import read_log

Canvas = NDArray[np.uint8]
Float64 = NDArray[np.float64]

_WIDTH: Final = 900
_PANEL: Final = 260
_MARGIN: Final = (70, 30, 20, 30)  # left, top, right, bottom
_PANELS: Final = (
    ("loss (what: blue, where: orange, outline: green, all: black)", ("loss", "what", "where", "outline")),
    ("gradient norm before clipping", ("gradient_norm",)),
    ("learning rate", ("learning_rate",)),
    ("score of the hardest harmless place", ("hardest",)),
    ("seconds per step (whole: black, waiting for crops: blue)", ("step_s", "waited_s")),
)
_COLOURS: Final = ((0, 0, 0), (200, 90, 0), (0, 130, 255), (60, 160, 60))  # BGR


def draw_curves(log_path: Path, png_path: Path) -> None:
    """Draw a log's columns over the steps, smoothed over a hundredth of them; nothing for fewer than two."""
    rows = read_log(log_path)
    if len(rows) < 2:
        return
    steps = np.array([row["step"] for row in rows])
    panels = [
        _panel(title, steps, [np.array([row[name] for row in rows]) for name in names])
        for title, names in _PANELS
    ]
    ok, data = cv2.imencode(".png", np.concatenate(panels))
    if ok:
        part = png_path.with_suffix(".part")
        part.write_bytes(data.tobytes())
        os.replace(part, png_path)


def smooth(values: Float64, width: int) -> Float64:
    """Running mean over up to ``width`` values on each side; what is infinite or no number is left out."""
    good = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(good, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(good)])
    index = np.arange(len(values))
    low, high = np.maximum(index - width, 0), np.minimum(index + width + 1, len(values))
    mean: Float64 = (total[high] - total[low]) / np.maximum(count[high] - count[low], 1)
    return mean


def _panel(title: str, steps: Float64, curves: list[Float64]) -> Canvas:
    canvas = np.full((_PANEL, _WIDTH, 3), 255, dtype=np.uint8)
    left, top, right, bottom = _MARGIN
    smoothed = [smooth(curve, max(len(steps) // 200, 1)) for curve in curves]
    low, high = 0.0, max(float(np.quantile(np.concatenate(smoothed), 0.995)), 1e-9) * 1.05
    x = left + (steps - steps[0]) / max(steps[-1] - steps[0], 1) * (_WIDTH - left - right)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = round(_PANEL - bottom - share * (_PANEL - top - bottom))
        cv2.line(canvas, (left, y), (_WIDTH - right, y), (225, 225, 225), 1)
        _write(canvas, f"{low + share * (high - low):.3g}", (4, y + 4))
    for place in np.linspace(0, len(steps) - 1, 5).astype(int):
        _write(canvas, f"{steps[place]:.0f}", (int(x[place]) - 12, _PANEL - 10))
    _write(canvas, title, (left, 20))
    for curve, colour in reversed(list(zip(smoothed, _COLOURS, strict=False))):
        height = _PANEL - bottom - np.clip((curve - low) / (high - low), 0, 1) * (_PANEL - top - bottom)
        points = np.stack([x, height], axis=1).round().astype(np.int32)
        cv2.polylines(canvas, [points], isClosed=False, color=colour, thickness=1, lineType=cv2.LINE_AA)
    return canvas


def _write(canvas: Canvas, text: str, at: tuple[int, int]) -> None:
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (60, 60, 60), 1, cv2.LINE_AA)
