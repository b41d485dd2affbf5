"""The imaging chain: from attenuating matter to the numbers that a scanner delivers.

Two stages: `transmission` is what an ideal detector would see (primary beam, scatter, blur), `digitise` adds
what a real one adds (noise, gains, faults) and writes 16 bits, or what an 8-bit export leaves of them.

Source: ranges as measured on real rail and truck scans (docs/explanation/physics.md). Poisson noise is
drawn as a normal of the same variance, exact enough above 20 photons; the electronic noise covers the rest.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.grain import smooth_noise
from datasets.synthetic.physics import ENERGY_PAIRS_MEV, Float32, attenuation

AIR: Final = 65535
Rng = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class Export:
    """An 8-bit picture made for the eye: what many stations keep instead of the raw scan.

    Attributes:
        gamma: Display value is ``transmission ** gamma``.
        floor: Transmission shown as black.
        gain: White level; above 1 the air is clipped.
        jpeg_quality: 1 to 100, or None for a lossless file.
        sharpen: Strength of the unsharp mask of the vendor's software.
    """

    gamma: float = 1.0
    floor: float = 0.0
    gain: float = 1.0
    jpeg_quality: int | None = None
    sharpen: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Chain:
    """One scanner on one day.

    Attributes:
        endpoints_mev: Beam energies, high and low.
        photons: Detected quanta per pixel in air, high and low energy.
        electronic: Standard deviation of the additive noise, as transmission.
        scatter: Scattered share of the local mean signal.
        dark: Signal left where nothing comes through, as transmission.
        blur_px: Standard deviation of the blur across and along the scan.
        stripes: Relative gain error per column (beam fluctuation) and per row (detector gain).
        vignetting: Share of the photons missing at the upper and lower end of the fan.
        correlation_px: Length over which half of the noise is alike along the scan; 0 for white noise.
        wobble_px: Height of the vehicle's rocking while it is scanned.
        n_dead: Dead detector rows and lost pulses (columns).
        dual_energy: False: both channels are the same image.
        export: None for raw 16 bits.
    """

    endpoints_mev: tuple[float, float] = ENERGY_PAIRS_MEV[0]
    photons: tuple[float, float]
    electronic: float
    scatter: float
    dark: float = 0.0
    blur_px: tuple[float, float]
    stripes: tuple[float, float]
    vignetting: float = 0.0
    correlation_px: float = 0.0
    wobble_px: float = 0.0
    n_dead: tuple[int, int] = (0, 0)
    dual_energy: bool = True
    export: Export | None = None

    @property
    def is_8bit(self) -> bool:
        return self.export is not None


def draw_chain(rng: Rng, *, dual_energy: bool | None = None, is_8bit: bool | None = None) -> Chain:
    """A random but plausible scanner.

    Args:
        rng: Source of randomness.
        dual_energy: None: single energy for one scanner in four, two of three 8-bit ones.
        is_8bit: None: one scanner in four.
    """
    eight = bool(rng.random() < 0.25) if is_8bit is None else is_8bit
    if dual_energy is None:
        dual_energy = bool(rng.random() < (0.35 if eight else 0.8))
    photons = _log_uniform(rng, 2_000, 40_000)
    soft = bool(rng.random() < (0.7 if eight else 0.2))  # a truck scanner's longer pulse and wider cells
    return Chain(
        endpoints_mev=ENERGY_PAIRS_MEV[int(rng.random() < 0.3)],
        photons=(photons, photons * float(rng.uniform(0.4, 0.65))),
        electronic=_log_uniform(rng, 2e-5, 1.5e-3 if eight else 6e-4),
        scatter=_log_uniform(rng, 2e-4, 4e-3),
        dark=float(rng.uniform(0, 0.008)) if rng.random() < 0.3 else _log_uniform(rng, 1e-6, 3e-4),
        blur_px=(
            float(rng.uniform(0.3, 0.6)),
            float(rng.uniform(0.6, 1.1) if soft else rng.uniform(0.3, 0.55)),
        ),
        stripes=(_log_uniform(rng, 4e-4, 8e-3), _log_uniform(rng, 3e-4, 4e-3)),
        vignetting=float(rng.uniform(0, 0.6)) if rng.random() < 0.5 else 0.0,
        correlation_px=float(rng.uniform(1.0, 4.0)) if soft else 0.0,
        wobble_px=float(rng.uniform(0.2, 2.5)) if rng.random() < 0.3 else 0.0,
        n_dead=(int(rng.integers(0, 3)), int(rng.integers(0, 3))) if rng.random() < 0.1 else (0, 0),
        dual_energy=dual_energy,
        export=_draw_export(rng) if eight else None,
    )


def _draw_export(rng: Rng) -> Export:
    return Export(
        gamma=float(rng.uniform(0.55, 1.15)),
        floor=float(rng.uniform(0, 0.012)),
        gain=float(rng.uniform(0.98, 1.08)),
        jpeg_quality=int(rng.integers(60, 97)) if rng.random() < 0.8 else None,
        sharpen=float(rng.uniform(0.3, 1.2)) if rng.random() < 0.25 else 0.0,
    )


def _log_uniform(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def transmission(planes: Float32, chain: Chain) -> list[Float32]:
    """Noise-free transmissions (high, and low if there is one), each ``(H, W)`` float32 in (0, 1]."""
    channels: list[Float32] = []
    for endpoint in chain.endpoints_mev[: 2 if chain.dual_energy else 1]:
        primary: Float32 = np.exp(-attenuation(planes, endpoint))
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
    """Standard deviation of one pixel's transmission, shaped like ``clean`` (in the middle of the fan)."""
    sigma: Float32 = np.sqrt(clean / np.float32(chain.photons[channel]) + np.float32(chain.electronic**2))
    return sigma


