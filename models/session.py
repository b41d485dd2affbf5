"""A model file opened in ONNX Runtime, the one way that all of ours are.

All sessions of a process take memory from one arena.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import onnxruntime

CPU = "CPUExecutionProvider"

ARENA_BYTES = 256 * 1024 * 1024
"""The arena's first piece: address space, of which a scan of 1000 x 2500 uses less than half.

By default it would begin with 1 MiB and double, and what is left at the end of each piece is lost: 50 MB with
such a scan. Source: docs/explanation/inference-benchmark.md.
"""


def open_session(
    data: bytes, *, threads: int = 1, providers: Sequence[str | tuple[str, dict[str, Any]]] = (CPU,)
) -> onnxruntime.InferenceSession:
    """Open a model for calls from several threads at once, each on ``threads`` of its own.

    Args:
        data: The file. Never a path: what was hashed is what runs, and a file in memory cannot pull in others
            beside it.
        threads: Of one call.
        providers: Of ONNX Runtime, the wanted one first; it goes down the list for what one cannot do.

    Raises:
        Exception: ONNX Runtime's errors share no other base.

    Source:
        Threads and spinning: measured, spinning costs 60 % more CPU at the same speed; see
        docs/decisions and ``shenxiang bench``.
    """
    _make_arena()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = False  # sizes differ from scan to scan
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, providers=list(providers))


@cache
def _make_arena() -> None:
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    arena = onnxruntime.OrtArenaCfg({"initial_chunk_size_bytes": ARENA_BYTES})
    onnxruntime.create_and_register_allocator(memory, arena)
