"""Scores untrusted files and tensors in child processes: all work on one fused, one at a time in each.

A child gets its next job the moment it has replied to the last one, on the event loop and without a thread:
on small models a hand-over costs as much as the rest of a request. A file that kills or hangs its child costs
that child and its sender an ``ImageUndecodableError``. Requests that could not be answered in time are
refused before they are read.
"""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import structlog

from inference.carried_errors import rebuild_error
from inference.errors import BusyError
from inference.score_link import READY, Job, ScoreLink
from inference.score_reply import ANSWER, N_LENGTH_BYTES, Ask
from models.registry import PinnedFile
from scans.child_process import ChildProcess
from scans.errors import DecoderUnavailableError, ImageUndecodableError
from scans.image_info import ImageLimits

log = structlog.get_logger()

N_TRIES = 2
SMOOTHING = 0.2
"""Weight of the newest scan in the mean time of one."""


@dataclass(frozen=True, kw_only=True)
class ChildOptions:
    """What every child gets.

    Attributes:
        model: Its file, and what the manifest allows to be there. The manifest is read and its signature
            checked once, before any child starts: every child runs the same model.
        engine: What runs it; one of ``settings.EngineKind``.
        memory_limit_bytes: Address space of a child; the runtime and a model of 10 MB take 0.8 GiB of it.
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
        self._links: set[ScoreLink] = set()
        self._idle: deque[ScoreLink] = deque()
        self._waiting: deque[Job] = deque()
        self._mean_s = 0.0
        self._settled = asyncio.Event()

    def start(self) -> None:
        """Start the children; they load the model while the caller goes on."""
        for _ in range(self._n_children):
            self._start_one()
        self._note_settled()

    async def wait_until_started(self) -> None:
        """Wait until each child has loaded the model, or cannot be started."""
        await self._settled.wait()

    @property
    def is_ready(self) -> bool:
        """Whether a child has loaded the model."""
        return any(link.child.was_ready for link in self._links)

    def check_room(self, *, wait_s: float) -> None:
        """Check that one more file would be scored in time; nothing is promised by it.

        Args:
            wait_s: How long its sender will wait for the answer.

        Raises:
            BusyError: With those before it, it would take longer. A file that a child is free for is
                always welcome.
        """
        n_in_hand = len(self._waiting) + sum(len(link.jobs) for link in self._links)
        rounds = 1 + n_in_hand // self._n_children
        if n_in_hand >= self._n_children and rounds * self._mean_s > wait_s:
            raise BusyError(
                f"{n_in_hand} scans are in hand; try again, or wait longer.",
                retry_after_s=max(1.0, (rounds - 1) * self._mean_s),
            )

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
        return _read(await self._submit(parts, ask=Ask.FINDINGS))

    async def describe(self, model: str, version: str | None) -> bytes:
        """Describe the model as the inference protocol does; JSON.

        Raises:
            ModelNotServedError: It is another one; likewise DecoderUnavailableError.
        """
        return _read(await self._submit([], ask=Ask.DESCRIBE, model=model, version=version))

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
        reply = _read(
            await self._submit(parts, ask=Ask.INFER, model=model, version=version, header_bytes=header_bytes)
        )
        length = int.from_bytes(reply[:N_LENGTH_BYTES], "little")
        return reply[N_LENGTH_BYTES:], length or None

    def close(self) -> None:
        """End the children, also those at work."""
        at_work = [job for link in self._links for job in link.jobs]
        for link in list(self._links):
            self._discard(link)
        for job in (*at_work, *self._waiting):
            _fail(job, DecoderUnavailableError("the server stops"))

    def _submit(self, parts: Sequence[bytes], **details: str | int | None) -> "asyncio.Future[bytes]":
        job = Job(parts=parts, details=details, reply=asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if self._idle:
            self._go_on(self._idle.popleft())
        elif not self._links:
            self.start()  # none could be started before; perhaps one can now
        else:
            self._go_on(next((link for link in self._links if link.has_room_for(job)), None))
        return job.reply

    def _go_on(self, link: ScoreLink | None) -> None:
        """Give a child what it has room for of the jobs that have waited longest and are still wanted."""
        while link in self._links and self._waiting and link.has_room_for(self._waiting[0]):
            job = self._waiting.popleft()
            if not job.reply.done():
                self._hand_over(link, job)
        if link in self._links and not link.jobs:
            self._idle.append(link)

    def _hand_over(self, link: ScoreLink, job: Job) -> None:
        try:
            link.start(job)
        except DecoderUnavailableError as error:
            _fail(job, error)
        except OSError as error:
            self._lose(link, error)

    def _take_reply(self, link: ScoreLink, job: Job | None, reply: bytes) -> None:
        if job is not None:
            if job.parts:
                self._note(asyncio.get_running_loop().time() - job.began_s)
            if not job.reply.done():
                job.reply.set_result(reply)
        elif link.child.was_ready or reply != READY:
            self._lose(link, OSError("the child speaks unasked"))
            return
        if not link.child.was_ready:
            link.child.was_ready = True
            self._note_settled()
        self._go_on(link)

    def _note_settled(self) -> None:
        if all(link.child.was_ready for link in self._links):
            self._settled.set()

    def _note(self, seconds: float) -> None:
        self._mean_s += (seconds - self._mean_s) * (SMOOTHING if self._mean_s else 1.0)

    def _lose(self, link: ScoreLink, error: Exception) -> None:
        """Replace a child that is gone, hangs or talks nonsense; try its job once more, unless it hung."""
        jobs, child = list(link.jobs), link.child
        if child.was_ready:
            log.warning("score_child_died", exit_code=child.exit_code(), stderr=child.stderr_tail())
        else:
            log.error("score_child_not_started", stderr=child.stderr_tail())
        self._discard(link)
        self._waiting.extendleft(reversed(jobs[1:]))
        if jobs:
            self._retry(jobs[0], error)
        if child.was_ready:
            self._start_one()
        elif not self._links:
            self._refuse_waiting()
        self._note_settled()
        while self._idle and self._waiting:
            self._go_on(self._idle.popleft())

    def _retry(self, job: Job, error: Exception) -> None:
        job.n_deaths += 1
        if isinstance(error, TimeoutError):
            limit_s = self._options.timeout_s
            _fail(job, ImageUndecodableError(f"scoring takes more than the {limit_s:g} s allowed"))
        elif job.n_deaths == N_TRIES:
            _fail(job, ImageUndecodableError("scoring ended the scoring process twice"))
        else:
            self._waiting.appendleft(job)

    def _discard(self, link: ScoreLink) -> None:
        self._links.discard(link)
        if link in self._idle:
            self._idle.remove(link)
        link.end()

    def _start_one(self) -> None:
        try:
            child = ChildProcess("inference.score_child", self._options.as_json())
        except DecoderUnavailableError as error:
            log.error("score_child_not_started", stderr=str(error))
            if not self._links:
                self._refuse_waiting()
            return
        link = ScoreLink(
            child, timeout_s=self._options.timeout_s, on_reply=self._take_reply, on_fault=self._lose
        )
        self._links.add(link)

    def _refuse_waiting(self) -> None:
        while self._waiting:
            _fail(self._waiting.popleft(), DecoderUnavailableError("no scoring process can be started"))


def _fail(job: Job, error: Exception) -> None:
    if not job.reply.done():
        job.reply.set_exception(error)


def _read(reply: bytes) -> bytes:
    if reply[:1] == ANSWER:
        return reply[1:]
    fault = json.loads(reply[1:])
    if "trace" in fault:
        log.warning("score_child_failed", trace=fault["trace"])
    raise rebuild_error(fault["code"], fault["message"])
