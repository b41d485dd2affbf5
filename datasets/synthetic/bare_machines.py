"""Machines: generator sets, lathes, pumps and presses, on skids or in crates."""

from dataclasses import replace

import numpy as np

from datasets.synthetic.dunnage import allowed_kg, bearers, crate, stowed
from datasets.synthetic.hold import Hold
from datasets.synthetic.litter import panel, strokes
from datasets.synthetic.meshes import Point3
from datasets.synthetic.physics import ALUMINIUM, ORGANIC, PLASTIC, STEEL
from datasets.synthetic.projection import Projection, Span

Rng = np.random.Generator
_IRON = STEEL.packed(7.2)
_COPPER = STEEL.packed(8.0)
_OIL = ORGANIC.packed(0.88)


def draw_machinery(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """A few different machines, one behind the other where they are small."""
    load = stowed(rng, bay, fill=(0.9, 0.98))
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3)
    two_lanes = rng.random() < 0.4
    middle = sum(load.z) / 2 + rng.uniform(-200, 200)
    depths = ((load.z[0], middle - 30), (middle + 30, load.z[1])) if two_lanes else (load.z,)
    for z in depths:
        x = load.x[0] + rng.uniform(20, 500)
        while x + 750 < load.x[1] and projection.mass_kg < end_kg:
            length = min(rng.uniform(900, 3200), load.x[1] - x)
            tall = rng.uniform(0.4, 0.92) * load.height
            place = replace(load, x=(x, x + length), y=(load.y[1] - tall, load.y[1]), z=z)
            _place_machine(projection, rng, place)
            x += length + rng.uniform(60, 500)


def _place_machine(projection: Projection, rng: Rng, place: Hold) -> None:
    base = place.y[1] - 110
    bearers(projection, rng, place.x, (base, place.y[1]), place.z, pitch=700)
    inside = Hold(
        x=(place.x[0] + 70, place.x[1] - 70),
        y=(place.y[0] + 70, base),
        z=(place.z[0] + 90, place.z[1] - 90),
    )
    (_generator_set, _lathe, _pump, _press)[int(rng.integers(0, 4))](projection, rng, inside)
    _small_parts(projection, rng, inside)
    if rng.random() < 0.5:
        crate(projection, rng, place.x, (place.y[0], base), place.z)


def _at(span: Span, low: float, high: float) -> Span:
    """A part of an interval, by shares of its length."""
    length = span[1] - span[0]
    return span[0] + low * length, span[0] + high * length


def _casting(projection: Projection, rng: Rng, x: Span, y: Span, z: Span, *, wall: Span = (9, 30)) -> None:
    """A cast housing with ribs, bosses and flanges."""
    thick = rng.uniform(*wall)
    projection.shell(x, y, z, thick, _IRON)
    for share in np.arange(0.12, 0.95, rng.uniform(0.12, 0.3)):
        rib = _at(x, share, share)[0]
        projection.box((rib, rib + thick), y, (z[0], z[0] + 0.3 * (z[1] - z[0])), _IRON)
    projection.box(x, (y[0], y[0] + 1.5 * thick), z, _IRON, share=0.6)
    for _ in range(int(rng.integers(1, 4))):
        radius = rng.uniform(0.1, 0.35) * min(x[1] - x[0], y[1] - y[0])
        at = rng.uniform((x[0] + radius, y[0] + radius), (x[1] - radius, y[1] - radius))
        deep = _at(z, 0.05, rng.uniform(0.2, 0.6))
        projection.cylinder_z(
            float(at[0]), float(at[1]), deep, radius, _IRON, wall_mm=radius * rng.uniform(0.15, 0.5)
        )


