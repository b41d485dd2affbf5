"""Physics statistics of a piece of cargo: numbers that need no learning and say why goods do not fit.

They describe one block, some columns of a view over its whole height: how much attenuates, of which material,
and how it is structured at each scale.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

_MATTER: Final = 0.08
"""Attenuation from which a cell holds more than air and noise (a container's two walls have 0.1 to 0.15)."""
_MATERIAL_RANGE: Final = (0.25, 5.0)
"""Attenuation within which the energies' ratio is neither noise nor hardened away."""
_SCALES: Final = (1, 2, 4, 8)
_LEVELS: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
_RATIO_LEVELS: Final = (0.2, 0.5, 0.8)

NAMES: Final = (
    *(f"attenuation_q{round(100 * level)}" for level in _LEVELS),
    "filled",
    "height",
    *(f"ratio_q{round(100 * level)}" for level in _RATIO_LEVELS),
    *(f"texture_{axis}_{20 * scale}mm" for scale in _SCALES for axis in ("along", "upright")),
)
"""Of the statistics, in their order."""
MATERIAL: Final = np.array([name.startswith("ratio") for name in NAMES])
"""Those that need two energies."""


def block_statistics(block: Float32) -> Float32:
    """Describe some columns of a view.

    Args:
        block: Shape ``(2, h, n)``, attenuation at both energies on the 20 mm grid.

    Returns:
        Shape ``(len(NAMES),)``, float32, finite: quantiles of the attenuation where there is matter
        (logarithms), the part of cells with matter, the height of its middle from above in parts of the
        picture, quantiles of the low to high energy ratio, and the logarithm of the relative texture energy
        per scale and direction.
    """
    high, low = block
    matter = high > _MATTER
    within = high[matter] if matter.any() else np.full(1, _MATTER, dtype=np.float32)
    rows = np.nonzero(matter)[0]
    values = [
        *np.log(np.quantile(within, _LEVELS)),
        float(matter.mean()),
        float(rows.mean()) / high.shape[0] if rows.size else 1.0,
        *_ratios(high, low),
        *_textures(high, level=float(within.mean())),
    ]
    return np.array(values, dtype=np.float32)


def _ratios(high: Float32, low: Float32) -> list[float]:
    usable = (high > _MATERIAL_RANGE[0]) & (high < _MATERIAL_RANGE[1])
    if not usable.any():
        return [1.0] * len(_RATIO_LEVELS)
    return [float(q) for q in np.quantile(low[usable] / high[usable], _RATIO_LEVELS)]


def _textures(high: Float32, *, level: float) -> list[float]:
    values: list[float] = []
    for scale in _SCALES:
        coarse = high if scale == 1 else _shrunk(high, scale)
        for steps in (coarse[:, 1:] - coarse[:, :-1], coarse[1:] - coarse[:-1]):
            energy = float(np.abs(steps).mean()) if steps.size else 0.0
            values.append(float(np.log(energy / level + 1e-3)))
    return values


def _shrunk(plane: Float32, scale: int) -> Float32:
    size = (max(plane.shape[1] // scale, 1), max(plane.shape[0] // scale, 1))
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
