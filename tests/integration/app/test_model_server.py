"""``shenxiang serve-model`` as a real process with real children."""

import asyncio
import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from app.throwaway import free_port
from tests.integration.inference.centre import grey_scan, png, problem_of
from tests.unit.inference.tiny_onnx import build_tiny_model

ROOT = Path(__file__).parents[3]
KEY = "a-key-for-tests"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, psutil.Process]]:
    """A server with one child over the tiny detector: its address and its process."""
    folder, port = tmp_path_factory.mktemp("model"), free_port()
    data = build_tiny_model()
    (folder / "tiny.onnx").write_bytes(data)
    entry = {"name": "tiny", "file": "tiny.onnx", "sha256": hashlib.sha256(data).hexdigest()}
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"default": "tiny", "models": [entry]}))
    settings = {"PORT": str(port), "SCREENING_RUNNERS": "1", "SCORING_KEY": KEY, "MAX_IMAGE_MB": "1"}
    environment = os.environ | {f"SHENXIANG_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "benchmarks.inference.serve", str(manifest)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    asyncio.run(until_ready(url))
    yield url, psutil.Process(process.pid)
    process.terminate()
    assert process.wait(20) == 0


async def until_ready(url: str) -> None:
    """Wait until the model is loaded."""
    async with asyncio.timeout(120), httpx.AsyncClient(base_url=url) as http:
        while True:
            try:
                if (await http.get("/v2/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


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


def test_serve_model__open_to_the_network_needs_a_key() -> None:
    """Off the loopback, the command ends before it listens."""
    environment = os.environ | {"SHENXIANG_HOST": "0.0.0.0", "SHENXIANG_PORT": str(free_port())}
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
    assert (ended.returncode, "model_server_open" in ended.stderr) == (1, True)
