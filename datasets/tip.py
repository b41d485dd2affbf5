"""Threat image projection: a threat put into a scan that exists already, real ones included.

Attenuations add, so transmissions multiply (Beer-Lambert): every channel is multiplied by the threat's
own transmission at that energy. The threat is blurred by the scanner's point spread first, as the scan was.
Two things are neglected: the beam that reaches a threat behind goods is harder than in air (thick steel
attenuates a little less then), and stray radiation. No torch: serving uses this too.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.errors import ThreatOutsideScanError
from datasets.synthetic.hiding import Patch
from datasets.synthetic.physics import Float32, attenuation
from datasets.synthetic.visibility import BoxXyxy, covered_by, moved_box, sight

Pixels = TypeVar("Pixels", NDArray[np.uint8], NDArray[np.uint16], NDArray[np.float32])

_AIR: Final = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0, np.dtype(np.float32): 1.0}
_NOISE_KERNEL: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32) / 6
_NOISE_WINDOW: Final = 15


def project_threat(
    scan: Pixels,
    patch: Patch,
    endpoints_mev: Sequence[float],
    top_left: tuple[int, int],
    *,
    blur_px: tuple[float, float] = (0.5, 0.6),
    gamma: float = 1.0,
    photons: Sequence[float] | None = None,
    rng: np.random.Generator | None = None,
) -> Pixels:
    """Superimpose a threat on a scan by multiplying transmissions.

    Args:
        scan: Shape ``(C, H, W)``; uint16 (air 65535), uint8 (air 255) or float32 (air 1).
        patch: The threat's areal densities, drawn at the scan's pixel pitch; its own place does not count.
        endpoints_mev: The beam's end point of each channel, in their order: 4, 6 or 9.
        top_left: Column and row where the threat's first pixel lands.
        blur_px: Standard deviation of the point spread, down and along the scan.
        gamma: Of an export that stores ``transmission ** gamma``.
        photons: Detected quanta per pixel in air, per channel: adds the noise that fewer quanta bring.
            Multiplying alone leaves a threat smoother than its surroundings.
        rng: Draws that noise; needed with ``photons``.

    Returns:
        A new array like ``scan``, which is not changed.

    Raises:
        ThreatOutsideScanError: If the threat does not fit.
        ValueError: If the channels' end points or quanta are not as many as the channels, or the scan is of
            another type.
    """
    _check(scan, patch, endpoints_mev, top_left)
    if photons is not None and (rng is None or len(photons) != len(scan)):
        raise ValueError("quanta need a random source and one number per channel; give both or neither")
    margin = int(np.ceil(3 * max(blur_px))) + 1
    rows, columns, inner = _window(scan.shape, patch, top_left, margin)
    padded = np.pad(patch.planes, ((0, 0), (margin, margin), (margin, margin)))
    air = _AIR[scan.dtype]
    result = scan.copy()
    for channel, endpoint in enumerate(endpoints_mev):
        through = np.exp(-attenuation(padded, endpoint))
        through = cv2.GaussianBlur(
            through, (0, 0), sigmaX=max(blur_px[1], 0.01), sigmaY=max(blur_px[0], 0.01)
        )
        through = through[inner]
        seen = (scan[channel, rows, columns].astype(np.float32) / np.float32(air)) ** np.float32(1 / gamma)
        seen *= through
        if photons is not None and rng is not None:
            missing = np.sqrt(np.maximum(seen * (1 - through), 0) / np.float32(photons[channel]))
            seen += missing * rng.standard_normal(seen.shape, dtype=np.float32)
        value = np.clip(seen, 0, 1) ** np.float32(gamma) * np.float32(air)
        result[channel, rows, columns] = value if air == 1 else np.rint(value)
    return result


def visible_box(
    scan: Pixels,
    projected: Pixels,
    patch: Patch,
    top_left: tuple[int, int],
    *,
    gamma: float = 1.0,
    noise_sigma: float | None = None,
    is_8bit: bool | None = None,
) -> BoxXyxy | None:
    """The box of what shows of a projected threat in the first channel.

    Args:
        scan: Shape ``(C, H, W)``, without the threat.
        projected: Of `project_threat`.
        patch: The threat.
        top_left: Where it was put.
        gamma: As for `project_threat`.
        noise_sigma: Standard deviation of the noise as transmission; measured around each pixel by default.
        is_8bit: The scanner delivers eight bits, whatever holds them here; by default the type says so.

    Returns:
        ``xyxy`` in pixels of the scan, or None: nobody could see it there
        (`datasets.synthetic.visibility.sight`).
    """
    rows, columns, _ = _window(scan.shape, patch, top_left, 0)
    wide_rows, wide_columns, _ = _window(scan.shape, patch, top_left, _NOISE_WINDOW)
    inner = (
        slice(rows.start - wide_rows.start, rows.stop - wide_rows.start),
        slice(columns.start - wide_columns.start, columns.stop - wide_columns.start),
    )
    before = _transmission(scan[0, wide_rows, wide_columns], gamma)
    after = _transmission(projected[0, rows, columns], gamma)
    if noise_sigma is None:
        sigma = _measured_noise(before)[inner]
    else:
        sigma = np.full(after.shape, noise_sigma, dtype=np.float32)
    eight = scan.dtype == np.uint8 if is_8bit is None else is_8bit
    seen = sight(before[inner] - after, covered_by(patch.planes), sigma, is_8bit=bool(eight))
    return moved_box(seen.box_xyxy, *top_left) if seen else None


def _transmission(pixels: Pixels, gamma: float) -> Float32:
    shares = pixels.astype(np.float32) / np.float32(_AIR[pixels.dtype])
    result: Float32 = shares ** np.float32(1 / gamma)
    return result


def _measured_noise(transmission: Float32) -> Float32:
    """Standard deviation around each pixel.

    Source: J. Immerkær, Fast noise variance estimation, Computer Vision and Image Understanding 64 (1996): a
    mask that neither level, slope nor straight edges along the axes answer to.
    """
    answer = np.abs(cv2.filter2D(transmission, cv2.CV_32F, _NOISE_KERNEL, borderType=cv2.BORDER_REFLECT_101))
    mean = cv2.blur(answer, (_NOISE_WINDOW, _NOISE_WINDOW), borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(mean * np.float32(np.sqrt(np.pi / 2)), dtype=np.float32)


def _check(
    scan: NDArray[np.generic], patch: Patch, endpoints_mev: Sequence[float], top_left: tuple[int, int]
) -> None:
    if scan.ndim != 3 or scan.dtype not in _AIR or len(endpoints_mev) != len(scan):
        raise ValueError(
            f"a scan of {scan.dtype} shaped {scan.shape} and {len(endpoints_mev)} end points do not go "
            "together; give (C, H, W) of uint8, uint16 or float32 and one end point per channel"
        )
    (height, width), (x, y) = patch.planes.shape[1:], top_left
    if x < 0 or y < 0 or x + width > scan.shape[2] or y + height > scan.shape[1]:
        raise ThreatOutsideScanError(
            f"a threat of {width}×{height} px at ({x}, {y}) leaves the scan of "
            f"{scan.shape[2]}×{scan.shape[1]} px; move it inside"
        )


def _window(
    shape: tuple[int, ...], patch: Patch, top_left: tuple[int, int], margin: int
) -> tuple[slice, slice, tuple[slice, slice]]:
    """Rows and columns of the scan under the patch and a margin, and their part of that wider patch."""
    (height, width), (x, y) = patch.planes.shape[1:], top_left
    rows = slice(max(y - margin, 0), min(y + height + margin, shape[1]))
    columns = slice(max(x - margin, 0), min(x + width + margin, shape[2]))
    inner = (
        slice(rows.start - y + margin, rows.stop - y + margin),
        slice(columns.start - x + margin, columns.stop - x + margin),
    )
    return rows, columns, inner