def _motor(  # noqa: PLR0917 - where, how big, what
    projection: Projection, rng: Rng, x: Span, y: float, z: float, radius: float
) -> None:
    """An electric motor along the scan: finned shell, stator, rotor, shaft, fan cowl, terminal box."""
    x = (x[0], min(x[1], x[0] + 3.4 * radius))
    metal = _IRON if rng.random() < 0.6 else ALUMINIUM
    shell = _at(x, 0.05, 0.85)
    projection.cylinder_x(shell, y, z, radius * 0.88, metal, wall_mm=radius * 0.08)
    for angle in np.linspace(0, 2 * np.pi, 14, endpoint=False):
        fin = (y + 0.94 * radius * np.sin(angle), z + 0.94 * radius * np.cos(angle))
        half = max(0.012 * radius, 2.0)
        projection.box(
            shell, (fin[0] - half, fin[0] + half), (fin[1] - 0.06 * radius, fin[1] + 0.06 * radius), metal
        )
    projection.cylinder_x(_at(x, 0.2, 0.7), y, z, radius * 0.8, STEEL, wall_mm=radius * 0.3)
    for ends in ((0.12, 0.2), (0.7, 0.78)):
        projection.cylinder_x(_at(x, *ends), y, z, radius * 0.75, _COPPER.packed(3.5), wall_mm=radius * 0.22)
    projection.cylinder_x(_at(x, 0.2, 0.7), y, z, radius * 0.47, STEEL.packed(7.0))
    projection.cylinder_x(x, y, z, radius * 0.13, STEEL)
    projection.cylinder_x(_at(x, 0.85, 0.97), y, z, radius * 0.9, STEEL, wall_mm=2.5)
    projection.shell(
        _at(x, 0.35, 0.6),
        (y - 1.3 * radius, y - 0.95 * radius),
        (z - 0.3 * radius, z + 0.3 * radius),
        4,
        metal,
    )


def _frame(  # noqa: PLR0917 - where, how big, what
    projection: Projection, x: Span, y: Span, z: Span, wide: float, thick: float
) -> None:
    """Welded beams around a base: two along, three across."""
    for near in (z[0], z[1] - wide):
        projection.box(x, (y[0], y[0] + thick), (near, near + wide), STEEL)
        projection.box(x, (y[1] - thick, y[1]), (near, near + wide), STEEL)
        projection.box(x, y, (near + wide / 2, near + wide / 2 + thick), STEEL)
    for share in (0.02, 0.5, 0.95):
        left = _at(x, share, share)[0]
        projection.box((left, left + thick), y, z, STEEL)
        projection.box((left, left + wide * 0.6), (y[0], y[0] + thick), z, STEEL)


def _generator_set(projection: Projection, rng: Rng, place: Hold) -> None:
    """Diesel engine, alternator, radiator, silencer and panel over a base tank; sometimes under a canopy."""
    x, y, z = place.x, place.y, place.z
    tall, deep = y[1] - y[0], z[1] - z[0]
    base = (y[1] - 0.14 * tall, y[1])
    _frame(projection, x, base, z, 70, 9)
    projection.box(
        _at(x, 0.3, 0.8), (base[0] + 30, base[1] - 12), _at(z, 0.15, 0.85), _OIL, share=rng.uniform(0, 0.4)
    )
    engine_x, engine_z = _at(x, 0.2, rng.uniform(0.5, 0.58)), _at(z, 0.28, 0.72)
    block = (y[1] - 0.62 * tall, base[0] - 0.06 * tall)
    _casting(projection, rng, engine_x, block, engine_z)
    bore = (engine_x[1] - engine_x[0]) / rng.integers(4, 8)
    for middle in np.arange(engine_x[0] + bore / 2, engine_x[1], bore):
        projection.cylinder_y(
            float(middle),
            (block[0], block[0] + 0.6 * (block[1] - block[0])),
            sum(engine_z) / 2,
            bore * 0.42,
            _IRON,
            wall_mm=bore * 0.12,
        )
        projection.cylinder_y(
            float(middle),
            (block[0] + 40, block[0] + 40 + 0.7 * bore),
            sum(engine_z) / 2,
            bore * 0.29,
            ALUMINIUM,
            wall_mm=bore * 0.15,
        )
        projection.box(
            (middle - bore * 0.36, middle + bore * 0.36),
            (block[0] - 0.1 * tall, block[0]),
            _at(engine_z, 0.2, 0.8),
            ALUMINIUM,
            share=0.5,
        )
    projection.cylinder_x(engine_x, block[1] - 70, sum(engine_z) / 2, 42, STEEL)
    projection.cylinder_x(_at(x, 0.54, 0.58), block[1] - 70, sum(engine_z) / 2, 0.16 * tall, _IRON)
    _motor(projection, rng, _at(x, 0.57, 0.9), block[1] - 60, sum(z) / 2, min(0.19 * tall, 0.4 * deep))
    core = (_at(x, 0.03, 0.08), (y[1] - 0.75 * tall, base[0]))
    projection.box(core[0], core[1], _at(z, 0.1, 0.9), ALUMINIUM, share=0.3)
    projection.shell(_at(x, 0.02, 0.09), core[1], _at(z, 0.08, 0.92), 3, STEEL)
    projection.cylinder_x(
        _at(x, 0.11, 0.125), sum(core[1]) / 2, sum(z) / 2, 0.26 * tall, PLASTIC, wall_mm=0.2 * tall
    )
    projection.cylinder_x(
        _at(x, 0.35, 0.7), y[0] + 0.12 * tall, z[0] + 0.5 * deep, 0.08 * tall, STEEL, wall_mm=2.5
    )
    projection.shell(_at(x, 0.9, 0.99), _at(y, 0.25, 0.6), _at(z, 0.3, 0.7), 2, STEEL)
    if rng.random() < 0.5:
        projection.shell(x, (y[0], base[0]), z, 1.8, STEEL)


