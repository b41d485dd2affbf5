"""Threats as solids: their sizes, how they lie, where they are hidden and when they count as visible."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from datasets.synthetic import shapes_blades, shapes_guns, solids
from datasets.synthetic.beam import FanBeam
from datasets.synthetic.chain import Chain, Export
from datasets.synthetic.hiding import Patch, hide, hide_in_crop, place, pose, project
from datasets.synthetic.hold import Hold
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.mesh_paths import mesh_paths
from datasets.synthetic.meshes import cuboid, extrusion, random_rotation, rotation, sphere
from datasets.synthetic.physics import STEEL
from datasets.synthetic.shapes import Place, Shape, cavity, centred, extent, joined
from datasets.synthetic.threats_catalogue import SHAPES, shapes_of

BEAM = FanBeam(height_px=600, width_px=1500, pitch_mm=5.0, source_distance_mm=4500, source_y_mm=2200)
HOLD = Hold(x=(600.0, 6600.0), y=(200.0, 2590.0), z=(-1170.0, 1170.0))
CHAIN = Chain(
    photons=(12_000, 6_000), electronic=2e-4, scatter=0, blur_px=(0.5, 0.5), stripes=(0, 0), dual_energy=True
)
LEAST_SHAPES = {ThreatKind.GUN: 8, ThreatKind.RIFLE: 6, ThreatKind.BLADE: 8}
LARGEST_MM = {ThreatKind.GUN: (100, 560), ThreatKind.RIFLE: (380, 1200), ThreatKind.BLADE: (60, 1100)}


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def named(name: str) -> list[Shape]:
    return [shape for shape in SHAPES if shape.name == name]


def loaded_scene(organic: float = 30.0) -> np.ndarray:
    """Walls everywhere in the hold, goods in its right half."""
    planes = np.zeros((2, BEAM.height_px, BEAM.width_px), dtype=np.float32)
    planes[1, 40:518, 120:1320] = 3
    planes[0, 200:518, 720:1320] = organic
    return planes


def test_mesh_paths__agrees_with_the_closed_form_of_a_box() -> None:
    """Seen through the fan of rays, a mesh of a box is as thick as the box."""
    x, y, z = (1000.0, 1400.0), (900.0, 1300.0), (-300.0, 500.0)
    body = cuboid((400, 400, 800)).moved((1200, 1100, 100))
    paths, box = mesh_paths(BEAM, body, samples=4), solids.box(BEAM, x, y, z)
    assert paths.mm.sum() == pytest.approx(box.mm.sum(), rel=0.002)
    assert paths.mm.max() == pytest.approx(box.mm.max(), rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_mesh_paths__fills_a_concave_body_turned_any_way(seed: int) -> None:
    """Under parallel rays the path lengths over all pixels add up to the volume, however the body lies."""
    far = FanBeam(height_px=200, width_px=200, pitch_mm=2.0, source_distance_mm=1e7, source_y_mm=200)
    body = extrusion([(0, 0), (90, 0), (90, 90), (60, 20), (0, 70)], 60)
    body = body.turned(random_rotation(rng(seed))).moved((200, 200, 0))
    paths = mesh_paths(far, body, samples=6)
    assert float(paths.mm.sum()) * 4 == pytest.approx(body.volume_mm3(), rel=0.003)
    assert paths.mm.min() > -1e-4


@pytest.mark.parametrize("yaw", [0.0, 0.05, np.pi / 2])
def test_mesh_paths__a_concave_body_seen_edge_on_is_never_negative(yaw: float) -> None:
    """No ray of a wide fan finds less than nothing in a large concave body."""
    outline = [
        (0, 0),
        (0, -600),
        (1200, -700),
        (1500, -1300),
        (3000, -1300),
        (3300, -700),
        (4300, -600),
        (4300, 0),
    ]
    body = extrusion(outline, 1700).turned(rotation(0, yaw, 0)).moved((1000, 2400, 0))
    assert mesh_paths(BEAM, body, samples=2).mm.min() > -1e-3


def test_mesh_paths__a_cavity_takes_matter_away() -> None:
    """A ball with a hole lets the middle ray pass through its two walls only."""
    ball = joined([sphere(100, sides=32), cavity(sphere(80, sides=32))]).moved((2000, 2200, 0))
    paths = mesh_paths(BEAM, ball)
    middle = paths.mm[paths.mm.shape[0] // 2, paths.mm.shape[1] // 2]
    assert middle == pytest.approx(40, abs=1.5)


def test_shapes__every_kind_has_shapes_on_both_sides() -> None:
    """Names are unique, kinds have enough shapes, and about a third of each is held out."""
    assert len({shape.name for shape in SHAPES}) == len(SHAPES)
    for kind in ThreatKind:
        held_out, seen = (len(shapes_of(kind, held_out=side)) for side in (True, False))
        assert held_out + seen >= LEAST_SHAPES.get(kind, 4)
        assert 0.25 <= held_out / (held_out + seen) <= 0.5


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_shapes__are_matter_of_a_real_size(shape: Shape) -> None:
    """A shape turned as it is hidden has no hole deeper than itself, a real size, and varies."""
    parts = shape.build(rng(1))
    low, high = extent(parts)
    smallest, largest = LARGEST_MM.get(shape.kind, (60, 5400))
    assert smallest < (high - low).max() < largest
    patch = project(pose(rng(2), parts, shape.place), BEAM, (3000, 1400, 0))
    assert patch.planes.sum(axis=0).min() > -1e-2
    assert patch.planes.sum(axis=0).max() > 1
    again = extent(shape.build(rng(5)))
    assert not np.allclose(np.stack(again), np.stack([low, high]))


@pytest.mark.parametrize("shape", shapes_of(ThreatKind.GUN, held_out=False), ids=lambda shape: shape.name)
def test_guns__have_the_steel_of_real_ones(shape: Shape) -> None:
    """Broadside the thicker half of a handgun is 8 to 30 mm of steel."""
    patch = project(
        centred(shape.build(rng(4))), replace(BEAM, pitch_mm=2.0, source_y_mm=600), (1000, 600, 0)
    )
    steel = patch.planes[1] / 0.786
    assert 8 < np.percentile(steel[steel > 1], 75) < 30


def test_blades__are_as_thin_as_real_ones() -> None:
    """Broadside a throwing star is 2.5 to 7 mm of steel, a kitchen knife's blade 1.3 to 4."""
    for build, least, most in (
        (shapes_blades.throwing_star, 2.4, 7.1),
        (shapes_blades.kitchen_knife, 1.3, 4.5),
    ):
        for seed in range(5):
            patch = project(
                centred(build(rng(seed))), replace(BEAM, pitch_mm=1.0, source_y_mm=200), (400, 200, 0)
            )
            steel = patch.planes[1] / 0.786
            assert least < np.median(steel[steel > 0.5]) < most


