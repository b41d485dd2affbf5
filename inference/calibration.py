"""How many images a device should run together: measured once, and kept for the next start.

A measurement holds for one device, runtime, model file and size of image; each has a file of its own, so that
processes that measure at once never lose each other's. A file that cannot be read, or says something else
than its key, counts for nothing and is written anew.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

import numpy as np
import structlog

from inference.batching import MAX_IMAGES
from inference.engines import Engine
from inference.errors import EngineError

log = structlog.get_logger()

FORMAT: Final = 1
LEAST_GAIN: Final = 0.1
"""Twice the images have to bring at least this share of throughput."""
MAX_BATCH_S: Final = 0.5
"""Longest time of a batch: every scan in it waits for all of it."""
N_TIMED: Final = 3


@dataclass(frozen=True, kw_only=True)
class BatchKey:
    """What a measurement holds for.

    Attributes:
        engine: One of ``settings.EngineKind``.
        runs_on: See ``Engine.runs_on``.
        model: Digest of the file.
        height_px: Of an image; likewise ``width_px``.
    """

    engine: str
    runs_on: str
    model: str
    height_px: int
    width_px: int


def best_batch(engine: Engine, key: BatchKey, folder: Path | None) -> int:
    """Return how many images to run together, from the folder if it was measured before.

    Args:
        engine: Answers to batches of 1, 2, 4, … images of the key's size.
        key: What is measured.
        folder: Holds measurements, and gets this one; None keeps nothing.

    Raises:
        EngineError: It does not even answer to one image.
    """
    path = folder and folder / f"{hashlib.sha256(json.dumps(asdict(key)).encode()).hexdigest()[:16]}.json"
    if path and (kept := _read(path, key)):
        return kept
    n_images, measured = measure_batches(engine, height_px=key.height_px, width_px=key.width_px)
    log.info("batch_size_measured", n_images=n_images, runs_on=key.runs_on, measured=measured)
    if path:
        document = {"format": FORMAT, "key": asdict(key), "n_images": n_images, "batch_s": measured}
        try:
            _write(path, document)
        except OSError as error:
            log.warning("batch_size_not_kept", path=str(path), error=str(error))
    return n_images


def measure_batches(
    engine: Engine, *, height_px: int, width_px: int, clock: Callable[[], float] = time.perf_counter
) -> tuple[int, dict[int, float]]:
    """Double the batch until that gains less than ``LEAST_GAIN``, takes too long, or does not fit.

    Returns:
        The best number of images, and the seconds of each batch that was tried.

    Raises:
        EngineError: It does not even answer to one image.
    """
    image = np.random.default_rng(0).uniform(0.02, 1, (1, 2, height_px, width_px)).astype(np.float32)
    best, best_per_s, measured = 1, 0.0, dict[int, float]()
    n_images = 1
    while n_images <= MAX_IMAGES:
        try:
            batch_s = _time(engine, np.repeat(image, n_images, axis=0), clock)
        except EngineError as error:
            if n_images == 1:
                raise
            log.info("batch_does_not_fit", n_images=n_images, error=str(error))
            break
        measured[n_images] = round(batch_s, 6)
        per_s = n_images / batch_s
        if n_images > 1 and (batch_s > MAX_BATCH_S or per_s < best_per_s * (1 + LEAST_GAIN)):
            break
        best, best_per_s = n_images, per_s
        n_images *= 2
    return best, measured


def _time(
    engine: Engine, images: "np.ndarray[Any, np.dtype[np.float32]]", clock: Callable[[], float]
) -> float:
    """Return the least of a few times; the first run is not timed: algorithms are chosen in it."""
    engine.run(images)
    times = []
    for _ in range(N_TIMED):
        began_s = clock()
        engine.run(images)
        times.append(clock() - began_s)
        if times[-1] > MAX_BATCH_S:  # no need to be exact
            break
    return min(times)


def _read(path: Path, key: BatchKey) -> int | None:
    """Return a kept measurement, if the file is sound and of this key."""
    try:
        document = json.loads(path.read_bytes())
        n_images = document["n_images"]
        is_sound = document["format"] == FORMAT and document["key"] == asdict(key)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("batch_size_unreadable", path=str(path), error=repr(error))
        return None
    return n_images if is_sound and type(n_images) is int and 1 <= n_images <= MAX_IMAGES else None


def _write(path: Path, document: dict[str, Any]) -> None:
    """Write it whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, suffix=".part", delete=False) as part:
        try:
            json.dump(document, part, indent=1)
            part.close()
            os.replace(part.name, path)
        except BaseException:
            os.unlink(part.name)
            raise
