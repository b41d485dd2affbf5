"""The imaging chain: from attenuating matter to the 16-bit numbers a detector delivers.

Source: noise, blur and stripe ranges are those measured on real rail and truck scans (see
docs/explanation/physics.md). Poisson noise is drawn as a normal of the same variance, which is exact
enough above 20 photons; the electronic noise covers the rest.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.physics import Float32, attenuation

AIR: Final = 65535


@dataclass(frozen=True, kw_only=True)
class Chain:
    """One scanner on one day.

    Attributes:
        photons: Detected quanta per pixel in air, high and low energy.
        electronic: Standard deviation of the additive noise, as transmission.
        scatter: Scattered share of the local mean signal plus a constant floor, as transmission.
        blur_px: Standard deviation of the blur across and along the scan.
        stripes: Relative gain error per column (beam fluctuation) and per row (detector gain).
        dual_energy: False: both channels are the same image.
    """

    photons: tuple[float, float]
    electronic: float
    scatter: float
    blur_px: tuple[float, float]
    stripes: tuple[float, float]
    dual_energy: bool = True


def draw_chain(rng: np.random.Generator, *, dual_energy: bool = True) -> Chain:
    """A random but plausible scanner."""
    photons = float(np.exp(rng.uniform(np.log(5_000), np.log(40_000))))
    return Chain(
        photons=(photons, photons * float(rng.uniform(0.45, 0.65))),
        electronic=float(np.exp(rng.uniform(np.log(5e-5), np.log(6e-4)))),
        scatter=float(np.exp(rng.uniform(np.log(2e-4), np.log(3e-3)))),
        blur_px=(float(rng.uniform(0.35, 0.7)), float(rng.uniform(0.35, 0.9))),
        stripes=(float(rng.uniform(0.0004, 0.003)), float(rng.uniform(0.0003, 0.002))),
        dual_energy=dual_energy,
    )


def transmission(planes: Float32, chain: Chain) -> list[Float32]:
    """Noise-free transmissions (high, low), each ``(H, W)`` float32 in (0, 1]."""
    channels: list[Float32] = []
    for channel in range(2 if chain.dual_energy else 1):
        primary: Float32 = np.exp(-attenuation(planes, channel))
        spread = cv2.resize(primary, (0, 0), fx=1 / 16, fy=1 / 16, interpolation=cv2.INTER_AREA)
        spread = cv2.GaussianBlur(spread, (0, 0), 4)
        spread = cv2.resize(spread, primary.shape[::-1], interpolation=cv2.INTER_LINEAR)
        share = np.float32(chain.scatter)
        primary *= 1 - share
        primary += share * spread
        blurred = cv2.GaussianBlur(primary, (0, 0), sigmaX=chain.blur_px[1], sigmaY=chain.blur_px[0])
        channels.append(np.asarray(blurred, dtype=np.float32))
    return channels


def noise_sigma(clean: Float32, chain: Chain, channel: int) -> Float32:
    """Standard deviation of one pixel's transmission, shaped like ``clean``."""
    sigma: Float32 = np.sqrt(clean / np.float32(chain.photons[channel]) + np.float32(chain.electronic**2))
    return sigma


def digitise(clean: list[Float32], chain: Chain, rng: np.random.Generator) -> NDArray[np.uint16]:
    """Add noise and stripes and quantise; shape ``(2, H, W)``, air 65535."""
    height, width = clean[0].shape
    pixels = np.empty((2, height, width), dtype=np.uint16)
    beam = 1 + np.float32(chain.stripes[0]) * rng.standard_normal(width, dtype=np.float32)
    for channel, ideal in enumerate(clean):
        gain = 1 + np.float32(chain.stripes[1]) * rng.standard_normal((height, 1), dtype=np.float32)
        noisy = noise_sigma(ideal, chain, channel)
        noisy *= rng.standard_normal(ideal.shape, dtype=np.float32)
        noisy += ideal
        noisy *= beam
        noisy *= gain
        noisy *= np.float32(AIR * 0.995)
        pixels[channel] = np.clip(noisy, 0, AIR)
    if len(clean) == 1:
        pixels[1] = pixels[0]
    return pixels
