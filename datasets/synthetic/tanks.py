"""Tank containers: a frame around a barrel on saddles, filled to a level."""

import numpy as np

from datasets.synthetic import solids
from datasets.synthetic.beam import FanBeam
from datasets.synthetic.containers import draw_frame, draw_wear
from datasets.synthetic.hold import Hold
from datasets.synthetic.physics import ALUMINIUM, ORGANIC, PLASTIC, STEEL
from datasets.synthetic.plates import Rng, add_plates, add_strips, rectangle, repeat
from datasets.synthetic.projection import Projection, Span
from datasets.synthetic.solids import NOTHING, Paths


def draw_tank(projection: Projection, rng: Rng, body: Hold) -> float:
    """Draw a tank container with its liquid; the kilograms of it, 0 if it is empty."""
    draw_frame(projection, rng, body, draw_wear(rng))
    radius = rng.uniform(1090, 1150)
    x = body.x[0] + rng.uniform(330, 480), body.x[1] - rng.uniform(330, 480)
    y = body.y[0] + radius + rng.uniform(130, 190)
    _barrel(projection, rng, x, y, radius)
    level = 0.0 if rng.random() < 0.15 else rng.uniform(0.15, 0.97)
    liquid_kg = 0.0
    if level:
        before = projection.mass_kg
        surface = y + radius - 2 * radius * level
        liquid = ORGANIC.packed(rng.uniform(0.75, 1.45))
        projection.add(liquid_paths(projection.beam, x, y, radius - 6, surface), liquid)
        liquid_kg = projection.mass_kg - before
    _frame(projection, rng, body, x, y, radius)
    _fittings(projection, rng, body, x, y, radius)
    return liquid_kg


def liquid_paths(beam: FanBeam, x: Span, y: float, radius: float, surface: float) -> Paths:
    """What lies below a level surface in a lying cylinder about ``z = 0``; four rays a row."""
    whole = solids.cylinder_x(beam, x, y, 0.0, radius)
    if not whole.mm.size:
        return NOTHING
    rows, columns = whole.mm.shape
    row_y = (np.arange(whole.y_px * 4, (whole.y_px + rows) * 4) + 0.5) * beam.pitch_mm / 4
    t = (row_y - beam.source_y_mm) / beam.source_distance_mm
    t = np.where(np.abs(t) < 1e-6, 1e-6, t)
    a, b = 1 + t * t, (row_y - y) * t
    root = np.sqrt(np.maximum(b * b - a * ((row_y - y) ** 2 - radius**2), 0))
    near, far = (-b - root) / a, (-b + root) / a
    crossing = (surface - row_y) / t
    low = np.where(t > 0, np.maximum(near, crossing), near)
    high = np.where(t > 0, far, np.minimum(far, crossing))
    profile = (np.maximum(high - low, 0) * np.sqrt(a)).reshape(-1, 4).mean(axis=1)
    across, _ = solids.coverage(beam, *x)
    mm = np.multiply.outer(profile, across).astype(np.float32)
    return Paths(mm=mm[:, :columns], x_px=whole.x_px, y_px=whole.y_px)


def _barrel(projection: Projection, rng: Rng, x: Span, y: float, radius: float) -> None:
    """Shell, dished ends, stiffening rings, baffles; often insulation under a thin cladding."""
    wall = rng.uniform(3.5, 6.5)
    projection.cylinder_x(x, y, 0, radius, STEEL, wall_mm=wall)
    for end, side in ((x[0], -1), (x[1], 1)):
        for k in range(4):
            low, high = end + side * 45 * k, end + side * 45 * (k + 1)
            ring = radius * np.sqrt(max(1 - (k / 4) ** 2, 0.05))
            projection.cylinder_x((min(low, high), max(low, high)), y, 0, ring, STEEL, wall_mm=wall * 1.6)
        projection.cylinder_x((end - 5, end + 5), y, 0, radius, STEEL, wall_mm=30)
    for at in np.linspace(x[0], x[1], int(rng.integers(3, 6)))[1:-1]:
        projection.cylinder_x((float(at) - 30, float(at) + 30), y, 0, radius + 30, STEEL, wall_mm=8)
        if rng.random() < 0.5:
            smear = rng.uniform(12, 40)
            share = 4 / smear
            whole = solids.cylinder_x(projection.beam, (float(at), float(at) + smear), y, 0, radius)
            hole = solids.cylinder_x(projection.beam, (float(at), float(at) + smear), y, 0, radius * 0.35)
            projection.add(whole, STEEL, share=share)
            projection.add(hole, STEEL, share=-share)
    if rng.random() < 0.6:
        projection.cylinder_x(x, y, 0, radius + 52, PLASTIC.packed(0.05), wall_mm=50)
        projection.cylinder_x(x, y, 0, radius + 53, ALUMINIUM, wall_mm=1)


