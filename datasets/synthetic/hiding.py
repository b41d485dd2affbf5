"""Threats put into a scene: how they lie, where they are hidden, and whether anyone could see them.

Matter adds up in the beam, so a threat is added to the scene's areal densities before the scanner looks. One
that a scanner could not show is not added and not labelled: that keeps labels honest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from datasets.synthetic.beam import FanBeam, Float32, Float64
from datasets.synthetic.chain import Chain, noise_sigma
from datasets.synthetic.hold import Hold
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.mesh_paths import mesh_paths
from datasets.synthetic.meshes import Mesh, Point3, Rng, random_rotation, rotation
from datasets.synthetic.physics import Material, attenuation
from datasets.synthetic.shapes import Part, Place, Shape, centred, extent, joined, turned
from datasets.synthetic.visibility import BoxXyxy, Sight, covered_by, moved_box, sight

_CARGO_G_CM2: Final = 16.0  # a container's walls alone are about 3, its roof 14
_LARGE_MM: Final = 700.0
"""Beyond this size four rays a pixel are enough."""
_STRUCTURE: Final = (Place.END, Place.UNDER_FLOOR, Place.UNDER_ROOF)
_LEAST_SHARE_INSIDE: Final = 0.7
_TRIES: Final = 24


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A threat alone, as the beam sees it.

    Attributes:
        planes: Shape ``(2, h, w)``, float32, g/cm² of polyethylene and of iron.
        x_px: Column of its first pixel; may be negative.
        y_px: Row of its first pixel; may be negative.
    """

    planes: Float32
    x_px: int
    y_px: int


@dataclass(frozen=True, kw_only=True)
class HiddenThreat:
    """A threat that was added to a scene and is visible there.

    Attributes:
        kind: What it is labelled as.
        shape_name: Of its `Shape`.
        box_xyxy: Of its visible pixels.
        overlying: Mean attenuation (minus the logarithm of the transmission, high energy) of all else there.
        mean_drop: Of the high-energy transmission, over the pixels it covers.
    """

    kind: ThreatKind
    shape_name: str
    box_xyxy: BoxXyxy
    overlying: float
    mean_drop: float


def pose(rng: Rng, parts: Sequence[Part], place: Place) -> list[Part]:
    """Turn a shape as it might lie in its hiding place, and centre it at the origin.

    Hand-held things lie any way, more often broadside than edge on; goods stand straight, now and then on
    their side; what stands on the floor turns about the upright only.
    """
    if place is Place.ANYWHERE:
        return centred(turned(parts, _any_way(rng)))
    if place is Place.CARGO:
        return centred(turned(parts, _as_packed(rng)))
    if place is Place.FLOOR:
        lengthwise = np.ptp(np.stack(extent(parts)), axis=0)[0] > 1800
        yaw = rng.normal(0, 0.05) + np.pi * int(rng.integers(2)) if lengthwise else rng.uniform(-np.pi, np.pi)
        return centred(turned(parts, rotation(0, float(yaw), 0)))
    return centred(turned(parts, rotation(0, np.pi * int(rng.integers(2)), 0)))


def _any_way(rng: Rng) -> Float64:
    if rng.random() < 0.12:
        return random_rotation(rng)
    facing = rotation(np.pi * int(rng.integers(2)), 0, 0)
    in_plane = rotation(0, 0, rng.uniform(0, 2 * np.pi))
    towards, tilt = rng.uniform(0, 2 * np.pi), abs(rng.normal(0, 0.45))
    axis = rotation(0, 0, towards)
    result: Float64 = axis @ rotation(tilt, 0, 0) @ axis.T @ in_plane @ facing
    return result


def _as_packed(rng: Rng) -> Float64:
    quarter = np.pi / 2
    yaw = quarter * int(rng.integers(4)) + rng.normal(0, 0.06)
    if rng.random() < 0.15:
        yaw = rng.uniform(-np.pi, np.pi)
    lying = rng.random() < 0.2
    roll = quarter * int(rng.integers(1, 4)) if lying else rng.normal(0, 0.04)
    return rotation(0, float(yaw), 0) @ rotation(0, 0, float(roll))


