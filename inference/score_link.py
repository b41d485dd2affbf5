"""One scoring child as the event loop sees it: a job's bytes go in, its reply comes back to a callback.

The loop never waits for a child, neither to start nor to go on writing. The connection is watched for the
child's whole life: to begin and end that with each job costs six system calls, and an idle child that dies
would not be missed before the next job. While it works on a small file, the next small one may lie ready in
the other half of its input: a child that need not sleep between two jobs keeps its caches warm.
"""

import asyncio
import os
import struct
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from inference.score_reply import MAX_REPLY_BYTES
from scans.child_process import KEPT_BYTES, START_TIMEOUT_S, ChildProcess

PIECE_BYTES = 64 * 1024
SMALL_BYTES = KEPT_BYTES // 2
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
        began_s: When a child began with it, on the loop's clock.
        offset: Where its bytes begin in the child's input.
    """

    parts: Sequence[bytes]
    details: Mapping[str, str | int | None]
    reply: "asyncio.Future[bytes]"
    n_deaths: int = 0
    began_s: float = 0.0
    offset: int = 0
    n_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.n_bytes = sum(map(len, self.parts))

    @property
    def is_small(self) -> bool:
        """Whether another such job has room beside it."""
        return self.n_bytes <= SMALL_BYTES


class ScoreLink:
    """A child that was just started, and is ended by ``end``.

    Args:
        child: Owned from now on.
        timeout_s: For one job, from the moment the child begins with it.
        on_reply: Called with each reply, and the job that it is to; the first, ``READY``, is to none.
        on_fault: Called once, when no further reply can come: EOFError or another OSError if the child is
            gone or talks nonsense, TimeoutError if it takes too long.

    Attributes:
        jobs: What the child works on, and the one that lies ready.
    """

    def __init__(
        self,
        child: ChildProcess,
        *,
        timeout_s: float,
        on_reply: Callable[["ScoreLink", "Job | None", bytes], None],
        on_fault: Callable[["ScoreLink", Exception], None],
    ) -> None:
        self.child = child
        self.jobs: deque[Job] = deque()
        self._timeout_s = timeout_s
        self._on_reply, self._on_fault = on_reply, on_fault
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._descriptor = child.connection.fileno()
        os.set_blocking(self._descriptor, False)
        self._loop.add_reader(self._descriptor, self._read)
        self._timer = self._loop.call_later(START_TIMEOUT_S, self._run_out)

    def has_room_for(self, job: Job) -> bool:
        """Whether the job can be handed over now: to a free child, or a small one behind another."""
        if not self.jobs:
            return self.child.was_ready
        return len(self.jobs) == 1 and self.jobs[0].is_small and job.is_small

    def start(self, job: Job) -> None:
        """Hand over a job that there is room for.

        Raises:
            DecoderUnavailableError: There is no memory for its bytes; the child is as it was.
            OSError: The child is gone.
        """
        job.offset = SMALL_BYTES if self.jobs and not self.jobs[0].offset else 0
        self.child.write_input(job.parts, offset=job.offset)
        self.jobs.append(job)
        self.child.send_job([job.n_bytes], self._timeout_s, offset=job.offset, **job.details)
        if len(self.jobs) == 1:
            self._begin(job)

    def end(self) -> None:
        """End the child, also at work. Nothing else is called afterwards."""
        self._received.clear()
        self._timer.cancel()
        self._loop.remove_reader(self._descriptor)
        self.child.end()

    def _begin(self, job: Job) -> None:
        job.began_s = self._loop.time()
        self._timer = self._loop.call_later(self._timeout_s, self._run_out)

    def _read(self) -> None:
        try:
            piece = os.read(self._descriptor, PIECE_BYTES)
            if not piece:
                raise EOFError
            self._received += piece
            while (reply := self._next_reply()) is not None:
                self._timer.cancel()
                self.child.forget_files()
                job = self.jobs.popleft() if self.jobs else None
                if self.jobs:
                    self._begin(self.jobs[0])
                self._on_reply(self, job, reply)
        except BlockingIOError:
            return
        except (EOFError, OSError) as error:
            self._on_fault(self, error)

    def _next_reply(self) -> bytes | None:
        if len(self._received) < _LENGTH.size:
            return None
        length: int = _LENGTH.unpack_from(self._received)[0]
        if not 0 <= length <= MAX_REPLY_BYTES:
            raise OSError("the reply is too long")
        end = _LENGTH.size + length
        if len(self._received) < end:
            return None
        reply = bytes(memoryview(self._received)[_LENGTH.size : end])
        del self._received[:end]
        return reply

    def _run_out(self) -> None:
        self._on_fault(self, TimeoutError())
