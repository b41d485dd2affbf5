"""Metal in simple shapes: coils, pipes, profiles, cable drums."""

import numpy as np

from datasets.synthetic import solids
from datasets.synthetic.dunnage import allowed_kg, bearers, lanes, pallet, stowed, strap
from datasets.synthetic.grain import Grain
from datasets.synthetic.hold import Hold
from datasets.synthetic.litter import strokes
from datasets.synthetic.meshes import extrusion
from datasets.synthetic.physics import ALUMINIUM, PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.projection import Projection, Span
from datasets.synthetic.solids import Paths
from datasets.synthetic.stamp import Stamp

Rng = np.random.Generator


def draw_coils(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Steel coils on cradles in the middle, or narrow ones on pallets, eye to the sky."""
    load = stowed(rng, bay)
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3)
    if rng.random() < 0.3:
        _slit_coils(projection, rng, load, end_kg)
        return
    radius = rng.uniform(450, 720)
    bore = rng.choice([254.0, 305.0])
    volume_cm3 = np.pi * (radius**2 - bore**2) * 1e-3
    x = load.x[0] + rng.uniform(50, 500)
    while projection.mass_kg < end_kg:
        most = (end_kg - projection.mass_kg) / (volume_cm3 * 7.8e-3)
        length = min(rng.uniform(700, 1500), most)
        along_scan = rng.random() < 0.6
        span = length if along_scan else 2 * radius
        if length < 250 or x + span + 150 > load.x[1]:
            return
        length = min(length, load.width)
        middle = sum(load.z) / 2 + rng.uniform(-0.5, 0.5) * max(load.width - 2 * radius - 40, 0)
        _coil(projection, rng, (x, x + span), load, (radius, bore, length, middle), along_scan=along_scan)
        x += span + rng.uniform(250, 1400)


def _coil(
    projection: Projection,
    rng: Rng,
    x: Span,
    load: Hold,
    size: tuple[float, float, float, float],
    *,
    along_scan: bool,
) -> None:
    radius, bore, length, z = size
    floor, timber = load.y[1], rng.uniform(90, 150)
    y = floor - timber - radius
    grain = Grain(rng, ((1.5, 400), (4, 60)), rng.uniform(0.004, 0.015))
    steel = STEEL.packed(7.86 * rng.uniform(0.95, 0.99))
    beam = projection.beam
    if along_scan:
        outer, inner = (solids.cylinder_x(beam, x, y, z, r) for r in (radius, bore))
        projection.add(_without(outer, inner), steel, grain=grain)
        for _ in range(int(rng.integers(1, 4))):
            at = rng.uniform(x[0] + 60, x[1] - 90)
            projection.cylinder_x((at, at + 32), y, z, radius + 1.5, STEEL, wall_mm=2)
        ends = x
    else:
        centre = (x[0] + x[1]) / 2
        depth = (sum(load.z) / 2 - length / 2, sum(load.z) / 2 + length / 2)
        outer, inner = (solids.cylinder_z(beam, centre, y, depth, r) for r in (radius, bore))
        projection.add(_without(outer, inner), steel)
        for side in (-1.0, 1.0):
            wedge = extrusion([(0, 0), (side * 260, 0), (side * 260, -190)], min(900, length))
            projection.mesh(
                wedge.moved((centre + side * 180, floor - timber, sum(load.z) / 2)), WOOD, samples=2
            )
        ends = (x[0] + 0.1 * radius, x[1] - 0.1 * radius)
    depth_z = (max(z - radius, load.z[0]), min(z + radius, load.z[1]))
    bearers(projection, rng, ends, (floor - timber, floor), depth_z, pitch=420)
    if along_scan:
        for side in (-1.0, 1.0):
            at = z + side * radius * 0.62
            projection.box(
                (ends[0], ends[1]), (floor - timber - 90, floor - timber), (at - 50, at + 50), WOOD
            )
    _lash(projection, rng, (x[0], x[1]), (y - radius, floor), load)


def _without(outer: Paths, inner: Paths) -> Paths:
    """A body less one inside it, so that both can have one texture."""
    height, width = inner.mm.shape
    y, x = inner.y_px - outer.y_px, inner.x_px - outer.x_px
    left = outer.mm.copy()
    part = left[max(y, 0) : y + height, max(x, 0) : x + width]
    part -= inner.mm[max(-y, 0) :, max(-x, 0) :][: part.shape[0], : part.shape[1]]
    return Paths(mm=np.maximum(left, np.float32(0)), x_px=outer.x_px, y_px=outer.y_px)


def _lash(projection: Projection, rng: Rng, x: Span, y: Span, load: Hold) -> None:
    """Chains or wires from the top of a load to the floor on both sides."""
    lines = []
    for z in (load.z[0] + 20, load.z[1] - 20):
        for start, end in (
            (x[0] + 0.3 * (x[1] - x[0]), x[0] - 220),
            (x[1] - 0.3 * (x[1] - x[0]), x[1] + 220),
        ):
            foot = min(max(end, load.x[0]), load.x[1])
            lines.append([(start, y[0], z * 0.3), (foot, y[1], z)])
    if rng.random() < 0.7:
        projection.add(strokes(projection.beam, lines, rng.uniform(8, 26), rng.uniform(5, 14)), STEEL)


def _slit_coils(projection: Projection, rng: Rng, load: Hold, end_kg: float) -> None:
    radius, tall = rng.uniform(380, 560), rng.uniform(60, 260)
    for index, (x0, x1) in enumerate(lanes(rng, load.x, 2 * radius, gap=(20, 400))):
        for near, far in lanes(rng, load.z, 2 * radius, gap=(0, 40)):
            z, x = (near + far) / 2, (x0 + x1) / 2 + rng.uniform(-15, 15)
            x = min(max(x, load.x[0] + radius), load.x[1] - radius)
            deck = pallet(projection, rng, (x - radius, x + radius), load.y[1], (near, far))
            for _ in range(int(rng.integers(1, 4))):
                piece_kg = 7.4e-6 * np.pi * (radius**2 - 254**2) * tall
                if deck - tall < load.y[0] or (projection.mass_kg + piece_kg > end_kg and index):
                    break
                projection.cylinder_y(x, (deck - tall, deck), z, radius, STEEL, wall_mm=radius - 254)
                projection.box(
                    (x - radius, x + radius), (deck - tall - 22, deck - tall), (z - 60, z + 60), WOOD
                )
                deck -= tall + 22
        if projection.mass_kg > end_kg:
            return


def draw_pipes(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Pipes along the scan in bundles, or short ones seen end on; steel if dense, else plastic."""
    is_steel = bulk_g_cm3 * rng.uniform(0.85, 1.15) > 0.22
    material = STEEL if is_steel else PLASTIC.packed(1.35 if rng.random() < 0.6 else 0.95)
    radius = float(np.exp(rng.uniform(np.log(28), np.log(165))))
    wall = max(radius * rng.uniform(0.05, 0.13), 2.0) * (1 if is_steel else 1.4)
    load = stowed(rng, bay, fill=(0.6, 0.98))
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3)
    if rng.random() < 0.22:
        _pipe_ends(projection, rng, load, (radius * 1.3, wall), material, end_kg)
        return
    tall = min(max(2 * radius * rng.integers(2, 8), 320.0), load.height - 90)
    sections = _pipe_section(rng, radius, wall, tall, min(rng.uniform(500, 1100), load.width / 2))
    _stack_bundles(projection, rng, load, sections, material, end_kg)


