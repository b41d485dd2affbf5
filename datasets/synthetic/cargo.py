"""Loads inside a container, drawn by the way they are packed.

Every function fills one bay of the loadable space and returns nothing: the canvas weighs what was drawn.
The container is 2.34 m deep along the beam; goods stand there in two to four rows that never line up
exactly, and that is most of what makes a load look real.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from datasets.synthetic.canvas import Canvas, smooth_noise
from datasets.synthetic.goods import Goods, Packing
from datasets.synthetic.physics import (
    ALUMINIUM,
    GLASS,
    ORGANIC,
    PLASTIC,
    RUBBER,
    STEEL,
    WOOD,
    Float32,
    Material,
)

Rng = np.random.Generator
Rect = tuple[float, float, float, float]
_DEPTH_MM = 2200.0


@dataclass(frozen=True, kw_only=True)
class Bay:
    """A stretch of the loadable space: left, ceiling, right, floor, millimetres."""

    x0: float
    top: float
    x1: float
    floor: float

    @property
    def height(self) -> float:
        return self.floor - self.top


class Grain:
    """A sheet of unit-variance texture from which patches are cut."""

    def __init__(self, rng: Rng, scales_px: tuple[tuple[float, float], ...]) -> None:
        self._rng = rng
        shape = (768, 1024)
        sheet = sum((smooth_noise(rng, shape, s) for s in scales_px), np.zeros(shape, dtype=np.float32))
        self._sheet: Float32 = np.asarray(sheet / max(float(sheet.std()), 1e-6), dtype=np.float32)

    def cut(self, shape: tuple[int, ...], strength: float) -> Float32:
        """A patch of multipliers around 1."""
        height, width = min(shape[0], 760), min(shape[1], 1000)
        y = int(self._rng.integers(0, 768 - height + 1))
        x = int(self._rng.integers(0, 1024 - width + 1))
        patch = self._sheet[y : y + height, x : x + width]
        multipliers: Float32 = np.maximum(1 + np.float32(strength) * patch, np.float32(0.05))
        return multipliers


def fill_bay(canvas: Canvas, rng: Rng, bay: Bay, goods: Goods) -> None:
    """Load goods into a bay."""
    _DRAW[goods.packing](canvas, rng, bay, float(rng.uniform(*goods.bulk_g_cm3)))


def _rows(rng: Rng, choices: tuple[int, ...] = (2, 2, 3, 4)) -> int:
    return int(rng.choice(choices))


def _grained(canvas: Canvas, grain: Grain, rect: Rect, depth: float, m: Material, *, strength: float) -> None:
    across, x_px = canvas.coverage(rect[0], rect[2])
    down, y_px = canvas.coverage(rect[1], rect[3])
    patch = np.float32(depth) * down[:, None] * across
    cut = grain.cut(patch.shape, strength)
    patch[: cut.shape[0], : cut.shape[1]] *= cut
    canvas.add(patch, x_px, y_px, m)


def _pallet(canvas: Canvas, rng: Rng, ends: tuple[float, float], floor: float, depth: float) -> float:
    """Draw a wooden pallet; returns the height of its deck (y of the load's base)."""
    (x0, x1), y = ends, floor - 144
    canvas.rect(x0, y, x1, y + 22, depth * 0.85, WOOD)
    canvas.rect(x0, floor - 22, x1, floor, depth * 0.35, WOOD)
    for share in (0.0, 0.5, 1.0):
        x = x0 + share * (x1 - x0 - 110)
        canvas.rect(x, y + 22, x + 110, floor - 22, depth * 0.4, WOOD)
        if rng.random() < 0.7:
            canvas.rect(x + 40, y, x + 44, y + 70, 8, STEEL)
    return y


def _cartons(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    wide, tall = rng.uniform(330, 640), rng.uniform(230, 480)
    grain = Grain(rng, ((3, 3), (12, 12), (rng.uniform(2, 30), rng.uniform(2, 30))))
    rows, on_pallets = _rows(rng), rng.random() < 0.45
    strength, gap = rng.uniform(0.02, 0.10), rng.uniform(4, 16)
    items = (int(rng.integers(1, 6)), int(rng.integers(1, 5)), rng.uniform(0.04, 0.3))
    for _ in range(rows):
        depth = _DEPTH_MM / rows
        goods = ORGANIC.packed(bulk * rng.uniform(0.92, 1.08))
        x = bay.x0 + rng.uniform(0, 120)
        height = bay.height * rng.uniform(0.72, 0.96)
        while x + wide < bay.x1:
            n_here = int(rng.integers(1, 3)) if on_pallets else 1
            n_here = min(n_here, int((bay.x1 - x) // wide))
            base = _pallet(canvas, rng, (x, x + n_here * wide), bay.floor, depth) if on_pallets else bay.floor
            n_high = max(int((base - bay.floor + height) // tall) - int(rng.random() < 0.12), 1)
            for column in range(n_here):
                left = x + column * wide + rng.uniform(-6, 6)
                for level in range(n_high):
                    bottom = base - level * tall
                    rect = (left + gap / 2, bottom - tall + 3, left + wide - gap / 2, bottom)
                    _grained(canvas, grain, rect, depth * rng.uniform(0.93, 1.05), goods, strength=strength)
                    canvas.outline(*rect, 7, depth * 0.16, goods)
                    _items(canvas, rect, depth, goods, items)
                    canvas.rect(
                        rect[0], bottom - tall * 0.5 - 4, rect[2], bottom - tall * 0.5 + 4, 14, ORGANIC
                    )
            x += n_here * wide + (rng.uniform(20, 90) if on_pallets else gap)


def _items(canvas: Canvas, rect: Rect, depth: float, goods: Material, items: tuple[int, int, float]) -> None:
    """What is packed in a carton: rows and columns of denser cores."""
    columns, rows, share = items
    wide, tall = (rect[2] - rect[0]) / columns, (rect[3] - rect[1]) / rows
    across = _bars(canvas, rect[0], rect[2], wide)
    down = _bars(canvas, rect[1], rect[3], tall)
    x_px, y_px = int(np.floor(rect[0] / canvas.pitch_mm)), int(np.floor(rect[1] / canvas.pitch_mm))
    patch = down[:, None] * across * np.float32(depth * share)
    canvas.add(patch, x_px, y_px, goods)


def _bars(canvas: Canvas, start: float, end: float, step: float) -> Float32:
    """Weights in [0, 1] along an interval's pixels: 1 on items a ``step`` apart, 0 between them."""
    p = canvas.pitch_mm
    first, last = int(np.floor(start / p)), int(np.ceil(end / p))
    centre = (np.arange(first, last, dtype=np.float32) + np.float32(0.5)) * np.float32(p)
    phase = ((centre - start) % step) / step
    edge = np.minimum(phase, 1 - phase) * np.float32(step / 16) - np.float32(0.6)
    weights: Float32 = np.clip(edge, 0, 1)
    return weights


def _sacks(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    wide, tall = rng.uniform(560, 800), rng.uniform(130, 210)
    grain = Grain(rng, ((2, 3), (14, 20)))
    rows, top = _rows(rng), rng.uniform(0.45, 0.85)
    slope = rng.uniform(-0.18, 0.18)
    for _ in range(rows):
        depth = _DEPTH_MM / rows
        offset, level = rng.uniform(-0.5, 0.0) * wide, 0
        while level * tall < bay.height * top:
            bottom = bay.floor - level * tall * 0.93
            x = bay.x0 + offset + (level % 2) * wide * 0.5
            while x < bay.x1 - wide * 0.5:
                left, right = max(x, bay.x0), min(x + wide, bay.x1)
                reach = 1 + slope * (2 * (x - bay.x0) / max(bay.x1 - bay.x0, 1) - 1)
                if right - left > wide * 0.4 and level * tall < bay.height * top * reach:
                    _sack(canvas, rng, grain, (left, bottom - tall, right, bottom), depth, bulk=bulk)
                x += wide * rng.uniform(0.97, 1.02)
            level += 1


def _sack(canvas: Canvas, rng: Rng, grain: Grain, rect: Rect, depth: float, *, bulk: float) -> None:
    x_mm, y_mm, x_px, y_px = canvas.grid(
        (rect[0] + rect[2]) / 2,
        (rect[1] + rect[3]) / 2 + rng.uniform(-8, 8),
        (rect[2] - rect[0]) * 0.51,
        (rect[3] - rect[1]) * 0.56,
    )
    u = np.abs(x_mm / ((rect[2] - rect[0]) * 0.51)) ** 3.2
    v = np.abs(y_mm / ((rect[3] - rect[1]) * 0.56)) ** 2.4
    shape = np.maximum(1 - u - v, 0) ** np.float32(0.32)
    patch = (shape * np.float32(depth * rng.uniform(0.94, 1.06))).astype(np.float32)
    cut = grain.cut(patch.shape, 0.035)
    patch[: cut.shape[0], : cut.shape[1]] *= cut
    canvas.add(patch, x_px, y_px, ORGANIC.packed(bulk * 1.15))


def _drums(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    radius, tall = 292.0, 880.0
    liquid = ORGANIC.packed(0.9)
    rows = int(np.clip(round(bulk * 8), 2, 4))
    n_high = 2 if bay.height > 2 * tall + 160 and rng.random() < 0.75 else 1
    fill = rng.uniform(0.86, 0.95)
    for row in range(rows):
        x = bay.x0 + radius + (row % 2) * radius * rng.uniform(0.8, 1.0) + rng.uniform(0, 20)
        while x + radius < bay.x1:
            base = bay.floor
            for level in range(n_high):
                if level and rng.random() < 0.06:
                    continue
                y0 = base - tall
                canvas.column(x, y0, base, radius, STEEL, wall_mm=1.2)
                canvas.column(x, y0 + tall * (1 - fill), base - 12, radius - 2, liquid)
                canvas.rect(x - radius, y0 + 14, x + radius, y0 + 20, 160, STEEL)
                canvas.rect(x - radius, base - 18, x + radius, base - 12, 160, STEEL)
                for share in (0.33, 0.67):
                    canvas.column(
                        x, y0 + tall * share - 9, y0 + tall * share + 9, radius + 9, STEEL, wall_mm=1.6
                    )
                base = y0 - 14
                if level == 0 and n_high == 2:
                    canvas.rect(x - radius, base - 6, x + radius, base + 14, 420, WOOD)
                    base -= 6
            x += 2 * radius + rng.uniform(4, 16)


def _rolls(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    radius, tall = rng.uniform(330, 620), rng.uniform(800, 1250)
    rows = 2 if radius > 480 else 3
    paper = ORGANIC.packed(bulk * rng.uniform(1.4, 1.7))
    grain = Grain(rng, ((90, 1.5), (200, 5), (20, 20)))
    for row in range(rows):
        x = bay.x0 + radius + (row % 2) * rng.uniform(0.05, 0.9) * radius
        while x + radius < bay.x1:
            base, room = bay.floor, bay.height * rng.uniform(0.8, 0.98)
            while base - tall > bay.floor - room:
                start = base - tall * rng.uniform(0.98, 1.0)
                profile, x_px = canvas.chords(x, radius, None)
                core, core_px = canvas.chords(x, 45, None)
                profile[core_px - x_px : core_px - x_px + core.size] -= core
                down, y_px = canvas.coverage(start, base - 6)
                patch = down[:, None] * profile
                cut = grain.cut(patch.shape, 0.02)
                patch[: cut.shape[0], : cut.shape[1]] *= cut
                canvas.add(patch, x_px, y_px, paper)
                base -= tall
            x += 2 * radius + rng.uniform(5, 45)


def _tyres(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    radius = 510.0 if bulk > 0.16 else 315.0
    inner, wide = radius * rng.uniform(0.55, 0.62), radius * rng.uniform(0.48, 0.62)
    lying = rng.random() < 0.6
    for row in range(2 if radius > 400 else 3):
        shift = row * rng.uniform(0.3, 0.9) * radius
        if lying:
            _tyre_stacks(canvas, rng, bay, (radius, inner, wide), shift)
        else:
            _tyre_laces(canvas, rng, bay, (radius, inner, wide), shift)


def _tyre_stacks(canvas: Canvas, rng: Rng, bay: Bay, size: tuple[float, float, float], shift: float) -> None:
    radius, inner, wide = size
    x = bay.x0 + radius + shift
    while x + radius < bay.x1:
        base = bay.floor
        while base - wide > bay.top + rng.uniform(0, 0.25) * bay.height:
            middle = x + rng.uniform(-15, 15)
            x_mm, y_mm, x_px, y_px = canvas.grid(middle, base - wide / 2, radius, wide / 2)
            bulge = np.sqrt(np.maximum(1 - (2 * y_mm / wide) ** 2, 0))
            outer = np.sqrt(np.maximum((inner + (radius - inner) * bulge) ** 2 - x_mm**2, 0))
            hollow = np.sqrt(np.maximum((inner + (radius - inner) * bulge - 26) ** 2 - x_mm**2, 0))
            hole = np.where(np.abs(y_mm) < wide * 0.36, 1.0, 0.82)
            patch = (2 * (outer - hollow * hole) * (bulge > 0)).astype(np.float32)
            canvas.add(np.maximum(patch, 0), x_px, y_px, RUBBER)
            for side in (-1, 1):
                y = base - wide / 2 + side * wide * 0.40
                canvas.rect(middle - inner - 14, y - 8, middle + inner + 14, y + 8, 14, STEEL)
            base -= wide * rng.uniform(0.92, 0.97)
        x += 2 * radius + rng.uniform(5, 40)


def _tyre_laces(canvas: Canvas, rng: Rng, bay: Bay, size: tuple[float, float, float], shift: float) -> None:
    radius, inner, wide = size
    depth_share = rng.uniform(0.8, 1.6)
    y, level = bay.floor - radius, 0
    while y - radius > bay.top:
        x = bay.x0 + radius + shift * 0.3 + (level % 2) * radius * 0.6
        while x + radius < bay.x1:
            canvas.ring(x, y, inner, radius, 30 * depth_share, RUBBER)
            canvas.ring(x, y, radius - 36, radius - 3, wide * 0.8 * depth_share, RUBBER)
            canvas.ring(x, y, inner, inner + 20, 14 * depth_share, STEEL)
            canvas.ring(x, y, radius - 24, radius - 12, 4 * depth_share, STEEL)
            x += 2 * radius * rng.uniform(0.74, 1.0)
        y -= radius * rng.uniform(1.5, 1.9)
        level += 1


def _machinery(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    x = bay.x0 + rng.uniform(20, 150)
    while x + 700 < bay.x1:
        wide = min(rng.uniform(900, 2300), bay.x1 - x)
        tall = bay.height * rng.uniform(0.4, 0.82)
        base = _pallet(canvas, rng, (x, x + wide), bay.floor, 1500)
        _machine(canvas, rng, (x + 60, base - tall, x + wide - 60, base), bulk)
        if rng.random() < 0.6:
            canvas.rect(x, base - tall - 40, x + wide, base, 2 * 18, WOOD)
            canvas.outline(x, base - tall - 40, x + wide, base, 60, 700, WOOD)
            canvas.line((x, base), (x + wide, base - tall - 40), 80, 40, WOOD)
        x += wide + rng.uniform(80, 350)


def _machine(canvas: Canvas, rng: Rng, rect: Rect, bulk: float) -> None:
    x0, y0, x1, y1 = rect
    wide, tall = x1 - x0, y1 - y0
    strong = bulk / 0.35
    canvas.rect(x0, y1 - 110, x1, y1 - 30, 60 * strong, STEEL)
    canvas.outline(x0, y0, x1, y1, 50, 16, STEEL)
    canvas.rect(x0, y0, x1, y1, 3, STEEL)
    for _ in range(int(rng.integers(2, 5))):
        w, h = wide * rng.uniform(0.15, 0.42), tall * rng.uniform(0.15, 0.45)
        x, y = rng.uniform(x0, x1 - w), y1 - 110 - h - (tall - h - 150) * max(rng.uniform(-0.4, 0.9), 0)
        canvas.rect(
            x, y, x + w, y + h, rng.uniform(25, 90) * strong, STEEL if rng.random() < 0.75 else ALUMINIUM
        )
        for k in range(int(rng.integers(0, 9))):
            fin = x + w * (k + 0.5) / 9
            canvas.rect(fin - 9, y - 25, fin + 9, y + h, rng.uniform(8, 25), STEEL)
    for _ in range(int(rng.integers(3, 8))):
        radius = rng.uniform(0.04, 0.16) * min(wide, tall)
        x, y = rng.uniform(x0 + radius, x1 - radius), rng.uniform(y0 + radius, y1 - radius)
        canvas.ring(x, y, radius * rng.uniform(0.3, 0.85), radius, rng.uniform(20, 110) * strong, STEEL)
        canvas.disc(x, y, radius * 0.25, rng.uniform(40, 160) * strong, STEEL)
        if rng.random() < 0.5:
            canvas.beam(x, min(x + rng.uniform(0.1, 0.5) * wide, x1), y, rng.uniform(14, 45), STEEL)
    for _ in range(int(rng.integers(6, 22))):
        a = (rng.uniform(x0, x1), rng.uniform(y0, y1))
        b = (
            (a[0] + rng.uniform(-1, 1) * wide * 0.3, a[1])
            if rng.random() < 0.6
            else (a[0], rng.uniform(y0, y1))
        )
        b = (float(np.clip(b[0], x0, x1)), b[1])
        canvas.line(a, b, rng.uniform(8, 45), rng.uniform(4, 28), STEEL if rng.random() < 0.8 else PLASTIC)
    for _ in range(int(rng.integers(5, 25))):
        canvas.disc(rng.uniform(x0, x1), rng.uniform(y0, y1), rng.uniform(6, 24), rng.uniform(8, 40), STEEL)


def _timber(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    grain = Grain(rng, ((1.6, 120), (5, 300), (30, 60)))
    board, tall = rng.uniform(18, 60), rng.uniform(420, 700)
    x = bay.x0 + rng.uniform(10, 80)
    while x + 900 < bay.x1:
        length = min(rng.uniform(2000, 4000), bay.x1 - x)
        base, room = bay.floor, bay.height * rng.uniform(0.6, 0.95)
        while base - tall > bay.floor - room:
            for share in (0.08, 0.5, 0.88):
                canvas.rect(x + share * length, base - 80, x + share * length + 90, base, 2000, WOOD)
            y = base - 80
            while y - board > base - tall:
                end = x + length * rng.uniform(0.985, 1.0)
                wood = WOOD.packed(bulk * rng.uniform(1.05, 1.3))
                _grained(
                    canvas,
                    grain,
                    (x, y - board + 3, end, y),
                    2100 * rng.uniform(0.9, 1.05),
                    wood,
                    strength=0.05,
                )
                y -= board
            for share in (0.15, 0.8):
                canvas.rect(x + share * length, base - tall, x + share * length + 19, base - 80, 1.8, STEEL)
            base -= tall + 20
        x += length + rng.uniform(40, 160)


def _bottles(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    radius, tall = rng.uniform(34, 46), rng.uniform(230, 320)
    glass, rows = rng.random() < 0.6, 4
    scale = bulk * _DEPTH_MM / (rows * 2 * radius * 1.1)
    unit = _bottle(canvas, radius, tall, glass)
    x, height = bay.x0 + rng.uniform(0, 40), bay.height * rng.uniform(0.6, 0.88)
    while x + 1100 < bay.x1:
        base = _pallet(canvas, rng, (x, x + 1100), bay.floor, 2000)
        n_high = max(int((height - 144) // (tall + 25)), 1)
        for level in range(n_high):
            y = base - (level + 1) * (tall + 25)
            canvas.rect(x, y, x + 1100, y + 14, 900, ORGANIC.packed(0.3))
            for row in range(2):
                left = x + 8 + row * rng.uniform(0.2, 1.0) * radius
                while left + 2 * radius < x + 1100:
                    x_px, y_px = int(left / canvas.pitch_mm), int((y + 18) / canvas.pitch_mm)
                    for thickness, material in unit:
                        canvas.add(thickness * np.float32(scale * rows / 2), x_px, y_px, material)
                    left += 2 * radius + 5
        x += 1100 + rng.uniform(20, 90)


def _bottle(canvas: Canvas, radius: float, tall: float, glass: bool) -> list[tuple[Float32, Material]]:
    small = Canvas(
        height_px=int(tall / canvas.pitch_mm) + 1,
        width_px=int(2 * radius / canvas.pitch_mm) + 2,
        pitch_mm=canvas.pitch_mm,
    )
    layers: list[tuple[Float32, Material]] = []
    wall = GLASS if glass else PLASTIC
    for material, inset, wall_mm in ((wall, 0.0, 3.0 if glass else 0.5), (ORGANIC, 3.0, None)):
        small.planes[:] = 0
        pure = Material(density_g_cm3=10.0, organic=1.0, iron=0.0)
        small.column(radius, tall * 0.36, tall, radius - inset, pure, wall_mm=wall_mm)
        small.column(radius, tall * 0.25, tall * 0.36, radius * 0.7, pure, wall_mm=wall_mm)
        small.column(
            radius, tall * (0.0 if inset == 0 else 0.1), tall * 0.25, radius * 0.38, pure, wall_mm=wall_mm
        )
        layers.append((small.planes[0].copy(), material))
    return layers


def _pipes(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    radius = rng.uniform(25, 110)
    metal = bulk > 0.2
    material, wall = (STEEL, rng.uniform(2.5, 7)) if metal else (PLASTIC, rng.uniform(3, 8))
    end_on = rng.random() < 0.3
    height = bay.height * rng.uniform(0.3, 0.7 if metal else 0.92)
    if end_on:
        length = rng.uniform(40, 130) if metal else rng.uniform(600, 2000)
        _pipe_ends(canvas, bay, height, (radius * 1.4, wall, length), material)
        return
    for _ in range(int(np.clip(_DEPTH_MM / (2 * radius) / 4, 2, 7))):
        y = bay.floor - radius - rng.uniform(0, radius)
        while y - radius > bay.floor - height:
            x0, x1 = bay.x0 + rng.uniform(10, 160), bay.x1 - rng.uniform(10, 160)
            canvas.beam(x0, x1, y, radius, material, wall_mm=wall)
            y -= 2 * radius * rng.uniform(0.92, 1.05)
    for share in np.linspace(0.08, 0.92, 4):
        x = bay.x0 + share * (bay.x1 - bay.x0)
        canvas.rect(x, bay.floor - height - 60, x + 70, bay.floor, 120, WOOD)


def _pipe_ends(
    canvas: Canvas, bay: Bay, height: float, size: tuple[float, float, float], material: Material
) -> None:
    """Short pipes lying along the beam: rings, thick but not endless."""
    radius, wall, length = size
    y, level = bay.floor - radius, 0
    while y - radius > bay.floor - height:
        x = bay.x0 + radius + (level % 2) * radius
        while x + radius < bay.x1:
            canvas.ring(x, y, radius - wall, radius, length, material)
            x += 2 * radius + 2
        y -= 1.74 * radius
        level += 1


def _bulk(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    shape = canvas.planes.shape[1:]
    p = canvas.pitch_mm
    columns = np.arange(int(bay.x0 / p), min(int(bay.x1 / p), shape[1]))
    if columns.size < 8:
        return
    wave = smooth_noise(rng, (1, columns.size), (1, max(columns.size / 5, 4)))[0]
    scrap = bulk < 0.3
    rough = smooth_noise(rng, (1, columns.size), (1, 12))[0]
    height = bay.height * (rng.uniform(0.4, 0.7) + 0.07 * wave) + rough * (45 if scrap else 8)
    surface = (bay.floor - np.clip(height, 100, bay.height * 0.92)) / p
    rows = np.arange(max(int(bay.top / p), 0), int(bay.floor / p), dtype=np.float32)
    # The heap also slopes along the beam: full depth is reached some way below the crest.
    soft = rng.uniform(120, 450) / p
    depth = np.clip((rows[:, None] - surface) / soft, 0, 1) ** 0.8
    grain = smooth_noise(rng, depth.shape, (3, 3)) * 0.5 + smooth_noise(rng, depth.shape, (25, 40))
    strength = 0.14 if scrap else 0.02
    patch = (depth * 2250 * np.maximum(1 + strength * grain, 0.1)).astype(np.float32)
    material = STEEL.packed(bulk * 0.55) if scrap else ORGANIC.packed(bulk)
    canvas.add(patch, int(columns[0]), int(rows[0]), material)
    if scrap:
        for _ in range(int((bay.x1 - bay.x0) / 30)):
            column = int(rng.integers(0, columns.size))
            x, y = columns[column] * p, rng.uniform(surface[column] * p, bay.floor)
            angle, half = rng.uniform(0, np.pi), rng.uniform(20, 220)
            dx, dy = half * np.cos(angle), half * np.sin(angle)
            canvas.line(
                (x - dx, y - dy),
                (x + dx, min(y + dy, bay.floor)),
                rng.uniform(6, 70),
                rng.uniform(3, 25),
                STEEL,
            )


def _appliances(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    wide, tall = rng.uniform(600, 760), float(rng.choice([850.0, 1750.0]))
    rows = 3
    n_high = max(int(bay.height // (tall + 30)), 1)
    tall = min(tall, bay.height / n_high - 30)
    for _ in range(rows):
        x = bay.x0 + rng.uniform(0, 100)
        while x + wide < bay.x1:
            for level in range(n_high):
                _appliance(canvas, rng, (x, bay.floor - level * (tall + 24) - tall, wide, tall), bulk)
            x += wide + rng.uniform(8, 30)


def _appliance(canvas: Canvas, rng: Rng, place: Rect, bulk: float) -> None:
    x, y, wide, tall = place
    foam = PLASTIC.packed(bulk * 0.35)
    canvas.rect(x, y, x + wide, y + tall, 2 * 0.7, STEEL)
    canvas.rect(x, y, x + wide, y + tall, 600, foam)
    canvas.outline(x + 20, y + 25, x + wide - 20, y + tall - 20, 12, 90, PLASTIC)
    canvas.outline(x, y, x + wide, y + tall, 8, 60, STEEL.packed(3.0))
    if tall > 1200:
        for share in (0.25, 0.4, 0.55, 0.7):
            canvas.rect(x + 40, y + tall * share, x + wide - 40, y + tall * share + 7, 300, GLASS)
        canvas.ball(x + wide * 0.75, y + tall - 120, 90, 80, 70, STEEL)
        canvas.rect(x + wide * 0.2, y + tall - 190, x + wide * 0.5, y + tall - 50, 9, STEEL)
    else:
        centre = (x + wide / 2, y + tall * 0.45)
        canvas.ring(*centre, wide * 0.30, wide * 0.34, 120, STEEL.packed(2.5))
        canvas.rect(x + 60, y + 50, x + wide - 60, y + 120, 150, STONE_WEIGHT)
        canvas.rect(x + wide * 0.3, y + tall - 210, x + wide * 0.55, y + tall - 90, 60, STEEL)
        canvas.disc(*centre, 60, 50, STEEL)
    canvas.rect(x + 5, y + tall - 14, x + wide - 5, y + tall, 200, WOOD)


STONE_WEIGHT = GLASS.packed(2.3)

_DRAW: dict[Packing, Callable[[Canvas, Rng, Bay, float], None]] = {
    Packing.CARTONS: _cartons,
    Packing.SACKS: _sacks,
    Packing.DRUMS: _drums,
    Packing.ROLLS: _rolls,
    Packing.TYRES: _tyres,
    Packing.MACHINERY: _machinery,
    Packing.TIMBER: _timber,
    Packing.BOTTLES: _bottles,
    Packing.PIPES: _pipes,
    Packing.BULK: _bulk,
    Packing.APPLIANCES: _appliances,
}
