"""Decoding of untrusted images in child processes with a memory limit and a time limit.

A codec that is led astray costs one child, which is replaced, and the sender an ``ImageUndecodableError``;
the server goes on. Children are fresh interpreters (no fork of a process with threads and an event loop),
know no secrets (an almost empty environment), live on between jobs, and end with their parent.
"""

import asyncio
import contextlib
import dataclasses
import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import structlog

from scans.errors import DecoderUnavailableError, ImageUndecodableError, ScanError
from scans.image_info import ImageLimits, MiB
from scans.memory_file import open_memory_file, read_parts, write_parts
from scans.prepare import PreparedScan

__all__ = ["GuardedDecoder", "PreparedScan"]

START_TIMEOUT_S = 60.0
MAX_REPLY_BYTES = 64 * 1024
N_TRIES = 2
"""A child that dies may have been killed from outside; one that dies twice on the same image was not."""

ALARM_MARGIN_S = 2
STDERR_TAIL_BYTES = 2000

R = TypeVar("R")
ReadReply = Callable[[dict[str, Any], list[bytes]], R]
"""Makes what the caller gets of a child's words and bytes; raises ValueError and the like on nonsense."""

_ERRORS = {error.code: error for error in ScanError.__subclasses__()}

logger = structlog.get_logger(__name__)


class GuardedDecoder:
    """Decodes and encodes scans and photos in ``n_workers`` child processes, each with one job at a time."""

    def __init__(
        self,
        *,
        n_workers: int = 2,
        memory_limit_bytes: int = 2048 * MiB,
        timeout_s: float = 30.0,
        limits: ImageLimits | None = None,
    ) -> None:
        """Start the children; they load while the caller goes on.

        Args:
            n_workers: Jobs at a time; further ones wait their turn, without a limit.
            memory_limit_bytes: Address space of a child; about 0.15 GiB of it are code.
            timeout_s: For one job from the moment a child takes it.
            limits: On each file.
        """
        self._memory_limit_bytes = memory_limit_bytes
        self._timeout_s = timeout_s
        self._limits = limits or ImageLimits()
        self._lock = threading.Lock()
        self._is_closed = False
        self._children: set[_Child] = set()
        self._idle: list[_Child] = []
        self._threads = ThreadPoolExecutor(n_workers, thread_name_prefix="guarded-decoder")
        with contextlib.suppress(DecoderUnavailableError):
            self._idle.extend(self._start() for _ in range(n_workers))

    async def prepare(self, high: bytes, low: bytes | None = None) -> PreparedScan:
        """Decode the files of one scan and encode what is kept.

        Args:
            high: The high energy; or both energies in one file of two pages, high first.
            low: The low energy, if it is a file of its own.

        Raises:
            ImageUndecodableError: If decoding fails, kills two children, or takes too much memory or time.
            DecoderUnavailableError: If no child can be started, or the decoder is closed.
            ScanError: Whatever ``prepare.prepare_scan`` raises.
        """
        return await self._submit([high] if low is None else [high, low], _read_scan)

    async def decode_photo(self, data: bytes) -> npt.NDArray[np.uint8]:
        """Decode a gate photo; see ``formats.decode_photo``. Raises like ``prepare``."""
        return await self._submit([data], _read_photo)

    async def close(self) -> None:
        """End the children, also those at work."""
        with self._lock:
            self._is_closed = True
            at_work = list(self._children)
        for child in at_work:
            child.kill()
        await asyncio.to_thread(self._threads.shutdown)
        for child in list(self._children):
            self._discard(child)

    async def _submit(self, files: Sequence[bytes], read: ReadReply[R]) -> R:
        try:
            work = asyncio.get_running_loop().run_in_executor(self._threads, self._decode, files, read)
        except RuntimeError as error:
            raise DecoderUnavailableError("the decoder was closed") from error
        return await work

    def _decode(self, files: Sequence[bytes], read: ReadReply[R]) -> R:
        for _ in range(N_TRIES):
            child = self._take()
            try:
                return child.decode(files, read, self._timeout_s)
            except _ChildDiedError as error:
                logger.warning("decode_child_died", exit_code=child.exit_code(), stderr=child.stderr_tail())
                if error.is_timeout:
                    raise ImageUndecodableError(
                        f"decoding takes more than the {self._timeout_s:g} s allowed"
                    ) from None
            finally:
                self._give_back(child)
        raise ImageUndecodableError("decoding ended the decoding process twice")

    def _take(self) -> "_Child":
        """Return a child that is ready for a job."""
        with self._lock:
            child = self._idle.pop() if self._idle else None
        for _ in range(N_TRIES):
            if child is None:
                child = self._start()
            if child.wait_until_ready():
                return child
            if child.was_ready:
                logger.warning("idle_decode_child_died", exit_code=child.exit_code())
            else:
                logger.error("decode_child_not_started", stderr=child.stderr_tail())
            self._discard(child)
            child = None
        raise DecoderUnavailableError("no decoding process can be started; the log says why")

    def _give_back(self, child: "_Child") -> None:
        """Keep a living child for the next job, replace a dead one."""
        if child.exit_code() is not None:
            self._discard(child)
            try:
                child = self._start()
            except DecoderUnavailableError:
                return  # the next job tries again, and tells
        with self._lock:
            self._idle.append(child)

    def _discard(self, child: "_Child") -> None:
        with self._lock:
            self._children.discard(child)
        child.end()

    def _start(self) -> "_Child":
        with self._lock:
            if self._is_closed:
                raise DecoderUnavailableError("the decoder was closed")
            child = _Child(self._memory_limit_bytes, self._limits)
            self._children.add(child)
            return child


