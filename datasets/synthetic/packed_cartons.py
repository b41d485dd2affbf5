"""Goods in cartons, on pallets or stowed loose: clothes, shoes, toys, phones, tiles, books, meat, medicine.

What differs is the carton's size and what a cut through it shows; see `Contents`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from datasets.synthetic.beam import Float32
from datasets.synthetic.grain import Grain, smooth_noise
from datasets.synthetic.hold import Hold
from datasets.synthetic.packing import (
    PALLET_MM,
    Rng,
    Section,
    blend,
    fill_rows,
    film,
    load_height,
    pallet,
    rows_across,
)
from datasets.synthetic.physics import ALUMINIUM, GLASS, ORGANIC, PLASTIC, STEEL, STONE, Material
from datasets.synthetic.projection import Projection, Span

Contents = Callable[[Rng, tuple[int, int]], Float32]
"""Draws a cut through a carton's goods, pixels of any scale; its mean does not matter."""


@dataclass(frozen=True, kw_only=True)
class Carton:
    """A kind of carton.

    Attributes:
        wide: Range of its length along x, millimetres.
        tall: Range of its height.
        contents: What a cut shows.
        material: What the goods are.
        palletised: How often cartons come on pallets.
        texture: Relative strength of the texture over everything.
        cores: Denser parts of another material, if any.
        core: Their material.
        core_share: Of the goods' mass.
    """

    wide: Span
    tall: Span
    contents: Contents
    material: Material = ORGANIC
    palletised: float = 0.5
    texture: Span = (0.01, 0.04)
    cores: Contents | None = None
    core: Material = STEEL
    core_share: float = 0.0


def draw_cartons(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float, *, carton: Carton) -> None:
    """Fill a bay with cartons of one kind, on pallets or not."""
    on_pallets = rng.random() < carton.palletised
    wide, tall = float(rng.uniform(*carton.wide)), float(rng.uniform(*carton.tall))
    n_wide = max(round(float(rng.uniform(1000, 1250)) / wide), 1) if on_pallets else int(rng.integers(1, 4))
    height = load_height(rng, bay, bulk_g_cm3)
    rows = rows_across(rng, bay, (1000, 1220) if on_pallets else (380, 760))
    room = height - (PALLET_MM if on_pallets else 0)
    n_high = max(int(room / tall), 1)
    tall = min(tall, (bay.height - (PALLET_MM if on_pallets else 0)) / n_high)
    kinds = [
        _Tiles(rng, projection.beam.pitch_mm, carton, (w, tall), bulk_g_cm3) for w in (wide, wide * 0.72)
    ]
    ragged = 0.0 if on_pallets and rng.random() < 0.6 else float(rng.uniform(0.1, 0.5))

    def build(small: Projection, x: Span, z: Span) -> None:
        floor = bay.y[1]
        if on_pallets:
            floor = pallet(small, rng, x, floor, z)
        levels = max(n_high - int(rng.random() < ragged), 1)
        y = (floor - levels * tall, floor)
        deep = (z[1] - z[0]) / 2
        halves = ((z[0], z[0] + deep), (z[0] + deep, z[1])) if on_pallets else (z,)
        for half in halves:
            _wall(small, rng, x, y, half, kinds[0 if rng.random() < 0.6 else 1], carton)
        if on_pallets:
            film(small, x, y, z)

    fill_rows(
        projection,
        rng,
        bay,
        rows,
        n_wide * wide + 6,
        build,
        gap_mm=(15, 90) if on_pallets else (1, 9),
        grain=Grain(
            rng,
            (
                (1.6, 1.6),
                (4, float(rng.uniform(4, 14))),
                (float(rng.uniform(10, 40)), float(rng.uniform(20, 60))),
            ),
            float(rng.uniform(*carton.texture)),
        ),
    )


