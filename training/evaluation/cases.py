"""The worst misses and the worst false alarms, as small pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.evaluation.detection import score_threats
from training.evaluation.results import BoxXyxy, ImageResult
from training.evaluation.thresholds import log_odds

N_CASES: Final = 12
_LEAST_SIDE_PX: Final = 140
_PICTURE_PX: Final = 260
_GAMMA: Final = 0.4
"""Of the display: shows the dark parts, where most is hidden."""
_GREEN: Final = (60, 170, 40)
_RED: Final = (40, 40, 220)

Float64 = NDArray[np.float64]
Pixels = NDArray[np.uint16]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One place in one image worth looking at."""

    image: int
    focus: BoxXyxy
    caption: str


def pick_misses(threats: Sequence[ImageResult], kinds: Sequence[str], thresholds: Float64) -> list[Case]:
    """Missed threats that least lies over, a few of each kind: these should have been found."""
    scores = score_threats(threats, kinds)
    hits = scores.hits(thresholds)
    missed = []
    for row in np.flatnonzero(~hits):
        image, place = scores.places[int(row)]
        truth = threats[image].truth[place]
        name = f"{truth.kind}, {truth.shape}" if truth.shape else truth.kind
        caption = (
            f"{name}{' (unseen shape)' if truth.is_unseen else ''}; best score {scores.own[row]:.2f} of "
            f"{thresholds[scores.kinds[row]]:.2f}; overlying {truth.overlying:.1f}"
        )
        missed.append((truth.overlying, truth.kind, Case(image=image, focus=truth.box_xyxy, caption=caption)))
    return _first_of_each(sorted(missed, key=lambda row: row[0]), len(kinds))


def pick_false_alarms(benign: Sequence[ImageResult], kinds: Sequence[str], thresholds: Float64) -> list[Case]:
    """The false alarms farthest above their thresholds, a few of each kind."""
    least = dict(zip(kinds, thresholds, strict=True))
    alarms = []
    for image, result in enumerate(benign):
        for box in result.boxes:
            if box.score >= least.get(box.kind, np.inf):
                over = float(log_odds(np.array(box.score)) - log_odds(np.array(least[box.kind])))
                caption = f"{box.kind}; score {box.score:.2f} of {least[box.kind]:.2f}"
                alarms.append((-over, box.kind, Case(image=image, focus=box.box_xyxy, caption=caption)))
    return _first_of_each(sorted(alarms, key=lambda row: row[0]), len(kinds))


def draw_case(
    pixels: Pixels, result: ImageResult, case: Case, kinds: Sequence[str], thresholds: Float64
) -> bytes:
    """A PNG around the case: threats green, findings at or above their thresholds red.

    Args:
        pixels: Of the whole image, shape ``(C, H, W)``; the high energy is shown.
        result: Of the same image.
        case: What to show.
        kinds: That count.
        thresholds: Shape ``(K,)``.
    """
    height, width = pixels.shape[1:]
    x0, y0, x1, y1 = case.focus
    side = int(min(max(_LEAST_SIDE_PX, 1.5 * (x1 - x0), 1.5 * (y1 - y0)), height, width))
    left = int(np.clip((x0 + x1 - side) / 2, 0, width - side))
    top = int(np.clip((y0 + y1 - side) / 2, 0, height - side))
    shares = pixels[0, top : top + side, left : left + side].astype(np.float32) / 65535
    scale = _PICTURE_PX / side
    method = cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA
    grey = cv2.resize(
        (shares**_GAMMA * 255).astype(np.uint8), (_PICTURE_PX, _PICTURE_PX), interpolation=method
    )
    picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)

    def _frame(box: BoxXyxy, colour: tuple[int, int, int], grow: int) -> None:
        corners = [
            round((edge - start) * scale) for edge, start in zip(box, (left, top, left, top), strict=True)
        ]
        first = (corners[0] - grow, corners[1] - grow)
        cv2.rectangle(picture, first, (corners[2] + grow, corners[3] + grow), colour, 1)

    least = dict(zip(kinds, thresholds, strict=True))
    for truth in result.truth:
        _frame(truth.box_xyxy, _GREEN, 2)
    for box in result.boxes:
        if box.score >= least.get(box.kind, np.inf):
            _frame(box.box_xyxy, _RED, 0)
    return cv2.imencode(".png", picture)[1].tobytes()


def _first_of_each(rows: Sequence[tuple[float, str, Case]], n_kinds: int) -> list[Case]:
    per_kind = max(2, N_CASES // n_kinds)
    taken: dict[str, int] = {}
    chosen: list[Case] = []
    for _, kind, case in rows:
        if taken.get(kind, 0) < per_kind and len(chosen) < N_CASES:
            taken[kind] = taken.get(kind, 0) + 1
            chosen.append(case)
    return chosen
