"""Containers, chassis and tractors seen from the side by a scanner.

The source stands at one side at ``source_height``: beams through the roof and the floor are oblique, so
that both appear as bands. Sizes follow ISO 668 and ISO 1496-1 (containers) and usual skeletal
semi-trailers; plate thicknesses are usual ones, not a particular maker's.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from datasets.synthetic.canvas import Canvas, Point
from datasets.synthetic.physics import ALUMINIUM, GLASS, PLASTIC, RUBBER, STEEL, WOOD

Rng = np.random.Generator


class ContainerType(StrEnum):
    """ISO size and type, as painted on the box."""

    FT20 = "22G1"
    FT40 = "42G1"
    FT40HC = "45G1"


SIZE_MM = {
    ContainerType.FT20: (6058.0, 2591.0),
    ContainerType.FT40: (12192.0, 2591.0),
    ContainerType.FT40HC: (12192.0, 2896.0),
}
INSIDE_WIDTH_MM = 2340.0
DECK_MM = 1180.0
_TYRE_MM = 500.0


@dataclass(frozen=True, kw_only=True)
class Box:
    """A container's place in the picture, millimetres.

    Attributes:
        x0, x1: Outer ends.
        top, bottom: Outer roof and base, y down.
        roof_band, floor_band: Heights over which roof and floor are seen obliquely.
    """

    x0: float
    x1: float
    top: float
    bottom: float
    roof_band: float
    floor_band: float

    @property
    def inside(self) -> tuple[float, float, float, float]:
        """Left, ceiling, right, floor of the loadable space."""
        return self.x0 + 110, self.top + 90, self.x1 - 110, self.bottom - 150 - 0.55 * self.floor_band


def place_box(rng: Rng, kind: ContainerType, *, x0: float, ground: float) -> Box:
    """Stand a container of a kind on a chassis at ``x0``."""
    length, height = SIZE_MM[kind]
    bottom = ground - DECK_MM
    source_height, distance = rng.uniform(1000, 2700), rng.uniform(4200, 6500)
    share = INSIDE_WIDTH_MM / (distance + INSIDE_WIDTH_MM)
    roof_band = float(max((DECK_MM + height - source_height) * share, 120))
    floor_band = float(max(abs(DECK_MM - source_height) * share, 60))
    return Box(
        x0=x0, x1=x0 + length, top=bottom - height, bottom=bottom, roof_band=roof_band, floor_band=floor_band
    )


def draw_container(canvas: Canvas, rng: Rng, box: Box) -> None:
    """Walls, roof, floor, posts, castings, rails and doors."""
    _walls(canvas, rng, box)
    _roof(canvas, rng, box)
    _floor(canvas, rng, box)
    for x0, x1 in ((box.x0, box.x0 + 160), (box.x1 - 160, box.x1)):
        canvas.rect(x0, box.top, x1, box.bottom, 9, STEEL)
        edge = x0 if x0 == box.x0 else x1 - 45
        canvas.rect(edge, box.top + 60, edge + 45, box.bottom - 60, 48, STEEL)
    inner = box.x0 + 160 + rng.uniform(15, 60)
    canvas.rect(inner, box.top + 60, inner + 12, box.bottom - 60, 14, STEEL)
    inner = box.x1 - 160 - rng.uniform(15, 60)
    canvas.rect(inner, box.top + 60, inner + 14, box.bottom - 60, 20, STEEL)
    for x in (box.x0, box.x1 - 178):
        for y in (box.top, box.bottom - 118):
            canvas.rect(x, y, x + 178, y + 118, 62, STEEL)
            canvas.ring(x + 89, y + 59, 28, 42, -18, STEEL)
            canvas.disc(x + 89, y + 59, 28, -38, STEEL)
    for k in range(4):  # locking bars of the doors, end on
        x = box.x1 - 20 - 14 * (k % 2)
        canvas.column(x, box.top + 150, box.bottom - 130, 17, STEEL, wall_mm=3)


def _walls(canvas: Canvas, rng: Rng, box: Box) -> None:
    """Two corrugated side walls of 1.6 to 2 mm; magnification makes their periods differ."""
    x = (np.arange(canvas.planes.shape[2]) + 0.5) * canvas.pitch_mm
    steel = np.zeros_like(x)
    for magnification in (1.0, rng.uniform(1.04, 1.12)):
        phase = ((x - box.x0) * magnification + rng.uniform(0, 278)) % 278
        slope = ((phase > 72) & (phase < 140)) | (phase > 210)
        steel += rng.uniform(1.6, 2.0) * np.where(slope, 1.16, 1.0)
    kernel = np.ones(3) / 3
    steel = np.convolve(steel, kernel, mode="same")
    cover, x_px = canvas.coverage(box.x0, box.x1)
    down, y_px = canvas.coverage(box.top + 60, box.bottom - 60)
    row = np.zeros(cover.shape, dtype=np.float32)
    inside = (np.arange(cover.size) + x_px >= 0) & (np.arange(cover.size) + x_px < x.size)
    row[inside] = steel[np.arange(cover.size)[inside] + x_px] * cover[inside]
    canvas.add(down[:, None] * row, x_px, y_px, STEEL)


def _roof(canvas: Canvas, rng: Rng, box: Box) -> None:
    near, far = box.top, box.top + box.roof_band
    canvas.rect(box.x0, near, box.x1, near + 60, 8, STEEL)
    canvas.rect(box.x0 + 150, far - 22, box.x1 - 150, far, rng.uniform(2.5, 5), STEEL)
    plate = 2.0 * np.hypot(INSIDE_WIDTH_MM, box.roof_band) / box.roof_band
    canvas.rect(box.x0 + 40, near + 30, box.x1 - 40, far - 10, float(min(plate, 16)), STEEL)
    n_bows = int((box.x1 - box.x0) // 1000)
    for k in range(1, n_bows):
        x = box.x0 + k * (box.x1 - box.x0) / n_bows
        canvas.rect(x - 8, far - 45, x + 8, far - 22, 12, STEEL)


def _floor(canvas: Canvas, rng: Rng, box: Box) -> None:
    top, bottom = box.bottom - 150 - box.floor_band, box.bottom
    canvas.rect(box.x0, bottom - 150, box.x1, bottom, 9, STEEL)
    canvas.rect(box.x0, bottom - 30, box.x1, bottom, 40, STEEL)
    canvas.rect(box.x0 + 100, top, box.x1 - 100, top + 26, rng.uniform(3, 6), STEEL)
    plywood = 28 * INSIDE_WIDTH_MM / max(box.floor_band, 90)
    canvas.rect(
        box.x0 + 100, top, box.x1 - 100, top + max(box.floor_band, 90), float(min(plywood, 520)), WOOD
    )
    pitch, lean = 305.0, rng.uniform(-14, 14)
    x = box.x0 + rng.uniform(180, 330)
    steel = float(np.clip(4.5 * INSIDE_WIDTH_MM / max(box.floor_band + 120, 150), 18, 42))
    while x < box.x1 - 150:
        canvas.line((x + lean, top + 10), (x, bottom - 20), 30, steel, STEEL)
        x += pitch * rng.uniform(0.97, 1.03)
    if box.x1 - box.x0 < 7000:
        middle = (box.x0 + box.x1) / 2
        for x in (middle - 1025, middle + 1025):
            canvas.rect(x - 180, bottom - 150, x + 180, bottom - 30, 14, STEEL)


def draw_wheel(canvas: Canvas, rng: Rng, x: float, ground: float, *, dual: bool) -> None:
    """Both wheels of an axle, seen one behind the other; ``dual`` has two tyres on each side."""
    n_tyres = 4 if dual else 2
    y = ground - _TYRE_MM
    for _ in range(2):
        dx = rng.uniform(-18, 18)
        share = n_tyres / 2
        canvas.ring(x + dx, y, 285, _TYRE_MM, 30 * share, RUBBER)
        canvas.ring(x + dx, y, _TYRE_MM - 62, _TYRE_MM - 4, 205 * share, RUBBER)
        canvas.ring(x + dx, y, _TYRE_MM - 50, _TYRE_MM - 30, 9 * share, STEEL)
        canvas.ring(x + dx, y, 262, 292, 50 * share, STEEL)
        canvas.disc(x + dx, y, 265, 12 * share, STEEL)
        canvas.ring(x + dx, y, 160, 210, 60, STEEL)
        canvas.disc(x + dx, y, 95, 65, STEEL)
        turn = rng.uniform(0, 1)
        for k in range(10):
            angle = 2 * np.pi * (k + turn) / 10
            canvas.disc(x + dx + 140 * np.cos(angle), y + 140 * np.sin(angle), 16, 30, STEEL)
        for k in range(8):
            angle = 2 * np.pi * (k + turn) / 8
            canvas.disc(x + dx + 236 * np.cos(angle), y + 236 * np.sin(angle), 22, -10 * share, STEEL)
    canvas.disc(x, y, 62, 220, STEEL)


def draw_chassis(canvas: Canvas, rng: Rng, box: Box, *, ground: float, x1: float) -> None:
    """A skeletal semi-trailer below a container, its axles at the right end."""
    x0, deck = box.x0 - rng.uniform(60, 200), ground - DECK_MM
    knee = x0 + min(3300.0, 0.42 * (x1 - x0))
    deep = rng.uniform(430, 520)
    lower: list[Point] = [(x0, deck + 170), (knee - 350, deck + 190), (knee, deck + deep)]
    lower += [(x1 - 1200, deck + deep - 30), (x1, deck + 260)]
    web: list[Point] = [(x0, deck), *lower, (x1, deck)]
    canvas.polygon(web, 15, STEEL)
    canvas.rect(x0, deck, x1, deck + 16, 210, STEEL)
    for a, b in pairwise(lower):
        canvas.line(a, b, 17, 210, STEEL)
    x = x0 + 300
    while x < x1 - 200:
        low = float(np.interp(x, [p[0] for p in lower], [p[1] for p in lower]))
        height = rng.uniform(90, 160)
        canvas.rect(x, low - height - 20, x + 70, low - 20, rng.uniform(18, 60), STEEL)
        canvas.rect(x - 20, deck + 30, x + 6, low - 10, 16, STEEL)
        x += rng.uniform(420, 760)
    for bolster in (box.x0 + 90, box.x1 - 90):
        canvas.rect(bolster - 150, deck - 5, bolster + 150, deck + 190, 26, STEEL)
        canvas.outline(bolster - 150, deck - 5, bolster + 150, deck + 190, 12, 60, STEEL)
        canvas.disc(bolster, deck + 60, 42, 60, STEEL)
    _landing_legs(canvas, rng, max(knee, x0 + 2600) + rng.uniform(100, 250), deck, ground)
    _fittings(canvas, rng, (knee + 900, x1 - 3300), deck + deep, deep)
    n_axles = int(rng.integers(2, 4)) if x1 - x0 > 8000 else 2
    axles = x1 - rng.uniform(850, 1100) - 1310 * np.arange(n_axles)
    for x in axles:
        canvas.line((x - 520, deck + deep + 60), (x + 420, deck + deep + 90), 70, 55, STEEL)
        canvas.line((x - 500, deck + deep - 40), (x - 420, deck + deep + 120), 60, 60, STEEL)
        canvas.disc(x + 330, deck + deep + 10, 110, 40, RUBBER)
        draw_wheel(canvas, rng, float(x), ground, dual=bool(rng.random() < 0.8))
    canvas.line((x1 - 130, deck + 60), (x1 - 210, ground - 420), 90, 12, STEEL)
    canvas.rect(x1 - 330, ground - 520, x1 - 110, ground - 410, 45, STEEL)
    for k in range(3):
        canvas.disc(x1 - 45, deck + 110 + 70 * k, 28, 12, PLASTIC)


def _landing_legs(canvas: Canvas, rng: Rng, x: float, deck: float, ground: float) -> None:
    foot = ground - rng.uniform(260, 420)
    canvas.rect(x - 62, deck + 60, x + 62, foot - 160, 26, STEEL)
    canvas.rect(x - 48, deck + 200, x + 48, foot, 24, STEEL)
    canvas.rect(x - 12, deck + 160, x + 12, foot - 40, 40, STEEL)
    canvas.rect(x - 150, foot, x + 150, foot + 28, 160, STEEL)
    canvas.line((x + 60, foot - 200), (x + 640, deck + 330), 50, 14, STEEL)


def _fittings(canvas: Canvas, rng: Rng, ends: tuple[float, float], low: float, deep: float) -> None:
    """Air tanks, spare wheel, toolbox, pipes, side guard: what hangs below a trailer."""
    (x0, x1), deck = ends, low - deep
    for _ in range(int(rng.integers(1, 3))):
        if x1 - x0 < 600:
            return
        x = rng.uniform(x0, x1 - 500)
        match int(rng.integers(0, 4)):
            case 0:
                canvas.ring(x, low + 90, 135, 143, 500, STEEL)
                canvas.disc(x, low + 90, 140, 7, STEEL)
            case 1:
                length = rng.uniform(600, 900)
                canvas.beam(x, x + length, low + 110, 138, STEEL, wall_mm=4)
                canvas.rect(x + 100, low - 20, x + 130, low + 250, 12, STEEL)
                canvas.rect(x + length - 130, low - 20, x + length - 100, low + 250, 12, STEEL)
            case 2:
                canvas.outline(x, low - 10, x + 620, low + 330, 14, 30, STEEL)
                canvas.rect(x, low - 10, x + 620, low + 330, 4, STEEL)
                for _ in range(6):
                    tool = x + rng.uniform(40, 480)
                    canvas.rect(
                        tool, low + 240, tool + rng.uniform(30, 120), low + 310, rng.uniform(8, 40), STEEL
                    )
            case _:
                for k in range(4):
                    canvas.rect(x, low + 60 + 90 * k, x + 340, low + 85 + 90 * k, 4, STEEL)
                canvas.rect(x, low - 20, x + 28, low + 380, 8, STEEL)
                canvas.rect(x + 312, low - 20, x + 340, low + 380, 8, STEEL)
    y = deck + rng.uniform(150, 300)
    canvas.beam(x0 - 600, x1 + 900, y, 14, STEEL, wall_mm=3)
    canvas.beam(x0 - 400, x1 + 700, y + 45, 9, PLASTIC)


def draw_tractor(canvas: Canvas, rng: Rng, *, nose: float, ground: float) -> None:
    """A cab-over tractor whose bumper is at ``nose``; it is 5.5 m long and couples at its rear."""
    frame = ground - 930
    canvas.rect(nose + 600, frame, nose + 5500, frame + 260, 15, STEEL)
    canvas.rect(nose + 600, frame, nose + 5500, frame + 14, 140, STEEL)
    canvas.rect(nose + 600, frame + 246, nose + 5500, frame + 260, 140, STEEL)
    for x in np.arange(nose + 1900, nose + 5400, 480):
        canvas.rect(x, frame + 40, x + 80, frame + 210, 34, STEEL)
    _engine(canvas, rng, nose + 650, frame)
    _cab(canvas, rng, nose, frame, ground)
    draw_wheel(canvas, rng, nose + 1400, ground, dual=False)
    for x in (nose + 3750, nose + 5100):
        draw_wheel(canvas, rng, x, ground, dual=True)
        canvas.line((x - 560, frame + 300), (x + 560, frame + 300), 75, 90, STEEL)
    fifth = nose + 4450
    canvas.rect(fifth - 460, frame - 180, fifth + 460, frame - 130, 380, STEEL)
    canvas.rect(fifth - 220, frame - 130, fifth + 220, frame, 60, STEEL)
    canvas.rect(nose + 2350, frame + 40, nose + 3350, frame + 620, 6, ALUMINIUM)
    canvas.rect(nose + 2360, frame + 250, nose + 3340, frame + 610, 480, PLASTIC)
    for x in (nose + 2550, nose + 3100):
        canvas.rect(x, frame + 20, x + 60, frame + 640, 10, STEEL)
    for k in range(2):
        canvas.ring(nose + 3560, frame + 120 + 260 * k, 118, 125, 300, STEEL)
        canvas.disc(nose + 3560, frame + 120 + 260 * k, 122, 8, STEEL)
    canvas.column(nose + 2280, frame - 1200, frame + 300, 75, STEEL, wall_mm=2.5)
    canvas.line((nose + 2600, frame - 60), (nose + 5500, frame - 90), 36, 20, RUBBER)


def _engine(canvas: Canvas, rng: Rng, x: float, frame: float) -> None:
    canvas.rect(x + 60, frame - 330, x + 1180, frame + 240, 55, STEEL)
    canvas.rect(x + 110, frame - 200, x + 1120, frame + 130, 70, STEEL)
    for k in range(6):
        centre = x + 200 + 165 * k
        canvas.column(centre, frame - 260, frame + 40, 58, STEEL, wall_mm=14)
        canvas.rect(centre - 56, frame - 160, centre + 56, frame - 60, 60, ALUMINIUM)
        canvas.rect(centre - 30, frame - 380, centre + 30, frame - 300, 40, STEEL)
    canvas.beam(x + 120, x + 1150, frame + 90, 45, STEEL)
    canvas.rect(x + 90, frame + 150, x + 1100, frame + 290, 9, STEEL)
    canvas.ring(x + 40, frame - 60, 70, 190, 18, STEEL)
    canvas.disc(x + 1240, frame - 10, 230, 45, STEEL)
    canvas.polygon(
        [(x + 1230, frame - 190), (x + 1900, frame - 90), (x + 1900, frame + 150), (x + 1230, frame + 190)],
        38,
        STEEL,
    )
    for k in range(9):
        gear = x + 1330 + 60 * k
        canvas.rect(gear, frame - 90 + 4 * k, gear + 34, frame + 110 - 4 * k, rng.uniform(40, 120), STEEL)
    canvas.rect(x - 90, frame - 560, x - 20, frame + 130, 260, ALUMINIUM)
    canvas.disc(x + 520, frame - 420, 110, 40, STEEL)
    canvas.ring(x + 520, frame - 420, 60, 130, 18, STEEL)
    canvas.beam(x + 1900, x + 4300, frame + 130, 55, STEEL, wall_mm=6)


def _cab(canvas: Canvas, rng: Rng, nose: float, frame: float, ground: float) -> None:
    top, back, floor = ground - 3050 - rng.uniform(0, 450), nose + 2250, frame - 380
    shell: list[Point] = [
        (nose + 60, frame + 330),
        (nose, frame - 250),
        (nose + 60, floor - 500),
        (nose + 330, top + 260),
        (nose + 620, top),
        (back, top + 40),
        (back, frame - 120),
        (nose + 2000, frame - 100),
        (nose + 1960, frame + 200),
    ]
    canvas.polygon(shell, 3.2, STEEL)
    for a, b in zip(shell, [*shell[1:], shell[0]], strict=True):
        canvas.line(a, b, 24, 34, STEEL)
    window: list[Point] = [
        (nose + 260, floor - 480),
        (nose + 480, top + 420),
        (nose + 1220, top + 420),
        (nose + 1220, floor - 480),
    ]
    canvas.polygon(window, -1.6, STEEL)
    canvas.polygon(window, 9, GLASS)
    for a, b in zip(window, [*window[1:], window[0]], strict=True):
        canvas.line(a, b, 30, 7, STEEL)
    canvas.line((nose + 50, floor - 470), (nose + 330, top + 280), 26, 520, GLASS)
    canvas.rect(nose + 1250, floor - 900, nose + 1290, floor, 6, STEEL)
    canvas.rect(nose + 120, floor - 30, back, floor, 60, STEEL)
    canvas.polygon(
        [
            (nose + 90, floor - 60),
            (nose + 110, floor - 520),
            (nose + 420, floor - 470),
            (nose + 470, floor - 60),
        ],
        420,
        PLASTIC.packed(0.28),
    )
    for _ in range(14):
        x, y = nose + rng.uniform(120, 420), floor - rng.uniform(80, 460)
        canvas.rect(x, y, x + rng.uniform(25, 110), y + rng.uniform(20, 80), rng.uniform(4, 26), STEEL)
    canvas.line((nose + 470, floor - 120), (nose + 620, floor - 520), 36, 14, STEEL)
    canvas.line((nose + 480, floor - 620), (nose + 760, floor - 440), 30, 60, PLASTIC)
    for x in (nose + 900, nose + 960):
        canvas.rect(x, floor - 330, x + 470, floor - 190, 420, PLASTIC.packed(0.12))
        canvas.line((x + 430, floor - 200), (x + 560, floor - 860), 120, 400, PLASTIC.packed(0.11))
        canvas.line((x + 450, floor - 190), (x + 570, floor - 850), 26, 9, STEEL)
        canvas.rect(x + 40, floor - 190, x + 440, floor - 40, 10, STEEL)
    canvas.rect(nose + 1560, floor - 520, back - 60, floor - 400, 1500, PLASTIC.packed(0.06))
    canvas.rect(nose + 1560, floor - 400, back - 60, floor - 380, 10, STEEL)
    canvas.rect(nose - 30, frame + 60, nose + 110, frame + 400, 60, PLASTIC)
    canvas.rect(nose + 10, frame + 190, nose + 90, frame + 300, 22, STEEL)
    canvas.disc(nose + 70, frame + 20, 105, 60, GLASS)
