"""From the files of one scan to the two px16 objects that are kept: full size and preview.

Runs codecs on untrusted bytes: in production only inside the child of ``guard.GuardedDecoder``.
"""

from dataclasses import dataclass

import numpy as np

from scans import px16
from scans.errors import ChannelsDifferError
from scans.formats import decode_image, inspect_image
from scans.image_info import ImageInfo, ImageLimits
from scans.modality import Modality


@dataclass(frozen=True, kw_only=True)
class PreparedScan:
    """A decoded scan in stored form.

    Attributes:
        n_channels: 2 with both energies, high first; 1 with one.
        bit_depth: Of the files as sent, 8 or 16; the px16 objects are 16 bit, 65535 is air.
        container_no: The container that the files name, as written; None if they name none.
        modality: What they say was scanned; None if they do not say it.
        px16_full: Level 0, in strips.
        px16_preview: Level 2, a quarter of the width and height.
    """

    width_px: int
    height_px: int
    n_channels: int
    bit_depth: int
    px16_full: bytes
    px16_preview: bytes
    container_no: str | None = None
    modality: Modality | None = None


def prepare_scan(high: bytes, low: bytes | None, limits: ImageLimits) -> PreparedScan:
    """Decode the files of one scan and encode what is kept.

    Args:
        high: The high energy; or both energies in one file of two pages, high first.
        low: The low energy, if it is a file of its own.
        limits: On each file.

    Raises:
        ChannelsDifferError: If high and low are not two pictures of one channel, one size and one study.
        ScanError: Whatever ``formats.decode_image`` raises.
    """
    files = [high] if low is None else [high, low]
    infos = [inspect_image(data, limits=limits) for data in files]
    if low is not None:
        _check_pair(*infos)
    pixels = decode_image(high, limits=limits)
    if low is not None:
        both = np.empty((2, *pixels.shape[1:]), np.uint16)
        both[0] = pixels[0]
        del pixels  # hundreds of megabytes of a large scan, no longer needed
        both[1] = decode_image(low, limits=limits)[0]
        pixels = both
    n_channels, height_px, width_px = pixels.shape
    preview = px16.downscale(pixels, px16.PREVIEW_LEVEL)
    return PreparedScan(
        width_px=width_px,
        height_px=height_px,
        n_channels=n_channels,
        bit_depth=max(info.bit_depth for info in infos),
        px16_full=px16.encode(pixels),
        px16_preview=px16.encode(preview, level=px16.PREVIEW_LEVEL),
        container_no=next((info.container_no for info in infos if info.container_no), None),
        modality=next((info.modality for info in infos if info.modality), None),
    )


def _check_pair(high: ImageInfo, low: ImageInfo) -> None:
    if high.n_channels != 1 or low.n_channels != 1:
        raise ChannelsDifferError(
            f"high and low energy are files of one grey channel each; these have {high.n_channels} and "
            f"{low.n_channels}"
        )
    if (high.width_px, high.height_px) != (low.width_px, low.height_px):
        raise ChannelsDifferError(
            f"high energy is {high.width_px}×{high.height_px} pixels, "
            f"low energy {low.width_px}×{low.height_px}"
        )
    if high.study_uid != low.study_uid and high.study_uid and low.study_uid:
        raise ChannelsDifferError(
            f"high and low energy are of different studies, {high.study_uid} and {low.study_uid}"
        )
    if high.container_no != low.container_no and high.container_no and low.container_no:
        raise ChannelsDifferError(
            f"high and low energy name different containers, {high.container_no} and {low.container_no}"
        )
    if high.modality != low.modality and high.modality and low.modality:
        raise ChannelsDifferError(
            f"high and low energy show different things, {high.modality} and {low.modality}"
        )
