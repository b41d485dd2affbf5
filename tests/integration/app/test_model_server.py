"""``shenxiang serve-model`` as a real process with real children."""

import asyncio
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

from app.throwaway import free_port
from inference.protocol_http import HEADER_LENGTH
from inference.scorer import open_scorer
from inference.tensor_protocol import read_answer, write_request
from models.contract import OUTPUT_NAMES
from tests.integration.inference.centre import grey_scan, png, problem_of
from tests.model_server import ROOT, model_server, write_manifest
from tests.unit.inference.tiny_onnx import build_tiny_model

KEY = "a-key-for-tests"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, psutil.Process]]:
    """A server with one child over the tiny detector: its address and its process."""
    manifest = write_manifest(tmp_path_factory.mktemp("model"), tiny=build_tiny_model())
    with model_server(manifest, {"SCORING_KEY": KEY, "MAX_IMAGE_MB": "1"}) as started:
        yield started


@pytest.fixture
def sender(server: tuple[str, psutil.Process]) -> Iterator[httpx.Client]:
    """A client with the key that waits as long as it takes."""
    headers = {"Authorization": f"Bearer {KEY}", "Prefer": "wait=60"}
    with httpx.Client(base_url=server[0], headers=headers, timeout=60) as client:
        yield client


def test_findings__what_the_model_sees(sender: httpx.Client) -> None:
    """An image is answered with the model's findings, in pixels of the image, and the model's digest."""
    answer = sender.post("/v1/findings", content=png(grey_scan(dark=True)))
    assert answer.status_code == 200
    found = answer.json()
    assert (found["width_px"], found["height_px"], found["model"]["name"]) == (120, 80, "tiny")
    assert found["model"]["digest"] == hashlib.sha256(build_tiny_model()).hexdigest()
    assert [finding["kind"] for finding in found["findings"]] == ["dark", "pitch_black"]
    assert found["findings"][0]["box_xyxy"] == [20.0, 10.0, 40.0, 30.0]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"no image", 415, "image_unsupported"),
        (png(grey_scan())[:3000], 422, "image_malformed"),
        (bytes(1024 * 1024 + 1), 413, "body_too_large"),
    ],
)
def test_findings__bad_input_is_a_4xx(data: bytes, status: int, code: str, sender: httpx.Client) -> None:
    """What is no sound image is the sender's fault, with the codes of the intake."""
    assert problem_of(sender.post("/v1/findings", content=data)) == (status, code)


def test_findings__without_the_key(sender: httpx.Client) -> None:
    """Nobody without the key is answered."""
    answer = sender.post("/v1/findings", content=b"x", headers={"Authorization": "Bearer other"})
    assert problem_of(answer) == (401, "station_key_invalid")


def test_findings__a_killed_child_costs_nobody_an_answer(
    sender: httpx.Client, server: tuple[str, psutil.Process]
) -> None:
    """A child that is gone is replaced, and the scan is scored by the next one."""
    [child] = server[1].children()
    child.kill()
    assert sender.post("/v1/findings", content=png(grey_scan())).status_code == 200
    assert [other.pid for other in server[1].children()] != [child.pid]


def test_serve_model__replaces_a_child_that_dies_idle(server: tuple[str, psutil.Process]) -> None:
    """A child that dies between two requests does not wait for the next one to be missed."""
    [child] = server[1].children()
    child.kill()
    assert replaced(server[1], child.pid)