class _Tiles:
    """Cuts through a few cartons of one size, with their cardboard; g/cm³."""

    def __init__(self, rng: Rng, pitch_mm: float, carton: Carton, size: Span, bulk_g_cm3: float) -> None:
        self.size = size
        shape = (max(round(size[1] / pitch_mm), 3), max(round(size[0] / pitch_mm), 3))
        self.goods = [
            _carton(rng, shape, carton.contents, bulk_g_cm3 * (1 - carton.core_share), board=True)
            for _ in range(3)
        ]
        cores = carton.cores
        self.cores = (
            [_carton(rng, shape, cores, bulk_g_cm3 * carton.core_share, board=False) for _ in range(3)]
            if cores is not None
            else []
        )


def _carton(
    rng: Rng, shape: tuple[int, int], contents: Contents, bulk_g_cm3: float, *, board: bool
) -> Float32:
    """One carton of a mean density, flaps and walls darker, a gap of air around."""
    inner = (max(shape[0] - 2, 1), max(shape[1] - 2, 1))
    goods = np.maximum(contents(rng, inner), 0)
    tile = np.zeros(shape, dtype=np.float32)
    tile[1 : 1 + inner[0], 1 : 1 + inner[1]] = goods
    tile *= np.float32(1 / max(float(tile.mean()), 1e-6))
    if board:
        # Flaps lie double above and below; walls are thin but seen edge on.
        edge = np.float32(rng.uniform(0.3, 0.9))
        tile[0, 1:-1] += edge
        tile[-1, 1:-1] += edge
        tile[:, (0, -1)] += edge * np.float32(0.6)
        tile *= np.float32(1 / float(tile.mean()))
    return tile * np.float32(bulk_g_cm3)


def _wall(  # noqa: PLR0917 - the three axes, then what it is
    small: Projection, rng: Rng, x: Span, y: Span, z: Span, tiles: _Tiles, carton: Carton
) -> None:
    """Cartons over a stack's x and y, columns or bricks."""
    wide, tall = tiles.size
    pitch = small.beam.pitch_mm
    goods, cores = Section(pitch, x[1], y), Section(pitch, x[1], y)
    # Boxes give under load, each stack a little differently: seams of two rows never quite agree.
    tall *= float(rng.uniform(0.965, 1.0))
    bricks = rng.random() < 0.4
    n_high, n_wide = max(round((y[1] - y[0]) / tall), 1), max(int((x[1] - x[0]) / wide), 1)
    slack = x[1] - x[0] - n_wide * wide
    for level in range(n_high):
        top = y[1] - (level + 1) * tall
        left = x[0] + (min(slack, 40.0) * float(rng.random()) if bricks else 0.0)
        for column in range(n_wide):
            k, heavier = int(rng.integers(3)), np.float32(rng.normal(1, 0.035))
            at = left + column * wide + max(slack - (40 if bricks else 0), 0) * column / max(n_wide - 1, 1)
            turn = slice(None, None, -1 if rng.random() < 0.5 else 1)
            sunk = float(rng.uniform(0, 5)) if level else 0.0
            goods.paste(tiles.goods[k][:, turn] * heavier, at, top + sunk)
            if tiles.cores:
                cores.paste(tiles.cores[k][:, turn] * heavier, at, top + sunk)
    goods.project(small, x[0], z, carton.material)
    if tiles.cores:
        cores.project(small, x[0], z, carton.core)


