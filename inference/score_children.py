"""Scores untrusted files and tensors in child processes: all work on one fused, one at a time in each.

The event loop hands the bytes over and waits for the reply itself, without a thread: on small models a thread
costs as much as the rest of a request. A file that kills or hangs its child costs that child and its sender
an ``ImageUndecodableError``. Requests that could not be answered in time are refused before they are read.
"""

import asyncio
import json
import os
import struct
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import structlog

from inference.carried_errors import rebuild_error
from inference.errors import BusyError
from inference.score_reply import ANSWER, MAX_REPLY_BYTES, N_LENGTH_BYTES, Ask
from models.registry import PinnedFile
from scans.child_process import START_TIMEOUT_S, ChildProcess
from scans.errors import DecoderUnavailableError, ImageUndecodableError
from scans.image_info import ImageLimits

log = structlog.get_logger()

N_TRIES = 2
PIECE_BYTES = 256 * 1024
_LENGTH = struct.Struct("!i")  # what multiprocessing.connection puts before a message
SMOOTHING = 0.2
"""Weight of the newest scan in the mean time of one."""


@dataclass(frozen=True, kw_only=True)
class ChildOptions:
    """What every child gets.

    Attributes:
        model: Its file, and what the manifest allows to be there. The manifest is read and its signature
            checked once, before any child starts: every child runs the same model.
        engine: What runs it; one of ``settings.EngineKind``.
        memory_limit_bytes: Address space of a child; the runtime and a model of 10 MB take 0.6 GiB of it.
        timeout_s: For one scan.
    """

    model: PinnedFile
    engine: str
    limits: ImageLimits
    memory_limit_bytes: int
    timeout_s: float

    def as_json(self) -> dict[str, object]:
        """Return what crosses to the child."""
        return {
            "model": str(self.model.path),
            "allowed": dict(self.model.allowed),
            "engine": self.engine,
            "limits": asdict(self.limits),
            "memory_limit_bytes": self.memory_limit_bytes,
        }


