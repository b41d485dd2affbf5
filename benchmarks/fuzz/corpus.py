"""Makes the seeds of the fuzzers: ``python -m benchmarks.fuzz.corpus`` writes ``benchmarks/fuzz/corpus``.

One folder per reader, a few sound files of some hundred bytes each, from a fixed seed. Every file is one that
its reader accepts; the fuzzers do the damage.
"""

import hashlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile

from scans import px16, raw16
from scans.dicos_dx import Beam, Energy, write_dx
from scans.dicos_object import ExportedScan
from scans.modality import Modality

FOLDER = Path(__file__).parent / "corpus"
SEED = 20261124
SHAPE = (12, 20)
BOUNDARY = "fuzzboundary"
CONTAINER_NO = "CSQU3054383"

Pixels = npt.NDArray[Any]


def main() -> None:
    """Write every seed; running it again changes nothing while the codecs stay the same."""
    for reader, seeds in make_corpus().items():
        folder = FOLDER / reader
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (folder / name).write_bytes(data)


def read_corpus() -> dict[str, dict[str, bytes]]:
    """Return the committed seeds: reader → file name → bytes, in a fixed order."""
    return {
        folder.name: {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        for folder in sorted(FOLDER.iterdir())
        if folder.is_dir()
    }


def make_corpus() -> dict[str, dict[str, bytes]]:
    """Make the seeds."""
    return {
        "png": _png(),
        "tiff": _tiff(),
        "jpeg": _jpeg(),
        "dicos": {
            **{f"{energy}.dcs": _dicos(energy) for energy in Energy},
            "underside.dcs": _dicos(Energy.HIGH, Modality.UNDER_VEHICLE),
        },
        "raw16": _raw16(),
        "px16": _px16(),
        "sidecar": _sidecar(),
        "scan": {"scan.json": _scan_json(), "least.json": _scan_json(declaration=None)},
        "multipart": {"high.form": _multipart("high"), "two.form": _multipart("high", "low")},
    }


def picture(n_channels: int = 1, dtype: type = np.uint16) -> Pixels:
    """Return a small noisy picture, shape ``(C, H, W)``."""
    rng = np.random.default_rng(SEED)
    top = np.iinfo(dtype).max
    ramp = np.linspace(top, top / 4, SHAPE[0] * SHAPE[1]).reshape(1, *SHAPE)
    noisy = ramp + rng.normal(0, top / 200, (n_channels, *SHAPE))
    return np.clip(noisy, 0, top).astype(dtype)


def _png() -> dict[str, bytes]:
    pixels = {"grey16": picture()[0], "grey8": picture(dtype=np.uint8)[0]}
    colour = np.moveaxis(picture(3, np.uint8), 0, -1).copy()
    return {
        f"{name}.png": bytes(imagecodecs.png_encode(image, level=6))
        for name, image in {**pixels, "photo": colour}.items()
    }


def _tiff() -> dict[str, bytes]:
    def write(pixels: Pixels, **options: Any) -> bytes:
        file = io.BytesIO()
        tifffile.imwrite(file, pixels, photometric="minisblack", metadata=None, software="", **options)
        return file.getvalue()

    one, two, grey8 = picture()[0], picture(2), picture(dtype=np.uint8)[0]
    return {
        "plain.tif": write(one),
        "zstd-two-pages.tif": write(two, compression="zstd", predictor=True, rowsperstrip=5),
        "lzw.tif": write(one, compression="lzw"),
        "deflate8.tif": write(grey8, compression="deflate"),
        "tiles.tif": write(one, compression="deflate", tile=(16, 16)),
        "big-endian.tif": write(one, byteorder=">", bigtiff=True),
    }


def _jpeg() -> dict[str, bytes]:
    grey = picture(dtype=np.uint8)[0]
    colour = np.moveaxis(picture(3, np.uint8), 0, -1).copy()
    return {
        "grey.jpg": bytes(imagecodecs.jpeg8_encode(grey, level=80)),
        "photo.jpg": bytes(imagecodecs.jpeg8_encode(colour, level=80)),
    }


def _dicos(energy: Energy, modality: Modality = Modality.CARGO) -> bytes:
    scan = ExportedScan(
        scan_id="scan-1",
        station_id="ST-1",
        port="YTN",
        container_nos=(CONTAINER_NO,),
        modality=modality,
        scanned_at=datetime(2026, 1, 1, tzinfo=UTC),
        pixel_pitch_mm=5.0,
        software_version="1",
    )
    return write_dx(scan, picture()[0], energy=energy, beam=Beam())


def _raw16() -> dict[str, bytes]:
    return {
        f"{codec.name.lower()}-{n_channels}.sxr": raw16.encode(picture(n_channels), codec=codec)
        for codec in raw16.Codec
        for n_channels in (1, 2)
    }


def _px16() -> dict[str, bytes]:
    pixels = picture(2)
    return {
        "full.px16": px16.encode(pixels, strip_rows=5),
        "preview.px16": px16.encode(px16.downscale(pixels, 2), level=2),
    }


def _sidecar() -> dict[str, bytes]:
    form = (
        f'<?xml version="1.0" encoding="utf-8"?><DataForm xmlns="dataforms.example"><Version>V01.20</Version>'
        f"<TruckId>T-1</TruckId><Date>2025-11-12T03:35:25.317Z</Date><Containers><Container><ContainerId>"
        f"{CONTAINER_NO}</ContainerId></Container></Containers><Resources><Resource Type='img'>T-1S.jpg"
        f"</Resource></Resources></DataForm>"
    )
    flat = f'<Scan SCANTIME="2025/11/12 4:29:10" ContainerID1="{CONTAINER_NO}" 流水号="7"/>'
    listed = {
        "ScanTime": "20251112042910",
        "containers": [{"container_no": CONTAINER_NO}],
        "files": [{"type": "XRAY", "name": "a.png"}],
    }
    return {
        "form.xml": form.encode(),
        "flat-gbk.xml": flat.encode("gbk"),
        "flat-utf16.xml": flat.encode("utf-16"),
        "listed.json": json.dumps(listed).encode(),
    }


def _scan_json(**changes: Any) -> bytes:
    digest = hashlib.sha256(_png()["grey16.png"]).hexdigest()
    declaration = {
        "declared_empty": False,
        "lines": [{"line_no": 1, "hs_code": "610910", "description": "T恤", "quantity": 120.5}],
    }
    scan = {
        "images": [{"digest": digest, "channel": "high"}],
        "scanned_at": "2026-01-01T08:00:00+08:00",
        "container_no": CONTAINER_NO,
        "modality": "cargo",
        "pixel_pitch_mm": 5.0,
        "declaration": declaration,
    }
    return json.dumps({name: value for name, value in {**scan, **changes}.items() if value}).encode()


def _multipart(*channels: str) -> bytes:
    files = dict(zip(channels, _png().values(), strict=False))
    images = [
        {"digest": hashlib.sha256(data).hexdigest(), "channel": channel} for channel, data in files.items()
    ]
    parts = {"scan": _scan_json(images=images), **files}
    lines = b"".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, data in parts.items()
    )
    return lines + f"--{BOUNDARY}--\r\n".encode()


if __name__ == "__main__":
    main()
