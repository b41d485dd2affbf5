"""What is known of an image before any codec touches it, and how large it may be. Imports no numpy."""

from dataclasses import dataclass

from scans.errors import ImageMalformedError, ImageTooLargeError
from scans.modality import Modality

MiB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class ImageInfo:
    """What an image file declares.

    Attributes:
        format: The reader's name, such as ``png``.
        bit_depth: 8 or 16.
        n_channels: 1 (one energy), 2 (high and low energy) or 3 (a colour photo, never a scan).
        study_uid: What the two files of a dual-energy scan have in common, where a format says so.
        container_no: The container that the file names, as written, where a format says so.
        modality: What was scanned, likewise.
    """

    format: str
    width_px: int
    height_px: int
    bit_depth: int
    n_channels: int
    study_uid: str | None = None
    container_no: str | None = None
    modality: Modality | None = None

    @property
    def is_scan(self) -> bool:
        """Say whether the pixels can be X-ray transmissions: one or two energies, no colours."""
        return self.n_channels <= 2


@dataclass(frozen=True, kw_only=True)
class ImageLimits:
    """How large an image may be. The pixels are those of one channel."""

    max_bytes: int = 256 * MiB
    max_pixels: int = 120_000_000
    max_width_px: int = 65_535
    max_height_px: int = 65_535


def check_declared_size(width_px: int, height_px: int, limits: ImageLimits) -> None:
    """Check a picture's size as declared, before anything of that size is allocated.

    Raises:
        ImageMalformedError: If there is no pixel at all.
        ImageTooLargeError: If it is beyond a limit.
    """
    if width_px < 1 or height_px < 1:
        raise ImageMalformedError(f"the image declares {width_px}×{height_px} pixels")
    if (
        width_px > limits.max_width_px
        or height_px > limits.max_height_px
        or width_px * height_px > limits.max_pixels
    ):
        raise ImageTooLargeError(
            f"the image declares {width_px}×{height_px} pixels; at most {limits.max_width_px}×"
            f"{limits.max_height_px} and {limits.max_pixels} in all are taken"
        )
