"""A real ``shenxiang serve-model`` over models of a test's own."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from app.throwaway import free_port
from tests.manifest_key import sign_manifest

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 120.0


def write_manifest(folder: Path, **models: bytes) -> Path:
    """Write model files, a signed manifest that pins them, and its key; the first is the default."""
    for name, data in models.items():
        (folder / f"{name}.onnx").write_bytes(data)
    entries = [
        {"name": name, "file": f"{name}.onnx", "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in models.items()
    ]
    manifest = folder / "manifest.json"
    sign_manifest(manifest, {"default": entries[0]["name"], "models": entries})
    return manifest


@contextmanager
def model_server(manifest: Path, settings: Mapping[str, str]) -> Iterator[tuple[str, psutil.Process]]:
    """Run a server until the block ends: its address and its process. It ends with status 0."""
    port = free_port()
    chosen = {
        "PORT": str(port),
        "MANIFEST": str(manifest),
        "MANIFEST_KEYS": str(manifest.with_name("manifest-key.pem")),
        "SCREENING_RUNNERS": "1",
        **settings,
    }
    environment = os.environ | {f"SHENXIANG_{name}": value for name, value in chosen.items()}
    process = subprocess.Popen([sys.executable, "-m", "app.cli", "serve-model"], cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        assert process.wait(20) == 0


def _wait_until_ready(url: str) -> None:
    ends_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < ends_at:
        try:
            if httpx.get(f"{url}/v2/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError("the model server did not become ready")
