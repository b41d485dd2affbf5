"""Skeletal semi-trailers: two deep beams on axles, landing legs, and all that hangs below."""

from typing import Final

import numpy as np

from datasets.synthetic.beam import Float64
from datasets.synthetic.hold import Hold
from datasets.synthetic.physics import ALUMINIUM, PLASTIC, RUBBER, STEEL
from datasets.synthetic.plates import Outline, Rng, add_plates, add_strips, circle, rectangle, repeat
from datasets.synthetic.projection import Projection, Span
from datasets.synthetic.wheels import TYRE_MM, draw_axle

DECK_MM: Final = 1180.0
"""From the road to the base of the container."""


def draw_trailer(projection: Projection, rng: Rng, body: Hold, *, ground: float) -> None:
    """The chassis under a box whose base is ``DECK_MM`` above the road; the kingpin is at the left."""
    x0, x1 = body.x[0] - rng.uniform(60, 200), body.x[1] + rng.uniform(40, 250)
    deck = body.y[1]
    lower = _beams(projection, rng, (x0, x1), deck)
    _cross_members(projection, rng, (x0, x1), deck, lower)
    ends = body.x[0] + 89, body.x[1] - 89
    middles = (sum(body.x) / 2 - 160, sum(body.x) / 2 + 160) if rng.random() < 0.5 else ()
    repeat(projection, (*ends, *middles), 240, lambda p, x: _bolster(p, x, deck))
    knee = lower[2][0]
    low = lower[2][1]
    _landing_legs(projection, rng, max(knee, x0 + 2500) + rng.uniform(100, 250), deck, ground)
    n_axles = int(rng.integers(2, 4)) if body.length > 8000 else 2
    last = x1 - rng.uniform(850, 1200)
    axles = last - rng.uniform(1300, 1400) * np.arange(n_axles, dtype=np.float64)
    _running_gear(projection, rng, axles, low, ground)
    hang_parts(projection, rng, (knee + 700, float(axles.min()) - 700), low, n_parts=int(rng.integers(4, 18)))
    _lines(projection, rng, (x0 + 400, x1 - 200), deck)
    _tail(projection, rng, x1, deck, ground)


def _beams(projection: Projection, rng: Rng, x: Span, deck: float) -> Outline:
    """Two I-beams, shallow over the fifth wheel and deep behind it; the outline of their lower edge."""
    x0, x1 = x
    knee = x0 + min(rng.uniform(2700, 3500), 0.42 * (x1 - x0))
    deep, web, wide, thick = (
        rng.uniform(380, 520),
        rng.uniform(6, 10),
        rng.uniform(110, 150),
        rng.uniform(12, 18),
    )
    lower = [(x0, deck + 150), (knee - 400, deck + 170), (knee, deck + deep)]
    lower += [(x1 - 1200, deck + deep), (x1, deck + rng.uniform(200, 320))]
    z, holes = rng.uniform(440, 500), []
    if rng.random() < 0.6:
        for at in np.arange(knee + 300, x1 - 1400, rng.uniform(500, 1100)):
            holes.append(circle(float(at), deck + deep * 0.5, rng.uniform(45, 90)))
    add_plates(projection, [(x0, deck), (x1, deck), *lower[::-1]], z, web, STEEL, holes=holes)
    for side in (-z, z):
        projection.box(x, (deck, deck + thick), (side - wide / 2, side + wide / 2), STEEL)
        span = (knee, x1 - 1200)
        projection.box(span, (deck + deep - thick, deck + deep), (side - wide / 2, side + wide / 2), STEEL)
    add_strips(projection, lower[:3], thick, z, wide, STEEL)
    add_strips(projection, lower[3:], thick, z, wide, STEEL)
    return lower


def _cross_members(projection: Projection, rng: Rng, x: Span, deck: float, lower: Outline) -> None:
    edge_x, edge_y = [p[0] for p in lower], [p[1] for p in lower]
    height, smear = rng.uniform(80, 150), rng.uniform(12, 40)
    at = x[0] + 300
    while at < x[1] - 200:
        low = float(np.interp(at, edge_x, edge_y))
        top = low - height - rng.uniform(15, 60)
        if rng.random() < 0.5:
            projection.shell((at, at + 80), (top, top + height), (-460, 460), 6, STEEL)
        else:
            projection.box((at, at + smear), (top, top + height), (-460, 460), STEEL, share=6 / smear)
            projection.box((at, at + 70), (top, top + 7), (-460, 460), STEEL)
            projection.box((at, at + 70), (top + height - 7, top + height), (-460, 460), STEEL)
        rib = rectangle((at - 14, at - 4), (deck + 16, low - 16))
        add_plates(projection, rib, 470, rng.uniform(60, 130), STEEL)
        at += rng.uniform(420, 900)


