"""Path lengths through many closed meshes at once, in time that grows with their outline and not their area.

The same quantity as `datasets.synthetic.solids.mesh`: the depth of what a ray leaves minus the depth of what
it enters. Along a row of samples the depth of a plane is linear, so a face adds two numbers where its span
begins and takes them away where it ends; running sums do the rest.
"""

import numpy as np

from datasets.synthetic.beam import FanBeam, Float64
from datasets.synthetic.meshes import Mesh
from datasets.synthetic.solids import NOTHING, NDArrayInt, Paths


def mesh_paths(beam: FanBeam, body: Mesh, *, samples: int = 3, is_parallel: bool = False) -> Paths:
    """Path lengths through a closed mesh, not clipped to the picture.

    Args:
        beam: The geometry.
        body: Outward normals; a mesh wound inside out counts negative (a cavity).
        samples: Rays per pixel, across and down.
        is_parallel: All rays take the direction of the one through the body's middle. Then a face is exact
            even seen edge on. In a fan an edge that runs both along x and away from the source bends a
            little, which is neglected, and a concave face seen edge on may leave a trace beside itself.

    Returns:
        The path lengths over the mesh's whole rectangle.
    """
    view = _Parallel(beam, body) if is_parallel else _Fan(beam)
    across = body.vertices[:, 0] / beam.pitch_mm
    down = view.rows_of(body.vertices)
    left, top = int(np.floor(across.min())), int(np.floor(down.min()))
    width, height = int(np.ceil(across.max())) - left, int(np.ceil(down.max())) - top
    if width < 1 or height < 1:
        return NOTHING
    points = np.stack([(across - left) * samples, (down - top) * samples], axis=1)
    spans = _Spans(points, body, height * samples)
    row_y, slope = view.rays(top + (np.arange(height * samples) + 0.5) / samples)
    step = beam.pitch_mm / samples
    ends = [spans.depth(u, row_y, slope, (left * beam.pitch_mm, step)) for u in (spans.left, spans.right)]
    growth = (ends[1] - ends[0]) / np.maximum(spans.right - spans.left, 1e-9)
    depth = _running_sum(spans, ends[0] - growth * spans.left, growth, (height * samples, width * samples))
    depth *= np.sqrt(1 + slope * slope)[:, None]
    cells = depth.reshape(height, samples, width, samples)
    return Paths(mm=cells.mean(axis=(1, 3), dtype=np.float32), x_px=left, y_px=top)


class _Fan:
    """Rays as the scanner has them."""

    def __init__(self, beam: FanBeam) -> None:
        self._beam = beam

    def rows_of(self, points: Float64) -> Float64:
        return self._beam.row_at(points[:, 1], points[:, 2])

    def rays(self, rows: Float64) -> tuple[Float64, Float64]:
        """Per row, with its fraction: y where the ray meets the middle plane, and its slope."""
        row_y = rows * self._beam.pitch_mm
        return row_y, (row_y - self._beam.source_y_mm) / self._beam.source_distance_mm


class _Parallel:
    """Rays along the one through the middle of a body, at the magnification there."""

    def __init__(self, beam: FanBeam, body: Mesh) -> None:
        low, high = body.vertices.min(axis=0), body.vertices.max(axis=0)
        _, self._y, self._z = ((low + high) / 2).tolist()
        distance = beam.source_distance_mm + self._z
        self._row = float(beam.row_at(self._y, self._z))
        self._slope = (self._y - beam.source_y_mm) / distance
        self._row_mm = beam.pitch_mm * distance / beam.source_distance_mm

    def rows_of(self, points: Float64) -> Float64:
        beside: Float64 = points[:, 1] - self._y - self._slope * (points[:, 2] - self._z)
        return self._row + beside / self._row_mm

    def rays(self, rows: Float64) -> tuple[Float64, Float64]:
        row_y = self._y + (rows - self._row) * self._row_mm - self._slope * self._z
        return row_y, np.full(len(rows), self._slope)


class _Spans:
    """What each face covers of each row of samples.

    Both faces at an edge compute its crossing from the same numbers in the same order, so that no sample
    falls between them or into both.
    """

    def __init__(self, points: Float64, body: Mesh, n_rows: int) -> None:
        flat = points[body.faces]
        corners = body.vertices[body.faces]
        area = _cross2(flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0])
        self._normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        self._origin = np.einsum("ij,ij->i", self._normal, corners[:, 0])
        self._nearest, self._farthest = corners[:, :, 2].min(axis=1), corners[:, :, 2].max(axis=1)
        # Ties in height are broken by x, the same in every face.
        order = np.lexsort((flat[:, :, 0], flat[:, :, 1]), axis=1)
        ordered = np.take_along_axis(flat, order[:, :, None], axis=1)
        first = np.maximum(np.ceil(ordered[:, 0, 1] - 0.5), 0).astype(np.int64)
        last = np.minimum(np.ceil(ordered[:, 2, 1] - 0.5), n_rows).astype(np.int64)
        count = np.where(area == 0, 0, np.maximum(last - first, 0))
        self._face = np.repeat(np.arange(len(flat)), count)
        self.row: NDArrayInt = np.arange(len(self._face)) - np.repeat(np.cumsum(count) - count - first, count)
        self.sign = np.sign(area)[self._face]
        v = self.row + 0.5
        a, b, c = (ordered[self._face, i] for i in range(3))
        long_side = _crossing(a, c, v)
        short_side = np.where(v < b[:, 1], _crossing(a, b, v), _crossing(b, c, v))
        self.left = np.minimum(long_side, short_side)
        self.right = np.maximum(long_side, short_side)

    def depth(self, u: Float64, row_y: Float64, slope: Float64, frame: tuple[float, float]) -> Float64:
        """The z of the face at ``u`` of its row; a plane seen edge on is bounded by its corners."""
        normal = self._normal[self._face]
        along = normal[:, 1] * slope[self.row] + normal[:, 2]
        along = np.where(np.abs(along) < 1e-9, 1e-9, along)
        x = frame[0] + u * frame[1]
        z = (self._origin[self._face] - normal[:, 0] * x - normal[:, 1] * row_y[self.row]) / along
        return np.clip(z, self._nearest[self._face], self._farthest[self._face])


def _crossing(a: Float64, b: Float64, v: Float64) -> Float64:
    rise = b[:, 1] - a[:, 1]
    rise = np.where(rise == 0, 1.0, rise)
    crossing: Float64 = a[:, 0] + (v - a[:, 1]) * ((b[:, 0] - a[:, 0]) / rise)
    return crossing


def _running_sum(spans: _Spans, constant: Float64, growth: Float64, shape: tuple[int, int]) -> Float64:
    height, width = shape
    at = [np.clip(np.ceil(u - 0.5), 0, width).astype(np.int64) for u in (spans.left, spans.right)]
    index = np.concatenate([spans.row * (width + 1) + column for column in at])
    total = []
    for value in (constant, growth):
        signed = spans.sign * value
        steps = np.bincount(index, np.concatenate([signed, -signed]), minlength=height * (width + 1))
        total.append(np.cumsum(steps.reshape(height, width + 1)[:, :width], axis=1))
    u = np.arange(width) + 0.5
    depth: Float64 = total[0] + total[1] * u
    return depth


def _cross2(a: Float64, b: Float64) -> Float64:
    area: Float64 = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return area