def test_project__weighs_what_the_meshes_weigh() -> None:
    """The areal densities of a small thing near the middle plane add up to its mass."""
    far = FanBeam(height_px=400, width_px=400, pitch_mm=2.0, source_distance_mm=1e6, source_y_mm=400)
    parts = centred(shapes_guns.rifle_carbine(rng()))
    grams = sum(body.volume_mm3() * material.density_g_cm3 * material.iron for body, material in parts) / 1000
    patch = project(parts, far, (400, 400, 0))
    assert float(patch.planes[1].sum()) * 0.2**2 == pytest.approx(grams, rel=0.02)


def test_pose__hand_held_things_mostly_show_their_broad_side() -> None:
    """A flat plate lies flatter in the picture than one turned at random, yet edge on at times."""
    plate = [(cuboid((100, 100, 2)), STEEL)]
    depth = []
    for seed in range(300):
        low, high = extent(pose(rng(seed), plate, Place.ANYWHERE))
        depth.append(high[2] - low[2])
    assert np.median(depth) < 75
    assert max(depth) > 100


def test_place__box_holds_what_was_added() -> None:
    """Where the scene changed lies inside the box, but for a faint rim."""
    planes = loaded_scene()
    before = planes.copy()
    patch = project(centred(shapes_guns.pistol_1911(rng())), BEAM, (2000, 1000, 0))
    box = place(planes, patch, CHAIN)
    assert box is not None
    rows, columns = np.nonzero((planes - before)[1] > 2)
    assert box[0] <= columns.min()
    assert columns.max() < box[2]
    assert box[1] <= rows.min()
    assert rows.max() < box[3]
    assert box[2] - box[0] < 60


def test_place__behind_thick_steel_nothing_is_placed() -> None:
    """A knife behind 300 mm of steel gets no label and leaves the scene as it was."""
    planes = loaded_scene()
    planes[1] += 300 * 0.786
    before = planes.copy()
    patch = project(centred(shapes_blades.kitchen_knife(rng())), BEAM, (2000, 1000, 0))
    assert place(planes, patch, CHAIN) is None
    assert np.array_equal(planes, before)


def test_place__eight_bits_need_twice_the_contrast() -> None:
    """A drop of 0.0045 is labelled in a 16-bit scan and not in an 8-bit export."""
    clean = replace(CHAIN, photons=(1e9, 1e9), electronic=1e-6)
    planes = np.zeros((2, 100, 100), dtype=np.float32)
    planes[1] = 2.4 / 0.0393
    faint = np.zeros((2, 20, 20), dtype=np.float32)
    faint[0] = 1.2
    patch = Patch(planes=faint, x_px=40, y_px=40)
    assert place(planes.copy(), patch, clean) is not None
    assert place(planes.copy(), patch, replace(clean, export=Export())) is None


