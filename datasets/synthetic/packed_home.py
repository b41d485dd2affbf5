"""What furnishes a home: appliances, flat packs, upholstery, mattresses, and a household that moves."""

from collections.abc import Callable

import numpy as np

from datasets.synthetic.grain import Grain
from datasets.synthetic.hold import Hold
from datasets.synthetic.packing import Rng, fill_rows, load_height, rows_across
from datasets.synthetic.physics import ALUMINIUM, GLASS, ORGANIC, PLASTIC, STEEL, STONE, WOOD, Material
from datasets.synthetic.projection import Projection, Span

_Draw = Callable[[Projection, Rng, Span, Span, Span, float], None]


def draw_fridges(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Fill a bay with refrigerators: foam walls, glass shelves, a compressor at the foot, condenser coils."""
    _draw_upright(projection, rng, bay, (540, 760), (1150, 1900), _fridge, bulk_g_cm3)


def draw_washers(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Fill a bay with washing machines: drum, motor and blocks of concrete in a thin steel case."""
    _draw_upright(projection, rng, bay, (590, 680), (840, 900), _washer, bulk_g_cm3)


def _draw_upright(  # noqa: PLR0917 - where, how large, what
    projection: Projection, rng: Rng, bay: Hold, wide: Span, tall: Span, draw: _Draw, bulk_g_cm3: float
) -> None:
    width = float(rng.uniform(*wide))
    height = min(float(rng.uniform(*tall)), bay.height - 20)
    n_high = max(int((bay.height - 10) / (height + 12)), 1)
    heavier = float(np.clip(bulk_g_cm3 / 0.13, 0.7, 1.4))

    def build(small: Projection, x: Span, z: Span) -> None:
        floor = bay.y[1]
        for _ in range(max(n_high - int(n_high > 1 and rng.random() < 0.12), 1)):
            small.box(x, (floor - 12, floor), z, WOOD.packed(0.2))
            draw(
                small,
                rng,
                (x[0] + 12, x[1] - 12),
                (floor - height, floor - 25),
                (z[0] + 12, z[1] - 12),
                heavier,
            )
            small.shell(x, (floor - height, floor), z, 6.0, ORGANIC.packed(0.2))
            floor -= height

    rows = rows_across(rng, bay, (600, 760))
    grain = Grain(rng, ((2, 2), (10, 10), (40, 40)), float(rng.uniform(0.01, 0.03)))
    fill_rows(projection, rng, bay, rows, width + 24, build, gap_mm=(2, 25), grain=grain, variants=2)


def _fridge(small: Projection, rng: Rng, x: Span, y: Span, z: Span, heavier: float) -> None:  # noqa: PLR0917
    wide, tall = x[1] - x[0], y[1] - y[0]
    foam = PLASTIC.packed(0.06 * heavier)
    small.shell(x, y, z, 0.6, STEEL)
    small.shell(x, y, z, 55.0, foam)
    split = y[0] + tall * float(rng.choice([0.3, 0.6]))
    small.box(x, (split, split + 45), z, foam)
    for share in np.linspace(0.12, 0.78, int(rng.integers(4, 7))):
        top = y[0] + tall * float(share)
        small.box((x[0] + 60, x[1] - 60), (top, top + 4), (z[0] + 60, z[1] - 90), GLASS)
    for side in (0.25, 0.75):
        small.box(
            (x[0] + 30, x[1] - 30), (split + 60, split + 66), (z[0] + 20, z[0] + 90), PLASTIC, share=side
        )
    at = x[0] + wide * float(rng.uniform(0.3, 0.7))
    small.ellipsoid((at, y[1] - 95, z[1] - 110), (85, 75, 75), STEEL, share=0.55)
    small.box((x[0] + 40, x[1] - 40), (y[1] - 14, y[1] - 10), (z[1] - 200, z[1] - 20), STEEL)
    for top in np.arange(y[0] + tall * 0.2, y[1] - 220, 60.0):
        small.box((x[0] + 50, x[1] - 50), (float(top), float(top) + 5), (z[1] - 8, z[1] - 3), STEEL)


def _washer(small: Projection, rng: Rng, x: Span, y: Span, z: Span, heavier: float) -> None:  # noqa: PLR0917
    wide, tall = x[1] - x[0], y[1] - y[0]
    middle = ((x[0] + x[1]) / 2, y[0] + tall * 0.47)
    small.shell(x, y, z, 0.8, STEEL)
    front_first = rng.random() < 0.5
    depth = (z[0] + 80, z[1] - 110) if front_first else (z[0] + 110, z[1] - 80)
    small.cylinder_z(*middle, depth, wide * 0.44, PLASTIC, wall_mm=5)
    small.cylinder_z(*middle, depth, wide * 0.40, STEEL, wall_mm=0.7)
    door = (z[0] + 5, z[0] + 60) if front_first else (z[1] - 60, z[1] - 5)
    small.cylinder_z(*middle, door, wide * 0.29, GLASS, wall_mm=40)
    back = depth[1] if front_first else depth[0] - 50
    small.cylinder_z(*middle, (back, back + 50), wide * 0.22, ALUMINIUM, wall_mm=25)
    small.cylinder_z(*middle, (back, back + 70), 24, STEEL)
    stone = STONE.packed(2.2 * heavier)
    small.box((x[0] + 70, x[1] - 70), (y[0] + 60, y[0] + 125), (z[0] + 90, z[0] + 260), stone)
    small.box((x[0] + 60, x[0] + 200), (y[1] - 210, y[1] - 110), (z[0] + 60, z[0] + 140), stone)
    small.cylinder_z(middle[0] + wide * 0.12, y[1] - 105, (z[0] + 180, z[0] + 400), 60, STEEL.packed(4.5))
    for side in (0.22, 0.78):
        foot = x[0] + wide * side
        small.bar(
            (foot, y[1] - 20, z[0] + 200),
            (foot + (20 if side < 0.5 else -20), y[1] - 220, z[0] + 200),
            34,
            34,
            STEEL.packed(1.5),
        )


def draw_flat_packs(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Fill a bay with flat-packed furniture: stacks of long thin boxes of board, with hardware."""
    height = load_height(rng, bay, bulk_g_cm3)
    length = float(rng.uniform(1100, 2100))
    thick = float(rng.uniform(60, 170))
    n_high = max(int(height / thick), 1)
    board = ORGANIC.packed(bulk_g_cm3 * 1.02)
    seam = float(rng.uniform(2, 7))

    def build(small: Projection, x: Span, z: Span) -> None:
        floor = bay.y[1]
        for _ in range(max(n_high - int(rng.integers(0, 3)), 1)):
            box = thick * float(rng.uniform(0.9, 1.0))
            short = float(rng.uniform(0, 0.12)) * length * (rng.random() < 0.5)
            y = (floor - box + seam, floor)
            goods = board.packed(board.density_g_cm3 * float(rng.uniform(0.75, 1.2)))
            small.box((x[0], x[1] - short), y, z, goods)
            if rng.random() < 0.6:
                # A bag of hinges and screws lies in a gap between boards.
                at = x[0] + float(rng.uniform(0.1, 0.8)) * (length - short)
                near = z[0] + float(rng.uniform(0.1, 0.7)) * (z[1] - z[0])
                wide = float(rng.uniform(50, 120))
                small.box((at, at + wide), (y[1] - 25, y[1] - 8), (near, near + 60), STEEL.packed(2.2))
            if rng.random() < 0.25:
                at = x[0] + float(rng.uniform(0.05, 0.6)) * length
                end = min(at + 0.35 * length, x[1] - short)
                small.box((at, end), (y[0] + 4, y[1] - 4), z, goods, share=-0.8)
            floor -= box

    grain = Grain(rng, ((1.5, 1.5), (2, 30), (20, 60)), float(rng.uniform(0.008, 0.03)))
    fill_rows(
        projection, rng, bay, rows_across(rng, bay, (420, 800)), length, build, gap_mm=(2, 60), grain=grain
    )


def draw_upholstery(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Fill a bay with stacked sofas or sprung mattresses: light and mostly air."""
    if rng.random() < 0.4:
        _draw_mattresses(projection, rng, bay, bulk_g_cm3)
        return
    length, tall = float(rng.uniform(850, 2100)), float(rng.uniform(760, 900))
    n_high = max(int(bay.height / (tall + 10)), 1)
    foam = PLASTIC.packed(bulk_g_cm3 * 2.2)

    def build(small: Projection, x: Span, z: Span) -> None:
        floor = bay.y[1]
        for _ in range(n_high):
            _sofa(small, rng, x, (floor - tall, floor), z, foam)
            floor -= tall + 5

    grain = Grain(rng, ((3, 3), (16, 16), (50, 50)), float(rng.uniform(0.02, 0.06)))
    fill_rows(
        projection, rng, bay, rows_across(rng, bay, (720, 800)), length, build, gap_mm=(3, 60), grain=grain
    )


def _sofa(small: Projection, rng: Rng, x: Span, y: Span, z: Span, foam: Material) -> None:  # noqa: PLR0917
    tall, deep = y[1] - y[0], z[1] - z[0]
    arm = float(rng.uniform(110, 220))
    seat = y[0] + tall * 0.5
    for left in (x[0], x[1] - arm):
        small.box((left, left + arm), (y[0] + tall * 0.28, y[1] - 60), z, foam)
        small.box((left + 20, left + 45), (y[0] + tall * 0.35, y[1] - 60), (z[0] + 40, z[1] - 40), WOOD)
    small.box((x[0] + arm, x[1] - arm), (seat, seat + 170), z, foam)
    small.box((x[0] + arm, x[1] - arm), (y[0], seat), (z[1] - deep * 0.25, z[1]), foam)
    small.box(x, (y[1] - 120, y[1] - 60), (z[0] + 20, z[0] + 50), WOOD)
    small.box(x, (y[1] - 120, y[1] - 60), (z[1] - 50, z[1] - 20), WOOD)
    for left in np.arange(x[0] + arm, x[1] - arm - 10, 90.0):
        small.box((float(left), float(left) + 4), (seat + 170, seat + 176), z, STEEL.packed(4.0))
    for left in (x[0] + 30, x[1] - 70):
        small.box((left, left + 40), (y[1] - 60, y[1]), (z[0] + 30, z[0] + 70), WOOD)


def _draw_mattresses(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    length, thick = min(float(rng.uniform(1900, 2050)), bay.length), float(rng.uniform(180, 300))
    n_high = max(int(bay.height * float(rng.uniform(0.7, 0.97)) / thick), 1)
    foam = PLASTIC.packed(bulk_g_cm3 * 1.3)
    pitch = float(rng.uniform(55, 90))

    def build(small: Projection, x: Span, z: Span) -> None:
        floor = bay.y[1]
        for level in range(n_high):
            y = (floor - thick + 6, floor)
            small.box(x, y, z, foam)
            small.box(x, (y[0], y[0] + 12), z, foam)
            for left in np.arange(x[0] + 40 + 10 * (level % 3), x[1] - 50, pitch):
                small.box((float(left), float(left) + 12), (y[0] + 25, y[1] - 25), z, STEEL, share=0.0035)
            floor -= thick

    grain = Grain(rng, ((3, 3), (4, 30), (50, 50)), float(rng.uniform(0.02, 0.05)))
    fill_rows(
        projection, rng, bay, rows_across(rng, bay, (1050, 1150)), length, build, gap_mm=(5, 60), grain=grain
    )
