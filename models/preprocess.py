"""From stored pixels to a detector's input: the same code for training, export and serving."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

AIR: Final = 65535
MIN_SIDE_PX: Final = 64
STRIDE: Final = 32


def to_input(
    pixels: NDArray[np.uint16], *, stride: int = STRIDE, min_side_px: int = MIN_SIDE_PX
) -> NDArray[np.float32]:
    """Make a batch of one.

    Args:
        pixels: Shape ``(C, H, W)``, C is 1 or 2 (high, low); 65535 is air.
        stride: Sides are padded with air, at the right and below, to multiples of it.
        min_side_px: And to at least this.

    Returns:
        Shape ``(1, 2, H', W')``, float32 transmission in (0, 1]; a single energy is given twice. Zero
        counts become one count, because their logarithm is taken.

    Raises:
        ValueError: If the shape or dtype is another.
    """
    if pixels.ndim != 3 or pixels.shape[0] not in (1, 2) or pixels.dtype != np.uint16:
        raise ValueError(f"expected uint16 (1 or 2, H, W), got {pixels.dtype} {pixels.shape}")
    _, height, width = pixels.shape
    padded = np.ones(
        (1, 2, _fitted(height, stride, min_side_px), _fitted(width, stride, min_side_px)), np.float32
    )
    view = padded[:, :, :height, :width]
    np.multiply(np.maximum(pixels, 1), np.float32(1 / AIR), out=view[0], casting="unsafe")
    return padded


def _fitted(side: int, stride: int, least: int) -> int:
    return -(-max(side, least) // stride) * stride
