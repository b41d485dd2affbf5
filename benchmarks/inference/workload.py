"""What is measured: models, bodies and how much of everything."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.signing_key import SigningKey
from benchmarks.inference.tiny_model import build_millisecond_model
from models.registry import read_pinned_model, write_signed
from scans import raw16

SCAN_SHAPE = (1000, 2500)
TINY_SHAPE = (184, 200)
"""A PNG of 64 kB."""

PHOTONS_IN_AIR = 20_000
SEED = 20261124
Body = bytes


@dataclass(frozen=True, kw_only=True)
class Workload:
    """How much is measured.

    Attributes:
        n_rounds: Turns of every contestant; the key is the median over them.
        n_scans: Requests of one turn with the default model.
        n_compared: Synthetic scans whose scores the engines are compared on.
        n_tiny: Requests of one turn with the 1 ms model.
        n_latency: Requests one after another, for the percentiles.
        overload_s: How long twice the capacity is asked for.
        n_slow: Slow connections.
        n_fuzz: Malformed uploads.
    """

    name: str
    n_rounds: int
    n_scans: int
    n_compared: int
    n_tiny: int
    n_latency: int
    overload_s: float
    n_slow: int
    n_fuzz: int
    n_clients: int = 16


FULL = Workload(
    name="full",
    n_rounds=5,
    n_scans=16,
    n_compared=24,
    n_tiny=800,
    n_latency=100,
    overload_s=20.0,
    n_slow=600,
    n_fuzz=100_000,
)
QUICK = Workload(
    name="quick",
    n_rounds=3,
    n_scans=4,
    n_compared=8,
    n_tiny=300,
    n_latency=20,
    overload_s=8.0,
    n_slow=600,
    n_fuzz=3000,
)


def write_models(folder: Path, **more: bytes) -> Path:
    """Write a signed manifest that pins the default detector, the 1 ms model and more; return its path."""
    models = {"default": read_pinned_model().data, "millisecond": build_millisecond_model(), **more}
    for name, data in models.items():
        (folder / f"{name}.onnx").write_bytes(data)
    entries = [
        {"name": name, "file": f"{name}.onnx", "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in models.items()
    ]
    manifest = folder / "manifest.json"
    signer = SigningKey(private=Ed25519PrivateKey.generate())
    key_of(manifest).write_text(signer.public_pem())
    write_signed(manifest, {"default": "default", "models": entries}, signer)
    return manifest


def key_of(manifest: Path) -> Path:
    """Where the public key of a manifest of ``write_models`` is."""
    return manifest.with_name("manifest-key.pem")


def make_bodies(folder: Path) -> dict[str, Path]:
    """Write the request bodies: name → file."""
    scan, tiny = noisy_scan(*SCAN_SHAPE), noisy_scan(*TINY_SHAPE)
    bodies = {"png16": png(scan), "tiny": png(tiny)} | {
        f"raw16-{codec.name.lower()}": raw16.encode(scan, codec=codec) for codec in raw16.Codec
    }
    for name, data in bodies.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in bodies}


def noisy_scan(height_px: int, width_px: int) -> npt.NDArray[np.uint16]:
    """Return a one-energy scan with Poisson noise, shape ``(1, H, W)``: boxes of cargo in air."""
    rng = np.random.default_rng(SEED)
    transmission = np.ones((height_px, width_px))
    for _ in range(40):
        top, left = rng.integers(0, height_px), rng.integers(0, width_px)
        tall, wide = (
            rng.integers(height_px // 20, height_px // 2),
            rng.integers(width_px // 30, width_px // 4),
        )
        transmission[top : top + tall, left : left + wide] *= rng.uniform(0.3, 0.95)
    counts = rng.poisson(np.maximum(transmission, 0.002) * PHOTONS_IN_AIR)
    scan: npt.NDArray[np.uint16] = np.clip(counts * (65535 / PHOTONS_IN_AIR), 0, 65535).astype(np.uint16)
    return scan[None]


def png(pixels: npt.NDArray[np.uint16]) -> Body:
    """Write one channel as OpenCV does by default."""
    return cv2.imencode(".png", pixels[0])[1].tobytes()
