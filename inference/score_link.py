"""One scoring child as the event loop sees it: a job's bytes go in, its reply comes back to a callback.

The loop never waits for a child, neither to start nor to go on writing. The connection is watched for the
child's whole life: to begin and end that with each job costs six system calls, and an idle child that dies
would not be missed before the next job.
"""

import asyncio
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from inference.score_reply import MAX_REPLY_BYTES
from scans.child_process import START_TIMEOUT_S, ChildProcess

PIECE_BYTES = 64 * 1024
READY = b"{}"
_LENGTH = struct.Struct("!i")  # what multiprocessing.connection puts before a message


@dataclass(kw_only=True)
class Job:
    """Something for a child to do.

    Attributes:
        parts: A file's bytes in the pieces in which they came; none if the job is not about a file.
        details: What is asked; see ``score_reply.Ask``.
        reply: Done with what the child says, or with what became of it.
        n_deaths: Children that died of it.
        began_s: When the last child got it, on the loop's clock.
    """

    parts: Sequence[bytes]
    details: Mapping[str, str | int | None]
    reply: "asyncio.Future[bytes]"
    n_deaths: int = 0
    began_s: float = 0.0


class ScoreLink:
    """A child that was just started, and is ended by ``end``.

    Args:
        child: Owned from now on.
        on_reply: Called with each reply; the first, ``READY``, belongs to no job.
        on_fault: Called once, when no further reply can come: EOFError or another OSError if the child is
            gone or talks nonsense, TimeoutError if it takes too long.

    Attributes:
        job: What the child works on.
    """

    def __init__(
        self,
        child: ChildProcess,
        *,
        on_reply: Callable[["ScoreLink", bytes], None],
        on_fault: Callable[["ScoreLink", Exception], None],
    ) -> None:
        self.child = child
        self.job: Job | None = None
        self._on_reply, self._on_fault = on_reply, on_fault
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._descriptor = child.connection.fileno()
        os.set_blocking(self._descriptor, False)
        self._loop.add_reader(self._descriptor, self._read)
        self._timer = self._loop.call_later(START_TIMEOUT_S, self._run_out)

    def start(self, job: Job, *, timeout_s: float) -> None:
        """Hand over a job.

        Raises:
            DecoderUnavailableError: There is no memory for its bytes; the child is as it was.
            OSError: The child is gone.
        """
        self.child.write_input(job.parts)
        self.child.send_job([sum(map(len, job.parts))], timeout_s, **job.details)
        self.job, job.began_s = job, self._loop.time()
        self._timer = self._loop.call_later(timeout_s, self._run_out)

    def end(self) -> None:
        """End the child, also at work. Nothing else is called afterwards."""
        self._timer.cancel()
        self._loop.remove_reader(self._descriptor)
        self.child.end()

    def _read(self) -> None:
        try:
            piece = os.read(self._descriptor, PIECE_BYTES)
            if not piece:
                raise EOFError
            self._received += piece
            is_whole = self._has_whole_reply()
        except BlockingIOError:
            return
        except (EOFError, OSError) as error:
            self._on_fault(self, error)
            return
        if is_whole:
            reply = bytes(memoryview(self._received)[_LENGTH.size :])
            self._received.clear()
            self._timer.cancel()
            self.child.forget_files()
            self._on_reply(self, reply)

    def _has_whole_reply(self) -> bool:
        if len(self._received) < _LENGTH.size:
            return False
        length: int = _LENGTH.unpack_from(self._received)[0]
        if not 0 <= length <= MAX_REPLY_BYTES:
            raise OSError("the reply is too long")
        if len(self._received) > _LENGTH.size + length:
            raise OSError("the child says more than it was asked")
        return len(self._received) == _LENGTH.size + length

    def _run_out(self) -> None:
        self._on_fault(self, TimeoutError())
