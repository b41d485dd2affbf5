"""The geometry of a line scan: a fan of rays in one upright plane, swept along the vehicle.

Frame of every scene, millimetres: ``x`` along the scan, to the right in the picture; ``y`` down from the
picture's top edge; ``z`` away from the source, 0 in the middle plane of the vehicle. The source is at
``(x, source_y_mm, -source_distance_mm)`` and moves with x, so columns are parallel and only rows fan out:
a thing nearer the source looks taller, never longer.

The detector's cells are spaced so that rows are ``pitch_mm`` apart in the middle plane, where row r looks
through ``y = (r + 0.5) * pitch_mm``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FanBeam:
    """One scanner's geometry over one picture.

    Attributes:
        height_px: Rows.
        width_px: Columns.
        pitch_mm: Size of a pixel in the middle plane.
        source_distance_mm: From the source to the middle plane.
        source_y_mm: The source's height, as ``y``.
    """

    height_px: int
    width_px: int
    pitch_mm: float
    source_distance_mm: float
    source_y_mm: float

    @property
    def width_mm(self) -> float:
        return self.width_px * self.pitch_mm

    @property
    def height_mm(self) -> float:
        return self.height_px * self.pitch_mm

    def rows_y(self, first: int, last: int) -> Float64:
        """Heights of rows ``first`` to ``last - 1`` in the middle plane, millimetres."""
        return (np.arange(first, last, dtype=np.float64) + 0.5) * self.pitch_mm

    def slopes(self, first: int, last: int) -> Float64:
        """Of the rays of these rows: change of y per millimetre of z."""
        slopes: Float64 = (self.rows_y(first, last) - self.source_y_mm) / self.source_distance_mm
        return slopes

    def row_at(self, y_mm: Float64 | float, z_mm: Float64 | float) -> Float64:
        """The row, with its fraction, whose ray meets a point; rows' edges are whole numbers."""
        magnification = self.source_distance_mm / (
            self.source_distance_mm + np.asarray(z_mm, dtype=np.float64)
        )
        y_seen = self.source_y_mm + (np.asarray(y_mm) - self.source_y_mm) * magnification
        return np.asarray(y_seen / self.pitch_mm, dtype=np.float64)

    def window(self, x_px: int, y_px: int, *, width_px: int, height_px: int) -> "FanBeam":
        """The geometry of a part of the picture, with that part's own origin."""
        return FanBeam(
            height_px=height_px,
            width_px=width_px,
            pitch_mm=self.pitch_mm,
            source_distance_mm=self.source_distance_mm,
            source_y_mm=self.source_y_mm - y_px * self.pitch_mm,
        )
