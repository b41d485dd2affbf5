"""Threat objects: shape, matter and the box of their visible pixels.

Sizes and steel thicknesses are those of real objects (guns 10 to 30 mm of steel across, blades 2 to 6);
any turn in the picture plane, and a tilt out of it that shortens the shape and thickens the path.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from datasets.synthetic.canvas import Canvas, Point, smooth_noise
from datasets.synthetic.chain import Chain, noise_sigma
from datasets.synthetic.physics import (
    ALUMINIUM,
    LEAD,
    ORGANIC,
    PLASTIC,
    STEEL,
    WOOD,
    Float32,
    Material,
    attenuation,
)

Rng = np.random.Generator
BoxXyxy = tuple[float, float, float, float]

MIN_MEAN_DROP: Final = 0.003
"""A threat that lowers the transmission by less, on average, is not labelled.

Source: docs/explanation/physics.md.
"""


class ThreatKind(StrEnum):
    """What the detector is asked to find."""

    GUN = "gun"
    BLADE = "blade"
    BRICK = "brick"
    DENSE_BLOCK = "dense_block"


@dataclass(frozen=True, kw_only=True)
class Pose:
    """A turn by ``angle`` in the picture and a foreshortening of both axes."""

    angle: float
    scale: Point

    def apply(self, points: Sequence[Point]) -> list[Point]:
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return [
            (
                x * self.scale[0] * cos - y * self.scale[1] * sin,
                x * self.scale[0] * sin + y * self.scale[1] * cos,
            )
            for x, y in points
        ]


Part = tuple[list[Point], float, Material]


def draw_threat(rng: Rng, kind: ThreatKind, *, pitch_mm: float) -> Float32:
    """Areal densities of one threat alone: shape ``(2, h, w)``, g/cm², tightly cropped."""
    parts = _PARTS[kind](rng)
    if kind in (ThreatKind.GUN, ThreatKind.BLADE):
        short = float(np.cos(rng.uniform(0, 0.9)))
        pose = Pose(angle=rng.uniform(0, 2 * np.pi), scale=_flip(rng, short, kind))
        path = 1 / max(short, 0.6)
    else:
        upright = rng.random() < 0.6
        angle = (
            rng.normal(0, 0.03) + (np.pi / 2) * int(rng.integers(0, 2)) if upright else rng.uniform(0, np.pi)
        )
        pose, path = Pose(angle=float(angle), scale=(1.0, 1.0)), 1.0
    placed = [(pose.apply(points), thickness * path, material) for points, thickness, material in parts]
    every = np.array([p for points, _, _ in placed for p in points])
    low = every.min(axis=0) - 3 * pitch_mm
    size = np.ceil((every.max(axis=0) - low) / pitch_mm + 3).astype(int)
    canvas = Canvas(height_px=int(size[1]), width_px=int(size[0]), pitch_mm=pitch_mm)
    shift = rng.uniform(0, pitch_mm, 2)
    for points, thickness, material in placed:
        canvas.polygon(
            [(x - low[0] + shift[0], y - low[1] + shift[1]) for x, y in points], thickness, material
        )
    if kind is ThreatKind.BRICK:
        grain = smooth_noise(rng, (int(size[1]), int(size[0])), (3, 3))
        canvas.planes *= np.maximum(1 + np.float32(rng.uniform(0.005, 0.03)) * grain, 0)
    return canvas.planes


def _flip(rng: Rng, short: float, kind: ThreatKind) -> Point:
    side = -1.0 if rng.random() < 0.5 else 1.0
    if kind is ThreatKind.BLADE and rng.random() < 0.5:
        return 1.0, side * short
    return short, side


def _rect(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _bar(a: Point, b: Point, width: float) -> list[Point]:
    dx, dy = b[0] - a[0], b[1] - a[1]
    norm = max(float(np.hypot(dx, dy)), 1e-6)
    nx, ny = -dy / norm * width / 2, dx / norm * width / 2
    return [(a[0] + nx, a[1] + ny), (b[0] + nx, b[1] + ny), (b[0] - nx, b[1] - ny), (a[0] - nx, a[1] - ny)]


def _circle(x: float, y: float, radius: float) -> list[Point]:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return [(x + radius * float(np.cos(t)), y + radius * float(np.sin(t))) for t in turn]


def _gun(rng: Rng) -> list[Part]:
    choice = rng.random()
    if choice < 0.5:
        return _pistol(rng)
    return _revolver(rng) if choice < 0.7 else _rifle(rng)


def _sized(rng: Rng, parts: list[Part], size: tuple[float, float]) -> list[Part]:
    scale, thick = rng.uniform(*size), rng.uniform(0.75, 1.35)
    return [([(x * scale, y * scale) for x, y in points], t * thick, m) for points, t, m in parts]


def _pistol(rng: Rng) -> list[Part]:
    rake = rng.uniform(10, 34)
    parts: list[Part] = [
        (_rect(0, 0, 186, 27), 15, STEEL),
        (_rect(96, 8, 186, 17), 4, STEEL),
        ([(4, 27), (168, 27), (160, 42), (64, 44), (8, 36)], 9, STEEL if rng.random() < 0.6 else ALUMINIUM),
        ([(6, 30), (60, 34), (54 - rake, 134), (2 - rake, 128)], 22, PLASTIC),
        ([(14, 34), (50, 38), (44 - rake, 130), (8 - rake, 126)], 11, STEEL),
        (_bar((64, 42), (70, 74), 7), 9, STEEL),
        (_bar((68, 74), (104, 72), 7), 9, STEEL),
        (_bar((104, 74), (108, 40), 7), 9, STEEL),
        (_bar((84, 42), (80, 62), 6), 7, STEEL),
        ([(0, -4), (8, -4), (10, 4), (0, 4)], 8, STEEL),
    ]
    return _sized(rng, parts, (0.85, 1.15))


def _revolver(rng: Rng) -> list[Part]:
    long = rng.uniform(60, 150)
    parts: list[Part] = [
        (_rect(92, 2, 92 + long, 22), 14, STEEL),
        (_rect(48, -4, 92, 40), 24, STEEL),
        ([(22, -4), (50, -6), (52, 48), (18, 50)], 14, STEEL),
        ([(20, 20), (44, 44), (20, 128), (-22, 122), (-6, 60)], 26, WOOD),
        ([(22, 28), (36, 46), (10, 120), (-8, 116)], 7, STEEL),
        (_bar((50, 46), (60, 74), 7), 8, STEEL),
        (_bar((58, 74), (92, 66), 7), 8, STEEL),
        (_bar((92, 68), (96, 38), 7), 8, STEEL),
        (_bar((18, 0), (4, -14), 9), 8, STEEL),
    ]
    return _sized(rng, parts, (0.85, 1.1))


def _rifle(rng: Rng) -> list[Part]:
    barrel = rng.uniform(280, 420)
    stock = WOOD if rng.random() < 0.5 else PLASTIC
    parts: list[Part] = [
        (_rect(470, 14, 470 + barrel, 30), 15, STEEL),
        (_rect(470, 2, 640, 14), 8, STEEL),
        (_rect(455, 0, 640, 48), 34, stock),
        ([(210, 0), (470, 0), (470, 52), (210, 58)], 17, STEEL),
        ([(322, 56), (382, 56), (404, 150), (372, 214), (312, 196), (336, 140)], 15, STEEL),
        ([(228, 56), (272, 56), (246, 152), (206, 142)], 28, stock),
        (_bar((276, 58), (282, 84), 7), 8, STEEL),
        (_bar((280, 84), (316, 82), 7), 8, STEEL),
        (_bar((470 + barrel - 20, 30), (470 + barrel - 20, -8), 10), 10, STEEL),
    ]
    if rng.random() < 0.65:
        parts.append(([(0, 16), (210, 8), (210, 46), (60, 86), (0, 112)], 38, stock))
    else:
        parts += [(_bar((0, 14), (210, 16), 12), 8, STEEL), (_bar((4, 96), (210, 44), 12), 8, STEEL)]
        parts.append((_bar((4, 10), (2, 100), 14), 10, STEEL))
    return _sized(rng, parts, (0.8, 1.1))


def _blade(rng: Rng) -> list[Part]:
    length, width = rng.uniform(110, 260), rng.uniform(22, 46)
    if rng.random() < 0.2:
        length, width = rng.uniform(300, 450), rng.uniform(40, 62)
    handle, steel = rng.uniform(95, 130), rng.uniform(2.2, 6.0)
    tip = rng.uniform(0.1, 0.3) * length
    edge: list[Point] = [
        (0, 0),
        (length - tip, 0),
        (length, width * rng.uniform(0.2, 0.9)),
        (length - tip, width),
    ]
    edge.append((0, width))
    grip = (-handle, width * 0.1, 0.0, width * 0.95)
    parts: list[Part] = [
        (edge, steel, STEEL),
        (_rect(0, 0, length - tip, width * 0.45), steel * 0.3, STEEL),
        (_rect(*grip), rng.uniform(14, 22), PLASTIC if rng.random() < 0.6 else WOOD),
        (_rect(-handle * 0.92, width * 0.3, 4, width * 0.75), steel, STEEL),
        (_rect(-8, -4, 2, width + 4), steel * 1.6, STEEL),
    ]
    return parts


def _brick(rng: Rng) -> list[Part]:
    wide, tall, deep = rng.uniform(180, 270), rng.uniform(110, 180), rng.uniform(55, 85)
    columns, rows = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    powder = ORGANIC.packed(rng.uniform(1.05, 1.4))
    parts: list[Part] = []
    for column in range(columns):
        for row in range(rows):
            layers = int(rng.integers(1, 3)) if columns * rows > 1 else int(rng.integers(1, 4))
            x, y = column * (wide + rng.uniform(2, 10)), row * (tall + rng.uniform(2, 10))
            jitter = rng.uniform(-5, 5, 4)
            body = _rect(x + jitter[0], y + jitter[1], x + wide + jitter[2], y + tall + jitter[3])
            parts.append((body, deep * layers, powder))
            parts.append((_rect(x + 8, y + 8, x + wide - 8, y + tall - 8), deep * 0.06 * layers, powder))
    return parts


def _dense_block(rng: Rng) -> list[Part]:
    wide, tall = rng.uniform(70, 260), rng.uniform(70, 220)
    lead = rng.random() < 0.5
    material = LEAD if lead else STEEL
    solid = rng.uniform(18, 60) if lead else rng.uniform(50, 150)
    outer = _circle(wide / 2, wide / 2, wide / 2) if rng.random() < 0.25 else _rect(0, 0, wide, tall)
    parts: list[Part] = [(outer, solid, material)]
    if rng.random() < 0.4 and len(outer) == 4:
        wall = rng.uniform(12, 26)
        parts.append((_rect(0, 0, wide, wall), solid * 0.8, material))
        parts.append((_rect(0, tall - wall, wide, tall), solid * 0.8, material))
        parts.append((_rect(0, wall, wall, tall - wall), solid * 0.8, material))
        parts.append((_rect(wide - wall, wall, wide, tall - wall), solid * 0.8, material))
    return parts


_PARTS: dict[ThreatKind, Callable[[Rng], list[Part]]] = {
    ThreatKind.GUN: _gun,
    ThreatKind.BLADE: _blade,
    ThreatKind.BRICK: _brick,
    ThreatKind.DENSE_BLOCK: _dense_block,
}


def place_threat(planes: Float32, threat: Float32, *, x_px: int, y_px: int, chain: Chain) -> BoxXyxy | None:
    """Add a threat to a scene if a person could see it there.

    Args:
        planes: Shape ``(2, H, W)``, g/cm²; changed in place only if the threat is visible.
        threat: Shape ``(2, h, w)``, g/cm².
        x_px: Column of its first pixel; it must fit.
        y_px: Row of its first pixel.
        chain: Gives the noise that visibility is measured against.

    Returns:
        Box of the visible pixels (``xyxy``, pixels), or None: not placed.

    Raises:
        ValueError: If the threat does not fit inside the scene.
    """
    height, width = threat.shape[1:]
    if x_px < 0 or y_px < 0 or x_px + width > planes.shape[2] or y_px + height > planes.shape[1]:
        raise ValueError(
            f"threat of {width}×{height} px at ({x_px}, {y_px}) leaves the scene; move it inside"
        )
    place = planes[:, y_px : y_px + height, x_px : x_px + width]
    covered = np.abs(threat).sum(axis=0) > 0.35
    if not covered.any():
        return None
    before = np.exp(-attenuation(np.ascontiguousarray(place), chain.endpoints_mev[0]))
    drop = before - np.exp(-attenuation(place + threat, chain.endpoints_mev[0]))
    sigma = noise_sigma(before, chain, 0)
    if drop[covered].mean() < MIN_MEAN_DROP or (drop[covered] / sigma[covered]).mean() < 1:
        return None
    seen = covered & (drop >= np.maximum(MIN_MEAN_DROP / 2, sigma / 2))
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if seen.sum() < 12 or seen.sum() < 0.25 * covered.sum():
        return None
    place += threat
    x0, y0 = x_px + int(columns[0]), y_px + int(rows[0])
    return float(x0), float(y0), float(x_px + int(columns[-1]) + 1), float(y_px + int(rows[-1]) + 1)
