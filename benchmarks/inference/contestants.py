"""The processes that are measured, each started with a model and asked for so many answers at a time."""

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app.throwaway import free_port
from benchmarks.inference.workload import key_of
from benchmarks.queue.cpu import tree_cpu_s

START_TIMEOUT_S = 120.0
RAY_START_TIMEOUT_S = 600.0
"""It starts a dozen processes of Python one after another; on a busy machine that takes minutes."""

KEY = "bench"
PATIENCE = {
    "Prefer": "wait=600",
    "Content-Type": "application/octet-stream",
    "Authorization": f"Bearer {KEY}",
}
"""Ray's replicas ask for a key, always; the others for none."""

ROOT = Path(__file__).parents[2]


class MeasureError(Exception):
    """A contestant did not do what is measured: an error is not a number."""


class Contestant(Protocol):
    """What takes turns."""

    def turn(self, body: Path, n_requests: int) -> "Turn":
        """Have so many answers made, and say what that cost."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One contestant's turn. CPU is that of its process tree; the client's stands apart."""

    n_requests: int
    cpu_ms: float
    client_cpu_ms: float
    rate_per_s: float


class BareLoop:
    """See ``benchmarks.inference.bare``."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def turn(self, body: Path, n_requests: int) -> Turn:
        """See ``Contestant``."""
        assert self._process.stdin is not None
        cpu_s, began = tree_cpu_s(self._process.pid), time.perf_counter()
        self._process.stdin.write(f"{body} {n_requests}\n")
        self._process.stdin.flush()
        _expect(self._process, "done")
        seconds = time.perf_counter() - began
        return Turn(
            n_requests=n_requests,
            cpu_ms=(tree_cpu_s(self._process.pid) - cpu_s) * 1000 / n_requests,
            client_cpu_ms=0.0,
            rate_per_s=n_requests / seconds,
        )


class HttpServer:
    """A server with ``POST /v1/findings``, asked by clients that wait for each answer."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, *, n_clients: int) -> None:
        self.process, self.port = process, port
        self._n_clients = n_clients

    def turn(self, body: Path, n_requests: int) -> Turn:
        """See ``Contestant``."""
        data = body.read_bytes()
        cpu_s, client_s, began = tree_cpu_s(self.process.pid), time.process_time(), time.perf_counter()
        ask_many(self.port, data, n_requests=n_requests, n_clients=self._n_clients)
        seconds = time.perf_counter() - began
        return Turn(
            n_requests=n_requests,
            cpu_ms=(tree_cpu_s(self.process.pid) - cpu_s) * 1000 / n_requests,
            client_cpu_ms=(time.process_time() - client_s) * 1000 / n_requests,
            rate_per_s=n_requests / seconds,
        )


def ask_many(port: int, data: bytes, *, n_requests: int, n_clients: int) -> list[float]:
    """Send requests over keep-alive connections; return how long each took, seconds.

    Raises:
        MeasureError: An answer is another than 200.
    """
    numbers, lock = iter(range(n_requests)), threading.Lock()
    seconds: list[float] = []
    faults: list[str] = []

    def client() -> None:
        connection = connect(port)
        while not faults:
            with lock:
                if next(numbers, None) is None:
                    break
            began = time.perf_counter()
            status, answer = ask(connection, data)
            seconds.append(time.perf_counter() - began)
            if status != 200:
                faults.append(f"{status}: {answer[:300]!r}")
        connection.close()

    run_threads([client] * n_clients)
    if faults:
        raise MeasureError(f"the server answered {faults[0]}")
    return seconds


def connect(port: int, *, source: str = "127.0.0.1") -> http.client.HTTPConnection:
    """Return a connection from a loopback address: other addresses are other senders."""
    return http.client.HTTPConnection("127.0.0.1", port, timeout=120, source_address=(source, 0))


