"""Goods without packages: tyres, machinery, timber, pipes, bulk."""

import numpy as np

from datasets.synthetic.bay import DEPTH_MM, Bay, Grain, Rect, Rng, draw_pallet, grained_rect
from datasets.synthetic.canvas import Canvas, smooth_noise
from datasets.synthetic.physics import (
    ALUMINIUM,
    ORGANIC,
    PLASTIC,
    RUBBER,
    STEEL,
    WOOD,
    Material,
)


def draw_tyres(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
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


def draw_machinery(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    x = bay.x0 + rng.uniform(20, 150)
    while x + 700 < bay.x1:
        wide = min(rng.uniform(900, 2300), bay.x1 - x)
        tall = bay.height * rng.uniform(0.4, 0.82)
        base = draw_pallet(canvas, rng, (x, x + wide), bay.floor, 1500)
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


def draw_timber(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
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
                grained_rect(
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


def draw_pipes(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
    radius = rng.uniform(25, 110)
    metal = bulk > 0.2
    material, wall = (STEEL, rng.uniform(2.5, 7)) if metal else (PLASTIC, rng.uniform(3, 8))
    end_on = rng.random() < 0.3
    height = bay.height * rng.uniform(0.3, 0.7 if metal else 0.92)
    if end_on:
        length = rng.uniform(40, 130) if metal else rng.uniform(600, 2000)
        _pipe_ends(canvas, bay, height, (radius * 1.4, wall, length), material)
        return
    for _ in range(int(np.clip(DEPTH_MM / (2 * radius) / 4, 2, 7))):
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


def draw_bulk(canvas: Canvas, rng: Rng, bay: Bay, bulk: float) -> None:
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
