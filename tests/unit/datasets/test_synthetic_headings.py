"""The registry of goods and what its drawings promise."""

import numpy as np
import pytest

from datasets.synthetic.bare_metal import draw_pipes
from datasets.synthetic.beam import FanBeam
from datasets.synthetic.headings import HEADINGS, Heading
from datasets.synthetic.hold import Hold
from datasets.synthetic.projection import Projection

_BEAM = FanBeam(height_px=170, width_px=260, pitch_mm=20.0, source_distance_mm=5000.0, source_y_mm=2000.0)
_BAY = Hold(x=(600.0, 4600.0), y=(400.0, 2750.0), z=(-1150.0, 1150.0))


def _load(heading: Heading, seed: int) -> Projection:
    projection = Projection(_BEAM)
    rng = np.random.default_rng(seed)
    heading.draw(projection, rng, _BAY, float(rng.uniform(*heading.bulk_g_cm3)))
    return projection


def test_headings__codes_are_ten_digits_and_unique() -> None:
    """A declaration names a heading by its code, so every code is well formed and stands once."""
    codes = [heading.hs_code for heading in HEADINGS]
    assert all(len(code) == 10 and code.isdigit() for code in codes)
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("heading", HEADINGS, ids=lambda heading: heading.hs_code)
def test_draw__goods_stay_inside_the_bay(heading: Heading) -> None:
    """No matter is drawn where no ray meets the bay, and none is negative."""
    planes = _load(heading, 1).planes
    columns = np.flatnonzero(np.abs(planes).sum(axis=(0, 1)) > 1e-3)
    rows = np.flatnonzero(np.abs(planes).sum(axis=(0, 2)) > 1e-3)
    ends = [float(_BEAM.row_at(y, z)) for y in _BAY.y for z in _BAY.z]
    assert columns.min() >= _BAY.x[0] / 20 - 1.01
    assert columns.max() <= _BAY.x[1] / 20 + 1.01
    assert rows.min() >= min(ends) - 2
    assert rows.max() <= max(ends) + 1
    assert planes.min() > -0.2


@pytest.mark.parametrize("heading", HEADINGS, ids=lambda heading: heading.hs_code)
def test_draw__mass_is_what_such_a_load_weighs(heading: Heading) -> None:
    """A third of a 40 ft container carries some hundred kilograms to its share of payload."""
    mass_kg = np.mean([_load(heading, seed).mass_kg for seed in (1, 2)])
    assert 300 < mass_kg < 28_000 * _BAY.length / 12_000


def test_draw__replays_from_its_seed() -> None:
    """The same seed gives the same pixels."""
    first, second = (_load(HEADINGS[0], 5).planes for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_draw__loads_differ_between_seeds() -> None:
    """Two loads of one heading are not the same picture."""
    assert np.abs(_load(HEADINGS[0], 5).planes - _load(HEADINGS[0], 6).planes).max() > 1


@pytest.mark.parametrize("heading", HEADINGS[:37:3], ids=lambda heading: heading.hs_code)
def test_draw__short_bays_are_not_left_empty(heading: Heading) -> None:
    """Packed goods fill a bay hardly longer than a pallet too."""
    projection = Projection(_BEAM)
    bay = Hold(x=(600.0, 1560.0), y=_BAY.y, z=_BAY.z)
    heading.draw(projection, np.random.default_rng(3), bay, heading.bulk_g_cm3[0])
    assert projection.mass_kg > 20


def test_draw_pipes__too_thick_for_a_boot_are_left_out() -> None:
    """Whatever its size, a small hold is filled or left empty, never an error."""
    beam = FanBeam(height_px=300, width_px=400, pitch_mm=6, source_distance_mm=5000, source_y_mm=1000)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        boot = Hold(x=(300.0, 1200.0), y=(1100.0, 1100.0 + rng.uniform(250, 600)), z=(-500.0, 500.0))
        draw_pipes(Projection(beam), rng, boot, 0.4)
