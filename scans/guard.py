"""Decoding of untrusted images in child processes with a memory limit and a time limit.

A codec that is led astray costs one child, which is replaced, and the sender an ``ImageUndecodableError``;
the server goes on. Children are fresh interpreters (no fork of a process with threads and an event loop),
know no secrets (an almost empty environment), live on between jobs, and end with their parent.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import structlog

from scans.child_process import ChildProcess
from scans.errors import DecoderUnavailableError, ImageUndecodableError, ScanError
from scans.image_info import ImageLimits, MiB
from scans.memory_file import read_parts
from scans.modality import Modality
from scans.prepare import PreparedScan

__all__ = ["GuardedDecoder", "PreparedScan"]

N_TRIES = 2
"""A child that dies may have been killed from outside; one that dies twice on the same image was not."""

R = TypeVar("R")

_ERRORS = {error.code: error for error in ScanError.__subclasses__()}

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Job(Generic[R]):
    """What one child does at once.

    Attributes:
        files: Of one scan, or one photo.
        is_photo: Which of the two.
        read: Makes what the caller gets of a child's words and bytes; raises ValueError and the like on
            nonsense.
    """

    files: Sequence[bytes]
    is_photo: bool
    read: Callable[[dict[str, Any], list[bytes]], R]


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
        files = [high] if low is None else [high, low]
        return await self._submit(_Job(files=files, is_photo=False, read=_read_scan))

    async def decode_photo(self, data: bytes) -> npt.NDArray[np.uint8]:
        """Decode a gate photo; see ``formats.decode_photo``. Raises like ``prepare``."""
        return await self._submit(_Job(files=[data], is_photo=True, read=_read_photo))

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

    async def _submit(self, job: _Job[R]) -> R:
        try:
            work = asyncio.get_running_loop().run_in_executor(self._threads, self._decode, job)
        except RuntimeError as error:
            raise DecoderUnavailableError("the decoder was closed") from error
        return await work

    def _decode(self, job: _Job[R]) -> R:
        for _ in range(N_TRIES):
            child = self._take()
            try:
                return child.decode(job, self._timeout_s)
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


class _Child(ChildProcess):
    """A child that decodes."""

    def __init__(self, memory_limit_bytes: int, limits: ImageLimits) -> None:
        options = {"memory_limit_bytes": memory_limit_bytes, "limits": asdict(limits)}
        super().__init__("scans.decode_child", options)

    def decode(self, job: _Job[R], timeout_s: float) -> R:
        """Have a job done.

        Raises:
            _ChildDiedError: If the child is dead now.
            ScanError: What the child says is wrong with the files.
        """
        self.write_input(job.files)
        try:
            self.send_job([len(data) for data in job.files], timeout_s, is_photo=job.is_photo)
            if self.connection.poll(timeout_s):
                return job.read(*self._result(self.receive_object()))
        except (EOFError, OSError, ValueError, TypeError, KeyError):
            self.kill()
            raise _ChildDiedError from None
        finally:
            self.forget_files()
        self.kill()
        raise _ChildDiedError(is_timeout=True)

    def _result(self, reply: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Return what a reply says, and its bytes; one that makes no sense raises ValueError and the like."""
        if "code" in reply:
            if "trace" in reply:
                logger.warning("decode_child_failed", trace=reply["trace"])
            raise _ERRORS.get(reply["code"], ImageUndecodableError)(reply["message"])
        sizes = reply.pop("sizes")
        if sum(sizes) != os.fstat(self.output).st_size:
            raise ValueError("the child's output has another size than it says")
        return reply, read_parts(self.output, sizes)


def _read_scan(facts: dict[str, Any], parts: list[bytes]) -> PreparedScan:
    full, preview = parts
    said = facts.pop("modality")
    modality = Modality(said) if said else None
    return PreparedScan(**facts, modality=modality, px16_full=full, px16_preview=preview)


def _read_photo(facts: dict[str, Any], parts: list[bytes]) -> npt.NDArray[np.uint8]:
    [pixels] = parts
    return np.frombuffer(pixels, np.uint8).reshape(facts["height_px"], facts["width_px"], 3)
