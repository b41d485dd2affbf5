"""The batch size: found where more stops to pay, kept by its key, and never believed from a bad file."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.calibration import BatchKey, best_batch, measure_batches
from inference.engines import Tensor
from inference.errors import EngineError

KEY = BatchKey(engine="torch-cuda", runs_on="a card, 1.0", model="ab" * 32, height_px=2, width_px=3)


class Device:
    """Takes ``fixed_s`` for a batch and ``image_s`` for each image in it, by a clock of its own."""

    runs_on = "a card, 1.0"

    def __init__(self, *, fixed_s: float = 0.0, image_s: float = 0.001, room: int = 1000) -> None:
        self.now_s, self.n_runs = 0.0, 0
        self._fixed_s, self._image_s, self._room = fixed_s, image_s, room
        self._lock = threading.Lock()

    def run(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        if len(transmission) > self._room:
            raise EngineError("out of memory")
        with self._lock:
            self.n_runs += 1
            self.now_s += self._fixed_s + self._image_s * len(transmission)
        return np.zeros((len(transmission), 1, 1, 4), np.float32), np.zeros(
            (len(transmission), 1, 1), np.float32
        )

    def best(self) -> int:
        return measure_batches(self, height_px=2, width_px=3, clock=lambda: self.now_s)[0]


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        (Device(), 1),  # a processor: twice the images take twice the time
        (Device(fixed_s=0.004), 32),  # 32 gain 11 % over 16, 64 would gain 6 %
        (Device(fixed_s=0.004, room=5), 4),
        (Device(fixed_s=0.2, image_s=0.05), 4),  # 8 would take 0.6 s
        (Device(fixed_s=1.0, image_s=0.1), 1),  # slower than allowed, and yet one image has to run
        (Device(fixed_s=0.1, image_s=1e-6), 64),
    ],
)
def test_measure_batches__stops_where_more_gains_too_little(device: Device, expected: int) -> None:
    """Gain, time, memory and the largest batch each end it."""
    assert device.best() == expected


def test_measure_batches__device_that_takes_no_image_is_an_error() -> None:
    """An engine that cannot run at all is not given a batch of one."""
    with pytest.raises(EngineError, match="memory"):
        Device(room=0).best()


def test_best_batch__is_measured_once_for_each_key(tmp_path: Path) -> None:
    """The next start reads it; another device, runtime, model or engine measures its own."""
    folder = tmp_path / "data" / "batch-sizes"
    device = Device()
    kept = best_batch(device, KEY, folder)
    n_runs = device.n_runs
    assert best_batch(device, KEY, folder) == kept
    assert device.n_runs == n_runs
    for other in (
        replace(KEY, runs_on="another card, 1.0"),
        replace(KEY, model="cd" * 32),
        replace(KEY, engine="torch-cuda-bf16"),
        replace(KEY, width_px=4),
    ):
        n_runs = device.n_runs
        best_batch(device, other, folder)
        assert device.n_runs > n_runs
    assert len(list(folder.iterdir())) == 5


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "",
        lambda _: "[]",
        lambda _: "[" * 100_000,
        lambda _: "\x00\xff",
        lambda text: text.replace("a card, 1.0", "a card, 2.0"),
        lambda text: text.replace('"format": 1', '"format": 2'),
        lambda text: json.dumps(json.loads(text) | {"n_images": 65}),
        lambda text: json.dumps(json.loads(text) | {"n_images": True}),
        lambda text: json.dumps(json.loads(text) | {"n_images": "8"}),
    ],
)
def test_best_batch__bad_file_is_ignored_and_rewritten(tmp_path: Path, spoil: object) -> None:
    """Damaged, another's, from another version or out of range: measured again, and sound afterwards."""
    assert callable(spoil)
    best_batch(Device(), KEY, tmp_path)
    [path] = tmp_path.iterdir()
    sound = json.loads(path.read_text())
    path.write_bytes(spoil(path.read_text()).encode("latin-1"))
    device = Device()
    best_batch(device, KEY, tmp_path)
    assert device.n_runs > 0
    assert json.loads(path.read_text())["key"] == sound["key"]
    assert json.loads(path.read_text())["format"] == 1


def test_best_batch__folder_that_cannot_be_written_costs_the_memory_only(tmp_path: Path) -> None:
    """A read-only disk must not keep the model from running."""
    (tmp_path / "file").write_text("not a folder")
    assert best_batch(Device(), KEY, tmp_path / "file") in range(1, 65)
    assert best_batch(Device(), KEY, None) in range(1, 65)


def test_best_batch__many_at_once_leave_one_sound_file(tmp_path: Path) -> None:
    """Processes that measure together each write a whole file; no part of one is left."""
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: best_batch(Device(), KEY, tmp_path), range(16)))
    [path] = tmp_path.iterdir()
    assert json.loads(path.read_text())["n_images"] in found
