"""Path lengths through many closed meshes at once, in time that grows with their outline and not their area.

The depth of what a ray leaves minus the depth of what
it enters. All samples of a row look through one plane, which cuts a face along a straight line; so a face
adds a linear function of x where the row enters it and takes it away where the row leaves it, and running
sums do the rest. Exact for a fan of rays, for concave faces cut in any way, and for faces seen edge on.
"""

import numpy as np

from datasets.synthetic.beam import FanBeam, Float64
from datasets.synthetic.meshes import Mesh
from datasets.synthetic.solids import NOTHING, NDArrayInt, Paths


def mesh_paths(beam: FanBeam, body: Mesh, *, samples: int = 3) -> Paths:
    """Path lengths through a closed mesh, not clipped to the picture.

    Args:
        beam: The geometry.
        body: Outward normals; a mesh wound inside out counts negative (a cavity).
        samples: Rays per pixel, across and down.

    Returns:
        The path lengths over the mesh's whole rectangle.
    """
    across = body.vertices[:, 0] / beam.pitch_mm
    down = np.asarray(beam.row_at(body.vertices[:, 1], body.vertices[:, 2]))
    left, top = int(np.floor(across.min())), int(np.floor(down.min()))
    width, height = int(np.ceil(across.max())) - left, int(np.ceil(down.max())) - top
    if width < 1 or height < 1:
        return NOTHING
    row_y = (top + (np.arange(height * samples) + 0.5) / samples) * beam.pitch_mm
    slope = (row_y - beam.source_y_mm) / beam.source_distance_mm
    points = np.column_stack([(across - left) * samples, (down - top) * samples, body.vertices[:, 1:]])
    depth = _depth(points[body.faces], row_y, slope, width * samples)
    depth *= np.sqrt(1 + slope * slope)[:, None]
    cells = depth.reshape(height, samples, width, samples)
    return Paths(mm=cells.mean(axis=(1, 3), dtype=np.float32), x_px=left, y_px=top)


def _depth(corners: Float64, row_y: Float64, slope: Float64, n_columns: int) -> Float64:
    """Millimetres of z inside, per sample.

    Args:
        corners: Shape ``(F, 3, 4)``: u and v in samples, y and z in millimetres.
        row_y: Where each row's rays meet the middle plane.
        slope: Of each row's rays.
        n_columns: Samples in a row.
    """
    order = np.argsort(corners[:, :, 1], axis=1, kind="stable")
    parity = np.where((order[:, 1] - order[:, 0]) % 3 == 1, 1.0, -1.0)
    upper, middle, lower = np.moveaxis(np.take_along_axis(corners, order[:, :, None], axis=1), 1, 0)
    first = np.clip(np.ceil(upper[:, 1] - 0.5), 0, len(row_y)).astype(np.int64)
    last = np.clip(np.ceil(lower[:, 1] - 0.5), 0, len(row_y)).astype(np.int64)
    count = last - first
    face = np.repeat(np.arange(len(corners)), count)
    row: NDArrayInt = np.arange(len(face)) - np.repeat(np.cumsum(count) - count - first, count)
    a, b, c = upper[face], middle[face], lower[face]
    is_above = (row + 0.5 < b[:, 1])[:, None]
    ray = (row_y[row], slope[row])
    start = _crossing(a, c, ray)
    end = _crossing(np.where(is_above, a, b), np.where(is_above, b, c), ray)
    # From the long side to the short one; where the short side is on the left this counts backwards, as it
    # should. Parity says whether rays enter or leave through the face.
    span = end[0] - start[0]
    is_thin = np.abs(span) < 1e-3
    growth = np.where(is_thin, 0, (end[1] - start[1]) / np.where(is_thin, 1, span))
    constant = np.where(is_thin, (start[1] + end[1]) / 2, start[1] - growth * start[0])
    at = [np.clip(np.ceil(side[0] - 0.5), 0, n_columns).astype(np.int64) for side in (start, end)]
    index = np.concatenate([row * (n_columns + 1) + column for column in at])
    sums: list[Float64] = []
    for value in (parity[face] * constant, parity[face] * growth):
        weights = np.concatenate([value, -value])
        steps = np.bincount(index, weights, minlength=len(row_y) * (n_columns + 1)).astype(np.float64)
        sums.append(np.cumsum(steps.reshape(len(row_y), n_columns + 1)[:, :n_columns], axis=1))
    depth: Float64 = sums[0] + sums[1] * (np.arange(n_columns) + 0.5)
    return depth


def _crossing(a: Float64, b: Float64, ray: tuple[Float64, Float64]) -> tuple[Float64, Float64]:
    """The u and z where an edge passes a row's plane; the same for both faces there, to the last bit."""
    off_a = a[:, 2] - ray[1] * a[:, 3] - ray[0]
    off_b = b[:, 2] - ray[1] * b[:, 3] - ray[0]
    rise = off_a - off_b
    share = np.clip(off_a / np.where(rise == 0, 1, rise), 0, 1)
    return a[:, 0] + share * (b[:, 0] - a[:, 0]), a[:, 3] + share * (b[:, 3] - a[:, 3])