Section = list[tuple[float, float, float, float]]


def _pipe_section(rng: Rng, radius: float, wall: float, tall: float, wide: float) -> Section:
    """Of a bundle: height above its base, depth, radius, wall; hexagonal packing with some disorder."""
    section = []
    y, row = radius, 0
    while y + radius <= tall + 1:
        for z in np.arange(radius + (row % 2) * radius, wide - radius + 1, 2 * radius):
            section.append((y + rng.normal(0, 0.03) * radius, float(z), radius, wall))
        y += radius * 1.75
        row += 1
    return section


def _stack_bundles(  # noqa: PLR0917 - where, what, how much
    projection: Projection,
    rng: Rng,
    load: Hold,
    section: Section,
    material: Material,
    end_kg: float,
) -> None:
    """Bundles beside and on one another, on bearers, each with its own ends."""
    if not section:  # not one of them fits into a car's boot
        return
    wide = max(z + r for _, z, r, _ in section)
    tall = max(up + r for up, _, r, _ in section)
    grain = Grain(rng, ((1.5, 500), (3, 120), (20, 60)), rng.uniform(0.01, 0.04))
    length = min(rng.choice([3000, 4000, 5800, 6000, load.length]), load.length)
    y, start_kg = load.y[1], projection.mass_kg
    while y - tall - 80 > load.y[0] and projection.mass_kg < end_kg:
        for near, _ in lanes(rng, load.z, wide, gap=(5, 60)):
            stamp = _section_stamp(projection, section, y - 80, near, material)
            x = load.x[0] + rng.uniform(0, 100)
            while x < load.x[1] - 0.4 * length:
                if (
                    projection.mass_kg + stamp.kg_per_m * length * 1e-3 > end_kg
                    and projection.mass_kg > start_kg
                ):
                    return
                end = min(x + length + rng.normal(0, 20), load.x[1])
                stamp.stretch(projection, (x, end), grain=grain)
                bearers(projection, rng, (x, end), (y - 80, y), (near, near + wide), pitch=1500)
                for share in (0.12, 0.5, 0.88):
                    strap(projection, rng, x + share * (end - x), (y - 80 - tall, y), (near, near + wide))
                x = end + rng.uniform(20, 120)
        y -= tall + 80


