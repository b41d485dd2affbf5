"""A drawing surface whose ink is matter.

Coordinates are millimetres in the plane across the beam, x to the right, y down, from the image's
top left corner. Drawing adds thickness along the beam; nothing is ever removed but by ``carve``.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.physics import Float32, Material

Point = tuple[float, float]
_SHIFT = 4


class Canvas:
    """Areal densities of the two basis materials.

    Attributes:
        planes: Shape ``(2, H, W)``, float32, g/cm² of polyethylene and of iron.
        pitch_mm: Size of one pixel.
        mass_kg: Everything drawn so far inside the picture.
    """

    def __init__(self, *, height_px: int, width_px: int, pitch_mm: float) -> None:
        self.planes: Float32 = np.zeros((2, height_px, width_px), dtype=np.float32)
        self.pitch_mm = pitch_mm
        self.mass_kg = 0.0

    @property
    def width_mm(self) -> float:
        return float(self.planes.shape[2] * self.pitch_mm)

    @property
    def height_mm(self) -> float:
        return float(self.planes.shape[1] * self.pitch_mm)

    def add(self, thickness_mm: Float32, x_px: int, y_px: int, material: Material) -> None:
        """Add a patch of thicknesses (shape ``(h, w)``) with its corner at a pixel; clipped."""
        height, width = thickness_mm.shape
        x0, y0 = max(x_px, 0), max(y_px, 0)
        x1 = min(x_px + width, self.planes.shape[2])
        y1 = min(y_px + height, self.planes.shape[1])
        if x0 >= x1 or y0 >= y1:
            return
        patch = thickness_mm[y0 - y_px : y1 - y_px, x0 - x_px : x1 - x_px]
        self.mass_kg += float(patch.sum()) * material.density_g_cm3 * self.pitch_mm**2 * 1e-6
        for plane, share in zip(self.planes, (material.organic, material.iron), strict=True):
            if abs(share) > 1e-6:
                plane[y0:y1, x0:x1] += patch * np.float32(share * material.density_g_cm3 / 10)

    def coverage(self, start_mm: float, end_mm: float) -> tuple[Float32, int]:
        """How much of each pixel the interval covers (values in [0, 1]) and its first pixel."""
        start, end = start_mm / self.pitch_mm, end_mm / self.pitch_mm
        first, last = int(np.floor(start)), int(np.ceil(end))
        edges = np.arange(first, last + 1, dtype=np.float32)
        inside = np.clip(edges, start, end)
        return np.diff(inside).astype(np.float32), first

    def rect(  # noqa: PLR0917 - corners and sizes, as drawing libraries have them
        self, x0: float, y0: float, x1: float, y1: float, thickness_mm: float, material: Material
    ) -> None:
        if x1 <= x0 or y1 <= y0:
            return
        across, x_px = self.coverage(x0, x1)
        down, y_px = self.coverage(y0, y1)
        self.add(np.float32(thickness_mm) * down[:, None] * across, x_px, y_px, material)

    def outline(  # noqa: PLR0917 - corners and sizes, as drawing libraries have them
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        line_mm: float,
        thickness_mm: float,
        material: Material,
    ) -> None:
        """A rectangular frame, its lines inside the rectangle."""
        self.rect(x0, y0, x1, y0 + line_mm, thickness_mm, material)
        self.rect(x0, y1 - line_mm, x1, y1, thickness_mm, material)
        self.rect(x0, y0 + line_mm, x0 + line_mm, y1 - line_mm, thickness_mm, material)
        self.rect(x1 - line_mm, y0 + line_mm, x1, y1 - line_mm, thickness_mm, material)

    def mask(self, rings: Sequence[Sequence[Point]]) -> tuple[Float32, int, int]:
        """Antialiased coverage of polygons filled by the even-odd rule, and its corner in pixels."""
        points = [np.asarray(ring, dtype=np.float64) / self.pitch_mm for ring in rings]
        every = np.concatenate(points)
        limit = np.array([self.planes.shape[2], self.planes.shape[1]])
        low = np.clip(np.floor(every.min(axis=0)) - 1, -64, limit)
        high = np.clip(np.ceil(every.max(axis=0)) + 2, low + 1, limit + 64)
        size = (high - low).astype(int)
        mask = np.zeros((size[1], size[0]), dtype=np.uint8)
        fixed = [np.round((p - low) * (1 << _SHIFT)).astype(np.int32) for p in points]
        cv2.fillPoly(mask, fixed, (255,), cv2.LINE_AA, _SHIFT)
        return mask.astype(np.float32) / np.float32(255), int(low[0]), int(low[1])

    def polygon(self, points: Sequence[Point], thickness_mm: float, material: Material) -> None:
        mask, x_px, y_px = self.mask([points])
        self.add(mask * np.float32(thickness_mm), x_px, y_px, material)

    def disc(self, x: float, y: float, radius: float, thickness_mm: float, material: Material) -> None:
        self.ring(x, y, 0.0, radius, thickness_mm, material)

    def ring(  # noqa: PLR0917 - corners and sizes, as drawing libraries have them
        self, x: float, y: float, inner: float, outer: float, thickness_mm: float, material: Material
    ) -> None:
        """A flat ring or disc seen face on."""
        distance, x_px, y_px = self._distance(x, y, outer)
        soft = np.float32(self.pitch_mm)
        cover = np.clip((np.float32(outer) - distance) / soft + np.float32(0.5), 0, 1)
        if inner > 0:
            cover *= np.clip((distance - np.float32(inner)) / soft + np.float32(0.5), 0, 1)
        self.add(cover * np.float32(thickness_mm), x_px, y_px, material)

    def ball(  # noqa: PLR0917 - corners and sizes, as drawing libraries have them
        self, x: float, y: float, radius_x: float, radius_y: float, depth_mm: float, material: Material
    ) -> None:
        """A solid ellipsoid, ``depth_mm`` thick in its middle."""
        x_mm, y_mm, x_px, y_px = self.grid(x, y, radius_x, radius_y)
        inside = 1 - (x_mm / np.float32(radius_x)) ** 2 - (y_mm / np.float32(radius_y)) ** 2
        self.add(np.sqrt(np.maximum(inside, 0)) * np.float32(depth_mm), x_px, y_px, material)

    def column(
        self,
        x: float,
        y0: float,
        y1: float,
        radius: float,
        material: Material,
        *,
        wall_mm: float | None = None,
    ) -> None:
        """An upright cylinder seen from the side; solid, or a tube with ``wall_mm``."""
        profile, x_px = self.chords(x, radius, wall_mm)
        down, y_px = self.coverage(y0, y1)
        self.add(down[:, None] * profile, x_px, y_px, material)

    def beam(
        self,
        x0: float,
        x1: float,
        y: float,
        radius: float,
        material: Material,
        *,
        wall_mm: float | None = None,
    ) -> None:
        """A lying cylinder seen from the side; solid, or a tube with ``wall_mm``."""
        profile, y_px = self.chords(y, radius, wall_mm)
        across, x_px = self.coverage(x0, x1)
        self.add(profile[:, None] * across, x_px, y_px, material)

    def line(self, start: Point, end: Point, width: float, thickness_mm: float, material: Material) -> None:
        """A straight bar."""
        a, b = np.asarray(start), np.asarray(end)
        along = (b - a) / max(float(np.hypot(*(b - a))), 1e-6)
        side = np.array([-along[1], along[0]]) * width / 2
        corners = [(float(p[0]), float(p[1])) for p in (a + side, b + side, b - side, a - side)]
        self.polygon(corners, thickness_mm, material)

    def carve(self, x0: float, y0: float, x1: float, y1: float, keep: float) -> None:
        """Scale everything drawn so far inside a rectangle by ``keep`` (a void, a thinner place)."""
        p = self.pitch_mm
        rows = slice(max(round(y0 / p), 0), max(round(y1 / p), 0))
        columns = slice(max(round(x0 / p), 0), max(round(x1 / p), 0))
        self.planes[:, rows, columns] *= np.float32(keep)

    def chords(self, centre: float, radius: float, wall_mm: float | None) -> tuple[Float32, int]:
        first = int(np.floor((centre - radius) / self.pitch_mm))
        last = int(np.ceil((centre + radius) / self.pitch_mm))
        # Four samples per pixel: chords end steeply.
        sample = (np.arange(first * 4, last * 4, dtype=np.float32) + 0.5) / 4 * self.pitch_mm - centre
        chord = 2 * np.sqrt(np.maximum(radius**2 - sample**2, 0))
        if wall_mm is not None and wall_mm < radius:
            chord -= 2 * np.sqrt(np.maximum((radius - wall_mm) ** 2 - sample**2, 0))
        return chord.reshape(-1, 4).mean(axis=1).astype(np.float32), first

    def grid(self, x: float, y: float, reach_x: float, reach_y: float) -> tuple[Float32, Float32, int, int]:
        p = self.pitch_mm
        x_px, y_px = int(np.floor((x - reach_x) / p)) - 1, int(np.floor((y - reach_y) / p)) - 1
        nx, ny = int(np.ceil(2 * reach_x / p)) + 3, int(np.ceil(2 * reach_y / p)) + 3
        x_mm = ((np.arange(nx, dtype=np.float32) + np.float32(x_px + 0.5)) * np.float32(p) - np.float32(x))[
            None
        ]
        y_mm = ((np.arange(ny, dtype=np.float32) + np.float32(y_px + 0.5)) * np.float32(p) - np.float32(y))[
            :, None
        ]
        return x_mm, y_mm, x_px, y_px

    def _distance(self, x: float, y: float, reach: float) -> tuple[Float32, int, int]:
        x_mm, y_mm, x_px, y_px = self.grid(x, y, reach, reach)
        return np.sqrt(x_mm * x_mm + y_mm * y_mm), x_px, y_px


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, int], scale_px: tuple[float, float]
) -> NDArray[np.float32]:
    """Unit-variance noise correlated over ``scale_px`` (rows, columns), float32."""
    rows = max(int(np.ceil(shape[0] / scale_px[0])), 1) + 2
    columns = max(int(np.ceil(shape[1] / scale_px[1])), 1) + 2
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    full = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(full, dtype=np.float32)
