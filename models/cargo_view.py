"""From stored pixels to what the cargo network looks at: the whole scan as attenuation on a 20 mm grid.

Goods are told apart by mass, material and how they are stacked, none of which needs single pixels; averaging
over a cell takes the noise away. The grid is in millimetres, because scanners differ in pixel size. The same
code for training, evaluation and serving.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

CELL_MM: Final = 20.0
COLUMN_CELLS: Final = 8
"""Cells along the vehicle per column of the network's answer."""
STRIDE: Final = 16
"""Sides are padded with air to multiples of it."""
MIN_SIDE: Final = 64

_USUAL_PITCH_MM: Final = 5.0
_PLAUSIBLE_PITCH_MM: Final = (2.0, 16.0)
_LOG_AIR: Final = np.float32(np.log(65535))


def to_view(pixels: NDArray[np.uint16], *, pitch_mm: float | None = None) -> Float32:
    """Average a scan's attenuation over cells.

    Args:
        pixels: Shape ``(C, H, W)``, C is 1 or 2 (high, low); 65535 is air.
        pitch_mm: Size of a pixel; 5 is assumed if it is unknown or no scanner's.

    Returns:
        Shape ``(2, h, w)``, float32, minus the logarithm of the transmission, 0 is air; sides are padded
        with air at the right and below. A single energy is given twice.

    Raises:
        ValueError: If the shape or dtype is another.
    """
    if pixels.ndim != 3 or pixels.shape[0] not in (1, 2) or pixels.dtype != np.uint16:
        raise ValueError(f"expected uint16 (1 or 2, H, W), got {pixels.dtype} {pixels.shape}")
    low, high = _PLAUSIBLE_PITCH_MM
    pitch = pitch_mm if pitch_mm is not None and low <= pitch_mm <= high else _USUAL_PITCH_MM
    _, height, width = pixels.shape
    size = (max(round(width * pitch / CELL_MM), 1), max(round(height * pitch / CELL_MM), 1))
    view = np.zeros((2, _padded(size[1]), _padded(size[0])), dtype=np.float32)
    for channel, plane in enumerate(pixels):
        logs = cv2.log(np.maximum(plane, 1).astype(np.float32))
        mean = cv2.resize(logs, size, interpolation=cv2.INTER_AREA)
        view[channel, : size[1], : size[0]] = _LOG_AIR - mean
    if len(pixels) == 1:
        view[1] = view[0]
    return view


def is_single_energy(view: Float32) -> bool:
    """Whether both channels of a view are the same, so that it says nothing about materials."""
    return bool(np.array_equal(view[0], view[1]))


def _padded(side: int) -> int:
    return -(-max(side, MIN_SIDE) // STRIDE) * STRIDE
