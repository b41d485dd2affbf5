"""Makes every fixture under tests/data from a seed: ``python tests/data/make.py``.

Running it again must leave the raw pixels unchanged; the px16 bytes may change with the zstd version.
"""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scans import px16

HERE = Path(__file__).parent
SEED = 20261123


def main() -> None:
    """Write every fixture."""
    write_px16_vectors(HERE / "px16")


def write_px16_vectors(folder: Path) -> None:
    """Write ``NAME.px16`` with ``NAME.raw`` (uint16 little endian, ``(C, H, W)``) and ``vectors.json``."""
    folder.mkdir(exist_ok=True)
    entries = []
    for name, (pixels, level, strip_rows) in px16_vectors().items():
        coded = px16.encode(pixels, level=level, strip_rows=strip_rows)
        (folder / f"{name}.px16").write_bytes(coded)
        (folder / f"{name}.raw").write_bytes(pixels.astype("<u2").tobytes())
        n_channels, height_px, width_px = pixels.shape
        entries.append(
            {
                "file": f"{name}.px16",
                "raw": f"{name}.raw",
                "width": width_px,
                "height": height_px,
                "n_channels": n_channels,
                "level": level,
                "strip_rows": px16.read_header(coded).strip_rows,
            }
        )
    (folder / "vectors.json").write_text(json.dumps(entries, indent=1) + "\n")


def px16_vectors() -> dict[str, tuple[npt.NDArray[np.uint16], int, int | None]]:
    """Return name → (pixels, level, strip_rows); None asks for the default."""
    rng = np.random.default_rng(SEED)

    def noise(*shape: int) -> npt.NDArray[np.uint16]:
        return rng.integers(0, 65536, shape).astype(np.uint16)

    ramp = np.linspace(0, 65535, 64)[None, None, :] * np.linspace(1, 0.2, 48)[None, :, None]
    scan = np.clip(np.concatenate([ramp, ramp**0.97]) + rng.normal(0, 200, (2, 48, 64)), 0, 65535)
    checker = np.where(np.indices((16, 20)).sum(axis=0) % 2, 65535, 0)[None].astype(np.uint16)
    return {
        "one_pixel": (noise(1, 1, 1), 0, None),
        "one_row": (noise(2, 1, 37), 0, None),
        "one_column": (noise(1, 41, 1), 0, None),
        "one_channel": (noise(1, 24, 32), 0, None),
        "two_channels": (scan.astype(np.uint16), 0, None),
        "odd_size": (noise(2, 29, 53), 0, 7),
        "strips_of_one_row": (noise(1, 9, 11), 0, 1),
        "last_strip_short": (noise(2, 17, 5), 0, 16),
        "one_strip": (noise(2, 20, 30), 0, 20),
        "all_zero": (np.zeros((1, 12, 16), np.uint16), 0, None),
        "all_max": (np.full((2, 12, 16), 65535, np.uint16), 0, None),
        "checkerboard": (checker, 0, None),
        "preview": (px16.downscale(scan.astype(np.uint16), 2), 2, None),
    }


if __name__ == "__main__":
    main()
