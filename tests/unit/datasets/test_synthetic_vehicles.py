"""Vehicles, containers and fittings of the scan generator."""

import numpy as np
import pytest

from datasets.synthetic.beam import FanBeam
from datasets.synthetic.fittings import add_fittings
from datasets.synthetic.hold import Hold
from datasets.synthetic.physics import STEEL
from datasets.synthetic.plates import plate, rectangle, repeat, strip
from datasets.synthetic.projection import Projection
from datasets.synthetic.tanks import liquid_paths
from datasets.synthetic.vehicles import Vehicle, VehicleKind, draw_vehicle, length_mm

_PITCH = 20.0
_GROUND = 4200.0
_X0 = 4000.0


def _beam(width_mm: float = 20_000.0, pitch: float = _PITCH) -> FanBeam:
    return FanBeam(
        height_px=int(4600 / pitch),
        width_px=int(width_mm / pitch),
        pitch_mm=pitch,
        source_distance_mm=5000,
        source_y_mm=_GROUND - 1700,
    )


def _draw(kind: VehicleKind, *, seed: int = 3, x0: float = _X0) -> tuple[Projection, Vehicle]:
    projection = Projection(_beam())
    return projection, draw_vehicle(projection, np.random.default_rng(seed), kind, x0=x0, ground=_GROUND)


def _contains(outer: Hold, inner: Hold) -> bool:
    pairs = zip((outer.x, outer.y, outer.z), (inner.x, inner.y, inner.z), strict=True)
    return all(a[0] <= b[0] < b[1] <= a[1] for a, b in pairs)


@pytest.mark.parametrize("kind", list(VehicleKind))
def test_draw_vehicle__every_kind_has_matter_and_a_hold_inside_its_body(kind: VehicleKind) -> None:
    """Densities are finite and not negative, and cargo cannot stick out of the box."""
    projection, vehicle = _draw(kind)

    assert np.isfinite(projection.planes).all()
    assert projection.planes.min() > -1e-3
    assert projection.planes.max() > 10
    assert vehicle.body.length == pytest.approx(length_mm(kind))
    if "tank" in kind:
        assert vehicle.hold is None
    else:
        assert vehicle.hold is not None
        assert _contains(vehicle.body, vehicle.hold)


def test_draw_vehicle__same_seed_gives_the_same_planes() -> None:
    """A scene is a pure function of its seed."""
    first, _ = _draw(VehicleKind.ROAD_40HC)
    second, _ = _draw(VehicleKind.ROAD_40HC)
    other, _ = _draw(VehicleKind.ROAD_40HC, seed=4)

    assert np.array_equal(first.planes, second.planes)
    assert not np.array_equal(first.planes, other.planes)


def test_draw_vehicle__forty_foot_hold_has_the_standard_inner_size() -> None:
    """ISO 1496-1: at least 11998 by 2330 by 2350 mm inside, whatever the box is worn like."""
    _, vehicle = _draw(VehicleKind.ROAD_40)

    assert vehicle.iso_type == "42G1"
    assert vehicle.hold is not None
    assert vehicle.hold.length == pytest.approx(12_032, abs=40)
    assert vehicle.hold.width >= 2330
    assert 2350 <= vehicle.hold.height <= 2400


def test_draw_vehicle__empty_hold_shows_two_thin_steel_walls() -> None:
    """In the middle of an empty box a ray meets two sheets, not the frame."""
    projection, vehicle = _draw(VehicleKind.ROAD_40HC)
    assert vehicle.hold is not None
    row = int(sum(vehicle.hold.y) / 2 / _PITCH)
    columns = slice(int(vehicle.hold.x[0] / _PITCH) + 30, int(vehicle.hold.x[1] / _PITCH) - 30)
    steel_mm = projection.planes[1, row, columns] / STEEL.iron / STEEL.density_g_cm3 * 10

    assert 1.5 < float(np.median(steel_mm)) < 16


def test_draw_vehicle__cab_left_of_the_picture_leaves_the_box_as_it_is() -> None:
    """A picture may begin behind the cab: what lies outside is cut off, nothing fails."""
    projection, vehicle = _draw(VehicleKind.ROAD_20, x0=200.0)

    assert vehicle.body.x[0] == 200.0
    assert projection.planes.any()