def _lathe(projection: Projection, rng: Rng, place: Hold) -> None:
    """Bed with ways, headstock with spindle and gears, carriage, tailstock, chip pan, two feet."""
    x, y, z = place.x, place.y, place.z
    tall, radius = y[1] - y[0], 0.17 * (y[1] - y[0])
    bed = (y[1] - 0.52 * tall, y[1] - 0.36 * tall)
    across = _at(z, 0.3, 0.7)
    _casting(projection, rng, _at(x, 0.05, 0.97), bed, across, wall=(14, 26))
    for foot in ((0.04, 0.28), (0.78, 0.95)):
        _casting(projection, rng, _at(x, *foot), (bed[1], y[1]), _at(z, 0.2, 0.8), wall=(8, 16))
    head, axis = _at(x, 0.03, 0.25), bed[0] - 1.15 * radius
    _casting(projection, rng, head, (y[0] + 0.12 * tall, bed[0]), across, wall=(14, 28))
    projection.cylinder_x(
        (head[0], _at(x, 0.3, 0.3)[0]), axis, sum(z) / 2, radius * 0.35, STEEL, wall_mm=radius * 0.2
    )
    for share in rng.uniform(0.05, 0.22, 5):
        gear = rng.uniform(0.3, 0.95) * radius
        projection.cylinder_x(
            _at(x, share, share + 0.015), axis + rng.uniform(-0.4, 0.4) * radius, sum(z) / 2, gear, STEEL
        )
    projection.cylinder_x(_at(x, 0.27, 0.3), axis, sum(z) / 2, radius, STEEL, wall_mm=radius * 0.75)
    slide = rng.uniform(0.4, 0.6)
    _casting(
        projection,
        rng,
        _at(x, slide, slide + 0.13),
        (bed[0] - 0.5 * radius, bed[1] + 0.05 * tall),
        _at(z, 0.15, 0.6),
    )
    projection.box(_at(x, slide + 0.04, slide + 0.09), (axis - 30, bed[0]), _at(z, 0.35, 0.55), STEEL)
    _casting(
        projection, rng, _at(x, 0.82, 0.93), (axis - 0.5 * radius, bed[0]), _at(z, 0.4, 0.6), wall=(20, 40)
    )
    projection.cylinder_x(_at(x, 0.76, 0.96), axis, sum(z) / 2, radius * 0.22, STEEL)
    for down in (0.35, 0.6, 0.85):
        level = bed[0] + down * (bed[1] - bed[0])
        projection.cylinder_x(
            _at(x, 0.2, 0.95), level, z[0] + 0.2 * (z[1] - z[0]), rng.uniform(12, 22), STEEL
        )
    _motor(projection, rng, _at(x, 0.06, 0.24), y[1] - 0.16 * tall, sum(z) / 2, 0.12 * tall)