def test_place__what_leaves_the_scene_is_not_placed() -> None:
    """A threat over the edge of the picture is refused, not cut."""
    planes = loaded_scene()
    patch = project(centred(shapes_guns.pistol_1911(rng())), BEAM, (20, 1000, 0))
    assert place(planes, patch, CHAIN) is None


def test_hide__every_kind_finds_its_place() -> None:
    """All kinds can be hidden in a loaded container, with what lies over them and a visible drop."""
    for kind in ThreatKind:
        (found,) = hide(
            rng(), loaded_scene(), BEAM, HOLD, CHAIN, n_threats=1, shapes=shapes_of(kind, held_out=False)
        )
        assert found.kind is kind
        assert found.mean_drop >= 0.003
        assert found.overlying >= 0


def test_hide__people_stand_on_the_floor_and_walls_at_an_end() -> None:
    """A person's box ends at the hold's floor; a false wall touches one of its ends."""
    (person,) = hide(rng(), loaded_scene(), BEAM, HOLD, CHAIN, n_threats=1, shapes=named("person_standing"))
    assert 2300 < person.box_xyxy[3] * BEAM.pitch_mm < 2900
    (wall,) = hide(rng(), loaded_scene(), BEAM, HOLD, CHAIN, n_threats=1, shapes=named("end_wall"))
    left, right = wall.box_xyxy[0] * BEAM.pitch_mm, wall.box_xyxy[2] * BEAM.pitch_mm
    assert left == pytest.approx(HOLD.x[0], abs=15) or right == pytest.approx(HOLD.x[1], abs=15)


def test_hide__packages_lie_among_the_goods() -> None:
    """With the right half of a container full, packages are found there alone."""
    for seed in range(10):
        found = hide(rng(seed), loaded_scene(), BEAM, HOLD, CHAIN, n_threats=1, shapes=named("brick_stack"))
        assert all(threat.box_xyxy[2] > 720 for threat in found)


def test_hide__kinds_are_alike_unless_weighted() -> None:
    """Each kind is hidden as often as another however many shapes it has; weights change that."""
    shapes = [*shapes_of(ThreatKind.GUN, held_out=False), *named("brick_single"), *named("lead_box")]
    found = hide(rng(), loaded_scene(), BEAM, HOLD, CHAIN, n_threats=60, shapes=shapes)
    counts = Counter(threat.kind for threat in found)
    assert min(counts[kind] for kind in (ThreatKind.GUN, ThreatKind.BRICK, ThreatKind.DENSE_BLOCK)) > 8
    weights = {ThreatKind.BRICK: 1.0}
    only = hide(rng(), loaded_scene(), BEAM, HOLD, CHAIN, n_threats=8, shapes=shapes, weights=weights)
    assert {threat.kind for threat in only} == {ThreatKind.BRICK}


def test_hide__the_same_seed_hides_the_same() -> None:
    """Hiding replays from its random source."""
    runs = []
    for _ in range(2):
        planes = loaded_scene()
        runs.append((hide(rng(), planes, BEAM, HOLD, CHAIN, n_threats=3, shapes=SHAPES), float(planes.sum())))
    assert runs[0] == runs[1]


def test_hide__a_vehicle_without_a_hold_hides_things_all_over_it() -> None:
    """Without a loadable space the threat still lies on the vehicle's pixels."""
    planes = loaded_scene()
    (found,) = hide(rng(), planes, BEAM, None, CHAIN, n_threats=1, shapes=named("pistol_1911"))
    assert found.box_xyxy[0] >= 112
    assert found.box_xyxy[2] <= 1328


def test_hide_in_crop__box_is_in_the_crop() -> None:
    """In a part of a scene the box is in the part's own pixels."""
    crop = np.ascontiguousarray(loaded_scene()[:, 200:392, 600:856])
    window = BEAM.window(600, 200, width_px=256, height_px=192)
    found = hide_in_crop(rng(), crop, window, CHAIN, kind=ThreatKind.GUN, shapes=SHAPES)
    assert found is not None
    assert found.kind is ThreatKind.GUN
    x0, y0, x1, y1 = found.box_xyxy
    assert 0 <= x0 < x1 <= 256
    assert 0 <= y0 < y1 <= 192


def test_hide_in_crop__what_does_not_fit_is_passed_over() -> None:
    """A car does not fit into 1.3 metres, so nothing is hidden and the crop stays as it was."""
    crop = np.zeros((2, 192, 256), dtype=np.float32)
    window = BEAM.window(0, 0, width_px=256, height_px=192)
    assert hide_in_crop(rng(), crop, window, CHAIN, kind=ThreatKind.VEHICLE, shapes=named("sedan")) is None
    assert not crop.any()