def _bolster(projection: Projection, x: float, deck: float) -> None:
    """The beam under a pair of castings, with twist locks at both ends."""
    projection.shell((x - 110, x + 110), (deck + 4, deck + 170), (-1200, 1200), 7, STEEL)
    for z in (-1138.0, 1138.0):
        projection.cylinder_y(x, (deck - 75, deck + 190), z, 26, STEEL)
        projection.box((x - 48, x + 48), (deck - 78, deck - 38), (z - 26, z + 26), STEEL)
        projection.box((x - 75, x + 75), (deck - 6, deck + 60), (z - 60, z + 60), STEEL, share=0.6)
        projection.box((x - 14, x + 150), (deck + 190, deck + 212), (z - 10, z + 10), STEEL)


def _landing_legs(projection: Projection, rng: Rng, x: float, deck: float, ground: float) -> None:
    foot = ground - rng.uniform(240, 430)
    for z in (-900.0, 900.0):
        projection.shell((x - 65, x + 65), (deck + 40, foot - 160), (z - 65, z + 65), 7, STEEL)
        projection.shell((x - 50, x + 50), (deck + 220, foot), (z - 50, z + 50), 7, STEEL)
        projection.cylinder_y(x, (deck + 150, foot - 60), z, 18, STEEL)
        projection.box((x - 55, x + 55), (deck + 80, deck + 190), (z - 50, z + 50), STEEL, share=0.5)
        projection.box((x - 150, x + 150), (foot, foot + 14), (z - 120, z + 120), STEEL)
        projection.bar((x + 60, foot - 250, z * 0.9), (x + 620, deck + 330, z * 0.55), 50, 8, STEEL)
    projection.cylinder_z(x, deck + 130, (-1150, 900), 17, STEEL)
    projection.bar((x - 60, foot - 220, -860), (x - 60, deck + 250, 860), 50, 6, STEEL)
    crank = [(x, deck + 130), (x + 170, deck + 150), (x + 190, deck + 270)]
    add_strips(projection, crank, 20, 0, 20, STEEL)


def _running_gear(projection: Projection, rng: Rng, axles: Float64, low: float, ground: float) -> None:
    """Axles on leaf springs or air bags, with brake chambers and mudguards."""
    dual, is_air = bool(rng.random() < 0.8), bool(rng.random() < 0.5)
    centre = ground - TYRE_MM

    def gear(p: Projection, x: float) -> None:
        draw_axle(p, rng, x, ground, dual=dual)
        add_plates(
            p, [(x - 560, low), (x - 440, low), (x - 470, low + 190), (x - 530, low + 190)], 480, 14, STEEL
        )
        if is_air:
            arm = [(x - 500, low + 150), (x - 60, centre - 70), (x + 420, centre - 20)]
            add_strips(p, arm, rng.uniform(40, 60), 480, 90, STEEL)
            for z in (-480, 480):
                p.cylinder_y(x + 360, (low + 10, centre - 40), z, 140, RUBBER, wall_mm=9)
                p.cylinder_y(x + 360, (low, low + 14), z, 130, STEEL)
        else:
            for leaf in range(int(rng.integers(4, 9))):
                half = 520 - 55 * leaf
                sag = [
                    (x - half, centre - 150 + 14 * leaf),
                    (x, centre - 80 + 13 * leaf),
                    (x + half, centre - 150 + 14 * leaf),
                ]
                add_strips(p, sag, 12, 480, 76, STEEL)
            add_strips(p, [(x - 40, centre - 170), (x - 40, centre + 70)], 22, 480, 22, STEEL)
            add_strips(p, [(x + 40, centre - 170), (x + 40, centre + 70)], 22, 480, 22, STEEL)
        for z in (-330, 330):
            p.cylinder_x((x + 90, x + 250), centre - 90, z, 85, STEEL, wall_mm=4)
            p.cylinder_x((x + 100, x + 240), centre - 90, z, 14, STEEL)
        p.bar((x - 200, low + 40, 300), (x - 20, centre - 20, 300), 60, 60, RUBBER)

    repeat(projection, [float(x) for x in axles], 660, gear)
    if rng.random() < 0.5:
        turn = np.linspace(-2.6, -0.5, 12)
        for x in axles:
            guard = [(float(x) + 590 * float(np.cos(a)), centre + 590 * float(np.sin(a))) for a in turn]
            add_strips(projection, guard, 6, 1100, 600, PLASTIC)