def folded(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Folded clothes: piles with soft plies."""
    cut = 1 + np.float32(0.10) * smooth_noise(rng, shape, (float(rng.uniform(2, 4)), 24))
    cut += np.float32(0.07) * smooth_noise(rng, shape, (9, 9))
    for edge in np.linspace(0, shape[1], int(rng.integers(2, 4)) + 1)[1:-1]:
        cut[:, max(int(edge) - 1, 0) : int(edge) + 1] *= np.float32(0.55)
    return cut


def rolled_heap(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Odd light things thrown in: round, hollow, bent."""
    cut = np.full(shape, 0.35, dtype=np.float32)
    for _ in range(int(rng.integers(14, 30))):
        centre = (int(rng.integers(shape[1])), int(rng.integers(shape[0])))
        radii = (int(rng.integers(2, max(shape[1] // 5, 4))), int(rng.integers(2, max(shape[0] // 4, 4))))
        layer = np.zeros(shape, dtype=np.float32)
        cv2.ellipse(
            layer, centre, radii, float(rng.uniform(0, 180)), 0, 360, 1.0, int(rng.choice([1, 1, 2, -1]))
        )
        cut += layer * np.float32(rng.uniform(0.15, 0.7))
    return np.asarray(cv2.blur(cut, (2, 2)), dtype=np.float32)


def shoe_boxes(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Boxes with a pair each: sole and toe denser, air above the instep."""
    cut = np.full(shape, 0.25, dtype=np.float32)
    tall, wide = (
        max(shape[0] // max(round(shape[0] / 24), 1), 4),
        max(shape[1] // max(round(shape[1] / 40), 1), 6),
    )
    for top in range(0, shape[0] - tall + 1, tall):
        for left in range(0, shape[1] - wide + 1, wide):
            box = cut[top : top + tall, left : left + wide]
            box[0] += 0.8
            box[:, 0] += 0.8
            toe = wide // 4 if rng.random() < 0.5 else wide - wide // 4
            for sole in (tall - 3, tall // 2):
                cv2.line(box, (3, sole), (wide - 4, sole), 2.2, 2)
                cv2.ellipse(box, (toe, sole - 2), (wide // 6, max(tall // 6, 1)), 0, 0, 360, 1.2, -1)
    return cut


def small_boxes(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Many equal retail boxes with air at their edges."""
    tall, wide = int(rng.integers(5, 14)), int(rng.integers(6, 22))
    down = (np.arange(shape[0]) % tall) / tall
    across = (np.arange(shape[1]) % wide) / wide
    fill = np.minimum(1, np.minimum(down, 1 - down) * tall * 0.7 + 0.25)[:, None]
    fill = fill * np.minimum(1, np.minimum(across, 1 - across) * wide * 0.7 + 0.25)
    return np.asarray(fill * (1 + 0.05 * smooth_noise(rng, shape, (tall, wide))), dtype=np.float32)


def devices(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Flat devices on edge in trays: thin dense lines at an even pitch, in blocks."""
    cut = np.zeros(shape, dtype=np.float32)
    tall, step = int(rng.integers(16, 32)), int(rng.integers(4, 9))
    thick, margin = max(step // 2, 1), int(rng.integers(3, 6))
    for top in range(margin, shape[0] - tall // 2, tall):
        for left in range(margin, shape[1] - margin, step):
            cut[top : top + tall - margin - 1, left : left + thick] = 1
    return cut + np.float32(0.3)


def device_parts(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Chips, coils and screens inside devices: a few denser spots at an even pitch."""
    cut = np.zeros(shape, dtype=np.float32)
    tall, wide = int(rng.integers(12, 26)), int(rng.integers(10, 24))
    part = np.zeros((tall, wide), dtype=np.float32)
    for _ in range(int(rng.integers(2, 5))):
        y, x = int(rng.integers(tall - 4)), int(rng.integers(wide - 4))
        part[y : y + int(rng.integers(2, 7)), x : x + int(rng.integers(2, 7))] += np.float32(
            rng.uniform(0.4, 1)
        )
    rows, columns = shape[0] // tall + 1, shape[1] // wide + 1
    cut[:] = np.tile(part, (rows, columns))[: shape[0], : shape[1]]
    return cut + np.float32(0.12)


def tiles_on_edge(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Ceramic tiles on edge: dense, with fine upright lines and strapped bundles."""
    step = int(rng.integers(8, 20))
    cut = 1 + np.float32(0.05) * smooth_noise(rng, shape, (50, 1.5))
    cut[:, ::step] *= np.float32(0.55)
    return cut


def blocks(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Frozen blocks or paper reams: even, with thin seams."""
    cut = 1 + np.float32(0.03) * smooth_noise(rng, shape, (12, 18))
    tall = max(shape[0] // int(rng.integers(2, 5)), 3)
    wide = max(shape[1] // int(rng.integers(1, 4)), 3)
    cut[::tall] *= np.float32(0.75)
    cut[:, ::wide] *= np.float32(0.8)
    return cut


def books(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Piles of books: flat, of differing thickness, bindings a little short of the carton's wall."""
    cut = np.zeros(shape, dtype=np.float32)
    wide = max(shape[1] // int(rng.integers(2, 4)), 4)
    for left in range(0, shape[1] - wide + 1, wide):
        y = 0
        while y < shape[0]:
            thick, short = int(rng.integers(3, 8)), int(rng.integers(0, 3))
            cut[y : y + thick - 1, left + short : left + wide - 1] = np.float32(rng.uniform(0.85, 1.1))
            cut[y + thick - 1 : y + thick, left : left + wide - 1] = 0.7
            y += thick
    return cut


def metal_parts(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Fittings thrown in a box: rings, bolts and lumps of steel."""
    cut = np.zeros(shape, dtype=np.float32)
    for _ in range(int(rng.integers(18, 40))):
        centre = (int(rng.integers(shape[1])), int(rng.integers(shape[0] // 4, shape[0])))
        size = int(rng.integers(2, 7))
        layer = np.zeros(shape, dtype=np.float32)
        axes = (size, max(int(size * rng.uniform(0.3, 1)), 1))
        cv2.ellipse(layer, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, int(rng.choice([1, 2, -1])))
        cut += layer
    return cut + np.float32(0.02)


def lamps(rng: Rng, shape: tuple[int, int]) -> Float32:
    """Bulbs or lamps in rows: round bodies, much air."""
    radius = int(rng.integers(4, 9))
    part = np.full((2 * radius + 3, 2 * radius + 2), 0.12, dtype=np.float32)
    cv2.circle(part, (radius + 1, radius), radius, 0.8, 1)
    cv2.rectangle(part, (radius - 1, radius), (radius + 2, 2 * radius + 1), 1.5, -1)
    rows, columns = shape[0] // part.shape[0] + 1, shape[1] // part.shape[1] + 1
    return np.tile(part, (rows, columns))[: shape[0], : shape[1]]


CLOTHES = Carton(wide=(420, 640), tall=(300, 480), contents=folded, palletised=0.15, texture=(0.015, 0.05))
SHOES = Carton(wide=(560, 720), tall=(340, 480), contents=shoe_boxes, palletised=0.2)
TOYS = Carton(wide=(450, 760), tall=(350, 560), contents=rolled_heap, material=PLASTIC, palletised=0.25)
TABLEWARE = Carton(wide=(380, 600), tall=(280, 480), contents=small_boxes, material=PLASTIC, palletised=0.4)
PHONES = Carton(
    wide=(300, 440),
    tall=(200, 320),
    contents=devices,
    material=blend(PLASTIC, GLASS, 0.4),
    palletised=0.85,
    cores=device_parts,
    core=blend(ALUMINIUM, STEEL, 0.5),
    core_share=0.3,
)
BOARDS = Carton(
    wide=(380, 560),
    tall=(240, 380),
    contents=small_boxes,
    material=blend(PLASTIC, GLASS, 0.5),
    palletised=0.7,
    cores=device_parts,
    core=blend(STEEL, ALUMINIUM, 0.3),
    core_share=0.35,
)
LAMPS = Carton(
    wide=(420, 620),
    tall=(300, 450),
    contents=lamps,
    material=blend(PLASTIC, GLASS, 0.4),
    palletised=0.4,
    cores=device_parts,
    core=ALUMINIUM,
    core_share=0.25,
)
TILES = Carton(
    wide=(300, 620),
    tall=(300, 420),
    contents=tiles_on_edge,
    material=STONE,
    palletised=1.0,
    texture=(0.005, 0.02),
)
BOOKS = Carton(wide=(300, 480), tall=(220, 330), contents=books, palletised=0.6, texture=(0.005, 0.02))
MEAT = Carton(wide=(380, 600), tall=(120, 220), contents=blocks, palletised=0.5, texture=(0.006, 0.02))
MEDICINE = Carton(wide=(360, 560), tall=(240, 400), contents=small_boxes, palletised=0.7)
HARDWARE = Carton(
    wide=(280, 420),
    tall=(180, 280),
    contents=small_boxes,
    palletised=0.95,
    cores=metal_parts,
    core=STEEL,
    core_share=0.8,
)
