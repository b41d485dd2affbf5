"""Small heavy goods by the thousand: castings in wire-mesh boxes, tools in dense cartons."""

import numpy as np

from datasets.synthetic import solids
from datasets.synthetic.dunnage import allowed_kg, lanes, pallet, stowed, strap
from datasets.synthetic.grain import Grain
from datasets.synthetic.hold import Hold
from datasets.synthetic.litter import litter, strokes
from datasets.synthetic.physics import ALUMINIUM, ORGANIC, STEEL, Float32, Material
from datasets.synthetic.projection import Projection, Span
from datasets.synthetic.solids import Paths
from datasets.synthetic.stamp import Stamp

Rng = np.random.Generator


def draw_castings(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Motor parts thrown into wire-mesh boxes, two to three boxes high."""
    load = stowed(rng, bay, fill=(0.6, 0.98))
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3)
    metal = STEEL if rng.random() < 0.65 else ALUMINIUM
    sheet = _parts_sheet(rng, projection.beam.pitch_mm)
    length = min(rng.uniform(1000, 1250), load.length)
    depth, tall = min(rng.uniform(800, 1050), load.width), min(rng.uniform(550, 980), load.height)
    y = load.y[1]
    while y - tall > load.y[0] and projection.mass_kg < end_kg:
        for z in lanes(rng, load.z, depth, gap=(5, 60)):
            cage = Stamp(projection.beam, length)
            _mesh_box(cage.projection, rng, (0, length), (y - tall, y), z)
            for x in lanes(rng, load.x, length, gap=(5, 80)):
                cage.place(projection, x[0])
                if projection.mass_kg < end_kg:
                    filled = y - 110 - (tall - 110) * rng.uniform(0.45, 0.95)
                    density = float(np.clip(bulk_g_cm3 * rng.uniform(1.2, 2.6), 0.2, 2.2))
                    body = solids.box(
                        projection.beam, (x[0] + 15, x[1] - 15), (filled, y - 110), (z[0] + 15, z[1] - 15)
                    )
                    projection.add(_textured(rng, body, sheet), metal.packed(density))
        y -= tall


def _parts_sheet(rng: Rng, pitch_mm: float) -> Float32:
    """Multipliers around 1 that look like parts on parts: shafts, plates, and round castings with bores."""
    shape, scale = (420, 700), 5 / pitch_mm
    mm = litter(rng, shape, 1500, (10 * scale, 45 * scale), (2, 12 * scale), (10, 60), layers=4)
    size = rng.uniform(5, 15) * scale
    yy, xx = np.mgrid[-24:25, -24:25]
    distance = np.hypot(yy, xx)
    for _ in range(500):
        radius, bore = size * rng.uniform(0.7, 1.5), rng.uniform(0.3, 0.75)
        flat = rng.uniform(0.3, 1.0) if rng.random() < 0.5 else 1.0
        distance = np.hypot(yy / flat, xx)
        ring = np.clip(radius - distance, 0, 1) - np.clip(radius * bore - distance, 0, 1) * rng.uniform(
            0.4, 1
        )
        top, left = rng.integers(0, shape[0] - 49), rng.integers(0, shape[1] - 49)
        mm[top : top + 49, left : left + 49] += (ring * rng.uniform(20, 90)).astype(np.float32)
    sheet: Float32 = 0.35 + 0.65 * mm / mm.mean()
    return np.minimum(sheet, np.float32(2.5))


def _textured(rng: Rng, paths: Paths, sheet: Float32) -> Paths:
    """Path lengths times a piece of the sheet, turned over at random."""
    height, width = paths.mm.shape
    turned = sheet[:: 1 if rng.random() < 0.5 else -1, :: 1 if rng.random() < 0.5 else -1]
    height, width = min(height, sheet.shape[0]), min(width, sheet.shape[1])
    top = int(rng.integers(0, sheet.shape[0] - height + 1))
    left = int(rng.integers(0, sheet.shape[1] - width + 1))
    mm = paths.mm.copy()
    mm[:height, :width] *= turned[top : top + height, left : left + width]
    return Paths(mm=mm, x_px=paths.x_px, y_px=paths.y_px)


def _mesh_box(projection: Projection, rng: Rng, x: Span, y: Span, z: Span) -> None:
    """A stackable box of steel wire on feet; near and far sides do not line up."""
    wire = rng.uniform(4, 6)
    for side in z:
        uprights = [
            [(at, y[0], side), (at, y[1] - 110, side)] for at in np.arange(x[0] + 25, x[1] - 20, 50.0)
        ]
        levels = [[(x[0], at, side), (x[1], at, side)] for at in np.arange(y[0] + 40, y[1] - 110, 50.0)]
        projection.add(strokes(projection.beam, uprights + levels, wire, wire * 0.8), STEEL)
    for near in (z[0], z[1] - 40):
        for left in (x[0], x[1] - 40):
            projection.box((left, left + 40), y, (near, near + 3), STEEL)
        for top in (y[0], y[1] - 110):
            projection.box(x, (top, top + 40), (near, near + 3), STEEL)
    projection.box(x, (y[1] - 110, y[1] - 108.5), z, STEEL)


def draw_tools(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Hand tools or fasteners in small heavy cartons, in low stacks on pallets."""
    load = stowed(rng, bay, fill=(0.5, 0.8))
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3)
    carton = rng.uniform((200, 100, 160), (480, 240, 320))
    kinds = [
        _carton(
            projection, rng, carton, load.y[1] - 400, float(np.clip(bulk_g_cm3 * rng.uniform(2, 4), 0.5, 2.4))
        )
        for _ in range(5)
    ]
    dust = Grain(rng, ((1.5, 2), (10, 10)), 0.02)
    per_row = max(int(min(1150, load.length - 20) // carton[0]), 1)
    wide = per_row * float(carton[0])
    deep = min(max(int(1050 // carton[2]), 1) * float(carton[2]), load.width / 2)
    for near, far in lanes(rng, load.z, deep, gap=(10, 90)):
        for x in lanes(rng, load.x, wide + 20, gap=(10, 110)):
            if projection.mass_kg > end_kg:
                return
            deck = pallet(projection, rng, x, load.y[1], (near, far))
            levels = max(int(rng.integers(2, 6) * 160 // carton[1]), 1)
            levels = min(levels, int((deck - load.y[0]) // carton[1]))
            for level in range(levels):
                _row(projection, rng, kinds, x, deck - level * float(carton[1]), (near, far), per_row, carton)
            top = deck - levels * float(carton[1])
            projection.box(x, (top - 6, top), (near, far), ORGANIC, share=0.6, grain=dust)
            strap(projection, rng, x[0] + 0.3 * wide, (top, deck), (near, far))


def _row(  # noqa: PLR0917 - what, where, how many
    projection: Projection,
    rng: Rng,
    kinds: list[tuple[Stamp, float]],
    x: Span,
    base: float,
    z: Span,
    per_row: int,
    carton: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> None:
    """One level of a pallet: cartons side by side, as deep as the pallet."""
    middle = (z[0] + z[1]) / 2
    for i in range(per_row):
        stamp, drawn_base = kinds[int(rng.integers(0, len(kinds)))]
        drop = projection.beam.row_at(base, middle) - projection.beam.row_at(drawn_base, 0.0)
        at = x[0] + i * float(carton[0]) + rng.uniform(0, 8)
        stamp.place(projection, min(at, x[1] - float(carton[0])), drop_px=round(float(drop)))


def _carton(
    projection: Projection,
    rng: Rng,
    size: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    base: float,
    density: float,
) -> tuple[Stamp, float]:
    """A pallet's depth of cartons with rows of bars, rings or plates inside; and the y of its base."""
    wide, tall, deep = (float(s) for s in size)
    stamp = Stamp(projection.beam, wide)
    depth = max(int(1050 // deep), 1) * deep
    z = (-depth / 2, depth / 2)
    stamp.projection.shell((0, wide), (base - tall, base), z, 4, ORGANIC)
    inner = solids.box(
        stamp.projection.beam, (6, wide - 6), (base - tall * rng.uniform(0.82, 0.95), base - 6), z
    )
    shape = inner.mm.shape
    level = rng.choice([0.0, 0.9, 1.0])
    parts = litter(rng, shape, 160, (6, max(wide / 8, 8)), (1.2, 5), (10, 50), layers=4, level=float(level))
    share = 0.5 + 0.5 * parts / max(float(parts.mean()), 1.0)
    metal = Material(density_g_cm3=density, organic=STEEL.organic + 0.06, iron=STEEL.iron * 0.94)
    stamp.projection.add(
        Paths(mm=inner.mm * np.minimum(share, np.float32(2)), x_px=inner.x_px, y_px=inner.y_px), metal
    )
    return stamp, base
