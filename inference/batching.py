"""Runs calls that come together as one batch: a GPU takes eight scans in little more time than one.

Stands between a scorer and its engine, and is an engine itself: each caller waits in its own thread and gets
the answer to its own images. What holds:

- No call waits for others longer than ``DELAY_S``, nor while everybody who could join it waits already.
- A batch that fails is run again call by call, and so is a call whose answer is not finite: a scan that
  spoils a batch fails alone, and no scan fails because of its neighbours.
- What waits is bounded. A call that has waited so long that nobody wants its answer is never run.
- While the engine hangs, its callers hang with it, so that whoever counts them sees it.
"""

import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import structlog

from inference.engines import Engine, Tensor
from inference.errors import EngineError, EngineTimeoutError
from models.errors import ModelOutputError

log = structlog.get_logger()

DELAY_S: Final = 0.005
"""A tenth of what decoding and preparing a scan take."""
MAX_WAITING: Final = 64
MAX_IMAGES: Final = 64
"""Of a batch; what models are exported for."""
Answer = tuple[Tensor, Tensor]


@dataclass(frozen=True, kw_only=True)
class _Call:
    """A caller's images ``(n, C, H, W)``, and where it waits for their answer."""

    images: Tensor
    answer: "Future[Answer]" = field(default_factory=Future)
    came_s: float = field(default_factory=time.monotonic)


class BatchingEngine:
    """See the module's docstring. The engine below is called from one thread.

    Args:
        engine: Runs the batches.
        max_pixels: Of a batch: rows times columns times images. One image is always taken.
        n_callers: Calls that are expected at once.
        timeout_s: A call that has waited as long is dropped.
        count: Told the images of each batch that was answered.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        max_pixels: int,
        n_callers: int,
        timeout_s: float,
        count: Callable[[int], None] | None = None,
    ) -> None:
        self._runs_on = engine.runs_on
        self._calls = _Calls(max_pixels=max_pixels, n_callers=n_callers, timeout_s=timeout_s)
        # The thread must not hold self: it ends when nobody else does, and frees the engine then.
        threading.Thread(
            target=_serve, args=(self._calls, engine, count), name="batches", daemon=True
        ).start()
        weakref.finalize(self, self._calls.close)

    @property
    def runs_on(self) -> str:
        """See ``Engine.runs_on``."""
        return self._runs_on

    def run(self, transmission: Tensor) -> Answer:
        """See ``Engine.run``. Waits until a batch with these images has been run.

        Raises:
            EngineTimeoutError: It was not begun in time; EngineError also after ``close``.
        """
        most = self._calls.most_of(transmission)
        if len(transmission) <= most:
            return self._calls.add(transmission).result()
        parts = [transmission[at : at + most] for at in range(0, len(transmission), most)]
        boxes, scores = zip(
            *(call.result() for call in [self._calls.add(part) for part in parts]), strict=True
        )
        return np.concatenate(boxes), np.concatenate(scores)

    def close(self) -> None:
        """Take no more calls; what waits is still answered."""
        self._calls.close()


class _Calls:
    """What waits, oldest first."""

    def __init__(self, *, max_pixels: int, n_callers: int, timeout_s: float) -> None:
        self._max_pixels, self._n_callers, self._timeout_s = max_pixels, n_callers, timeout_s
        self._waiting: deque[_Call] = deque()
        self._changed = threading.Condition()
        self._is_closed = False

    def most_of(self, images: Tensor) -> int:
        """Return how many images of such a size a batch takes."""
        pixels = int(np.prod(images.shape[2:]))
        return max(1, min(MAX_IMAGES, self._max_pixels // max(1, pixels)))

    def add(self, images: Tensor) -> "Future[Answer]":
        """Let images wait; while too many do, wait for room first.

        Raises:
            EngineTimeoutError: There was none in time.
            EngineError: No more calls are taken.
        """
        with self._changed:
            if not self._changed.wait_for(self._has_room, self._timeout_s):
                raise EngineTimeoutError(f"{len(self._waiting)} calls wait for the engine; try again")
            if self._is_closed:
                raise EngineError("the engine takes no more calls")
            call = _Call(images=images)
            self._waiting.append(call)
            self._changed.notify_all()
        return call.answer

    def take(self) -> list[_Call]:
        """Wait for the next batch and return it; an empty one at the end."""
        with self._changed:
            while True:
                self._drop_late()
                if self._waiting:
                    batch, is_full = self._oldest_batch()
                    left_s = batch[0].came_s + DELAY_S - time.monotonic()
                    everybody_waits = len(self._waiting) >= self._n_callers
                    if is_full or everybody_waits or left_s <= 0 or self._is_closed:
                        self._remove(batch)
                        return batch
                    self._changed.wait(left_s)
                elif self._is_closed:
                    return []
                else:
                    self._changed.wait()

    def close(self) -> None:
        """See ``BatchingEngine.close``."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return self._is_closed or len(self._waiting) < MAX_WAITING

    def _oldest_batch(self) -> tuple[list[_Call], bool]:
        """Return the oldest call with those of its shape that fit beside it, and whether no more do."""
        shape, most = self._waiting[0].images.shape[1:], self.most_of(self._waiting[0].images)
        batch, n_images = list[_Call](), 0
        for call in self._waiting:
            if call.images.shape[1:] != shape:
                continue
            if n_images + len(call.images) > most:
                return batch, True
            batch.append(call)
            n_images += len(call.images)
        return batch, n_images == most

    def _remove(self, batch: Sequence[_Call]) -> None:
        taken = set(map(id, batch))
        self._waiting = deque(call for call in self._waiting if id(call) not in taken)
        self._changed.notify_all()

    def _drop_late(self) -> None:
        ends_s = time.monotonic() - self._timeout_s
        late = [call for call in self._waiting if call.came_s < ends_s]
        if late:
            self._remove(late)
        for call in late:
            call.answer.set_exception(
                EngineTimeoutError(
                    f"the engine was busy for the {self._timeout_s:g} s that the call could wait"
                )
            )