def _frame(projection: Projection, rng: Rng, body: Hold, x: Span, y: float, radius: float) -> None:  # noqa: PLR0917 - box, then barrel
    """Rails, diagonal braces, and the saddles between frame and barrel."""
    section = rng.uniform(70, 110)
    for z in (body.z[0] + section, body.z[1] - section):
        span = z - section / 2, z + section / 2
        for rail in (body.y[1] - 150, body.y[0] + 10):
            if rail > y or rng.random() < 0.6:
                projection.shell((body.x[0] + 100, body.x[1] - 100), (rail, rail + section), span, 5, STEEL)
    for end, inward in ((body.x[0] + 80, 1), (body.x[1] - 80, -1)):
        far = end + inward * rng.uniform(900, 1500)
        add_strips(
            projection, [(end, body.y[0] + 700), (far, body.y[1] - 100)], section * 0.8, 1150, 10, STEEL
        )
        for z in (-1, 1):
            projection.bar((end, body.y[0] + 120, 1100 * z), (end, body.y[1] - 150, -1100 * z), 90, 12, STEEL)
    low = y + radius * 0.7
    for saddle in (x[0] + 0.15 * (x[1] - x[0]), x[1] - 0.15 * (x[1] - x[0])):
        add_plates(projection, rectangle((saddle - 130, saddle + 130), (low, body.y[1] - 60)), 620, 10, STEEL)
        smear = 30.0
        projection.box((saddle - smear, saddle), (low + 120, body.y[1] - 60), (-900, 900), STEEL, share=0.25)


def _fittings(projection: Projection, rng: Rng, body: Hold, x: Span, y: float, radius: float) -> None:  # noqa: PLR0917 - box, then barrel
    """Manlid, valves, walkway, ladder, discharge pipe."""
    top, middle = y - radius, (x[0] + x[1]) / 2 + rng.uniform(-500, 500)
    projection.cylinder_y(middle, (top - 90, top + 40), 0, 250, STEEL, wall_mm=10)
    projection.cylinder_y(middle, (top - 110, top - 90), 0, 270, STEEL)
    for k in range(6):
        bolt = middle - 250 + 100 * k
        projection.cylinder_y(bolt, (top - 130, top - 60), rng.uniform(-200, 200), 14, STEEL)
    for at in (middle + 700, middle - 750, middle + 1050):
        projection.cylinder_y(
            at, (top - 120, top), rng.uniform(-200, 200), rng.uniform(35, 65), STEEL, wall_mm=14
        )
        projection.box((at - 90, at + 90), (top - 50, top - 28), (-90, 90), STEEL)
    for z in (-420.0, 420.0):
        projection.box(
            (x[0] + 100, x[1] - 100), (top - 70, top - 40), (z - 150, z + 150), ALUMINIUM, share=0.12
        )
    rungs = np.arange(body.y[0] + 250, body.y[1] - 200, 300)
    for rung in rungs:
        projection.box((body.x[1] - 60, body.x[1] - 30), (float(rung), float(rung) + 25), (300, 700), STEEL)
    bottom = y + radius
    projection.cylinder_x((x[1] - 500, x[1] + 300), bottom + 20, 0, 45, STEEL, wall_mm=4)
    projection.ellipsoid((x[1] + 200, bottom + 10, 0), (110, 90, 90), STEEL, share=0.6)
    repeat(
        projection,
        (x[0] + 400, x[1] - 700),
        130,
        lambda p, at: p.ellipsoid((at, top - 30, 500), (90, 60, 60), STEEL, share=0.4),
    )
