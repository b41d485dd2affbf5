"""Decoded pixels in the order that everything here takes them in."""

import numpy as np
import numpy.typing as npt

from scans.errors import ImageUndecodableError
from scans.image_info import ImageInfo


def channels_first(
    pixels: npt.NDArray[np.uint8 | np.uint16], info: ImageInfo, dtype: type[np.uint8 | np.uint16]
) -> npt.NDArray[np.uint8 | np.uint16]:
    """Return decoded pixels, ``(H, W)`` or ``(H, W, 3)``, as ``(C, H, W)``.

    Raises:
        ImageUndecodableError: If they are not what the file declares.
    """
    size = (info.height_px, info.width_px)
    if pixels.shape != (size if info.n_channels == 1 else (*size, 3)) or pixels.dtype != dtype:
        raise ImageUndecodableError(
            f"{info.format.upper()}: decoded to {pixels.dtype} of shape {pixels.shape}"
        )
    return pixels[None] if info.n_channels == 1 else np.moveaxis(pixels, -1, 0)