def _serve(calls: _Calls, engine: Engine, count: Callable[[int], None] | None) -> None:
    while batch := calls.take():
        try:
            _answer(batch, engine, count)
        except Exception as error:  # noqa: BLE001 - the outermost loop: nobody may wait for ever
            log.error("batch_not_answered", error=repr(error))
            for call in batch:
                if not call.answer.done():
                    call.answer.set_exception(EngineError(f"the batch could not be answered: {error!r}"))
        del batch  # the next one may be long in coming


def _answer(batch: Sequence[_Call], engine: Engine, count: Callable[[int], None] | None) -> None:
    """Run a batch and hand out its answers; whatever goes wrong is the answer of a call alone."""
    try:
        boxes, scores = _run(batch, engine)
    except Exception as error:  # noqa: BLE001 - each caller gets its own
        if len(batch) == 1:
            batch[0].answer.set_exception(error)
            return
        log.warning("batch_failed", n_calls=len(batch), error=repr(error))
        for call in batch:
            _answer([call], engine, count)
        return
    if count is not None:
        count(sum(len(call.images) for call in batch))
    at = 0
    for call in batch:
        own = slice(at, at + len(call.images))
        at = own.stop
        if len(batch) == 1 or (np.isfinite(boxes[own]).all() and np.isfinite(scores[own]).all()):
            call.answer.set_result((boxes[own], scores[own]))
        else:  # alone, it shows whether that is its own fault
            _answer([call], engine, count)


def _run(batch: Sequence[_Call], engine: Engine) -> Answer:
    if len(batch) == 1:
        return engine.run(batch[0].images)
    images = np.concatenate([call.images for call in batch])
    boxes, scores = engine.run(images)
    if len(boxes) != len(images) or len(scores) != len(images):
        raise ModelOutputError(f"the model answered {len(images)} images with {len(boxes)} and {len(scores)}")
    return boxes, scores