def project(parts: Sequence[Part], beam: FanBeam, at: Point3) -> Patch:
    """Areal densities of a threat whose origin stands at a point of the scene.

    Args:
        parts: Meshes about their common origin, with their materials.
        beam: The geometry of the picture.
        at: x, y, z, millimetres.

    Returns:
        A tight patch, which may reach beyond the picture.
    """
    by_material: dict[Material, list[Mesh]] = {}
    for body, material in parts:
        by_material.setdefault(material, []).append(body)
    layers = []
    is_large = bool(np.ptp(np.stack(extent(parts)), axis=0).max() > _LARGE_MM)
    for material, bodies in by_material.items():
        paths = mesh_paths(beam, joined(bodies).moved(at), samples=2 if is_large else 3)
        if paths.mm.size:
            layers.append((paths, material))
    if not layers:
        return Patch(planes=np.zeros((2, 0, 0), dtype=np.float32), x_px=0, y_px=0)
    x0, y0 = min(p.x_px for p, _ in layers), min(p.y_px for p, _ in layers)
    x1 = max(p.x_px + p.mm.shape[1] for p, _ in layers)
    y1 = max(p.y_px + p.mm.shape[0] for p, _ in layers)
    planes = np.zeros((2, y1 - y0, x1 - x0), dtype=np.float32)
    for paths, material in layers:
        height, width = paths.mm.shape
        rows = slice(paths.y_px - y0, paths.y_px - y0 + height)
        columns = slice(paths.x_px - x0, paths.x_px - x0 + width)
        for plane, part in zip(planes, (material.organic, material.iron), strict=True):
            plane[rows, columns] += paths.mm * np.float32(part * material.density_g_cm3 / 10)
    return Patch(planes=planes, x_px=x0, y_px=y0)


def place(planes: Float32, patch: Patch, chain: Chain) -> BoxXyxy | None:
    """Add a threat to a scene if a person could see it there.

    Args:
        planes: Shape ``(2, H, W)``, g/cm²; changed in place only if the threat is visible.
        patch: The threat.
        chain: Gives the energies and the noise that visibility is measured against.

    Returns:
        Box of the visible pixels (``xyxy``), or None: not placed, as it leaves the scene or is not visible
        (`datasets.synthetic.visibility.sight`).
    """
    placed = _place(planes, patch, chain)
    return placed[0].box_xyxy if placed else None


def _place(planes: Float32, patch: Patch, chain: Chain) -> tuple[Sight, float] | None:
    """What shows of it, in the scene's frame, and the attenuation of all else there."""
    height, width = patch.planes.shape[1:]
    x, y = patch.x_px, patch.y_px
    if x < 0 or y < 0 or x + width > planes.shape[2] or y + height > planes.shape[1]:
        return None
    scene = planes[:, y : y + height, x : x + width]
    endpoint = chain.endpoints_mev[0]
    without = attenuation(np.ascontiguousarray(scene), endpoint)
    before = np.exp(-without)
    drop = before - np.exp(-attenuation(scene + patch.planes, endpoint))
    covered = covered_by(patch.planes)
    seen = sight(drop, covered, noise_sigma(before, chain, 0), is_8bit=chain.is_8bit)
    if seen is None:
        return None
    scene += patch.planes
    overlying = float(without[covered].mean())
    return Sight(box_xyxy=moved_box(seen.box_xyxy, x, y), mean_drop=seen.mean_drop), overlying