def _pump(projection: Projection, rng: Rng, place: Hold) -> None:
    """Volute pump with flanges, coupling and motor on a base frame; pipes above."""
    x, y, z = place.x, place.y, place.z
    tall = y[1] - y[0]
    radius = min(0.27 * tall, 0.2 * (x[1] - x[0]), 0.4 * (z[1] - z[0]))
    base, middle = (y[1] - 0.12 * tall, y[1]), sum(z) / 2
    axis = base[0] - 1.15 * radius
    _frame(projection, x, base, _at(z, 0.15, 0.85), 80, 10)
    centre = x[0] + 1.3 * radius
    projection.cylinder_x(
        (centre - 0.4 * radius, centre + 0.4 * radius), axis, middle, radius, _IRON, wall_mm=0.14 * radius
    )
    projection.ellipsoid(
        (centre, axis, middle), (0.3 * radius, 0.7 * radius, 0.7 * radius), _COPPER, share=0.5
    )
    projection.cylinder_x((x[0], centre), axis, middle, 0.5 * radius, _IRON, wall_mm=0.12 * radius)
    projection.cylinder_x((x[0], x[0] + 28), axis, middle, 0.8 * radius, _IRON, wall_mm=0.42 * radius)
    projection.cylinder_y(
        centre, (y[0], axis), middle + 0.3 * radius, 0.4 * radius, _IRON, wall_mm=0.1 * radius
    )
    projection.cylinder_y(
        centre, (y[0], y[0] + 26), middle + 0.3 * radius, 0.7 * radius, _IRON, wall_mm=0.4 * radius
    )
    bearing = (centre + 0.4 * radius, centre + 1.3 * radius)
    projection.cylinder_x(bearing, axis, middle, 0.42 * radius, _IRON, wall_mm=0.15 * radius)
    projection.cylinder_x((centre, bearing[1] + 1.2 * radius), axis, middle, 0.1 * radius, STEEL)
    projection.cylinder_x((bearing[1], bearing[1] + 0.3 * radius), axis, middle, 0.32 * radius, STEEL)
    _motor(projection, rng, (bearing[1] + 0.35 * radius, x[1] - 20), axis, middle, 0.8 * radius)
    for at in (centre, bearing[1] + 0.8 * radius, x[1] - 0.7 * radius):
        projection.box(
            (at - 40, at + 40),
            (axis + 0.6 * radius, base[0]),
            (middle - 0.5 * radius, middle + 0.5 * radius),
            _IRON,
            share=0.4,
        )


