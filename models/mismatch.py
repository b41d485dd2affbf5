"""Whether the cargo can be what is declared: distances to the headings, and the worst block of a scan.

A block is about a metre of loaded vehicle. Its features are the cargo network's embedding and the physics
statistics. Every heading is a Gaussian, all with one covariance; a block's distance to a heading is its
squared Mahalanobis distance to it less that to all goods together, so that an odd block is not far from
everything. A scan does not match when its worst blocks are far from every declared heading.

Source: J. Ren et al., "A simple fix to Mahalanobis distance for improving near-OOD detection",
arXiv:2106.09022, 2021 (relative distance).
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from models.cargo_statistics import MATERIAL, block_statistics
from models.cargo_view import COLUMN_CELLS, is_single_energy
from models.errors import ModelContractError

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

BLOCK_COLUMNS: Final = 6
_LOADED: Final = 0.5
_SHRINKAGE: Final = 0.1
"""How far the features' correlations are shrunk towards none."""
_WORST: Final = 1 / 3
"""Part of a scan's blocks that decides: one wrong line of several counts, one odd block hardly."""
MAX_SOUGHT: Final = 4
"""Lines up to which each is looked for."""
_HEADING_DIGITS: Final = 4
"""Of an HS code, that two codes must share to be the same heading."""
_ARRAYS: Final = ("means", "within", "mean", "total")


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """What a scan holds, block by block.

    Attributes:
        features: Shape ``(n, D)``: embedding, then physics statistics; n is 0 for an empty vehicle.
        x_cells: Shape ``(n, 2)``: first and last-but-one cell of each block in the view.
        has_material: Whether the material statistics mean anything (two energies).
    """

    features: Float32
    x_cells: NDArray[np.int64]
    has_material: bool


@dataclass(frozen=True, kw_only=True)
class Goods:
    """The headings as Gaussians.

    Attributes:
        means: Shape ``(K, D)``, of each heading.
        within: Shape ``(D, D)``, covariance that all headings share.
        mean: Shape ``(D,)``, of all goods.
        total: Shape ``(D, D)``, covariance of all goods.
    """

    means: Float64
    within: Float64
    mean: Float64
    total: Float64

    def distances(self, features: Float32, *, has_material: bool = True) -> Float64:
        """Relative squared Mahalanobis distances per feature, ``(n, D)`` to ``(n, K)``; lower fits better."""
        use, within, total = self._two_energies if has_material else self._one_energy
        offsets = (features[:, None, :].astype(np.float64) - self.means)[..., use]
        common = (features.astype(np.float64) - self.mean)[:, use]
        own = (np.einsum("nkd,de->nke", offsets, within) ** 2).sum(axis=2)
        background = ((common @ total) ** 2).sum(axis=1)
        relative: Float64 = (own - background[:, None]) / len(use)
        return relative

    @cached_property
    def _two_energies(self) -> tuple[NDArray[np.int64], Float64, Float64]:
        return self._whitening(np.arange(len(self.mean)))

    @cached_property
    def _one_energy(self) -> tuple[NDArray[np.int64], Float64, Float64]:
        n_learned = len(self.mean) - len(MATERIAL)
        return self._whitening(np.flatnonzero(np.concatenate([np.ones(n_learned, bool), ~MATERIAL])))

    def _whitening(self, use: NDArray[np.int64]) -> tuple[NDArray[np.int64], Float64, Float64]:
        """A Gaussian's marginal is the Gaussian of what is left."""
        part = np.ix_(use, use)
        return use, _inverse_root(self.within[part]), _inverse_root(self.total[part])

    def to_bytes(self) -> bytes:
        """The arrays as float32, compressed."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{name: getattr(self, name).astype(np.float32) for name in _ARRAYS})
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, *, n_headings: int) -> Self:
        """Read what ``to_bytes`` wrote.

        Raises:
            ModelContractError: If it is damaged or of another size.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                goods = cls(**{name: arrays[name].astype(np.float64) for name in _ARRAYS})
            n = len(goods.mean)
            if goods.means.shape != (n_headings, n) or not goods.within.shape == goods.total.shape == (n, n):
                raise ValueError("the arrays' shapes do not fit")
        except Exception as error:  # numpy, zip and zlib raise what they like on damaged bytes
            raise ModelContractError(
                f"the cargo model's headings cannot be read ({error}); export it again"
            ) from error
        return goods


