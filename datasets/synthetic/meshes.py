"""Closed surfaces to turn any way and project with `datasets.synthetic.mesh_paths`.

A mesh is centred near its own origin, millimetres. Windings follow the frame of `datasets.synthetic.beam`:
normals point outwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.synthetic.beam import Float64
from datasets.synthetic.solids import NDArrayInt

Rng = np.random.Generator
Point2 = tuple[float, float]
Point3 = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """A closed surface.

    Attributes:
        vertices: Shape ``(V, 3)``, float64, x, y, z in millimetres.
        faces: Shape ``(F, 3)``, indices, normals outwards.
    """

    vertices: Float64
    faces: NDArrayInt

    def volume_mm3(self) -> float:
        """Signed: negative if the faces are wound inside out."""
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)

    def moved(self, by: Point3) -> "Mesh":
        return Mesh(vertices=self.vertices + np.asarray(by), faces=self.faces)

    def turned(self, rotation: Float64) -> "Mesh":
        """Turned about the origin by a ``(3, 3)`` rotation matrix."""
        return Mesh(vertices=self.vertices @ rotation.T, faces=self.faces)

    def scaled(self, by: float | Point3) -> "Mesh":
        """Stretched along the axes, by positive factors."""
        return Mesh(vertices=self.vertices * np.asarray(by), faces=self.faces)


def loft(rings: Sequence[Float64]) -> Mesh:
    """The body between rings of equally many points, closed at both ends by its first and last ring.

    Args:
        rings: Each ``(n, 3)``, all in the same sense of turning. The ends need not be convex.
    """
    n, count = len(rings[0]), len(rings)
    vertices = np.concatenate(rings)
    faces: list[tuple[int, int, int]] = []
    for k in range(count - 1):
        for i in range(n):
            a, b = k * n + i, k * n + (i + 1) % n
            faces += [(a, b, a + n), (b, b + n, a + n)]
    last = (count - 1) * n
    for i in range(1, n - 1):
        faces += [(0, i + 1, i), (last, last + i, last + i + 1)]
    body = Mesh(vertices=vertices, faces=np.array(faces, dtype=np.int64))
    return body if body.volume_mm3() >= 0 else Mesh(vertices=vertices, faces=body.faces[:, ::-1])


def extrusion(outline: Sequence[Point2], depth: float) -> Mesh:
    """A plate: an outline in x and y, from ``-depth / 2`` to ``depth / 2`` in z. It need not be convex."""
    flat = np.asarray(outline, dtype=np.float64)
    ends = [np.column_stack([flat, np.full(len(flat), z)]) for z in (-depth / 2, depth / 2)]
    return loft(ends)


def cuboid(size: Point3) -> Mesh:
    """A box centred at the origin."""
    x, y, z = size[0] / 2, size[1] / 2, size[2]
    return extrusion([(-x, -y), (x, -y), (x, y), (-x, y)], z)


def rod(radius: float, length: float, *, sides: int = 16) -> Mesh:
    """A solid cylinder along x, centred at the origin."""
    return turned_body([(-length / 2, radius), (length / 2, radius)], sides=sides)


def turned_body(profile: Sequence[Point2], *, sides: int = 16) -> Mesh:
    """A body of revolution about the x axis: pairs of x and radius (a bottle, a shell, a tusk's piece)."""
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    # A polygon of the circle's own area.
    fit = np.sqrt(2 * np.pi / (sides * np.sin(2 * np.pi / sides)))
    rings = [
        np.column_stack([np.full(sides, x), r * fit * np.cos(turn), r * fit * np.sin(turn)])
        for x, r in profile
    ]
    return loft(rings)


def sphere(radius: float, *, sides: int = 16) -> Mesh:
    angle = np.linspace(0, np.pi, sides // 2 + 1)
    return turned_body(
        [(-radius * float(np.cos(a)), max(radius * float(np.sin(a)), 1e-3)) for a in angle], sides=sides
    )


def sweep(path: Sequence[Point3], radii: Sequence[float], *, sides: int = 12) -> Mesh:
    """A round bar along a curved path, its radius given at each point (a tusk, a stock, a bent tube)."""
    line = np.asarray(path, dtype=np.float64)
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along[0], (0.0, 0.0, 1.0) if abs(along[0, 2]) < 0.9 else (0.0, 1.0, 0.0))
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    rings = []
    for point, tangent, radius in zip(line, along, radii, strict=True):
        side = side - (side @ tangent) * tangent
        side = side / np.linalg.norm(side)
        other = np.cross(tangent, side)
        rings.append(point + radius * (np.outer(np.cos(turn), side) + np.outer(np.sin(turn), other)))
    return loft(rings)


def bar(start: Point3, end: Point3, width: float, thickness: float) -> Mesh:
    """A straight bar of rectangular section between two points."""
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    length = float(np.linalg.norm(b - a))
    if length < 1e-6:
        return cuboid((1e-3, width, thickness)).moved(start)
    along = (b - a) / length
    across = np.cross((0.0, 0.0, 1.0), along)
    if np.linalg.norm(across) < 1e-6:
        across = np.array([0.0, 1.0, 0.0])
    across /= np.linalg.norm(across)
    rotation = np.column_stack([along, across, np.cross(along, across)])
    middle = (a + b) / 2
    return (
        cuboid((length, width, thickness))
        .turned(rotation)
        .moved((float(middle[0]), float(middle[1]), float(middle[2])))
    )


def rotation(angle_x: float, angle_y: float, angle_z: float) -> Float64:
    """Turn about z in the picture first, then about y and x out of it; radians."""
    cx, sx, cy, sy = np.cos(angle_x), np.sin(angle_x), np.cos(angle_y), np.sin(angle_y)
    cz, sz = np.cos(angle_z), np.sin(angle_z)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    turn: Float64 = about_x @ about_y @ about_z
    return turn


def random_rotation(rng: Rng) -> Float64:
    """Uniform over all rotations (the QR decomposition of a normal matrix)."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    if np.linalg.det(q) < 0:
        q[:, 0] = -q[:, 0]
    turn: Float64 = q
    return turn