def digitise(clean: list[Float32], chain: Chain, rng: Rng) -> NDArray[np.uint16]:
    """Add noise, gains and faults, and quantise.

    Args:
        clean: Of `transmission`; they are not changed.
        chain: The scanner.
        rng: Source of the noise.

    Returns:
        Shape ``(2, H, W)``, uint16, air near 65535; an 8-bit export comes back spread over 16 bits.
    """
    height, width = clean[0].shape
    pixels = np.empty((2, height, width), dtype=np.uint16)
    # The pulse is one for both channels' rows; each cell has a gain of its own, in each channel.
    beam = 1 + np.float32(chain.stripes[0]) * rng.standard_normal(width, dtype=np.float32)
    shift = _wobble(rng, width, chain.wobble_px)
    dead = [rng.integers(0, n, k) for n, k in zip((height, width), chain.n_dead, strict=True)]
    for channel, ideal in enumerate(clean):
        seen = ideal if shift is None else _rock(ideal, shift)
        gain = 1 + np.float32(chain.stripes[1]) * rng.standard_normal((height, 1), dtype=np.float32)
        noisy = noise_sigma(seen, chain, channel)
        noisy *= _noise(rng, seen.shape, chain.correlation_px)
        if chain.vignetting:
            off_axis = np.linspace(-1, 1, height, dtype=np.float32)[:, None] ** 2
            noisy /= np.sqrt(1 - np.float32(chain.vignetting) * off_axis)
        noisy += seen
        noisy += np.float32(chain.dark)
        noisy *= beam
        noisy *= gain
        noisy[dead[0]] = 0
        noisy[:, dead[1]] = 0
        pixels[channel] = _quantise(noisy, chain.export)
    if len(clean) == 1:
        pixels[1] = pixels[0]
    return pixels


def _noise(rng: Rng, shape: tuple[int, ...], correlation_px: float) -> Float32:
    """Unit-variance noise, half of it alike along rows over ``correlation_px``."""
    white = rng.standard_normal(shape, dtype=np.float32)
    if correlation_px <= 0:
        return white
    soft = cv2.GaussianBlur(white, (0, 0), sigmaX=correlation_px, sigmaY=0.01)
    # The blur leaves 1 / (2 sqrt(pi) sigma) of a white variance.
    scale = np.float32(np.sqrt(2 * np.sqrt(np.pi) * correlation_px * 0.5))
    mixed: Float32 = white * np.float32(np.sqrt(0.5)) + soft * scale
    return mixed


def _wobble(rng: Rng, width: int, height_px: float) -> Float32 | None:
    if height_px <= 0:
        return None
    slow = smooth_noise(rng, (1, width), (1, float(rng.uniform(120, 600))))[0]
    return np.asarray(np.float32(height_px) * slow, dtype=np.float32)


def _rock(image: Float32, shift: Float32) -> Float32:
    """Each column moved up or down by a fraction of pixels: the vehicle sways on its springs."""
    height, width = image.shape
    x = np.broadcast_to(np.arange(width, dtype=np.float32), (height, width))
    y = np.arange(height, dtype=np.float32)[:, None] + shift[None, :]
    moved = cv2.remap(image, np.ascontiguousarray(x), y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.float32)


def _quantise(values: Float32, export: Export | None) -> NDArray[np.uint16]:
    if export is None:
        raw: NDArray[np.uint16] = np.clip(values * np.float32(AIR * 0.995), 0, AIR).astype(np.uint16)
        return raw
    shown = np.clip((values - np.float32(export.floor)) / np.float32(1 - export.floor), 0, None)
    shown = np.power(shown, np.float32(export.gamma)) * np.float32(export.gain)
    if export.sharpen:
        shown += np.float32(export.sharpen) * (shown - cv2.GaussianBlur(shown, (0, 0), 1.5))
    eight = np.clip(shown * np.float32(255) + np.float32(0.5), 0, 255).astype(np.uint8)
    if export.jpeg_quality is not None:
        coded = cv2.imencode(".jpg", eight, [cv2.IMWRITE_JPEG_QUALITY, export.jpeg_quality])[1]
        eight = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    spread: NDArray[np.uint16] = eight.astype(np.uint16) * np.uint16(257)
    return spread
