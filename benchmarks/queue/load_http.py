"""Load child: reviewers over HTTP, keep-alive, as lean as Python allows, since it shares the machine.

One thread, one epoll loop, requests put together from ready-made pieces; no HTTP library. One cycle is
``POST /review/next`` and ``POST /review/decide`` by the next of the client's own reviewers. Any other answer
than a lease and a recorded decision ends the run: an error is not a number.
"""

import itertools
import re
import select
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager

from benchmarks.queue.orders import Config, Order, RunOrder, Tally, say
from benchmarks.queue.people import session_token, shares

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
CASE_ID = re.compile(rb'"case_id": *(\d+)')
TOKEN = re.compile(rb'"token": *(\d+)')
DECISION = b'{"case_id":%d,"token":%d,"verdict":"inspect","reason_codes":["contraband"]}'
HEADERS = (
    b"host: 127.0.0.1\r\naccept: application/json\r\nx-requested-with: shenxiang\r\n"
    b"cookie: sx_session=%b\r\ncontent-type: application/json\r\n"
)
TICK_S = 0.05


class Client:
    """One connection: asks for a case, decides it, as one reviewer after the other."""

    def __init__(self, port: int, numbers: Sequence[int]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = itertools.cycle([_requests(number) for number in numbers])
        self._decide_head = b""
        self._received = b""
        self.is_claiming = False
        self.started = 0.0
        self.claimed = 0.0

    def claim(self) -> None:
        """Ask for the next reviewer's case."""
        request, self._decide_head = next(self._requests)
        self.is_claiming = True
        self.started = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Read what has come; return whether a cycle has ended with it."""
        self._received += self.socket.recv(65536)
        body = _whole_body(self._received)
        if body is None:
            return False
        status, self._received = self._received[9:12], b""
        if status != b"200":
            raise RuntimeError(f"the server answered {status!r}: {body[:500]!r}")
        if not self.is_claiming:
            return True
        self.claimed = time.perf_counter()
        self.is_claiming = False
        self._decide(body)
        return False

    def _decide(self, lease: bytes) -> None:
        case_id, token = CASE_ID.search(lease), TOKEN.search(lease)
        if case_id is None or token is None:
            raise RuntimeError(f"this is no lease: {lease[:500]!r}")
        body = DECISION % (int(case_id[1]), int(token[1]))
        self.socket.sendall(b"%bcontent-length: %d\r\n\r\n%b" % (self._decide_head, len(body), body))


def _requests(number: int) -> tuple[bytes, bytes]:
    """Return a reviewer's whole claim, and their decision up to its length."""
    headers = HEADERS % session_token(number).encode()
    claim = b"POST /api/v1/review/next HTTP/1.1\r\n" + headers + b"content-length: 0\r\n\r\n"
    return claim, b"POST /api/v1/review/decide HTTP/1.1\r\n" + headers


def _whole_body(received: bytes) -> bytes | None:
    """Return the body of a response once all of it is there."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = CONTENT_LENGTH.search(received, 0, end + 2)
    body = received[end + 4 :]
    return body if length is None or len(body) >= int(length[1]) else None


def run(clients: Sequence[Client], order: Order) -> Tally:
    """Run one order, of the kind that lasts some seconds, over the given connections."""
    tally = Tally(seconds=order.seconds)
    warm_at = time.perf_counter() + order.warm_s
    cut_at = warm_at + order.seconds
    is_warm = is_cut = False
    cpu_s = 0.0
    by_fd = {client.socket.fileno(): client for client in clients}
    with select.epoll() as poll:
        for fd in by_fd:
            poll.register(fd, select.EPOLLIN)
        for client in clients:
            client.claim()
        n_busy = len(clients)
        while n_busy:
            events = poll.poll(TICK_S)
            now = time.perf_counter()
            if not is_warm and now >= warm_at:
                is_warm, cpu_s = True, time.process_time()
                say("warm")
            if not is_cut and now >= cut_at:
                is_cut, tally.cpu_s = True, time.process_time() - cpu_s
                say("cut")
            for fd, _ in events:
                client = by_fd[fd]
                if not client.receive():
                    continue
                ended = time.perf_counter()
                if is_warm and not is_cut:
                    tally.add(client.claimed - client.started, ended - client.started)
                if is_cut:
                    n_busy -= 1
                else:
                    client.claim()
    return tally


@asynccontextmanager
async def open_load(config: Config) -> AsyncIterator[RunOrder]:
    """Take the configuration: ``config``: ``port``, ``n_clients``, ``reviewers`` (their numbers)."""
    dealt = shares(config["reviewers"], config["n_clients"])

    async def run_order(order: Order) -> Tally:
        # The server closes connections that are idle as long as the other contestants' rounds.
        with ExitStack() as stack:
            clients = [Client(config["port"], share) for share in dealt]
            for client in clients:
                stack.callback(client.socket.close)
            return run(clients, order)

    yield run_order
