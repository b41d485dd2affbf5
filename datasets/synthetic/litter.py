"""Small and thin things in numbers, drawn as flat shapes of a given thickness along the rays.

Thousands of solids would take seconds; these take microseconds each, exact in the picture's plane only.
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from datasets.synthetic.beam import FanBeam, Float32
from datasets.synthetic.meshes import Point3
from datasets.synthetic.projection import Span
from datasets.synthetic.solids import NOTHING, Paths

Rng = np.random.Generator
_SUBPIXEL_BITS = 4


def litter(  # noqa: PLR0917 - what lies there, then how big it is
    rng: Rng,
    shape: tuple[int, int],
    n_pieces: int,
    length_px: Span,
    width_px: Span,
    mm: Span,
    *,
    layers: int = 5,
    level: float = 0.0,
) -> Float32:
    """Plates and bars thrown over one another: millimetres of matter, shape ``shape``, float32.

    Args:
        rng: Draws the pieces.
        shape: Rows and columns of the picture to fill.
        n_pieces: All together.
        length_px: Shortest and longest piece; log-uniform.
        width_px: Same for their widths.
        mm: Thinnest and thickest along the rays, at most 255; log-uniform.
        layers: Pieces of one layer hide one another, layers add.
        level: 0 for any direction, towards 1 for lying ones.
    """
    height, width = shape
    sheets = np.zeros((layers, height, width), dtype=np.uint8)
    half_length, half_width, thick = (
        np.exp(rng.uniform(np.log(bounds[0]), np.log(bounds[1]), n_pieces))
        for bounds in (length_px, width_px, mm)
    )
    angle = rng.uniform(-np.pi / 2, np.pi / 2, n_pieces) * (1 - level)
    centre = rng.uniform((0, 0), (width, height), (n_pieces, 2))
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1) * half_length[:, None] / 2
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1) * half_width[:, None] / 2
    corners = np.stack([along + across, along - across, -along - across, across - along], axis=1)
    points = np.round((centre[:, None] + corners) * 2**_SUBPIXEL_BITS).astype(np.int32)
    values = np.clip(np.round(thick), 1, 255).astype(int)
    for i in range(n_pieces):
        cv2.fillConvexPoly(
            sheets[i % layers], points[i], int(values[i]), lineType=cv2.LINE_AA, shift=_SUBPIXEL_BITS
        )
    total: Float32 = sheets.sum(axis=0, dtype=np.float32)
    return total


def strokes(beam: FanBeam, lines: Sequence[Sequence[Point3]], width_mm: float, depth_mm: float) -> Paths:
    """Wires, hoses and tubes along broken lines of points in space.

    Args:
        beam: The geometry.
        lines: Points joined in turn. Where two lines of one call cross, they count once.
        width_mm: Across them in the picture.
        depth_mm: Mean millimetres of matter along a ray through them.
    """
    projected = [
        np.stack(
            [
                np.array([p[0] for p in line]) / beam.pitch_mm,
                beam.row_at(np.array([p[1] for p in line]), np.array([p[2] for p in line])),
            ],
            axis=1,
        )
        for line in lines
    ]
    if not projected:
        return NOTHING
    width_px = width_mm / beam.pitch_mm
    thickness = min(range(1, round(width_px) + 2), key=lambda t: abs(_drawn_width_px(t) - width_px))
    every = np.concatenate(projected)
    low = np.floor(every.min(axis=0)).astype(int) - thickness - 1
    size = np.ceil(every.max(axis=0)).astype(int) + thickness + 2 - low
    mask = np.zeros((int(size[1]), int(size[0])), dtype=np.uint8)
    # Pixel centres are whole numbers to OpenCV.
    points = [np.round((line - low - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32) for line in projected]
    cv2.polylines(
        mask,
        points,
        isClosed=False,
        color=255,
        thickness=thickness,
        lineType=cv2.LINE_AA,
        shift=_SUBPIXEL_BITS,
    )
    mm = mask * np.float32(depth_mm / 255 * width_px / _drawn_width_px(thickness))
    return Paths(mm=mm, x_px=int(low[0]), y_px=int(low[1]))


@cache
def _drawn_width_px(thickness: int) -> float:
    """How wide OpenCV's smooth lines of a nominal thickness come out: 1.35, 3.4, 5.4, 5.4 for 1 to 4."""
    mask = np.zeros((3 * thickness + 9, 200), dtype=np.uint8)
    middle = len(mask) // 2
    cv2.line(mask, (-50, middle), (250, middle), 255, thickness, lineType=cv2.LINE_AA)
    return float(mask.sum()) / (255 * mask.shape[1])


def panel(beam: FanBeam, outline: Sequence[tuple[float, float]], z: float, depth_mm: float) -> Paths:
    """A flat sheet facing the source: its outline in x and y, at depth ``z``."""
    corners = np.asarray(outline)
    points = np.stack([corners[:, 0] / beam.pitch_mm, beam.row_at(corners[:, 1], z)], axis=1)
    low = np.floor(points.min(axis=0)).astype(int) - 1
    size = np.ceil(points.max(axis=0)).astype(int) + 2 - low
    mask = np.zeros((int(size[1]), int(size[0])), dtype=np.uint8)
    fixed = np.round((points - low - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, lineType=cv2.LINE_AA, shift=_SUBPIXEL_BITS)
    return Paths(mm=mask * np.float32(depth_mm / 255), x_px=int(low[0]), y_px=int(low[1]))
