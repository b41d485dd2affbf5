"""Where a run computes."""

import pytest
import torch

from training.devices import Process, join_run
from training.errors import DeviceError


def test_join_run__alone_without_torchrun() -> None:
    """A process that nobody launched in a group is the only one."""
    with join_run("cpu") as process:
        assert process == Process(device=torch.device("cpu"), rank=0, world=1)
        assert process.gather([1, 2]) == [1, 2]
        assert process.is_first


def test_join_run__unknown_device_is_refused() -> None:
    """The message says what there is."""
    with pytest.raises(DeviceError, match="auto, cpu or cuda"), join_run("abacus"):
        pass


def test_join_run__no_gpu_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for a GPU, the run does not creep along on the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="no GPU"), join_run("cuda"):
        pass
    with join_run("auto") as process:
        assert process.device.type == "cpu"
