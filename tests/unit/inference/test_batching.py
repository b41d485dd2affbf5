"""Batches: who is in them, how long they wait, and that a bad scan harms nobody but itself."""

import gc
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

import inference.batching
from inference.batching import BatchingEngine
from inference.engines import Engine, Tensor
from inference.errors import EngineError, EngineTimeoutError

POISON, NAN = 0.25, 0.5
"""Brightness of an image that breaks the engine, and of one that it answers with NaN."""
ROWS, COLUMNS = 2, 3
PIXELS = ROWS * COLUMNS


class Recording:
    """An engine that answers each image with its own brightness, and notes what it ran.

    A poisonous image raises and takes its batch along; an image of NaN spoils the answers of its whole batch.
    ``gate`` holds the engine up until it is set.
    """

    runs_on = "here"

    def __init__(self) -> None:
        self.batches: list[tuple[int, ...]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.is_running = threading.Event()

    def run(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        self.is_running.set()
        self.batches.append(transmission.shape)
        assert self.gate.wait(10)
        brightness = transmission.reshape(len(transmission), -1)[:, 0]
        if (brightness == POISON).any():
            raise EngineError("poison")
        scores = np.where((brightness == NAN).any(), np.nan, brightness)[:, None]
        return np.repeat(scores[:, :, None], 4, axis=2), scores


def image(brightness: float, *, n: int = 1, columns: int = COLUMNS) -> Tensor:
    return np.full((n, 2, ROWS, columns), brightness, np.float32)


def batching(
    engine: Engine,
    *,
    n_images: int = 4,
    n_callers: int = 4,
    timeout_s: float = 10,
    count: Callable[[int], None] | None = None,
) -> BatchingEngine:
    return BatchingEngine(
        engine, max_pixels=n_images * PIXELS, n_callers=n_callers, timeout_s=timeout_s, count=count
    )


def run_behind(engine: BatchingEngine, below: Recording, images: list[Tensor]) -> list["Future[float]"]:
    """Hold the engine up with one image, let others queue behind it in this order, and let go."""
    threads = ThreadPoolExecutor(len(images) + 1)

    def score(transmission: Tensor) -> float:
        return float(engine.run(transmission)[1][-1, 0])

    below.gate.clear()
    below.is_running.clear()
    first = threads.submit(score, image(1.0, columns=99))
    assert below.is_running.wait(10)
    futures = []
    for number, transmission in enumerate(images):
        futures.append(threads.submit(score, transmission))
        wait_until(lambda n=number: len(engine._calls._waiting) > n)  # type: ignore[misc]
    below.gate.set()
    assert first.result(10) == 1.0
    for future in futures:
        future.exception(10)
    threads.shutdown()
    return futures


def wait_until(is_so: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < ends_s
        time.sleep(0.001)


def test_run__equal_shapes_run_together_and_everybody_gets_his_own() -> None:
    """Calls that wait become batches of one shape, oldest first, and never more than fit."""
    below, counted = Recording(), list[int]()
    engine = batching(below, count=counted.append)
    images = [image(0.1), image(0.2, columns=4), image(0.3), image(0.4), image(0.6), image(0.7)]
    found = [future.result() for future in run_behind(engine, below, images)]
    assert found == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.6, 0.7])
    assert [shape[0] for shape in below.batches] == [1, 4, 1, 1]
    assert [shape[3] for shape in below.batches] == [99, 3, 4, 3]
    assert counted == [1, 4, 1, 1]


def test_run__poison_fails_alone() -> None:
    """An image that makes its batch raise is the only one that is not answered."""
    below = Recording()
    futures = run_behind(batching(below), below, [image(0.1), image(POISON), image(0.3)])
    assert [below.batches[1][0], *(shape[0] for shape in below.batches[2:])] == [3, 1, 1, 1]
    assert futures[0].result() == pytest.approx(0.1)
    assert futures[2].result() == pytest.approx(0.3)
    with pytest.raises(EngineError, match="poison"):
        futures[1].result()


def test_run__nan_of_a_neighbour_is_not_handed_on() -> None:
    """Answers that are not finite are asked for again, alone; whose it is keeps its NaN for the guard."""
    below = Recording()
    futures = run_behind(batching(below), below, [image(0.1), image(NAN), image(0.3)])
    assert [future.result() for future in futures] == pytest.approx([0.1, np.nan, 0.3], nan_ok=True)


def test_run__lonely_call_waits_for_the_delay_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody comes: it runs. Everybody is here already: it runs at once, whatever the delay."""
    engine = batching(Recording(), n_callers=2)
    assert float(engine.run(image(0.1))[1][0, 0]) == pytest.approx(0.1)
    monkeypatch.setattr(inference.batching, "DELAY_S", 3600)
    below = Recording()
    assert batching(below, n_callers=1).run(image(0.1))[1].shape == (1, 1)


def test_run__two_calls_within_the_delay_are_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle engine waits for the second one, and not for a third when the batch is full."""
    monkeypatch.setattr(inference.batching, "DELAY_S", 3600)
    below = Recording()
    engine = batching(below, n_images=2, n_callers=9)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(engine.run, [image(0.1), image(0.2)]))
    assert [shape[0] for shape in below.batches] == [2]


