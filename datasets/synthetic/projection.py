"""What stands in the beam, added up: areal densities of the two basis materials in every pixel.

Solids go in one by one; nothing is ever taken out but by a solid added with a negative ``share``.
"""

import numpy as np

from datasets.synthetic import solids
from datasets.synthetic.beam import FanBeam, Float32, Float64
from datasets.synthetic.grain import Grain
from datasets.synthetic.mesh_paths import mesh_paths
from datasets.synthetic.meshes import Mesh, Point3, bar
from datasets.synthetic.physics import Material
from datasets.synthetic.solids import Paths

Span = tuple[float, float]


class Projection:
    """Areal densities in the making.

    Attributes:
        beam: The geometry; see its module for the frame (x right, y down, z away from the source).
        planes: Shape ``(2, H, W)``, float32, g/cm² of polyethylene and of iron.
        mass_kg: Of everything added so far inside the picture.
    """

    def __init__(self, beam: FanBeam) -> None:
        self.beam = beam
        self.planes: Float32 = np.zeros((2, beam.height_px, beam.width_px), dtype=np.float32)
        self.mass_kg = 0.0

    def add(
        self, paths: Paths, material: Material, *, share: float = 1.0, grain: Grain | None = None
    ) -> None:
        """Add matter along path lengths, clipped to the picture.

        Args:
            paths: Of `datasets.synthetic.solids`.
            material: What it is made of.
            share: Of the solid that is matter; negative takes it out again (the inside of a tube).
            grain: Texture that the thickness is multiplied by.
        """
        height, width = paths.mm.shape
        x0, y0 = max(paths.x_px, 0), max(paths.y_px, 0)
        x1 = min(paths.x_px + width, self.beam.width_px)
        y1 = min(paths.y_px + height, self.beam.height_px)
        if x0 >= x1 or y0 >= y1:
            return
        patch = paths.mm[y0 - paths.y_px : y1 - paths.y_px, x0 - paths.x_px : x1 - paths.x_px]
        if grain is not None:
            patch = patch * grain.cut(patch.shape)
        density = material.density_g_cm3 * share
        self.mass_kg += float(patch.sum()) * density * self.beam.pitch_mm**2 * 1e-6
        for plane, part in zip(self.planes, (material.organic, material.iron), strict=True):
            if abs(part) > 1e-6:
                plane[y0:y1, x0:x1] += patch * np.float32(part * density / 10)

    def box(
        self, x: Span, y: Span, z: Span, material: Material, *, share: float = 1.0, grain: Grain | None = None
    ) -> None:
        """A box along the axes."""
        if x[1] > x[0] and y[1] > y[0] and z[1] > z[0]:
            self.add(solids.box(self.beam, x, y, z), material, share=share, grain=grain)

    def shell(self, x: Span, y: Span, z: Span, wall_mm: float, material: Material) -> None:
        """A hollow box with walls all around, inside the bounds."""
        self.box(x, y, z, material)
        inner = [(low + wall_mm, high - wall_mm) for low, high in (x, y, z)]
        self.box(inner[0], inner[1], inner[2], material, share=-1.0)

    def cylinder_x(
        self, x: Span, y: float, z: float, radius: float, material: Material, *, wall_mm: float | None = None
    ) -> None:
        """A cylinder lying along the scan; a tube if ``wall_mm`` is given."""
        self.add(solids.cylinder_x(self.beam, x, y, z, radius), material)
        if wall_mm is not None and wall_mm < radius:
            self.add(solids.cylinder_x(self.beam, x, y, z, radius - wall_mm), material, share=-1.0)

    def cylinder_y(
        self, x: float, y: Span, z: float, radius: float, material: Material, *, wall_mm: float | None = None
    ) -> None:
        """An upright cylinder; a tube if ``wall_mm`` is given."""
        self.add(solids.cylinder_y(self.beam, x, y, z, radius), material)
        if wall_mm is not None and wall_mm < radius:
            self.add(solids.cylinder_y(self.beam, x, y, z, radius - wall_mm), material, share=-1.0)

    def cylinder_z(
        self, x: float, y: float, z: Span, radius: float, material: Material, *, wall_mm: float | None = None
    ) -> None:
        """A cylinder along the rays, seen as a disc; a ring if ``wall_mm`` is given."""
        self.add(solids.cylinder_z(self.beam, x, y, z, radius), material)
        if wall_mm is not None and wall_mm < radius:
            self.add(solids.cylinder_z(self.beam, x, y, z, radius - wall_mm), material, share=-1.0)

    def ellipsoid(self, centre: Point3, radii: Point3, material: Material, *, share: float = 1.0) -> None:
        """An ellipsoid along the axes."""
        self.add(solids.ellipsoid(self.beam, centre, radii), material, share=share)

    def mesh(self, body: Mesh, material: Material, *, share: float = 1.0, samples: int = 3) -> None:
        """Any closed surface, already placed in the scene."""
        self.add(mesh_paths(self.beam, body, samples=samples), material, share=share)

    def bar(self, start: Point3, end: Point3, width: float, thickness: float, material: Material) -> None:
        """A straight bar: ``width`` across it in the picture, ``thickness`` along the rays."""
        self.mesh(bar(start, end, width, thickness), material, samples=2)

    def heap(
        self,
        x: float,
        surface: Float64,
        floor: float,
        z: Span,
        material: Material,
        *,
        grain: Grain | None = None,
    ) -> None:
        """Loose goods.

        Args:
            x: Where the first column of ``surface`` begins.
            surface: Shape ``(slices, n_columns)``: the y of the heap's top, in slices of equal depth across
                z, per column of the picture.
            floor: Its y below.
            z: From the nearest to the farthest slice.
            material: At its bulk density.
            grain: Texture.
        """
        first = round(x / self.beam.pitch_mm)
        edges = np.linspace(z[0], z[1], len(surface) + 1)
        for top, near, far in zip(surface, edges[:-1], edges[1:], strict=True):
            self.add(
                solids.columns(self.beam, first, top, floor, (float(near), float(far))), material, grain=grain
            )
