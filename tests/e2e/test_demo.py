"""The demo as a newcomer runs it, and as they may end it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil

REPOSITORY = Path(__file__).parents[2]
TIMEOUT_S = 90.0


def start(port: int, data: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "SHENXIANG_PORT": str(port), "SHENXIANG_DATA": str(data)}
    command = [sys.executable, "-m", "app.cli", "demo", "--scans", "3", "--at-once", "3"]
    return subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/v2/health/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def simulators_of(demo: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    return [one for one in psutil.Process(demo.pid).children() if "simulate" in one.cmdline()]


def test_demo__killed__leaves_neither_its_address_nor_its_stations_behind(tmp_path: Path) -> None:
    """After kill -9 the simulator ends by itself, and the demo starts again at the same address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    first = start(port, tmp_path / "data")
    try:
        until(lambda: answers(port) and simulators_of(first))
        simulators = simulators_of(first)
    finally:
        first.kill()
        first.wait()
    until(lambda: not any(one.is_running() for one in simulators))
    second = start(port, tmp_path / "data")
    try:
        until(lambda: answers(port))
    finally:
        second.send_signal(signal.SIGINT)
        second.wait(60)
    assert second.returncode == 0
