"""What each block of a vehicle's cargo may be: how near it is to each heading.

A block is about a metre of loaded vehicle. Its features are the cargo network's embedding and the physics
statistics. Every heading is a Gaussian, all with one covariance; how likely a block holds a heading follows
from its Mahalanobis distance to it, against the distances to all others, so that an odd block is not far from
everything.

Source: K. Lee et al., "A simple unified framework for detecting out-of-distribution samples and adversarial
attacks", NeurIPS 2018, §2.1 (Gaussians with one covariance on a network's features).
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
HEADING_DIGITS: Final = 4
"""Of an HS code, that two codes must share to be the same heading."""
_ARRAYS: Final = ("means", "within")


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
    """

    means: Float64
    within: Float64

    def shares(self, features: Float32, *, sharpness: float, has_material: bool = True) -> Float64:
        """How likely each block holds each heading.

        Args:
            features: Shape ``(n, D)``.
            sharpness: How much a difference of one in the mean squared distance per feature says.
            has_material: False leaves out what needs two energies.

        Returns:
            Shape ``(n, K)``; rows sum to 1.
        """
        use, whitening = self._two_energies if has_material else self._one_energy
        at = features[:, use].astype(np.float64) @ whitening
        distances = ((at[:, None] - self.means[:, use] @ whitening) ** 2).mean(axis=2)
        odds = np.exp(-sharpness * (distances - distances.min(axis=1, keepdims=True)))
        shares: Float64 = odds / odds.sum(axis=1, keepdims=True)
        return shares

    @cached_property
    def _two_energies(self) -> tuple[NDArray[np.int64], Float64]:
        return self._whitening(np.arange(self.means.shape[1]))

    @cached_property
    def _one_energy(self) -> tuple[NDArray[np.int64], Float64]:
        n_learned = self.means.shape[1] - len(MATERIAL)
        return self._whitening(np.flatnonzero(np.concatenate([np.ones(n_learned, bool), ~MATERIAL])))

    def _whitening(self, use: NDArray[np.int64]) -> tuple[NDArray[np.int64], Float64]:
        """A Gaussian's marginal is the Gaussian of what is left."""
        return use, _inverse_root(self.within[np.ix_(use, use)])

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
            n = goods.means.shape[-1]
            if goods.means.shape != (n_headings, n) or goods.within.shape != (n, n):
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
    offsets = values - means[headings]
    return Goods(means=means, within=(offsets * weights[:, None]).T @ offsets)


def match_codes(hs_code: str, headings: Sequence[str]) -> list[int]:
    """Indices of the headings that a declared code may mean: those sharing most digits, four at least.

    A code of two digits, a chapter, means every heading of the chapter.
    """
    least = min(len(hs_code), HEADING_DIGITS)
    shared = [_shared_digits(hs_code, heading) for heading in headings]
    most = max(shared, default=0)
    return [i for i, n in enumerate(shared) if n == most and n >= least]


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
