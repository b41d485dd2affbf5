"""A child process that does jobs on untrusted bytes, one at a time, under limits of its own.

A fresh interpreter (no fork of a process with threads and an event loop) that knows no secrets (an almost
empty environment), lives on between jobs, and ends with its parent. The other half is ``child_main``.
"""

import math
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import Pipe
from typing import Any

import orjson

from scans.errors import DecoderUnavailableError
from scans.image_info import MiB
from scans.memory_file import open_memory_file, write_parts

START_TIMEOUT_S = 60.0
MAX_REPLY_BYTES = 64 * 1024
ALARM_MARGIN_S = 2
STDERR_TAIL_BYTES = 2000
KEPT_BYTES = 256 * 1024
KEPT_VARIABLES = ("CUDA_VISIBLE_DEVICES", "LANG", "LD_LIBRARY_PATH")
"""Of the parent's environment: none holds a secret. The first says which cards were given to it."""


class ChildProcess:
    """One child. One job at a time; ``kill`` may come from any thread.

    Args:
        module: Run with ``python -m``; calls ``child_main.serve_jobs``.
        options: What the module reads, as JSON; ``memory_limit_bytes`` is the address space it may take.

    Raises:
        DecoderUnavailableError: It cannot be started.

    Attributes:
        connection: Carries jobs and replies.
        output: Descriptor of the file for bytes that are too many for a reply.
        was_ready: Whether it has loaded and said so.
    """

    def __init__(self, module: str, options: Mapping[str, Any]) -> None:
        self.was_ready = False
        self.input, self.output, self._errors = map(open_memory_file, ("input", "output", "errors"))
        self.connection, theirs = Pipe()
        inherited = (theirs.fileno(), self.input, self.output)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, *map(str, inherited), orjson.dumps(options).decode()],
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
                self.was_ready = self.connection.poll(START_TIMEOUT_S) and self.receive_object() == {}
            except (EOFError, OSError, ValueError):
                return False
        return self.was_ready and self.exit_code() is None

    def write_input(self, parts: Sequence[bytes], *, offset: int = 0) -> None:
        """Hand over bytes for the next job, in pieces as they came, from here on in the file.

        Raises:
            DecoderUnavailableError: There is no memory for them.
        """
        try:
            write_parts(self.input, parts, offset=offset)
        except OSError as error:
            raise DecoderUnavailableError(f"no memory to hand over an image: {error.strerror}") from error

    def send_job(self, sizes: Sequence[int], timeout_s: float, **details: bool | str | int | None) -> None:
        """Start a job on the bytes of ``write_input``, files of these sizes; details reach the child, too."""
        os.ftruncate(self._errors, 0)
        os.lseek(self._errors, 0, os.SEEK_SET)
        job = {"sizes": list(sizes), "alarm_s": math.ceil(timeout_s) + ALARM_MARGIN_S, **details}
        self.connection.send_bytes(orjson.dumps(job))

    def receive_object(self) -> dict[str, Any]:
        """Read a reply.

        Raises:
            ValueError: It is no JSON object; likewise EOFError and OSError if the child is dead.
        """
        # JSON, not pickle: a child that a hostile image took over can only send values.
        reply = orjson.loads(self.connection.recv_bytes(MAX_REPLY_BYTES))
        if not isinstance(reply, dict):
            raise ValueError("the child's reply is no object")
        return reply

    def forget_files(self) -> None:
        """Give back the memory of a job's files; little is kept, since getting it again costs more."""
        for descriptor in (self.input, self.output):
            if os.fstat(descriptor).st_size > KEPT_BYTES:
                os.ftruncate(descriptor, 0)

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
        self.connection.close()
        for descriptor in (self.input, self.output, self._errors):
            os.close(descriptor)


def _bare_environment() -> dict[str, str]:
    """Return what the child needs to import this very code; no keys, no passwords."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return kept | {
        "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path),
        "OPENBLAS_NUM_THREADS": "1",
        # Arenas for threads that the child does not have would count against its memory limit.
        "MALLOC_ARENA_MAX": "2",
        # What a job has freed is kept for the next one, as much as glibc itself keeps after large jobs. Small
        # jobs would give back and get again half a MB each: 100 page faults, a fifth of a job of 1 ms.
        "MALLOC_MMAP_THRESHOLD_": str(32 * MiB),
        "MALLOC_TRIM_THRESHOLD_": str(64 * MiB),
    }
