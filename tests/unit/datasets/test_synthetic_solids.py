"""Path lengths: closed forms against meshes, which are computed in another way."""

import numpy as np
import pytest

from datasets.synthetic import solids
from datasets.synthetic.beam import FanBeam
from datasets.synthetic.mesh_paths import mesh_paths
from datasets.synthetic.meshes import Mesh, cuboid, random_rotation, rod, rotation, sphere, turned_body
from datasets.synthetic.solids import Paths

BEAM = FanBeam(height_px=600, width_px=700, pitch_mm=5, source_distance_mm=4000, source_y_mm=2600)
UPRIGHT = rotation(0, 0, np.pi / 2)
POINTING = rotation(0, np.pi / 2, 0)


def _cone() -> Mesh:
    return turned_body([(-300, 50), (300, 300)], sides=64).turned(UPRIGHT).moved((1500, 1300, 100))


@pytest.mark.parametrize(
    ("closed", "body"),
    [
        (
            solids.box(BEAM, (1003, 1502), (2001, 2304), (-200, 400)),
            cuboid((499, 303, 600)).moved((1252.5, 2152.5, 100)),
        ),
        (
            solids.cylinder_x(BEAM, (1000, 2000), 1500, -300, 200),
            rod(200, 1000, sides=64).moved((1500, 1500, -300)),
        ),
        (
            solids.cylinder_y(BEAM, 1500, (1000, 2000), 300, 200),
            rod(200, 1000, sides=64).turned(UPRIGHT).moved((1500, 1500, 300)),
        ),
        (
            solids.cylinder_z(BEAM, 1500, 1500, (-300, 300), 200),
            rod(200, 600, sides=64).turned(POINTING).moved((1500, 1500, 0)),
        ),
        (
            solids.ellipsoid(BEAM, (1500, 1500, 100), (200, 200, 200)),
            sphere(200, sides=64).moved((1500, 1500, 100)),
        ),
        (solids.cone(BEAM, 1500, (1000, 1600), 100, (50, 300)), _cone()),
    ],
    ids=["box", "cylinder_x", "cylinder_y", "cylinder_z", "ellipsoid", "cone"],
)
def test_solids__closed_form_agrees_with_mesh(closed: Paths, body: Mesh) -> None:
    """The same body has the same path lengths, whole and in single pixels (edges differ by a part of one)."""
    meshed = mesh_paths(BEAM, body, samples=4)
    assert closed.mm.sum() == pytest.approx(meshed.mm.sum(), rel=0.004)
    pictures = [np.zeros((600, 700)), np.zeros((600, 700))]
    for picture, paths in zip(pictures, (closed, meshed), strict=True):
        height, width = paths.mm.shape
        picture[paths.y_px : paths.y_px + height, paths.x_px : paths.x_px + width] = paths.mm
    difference = np.abs(pictures[0] - pictures[1])
    assert np.mean(difference[pictures[1] > 0]) < 0.01 * pictures[1].max()


def test_box__level_ray_sees_its_depth() -> None:
    """At the source's height rays are level: the path is the depth, and half a row is half of it."""
    beam = FanBeam(height_px=10, width_px=10, pitch_mm=10, source_distance_mm=5000, source_y_mm=45)
    paths = solids.box(beam, (0, 100), (40, 45), (-300, 500))
    column = np.zeros(10)
    column[paths.y_px : paths.y_px + len(paths.mm)] = paths.mm[:, 0]
    assert column[4] == pytest.approx(400)


def test_box__near_wall_looks_taller() -> None:
    """The same box nearer the source covers more rows, and as many columns."""
    near = solids.box(BEAM, (500, 600), (1000, 2000), (-1200, -1100)).mm
    far = solids.box(BEAM, (500, 600), (1000, 2000), (1100, 1200)).mm
    assert (near[:, 5] > 0).sum() / (far[:, 5] > 0).sum() == pytest.approx(5150 / 2850, rel=0.02)
    assert near.shape[1] == far.shape[1] == 20


def test_mesh_paths__any_turn_keeps_the_volume() -> None:
    """A small body far from the source has its volume in the picture, however it lies."""
    beam = FanBeam(height_px=300, width_px=300, pitch_mm=2, source_distance_mm=1e6, source_y_mm=300)
    body = cuboid((120, 60, 30))
    for seed in range(5):
        turned = body.turned(random_rotation(np.random.default_rng(seed))).moved((300, 300, 0))
        assert mesh_paths(beam, turned).mm.sum() * 4 == pytest.approx(120 * 60 * 30, rel=0.01)


def test_window__same_things_at_the_same_places() -> None:
    """A part of the picture is drawn as that part of the whole."""
    whole = solids.box(BEAM, (1000, 1500), (2000, 2300), (-200, 400))
    window = BEAM.window(100, 350, width_px=300, height_px=200)
    part = solids.box(window, (500, 1000), (250, 550), (-200, 400))
    assert (part.x_px, part.y_px) == (whole.x_px - 100, whole.y_px - 350)
    np.testing.assert_allclose(part.mm, whole.mm, rtol=1e-4, atol=1e-2)
