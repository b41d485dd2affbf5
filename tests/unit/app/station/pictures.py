"""Small scan files in memory."""

import io

import cv2
import numpy as np
import tifffile


def png(seed: int) -> bytes:
    """A 16-bit grey PNG."""
    pixels = np.random.default_rng(seed).integers(30_000, 60_000, (24, 40)).astype(np.uint16)
    ok, data = cv2.imencode(".png", pixels)
    assert ok
    return bytes(data)


def colour_png() -> bytes:
    """A gate photo."""
    ok, data = cv2.imencode(".png", np.full((24, 40, 3), 128, np.uint8))
    assert ok
    return bytes(data)


def two_page_tiff(seed: int = 0) -> bytes:
    """Both energies in one file."""
    pixels = np.random.default_rng(seed).integers(30_000, 60_000, (2, 24, 40)).astype(np.uint16)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, photometric="minisblack")
    return buffer.getvalue()
