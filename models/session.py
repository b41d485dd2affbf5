"""A model file opened in ONNX Runtime, the one way that all of ours are."""

from collections.abc import Sequence
from typing import Any

import onnxruntime

CPU = "CPUExecutionProvider"


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
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = False  # sizes differ from scan to scan
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, providers=list(providers))
