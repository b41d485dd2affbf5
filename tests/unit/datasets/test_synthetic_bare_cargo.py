"""Goods without packages: they fill a hold, stay in it, stand on its floor and are not too heavy."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from datasets.synthetic.bare_boxed import draw_castings, draw_tools
from datasets.synthetic.bare_bulk import draw_bulk, draw_scrap
from datasets.synthetic.bare_machines import draw_machinery
from datasets.synthetic.bare_metal import draw_coils, draw_pipes, draw_profiles, draw_reels
from datasets.synthetic.bare_rubber import draw_tyres
from datasets.synthetic.bare_vehicles import draw_bicycles, draw_vehicles
from datasets.synthetic.bare_wood_stone import draw_panes, draw_stone, draw_timber
from datasets.synthetic.beam import FanBeam
from datasets.synthetic.dunnage import lanes
from datasets.synthetic.hold import Hold
from datasets.synthetic.litter import litter, strokes
from datasets.synthetic.physics import STEEL
from datasets.synthetic.projection import Projection
from datasets.synthetic.stamp import Stamp

Draw = Callable[[Projection, np.random.Generator, Hold, float], None]

_ALL: list[tuple[Draw, float]] = [
    (draw_tyres, 0.15),
    (draw_coils, 0.5),
    (draw_timber, 0.45),
    (draw_pipes, 0.35),
    (draw_machinery, 0.3),
    (draw_bulk, 0.72),
    (draw_scrap, 0.5),
    (draw_vehicles, 0.15),
    (draw_stone, 0.5),
    (draw_panes, 0.45),
    (draw_reels, 0.4),
    (draw_profiles, 0.4),
    (draw_castings, 0.45),
    (draw_tools, 0.45),
    (draw_bicycles, 0.08),
]
_HOLD = Hold(x=(300, 12_300), y=(600, 2950), z=(-1150, 1150))
_COARSE = FanBeam(height_px=340, width_px=1260, pitch_mm=10, source_distance_mm=4500, source_y_mm=2600)
_NAMES = [draw.__name__ for draw, _ in _ALL]


def _drawn(draw: Draw, bulk: float, *, seed: int, hold: Hold = _HOLD) -> Projection:
    projection = Projection(_COARSE)
    draw(projection, np.random.default_rng(seed), hold, bulk)
    return projection


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("draw", "bulk"), _ALL, ids=_NAMES)
def test_draw__stays_in_the_hold_and_on_its_floor(draw: Draw, bulk: float, seed: int) -> None:
    """Nothing is beyond the ends, ceiling and floor as the fan sees them, and nothing is afloat."""
    used = np.argwhere(np.abs(_drawn(draw, bulk, seed=seed).planes).sum(axis=0) > 0.02)
    (top, first), (bottom, last) = used.min(axis=0), used.max(axis=0)
    ceiling = min(float(_COARSE.row_at(_HOLD.y[0], z)) for z in _HOLD.z)
    floor = [float(_COARSE.row_at(_HOLD.y[1], z)) for z in _HOLD.z]
    # A stroke's rounded end and a stamp's whole pixel may reach three pixels over.
    assert first >= _HOLD.x[0] / 10 - 3
    assert last <= _HOLD.x[1] / 10 + 3
    assert top >= ceiling - 3
    assert min(floor) - 4 <= bottom <= max(floor) + 3


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("draw", "bulk"), _ALL, ids=_NAMES)
def test_draw__a_bay_beyond_the_picture_shows_nothing(draw: Draw, bulk: float, seed: int) -> None:
    """A fine scanner may end before the hold does."""
    assert not _drawn(draw, bulk, seed=seed, hold=replace(_HOLD, x=(12_900, 19_000))).planes.any()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("draw", "bulk"), _ALL, ids=_NAMES)
def test_draw__load_is_one_a_container_may_carry(draw: Draw, bulk: float, seed: int) -> None:
    """Between a few hundred kilograms and 28 t, even at twice the usual bulk density."""
    assert 300 < _drawn(draw, bulk * 2, seed=seed).mass_kg < 28_000


@pytest.mark.parametrize(("draw", "bulk"), _ALL, ids=_NAMES)
def test_draw__leaves_no_less_than_nothing(draw: Draw, bulk: float) -> None:
    """What is taken out of solids was in them."""
    assert min(float(_drawn(draw, bulk, seed=seed).planes.min()) for seed in range(4)) > -0.1


@pytest.mark.parametrize(("draw", "bulk"), _ALL, ids=_NAMES)
def test_draw__is_repeated_by_its_seed_only(draw: Draw, bulk: float) -> None:
    """One seed, one picture; another seed, another."""
    one, same, other = (_drawn(draw, bulk, seed=seed).planes for seed in (5, 5, 6))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("draw", "bulk"), _ALL, ids=_NAMES)
def test_draw__fits_a_small_bay(draw: Draw, bulk: float) -> None:
    """A short bay, as of a mixed load or a van, raises nothing and stays within its ends."""
    bay = Hold(x=(4000, 5700), y=(1400, 2950), z=(-800, 800))
    for seed in range(4):
        columns = np.flatnonzero(_drawn(draw, bulk, seed=seed, hold=bay).planes.sum(axis=(0, 1)) > 0.5)
        assert not len(columns) or (columns[0] >= 400 - 3 and columns[-1] <= 570 + 3)


def test_stamp__place_equals_drawing_there() -> None:
    """A box stamped at a whole pixel is the box drawn there, mass included."""
    stamp, drawn, stamped = Stamp(_COARSE, 500), Projection(_COARSE), Projection(_COARSE)
    stamp.projection.box((0, 500), (900, 1200), (-100, 300), STEEL)
    stamp.place(stamped, 2000)
    drawn.box((2000, 2500), (900, 1200), (-100, 300), STEEL)
    assert np.allclose(stamped.planes, drawn.planes, atol=1e-3)
    assert stamped.mass_kg == pytest.approx(drawn.mass_kg, rel=1e-4)


def test_stamp__stretch_equals_drawing_a_long_body() -> None:
    """A section stretched between two places is the long body itself."""
    stamp, drawn, stretched = Stamp(_COARSE, 0), Projection(_COARSE), Projection(_COARSE)
    stamp.projection.cylinder_x((0, stamp.projection.beam.width_mm), 1500, 200, 120, STEEL, wall_mm=15)
    stamp.stretch(stretched, (1004, 3007))
    drawn.cylinder_x((1004, 3007), 1500, 200, 120, STEEL, wall_mm=15)
    assert np.allclose(stretched.planes, drawn.planes, atol=1e-3)
    assert stretched.mass_kg == pytest.approx(drawn.mass_kg, rel=1e-3)


def test_strokes__tube_holds_its_matter() -> None:
    """The area under a stroke is length by width by depth, also when it is thinner than a pixel."""
    for width in (4.0, 40.0):
        paths = strokes(_COARSE, [[(1000, 1000, 0), (3000, 1000, 0)]], width, 8)
        assert float(paths.mm.sum()) * 100 == pytest.approx(2000 * width * 8, rel=0.1)


def test_litter__more_pieces_hold_more() -> None:
    """Layers add up."""
    few, many = (
        litter(np.random.default_rng(1), (100, 100), n, (5, 20), (2, 6), (5, 20)).sum() for n in (20, 200)
    )
    assert 4 * few < many


def test_lanes__stay_apart_and_inside() -> None:
    """Lanes lie within their span, in order, without overlap."""
    rng = np.random.default_rng(2)
    for size in (150.0, 700.0, 3000.0):
        found = lanes(rng, (-1000, 1000), size, gap=(5, 200))
        edges = np.array(found).ravel()
        assert (np.diff(edges) >= -1e-6).all()
        assert edges[0] >= -1000 - 1e-6
        assert edges[-1] <= 1000 + 1e-6
