"""Container flat cars: sills, bogies, couplers, brake gear, and the track under them."""

from typing import Final

import numpy as np

from datasets.synthetic.chassis import hang_parts
from datasets.synthetic.hold import Hold
from datasets.synthetic.physics import STEEL, STONE, WOOD
from datasets.synthetic.plates import Rng, add_plates, add_strips, circle, rectangle, repeat
from datasets.synthetic.projection import Projection
from datasets.synthetic.wheels import draw_wheelset

RAIL_DECK_MM: Final = 1180.0
"""From the top of the rails to the base of the container."""


def draw_rail_car(projection: Projection, rng: Rng, body: Hold, *, rail: float) -> None:
    """The car under a container, its couplers at both ends, the rails and perhaps the ties."""
    x0, x1 = body.x[0] - rng.uniform(350, 900), body.x[1] + rng.uniform(350, 900)
    deck = body.y[1]
    _sills(projection, rng, x0, x1, deck)
    _deck(projection, rng, body, (x0, x1), deck)
    wheel_base, overhang = rng.uniform(1720, 1860), rng.uniform(1500, 1900)
    repeat(
        projection,
        (x0 + overhang, x1 - overhang),
        wheel_base / 2 + 620,
        lambda p, x: _bogie(p, rng, x, wheel_base / 2, deck=deck, rail=rail),
    )
    for end, side in ((x0, -1), (x1, 1)):
        _coupler(projection, rng, end, side, rail - rng.uniform(860, 900))
    hang = x0 + overhang + 1700, x1 - overhang - 1700
    hang_parts(projection, rng, hang, deck + rng.uniform(250, 420), n_parts=int(rng.integers(4, 14)))
    _brake_rods(projection, rng, (x0 + 900, x1 - 900), deck)
    _track(projection, rng, rail)


def _sills(projection: Projection, rng: Rng, x0: float, x1: float, deck: float) -> None:
    """Fish-bellied side sills and the centre sill."""
    end, deep = rng.uniform(200, 280), rng.uniform(330, 620)
    knee = 0.24 * (x1 - x0)
    lower = [(x0, deck + end), (x0 + knee, deck + end), (x0 + knee + 500, deck + deep)]
    lower += [(x1 - knee - 500, deck + deep), (x1 - knee, deck + end), (x1, deck + end)]
    z, web, wide, thick = (
        rng.uniform(1050, 1250),
        rng.uniform(7, 12),
        rng.uniform(90, 160),
        rng.uniform(12, 18),
    )
    add_plates(projection, [(x0, deck), (x1, deck), *lower[::-1]], z, web, STEEL)
    add_strips(projection, lower, thick, z, wide, STEEL)
    for side in (-z, z):
        projection.box((x0, x1), (deck, deck + thick), (side - wide / 2, side + wide / 2), STEEL)
    for side in (-180.0, 180.0):
        projection.box((x0, x1), (deck + 40, deck + end + 130), (side - 6, side + 6), STEEL)
    projection.box((x0, x1), (deck + 40, deck + 54), (-260, 260), STEEL)


def _deck(projection: Projection, rng: Rng, body: Hold, ends: tuple[float, float], deck: float) -> None:
    """Cross bearers, the pedestals with their spigots, perhaps a plank floor, steps and rungs."""
    height, smear = rng.uniform(120, 220), rng.uniform(15, 45)

    def bearer(p: Projection, x: float) -> None:
        p.box(
            (x - smear / 2, x + smear / 2), (deck + 12, deck + height), (-1050, 1050), STEEL, share=8 / smear
        )
        p.box((x - 70, x + 70), (deck + height - 10, deck + height), (-1050, 1050), STEEL)

    def pedestal(p: Projection, x: float) -> None:
        for z in (-1138.0, 1138.0):
            p.box((x - 130, x + 130), (deck - 4, deck + 90), (z - 90, z + 90), STEEL, share=0.5)
            p.cylinder_y(x, (deck - 70, deck + 40), z, 28, STEEL)

    repeat(projection, np.arange(ends[0] + 400, ends[1] - 300, rng.uniform(700, 1300)), 90, bearer)
    repeat(projection, (body.x[0] + 89, body.x[1] - 89), 150, pedestal)
    for x in (ends[0] + 30, ends[1] - 60):
        projection.shell((x, x + 40), (deck, deck + 280), (-1250, 1250), 10, STEEL)
    if rng.random() < 0.3:
        projection.box(ends, (deck - 2, deck + 50), (-1050, 1050), WOOD)
    for x in (ends[0] + rng.uniform(80, 300), ends[1] - rng.uniform(420, 700)):
        for k in range(int(rng.integers(2, 4))):
            y = deck + 150 + 250 * k
            rung = [(x, deck + 120), (x, y), (x + 330, y), (x + 330, deck + 120)]
            add_strips(projection, rung, 22, 1280, 22, STEEL)