def hide(
    rng: Rng,
    planes: Float32,
    beam: FanBeam,
    hold: Hold | None,
    chain: Chain,
    *,
    n_threats: int,
    shapes: Sequence[Shape],
    weights: Mapping[ThreatKind, float] | None = None,
) -> list[HiddenThreat]:
    """Hide up to ``n_threats`` visible threats in a vehicle.

    Args:
        rng: Draws kinds, shapes, sizes and places.
        planes: Shape ``(2, H, W)``, g/cm²; changed.
        beam: The geometry the scene was drawn with.
        hold: The loadable space; None if the vehicle has none: things then hide all over it.
        chain: The scanner that has to show them.
        n_threats: How many to try.
        shapes: To choose from.
        weights: Relative frequency per kind, all alike by default; a kind's shapes are alike.

    Returns:
        Those that found a place, in order.
    """
    kinds = sorted({shape.kind for shape in shapes})
    shares = np.array([(weights or {}).get(kind, 0.0 if weights else 1.0) for kind in kinds])
    if not kinds or shares.sum() <= 0:
        return []
    vehicle = _Vehicle(planes, beam, hold)
    found: list[HiddenThreat] = []
    for _ in range(n_threats):
        kind = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]
        mine = [shape for shape in shapes if shape.kind is kind]
        hidden = _hide_one(rng, planes, vehicle, chain, mine)
        if hidden:
            found.append(hidden)
    return found


def hide_in_crop(
    rng: Rng,
    planes: Float32,
    beam: FanBeam,
    chain: Chain,
    *,
    kind: ThreatKind,
    shapes: Sequence[Shape],
) -> HiddenThreat | None:
    """Hide one threat anywhere in a part of a scene.

    Args:
        rng: Draws shape, size and place.
        planes: Shape ``(2, H, W)``, g/cm²; changed if a threat is placed.
        beam: The geometry of that part (`FanBeam.window`).
        chain: The scanner that has to show it.
        kind: What to hide.
        shapes: To choose from; those of other kinds and those that do not fit are passed over.
    """
    mine = [shape for shape in shapes if shape.kind is kind]
    return _hide_one(rng, planes, _Vehicle(planes, beam, None, is_crop=True), chain, mine) if mine else None


class _Vehicle:
    """Where in one scene things can be put."""

    def __init__(self, planes: Float32, beam: FanBeam, hold: Hold | None, *, is_crop: bool = False) -> None:
        self.beam = beam
        self._hold = hold
        # In a crop only sizes are in the way; in a vehicle there must be goods, too.
        self.tries = _TRIES // 3 if is_crop else _TRIES
        # An eighth of the resolution is enough to tell cargo from air.
        self._mass: Float32 = planes[:, 4::8, 4::8].sum(axis=0)
        whole = (0.0, 0.0, beam.width_mm, beam.height_mm)
        self._bounds = whole if is_crop else self._occupied(whole)
        self._has_cargo = hold is None or self._amid_cargo(
            (hold.x[0] + hold.x[1]) / 2, (hold.y[0] + hold.y[1]) / 2, (hold.length / 2, hold.height / 2), 0.12
        )

    def _occupied(self, whole: BoxXyxy) -> BoxXyxy:
        filled = self._mass > 1
        if not filled.any():
            return whole
        step = 8 * self.beam.pitch_mm
        rows, columns = np.flatnonzero(filled.any(axis=1)), np.flatnonzero(filled.any(axis=0))
        return columns[0] * step, rows[0] * step, (columns[-1] + 1) * step, (rows[-1] + 1) * step

    def fit(self, parts: list[Part], place: Place) -> list[Part]:
        """Stretch false walls and floors to the hold's own size."""
        if self._hold is None or place not in (Place.END, Place.UNDER_FLOOR, Place.UNDER_ROOF):
            return parts
        low, high = extent(parts)
        size = high - low
        by = (
            min(1.0, 0.9 * self._hold.length / size[0]),
            self._hold.height / size[1] if place is Place.END else 1.0,
            self._hold.width / size[2],
        )
        return [(body.scaled(by), material) for body, material in parts]

    def spot(self, rng: Rng, half: Float64, place: Place) -> Point3 | None:
        """Middle of a thing of these half sizes, or None: this time there is no room."""
        hold = self._hold
        if hold is None or (place is Place.ANYWHERE and rng.random() < 0.2):
            x0, y0, x1, y1 = self._bounds
            z = (-1000.0, 1000.0) if hold is None else (hold.z[0] - 60, hold.z[1] + 60)
            return _within(rng, half, ((x0, x1), (y0, y1), z))
        if place is Place.ANYWHERE:
            wider = [(low - 70, high + 70) for low, high in (hold.x, hold.y, hold.z)]
            return _within(rng, half, wider)
        inside = _within(rng, half, (hold.x, hold.y, hold.z))
        return None if inside is None else self._settled(rng, inside, half, place)

    def _settled(self, rng: Rng, inside: Point3, half: Float64, place: Place) -> Point3 | None:
        """Moved to the floor, roof or end it belongs to; None where goods should hide it but do not."""
        x, y, z = inside
        if self._hold is None:
            return inside
        if place is Place.CARGO and self._has_cargo:
            return inside if self._amid_cargo(x, y, (float(half[0]), float(half[1])), 0.6) else None
        if place is Place.END:
            left = rng.random() < 0.5
            return float(self._hold.x[0] + half[0] if left else self._hold.x[1] - half[0]), y, z
        if place is Place.UNDER_ROOF:
            return x, float(self._hold.y[0] + half[1]), z
        return x, float(self._hold.y[1] - half[1]), z

    def _amid_cargo(self, x: float, y: float, half: tuple[float, float], share: float) -> bool:
        """Is enough of the rectangle covered by goods? A smuggler hides things in them, not above."""
        step = 8 * self.beam.pitch_mm
        rows = slice(max(int((y - half[1]) / step), 0), int((y + half[1]) / step) + 1)
        columns = slice(max(int((x - half[0]) / step), 0), int((x + half[0]) / step) + 1)
        part = self._mass[rows, columns]
        return bool(part.size and (part > _CARGO_G_CM2).mean() > share)


