"""A real S3 server on this machine: s3rver, installed from ``tests/s3rver`` and started over a folder."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scans.store import S3Access

MANIFEST = Path(__file__).parent / "s3rver"
INSTALL_TIMEOUT_S = 120.0
START_TIMEOUT_S = 20.0
KEY = "S3RVER"
"""Name and secret of the only account there."""


def install_s3rver(folder: Path) -> Path:
    """Install the pinned version and return its program; the test is skipped by name where npm cannot."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("no S3 server on this machine: s3rver needs npm and node")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(MANIFEST / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"no S3 server on this machine: npm did not install s3rver in {INSTALL_TIMEOUT_S:.0f} s")
    if done.returncode != 0:
        pytest.skip(f"no S3 server on this machine: npm did not install s3rver: {done.stderr[-500:]}")
    return folder / "node_modules" / "s3rver" / "bin" / "s3rver.js"


@contextmanager
def run_s3rver(program: Path, folder: Path, *, bucket: str) -> Iterator[S3Access]:
    """Serve a bucket that lies in ``folder``; yields where and with which key."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        "node",
        str(program),
        "--directory",
        str(folder),
        "--address",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--silent", "--configure-bucket", bucket]
    # A group of its own: a node that comes from PyPI is a program that starts another one.
    with subprocess.Popen(command, start_new_session=True) as server:
        try:
            _wait_for(port)
            yield S3Access(
                endpoint=f"http://127.0.0.1:{port}",
                region="us-east-1",
                access_key_id=KEY,
                secret_access_key=KEY,
            )
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def _wait_for(port: int) -> None:
    end_s = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.05)
        else:
            return