class ScoreChildren:
    """A fixed number of children; use it on one event loop.

    Args:
        n_children: Scans at once; one per core is fastest.
        options: Of each.
    """

    def __init__(self, n_children: int, options: ChildOptions) -> None:
        self._n_children = n_children
        self._options = options
        self._idle: deque[ChildProcess] = deque()
        self._waiting: deque[asyncio.Future[ChildProcess]] = deque()
        self._starting: set[asyncio.Task[None]] = set()
        self._all: set[ChildProcess] = set()
        self._n_admitted = 0
        self._mean_s = 0.0
        self._is_closed = False

    def start(self) -> None:
        """Start the children; they load the model while the caller goes on."""
        for _ in range(self._n_children):
            self._start_one()

    async def wait_until_started(self) -> None:
        """Wait until each child has loaded the model, or cannot be started."""
        await asyncio.gather(*self._starting)

    @property
    def is_ready(self) -> bool:
        """Whether a child has loaded the model."""
        return any(child.was_ready for child in self._all)

    def check_room(self, *, wait_s: float) -> None:
        """Check that one more file would be scored in time; nothing is promised by it.

        Args:
            wait_s: How long its sender will wait for the answer.

        Raises:
            BusyError: With those before it, it would take longer. A file that a child is free for is
                always welcome.
        """
        rounds = 1 + self._n_admitted // self._n_children
        if self._n_admitted >= self._n_children and rounds * self._mean_s > wait_s:
            raise BusyError(
                f"{self._n_admitted} scans are in hand; try again, or wait longer.",
                retry_after_s=max(1.0, (rounds - 1) * self._mean_s),
            )

    @contextmanager
    def admit(self, *, wait_s: float) -> Iterator[None]:
        """Count a file that is scored within the block; see ``check_room``."""
        self.check_room(wait_s=wait_s)
        self._n_admitted += 1
        try:
            yield
        finally:
            self._n_admitted -= 1

    async def score(self, parts: Sequence[bytes]) -> bytes:
        """Score one file.

        Args:
            parts: Its bytes in the pieces in which they came.

        Returns:
            See ``score_bytes``.

        Raises:
            ScanError: What is wrong with the file; ImageUndecodableError if it killed two children.
            DecoderUnavailableError: No child can be started.
            EngineError: The model failed; likewise ModelOutputError.
        """
        return await self._do(parts, ask=Ask.FINDINGS)

    async def describe(self, model: str, version: str | None) -> bytes:
        """Describe the model as the inference protocol does; JSON.

        Raises:
            ModelNotServedError: It is another one; likewise DecoderUnavailableError.
        """
        return await self._do([], ask=Ask.DESCRIBE, model=model, version=version)

    async def infer(
        self, parts: Sequence[bytes], model: str, version: str | None, *, header_bytes: int | None
    ) -> tuple[bytes, int | None]:
        """Answer a request of the inference protocol.

        Returns:
            The body, and the length of its JSON if binary tensors follow it.

        Raises:
            RequestError: What is wrong with the body.
            ModelNotServedError: It asks for another model; see ``score`` for others.
        """
        reply = await self._do(parts, ask=Ask.INFER, model=model, version=version, header_bytes=header_bytes)
        length = int.from_bytes(reply[:N_LENGTH_BYTES], "little")
        return reply[N_LENGTH_BYTES:], length or None

    async def _do(self, parts: Sequence[bytes], **job: str | int | None) -> bytes:
        for _ in range(N_TRIES):
            child = await self._take()
            began_s = asyncio.get_running_loop().time()
            try:
                reply = await self._run(child, parts, job)
            except TimeoutError:
                self._replace(child)
                raise ImageUndecodableError(
                    f"scoring takes more than the {self._options.timeout_s:g} s allowed"
                ) from None
            except (EOFError, OSError) as error:
                log.warning("score_child_died", exit_code=child.exit_code(), stderr=child.stderr_tail())
                self._replace(child)
                if self._is_closed:
                    raise DecoderUnavailableError("the server stops") from error
                continue
            except BaseException:  # the caller went away: the child still works on what nobody waits for
                self._replace(child)
                raise
            self._give_back(child)
            if parts:
                self._note(asyncio.get_running_loop().time() - began_s)
            return _read(reply)
        raise ImageUndecodableError("scoring ended the scoring process twice")

    async def close(self) -> None:
        """End the children, also those at work."""
        self._is_closed = True
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(DecoderUnavailableError("the server stops"))
        for child in list(self._all):
            self._discard(child)

    async def _run(
        self, child: ChildProcess, parts: Sequence[bytes], job: Mapping[str, str | int | None]
    ) -> bytes:
        child.write_input(parts)
        child.send_job([sum(map(len, parts))], self._options.timeout_s, **job)
        reply = await _receive(child, self._options.timeout_s)
        child.forget_files()
        return reply

    def _note(self, seconds: float) -> None:
        self._mean_s += (seconds - self._mean_s) * (SMOOTHING if self._mean_s else 1.0)

    async def _take(self) -> ChildProcess:
        if self._idle:
            return self._idle.popleft()
        if not self._all and not self._starting:
            self.start()  # none could be started before; perhaps one can now
        waiter: asyncio.Future[ChildProcess] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._give_back(waiter.result())
            raise

    def _give_back(self, child: ChildProcess) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(child)
                return
        self._idle.append(child)

    def _replace(self, child: ChildProcess) -> None:
        self._discard(child)
        if not self._is_closed:
            self._start_one()

    def _discard(self, child: ChildProcess) -> None:
        self._all.discard(child)
        child.end()

    def _start_one(self) -> None:
        task = asyncio.get_running_loop().create_task(self._bring_up())
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _bring_up(self) -> None:
        child: ChildProcess | None = None
        try:
            child = ChildProcess("inference.score_child", self._options.as_json())
            self._all.add(child)
            await _readable(child, START_TIMEOUT_S)
            if not child.wait_until_ready():
                raise DecoderUnavailableError("a scoring process ended before it was ready")
        except (DecoderUnavailableError, TimeoutError, OSError) as error:
            stderr = child.stderr_tail() if child else str(error)
            log.error("score_child_not_started", stderr=stderr)
            if child is not None:
                self._discard(child)
            if not self._all:
                self._refuse_waiting()
            return
        self._give_back(child)

    def _refuse_waiting(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(DecoderUnavailableError("no scoring process can be started"))


async def _receive(child: ChildProcess, timeout_s: float) -> bytes:
    """Read a reply in the pieces in which it comes: the loop never waits for a child to go on writing.

    Raises:
        OSError: It is too long; likewise EOFError if the child is gone, TimeoutError if it takes too long.
    """
    descriptor, reply = child.connection.fileno(), bytearray()
    os.set_blocking(descriptor, False)
    async with asyncio.timeout(timeout_s):
        while len(reply) < _LENGTH.size or len(reply) < _LENGTH.size + _length_of(reply):
            await _until_readable(descriptor)
            piece = os.read(descriptor, PIECE_BYTES)
            if not piece:
                raise EOFError
            reply += piece
    return bytes(memoryview(reply)[_LENGTH.size :])


def _length_of(reply: bytearray) -> int:
    [length] = _LENGTH.unpack_from(reply)
    if not 0 <= length <= MAX_REPLY_BYTES:
        raise OSError("the reply is too long")
    return int(length)


async def _readable(child: ChildProcess, timeout_s: float) -> None:
    """Wait until a child has said something or is gone."""
    async with asyncio.timeout(timeout_s):
        await _until_readable(child.connection.fileno())


async def _until_readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    said: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _tell, said)
    try:
        await said
    finally:
        loop.remove_reader(descriptor)


def _tell(said: "asyncio.Future[None]") -> None:
    if not said.done():
        said.set_result(None)


def _read(reply: bytes) -> bytes:
    if reply[:1] == ANSWER:
        return reply[1:]
    fault = json.loads(reply[1:])
    if "trace" in fault:
        log.warning("score_child_failed", trace=fault["trace"])
    raise rebuild_error(fault["code"], fault["message"])