def _bogie(projection: Projection, rng: Rng, x: float, half_base: float, *, deck: float, rail: float) -> None:
    """Two wheelsets, cast side frames with their windows, bolster, spring nests, brake beams."""
    repeat(projection, (x - half_base, x + half_base), 500, lambda p, at: draw_wheelset(p, rng, at, rail))
    axle = rail - 440
    frame = [
        (x - half_base - 220, axle - 140), (x - half_base + 150, axle - 190), (x - 330, axle - 330),
        (x + 330, axle - 330), (x + half_base - 150, axle - 190), (x + half_base + 220, axle - 140),
        (x + half_base + 200, axle - 60), (x + half_base - 160, axle - 60), (x + 330, axle + 210),
        (x - 330, axle + 210), (x - half_base + 160, axle - 60), (x - half_base - 200, axle - 60),
    ]  # fmt: skip
    windows = [
        rectangle((x - 240, x + 240), (axle - 230, axle + 120)),
        [(x - 620, axle - 150), (x - 330, axle - 240), (x - 330, axle + 90)],
        [(x + 620, axle - 150), (x + 330, axle - 240), (x + 330, axle + 90)],
    ]
    add_plates(projection, frame, 1000, rng.uniform(30, 60), STEEL, holes=windows)
    add_strips(projection, frame, 26, 1000, 60, STEEL, closed=True)
    for z in (-1000.0, 1000.0):
        for k in (-1, 0, 1):
            for turn in range(6):
                y = axle - 90 + 36 * turn
                projection.box(
                    (x + 130 * k - 60, x + 130 * k + 60), (y, y + 18), (z - 60, z + 60), STEEL, share=0.4
                )
    projection.shell((x - 210, x + 210), (axle - 330, axle - 100), (-1120, 1120), 18, STEEL)
    projection.cylinder_y(x, (deck + 120, axle - 300), 0, 170, STEEL, wall_mm=40)
    for side in (-1, 1):
        shoe = x + side * (half_base - 490)
        add_plates(projection, circle(shoe, axle + 10, 70), 750, 90, STEEL)
        projection.bar((shoe, axle + 60, -800), (shoe, axle + 60, 800), 60, 12, STEEL)


def _coupler(projection: Projection, rng: Rng, end: float, side: int, y: float) -> None:
    """Draft gear, shank and knuckle: nearly black; air hose and lever beside them."""

    def at(offset: float) -> float:
        return end + side * offset

    shank = [(at(-900), y - 120), (at(0), y - 100), (at(0), y + 100), (at(-900), y + 120)]
    add_plates(projection, shank, 0, rng.uniform(110, 180), STEEL)
    knuckle = [
        (at(0), y - 90),
        (at(260), y - 150),
        (at(420), y - 140),
        (at(420), y + 140),
        (at(240), y + 150),
        (at(0), y + 90),
    ]
    add_plates(projection, knuckle, 0, rng.uniform(140, 220), STEEL, holes=[circle(at(290), y, 45)])
    for k in range(4):
        x = sorted((at(-820 + 130 * k), at(-760 + 130 * k)))
        projection.box((x[0], x[1]), (y - 110, y + 110), (-110, 110), STEEL)
    hose = [(at(-150), y + 60), (at(60), y + 220), (at(230), y + 430), (at(380), y + 470)]
    add_strips(projection, hose, 45, 320, 16, STEEL)
    add_strips(projection, [(at(-60), y - 250), (at(110), y - 200), (at(180), y - 30)], 25, 900, 25, STEEL)


def _brake_rods(projection: Projection, rng: Rng, x: tuple[float, float], deck: float) -> None:
    middle = (x[0] + x[1]) / 2
    y = deck + rng.uniform(180, 330)
    projection.cylinder_x((middle - 350, middle + 150), y, 350, rng.uniform(150, 190), STEEL, wall_mm=10)
    add_strips(projection, [(middle + 160, y - 250), (middle + 200, y + 260)], 70, 0, 24, STEEL)
    for z in (-300.0, 60.0):
        projection.cylinder_x(x, y + rng.uniform(-60, 120), z, rng.uniform(11, 17), STEEL)
    projection.cylinder_x(x, deck + 130, 250, 17, STEEL, wall_mm=3.5)


def _track(projection: Projection, rng: Rng, rail: float) -> None:
    """Two rails of 60 kg/m; ties and fastenings where the picture reaches that low."""
    width = projection.beam.width_mm
    for z in (-753.0, 753.0):
        projection.box((0, width), (rail, rail + 45), (z - 36, z + 36), STEEL)
        projection.box((0, width), (rail + 45, rail + 160), (z - 8, z + 8), STEEL)
        projection.box((0, width), (rail + 160, rail + 176), (z - 75, z + 75), STEEL)
    if rng.random() < 0.6:
        tie, half = (STONE, 130.0) if rng.random() < 0.6 else (WOOD, 120.0)

        def draw(p: Projection, x: float) -> None:
            p.box((x - half, x + half), (rail + 178, rail + 380), (-1250, 1250), tie)
            for z in (-840.0, -665.0, 665.0, 840.0):
                p.box((x - 50, x + 50), (rail + 120, rail + 178), (z - 30, z + 30), STEEL, share=0.4)

        repeat(projection, np.arange(rng.uniform(0, 600), width, rng.uniform(540, 660)), 150, draw)