def find_blocks(view: Float32, columns: Float32, loaded: Float32) -> Blocks:
    """Cut the loaded part of a vehicle into blocks and describe them.

    Args:
        view: Shape ``(2, h, w)``, from ``to_view``.
        columns: Shape ``(128, w / 8)``, the network's embeddings of the columns.
        loaded: Shape ``(w / 8,)``, in [0, 1].
    """
    full = np.flatnonzero(loaded > _LOADED)
    features: list[Float32] = []
    spans: list[tuple[int, int]] = []
    for run in np.split(full, np.flatnonzero(np.diff(full) > 1) + 1):
        if not run.size:
            continue
        for part in np.array_split(run, max(round(run.size / BLOCK_COLUMNS), 1)):
            x = (int(part[0]) * COLUMN_CELLS, int(part[-1] + 1) * COLUMN_CELLS)
            statistics = block_statistics(view[:, :, x[0] : x[1]])
            features.append(np.concatenate([columns[:, part].mean(axis=1), statistics]))
            spans.append(x)
    n_features = len(columns) + len(MATERIAL)
    return Blocks(
        features=np.array(features, dtype=np.float32).reshape(-1, n_features),
        x_cells=np.array(spans, dtype=np.int64).reshape(-1, 2),
        has_material=not is_single_energy(view),
    )


def fit_goods(features: Float32, headings: NDArray[np.int64], *, n_headings: int) -> Goods:
    """Estimate the headings from blocks whose heading is known.

    Args:
        features: Shape ``(n, D)``, of blocks that the network was not trained on.
        headings: Shape ``(n,)``, each in [0, n_headings); every heading occurs.
        n_headings: K.

    Raises:
        ValueError: If a heading has no block.
    """
    counts = np.bincount(headings, minlength=n_headings)
    if not counts.all():
        raise ValueError(f"no block shows headings {np.flatnonzero(counts == 0).tolist()}; draw more scans")
    values = features.astype(np.float64)
    means = np.stack([values[headings == k].mean(axis=0) for k in range(n_headings)])
    # Headings weigh the same, however often they are shipped.
    weights = (1.0 / counts)[headings] / n_headings
    mean = means.mean(axis=0)
    return Goods(
        means=means,
        within=_covariance(values - means[headings], weights),
        mean=mean,
        total=_covariance(values - mean, weights),
    )


def match_codes(hs_code: str, headings: Sequence[str]) -> list[int]:
    """Indices of the headings that a declared code may mean: those sharing most digits, four at least.

    A code of two digits, a chapter, means every heading of the chapter.
    """
    least = min(len(hs_code), _HEADING_DIGITS)
    shared = [_shared_digits(hs_code, heading) for heading in headings]
    most = max(shared, default=0)
    return [i for i, n in enumerate(shared) if n == most and n >= least]


def declaration_distance(distances: Float64, lines: Sequence[Sequence[int]]) -> float:
    """How far a scan is from its declaration: by what is there undeclared, and what is declared and absent.

    The first is the mean over the worst blocks of their distance to the best line. The second is the
    distance of the line that fits worst to the blocks that fit it best; it counts for a few lines only,
    because one of many may be too small to fill a block.

    Args:
        distances: Shape ``(n, K)``, n at least 1.
        lines: Per line of the declaration, at least one, the headings that it may mean, at least one.
    """
    distinct = sorted({tuple(sorted(line)) for line in lines})
    per_line = np.stack([distances[:, list(line)].min(axis=1) for line in distinct])
    n_worst = max(round(distances.shape[0] * _WORST), 1)
    foreign = float(np.sort(per_line.min(axis=0))[-n_worst:].mean())
    if len(distinct) > MAX_SOUGHT:
        return foreign
    n_best = max(n_worst // len(distinct), 1)
    return foreign + float(np.sort(per_line, axis=1)[:, :n_best].mean(axis=1).max())


def _covariance(offsets: Float64, weights: Float64) -> Float64:
    covariance: Float64 = (offsets * weights[:, None]).T @ offsets
    return covariance


def _inverse_root(covariance: Float64) -> Float64:
    """Whitening matrix of a covariance, shrunk towards its diagonal."""
    scale = np.sqrt(np.diag(covariance)) + 1e-6
    shrunk = covariance / np.outer(scale, scale) * (1 - _SHRINKAGE) + _SHRINKAGE * np.eye(len(scale))
    root = np.linalg.cholesky(np.linalg.inv(shrunk))
    whitening: Float64 = root / scale[:, None]
    return whitening


def _shared_digits(a: str, b: str) -> int:
    shared = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared += 1
    return shared