def _section_stamp(
    projection: Projection, section: Section, base: float, near: float, material: Material
) -> Stamp:
    stamp = Stamp(projection.beam, 0)
    width = stamp.projection.beam.width_mm
    for up, z, radius, wall in section:
        stamp.projection.cylinder_x((0, width), base - up, near + z, radius, material, wall_mm=wall)
    return stamp


def _pipe_ends(  # noqa: PLR0917 - where, how big, what it is
    projection: Projection,
    rng: Rng,
    load: Hold,
    size: tuple[float, float],
    material: Material,
    end_kg: float,
) -> None:
    """Pipes across the scan: rings, smeared where the fan is steep."""
    radius, wall = size
    depth = load.z if rng.random() < 0.5 else (load.z[0], load.z[0] + rng.uniform(0.4, 0.9) * load.width)
    y, level = load.y[1] - radius - 60, 0
    while y - radius > load.y[0] and projection.mass_kg < end_kg:
        stamp = Stamp(projection.beam, 2 * radius)
        stamp.projection.cylinder_z(radius, y, depth, radius, material, wall_mm=wall)
        x = load.x[0] + (level % 2) * radius
        while x + 2 * radius < load.x[1] and projection.mass_kg < end_kg:
            stamp.place(projection, x)
            x += 2 * radius + rng.uniform(0, 3)
        y -= 1.74 * radius
        level += 1
    bearers(projection, rng, load.x, (load.y[1] - 60, load.y[1]), depth, pitch=1200)


