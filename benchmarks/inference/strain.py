"""Our server under strain: one client's percentiles, twice its capacity, and hundreds of slow connections."""

import random
import socket
import threading
import time
from dataclasses import dataclass

from benchmarks.inference.contestants import HttpServer, ask, ask_many, connect
from benchmarks.machine import percentile

IMPATIENT = {"Content-Type": "application/octet-stream"}
SLOW_SENDER = "127.0.0.2"
SLOW_BODY_BYTES = 64_000
DRIP_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Of answers 200, milliseconds."""

    p50_ms: float
    p95_ms: float
    p99_ms: float


def latency_of(server: HttpServer, data: bytes, n_requests: int) -> Latency:
    """Ask with one client, one request after the other."""
    seconds = ask_many(server.port, data, n_requests=n_requests, n_clients=1)
    return Latency(
        **{f"p{share}_ms": round(percentile(seconds, share / 100) * 1000, 2) for share in (50, 95, 99)}
    )


def overload(server: HttpServer, data: bytes, *, rate_per_s: float, seconds: float) -> dict[str, float]:
    """Ask at random moments, whatever has been answered; return how soon answers and refusals came.

    Args:
        server: Ours.
        data: Of every request; nobody says how long they would wait, so the server's own limit holds.
        rate_per_s: Requests begun per second.
        seconds: For how long.
    """
    rng, took = random.Random(1), {200: list[float](), 429: list[float]()}
    threads: list[threading.Thread] = []
    others: list[int] = []

    def one() -> None:
        connection, began = connect(server.port), time.perf_counter()
        status, _ = ask(connection, data, IMPATIENT)
        connection.close()
        if status in took:
            took[status].append(time.perf_counter() - began)
        else:
            others.append(status)

    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        thread = threading.Thread(target=one)
        thread.start()
        threads.append(thread)
        time.sleep(rng.expovariate(rate_per_s))
    for thread in threads:
        thread.join()
    every = took[200] + took[429]
    return {
        "asked": len(threads),
        "answered": len(took[200]),
        "refused": len(took[429]),
        "other": len(others),
        "offered_per_s": round(rate_per_s, 2),
        "longest_s": round(max(every), 3),
        "p99_s": round(percentile(every, 0.99), 3),
        "longest_refusal_s": round(max(took[429], default=0.0), 3),
        "longest_answer_s": round(max(took[200], default=0.0), 3),
    }


class SlowSenders:
    """Keeps so many connections open that send a byte a second: half of them heads, half bodies."""

    def __init__(self, port: int, n_connections: int) -> None:
        self._port, self._n = port, n_connections
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.n_open = 0
        self.n_opened = 0

    def __enter__(self) -> "SlowSenders":
        self._thread.start()
        while self.n_open < self._n and self._thread.is_alive():
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        connections: list[socket.socket] = []
        while not self._is_over.is_set():
            connections = [one for one in connections if self._drip(one)]
            while len(connections) < self._n and not self._is_over.is_set():
                connections.append(self._open(is_body=len(connections) % 2 == 0))
            self.n_open = len(connections)
            self._is_over.wait(DRIP_S)
        for one in connections:
            one.close()

    def _open(self, *, is_body: bool) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", self._port), source_address=(SLOW_SENDER, 0))
        head = b"POST /v1/findings HTTP/1.1\r\nhost: x\r\n"
        one.sendall(head + (b"content-length: %d\r\n\r\n" % SLOW_BODY_BYTES if is_body else b"x-slow: "))
        one.setblocking(False)
        self.n_opened += 1
        return one

    def _drip(self, one: socket.socket) -> bool:
        """Send a byte; False if the server has closed or answered."""
        try:
            one.send(b"x")
            one.recv(4096)
        except BlockingIOError:
            return True
        except OSError:
            pass
        one.close()
        return False


def slow_connections(server: HttpServer, data: bytes, *, n_slow: int, n_requests: int) -> dict[str, float]:
    """Compare one honest client's latency with and without slow connections, in turn."""
    normal: list[float] = []
    beside: list[float] = []
    n_opened = 0
    for _ in range(2):
        normal += ask_many(server.port, data, n_requests=n_requests // 2, n_clients=1)
        with SlowSenders(server.port, n_slow) as slow:
            beside += ask_many(server.port, data, n_requests=n_requests // 2, n_clients=1)
            n_opened += slow.n_opened
    return {
        "normal_p95_ms": round(percentile(normal, 0.95) * 1000, 2),
        "beside_p95_ms": round(percentile(beside, 0.95) * 1000, 2),
        "ratio": round(percentile(beside, 0.95) / percentile(normal, 0.95), 3),
        "n_slow": n_slow,
        "opened": n_opened,
    }
