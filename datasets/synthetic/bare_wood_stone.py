"""Timber, stone and panes: boards with stickers, logs, slabs on A-frames, blocks, tiles, glass in crates."""

import numpy as np

from datasets.synthetic import solids
from datasets.synthetic.dunnage import allowed_kg, bearers, crate, lanes, pallet, stowed, strap
from datasets.synthetic.grain import Grain
from datasets.synthetic.hold import Hold
from datasets.synthetic.litter import strokes
from datasets.synthetic.physics import ALUMINIUM, GLASS, PLASTIC, STONE, WOOD
from datasets.synthetic.projection import Projection, Span
from datasets.synthetic.stamp import Stamp

Rng = np.random.Generator


def draw_timber(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Sawn boards in bundles, with or without stickers between layers; or logs."""
    load = stowed(rng, bay, fill=(0.65, 0.98))
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3 * 1.1)
    if rng.random() < 0.25:
        _logs(projection, rng, load, end_kg)
        return
    board, wide = rng.uniform(18, 60), min(rng.uniform(900, 1150), load.width / 2)
    sticker = rng.uniform(15, 28) if rng.random() < 0.5 else 0.0
    length = min(rng.uniform(2400, 5900), load.length)
    tall = rng.uniform(380, 1100)
    density = float(np.clip(bulk_g_cm3 * rng.uniform(1.2, 1.6), 0.35, 0.95))
    grain = Grain(rng, ((1.6, 120), (5, 300), (30, 60), (4, 12)), rng.uniform(0.025, 0.06))
    y = load.y[1]
    while y - tall - 90 > load.y[0]:
        for near, far in lanes(rng, load.z, wide, gap=(5, 60)):
            stamp = _layers(projection, rng, (y - 90 - tall, y - 90), (near, far), board, sticker, density)
            x = load.x[0] + rng.uniform(0, 250)
            while x + 0.5 * length < load.x[1] and projection.mass_kg < end_kg:
                end = min(x + length * rng.uniform(0.94, 1), load.x[1])
                stamp.stretch(projection, (x, end), grain=grain)
                _frayed_end(projection, rng, end, (y - 90 - tall, y - 90), (near, far), board + sticker, load)
                bearers(projection, rng, (x, end), (y - 90, y), (near, far), pitch=1100)
                for share in np.linspace(0.04, 0.96, max(int((end - x) / 600), 2)) if sticker else ():
                    at = x + share * (end - x - 40)
                    projection.box((at, at + 40), (y - 90 - tall, y - 90), (near, far), WOOD, share=0.4)
                for share in (0.15, 0.5, 0.85):
                    at = x + share * (end - x) + rng.uniform(-60, 60)
                    strap(projection, rng, at, (y - 90 - tall, y), (near, far))
                x = end + rng.uniform(20, 200)
        y -= tall + 90


def _layers(  # noqa: PLR0917 - where, then the make-up of a bundle
    projection: Projection, rng: Rng, y: Span, z: Span, board: float, sticker: float, density: float
) -> Stamp:
    stamp = Stamp(projection.beam, 0)
    x, bottom = (0.0, stamp.projection.beam.width_mm), y[1]
    gap = sticker or rng.uniform(0.5, 2.5)
    while bottom - board > y[0]:
        ragged = rng.uniform(0, 0.05, 2) * (z[1] - z[0])
        across = (z[0] + ragged[0], z[1] - ragged[1])
        stamp.projection.box(
            x, (bottom - board, bottom), across, WOOD.packed(density * rng.uniform(0.9, 1.05))
        )
        bottom -= board + gap
    return stamp


def _frayed_end(  # noqa: PLR0917 - where
    projection: Projection, rng: Rng, x: float, y: Span, z: Span, step: float, load: Hold
) -> None:
    """Some boards are longer than the rest."""
    for bottom in np.arange(y[1], y[0] + step, -step):
        if rng.random() < 0.3:
            end = min(x + rng.uniform(5, 70), load.x[1])
            near = rng.uniform(z[0], z[1] - 120)
            projection.box(
                (x, end), (bottom - step * 0.8, bottom), (near, near + rng.uniform(100, 600)), WOOD
            )


def _logs(projection: Projection, rng: Rng, load: Hold, end_kg: float) -> None:
    """Round timber along the scan, thick and thin, bark and rings."""
    middle = rng.uniform(90, 260)
    length = min(rng.uniform(2400, 5900), load.length)
    bark = Grain(rng, ((2, 90), (8, 30), (3, 4)), rng.uniform(0.02, 0.06))
    x = load.x[0] + rng.uniform(0, 100)
    while x + 0.5 * length < load.x[1]:
        y, level = load.y[1], 0
        while y - 2 * middle > load.y[0]:
            for near, far in lanes(rng, load.z, 2 * middle, gap=(0, 25)):
                if projection.mass_kg > end_kg:
                    return
                radius = middle * rng.uniform(0.68, 1.0)
                start = x + rng.uniform(0, 220)
                end = min(start + length - rng.uniform(0, 350), load.x[1])
                shift = rng.uniform(0, 0.25) * middle if level else 0.0
                log = solids.cylinder_x(
                    projection.beam, (start, end), y - radius - shift, (near + far) / 2, radius
                )
                projection.add(log, WOOD.packed(rng.uniform(0.65, 0.95)), grain=bark)
            y -= 1.8 * middle
            level += 1
        x += length + rng.uniform(50, 250)


def draw_stone(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Granite slabs on A-frames, rough blocks, or tiles on pallets."""
    load = stowed(rng, bay, fill=(0.75, 0.95))
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3)
    draw = (_slabs, _blocks, _tiles)[int(rng.choice(3, p=(0.45, 0.2, 0.35)))]
    draw(projection, rng, load, end_kg)


