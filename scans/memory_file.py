"""Nameless files in memory, for handing megabytes to another process without a copy through a pipe."""

import os
import tempfile
from collections.abc import Sequence


def open_memory_file(name: str) -> int:
    """Return a descriptor of an empty file that vanishes with its last descriptor.

    Args:
        name: Shown in ``/proc/PID/fd``, nowhere else.
    """
    if hasattr(os, "memfd_create"):
        return os.memfd_create(name)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def write_parts(descriptor: int, parts: Sequence[bytes], *, offset: int = 0) -> None:
    """Write ``parts`` one after another; what lies behind them stays."""
    for part in parts:
        view = memoryview(part)
        while view:
            written = os.pwrite(descriptor, view, offset)
            view, offset = view[written:], offset + written


def read_parts(descriptor: int, sizes: Sequence[int], *, offset: int = 0) -> list[bytes]:
    """Return the parts of a file that ``write_parts`` wrote; shorter ones if it holds less."""
    return [os.pread(descriptor, size, offset + sum(sizes[:i])) for i, size in enumerate(sizes)]
