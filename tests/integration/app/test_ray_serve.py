"""``deploy/ray/serve.yaml`` on a real Ray Serve: answers as ``serve-model``, and grows with its load."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
import yaml  # type: ignore[import-untyped]

from app.throwaway import free_port
from inference.protocol_http import HEADER_LENGTH
from inference.scorer import open_scorer
from inference.tensor_protocol import read_answer, write_request
from models.contract import OUTPUT_NAMES
from tests.integration.inference.centre import grey_scan, png, problem_of
from tests.model_server import ROOT, write_manifest
from tests.unit.inference.tiny_onnx import build_tiny_model

pytest.importorskip("ray", reason="requirements/ray.txt is not installed")

KEY = "a-key-for-tests"
START_TIMEOUT_S = 600.0
CONFIG = ROOT / "deploy" / "ray" / "serve.yaml"


def write_config(folder: Path, port: int) -> Path:
    """The file that we ship, on a free port of the loopback, over the tiny detector, in a hurry to grow."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    config["http_options"] |= {"host": "127.0.0.1", "port": port}
    [application] = config["applications"]
    [deployment] = application["deployments"]
    manifest = write_manifest(folder, tiny=build_tiny_model())
    application["runtime_env"]["env_vars"] |= {
        "SHENXIANG_MANIFEST": str(manifest),
        "SHENXIANG_MAX_IMAGE_MB": "1",
        "SHENXIANG_DECODE_TIMEOUT_S": "300",
    }
    deployment["autoscaling_config"] |= {"max_replicas": 2, "upscale_delay_s": 1}
    path = folder / "serve.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, psutil.Process]]:
    """``serve run`` on a Ray of two cores: its address and the process above all the others."""
    port = free_port()
    config = write_config(tmp_path_factory.mktemp("serve"), port)
    environment = os.environ | {
        "SHENXIANG_SCORING_KEY": KEY,
        "RAY_ADDRESS": "local",
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "ray.serve.scripts", "run", str(config)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    root, url = psutil.Process(process.pid), f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: is_ready(url), process)
        yield url, root
    finally:
        below = root.children(recursive=True)
        process.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs([root, *below], timeout=60)
        for other in alive:
            other.kill()
        psutil.wait_procs(alive)


def is_ready(url: str) -> bool:
    """Whether a replica answers through Ray's proxy."""
    try:
        return httpx.get(f"{url}/v2/health/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def wait_for(
    is_so: Callable[[], bool], process: "subprocess.Popen[bytes] | None" = None, *, within_s: float = 600.0
) -> None:
    """Wait until something is so, but not for a server that has ended."""
    ends_at = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < ends_at, "it never was so"
        assert process is None or process.poll() is None, "the server ended"
        time.sleep(0.2)


def scoring_children(root: psutil.Process) -> list[psutil.Process]:
    """The children of all replicas."""
    found = []
    for process in root.children(recursive=True):
        try:
            if "inference.score_child" in process.cmdline():
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.fixture
def sender(serve: tuple[str, psutil.Process]) -> Iterator[httpx.Client]:
    """A client with the key that waits as long as it takes."""
    headers = {"Authorization": f"Bearer {KEY}", "Prefer": "wait=300"}
    with httpx.Client(base_url=serve[0], headers=headers, timeout=300) as client:
        yield client


def test_findings__what_the_model_sees(sender: httpx.Client) -> None:
    """An image is answered with the model's findings and digest, as by ``serve-model``."""
    answer = sender.post("/v1/findings", content=png(grey_scan(dark=True)))
    assert answer.status_code == 200
    found = answer.json()
    assert (found["width_px"], found["height_px"], found["model"]["name"]) == (120, 80, "tiny")
    assert found["model"]["digest"] == hashlib.sha256(build_tiny_model()).hexdigest()
    assert [finding["kind"] for finding in found["findings"]] == ["dark", "pitch_black"]
    assert found["findings"][0]["box_xyxy"] == [20.0, 10.0, 40.0, 30.0]


@pytest.mark.parametrize(
    ("data", "headers", "status", "code"),
    [
        (b"no image", {}, 415, "image_unsupported"),
        (png(grey_scan())[:3000], {}, 422, "image_malformed"),
        (bytes(1024 * 1024 + 1), {}, 413, "body_too_large"),
        (b"x", {"Authorization": "Bearer other"}, 401, "station_key_invalid"),
    ],
)
def test_findings__bad_input_has_the_same_codes(
    data: bytes, headers: dict[str, str], status: int, code: str, sender: httpx.Client
) -> None:
    """What the sender did wrong is told as by ``serve-model``."""
    assert problem_of(sender.post("/v1/findings", content=data, headers=headers)) == (status, code)


def test_infer__gives_what_the_model_gives(sender: httpx.Client) -> None:
    """The inference protocol answers with the bare model's numbers, also through Ray's proxy."""
    values = np.random.default_rng(1).uniform(0.1, 1, (2, 2, 64, 96)).astype(np.float32)
    data = build_tiny_model()
    scorer = open_scorer(data, hashlib.sha256(data).hexdigest())
    pieces, header_bytes = write_request(values)
    answer = sender.post(
        "/v2/models/tiny/infer", content=b"".join(pieces), headers={HEADER_LENGTH: str(header_bytes)}
    )
    served = read_answer(answer.content, header_bytes=int(answer.headers[HEADER_LENGTH]))
    assert (served.model, served.digest) == (("tiny", "1"), scorer.info.digest)
    for name, expected in zip(OUTPUT_NAMES, scorer.run_tensor(values), strict=True):
        np.testing.assert_array_equal(served.outputs[name], expected)


def test_replica__a_killed_child_costs_nobody_an_answer(
    sender: httpx.Client, serve: tuple[str, psutil.Process]
) -> None:
    """A replica starts another child, and the scan is scored by that one."""
    [child] = scoring_children(serve[1])
    child.kill()
    assert sender.post("/v1/findings", content=png(grey_scan())).status_code == 200
    assert [other.pid for other in scoring_children(serve[1])] != [child.pid]


async def test_replicas__grow_with_the_load(serve: tuple[str, psutil.Process]) -> None:
    """While the one child is stopped, waiting requests bring a second replica; all of them are answered."""
    url, root = serve
    [child] = scoring_children(root)
    child.suspend()
    try:
        headers = {"Authorization": f"Bearer {KEY}", "Prefer": "wait=300"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=600) as http:
            data = png(grey_scan())
            requests = [asyncio.create_task(http.post("/v1/findings", content=data)) for _ in range(6)]
            await asyncio.to_thread(wait_for, lambda: len(scoring_children(root)) == 2)
            child.resume()
            assert [(await request).status_code for request in requests] == [200] * 6
    finally:
        child.resume()


def test_config__is_what_ray_takes() -> None:
    """Ray's own schema takes both files, and their fractions of a card."""
    from ray.serve.config import AutoscalingConfig
    from ray.serve.schema import ServeDeploySchema

    for path in sorted(CONFIG.parent.glob("*.yaml")):
        config = ServeDeploySchema.model_validate(yaml.safe_load(path.read_text()))
        [deployment] = config.applications[0].deployments
        assert deployment.autoscaling_config.keys() <= AutoscalingConfig.model_fields.keys()
        assert AutoscalingConfig(**deployment.autoscaling_config).max_replicas == 16
        assert deployment.ray_actor_options.num_gpus == (0.25 if "gpu" in path.name else None)