def ask(
    connection: http.client.HTTPConnection, data: bytes, headers: dict[str, str] = PATIENCE
) -> tuple[int, bytes]:
    """Send one request; by default the sender waits as long as it takes."""
    connection.request("POST", "/v1/findings", data, headers)
    response = connection.getresponse()
    return response.status, response.read()


def run_threads(jobs: Sequence[object]) -> None:
    """Run functions without arguments in threads of their own, and wait for all."""
    threads = [threading.Thread(target=job) for job in jobs]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def bare_loop(manifest: Path, model: str) -> Iterator[BareLoop]:
    """Start the limit."""
    command = [sys.executable, "-m", "benchmarks.inference.bare", str(manifest), model]
    with _process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        _expect(process, "ready")
        yield BareLoop(process)


@contextmanager
def our_server(
    manifest: Path, model: str, *, n_clients: int = 16, engine: str = "onnxruntime-cpu"
) -> Iterator[HttpServer]:
    """Start ``shenxiang serve-model``."""
    port = free_port()
    environment = {
        "SHENXIANG_PORT": str(port),
        "SHENXIANG_MANIFEST": str(manifest),
        "SHENXIANG_MANIFEST_KEYS": str(key_of(manifest)),
        "SHENXIANG_MODEL": model,
        "SHENXIANG_ENGINE": engine,
        "SHENXIANG_SCORING_MEMORY_MB": "8192",  # address space: torch alone takes 3.3 GiB of it
        "SHENXIANG_LOG_LEVEL": "warning",
        "SHENXIANG_LOG_JSON": "true",
    }
    command = [sys.executable, "-m", "app.cli", "serve-model"]
    with _process(command, environment=environment) as process:
        wait_ready(process, port)
        yield HttpServer(process, port, n_clients=n_clients)


@contextmanager
def fastapi_server(manifest: Path, model: str, *, n_clients: int = 16) -> Iterator[HttpServer]:
    """Start the peer."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.inference.peer_fastapi", str(manifest), model, str(port)]
    with _process(command) as process:
        wait_ready(process, port)
        yield HttpServer(process, port, n_clients=n_clients)


@contextmanager
def ray_server(
    manifest: Path, model: str, folder: Path, *, n_clients: int = 16, n_cores: int = 2
) -> Iterator[HttpServer]:
    """Start ``serve run deploy/ray/serve.yaml`` on a Ray of its own, with one replica of so many cores."""
    import yaml  # type: ignore[import-untyped]  # comes with Ray

    port = free_port()
    config: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "ray" / "serve.yaml").read_text())
    config["http_options"] |= {"host": "127.0.0.1", "port": port}
    [application] = config["applications"]
    [deployment] = application["deployments"]
    deployment["ray_actor_options"]["num_cpus"] = n_cores
    deployment["autoscaling_config"]["max_replicas"] = 1
    file = folder / "serve.yaml"
    file.write_text(yaml.safe_dump(config))
    environment = {
        "SHENXIANG_MANIFEST": str(manifest),
        "SHENXIANG_MODEL": model,
        "SHENXIANG_LOG_LEVEL": "warning",
        "SHENXIANG_SCORING_KEY": KEY,
        "RAY_ADDRESS": "local",
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "ray.serve.scripts", "run", str(file)]
    with _process(command, environment=environment) as process:
        wait_ready(process, port, within_s=RAY_START_TIMEOUT_S)
        yield HttpServer(process, port, n_clients=n_clients)


def wait_ready(process: "subprocess.Popen[str]", port: int, *, within_s: float = START_TIMEOUT_S) -> None:
    """Wait until a server is ready.

    Raises:
        MeasureError: It ended or took too long.
    """
    ends_at = time.monotonic() + within_s
    while time.monotonic() < ends_at and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/v2/health/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.01)
    raise MeasureError("a server did not become ready")


@contextmanager
def _process(
    command: list[str],
    *,
    stdin: int | None = None,
    stdout: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        command,
        stdin=stdin or subprocess.DEVNULL,
        stdout=stdout or subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _expect(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith(word):
        raise MeasureError(f"the bare loop said {line!r}")
