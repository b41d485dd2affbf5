"""Goods drawn once and set down many times.

Columns of a line scan are parallel, so what is drawn at one x looks the same at any other; only height and
depth change how a thing looks.
"""

import cv2
import numpy as np

from datasets.synthetic.beam import FanBeam, Float32
from datasets.synthetic.grain import Grain
from datasets.synthetic.projection import Projection, Span
from datasets.synthetic.solids import coverage


class Stamp:
    """A picture of goods, full height, drawn from x = 0 on.

    Attributes:
        projection: Draw the goods here, at their true y and z.
    """

    def __init__(self, beam: FanBeam, length_mm: float) -> None:
        width_px = int(np.ceil(length_mm / beam.pitch_mm)) + 1
        self.projection = Projection(beam.window(0, 0, width_px=width_px, height_px=beam.height_px))
        self._cut: tuple[Float32, int] | None = None

    @property
    def mass_kg(self) -> float:
        return self.projection.mass_kg

    @property
    def kg_per_m(self) -> float:
        """Mass of a metre of what `stretch` draws."""
        return self.mass_kg / self.projection.beam.width_mm * 1e3

    def place(self, target: Projection, x: float, *, drop_px: int = 0) -> None:
        """Set the goods down with their left end at ``x`` (to the nearest pixel), ``drop_px`` rows lower."""
        patch, top = self._cropped()
        _add(target, patch, round(x / target.beam.pitch_mm), top + drop_px)
        target.mass_kg += self.mass_kg

    def tilted(self, angle_deg: float, centre_px: tuple[float, float]) -> "Stamp":
        """The goods turned in the picture's plane about ``centre_px`` (x, y); counter-clockwise."""
        other = Stamp(self.projection.beam, 0)
        other.projection = Projection(self.projection.beam)
        turn = cv2.getRotationMatrix2D(centre_px, angle_deg, 1.0)
        size = (self.projection.beam.width_px, self.projection.beam.height_px)
        for plane, own in zip(other.projection.planes, self.projection.planes, strict=True):
            plane[:] = cv2.warpAffine(own, turn, size)
        other.projection.mass_kg = self.mass_kg
        return other

    def stretch(self, target: Projection, x: Span, *, drop_px: int = 0, grain: Grain | None = None) -> None:
        """Draw the first column, a section across the scan, all the way along ``x``."""
        patch, top = self._cropped()
        cover, first = coverage(target.beam, *x)
        long = patch[:, :, :1] * cover.astype(np.float32)
        if grain is not None:
            long *= grain.cut(long.shape[1:])
        _add(target, long, first, top + drop_px)
        # A column's mass is that of one pitch of length.
        column_kg = self.mass_kg / self.projection.beam.width_px
        target.mass_kg += column_kg * float(cover.sum())

    def _cropped(self) -> tuple[Float32, int]:
        if self._cut is None:
            planes = self.projection.planes
            used = np.flatnonzero(np.abs(planes).sum(axis=(0, 2)) > 0)
            top, bottom = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 0)
            self._cut = planes[:, top:bottom], top
        return self._cut


def _add(target: Projection, patch: Float32, x_px: int, y_px: int) -> None:
    height, width = patch.shape[1:]
    x0, y0 = max(x_px, 0), max(y_px, 0)
    x1, y1 = min(x_px + width, target.beam.width_px), min(y_px + height, target.beam.height_px)
    if x0 < x1 and y0 < y1:
        target.planes[:, y0:y1, x0:x1] += patch[:, y0 - y_px : y1 - y_px, x0 - x_px : x1 - x_px]
