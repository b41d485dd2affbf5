"""Where a run computes: the CPU, a GPU, or several of them, one process each, started by ``torchrun``."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import distributed

from training.errors import DeviceError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Process:
    """One of the ``world`` processes of a run, number ``rank``; rank 0 writes the files."""

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def autocast(self, *, bfloat16: bool) -> AbstractContextManager[object]:
        """bfloat16 for convolutions if wanted; its range is that of float32, so nothing needs scaling."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=bfloat16)

    def gather(self, items: list[T]) -> list[T]:
        """The items of all processes, in the order of their ranks."""
        if self.world == 1:
            return items
        parts: list[list[T]] = [[] for _ in range(self.world)]
        distributed.all_gather_object(parts, items)
        return [item for part in parts for item in part]

    def wait(self) -> None:
        """Until all processes are here."""
        if self.world > 1:
            distributed.barrier()


@contextmanager
def join_run(device: str) -> Iterator[Process]:
    """This process's place in the run; leaves the group at the end.

    Args:
        device: ``auto`` (a GPU if there is one), ``cpu`` or ``cuda``.

    Raises:
        DeviceError: If there is no such device.
    """
    if device not in {"auto", "cpu", "cuda"}:
        raise DeviceError(f"no device is called {device!r}; choose auto, cpu or cuda")
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise DeviceError("there is no GPU that torch can use; take --device cpu, or install a CUDA build")
    on_gpu = has_gpu and device != "cpu"
    if not distributed.is_torchelastic_launched():
        yield Process(device=torch.device("cuda" if on_gpu else "cpu"))
        return
    distributed.init_process_group("nccl" if on_gpu else "gloo")
    try:
        local = torch.device("cuda", distributed.get_node_local_rank()) if on_gpu else torch.device("cpu")
        if on_gpu:
            torch.cuda.set_device(local)
        yield Process(device=local, rank=distributed.get_rank(), world=distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
