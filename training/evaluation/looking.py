"""One model file, opened for measuring: scans in, scored boxes out."""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.contract import INPUT_NAME, OUTPUT_NAMES, ModelContract
from models.postprocess import to_findings
from models.preprocess import AIR, to_input
from models.session import open_session
from training.evaluation.results import BoxXyxy, ScoredBox
from training.evaluation.thresholds import FLOOR

MAX_BOXES: Final = 100
"""Kept of one image, best first; COCO counts no more of one kind."""
_FRAME: Final = (4.0, 0.25)
"""Width of the frame that overlying attenuation is read in: at least pixels, and of the box's side."""

Pixels = NDArray[np.uint16]


class Channels(StrEnum):
    """Which energies the model is given; a lone one is given twice, as when screening."""

    AS_SCANNED = "as_scanned"
    HIGH_ONLY = "high_only"
    LOW_ONLY = "low_only"

    def take(self, pixels: Pixels) -> Pixels:
        """Shape ``(C, H, W)``, C is 1 or 2 (high, low)."""
        match self:
            case Channels.AS_SCANNED:
                return pixels
            case Channels.HIGH_ONLY:
                return pixels[:1]
            case Channels.LOW_ONLY:
                return pixels[-1:]


class ModelSession:
    """An ONNX file with a contract; it need not be pinned.

    Args:
        path: The file.
        threads: Of ONNX Runtime.

    Raises:
        ModelContractError: If it has no contract, or an invalid one.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self._session = open_session(path.read_bytes(), threads=threads)
        self.contract = ModelContract.from_metadata(self._session.get_modelmeta().custom_metadata_map)
        self.kinds = [spec.kind for spec in self.contract.kinds]

    def look(self, pixels: Pixels) -> tuple[ScoredBox, ...]:
        """Everything the model scores above ``FLOOR``, best first, at most ``MAX_BOXES``.

        Args:
            pixels: Shape ``(1 or 2, H, W)``, uint16, no wider than the contract allows.
        """
        tensor = to_input(pixels, stride=self.contract.stride, min_side_px=self.contract.min_side_px)
        boxes, scores = self._session.run(list(OUTPUT_NAMES), {INPUT_NAME: tensor})
        findings = to_findings(
            boxes[0],
            scores[0],
            self.contract,
            width_px=pixels.shape[2],
            height_px=pixels.shape[1],
            thresholds=dict.fromkeys(self.kinds, FLOOR),
        )
        placed = [f for f in findings if f.box_xyxy is not None][:MAX_BOXES]
        around = overlying(pixels, [f.box_xyxy for f in placed if f.box_xyxy is not None])
        return tuple(
            ScoredBox(kind=f.kind, score=f.score, box_xyxy=f.box_xyxy, overlying=over)
            for f, over in zip(placed, around, strict=True)
            if f.box_xyxy is not None
        )


def overlying(pixels: Pixels, boxes: Sequence[BoxXyxy]) -> list[float]:
    """Attenuation around each box, -ln T at high energy: the median over a frame around it.

    What lies over a threat lies beside it, too, as a rule; findings that point at nothing can be measured the
    same way. An 8-bit export with a gamma of its own reads differently.
    """
    return [_around(pixels[0], box) for box in boxes]


def digest_of(path: Path) -> str:
    """Sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _around(high: NDArray[np.uint16], box: BoxXyxy) -> float:
    x0, y0, x1, y1 = box
    margin_x, margin_y = (max(_FRAME[0], _FRAME[1] * side) for side in (x1 - x0, y1 - y0))
    left, top = max(int(x0 - margin_x), 0), max(int(y0 - margin_y), 0)
    part = high[top : int(y1 + margin_y) + 1, left : int(x1 + margin_x) + 1]
    frame = np.ones(part.shape, dtype=bool)
    frame[max(int(y0) - top, 0) : int(y1) - top + 1, max(int(x0) - left, 0) : int(x1) - left + 1] = False
    values = part[frame] if frame.any() else part.ravel()
    return float(-np.log(max(float(np.median(values)), 1.0) / AIR))