def _slabs(projection: Projection, rng: Rng, load: Hold, end_kg: float) -> None:
    """Slabs leaning on both sides of timber frames."""
    grain = Grain(rng, ((2, 3), (8, 12), (30, 50)), rng.uniform(0.006, 0.02))
    x, floor = load.x[0] + rng.uniform(50, 300), load.y[1] - 100
    while x + 2000 < load.x[1] and projection.mass_kg < end_kg:
        length, tall = min(rng.uniform(2200, 3100), load.x[1] - x), rng.uniform(0.55, 0.8) * load.height
        for side in (-1, 1):
            z = sum(load.z) / 2 + side * 120
            for _ in range(int(rng.integers(5, 14))):
                thick = rng.choice([18.0, 20.0, 30.0])
                if projection.mass_kg > end_kg:
                    break
                cut = rng.uniform(0, 120, 2)
                top = floor - tall + rng.uniform(0, 150)
                across = (min(z, z + side * thick), max(z, z + side * thick))
                slab = solids.box(projection.beam, (x + cut[0], x + length - cut[1]), (top, floor), across)
                projection.add(slab, STONE.packed(2.7), grain=grain)
                z += side * (thick + 3)
        _a_frame(projection, rng, (x + 150, x + length - 150), (floor - tall * 0.95, load.y[1]), load)
        x += length + rng.uniform(100, 500)


def _a_frame(projection: Projection, rng: Rng, x: Span, y: Span, load: Hold) -> None:
    middle = sum(load.z) / 2
    for share in np.linspace(0, 1, 4):
        at = x[0] + share * (x[1] - x[0] - 90)
        projection.box((at, at + 90), y, (middle - 90, middle + 90), WOOD)
        projection.box((at, at + 90), (y[1] - 100, y[1]), (load.z[0] + 200, load.z[1] - 200), WOOD)
    for level in (y[0], (y[0] + y[1]) / 2):
        projection.box(x, (level, level + 90), (middle - 60, middle + 60), WOOD)
    if rng.random() < 0.7:
        rising = [(x[0], y[1] - 100, middle), (x[1], y[0], middle)]
        projection.add(strokes(projection.beam, [rising], 80, 50), WOOD)


def _blocks(projection: Projection, rng: Rng, load: Hold, end_kg: float) -> None:
    """Quarry blocks, two to four to a container, with drill marks down their faces."""
    marks = Grain(rng, ((200, 3), (12, 20), (50, 50)), rng.uniform(0.01, 0.025))
    x, floor = load.x[0] + rng.uniform(200, 900), load.y[1] - 120
    while projection.mass_kg < end_kg:
        tall, deep = rng.uniform(700, 1300), min(rng.uniform(800, 1500), load.width)
        length = min(rng.uniform(1200, 2600), (end_kg - projection.mass_kg) / (tall * deep * 2.7e-6))
        if length < 350 or x + length > load.x[1]:
            return
        near = sum(load.z) / 2 - deep / 2
        block = solids.box(projection.beam, (x, x + length), (floor - tall, floor), (near, near + deep))
        projection.add(block, STONE.packed(2.7), grain=marks)
        for corner in ((x, x + 60), (x + length - 90, x + length)):
            chip = rng.uniform(30, 160)
            projection.box(
                corner, (floor - tall, floor - tall + chip), (near, near + deep), STONE, share=-0.9
            )
        bearers(projection, rng, (x, x + length), (floor, load.y[1]), (near, near + deep), pitch=700)
        x += length + rng.uniform(400, 2500)