def test_run__call_with_many_images_is_cut_to_what_fits() -> None:
    """A client's tensor of ten images never makes a larger batch than the device takes."""
    below = Recording()
    boxes, scores = batching(below, n_callers=3).run(
        np.concatenate([image(0.1, n=4), image(0.2, n=4), image(0.3, n=2)])
    )
    assert [shape[0] for shape in below.batches] == [4, 4, 2]
    assert scores[:, 0] == pytest.approx([0.1] * 4 + [0.2] * 4 + [0.3] * 2)
    assert boxes.shape == (10, 1, 4)


def test_run__image_larger_than_a_batch_still_runs() -> None:
    """One image is always taken."""
    assert batching(Recording(), n_images=1, n_callers=1).run(image(0.1, columns=50))[1].shape == (1, 1)


def test_run__late_call_is_dropped_and_the_engine_goes_on() -> None:
    """Behind a slow batch, a call that nobody waits for any more is not run."""
    below = Recording()
    engine = batching(below)
    below.gate.clear()
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(engine.run, image(0.1))
        assert below.is_running.wait(10)
        late = threads.submit(engine.run, image(0.2))
        wait_until(lambda: len(engine._calls._waiting) == 1)
        engine._calls._timeout_s = 0.0  # time has passed
        time.sleep(0.01)
        assert not late.done(), "while the engine hangs, whoever counts hanging calls has to see it"
        below.gate.set()
        assert slow.result(10)[1].shape == (1, 1)
        assert isinstance(late.exception(10), EngineTimeoutError)
    assert len(below.batches) == 1
    engine._calls._timeout_s = 10.0
    assert engine.run(image(0.3))[1].shape == (1, 1)


def test_run__full_queue_is_an_error_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is bounded; the one too many hears so instead of taking memory."""
    monkeypatch.setattr(inference.batching, "MAX_WAITING", 1)
    below = Recording()
    engine = batching(below)
    below.gate.clear()
    with ThreadPoolExecutor(3) as threads:
        running = threads.submit(engine.run, image(0.1))
        assert below.is_running.wait(10)
        waiting = threads.submit(engine.run, image(0.2))
        wait_until(lambda: len(engine._calls._waiting) == 1)
        engine._calls._timeout_s = 0.05
        refused = threads.submit(engine.run, image(0.3)).exception(10)
        engine._calls._timeout_s = 10.0
        below.gate.set()
        assert running.result(10)[1].shape == waiting.result(10)[1].shape == (1, 1)
    assert isinstance(refused, EngineTimeoutError)
    assert "1 calls wait" in str(refused)


def test_run__failure_beside_the_engine_leaves_nobody_waiting() -> None:
    """Whatever breaks while answers are handed out, callers hear of it and the next batch is run."""
    faults = [RuntimeError("no room to count")]

    def count(_: int) -> None:
        if faults:
            raise faults.pop()

    engine = batching(Recording(), n_callers=1, count=count)
    with pytest.raises(EngineError, match="no room to count"):
        engine.run(image(0.1))
    assert engine.run(image(0.2))[1].shape == (1, 1)


def test_close__what_waits_is_answered_and_nothing_more_taken() -> None:
    """Draining loses no call."""
    below = Recording()
    engine = batching(below)
    below.gate.clear()
    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(engine.run, image(0.1))
        assert below.is_running.wait(10)
        waiting = threads.submit(engine.run, image(0.2))
        wait_until(lambda: len(engine._calls._waiting) == 1)
        engine.close()
        with pytest.raises(EngineError, match="no more calls"):
            engine.run(image(0.3))
        below.gate.set()
        assert running.result(10)[1].shape == waiting.result(10)[1].shape == (1, 1)


def test_engine_below_is_freed_when_nobody_holds_the_batches() -> None:
    """After a swap neither thread nor model stays."""
    below = Recording()
    engine = batching(below)
    engine.run(image(0.1))
    watched = weakref.ref(below)
    del below, engine
    gc.collect()
    wait_until(lambda: watched() is None)