def draw_profiles(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Long profiles in bundles: beams, angles, hollow sections, rods; aluminium if light."""
    material = STEEL if bulk_g_cm3 * rng.uniform(0.85, 1.15) > 0.25 else ALUMINIUM
    load = stowed(rng, bay, fill=(0.5, 0.95))
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3)
    shape, size = int(rng.integers(0, 4)), rng.uniform(60, 200)
    if shape == 3:
        radius = rng.uniform(6, 20)
        bundle = rng.uniform(140, 320)
        n_rods = min(int((bundle / radius / 2) ** 2 * 0.7), 36)
        section = [
            (radius + rng.random() * (bundle - 2 * radius), radius + rng.random() * bundle, radius, radius)
            for _ in range(n_rods)
        ]
        _stack_bundles(projection, rng, load, section, STEEL, end_kg)
        return
    tall, wide = (
        size * min(max(round(400 / size), 2), 6),
        min(size * min(max(round(600 / size), 2), 8), load.width),
    )
    grain = Grain(rng, ((1.5, 400), (6, 90)), rng.uniform(0.01, 0.03))
    wall = rng.uniform(0.025, 0.07) * size
    length = min(rng.choice([3000, 5800, 6000, load.length]), load.length)
    y, start_kg = load.y[1], projection.mass_kg
    while y - tall - 80 > load.y[0] and projection.mass_kg < end_kg:
        for near, far in lanes(rng, load.z, wide, gap=(5, 80)):
            stamp = Stamp(projection.beam, 0)
            for up in np.arange(0, tall - size + 1, size):
                for depth in np.arange(0, wide - size + 1, size):
                    _profile(stamp.projection, shape, (y - 80 - up, near + depth), size, wall, material)
            x = load.x[0] + rng.uniform(0, 120)
            while x < load.x[1] - 0.4 * length:
                if (
                    projection.mass_kg + stamp.kg_per_m * length * 1e-3 > end_kg
                    and projection.mass_kg > start_kg
                ):
                    return
                end = min(x + length * rng.uniform(0.96, 1), load.x[1])
                stamp.stretch(projection, (x, end), grain=grain)
                bearers(projection, rng, (x, end), (y - 80, y), (near, far), pitch=1600)
                x = end + rng.uniform(20, 150)
        y -= tall + 80


def _profile(  # noqa: PLR0917 - where, how big, what it is
    projection: Projection,
    shape: int,
    base: tuple[float, float],
    size: float,
    wall: float,
    material: Material,
) -> None:
    """One section: an I beam, an angle or a square tube, standing at ``base`` (y, z)."""
    y, z = base
    x, top, far = (0.0, projection.beam.width_mm), y - size, z + size
    projection.box(x, (y - wall, y), (z, far), material)
    if shape != 1:
        projection.box(x, (top, top + wall), (z, far), material)
    if shape == 0:
        projection.box(
            x, (top + wall, y - wall), (z + size / 2 - wall / 2, z + size / 2 + wall / 2), material
        )
        return
    projection.box(x, (top + wall, y - wall), (z, z + wall), material)
    if shape == 2:
        projection.box(x, (top + wall, y - wall), (far - wall, far), material)


def draw_reels(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Cable drums: wooden or steel flanges, copper cable wound between them."""
    load = stowed(rng, bay)
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3)
    radius = min(rng.uniform(350, 1000), load.height / 2, load.length / 2, load.width / 2)
    width = min(rng.uniform(0.8, 1.3) * radius, load.width)
    grain = Grain(rng, ((2.5, 2.5), (2, 40), (15, 15)), rng.uniform(0.02, 0.05))
    cable = Material(density_g_cm3=rng.uniform(1.6, 3.4), organic=0.3, iron=0.68)
    end_on = rng.random() < 0.55
    depth, length = (width, 2 * radius) if end_on else (2 * radius, width)
    levels = 2 if 4 * radius < load.height and rng.random() < 0.8 else 1
    for z in lanes(rng, load.z, depth, gap=(10, 150)):
        stamps = []
        for level in range(levels):
            reel = (radius, rng.uniform(0.3, 0.45) * radius, rng.uniform(0.7, 0.93) * radius)
            place = Hold(x=(0, length), y=(load.y[0], load.y[1] - 2 * radius * level), z=z)
            stamps.append(Stamp(projection.beam, length))
            _reel(stamps[-1].projection, place, reel, cable, grain, end_on=end_on)
        for x in lanes(rng, load.x, length, gap=(10, 250)):
            for stamp in stamps:
                if projection.mass_kg + stamp.mass_kg < end_kg or x[0] - load.x[0] < 1:
                    stamp.place(projection, x[0])


def _reel(
    projection: Projection,
    hold: Hold,
    radii: tuple[float, float, float],
    cable: Material,
    grain: Grain,
    *,
    end_on: bool,
) -> None:
    """One drum filling the hold's x and z: radii of flange, barrel and winding."""
    flange, barrel, wound = radii
    (x0, x1), (z0, z1), y, beam = hold.x, hold.z, hold.y[1] - flange, projection.beam
    thick = 0.06 * flange
    if end_on:
        x = (x0 + x1) / 2
        inside = (z0 + thick, z1 - thick)
        for side in ((z0, inside[0]), (inside[1], z1)):
            projection.cylinder_z(x, y, side, flange, WOOD, wall_mm=flange * 0.95)
        outer, hollow = (solids.cylinder_z(beam, x, y, inside, r) for r in (wound, barrel))
        projection.add(_without(outer, hollow), cable, grain=grain)
        projection.cylinder_z(x, y, inside, barrel, WOOD, wall_mm=25)
        for angle in np.arange(4) * np.pi / 2 + 0.6:
            at = (x + 0.6 * barrel * np.cos(angle), y + 0.6 * barrel * np.sin(angle))
            projection.cylinder_z(float(at[0]), float(at[1]), (z0, z1), 9, STEEL)
        return
    z, inner = (z0 + z1) / 2, (x0 + thick, x1 - thick)
    for ends in ((x0, inner[0]), (inner[1], x1)):
        projection.cylinder_x(ends, y, z, flange, WOOD)
    outer, hollow = (solids.cylinder_x(beam, inner, y, z, r) for r in (wound, barrel))
    projection.add(_without(outer, hollow), cable, grain=grain)
    projection.cylinder_x(inner, y, z, barrel, WOOD, wall_mm=25)
    for up in (-0.6, 0.6):
        projection.cylinder_x((x0, x1), y + up * barrel, z, 9, STEEL)