def _tiles(projection: Projection, rng: Rng, load: Hold, end_kg: float) -> None:
    """Tiles on edge in small cartons, on pallets: dense, low, finely striped."""
    fine = Grain(rng, ((60, 1.6), (2, 12), (10, 10)), rng.uniform(0.008, 0.02))
    carton = rng.uniform(160, 420)
    for near, far in lanes(rng, load.z, min(rng.uniform(950, 1120), load.width / 2), gap=(5, 60)):
        for x in lanes(rng, load.x, min(rng.uniform(900, 1200), load.length), gap=(10, 90)):
            deck = pallet(projection, rng, x, load.y[1], (near, far))
            for level in range(int(rng.integers(2, 5))):
                if projection.mass_kg > end_kg:
                    return
                top = deck - rng.uniform(0.92, 1.0) * min(carton, 330)
                inset = rng.uniform(0, 30, 2) * (level > 0)
                span = (x[0] + inset[0], x[1] - inset[1])
                tiles = solids.box(projection.beam, span, (top, deck - 3), (near + 10, far - 10))
                projection.add(tiles, STONE.packed(2.1), share=0.85, grain=fine)
                for seam in np.arange(span[0] + carton / 2, span[1] - 20, carton / 2):
                    projection.box(
                        (seam, seam + 4), (top, deck - 3), (near + 10, far - 10), STONE, share=-0.5
                    )
                deck = top


def draw_panes(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Panes of glass or composite panels upright in crates, facing the source or edge on."""
    load = stowed(rng, bay, fill=(0.85, 0.95))
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3)
    is_glass = bulk_g_cm3 * rng.uniform(0.8, 1.2) > 0.3
    edge_on = rng.random() < 0.4
    length = min(rng.uniform(350, 800) if edge_on else rng.uniform(1600, 3000), load.length)
    depth = min(rng.uniform(1700, 2200), load.width) if edge_on else rng.uniform(260, 520)
    tall = rng.uniform(0.55, 0.93) * load.height
    for z in lanes(rng, load.z, depth, gap=(20, 120)):
        y = (load.y[1] - tall * rng.uniform(0.9, 1), load.y[1] - 100)
        stamp = Stamp(projection.beam, length)
        _panes(stamp.projection, rng, (0, length), y, z, is_glass=is_glass, edge_on=edge_on)
        crate(stamp.projection, rng, (0, length), (y[0] - 20, y[1]), z)
        bearers(stamp.projection, rng, (0, length), (y[1], load.y[1]), z, pitch=800)
        for x in lanes(rng, load.x, length, gap=(30, 160)):
            if projection.mass_kg + 0.5 * stamp.mass_kg > end_kg:
                return
            stamp.place(projection, x[0])


def _panes(
    projection: Projection, rng: Rng, x: Span, y: Span, z: Span, *, is_glass: bool, edge_on: bool
) -> None:
    """Packs of panes with interleaves, some packs shorter than the crate."""
    across, fixed = (x, z) if edge_on else (z, x)
    at, end = across[0] + 60, across[1] - 60
    while at < end - 20:
        pack = min(rng.uniform(40, 140), end - at)
        pane = (at, at + pack)
        inner = (fixed[0] + 50 + rng.uniform(0, 60), fixed[1] - 50 - rng.uniform(0, 60))
        box_x, box_z = (pane, inner) if edge_on else (inner, pane)
        level = (y[0] + 60 + rng.uniform(0, 0.2) * (y[1] - y[0]), y[1])
        if is_glass:
            projection.box(box_x, level, box_z, GLASS, share=0.93)
        else:
            projection.box(box_x, level, box_z, ALUMINIUM, share=0.18)
            projection.box(box_x, level, box_z, PLASTIC, share=0.7)
        at += pack + rng.uniform(4, 30)
