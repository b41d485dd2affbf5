"""Tyres: lying in stacks, laced like herringbone, or standing on their treads."""

from dataclasses import dataclass

import numpy as np

from datasets.synthetic.dunnage import allowed_kg, lanes, stowed
from datasets.synthetic.hold import Hold
from datasets.synthetic.physics import RUBBER, STEEL
from datasets.synthetic.projection import Projection
from datasets.synthetic.stamp import Stamp

Rng = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class _Tyre:
    """Millimetres."""

    radius: float
    rim: float
    width: float
    tread: float
    wall: float


def draw_tyres(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Lorry tyres at high bulk densities, car tyres at low ones."""
    tyre = _tyre(rng, is_lorry=bulk_g_cm3 * rng.uniform(0.9, 1.1) > 0.15)
    load = stowed(rng, bay, fill=(0.75, 0.99))
    end_kg = projection.mass_kg + allowed_kg(bay, bulk_g_cm3 * 1.3)
    style = rng.random()
    if style < 0.5:
        _stacks(projection, rng, load, tyre, end_kg)
    elif style < 0.8:
        _laced(projection, rng, load, tyre, end_kg)
    else:
        _standing(projection, rng, load, tyre, end_kg)


def _tyre(rng: Rng, *, is_lorry: bool) -> _Tyre:
    radius = rng.uniform(470, 545) if is_lorry else rng.uniform(285, 365)
    return _Tyre(
        radius=radius,
        rim=radius * rng.uniform(0.53, 0.6) if is_lorry else radius * rng.uniform(0.56, 0.68),
        width=radius * rng.uniform(0.48, 0.6) if is_lorry else radius * rng.uniform(0.55, 0.75),
        tread=rng.uniform(22, 30) if is_lorry else rng.uniform(11, 15),
        wall=rng.uniform(11, 15) if is_lorry else rng.uniform(6, 9),
    )


def _draw_lying(projection: Projection, tyre: _Tyre, x: float, top: float, z: float) -> None:
    """One tyre with its axis upright."""
    r, w, bottom = tyre.radius, tyre.width, top + tyre.width
    projection.cylinder_y(x, (top + 0.14 * w, bottom - 0.14 * w), z, r, RUBBER, wall_mm=tyre.tread)
    projection.cylinder_y(x, (top + 0.2 * w, bottom - 0.2 * w), z, r - 8, STEEL, wall_mm=1.6)
    for side in (top, bottom - tyre.wall):
        shoulder = top + 0.09 * w if side == top else bottom - 0.09 * w - tyre.wall
        wide, middle = r - tyre.tread / 2, (tyre.rim + r) / 2
        projection.cylinder_y(
            x, (shoulder, shoulder + tyre.wall * 1.4), z, wide, RUBBER, wall_mm=wide - middle
        )
        projection.cylinder_y(x, (side, side + tyre.wall), z, middle, RUBBER, wall_mm=middle - tyre.rim)
        projection.cylinder_y(x, (side, side + 14), z, tyre.rim + 10, STEEL, wall_mm=5)


def _lying(projection: Projection, tyre: _Tyre, top: float, z: float) -> Stamp:
    stamp = Stamp(projection.beam, 2 * tyre.radius)
    _draw_lying(stamp.projection, tyre, tyre.radius, top, z)
    return stamp


def _stacks(projection: Projection, rng: Rng, load: Hold, tyre: _Tyre, end_kg: float) -> None:
    """Columns of tyres lying on one another, each lane with its own start."""
    beam, pitch = projection.beam, tyre.width * rng.uniform(0.88, 0.97)
    levels = max(int(load.height / pitch), 1)
    for near, far in lanes(rng, load.z, 2 * tyre.radius, gap=(0, 60)):
        z = (near + far) / 2
        # The fan's slope changes little over a quarter of the height: one picture serves it all.
        tops = [load.y[1] - tyre.width - pitch * level for level in range(levels)]
        stamps = {top: _lying(projection, tyre, top, z) for top in tops[levels // 8 :: max(levels // 4, 1)]}
        x = load.x[0] + rng.uniform(0, 0.6) * tyre.radius
        while x + 2 * tyre.radius < load.x[1] and projection.mass_kg < end_kg:
            missing = int(rng.integers(0, 3)) if rng.random() < 0.3 else 0
            for top in tops[: max(levels - missing, 1)]:
                drawn = min(stamps, key=lambda at: abs(at - top))
                drop = round(float(beam.row_at(top, z) - beam.row_at(drawn, z)))
                shift = rng.normal(0, 0.02) * tyre.radius
                x_at = min(max(x + shift, load.x[0]), load.x[1] - 2 * tyre.radius)
                stamps[drawn].place(projection, x_at, drop_px=drop)
            x += 2 * tyre.radius * rng.uniform(1.0, 1.04)


def _laced(projection: Projection, rng: Rng, load: Hold, tyre: _Tyre, end_kg: float) -> None:
    """Tyres leaning on one another, layer by layer to the other side."""
    beam, r, lean = projection.beam, tyre.radius, rng.uniform(32, 50)
    middle = (load.y[0] + load.y[1]) / 2
    sine, cosine = np.sin(np.radians(lean)), np.cos(np.radians(lean))
    half_tall = r * sine + tyre.width / 2 * cosine
    half_wide = r * cosine + tyre.width / 2 * sine
    for near, far in lanes(rng, load.z, 2 * r, gap=(0, 60)):
        z = (near + far) / 2
        box = Stamp(beam, 2.2 * r)
        _draw_lying(box.projection, tyre, 1.1 * r, middle - tyre.width / 2, z)
        centre = (1.1 * r / beam.pitch_mm, float(beam.row_at(middle, z)))
        leaning = box.tilted(lean, centre), box.tilted(-lean, centre)
        y, level = load.y[1] - half_tall, int(rng.integers(0, 2))
        step = (tyre.width / sine) * rng.uniform(1.0, 1.12)
        while y - half_tall > load.y[0]:
            drop = round(float(beam.row_at(y, z) - beam.row_at(middle, z)))
            x = load.x[0] + half_wide + rng.uniform(0, 0.5) * step
            while x + half_wide < load.x[1] and projection.mass_kg < end_kg:
                shift = rng.normal(0, 0.015) * r
                leaning[level % 2].place(
                    projection, x - 1.1 * r + shift, drop_px=drop - int(rng.integers(0, 4))
                )
                x += step
            y -= 2 * half_tall * rng.uniform(0.8, 0.88)
            level += 1


def _standing(projection: Projection, rng: Rng, load: Hold, tyre: _Tyre, end_kg: float) -> None:
    """Tyres on their treads, seen as rings, many behind one another."""
    r, beam = tyre.radius, projection.beam
    for near, far in lanes(rng, load.z, tyre.width * 1.02, gap=(0, 8)):
        y, level, start = load.y[1] - r, 0, rng.uniform(0, 0.9) * r
        while y - r > load.y[0] - 1:
            stamp = Stamp(beam, 2 * r)
            part = stamp.projection
            inner = (near + tyre.wall, far - tyre.wall)
            part.cylinder_z(r, y, (near, far), r - tyre.tread / 3, RUBBER, wall_mm=r - tyre.rim)
            part.cylinder_z(
                r,
                y,
                inner,
                r - tyre.tread,
                RUBBER.packed(-RUBBER.density_g_cm3),
                wall_mm=r - tyre.rim - tyre.tread,
            )
            part.cylinder_z(r, y, inner, r - 8, STEEL, wall_mm=1.6)
            part.cylinder_z(r, y, (near, near + 24), tyre.rim + 10, STEEL, wall_mm=5)
            x = load.x[0] + (level % 2) * r + start
            while x + 2 * r < load.x[1] and projection.mass_kg < end_kg:
                stamp.place(projection, x)
                x += 2 * r + rng.uniform(0, 12)
            y -= r * 1.76
            level += 1