class _ChildDiedError(Exception):
    """The child is gone, killed by us (``is_timeout``) or by what it did."""

    def __init__(self, *, is_timeout: bool = False) -> None:
        super().__init__()
        self.is_timeout = is_timeout


class _Child:
    """One child process. One thread at a time uses it; ``kill`` may come from any."""

    def __init__(self, memory_limit_bytes: int, limits: ImageLimits) -> None:
        self.was_ready = False
        self._input, self._output, self._errors = map(open_memory_file, ("images", "px16", "errors"))
        self._connection, theirs = Pipe()
        options = {"memory_limit_bytes": memory_limit_bytes, "limits": dataclasses.asdict(limits)}
        inherited = (theirs.fileno(), self._input, self._output)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "scans.decode_child", *map(str, inherited), json.dumps(options)],
                pass_fds=inherited,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=_bare_environment(),
                cwd="/",
            )
        except OSError as error:
            self._release()
            raise DecoderUnavailableError(f"no decoding process can be started: {error.strerror}") from error
        finally:
            theirs.close()

    def wait_until_ready(self) -> bool:
        """Wait until the child has loaded; False if it is dead."""
        if not self.was_ready:
            try:
                self.was_ready = self._connection.poll(START_TIMEOUT_S) and self._receive() == {}
            except (EOFError, OSError, ValueError):
                return False
        return self.was_ready and self.exit_code() is None

    def decode(self, files: Sequence[bytes], read: ReadReply[R], timeout_s: float) -> R:
        """Have the files of one scan, or one photo, decoded.

        Raises:
            _ChildDiedError: If the child is dead now.
            ScanError: What the child says is wrong with the files.
        """
        try:
            write_parts(self._input, files)
        except OSError as error:
            raise DecoderUnavailableError(f"no memory to hand over an image: {error.strerror}") from error
        try:
            self._send([len(data) for data in files], timeout_s, is_photo=read is _read_photo)
            if self._connection.poll(timeout_s):
                return read(*self._result(self._receive()))
        except (EOFError, OSError, ValueError, TypeError, KeyError):
            self.kill()
            raise _ChildDiedError from None
        finally:
            os.ftruncate(self._input, 0)
            os.ftruncate(self._output, 0)
        self.kill()
        raise _ChildDiedError(is_timeout=True)

    def _send(self, sizes: list[int], timeout_s: float, *, is_photo: bool) -> None:
        os.ftruncate(self._errors, 0)
        os.lseek(self._errors, 0, os.SEEK_SET)
        job = {
            "sizes": sizes,
            "is_photo": is_photo,
            "alarm_s": math.ceil(timeout_s) + ALARM_MARGIN_S,
        }
        self._connection.send_bytes(json.dumps(job).encode())

    def _result(self, reply: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Return what a reply says, and its bytes; one that makes no sense raises ValueError and the like."""
        if "code" in reply:
            if "trace" in reply:
                logger.warning("decode_child_failed", trace=reply["trace"])
            raise _ERRORS.get(reply["code"], ImageUndecodableError)(reply["message"])
        sizes = reply.pop("sizes")
        if sum(sizes) != os.fstat(self._output).st_size:
            raise ValueError("the child's output has another size than it says")
        return reply, read_parts(self._output, sizes)

    def _receive(self) -> dict[str, Any]:
        # JSON, not pickle: a child that a hostile image took over can only send values.
        reply = json.loads(self._connection.recv_bytes(MAX_REPLY_BYTES))
        if not isinstance(reply, dict):
            raise ValueError("the child's reply is no object")
        return reply

    def exit_code(self) -> int | None:
        """Return how the child ended, negative for a signal; None while it lives."""
        return self._process.poll()

    def stderr_tail(self) -> str:
        """Return the last lines that the child, its codecs or its fault handler wrote."""
        size = os.fstat(self._errors).st_size
        return os.pread(self._errors, STDERR_TAIL_BYTES, max(0, size - STDERR_TAIL_BYTES)).decode(
            errors="replace"
        )

    def kill(self) -> None:
        """End the child at once and wait for its end."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Kill the child and release what it was given. Nothing else is called afterwards."""
        self.kill()
        self._release()

    def _release(self) -> None:
        self._connection.close()
        for descriptor in (self._input, self._output, self._errors):
            os.close(descriptor)


def _read_scan(facts: dict[str, Any], parts: list[bytes]) -> PreparedScan:
    full, preview = parts
    return PreparedScan(**facts, px16_full=full, px16_preview=preview)


def _read_photo(facts: dict[str, Any], parts: list[bytes]) -> npt.NDArray[np.uint8]:
    [pixels] = parts
    return np.frombuffer(pixels, np.uint8).reshape(facts["height_px"], facts["width_px"], 3)


def _bare_environment() -> dict[str, str]:
    """Return what the child needs to import this very code; no keys, no passwords."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "LANG") if name in os.environ}
    return kept | {
        "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path),
        "OPENBLAS_NUM_THREADS": "1",
        # Arenas for threads that the child does not have would count against its memory limit.
        "MALLOC_ARENA_MAX": "2",
    }