def _press(projection: Projection, rng: Rng, place: Hold) -> None:
    """Upright machine: heavy C frame, table, cylinder, flywheel, cabinet with boards."""
    x, y, z = place.x, place.y, place.z
    tall, throat = y[1] - y[0], rng.uniform(0.5, 0.65)
    thick = rng.uniform(25, 60)
    outline_y = [
        y[1],
        y[0],
        y[0],
        y[0] + 0.35 * tall,
        y[0] + 0.4 * tall,
        y[0] + 0.68 * tall,
        y[0] + 0.7 * tall,
        y[1],
    ]
    outline_x = [
        _at(x, s, s)[0]
        for s in (0.05, 0.05, throat + 0.2, throat + 0.2, 0.35, 0.35, throat + 0.25, throat + 0.25)
    ]
    outline = list(zip(outline_x, outline_y, strict=True))
    for side in (_at(z, 0.3, 0.3)[0], _at(z, 0.7, 0.7)[0]):
        projection.add(panel(projection.beam, outline, side, thick), STEEL)
    middle, tool = sum(z) / 2, _at(x, throat, throat)[0]
    projection.box((tool - 200, tool + 200), _at(y, 0.66, 0.71), _at(z, 0.25, 0.75), STEEL, share=0.5)
    projection.cylinder_y(tool, _at(y, 0.02, 0.4), middle, 0.09 * tall, STEEL, wall_mm=0.03 * tall)
    projection.cylinder_y(tool, _at(y, 0.1, 0.52), middle, 0.05 * tall, STEEL)
    projection.box((tool - 150, tool + 150), _at(y, 0.5, 0.55), _at(z, 0.35, 0.65), STEEL, share=0.7)
    wheel = 0.2 * tall
    at = _at(x, 0.22, 0.22)[0]
    if at - wheel > x[0]:
        hub = (at, y[0] + 1.3 * wheel)
        projection.cylinder_z(*hub, _at(z, 0.12, 0.2), wheel, _IRON, wall_mm=0.25 * wheel)
        projection.cylinder_z(*hub, _at(z, 0.1, 0.9), 0.15 * wheel, STEEL)
        spokes = [
            [
                (hub[0], hub[1], z[0] + 0.16 * (z[1] - z[0])),
                (hub[0] + wheel * np.cos(a), hub[1] + wheel * np.sin(a), z[0]),
            ]
            for a in np.arange(5) * 1.257
        ]
        projection.add(strokes(projection.beam, spokes, 30, 30), _IRON)
    cabinet = _at(x, 0.86, 1.0), _at(y, 0.3, 1.0), _at(z, 0.3, 0.7)
    projection.shell(*cabinet, 2, STEEL)
    for share in np.arange(0.1, 0.9, 0.16):
        unit = _at(cabinet[1], share, share + 0.1)
        projection.box(
            _at(cabinet[0], 0.15, rng.uniform(0.5, 0.9)), unit, _at(z, 0.35, 0.6), PLASTIC, share=0.4
        )
        projection.box(_at(cabinet[0], 0.2, 0.4), unit, _at(z, 0.4, 0.5), _COPPER, share=rng.uniform(0, 0.5))
    _motor(projection, rng, _at(x, 0.08, 0.4), y[1] - 0.14 * tall, middle, 0.1 * tall)


def _small_parts(projection: Projection, rng: Rng, place: Hold) -> None:
    """What every machine has: bolts, hoses, cables, brackets, gauges."""
    x, y, z = place.x, place.y, place.z
    for _ in range(int(rng.integers(6, 16))):
        at = rng.uniform((x[0] + 30, y[0] + 30, z[0]), (x[1] - 30, y[1] - 30, z[1] - 60))
        radius, deep = rng.uniform(5, 26), rng.uniform(15, 60)
        for k in range(int(rng.integers(1, 7))):
            bolt = float(at[0]) + k * 3.2 * radius
            if bolt + radius < x[1]:
                projection.cylinder_z(bolt, float(at[1]), (float(at[2]), float(at[2]) + deep), radius, STEEL)
    for material, width, depth in ((PLASTIC, 28, 22), (_COPPER, 10, 8), (STEEL, 24, 9), (STEEL, 14, 11)):
        lines = [_hose(rng, place) for _ in range(int(rng.integers(1, 6)))]
        projection.add(strokes(projection.beam, lines, width * rng.uniform(0.6, 1.6), depth), material)


def _hose(rng: Rng, place: Hold) -> list[Point3]:
    """A curve with two bends between two places in a machine, kept inside it."""
    low, high = (
        np.array([s[0] + 30 for s in (place.x, place.y, place.z)]),
        np.array([s[1] - 30 for s in (place.x, place.y, place.z)]),
    )
    low[1] += 0.35 * (high[1] - low[1])
    start = rng.uniform(low, high)
    reach = (high - low) * np.array([0.35, 0.5, 0.4])
    ends = np.clip(start + rng.uniform(-1, 1, (3, 3)) * reach, low, high)
    t = np.linspace(0, 1, 14)[:, None]
    a, b, c = 1 - t, t, 3 * t * (1 - t)
    curve = a**3 * start + c * a * ends[0] + c * b * ends[1] + b**3 * ends[2]
    return [(float(p[0]), float(p[1]), float(p[2])) for p in curve]
