"""Vehicles as goods: cars and motorcycles lashed to the floor, bicycles."""

import numpy as np

from datasets.synthetic.dunnage import allowed_kg, crate, lanes, stowed
from datasets.synthetic.hold import Hold
from datasets.synthetic.litter import panel, strokes
from datasets.synthetic.meshes import Point3
from datasets.synthetic.physics import ALUMINIUM, GLASS, ORGANIC, PLASTIC, RUBBER, STEEL, WOOD, Material
from datasets.synthetic.projection import Projection, Span
from datasets.synthetic.stamp import Stamp

Rng = np.random.Generator
_IRON = STEEL.packed(7.2)
# Lead in acid and plastic comes out near iron, at half a brick's weight.
_BATTERY = STEEL.packed(2.5)
_FUEL = ORGANIC.packed(0.75)
Line = list[Point3]


def draw_vehicles(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Cars nose to tail in a long bay, else motorcycles; both lashed."""
    load = stowed(rng, bay)
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3 * 1.3)
    if bay.length < 4300 or bay.height < 1650 or rng.random() < 0.35:
        _motorcycles(projection, rng, load, end_kg)
        return
    x, first = load.x[0] + rng.uniform(30, 250), True
    while first or projection.mass_kg < end_kg:
        length = min(rng.uniform(3700, 4800), load.x[1] - load.x[0] - 60)
        if x + length > load.x[1]:
            return
        _car(projection, rng, (x, x + length), load, is_turned=rng.random() < 0.5)
        x, first = x + length + rng.uniform(80, 500), False


def _car(projection: Projection, rng: Rng, span: Span, load: Hold, *, is_turned: bool) -> None:
    """A car of length ``span``, 1.7 m wide, its nose to the left, or to the right if ``is_turned``."""
    length, floor, beam = span[1] - span[0], load.y[1], projection.beam
    tall = min(rng.uniform(1380, 1720), load.height - 30)
    half = min(rng.uniform(820, 900), load.width / 2)
    middle, wheel = sum(load.z) / 2, rng.uniform(295, 350)

    def at(share: float) -> float:
        return span[1] - share * length if is_turned else span[0] + share * length

    def along(low: float, high: float) -> Span:
        return min(at(low), at(high)), max(at(low), at(high))

    def up(share: float) -> float:
        return floor - share * tall

    sides, axles = (middle - half, middle + half), (0.19, 0.79)
    boot = rng.uniform(0.6, 0.95)
    belt = [
        (0.0, 0.3),
        (0.01, 0.5),
        (0.24, 0.6),
        (0.3, 0.63),
        (0.9, 0.66),
        (0.99, 0.62),
        (1.0, 0.25),
        (0.9, 0.16),
        (0.1, 0.14),
    ]
    roof = [(0.28, 0.62), (0.42, 0.95), (0.55, 1.0), (0.76, 0.97), (min(0.8 + 0.15 * boot, 0.96), 0.65)]
    for side in sides:
        projection.add(panel(beam, [(at(a), up(b)) for a, b in belt], side, rng.uniform(3.0, 6.0)), STEEL)
        projection.add(panel(beam, [(at(a), up(b)) for a, b in roof], side, 4.0), GLASS)
        pillars: list[Line] = [
            [(at(a), up(b), side) for a, b in roof],
            [(at(0.56), up(0.2), side), (at(0.57), up(0.98), side)],
        ]
        sills: list[Line] = [
            [(at(0.26), up(0.17), side), (at(0.72), up(0.17), side)],
            [(at(0.3), up(0.45), side), (at(0.86), up(0.48), side)],
        ]
        projection.add(strokes(beam, pillars + sills, 65, 5), STEEL)
        for axle in axles:
            _wheel(
                projection,
                at(axle),
                floor - wheel,
                (side - 205, side) if side > middle else (side, side + 205),
                wheel,
            )
            projection.cylinder_y(
                at(axle), (up(0.56), floor - wheel), side - np.sign(side - middle) * 260, 55, STEEL, wall_mm=9
            )
    z = (middle - half * 0.85, middle + half * 0.85)
    projection.box(along(0.45, 0.76), (up(0.985), up(0.985) + 4), z, STEEL)
    projection.box(along(0.2, 0.92), (up(0.19), up(0.19) + 3), z, STEEL)
    projection.box(along(0.0, 0.03), (up(0.45), up(0.22)), z, PLASTIC, share=0.12)
    for axle in axles:
        projection.cylinder_z(at(axle), floor - wheel, z, 28, STEEL)
        projection.box(
            along(axle - 0.03, axle + 0.03), (floor - wheel + 40, floor - wheel + 75), z, STEEL, share=0.25
        )
    _engine(projection, rng, along(0.09, 0.24), (up(0.55), up(0.18)), (middle - 340, middle + 340))
    projection.box(
        along(0.05, 0.065), (up(0.48), up(0.2)), (middle - 320, middle + 320), ALUMINIUM, share=0.3
    )
    projection.box(along(0.25, 0.29), (up(0.53), up(0.42)), (middle + 380, middle + 550), _BATTERY)
    projection.box(
        along(0.66, 0.8),
        (up(0.3), up(0.19)),
        (middle - 500, middle + 400),
        _FUEL,
        share=rng.uniform(0.05, 0.5),
    )
    for row, back in ((0.46, 0.56), (0.66, 0.75)):
        _seat(projection, [(at(row), up(0.36)), (at(back), up(0.36)), (at(back + 0.05), up(0.78))], z)
    wheel_line: Line = [(at(0.385), up(0.5), middle - 350), (at(0.415), up(0.66), middle - 350)]
    exhaust: Line = [
        (at(0.22), up(0.2), middle),
        (at(0.3), up(0.15), middle),
        (at(0.8), up(0.15), middle + 200),
        (at(0.98), up(0.18), middle + 300),
    ]
    projection.add(strokes(beam, [wheel_line, exhaust], 45, 9), STEEL)
    projection.cylinder_x(along(0.8, 0.92), up(0.18), middle + 250, 85, STEEL, wall_mm=3)
    projection.cylinder_x(along(0.3, 0.74), up(0.17), middle, 34, STEEL, wall_mm=5)
    lashes: list[Line] = [
        [(at(a), floor - wheel, s), (min(max(at(b), load.x[0]), load.x[1]), floor - 15, s)]
        for s in sides
        for a, b in ((0.19, 0.06), (0.79, 0.93))
    ]
    projection.add(strokes(beam, lashes, 40, 6), PLASTIC)
    for axle in axles:
        projection.box(
            along(axle + wheel * 0.8 / length, axle + wheel * 1.2 / length),
            (floor - 110, floor),
            z,
            WOOD,
            share=0.3,
        )


def _wheel(projection: Projection, x: float, y: float, z: Span, radius: float) -> None:
    """Tyre, rim and brake disc of a car or motorcycle, facing the source."""
    inner, rim = (z[0] + 9, z[1] - 9), 0.64 * radius
    projection.cylinder_z(x, y, z, radius, RUBBER, wall_mm=radius - rim)
    projection.cylinder_z(
        x, y, inner, radius - 13, RUBBER.packed(-RUBBER.density_g_cm3), wall_mm=radius - rim - 13
    )
    projection.cylinder_z(x, y, inner, radius - 6, STEEL, wall_mm=1.5)
    projection.cylinder_z(x, y, inner, rim, STEEL, wall_mm=7)
    projection.cylinder_z(x, y, (z[0] + 15, z[0] + 22), rim, STEEL, wall_mm=rim * 0.6)
    projection.cylinder_z(x, y, (z[0] + 30, z[0] + 48), 0.42 * radius, _IRON)
    projection.cylinder_z(x, y, (z[0] + 10, z[1] - 30), 0.16 * radius, STEEL)


def _engine(projection: Projection, rng: Rng, x: Span, y: Span, z: Span) -> None:
    """Block across the car with its cylinders, head, sump, gearbox, alternator, manifold."""
    wide, tall = x[1] - x[0], y[1] - y[0]
    core = (x[0] + 0.25 * wide, x[1] - 0.2 * wide)
    metal = _IRON if rng.random() < 0.5 else ALUMINIUM
    projection.box(core, (y[0] + 0.2 * tall, y[1] - 0.15 * tall), (z[0], z[0] + 420), metal, share=0.42)
    projection.box(core, (y[0], y[0] + 0.2 * tall), (z[0], z[0] + 420), ALUMINIUM, share=0.5)
    projection.box(
        (core[0] + 20, core[1] - 20), (y[1] - 0.15 * tall, y[1]), (z[0] + 30, z[0] + 400), STEEL, share=0.04
    )
    for k in range(4):
        middle = z[0] + 55 + 103 * k
        projection.cylinder_y(sum(core) / 2, (y[0] + 0.25 * tall, y[0] + 0.5 * tall), middle, 42, ALUMINIUM)
    projection.cylinder_z(sum(core) / 2, y[1] - 0.3 * tall, z, 45, STEEL)
    projection.cylinder_z(sum(core) / 2, y[1] - 0.3 * tall, (z[0] + 420, z[0] + 450), 140, STEEL)
    projection.cylinder_z(
        sum(core) / 2 + 40, y[1] - 0.3 * tall, (z[0] + 450, z[1]), 135, ALUMINIUM, wall_mm=25
    )
    projection.cylinder_z(
        sum(core) / 2 + 70, y[1] - 0.22 * tall, (z[0] + 470, z[1] - 20), 85, STEEL, wall_mm=30
    )
    for _ in range(5):
        at = rng.uniform((x[0] + 70, y[0] + 80), (x[1] - 70, y[1] - 70))
        deep = float(rng.uniform(z[0], z[1] - 160))
        radius = rng.uniform(35, 70)
        projection.cylinder_z(
            float(at[0]), float(at[1]), (deep, deep + 140), radius, STEEL, wall_mm=radius * 0.5
        )


def _seat(projection: Projection, side: list[tuple[float, float]], z: Span) -> None:
    for near, far in ((z[0] + 60, z[0] + 580), (z[1] - 580, z[1] - 60)):
        foam: Line = [(a, b, (near + far) / 2) for a, b in side]
        projection.add(strokes(projection.beam, [foam], 130, far - near), ORGANIC.packed(0.06))
        for edge in (near, far):
            frame: Line = [(a, b, edge) for a, b in side]
            projection.add(strokes(projection.beam, [frame], 28, 6), STEEL)


def _motorcycles(projection: Projection, rng: Rng, load: Hold, end_kg: float) -> None:
    """Motorcycles upright in frames, side by side across the hold, sometimes two decks."""
    tall, length = min(rng.uniform(1020, 1200), load.height - 20), min(rng.uniform(1900, 2150), load.length)
    decks = 2 if load.height > 2 * tall + 60 and rng.random() < 0.6 else 1
    is_crated = rng.random() < 0.5
    for deck in range(decks):
        floor = load.y[1] - deck * (tall + 40)
        for near, far in lanes(rng, load.z, rng.uniform(520, 760), gap=(10, 80)):
            for x in lanes(rng, load.x, length, gap=(20, 200)):
                if projection.mass_kg > end_kg:
                    return
                _motorcycle(projection, rng, (x[0] + 60, x[1] - 60), floor - 40, (near + far) / 2)
                projection.box(x, (floor - 30, floor), (near, far), WOOD, share=0.5)
                if is_crated:
                    crate(projection, rng, x, (floor - tall, floor - 30), (near, far))


def _motorcycle(projection: Projection, rng: Rng, span: Span, floor: float, z: float) -> None:
    length, beam = span[1] - span[0], projection.beam
    turned = rng.random() < 0.5
    radius = rng.uniform(0.14, 0.16) * length

    def p(share: float, up: float) -> Point3:
        return (
            span[1] - share * length if turned else span[0] + share * length,
            floor - up * length * 0.5,
            z,
        )

    front, rear = p(0.16, 0)[0], p(0.84, 0)[0]
    for x in (front, rear):
        _wheel(projection, x, floor - radius, (z - 60, z + 60), radius)
    axle = 2 * radius / length
    fork: Line = [p(0.16, axle), p(0.33, 0.98)]
    frame: Line = [p(0.33, 0.8), p(0.38, 0.3), p(0.6, 0.28), p(0.62, 0.66), p(0.33, 0.84)]
    tail: Line = [p(0.6, 0.66), p(0.93, 0.75)]
    swing: Line = [p(0.6, 0.34), p(0.84, axle)]
    projection.add(strokes(beam, [fork, swing], 50, 22), STEEL)
    projection.add(strokes(beam, [frame, tail, [p(0.62, 0.62), p(0.82, axle)]], 34, 10), STEEL)
    bar: Line = [p(0.33, 0.98), p(0.4, 1.02)]
    projection.add(strokes(beam, [bar], 24, 60), STEEL)
    exhaust: Line = [p(0.42, 0.42), p(0.42, 0.22), p(0.62, 0.22)]
    projection.add(strokes(beam, [exhaust], 40, 8), STEEL)
    projection.add(strokes(beam, [[p(0.62, 0.22), p(0.92, 0.36)]], 95, 10), STEEL)
    centre = p(0.49, 0.36)
    projection.cylinder_z(centre[0], centre[1], (z - 130, z + 130), 0.085 * length, ALUMINIUM, wall_mm=40)
    projection.cylinder_z(centre[0], centre[1], (z - 70, z + 70), 0.05 * length, STEEL, wall_mm=45)
    cylinder: Line = [p(0.46, 0.4), p(0.42, 0.62)]
    projection.add(strokes(beam, [cylinder], 150, 55), ALUMINIUM)
    projection.add(strokes(beam, [cylinder], 70, 30), _IRON)
    projection.add(strokes(beam, [[p(0.36, 0.88), p(0.56, 0.8)]], 190, 6), STEEL)
    projection.add(
        strokes(beam, [[p(0.38, 0.85), p(0.55, 0.79)]], 140, 90), _FUEL.packed(rng.uniform(0.0, 0.3))
    )
    projection.add(strokes(beam, [[p(0.57, 0.76), p(0.9, 0.8)]], 100, 200), ORGANIC.packed(0.08))
    projection.ellipsoid(p(0.27, 0.86), (80, 90, 90), PLASTIC, share=0.15)
    battery = p(0.6, 0.52)
    projection.box(
        (battery[0] - 50, battery[0] + 50),
        (battery[1] - 50, battery[1] + 50),
        (z - 35, z + 35),
        _BATTERY,
    )


def draw_bicycles(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Bicycles upright in flat cartons, front wheel beside the frame, in lanes and one or two decks."""
    load = stowed(rng, bay, fill=(0.85, 0.98))
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3)
    metal = STEEL if rng.random() < 0.5 else ALUMINIUM
    length, tall, deep = (
        min(rng.uniform(1250, 1450), load.length),
        min(rng.uniform(760, 900), load.height),
        rng.uniform(190, 250),
    )
    y = load.y[1]
    while y - tall >= load.y[0] - 1:
        for near, far in lanes(rng, load.z, deep, gap=(0, 20)):
            stamps = [
                _boxed_bicycle(projection, rng, length, (y - tall, y), (near, far), metal) for _ in range(2)
            ]
            for x in lanes(rng, load.x, length, gap=(0, 40)):
                if projection.mass_kg > end_kg:
                    return
                stamps[int(rng.integers(0, 2))].place(projection, x[0])
        y -= tall


