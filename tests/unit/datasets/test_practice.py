"""Shapes that only training shows."""

import numpy as np
import pytest

from datasets.practice.catalogue import PRACTICE, practice_shapes, vary
from datasets.synthetic.beam import FanBeam
from datasets.synthetic.hiding import pose, project
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.shapes import Place, Shape, extent
from datasets.synthetic.threats_catalogue import SHAPES, shapes_of

BEAM = FanBeam(height_px=600, width_px=1500, pitch_mm=5.0, source_distance_mm=4500, source_y_mm=2200)
LARGEST_MM = {ThreatKind.GUN: (100, 700), ThreatKind.RIFLE: (380, 1700), ThreatKind.BLADE: (50, 1300)}


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("shape", PRACTICE, ids=lambda shape: shape.name)
def test_practice__shapes_are_matter_of_a_real_size(shape: Shape) -> None:
    """Turned as it is hidden, a shape has no hole deeper than itself, a real size, and no twin."""
    smallest, largest = LARGEST_MM.get(shape.kind, (60, 5600))
    sizes = []
    for seed in range(4):
        parts = shape.build(rng(seed))
        low, high = extent(parts)
        assert smallest < (high - low).max() < largest
        assert all(body.volume_mm3() for body, _ in parts)
        sizes.append((high - low).round(3).tolist())
        patch = project(pose(rng(seed), parts, shape.place), BEAM, (3000, 1400, 0))
        assert patch.planes.sum(axis=0).min() > -1e-2
        assert patch.planes.sum(axis=0).max() > 0.7
    assert len({tuple(size) for size in sizes}) == 4


def test_practice__never_shows_what_is_held_out() -> None:
    """Names are nobody else's, every kind has more of them, and nothing held out is among them."""
    names = [shape.name for shape in (*PRACTICE, *SHAPES)]
    assert len(set(names)) == len(names)
    for kind in ThreatKind:
        shown = {shape.name for shape in practice_shapes(kind)}
        assert len(shown) > len(shapes_of(kind, held_out=False))
        assert not shown & {shape.name for shape in shapes_of(kind, held_out=True)}


def test_practice_shapes__are_out_of_shape_now_and_then() -> None:
    """The same draw gives the catalogue's shape at times, and at times one of another size."""
    (plain,) = (shape for shape in SHAPES if shape.name == "pistol_1911")
    (shown,) = (shape for shape in practice_shapes(ThreatKind.GUN) if shape.name == "pistol_1911")
    alike = [
        np.allclose(np.stack(extent(plain.build(rng(seed)))), np.stack(extent(shown.build(rng(seed)))))
        for seed in range(60)
    ]
    assert 10 < sum(alike) < 40


def test_vary__keeps_bodies_whole_and_the_floor_level() -> None:
    """Volumes change by one factor for all parts; what is not slanted stays upright."""
    (shape,) = (shape for shape in SHAPES if shape.name == "person_standing")
    assert shape.place is Place.FLOOR
    parts = shape.build(rng())
    for seed in range(20):
        varied = vary(rng(seed), parts, sheared=bool(seed % 2))
        factors = [b.volume_mm3() / a.volume_mm3() for (a, _), (b, _) in zip(parts, varied, strict=True)]
        assert np.allclose(factors, factors[0])
        assert 0.4 < factors[0] < 2.2
    upright = vary(rng(), parts, sheared=False)
    ratios = [
        np.ptp(b.vertices, axis=0) / np.ptp(a.vertices, axis=0)
        for (a, _), (b, _) in zip(parts, upright, strict=True)
    ]
    assert np.allclose(ratios, ratios[0])