def _within(rng: Rng, half: Float64, spans: Sequence[tuple[float, float]]) -> Point3 | None:
    """A point at which a thing of these half sizes stays inside; 3 mm may be missing."""
    at = []
    for h, (low, high) in zip(half.tolist(), spans, strict=True):
        if high - low < 2 * h - 3:
            return None
        at.append(float(rng.uniform(min(low + h, high - h), max(low + h, high - h))))
    return at[0], at[1], at[2]


def _hide_one(
    rng: Rng, planes: Float32, vehicle: _Vehicle, chain: Chain, shapes: Sequence[Shape]
) -> HiddenThreat | None:
    for _ in range(vehicle.tries):
        shape = shapes[int(rng.integers(len(shapes)))]
        parts = vehicle.fit(pose(rng, shape.build(rng), shape.place), shape.place)
        low, high = extent(parts)
        at = vehicle.spot(rng, (high - low) / 2, shape.place)
        if at is None:
            continue
        patch = project(parts, vehicle.beam, at)
        if shape.place in _STRUCTURE:
            patch = _cut(patch, vehicle.beam)
        placed = _place(planes, patch, chain)
        if placed:
            seen, overlying = placed
            return HiddenThreat(
                kind=shape.kind,
                shape_name=shape.name,
                box_xyxy=seen.box_xyxy,
                overlying=overlying,
                mean_drop=seen.mean_drop,
            )
    return None


def _cut(patch: Patch, beam: FanBeam) -> Patch:
    """Without what sticks out of the picture, unless that is much: near the source a hold may do so, too."""
    height, width = patch.planes.shape[1:]
    x0, y0 = max(-patch.x_px, 0), max(-patch.y_px, 0)
    x1, y1 = min(beam.width_px - patch.x_px, width), min(beam.height_px - patch.y_px, height)
    if x1 <= x0 or y1 <= y0 or (x1 - x0) * (y1 - y0) < _LEAST_SHARE_INSIDE * width * height:
        return patch
    return Patch(planes=patch.planes[:, y0:y1, x0:x1], x_px=patch.x_px + x0, y_px=patch.y_px + y0)