def _boxed_bicycle(  # noqa: PLR0917 - where, how big, what
    projection: Projection, rng: Rng, length: float, y: Span, z: Span, metal: Material
) -> Stamp:
    stamp = Stamp(projection.beam, length)
    stamp.projection.shell((0, length), y, z, 5, ORGANIC.packed(0.7))
    _bicycle(stamp.projection, rng, (0, length), y, (z[0] + z[1]) / 2, metal)
    return stamp


def _bicycle(  # noqa: PLR0917 - where, how big, what
    projection: Projection, rng: Rng, x: Span, y: Span, z: float, metal: Material
) -> None:
    beam, turned = projection.beam, rng.random() < 0.5
    radius = 0.47 * min(y[1] - y[0], 0.54 * (x[1] - x[0]))

    def p(along: float, up: float, shift: float = 0.0) -> Point3:
        left = x[0] + along * (x[1] - x[0])
        return (x[0] + x[1] - left if turned else left, y[1] - up * (y[1] - y[0]), z + shift)

    hub = p(0.72, 0.0)[0], y[1] - radius - 10
    loose = p(0.3, 0.0)[0] + rng.uniform(-40, 40), y[1] - radius - 10
    tyres, spokes = [], []
    for middle, shift in ((hub, 0.0), (loose, 70.0)):
        turn = np.linspace(0, 2 * np.pi, 33)
        ring: Line = [
            (middle[0] + radius * 0.96 * np.cos(a), middle[1] + radius * 0.96 * np.sin(a), z + shift)
            for a in turn
        ]
        tyres.append(ring)
        spokes += [[(middle[0], middle[1], z + shift), ring[k]] for k in range(0, 32, 2)]
    projection.add(strokes(beam, tyres, 44, 11), RUBBER)
    projection.add(strokes(beam, tyres, 20, 5), metal)
    projection.add(strokes(beam, spokes, 2, 2), STEEL)
    crank, seat, head = p(0.45, 0.36), p(0.5, 0.86), p(0.14, 0.84)
    axle: Point3 = (hub[0], hub[1], z)
    tubes: list[Line] = [[crank, seat, head, crank], [crank, axle, seat], [head, p(0.1, 0.6)]]
    projection.add(strokes(beam, tubes, 34, 6), metal)
    projection.add(strokes(beam, [[head, p(0.12, 0.96), p(0.3, 0.95)], [seat, p(0.52, 0.97)]], 26, 9), metal)
    projection.add(strokes(beam, [[crank, axle]], 9, 7), STEEL)
    for place, size, deep in ((crank, 85.0, 6.0), (axle, 55.0, 18.0)):
        projection.cylinder_z(place[0], place[1], (z - deep, z + deep), size, STEEL, wall_mm=size * 0.5)
        projection.cylinder_z(place[0], place[1], (z - 40, z + 40), 18, STEEL, wall_mm=4)
    projection.add(strokes(beam, [[p(0.46, 0.95), p(0.62, 0.95)]], 45, 40), PLASTIC.packed(0.3))
