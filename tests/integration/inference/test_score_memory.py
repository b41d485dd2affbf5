"""What scoring takes of memory: counted by the kernel, in real processes."""

import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.integration.inference.centre import png
from tests.model_server import ROOT, model_server, write_manifest
from tests.unit.inference.tiny_onnx import build_tiny_model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and is about glibc")

PEAK_OF_ONE_SCAN = """
import numpy, pathlib
from models.contract import INPUT_NAME
from models.registry import read_pinned_model
from models.session import open_session

def peak_kib():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

session = open_session(read_pinned_model().data)
loaded_kib = peak_kib()
session.run(None, {INPUT_NAME: numpy.full((1, 2, 1024, 2528), 0.5, numpy.float32)})
print((peak_kib() - loaded_kib) // 1024)
"""


def faults_of(pid: int) -> int:
    """Pages that a process had to be given without reading a disk, so far."""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[7])


def test_child__keeps_the_memory_of_small_scans(tmp_path: Path) -> None:
    """A scoring child does not give memory back and get it again with each scan of 200 x 184."""
    manifest = write_manifest(tmp_path, tiny=build_tiny_model())
    data = png(np.random.default_rng(1).integers(0, 65536, (184, 200), np.uint16))
    with model_server(manifest, {}) as (url, process), httpx.Client(base_url=url, timeout=60) as http:
        [child] = process.children()

        def score(n_times: int) -> int:
            before = faults_of(child.pid)
            for _ in range(n_times):
                assert http.post("/v1/findings", content=data).status_code == 200
            return faults_of(child.pid) - before

        score(5)
        assert score(20) < 20 * 10


def test_open_session__loses_little_between_the_pieces_of_its_memory() -> None:
    """The default model takes its tensors of a scan of 1000 x 2500, its input included, and little more."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK_OF_ONE_SCAN], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 150
