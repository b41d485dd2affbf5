"""Drums and tanks of liquid on pallets, paper rolls on end, fabric rolls lying."""

import numpy as np

from datasets.synthetic.grain import Grain
from datasets.synthetic.hold import Hold
from datasets.synthetic.packing import PALLET_MM, Rng, fill_rows, load_height, pallet, rows_across
from datasets.synthetic.physics import ORGANIC, PLASTIC, STEEL, WOOD
from datasets.synthetic.projection import Projection, Span

_DRUM_RADIUS_MM, _DRUM_MM = 286.0, 880.0
"""A 200-litre steel drum, ISO 15750."""


def draw_drums(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Fill a bay with 200-litre drums, four to a pallet, one or two pallets high; few are part full."""
    radius = _DRUM_RADIUS_MM
    fits = int((bay.height - 20) / (_DRUM_MM + PALLET_MM))
    n_high = max(min(fits, 2 if rng.random() < 0.7 else 1), 1)
    # Four drums fill 0.64 of a pallet's place.
    liquid = ORGANIC.packed(float(np.clip(bulk_g_cm3 / 0.64, 0.75, 1.35)))
    full = float(rng.uniform(0.84, 0.95))
    is_plastic = rng.random() < 0.3

    def build(small: Projection, x: Span, z: Span) -> None:
        floor = bay.y[1]
        middle, deep = (x[0] + x[1]) / 2, (z[0] + z[1]) / 2
        for _ in range(n_high):
            floor = pallet(small, rng, x, floor, z)
            for dx in (-radius - 3, radius + 3):
                for dz in (-radius - 3, radius + 3):
                    level = full if rng.random() < 0.94 else float(rng.uniform(0.0, 0.8))
                    _drum(small, (middle + dx, floor, deep + dz), level, liquid.density_g_cm3, is_plastic)
            floor -= _DRUM_MM
        for near in (z[0] + 1, z[1] - 2):
            small.box(x, (floor + 300, floor + 316), (near, near + 0.8), STEEL)

    fill_rows(
        projection,
        rng,
        bay,
        rows_across(rng, bay, (1148, 1150)),
        4 * radius + 12,
        build,
        gap_mm=(10, 80),
        grain=Grain(rng, ((2, 2), (8, 3)), float(rng.uniform(0.003, 0.01))),
    )


def _drum(
    small: Projection, at: tuple[float, float, float], level: float, g_cm3: float, is_plastic: bool
) -> None:
    """One drum standing at ``at``: shell, chimes, two rolling hoops, bung, liquid."""
    x, floor, z = at
    top = floor - _DRUM_MM
    shell, wall = (PLASTIC, 4.5) if is_plastic else (STEEL, 1.1)
    small.cylinder_y(x, (top, floor), z, _DRUM_RADIUS_MM - 6, shell, wall_mm=wall)
    for y in (top + 15, floor - 18):
        small.cylinder_y(x, (y, y + wall), z, _DRUM_RADIUS_MM - 8, shell)
    for y in (top, top + _DRUM_MM * 0.33, top + _DRUM_MM * 0.66, floor - 16):
        small.cylinder_y(x, (y, y + 16), z, _DRUM_RADIUS_MM, shell, wall_mm=6.0 if is_plastic else 3.0)
    small.cylinder_y(x + 180, (top + 4, top + 16), z, 32, shell)
    if level > 0.02:
        surface = floor - 18 - (_DRUM_MM - 36) * level
        small.cylinder_y(x, (surface, floor - 18), z, _DRUM_RADIUS_MM - 8, ORGANIC.packed(g_cm3))


def draw_tanks(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Fill a bay with 1,000-litre tanks in tube cages on pallets (IBC), one or two high."""
    tall = 1020.0
    density = float(np.clip(bulk_g_cm3 / 0.82, 0.75, 1.35))
    # Full tanks two high would overload the container; so high they are part empty, or on their way back.
    is_return = rng.random() < 0.25
    n_high = max(min(2 if is_return else 1, int(bay.height / (tall + PALLET_MM))), 1)
    full = float(rng.uniform(0.02, 0.5)) if is_return else float(rng.uniform(0.86, 0.96))

    def build(small: Projection, x: Span, z: Span) -> None:
        floor = bay.y[1]
        for _ in range(n_high):
            floor = pallet(small, rng, x, floor, z)
            level = full if rng.random() < 0.93 else float(rng.uniform(0.05, 0.7))
            _tank(small, x, (floor - tall, floor), z, density, level)
            floor -= tall

    fill_rows(
        projection,
        rng,
        bay,
        rows_across(rng, bay, (1100, 1150)),
        1000.0,
        build,
        gap_mm=(20, 90),
        grain=Grain(rng, ((2, 2), (10, 20)), float(rng.uniform(0.002, 0.008))),
    )


def _tank(  # noqa: PLR0917 - the three axes, then how full
    small: Projection, x: Span, y: Span, z: Span, g_cm3: float, level: float
) -> None:
    inner = ((x[0] + 25, x[1] - 25), (y[0] + 60, y[1] - 15), (z[0] + 25, z[1] - 25))
    small.shell(*inner, 2.0, PLASTIC)
    surface = inner[1][1] - (inner[1][1] - inner[1][0]) * level
    small.box(inner[0], (surface, inner[1][1]), inner[2], ORGANIC.packed(g_cm3))
    middle = (x[0] + x[1]) / 2
    small.cylinder_y(middle, (y[0] + 5, y[0] + 60), (z[0] + z[1]) / 2, 100, PLASTIC, wall_mm=8)
    small.cylinder_z(middle, y[1] - 70, (z[0], z[0] + 110), 38, PLASTIC, wall_mm=9)
    for near in (z[0], z[1] - 16):
        for left in np.linspace(x[0], x[1] - 18, 9):
            small.box((float(left), float(left) + 18), y, (near, near + 16), STEEL.packed(1.5))
        for top in np.linspace(y[0], y[1] - 18, 6):
            small.box(x, (float(top), float(top) + 18), (near, near + 16), STEEL.packed(1.5))
    for left in (x[0], x[1] - 16):
        for top in np.linspace(y[0], y[1] - 18, 6):
            small.box((left, left + 16), (float(top), float(top) + 18), z, STEEL.packed(1.5))


def draw_paper_rolls(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Fill a bay with paper rolls on end: dense rounds with a core's bright line, staggered rows."""
    n_across = int(rng.choice([2, 2, 3]))
    radius = bay.width / n_across / 2 - float(rng.uniform(4, 60))
    room = load_height(rng, bay, bulk_g_cm3)
    tall = float(rng.uniform(600, 1400))
    n_high = max(int(room / tall), 1)
    tall = min(tall, bay.height - 20)
    # A round fills 0.785 of its square.
    paper = ORGANIC.packed(float(np.clip(bulk_g_cm3 / 0.785, 0.3, 1.2)))
    grain = Grain(rng, ((300, 1.5), (120, 4), (300, 12)), float(rng.uniform(0.004, 0.015)))

    def build(small: Projection, x: Span, z: Span) -> None:
        middle, deep = (x[0] + x[1]) / 2, (z[0] + z[1]) / 2
        floor = bay.y[1]
        for _ in range(max(n_high - int(rng.random() < 0.15), 1)):
            high, wide = tall * float(rng.uniform(0.97, 1.0)), radius * float(rng.uniform(0.96, 1.0))
            small.cylinder_y(middle, (floor - high, floor), deep, wide, paper)
            small.cylinder_y(middle, (floor - high, floor), deep, 42, paper.packed(-paper.density_g_cm3))
            small.cylinder_y(middle, (floor - high, floor), deep, 42, ORGANIC.packed(0.7), wall_mm=10)
            small.cylinder_y(middle, (floor - 6, floor), deep, wide, ORGANIC.packed(0.7))
            floor -= high

    rows = rows_across(rng, bay, (2 * radius, 2 * radius + 1))
    for row in rows:
        shifted = min(float(rng.uniform(0, radius)), max(bay.length - 2 * radius, 0))
        room_here = Hold(x=(bay.x[0] + shifted, bay.x[1]), y=bay.y, z=bay.z)
        fill_rows(projection, rng, room_here, [row], 2 * radius, build, gap_mm=(2, 40), grain=grain)


def draw_fabric_rolls(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Fill a bay with fabric rolls lying along or across: rounds laced into one another, on tubes."""
    across = rng.random() < 0.5
    radius = float(rng.uniform(70, 160))
    long = bay.width - 20 if across else float(rng.uniform(1500, 2300))
    room = load_height(rng, bay, bulk_g_cm3, fullest=0.92)
    cloth = float(np.clip(bulk_g_cm3 / 0.88, 0.12, 0.7))
    step = 2 * radius * 0.88
    n_high = max(int((room - 2 * radius) / step) + 1, 1)
    n_wide = int(rng.integers(3, 7)) if across else 1

    def rolls(small: Projection, x: Span, z: Span) -> None:
        for level in range(max(n_high - int(rng.random() < 0.4), 1)):
            y = bay.y[1] - radius - level * step
            start = (level % 2) * radius
            places = np.arange(
                (x[0] if across else z[0]) + radius + start,
                (x[1] if across else z[1]) - radius + 1,
                2 * radius,
            )
            for place in places:
                fat = radius * float(rng.uniform(0.9, 1.0))
                lies = y + radius - fat
                cut = float(rng.uniform(0, 0.06)) * long
                goods = ORGANIC.packed(cloth * float(rng.uniform(0.94, 1.06)))
                if across:
                    small.cylinder_z(float(place), lies, (z[0] + cut, z[1]), fat, goods)
                    small.cylinder_z(float(place), lies, z, 24, ORGANIC.packed(0.8), wall_mm=5)
                else:
                    small.cylinder_x((x[0] + cut, x[1] - cut), lies, float(place), fat, goods)
                    small.cylinder_x(x, lies, float(place), 24, ORGANIC.packed(0.8), wall_mm=5)

    fill_rows(
        projection,
        rng,
        bay,
        [(bay.z[0] + 10, bay.z[1] - 10)],
        (2 * n_wide + 1) * radius if across else long,
        rolls,
        gap_mm=(0, 25),
        grain=Grain(
            rng, ((2, 2), (3, 40) if not across else (6, 6), (30, 30)), float(rng.uniform(0.01, 0.04))
        ),
        variants=3,
    )
    if rng.random() < 0.5:
        projection.box(bay.x, (bay.y[1] - 4, bay.y[1]), bay.z, WOOD)
