"""Loose goods: grain and ore with their slopes, scrap, pressed bales."""

import numpy as np

from datasets.synthetic import solids
from datasets.synthetic.dunnage import allowed_kg, lanes, stowed
from datasets.synthetic.grain import Grain, smooth_noise
from datasets.synthetic.hold import Hold
from datasets.synthetic.litter import litter, strokes
from datasets.synthetic.physics import ORGANIC, STEEL, STONE, Float64, Material
from datasets.synthetic.projection import Projection
from datasets.synthetic.solids import Paths

Rng = np.random.Generator
_SLICES = 7


def draw_bulk(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Poured goods: organic up to 1 g/cm³, ore above; one surface or several heaps."""
    material = ORGANIC.packed(bulk_g_cm3)
    if bulk_g_cm3 > 1.0:
        material = Material(
            density_g_cm3=bulk_g_cm3, organic=STONE.organic * 0.6, iron=STONE.iron * 0.6 + 0.4
        )
    litres = allowed_kg(bay, bulk_g_cm3) / bulk_g_cm3
    mean_mm = litres * 1e6 / (bay.length * bay.width) * rng.uniform(0.6, 0.97)
    tops = _surface(projection, rng, bay, mean_mm)
    grain = Grain(rng, ((1.5, 1.5), (4, 6), (15, 50), (60, 60)), rng.uniform(0.008, 0.03))
    projection.heap(bay.x[0], tops, bay.y[1], bay.z, material, grain=grain)


def _surface(projection: Projection, rng: Rng, bay: Hold, mean_mm: float) -> Float64:
    """Heights of a poured load in slices across z, as y; nowhere steeper than it would slide."""
    first, last = np.ceil(bay.x[0] / projection.beam.pitch_mm), np.floor(bay.x[1] / projection.beam.pitch_mm)
    n = max(int(last - first), 2)
    along = (np.arange(n) + 0.5) * projection.beam.pitch_mm
    heaps = max(int(rng.integers(0, 5)), 0)
    slope = np.tan(np.radians(rng.uniform(14, 36)))
    height = np.full(n, 1.0) * mean_mm
    if heaps:
        crests = np.sort(rng.uniform(0, bay.length, heaps))
        cones = 1.6 * mean_mm - slope * np.abs(along[None] - crests[:, None])
        height = np.maximum(cones.max(axis=0), mean_mm * rng.uniform(0.2, 0.8))
    height = height + 0.08 * mean_mm * smooth_noise(rng, (1, n), (1, n / 5))[0]
    height = height + 6 * smooth_noise(rng, (1, n), (1, 10))[0]
    if rng.random() < 0.5:
        height = np.minimum(height, slope * (along if rng.random() < 0.5 else bay.length - along) + 80)
    across = np.linspace(-1, 1, _SLICES)[:, None]
    crown = rng.uniform(0, 0.35) * (1 - 1.5 * across**2) * mean_mm + rng.uniform(-0.1, 0.1) * across * mean_mm
    rough = 0.05 * mean_mm * smooth_noise(rng, (_SLICES, n), (1, 60))
    height = height[None, :] + crown + rough
    height *= mean_mm / max(float(height.mean()), mean_mm)
    tops: Float64 = bay.y[1] - np.clip(height, 15, bay.height - 40)
    return tops


def draw_scrap(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Loose mixed scrap, cable scrap, or pressed bales."""
    style = rng.random()
    if style < 0.3:
        _bales(projection, rng, bay, bulk_g_cm3)
    else:
        _loose_scrap(projection, rng, bay, bulk_g_cm3, is_cable=style > 0.75)


def _loose_scrap(projection: Projection, rng: Rng, bay: Hold, bulk: float, *, is_cable: bool) -> None:
    metal = Material(density_g_cm3=7.86, organic=0.35, iron=0.63) if is_cable else STEEL
    kg = allowed_kg(bay, bulk) * rng.uniform(0.75, 0.95)
    mean_mm = min(kg / bulk * 1e6 / (bay.length * bay.width), bay.height * 0.85)
    tops = _surface(projection, rng, bay, mean_mm)
    n = tops.shape[1]
    jagged = 28 * smooth_noise(rng, (_SLICES, n), (1, 14)) + 7 * smooth_noise(rng, (_SLICES, n), (1, 4))
    tops = np.clip(tops + jagged, bay.y[0] + 20, bay.y[1] - 10)
    fill = Grain(rng, ((2, 2), (7, 7), (18, 30), (50, 70)), rng.uniform(0.15, 0.3))
    share_fill = rng.uniform(0.35, 0.6)
    heap = Projection(projection.beam)
    heap.heap(bay.x[0], tops, bay.y[1], bay.z, metal.packed(bulk * share_fill), grain=fill)
    if not heap.planes.any():
        return  # Beyond the picture.
    pieces = _pieces(rng, heap, bay, is_cable=is_cable)
    loose_kg = max(kg - heap.mass_kg, 1.0)
    projection.planes += heap.planes
    projection.mass_kg += heap.mass_kg
    piece_kg = float(pieces.mm.sum()) * metal.density_g_cm3 * projection.beam.pitch_mm**2 * 1e-6
    projection.add(pieces, metal, share=loose_kg / max(piece_kg, 1.0))


def _pieces(rng: Rng, heap: Projection, bay: Hold, *, is_cable: bool) -> Paths:
    """Pieces where the heap is, more of them where it is deep."""
    rows = np.flatnonzero(heap.planes[1].max(axis=1) > 0)
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    pitch = heap.beam.pitch_mm
    first, last = int(np.ceil(bay.x[0] / pitch)), int(bay.x[1] / pitch)
    first, last = max(first, 0), min(last, heap.beam.width_px)
    shape = (bottom - top, last - first)
    n = int(shape[0] * shape[1] / 90)
    if is_cable:
        mm = litter(rng, shape, n, (20, 130), (1, 3.5), (4, 25), layers=6)
        mm += litter(rng, shape, n // 20, (8, 60), (4, 20), (5, 40), layers=3)
    else:
        mm = litter(rng, shape, n // 2, (4, 40), (1.5, 12), (3, 40), layers=6)
        mm += litter(rng, shape, n // 12, (20, 160), (2, 9), (6, 60), layers=4)
        mm += litter(rng, shape, n // 40, (15, 90), (12, 60), (2, 14), layers=3)
    patch = heap.planes[1][top:bottom, first:last]
    within = patch / max(float(np.percentile(patch, 90)), 1e-3)
    return Paths(mm=mm * np.clip(within, 0, 1.2).astype(np.float32), x_px=first, y_px=top)


def _bales(projection: Projection, rng: Rng, bay: Hold, bulk: float) -> None:
    """Pressed cubes of shredded metal in rows that never line up."""
    load = stowed(rng, bay, fill=(0.5, 0.9))
    end_kg = projection.mass_kg + allowed_kg(bay, bulk)
    size = rng.uniform((500, 350, 500), (1100, 700, 1000))
    density = float(np.clip(bulk * rng.uniform(1.4, 2.8), 0.6, 2.2))
    folds = Grain(rng, ((2, 12), (9, 2), (4, 4), (9, 14), (25, 20)), rng.uniform(0.12, 0.28))
    y = load.y[1]
    while y - size[1] > load.y[0] and projection.mass_kg < end_kg:
        for z in lanes(rng, load.z, float(size[2]), gap=(0, 60)):
            for x in lanes(rng, load.x, float(size[0]), gap=(0, 70)):
                if projection.mass_kg >= end_kg:
                    return
                tall = size[1] * rng.uniform(0.88, 1.0)
                bale = solids.box(projection.beam, x, (y - tall, y), z)
                projection.add(bale, STEEL.packed(density * rng.uniform(0.8, 1.2)), grain=folds)
                wires = [
                    [(x[0] + s * (x[1] - x[0]), y - tall, z[0]), (x[0] + s * (x[1] - x[0]), y, z[0])]
                    for s in rng.uniform(0.1, 0.9, 3)
                ]
                projection.add(strokes(projection.beam, wires, 4, 7), STEEL)
        y -= size[1]