async def test_findings__what_lies_ready_for_a_killed_child_is_not_lost(
    server: tuple[str, psutil.Process],
) -> None:
    """The scan that a killed child worked on, the one handed over behind it and one that waits are scored."""
    url, process = server
    [child] = process.children()
    headers = {"Authorization": f"Bearer {KEY}", "Prefer": "wait=60"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as http:
        data = [png(grey_scan(seed=seed, dark=seed == 1)) for seed in range(3)]
        assert (await http.post("/v1/findings", content=data[0])).status_code == 200
        child.suspend()
        posts = [asyncio.create_task(http.post("/v1/findings", content=each)) for each in data]
        await asyncio.sleep(1.0)
        child.kill()
        answers = [await post for post in posts]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [bool(answer.json()["findings"]) for answer in answers] == [False, True, False]


def test_findings__a_child_that_hangs_costs_its_sender_alone(tmp_path: Path) -> None:
    """A scan that takes longer than it may is 422, and its child is replaced."""
    manifest = write_manifest(tmp_path, tiny=build_tiny_model())
    with model_server(manifest, {"DECODE_TIMEOUT_S": "2"}) as (url, process):
        [child] = process.children()
        child.suspend()
        with httpx.Client(base_url=url, headers={"Prefer": "wait=60"}, timeout=60) as http:
            hung = http.post("/v1/findings", content=png(grey_scan()))
            assert problem_of(hung) == (422, "image_undecodable")
            assert replaced(process, child.pid)


def replaced(server: psutil.Process, pid: int) -> bool:
    """Wait until a server has a child, another than this one."""
    ends_at = time.monotonic() + 60
    while time.monotonic() < ends_at:
        if [other.pid for other in server.children()] not in ([], [pid]):
            return True
        time.sleep(0.05)
    return False


async def test_findings__refused_before_the_body_when_it_would_take_too_long(
    server: tuple[str, psutil.Process],
) -> None:
    """While the one child is stopped, a second sender in a hurry hears 429 with a time to come back."""
    url, process = server
    [child] = process.children()
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as http:
        data = png(grey_scan())
        assert (await http.post("/v1/findings", content=data)).status_code == 200
        child.suspend()
        try:
            patient = {"Prefer": "wait=60"}
            first = asyncio.create_task(http.post("/v1/findings", content=data, headers=patient))
            await asyncio.sleep(0.3)
            hurried = {"Prefer": "wait=0"}
            refused = await asyncio.wait_for(http.post("/v1/findings", content=data, headers=hurried), 5)
            # Not a byte of this body comes: the refusal did not wait for it.
            unread = await asyncio.to_thread(answer_to_head, url)
        finally:
            child.resume()
        assert problem_of(refused) == (429, "busy")
        assert int(refused.headers["Retry-After"]) >= 1
        assert unread.startswith(b"HTTP/1.1 429 ")
        assert (await first).status_code == 200


def answer_to_head(url: str) -> bytes:
    """Send a head that announces a body, and none of it; return what comes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        head = f"POST /v1/findings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n"
        connection.sendall(head.encode() + b"prefer: wait=0\r\ncontent-length: 90000\r\n\r\n")
        return connection.recv(4096)


def tensor_body(values: np.ndarray[Any, np.dtype[np.float32]]) -> tuple[bytes, dict[str, str]]:
    """A request of the inference protocol with a binary tensor, and its header."""
    pieces, header_bytes = write_request(values)
    return b"".join(pieces), {HEADER_LENGTH: str(header_bytes)}


def test_infer__gives_what_the_model_gives(sender: httpx.Client) -> None:
    """The inference protocol answers with the bare model's numbers, and says which file gave them."""
    values = np.random.default_rng(1).uniform(0.1, 1, (2, 2, 64, 96)).astype(np.float32)
    data = build_tiny_model()
    scorer = open_scorer(data, hashlib.sha256(data).hexdigest())
    body, headers = tensor_body(values)
    answer = sender.post("/v2/models/tiny/versions/1/infer", content=body, headers=headers)
    served = read_answer(answer.content, header_bytes=int(answer.headers[HEADER_LENGTH]))
    assert (served.model, served.digest) == (("tiny", "1"), scorer.info.digest)
    for name, expected in zip(OUTPUT_NAMES, scorer.run_tensor(values), strict=True):
        np.testing.assert_array_equal(served.outputs[name], expected)


def test_models__are_described(sender: httpx.Client) -> None:
    """Server and model say what they are; another model is not served."""
    assert sender.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert sender.get("/v2/models/tiny").json()["parameters"]["kinds"] == ["dark", "pitch_black"]
    assert sender.get("/v2/models/tiny/ready").status_code == 200
    for path in ("/v2/models/other", "/v2/models/tiny/versions/9"):
        answer = sender.get(path)
        assert problem_of(answer) == (404, "model_not_served")
        assert answer.json()["error"] == answer.json()["detail"]


@pytest.mark.parametrize(
    ("shape", "change", "status", "code"),
    [
        ((1, 2, 64, 64), {"Authorization": "Bearer other"}, 401, "station_key_invalid"),
        ((1, 2, 64, 64), {HEADER_LENGTH: "-1"}, 400, "infer_request_invalid"),
        ((1, 2, 64, 64), {HEADER_LENGTH: "3"}, 400, "infer_request_invalid"),
        ((1, 2, 64, 64), {"Content-Encoding": "gzip"}, 415, "media_type_unsupported"),
        ((1, 2, 64, 65), {}, 400, "tensor_invalid"),
        ((1, 2, 512, 512), {}, 413, "body_too_large"),
    ],
)
def test_infer__bad_input_is_a_4xx(
    shape: tuple[int, ...], change: dict[str, str], status: int, code: str, sender: httpx.Client
) -> None:
    """What is no sound request is the sender's fault, with the codes of the same protocol elsewhere."""
    body, headers = tensor_body(np.ones(shape, np.float32))
    answer = sender.post("/v2/models/tiny/infer", content=body, headers={**headers, **change})
    assert problem_of(answer) == (status, code)


async def test_serve_model__told_to_stop_answers_what_it_has(tmp_path: Path) -> None:
    """Requests that were in hand at SIGTERM are answered before the server ends, with status 0."""
    manifest = write_manifest(tmp_path, tiny=build_tiny_model())
    with model_server(manifest, {"SCORING_KEY": KEY}) as (url, process):
        [child] = process.children()
        child.suspend()
        headers = {"Authorization": f"Bearer {KEY}", "Prefer": "wait=60"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as http:
            data = png(grey_scan())
            requests = [asyncio.create_task(http.post("/v1/findings", content=data)) for _ in range(4)]
            await asyncio.sleep(0.5)
            process.terminate()
            await asyncio.sleep(0.2)
            child.resume()
            assert [(await request).status_code for request in requests] == [200] * 4


def test_serve_model__does_not_pass_requests_on() -> None:
    """A model server whose engine would be another server ends before it listens."""
    change = {"ENGINE": "kserve", "ENGINE_URL": "http://127.0.0.1:1", "PORT": str(free_port())}
    assert failed_start(change) == "engine_remote"


def test_serve_model__open_to_the_network_needs_a_key() -> None:
    """Off the loopback, the command ends before it listens."""
    assert failed_start({"HOST": "0.0.0.0", "PORT": str(free_port())}) == "model_server_open"


def failed_start(settings: dict[str, str]) -> str:
    """Start a server that cannot serve; return the code that it ends with."""
    environment = os.environ | {f"SHENXIANG_{name}": value for name, value in settings.items()}
    environment.pop("SHENXIANG_SCORING_KEY", None)
    ended = subprocess.run(
        [sys.executable, "-m", "app.cli", "serve-model"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 1
    return ended.stderr.splitlines()[-1].split(": ")[1]