def hang_parts(projection: Projection, rng: Rng, x: Span, low: float, *, n_parts: int) -> None:  # noqa: PLR0912 - one branch per part
    """Air tanks, tool boxes, spare wheels, racks, hoses: whatever hangs between landing legs and axles."""
    for _ in range(n_parts):
        if x[1] - x[0] < 700:
            return
        at, z = rng.uniform(x[0], x[1] - 600), float(rng.choice([-1, 1])) * rng.uniform(350, 1050)
        match int(rng.integers(0, 8)):
            case 0:
                projection.cylinder_z(at, low + 60, (-rng.uniform(200, 450), 350), 130, STEEL, wall_mm=3)
            case 1:
                end = at + rng.uniform(500, 900)
                projection.cylinder_x((at, end), low + 80, z, 130, STEEL, wall_mm=3.2)
                for strap in (at + 90, end - 110):
                    projection.cylinder_x((strap, strap + 30), low + 80, z, 136, STEEL, wall_mm=5)
            case 2:
                _tool_box(projection, rng, at, low, z)
            case 3:
                projection.cylinder_y(at + 300, (low + 20, low + 280), 0, TYRE_MM, RUBBER, wall_mm=200)
                projection.cylinder_y(at + 300, (low + 30, low + 270), 0, 290, STEEL, wall_mm=8)
            case 4:
                for k in range(int(rng.integers(2, 5))):
                    projection.box(
                        (at, at + 420), (low + 70 * k - 40, low + 70 * k - 15), (z - 20, z + 20), ALUMINIUM
                    )
                for post in (at + 20, at + 380):
                    projection.box((post, post + 28), (low - 90, low + 290), (z - 3, z + 3), STEEL)
            case 5:
                size = rng.uniform(25, 110, 3)
                top = low - rng.uniform(-60, 250)
                projection.box(
                    (at, at + size[0]),
                    (top, top + size[1]),
                    (z - size[2] / 2, z + size[2] / 2),
                    STEEL,
                    share=rng.uniform(0.15, 1),
                )
            case 6:
                xs = at + np.linspace(0, rng.uniform(300, 900), 7)
                hose = [(float(v), low - 60 + rng.uniform(-50, 140)) for v in xs]
                add_strips(projection, hose, rng.uniform(12, 24), abs(z), rng.uniform(3, 10), RUBBER)
            case _:
                outline = [
                    (at, low - 120),
                    (at + rng.uniform(60, 300), low - 120),
                    (at + rng.uniform(30, 120), low + rng.uniform(0, 160)),
                ]
                add_plates(projection, outline, abs(z), rng.uniform(4, 12), STEEL)


def _tool_box(projection: Projection, rng: Rng, x: float, low: float, z: float) -> None:
    size = rng.uniform(450, 800), rng.uniform(280, 450)
    projection.shell((x, x + size[0]), (low - 20, low - 20 + size[1]), (z - 220, z + 220), 2, STEEL)
    for _ in range(int(rng.integers(2, 9))):
        at, height = x + rng.uniform(20, size[0] - 90), rng.uniform(20, 110)
        floor = low - 24 + size[1]
        projection.box(
            (at, at + rng.uniform(25, 160)),
            (floor - height, floor),
            (z - 90, z + 90),
            STEEL,
            share=rng.uniform(0.05, 0.5),
        )


def _lines(projection: Projection, rng: Rng, x: Span, deck: float) -> None:
    """Air pipes and cable ducts along the beams, side guards below them."""
    for _ in range(int(rng.integers(2, 6))):
        y, z = deck + rng.uniform(60, 300), float(rng.choice([-1, 1])) * rng.uniform(300, 440)
        start = rng.uniform(x[0], x[0] + 0.4 * (x[1] - x[0]))
        material = PLASTIC if rng.random() < 0.5 else STEEL
        projection.cylinder_x(
            (start, rng.uniform(start + 500, x[1])), y, z, rng.uniform(6, 16), material, wall_mm=2.5
        )
    if rng.random() < 0.4:
        for k in range(2):
            y = deck + 330 + 200 * k
            span = x[0] + 3900, x[1] - 3700
            for z in (-1180.0, 1180.0):
                projection.shell(span, (y, y + 90), (z - 15, z + 15), 2.5, ALUMINIUM)


def _tail(projection: Projection, rng: Rng, x1: float, deck: float, ground: float) -> None:
    """Under-run bar, lamps, mud flaps."""
    y = ground - rng.uniform(430, 540)
    projection.shell((x1 - 260, x1 - 150), (y, y + 110), (-1190, 1190), 4, STEEL)
    add_plates(
        projection,
        [(x1 - 240, deck + 60), (x1 - 160, deck + 60), (x1 - 180, y), (x1 - 240, y)],
        480,
        10,
        STEEL,
    )
    for z in (-900, 900):
        projection.box((x1 - 60, x1 - 10), (deck + 230, deck + 330), (z - 220, z + 220), PLASTIC, share=0.25)
        projection.box((x1 - 300, x1 - 292), (y - 60, ground - 160), (z - 300, z + 300), RUBBER)