def test_draw_vehicle__reefer_is_denser_at_its_front_end() -> None:
    """The refrigeration unit hangs at the left end of the box, beside an empty insulated hold."""
    projection, vehicle = _draw(VehicleKind.ROAD_REEFER_40HC)
    assert vehicle.hold is not None
    rows = slice(int(vehicle.hold.y[0] / _PITCH) + 20, int(vehicle.hold.y[1] / _PITCH) - 20)
    unit = slice(int((vehicle.body.x[0] + 200) / _PITCH), int((vehicle.body.x[0] + 430) / _PITCH))
    middle = int(sum(vehicle.hold.x) / 2 / _PITCH)

    total = projection.planes.sum(axis=0)
    assert total[rows, unit].mean() > 2 * total[rows, middle - 40 : middle + 40].mean()


def test_liquid_paths__half_full_is_half_the_cylinder() -> None:
    """A level surface through the axis leaves half of the barrel's volume."""
    beam = _beam(6000, pitch=10.0)
    y, radius = 2200.0, 900.0
    half = liquid_paths(beam, (1000, 5000), y, radius, y)
    full = liquid_paths(beam, (1000, 5000), y, radius, y - radius)

    assert half.mm.sum() / full.mm.sum() == pytest.approx(0.5, abs=0.01)


def test_plate__has_its_area_less_its_holes() -> None:
    """Area times thickness is kept, to the fineness that outlines are filled with."""
    beam = _beam(4000, pitch=5.0)
    whole = plate(beam, rectangle((1000, 1400), (1000, 1200)), 0.0, 3.0)
    holed = plate(
        beam, rectangle((1000, 1400), (1000, 1200)), 0.0, 3.0, holes=[rectangle((1100, 1200), (1050, 1150))]
    )

    assert whole.mm.sum() * 25 == pytest.approx(400 * 200 * 3, rel=0.03)
    assert holed.mm.sum() * 25 == pytest.approx((400 * 200 - 100 * 100) * 3, rel=0.03)


def test_strip__thinner_than_a_pixel_keeps_its_mass() -> None:
    """A hair line is faint instead of wide."""
    beam = _beam(4000, pitch=5.0)
    thin = strip(beam, [(1000, 1000), (1800, 1000)], 0.5, 0.0, 4.0)

    assert thin.mm.sum() * 25 == pytest.approx(800 * 0.5 * 4, rel=0.1)


def test_repeat__places_what_was_drawn_once_at_every_x() -> None:
    """Equal to drawing each by itself where places fall on whole columns; clipped at the edges."""
    beam = _beam(4000)
    xs = (0.0, 1000.0, 2000.0, 3960.0)
    direct, repeated = Projection(beam), Projection(beam)
    for x in xs:
        direct.box((x - 40, x + 40), (1000, 1400), (-100, 100), STEEL)
    repeat(repeated, xs, 100, lambda p, x: p.box((x - 40, x + 40), (1000, 1400), (-100, 100), STEEL))

    assert np.allclose(direct.planes, repeated.planes, atol=1e-4)


def test_add_fittings__stay_thin_and_follow_the_density() -> None:
    """Hard negatives are small metal, more of it at a higher density, none at zero."""
    beam = _beam(256 * 5.2, pitch=5.2).window(0, 300, width_px=256, height_px=192)
    mass = []
    for density in (0.0, 0.3, 3.0):
        rng, total = np.random.default_rng(7), 0.0
        for _ in range(12):
            projection = Projection(beam)
            add_fittings(projection, rng, (0, 0, 256, 192), density=density)
            assert np.isfinite(projection.planes).all()
            assert projection.planes.min() >= 0
            total += projection.mass_kg
        mass.append(total)

    assert mass[0] == 0
    assert mass[2] > 2 * mass[1] > 0


def test_add_fittings__are_centred_in_their_region() -> None:
    """Far from the region nothing is added."""
    projection = Projection(_beam(2000 * 5.2, pitch=5.2))
    add_fittings(projection, np.random.default_rng(1), (100, 200, 356, 392), density=1.0)

    assert projection.planes[:, :, :700].any()
    assert not projection.planes[:, :, 1500:].any()
