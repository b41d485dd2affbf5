"""Goods in packages that repeat: cartons, sacks, drums, rolls, bottles, appliances."""

import numpy as np

from datasets.synthetic.bay import DEPTH_MM, Bay, Grain, Rect, Rng, draw_pallet, grained_rect
from datasets.synthetic.canvas import Canvas
from datasets.synthetic.physics import (
    GLASS,
    ORGANIC,
    PLASTIC,
    STEEL,
    WOOD,
    Float32,
    Material,
)

_STONE = GLASS.packed(2.3)


def draw_cartons(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    wide, tall = rng.uniform(330, 640), rng.uniform(230, 480)
    grain = Grain(rng, ((3, 3), (12, 12), (rng.uniform(2, 30), rng.uniform(2, 30))))
    rows, on_pallets = _rows(rng), rng.random() < 0.45
    strength, gap = rng.uniform(0.02, 0.10), rng.uniform(4, 16)
    items = (int(rng.integers(1, 6)), int(rng.integers(1, 5)), rng.uniform(0.04, 0.3))
    for _ in range(rows):
        depth = DEPTH_MM / rows
        goods = ORGANIC.packed(bulk * rng.uniform(0.92, 1.08))
        x = bay.x0 + rng.uniform(0, 120)
        height = bay.height * rng.uniform(0.72, 0.96)
        while x + wide < bay.x1:
            n_here = int(rng.integers(1, 3)) if on_pallets else 1
            n_here = min(n_here, int((bay.x1 - x) // wide))
            base = (
                draw_pallet(canvas, rng, (x, x + n_here * wide), bay.floor, depth)
                if on_pallets
                else bay.floor
            )
            n_high = max(int((base - bay.floor + height) // tall) - int(rng.random() < 0.12), 1)
            for column in range(n_here):
                left = x + column * wide + rng.uniform(-6, 6)
                for level in range(n_high):
                    bottom = base - level * tall
                    rect = (left + gap / 2, bottom - tall + 3, left + wide - gap / 2, bottom)
                    grained_rect(
                        canvas, grain, rect, depth * rng.uniform(0.93, 1.05), goods, strength=strength
                    )
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


def draw_sacks(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    wide, tall = rng.uniform(560, 800), rng.uniform(130, 210)
    grain = Grain(rng, ((2, 3), (14, 20)))
    rows, top = _rows(rng), rng.uniform(0.45, 0.85)
    slope = rng.uniform(-0.18, 0.18)
    for _ in range(rows):
        depth = DEPTH_MM / rows
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


def draw_drums(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
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


def draw_rolls(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
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


def draw_bottles(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    radius, tall = rng.uniform(34, 46), rng.uniform(230, 320)
    glass, rows = rng.random() < 0.6, 4
    scale = bulk * DEPTH_MM / (rows * 2 * radius * 1.1)
    unit = _bottle(canvas, radius, tall, glass)
    x, height = bay.x0 + rng.uniform(0, 40), bay.height * rng.uniform(0.6, 0.88)
    while x + 1100 < bay.x1:
        base = draw_pallet(canvas, rng, (x, x + 1100), bay.floor, 2000)
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


def draw_appliances(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
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
        canvas.rect(x + 60, y + 50, x + wide - 60, y + 120, 150, _STONE)
        canvas.rect(x + wide * 0.3, y + tall - 210, x + wide * 0.55, y + tall - 90, 60, STEEL)
        canvas.disc(*centre, 60, 50, STEEL)
    canvas.rect(x + 5, y + tall - 14, x + wide - 5, y + tall, 200, WOOD)


def _rows(rng: Rng, choices: tuple[int, ...] = (2, 2, 3, 4)) -> int:
    return int(rng.choice(choices))
